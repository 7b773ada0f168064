//! The waiting order of one group. A chat's place comes from when it entered and from its priority, and nothing but
//! leaving changes it: a chat that rings somewhere keeps its place. Every step is O(log n), also how many are ahead.

mod overtaken;
pub mod positions;
pub mod ranked;

#[cfg(test)]
mod properties;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::ids::{ChatId, GroupId, OperatorId};
use crate::domain::limits::PRIORITY_STEP;
use crate::domain::queue::overtaken::Overtaken;
use crate::domain::queue::positions::Positions;
use crate::domain::queue::ranked::Ranked;
use crate::domain::routing::{Demand, Pool, Wishes};
use crate::domain::time::Timestamp;

/// Where a chat stands; the least is first. Total, and older chats overtake by waiting: nobody starves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// When it entered, moved ahead by its priority.
    pub rank: Timestamp,
    /// Which chat.
    pub chat: ChatId,
}

impl Place {
    /// Of a chat that entered at a moment with a priority; negative ones move it back.
    pub fn new(chat: ChatId, entered_at: Timestamp, priority: i32) -> Self {
        let step = PRIORITY_STEP.as_millis() as i64;
        let rank = entered_at.millis().saturating_sub(i64::from(priority) * step);
        Self { rank: Timestamp::from_millis(rank), chat }
    }
}

/// Whether a waiting chat is being offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Offering {
    /// Nobody has it.
    #[default]
    No,
    /// It was proposed; whether the chat and the store agree is not known yet.
    Proposed {
        /// To whom.
        operator: OperatorId,
        /// When the answer counts as lost.
        until: Timestamp,
    },
    /// It rings.
    Ringing {
        /// Where.
        operator: OperatorId,
    },
    /// Another group that looks for an operator too has proposed it.
    Elsewhere,
    /// It is known from the store alone, and has not said yet what it asks for.
    Unheard,
}

/// A waiting chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// When it entered.
    pub entered_at: Timestamp,
    /// Steps by which it is moved ahead.
    pub priority: i32,
    /// What it would like.
    pub wishes: Wishes,
    /// What of that still holds, and who has let it go.
    pub demand: Demand,
    /// The group it waits in, when it is only looking for an operator here.
    pub guest_of: Option<GroupId>,
    /// Another group has passed it on already.
    pub moved: bool,
    /// Whether it is being offered.
    pub offering: Offering,
    /// It is not proposed again before this moment: the last proposal came to nothing.
    pub rests_until: Option<Timestamp>,
}

impl Waiting {
    /// Until when somebody who becomes free may not be offered it, but one behind it: who let it go a moment ago, or anybody
    /// while it rests. Whoever let it go may be gone by then; to be careful for the rest of that time costs less than to know.
    fn overtaken_until(&self) -> Option<Timestamp> {
        self.demand.cools_down_until().max(self.rests_until)
    }
}

/// The queue of one group.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    waiting: BTreeMap<ChatId, Waiting>,
    order: Ranked<Place>,
    /// Those nobody has, by whom they look among: what routing looks at.
    unoffered: BTreeMap<Pool, BTreeSet<Place>>,
    /// How many chats look among whom, those that ring too.
    pools: BTreeMap<Pool, usize>,
    /// Those that wait in this group, and do not only look for an operator here.
    by_entry: BTreeSet<(Timestamp, ChatId)>,
    /// Of those, whom somebody has, or may have in a moment; and those that have not been heard yet.
    offered: BTreeSet<ChatId>,
    /// The others.
    guests: BTreeSet<ChatId>,
    overtaken: Overtaken,
    positions: Positions,
}

