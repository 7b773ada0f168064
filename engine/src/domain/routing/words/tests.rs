//! The words of each decision and of each reason.

use super::*;
use crate::domain::routing::score::Score;
use crate::domain::time::Timestamp;

fn who(n: u128) -> OperatorId {
    OperatorId(uuid::Uuid::from_u128(n))
}

fn name(operator: OperatorId) -> String {
    ["Joe", "Bob", "Sue"][operator.0.as_u128() as usize].to_owned()
}

fn stands_so(reason: WhyStill, counts: Counts, operators: Vec<OperatorId>) -> Still {
    let (since, until, helpers) = (None, None, Vec::new());
    Still { reason, since, until, helpers, operators, more: 0, counts, roster_version: 1 }
}

fn waits(reason: WhyStill, counts: Counts, operators: Vec<OperatorId>) -> String {
    still(&stands_so(reason, counts, operators), name)
}

#[test]
fn why_a_chat_waits_is_told_in_words() {
    let counts = Counts { full: 2, pull: 1, not_receiving: 1, ..Counts::default() };
    assert_eq!(
        waits(WhyStill::Nobody(WhyNot::AllFull), counts, Vec::new()),
        "Waiting because none of those who receive now and are given chats has a free place. Of the members, \
         2 are full, 1 is taking chats by hand, 1 is not receiving."
    );
    let counts = Counts { unskilled: 1, not_receiving: 1, ..Counts::default() };
    assert_eq!(
        waits(WhyStill::Nobody(WhyNot::NobodyReceives), counts, Vec::new()),
        "Waiting because nobody with the skills that are asked for receives chats of this group now. Of the \
         members, 1 is not receiving, 1 is without the skills."
    );
    assert_eq!(waits(WhyStill::Ringing, counts, vec![who(0), who(2)]), "It rings at Joe and Sue now.");
    let awaited = WhyStill::Nobody(WhyNot::OperatorAwaited);
    assert_eq!(waits(awaited, counts, vec![who(1)]), "Waiting for Bob, who cannot take the chat just now.");
}

#[test]
fn how_it_stands_in_a_group_that_helps_is_told_in_words() {
    let full = Counts { full: 1, ..Counts::default() };
    let told = |reason, counts, operators| helping(&stands_so(reason, counts, operators), name);
    assert_eq!(
        told(WhyStill::Nobody(WhyNot::AllFull), full, Vec::new()),
        "None of those who receive now has a free place. Of the members, 1 is full."
    );
    let none = Counts::default();
    assert_eq!(told(WhyStill::Nobody(WhyNot::NobodyReceives), none, Vec::new()), "This group has no members.");
    assert_eq!(told(WhyStill::Ringing, full, vec![who(2)]), "It rings at Sue now.");
    let mut all = WhyStill::ALL.map(|reason| told(reason, none, Vec::new())).to_vec();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), WhyStill::ALL.len(), "each its own");
    let sues = stands_so(WhyStill::Ringing, full, vec![who(2)]);
    assert_eq!(rings(&sues, Some("Sales"), name), "It rings at Sue of Sales now.");
    let soon = stands_so(WhyStill::BeingOffered, full, Vec::new());
    assert_eq!(rings(&soon, Some("Sales"), name), "It is about to be offered to somebody of Sales.");
}

#[test]
fn each_reason_has_its_own_words_and_name() {
    let mut words: Vec<String> = Reason::ALL.into_iter().map(|reason| passed_over(reason).to_owned()).collect();
    words.extend(WhyStill::ALL.into_iter().map(|reason| waits(reason, Counts::default(), Vec::new())));
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Reason::ALL.len() + WhyStill::ALL.len());
    let mut names: Vec<&str> = Reason::ALL.into_iter().map(Reason::as_str).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Reason::ALL.len());
}

