//! How much of the slots was in use, on its way to the store: queues and operators say how it has been, and every now
//! and then it is added to what is stored. What was not stored at a crash is lost, some seconds of it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::actors::shared::{Shared, lock};
use crate::domain::ids::AccountId;
use crate::domain::limits::{NOTED_AT_ONCE, WORK_KEPT, WORK_WAITING_MAX};
use crate::domain::report::{Work, by_hour, hour_of};
use crate::domain::time::Timestamp;
use crate::ports::work::{Whose, WorkRow};

/// See the module.
#[derive(Default)]
pub struct Worked {
    waiting: Mutex<BTreeMap<(AccountId, Timestamp, Whose), Work>>,
    /// The hour in which what is too old was forgotten last.
    forgot_in: Mutex<Option<Timestamp>>,
}

impl Worked {
    /// From one moment to another there were so many slots, and so many of them in use.
    pub fn add(&self, account: AccountId, whose: &Whose, (from, to): (Timestamp, Timestamp), slots: u32, used: u32) {
        if slots == 0 && used == 0 {
            return;
        }
        for (hour, long) in by_hour(from, to) {
            self.put(WorkRow { account, whose: whose.clone(), hour, work: Work::of(slots, used, long) });
        }
    }

    /// Brings it to the store.
    pub async fn store(&self, shared: &Shared) {
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        let row = |((account, hour, whose), work)| WorkRow { account, whose, hour, work };
        let rows: Vec<WorkRow> = waiting.into_iter().map(row).collect();
        for some in rows.chunks(NOTED_AT_ONCE) {
            if let Err(error) = shared.store.add_work(some).await {
                tracing::warn!(%error, "how much of the slots was in use was not stored, it is tried again");
                some.iter().cloned().for_each(|row| self.put(row));
            }
        }
        let hour = hour_of(shared.now());
        if lock(&self.forgot_in).replace(hour) != Some(hour)
            && let Err(error) = shared.store.forget_work(hour - WORK_KEPT).await
        {
            tracing::warn!(%error, "old work could not be forgotten, it is tried again in an hour");
        }
    }

    fn put(&self, row: WorkRow) {
        let mut waiting = lock(&self.waiting);
        let place = (row.account, row.hour, row.whose);
        if waiting.len() < WORK_WAITING_MAX || waiting.contains_key(&place) {
            *waiting.entry(place).or_default() += row.work;
        }
    }
}

/// What was between two looks at something that has slots.
#[derive(Debug, Default)]
pub(super) struct Looked {
    at: Option<Timestamp>,
}

impl Looked {
    /// From the last look to this one, if there was one.
    pub fn since_last(&mut self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        self.at.replace(now).map(|last| (last, now))
    }
}

/// How often somebody's slots are looked at where nothing changes.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(5);
