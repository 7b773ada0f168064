//! Each rule by which a chat comes to somebody is kept with the decision, and told in words that are true.

use super::*;

/// What is kept of the first thing that is made of a chat.
fn decided(mode: OfferMode, members: Vec<Member>, arrival: Arrival) -> Record {
    let rules = RoutingRules { last_operator_days: 1, last_operator_waits_s: 60, ..RoutingRules::default() };
    let mut desk = desk(mode, rules, members);
    let effects = desk.handle_waiting(arrival, at(100));
    let proposed = effects.into_iter().find_map(|effect| match effect {
        Effect::Propose { record, .. } => Some(*record),
        _ => None,
    });
    proposed.or_else(|| desk.record_of_ring(chat(1), at(100))).expect("it is for somebody")
}

fn words(record: &Record) -> String {
    let name = |operator: OperatorId| ["Joe", "Bob", "Sue"][operator.0.as_u128() as usize - 1].to_owned();
    words::sentence(record, None, name)
}

fn all_three() -> Vec<Member> {
    vec![primary(JOE, 2), primary(BOB, 2), member(SUE, Handling::Secondary, Some(2), &[])]
}

#[test]
fn each_rule_comes_about_in_each_mode_and_is_kept() {
    let wanted = Wishes { wanted: Some(who(SUE)), ..Wishes::default() };
    let last = Wishes { last: Some((who(BOB), at(50))), ..Wishes::default() };
    let tried = |n| Tried { operator: who(n), at: at(50 + n as i64) };
    let again = Arrival { tried: vec![tried(JOE), tried(BOB), tried(SUE)], ..Arrival::new(chat(1), at(40)) };
    let table = [
        (Because::Next, Arrival::new(chat(1), at(100)), vec![JOE], vec![JOE, BOB]),
        (Because::Wanted, wishing(1, 100, wanted), vec![SUE], vec![SUE]),
        (Because::LastTime, wishing(1, 100, last), vec![BOB], vec![BOB]),
        (Because::AskedAgain, again, vec![JOE], vec![JOE, BOB]),
    ];
    for (because, arrival, one, all) in table {
        for mode in [OfferMode::Automatic, OfferMode::Single, OfferMode::RingAll] {
            let record = decided(mode, all_three(), arrival.clone());
            let chosen = if mode == OfferMode::RingAll { &all } else { &one };
            let chosen: Vec<OperatorId> = chosen.iter().map(|n| who(*n)).collect();
            assert_eq!((record.because, record.mode, &record.chosen), (because, mode, &chosen), "{because:?} {mode:?}");
            assert!(!record.helps);
        }
    }
}

#[test]
fn a_secondary_member_whom_the_page_names_had_no_primary_in_the_way() {
    let wanted = Wishes { wanted: Some(who(SUE)), ..Wishes::default() };
    let record = decided(OfferMode::Single, all_three(), wishing(1, 100, wanted));
    assert_eq!(words(&record), "Rang at Sue, whom the page named. Of the other members, 2 are free.");
    let joe = record.members.iter().find(|member| member.operator == who(JOE)).unwrap();
    assert_eq!(words::stands(&record, *joe), "is free, but the page named somebody else");
}

#[test]
fn whoever_comes_later_by_the_score_is_told_by_what() {
    let busy = Member { held: 1, group_held: 1, ..primary(BOB, 2) };
    let record = decided(OfferMode::Automatic, vec![primary(JOE, 1), busy], Arrival::new(chat(1), at(100)));
    assert_eq!(words(&record), "Went to Joe, who was next. Of the other members, 1 is free.");
    let told: Vec<String> = record.members.iter().map(|member| words::stands(&record, *member)).collect();
    assert_eq!(told, ["was next", "is free, but has more of the capacity in use: 50 %, not 0 %"]);
}

#[test]
fn where_it_rings_at_primary_members_and_whom_the_page_names_it_is_no_ring_at_secondary_ones() {
    // By id the secondary member is the first of them.
    let named = |held| Member { held, version: 2 - u64::from(held), ..member(JOE, Handling::Secondary, Some(1), &[]) };
    let mut desk = desk(OfferMode::RingAll, RoutingRules::default(), vec![named(1), primary(BOB, 1), primary(SUE, 1)]);
    let wanted = Wishes { wanted: Some(who(JOE)), ..Wishes::default() };
    desk.handle_waiting(wishing(1, 100, wanted), at(100));
    assert_eq!(rung(&desk.handle_member(named(0), at(101))), [who(JOE)]);
    let record = desk.record_of_ring(chat(1), at(101)).unwrap();
    assert_eq!((record.because, record.handling), (Because::Wanted, Handling::Primary));
    assert_eq!(words(&record), "Rang at Joe, Bob and Sue: all who could be asked, and whom the page named.");
}

#[test]
fn a_group_that_helps_says_so() {
    let guest = Arrival { guest_of: Some(group("sales")), ..Arrival::new(chat(1), at(100)) };
    assert!(decided(OfferMode::Single, all_three(), guest).helps);
}
