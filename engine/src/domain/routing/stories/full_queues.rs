//! Stories of queues that are as long as they may be: who gets a place all the same, and who is counted.

use super::*;

fn at_most(max: u32) -> RoutingRules {
    RoutingRules { queue_length_max: Some(max), ..RoutingRules::default() }
}

fn come(n: u128) -> Arrival {
    Arrival::new(chat(n), at(100))
}

fn full(n: u128) -> Vec<(ChatId, Instead, TurnedAway)> {
    vec![(chat(n), Instead::OfflineForm, TurnedAway::QueueFull)]
}

#[test]
fn who_lost_the_operator_has_a_place_at_the_front_however_long_the_queue() {
    let mut desk = single(at_most(1), vec![]);
    assert_eq!(turned_away(&desk.handle_waiting(come(1), at(100))), []);
    assert_eq!(turned_away(&desk.handle_waiting(come(2).requeued(), at(100))), []);
    assert_eq!(desk.queue().iter().collect::<Vec<_>>(), [chat(2), chat(1)]);
    // Also where another group has passed it on, as it does with all who come too many.
    assert_eq!(turned_away(&desk.handle_waiting(Arrival { moved: true, ..come(3).requeued() }, at(100))), []);
    assert_eq!(turned_away(&desk.handle_waiting(come(4), at(100))), full(4));
}

#[test]
fn where_nobody_may_wait_whoever_can_be_asked_at_once_is_no_waiter() {
    for mode in [OfferMode::Single, OfferMode::Automatic, OfferMode::RingAll] {
        let mut desk = desk(mode, at_most(0), vec![primary(JOE, 1)]);
        let first = desk.handle_waiting(come(1), at(100));
        assert_eq!(turned_away(&first), [], "{mode:?}: Joe is free");
        assert_eq!(proposals(&first).len() + rung(&first).len(), 1, "{mode:?}: he is asked: {first:?}");
        desk.handle_member(Member { held: 1, version: 2, ..primary(JOE, 1) }, at(101));
        assert_eq!(turned_away(&desk.handle_waiting(come(2), at(101))), full(2), "{mode:?}: he is not any more");
    }
}

#[test]
fn only_those_for_whom_nobody_is_asked_make_a_queue_full() {
    let mut desk = single(at_most(1), vec![primary(JOE, 1), primary(BOB, 1)]);
    // Joe's phone rings, and then Bob's.
    for n in [1, 2] {
        assert_eq!(proposals(&desk.handle_waiting(come(n), at(100))), [(chat(n), who(n))]);
    }
    // Nobody is left to be asked: one may wait.
    assert_eq!(turned_away(&desk.handle_waiting(come(3), at(100))), []);
    assert_eq!(turned_away(&desk.handle_waiting(come(4), at(100))), full(4));
    // Another group rings for the one who waits: there is a place.
    desk.handle_elsewhere(chat(3), at(101));
    assert_eq!(turned_away(&desk.handle_waiting(come(5), at(101))), []);
    desk.handle_elsewhere_over(chat(3), at(102));
    assert_eq!(turned_away(&desk.handle_waiting(come(6), at(102))), full(6));
}

#[test]
fn where_chats_ring_at_all_those_in_line_wait() {
    let mut desk = desk(OfferMode::RingAll, at_most(1), vec![primary(JOE, 1)]);
    for n in 1..=21 {
        assert_eq!(turned_away(&desk.handle_waiting(come(n), at(100))), [], "twenty ring, and one may wait");
    }
    assert_eq!(turned_away(&desk.handle_waiting(come(22), at(100))), full(22));
}

#[test]
fn who_is_known_from_the_store_alone_waits() {
    let group = settings("support", OfferMode::Single, at_most(1));
    let (mut desk, _) = Desk::reopen(group, vec![], [come(1)], Pace::default(), at(100));
    assert_eq!(turned_away(&desk.handle_waiting(come(2), at(101))), full(2));
    assert_eq!(turned_away(&desk.handle_waiting(come(1), at(102))), [], "whoever waits has the place");
}
