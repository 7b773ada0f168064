//! What two nodes know of each other's messages: each is numbered, kept until it was confirmed, sent again while it
//! was not, and handed on once and in order, whatever the bus does. No input or output here: the time is an argument.
//!
//! Each end has a life, a number that rises when it begins anew. A message counts only between the two lives that it
//! names, so nothing of an earlier life is ever taken for new. When an end begins anew, or had to give messages up,
//! both ends say so ([`Taken::joined`]), and whoever uses the link tells and asks anew what may have been missed.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::value::RawValue;

use crate::actors::nodes::wire::Envelope;
use crate::domain::ids::NodeId;
use crate::domain::limits::{
    BUS_AGAIN_AFTER, BUS_AGAIN_AFTER_MAX, BUS_CONFIRM_WITHIN, BUS_EARLY_MAX, BUS_ENVELOPE_BYTES_MAX,
    BUS_ENVELOPE_MESSAGES_MAX, BUS_UNCONFIRMED_BYTES_MAX, BUS_UNCONFIRMED_MAX, NODE_BEAT_EVERY, NODE_SILENT_MAX,
};
use crate::domain::time::Timestamp;

/// One end of a link. See the module.
pub struct Link {
    me: NodeId,
    life: u64,
    /// The other's life; 0 while it is not known.
    theirs: u64,
    /// The other is known to know this life.
    joined: bool,
    next: u64,
    unconfirmed: VecDeque<Sent>,
    bytes: usize,
    through: u64,
    early: BTreeMap<u64, Box<RawValue>>,
    confirm_by: Option<Timestamp>,
    beat_at: Timestamp,
    hello_wait: Duration,
    heard_at: Timestamp,
}

struct Sent {
    number: u64,
    body: Box<RawValue>,
    due: Timestamp,
    tries: u32,
}

/// What an envelope brought.
#[derive(Default)]
pub struct Taken {
    /// The other end has begun anew: it knows nothing of what was told it before the messages below.
    pub joined: bool,
    /// Messages whose turn it is, in order.
    pub bodies: Vec<Box<RawValue>>,
    /// Messages that came again.
    pub doubled: usize,
    /// Messages that came before their turn: something between is missing or late.
    pub early: usize,
}

/// What is to be sent now.
#[derive(Default)]
pub struct Due {
    /// In this order.
    pub envelopes: Vec<Envelope>,
    /// How many messages of them are sent again.
    pub again: u64,
}

/// Why a message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The other end is not there; when it comes it is told everything anew.
    #[error("the node is not there")]
    Away,
    /// Too much is unconfirmed: begin anew.
    #[error("the node confirms nothing")]
    Full,
}

impl Link {
    /// An end that has not heard of the other. `life` must be greater than in any earlier run of this node.
    pub fn new(me: NodeId, life: u64, now: Timestamp) -> Self {
        Self {
            me,
            life,
            theirs: 0,
            joined: false,
            next: 1,
            unconfirmed: VecDeque::new(),
            bytes: 0,
            through: 0,
            early: BTreeMap::new(),
            confirm_by: None,
            beat_at: now,
            hello_wait: HELLO_FIRST,
            heard_at: now,
        }
    }

    /// Whether the other end is there.
    pub fn is_joined(&self) -> bool {
        self.joined
    }

    /// Takes a message to be sent.
    ///
    /// # Errors
    /// See [`NotSent`].
    pub fn push(&mut self, body: Box<RawValue>, now: Timestamp) -> Result<(), NotSent> {
        if !self.joined {
            return Err(NotSent::Away);
        }
        if self.unconfirmed.len() >= BUS_UNCONFIRMED_MAX || self.bytes >= BUS_UNCONFIRMED_BYTES_MAX {
            return Err(NotSent::Full);
        }
        self.bytes += body.get().len();
        self.unconfirmed.push_back(Sent { number: self.next, body, due: now, tries: 0 });
        self.next += 1;
        Ok(())
    }

