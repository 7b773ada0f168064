//! How much of some slots was in use, added up over time.

use std::sync::atomic::{AtomicU64, Ordering};

use metrics::Counter;

use super::catalogue;
use super::recording::Recording;
use crate::domain::report::Work;

/// Two counters; they hold whole seconds only, so each keeps the milliseconds of the next one.
pub struct SlotTime {
    slots: (Counter, AtomicU64),
    used: (Counter, AtomicU64),
}

impl SlotTime {
    fn of(slots: Counter, used: Counter) -> Self {
        Self { slots: (slots, AtomicU64::new(0)), used: (used, AtomicU64::new(0)) }
    }

    /// A group's: see [`catalogue::SLOT_TIME`] and [`catalogue::SLOT_TIME_USED`].
    pub(super) fn of_group(recording: &Recording, of: &[&str]) -> Self {
        Self::of(recording.counter(&catalogue::SLOT_TIME, of), recording.counter(&catalogue::SLOT_TIME_USED, of))
    }

    /// That of an account's operators: see [`catalogue::OPERATOR_SLOT_TIME`] and [`catalogue::OPERATOR_SLOT_TIME_USED`].
    pub(super) fn of_operators(recording: &Recording, account: &str) -> Self {
        Self::of(
            recording.counter(&catalogue::OPERATOR_SLOT_TIME, &[account]),
            recording.counter(&catalogue::OPERATOR_SLOT_TIME_USED, &[account]),
        )
    }

    /// Counts how much of the slots was in use.
    pub fn worked(&self, work: Work) {
        for ((counter, millis), time) in [(&self.slots, work.slots), (&self.used, work.used)] {
            let more = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            let before = millis.fetch_add(more, Ordering::Relaxed);
            counter.increment((before % 1_000 + more) / 1_000);
        }
    }
}
