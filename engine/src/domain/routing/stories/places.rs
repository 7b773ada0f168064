//! Stories of places: whether what a visitor is told of theirs is exact.

use super::*;

fn about(effects: &[Effect], n: u128) -> Option<bool> {
    effects.iter().find_map(|effect| match effect {
        Effect::Position { chat: to, about, .. } if *to == chat(n) => Some(*about),
        _ => None,
    })
}

fn come(n: u128, second: i64) -> Arrival {
    Arrival::new(chat(n), at(second))
}

#[test]
fn where_several_ring_at_once_who_is_served_first_is_not_certain() {
    let mut desk = desk(OfferMode::RingAll, RoutingRules::default(), vec![primary(JOE, 1)]);
    assert_eq!(about(&desk.handle_waiting(come(1, 100), at(100)), 1), Some(false), "nobody else is there");
    let second = desk.handle_waiting(come(2, 103), at(103));
    assert_eq!((about(&second, 1), about(&second, 2)), (Some(true), Some(true)), "Joe may accept either");
    assert_eq!(about(&desk.handle_gone(chat(1), at(106)), 2), Some(false));
}

#[test]
fn where_people_take_chats_by_hand_who_is_served_first_is_not_certain() {
    let pulls = member(JOE, Handling::Pull, None, &[]);
    let mut desk = single(RoutingRules::default(), vec![pulls, primary(BOB, 0)]);
    assert_eq!(about(&desk.handle_waiting(come(1, 100), at(100)), 1), Some(true));
    // Somebody who is given chats is there, though full: the order holds.
    let full = Member { held: 1, version: 2, ..primary(BOB, 1) };
    assert_eq!(about(&desk.handle_member(full, at(103)), 1), Some(false));
    let reception = Reception::Grace { since: at(1) };
    assert_eq!(about(&desk.handle_reception(who(BOB), reception, at(106)), 1), None, "Bob may be back");
    assert_eq!(about(&desk.handle_reception(who(BOB), Reception::None, at(109)), 1), Some(true));
}

#[test]
fn behind_a_chat_that_was_just_let_go_who_is_served_first_is_not_certain_until_it_may_ring_again() {
    let mut desk = single(RoutingRules::default(), vec![Member { reserved: 1, ..primary(JOE, 1) }]);
    let ringing = Arrival { rings_at: Some(who(JOE)), ..come(2, 100) };
    assert_eq!(about(&desk.handle_waiting(ringing, at(100)), 2), Some(false));
    assert_eq!(about(&desk.handle_waiting(come(3, 101), at(101)), 3), Some(false));
    let tried = vec![Tried { operator: who(JOE), at: at(104) }];
    let let_go = desk.handle_offer_over(chat(2), tried, at(104));
    assert_eq!((about(&let_go, 2), about(&let_go, 3)), (Some(true), Some(true)), "Joe would have the third one now");
    let before_them = Arrival { priority: 1, ..come(1, 105) };
    assert_eq!(about(&desk.handle_waiting(before_them, at(105)), 1), Some(false), "nobody overtakes that one");
    desk.handle_due(at(107));
    assert!(desk.next_wake().is_some_and(|wake| wake <= at(119)));
    let still = desk.handle_due(Timestamp::from_millis(118_999));
    assert_eq!((about(&still, 2), about(&still, 3)), (None, None));
    let over = desk.handle_due(at(119));
    assert_eq!((about(&over, 2), about(&over, 3)), (Some(false), Some(false)), "Joe may be asked for the second again");
}

#[test]
fn whoever_was_let_go_with_nobody_behind_is_told_their_exact_place() {
    let mut desk = single(RoutingRules::default(), vec![Member { held: 1, ..primary(JOE, 1) }]);
    let let_go = Arrival { tried: vec![Tried { operator: who(JOE), at: at(100) }], ..come(1, 90) };
    assert_eq!(about(&desk.handle_waiting(let_go, at(101)), 1), Some(false));
    let second = desk.handle_waiting(come(2, 104), at(104));
    assert_eq!((about(&second, 1), about(&second, 2)), (Some(true), Some(true)));
    assert_eq!(about(&desk.handle_gone(chat(2), at(107)), 1), Some(false));
}

#[test]
fn a_chat_that_rests_is_overtaken_and_those_behind_it_are_told_so() {
    let mut desk = single(RoutingRules::default(), vec![primary(JOE, 1)]);
    desk.handle_waiting(come(1, 100), at(100));
    desk.handle_settled(chat(1), who(JOE), Settled::Refused, at(103));
    let second = desk.handle_waiting(come(2, 103), at(103));
    assert_eq!(proposals(&second), [(chat(2), who(JOE))]);
    assert_eq!((about(&second, 1), about(&second, 2)), (Some(true), Some(true)));
    let rested = desk.handle_due(at(105));
    assert_eq!((about(&rested, 1), about(&rested, 2)), (Some(false), Some(false)));
}