/// A decision for these, by default for one who was next.
fn record(chosen: &[u128], because: Because, mode: OfferMode, handling: Handling) -> Record {
    Record {
        chosen: chosen.iter().map(|n| who(*n)).collect(),
        more: 0,
        handling,
        because,
        mode,
        helps: false,
        counts: Counts::default(),
        best: Vec::new(),
        members: Vec::new(),
        roster_version: 1,
    }
}

#[test]
fn each_way_by_which_a_chat_comes_to_somebody_is_told_as_it_was() {
    use Handling::{Primary, Secondary};
    use OfferMode::{Automatic, RingAll, Single};
    let named = ", whom the page named.";
    let last = ", who served the visitor last time.";
    let again = ", asked again: everybody who could be asked had let the chat go.";
    let second = ", a secondary member: no primary member could be asked.";
    let only_second = ", the only secondary member who could be asked: no primary member could.";
    let table = [
        (Because::Next, Automatic, Primary, "Went to Joe", ", who was next."),
        (Because::Next, Single, Primary, "Rang at Joe", ", who was next."),
        (Because::Next, RingAll, Primary, "Rang at Joe", ", the only primary member who could be asked."),
        (Because::Next, Automatic, Secondary, "Went to Joe", second),
        (Because::Next, Single, Secondary, "Rang at Joe", second),
        (Because::Next, RingAll, Secondary, "Rang at Joe", only_second),
        (Because::Wanted, Automatic, Primary, "Went to Joe", named),
        (Because::Wanted, Single, Primary, "Rang at Joe", named),
        (Because::Wanted, RingAll, Primary, "Rang at Joe", named),
        (Because::Wanted, Automatic, Secondary, "Went to Joe", named),
        (Because::Wanted, Single, Secondary, "Rang at Joe", named),
        (Because::Wanted, RingAll, Secondary, "Rang at Joe", named),
        (Because::LastTime, Automatic, Primary, "Went to Joe", last),
        (Because::LastTime, Single, Primary, "Rang at Joe", last),
        (Because::LastTime, RingAll, Primary, "Rang at Joe", last),
        (Because::LastTime, Automatic, Secondary, "Went to Joe", last),
        (Because::LastTime, Single, Secondary, "Rang at Joe", last),
        (Because::LastTime, RingAll, Secondary, "Rang at Joe", last),
        (Because::AskedAgain, Automatic, Primary, "Went to Joe", again),
        (Because::AskedAgain, Single, Primary, "Rang at Joe", again),
        (Because::AskedAgain, RingAll, Primary, "Rang at Joe", again),
        (Because::AskedAgain, Automatic, Secondary, "Went to Joe", again),
        (Because::AskedAgain, Single, Secondary, "Rang at Joe", again),
        (Because::AskedAgain, RingAll, Secondary, "Rang at Joe", again),
    ];
    assert_eq!(table.len(), Because::ALL.len() * 3 * 2, "each rule, mode and handling");
    for (because, mode, handling, whom, rule) in table {
        let told = sentence(&record(&[0], because, mode, handling), None, name);
        assert_eq!(told, format!("{whom}{rule}"), "{because:?} {mode:?} {handling:?}");
    }
}

#[test]
fn what_rings_at_many_is_told_as_it_was() {
    use Handling::{Primary, Secondary};
    let again = ", asked again: everybody who could be asked had let the chat go.";
    let table = [
        (Because::Next, Primary, ", all primary members who could be asked."),
        (Because::Next, Secondary, ", all secondary members who could be asked: no primary member could."),
        (Because::Wanted, Primary, ": all who could be asked, and whom the page named."),
        (Because::Wanted, Secondary, ": all who could be asked, and whom the page named."),
        (Because::AskedAgain, Primary, again),
        (Because::AskedAgain, Secondary, again),
    ];
    for (because, handling, words) in table {
        let rang = Record { more: 3, ..record(&[0, 1], because, OfferMode::RingAll, handling) };
        assert_eq!(sentence(&rang, None, name), format!("Rang at Joe, Bob and 3 more{words}"));
    }
}

