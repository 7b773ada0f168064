//! Where it is told how a chat went its way: one trace a chat, of what was stored and how long each step took. Nobody
//! waits for it, and nothing depends on it: what cannot be told is dropped.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::chat::Outcome;
use crate::domain::ids::{AccountId, ChatId, GroupId};
use crate::domain::time::Timestamp;

/// Takes what is told. Returns at once, on the thread of an actor.
pub trait Traces: Send + Sync + 'static {
    /// Whether the steps of this chat are told at all; the same answer on every node and each time.
    fn wants(&self, chat: ChatId) -> bool;

    /// One append has been told to everybody, just now.
    fn step(&self, step: Step);

    /// A chat is over.
    fn life(&self, life: Life);
}

/// Traces that are shared.
pub type SharedTraces = Arc<dyn Traces>;

/// An append, from the moment its command was judged until everybody was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The account.
    pub account: AccountId,
    /// The chat.
    pub chat: ChatId,
    /// The kinds of its events, in order.
    pub kinds: Vec<String>,
    /// The number of its last event.
    pub seq: u32,
    /// Who asked for it: `visitor`, `operator` or `system`.
    pub by: &'static str,
    /// From the judgement to the word of the store.
    pub stored_after: Duration,
    /// From the judgement until the last reader was told.
    pub told_after: Duration,
}

/// A chat that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The account.
    pub account: AccountId,
    /// The chat.
    pub chat: ChatId,
    /// Its group at last.
    pub group: GroupId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was assigned at first.
    pub assigned_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What came of its wait.
    pub outcome: Outcome,
    /// Its messages.
    pub messages: u32,
}
