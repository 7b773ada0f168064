//! One chat from the side of everybody in it. A client that reconnects resumes behind the last event it has, so the
//! numbers go on without a hole over all its connections, and one rule holds for live events and history alike.

use std::collections::{BTreeMap, BTreeSet};

use super::{Chat, Content, Fault, Mark, Operator, Party};

/// All that is known of one chat.
#[derive(Debug)]
pub struct Ledger {
    chat: Chat,
    said: BTreeSet<Mark>,
    acked: BTreeMap<Mark, u64>,
    told: BTreeMap<Party, Vec<(u64, Content)>>,
    excused: BTreeSet<Party>,
    /// Not everybody in the chat could tell what they said.
    incomplete: bool,
}

impl Ledger {
    pub(super) fn new(chat: Chat) -> Self {
        let (said, acked, told) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        Self { chat, said, acked, told, excused: BTreeSet::new(), incomplete: false }
    }

    /// A message was handed to the server; whether it was stored is not known yet.
    pub fn said(&mut self, mark: Mark) {
        self.said.insert(mark);
    }

    /// The server promised to keep it, under this number of the sender's side.
    pub fn acked(&mut self, mark: Mark, seq: u64) {
        self.acked.insert(mark, seq);
    }

    /// Somebody is in the chat and shall hear all of it, even if nothing ever reaches them.
    pub fn joined(&mut self, party: Party) {
        self.told.entry(party).or_default();
    }

    /// An event reached somebody in the chat.
    pub fn told(&mut self, party: Party, seq: u64, content: Content) {
        self.told.entry(party).or_default().push((seq, content));
    }

    /// This client was gone when the run ended: what it did not hear is not lost.
    pub fn excuse(&mut self, party: Party) {
        self.excused.insert(party);
    }

    /// Somebody of the run is gone and cannot tell: messages of those who told nothing are not taken for invented.
    pub fn incomplete(&mut self) {
        self.incomplete = true;
    }

    /// What was broken in this chat.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (party, told) in &self.told {
            self.judge_numbers(*party, told, &mut faults);
            self.judge_messages(*party, told, &mut faults);
        }
        self.judge_acks(&mut faults);
        self.judge_agreement(&mut faults);
        self.judge_owners(&mut faults);
        faults
    }

    fn judge_numbers(&self, party: Party, told: &[(u64, Content)], faults: &mut Vec<Fault>) {
        let mut expected = told.first().map_or(1, |(seq, _)| *seq);
        for (got, _) in told {
            if *got != expected {
                faults.push(Fault::Numbering { chat: self.chat.clone(), party, expected, got: *got });
            }
            expected = got + 1;
        }
    }

    fn judge_messages(&self, party: Party, told: &[(u64, Content)], faults: &mut Vec<Fault>) {
        let mut heard = BTreeSet::new();
        let mut newest: BTreeMap<Party, u32> = BTreeMap::new();
        for mark in messages(told) {
            let chat = self.chat.clone();
            let unheard = self.incomplete && !self.told.contains_key(&mark.sender);
            if !self.said.contains(&mark) && !unheard {
                faults.push(Fault::Invented { chat, mark, party });
            } else if !heard.insert(mark) {
                faults.push(Fault::Doubled { chat, mark, party });
            } else if newest.get(&mark.sender).is_some_and(|number| *number > mark.number) {
                faults.push(Fault::Reordered { chat, mark, party });
            } else {
                newest.insert(mark.sender, mark.number);
            }
        }
        if !self.excused.contains(&party) {
            let lost = self.acked.keys().filter(|mark| !heard.contains(mark));
            faults.extend(lost.map(|mark| Fault::Lost { chat: self.chat.clone(), mark: *mark, party }));
        }
    }

    fn judge_acks(&self, faults: &mut Vec<Fault>) {
        for (mark, acked) in &self.acked {
            let own = self.told.get(&mark.sender).map_or(&[][..], Vec::as_slice);
            let told = own.iter().find(|(_, content)| *content == Content::Message(*mark));
            match told {
                Some((told, _)) if told != acked => {
                    faults.push(Fault::WrongAck { chat: self.chat.clone(), mark: *mark, acked: *acked, told: *told });
                }
                // Somebody who heard nothing at all has no list above to miss it in.
                None if !self.told.contains_key(&mark.sender) && !self.excused.contains(&mark.sender) => {
                    faults.push(Fault::Lost { chat: self.chat.clone(), mark: *mark, party: mark.sender });
                }
                _ => {}
            }
        }
    }

    /// Messages both sides have stand in the same order on both; those of one side have one numbering as well.
    fn judge_agreement(&self, faults: &mut Vec<Fault>) {
        let parties: Vec<_> = self.told.iter().collect();
        for pair in parties.windows(2) {
            let [(one, left), (other, right)] = pair else { continue };
            let in_right: BTreeSet<Mark> = messages(right).collect();
            let in_left: BTreeSet<Mark> = messages(left).collect();
            let left_order = messages(left).filter(|mark| in_right.contains(mark));
            let right_order = messages(right).filter(|mark| in_left.contains(mark));
            let same_side = matches!((one, other), (Party::Operator(_), Party::Operator(_)));
            let by_number: BTreeMap<u64, &Content> = right.iter().map(|(seq, content)| (*seq, content)).collect();
            let differs = |(seq, content): &(u64, Content)| by_number.get(seq).is_some_and(|told| *told != content);
            if !left_order.eq(right_order) || (same_side && left.iter().any(differs)) {
                faults.push(Fault::Disagreement { chat: self.chat.clone(), one: **one, other: **other });
            }
        }
    }

    /// Owners by the operators' numbering, put together from all operators who were told a part of it.
    fn judge_owners(&self, faults: &mut Vec<Fault>) {
        let operators = self.told.iter().filter(|(party, _)| matches!(party, Party::Operator(_)));
        let facts: BTreeMap<u64, &Content> =
            operators.flat_map(|(_, told)| told).map(|(seq, content)| (*seq, content)).collect();
        let mut owner: Option<&Operator> = None;
        for content in facts.into_values() {
            match content {
                Content::Assigned(second) => {
                    if let Some(first) = owner.filter(|first| *first != second) {
                        let (first, second) = (first.clone(), second.clone());
                        faults.push(Fault::TwoOwners { chat: self.chat.clone(), first, second });
                    }
                    owner = Some(second);
                }
                Content::Transferred(second) => owner = Some(second),
                Content::Ended => owner = None,
                Content::Message(_) | Content::Joined(_) | Content::Other(_) => {}
            }
        }
    }
}

