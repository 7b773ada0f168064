//! Stories of what a group may set and a chat may wish: ringing at all, help from other groups, skills, operators who
//! are wanted, queues that are too long, groups that close, and the reasons that are given.

mod full_queues;
mod granted;
mod guests;
mod jumps;
mod mixtures;
mod places;
mod reasons;
mod ringing;
mod rules;
mod wanted;

use std::time::Duration;

use super::*;
use crate::domain::chat::Tried;
use crate::domain::estimate::Pace;
use crate::domain::group::{Availability, GroupSettings, Handling, Instead, OfferMode, Overflow, RoutingRules};
use crate::domain::hours::{Hours, Interval};
use crate::domain::ids::{ChatId, GroupId, OperatorId, Shard};
use crate::domain::limits::{OFFLINE_HOPE, REQUEUED_PRIORITY};
use crate::domain::operator::Reception;
use crate::domain::skills::{Level, Need, Skills};

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

fn group(name: &str) -> GroupId {
    name.parse().unwrap()
}

fn need(skill: &str, level: i64) -> Need {
    Need { skill: skill.parse().unwrap(), level: Level::new(level).unwrap() }
}

fn member(n: u128, handling: Handling, limit: Option<u32>, needs: &[Need]) -> Member {
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
        skills: needs.iter().map(|need| (need.skill.clone(), need.level)).collect::<Skills>(),
    }
}

fn primary(n: u128, limit: u32) -> Member {
    member(n, Handling::Primary, Some(limit), &[])
}

fn settings(name: &str, mode: OfferMode, rules: RoutingRules) -> GroupSettings {
    rules.check(&group(name)).unwrap();
    let settings = GroupSettings::new(group(name), group("any").as_str().parse().unwrap(), name);
    GroupSettings { offer_mode: mode, rules: Box::new(rules), ..settings }
}

fn desk(mode: OfferMode, rules: RoutingRules, members: Vec<Member>) -> Desk {
    Desk::open(settings("support", mode, rules), members, [], at(100)).0
}

fn single(rules: RoutingRules, members: Vec<Member>) -> Desk {
    desk(OfferMode::Single, rules, members)
}

fn proposals(effects: &[Effect]) -> Vec<(ChatId, OperatorId)> {
    let pick = |effect: &Effect| match effect {
        Effect::Propose { chat, operator, .. } => Some((*chat, *operator)),
        _ => None,
    };
    effects.iter().filter_map(pick).collect()
}

fn rung(effects: &[Effect]) -> Vec<OperatorId> {
    let pick = |effect: &Effect| match effect {
        Effect::RingAll { operators, .. } => operators.iter().map(|(operator, _)| *operator).collect(),
        _ => Vec::new(),
    };
    effects.iter().flat_map(pick).collect()
}

fn turned_away(effects: &[Effect]) -> Vec<(ChatId, Instead, TurnedAway)> {
    let pick = |effect: &Effect| match effect {
        Effect::TurnAway { chat, to, why, .. } => Some((*chat, to.clone(), *why)),
        _ => None,
    };
    effects.iter().filter_map(pick).collect()
}

fn wishing(n: u128, second: i64, wishes: Wishes) -> Arrival {
    Arrival { wishes, ..Arrival::new(chat(n), at(second)) }
}

fn skilled(n: u128, second: i64, needs: &[Need]) -> Arrival {
    wishing(n, second, Wishes { skills: needs.to_vec(), ..Wishes::default() })
}

#[test]
fn a_chat_rings_at_all_who_are_free_and_takes_nobodys_slot() {
    let full = Member { held: 1, ..primary(SUE, 1) };
    let helper = member(4, Handling::Secondary, None, &[]);
    let members = vec![primary(JOE, 1), primary(BOB, 1), full, helper];
    let mut desk = desk(OfferMode::RingAll, RoutingRules::default(), members);
    assert_eq!(rung(&desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100))), [who(JOE), who(BOB)]);
    assert_eq!(rung(&desk.handle_waiting(Arrival::new(chat(2), at(101)), at(101))), [who(JOE), who(BOB)]);
    let effects = desk.handle_member(Member { held: 1, version: 2, ..primary(JOE, 1) }, at(102));
    for n in [1, 2] {
        assert!(effects.contains(&Effect::RingNoMore { chat: chat(n), operators: vec![who(JOE)] }));
    }
    desk.handle_served(chat(1), at(102));
    assert_eq!(rung(&desk.handle_member(Member { version: 2, ..primary(SUE, 1) }, at(103))), [who(SUE)]);
    assert_eq!(desk.rings_at_all(chat(2)).collect::<Vec<_>>(), [who(BOB), who(SUE)]);
}

