//! Whether a scenario is a centre of the formula: visitors by chance at one rate, exponential patience and chats, served
//! in the order they came, each slot free for the next as soon as its chat is over.

use super::{Centre, Fate, Waited};
use crate::scenario::{Arrivals, Operators, Scenario, Spread};

/// The deviation of exponential lengths is their mean; as far from it as this it is still taken for that.
const CV_WITHIN: (f64, f64) = (0.85, 1.15);
/// The part of a chat's length that its offer may take.
const ACCEPTED_WITHIN: f64 = 0.05;
/// The part of a chat's length that its storing may take, of 99 in 100.
const STORED_WITHIN: f64 = 0.1;

/// What operators of the formula never do.
type Deviation = fn(&Operators) -> f64;

/// Why the formula says nothing of a scenario; empty: it does.
pub fn why_not(scenario: &Scenario) -> Vec<String> {
    let mut reasons = Vec::new();
    match scenario.visitors.as_slice() {
        [] => reasons.push("nobody comes by chance".to_owned()),
        [visitors] => {
            if !matches!(visitors.arrivals, Arrivals::Poisson { .. }) {
                reasons.push("visitors do not come by chance at one rate".to_owned());
            }
            if !matches!(visitors.patience, Spread::Exponential { .. }) {
                reasons.push("their patience is not exponential".to_owned());
            }
            if visitors.drops_per_minute.0 > 0.0 {
                reasons.push("visitors lose their connections".to_owned());
            }
        }
        several => reasons.push(format!("there are {} kinds of visitors", several.len())),
    }
    let operators: [(Deviation, &str); 5] = [
        (|operators| operators.declines.0, "operators decline offers"),
        (|operators| operators.ignores.0, "operators let offers ring"),
        (|operators| operators.transfers.0, "operators hand chats on"),
        (|operators| operators.invites.0, "operators invite colleagues"),
        (|operators| operators.drops_per_minute.0, "operators lose their connections"),
    ];
    let any = |of: Deviation| scenario.operators.iter().any(|operators| of(operators) > 0.0);
    reasons.extend(operators.into_iter().filter(|(of, _)| any(*of)).map(|(_, words)| words.to_owned()));
    if !scenario.storms.is_empty() {
        reasons.push("connections are lost in storms".to_owned());
    }
    reasons
}

/// How far a run was from what the formula supposes.
pub(super) fn remarks(scenario: &Scenario, centre: &Centre, counted: &[&Waited], start_p99_s: f64) -> Vec<String> {
    let mut remarks = Vec::new();
    if !(CV_WITHIN.0..=CV_WITHIN.1).contains(&centre.handling_cv) {
        let cv = centre.handling_cv;
        remarks.push(format!("the deviation of a chat's length is {cv:.2} of its mean, not 1 as the formula has it"));
    }
    let accepts = scenario.operators.iter().map(|operators| operators.accepts.mean_s()).fold(0.0, f64::max);
    if accepts > ACCEPTED_WITHIN * centre.handling_s {
        remarks.push(format!("operators take {accepts:.2} s to accept, which lengthens waits and fills slots"));
    }
    if start_p99_s > STORED_WITHIN * centre.handling_s {
        remarks.push(format!("one chat in a hundred took {start_p99_s:.2} s to be stored: the machine was busy"));
    }
    let cut = counted.iter().filter(|waited| waited.fate == Fate::Cut).count();
    if cut as f64 > 2.0 * super::CUT_OFF * counted.len() as f64 + 1.0 {
        remarks.push(format!("{cut} waits were ended by the server or the end of the run"));
    }
    if counted.is_empty() {
        remarks.push("nobody came between the warm-up and the end".to_owned());
    }
    remarks
}
