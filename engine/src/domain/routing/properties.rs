//! Routing beside a model that looks at everybody each time, in a contact centre where messages are late, doubled
//! and lost. The model knows no index, no cache and no order but sorting.

mod centre;
mod naive;
mod ringing;
mod shared;

use proptest::prelude::*;

use centre::{Centre, Step};

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

/// Operators of several groups, skills, overflow in a circle, wanted operators: after each step the truth is asked
/// whether anybody waits beside somebody free, and each proposal whether it was the right one. 50,000 steps each.
macro_rules! shared_operators {
    ($($name:ident: $seeds:expr, $twin:expr;)+) => {
        $(#[test]
        fn $name() {
            $seeds.for_each(|seed| shared::run(seed, 2_000, $twin));
        })+
    };
}

shared_operators! {
    operators_of_many_groups_are_shared_by_the_rules: 1..=25, true;
    operators_of_many_groups_are_shared_by_the_rules_in_other_centres: 26..=50, false;
    operators_of_many_groups_are_shared_by_the_rules_in_further_centres: 51..=75, false;
    operators_of_many_groups_are_shared_by_the_rules_in_the_last_centres: 76..=100, false;
}

/// Ringing at all: 100,000 steps.
#[test]
fn a_chat_rings_at_just_those_who_should_hear_it() {
    let served: usize = (1..=50).map(|seed| ringing::run(seed, 2_000)).sum();
    assert!(served > 3_000, "a test in which {served} are served shows nothing");
}
