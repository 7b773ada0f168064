//! Stories of a group's queue: who gets the next chat, and who waits.

use std::time::Duration;

use super::*;
use crate::domain::chat::Tried;
use crate::domain::group::{Availability, GroupSettings, Handling, OfferMode};
use crate::domain::ids::{ChatId, OperatorId, Shard};
use crate::domain::limits::{OFFER_COOL_DOWN, PROPOSAL_REST, PROPOSAL_SETTLES_WITHIN};
use crate::domain::operator::Reception;
use crate::domain::skills::Skills;

const JOE: u128 = 1;
const BOB: u128 = 2;
const SUE: u128 = 3;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn who(n: u128) -> OperatorId {
    OperatorId(uuid::Uuid::from_u128(n))
}

fn chat(n: u128) -> ChatId {
    ChatId::new(0, n << 80, Shard(0))
}

fn member(n: u128, handling: Handling, limit: Option<u32>) -> Member {
    Member {
        operator: who(n),
        name: format!("op{n}"),
        handling,
        active: true,
        limit,
        group_limit: None,
        reception: Reception::Ready { since: at(n as i64) },
        held: 0,
        reserved: 0,
        group_held: 0,
        group_reserved: 0,
        last_ended_at: None,
        version: 1,
        skills: Skills::default(),
    }
}

fn arrival(n: u128, second: i64) -> Arrival {
    Arrival::new(chat(n), at(second))
}

fn group(offer_mode: OfferMode) -> GroupSettings {
    let mut settings = GroupSettings::new("support".parse().unwrap(), "support".parse().unwrap(), "Support");
    settings.offer_mode = offer_mode;
    settings
}

fn desk(members: Vec<Member>) -> Desk {
    Desk::open(group(OfferMode::Single), members, [], at(100)).0
}

fn proposals(effects: &[Effect]) -> Vec<(ChatId, OperatorId)> {
    let pick = |effect: &Effect| match effect {
        Effect::Propose { chat, operator, .. } => Some((*chat, *operator)),
        _ => None,
    };
    effects.iter().filter_map(pick).collect()
}

fn is_told(effects: &[Effect], n: u128, places: usize) -> bool {
    let told = |effect: &Effect| matches!(effect, Effect::Position { chat: to, ahead, .. } if *to == chat(n) && *ahead == places);
    effects.iter().any(told)
}

/// What the operator holds now, as the store would tell it after one more change.
fn load(desk: &Desk, n: u128, held: i32, reserved: i32) -> LoadNews {
    let member = desk.roster().member(who(n)).unwrap();
    LoadNews {
        operator: who(n),
        group: "support".parse().unwrap(),
        held: member.held.checked_add_signed(held).unwrap(),
        reserved: member.reserved.checked_add_signed(reserved).unwrap(),
        group_held: member.group_held.checked_add_signed(held).unwrap(),
        group_reserved: member.group_reserved.checked_add_signed(reserved).unwrap(),
        last_ended_at: member.last_ended_at,
        version: member.version + 1,
    }
}

/// The chat rings at the one it was proposed to.
fn rings(desk: &mut Desk, n: u128, operator: u128, second: i64) {
    let news = load(desk, operator, 0, 1);
    desk.handle_settled(chat(n), who(operator), Settled::Offered(news), at(second));
}

fn accepts(desk: &mut Desk, n: u128, operator: u128, second: i64) {
    let news = load(desk, operator, 1, -1);
    desk.handle_load(&news, at(second));
    desk.handle_gone(chat(n), at(second));
}

fn lets_go(desk: &mut Desk, n: u128, tried: &[(u128, i64)], second: i64) -> Vec<(ChatId, OperatorId)> {
    let (operator, _) = *tried.last().unwrap();
    let news = load(desk, operator, 0, -1);
    let mut made = proposals(&desk.handle_load(&news, at(second)));
    let tried = tried.iter().map(|(n, second)| Tried { operator: who(*n), at: at(*second) }).collect();
    made.extend(proposals(&desk.handle_offer_over(chat(n), tried, at(second))));
    made
}