#[test]
fn those_who_were_chosen_are_none_of_the_others_and_a_group_that_helps_is_named() {
    let next = record(&[0], Because::Next, OfferMode::Single, Handling::Primary);
    let counts = |free, full| Counts { free, full, ..Counts::default() };
    let alone = Record { counts: counts(1, 0), ..next.clone() };
    assert_eq!(sentence(&alone, Some("Sales"), name), "Rang at Joe of Sales, who was next.");
    let among = Record { counts: counts(3, 1), ..next };
    let others = "Of the other members, 2 are free, 1 is full.";
    assert_eq!(sentence(&among, None, name), format!("Rang at Joe, who was next. {others}"));
    let all = Record {
        counts: counts(7, 1),
        more: 3,
        ..record(&[0, 1], Because::Next, OfferMode::RingAll, Handling::Primary)
    };
    let words = sentence(&all, Some("Sales"), name);
    assert_eq!(
        words,
        format!("Rang at Joe, Bob and 3 more of Sales, all primary members who could be asked. {others}")
    );
}

/// Joe's score, and Bob's beside it.
fn score(n: u128, (used, of): (u32, u32), chats: u32, ended: Option<i64>, since: i64) -> Score {
    Score {
        share: Share::new(used, of),
        used: chats,
        last_ended_at: ended.map(Timestamp::from_millis),
        receiving_since: Timestamp::from_millis(since),
        operator: who(n),
    }
}

#[test]
fn whoever_was_free_and_came_later_is_told_by_what() {
    let joe = score(0, (1, 5), 1, Some(40), 10);
    let bob = |share, chats, ended, since| score(1, share, chats, ended, since);
    let table = [
        (bob((1, 2), 1, None, 1), "is free, but has more of the capacity in use: 50 %, not 20 %"),
        (bob((201, 1_000), 0, None, 1), "is free, but has a little more of the capacity in use"),
        (bob((2, 10), 2, None, 1), "is free, but has more chats: 2, not 1"),
        (bob((1, 5), 1, Some(50), 1), "is free, but a chat of theirs ended more recently"),
        (bob((1, 5), 1, Some(40), 20), "is free, but has been receiving for a shorter time"),
        (bob((1, 5), 1, Some(40), 10), "is free, and equal in all but the id, by which another one comes first"),
        // Nothing by which Joe would come first.
        (bob((0, 5), 0, None, 1), "is free, but another one comes first"),
    ];
    let bobs = Considered { operator: who(1), reason: Reason::Behind };
    for (bob, words) in table {
        let best = vec![joe, bob];
        let next = Record { best, ..record(&[0], Because::Next, OfferMode::Single, Handling::Primary) };
        assert_eq!(stands(&next, bobs), words);
    }
    let kept = |because| record(&[0], because, OfferMode::Single, Handling::Primary);
    assert_eq!(stands(&kept(Because::Next), bobs), "is free, but another one comes first", "beyond the best");
    assert_eq!(stands(&kept(Because::Wanted), bobs), "is free, but the page named somebody else");
    assert_eq!(stands(&kept(Because::LastTime), bobs), "is free, but somebody else served the visitor last time");
}

#[test]
fn whoever_was_chosen_is_told_by_which_rule() {
    let joes = Considered { operator: who(0), reason: Reason::Chosen };
    let told = |because, mode| stands(&record(&[0], because, mode, Handling::Primary), joes);
    let words = Because::ALL.map(|because| told(because, OfferMode::Single));
    assert_eq!(words, ["was next", "was named by the page", "served the visitor last time", "was asked again"]);
    assert_eq!(told(Because::Next, OfferMode::RingAll), "was asked");
    assert_eq!(told(Because::Wanted, OfferMode::RingAll), "was named by the page");
    let many = record(&[0, 1], Because::Wanted, OfferMode::RingAll, Handling::Primary);
    assert_eq!(stands(&many, joes), "was asked");
    assert_eq!(told(Because::AskedAgain, OfferMode::RingAll), "was asked again");
}
