//! Why an append was not done.

use crate::domain::ids::OperatorId;
use crate::ports::store::StoreError;

/// Why an append did nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Another writer owns the chat, or has added events: rebuild, or give the shard up.
    #[error("another writer has the chat")]
    Fenced,
    /// The operator has no free slot, overall or in the group.
    #[error("no free slot")]
    NoCapacity {
        /// Who.
        operator: OperatorId,
    },
    /// The writer has too much to do. Nothing was done.
    #[error("the store is busy")]
    Busy,
    /// Not known whether it was done: rebuild from the store, and judge again.
    #[error("the store is not available: {0}")]
    Unavailable(String),
}

impl From<StoreError> for AppendError {
    fn from(why: StoreError) -> Self {
        match why {
            StoreError::Unavailable(reason) => Self::Unavailable(reason),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_gone_is_said_to_be_so_once() {
        let gone = AppendError::from(StoreError::Unavailable("disk full".into()));
        assert_eq!(gone.to_string(), "the store is not available: disk full");
    }
}
