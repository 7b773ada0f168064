//! Decisions of routing in memory.

use async_trait::async_trait;

use crate::adapters::memory::MemoryStore;
use crate::domain::ids::{AccountId, ChatId};
use crate::ports::decisions::{DecisionRow, Decisions};
use crate::ports::store::StoreError;

#[async_trait]
impl Decisions for MemoryStore {
    async fn decisions(&self, account: AccountId, chat: ChatId) -> Result<Vec<DecisionRow>, StoreError> {
        let state = self.open()?;
        Ok(state.chat(account, chat).map(|row| row.decisions.clone()).unwrap_or_default())
    }
}
