//! Courts that hear what clients of sound and of broken servers would tell.

use super::*;
use crate::checker::Unanswered;

const ANN: Party = Party::Visitor(7);
const BOB: Party = Party::Operator(0);

fn told(party: Party, kinds: &[(u64, &str)]) -> Testimony {
    let mut testimony = Testimony::new("c", party);
    for (seq, kind) in kinds {
        let what = match *kind {
            "message" => Content::Message(Mark { sender: ANN, number: 0 }),
            "mine" => Content::Assigned("bob-id".into()),
            "sue's" => Content::Transferred("sue-id".into()),
            "bob's" => Content::Joined("bob-id".into()),
            "bob left" => Content::Left("bob-id".into()),
            "sue has it" => Content::Assigned("sue-id".into()),
            "queued" => Content::Queued,
            "ended" => Content::Ended,
            other => Content::Other(other.into()),
        };
        testimony.told.push(Told { seq: *seq, at: *seq as i64 * 1000, what });
    }
    testimony
}

fn court() -> Court {
    Court::new([("bob-id".to_owned(), 0, 1)])
}

fn ann() -> Testimony {
    let mut ann = told(ANN, &[(1, "started"), (2, "queued"), (3, "assigned"), (4, "message"), (5, "ended")]);
    ann.said = vec![0];
    ann.acked = vec![(0, Some(4))];
    ann
}

#[test]
fn a_chat_is_judged_once_both_sides_have_spoken_and_not_before() {
    let mut court = court();
    court.hear(ann());
    assert_eq!((court.judged(), court.open()), (0, 1));
    court.hear(told(BOB, &[(1, "started"), (2, "queued"), (3, "offered"), (4, "mine"), (5, "message"), (6, "ended")]));
    assert_eq!((court.judged(), court.open(), court.close()), (1, 0, vec![]));
}

#[test]
fn a_message_that_the_operator_never_got_is_found_whoever_speaks_first() {
    let mut court = court();
    court.hear(told(BOB, &[(1, "started"), (2, "mine"), (3, "ended")]));
    court.hear(ann());
    let lost = Fault::Lost { chat: "c".into(), mark: Mark { sender: ANN, number: 0 }, party: BOB };
    assert_eq!(court.close(), [lost]);
}

#[test]
fn a_chat_that_nobody_answered_is_judged_at_once() {
    let mut court = court();
    court.hear(told(ANN, &[(1, "started"), (2, "queued"), (3, "ended")]));
    assert_eq!((court.judged(), court.close()), (1, vec![]));
}

#[test]
fn an_operator_who_was_never_told_of_a_chat_is_found() {
    let untold = Fault::Untold { chat: "c".into(), seen: 1, told: 0 };
    // Up to when Bob listened, and his gaps; Ann was told of him at 3000, and left at 5000.
    let cases = [
        (Some(60_000), vec![], vec![untold]),
        (Some(60_000), vec![(2_000, 2_500)], vec![]),
        (Some(7_999), vec![], vec![]),
        (None, vec![], vec![]),
    ];
    for (until, gaps, faults) in cases {
        let mut court = court();
        court.listened(BOB, gaps.clone(), until);
        court.hear(ann());
        assert_eq!((court.open(), court.close()), (1, faults), "{until:?} {gaps:?}");
    }
    let mut gone = court();
    gone.listened(BOB, Vec::new(), Some(60_000));
    gone.somebody_is_gone();
    gone.hear(ann());
    assert_eq!(gone.close(), [], "who heard of him may be gone");
}

#[test]
fn an_operator_whom_a_chat_was_handed_to_without_a_word_is_found() {
    for (until, faults) in [(Some(60_000), 1), (None, 0)] {
        let mut court = bob_and_sue();
        court.listened(BOB, Vec::new(), Some(60_000));
        court.listened(SUE, Vec::new(), until);
        let mut ann = ann();
        ann.told.insert(4, Told { seq: 5, at: 4_500, what: Content::Other("transferred".into()) });
        ann.told[5].seq = 6;
        court.hear(ann);
        court.hear(told(BOB, &[(1, "started"), (2, "mine"), (3, "message"), (4, "sue's")]));
        let all = court.close();
        let named = Fault::NotCalled { chat: "c".into(), operator: "sue-id".into() };
        assert_eq!((all.len(), all.contains(&named)), (faults, faults == 1), "{all:?}");
    }
}

#[test]
fn words_that_came_otherwise_than_they_were_said_are_found() {
    let mut court = court();
    court.hear(ann());
    let mut bob = told(BOB, &[(1, "started"), (2, "mine"), (3, "message"), (4, "ended")]);
    let mark = Mark { sender: ANN, number: 0 };
    bob.altered = vec![mark];
    court.hear(bob);
    assert_eq!(court.close(), [Fault::Altered { chat: "c".into(), mark, party: BOB }]);
}

fn bob_and_sue() -> Court {
    Court::new([("bob-id".to_owned(), 0, 1), ("sue-id".to_owned(), 1, 1)])
}

const SUE: Party = Party::Operator(1);

