//! The production routing in simulated time against the formulas of Erlang, over centres of 5 to 500 operators. All
//! comparisons together fail by chance once in a hundred times at most, and with the seeds below they do not; a rule
//! of routing that is a little wrong does.

use std::fmt::Write;

use super::scenario;
use crate::domain::routing::planted::{self, Fault};
use crate::simulation::theory::Erlang;
use crate::simulation::{Run, Scenario, run};

/// Seconds of a chat: long beside the milliseconds in which the clock counts.
const HANDLING_S: f64 = 600.0;
/// Replications of a point; independent, so that Student's t holds for their mean.
const REPLICATIONS: u32 = 30;
/// How often any comparison may fail when all is right.
const FAMILY_WISE: f64 = 0.01;
/// Operators, visitors who would keep that many busy, patience in lengths of a chat, and the seed.
const POINTS: [(u32, f64, Option<f64>, u64); 14] = [
    (5, 3.5, None, 101),
    (5, 4.0, Some(1.0), 102),
    (5, 7.0, Some(0.5), 103),
    (10, 8.0, None, 104),
    (10, 9.5, Some(2.0), 105),
    (20, 17.0, None, 106),
    (20, 22.0, Some(1.0), 107),
    (50, 44.0, None, 108),
    (50, 48.0, Some(2.0), 109),
    (100, 90.0, None, 110),
    (100, 105.0, Some(0.5), 111),
    (200, 198.0, Some(1.0), 112),
    (500, 475.0, None, 113),
    (500, 520.0, Some(1.0), 114),
];
/// How many of these are not of the largest centres: two tests share the work.
const LARGE: usize = 12;
/// The smallest of all, where planted errors have to show.
const SMALL: usize = 5;
/// Happenings between two looks at the whole centre.
const LOOKS_EVERY: u32 = 1000;
/// In lengths of a chat, divided by the square root of the operators: where waits are neither sure nor rare.
const LONG: [f64; 2] = [0.0, 0.3];
/// Mean wait, two lengths of waits, and with patience the part of those who leave.
const COMPARISONS: usize = 14 * 3 + 8;

/// How much is simulated: chats a replication, at least, and lengths of a chat.
struct Effort {
    chats: f64,
    lengths: f64,
}

/// What finds a gross error within the time of a build's tests.
const SHORT: Effort = Effort { chats: 700.0, lengths: 4.0 };
/// What finds a small one.
const FULL: Effort = Effort { chats: 20_000.0, lengths: 40.0 };

#[test]
fn waits_and_leaving_are_as_erlang_says_in_centres_of_5_to_200() {
    compare(&POINTS[..LARGE], effort(), LOOKS_EVERY);
}

#[test]
fn waits_and_leaving_are_as_erlang_says_in_centres_of_500() {
    compare(&POINTS[LARGE..], effort(), LOOKS_EVERY);
}

#[test]
fn every_comparison_is_counted_in_the_bound() {
    let impatient = POINTS.iter().filter(|(_, _, patience, _)| patience.is_some()).count();
    assert_eq!(COMPARISONS, (1 + LONG.len()) * POINTS.len() + impatient);
}

#[test]
fn serving_the_newest_first_contradicts_erlang() {
    contradicts(Fault::NewestFirst, "P(wait >");
}

#[test]
fn a_slot_left_unused_contradicts_erlang() {
    contradicts(Fault::KeepsOneFree, "mean wait");
}

/// Optimized, there is time for all of it: `make theory`.
fn effort() -> &'static Effort {
    if cfg!(debug_assertions) { &SHORT } else { &FULL }
}

