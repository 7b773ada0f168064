//! Waits held against the theory of queues: where a scenario is a centre that Erlang's formula with patience (Erlang A)
//! describes, what it predicts stands beside what was measured, with a confidence interval; elsewhere the report says
//! why not. Times are the server's stamps, which both ends of a wait bear.

mod batches;
mod fit;

use engine::simulation::theory::Erlang;
use serde::{Deserialize, Serialize};

use crate::moment::Micros;
use crate::scenario::{Arrivals, Scenario, Spread};

pub use fit::why_not;

/// The part of those who wait longest that may be cut off by the end of the run: who came later is not counted.
const CUT_OFF: f64 = 1e-3;
/// So small a part of the visitors is nobody.
const NOTHING: f64 = 1e-9;
/// Finer differences than these are the server's work and the stamps' milliseconds, not the queue: seconds of a wait,
/// and parts of the visitors.
const FINEST: (f64, f64) = (0.02, 0.01);
/// Steps of the sum over the time of the service level.
const STEPS: u32 = 500;

/// What became of a visitor's wait.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Waited {
    /// When the visitor was meant to come.
    pub came: Micros,
    /// How long the wait was.
    pub wait_ms: u32,
    /// How it ended.
    pub fate: Fate,
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// An operator came; the chat took so long, and ended by itself or with the run.
    Answered(u32, Close),
    /// Patience was over.
    Left,
    /// The server or the end of the run ended it.
    Cut,
}

/// How a chat ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Close {
    /// By itself.
    Whole,
    /// With the run.
    Short,
}

/// What the formula predicts beside what was measured, or why it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Theory {
    /// Why the scenario is not one of the formula's; empty: it is.
    pub why_not: Vec<String>,
    /// How far the run was from what the formula supposes; empty: not at all.
    pub remarks: Vec<String>,
    /// The centre as the formula sees it.
    pub centre: Option<Centre>,
    /// Prediction and measurement.
    pub figures: Option<Figures>,
}

/// The centre as the formula sees it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Centre {
    /// Chats at once, of all operators.
    pub slots: u32,
    /// Visitors a second, as the scenario says.
    pub arrivals_per_s: f64,
    /// The mean patience, as the scenario says.
    pub patience_s: f64,
    /// The mean length of a chat, as measured: it follows from all that is said and thought.
    pub handling_s: f64,
    /// The deviation of that length divided by its mean; the formula's is 1.
    pub handling_cv: f64,
    /// Visitors who were counted: behind the warm-up, and so long before the end that their wait was over.
    pub counted: u64,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The mean wait, of those who left until they did, in seconds.
    pub mean_wait_s: Beside,
    /// The part of the visitors who left.
    pub abandoned: Beside,
    /// The part that was answered within the scenario's time.
    pub service_level: Beside,
    /// That time, in seconds.
    pub within_s: f64,
}

/// A measurement beside its prediction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// What the formula says.
    pub predicted: f64,
    /// What was measured.
    pub measured: f64,
    /// Half the width of the 95 % confidence interval around it; none: the run was too short to know.
    pub give_or_take: Option<f64>,
}

