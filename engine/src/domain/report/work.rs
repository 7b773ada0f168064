//! How much of the slots of those who receive is in use, over time: a slot of somebody who receives for an hour is an
//! hour of slots, and a chat held by somebody who receives an hour of use.

use std::ops::AddAssign;
use std::time::Duration;

use crate::domain::limits::UNLIMITED_COUNTS_AS;
use crate::domain::time::Timestamp;

/// See the module.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Slots of those who receive, times how long they did.
    pub slots: Duration,
    /// Of these, in use by chats.
    pub used: Duration,
}

impl Work {
    /// So many slots, and so many of them in use, for that long.
    pub fn of(slots: u32, used: u32, long: Duration) -> Self {
        Self { slots: long * slots, used: long * used }
    }

    /// The share in use; `None` where nobody received.
    pub fn occupancy(self) -> Option<f64> {
        (!self.slots.is_zero()).then(|| self.used.as_secs_f64() / self.slots.as_secs_f64())
    }
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.slots += other.slots;
        self.used += other.used;
    }
}

/// The hour that a moment is in.
pub fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.millis().div_euclid(HOUR_MILLIS) * HOUR_MILLIS)
}

/// The hours from one moment to another, and how much of each is between them.
pub fn by_hour(from: Timestamp, to: Timestamp) -> impl Iterator<Item = (Timestamp, Duration)> {
    let first = hour_of(from);
    let hours = (first.millis()..to.millis()).step_by(HOUR_MILLIS as usize).map(Timestamp::from_millis);
    let within = move |hour| to.min(hour + Duration::from_millis(HOUR_MILLIS as u64)).since(from.max(hour));
    hours.map(move |hour| (hour, within(hour))).filter(|(_, long)| !long.is_zero())
}

/// Slots of somebody with a limit overall, and one in each of the groups they receive from; unlimited counts as 10.
pub fn slots(limit: Option<u32>, groups: impl IntoIterator<Item = Option<u32>>) -> u32 {
    let (mut limited, mut unlimited) = (0_u32, 0);
    for group in groups {
        match group {
            Some(limit) => limited = limited.saturating_add(limit),
            None => unlimited = UNLIMITED_COUNTS_AS,
        }
    }
    match limit {
        Some(limit) if unlimited > 0 => limit,
        Some(limit) => limited.min(limit),
        None => limited.max(unlimited),
    }
}

const HOUR_MILLIS: i64 = 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_with_half_of_the_slots_in_use_is_half_occupied() {
        let mut work = Work::default();
        assert_eq!(work.occupancy(), None, "nobody received");
        work += Work::of(4, 0, Duration::from_secs(600));
        work += Work::of(4, 4, Duration::from_secs(600));
        assert_eq!(work, Work { slots: Duration::from_secs(4_800), used: Duration::from_secs(2_400) });
        assert_eq!(work.occupancy(), Some(0.5));
    }

    #[test]
    fn time_is_split_at_the_full_hours() {
        let at = |minutes: i64| Timestamp::from_millis(minutes * 60_000);
        let minutes = |from, to| -> Vec<(i64, u64)> {
            by_hour(at(from), at(to)).map(|(hour, long)| (hour.millis() / 60_000, long.as_secs() / 60)).collect()
        };
        assert_eq!(minutes(50, 190), [(0, 10), (60, 60), (120, 60), (180, 10)]);
        assert_eq!(minutes(60, 120), [(60, 60)]);
        assert_eq!(minutes(70, 80), [(60, 10)]);
        assert_eq!(minutes(80, 80), [], "no time has passed");
        assert_eq!(minutes(80, 70), [], "a clock that was set back");
    }

    #[test]
    fn slots_are_the_least_of_what_the_person_and_the_groups_allow() {
        assert_eq!(slots(Some(3), [Some(2), Some(2)]), 3);
        assert_eq!(slots(Some(5), [Some(1), Some(2)]), 3);
        assert_eq!(slots(Some(5), [Some(1), None]), 5);
        assert_eq!(slots(None, [Some(2), None]), 10);
        assert_eq!(slots(None, [Some(20), None]), 20);
        assert_eq!(slots(None, [Some(2), Some(3)]), 5);
        assert_eq!(slots(Some(3), []), 0, "receives from no group");
    }
}
