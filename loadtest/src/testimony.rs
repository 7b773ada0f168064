//! What one client heard and said in one chat, kept small while the chat runs and handed to the judge when it is
//! over. The judge puts the testimonies of both sides together as soon as it has them all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::checker::{Chat, Checker, Content, Fault, Mark, Millis, Party, Service};

/// What one client heard and said in one chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Testimony {
    /// The chat.
    pub chat: Chat,
    /// Who tells it.
    pub party: Party,
    /// Numbers of the messages that were handed to the server.
    pub said: Vec<u32>,
    /// Those that it promised to keep, each with the event's number that the ack gave.
    pub acked: Vec<(u32, u64)>,
    /// Every event, in the order it came.
    pub told: Vec<Told>,
    /// The client was not connected when the run was cut: what it did not hear is not lost.
    pub gone: bool,
}

/// An event that reached a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Its number in the client's numbering.
    pub seq: u64,
    /// When the server made it, in milliseconds; 0 for messages, whose moments nobody asks for.
    pub at: Millis,
    /// What it is.
    pub what: Content,
}

impl Testimony {
    /// An empty one.
    pub fn new(chat: &str, party: Party) -> Self {
        let (said, acked, told) = (Vec::new(), Vec::new(), Vec::new());
        Self { chat: chat.to_owned(), party, said, acked, told, gone: false }
    }

    /// Operators who are, or were, in the chat.
    fn operators(&self) -> impl Iterator<Item = &String> {
        self.told.iter().filter_map(|told| match &told.what {
            Content::Assigned(operator) | Content::Transferred(operator) | Content::Joined(operator) => Some(operator),
            _ => None,
        })
    }

    /// Whether this operator had the chat and gave it to a colleague, as the chat's events say.
    fn handed_on(&self, own: Option<&str>) -> bool {
        let mut changes = self.told.iter().filter_map(|told| match &told.what {
            Content::Assigned(operator) | Content::Transferred(operator) => Some(operator.as_str()),
            _ => None,
        });
        changes.any(|operator| Some(operator) == own) && changes.next().is_some()
    }
}

/// Puts testimonies together and has the judge look at each chat once.
#[derive(Debug, Default)]
pub struct Court {
    checker: Checker,
    /// Operators of the run by the ids that the server gave them.
    operators: BTreeMap<String, Party>,
    open: BTreeMap<Chat, Vec<Testimony>>,
    judged: u64,
    group: String,
    /// Some clients of the run are gone and cannot tell.
    incomplete: bool,
}

impl Court {
    /// A court that knows the run's operators, each with how many chats it may have, and the group.
    pub fn new(group: &str, operators: impl IntoIterator<Item = (String, u32, u32)>) -> Self {
        let mut court = Self { group: group.to_owned(), ..Self::default() };
        for (id, number, limit) in operators {
            court.checker.capacity.limit(&id, limit);
            court.operators.insert(id, Party::Operator(number));
        }
        court
    }

    /// Hears a testimony.
    pub fn hear(&mut self, testimony: Testimony) {
        let chat = testimony.chat.clone();
        let all = self.open.entry(chat.clone()).or_default();
        all.push(testimony);
        let is_in = |party: Party| all.iter().any(|testimony| testimony.party == party);
        let visitor = all.iter().any(|testimony| matches!(testimony.party, Party::Visitor(_)));
        let named = all.iter().flat_map(Testimony::operators);
        let named: Vec<Party> = named.filter_map(|id| self.operators.get(id).copied()).collect();
        // A chat that was answered has an operator's testimony; one that was not has none to wait for.
        let answered = all.iter().any(|testimony| testimony.told.iter().any(|told| told.what.is("assigned")));
        let complete = named.iter().all(|party| is_in(*party)) && (!answered || !named.is_empty());
        if visitor && complete {
            self.judge(&chat);
        }
    }

    /// The first offer of a chat that nobody may have had in the end, at the server's time.
    pub fn offered(&mut self, chat: &str, at: Millis) {
        self.checker.service.offered(&self.group, chat, at);
    }

    /// The slowest answer of the run, in milliseconds: finer than that the order of chats cannot be seen.
    pub fn slowest(&mut self, millis: Millis) {
        self.checker.service.slowest(millis);
    }

    /// How many chats were judged.
    pub fn judged(&self) -> u64 {
        self.judged
    }

    /// Some clients of the run are gone without a word. What they were offered and said is not known any more.
    pub fn somebody_is_gone(&mut self) {
        self.incomplete = true;
    }

    /// How many chats are known of which somebody has not told yet.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Judges what is left, and says all that was broken.
    pub fn close(&mut self) -> Vec<Fault> {
        let left: Vec<Chat> = self.open.keys().cloned().collect();
        for chat in left {
            self.judge(&chat);
        }
        if self.incomplete {
            self.checker.service = Service::default();
        }
        self.checker.verdict()
    }

