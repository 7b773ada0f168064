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
