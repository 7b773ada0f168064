//! Stories of slots that are granted among the groups of an operator: what is kept of them agrees with itself.

use super::*;

fn lets_go(n: u128, second: i64) -> Vec<Tried> {
    vec![Tried { operator: who(n), at: at(second) }]
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
