//! Stories of the reasons for which chats wait: each of them comes about, and is told and counted as what it is.

use super::*;
use crate::domain::routing::still::{reasons, still};

const AWAITED_S: u32 = 30;

/// A desk at which the first chat waits for that reason. A reason that is new is to be made true here.
fn where_it_is(why: WhyStill) -> Desk {
    let joe = || primary(JOE, 1);
    let waits = || Arrival::new(chat(1), at(100));
    let asked = |member: Member, arrival: Arrival| {
        let rules = RoutingRules { wanted_operator_waits_s: AWAITED_S, ..RoutingRules::default() };
        let mut desk = single(rules, vec![member]);
        desk.handle_waiting(arrival, at(100));
        desk
    };
    match why {
        WhyStill::Ringing => asked(joe(), Arrival { rings_at: Some(who(JOE)), ..waits() }),
        WhyStill::RingingElsewhere => {
            let mut desk = asked(Member { held: 1, ..joe() }, waits());
            desk.handle_elsewhere(chat(1), at(100));
            desk
        }
        WhyStill::BeingOffered => asked(joe(), waits()),
        WhyStill::Unheard => {
            let group = settings("support", OfferMode::Single, RoutingRules::default());
            Desk::reopen(group, [joe()], [waits()], Pace::default(), at(100)).0
        }
        WhyStill::InLine => {
            let mut desk = desk(OfferMode::RingAll, RoutingRules::default(), vec![joe()]);
            for n in 2..=21 {
                desk.handle_waiting(Arrival::new(chat(n), at(50)), at(100));
            }
            desk.handle_waiting(waits(), at(100));
            desk
        }
        WhyStill::Nobody(why) => match why {
            WhyNot::OperatorAwaited => {
                let wishes = Wishes { wanted: Some(who(JOE)), ..Wishes::default() };
                asked(Member { held: 1, ..joe() }, wishing(1, 100, wishes))
            }
            WhyNot::LetGo => {
                let tried = vec![Tried { operator: who(JOE), at: at(95) }];
                asked(joe(), Arrival { tried, ..waits() })
            }
            WhyNot::Choosing => {
                let mut desk = single(RoutingRules::default(), vec![joe()]);
                desk.handle_closed(who(JOE), true, at(100));
                desk.handle_waiting(waits(), at(100));
                desk
            }
            WhyNot::AllFull => asked(Member { held: 1, ..joe() }, waits()),
            WhyNot::ConnectionLost => asked(Member { reception: Reception::Grace { since: at(1) }, ..joe() }, waits()),
            WhyNot::NobodyAssigned => asked(Member { handling: Handling::Pull, ..joe() }, waits()),
            WhyNot::WithoutSlots => asked(primary(JOE, 0), waits()),
            WhyNot::NobodySkilled => asked(joe(), skilled(1, 100, &[need("refunds", 1)])),
            WhyNot::NobodyReceives => asked(Member { reception: Reception::None, ..joe() }, waits()),
        },
    }
}

#[test]
fn each_reason_comes_about_and_is_told_and_counted_as_what_it_is() {
    for why in WhyStill::ALL {
        let desk = where_it_is(why);
        let told = still(&desk, &StillSince::default(), chat(1), at(101)).expect("it waits");
        assert_eq!(told.reason, why);
        let counted = reasons(&desk, at(101));
        assert_eq!(counted.get(&why), Some(&1), "{why:?}: {counted:?}");
        assert_eq!(counted.values().sum::<usize>(), desk.queue().own_len(), "{why:?}: each chat once");
    }
}

#[test]
fn what_was_made_of_a_chat_is_counted_until_it_is_over() {
    let mut desk = where_it_is(WhyStill::RingingElsewhere);
    let waits_for = |desk: &Desk| reasons(desk, at(101)).into_keys().collect::<Vec<_>>();
    desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100));
    assert_eq!(waits_for(&desk), [WhyStill::RingingElsewhere], "it says again that it waits");
    desk.handle_elsewhere_over(chat(1), at(100));
    assert_eq!(waits_for(&desk), [WhyStill::Nobody(WhyNot::AllFull)]);
    desk.handle_waiting(Arrival { rings_at: Some(who(JOE)), ..Arrival::new(chat(1), at(100)) }, at(100));
    assert_eq!(waits_for(&desk), [WhyStill::Ringing]);
    desk.handle_served(chat(1), at(100));
    assert_eq!(waits_for(&desk), []);
    // Whoever only looks for somebody here is counted where they wait.
    desk.handle_waiting(Arrival { guest_of: Some(group("sales")), ..Arrival::new(chat(2), at(100)) }, at(100));
    desk.handle_elsewhere(chat(2), at(100));
    assert_eq!(waits_for(&desk), []);
}

