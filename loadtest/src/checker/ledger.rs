//! One chat from the side of everybody in it. A client that reconnects resumes behind the last event it has, so the
//! numbers go on without a hole over all its connections, and one rule holds for live events and history alike.

use std::collections::{BTreeMap, BTreeSet};

use super::{Chat, Content, Fault, HEARD_WITHIN, Mark, Millis, Operator, Party};

/// How many who come next one is compared with; the visitor is with all. Chats have few operators.
const COMPARED_MAX: usize = 16;

/// All that is known of one chat.
#[derive(Debug)]
pub struct Ledger {
    chat: Chat,
    said: BTreeSet<Mark>,
    /// With the event's number where the ack named it.
    acked: BTreeMap<Mark, Option<u64>>,
    /// By party, and by how often it had been in the chat before.
    sittings: BTreeMap<(Party, usize), Sitting>,
    ended: Option<Millis>,
    /// Not everybody in the chat could tell what they said.
    incomplete: bool,
}

/// What somebody was told from coming into the chat to leaving it.
#[derive(Debug, Default)]
struct Sitting {
    told: Vec<(u64, Content)>,
    excuse: Excuse,
    until: Option<Millis>,
}

/// What somebody need not have heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Excuse {
    /// There is none.
    #[default]
    Nothing,
    /// What came behind this event, for the chat was somebody else's then.
    Behind(u64),
    /// Anything: they were gone when the run ended.
    All,
}

impl Ledger {
    pub(super) fn new(chat: Chat) -> Self {
        let (said, acked, sittings) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        Self { chat, said, acked, sittings, ended: None, incomplete: false }
    }

    /// A message was handed to the server; whether it was stored is not known yet.
    pub fn said(&mut self, mark: Mark) {
        self.said.insert(mark);
    }

    /// The server promised to keep it, under this number of the sender's side; none: as part of something else.
    pub fn acked(&mut self, mark: Mark, seq: impl Into<Option<u64>>) {
        self.acked.insert(mark, seq.into());
    }

    /// Somebody is in the chat, again if they were before, and shall hear all of it, even if nothing ever reaches them.
    pub fn joined(&mut self, party: Party) {
        let before = self.sittings.range((party, 0)..=(party, usize::MAX)).count();
        self.sittings.insert((party, before), Sitting::default());
    }

    /// An event reached somebody in the chat.
    pub fn told(&mut self, party: Party, seq: u64, content: Content) {
        self.sitting(party).told.push((seq, content));
    }

    /// Why somebody need not have heard all of it.
    pub fn excuse(&mut self, party: Party, excuse: Excuse) {
        self.sitting(party).excuse = excuse;
    }

    /// Somebody listened up to this moment of the server's clock.
    pub fn listened(&mut self, party: Party, until: Millis) {
        self.sitting(party).until = Some(until);
    }

    /// The chat ended at this moment, as somebody was told.
    pub fn ended(&mut self, at: Millis) {
        self.ended = Some(at);
    }

    /// Somebody of the run is gone and cannot tell: messages of those who told nothing are not taken for invented.
    pub fn incomplete(&mut self) {
        self.incomplete = true;
    }

    fn sitting(&mut self, party: Party) -> &mut Sitting {
        let last = self.sittings.range((party, 0)..=(party, usize::MAX)).next_back().map(|((_, number), _)| *number);
        self.sittings.entry((party, last.unwrap_or_default())).or_default()
    }

