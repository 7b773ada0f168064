//! The judge. It knows only what clients sent and were told, never the server's own records, and names every
//! promise that was broken: messages lost, doubled, altered or out of order, sides that disagree, operators who were never
//! told of their chats, chats with two owners, operators over their limit, visitors served before those who waited longer,
//! commands without an answer, events for nobody who gets them.

mod attention;
mod capacity;
mod ledger;
mod presence;
mod service;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use attention::Attention;
pub use capacity::Capacity;
pub use ledger::{Excuse, Ledger};
pub use presence::Presence;
pub use service::{Grain, Service, TOLERANCE_MS};

/// A chat's id, as the server gave it.
pub type Chat = String;

/// An operator's id, as the server gave it.
pub type Operator = String;

/// A moment of the server's clock in milliseconds, as events bear it: what clients saw is put in order by it,
/// because two sockets may deliver in another order than the facts were made.
pub type Millis = i64;

/// A client of the run, the same over all its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Party {
    /// A visitor, by number.
    Visitor(u32),
    /// An operator, by number.
    Operator(u32),
}

/// What makes a message of the run known again wherever it turns up: its sender, and a number that rises with each
/// message the sender says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    /// Who said it.
    pub sender: Party,
    /// Its place among all that this sender said, from 0.
    pub number: u32,
}

/// What an event told, as far as the judge asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// A message of the run.
    Message(Mark),
    /// The chat belongs to this operator from here on.
    Assigned(Operator),
    /// It belongs to this operator from here on, and no more to whoever had it.
    Transferred(Operator),
    /// This operator came in beside the owner.
    Joined(Operator),
    /// This operator is not in the chat any more.
    Left(Operator),
    /// It waits in a queue, for the first time or again: nobody is in it.
    Queued,
    /// The chat ended.
    Ended,
    /// Any other kind, told apart by its name.
    Other(String),
}

impl Content {
    /// Its kind, as events bear it.
    pub fn kind(&self) -> &str {
        match self {
            Self::Message(_) => "message",
            Self::Assigned(_) => "assigned",
            Self::Transferred(_) => "transferred",
            Self::Joined(_) => "joined",
            Self::Left(_) => "left",
            Self::Queued => "queued",
            Self::Ended => "ended",
            Self::Other(kind) => kind,
        }
    }

    /// Whether it is of that kind.
    pub fn is(&self, kind: &str) -> bool {
        self.kind() == kind
    }

    /// Whether an operator comes into the chat, be it as its owner or beside the owner.
    pub fn brings_an_operator(&self) -> bool {
        matches!(self.kind(), "assigned" | "transferred" | "joined")
    }
}

/// A command that the server should have settled: it settled a later one of the chat, or let the time for an answer
/// pass and did not answer the second time either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unanswered {
    /// Who sent it.
    pub party: Party,
    /// Its id, which begins with what it asks for.
    pub command: String,
    /// The chat it was for; empty: none.
    pub chat: Chat,
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words of each variant say what its fields are")]
pub enum Fault {
    #[error("chat {chat}: {mark:?} was acked and never reached {party:?}")]
    Lost { chat: Chat, mark: Mark, party: Party },
    #[error("chat {chat}: {party:?} got {mark:?} more than once")]
    Doubled { chat: Chat, mark: Mark, party: Party },
    #[error("chat {chat}: {party:?} got {mark:?} behind a later message of its sender")]
    Reordered { chat: Chat, mark: Mark, party: Party },
    #[error("chat {chat}: {party:?} got {mark:?}, which nobody said there")]
    Invented { chat: Chat, mark: Mark, party: Party },
    #[error("chat {chat}: {party:?} got {mark:?} in other words than were said")]
    Altered { chat: Chat, mark: Mark, party: Party },
    #[error("chat {chat}: the ack of {mark:?} says {acked}, its event {told}")]
    WrongAck { chat: Chat, mark: Mark, acked: u64, told: u64 },
    #[error("chat {chat}: the ack of {command} of {party:?} names the chat {acked:?}")]
    AckElsewhere { chat: Chat, party: Party, command: String, acked: Chat },
    #[error("chat {chat}: {command} of {party:?} was told as an event and never acked")]
    Unacked { chat: Chat, party: Party, command: String },
    #[error("chat {chat}: event {seq} reached {party:?}, who is not in the chat")]
    Foreign { chat: Chat, party: Party, seq: u64 },
    #[error("chat {chat}: {operator} came in, as others heard, and was never told so")]
    NotCalled { chat: Chat, operator: Operator },
    #[error("chat {chat}: its visitor heard of {seen} operators who came in, operators of {told}")]
    Untold { chat: Chat, seen: usize, told: usize },
    #[error("chat {chat}: {party:?} missed the events from {expected} up to {got}")]
    Hole { chat: Chat, party: Party, expected: u64, got: u64 },
    #[error("chat {chat}: {party:?} got event {got} behind event {newest}")]
    Backwards { chat: Chat, party: Party, got: u64, newest: u64 },
    #[error("chat {chat}: {party:?} was there and never heard of its end")]
    Unended { chat: Chat, party: Party },
    #[error("chat {:?}: {} of {:?} was never answered", .0.chat, .0.command, .0.party)]
    Unanswered(Unanswered),
    #[error("chat {chat}: {one:?} and {other:?} were told different events, or in another order")]
    Disagreement { chat: Chat, one: Party, other: Party },
    #[error("chat {chat}: assigned to {second} while {first} owned it")]
    TwoOwners { chat: Chat, first: Operator, second: Operator },
    #[error("{operator} had {running} chats at {at}, the limit is {limit}")]
    OverCapacity { operator: Operator, running: u32, limit: u32, at: Millis },
    #[error("{chat} was offered while {longer} had waited {by_ms} ms longer")]
    OutOfTurn { chat: Chat, longer: Chat, by_ms: i64 },
}

/// Who listens has heard within so many milliseconds of what was stamped.
const HEARD_WITHIN: Millis = 5_000;

/// The judge of a run: one ledger for each chat, one account of capacity, one of the order of service.
#[derive(Debug, Default)]
pub struct Checker {
    ledgers: BTreeMap<Chat, Ledger>,
    settled: Vec<Fault>,
    /// Who had how many chats when.
    pub capacity: Capacity,
    /// Who waited and was offered when.
    pub service: Service,
}

impl Checker {
    /// What was said and told in one chat.
    pub fn chat(&mut self, chat: &str) -> &mut Ledger {
        self.ledgers.entry(chat.to_owned()).or_insert_with(|| Ledger::new(chat.to_owned()))
    }

    /// Judges a chat of which all is known, and forgets what was said in it.
    pub fn settle(&mut self, chat: &str) {
        let faults = self.ledgers.remove(chat).map(|ledger| ledger.faults());
        self.settled.extend(faults.unwrap_or_default());
    }

    /// A promise that a client saw broken.
    pub fn broken(&mut self, fault: Fault) {
        self.settled.push(fault);
    }

    /// Everything that was broken; empty for a server that kept its promises. Ask once all clients heard the end of
    /// their chats: what is still on its way counts as lost.
    pub fn verdict(&self) -> Vec<Fault> {
        let mut faults = self.settled.clone();
        faults.extend(self.ledgers.values().flat_map(Ledger::faults));
        faults.extend(self.capacity.faults());
        faults.extend(self.service.faults());
        faults
    }
}