#[test]
fn nine_visitors_come_to_joe_bob_and_sue() {
    let members = [(JOE, 1), (BOB, 2), (SUE, 5)].map(|(n, limit)| member(n, Handling::Primary, Some(limit)));
    let mut desk = desk(members.into());
    let mut served = Vec::new();
    for n in 1..=8 {
        let effects = desk.handle_waiting(arrival(n, 100 + n as i64), at(100 + n as i64));
        let [(_, operator)] = proposals(&effects)[..] else { panic!("visitor {n} is not offered: {effects:?}") };
        let operator = operator.0.as_u128();
        served.push(operator);
        rings(&mut desk, n, operator, 100 + n as i64);
        accepts(&mut desk, n, operator, 100 + n as i64);
    }
    assert_eq!(served, [JOE, BOB, SUE, SUE, SUE, BOB, SUE, SUE]);
    let effects = desk.handle_waiting(arrival(9, 109), at(109));
    assert_eq!(proposals(&effects), []);
    assert!(is_told(&effects, 9, 0));
    assert!(effects.contains(&Effect::Waiting { count: 1, longest_since: Some(at(109)) }));
    assert_eq!(desk.roster().availability(), Availability::Busy);
    let mut news = load(&desk, JOE, -1, 0);
    news.last_ended_at = Some(at(120));
    assert_eq!(proposals(&desk.handle_load(&news, at(120))), [(chat(9), who(JOE))]);
}

#[test]
fn of_two_with_the_same_load_the_one_who_ended_a_chat_longest_ago_is_next() {
    let mut joe = member(JOE, Handling::Primary, Some(2));
    let mut bob = member(BOB, Handling::Primary, Some(2));
    joe.last_ended_at = Some(at(50));
    bob.last_ended_at = Some(at(40));
    let sue = member(SUE, Handling::Primary, Some(2));
    let mut desk = desk(vec![joe, bob, sue]);
    let order = [1, 2, 3].map(|n| proposals(&desk.handle_waiting(arrival(n, 100), at(100)))[0].1);
    assert_eq!(order, [who(SUE), who(BOB), who(JOE)]);
}

#[test]
fn of_two_with_the_same_share_the_one_with_fewer_chats_is_next() {
    let mut joe = member(JOE, Handling::Primary, Some(4));
    (joe.held, joe.group_held) = (2, 2);
    let mut bob = member(BOB, Handling::Primary, Some(2));
    (bob.held, bob.group_held) = (1, 1);
    let mut desk = desk(vec![joe, bob]);
    assert_eq!(proposals(&desk.handle_waiting(arrival(1, 100), at(100))), [(chat(1), who(BOB))]);
}

#[test]
fn the_larger_share_counts_of_overall_and_group() {
    let mut joe = member(JOE, Handling::Primary, Some(10));
    (joe.held, joe.group_held, joe.group_limit) = (1, 1, Some(2));
    let mut bob = member(BOB, Handling::Primary, Some(10));
    (bob.held, bob.group_held) = (4, 0);
    let mut desk = desk(vec![joe, bob]);
    assert_eq!(proposals(&desk.handle_waiting(arrival(1, 100), at(100))), [(chat(1), who(BOB))]);
}

#[test]
fn secondary_members_help_only_when_no_primary_may_be_offered_the_chat() {
    let mut desk = desk(vec![member(JOE, Handling::Primary, Some(1)), member(BOB, Handling::Secondary, None)]);
    assert_eq!(proposals(&desk.handle_waiting(arrival(1, 100), at(100))), [(chat(1), who(JOE))]);
    assert_eq!(proposals(&desk.handle_waiting(arrival(2, 101), at(101))), [(chat(2), who(BOB))]);
}

#[test]
fn a_primary_who_lost_the_connection_does_not_hold_the_chat_back_from_a_secondary() {
    let mut joe = member(JOE, Handling::Primary, None);
    joe.reception = Reception::Grace { since: at(1) };
    let mut desk = desk(vec![joe, member(BOB, Handling::Secondary, None)]);
    assert_eq!(proposals(&desk.handle_waiting(arrival(1, 100), at(100))), [(chat(1), who(BOB))]);
}

