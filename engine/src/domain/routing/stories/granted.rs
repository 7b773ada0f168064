//! Stories of slots that are granted among the groups of an operator: where chats ring at all they are held while it rings,
//! and what is kept of a granted slot agrees with itself.

use super::*;

const SALES: &str = "sales";
const SUPPORT: &str = "support";

/// Joe with one slot, held by a chat of Sales, where chats are assigned at once. In Support they ring at all.
fn joe_of_two_groups(others: Vec<Member>) -> Centre {
    let busy = |here: u32| Member { held: 1, group_held: here, ..primary(JOE, 1) };
    let sales = (settings(SALES, OfferMode::Automatic, RoutingRules::default()), vec![busy(1)]);
    let members = std::iter::once(busy(0)).chain(others).collect();
    let support = (settings(SUPPORT, OfferMode::RingAll, RoutingRules::default()), members);
    Centre::open([sales, support], at(90)).0
}

fn load(group_name: &str, held: u32, version: u64) -> LoadNews {
    LoadNews {
        operator: who(JOE),
        group: group(group_name),
        held,
        reserved: 0,
        group_held: held,
        group_reserved: 0,
        last_ended_at: None,
        version,
    }
}

fn comes(centre: &mut Centre, to: &str, n: u128, second: i64) -> (Vec<ChatId>, Vec<ChatId>) {
    asked(&centre.handle_waiting(&group(to), Arrival::new(chat(n), at(second)), at(second)))
}

/// Which chats are proposed, and which begin to ring at all.
fn asked(actions: &[Action]) -> (Vec<ChatId>, Vec<ChatId>) {
    let proposed = actions.iter().filter_map(|action| match &action.effect {
        Effect::Propose { chat, .. } => Some(*chat),
        _ => None,
    });
    let ring = actions.iter().filter_map(|action| match &action.effect {
        Effect::RingAll { chat, .. } => Some(*chat),
        _ => None,
    });
    (proposed.collect(), ring.collect())
}

fn lets_go(n: u128, second: i64) -> Vec<Tried> {
    vec![Tried { operator: who(n), at: at(second) }]
}

#[test]
fn where_chats_ring_at_all_the_longest_wait_of_all_groups_has_the_slot_too() {
    let mut centre = joe_of_two_groups(vec![]);
    comes(&mut centre, SUPPORT, 1, 100);
    comes(&mut centre, SALES, 2, 101);
    // Joe's chat ends: the one of Support has waited longest, and rings for its time whoever comes to Sales.
    assert_eq!(asked(&centre.handle_load(&load(SALES, 0, 2), at(110))), (vec![], vec![chat(1)]));
    assert_eq!(comes(&mut centre, SALES, 3, 111), (vec![], vec![]));
    assert_eq!(centre.desk(&group(SUPPORT)).unwrap().rings_at_all(chat(1)).collect::<Vec<_>>(), [who(JOE)]);
    // He lets it go: the slot is for the next one.
    assert_eq!(asked(&centre.handle_offer_over(chat(1), lets_go(JOE, 112), at(112))), (vec![chat(2)], vec![]));
    // And so at the next end, when he may be asked again.
    centre.handle_settled(chat(2), who(JOE), Settled::Assigned(load(SALES, 1, 3)), at(112));
    assert_eq!(asked(&centre.handle_load(&load(SALES, 0, 4), at(130))), (vec![], vec![chat(1)]));
    // He has it: nothing is left for Sales.
    assert_eq!(asked(&centre.handle_load(&load(SUPPORT, 1, 5), at(131))), (vec![], vec![]));
    assert_eq!(asked(&centre.handle_served(chat(1), &group(SUPPORT), at(131))), (vec![], vec![]));
    assert_eq!(asked(&centre.handle_load(&load(SUPPORT, 0, 6), at(140))).0, [chat(3)]);
}

#[test]
fn where_chats_ring_at_all_a_longer_wait_of_another_group_comes_first() {
    let mut centre = joe_of_two_groups(vec![]);
    comes(&mut centre, SALES, 2, 100);
    comes(&mut centre, SUPPORT, 1, 101);
    assert_eq!(asked(&centre.handle_load(&load(SALES, 0, 2), at(110))).0, [chat(2)]);
    assert_eq!(centre.desk(&group(SUPPORT)).unwrap().rings_at_all(chat(1)).count(), 0, "he has no slot left");
}

#[test]
fn a_slot_that_was_held_is_free_when_somebody_else_has_the_chat_or_the_visitor_goes() {
    for served in [true, false] {
        let mut centre = joe_of_two_groups(vec![primary(BOB, 1)]);
        comes(&mut centre, SUPPORT, 1, 100);
        comes(&mut centre, SALES, 2, 101);
        assert_eq!(asked(&centre.handle_load(&load(SALES, 0, 2), at(110))), (vec![], vec![chat(1)]));
        let over = match served {
            true => centre.handle_served(chat(1), &group(SUPPORT), at(112)),
            false => centre.handle_gone(chat(1), at(112)),
        };
        assert_eq!(asked(&over).0, [chat(2)]);
    }
}