#[test]
fn whoever_is_granted_a_slot_of_their_own_is_not_about_to_get_another_chat() {
    let away = Member { active: false, ..primary(BOB, 1) };
    let mut desk = single(RoutingRules::default(), vec![primary(JOE, 1), away]);
    desk.handle_closed(who(JOE), true, at(100));
    assert_eq!(proposals(&desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100))), []);
    let effects = desk.handle_grant(who(JOE), at(101));
    let Some(Effect::Propose { record, .. }) = effects.first() else { panic!("{effects:?}") };
    let Counts { free, choosing, inactive, .. } = record.counts;
    assert_eq!((free, choosing, inactive), (1, 0, 1), "as of whoever is chosen without a round");
}

#[test]
fn a_chat_that_rings_at_all_goes_on_at_the_others_when_one_declines() {
    let mut desk = desk(OfferMode::RingAll, RoutingRules::default(), vec![primary(JOE, 1), primary(BOB, 1)]);
    desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100));
    let tried = |n, second| Tried { operator: who(n), at: at(second) };
    let effects = desk.handle_offer_over(chat(1), vec![tried(JOE, 105)], at(105));
    assert_eq!((rung(&effects), desk.rings_at_all(chat(1)).collect::<Vec<_>>()), (vec![], vec![who(BOB)]));
    desk.handle_offer_over(chat(1), vec![tried(JOE, 105), tried(BOB, 110)], at(110));
    assert_eq!(desk.next_wake(), Some(at(110)).max(desk.next_wake()).min(Some(at(120))));
    assert_eq!(rung(&desk.handle_due(at(119))), []);
    assert_eq!(rung(&desk.handle_due(at(120))), [who(JOE)]);
}

#[test]
fn skills_are_given_up_one_after_the_other_the_least_important_first() {
    let german = need("language:de", 5);
    let rules = RoutingRules { skill_relaxed_every_s: Some(30), ..RoutingRules::default() };
    let members = vec![member(JOE, Handling::Primary, Some(1), std::slice::from_ref(&german)), primary(BOB, 1)];
    let mut desk = single(rules, members);
    let effects = desk.handle_waiting(skilled(1, 100, &[german, need("refunds", 3)]), at(100));
    assert_eq!(proposals(&effects), []);
    let decision = desk.explain(chat(1), at(100)).unwrap();
    assert_eq!(decision.outcome, Outcome::Wait { why: WhyNot::NobodySkilled, again_at: None });
    assert_eq!(desk.next_wake().map(|wake| wake.min(at(130))), desk.next_wake());
    assert_eq!(proposals(&desk.handle_due(at(129))), []);
    assert_eq!(proposals(&desk.handle_due(at(130))), [(chat(1), who(JOE))]);
    assert_eq!(proposals(&desk.handle_due(at(90))), [], "a clock that jumps back brings no skill back");
}

#[test]
fn somebody_without_the_skill_serves_the_next_chat_meanwhile() {
    let mut desk = single(RoutingRules::default(), vec![primary(JOE, 1)]);
    desk.handle_waiting(skilled(1, 100, &[need("refunds", 3)]), at(100));
    let effects = desk.handle_waiting(Arrival::new(chat(2), at(101)), at(101));
    assert_eq!(proposals(&effects), [(chat(2), who(JOE))]);
    let about = |effect: &Effect| matches!(effect, Effect::Position { ahead: 1, about: true, .. });
    assert!(effects.iter().any(about), "one ahead, but who is first is not certain: {effects:?}");
    let skilled = member(BOB, Handling::Primary, Some(1), &[need("refunds", 4)]);
    assert_eq!(proposals(&desk.handle_member(skilled, at(102))), [(chat(1), who(BOB))]);
}

