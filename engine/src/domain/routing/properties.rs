//! Routing beside a model that looks at everybody each time, in a contact centre where messages are late, doubled
//! and lost. The model knows no index, no cache and no order but sorting.

mod centre;
mod naive;
mod ringing;
mod shared;

use proptest::prelude::*;

use centre::{Centre, Step};

use super::planted::{self, Fault};
use crate::domain::limits::SKILL_CLASSES_MAX;

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// With news at once and every proposal answered: the store never has to refuse, and after each step no chat
    /// waits beside an operator who, in truth, may be offered it.
    #[test]
    fn no_chat_waits_beside_somebody_free_and_nobody_is_ever_asked_for_too_much(
        members in centre::members(),
        automatic in any::<bool>(),
        steps in prop::collection::vec(centre::step(), 0..300),
    ) {
        let mut centre = Centre::open(members, automatic, true);
        for step in steps {
            centre.does(step);
            centre.answer_all();
            centre.must_be_settled();
        }
    }

    /// With news late, twice and out of order, proposals unanswered, and clocks running: every proposal is the one
    /// the model makes, in the model's order, and the store's refusals are survived.
    #[test]
    fn late_and_lost_news_change_no_rule(
        members in centre::members(),
        automatic in any::<bool>(),
        steps in prop::collection::vec(centre::step(), 0..300),
    ) {
        let mut centre = Centre::open(members, automatic, false);
        for step in steps {
            centre.does(step);
        }
        centre.calm_down();
        centre.must_be_settled();
    }
}

#[test]
fn the_model_would_see_a_chat_left_waiting() {
    let mut centre = Centre::open(vec![centre::somebody(1)], false, true);
    centre.does(Step::Arrives { priority: 0 });
    let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| centre.must_be_settled()));
    assert!(seen.is_err(), "a chat whose proposal is not answered is not settled");
    centre.answer_all();
    centre.must_be_settled();
}

/// Operators of several groups, skills, overflow in a circle, wanted operators, chats that ring or are assigned at once,
/// groups that close and open again, also over holidays and while others help, limits, skills and groups that are set up
/// otherwise meanwhile, proposals that are refused, find no slot or are never answered: after each step the truth is
/// asked whether anybody waits beside somebody free, or for nothing, and each proposal whether it was the right one.
/// 50,000 steps each.
macro_rules! shared_operators {
    ($($name:ident: $seeds:expr, $twin:expr;)+) => {
        $(#[test]
        fn $name() {
            let all: Vec<shared::Seen> = $seeds.map(|seed| shared::run(seed, 2_000, $twin)).collect();
            let sent_away: usize = all.iter().map(|seen| seen.sent_away).sum();
            assert!(sent_away > 25, "a test in which {sent_away} find nobody there shows nothing of hours");
            let held: usize = all.iter().map(|seen| seen.held).sum();
            assert!(held > 25, "a test in which {held} slots are held for what rings shows nothing of them");
        })+
    };
}

shared_operators! {
    operators_of_many_groups_are_shared_by_the_rules: 1..=25, true;
    operators_of_many_groups_are_shared_by_the_rules_in_other_centres: 26..=50, false;
    operators_of_many_groups_are_shared_by_the_rules_in_further_centres: 51..=75, false;
    operators_of_many_groups_are_shared_by_the_rules_in_the_last_centres: 76..=100, false;
}

/// Forty operators, and more kinds of chats at once than orders are kept for: what is kept of a decision names nobody, and
/// the ten best.
#[test]
fn many_operators_are_shared_by_the_rules_beside_many_kinds_of_chats() {
    let kinds: Vec<usize> = (1..=2).map(|seed| shared::run_large(seed, 60)).collect();
    assert!(kinds.iter().any(|kinds| *kinds > SKILL_CLASSES_MAX), "{kinds:?} kinds are no more than are kept in order");
}

/// Ringing at all, with skills, limits of the group and operators who are awaited: 100,000 steps.
#[test]
fn a_chat_rings_at_just_those_who_should_hear_it() {
    let all: Vec<ringing::Seen> = (1..=50).map(|seed| ringing::run(seed, 2_000)).collect();
    let sum = |of: fn(&ringing::Seen) -> usize| all.iter().map(of).sum::<usize>();
    let seen = (sum(|seen| seen.served), sum(|seen| seen.passed), sum(|seen| seen.in_line));
    assert!(seen.0 > 3_000 && seen.1 > 1_000 && seen.2 > 1_000, "a test that has seen {seen:?} shows nothing");
}

/// Each fault is seen, with these words, by one of a few plays at least.
fn must_be_seen<T>(faults: &[(Fault, &str)], plays: impl Fn(u64) -> T) {
    for (fault, words) in faults {
        let seen: Vec<String> = (1..=6).filter_map(|seed| planted::with(*fault, || plays(seed))).collect();
        assert!(seen.iter().any(|said| said.contains(words)), "{fault:?} was seen as {seen:?}");
    }
    (1..=6).for_each(|seed| drop(plays(seed)));
}

#[test]
fn each_fault_of_ringing_at_all_is_seen() {
    let faults = [
        (Fault::RingsOutOfTurn, "has to wait for its turn"),
        (Fault::ForgetsSomebody, "must hear it"),
        (Fault::AsksAtOnce, "it must not ring at"),
        (Fault::RingsOn, "is what is known"),
    ];
    must_be_seen(&faults, |seed| ringing::run(seed, 500));
}

#[test]
fn each_fault_of_a_proposal_and_of_help_is_seen() {
    let faults = [
        (Fault::AsksWhoSaidNo, "may not be offered"),
        (Fault::OldHelp, "beside"),
        (Fault::HelpsOn, "was told a wrong number"),
    ];
    must_be_seen(&faults, |seed| shared::run(seed, 1_000, false));
}

#[test]
fn each_fault_of_hours_is_seen() {
    let faults = [
        (Fault::AlwaysOpen, "are told Online"),
        (Fault::OldHours, "are told"),
        (Fault::SleepsOn, "are told"),
        (Fault::NoMinute, "waited(row) >= 60"),
        (Fault::NeverTurnsAway, "waits for nothing"),
    ];
    must_be_seen(&faults, |seed| shared::run(seed, 1_000, false));
}
