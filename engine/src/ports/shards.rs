//! Who may write what: shards and their epochs.

use async_trait::async_trait;

use crate::domain::ids::{AccountId, ChatId, NodeId, Shard};
use crate::ports::store::StoreError;

/// A shard's owner and the epoch under which it may write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardRow {
    /// The shard.
    pub shard: Shard,
    /// Rises with each takeover; 0 was never owned.
    pub epoch: u64,
    /// Who owns it.
    pub owner: Option<NodeId>,
}

/// Shards and epochs.
#[async_trait]
pub trait Shards: Send + Sync {
    /// All 256, by number.
    async fn shards(&self) -> Result<Vec<ShardRow>, StoreError>;

    /// Makes `node` the owner of the shards, each under a new epoch, in one transaction; answers their rows. From
    /// its commit on no birth and no append under an older epoch succeeds for a chat that was activated since.
    async fn take_shards(&self, node: &NodeId, shards: &[Shard]) -> Result<Vec<ShardRow>, StoreError>;

    /// Chats of the shards that are waiting or active, oldest first.
    async fn open_chats(&self, shards: &[Shard]) -> Result<Vec<(AccountId, ChatId)>, StoreError>;
}
