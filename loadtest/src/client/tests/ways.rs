//! What clients do only where their scenario says so: hints on the way, and offers that are let ring.

use serde_json::{Value, json};

use super::hearing::{Talk, operator_like, visitor_like};
use super::*;
use crate::mark::Tag;
use crate::scenario::Part;

/// Words of somebody's first message.
fn words_of(sender: Party) -> String {
    Tag { mark: Mark { sender, number: 0 }, intended: 0, last: false }.over("Where is my parcel?")
}

/// What was said of that kind of hint since the last step, without its type.
fn hinted<M: Mind>(talk: &Talk<M>, what: &str) -> Vec<Value> {
    let mut all = talk.said(what);
    all.iter_mut().filter_map(Value::as_object_mut).for_each(|hint| drop(hint.remove("type")));
    all
}

#[test]
fn a_visitor_tells_what_arrived_what_was_read_and_that_they_type_only_with_hints() {
    for hints in [true, false] {
        let told = |all: &[Value]| if hints { all.to_vec() } else { Vec::new() };
        let mut talk = visitor_like(|like| like.hints = hints);
        talk.out.clear();
        talk.event("c", 4, json!({ "kind": "message", "text": words_of(Party::Operator(5)) }), None);
        assert_eq!(hinted(&talk, "delivered"), told(&[json!({ "seq": 4 })]));
        for (seq, on) in [(5, true), (6, true), (7, true), (8, false)] {
            let said = talk.acts("say").remove(0);
            assert_eq!(hinted(&talk, "read"), told(&[json!({ "seq": seq - 1 })]));
            assert_eq!(hinted(&talk, "typing"), told(&[json!({ "on": on })]), "message {seq}");
            talk.event("c", seq, json!({ "kind": "message", "text": said["text"] }), said["id"].as_str());
        }
    }
}

#[test]
fn an_operator_tells_what_arrived_what_was_read_and_that_they_type_only_with_hints() {
    for hints in [true, false] {
        let told = |hint: Value| if hints { vec![hint] } else { Vec::new() };
        let mut talk = operator_like(|like| (like.hints, like.answers) = (hints, Part(1.0)));
        // The operator asks for the chat's history, in which its beginning comes again.
        (0..2).for_each(|_| talk.event("c", 1, json!({ "kind": "assigned", "operator": "bob" }), None));
        talk.out.clear();
        talk.event("c", 2, json!({ "kind": "message", "text": words_of(Party::Visitor(3)) }), None);
        assert_eq!(hinted(&talk, "delivered"), told(json!({ "chat": "c", "seq": 2 })));
        let (mut typing, mut read, mut said) = (Vec::new(), Vec::new(), 0);
        while talk.mind.due() < Micros::MAX {
            said += talk.acts("say").len();
            typing.extend(hinted(&talk, "typing"));
            read.extend(hinted(&talk, "read"));
        }
        assert_eq!(said, 1);
        assert_eq!(typing, told(json!({ "chat": "c", "on": true })));
        assert_eq!(read, told(json!({ "chat": "c", "seq": 2 })));
    }
}

#[test]
fn an_offer_that_is_ignored_is_neither_accepted_nor_declined() {
    for (ignores, accepted) in [(1.0, 0), (0.0, 1)] {
        let mut talk = operator_like(|like| like.ignores = Part(ignores));
        talk.hear(json!({ "type": "offer", "offer": "o", "chat": "c", "group": "support" }));
        let mut answers = 0;
        while talk.mind.due() < Micros::MAX {
            answers += talk.acts("accept").len() as u64 + talk.said("decline").len() as u64;
        }
        assert_eq!(answers, accepted, "ignores {ignores}");
        let tallies = talk.world.recorder.borrow_mut().take().tallies;
        let counted = [Tally::Offers, Tally::OffersIgnored].map(|tally| tallies[tally as usize]);
        assert_eq!(counted, [1, 1 - accepted], "ignores {ignores}");
    }
}
