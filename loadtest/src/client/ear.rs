//! What a client heard of one chat, in its numbering, over all its connections. After it has asked for history it
//! takes up where that begins; from then on every event counts, so that what comes twice or is left out is seen.

use crate::checker::{Content, Party};
use crate::mark::Tag;
use crate::testimony::{Testimony, Told};
use crate::wire::{Event, millis};

/// A chat as one client hears it.
#[derive(Debug)]
pub struct Ear {
    testimony: Testimony,
    last: u64,
    catching_up: bool,
}

impl Ear {
    /// One that has heard nothing yet; `from_history`: it is about to ask for what was before.
    pub fn new(chat: &str, party: Party, from_history: bool) -> Self {
        Self { testimony: Testimony::new(chat, party), last: 0, catching_up: from_history }
    }

    /// The chat.
    pub fn chat(&self) -> &str {
        &self.testimony.chat
    }

    /// The number of the last event it has.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Asks for all behind the last event it has.
    pub fn resume(&mut self) -> String {
        self.catching_up = true;
        format!(r#"{{"type":"resume","chat":"{}","after":{}}}"#, self.testimony.chat, self.last)
    }

    /// Takes an event; the tag of a message of the run, and whether it counts: what runs ahead of the history that
    /// was asked for comes again in it.
    pub fn hear(&mut self, event: &Event<'_>) -> (bool, Option<Tag>) {
        if self.catching_up && event.seq != self.last + 1 {
            return (false, None);
        }
        self.catching_up = false;
        self.last = event.seq;
        let fact = &event.event;
        let read = fact.text.as_deref().filter(|_| fact.kind == "message").and_then(Tag::read);
        self.testimony.altered.extend(read.filter(|(_, whole)| !whole).map(|(tag, _)| tag.mark));
        let tag = read.map(|(tag, _)| tag);
        let what = match (fact.kind, tag, fact.operator) {
            (_, Some(tag), _) => Content::Message(tag.mark),
            ("assigned", _, Some(operator)) => Content::Assigned(operator.to_owned()),
            ("transferred", _, Some(operator)) => Content::Transferred(operator.to_owned()),
            ("joined", _, Some(operator)) => Content::Joined(operator.to_owned()),
            ("left", _, Some(operator)) => Content::Left(operator.to_owned()),
            ("queued", ..) => Content::Queued,
            ("ended", ..) => Content::Ended,
            (kind, ..) => Content::Other(kind.to_owned()),
        };
        let at = if tag.is_some() { 0 } else { millis(event.at) };
        self.testimony.told.push(Told { seq: event.seq, at, what });
        (true, tag)
    }

    /// The visitor is told a place in the queue; when, by the server's clock.
    pub fn placed(&mut self, at: Option<i64>) {
        self.testimony.placed = self.testimony.placed.or(at);
    }

    /// All that was asked for has come.
    pub fn caught_up(&mut self) {
        self.catching_up = false;
    }

    /// A message was handed to the server.
    pub fn said(&mut self, number: u32) {
        self.testimony.said.push(number);
    }

    /// The server promised to keep it, as the event of that number; none: as part of something else.
    pub fn acked(&mut self, number: u32, seq: Option<u64>) {
        self.testimony.acked.push((number, seq));
    }

    /// When an event of that kind was made, in milliseconds of the server's clock.
    pub fn at(&self, kind: &str) -> Option<i64> {
        self.testimony.told.iter().find(|told| told.what.is(kind)).map(|told| told.at)
    }

    /// Whether nothing is asked for that has not come.
    pub fn is_whole(&self) -> bool {
        !self.catching_up
    }

    /// The server says that the chat is somebody else's now: what follows is not told here.
    pub fn sent_away(&mut self) {
        self.testimony.sent_away = true;
    }

    /// What goes to the judge; `until`: up to which moment of the server's clock it listened, where that is known.
    pub fn testimony(self, gone: bool, until: Option<i64>) -> Testimony {
        Testimony { gone, until, ..self.testimony }
    }
}
