//! Stories of a clock that jumps ahead by hours: all that became due meanwhile is due at once.

use super::*;

const FIVE_HOURS: i64 = 18_000;

/// Open in the first ten minutes of each day, and from `again` on.
fn hours(again: Option<u16>) -> Option<Hours> {
    let later = again.map(|from_minute| Interval { from_minute, to_minute: 1_440 });
    let open: Vec<Interval> = [Interval { from_minute: 0, to_minute: 10 }].into_iter().chain(later).collect();
    Some(Hours { zone: None, week: std::array::from_fn(|_| open.clone()), holidays: Vec::new() })
}

#[test]
fn what_is_due_is_done_once_and_in_order_when_hours_pass_in_a_moment() {
    let rules = RoutingRules {
        skill_relaxed_every_s: Some(30),
        overflow: Some(Overflow { after_s: 45, groups: vec![group("sales")] }),
        queue_wait_max_s: Some(120),
        hours: hours(None),
        ..RoutingRules::default()
    };
    let mut desk = single(rules, vec![primary(JOE, 2), primary(BOB, 1)]);
    // The first rings at Joe; what becomes of the second, which is proposed to Bob, nobody says; the third asks for what
    // nobody can.
    desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100));
    let rings = LoadNews {
        operator: who(JOE),
        group: group("support"),
        held: 0,
        reserved: 1,
        group_held: 0,
        group_reserved: 1,
        last_ended_at: None,
        version: 2,
    };
    desk.handle_settled(chat(1), who(JOE), Settled::Offered(rings), at(101));
    assert_eq!(proposals(&desk.handle_waiting(Arrival::new(chat(2), at(101)), at(101))), [(chat(2), who(BOB))]);
    assert_eq!(proposals(&desk.handle_waiting(skilled(3, 102, &[need("refunds", 3)]), at(102))), []);

    let effects = desk.handle_due(at(FIVE_HOURS));
    let seeks = |n| Effect::SeekIn { chat: chat(n), groups: vec![group("sales")] };
    let goes = |n| {
        let (to, why) = (Instead::OfflineForm, TurnedAway::WaitedTooLong);
        Effect::TurnAway { chat: chat(n), to, why, unless: Vec::new() }
    };
    // The proposal is lost first. Then each chat has its turn, who was due first before the others: skills of the third at
    // 132 s, help for the first at 145 s and for the second at 146 s. What rings is not told to go. Who may be asked now is
    // asked after that, and visitors are told last that the group has closed.
    let first = [Effect::Lost { chat: chat(2), operator: who(BOB) }, seeks(3), goes(3), seeks(1), seeks(2), goes(2)];
    let (before, rest) = effects.split_at(first.len());
    assert_eq!(before, first);
    assert_eq!(proposals(rest), [(chat(2), who(BOB)), (chat(3), who(JOE))], "the skill is given up");
    let told = rest.iter().skip(2).filter(|effect| !matches!(effect, Effect::Position { .. }));
    assert_eq!(told.collect::<Vec<_>>(), [&Effect::Availability(Availability::Offline)]);

    for second in FIVE_HOURS..FIVE_HOURS + 5 {
        assert_eq!(desk.handle_due(at(second)), [], "once");
    }
    assert_eq!(desk.next_wake(), Some(at(FIVE_HOURS + 5)), "nobody has answered by then");
}

#[test]
fn hours_that_ended_and_began_again_meanwhile_turn_nobody_away() {
    let full = || Member { held: 1, ..primary(JOE, 1) };
    let mut desk = single(RoutingRules { hours: hours(Some(20)), ..RoutingRules::default() }, vec![full()]);
    desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100));
    assert_eq!(desk.handle_due(at(FIVE_HOURS)), []);
    assert_eq!(desk.next_wake().map(|wake| wake > at(FIVE_HOURS)), Some(true));
}

#[test]
fn those_whom_nobody_served_meanwhile_are_told_once_that_nobody_is_there() {
    let mut desk = single(RoutingRules::default(), vec![Member { held: 1, ..primary(JOE, 1) }]);
    for n in 1..=3 {
        desk.handle_waiting(Arrival::new(chat(n), at(100 + n as i64)), at(100 + n as i64));
    }
    desk.handle_reception(who(JOE), Reception::None, at(110));
    let told = (1..=3).map(|n| (chat(n), Instead::OfflineForm, TurnedAway::GroupOffline)).collect::<Vec<_>>();
    assert_eq!(turned_away(&desk.handle_due(at(FIVE_HOURS))), told, "their minute is over");
    assert_eq!(turned_away(&desk.handle_due(at(FIVE_HOURS + 4))), []);
    assert_eq!(turned_away(&desk.handle_due(at(FIVE_HOURS + 5))), told, "who is not gone is told again");
}

#[test]
fn a_group_that_helps_has_at_once_whom_the_own_one_has_not() {
    let refunds = [need("refunds", 3)];
    let helped = RoutingRules {
        overflow: Some(Overflow { after_s: 45, groups: vec![group("support")] }),
        skill_relaxed_every_s: Some(30),
        ..RoutingRules::default()
    };
    let sales = (settings("sales", OfferMode::Single, helped), vec![primary(JOE, 1)]);
    let able = member(BOB, Handling::Primary, Some(1), &refunds);
    let support = (settings("support", OfferMode::Single, RoutingRules::default()), vec![able]);
    let (mut centre, _) = Centre::open([sales, support], at(100));
    for n in 1..=2 {
        centre.handle_waiting(&group("sales"), skilled(n, 100, &refunds), at(100));
    }
    // Both give the skill up and look in support from now on; the first is Joe's, and nobody else is asked for it.
    let actions = centre.handle_due(at(FIVE_HOURS));
    let offers = actions.iter().filter_map(|action| match &action.effect {
        Effect::Propose { chat, operator, .. } => Some((action.group.as_str(), *chat, *operator)),
        _ => None,
    });
    let mut offers: Vec<_> = offers.collect();
    offers.sort_unstable();
    assert_eq!(offers, [("sales", chat(1), who(JOE)), ("support", chat(2), who(BOB))]);
    assert_eq!([1, 2].map(|n| centre.looks_in(chat(n)).len()), [2, 2]);
}