#[test]
fn members_who_pull_are_never_given_a_chat_but_keep_the_group_open() {
    let mut desk = desk(vec![member(JOE, Handling::Pull, None)]);
    assert_eq!(proposals(&desk.handle_waiting(arrival(1, 100), at(100))), []);
    assert_eq!(desk.roster().availability(), Availability::Online);
    let decision = desk.explain(chat(1), at(100)).unwrap();
    assert_eq!(decision.outcome, Outcome::Wait { why: WhyNot::NobodyAssigned, again_at: None });
    assert_eq!(decision.counts, Counts { pull: 1, ..Counts::default() });
}

#[test]
fn a_limit_of_none_in_the_group_gets_no_chat_of_it() {
    let mut joe = member(JOE, Handling::Primary, None);
    joe.group_limit = Some(0);
    let mut desk = desk(vec![joe]);
    assert_eq!(proposals(&desk.handle_waiting(arrival(1, 100), at(100))), []);
    assert_eq!(desk.roster().availability(), Availability::Busy);
    assert_eq!(desk.explain(chat(1), at(100)).unwrap().counts.without_slots, 1);
}

#[test]
fn a_declined_chat_goes_to_somebody_else_first() {
    let mut desk = desk(vec![member(JOE, Handling::Primary, Some(9)), member(BOB, Handling::Secondary, Some(9))]);
    desk.handle_waiting(arrival(1, 100), at(100));
    rings(&mut desk, 1, JOE, 100);
    assert_eq!(lets_go(&mut desk, 1, &[(JOE, 105)], 105), [(chat(1), who(BOB))]);
    rings(&mut desk, 1, BOB, 105);
    assert_eq!(lets_go(&mut desk, 1, &[(JOE, 105), (BOB, 108)], 108), []);
    assert!(desk.next_wake().is_some_and(|wake| wake <= at(105) + OFFER_COOL_DOWN));
    assert_eq!(proposals(&desk.handle_due(at(119))), []);
    assert_eq!(proposals(&desk.handle_due(at(120))), [(chat(1), who(JOE))]);
}

#[test]
fn whoever_was_asked_first_is_asked_again_first() {
    let mut desk = desk(vec![member(JOE, Handling::Primary, Some(9)), member(BOB, Handling::Primary, Some(9))]);
    let tried = vec![Tried { operator: who(JOE), at: at(80) }, Tried { operator: who(BOB), at: at(70) }];
    let effects = desk.handle_waiting(Arrival { tried, ..arrival(1, 60) }, at(100));
    assert_eq!(proposals(&effects), [(chat(1), who(BOB))]);
}

#[test]
fn a_chat_nobody_wants_just_now_does_not_hold_up_the_next_one() {
    let mut desk = desk(vec![member(JOE, Handling::Primary, Some(9))]);
    let tried = vec![Tried { operator: who(JOE), at: at(99) }];
    desk.handle_waiting(Arrival { tried, ..arrival(1, 90) }, at(100));
    let effects = desk.handle_waiting(arrival(2, 95), at(100));
    assert_eq!(proposals(&effects), [(chat(2), who(JOE))]);
    assert!(is_told(&effects, 2, 1));
}

#[test]
fn a_ringing_chat_keeps_its_place() {
    let mut desk = desk(vec![member(JOE, Handling::Primary, Some(1))]);
    desk.handle_waiting(arrival(1, 100), at(100));
    rings(&mut desk, 1, JOE, 100);
    let effects = desk.handle_waiting(arrival(2, 101), at(101));
    assert!(is_told(&effects, 2, 1));
    assert!(effects.contains(&Effect::Waiting { count: 2, longest_since: Some(at(100)) }));
}

#[test]
fn priority_is_worth_a_minute_of_waiting_a_step() {
    let late = Arrival { priority: 1, ..arrival(1, 159) };
    let (desk, _) = Desk::open(group(OfferMode::Single), [], [arrival(2, 100), late], at(160));
    assert_eq!(desk.queue().iter().collect::<Vec<_>>(), [chat(1), chat(2)]);
    assert_eq!(desk.queue().longest_since(), Some(at(100)));
}

