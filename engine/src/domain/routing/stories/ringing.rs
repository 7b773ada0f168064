//! Stories of chats that ring at all in one group while another one looks for an operator too, and of operators whose
//! connection is lost while it rings.

use super::*;
use crate::domain::routing::RingsAtAll;

fn at_all(members: Vec<Member>) -> Desk {
    desk(OfferMode::RingAll, RoutingRules::default(), members)
}

fn withdrawn(effects: &[Effect]) -> Vec<OperatorId> {
    let pick = |effect: &Effect| match effect {
        Effect::RingNoMore { operators, .. } => operators.clone(),
        _ => Vec::new(),
    };
    effects.iter().flat_map(pick).collect()
}

fn rings_in(name: &str, operators: &[u128]) -> Arrival {
    let operators = operators.iter().map(|operator| who(*operator)).collect();
    Arrival { rings_at_all: Some(RingsAtAll { group: group(name), operators }), ..Arrival::new(chat(1), at(100)) }
}

#[test]
fn whoever_let_a_chat_go_hears_it_again_and_no_more_when_they_are_full() {
    let mut desk = at_all(vec![primary(JOE, 1)]);
    desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100));
    desk.handle_offer_over(chat(1), vec![Tried { operator: who(JOE), at: at(105) }], at(105));
    assert_eq!(rung(&desk.handle_due(at(120))), [who(JOE)]);
    let full = desk.handle_member(Member { held: 1, version: 2, ..primary(JOE, 1) }, at(121));
    assert_eq!(withdrawn(&full), [who(JOE)], "that he let it go once does not bind it to him");
}

fn lost(n: u128) -> Member {
    Member { reception: Reception::Grace { since: at(1) }, ..primary(n, 1) }
}

#[test]
fn a_chat_that_rings_at_all_in_another_group_rings_here_only_afterwards() {
    let mut helper = at_all(vec![primary(JOE, 1)]);
    let guest = Arrival { guest_of: Some(group("sales")), ..rings_in("sales", &[SUE]) };
    assert_eq!(rung(&helper.handle_waiting(guest.clone(), at(100))), []);
    // Time, and whoever comes, change nothing; nor does the chat that says again that it waits.
    assert_eq!(rung(&helper.handle_due(at(110))), []);
    assert_eq!(rung(&helper.handle_member(primary(BOB, 1), at(111))), []);
    assert_eq!(rung(&helper.handle_waiting(guest, at(112))), []);
    assert_eq!(rung(&helper.handle_offer_over(chat(1), vec![], at(113))), [], "one of them declined, it rings on");
    assert_eq!(rung(&helper.handle_elsewhere_over(chat(1), at(120))), [who(JOE), who(BOB)]);
}

#[test]
fn a_group_whose_ring_came_too_late_takes_nothing_back_and_rings_when_it_may() {
    let mut desk = at_all(vec![primary(JOE, 1), primary(BOB, 1)]);
    assert_eq!(rung(&desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100))), [who(JOE), who(BOB)]);
    // Another group was quicker: what was asked for here never rang.
    let effects = desk.handle_elsewhere(chat(1), at(101));
    assert_eq!((rung(&effects), withdrawn(&effects)), (vec![], vec![]));
    assert_eq!(desk.rings_at_all(chat(1)).count(), 0);
    assert_eq!(rung(&desk.handle_elsewhere_over(chat(1), at(120))), [who(JOE), who(BOB)]);
    assert_eq!(rung(&desk.handle_elsewhere_over(chat(1), at(121))), [], "said twice it rings once");
}

#[test]
fn a_group_that_rings_one_by_one_waits_for_the_end_of_a_ring_at_all() {
    let mut desk = single(RoutingRules::default(), vec![primary(JOE, 1)]);
    let waits = Arrival { guest_of: Some(group("sales")), ..rings_in("sales", &[SUE]) };
    assert_eq!(proposals(&desk.handle_waiting(waits, at(100))), []);
    assert_eq!(proposals(&desk.handle_due(at(110))), []);
    assert_eq!(proposals(&desk.handle_elsewhere_over(chat(1), at(120))), [(chat(1), who(JOE))]);
}

#[test]
fn what_began_to_ring_at_all_goes_on_when_the_group_rings_one_by_one() {
    let mut desk = at_all(vec![primary(JOE, 1), primary(BOB, 1)]);
    desk.handle_waiting(rings_in("support", &[JOE, BOB]), at(100));
    let rules = settings("support", OfferMode::Single, RoutingRules::default());
    let before = desk.handle_settings(rules, at(101));
    // The chat refuses what is proposed while it rings, and says that it does.
    for (chat, operator) in proposals(&before) {
        desk.handle_settled(chat, operator, Settled::Refused, at(101));
    }
    assert_eq!(proposals(&desk.handle_waiting(rings_in("support", &[JOE, BOB]), at(101))), []);
    assert_eq!(proposals(&desk.handle_due(at(110))), []);
    desk.handle_offer_over(chat(1), vec![], at(120));
    assert_eq!(proposals(&desk.handle_elsewhere_over(chat(1), at(120))), [(chat(1), who(JOE))]);
}