#[test]
fn more_kinds_of_chats_than_are_kept_in_order_are_served_as_rightly() {
    let many = crate::domain::limits::SKILL_CLASSES_MAX as u128 + 20;
    let mut desk = single(RoutingRules::default(), vec![]);
    for n in 1..=many {
        desk.handle_waiting(skilled(n, 100, &[need(&format!("skill-{n}"), 1)]), at(100));
    }
    let able = member(JOE, Handling::Primary, Some(2), &[need(&format!("skill-{many}"), 1), need("skill-2", 1)]);
    assert_eq!(proposals(&desk.handle_member(able, at(101))), [(chat(2), who(JOE)), (chat(many), who(JOE))]);
}

#[test]
fn a_wanted_operator_is_waited_for_a_while_and_then_anybody_is_asked() {
    let rules = RoutingRules { wanted_operator_waits_s: 60, ..RoutingRules::default() };
    let joe = Member { held: 1, ..primary(JOE, 1) };
    let mut desk = single(rules, vec![joe, primary(BOB, 5)]);
    let wishes = Wishes { wanted: Some(who(JOE)), ..Wishes::default() };
    assert_eq!(proposals(&desk.handle_waiting(wishing(1, 100, wishes.clone()), at(100))), []);
    let why = desk.explain(chat(1), at(100)).unwrap().outcome;
    assert_eq!(why, Outcome::Wait { why: WhyNot::OperatorAwaited, again_at: Some(at(160)) });
    assert_eq!(proposals(&desk.handle_due(at(159))), []);
    assert_eq!(proposals(&desk.handle_due(at(160))), [(chat(1), who(BOB))]);
    desk.handle_waiting(wishing(2, 161, wishes), at(161));
    let free = Member { version: 2, ..primary(JOE, 1) };
    assert_eq!(proposals(&desk.handle_member(free, at(162))), [(chat(2), who(JOE))], "bound by the limit");
}

#[test]
fn a_wanted_operator_who_declines_or_is_no_member_is_not_waited_for() {
    let rules = RoutingRules { wanted_operator_waits_s: 60, ..RoutingRules::default() };
    let mut desk = single(rules, vec![primary(BOB, 5)]);
    let wishes = |n| Wishes { wanted: Some(who(n)), ..Wishes::default() };
    assert_eq!(proposals(&desk.handle_waiting(wishing(1, 100, wishes(JOE)), at(100))), [(chat(1), who(BOB))]);
    desk.handle_member(Member { held: 5, ..primary(JOE, 5) }, at(100));
    let tried = vec![Tried { operator: who(JOE), at: at(99) }];
    let effects = desk.handle_waiting(Arrival { tried, ..wishing(2, 100, wishes(JOE)) }, at(100));
    assert_eq!(proposals(&effects), [(chat(2), who(BOB))]);
}

#[test]
fn whoever_served_the_contact_last_comes_before_others_who_are_free() {
    let rules = RoutingRules { last_operator_days: 7, ..RoutingRules::default() };
    let busier = Member { held: 3, ..primary(BOB, 5) };
    let mut desk = single(rules, vec![primary(JOE, 5), busier, primary(SUE, 5)]);
    let last = |n, second| Wishes { last: Some((who(n), at(second))), ..Wishes::default() };
    let day = 86_400;
    let new = |n, wishes| wishing(n, 100 * day, wishes);
    let mut served = |arrival| proposals(&desk.handle_waiting(arrival, at(100 * day)));
    assert_eq!(served(new(1, last(BOB, 94 * day))), [(chat(1), who(BOB))]);
    assert_eq!(served(new(2, last(BOB, 92 * day))), [(chat(2), who(JOE))], "too long ago");
}

