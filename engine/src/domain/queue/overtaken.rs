//! Chats that those behind them may overtake for a while: not everybody who becomes free may be offered them. The first
//! of them in the order is known without a look at the others.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included, Unbounded};

use crate::domain::queue::Place;
use crate::domain::time::Timestamp;

/// See the module. Every step is O(log n), and one more for each chat whose time ends.
#[derive(Debug, Clone, Default)]
pub(super) struct Overtaken {
    /// By when their time ends, also where that is over: a clock may be set back.
    until: BTreeMap<Timestamp, BTreeSet<Place>>,
    /// Those whose time is not over.
    places: BTreeSet<Place>,
    /// How far time has passed.
    now: Timestamp,
}

impl Overtaken {
    /// The chat at a place may be overtaken until another moment than before.
    pub(super) fn change(&mut self, place: Place, before: Option<Timestamp>, after: Option<Timestamp>) {
        if before == after {
            return;
        }
        if let Some(until) = before {
            self.places.remove(&place);
            if let Some(places) = self.until.get_mut(&until) {
                places.remove(&place);
                if places.is_empty() {
                    self.until.remove(&until);
                }
            }
        }
        if let Some(until) = after {
            self.until.entry(until).or_default().insert(place);
            if until > self.now {
                self.places.insert(place);
            }
        }
    }

    /// The first chat that may be overtaken at that moment.
    pub(super) fn first(&mut self, now: Timestamp) -> Option<Place> {
        let between = (Excluded(self.now.min(now)), Included(self.now.max(now)));
        let is_set_back = now < self.now;
        for place in self.until.range(between).flat_map(|(_, places)| places) {
            if is_set_back {
                self.places.insert(*place);
            } else {
                self.places.remove(place);
            }
        }
        self.now = now;
        self.places.first().copied()
    }

    /// When the time of the next one ends.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.until.range((Excluded(self.now), Unbounded)).next().map(|(until, _)| *until)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::ids::{ChatId, Shard};

    proptest! {
        #[test]
        fn the_first_is_who_a_look_at_everybody_finds_also_when_the_clock_is_set_back(
            steps in prop::collection::vec((0_u8..12, prop::option::of(0_i64..40), 0_i64..40), 0..200),
        ) {
            let (mut overtaken, mut naive) = (Overtaken::default(), BTreeMap::new());
            for (chat, until, now) in steps {
                let place = Place::new(ChatId::new(0, u128::from(chat) << 90, Shard(0)), Timestamp::EPOCH, 0);
                let (until, now) = (until.map(Timestamp::from_millis), Timestamp::from_millis(now));
                overtaken.change(place, naive.get(&place).copied().flatten(), until);
                naive.insert(place, until);
                let lasts = |(_, until): &(&Place, &Option<Timestamp>)| until.is_some_and(|until| until > now);
                prop_assert_eq!(overtaken.first(now), naive.iter().find(lasts).map(|(place, _)| *place));
                prop_assert_eq!(overtaken.next(), naive.values().flatten().copied().filter(|until| *until > now).min());
            }
        }
    }
}