#[test]
fn a_reason_that_is_new_to_a_chat_is_no_older_than_its_asking() {
    let rules = RoutingRules {
        wanted_operator_waits_s: AWAITED_S,
        skill_relaxed_every_s: Some(2 * AWAITED_S),
        ..RoutingRules::default()
    };
    let (mut desk, mut known) = (single(rules, vec![Member { held: 1, ..primary(JOE, 1) }]), StillSince::default());
    let mut told = |desk: &Desk, n: u128, second: i64| {
        known.note(desk, at(second));
        let still = still(desk, &known, chat(n), at(second)).expect("it waits");
        (still.reason.as_str(), still.since)
    };
    let wanted = Wishes { wanted: Some(who(JOE)), ..Wishes::default() };
    desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100));
    desk.handle_waiting(wishing(2, 100, wanted), at(100));
    desk.handle_waiting(skilled(3, 100, &[need("refunds", 1)]), at(100));
    assert_eq!(told(&desk, 1, 100), ("all_full", Some(at(100))));
    assert_eq!(told(&desk, 2, 100), ("operator_awaited", Some(at(100))));
    assert_eq!(told(&desk, 3, 100), ("nobody_skilled", Some(at(100))));
    // It waits for Joe no more, and then the third asks for no skill any more.
    desk.handle_due(at(130));
    assert_eq!(told(&desk, 2, 131), ("all_full", Some(at(130))));
    desk.handle_due(at(160));
    assert_eq!(told(&desk, 3, 161), ("all_full", Some(at(160))));
    assert_eq!((told(&desk, 2, 161), told(&desk, 1, 161)), (("all_full", Some(at(130))), ("all_full", Some(at(100)))));
}

#[test]
fn a_chat_that_rang_until_now_waits_for_nothing_since_before() {
    let (mut desk, mut known) = (single(RoutingRules::default(), vec![primary(JOE, 1)]), StillSince::default());
    let load = |reserved, version| LoadNews {
        operator: who(JOE),
        group: group("support"),
        held: 0,
        reserved,
        group_held: 0,
        group_reserved: reserved,
        last_ended_at: None,
        version,
    };
    desk.handle_waiting(Arrival::new(chat(1), at(100)), at(100));
    desk.handle_settled(chat(1), who(JOE), Settled::Offered(load(1, 2)), at(100));
    desk.handle_waiting(Arrival::new(chat(2), at(101)), at(101));
    known.note(&desk, at(101));
    // Joe declines, and is asked for the next one at once.
    desk.handle_load(&load(0, 3), at(120));
    desk.handle_offer_over(chat(1), vec![Tried { operator: who(JOE), at: at(120) }], at(120));
    known.note(&desk, at(120));
    let told = still(&desk, &known, chat(1), at(121)).expect("it waits");
    assert_eq!((told.reason.as_str(), told.since), ("all_full", Some(at(120))));
}

#[test]
fn until_when_it_waits_for_one_operator_or_whoever_let_it_go_is_told_and_who_helps() {
    let rules = RoutingRules {
        wanted_operator_waits_s: AWAITED_S,
        // Before it waits for Joe no more.
        skill_relaxed_every_s: Some(10),
        overflow: Some(Overflow { after_s: 5, groups: vec![group("sales")] }),
        ..RoutingRules::default()
    };
    let mut desk = single(rules, vec![Member { held: 1, ..primary(JOE, 1) }, primary(BOB, 1)]);
    let wanted = Wishes { wanted: Some(who(JOE)), skills: vec![need("refunds", 1)], ..Wishes::default() };
    desk.handle_waiting(wishing(1, 100, wanted), at(100));
    let tried = vec![Tried { operator: who(BOB), at: at(95) }];
    desk.handle_waiting(Arrival { tried, ..Arrival::new(chat(2), at(90)) }, at(100));
    let told = |desk: &Desk, n| {
        let still = still(desk, &StillSince::default(), chat(n), at(100)).expect("it waits");
        (still.reason.as_str(), still.until, still.helpers)
    };
    let awaited_until = at(100 + i64::from(AWAITED_S));
    assert_eq!(
        told(&desk, 1),
        ("operator_awaited", Some(awaited_until), vec![]),
        "nobody helps one that awaits somebody"
    );
    assert_eq!(told(&desk, 2), ("let_go", Some(at(110)), vec![group("sales")]));
    desk.handle_reception(who(BOB), Reception::None, at(100));
    assert_eq!(told(&desk, 2), ("all_full", None, vec![group("sales")]));
}