#[test]
fn a_chat_known_from_the_store_alone_is_offered_to_nobody_before_it_has_spoken() {
    let settings = settings("support", OfferMode::Single, RoutingRules::default());
    let stored = [Arrival::new(chat(1), at(50)), Arrival::new(chat(2), at(60))];
    let (mut desk, effects) = Desk::reopen(settings, vec![primary(JOE, 5)], stored, Pace::default(), at(100));
    assert_eq!(proposals(&effects), []);
    assert_eq!(desk.unheard().collect::<Vec<_>>(), [chat(1), chat(2)]);
    assert_eq!(proposals(&desk.handle_due(at(101))), [], "time alone does not tell what they ask for");
    // The first one says that it needs more than Joe can; the second one needs nothing.
    assert_eq!(proposals(&desk.handle_waiting(skilled(1, 50, &[need("billing", 1)]), at(102))), []);
    assert_eq!(desk.queue().ahead(chat(2)), Some(1), "places are kept");
    let heard = proposals(&desk.handle_waiting(Arrival::new(chat(2), at(60)), at(103)));
    assert_eq!(heard, [(chat(2), who(JOE))]);
    assert_eq!(desk.unheard().count(), 0);
}

#[test]
fn a_queue_that_is_long_enough_sends_newcomers_to_another_group_once() {
    let when_full = Instead::Group(group("sales"));
    let rules = RoutingRules { queue_length_max: Some(1), when_full: when_full.clone(), ..RoutingRules::default() };
    let mut desk = single(rules, vec![]);
    let come = |n| Arrival::new(chat(n), at(100));
    assert_eq!(turned_away(&desk.handle_waiting(come(1), at(100))), []);
    let moved = turned_away(&desk.handle_waiting(come(2), at(100)));
    assert_eq!(moved, [(chat(2), when_full, TurnedAway::QueueFull)]);
    let again = turned_away(&desk.handle_waiting(Arrival { moved: true, ..come(3) }, at(100)));
    assert_eq!(again, [(chat(3), Instead::OfflineForm, TurnedAway::QueueFull)]);
    assert_eq!(turned_away(&desk.handle_waiting(come(1), at(101))), [], "who waits already keeps the place");
    let guest = Arrival { guest_of: Some(group("sales")), ..come(4) };
    assert_eq!(turned_away(&desk.handle_waiting(guest, at(101))), []);
    assert_eq!(desk.queue().len(), 2);
}

#[test]
fn whoever_waits_too_long_is_turned_away_and_told_again_until_gone() {
    let rules = RoutingRules { queue_wait_max_s: Some(120), ..RoutingRules::default() };
    let mut desk = single(rules, vec![Member { held: 1, ..primary(JOE, 1) }]);
    desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100));
    assert_eq!(turned_away(&desk.handle_due(at(219))), []);
    let told = [(chat(1), Instead::OfflineForm, TurnedAway::WaitedTooLong)];
    assert_eq!(turned_away(&desk.handle_due(at(220))), told);
    assert_eq!(turned_away(&desk.handle_due(at(221))), []);
    assert_eq!(turned_away(&desk.handle_due(at(225))), told);
    desk.handle_gone(chat(1), at(226));
    assert_eq!(turned_away(&desk.handle_due(at(300))), []);
}

#[test]
fn a_group_that_turns_offline_gives_its_visitors_a_minute() {
    let mut desk = single(RoutingRules::default(), vec![Member { held: 1, ..primary(JOE, 1) }]);
    desk.handle_waiting(Arrival::new(chat(1), at(20)), at(100));
    desk.handle_reception(who(JOE), Reception::None, at(110));
    assert_eq!(turned_away(&desk.handle_due(at(169))), []);
    let told = [(chat(1), Instead::OfflineForm, TurnedAway::GroupOffline)];
    assert_eq!(turned_away(&desk.clone().handle_due(at(110) + OFFLINE_HOPE)), told);
    desk.handle_reception(who(JOE), Reception::Ready { since: at(165) }, at(165));
    assert_eq!(turned_away(&desk.handle_due(at(171))), [], "somebody is back");
}

