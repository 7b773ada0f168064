//! Closings in memory.

use async_trait::async_trait;

use crate::adapters::memory::MemoryStore;
use crate::adapters::memory::state::{State, conflict};
use crate::domain::closing::{Closing, WaitingChats};
use crate::domain::group::Status;
use crate::domain::ids::{AccountId, ChatId, OperatorId};
use crate::ports::closings::{CHATS_COME, Closings};
use crate::ports::staff::Staff;
use crate::ports::store::StoreError;
use crate::protocol::visitor::ChatPhase;

#[async_trait]
impl Closings for MemoryStore {
    async fn closings(&self) -> Result<Vec<(AccountId, Closing)>, StoreError> {
        Ok(self.open()?.closings.iter().map(|((account, _), closing)| (*account, closing.clone())).collect())
    }

    async fn begin_closing(&self, account: AccountId, closing: &Closing) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        match closing {
            Closing::Group { group, waiting } => {
                if !state.groups.contains_key(&(account, group.clone())) {
                    return Ok(false);
                }
                if let WaitingChats::Move(to) = waiting {
                    let closes = state.closes(account, to);
                    if to == group || closes || !state.groups.contains_key(&(account, to.clone())) {
                        return conflict("the group that shall get the chats is not there");
                    }
                }
                if state.lead_to(account, group) {
                    return conflict(CHATS_COME);
                }
                for ((of, in_group, _), row) in &mut state.memberships {
                    row.membership.active &= *of != account || in_group != group;
                }
            }
            Closing::Operator { operator, .. } => {
                let Some(row) = state.operator_mut(account, *operator) else { return Ok(false) };
                row.operator.disabled = true;
                row.status = Status::Offline;
                state.sessions.retain(|_, session| session.operator != *operator);
            }
        }
        state.closings.insert((account, closing.key()), closing.clone());
        Ok(true)
    }

    async fn finish_closing(&self, account: AccountId, closing: &Closing) -> Result<bool, StoreError> {
        let gone = match closing {
            Closing::Group { group, .. } => self.delete_group(account, group).await.map(drop),
            Closing::Operator { operator, delete, .. } => match delete {
                true => self.delete_operator(account, *operator).await.map(drop),
                false if has_chats(&*self.open()?, account, *operator) => return Ok(false),
                false => Ok(()),
            },
        };
        match gone {
            Ok(()) => self.call_off_closing(account, closing).await.map(|()| true),
            Err(StoreError::Conflict(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn call_off_closing(&self, account: AccountId, closing: &Closing) -> Result<(), StoreError> {
        self.open()?.closings.remove(&(account, closing.key()));
        Ok(())
    }

    async fn chats_as_guest(&self, account: AccountId, operator: OperatorId) -> Result<Vec<ChatId>, StoreError> {
        Ok(as_guest(&*self.open()?, account, operator))
    }
}

/// Whether a running chat is the operator's, or has them as a guest.
pub(super) fn has_chats(state: &State, account: AccountId, operator: OperatorId) -> bool {
    let mut running = state.chats_of(account).filter(|row| row.record.head.state == ChatPhase::Active);
    running.any(|row| row.record.head.owner == Some(operator)) || !as_guest(state, account, operator).is_empty()
}

fn as_guest(state: &State, account: AccountId, operator: OperatorId) -> Vec<ChatId> {
    let running = state.chats_of(account).filter(|row| row.record.head.state == ChatPhase::Active);
    let with_them = running.filter(|row| row.guests.iter().any(|guest| guest.person.id == operator));
    with_them.map(|row| row.record.id).collect()
}
