//! The chats that queues are measured with.

use engine::domain::ids::{ChatId, Shard};

use crate::scattered::scattered;

/// One of the chats: their ids come in the order in which they do.
pub fn chat(n: u64) -> ChatId {
    ChatId::new(n, u128::from(scattered(n)) << 60, Shard(0))
}
