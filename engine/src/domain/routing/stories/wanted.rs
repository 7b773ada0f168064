//! Stories of whom the page names: they have the chat when they are free, as whatever member and whatever they can.

use super::*;
use crate::domain::routing::planted::{self, Fault};

fn wants(n: u128) -> Wishes {
    Wishes { wanted: Some(who(n)), ..Wishes::default() }
}

fn secondary(n: u128, limit: u32) -> Member {
    member(n, Handling::Secondary, Some(limit), &[])
}

#[test]
fn whom_the_page_names_has_the_chat_at_once_although_others_come_first_and_can_more() {
    let able = member(JOE, Handling::Primary, Some(5), &[need("refunds", 1)]);
    let mut desk = single(RoutingRules::default(), vec![able, secondary(BOB, 5)]);
    let refund = |wanted| Wishes { skills: vec![need("refunds", 1)], wanted, ..Wishes::default() };
    let ours = desk.handle_waiting(wishing(1, 100, refund(Some(who(BOB)))), at(100));
    assert_eq!(proposals(&ours), [(chat(1), who(BOB))]);
    let others = desk.handle_waiting(wishing(2, 101, refund(None)), at(101));
    assert_eq!(proposals(&others), [(chat(2), who(JOE))], "a chat that names nobody goes by the rules");
    let record = ours.iter().find_map(|effect| match effect {
        Effect::Propose { record, .. } => Some(record),
        _ => None,
    });
    let record = record.unwrap();
    assert_eq!(record.best.iter().map(|score| score.operator).collect::<Vec<_>>(), [who(BOB), who(JOE)]);
    let reasons: Vec<Reason> = record.members.iter().map(|member| member.reason).collect();
    assert_eq!(reasons, [Reason::Behind, Reason::Chosen]);
    let told = words::sentence(record, None, |_| "Bob".to_owned());
    assert!(told.starts_with("Rang at Bob, whom the page named."), "{told}");
}

#[test]
fn whoever_is_named_and_has_no_slot_is_not_waited_for_where_the_group_does_not_but_comes_first_later() {
    let full = Member { held: 1, ..secondary(BOB, 1) };
    let mut desk = single(RoutingRules::default(), vec![full, primary(JOE, 1)]);
    assert_eq!(proposals(&desk.handle_waiting(wishing(1, 100, wants(BOB)), at(100))), [(chat(1), who(JOE))]);
    // Both are full now: the next one waits for whoever is free first.
    desk.handle_waiting(wishing(2, 101, wants(BOB)), at(101));
    let free = Member { version: 2, ..secondary(BOB, 1) };
    assert_eq!(proposals(&desk.handle_member(free, at(102))), [(chat(2), who(BOB))]);
}

#[test]
fn whoever_is_named_and_lets_the_chat_go_is_a_member_like_others_for_it() {
    let mut desk = single(RoutingRules::default(), vec![primary(JOE, 5), secondary(BOB, 5)]);
    desk.handle_waiting(wishing(1, 100, wants(BOB)), at(100));
    let tried = vec![Tried { operator: who(BOB), at: at(105) }];
    desk.handle_waiting(Arrival { rings_at: Some(who(BOB)), ..wishing(1, 100, wants(BOB)) }, at(101));
    assert_eq!(proposals(&desk.handle_offer_over(chat(1), tried, at(105))), [(chat(1), who(JOE))]);
}

#[test]
fn where_chats_ring_at_all_they_ring_at_whom_the_page_names_alone_first() {
    let members = vec![primary(JOE, 1), primary(SUE, 1), secondary(BOB, 1)];
    let mut desk = desk(OfferMode::RingAll, RoutingRules::default(), members);
    assert_eq!(rung(&desk.handle_waiting(wishing(1, 100, wants(BOB)), at(100))), [who(BOB)]);
    let tried = vec![Tried { operator: who(BOB), at: at(105) }];
    assert_eq!(rung(&desk.handle_offer_over(chat(1), tried, at(105))), [who(JOE), who(SUE)]);
    // Where it rings at the others already it does not cease to, when the one who is named is free at last.
    desk.handle_member(Member { held: 1, version: 2, ..secondary(BOB, 1) }, at(106));
    desk.handle_waiting(wishing(2, 107, wants(BOB)), at(107));
    assert_eq!(rung(&desk.handle_member(Member { version: 3, ..secondary(BOB, 1) }, at(108))), [who(BOB)]);
    assert_eq!(desk.rings_at_all(chat(2)).collect::<Vec<_>>(), [who(JOE), who(BOB), who(SUE)]);
}

