//! One decision with what is kept of it, and nothing else, among 10 to 10,000 operators. Two bounds: how long it takes among
//! 10,000, and how much longer than among 10, both from one run. `cargo bench -p switchboard-benches --bench decision`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use engine::domain::group::{OfferMode, RoutingRules};
use engine::domain::routing::record::How;
use engine::domain::routing::{Because, Demand, Outcome, Record, Roster, Wishes, decide};
use engine::domain::skills::{Level, Need};

#[path = "shared/roster.rs"]
mod roster;
#[path = "shared/scattered.rs"]
mod scattered;

use roster::{NOW, roster, skill};
use scattered::scattered;

const SIZES: [u64; 4] = [10, 100, 1_000, 10_000];
/// What is promised among 10,000 operators, on one core.
const AMONG_10_000_MAX: Duration = Duration::from_micros(2);
/// How many times as long as among 10: what O(log n) allows, log 10,000 / log 10.
const GROWTH_MAX: f64 = 4.0;
/// Decisions that are timed together, so that looking at the clock costs none of them anything.
const TOGETHER: u32 = 1_000;
/// Of so many rounds, all sizes by turns, the quickest counts: what else runs on the machine only adds.
const ROUNDS: usize = 500;

fn main() {
    measure("a decision with its record", &Demand::default(), SIZES.map(roster));
    // A skill that the first operator has, and a fifth of all: those who have it stand in an order of their own.
    let needs = vec![Need { skill: skill(scattered(4) % 10), level: Level::new(3).expect("a level") }];
    let wishes = Wishes { skills: needs, ..Wishes::default() };
    let skilled = Demand::with_wishes([], &wishes, NOW, &RoutingRules::default(), |_| true, NOW, None);
    let in_use = |size| {
        let mut roster = roster(size);
        roster.use_class(skilled.class());
        roster
    };
    measure("a decision with its record for a skill", &skilled, SIZES.map(in_use));
}

fn measure(what: &str, demand: &Demand, rosters: [Roster; 4]) {
    let mut quickest = SIZES.map(|_| Duration::MAX);
    for _ in 0..ROUNDS {
        for (roster, quickest) in rosters.iter().zip(&mut quickest) {
            let begin = Instant::now();
            for _ in 0..TOGETHER {
                black_box(decided(black_box(demand), black_box(roster)));
            }
            *quickest = begin.elapsed().min(*quickest);
        }
    }
    let nanos = quickest.map(|all| all.as_secs_f64() * 1e9 / f64::from(TOGETHER));
    for (size, nanos) in SIZES.iter().zip(nanos) {
        println!("{what} among {size} operators: {nanos:.0} ns");
    }
    let [among_10, .., among_10_000] = nanos;
    let growth = among_10_000 / among_10;
    println!("among 10,000 operators {growth:.2} times as long as among 10 (at most {GROWTH_MAX})");
    assert!(among_10_000 <= AMONG_10_000_MAX.as_secs_f64() * 1e9, "slower than is promised");
    assert!(growth <= GROWTH_MAX, "it grows faster than is promised");
}

/// As a desk decides and keeps it, but for the list of all members with their reasons, which only groups of up to 20 have:
/// with it the smallest group would be the dearest, and hide what grows.
fn decided(demand: &Demand, roster: &Roster) -> Record {
    let decision = decide(demand, roster, NOW);
    let Outcome::Offer { operator, handling } = decision.outcome else { panic!("somebody is free") };
    let how = How { handling, because: Because::Next, mode: OfferMode::Automatic, helps: false };
    Record::new(decision, Vec::new(), &[operator], how)
}
