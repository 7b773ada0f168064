//! Messages that visitors left, in memory.

use std::cmp::Reverse;

use async_trait::async_trait;

use crate::adapters::memory::MemoryStore;
use crate::domain::ids::{AccountId, LeftMessageId};
use crate::domain::left_message::{LeftMessage, LeftSight, LeftState};
use crate::domain::limits::{LEFT_MESSAGES_MAX, LEFT_MESSAGES_WITHIN};
use crate::ports::left_messages::{Leave, LeaveError, LeftList, LeftMessages, LeftQuery};
use crate::ports::store::StoreError;

#[async_trait]
impl LeftMessages for MemoryStore {
    async fn leave(&self, leave: Leave) -> Result<LeftMessageId, LeaveError> {
        let mut state = self.open()?;
        let (message, now) = (&leave.message, leave.message.created_at);
        state.told(now);
        let mine =
            |other: &&Leave| other.message.account == message.account && other.message.visitor == message.visitor;
        if let Some(earlier) = state.left.values().filter(mine).find(|other| other.command == leave.command) {
            let same = earlier.digest == leave.digest;
            return if same { Ok(earlier.message.id) } else { Err(LeaveError::OtherContent) };
        }
        let key = (message.account, message.visitor, leave.command.clone());
        if state.births.get(&key).is_some_and(|memory| memory.until > now) {
            return Err(LeaveError::OtherContent);
        }
        let since = now - LEFT_MESSAGES_WITHIN;
        let mut recent: Vec<_> = state.left.values().filter(mine).map(|other| other.message.created_at).collect();
        recent.retain(|at| *at > since);
        recent.sort_unstable_by_key(|at| Reverse(*at));
        if let Some(oldest) = recent.get(LEFT_MESSAGES_MAX as usize - 1) {
            return Err(LeaveError::TooMany { again_at: *oldest + LEFT_MESSAGES_WITHIN });
        }
        let id = message.id;
        state.left.insert(id, leave);
        Ok(id)
    }

    async fn left_messages(&self, account: AccountId, query: &LeftQuery) -> Result<LeftList, StoreError> {
        let state = self.open()?;
        let key = |message: &LeftMessage| (message.created_at, message.id);
        let mut found: Vec<LeftMessage> = state
            .left
            .values()
            .map(|row| &row.message)
            .filter(|message| {
                message.account == account
                    && query.sight.shows(message.department.as_ref())
                    && query.state.is_none_or(|wanted| wanted == message.state)
                    && (query.department.is_none() || query.department == message.department)
                    && query.after.is_none_or(|after| key(message) < after)
            })
            .cloned()
            .collect();
        found.sort_unstable_by_key(|message| Reverse(key(message)));
        let more = found.len() > query.limit as usize;
        found.truncate(query.limit as usize);
        Ok(LeftList { messages: found, more })
    }

    async fn left_message(&self, account: AccountId, id: LeftMessageId) -> Result<Option<LeftMessage>, StoreError> {
        let found = self.open()?.left.get(&id).map(|row| row.message.clone());
        Ok(found.filter(|message| message.account == account))
    }

    async fn new_left_messages(&self, account: AccountId, sight: &LeftSight) -> Result<u32, StoreError> {
        let state = self.open()?;
        let new = state.left.values().map(|row| &row.message).filter(|message| {
            message.account == account && message.state == LeftState::New && sight.shows(message.department.as_ref())
        });
        Ok(new.count() as u32)
    }

    async fn set_left_state(
        &self,
        account: AccountId,
        id: LeftMessageId,
        state: LeftState,
    ) -> Result<bool, StoreError> {
        let mut rows = self.open()?;
        let Some(row) = rows.left.get_mut(&id).filter(|row| row.message.account == account) else { return Ok(false) };
        row.message.state = state;
        Ok(true)
    }
}