#[test]
fn a_group_is_offline_outside_its_hours_and_online_again_by_itself() {
    let open = vec![Interval { from_minute: 0, to_minute: 10 }, Interval { from_minute: 20, to_minute: 1_440 }];
    let week = std::array::from_fn(|_| open.clone());
    let hours = Some(Hours { zone: None, week, holidays: Vec::new() });
    let mut desk = single(RoutingRules { hours, ..RoutingRules::default() }, vec![primary(JOE, 1)]);
    assert_eq!(desk.next_wake(), Some(at(600)));
    assert!(desk.handle_due(at(600)).contains(&Effect::Availability(Availability::Offline)));
    assert_eq!(desk.next_wake(), Some(at(1_200)));
    assert!(desk.handle_due(at(1_200)).contains(&Effect::Availability(Availability::Online)));
    assert!(desk.handle_due(at(700)).contains(&Effect::Availability(Availability::Offline)), "the clock jumped back");
}

#[test]
fn the_accounts_time_zone_opens_and_closes_groups_that_have_none_of_their_own() {
    // Noon of a Thursday in Greenwich; the hours are office hours.
    let noon = at(12 * 3_600);
    let office = vec![Interval { from_minute: 540, to_minute: 1_020 }];
    let week: [Vec<Interval>; 7] = std::array::from_fn(|_| office.clone());
    let in_zone = |own: Option<&str>, account: &str| {
        let hours = Some(Hours { zone: own.map(Into::into), week: week.clone(), holidays: Vec::new() });
        let group = single(RoutingRules { hours, ..RoutingRules::default() }, vec![]).settings().clone();
        group.in_account(&account.into())
    };
    let told = |effects: Vec<Effect>| {
        effects.into_iter().find_map(|effect| match effect {
            Effect::Availability(state) => Some(state),
            _ => None,
        })
    };
    let (mut desk, _) = Desk::open(in_zone(None, "UTC"), vec![primary(JOE, 1)], [], noon);
    assert_eq!(desk.told_availability(), Some(Availability::Online));
    assert_eq!(desk.next_wake(), Some(at(17 * 3_600)));
    let mut change = |account, own| told(desk.handle_settings(in_zone(own, account), noon));
    assert_eq!(change("Asia/Tokyo", None), Some(Availability::Offline), "nine in the evening");
    assert_eq!(change("Asia/Kolkata", None), None, "half past five");
    assert_eq!(change("America/New_York", None), None, "seven in the morning");
    assert_eq!(change("America/Sao_Paulo", None), Some(Availability::Online), "nine o'clock");
    assert_eq!(change("Asia/Tokyo", Some("UTC")), None, "the group has its own");
    assert_eq!(change("Asia/Tokyo", None), Some(Availability::Offline));
    assert_eq!(desk.next_wake(), Some(at(24 * 3_600)), "until nine in Tokyo");
    assert_eq!(told(desk.handle_due(at(24 * 3_600))), Some(Availability::Online));
}

#[test]
fn groups_that_help_each_other_in_a_circle_each_ask_once() {
    let helps = |name: &str| RoutingRules {
        overflow: Some(Overflow { after_s: 30, groups: vec![group(name)] }),
        ..RoutingRules::default()
    };
    let full = || Member { held: 1, group_held: 1, ..primary(JOE, 1) };
    let one = (settings("sales", OfferMode::Single, helps("support")), vec![full()]);
    let other = (settings("support", OfferMode::Single, helps("sales")), vec![Member { group_held: 0, ..full() }]);
    let (mut centre, _) = Centre::open([one, other], at(100));
    centre.handle_waiting(&group("sales"), Arrival::new(chat(1), at(100)), at(100));
    assert_eq!(centre.looks_in(chat(1)), [group("sales")]);
    centre.handle_due(at(130));
    assert_eq!(centre.looks_in(chat(1)), [group("sales"), group("support")]);
    (131..400).for_each(|second| drop(centre.handle_due(at(second))));
    assert_eq!(centre.looks_in(chat(1)).len(), 2);
    let actions = centre.handle_member(&group("support"), primary(BOB, 1), at(400));
    let offers = actions.iter().filter(|action| matches!(action.effect, Effect::Propose { .. }));
    assert_eq!(offers.map(|action| action.group.as_str()).collect::<Vec<_>>(), ["support"]);
    centre.handle_gone(chat(1), at(401));
    assert!(centre.desks().all(|desk| desk.queue().is_empty()), "gone here is gone everywhere");
}