fn compare(points: &[(u32, f64, Option<f64>, u64)], effort: &Effort, looks_every: u32) {
    let mut wrong = String::new();
    for point in points {
        let results = run(&centre(*point, effort), looks_every).unwrap();
        differences(*point, &results.runs, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Planted in the decision itself, an error is found by what a build's tests compare: with the same effort, the same seeds
/// and the same bounds, at the smallest of their points. Only the look at the whole centre, which would find it first, is left
/// out. Who of those who are free has a chat is nothing that the formulas could tell: that is for the properties of routing.
fn contradicts(fault: Fault, by: &str) {
    let seen = planted::with(fault, || compare(&POINTS[..SMALL], &SHORT, u32::MAX));
    let seen = seen.unwrap_or_default();
    assert!(seen.contains(by), "{fault:?} is not noticed: {seen}");
}

fn centre((operators, load, patience, seed): (u32, f64, Option<f64>, u64), effort: &Effort) -> Scenario {
    // An empty centre comes to rest exponentially. With patience, two centres that differ by one chat are alike once
    // that chat is over or its visitor gone, at no less than the lower of the two rates; without, the rate is that of
    // the chain far out, (√n − √load)² a length of a chat, but no more than one. Six times that leave 1/400 of what
    // is missing at the beginning.
    let slowest = match patience {
        Some(patience) => f64::max(1.0, patience),
        None => f64::max(1.0, (f64::from(operators).sqrt() - load.sqrt()).powi(-2)),
    };
    let length = f64::max(effort.lengths, effort.chats / load);
    let mut centre = scenario(
        r#"{"length_s": 1, "interval_s": 1, "groups": [{"id": "support", "offer_mode": "automatic",
            "handling": {"kind": "exponential", "mean_s": 600}}],
            "crews": [{"name": "operator", "count": 1, "limit": 1, "seats": [{"group": "support"}]}]}"#,
    );
    (centre.seed, centre.replications) = (seed, REPLICATIONS);
    centre.warm_up_s = 6.0 * slowest * HANDLING_S;
    (centre.length_s, centre.interval_s) = (length * HANDLING_S, length * HANDLING_S);
    let per_hour = load * 3600.0 / HANDLING_S;
    centre.groups[0].arrivals = crate::simulation::Arrivals::Poisson { per_hour };
    centre.groups[0].patience =
        patience.map(|patience| crate::simulation::Spread::Exponential { mean_s: patience * HANDLING_S });
    centre.crews[0].count = operators;
    centre
}

/// Compares each figure with its formula.
fn differences(point: (u32, f64, Option<f64>, u64), runs: &[Run], wrong: &mut String) {
    let (operators, load, patience, _) = point;
    let theory = Erlang::new(operators, load / HANDLING_S, HANDLING_S, patience.map(|long| long * HANDLING_S)).unwrap();
    let bound = student_bound(FAMILY_WISE / COMPARISONS as f64, f64::from(REPLICATIONS - 1));
    let mut must_agree = |what: String, expected: f64, of: &dyn Fn(&Run) -> f64| {
        let found: Vec<f64> = runs.iter().map(of).collect();
        let count = found.len() as f64;
        let mean = found.iter().sum::<f64>() / count;
        let variance = found.iter().map(|one| (one - mean) * (one - mean)).sum::<f64>() / (count - 1.0);
        let error = (variance / count).sqrt();
        if (mean - expected).abs() > bound * error {
            let t = (mean - expected) / error;
            let _ = writeln!(
                wrong,
                "{operators} operators, load {load}: {what} is {mean:.5}, not {expected:.5} (t {t:.1})"
            );
        }
    };
    let waits =
        |run: &Run| -> Vec<f64> { run.cells[0][0].waits_ms.iter().map(|wait| f64::from(*wait) / 1000.0).collect() };
    let part = |count: usize, all: usize| count as f64 / all.max(1) as f64;
    must_agree("mean wait".into(), theory.mean_wait(), &|run| {
        let waits = waits(run);
        waits.iter().sum::<f64>() / waits.len().max(1) as f64
    });
    for long in LONG {
        let time = long * HANDLING_S / f64::from(operators).sqrt();
        must_agree(format!("P(wait > {time:.1} s)"), theory.waits_longer_than(time), &|run| {
            let waits = waits(run);
            part(waits.iter().filter(|wait| **wait > time).count(), waits.len())
        });
    }
    if patience.is_some() {
        must_agree("part who leave".into(), theory.abandons(), &|run| {
            part(run.cells[0][0].abandoned as usize, run.cells[0][0].waits_ms.len())
        });
    }
}

/// What Student's t with these degrees of freedom passes, on either side, with that probability.
fn student_bound(probability: f64, degrees: f64) -> f64 {
    // The density but for its constant, summed over u = t / (1 + t), which ends at 1.
    let density = |t: f64| (1.0 + t * t / degrees).powf(-(degrees + 1.0) / 2.0);
    let beyond = |from: f64| -> f64 {
        const STEPS: u32 = 4_000;
        let (begin, step) = (from / (1.0 + from), (1.0 - from / (1.0 + from)) / f64::from(STEPS));
        let at = |n: u32| begin + (f64::from(n) + 0.5) * step;
        (0..STEPS).map(|n| density(at(n) / (1.0 - at(n))) * (1.0 - at(n)).powi(-2) * step).sum()
    };
    let all = beyond(0.0);
    let (mut low, mut high) = (0.0, 100.0);
    while high - low > 1e-6 {
        let middle = f64::midpoint(low, high);
        if beyond(middle) / all > probability { low = middle } else { high = middle }
    }
    low
}

#[test]
fn the_bounds_are_those_of_the_tables() {
    // Two-sided 5 %, 1 % and 0.1 % with 29 degrees of freedom.
    for (probability, bound) in [(0.05, 2.0452), (0.01, 2.7564), (0.001, 3.6594)] {
        let found = student_bound(probability, 29.0);
        assert!((found - bound).abs() < 2e-4, "{found} instead of {bound}");
    }
}
