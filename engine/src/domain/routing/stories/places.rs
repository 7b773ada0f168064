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