#[test]
fn somebody_of_low_priority_is_served_while_more_urgent_ones_never_cease_to_come() {
    // Joe serves one each ten seconds, and one comes each ten seconds, two steps ahead; the poor one is a step behind.
    let mut desk = desk(vec![member(JOE, Handling::Primary, Some(1))]);
    desk.handle_waiting(Arrival { priority: 2, ..arrival(1, 100) }, at(100));
    rings(&mut desk, 1, JOE, 100);
    desk.handle_waiting(Arrival { priority: -1, ..arrival(1_000, 100) }, at(100));
    let mut last = 1;
    for n in 2..100 {
        let second = 100 + 10 * (n as i64 - 1);
        desk.handle_waiting(Arrival { priority: 2, ..arrival(n, second) }, at(second));
        accepts(&mut desk, last, JOE, second);
        let ends = load(&desk, JOE, -1, 0);
        let next = proposals(&desk.handle_load(&ends, at(second)));
        let [(served, _)] = next[..] else { panic!("one is served: {next:?}") };
        if served == chat(1_000) {
            // Three steps of a minute are made good by three minutes of waiting, and no more.
            assert_eq!(second, 100 + 180 + 10, "by its rank");
            return;
        }
        last = (1..=n).find(|known| chat(*known) == served).expect("somebody who came");
        rings(&mut desk, last, JOE, second);
    }
    panic!("nobody ever serves the one who cannot wait");
}

#[test]
fn automatic_groups_assign_at_once_and_single_ones_ring() {
    for (mode, ring) in [(OfferMode::Automatic, None), (OfferMode::Single, Some(Duration::from_secs(20)))] {
        let joe = member(JOE, Handling::Primary, None);
        let (mut desk, effects) = Desk::open(group(mode), [joe], [arrival(1, 100)], at(100));
        let Some(Effect::Propose { chat: offered, operator, name, ring: rings, record }) = effects.first() else {
            panic!("nothing is proposed: {effects:?}")
        };
        assert_eq!((*offered, *operator, name.as_str(), *rings), (chat(1), who(JOE), "op1", ring));
        assert_eq!(record.best.iter().map(|score| score.operator).collect::<Vec<_>>(), [who(JOE)]);
        let news = load(&desk, JOE, 1, 0);
        let effects = desk.handle_settled(chat(1), who(JOE), Settled::Assigned(news), at(100));
        assert!(effects.contains(&Effect::Waiting { count: 0, longest_since: None }));
    }
}

#[test]
fn a_queue_that_opens_serves_in_rank_order_however_the_chats_are_listed() {
    let joe = member(JOE, Handling::Primary, Some(1));
    let (_, effects) =
        Desk::open(group(OfferMode::Single), [joe], [arrival(2, 99), arrival(1, 98), arrival(3, 97)], at(100));
    assert_eq!(proposals(&effects), [(chat(3), who(JOE))]);
}

#[test]
fn when_the_store_finds_no_slot_the_chat_goes_elsewhere_and_the_operator_is_asked_later() {
    let mut desk = desk(vec![member(JOE, Handling::Primary, None), member(BOB, Handling::Secondary, Some(1))]);
    desk.handle_waiting(arrival(1, 100), at(100));
    let effects = desk.handle_settled(chat(1), who(JOE), Settled::NoCapacity, at(100));
    assert_eq!(proposals(&effects), [(chat(1), who(BOB))]);
    assert_eq!(proposals(&desk.handle_waiting(arrival(2, 100), at(100))), []);
    assert_eq!(proposals(&desk.handle_due(at(100) + PROPOSAL_REST)), [(chat(2), who(JOE))]);
}

#[test]
fn news_of_a_load_end_the_doubt_at_once() {
    let mut desk = desk(vec![member(JOE, Handling::Primary, None)]);
    desk.handle_waiting(arrival(1, 100), at(100));
    assert_eq!(proposals(&desk.handle_settled(chat(1), who(JOE), Settled::NoCapacity, at(100))), []);
    let news = load(&desk, JOE, 0, 0);
    assert_eq!(proposals(&desk.handle_load(&news, at(100))), [(chat(1), who(JOE))]);
}