#[test]
fn whoever_loses_the_operator_is_before_all_who_came_by_themselves() {
    let early = Arrival { priority: 3, ..Arrival::new(chat(1), at(10)) };
    let lost = Arrival::new(chat(2), at(90)).requeued();
    assert_eq!(lost.priority, REQUEUED_PRIORITY);
    let rules = RoutingRules::default();
    let (desk, _) = Desk::open(settings("support", OfferMode::Single, rules), [], [early, lost], at(100));
    assert_eq!(desk.queue().front(), Some(chat(2)));
}

#[test]
fn each_member_is_told_apart_by_a_reason() {
    let gone = Member { reception: Reception::None, ..primary(4, 1) };
    let full = Member { held: 1, ..primary(5, 1) };
    let helper = member(6, Handling::Secondary, Some(9), &[]);
    let pull = member(7, Handling::Pull, Some(9), &[]);
    let inactive = Member { active: false, ..primary(8, 1) };
    let none = primary(9, 0);
    let members = vec![primary(JOE, 1), primary(BOB, 1), gone, full, helper, pull, inactive, none];
    let mut desk = desk(OfferMode::RingAll, RoutingRules::default(), members);
    let tried = vec![Tried { operator: who(BOB), at: at(95) }];
    desk.handle_waiting(Arrival { tried, ..Arrival::new(chat(1), at(90)) }, at(100));
    let reasons = desk.considered(chat(1), at(100)).unwrap();
    let told: Vec<Reason> = reasons.into_iter().map(|considered| considered.reason).collect();
    let rest = [Reason::Secondary, Reason::Pull, Reason::Inactive, Reason::WithoutSlots];
    assert_eq!(told[..4], [Reason::Chosen, Reason::LetGo, Reason::NotReceiving, Reason::Full]);
    assert_eq!(told[4..], rest);
}

#[test]
fn a_waiting_chat_says_why_and_since_when_and_the_answer_changes_with_the_cause() {
    let (mut desk, mut known) = (single(RoutingRules::default(), vec![primary(JOE, 1)]), StillSince::default());
    let asked = |desk: &Desk, known: &mut StillSince, n: u128, second: i64| {
        known.note(desk, at(second));
        let still = still::still(desk, known, chat(n), at(second)).expect("it waits");
        (still.reason, still.since, still.operators)
    };
    desk.handle_waiting(Arrival::new(chat(1), at(90)), at(100));
    assert_eq!(asked(&desk, &mut known, 1, 100), (WhyStill::BeingOffered, None, Vec::new()));
    let member = desk.roster().member(who(JOE)).unwrap().clone();
    let load = |held, reserved, version| LoadNews {
        operator: who(JOE),
        group: group("support"),
        held,
        reserved,
        group_held: held,
        group_reserved: reserved,
        last_ended_at: None,
        version: member.version + version,
    };
    desk.handle_settled(chat(1), who(JOE), Settled::Offered(load(0, 1, 1)), at(101));
    assert_eq!(asked(&desk, &mut known, 1, 101), (WhyStill::Ringing, None, vec![who(JOE)]));
    desk.handle_waiting(Arrival::new(chat(2), at(102)), at(102));
    let full = (WhyStill::Nobody(WhyNot::AllFull), Some(at(102)), Vec::new());
    assert_eq!(asked(&desk, &mut known, 2, 102), full);
    assert_eq!(asked(&desk, &mut known, 2, 103), full, "it has waited for this reason from the beginning");
    let both = [(WhyStill::Ringing, 1), (WhyStill::Nobody(WhyNot::AllFull), 1)].into_iter().collect();
    assert_eq!(still::reasons(&desk, at(103)), both);

    desk.handle_reception(who(JOE), Reception::None, at(110));
    let gone = (WhyStill::Nobody(WhyNot::NobodyReceives), Some(at(110)), Vec::new());
    assert_eq!(asked(&desk, &mut known, 2, 110), gone);
    assert_eq!(asked(&desk, &mut known, 2, 120), gone, "the moment of the change stays");
    desk.handle_reception(who(JOE), Reception::Ready { since: at(130) }, at(130));
    assert_eq!(asked(&desk, &mut known, 2, 130).0, WhyStill::Nobody(WhyNot::AllFull));
    desk.handle_served(chat(1), at(140));
    desk.handle_load(&load(0, 0, 2), at(140));
    assert_eq!(asked(&desk, &mut known, 2, 140).0, WhyStill::BeingOffered);
    assert_eq!(still::still(&desk, &known, chat(1), at(140)), None, "it waits no more");
}

