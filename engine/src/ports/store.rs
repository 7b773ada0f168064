//! The store: it holds every fact and decides. What was answered `Ok` is durable: on disk, past a power cut.

use std::sync::Arc;

use async_trait::async_trait;

pub use crate::ports::closings::Closings;
pub use crate::ports::contacts::Contacts;
pub use crate::ports::decisions::Decisions;
pub use crate::ports::journal::Journal;
pub use crate::ports::left_messages::LeftMessages;
pub use crate::ports::presence::Presence;
pub use crate::ports::profiles::Profiles;
pub use crate::ports::shards::Shards;
pub use crate::ports::staff::Staff;
pub use crate::ports::work::WorkLog;

/// Why the store did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Not known whether it was done; doing it again is right.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// What is stored does not make sense; doing it again does not help.
    #[error("the store holds something it should not: {0}")]
    Corrupt(String),
    /// Another one has what only one may have. Nothing was changed.
    #[error("another {thing} has that {field}")]
    Taken {
        /// The field.
        field: &'static str,
        /// What has it, in the singular.
        thing: &'static str,
    },
    /// A rule of the data forbids it: a missing row, a chat that runs. Nothing was changed.
    #[error("{0}")]
    Conflict(String),
}

/// All of it.
#[async_trait]
pub trait Store:
    Journal
    + Decisions
    + Staff
    + Closings
    + Contacts
    + Profiles
    + Presence
    + Shards
    + LeftMessages
    + WorkLog
    + Send
    + Sync
    + 'static
{
    /// Whether it answers; what `/health/ready` asks.
    async fn ping(&self) -> Result<(), StoreError>;

    /// What it counts of itself, as part of the text of `/metrics`.
    fn metrics_text(&self) -> String {
        String::new()
    }

    /// Stops taking work, finishes what was taken, and lets go of files and connections.
    async fn close(&self);
}

/// A store that is shared.
pub type SharedStore = Arc<dyn Store>;