#[test]
fn a_chat_that_refuses_rests_and_one_that_never_answers_is_proposed_again() {
    let mut desk = desk(vec![member(JOE, Handling::Primary, Some(1))]);
    desk.handle_waiting(arrival(1, 100), at(100));
    assert_eq!(proposals(&desk.handle_settled(chat(1), who(JOE), Settled::Refused, at(100))), []);
    let again = at(100) + PROPOSAL_REST;
    assert_eq!(desk.next_wake(), Some(again));
    assert_eq!(proposals(&desk.handle_due(again)), [(chat(1), who(JOE))]);
    assert_eq!(proposals(&desk.handle_waiting(arrival(1, 100), again)), [], "said again it is not proposed twice");
    assert_eq!(proposals(&desk.handle_due(again + PROPOSAL_SETTLES_WITHIN)), [(chat(1), who(JOE))]);
}

#[test]
fn a_late_answer_still_counts() {
    let mut desk = desk(vec![member(JOE, Handling::Primary, Some(5)), member(BOB, Handling::Primary, Some(5))]);
    desk.handle_waiting(arrival(1, 100), at(100));
    let mut away = member(JOE, Handling::Primary, Some(5));
    away.reception = Reception::None;
    desk.handle_member(away, at(101));
    let lost = at(100) + PROPOSAL_SETTLES_WITHIN;
    assert_eq!(proposals(&desk.handle_due(lost)), [(chat(1), who(BOB))]);
    rings(&mut desk, 1, JOE, 106);
    assert_eq!(desk.explain(chat(1), at(106)).unwrap().counts.free, 1, "bob's slot is free again");
    assert_eq!(proposals(&desk.handle_settled(chat(1), who(BOB), Settled::Refused, at(106))), []);
}

#[test]
fn a_chat_that_leaves_while_it_is_proposed_gives_the_slot_to_the_next() {
    let mut desk = desk(vec![member(JOE, Handling::Primary, Some(1))]);
    desk.handle_waiting(arrival(1, 100), at(100));
    desk.handle_waiting(arrival(2, 101), at(101));
    assert_eq!(proposals(&desk.handle_gone(chat(1), at(102))), [(chat(2), who(JOE))]);
}

#[test]
fn late_news_are_not_believed_and_news_of_other_groups_touch_only_the_whole() {
    let mut roster = Roster::new("support".parse().unwrap());
    roster.put(member(JOE, Handling::Primary, Some(9)));
    let news = |group: &str, held, group_held, version| LoadNews {
        operator: who(JOE),
        group: group.parse().unwrap(),
        held,
        reserved: 0,
        group_held,
        group_reserved: 0,
        last_ended_at: None,
        version,
    };
    roster.set_load(&news("sales", 3, 1, 4));
    roster.set_load(&news("support", 2, 2, 3));
    roster.set_load(&news("support", 1, 1, 2));
    let joe = roster.member(who(JOE)).unwrap();
    assert_eq!((joe.held, joe.group_held, joe.version), (3, 2, 4));
}

#[test]
fn the_button_follows_those_who_receive() {
    let mut desk = desk(vec![member(JOE, Handling::Primary, Some(1))]);
    let mut says = |reception| {
        let effects = desk.handle_reception(who(JOE), reception, at(100));
        effects.into_iter().find_map(|effect| match effect {
            Effect::Availability(state) => Some(state),
            _ => None,
        })
    };
    assert_eq!(says(Reception::Grace { since: at(1) }), None);
    assert_eq!(says(Reception::None), Some(Availability::Offline));
    assert_eq!(says(Reception::Ready { since: at(100) }), Some(Availability::Online));
}

#[test]
fn a_chat_says_why_it_waits() {
    let mut full = member(BOB, Handling::Primary, Some(1));
    full.held = 1;
    let mut gone = member(SUE, Handling::Primary, None);
    gone.active = false;
    let mut desk = desk(vec![member(JOE, Handling::Primary, Some(2)), full, gone]);
    let tried = vec![Tried { operator: who(JOE), at: at(99) }];
    desk.handle_waiting(Arrival { tried, ..arrival(1, 90) }, at(100));
    let decision = desk.explain(chat(1), at(100)).unwrap();
    assert_eq!(decision.outcome, Outcome::Wait { why: WhyNot::LetGo, again_at: Some(at(114)) });
    assert_eq!(decision.counts, Counts { let_go: 1, full: 1, inactive: 1, ..Counts::default() });
}
