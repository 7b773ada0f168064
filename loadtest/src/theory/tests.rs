//! A centre of the formula, computed visitor by visitor, with and without something wrong about it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;
use crate::draw::Draw;

const SLOTS: usize = 15;
const ARRIVALS_PER_S: f64 = 8.0;
const LENGTH_S: f64 = 400.0;

fn scenario(change: impl Fn(&str) -> String) -> Scenario {
    let text = "name = \"centre\"\nlength_s = 400\nwarm_up_s = 20\nservice_level_s = 0.5\n\
                [[visitors]]\narrivals = { kind = \"poisson\", per_minute = 480 }\n\
                patience = { kind = \"exponential\", mean_s = 3 }\n\
                [[operators]]\ncount = 15\nlimit = 1\naccepts = { kind = \"fixed\", s = 0 }\n";
    Scenario::read("centre", &change(text)).unwrap()
}

fn as_it_is() -> Scenario {
    scenario(str::to_owned)
}

/// What visitors meet where each waits behind those before and leaves when patience is over; `length` draws a chat's.
fn centre(slots: usize, length: impl Fn(&mut Draw) -> f64) -> Vec<Waited> {
    let mut draw = Draw::new(12, 0);
    let mut free: BinaryHeap<Reverse<u64>> = (0..slots).map(|_| Reverse(0)).collect();
    let (mut at, mut waits) = (0.0, Vec::new());
    loop {
        at += draw.exponential(1.0 / ARRIVALS_PER_S);
        if at > LENGTH_S {
            return waits;
        }
        let (came, patience) = ((at * 1e6) as u64, (draw.exponential(3.0) * 1e6) as u64);
        let took = (length(&mut draw) * 1e6) as u64;
        let next = free.peek().map_or(0, |Reverse(next)| *next).max(came);
        let wait_ms = |until: u64| ((until - came) / 1000) as u32;
        if next - came > patience {
            waits.push(Waited { came, wait_ms: wait_ms(came + patience), fate: Fate::Left });
            continue;
        }
        free.pop();
        free.push(Reverse(next + took));
        let end = (LENGTH_S * 1e6) as u64;
        let (took, close) =
            if next + took <= end { (took, Close::Whole) } else { (end.saturating_sub(next), Close::Short) };
        waits.push(Waited { came, wait_ms: wait_ms(next), fate: Fate::Answered((took / 1000) as u32, close) });
    }
}

fn held(scenario: &Scenario, waits: &[Waited]) -> Theory {
    hold(scenario, waits, (0, (LENGTH_S * 1e6) as Micros), 0.01)
}

#[test]
fn a_centre_of_the_formula_is_as_the_formula_says() {
    let theory = held(&as_it_is(), &centre(SLOTS, |draw| draw.exponential(2.0)));
    assert_eq!((&theory.why_not, &theory.remarks), (&vec![], &vec![]));
    let (centre, figures) = (theory.centre.unwrap(), theory.figures.unwrap());
    assert_eq!(centre.slots, 15);
    assert!((centre.handling_s / 2.0 - 1.0).abs() < 0.05, "{centre:?}");
    assert!(centre.counted > 2_500, "{centre:?}");
    assert!(figures.mean_wait_s.predicted > 0.2 && figures.abandoned.predicted > 0.05, "{figures:?}");
    assert!(theory.off().unwrap() < 1.5, "{figures:?}");
    let half = figures.mean_wait_s.give_or_take.unwrap();
    assert!(half < 0.4 * figures.mean_wait_s.predicted, "the run says something: {figures:?}");
}

#[test]
fn a_slot_too_many_and_one_that_is_never_used_are_noticed() {
    for slots in [SLOTS + 2, SLOTS - 2] {
        let theory = held(&as_it_is(), &centre(slots, |draw| draw.exponential(2.0)));
        assert!(theory.off().unwrap() > 2.0, "{slots} slots: {theory:?}");
    }
}

#[test]
fn the_service_level_is_of_those_who_were_answered_in_time() {
    // Where nobody would wait for ever the parts are all: answered in time, answered late, left.
    let waits = centre(SLOTS, |draw| draw.exponential(2.0));
    let figures = held(&as_it_is(), &waits).figures.unwrap();
    let late = scenario(|text| text.replace("service_level_s = 0.5", "service_level_s = 200"));
    let whole = held(&late, &waits).figures.unwrap();
    assert!((whole.service_level.predicted + whole.abandoned.predicted - 1.0).abs() < 1e-3, "{whole:?}");
    assert!((whole.service_level.measured + whole.abandoned.measured - 1.0).abs() < 1e-3, "{whole:?}");
    assert!(figures.service_level.predicted < whole.service_level.predicted);
}

#[test]
fn chats_that_are_all_alike_are_told_and_not_judged() {
    let theory = held(&as_it_is(), &centre(SLOTS, |_| 2.0));
    assert!(theory.remarks[0].contains("0.00 of its mean"), "{:?}", theory.remarks);
    assert!(theory.figures.is_some() && theory.off().is_none());
}

#[test]
fn a_busy_machine_is_told_and_not_judged() {
    let waits = centre(SLOTS, |draw| draw.exponential(2.0));
    let theory = hold(&as_it_is(), &waits, (0, (LENGTH_S * 1e6) as Micros), 0.8);
    assert!(theory.remarks[0].contains("busy") && theory.off().is_none(), "{:?}", theory.remarks);
}

#[test]
fn who_came_in_the_warm_up_or_just_before_the_end_is_not_counted() {
    let waits = centre(SLOTS, |draw| draw.exponential(2.0));
    let theory = held(&as_it_is(), &waits);
    let counted = theory.centre.unwrap().counted as usize;
    let later = waits.iter().filter(|waited| waited.came >= 20_000_000).count();
    assert!(counted < later && counted > later * 9 / 10, "{counted} of {later}");
}

#[test]
fn a_short_run_has_figures_without_an_interval() {
    let short = scenario(|text| text.replace("warm_up_s = 20", "warm_up_s = 340"));
    let theory = held(&short, &centre(SLOTS, |draw| draw.exponential(2.0)));
    assert!(theory.figures.unwrap().abandoned.give_or_take.is_none() && theory.off().is_none(), "{theory:?}");
}

#[test]
fn where_the_formula_says_nothing_it_is_said_why() {
    type Change = (&'static str, &'static str, &'static str);
    let changes: [Change; 5] = [
        ("kind = \"poisson\"", "kind = \"constant\"", "at one rate"),
        ("kind = \"exponential\", mean_s = 3", "kind = \"fixed\", s = 3", "patience"),
        ("limit = 1", "limit = 1\ndeclines = 0.1", "decline"),
        ("limit = 1", "limit = 1\ntransfers = 0.1", "hand chats on"),
        ("[[operators]]", "[[storms]]\nat_s = 3\npart = 0.5\n[[operators]]", "storms"),
    ];
    for (from, to, why) in changes {
        let theory = held(&scenario(|text| text.replace(from, to)), &[]);
        assert!(theory.why_not.len() == 1 && theory.why_not[0].contains(why), "{to}: {theory:?}");
        assert!(theory.figures.is_none() && theory.off().is_none());
    }
    assert!(why_not(&as_it_is()).is_empty());
}
