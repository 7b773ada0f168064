//! Who in a queue must be told where they stand, and when: the first ones soon after a change, the others now and then,
//! nobody twice the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::ids::ChatId;
use crate::domain::limits::{POSITION_BACK_EVERY, POSITION_FRONT, POSITION_FRONT_EVERY, POSITION_SLICE};
use crate::domain::queue::{Queue, Waiting};
use crate::domain::time::Timestamp;

/// What each waiting chat was told, and when it is looked at again.
#[derive(Debug, Clone, Default)]
pub(super) struct Positions {
    told: BTreeMap<ChatId, Told>,
    /// Not told anything yet, or has asked again.
    unknown: BTreeSet<ChatId>,
    /// When the first ones are to be compared with what they were told; none: nothing has changed for them.
    front_at: Option<Timestamp>,
    /// Every chat that was told something, when it is looked at if it is not among the first.
    looks: BTreeSet<(Timestamp, ChatId)>,
}

/// Where a chat stands, as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stands {
    /// How many are ahead.
    pub ahead: usize,
    /// That number is not exact.
    pub about: bool,
    /// The wait in steps that are worth telling; none: that cannot be said.
    pub wait: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
struct Told {
    stands: Stands,
    at: Timestamp,
    look_at: Timestamp,
}

impl Positions {
    pub(super) fn entered(&mut self, chat: ChatId) {
        self.unknown.insert(chat);
        self.look_at_the_first();
    }

    pub(super) fn look_at_the_first(&mut self) {
        self.front_at = Some(Timestamp::EPOCH);
    }

    pub(super) fn left(&mut self, chat: ChatId) {
        self.unknown.remove(&chat);
        if let Some(told) = self.told.remove(&chat) {
            self.looks.remove(&(told.look_at, chat));
        }
        self.look_at_the_first();
    }

    fn tell(&mut self, chat: ChatId, stands: Stands, now: Timestamp, out: &mut Vec<(ChatId, Stands)>) {
        out.push((chat, stands));
        self.look_later(chat, Told { stands, at: now, look_at: look_after(now) });
    }

    fn look_later(&mut self, chat: ChatId, told: Told) {
        if let Some(before) = self.told.insert(chat, told) {
            self.looks.remove(&(before.look_at, chat));
        }
        self.looks.insert((told.look_at, chat));
    }
}

impl Queue {
    /// Which chats must be told now where they stand, which `stands` finds from how many are ahead. Newcomers at once; of
    /// those who stand behind the first ones at most [`POSITION_SLICE`] in one call: the rest is due at once, so that a
    /// long queue holds nothing up.
    pub fn positions_due(
        &mut self,
        now: Timestamp,
        stands: impl Fn(&Self, &Waiting, ChatId, usize) -> Stands,
    ) -> Vec<(ChatId, Stands)> {
        let mut out = Vec::new();
        let found = |queue: &Self, chat| Some(stands(queue, queue.get(chat)?, chat, queue.ahead(chat)?));
        for chat in std::mem::take(&mut self.positions.unknown) {
            if let Some(stands) = found(self, chat) {
                self.positions.tell(chat, stands, now, &mut out);
            }
        }
        if self.positions.front_at.is_some_and(|at| at <= now) {
            self.tell_front(now, &stands, &mut out);
        }
        for _ in 0..POSITION_SLICE {
            let Some((_, chat)) = self.positions.looks.first().copied().filter(|(at, _)| *at <= now) else { break };
            let (Some(stands), Some(told)) = (found(self, chat), self.positions.told.get(&chat).copied()) else {
                self.positions.left(chat);
                continue;
            };
            if told.stands == stands {
                self.positions.look_later(chat, Told { look_at: look_after(now), ..told });
            } else {
                self.positions.tell(chat, stands, now, &mut out);
            }
        }
        out
    }

    /// Something beside the order has changed that positions tell.
    pub fn look_at_the_first(&mut self) {
        self.positions.look_at_the_first();
    }

    /// When somebody must be told next.
    pub fn next_position(&self) -> Option<Timestamp> {
        let looks = self.positions.looks.first().map(|(at, _)| *at);
        let unknown = (!self.positions.unknown.is_empty()).then_some(Timestamp::EPOCH);
        [self.positions.front_at, looks, unknown].into_iter().flatten().min()
    }

    fn tell_front(
        &mut self,
        now: Timestamp,
        stands: &impl Fn(&Self, &Waiting, ChatId, usize) -> Stands,
        out: &mut Vec<(ChatId, Stands)>,
    ) {
        let first: Vec<ChatId> = self.iter().take(POSITION_FRONT).collect();
        let mut next: Option<Timestamp> = None;
        for (ahead, chat) in first.into_iter().enumerate() {
            let stands = self.get(chat).map(|waiting| stands(self, waiting, chat, ahead));
            let Some((told, stands)) = self.positions.told.get(&chat).copied().zip(stands) else { continue };
            if told.stands == stands {
                continue;
            }
            let from = told.at + POSITION_FRONT_EVERY;
            if from <= now {
                self.positions.tell(chat, stands, now, out);
            } else {
                next = Some(next.map_or(from, |at| at.min(from)));
            }
        }
        self.positions.front_at = next;
    }
}

/// The first whole second after which a chat behind the first ones may be told something new: whole ones, so that
/// one wake-up serves many.
fn look_after(now: Timestamp) -> Timestamp {
    let due = now + POSITION_BACK_EVERY;
    let second = Duration::from_secs(1).as_millis() as i64;
    Timestamp::from_millis(due.millis().saturating_add(second - 1).div_euclid(second).saturating_mul(second))
}
