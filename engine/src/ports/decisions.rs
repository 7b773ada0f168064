//! Why a chat went to whom it went: the decisions of routing, kept with the chat. They are stored by the append that
//! carries them out ([`crate::ports::journal::Append::decision`]), so that no offer is there without its reason.

use async_trait::async_trait;
use serde_json::value::RawValue;

use crate::domain::ids::{AccountId, ChatId, GroupId};
use crate::domain::routing::Record;
use crate::domain::time::Timestamp;
use crate::ports::store::StoreError;

/// A decision as it is stored.
#[derive(Debug, Clone)]
pub struct DecisionRow {
    /// The number of the event that came of it.
    pub seq: u32,
    /// When.
    pub at: Timestamp,
    /// The group that decided.
    pub group: GroupId,
    /// A [`Record`], as JSON.
    pub record: Box<RawValue>,
}

impl DecisionRow {
    /// What it holds; `None` where a newer version has written it.
    pub fn record(&self) -> Option<Record> {
        serde_json::from_str(self.record.get()).ok()
    }
}

/// Reading them.
#[async_trait]
pub trait Decisions: Send + Sync {
    /// The decisions about a chat by number, at most the latest [`crate::domain::limits::DECISIONS_PER_CHAT_MAX`]. None
    /// where the account has no such chat.
    async fn decisions(&self, account: AccountId, chat: ChatId) -> Result<Vec<DecisionRow>, StoreError>;
}