impl Queue {
    /// A chat enters, or is known already and only brought up to date; it is told its position in any case. A
    /// proposal under way goes on unless the chat rings by now.
    pub fn enqueue(&mut self, chat: ChatId, mut waiting: Waiting) {
        if let Some(known) = self.take_out(chat) {
            if waiting.offering == Offering::No
                && matches!(known.offering, Offering::Proposed { .. } | Offering::Elsewhere)
            {
                waiting.offering = known.offering;
            }
            waiting.rests_until = known.rests_until;
        }
        let place = Place::new(chat, waiting.entered_at, waiting.priority);
        self.order.insert(place);
        if waiting.guest_of.is_none() {
            self.by_entry.insert((waiting.entered_at, chat));
        } else {
            self.guests.insert(chat);
        }
        let pool = waiting.demand.pool();
        if waiting.offering == Offering::No {
            self.unoffered.entry(pool.clone()).or_default().insert(place);
        } else if waiting.guest_of.is_none() {
            self.offered.insert(chat);
        }
        *self.pools.entry(pool).or_default() += 1;
        self.overtaken.change(place, None, waiting.overtaken_until());
        self.waiting.insert(chat, waiting);
        self.positions.entered(chat);
    }

    /// A chat leaves.
    pub fn remove(&mut self, chat: ChatId) -> Option<Waiting> {
        let waiting = self.take_out(chat)?;
        self.positions.left(chat);
        Some(waiting)
    }

    /// The chat is being offered, or is not any more. Its place stays.
    pub fn set_offering(&mut self, chat: ChatId, offering: Offering) {
        let Some(waiting) = self.waiting.get_mut(&chat) else { return };
        waiting.offering = offering;
        let place = Place::new(chat, waiting.entered_at, waiting.priority);
        let pool = waiting.demand.pool();
        if offering == Offering::No {
            self.unoffered.entry(pool).or_default().insert(place);
            self.offered.remove(&chat);
        } else {
            withdraw(&mut self.unoffered, &pool, &place);
            if waiting.guest_of.is_none() {
                self.offered.insert(chat);
            }
        }
    }

    /// What the chat asks for, or who has let it go, is another.
    pub fn set_demand(&mut self, chat: ChatId, demand: Demand) {
        let Some(waiting) = self.waiting.get_mut(&chat) else { return };
        let (before, after) = (waiting.demand.pool(), demand.pool());
        let overtaken_until = waiting.overtaken_until();
        waiting.demand = demand;
        let place = Place::new(chat, waiting.entered_at, waiting.priority);
        self.overtaken.change(place, overtaken_until, waiting.overtaken_until());
        if before != after {
            if waiting.offering == Offering::No {
                withdraw(&mut self.unoffered, &before, &place);
                self.unoffered.entry(after.clone()).or_default().insert(place);
            }
            count_out(&mut self.pools, &before);
            *self.pools.entry(after).or_default() += 1;
            // Whether positions are exact may have changed with it.
            self.positions.look_at_the_first();
        }
    }

    /// The chat is not proposed before that moment.
    pub fn rest(&mut self, chat: ChatId, until: Timestamp) {
        let Some(waiting) = self.waiting.get_mut(&chat) else { return };
        let overtaken_until = waiting.overtaken_until();
        waiting.rests_until = Some(until);
        let place = Place::new(chat, waiting.entered_at, waiting.priority);
        self.overtaken.change(place, overtaken_until, waiting.overtaken_until());
    }

    /// A waiting chat.
    pub fn get(&self, chat: ChatId) -> Option<&Waiting> {
        self.waiting.get(&chat)
    }

    /// How many chats are served before this one; one that rings counts, for it keeps its place.
    pub fn ahead(&self, chat: ChatId) -> Option<usize> {
        let waiting = self.waiting.get(&chat)?;
        self.order.rank(&Place::new(chat, waiting.entered_at, waiting.priority))
    }

    /// The chat that is first.
    pub fn front(&self) -> Option<ChatId> {
        self.order.iter().next().map(|place| place.chat)
    }

    /// The chats in order.
    pub fn iter(&self) -> impl Iterator<Item = ChatId> {
        self.order.iter().map(|place| place.chat)
    }

    /// Among whom chats that nobody has look for their operator.
    pub fn pools(&self) -> impl Iterator<Item = &Pool> {
        self.unoffered.keys()
    }

    /// Whether all chats look among the same operators, so that each is served in its place.
    pub fn is_uniform(&self) -> bool {
        self.pools.len() <= 1
    }

    /// The first chat that those behind it may overtake at that moment.
    pub fn first_overtaken(&mut self, now: Timestamp) -> Option<Place> {
        self.overtaken.first(now)
    }

