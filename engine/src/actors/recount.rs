//! The counters of slots, held against the open chats and offers: at the start of a node, and once a night while it
//! runs. Nothing is to be found; what is, is set right, counted as a fault, and told to the queues. Figures of chats that are
//! over are looked at once more at the same hour.

use std::sync::Arc;

use crate::actors::engine::{StaffChange, apply};
use crate::actors::figures;
use crate::actors::guard::survive;
use crate::actors::shared::Shared;
use crate::domain::ids::{AccountId, Shard};
use crate::domain::limits::{RECOUNT_AT, SHARDS};
use crate::domain::time::Timestamp;
use crate::metrics::Invariant;
use crate::ports::presence::Drift;
use crate::ports::store::StoreError;

/// Counts the slots of an account anew: what was wrong, and is right now.
///
/// # Errors
/// The store's.
pub(super) async fn recount(shared: &Shared, account: AccountId) -> Result<Vec<Drift>, StoreError> {
    let found = shared.store.recount(account).await?;
    for drift in &found {
        tracing::error!(?drift, "a counter of slots was wrong and is set right");
        shared.metrics.violated(Invariant::SlotsRecounted);
    }
    Ok(found)
}

/// When the next night's recount is due.
pub(super) struct Nightly {
    due: Timestamp,
}

impl Nightly {
    /// For an engine that starts now, and has counted.
    pub fn from(now: Timestamp) -> Self {
        Self { due: next(now) }
    }

    /// Counts the slots of all accounts that are this node's to count, if it is time; where the store fails it is tried
    /// again the next time.
    pub async fn look(&mut self, shared: &Arc<Shared>) -> Result<(), StoreError> {
        let now = shared.now();
        if now < self.due {
            return Ok(());
        }
        let mut ours = shared.store.accounts().await?;
        ours.retain(|account| shared.is_here(counted_by(account.id)));
        for account in &ours {
            for drift in recount(shared, account.id).await? {
                // Queues go by what they were told last: they read it again, on all nodes.
                let change = StaffChange::Receives(drift.operator);
                shared.tell_staff(account.id, &change);
                apply(shared, account.id, &change);
            }
        }
        self.due = next(now);
        review(shared, ours.into_iter().map(|account| account.id).collect(), self.due);
        Ok(())
    }
}

/// Holds the figures of these accounts' chats against their logs once more, beside everything else.
fn review(shared: &Arc<Shared>, accounts: Vec<AccountId>, until: Timestamp) {
    let shared = Arc::clone(shared);
    actix::spawn(async move {
        for account in accounts {
            let is_ours = || shared.is_here(counted_by(account)) && !shared.is_draining();
            survive("review of figures", figures::review(&shared, account, until, is_ours)).await;
        }
    });
}

/// The shard whose owner counts the account: one node of all.
fn counted_by(account: AccountId) -> Shard {
    Shard((account.0.unsigned_abs() % u64::from(SHARDS)) as u8)
}

fn next(now: Timestamp) -> Timestamp {
    let into_the_day = now.millis().rem_euclid(DAY_MILLIS);
    let at = i64::try_from(RECOUNT_AT.as_millis()).unwrap_or(0);
    let days = i64::from(into_the_day >= at);
    Timestamp::from_millis(now.millis() - into_the_day + at + days * DAY_MILLIS)
}

const DAY_MILLIS: i64 = 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_recount_is_in_the_night_that_comes() {
        let at = |day: i64, hour: i64| Timestamp::from_millis((day * 24 + hour) * 3_600_000);
        assert_eq!(next(at(20_000, 0)), at(20_000, 3));
        assert_eq!(next(at(20_000, 2)), at(20_000, 3));
        assert_eq!(next(at(20_000, 3)), at(20_001, 3), "the one of this night was just made");
        assert_eq!(next(at(20_000, 23)), at(20_001, 3));
    }
}