fn messages(told: &[(u64, Content)]) -> impl Iterator<Item = Mark> {
    told.iter().filter_map(|(_, content)| match content {
        Content::Message(mark) => Some(*mark),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Party = Party::Visitor(1);
    const BOB: Party = Party::Operator(1);

    fn mark(number: u32) -> Mark {
        Mark { sender: ANN, number }
    }

    /// Ann says three messages; she hears them as 1 to 3, Bob, who sees more, as 4 to 6.
    fn chat(bob_hears: &[(u64, u32)]) -> Ledger {
        let mut ledger = Ledger::new("c".into());
        for number in 0..3 {
            ledger.said(mark(number));
            ledger.acked(mark(number), u64::from(number) + 1);
            ledger.told(ANN, u64::from(number) + 1, Content::Message(mark(number)));
        }
        for (seq, number) in bob_hears {
            ledger.told(BOB, *seq, Content::Message(mark(*number)));
        }
        ledger
    }

    #[test]
    fn a_chat_that_both_sides_heard_whole_is_clean() {
        assert_eq!(chat(&[(4, 0), (5, 1), (6, 2)]).faults(), []);
    }

    #[test]
    fn an_acked_message_that_never_arrived_is_lost_even_without_a_hole() {
        let lost = Fault::Lost { chat: "c".into(), mark: mark(2), party: BOB };
        assert_eq!(chat(&[(4, 0), (5, 1)]).faults(), [lost]);
    }

    #[test]
    fn one_whom_nothing_reached_lost_everything() {
        let mut ledger = chat(&[]);
        ledger.joined(BOB);
        assert_eq!(ledger.faults().len(), 3);
    }

    #[test]
    fn one_who_was_gone_at_the_end_lost_nothing() {
        let mut ledger = chat(&[(4, 0), (5, 1)]);
        ledger.excuse(BOB);
        assert_eq!(ledger.faults(), []);
    }

    #[test]
    fn a_message_under_two_numbers_is_doubled() {
        let faults = chat(&[(4, 0), (5, 1), (6, 1), (7, 2)]).faults();
        assert!(faults.contains(&Fault::Doubled { chat: "c".into(), mark: mark(1), party: BOB }), "{faults:?}");
    }

    #[test]
    fn an_event_that_came_again_and_one_that_was_left_out_break_the_numbering() {
        let again = chat(&[(4, 0), (4, 0), (5, 1), (6, 2)]).faults();
        assert!(again.contains(&Fault::Numbering { chat: "c".into(), party: BOB, expected: 5, got: 4 }));
        let hole = chat(&[(4, 0), (6, 1), (7, 2)]).faults();
        assert_eq!(hole, [Fault::Numbering { chat: "c".into(), party: BOB, expected: 5, got: 6 }]);
    }

    #[test]
    fn messages_in_another_order_are_found() {
        let faults = chat(&[(4, 1), (5, 0), (6, 2)]).faults();
        assert!(faults.contains(&Fault::Reordered { chat: "c".into(), mark: mark(0), party: BOB }), "{faults:?}");
        assert!(faults.contains(&Fault::Disagreement { chat: "c".into(), one: ANN, other: BOB }), "{faults:?}");
    }

    #[test]
    fn an_ack_with_the_number_of_another_event_is_wrong() {
        let mut ledger = chat(&[(4, 0), (5, 1), (6, 2)]);
        ledger.acked(mark(1), 9);
        assert_eq!(ledger.faults(), [Fault::WrongAck { chat: "c".into(), mark: mark(1), acked: 9, told: 2 }]);
    }

    #[test]
    fn a_chat_given_to_a_second_operator_unasked_has_two_owners() {
        let mut ledger = Ledger::new("c".into());
        ledger.told(BOB, 1, Content::Assigned("bob".into()));
        ledger.told(Party::Operator(2), 2, Content::Assigned("sue".into()));
        let faults = ledger.faults();
        assert_eq!(faults, [Fault::TwoOwners { chat: "c".into(), first: "bob".into(), second: "sue".into() }]);
        let mut moved = Ledger::new("c".into());
        moved.told(BOB, 1, Content::Assigned("bob".into()));
        moved.told(BOB, 2, Content::Transferred("sue".into()));
        moved.told(Party::Operator(2), 3, Content::Assigned("sue".into()));
        assert_eq!(moved.faults(), []);
    }
}
