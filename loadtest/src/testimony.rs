//! What one client heard and said in one chat, kept small while the chat runs and handed to the judge when it is
//! over. The judge puts the testimonies of both sides together as soon as it has them all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::checker::{Attention, Chat, Checker, Content, Excuse, Fault, Grain, Mark, Millis, Party, Presence, Service};

/// What one client heard and said in one chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Testimony {
    /// The chat.
    pub chat: Chat,
    /// Who tells it.
    pub party: Party,
    /// Numbers of the messages that were handed to the server.
    pub said: Vec<u32>,
    /// Those that it promised to keep, each with the event's number that the ack gave, if it was the message's own.
    pub acked: Vec<(u32, Option<u64>)>,
    /// Messages that came in other words than were said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub altered: Vec<Mark>,
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
        Self {
            chat: chat.to_owned(),
            party,
            said: Vec::new(),
            acked: Vec::new(),
            altered: Vec::new(),
            told: Vec::new(),
            gone: false,
            until: None,
            sent_away: false,
            placed: None,
        }
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

    /// When operators came in, each with when they were gone again at the latest, as far as this one was told.
    fn entries(&self) -> impl Iterator<Item = (Millis, Millis)> {
        self.told.iter().enumerate().filter(|(_, told)| told.what.brings_an_operator()).map(move |(place, told)| {
            let over = |later: &&Told| matches!(later.what, Content::Queued | Content::Ended);
            (told.at, self.told[place..].iter().find(over).map_or(Millis::MAX, |later| later.at))
        })
    }

    fn ended_at(&self) -> Option<Millis> {
        self.told.iter().find(|told| told.what == Content::Ended).map(|told| told.at)
    }
}

/// Who was in a chat when, as all those operators together were told.
fn presence<'a>(testimonies: impl IntoIterator<Item = &'a Testimony>) -> Presence {
    let operators = testimonies.into_iter().filter(|testimony| !testimony.is_visitors());
    let all = operators.flat_map(|testimony| &testimony.told);
    let facts: BTreeMap<u64, (&Content, Millis)> = all
        .filter(|told| !matches!(told.what, Content::Message(_) | Content::Other(_)))
        .map(|told| (told.seq, (&told.what, told.at)))
        .collect();
    Presence::of(facts.into_values())
}

/// How often an operator was in the chat, as far as they have told: each testimony is of one time, or of several of which
/// the one was not over when the next began.
fn sittings_told(all: &[Testimony], id: &str, party: Party) -> usize {
    let own = all.iter().filter(|testimony| testimony.party == party);
    let heard = |testimony: &Testimony| presence([testimony]).spans.get(id).map_or(0, Vec::len);
    own.clone().map(heard).max().unwrap_or_default().max(own.count())
}

/// Puts testimonies together and has the judge look at each chat once.
#[derive(Debug, Default)]
pub struct Court {
    checker: Checker,
    /// Operators of the run by the ids that the server gave them.
    operators: BTreeMap<String, Party>,
    open: BTreeMap<Chat, Vec<Testimony>>,
    attention: Attention,
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

    /// A promise that a client saw broken.
    pub fn broken(&mut self, fault: Fault) {
        self.checker.broken(fault);
    }

    /// When an operator listened; see [`Attention::listened`].
    pub fn listened(&mut self, party: Party, gaps: Vec<(Millis, Millis)>, until: Option<Millis>) {
        self.attention.listened(party, gaps, until);
    }

    /// Whether the visitor has told, and everybody whom the visitor saw coming in, as often as they came.
    fn is_complete(&self, chat: &str) -> bool {
        let Some(all) = self.open.get(chat) else { return false };
        let Some(visitor) = all.iter().find(|testimony| testimony.is_visitors()) else { return false };
        let presence = presence(all);
        let has_told = |(id, spans): (&String, &Vec<_>)| {
            self.operators.get(id).is_none_or(|party| sittings_told(all, id, *party) >= spans.len())
        };
        visitor.entries().count() <= presence.entries && presence.spans.iter().all(has_told)
    }

    /// Operators who came into a chat and never told of it, though they listened: nobody can have told them.
    fn unheard(&self, chat: &str) -> Vec<Fault> {
        let all = self.open.get(chat).map_or(&[][..], Vec::as_slice);
        let presence = presence(all);
        let mut faults = Vec::new();
        for (id, spans) in &presence.spans {
            let Some(party) = self.operators.get(id) else { continue };
            let missing = spans.len().saturating_sub(sittings_told(all, id, *party));
            let span = |(from, to): &&(Millis, Option<Millis>)| (*from, to.unwrap_or(Millis::MAX));
            let excused = spans.iter().filter(|it| self.attention.excuses(*party, span(it))).count();
            if missing > excused {
                faults.push(Fault::NotCalled { chat: chat.to_owned(), operator: id.clone() });
            }
        }
        // Entries that none of the operators heard of: any of them may have been meant.
        let visitors = all.iter().filter(|testimony| testimony.is_visitors());
        let seen: Vec<(Millis, Millis)> = visitors.flat_map(Testimony::entries).collect();
        let excuses = |span: &&(Millis, Millis)| self.operators.values().any(|it| self.attention.excuses(*it, **span));
        let excused = seen.iter().filter(excuses).count();
        if seen.len() > presence.entries + excused {
            faults.push(Fault::Untold { chat: chat.to_owned(), seen: seen.len(), told: presence.entries });
        }
        faults
    }

    /// An operator heard of an offer that expires at that moment of the server's clock.
    pub fn rang_until(&mut self, chat: &str, at: Millis) {
        self.checker.service.rang_until(chat, at);
    }

    /// An answer that came within that span of the server's clock took so many milliseconds: finer than that the order of
    /// chats cannot be seen around then.
    pub fn slow(&mut self, from: Millis, to: Millis, took: Millis) {
        self.checker.service.slow(from, to, took);
    }

    /// How finely the order of offers was judged.
    pub fn grain(&self) -> Grain {
        self.checker.service.grain()
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
            let unheard = if self.incomplete { Vec::new() } else { self.unheard(&chat) };
            unheard.into_iter().for_each(|fault| self.checker.broken(fault));
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
        for Testimony { party, altered, .. } in &testimonies {
            let fault = |mark: &Mark| Fault::Altered { chat: chat.to_owned(), mark: *mark, party: *party };
            altered.iter().map(fault).for_each(|fault| self.checker.broken(fault));
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
mod tests;