#[test]
fn a_chat_that_rings_at_all_says_at_whom_and_the_rest_are_in_line() {
    let mut desk = desk(OfferMode::RingAll, RoutingRules::default(), vec![primary(JOE, 1), primary(BOB, 1)]);
    for n in 1..=21 {
        desk.handle_waiting(Arrival::new(chat(n), at(n as i64)), at(100));
    }
    let known = StillSince::default();
    let first = still::still(&desk, &known, chat(1), at(100)).unwrap();
    assert_eq!((first.reason, first.operators), (WhyStill::Ringing, vec![who(JOE), who(BOB)]));
    assert_eq!(still::still(&desk, &known, chat(21), at(100)).unwrap().reason, WhyStill::InLine);
    let record = desk.record_of_ring(chat(1), at(100)).unwrap();
    assert_eq!((record.chosen, record.more), (vec![who(JOE), who(BOB)], 0));
    assert_eq!(still::reasons(&desk, at(100)), [(WhyStill::Ringing, 20), (WhyStill::InLine, 1)].into_iter().collect());
}

#[test]
fn the_ten_best_are_kept_with_the_state_of_the_roster() {
    let members = (1..=15).map(|n| primary(n, 2)).collect();
    let mut desk = single(RoutingRules::default(), members);
    let effects = desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100));
    let Some(Effect::Propose { record, .. }) = effects.first() else { panic!("{effects:?}") };
    assert_eq!(
        record.best.iter().map(|score| score.operator).collect::<Vec<_>>(),
        (1..=10).map(who).collect::<Vec<_>>()
    );
    assert_eq!((record.counts.free, &record.chosen[..], record.handling), (15, &[who(1)][..], Handling::Primary));
    let reasons: Vec<Reason> = record.members.iter().map(|member| member.reason).collect();
    assert_eq!(
        (reasons[0], reasons[14], reasons.len()),
        (Reason::Chosen, Reason::Behind, 15),
        "a small group is named"
    );
    assert!(desk.explain(chat(1), at(100)).unwrap().roster_version > record.roster_version);
}

#[test]
fn what_was_told_of_the_wait_is_compared_with_what_came() {
    let mut desk = single(RoutingRules::default(), vec![Member { held: 1, ..primary(JOE, 1) }]);
    for n in 1..=6 {
        desk.handle_waiting(Arrival::new(chat(n), at(100)), at(100));
    }
    (1..=4).for_each(|n| drop(desk.handle_served(chat(n), at(100 + 30 * n as i64))));
    let effects = desk.handle_waiting(Arrival::new(chat(7), at(220)), at(220));
    let told = effects.iter().find_map(|effect| match effect {
        Effect::Position { chat: to, ahead: 2, wait, .. } if *to == chat(7) => *wait,
        _ => None,
    });
    let told = told.expect("a wait is told").as_secs();
    assert!((85..=90).contains(&told), "three at half a minute each: {told}");
    let effects = desk.handle_served(chat(7), at(230));
    let forecast = effects.iter().find_map(|effect| match effect {
        Effect::Forecast { forecast, .. } => Some(*forecast),
        _ => None,
    });
    assert_eq!(forecast.unwrap().waited, Duration::from_secs(10));
    assert!(forecast.unwrap().error_ms() < -70_000);
}