#[test]
fn what_rings_at_all_rings_on_at_whoever_has_lost_the_connection() {
    let mut desk = at_all(vec![primary(JOE, 1), primary(BOB, 1), member(SUE, Handling::Secondary, None, &[])]);
    desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100));
    let effects = desk.handle_reception(who(JOE), Reception::Grace { since: at(1) }, at(101));
    assert_eq!((rung(&effects), withdrawn(&effects)), (vec![], vec![]), "Joe may come back to it");
    // What comes now does not begin to ring at him.
    let next = desk.handle_waiting(Arrival::new(chat(2), at(102)), at(102));
    assert_eq!(rung(&next), [who(BOB)]);
    // Nobody else is free: the secondary member is asked too, and out again when a primary one is back.
    let effects = desk.handle_reception(who(BOB), Reception::Grace { since: at(2) }, at(103));
    assert_eq!((rung(&effects), withdrawn(&effects)), (vec![who(SUE), who(SUE)], vec![]));
    let effects = desk.handle_reception(who(BOB), Reception::Ready { since: at(2) }, at(104));
    assert_eq!((rung(&effects), withdrawn(&effects)), (vec![], vec![who(SUE), who(SUE)]));
    // Once the grace is over it is taken back.
    let effects = desk.handle_reception(who(JOE), Reception::None, at(160));
    assert_eq!(withdrawn(&effects), [who(JOE)]);
}

#[test]
fn a_queue_that_begins_anew_learns_at_whom_it_rings_and_takes_nothing_back() {
    let members = vec![lost(JOE), lost(BOB), primary(SUE, 0)];
    let stored = [Arrival::new(chat(1), at(100))];
    let group = settings("support", OfferMode::RingAll, RoutingRules::default());
    let (mut desk, effects) = Desk::reopen(group, members, stored, Pace::default(), at(200));
    assert_eq!((rung(&effects), withdrawn(&effects)), (vec![], vec![]));
    let effects = desk.handle_waiting(rings_in("support", &[JOE, BOB]), at(200));
    assert_eq!((rung(&effects), withdrawn(&effects)), (vec![], vec![]));
    for n in [JOE, BOB] {
        let effects = desk.handle_reception(who(n), Reception::Ready { since: at(1) }, at(201));
        assert_eq!((rung(&effects), withdrawn(&effects)), (vec![], vec![]), "it rings there already");
    }
    assert_eq!(rung(&desk.handle_member(primary(SUE, 1), at(202))), [who(SUE)]);
}

#[test]
fn twenty_chats_that_nobody_may_have_take_no_turn_from_the_next() {
    let german = [need("language:de", 1)];
    let ana = |held| Member { held, version: 2 - u64::from(held), ..member(1, Handling::Primary, Some(1), &german) };
    let english = (2..=11).map(|n| primary(n, 1));
    let mut desk = at_all(std::iter::once(ana(1)).chain(english).collect());
    for n in 1..=20 {
        assert_eq!(rung(&desk.handle_waiting(skilled(n, n as i64, &german), at(100))), []);
    }
    let all: Vec<OperatorId> = (2..=11).map(who).collect();
    assert_eq!(rung(&desk.handle_waiting(Arrival::new(chat(21), at(100)), at(100))), all);
    let known = StillSince::default();
    let why = |desk: &Desk, n| still::still(desk, &known, chat(n), at(100)).unwrap().reason;
    assert_eq!((why(&desk, 20), why(&desk, 21)), (WhyStill::Nobody(WhyNot::AllFull), WhyStill::Ringing));
    // Once somebody may have them it is theirs to ring.
    let effects = desk.handle_member(ana(0), at(101));
    assert_eq!((rung(&effects).len(), withdrawn(&effects)), (20, all.clone()));
    assert_eq!((why(&desk, 20), why(&desk, 21)), (WhyStill::Ringing, WhyStill::InLine));
    desk.handle_served(chat(3), at(102));
    assert_eq!(why(&desk, 21), WhyStill::Ringing, "the turn of one that is served is the next one's");
}

#[test]
fn a_chat_that_rings_in_another_group_leaves_its_turn_to_the_next() {
    let mut desk = at_all(vec![primary(JOE, 1)]);
    for n in 1..=21 {
        desk.handle_waiting(Arrival::new(chat(n), at(n as i64)), at(100));
    }
    assert_eq!(desk.rings_at_all(chat(21)).count(), 0);
    assert_eq!(rung(&desk.handle_elsewhere(chat(5), at(101))), [who(JOE)]);
    assert_eq!(desk.rings_at_all(chat(21)).collect::<Vec<_>>(), [who(JOE)]);
    desk.handle_elsewhere_over(chat(5), at(110));
    assert_eq!(desk.rings_at_all(chat(21)).count(), 0, "it is before it again");
}

#[test]
fn it_rings_on_at_whom_the_page_names_while_the_connection_is_lost() {
    let bob = |reception| Member { reception, ..member(BOB, Handling::Secondary, Some(1), &[]) };
    let able = member(JOE, Handling::Primary, Some(1), &[need("refunds", 1)]);
    let mut desk = at_all(vec![able, bob(Reception::Ready { since: at(2) })]);
    let wishes = Wishes { skills: vec![need("refunds", 1)], wanted: Some(who(BOB)), ..Wishes::default() };
    assert_eq!(rung(&desk.handle_waiting(wishing(1, 100, wishes), at(100))), [who(BOB)]);
    let effects = desk.handle_reception(who(BOB), Reception::Grace { since: at(2) }, at(101));
    assert_eq!((rung(&effects), withdrawn(&effects)), (vec![who(JOE)], vec![]), "neither skill nor handling matter");
    assert_eq!(withdrawn(&desk.handle_reception(who(BOB), Reception::None, at(160))), [who(BOB)]);
}