impl Figures {
    /// All of them for people: what it is, its unit, and parts in percent.
    pub fn rows(&self) -> [(String, &'static str, Beside); 3] {
        let percent = |of: Beside| Beside {
            predicted: of.predicted * 100.0,
            measured: of.measured * 100.0,
            give_or_take: of.give_or_take.map(|half| half * 100.0),
        };
        [
            ("mean wait".into(), "s", self.mean_wait_s),
            ("left".into(), "%", percent(self.abandoned)),
            (format!("answered in {} s", self.within_s), "%", percent(self.service_level)),
        ]
    }
}

impl Beside {
    /// How many half-widths of its interval the measurement is off.
    pub fn off(&self) -> Option<f64> {
        self.give_or_take.map(|half| (self.measured - self.predicted).abs() / half)
    }
}

impl Theory {
    /// The farthest that a figure is off, in half-widths of its interval; none where nothing can be held against the
    /// formula, or the run was too far from what it supposes.
    pub fn off(&self) -> Option<f64> {
        let figures = self.figures.filter(|_| self.remarks.is_empty())?;
        let all = [figures.mean_wait_s, figures.abandoned, figures.service_level];
        all.iter().map(Beside::off).try_fold(0.0, |most, off| off.map(|off| f64::max(most, off)))
    }
}

/// Holds the waits of a run that began and fell silent at these moments against the formula. A server that takes long to
/// store a chat, be it that the machine is busy, lets visitors wait for more than an operator.
pub fn hold(scenario: &Scenario, waits: &[Waited], (zero, silent): (Micros, Micros), start_p99_s: f64) -> Theory {
    let why_not = why_not(scenario);
    let (Some(visitors), true) = (scenario.visitors.first(), why_not.is_empty()) else {
        return Theory { why_not, ..Theory::default() };
    };
    let (Arrivals::Poisson { per_minute }, Spread::Exponential { mean_s: patience }) =
        (&visitors.arrivals, visitors.patience)
    else {
        return Theory { why_not, ..Theory::default() };
    };
    let slots = scenario.operators.iter().map(|operators| operators.count.0.saturating_mul(operators.limit.0));
    let slots = slots.fold(0, u32::saturating_add);
    let Some((handling_s, handling_cv)) = handling(waits, silent) else {
        return Theory { remarks: vec!["too few chats ended by themselves".into()], ..Theory::default() };
    };
    let arrivals_per_s = per_minute.0 / 60.0;
    let Some(erlang) = Erlang::new(slots, arrivals_per_s, handling_s, Some(patience.0)) else {
        return Theory { why_not: vec!["nobody comes, or nobody waits".into()], ..Theory::default() };
    };
    let length_s = silent.saturating_sub(zero) as f64 / 1e6;
    let from = zero + scenario.warm_up_s.micros();
    let to = silent.saturating_sub((over(&erlang, CUT_OFF, length_s / 2.0) * 1e6) as Micros);
    let mut counted: Vec<&Waited> = waits.iter().filter(|waited| (from..to).contains(&waited.came)).collect();
    counted.sort_by_key(|waited| waited.came);
    let centre = Centre {
        slots,
        arrivals_per_s,
        patience_s: patience.0,
        handling_s,
        handling_cv,
        counted: counted.len() as u64,
    };
    let within_s = scenario.service_level_s.0;
    let span = (from, to.max(from), f64::max(handling_s, patience.0));
    let beside = |predicted, finest, of: &dyn Fn(&Waited) -> f64| {
        let (measured, give_or_take) = batches::mean(&counted, span, of);
        Beside { predicted, measured, give_or_take: give_or_take.map(|half| f64::max(half, finest)) }
    };
    let part = |is: bool| f64::from(u8::from(is));
    let in_time =
        |waited: &Waited| matches!(waited.fate, Fate::Answered(..)) && f64::from(waited.wait_ms) <= within_s * 1e3;
    let figures = Figures {
        mean_wait_s: beside(erlang.mean_wait(), FINEST.0, &|waited| f64::from(waited.wait_ms) / 1e3),
        abandoned: beside(erlang.abandons(), FINEST.1, &|waited| part(waited.fate == Fate::Left)),
        service_level: beside(answered_within(&erlang, patience.0, within_s), FINEST.1, &|waited| {
            part(in_time(waited))
        }),
        within_s,
    };
    let remarks = fit::remarks(scenario, &centre, &counted, start_p99_s);
    Theory { why_not, remarks, centre: Some(centre), figures: (!counted.is_empty()).then_some(figures) }
}

/// The mean length of a chat, and its deviation divided by the mean.
fn handling(waits: &[Waited], silent: Micros) -> Option<(f64, f64)> {
    const LEAST: usize = 30;
    let seconds = |ms: u32| f64::from(ms) / 1e3;
    let answered = |waited: &Waited| match waited.fate {
        Fate::Answered(ms, close) => Some((waited.came, waited.wait_ms, seconds(ms), close)),
        Fate::Left | Fate::Cut => None,
    };
    let chats: Vec<_> = waits.iter().filter_map(answered).collect();
    let whole = chats.iter().filter(|(.., close)| *close == Close::Whole).count();
    // Chats that were cut short count with the time they had: without them the long ones would be missing.
    let mean = chats.iter().map(|(_, _, took, _)| took).sum::<f64>() / whole as f64;
    let begun_by = silent.saturating_sub((6.0 * mean * 1e6) as Micros);
    let early = chats.iter().filter(|(came, wait_ms, ..)| came + Micros::from(*wait_ms) * 1000 <= begun_by);
    let lengths: Vec<f64> = early.map(|(_, _, took, _)| *took).collect();
    if whole < LEAST || lengths.len() < LEAST {
        return None;
    }
    let own_mean = lengths.iter().sum::<f64>() / lengths.len() as f64;
    let variance = lengths.iter().map(|took| (took - own_mean).powi(2)).sum::<f64>() / (lengths.len() - 1) as f64;
    (mean > 0.0 && own_mean > 0.0).then(|| (mean, variance.sqrt() / own_mean))
}

/// The time within which all but so small a part of the waits are over, within a quarter of it, and at most so long.
fn over(erlang: &Erlang, but: f64, most_s: f64) -> f64 {
    let mut time = most_s.min(1e-3);
    while time < most_s && erlang.waits_longer_than(time) > but {
        time *= 1.25;
    }
    time.min(most_s)
}

/// The part that is answered within a time: neither waiting still nor gone by then. Whoever waits leaves at the rate of
/// their patience, however long they have waited.
fn answered_within(erlang: &Erlang, patience_s: f64, within_s: f64) -> f64 {
    // Beyond the last wait there is nothing to add.
    let step = over(erlang, NOTHING, within_s) / f64::from(STEPS);
    let waiting: f64 = (0..STEPS).map(|n| erlang.waits_longer_than((f64::from(n) + 0.5) * step) * step).sum();
    1.0 - erlang.waits_longer_than(within_s) - waiting / patience_s
}

#[cfg(test)]
mod tests;
