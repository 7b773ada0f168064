//! How much of the slots was in use, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::adapters::memory::MemoryStore;
use crate::adapters::memory::state::State;
use crate::domain::ids::AccountId;
use crate::domain::report::Work;
use crate::domain::time::Timestamp;
use crate::ports::store::StoreError;
use crate::ports::work::{WorkLog, WorkQuery, WorkRow};

#[async_trait]
impl WorkLog for MemoryStore {
    async fn add_work(&self, rows: &[WorkRow]) -> Result<(), StoreError> {
        let mut state = self.open()?;
        for row in rows {
            *state.work.entry((row.account, row.hour, row.whose.clone())).or_default() += row.work;
        }
        Ok(())
    }

    async fn work_of_each(&self, account: AccountId, query: &WorkQuery) -> Result<Vec<(String, Work)>, StoreError> {
        Ok(sums(&*self.open()?, account, query, |_, id| id))
    }

    async fn work_by_hour(&self, account: AccountId, query: &WorkQuery) -> Result<Vec<(Timestamp, Work)>, StoreError> {
        Ok(sums(&*self.open()?, account, query, |hour, _| hour))
    }

    async fn forget_work(&self, before: Timestamp) -> Result<(), StoreError> {
        self.open()?.work.retain(|(_, hour, _), _| *hour >= before);
        Ok(())
    }
}

fn sums<K: Ord>(
    state: &State,
    account: AccountId,
    query: &WorkQuery,
    key: impl Fn(Timestamp, String) -> K,
) -> Vec<(K, Work)> {
    let mut sums: BTreeMap<K, Work> = BTreeMap::new();
    for ((of, hour, whose), work) in &state.work {
        let id = whose.id();
        let asked = *of == account && whose.kind() == query.kind && *hour >= query.from && *hour < query.to;
        if asked && query.only.as_ref().is_none_or(|only| *only == id) {
            *sums.entry(key(*hour, id)).or_default() += *work;
        }
    }
    sums.into_iter().collect()
}
