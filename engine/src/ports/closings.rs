//! What is about to be gone, kept until it is: whoever stops in the middle goes on from here.

use async_trait::async_trait;

use crate::domain::closing::Closing;
use crate::domain::ids::{AccountId, ChatId, OperatorId};
use crate::ports::store::StoreError;

/// Why a group stays to which another one that is removed sends its chats.
pub const CHATS_COME: &str = "the chats of another group are on their way here";

/// Closings.
#[async_trait]
pub trait Closings: Send + Sync {
    /// All that are under way, by account and key.
    async fn closings(&self) -> Result<Vec<(AccountId, Closing)>, StoreError>;

    /// Begins one, or changes what becomes of the chats; `false`: there is no such thing. From here on nothing new comes:
    /// a group's members do not receive from it, an operator is disabled and off-line and their browser sessions end.
    /// `Conflict`: chats shall go to a group that is not there or closes itself, or come from another that closes.
    async fn begin_closing(&self, account: AccountId, closing: &Closing) -> Result<bool, StoreError>;

    /// Ends one: what was about to be gone is, as far as it was to be. `false`: chats are in the way still.
    async fn finish_closing(&self, account: AccountId, closing: &Closing) -> Result<bool, StoreError>;

    /// Forgets one: the thing stays as it is now.
    async fn call_off_closing(&self, account: AccountId, closing: &Closing) -> Result<(), StoreError>;

    /// The running chats in which an operator is a guest.
    async fn chats_as_guest(&self, account: AccountId, operator: OperatorId) -> Result<Vec<ChatId>, StoreError>;
}