#[test]
fn a_group_that_rings_at_all_holds_no_more_slots_than_there_are() {
    let mut desk = super::desk(OfferMode::RingAll, RoutingRules::default(), vec![primary(JOE, 2)]);
    for n in 1..=4 {
        desk.handle_waiting(Arrival::new(chat(n), at(n as i64)), at(100));
    }
    assert_eq!([1, 2, 3].map(|_| grants(&mut desk, JOE)), [true, true, false]);
    assert_eq!(desk.held_for(who(JOE)).collect::<Vec<_>>(), [chat(1), chat(2)]);
    let fewer = desk.handle_member(Member { held: 1, version: 2, ..primary(JOE, 2) }, at(101));
    assert!(fewer.contains(&Effect::NotHeld { operator: who(JOE) }), "{fewer:?}");
    assert_eq!(desk.held_for(who(JOE)).collect::<Vec<_>>(), [chat(1)], "the one that has waited longer");
    let other = desk.handle_settings(settings(SUPPORT, OfferMode::Single, RoutingRules::default()), at(102));
    assert!(other.contains(&Effect::NotHeld { operator: who(JOE) }), "{other:?}");
    let unlimited = member(BOB, Handling::Primary, None, &[]);
    let mut desk = super::desk(OfferMode::RingAll, RoutingRules::default(), vec![unlimited]);
    desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100));
    assert!(!grants(&mut desk, BOB), "whoever has no limit has slots for all groups");
}

/// Whether a slot that is granted is used.
fn grants(desk: &mut Desk, n: u128) -> bool {
    !desk.handle_grant(who(n), at(100)).contains(&Effect::NotNeeded { operator: who(n) })
}

fn record_of(effects: &[Effect]) -> &Record {
    let record = effects.iter().find_map(|effect| match effect {
        Effect::Propose { record, .. } => Some(record),
        _ => None,
    });
    record.unwrap_or_else(|| panic!("nothing is proposed: {effects:?}"))
}

#[test]
fn what_is_kept_of_a_granted_slot_tells_who_let_the_chat_go() {
    let mut desk = single(RoutingRules::default(), vec![primary(JOE, 1), primary(BOB, 1)]);
    desk.handle_closed(who(JOE), true, at(100));
    let arrival = Arrival { tried: lets_go(BOB, 95), ..Arrival::new(chat(1), at(90)) };
    assert_eq!(proposals(&desk.handle_waiting(arrival, at(100))), []);
    let granted = desk.handle_grant(who(JOE), at(100));
    let record = record_of(&granted);
    assert_eq!(record.counts, Counts { free: 1, let_go: 1, ..Counts::default() });
    assert_eq!(record.best.iter().map(|score| score.operator).collect::<Vec<_>>(), [who(JOE)]);
    let reasons: Vec<Reason> = record.members.iter().map(|member| member.reason).collect();
    assert_eq!(reasons, [Reason::Chosen, Reason::LetGo]);
}

#[test]
fn what_is_kept_of_a_granted_slot_tells_for_whom_the_chat_waited() {
    let rules = RoutingRules { wanted_operator_waits_s: 60, ..RoutingRules::default() };
    let mut desk = single(rules, vec![primary(JOE, 1), primary(BOB, 1)]);
    desk.handle_closed(who(JOE), true, at(100));
    let wishes = Wishes { wanted: Some(who(JOE)), ..Wishes::default() };
    assert_eq!(proposals(&desk.handle_waiting(wishing(1, 100, wishes), at(100))), []);
    let granted = desk.handle_grant(who(JOE), at(100));
    let record = record_of(&granted);
    assert_eq!(record.counts, Counts { free: 1, not_awaited: 1, ..Counts::default() });
    assert_eq!(record.best.iter().map(|score| score.operator).collect::<Vec<_>>(), [who(JOE)]);
}

#[test]
fn whom_the_page_names_counts_as_free_whatever_they_can() {
    let able = member(JOE, Handling::Primary, Some(1), &[need("refunds", 1)]);
    let mut desk = single(RoutingRules::default(), vec![able, primary(BOB, 1)]);
    let wishes = Wishes { skills: vec![need("refunds", 1)], wanted: Some(who(BOB)), ..Wishes::default() };
    let effects = desk.handle_waiting(wishing(1, 100, wishes), at(100));
    assert_eq!(record_of(&effects).counts, Counts { free: 2, ..Counts::default() });
}