    /// When a chat that may be overtaken may be no more.
    pub fn next_overtaken(&self) -> Option<Timestamp> {
        self.overtaken.next()
    }

    /// Chats of a pool that nobody has, in order, behind a place.
    pub fn offerable(&self, pool: &Pool, behind: Option<Place>) -> impl Iterator<Item = (Place, &Waiting)> {
        let from = behind.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let places = self.unoffered.get(pool).into_iter();
        let places = places.flat_map(move |places| places.range((from, std::ops::Bound::Unbounded)));
        places.filter_map(|place| self.waiting.get(&place.chat).map(|waiting| (*place, waiting)))
    }

    /// Chats of all these pools that nobody has, in order. A step costs the logarithm of how many pools there are, and
    /// nothing for chats of others.
    pub fn offerable_in<'a>(
        &'a self,
        pools: impl Iterator<Item = &'a Pool>,
    ) -> impl Iterator<Item = (Place, &'a Waiting)> {
        let mut rest: Vec<_> = pools.filter_map(|pool| self.unoffered.get(pool)).map(BTreeSet::iter).collect();
        let first = rest.iter_mut().enumerate().filter_map(|(pool, places)| Some((*places.next()?, pool)));
        let mut heads: BTreeSet<(Place, usize)> = first.collect();
        let places = std::iter::from_fn(move || {
            let (place, pool) = heads.pop_first()?;
            heads.extend(rest.get_mut(pool).and_then(Iterator::next).map(|next| (*next, pool)));
            Some(place)
        });
        places.filter_map(|place| self.waiting.get(&place.chat).map(|waiting| (place, waiting)))
    }

    /// How many chats of a pool nobody has.
    pub fn offerable_count(&self, pool: &Pool) -> usize {
        self.unoffered.get(pool).map_or(0, BTreeSet::len)
    }

    /// Chats of this group that are being offered, or are not heard yet.
    pub fn offered(&self) -> impl Iterator<Item = (ChatId, &Waiting)> {
        self.offered.iter().filter_map(|chat| self.waiting.get(chat).map(|waiting| (*chat, waiting)))
    }

    /// Chats of this group that entered at that moment or before, the oldest first.
    pub fn entered_by(&self, at: Timestamp) -> impl Iterator<Item = ChatId> {
        self.by_entry.iter().take_while(move |(entered_at, _)| *entered_at <= at).map(|(_, chat)| *chat)
    }

    /// Chats of other groups that look for an operator here too.
    pub fn guests(&self) -> impl Iterator<Item = ChatId> {
        self.guests.iter().copied()
    }

    /// Chats that wait in this group, those that ring among them, and without guests.
    pub fn own_len(&self) -> usize {
        self.by_entry.len()
    }

    /// Chats that are served here, guests among them.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// When the one of this group that waits longest entered; with priorities that need not be the first.
    pub fn longest_since(&self) -> Option<Timestamp> {
        self.by_entry.first().map(|(at, _)| *at)
    }

    fn take_out(&mut self, chat: ChatId) -> Option<Waiting> {
        let waiting = self.waiting.remove(&chat)?;
        let place = Place::new(chat, waiting.entered_at, waiting.priority);
        self.order.remove(&place);
        self.overtaken.change(place, waiting.overtaken_until(), None);
        withdraw(&mut self.unoffered, &waiting.demand.pool(), &place);
        count_out(&mut self.pools, &waiting.demand.pool());
        self.by_entry.remove(&(waiting.entered_at, chat));
        self.offered.remove(&chat);
        self.guests.remove(&chat);
        Some(waiting)
    }
}

fn withdraw(unoffered: &mut BTreeMap<Pool, BTreeSet<Place>>, pool: &Pool, place: &Place) {
    if let Some(places) = unoffered.get_mut(pool) {
        places.remove(place);
        if places.is_empty() {
            unoffered.remove(pool);
        }
    }
}

fn count_out(pools: &mut BTreeMap<Pool, usize>, pool: &Pool) {
    if let Some(count) = pools.get_mut(pool) {
        *count -= 1;
        if *count == 0 {
            pools.remove(pool);
        }
    }
}
