//! What one client heard and said in one chat, kept small while the chat runs and handed to the judge when it is
//! over. The judge puts the testimonies of both sides together as soon as it has them all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::checker::{Chat, Checker, Content, Excuse, Fault, Mark, Millis, Party, Presence, Service, Unanswered};

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
    /// Up to when it listened, by the server's clock; none: that is not known, or it was gone.
    pub until: Option<Millis>,
    /// The server said that the chat is somebody else's now, when the client came back to it.
    pub sent_away: bool,
    /// When the visitor was first told a place in the queue, by the server's clock.
    pub placed: Option<Millis>,
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
        let (until, placed) = (None, None);
        Self { chat: chat.to_owned(), party, said, acked, told, gone: false, until, sent_away: false, placed }
    }

    /// The event with which this operator, who tells it, left the chat and was not back; none: they are in it.
    fn out_at(&self, own: &str) -> Option<u64> {
        let (mut guest, mut inside, mut out) = (false, false, None);
        for told in &self.told {
            match &told.what {
                Content::Assigned(id) | Content::Transferred(id) if id == own => {
                    (inside, guest, out) = (true, false, None)
                }
                Content::Joined(id) if id == own => (inside, guest, out) = (true, true, None),
                Content::Transferred(_) if inside && !guest => (inside, out) = (false, Some(told.seq)),
                Content::Left(id) if id == own => (inside, out) = (false, Some(told.seq)),
                Content::Queued if inside => (inside, out) = (false, Some(told.seq)),
                _ => {}
            }
        }
        out
    }

    /// Why they need not have heard all of it.
    fn excuse(&self, own: Option<&str>) -> Excuse {
        let last = self.told.last().map_or(0, |told| told.seq);
        let behind = own.and_then(|own| self.out_at(own)).or(self.sent_away.then_some(last));
        match (self.gone, behind) {
            (true, _) => Excuse::All,
            (false, Some(seq)) => Excuse::Behind(seq),
            (false, None) => Excuse::Nothing,
        }
    }

    fn is_visitors(&self) -> bool {
        matches!(self.party, Party::Visitor(_))
    }

    fn ended_at(&self) -> Option<Millis> {
        self.told.iter().find(|told| told.what == Content::Ended).map(|told| told.at)
    }
}

/// Who was in a chat when, as all its operators together were told.
fn presence(testimonies: &[Testimony]) -> Presence {
    let operators = testimonies.iter().filter(|testimony| !testimony.is_visitors());
    let all = operators.flat_map(|testimony| &testimony.told);
    let facts: BTreeMap<u64, (&Content, Millis)> = all
        .filter(|told| !matches!(told.what, Content::Message(_) | Content::Other(_)))
        .map(|told| (told.seq, (&told.what, told.at)))
        .collect();
    Presence::of(facts.into_values())
}

/// Puts testimonies together and has the judge look at each chat once.
#[derive(Debug, Default)]
pub struct Court {
    checker: Checker,
    /// Operators of the run by the ids that the server gave them.
    operators: BTreeMap<String, Party>,
    open: BTreeMap<Chat, Vec<Testimony>>,
    judged: u64,
    /// Some clients of the run are gone and cannot tell.
    incomplete: bool,
}

impl Court {
    /// A court that knows the run's operators, each with how many chats it may have.
    pub fn new(operators: impl IntoIterator<Item = (String, u32, u32)>) -> Self {
        let mut court = Self::default();
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
        if self.is_complete(&chat) {
            self.judge(&chat);
        }
    }

    /// A command that was never answered.
    pub fn unanswered(&mut self, unanswered: Unanswered) {
        self.checker.unanswered(unanswered);
    }

    /// Whether the visitor has told, and everybody whom the visitor saw coming in, as often as they came.
    fn is_complete(&self, chat: &str) -> bool {
        let Some(all) = self.open.get(chat) else { return false };
        let Some(visitor) = all.iter().find(|testimony| testimony.is_visitors()) else { return false };
        let presence = presence(all);
        let seen = visitor.told.iter().filter(|told| told.what.brings_an_operator()).count();
        let has_told = |id: &String, times: usize| {
            let Some(party) = self.operators.get(id) else { return true };
            all.iter().filter(|testimony| testimony.party == *party).count() >= times
        };
        seen <= presence.entries && presence.spans.iter().all(|(id, spans)| has_told(id, spans.len()))
    }

    /// An operator heard of an offer that expires at that moment of the server's clock.
    pub fn rang_until(&mut self, chat: &str, at: Millis) {
        self.checker.service.rang_until(chat, at);
    }

    /// The slowest answer of the run, in milliseconds: finer than that the order of chats cannot be seen.
    pub fn slowest(&mut self, millis: Millis) {
        self.checker.service.slowest(millis);
    }

    /// What happened within so many milliseconds may have been the other way round.
    pub fn tolerance(&self) -> Millis {
        self.checker.service.tolerance()
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
        let ended = testimonies.iter().find_map(Testimony::ended_at);
        let ledger = self.checker.chat(chat);
        if self.incomplete {
            ledger.incomplete();
        }
        ended.into_iter().for_each(|at| ledger.ended(at));
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
            ledger.excuse(party, testimony.excuse(own));
            testimony.until.into_iter().for_each(|until| ledger.listened(party, until));
        }
        self.note_slots(&testimonies, ended);
        for testimony in &testimonies {
            self.note_times(chat, testimony);
        }
        self.checker.settle(chat);
    }

    /// Notes who held a slot when. Where operators were not told of the end, the visitor was.
    fn note_slots(&mut self, testimonies: &[Testimony], ended: Option<Millis>) {
        let mut presence = presence(testimonies);
        ended.into_iter().for_each(|at| presence.all_leave(at));
        let known = presence.spans.iter().filter(|(id, _)| self.operators.contains_key(*id));
        for (id, spans) in known {
            for (from, to) in spans {
                self.checker.capacity.taken(id, *from);
                to.iter().for_each(|to| self.checker.capacity.given_up(id, *to));
            }
        }
    }

    /// Notes what is known of the wait.
    fn note_times(&mut self, chat: &str, testimony: &Testimony) {
        let service = &mut self.checker.service;
        // Some groups assign at once, without an offer.
        let offered = testimony.told.iter().filter(|told| told.what.is("offered") || told.what.is("assigned"));
        offered.for_each(|told| service.offered(chat, told.at));
        if !testimony.is_visitors() {
            return;
        }
        let mut queued = testimony.told.iter().filter(|told| told.what == Content::Queued);
        queued.next().into_iter().for_each(|told| service.queued(chat, told.at));
        queued.for_each(|told| service.over(chat, told.at));
        testimony.placed.into_iter().for_each(|at| service.placed(chat, at));
        // Of one who did not hear the end it is known that they waited up to the last they heard.
        let last = testimony.told.iter().map(|told| told.at).max();
        let over = testimony.ended_at().or(testimony.until).or(last);
        over.into_iter().for_each(|at| service.over(chat, at));
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
            (ann.told[5].seq, ann.told[6].seq, ann.acked) = (6, 7, vec![(0, 6)]);
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
        court.unanswered(Unanswered { party: ANN, command: "m3".into(), chat: "c".into() });
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
}