    fn judge(&mut self, chat: &str) {
        let testimonies = self.open.remove(chat).unwrap_or_default();
        self.judged += 1;
        let mut offered = false;
        let ledger = self.checker.chat(chat);
        if self.incomplete {
            ledger.incomplete();
        }
        for testimony in &testimonies {
            let party = testimony.party;
            ledger.joined(party);
            for number in &testimony.said {
                ledger.said(Mark { sender: party, number: *number });
            }
            for (number, seq) in &testimony.acked {
                ledger.acked(Mark { sender: party, number: *number }, *seq);
            }
            for told in &testimony.told {
                ledger.told(party, told.seq, told.what.clone());
            }
            let own = self.operators.iter().find(|(_, known)| **known == party).map(|(id, _)| id.as_str());
            let handed_on = testimonies.iter().any(|testimony| testimony.handed_on(own));
            // Who gave the chat to a colleague hears no more of it.
            if testimony.gone || handed_on {
                ledger.excuse(party);
            }
        }
        let handed = testimonies.iter().flat_map(|testimony| &testimony.told).find_map(|told| match &told.what {
            Content::Transferred(to) => Some((to.clone(), told.at)),
            _ => None,
        });
        for testimony in &testimonies {
            offered |= self.note_times(chat, testimony, handed.as_ref());
        }
        let visitor = testimonies.iter().find(|testimony| matches!(testimony.party, Party::Visitor(_)));
        let end = visitor.and_then(|told| told.told.iter().find(|told| told.what == Content::Ended));
        if let Some(end) = end.filter(|_| !offered) {
            self.checker.service.gone(&self.group, chat, end.at);
        }
        self.checker.settle(chat);
    }

    /// Notes queueing, offers and ownership; whether an offer was among them.
    fn note_times(&mut self, chat: &str, testimony: &Testimony, handed: Option<&(String, Millis)>) -> bool {
        let (mut offered, mut mine) = (false, None);
        for told in &testimony.told {
            match (&told.what, testimony.party) {
                (Content::Other(kind), Party::Visitor(_)) if kind == "queued" => {
                    self.checker.service.queued(&self.group, chat, told.at);
                }
                (Content::Other(kind), Party::Operator(_)) if kind == "offered" && !offered => {
                    offered = true;
                    self.checker.service.offered(&self.group, chat, told.at);
                }
                (Content::Assigned(id) | Content::Transferred(id), party) if self.operators.get(id) == Some(&party) => {
                    self.checker.capacity.taken(id, told.at);
                    mine = Some(id);
                }
                (Content::Transferred(_) | Content::Ended, Party::Operator(_)) => {
                    if let Some(id) = mine.take() {
                        self.checker.capacity.given_up(id, told.at);
                    }
                }
                _ => {}
            }
        }
        // Who had no connection when a colleague agreed was not told that the chat is theirs no more.
        if let (Some(id), Some((_, at))) = (mine, handed.filter(|(to, _)| Some(to) != mine)) {
            self.checker.capacity.given_up(id, *at);
        }
        offered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Party = Party::Visitor(7);
    const BOB: Party = Party::Operator(0);

    fn told(party: Party, kinds: &[(u64, &str)]) -> Testimony {
        let mut testimony = Testimony::new("c", party);
        for (seq, kind) in kinds {
            let what = match *kind {
                "message" => Content::Message(Mark { sender: ANN, number: 0 }),
                "mine" => Content::Assigned("bob-id".into()),
                "sue's" => Content::Transferred("sue-id".into()),
                "ended" => Content::Ended,
                other => Content::Other(other.into()),
            };
            testimony.told.push(Told { seq: *seq, at: *seq as i64 * 1000, what });
        }
        testimony
    }

    fn court() -> Court {
        Court::new("support", [("bob-id".to_owned(), 0, 1)])
    }

    fn ann() -> Testimony {
        let mut ann = told(ANN, &[(1, "started"), (2, "queued"), (3, "assigned"), (4, "message"), (5, "ended")]);
        ann.said = vec![0];
        ann.acked = vec![(0, 4)];
        ann
    }

    #[test]
    fn a_chat_is_judged_once_both_sides_have_spoken_and_not_before() {
        let mut court = court();
        court.hear(ann());
        assert_eq!((court.judged(), court.open()), (0, 1));
        court.hear(told(
            BOB,
            &[(1, "started"), (2, "queued"), (3, "offered"), (4, "mine"), (5, "message"), (6, "ended")],
        ));
        assert_eq!((court.judged(), court.open(), court.close()), (1, 0, vec![]));
    }

    #[test]
    fn a_message_that_the_operator_never_got_is_found_whoever_speaks_first() {
        let mut court = court();
        court.hear(told(BOB, &[(4, "mine"), (5, "ended")]));
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
    fn who_handed_a_chat_on_need_not_hear_the_rest_and_who_has_it_must() {
        let sue = Party::Operator(1);
        let bobs = [(1, "started"), (2, "mine"), (3, "sue's")];
        let whole = [(1, "started"), (2, "mine"), (3, "sue's"), (4, "message"), (5, "ended")];
        for (heard, faults) in [(&whole[..], 0), (&[whole[0], whole[1], whole[2]], 1)] {
            let mut court = Court::new("support", [("bob-id".to_owned(), 0, 1), ("sue-id".to_owned(), 1, 1)]);
            court.hear(ann());
            court.hear(told(BOB, &bobs));
            assert_eq!(court.open(), 1, "the colleague has not told yet");
            court.hear(told(sue, heard));
            assert_eq!((court.open(), court.close().len()), (0, faults), "{heard:?}");
        }
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
                testimony.told[1].seq = from + 1;
                testimony.chat = chat.to_owned();
                court.hear(testimony);
            }
        }
        let over = Fault::OverCapacity { operator: "bob-id".into(), running: 2, limit: 1, at: 3000 };
        assert_eq!(court.close(), [over]);
    }
}