#[test]
fn who_handed_a_chat_on_need_not_hear_the_rest_and_who_has_it_must() {
    let bobs = [(1, "started"), (2, "mine"), (3, "sue's")];
    let whole = [(1, "started"), (2, "mine"), (3, "sue's"), (4, "message"), (5, "ended")];
    for (heard, faults) in [(&whole[..], 0), (&whole[..3], 1)] {
        let mut court = bob_and_sue();
        let mut ann = ann();
        ann.told.insert(4, Told { seq: 5, at: 4_500, what: Content::Other("transferred".into()) });
        ann.told[5].seq = 6;
        court.hear(ann);
        court.hear(told(BOB, &bobs));
        assert_eq!(court.open(), 1, "the colleague has not told yet");
        court.hear(told(SUE, heard));
        assert_eq!((court.open(), court.close().len()), (0, faults), "{heard:?}");
    }
}

#[test]
fn who_handed_a_chat_on_must_have_heard_what_was_before() {
    let whole = [(1, "started"), (2, "mine"), (3, "message"), (4, "sue's"), (5, "ended")];
    let judged = |bobs: &[(u64, &str)]| {
        let mut court = bob_and_sue();
        [ann(), told(BOB, bobs), told(SUE, &whole)].into_iter().for_each(|testimony| court.hear(testimony));
        court.close()
    };
    assert_eq!(judged(&whole[..4]), []);
    let lost = Fault::Lost { chat: "c".into(), mark: Mark { sender: ANN, number: 0 }, party: BOB };
    let without = [whole[0], whole[1], (3, "comment"), whole[3]];
    assert!(judged(&without).contains(&lost), "{:?}", judged(&without));
}

#[test]
fn an_operator_who_was_lost_for_too_long_gives_the_slot_up_and_may_get_the_chat_again() {
    let sues = [(1, "queued"), (2, "mine"), (3, "queued"), (4, "sue has it"), (5, "message"), (6, "ended")];
    let again = [(1, "queued"), (2, "mine"), (3, "queued"), (4, "mine"), (5, "message"), (6, "ended")];
    for (second, whole) in [(SUE, sues), (BOB, again)] {
        let mut court = bob_and_sue();
        let mut ann = ann();
        ann.told.insert(3, Told { seq: 4, at: 3_200, what: Content::Queued });
        ann.told.insert(4, Told { seq: 5, at: 3_400, what: Content::Other("assigned".into()) });
        (ann.told[5].seq, ann.told[6].seq, ann.acked) = (6, 7, vec![(0, Some(6))]);
        court.hear(ann);
        court.hear(told(BOB, &whole[..3]));
        assert_eq!(court.open(), 1, "whoever got it then has not told yet");
        court.hear(told(second, &whole));
        // Bob is free for another from the moment the chat waited again.
        if second == SUE {
            let mut other = told(BOB, &[(1, "mine"), (2, "ended")]);
            (other.told[0].at, other.told[1].at, other.chat) = (3_100, 9_000, "d".into());
            court.hear(other);
        }
        assert_eq!(court.close(), [], "{second:?}");
    }
}

#[test]
fn a_guest_holds_a_slot_until_leaving() {
    for (left_at, faults) in [(4, 0), (6, 1)] {
        let mut court = court();
        let mut guest = told(BOB, &[(1, "started"), (2, "bob's"), (3, "bob left")]);
        guest.told[2].at = left_at * 1000;
        court.hear(guest);
        let mut own = told(BOB, &[(1, "mine"), (2, "ended")]);
        (own.told[0].at, own.told[1].at, own.chat) = (5_000, 9_000, "d".into());
        court.hear(own);
        assert_eq!(court.close().len(), faults, "left at {left_at}");
    }
}

#[test]
fn a_client_that_was_there_and_did_not_hear_of_the_end_is_found_and_one_that_was_sent_away_is_not() {
    for (sent_away, until, faults) in [(false, Some(20_000), 1), (true, Some(20_000), 0), (false, None, 0)] {
        let mut court = court();
        court.hear(ann());
        let mut bob = told(BOB, &[(1, "started"), (2, "mine"), (3, "message")]);
        (bob.sent_away, bob.until) = (sent_away, until);
        court.hear(bob);
        assert_eq!(court.close().len(), faults, "{sent_away} {until:?}");
    }
}

#[test]
fn a_command_without_an_answer_is_a_promise_that_was_broken() {
    let mut court = court();
    court.broken(Fault::Unanswered(Unanswered { party: ANN, command: "m3".into(), chat: "c".into() }));
    let faults = court.close();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].to_string().contains("m3 of Visitor(7) was never answered"), "{}", faults[0]);
}

#[test]
fn words_of_somebody_who_is_gone_are_not_taken_for_invented() {
    let mut visitor = ann();
    let mark = Mark { sender: BOB, number: 3 };
    visitor.told.insert(4, Told { seq: 5, at: 0, what: Content::Message(mark) });
    visitor.told[5].seq = 6;
    for (gone, faults) in [(false, 1), (true, 0)] {
        let mut court = court();
        court.hear(visitor.clone());
        if gone {
            court.somebody_is_gone();
        }
        assert_eq!(court.close().len(), faults);
    }
}

#[test]
fn an_operator_with_more_chats_than_allowed_is_found_across_chats() {
    let mut court = court();
    for (chat, from) in [("a", 1), ("b", 3)] {
        for party in [ANN, BOB] {
            let kind = if party == BOB { "mine" } else { "assigned" };
            let mut testimony = told(party, &[(from, kind), (from + 9, "ended")]);
            (testimony.told[0].seq, testimony.told[1].seq) = (1, 2);
            testimony.chat = chat.to_owned();
            court.hear(testimony);
        }
    }
    let over = Fault::OverCapacity { operator: "bob-id".into(), running: 2, limit: 1, at: 3000 };
    assert_eq!(court.close(), [over]);
}
