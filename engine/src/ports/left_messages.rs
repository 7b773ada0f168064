//! Messages that visitors left: kept until somebody deals with them, each made once for its command.

use async_trait::async_trait;

use crate::domain::ids::{AccountId, CommandId, DepartmentId, LeftMessageId};
use crate::domain::left_message::{LeftMessage, LeftSight, LeftState};
use crate::domain::time::Timestamp;
use crate::ports::store::StoreError;

/// A message to be kept, with the command it came from.
#[derive(Debug, Clone)]
pub struct Leave {
    /// The message.
    pub message: LeftMessage,
    /// The id that the visitor's client chose.
    pub command: CommandId,
    /// A digest of the command's content.
    pub digest: u64,
}

/// Why a message was not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaveError {
    /// The same command id with other content, or as that of another command.
    #[error("the same id with other content")]
    OtherContent,
    /// The visitor has left as many as one may within [`crate::domain::limits::LEFT_MESSAGES_WITHIN`].
    #[error("too many messages of one visitor")]
    TooMany {
        /// When there is room for one more.
        again_at: Timestamp,
    },
    /// Not known whether it was done; the same command again is right.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which messages, for whom: latest first, ties by id.
#[derive(Debug, Clone)]
pub struct LeftQuery {
    /// In this state.
    pub state: Option<LeftState>,
    /// For this department.
    pub department: Option<DepartmentId>,
    /// What the asker may see.
    pub sight: LeftSight,
    /// Messages at most.
    pub limit: u32,
    /// Continue behind this one.
    pub after: Option<(Timestamp, LeftMessageId)>,
}

/// A part of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftList {
    /// The messages.
    pub messages: Vec<LeftMessage>,
    /// Whether there are more.
    pub more: bool,
}

/// See the module.
#[async_trait]
pub trait LeftMessages: Send + Sync {
    /// Keeps a message; for a command that made one earlier, that one's id.
    async fn leave(&self, leave: Leave) -> Result<LeftMessageId, LeaveError>;

    /// Lists messages.
    async fn left_messages(&self, account: AccountId, query: &LeftQuery) -> Result<LeftList, StoreError>;

    /// One of them.
    async fn left_message(&self, account: AccountId, id: LeftMessageId) -> Result<Option<LeftMessage>, StoreError>;

    /// How many are new.
    async fn new_left_messages(&self, account: AccountId, sight: &LeftSight) -> Result<u32, StoreError>;

    /// Says how far people are with one; `false`: there is none.
    async fn set_left_state(&self, account: AccountId, id: LeftMessageId, state: LeftState)
    -> Result<bool, StoreError>;
}
