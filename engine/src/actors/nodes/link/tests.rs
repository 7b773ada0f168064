//! Two ends of a link over a bus that does what it likes, in a time of its own.

use proptest::prelude::*;

use super::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn body(number: u64) -> Box<RawValue> {
    RawValue::from_string(number.to_string()).unwrap()
}

fn numbers(taken: &Taken) -> Vec<u64> {
    taken.bodies.iter().map(|body| body.get().parse().unwrap()).collect()
}

fn ends() -> (Link, Link) {
    (Link::new("one".parse().unwrap(), 10, at(0)), Link::new("two".parse().unwrap(), 20, at(0)))
}

/// Lets both ends speak over a perfect bus until neither has anything to say.
fn settle(one: &mut Link, two: &mut Link, now: Timestamp) -> (Taken, Taken) {
    let (mut at_one, mut at_two) = (Taken::default(), Taken::default());
    let join = |all: &mut Taken, new: Taken| {
        all.joined |= new.joined;
        all.bodies.extend(new.bodies);
    };
    for _ in 0..10 {
        for envelope in one.poll(now).envelopes {
            join(&mut at_two, two.take(envelope, now));
        }
        for envelope in two.poll(now).envelopes {
            join(&mut at_one, one.take(envelope, now));
        }
    }
    (at_one, at_two)
}

#[test]
fn two_nodes_find_each_other_and_then_only_beat() {
    let (mut one, mut two) = ends();
    assert_eq!(one.push(body(1), at(0)), Err(NotSent::Away));
    let (at_one, at_two) = settle(&mut one, &mut two, at(0));
    assert!(at_one.joined && at_two.joined);
    let mut sent = 0;
    for millis in 1..=60_000 {
        for envelope in one.poll(at(millis)).envelopes {
            sent += 1;
            two.take(envelope, at(millis));
        }
        for envelope in two.poll(at(millis)).envelopes {
            sent += 1;
            one.take(envelope, at(millis));
        }
    }
    assert!(sent <= 122, "{sent} envelopes in a minute without news");
    assert!(!one.is_lost(at(60_000)));
}

#[test]
fn a_node_that_confirms_nothing_does_not_make_the_other_grow() {
    let (mut one, mut two) = ends();
    settle(&mut one, &mut two, at(0));
    let taken = (0..).take_while(|number| one.push(body(*number), at(1)).is_ok()).count();
    assert_eq!(taken, BUS_UNCONFIRMED_MAX);
    assert_eq!(one.push(body(0), at(1)), Err(NotSent::Full));
    assert!(one.is_lost(at(10_000)));
    one.begin_anew(at(10_000));
    assert_eq!(one.push(body(1), at(10_000)), Err(NotSent::Away));
    let (at_one, at_two) = settle(&mut one, &mut two, at(10_000));
    assert!(at_one.joined && at_two.joined, "both know that something may have been missed");
    assert!(at_two.bodies.is_empty(), "what was given up does not come later");
    one.push(body(5), at(10_001)).unwrap();
    assert_eq!(numbers(&settle(&mut one, &mut two, at(10_001)).1), [5]);
}

#[test]
fn what_an_earlier_life_sent_is_never_taken_for_new() {
    let (mut one, mut two) = ends();
    settle(&mut one, &mut two, at(0));
    one.push(body(1), at(1)).unwrap();
    let late = one.poll(at(1)).envelopes;
    let mut one = Link::new("one".parse().unwrap(), 11, at(2));
    let (_, at_two) = settle(&mut one, &mut two, at(2));
    assert!(at_two.joined);
    for envelope in late {
        assert!(two.take(envelope, at(3)).bodies.is_empty());
    }
}

#[test]
fn a_node_whose_clock_went_back_is_heard_again() {
    let (mut one, mut two) = ends();
    settle(&mut one, &mut two, at(0));
    let mut one = Link::new("one".parse().unwrap(), 5, at(10_000));
    assert!(two.is_lost(at(10_000)));
    two.begin_anew(at(10_000));
    let (at_one, at_two) = settle(&mut one, &mut two, at(10_000));
    assert!(at_one.joined && at_two.joined);
    one.push(body(3), at(10_001)).unwrap();
    assert_eq!(numbers(&settle(&mut one, &mut two, at(10_001)).1), [3]);
}

proptest! {
    /// Everything arrives once and in order, though a third of the envelopes is lost, some come twice, and each is
    /// late by its own time; with the dice as loaded as proptest likes.
    #[test]
    fn everything_arrives_once_and_in_order(dice in proptest::collection::vec((0_u8..100, 0_u8..100, 1_i64..200), 50..400)) {
        let (mut one, mut two) = ends();
        let mut on_the_way: Vec<(i64, bool, Envelope)> = Vec::new();
        let (mut got_one, mut got_two) = (Vec::new(), Vec::new());
        let (mut roll, mut pushed) = (dice.iter().cycle(), (0, 0));
        for millis in 0..60_000_i64 {
            let now = at(millis);
            if millis % 20 == 0 && pushed.0 < 100 && one.push(body(pushed.0), now).is_ok() {
                pushed.0 += 1;
            }
            if millis % 35 == 0 && pushed.1 < 60 && two.push(body(pushed.1), now).is_ok() {
                pushed.1 += 1;
            }
            let from_one = one.poll(now).envelopes.into_iter().map(|envelope| (true, envelope));
            let from_two = two.poll(now).envelopes.into_iter().map(|envelope| (false, envelope));
            for (to_two, envelope) in from_one.chain(from_two).collect::<Vec<_>>() {
                let (lost, doubled, late) = *roll.next().unwrap();
                // Half of the dice is fair, so that even the worst lets something through.
                let lost = lost < 30 && (millis + late) % 2 == 0;
                if !lost {
                    on_the_way.push((millis + late, to_two, envelope.clone()));
                }
                if doubled < 20 {
                    on_the_way.push((millis + 2 * late, to_two, envelope));
                }
            }
            let (due, rest) = on_the_way.into_iter().partition(|(when, ..)| *when <= millis);
            on_the_way = rest;
            for (_, to_two, envelope) in due {
                if to_two {
                    got_two.extend(numbers(&two.take(envelope, now)));
                } else {
                    got_one.extend(numbers(&one.take(envelope, now)));
                }
            }
            if got_two.len() == 100 && got_one.len() == 60 {
                break;
            }
        }
        prop_assert_eq!(got_two, (0..100).collect::<Vec<u64>>());
        prop_assert_eq!(got_one, (0..60).collect::<Vec<u64>>());
    }
}
