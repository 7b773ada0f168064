//! Stories of chats that look for somebody in a group where they do not wait: they are nobody's there.

use super::*;
use crate::domain::routing::still::reasons;

fn guest(n: u128, second: i64) -> Arrival {
    Arrival { guest_of: Some(group("sales")), ..Arrival::new(chat(n), at(second)) }
}

#[test]
fn whoever_only_looks_for_somebody_here_is_not_told_or_counted_as_waiting_here() {
    let mut desk = single(RoutingRules::default(), vec![Member { held: 1, ..primary(JOE, 1) }]);
    let waiting = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Waiting { count, longest_since } => Some((*count, *longest_since)),
            _ => None,
        })
    };
    assert_eq!(waiting(&desk.handle_waiting(guest(1, 40), at(100))), None, "nothing that concerns this group");
    let own = desk.handle_waiting(Arrival::new(chat(2), at(90)), at(100));
    assert_eq!(waiting(&own), Some((1, Some(at(90)))));
    assert_eq!((desk.queue().own_len(), desk.queue().len()), (1, 2));
    assert_eq!(desk.queue().ahead(chat(2)), Some(1), "but served before");
    let all: usize = reasons(&desk, at(101)).values().sum();
    assert_eq!(all, 1);
    desk.handle_waiting(Arrival { rings_at: Some(who(BOB)), ..guest(3, 50) }, at(102));
    assert_eq!(reasons(&desk, at(102)), [(still::WhyStill::Nobody(WhyNot::AllFull), 1)].into());
    assert_eq!(waiting(&desk.handle_gone(chat(2), at(103))), Some((0, None)));
}

#[test]
fn whoever_is_helped_hopes_on_in_an_offline_group_only_while_somebody_helps() {
    let helped = RoutingRules {
        overflow: Some(Overflow { after_s: 10, groups: vec![group("support")] }),
        ..RoutingRules::default()
    };
    let full = || Member { held: 1, group_held: 1, ..primary(JOE, 1) };
    let sales = (settings("sales", OfferMode::Single, helped), Vec::new());
    let support = (settings("support", OfferMode::Single, RoutingRules::default()), vec![full()]);
    let (mut centre, _) = Centre::open([sales, support], at(100));
    centre.handle_waiting(&group("sales"), Arrival::new(chat(1), at(100)), at(100));
    let gone = |centre: &mut Centre, from: i64, to: i64| {
        let all = (from..to).flat_map(|second| centre.handle_due(at(second)));
        let away = all.filter(|action| matches!(action.effect, Effect::TurnAway { .. }));
        away.map(|action| action.group.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(gone(&mut centre, 101, 400), Vec::<String>::new(), "somebody in support may have it in a moment");
    centre.handle_reception(who(JOE), Reception::None, at(400));
    let told = gone(&mut centre, 400, 407);
    assert!(!told.is_empty() && told.iter().all(|group| group == "sales"), "nobody receives anywhere: {told:?}");
}

#[test]
fn the_wait_is_told_anew_when_it_has_changed_and_nothing_else_has() {
    let mut desk = single(RoutingRules::default(), vec![Member { held: 1, ..primary(JOE, 1) }]);
    for n in 1..=9 {
        desk.handle_waiting(Arrival::new(chat(n), at(100)), at(100));
    }
    // Some are served in a hurry; then nobody is for long.
    (1..=5).for_each(|n| drop(desk.handle_served(chat(n), at(100 + 10 * n as i64))));
    let mut told = Vec::new();
    for second in 151..450 {
        for effect in desk.handle_due(at(second)) {
            if let Effect::Position { chat: to, ahead, wait, .. } = effect
                && to == chat(6)
            {
                told.push((second, ahead, wait.map(|wait| wait.as_secs())));
            }
        }
    }
    assert!(told.len() > 3, "the wait grows, and is told: {told:?}");
    assert!(told.windows(2).all(|pair| pair[0].2 < pair[1].2 && pair[1].0 - pair[0].0 >= 2), "{told:?}");
    assert!(told.len() < 30, "in steps that are worth it: {told:?}");
}

#[test]
fn whether_a_position_is_exact_is_told_anew_when_that_changes() {
    let mut desk = single(RoutingRules::default(), vec![Member { held: 1, ..primary(JOE, 1) }]);
    desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100));
    desk.handle_waiting(Arrival::new(chat(2), at(101)), at(101));
    let about = |effects: &[Effect], n: u128| {
        effects.iter().find_map(|effect| match effect {
            Effect::Position { chat: to, about, .. } if *to == chat(n) => Some(*about),
            _ => None,
        })
    };
    // Behind them comes one who needs more than they do: who is served before whom is not certain any more.
    assert_eq!(about(&desk.handle_waiting(skilled(3, 104, &[need("refunds", 1)]), at(104)), 2), Some(true));
    assert_eq!(about(&desk.handle_gone(chat(3), at(105)), 2), None, "not twice in two seconds");
    assert_eq!(about(&desk.handle_due(at(106)), 2), Some(false));
}