#[test]
fn a_slot_of_several_groups_goes_to_the_chat_that_names_its_operator() {
    let of = |name: &str, held: u32| {
        let bob = Member { held, reserved: 0, ..secondary(BOB, 1) };
        (settings(name, OfferMode::Single, RoutingRules::default()), vec![bob])
    };
    let (mut centre, _) = Centre::open([of("sales", 1), of("support", 1)], at(100));
    centre.handle_waiting(&group("sales"), wishing(1, 100, wants(BOB)), at(100));
    let able = Wishes { skills: vec![need("refunds", 1)], ..wants(BOB) };
    centre.handle_waiting(&group("support"), wishing(2, 99, able), at(100));
    let news = LoadNews {
        operator: who(BOB),
        group: group("sales"),
        held: 0,
        reserved: 0,
        group_held: 0,
        group_reserved: 0,
        last_ended_at: None,
        version: 2,
    };
    let actions = centre.handle_load(&news, at(101));
    let made = actions.iter().filter_map(|action| match &action.effect {
        Effect::Propose { chat, record, .. } => Some((*chat, record.best.first().map(|best| best.operator))),
        _ => None,
    });
    assert_eq!(made.collect::<Vec<_>>(), [(chat(2), Some(who(BOB)))], "it has waited longest, and says by whom");
}

#[test]
fn slots_that_were_closed_open_again_in_a_group_that_rings_at_all_by_now() {
    let mut desk = single(RoutingRules::default(), vec![primary(JOE, 1)]);
    desk.handle_closed(who(JOE), true, at(100));
    assert_eq!(proposals(&desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100))), []);
    desk.handle_settings(settings("support", OfferMode::RingAll, RoutingRules::default()), at(101));
    assert_eq!(rung(&desk.handle_closed(who(JOE), false, at(102))), [who(JOE)]);
}

#[test]
fn whoever_is_named_before_the_group_knows_of_them_is_waited_for_when_it_does() {
    let rules = RoutingRules { wanted_operator_waits_s: 60, ..RoutingRules::default() };
    let joe = |version, held| Member { held, group_held: held, version, ..primary(JOE, 1) };
    let bob = |version, held| Member { held, group_held: held, version, ..secondary(BOB, 1) };
    for with_all in [false, true] {
        let mut desk = single(rules.clone(), vec![joe(1, 1)]);
        desk.handle_waiting(wishing(1, 100, wants(BOB)), at(100));
        let is_hired = match with_all {
            false => desk.handle_member(bob(1, 1), at(110)),
            true => desk.handle_members(vec![joe(1, 1), bob(1, 1)], at(110)),
        };
        assert_eq!(proposals(&is_hired), [], "he has no slot");
        assert_eq!(proposals(&desk.handle_member(joe(2, 0), at(120))), [], "it is for Bob now");
        assert_eq!(proposals(&desk.handle_member(bob(2, 0), at(130))), [(chat(1), who(BOB))]);
    }
}

#[test]
fn a_desk_that_forgets_whom_it_did_not_know_is_seen() {
    let story = whoever_is_named_before_the_group_knows_of_them_is_waited_for_when_it_does;
    let seen = planted::with(Fault::ForgetsWishes, story);
    assert!(seen.is_some_and(|words| words.contains("it is for Bob now")));
}

#[test]
fn a_wish_for_somebody_who_only_pulls_sleeps_until_they_do_not_and_its_time_goes_on() {
    let rules = RoutingRules { wanted_operator_waits_s: 60, ..RoutingRules::default() };
    let pulls = Member { held: 1, group_held: 1, ..member(BOB, Handling::Pull, Some(1), &[]) };
    let joe = |version, held| Member { held, group_held: held, version, ..primary(JOE, 1) };
    let mut desk = single(rules, vec![joe(1, 1), pulls]);
    desk.handle_waiting(wishing(1, 100, wants(BOB)), at(100));
    desk.handle_waiting(wishing(2, 101, wants(BOB)), at(101));
    // He does not pull any more, and has no slot: both wait for him, though Joe has one.
    let rung = Member { held: 1, group_held: 1, ..secondary(BOB, 1) };
    desk.handle_member(rung.clone(), at(110));
    assert_eq!(proposals(&desk.handle_member(joe(2, 0), at(120))), []);
    // He goes: nobody is waited for who cannot be rung.
    assert_eq!(proposals(&desk.handle_member_gone(who(BOB), at(130))), [(chat(1), who(JOE))]);
    // He is back before the minute is over, and behind it there is nothing to wait for.
    desk.handle_member(rung, at(140));
    desk.handle_settled(chat(1), who(JOE), Settled::Refused, at(141));
    assert_eq!(proposals(&desk.handle_due(at(159))), []);
    assert_eq!(proposals(&desk.handle_due(at(161))), [(chat(1), who(JOE))]);
}