    /// What was broken in this chat.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for ((party, _), sitting) in &self.sittings {
            self.judge_numbers(*party, &sitting.told, &mut faults);
            self.judge_messages(*party, sitting, &mut faults);
            self.judge_end(*party, sitting, &mut faults);
        }
        self.judge_acks(&mut faults);
        self.judge_agreement(&mut faults);
        self.judge_owners(&mut faults);
        faults
    }

    fn judge_numbers(&self, party: Party, told: &[(u64, Content)], faults: &mut Vec<Fault>) {
        let mut expected = 1;
        for (got, _) in told {
            let (chat, got) = (self.chat.clone(), *got);
            match got {
                _ if got > expected => faults.push(Fault::Hole { chat, party, expected, got }),
                _ if got < expected => faults.push(Fault::Backwards { chat, party, got, newest: expected - 1 }),
                _ => {}
            }
            expected = expected.max(got + 1);
        }
    }

    fn judge_messages(&self, party: Party, sitting: &Sitting, faults: &mut Vec<Fault>) {
        let mut heard = BTreeSet::new();
        let mut newest: BTreeMap<Party, u32> = BTreeMap::new();
        for mark in messages(&sitting.told) {
            let chat = self.chat.clone();
            let unheard = self.incomplete && !self.has_spoken(mark.sender);
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
        let numbers = self.numbers_behind(sitting.excuse);
        let owed = |mark: &&Mark| match sitting.excuse {
            Excuse::Nothing => true,
            // One that no operator has a number of is missed by whoever has the chat now.
            Excuse::Behind(seq) => numbers.get(mark).is_some_and(|number| *number <= seq),
            Excuse::All => false,
        };
        let lost = self.acked.keys().filter(|mark| !heard.contains(mark)).filter(owed);
        faults.extend(lost.map(|mark| Fault::Lost { chat: self.chat.clone(), mark: *mark, party }));
    }

    /// The operators' numbers of messages, where an excuse asks for them.
    fn numbers_behind(&self, excuse: Excuse) -> BTreeMap<Mark, u64> {
        let asked = matches!(excuse, Excuse::Behind(_));
        let all = self.operators().filter(|_| asked).flatten();
        let numbers = all.filter_map(|(seq, content)| match content {
            Content::Message(mark) => Some((*mark, *seq)),
            _ => None,
        });
        numbers.collect()
    }

    /// Whoever listens hears of the end that others were told of.
    fn judge_end(&self, party: Party, sitting: &Sitting, faults: &mut Vec<Fault>) {
        let heard = sitting.told.iter().any(|(_, content)| *content == Content::Ended);
        let listened = sitting.until.zip(self.ended).is_some_and(|(until, ended)| until >= ended + HEARD_WITHIN);
        if listened && !heard && sitting.excuse == Excuse::Nothing {
            faults.push(Fault::Unended { chat: self.chat.clone(), party });
        }
    }

    fn judge_acks(&self, faults: &mut Vec<Fault>) {
        for (mark, acked) in &self.acked {
            let all = self.sittings.range((mark.sender, 0)..=(mark.sender, usize::MAX));
            let mut own = all.flat_map(|(_, sitting)| &sitting.told);
            let told = own.find(|(_, content)| *content == Content::Message(*mark));
            match told {
                Some((told, _)) if acked.is_some_and(|acked| acked != *told) => {
                    let (chat, acked) = (self.chat.clone(), acked.unwrap_or_default());
                    faults.push(Fault::WrongAck { chat, mark: *mark, acked, told: *told });
                }
                // Somebody who heard nothing at all has no list above to miss it in.
                None if !self.has_spoken(mark.sender) => {
                    faults.push(Fault::Lost { chat: self.chat.clone(), mark: *mark, party: mark.sender });
                }
                _ => {}
            }
        }
    }

    /// Messages that two have stand in the same order at both; those of one side have one numbering as well.
    fn judge_agreement(&self, faults: &mut Vec<Fault>) {
        let heard: Vec<Heard<'_>> =
            self.sittings.iter().map(|((party, _), sitting)| Heard::of(*party, sitting)).collect();
        for (place, one) in heard.iter().enumerate() {
            let compared = if matches!(one.party, Party::Visitor(_)) { usize::MAX } else { COMPARED_MAX };
            for other in heard[place + 1..].iter().take(compared).filter(|other| !one.agrees(other)) {
                faults.push(Fault::Disagreement { chat: self.chat.clone(), one: one.party, other: other.party });
            }
        }
    }

    /// Owners by the operators' numbering, put together from all operators who were told a part of it.
    fn judge_owners(&self, faults: &mut Vec<Fault>) {
        let facts: BTreeMap<u64, &Content> = self.operators().flatten().map(|(seq, content)| (*seq, content)).collect();
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
                // Whose owner was lost for too long waits again, and has none.
                Content::Queued | Content::Ended => owner = None,
                Content::Message(_) | Content::Joined(_) | Content::Left(_) | Content::Other(_) => {}
            }
        }
    }

    fn operators(&self) -> impl Iterator<Item = &Vec<(u64, Content)>> {
        let all = self.sittings.iter().filter(|((party, _), _)| matches!(party, Party::Operator(_)));
        all.map(|(_, sitting)| &sitting.told)
    }

    fn has_spoken(&self, party: Party) -> bool {
        self.sittings.contains_key(&(party, 0))
    }
}