#[test]
fn what_others_serve_for_a_group_tells_those_who_wait_there_how_long_it_takes() {
    for mode in [OfferMode::Automatic, OfferMode::Single] {
        let helped = RoutingRules {
            overflow: Some(Overflow { after_s: 1, groups: vec![group("support")] }),
            ..RoutingRules::default()
        };
        let full = || Member { held: 1, group_held: 1, ..primary(JOE, 1) };
        let sales = (settings("sales", OfferMode::Single, helped), vec![full()]);
        let support = (settings("support", mode, RoutingRules::default()), vec![primary(BOB, 9)]);
        let (mut centre, _) = Centre::open([sales, support], at(100));
        let (mut told, mut compared) = (Vec::new(), 0);
        for n in 1..=6 {
            let second = 100 + 10 * n as i64;
            let mut actions = centre.handle_waiting(&group("sales"), Arrival::new(chat(n), at(second)), at(second));
            actions.extend(centre.handle_due(at(second + 3)));
            let made = actions.iter().find_map(|action| match &action.effect {
                Effect::Propose { chat, operator, .. } => Some((action.group.clone(), *chat, *operator)),
                _ => None,
            });
            assert_eq!(made, Some((group("support"), chat(n), who(BOB))));
            let news = LoadNews {
                operator: who(BOB),
                group: group("support"),
                held: n as u32,
                reserved: 0,
                group_held: n as u32,
                group_reserved: 0,
                last_ended_at: None,
                version: 1 + n as u64,
            };
            let assigned = centre.handle_settled(chat(n), who(BOB), Settled::Assigned(news), at(second + 4));
            for action in actions.into_iter().chain(assigned).filter(|action| action.group == group("sales")) {
                match action.effect {
                    Effect::Position { wait, .. } => told.push(wait.is_some()),
                    Effect::Forecast { .. } => compared += 1,
                    _ => {}
                }
            }
        }
        assert_eq!(told.first(), Some(&false), "nobody was served yet");
        assert_eq!(told.last(), Some(&true), "three were, and that is a pace: {told:?}");
        assert!(compared > 0, "what was told is held against what came");
    }
}

fn helped_by(names: &[&str]) -> GroupSettings {
    let groups = names.iter().map(|name| group(name)).collect::<Vec<_>>();
    let overflow = Some(Overflow { after_s: 10, groups }).filter(|overflow| !overflow.groups.is_empty());
    settings("sales", OfferMode::Single, RoutingRules { overflow, ..RoutingRules::default() })
}

fn sought(effects: &[Effect]) -> Vec<Vec<GroupId>> {
    let asks = effects.iter().filter_map(|effect| match effect {
        Effect::SeekIn { groups, .. } => Some(groups.clone()),
        _ => None,
    });
    asks.collect()
}

#[test]
fn those_who_wait_look_where_others_help_now_and_nowhere_else() {
    let (mut desk, _) = Desk::open(helped_by(&["support"]), [], [], at(100));
    assert_eq!(sought(&desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100))), Vec::<Vec<GroupId>>::new());
    assert_eq!(sought(&desk.handle_due(at(110))), [[group("support")]]);
    let more = desk.handle_settings(helped_by(&["support", "billing"]), at(111));
    assert_eq!(sought(&more), [[group("support"), group("billing")]]);
    assert_eq!(sought(&desk.handle_settings(helped_by(&["billing"]), at(112))), [[group("billing")]]);
    assert_eq!(sought(&desk.handle_settings(helped_by(&[]), at(113))), [Vec::<GroupId>::new()]);
    assert_eq!(sought(&desk.handle_settings(helped_by(&["support"]), at(114))), [[group("support")]]);
    let mut later = helped_by(&["support"]);
    later.rules.overflow = Some(Overflow { after_s: 60, groups: vec![group("support")] });
    assert_eq!(sought(&desk.handle_settings(later, at(115))), [Vec::<GroupId>::new()], "its time is still to come");
    assert_eq!(sought(&desk.handle_due(at(160))), [[group("support")]]);
}

#[test]
fn a_queue_that_begins_anew_and_a_chat_that_forgot_where_it_looks_agree_again() {
    let (mut desk, effects) =
        Desk::reopen(helped_by(&["support"]), [], [Arrival::new(chat(1), at(100))], Pace::default(), at(200));
    assert_eq!(sought(&effects), Vec::<Vec<GroupId>>::new(), "what it asks for is not known yet");
    let says = |helpers: &[&str]| {
        let helpers = helpers.iter().map(|name| group(name)).collect();
        Arrival { helpers, ..Arrival::new(chat(1), at(100)) }
    };
    assert_eq!(sought(&desk.handle_waiting(says(&["support"]), at(201))), Vec::<Vec<GroupId>>::new(), "as it is");
    assert_eq!(sought(&desk.handle_waiting(says(&[]), at(202))), [[group("support")]], "it is told again");
    assert_eq!(sought(&desk.handle_waiting(says(&["support", "billing"]), at(203))), [[group("support")]]);
}

#[test]
fn a_proposal_of_a_group_that_helps_no_longer_is_taken_back_and_its_slot_is_free() {
    let none = RoutingRules::default;
    let support = (settings("support", OfferMode::Single, none()), vec![primary(BOB, 1)]);
    let billing = (settings("billing", OfferMode::Single, none()), vec![primary(BOB, 1)]);
    let (mut centre, _) = Centre::open([(helped_by(&["support"]), Vec::new()), support, billing], at(100));
    let proposed = |actions: &[Action]| {
        let made = actions.iter().filter_map(|action| match &action.effect {
            Effect::Propose { chat, .. } => Some((action.group.as_str().to_owned(), *chat)),
            _ => None,
        });
        made.collect::<Vec<_>>()
    };
    centre.handle_waiting(&group("sales"), Arrival::new(chat(1), at(100)), at(100));
    assert_eq!(proposed(&centre.handle_due(at(110))), [("support".to_owned(), chat(1))]);
    let behind = centre.handle_waiting(&group("billing"), Arrival::new(chat(2), at(111)), at(111));
    assert_eq!(proposed(&behind), [], "Bob has one slot");
    let after = centre.handle_settings(helped_by(&[]), at(112));
    assert_eq!(proposed(&after), [("billing".to_owned(), chat(2))]);
    assert_eq!(centre.looks_in(chat(1)), [group("sales")]);
}
