//! Members who stand differently: what is said of why a chat waits is true of each of them.

use super::*;
use crate::domain::routing::still::still;

/// How a member stands who has no chat for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Full,
    Pulls,
    InGrace,
    /// With a limit of 0.
    Zero,
    Away,
    Unskilled,
}

use Stands::{Away, Full, InGrace, Pulls, Unskilled, Zero};

fn refunds() -> [Need; 1] {
    [need("refunds", 1)]
}

fn who_stands(n: u128, how: Stands) -> Member {
    let able = member(n, Handling::Primary, Some(1), &refunds());
    match how {
        Full => Member { held: 1, ..able },
        Pulls => Member { handling: Handling::Pull, ..able },
        InGrace => Member { reception: Reception::Grace { since: at(1) }, ..able },
        Zero => Member { limit: Some(0), ..able },
        Away => Member { reception: Reception::None, ..able },
        Unskilled => Member { skills: Skills::default(), ..able },
    }
}

/// The reason for which a chat waits that asks for a skill, and the first sentence of it.
fn told(members: &[Stands]) -> (&'static str, String) {
    let members = members.iter().zip(1..).map(|(how, n)| who_stands(n, *how)).collect();
    let mut desk = single(RoutingRules::default(), members);
    desk.handle_waiting(skilled(1, 100, &refunds()), at(100));
    let still = still(&desk, &StillSince::default(), chat(1), at(101)).expect("it waits");
    let words = words::still(&still, |_| "somebody".to_owned());
    let first = words.split_once(". Of the members").map_or(words.as_str(), |(first, _)| first);
    (still.reason.as_str(), first.to_owned())
}

#[test]
fn of_two_who_stand_differently_the_nearest_is_the_reason_and_the_words_are_true_of_both() {
    let full = |of: &str| ("all_full", format!("Waiting because none of {of} has a free place"));
    let by_hand = |of: &str| {
        ("nobody_assigned", format!("Waiting for somebody to take the chat by hand: none of {of} is given chats"))
    };
    let lost = |of: &str| ("connection_lost", format!("Waiting because {of} have lost their connection"));
    let zero = |of: &str| ("without_slots", format!("Waiting because {of} have a limit of 0"));
    let because = |reason, words: &str| (reason, format!("Waiting because {words}"));
    let all = "those who receive now";
    let able = "those with the skills that are asked for who receive now";
    let table = [
        (Full, Full, full(all)),
        (Full, Pulls, full("those who receive now and are given chats")),
        (Full, InGrace, full("those who receive now and are connected")),
        (Full, Zero, full(all)),
        (Full, Away, full(all)),
        (Full, Unskilled, full(able)),
        (Pulls, Pulls, by_hand(all)),
        (Pulls, InGrace, by_hand("those who receive now and are connected")),
        (Pulls, Zero, by_hand(all)),
        (Pulls, Away, by_hand(all)),
        (Pulls, Unskilled, by_hand(able)),
        (InGrace, InGrace, lost(all)),
        (
            InGrace,
            Zero,
            because("connection_lost", "those who receive now have lost their connection or have a limit of 0"),
        ),
        (InGrace, Away, lost(all)),
        (InGrace, Unskilled, lost(able)),
        (Zero, Zero, zero(all)),
        (Zero, Away, zero(all)),
        (Zero, Unskilled, zero(able)),
        (Away, Away, because("nobody_receives", "nobody receives chats of this group now")),
        (
            Away,
            Unskilled,
            because("nobody_receives", "nobody with the skills that are asked for receives chats of this group now"),
        ),
        (Unskilled, Unskilled, because("nobody_skilled", "no member has the skills that are asked for")),
    ];
    for (one, other, expected) in table {
        assert_eq!(told(&[one, other]), expected, "{one:?} and {other:?}");
        assert_eq!(told(&[other, one]), expected, "{other:?} and {one:?}");
    }
}

#[test]
fn a_group_without_members_says_so() {
    let words = "Waiting because this group has no members".to_owned();
    assert_eq!(told(&[]), ("nobody_receives", words + "."));
}

#[test]
fn whoever_receives_with_three_standings_is_told_of_with_all_that_is_so() {
    let words = "none of those who receive now, are connected and are given chats has a free place";
    assert_eq!(told(&[Full, Pulls, InGrace]), ("all_full", format!("Waiting because {words}")));
}