fn messages(told: &[(u64, Content)]) -> impl Iterator<Item = Mark> {
    told.iter().filter_map(|(_, content)| match content {
        Content::Message(mark) => Some(*mark),
        _ => None,
    })
}

/// What somebody heard, made ready to be set beside what others did.
struct Heard<'a> {
    party: Party,
    told: &'a [(u64, Content)],
    order: Vec<Mark>,
    marks: BTreeSet<Mark>,
}

impl<'a> Heard<'a> {
    fn of(party: Party, sitting: &'a Sitting) -> Self {
        let order: Vec<Mark> = messages(&sitting.told).collect();
        Self { party, told: &sitting.told, marks: order.iter().copied().collect(), order }
    }

    fn agrees(&self, other: &Self) -> bool {
        let here = self.order.iter().filter(|mark| other.marks.contains(mark));
        let there = other.order.iter().filter(|mark| self.marks.contains(mark));
        if !here.eq(there) {
            return false;
        }
        if !matches!((self.party, other.party), (Party::Operator(_), Party::Operator(_))) {
            return true;
        }
        let by_number: BTreeMap<u64, &Content> = other.told.iter().map(|(seq, content)| (*seq, content)).collect();
        !self.told.iter().any(|(seq, content)| by_number.get(seq).is_some_and(|told| *told != content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Party = Party::Visitor(1);
    const BOB: Party = Party::Operator(1);

    fn mark(number: u32) -> Mark {
        Mark { sender: ANN, number }
    }

    fn other(kind: &str) -> Content {
        Content::Other(kind.into())
    }

    /// Ann says three messages; she hears them as 1 to 3, Bob, who sees more, as 4 to 6 behind the chat's beginning.
    fn chat(bob_hears: &[(u64, u32)]) -> Ledger {
        let mut ledger = Ledger::new("c".into());
        if !bob_hears.is_empty() {
            (1..=3).for_each(|seq| ledger.told(BOB, seq, other("started")));
        }
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
        ledger.excuse(BOB, Excuse::All);
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
        assert!(again.contains(&Fault::Backwards { chat: "c".into(), party: BOB, got: 4, newest: 4 }), "{again:?}");
        let hole = chat(&[(4, 0), (6, 1), (7, 2)]).faults();
        assert_eq!(hole, [Fault::Hole { chat: "c".into(), party: BOB, expected: 5, got: 6 }]);
        let late = chat(&[(5, 1), (4, 0), (6, 2)]).faults();
        assert!(late.contains(&Fault::Backwards { chat: "c".into(), party: BOB, got: 4, newest: 5 }), "{late:?}");
    }

    #[test]
    fn whoever_missed_the_beginning_is_found() {
        let mut ledger = Ledger::new("c".into());
        ledger.told(BOB, 2, other("queued"));
        assert_eq!(ledger.faults(), [Fault::Hole { chat: "c".into(), party: BOB, expected: 1, got: 2 }]);
    }

    #[test]
    fn whoever_listens_and_never_hears_of_the_end_is_found() {
        let unended = [Fault::Unended { chat: "c".into(), party: BOB }];
        // Until when Bob listened, of a chat that ended at 1000, and his excuse.
        let cases = [
            (Some(6_000), Excuse::Nothing, &unended[..]),
            (Some(5_999), Excuse::Nothing, &[]),
            (None, Excuse::Nothing, &[]),
            (Some(60_000), Excuse::Behind(6), &[]),
        ];
        for (until, excuse, faults) in cases {
            let mut ledger = chat(&[(4, 0), (5, 1), (6, 2)]);
            ledger.told(ANN, 4, Content::Ended);
            ledger.ended(1_000);
            until.into_iter().for_each(|until| ledger.listened(BOB, until));
            ledger.excuse(BOB, excuse);
            assert_eq!(ledger.faults(), faults, "{until:?} {excuse:?}");
        }
    }

    #[test]
    fn whoever_handed_a_chat_on_must_have_heard_all_up_to_then() {
        let sue = Party::Operator(2);
        for (behind, lost) in [(6, vec![mark(1), mark(2)]), (5, vec![mark(1)]), (4, vec![])] {
            let mut ledger = chat(&[(4, 0)]);
            (1..=3).for_each(|seq| ledger.told(sue, seq, other("started")));
            (4..=6).for_each(|seq| ledger.told(sue, seq, Content::Message(mark(seq as u32 - 4))));
            ledger.excuse(BOB, Excuse::Behind(behind));
            let lost: Vec<_> =
                lost.into_iter().map(|mark| Fault::Lost { chat: "c".into(), mark, party: BOB }).collect();
            assert_eq!(ledger.faults(), lost, "behind {behind}");
        }
    }

    #[test]
    fn a_chat_that_comes_back_to_somebody_is_heard_from_its_beginning_again() {
        let mut ledger = chat(&[(4, 0), (5, 1)]);
        ledger.excuse(BOB, Excuse::Behind(5));
        ledger.joined(BOB);
        (1..=3).for_each(|seq| ledger.told(BOB, seq, other("started")));
        (4..=6).for_each(|seq| ledger.told(BOB, seq, Content::Message(mark(seq as u32 - 4))));
        assert_eq!(ledger.faults(), []);
        ledger.joined(BOB);
        assert_eq!(ledger.faults().len(), 3, "the third time he heard nothing");
    }

    #[test]
    fn messages_in_another_order_are_found() {
        let faults = chat(&[(4, 1), (5, 0), (6, 2)]).faults();
        assert!(faults.contains(&Fault::Reordered { chat: "c".into(), mark: mark(0), party: BOB }), "{faults:?}");
        assert!(faults.contains(&Fault::Disagreement { chat: "c".into(), one: ANN, other: BOB }), "{faults:?}");
    }

    #[test]
    fn everybody_is_set_beside_everybody() {
        // The visitor and each operator agree with the first one, who came too early to hear both; not with each other.
        let sue = Party::Operator(2);
        let hers = Mark { sender: sue, number: 0 };
        let mut ledger = Ledger::new("c".into());
        [mark(0), hers].into_iter().for_each(|mark| ledger.said(mark));
        (1..).zip([mark(0), hers]).for_each(|(seq, mark)| ledger.told(ANN, seq, Content::Message(mark)));
        ledger.told(BOB, 1, other("started"));
        ledger.told(sue, 1, other("started"));
        (2..).zip([hers, mark(0)]).for_each(|(seq, mark)| ledger.told(sue, seq, Content::Message(mark)));
        assert_eq!(ledger.faults(), [Fault::Disagreement { chat: "c".into(), one: ANN, other: sue }]);
    }

    #[test]
    fn an_ack_with_the_number_of_another_event_is_wrong() {
        let mut ledger = chat(&[(4, 0), (5, 1), (6, 2)]);
        ledger.acked(mark(0), None);
        ledger.acked(mark(1), 9);
        assert_eq!(ledger.faults(), [Fault::WrongAck { chat: "c".into(), mark: mark(1), acked: 9, told: 2 }]);
    }

    #[test]
    fn a_chat_given_to_a_second_operator_unasked_has_two_owners() {
        let sue = Party::Operator(2);
        let told = |between: Option<Content>| {
            let mut ledger = Ledger::new("c".into());
            let first = [Some(Content::Assigned("bob".into())), between];
            let last = Content::Assigned("sue".into());
            for (seq, content) in (1..).zip(first.into_iter().flatten()) {
                ledger.told(BOB, seq, content.clone());
                ledger.told(sue, seq, content);
            }
            let seq = ledger.sittings[&(sue, 0)].told.len() as u64 + 1;
            ledger.told(sue, seq, last);
            ledger.faults()
        };
        let two = [Fault::TwoOwners { chat: "c".into(), first: "bob".into(), second: "sue".into() }];
        assert_eq!(told(None), two);
        assert_eq!(told(Some(Content::Transferred("sue".into()))), []);
        assert_eq!(told(Some(Content::Queued)), [], "he was lost for too long");
    }
}