    /// Takes an envelope of the other end.
    pub fn take(&mut self, envelope: Envelope, now: Timestamp) -> Taken {
        let mut taken = Taken::default();
        if envelope.life < self.theirs {
            return taken;
        }
        self.heard_at = now;
        if envelope.life > self.theirs {
            self.theirs = envelope.life;
            self.restart();
        }
        if envelope.to_life != self.life {
            if !self.joined {
                // It does not know this life yet: say it.
                self.confirm_by = Some(now);
            }
            return taken;
        }
        if !self.joined {
            (self.joined, taken.joined) = (true, true);
            self.confirm_by = Some(now);
        }
        while self.unconfirmed.front().is_some_and(|sent| sent.number <= envelope.heard) {
            self.bytes -= self.unconfirmed.pop_front().map_or(0, |sent| sent.body.get().len());
        }
        if !envelope.bodies.is_empty() {
            self.confirm_by.get_or_insert(now + BUS_CONFIRM_WITHIN);
        }
        for (number, body) in (envelope.first..).zip(envelope.bodies) {
            if number <= self.through || self.early.contains_key(&number) {
                taken.doubled += 1;
            } else if number - self.through <= BUS_EARLY_MAX as u64 {
                self.early.insert(number, body);
            }
        }
        while let Some(body) = self.early.remove(&(self.through + 1)) {
            self.through += 1;
            taken.bodies.push(body);
        }
        taken.early = self.early.len();
        taken
    }

    /// What is to be sent now: new messages, those that were not confirmed in time, or at least a sign of life.
    pub fn poll(&mut self, now: Timestamp) -> Due {
        let mut due = Due::default();
        if self.joined {
            self.collect(now, &mut due);
        }
        if due.envelopes.is_empty() && (self.beat_at <= now || self.confirm_by.is_some_and(|by| by <= now)) {
            due.envelopes.push(self.envelope(0));
        }
        if !due.envelopes.is_empty() {
            self.confirm_by = None;
            let wait = if self.joined { NODE_BEAT_EVERY } else { self.hello_wait };
            self.hello_wait = (self.hello_wait * 2).min(NODE_BEAT_EVERY);
            self.beat_at = now + wait;
        }
        due
    }

    /// When [`Link::poll`] has something to send, if nothing happens before.
    pub fn next_wake(&self) -> Timestamp {
        let messages = self.unconfirmed.iter().filter(|_| self.joined).map(|sent| sent.due).min();
        [Some(self.beat_at), self.confirm_by, messages].into_iter().flatten().min().unwrap_or(self.beat_at)
    }

    /// Whether the other end was there, and has been silent for too long.
    pub fn is_lost(&self, now: Timestamp) -> bool {
        self.joined && now.since(self.heard_at) > NODE_SILENT_MAX
    }

    /// Gives up what is under way, and begins anew: when the other end is heard, both tell everything anew.
    pub fn begin_anew(&mut self, now: Timestamp) {
        self.life += 1;
        // Forgotten, not only left: its clock, and with it its life, may have gone back when it is heard again.
        self.theirs = 0;
        self.restart();
        self.beat_at = now;
        self.hello_wait = HELLO_FIRST;
    }

    fn restart(&mut self) {
        self.joined = false;
        self.next = 1;
        self.unconfirmed.clear();
        self.bytes = 0;
        self.through = 0;
        self.early.clear();
        self.confirm_by = None;
    }

    fn collect(&mut self, now: Timestamp, due: &mut Due) {
        let mut open: Option<(Envelope, usize)> = None;
        let empty = self.envelope(0);
        for sent in self.unconfirmed.iter_mut().filter(|sent| sent.due <= now) {
            let size = sent.body.get().len();
            let fits = open.as_ref().is_some_and(|(envelope, bytes)| {
                envelope.first + envelope.bodies.len() as u64 == sent.number
                    && envelope.bodies.len() < BUS_ENVELOPE_MESSAGES_MAX
                    && bytes + size <= BUS_ENVELOPE_BYTES_MAX
            });
            if !fits {
                due.envelopes.extend(open.take().map(|(envelope, _)| envelope));
            }
            let (envelope, bytes) = open.get_or_insert_with(|| (Envelope { first: sent.number, ..empty.clone() }, 0));
            envelope.bodies.push(sent.body.clone());
            *bytes += size;
            due.again += u64::from(sent.tries > 0);
            sent.due = now + BUS_AGAIN_AFTER_MAX.min(BUS_AGAIN_AFTER * 2_u32.saturating_pow(sent.tries));
            sent.tries += 1;
        }
        due.envelopes.extend(open.map(|(envelope, _)| envelope));
    }

    fn envelope(&self, first: u64) -> Envelope {
        Envelope {
            version: Envelope::VERSION,
            from: self.me.clone(),
            life: self.life,
            to_life: self.theirs,
            heard: self.through,
            first,
            bodies: Vec::new(),
        }
    }
}

/// How soon a node that was not heard yet is greeted again; doubled each time.
const HELLO_FIRST: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
