//! The journal: chats and their events. The only way an event is born is [`Journal::append`] (or, for the first
//! ones of a chat, [`Journal::birth`]); both are fenced by epochs, and both are durable when they answer.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::chat::{Chat, ChatState, Guest, Replies, SlotChange};
use crate::domain::estimate::Waited;
use crate::domain::event::{EndedBy, EndedWhy, OfferKind, Origin, Sender, StoredEvent};
use crate::domain::identity::Identity;
use crate::domain::ids::{
    AccountId, BrandId, ChatId, CommandId, DepartmentId, GroupId, OfferId, OperatorId, VisitorId,
};
use crate::domain::time::Timestamp;
pub use crate::ports::append_error::AppendError;
use crate::ports::decisions::DecisionRow;
use crate::ports::offers::AskedRow;
use crate::ports::scope::Scope;
use crate::ports::store::StoreError;
use crate::protocol::operator::{ChatFilter, ChatOrder};
use crate::protocol::visitor::{ChatPhase, MarkPair};

/// Events to add to a chat, with all that must be true and all that changes with them.
#[derive(Debug, Clone)]
pub struct Append {
    /// The account.
    pub account: AccountId,
    /// The chat.
    pub chat: ChatId,
    /// The epoch under which the writer owns it: refused when the chat was activated under another.
    pub epoch: u64,
    /// The number of the last event the writer knows: refused when there are others.
    pub after: u32,
    /// The events, in order, at least one.
    pub events: Vec<StoredEvent>,
    /// What the chat is after them.
    pub head: Head,
    /// Slots to reserve, fill and give back: all or none, together with the events.
    pub slots: Vec<SlotChange>,
    /// Offers that these events open: one a person who is rung.
    pub opened: Vec<OfferRow>,
    /// Offers that these events close, for whomever they ring; done before others are opened.
    pub closed: Vec<OfferId>,
    /// The colleagues who were invited and are there after these events, where that has changed.
    pub guests: Option<Vec<Guest>>,
    /// Why these events came, where routing has decided so.
    pub decision: Option<Box<DecisionRow>>,
    /// When: for the rows that bear a time of their own.
    pub at: Timestamp,
}

/// The chat's row after an append.
#[derive(Debug, Clone)]
pub enum Head {
    /// Only messages came: what changes with each of them, and nothing else.
    Light {
        /// The visitor's number of the last visible event.
        visitor_seq: u32,
        /// Messages so far.
        messages: u32,
        /// Since when no operator has written.
        idle_since: Option<Timestamp>,
        /// When an operator first wrote.
        answered_at: Option<Timestamp>,
        /// The operators' words so far.
        replies: Replies,
    },
    /// Everything.
    Full(Box<ChatHead>),
}

/// The changing columns of a chat's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatHead {
    /// State.
    pub state: ChatPhase,
    /// Group whose queue it is or was in.
    pub group: GroupId,
    /// Who owns it, or owned it at last.
    pub owner: Option<OperatorId>,
    /// When it entered the queue.
    pub queued_at: Timestamp,
    /// When it was assigned at first.
    pub assigned_at: Option<Timestamp>,
    /// In which group.
    pub answered_in: Option<GroupId>,
    /// When an operator first wrote.
    pub answered_at: Option<Timestamp>,
    /// The operators' words so far.
    pub replies: Replies,
    /// When it entered the queue from which it was assigned at first, or waits to be.
    pub waited_since: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Who ended it, and why.
    pub ended: Option<(EndedBy, EndedWhy)>,
    /// Since when no operator has written.
    pub idle_since: Option<Timestamp>,
    /// The visitor has been gone for a while.
    pub visitor_away: bool,
    /// Messages so far.
    pub messages: u32,
    /// The visitor's first message.
    pub question: Option<String>,
    /// The number of the last event.
    pub last_seq: u32,
    /// The visitor's number of the last visible event.
    pub visitor_seq: u32,
}

impl ChatHead {
    /// The columns of that chat; `None` before it has begun.
    pub fn of(chat: &Chat) -> Option<Self> {
        let (state, ended) = match &chat.state {
            ChatState::Unborn => return None,
            ChatState::Waiting { .. } => (ChatPhase::Waiting, None),
            ChatState::Active { .. } => (ChatPhase::Active, None),
            ChatState::Ended { by, why, .. } => (ChatPhase::Ended, Some((*by, *why))),
        };
        Some(Self {
            state,
            group: chat.group.clone()?,
            owner: chat.owner().map(|owner| owner.id),
            queued_at: chat.queued_at,
            assigned_at: chat.assigned_at,
            answered_in: chat.answered_in.clone(),
            answered_at: chat.answered_at,
            replies: chat.replies,
            waited_since: chat.waited_since,
            ended_at: chat.ended_at,
            ended,
            idle_since: chat.idle_since,
            visitor_away: chat.visitor_away,
            messages: chat.messages,
            question: chat.question.clone(),
            last_seq: chat.last_seq,
            visitor_seq: chat.visitor_seq,
        })
    }
}

/// An open offer, as operators' screens are rebuilt from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferRow {
    /// Its id.
    pub id: OfferId,
    /// Who is rung.
    pub operator: OperatorId,
    /// For which group.
    pub group: GroupId,
    /// How it came to be.
    pub kind: OfferKind,
    /// When it rings no more.
    pub expires_at: Timestamp,
    /// Whether a slot is reserved for it; not where it rings at all.
    pub holds: bool,
    /// Who asks, where a colleague does.
    pub asked: Option<AskedRow>,
}

/// What an operator holds after a change, overall and in one group. `version` rises with each change of the
/// operator, so that late news can be told from new ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Who.
    pub operator: OperatorId,
    /// In which group.
    pub group: GroupId,
    /// Chats held overall.
    pub held: u32,
    /// Slots reserved overall.
    pub reserved: u32,
    /// Chats held in the group.
    pub group_held: u32,
    /// Slots reserved in the group.
    pub group_reserved: u32,
    /// When a chat of the operator's last ended.
    pub last_ended_at: Option<Timestamp>,
    /// Rises with each change of the operator's load.
    pub version: u64,
}

/// What an append did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Appended {
    /// The loads after it, one entry for each slot change, in their order.
    pub loads: Vec<Load>,
}

/// How an append ended.
pub type AppendOutcome = Result<Appended, AppendError>;

/// Where outcomes are handed over: one wake-up for all that a commit settled for one thread.
pub type Lane = Arc<dyn Fn(Vec<Told>) + Send + Sync>;

/// An outcome on its way to whoever is told of it.
pub struct Told {
    /// See [`Completion::deliver`].
    pub deliver: Box<dyn FnOnce(AppendOutcome) + Send>,
    /// How the append ended.
    pub outcome: AppendOutcome,
}

impl Told {
    /// Tells it; on the lane's thread.
    pub fn tell(self) {
        (self.deliver)(self.outcome);
    }
}

/// Who is told of an outcome, and on which thread.
pub struct Completion {
    /// The thread's lane; outcomes of one lane that one commit settles are handed over together, in the order of their appends.
    pub lane: Lane,
    /// Called with the outcome, on the lane's thread, exactly once.
    pub deliver: Box<dyn FnOnce(AppendOutcome) + Send>,
}

/// A chat to be born.
#[derive(Debug, Clone)]
pub struct Birth {
    /// The account.
    pub account: AccountId,
    /// The new id; its shard must be owned under `epoch`.
    pub chat: ChatId,
    /// The epoch of the shard.
    pub epoch: u64,
    /// The visitor.
    pub visitor: VisitorId,
    /// The brand.
    pub brand: BrandId,
    /// The department chosen.
    pub department: Option<DepartmentId>,
    /// The visitor's name.
    pub name: Option<String>,
    /// The visitor's address.
    pub email: Option<String>,
    /// Who the visitor is known as.
    pub contact: Option<Identity>,
    /// The command that asked for it, remembered for 7 days per visitor.
    pub origin: Origin,
    /// The first events.
    pub events: Vec<StoredEvent>,
    /// What the chat is after them.
    pub head: ChatHead,
    /// When.
    pub at: Timestamp,
}

/// Why there is no new chat.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BirthError {
    /// The same command made this chat earlier: the same answer is due.
    #[error("made before")]
    Before {
        /// The chat it made.
        chat: ChatId,
        /// The number of its last event then, in the visitor's numbering.
        seq: u32,
    },
    /// The same command id with other content.
    #[error("the same id with other content")]
    OtherContent,
    /// The visitor has an open chat on the brand.
    #[error("the visitor has an open chat")]
    Open {
        /// That chat.
        chat: ChatId,
    },
    /// The shard is owned by another writer.
    #[error("another writer has the shard")]
    Fenced,
    /// Not known whether it was done; the same command again is right.
    #[error("the store is not available: {0}")]
    Unavailable(String),
}

/// A chat's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatRecord {
    /// The account.
    pub account: AccountId,
    /// Id.
    pub id: ChatId,
    /// The account's number of it, from 1.
    pub number: i64,
    /// The epoch of its last activation.
    pub owner_epoch: u64,
    /// The visitor.
    pub visitor: VisitorId,
    /// The brand.
    pub brand: BrandId,
    /// The department chosen.
    pub department: Option<DepartmentId>,
    /// The visitor's name.
    pub name: Option<String>,
    /// The visitor's address.
    pub email: Option<String>,
    /// Who the visitor is known as.
    pub contact: Option<Identity>,
    /// The owner's name, now.
    pub owner_name: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// The changing part.
    pub head: ChatHead,
}

/// All of a chat.
#[derive(Debug, Clone)]
pub struct StoredChat {
    /// Its row.
    pub record: ChatRecord,
    /// Its events from 1.
    pub events: Vec<StoredEvent>,
    /// How far everybody is.
    pub marks: Vec<MarkRow>,
}

/// How far a participant is, in the operators' numbering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRow {
    /// Who.
    pub who: Sender,
    /// How far.
    pub marks: MarkPair,
}

/// Whose numbering, and whose view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Only visible events, numbered by `visitor_seq`.
    Visitor,
    /// All events, numbered by `seq`.
    Operators,
}

/// A page of events.
#[derive(Debug, Clone, Default)]
pub struct EventPage {
    /// The events, in order, without holes.
    pub events: Vec<StoredEvent>,
    /// The number of the chat's last event in the side's numbering when the page was read.
    pub last: u32,
}

/// Which chats, for whom, in which order.
#[derive(Debug, Clone, Default)]
pub struct ChatQuery {
    /// What is asked.
    pub filter: ChatFilter,
    /// What the asker may see: `None` all of the account.
    pub scope: Option<Scope>,
    /// The order: by `started_at`, latest first, or by `queued_at`, longest first; ties by id, in the same direction.
    pub order: ChatOrder,
    /// Rows to leave out first.
    pub offset: u32,
    /// Rows at most.
    pub limit: u32,
    /// Continue behind this row (its sort time and id) instead of by offset.
    pub after: Option<(Timestamp, ChatId)>,
    /// Whether `total` is wanted: it costs a count.
    pub count: bool,
}

/// A part of a list of chats.
#[derive(Debug, Clone, Default)]
pub struct ChatList {
    /// The rows with the asker's own marks not yet filled in.
    pub rows: Vec<ChatRecord>,
    /// All rows of the list; 0 when not asked for.
    pub total: u32,
    /// Whether there are more.
    pub more: bool,
}

/// What a visitor's command began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Born {
    /// A digest of its content.
    pub digest: u64,
    /// The chat.
    pub chat: ChatId,
    /// The visitor's number of the last of its first events.
    pub seq: u32,
}

/// A command outside a chat that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// A digest of its content.
    pub digest: u64,
    /// The answer, as JSON.
    pub answer: String,
}

/// Chats and events.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Adds events to a chat: all of it or nothing. Returns at once; `done` is told after the commit. Appends of
    /// one caller take effect in the order of the calls, and outcomes are delivered in that order too.
    fn append(&self, append: Append, done: Completion);

    /// Makes a chat: its row, its number, its first events, and the memory of the command, all or nothing.
    async fn birth(&self, birth: Birth) -> Result<i64, BirthError>;

    /// The chat that a visitor's command began, while that is remembered.
    async fn born(
        &self,
        account: AccountId,
        visitor: VisitorId,
        command: &CommandId,
        now: Timestamp,
    ) -> Result<Option<Born>, StoreError>;

    /// Makes `epoch` the chat's epoch if its own is not newer, and reads all of it in the same transaction.
    /// `None`: no such chat in the account, or a newer epoch has it.
    async fn activate(&self, account: AccountId, chat: ChatId, epoch: u64) -> Result<Option<StoredChat>, StoreError>;

    /// A chat's row.
    async fn chat(&self, account: AccountId, chat: ChatId) -> Result<Option<ChatRecord>, StoreError>;

    /// Events after a number, at most `limit` and about `bytes` of body (at least one event if there is one).
    async fn events(
        &self,
        account: AccountId,
        chat: ChatId,
        side: Side,
        after: u32,
        limit: usize,
        bytes: usize,
    ) -> Result<EventPage, StoreError>;

    /// Lists chats.
    async fn chats(&self, account: AccountId, query: &ChatQuery) -> Result<ChatList, StoreError>;

    /// The visitor's open chat on the brand, else the latest that ended.
    async fn chat_of_visitor(
        &self,
        account: AccountId,
        brand: &BrandId,
        visitor: VisitorId,
    ) -> Result<Option<ChatRecord>, StoreError>;

    /// Who had the contact's latest chat of those that ended with an operator, and when it ended.
    async fn last_operator(
        &self,
        account: AccountId,
        contact: &Identity,
    ) -> Result<Option<(OperatorId, Timestamp)>, StoreError>;

    /// Chats that wait in the group, with the offer for which a slot is reserved, if any, by the time they entered the queue, then id.
    async fn waiting(
        &self,
        account: AccountId,
        group: &GroupId,
    ) -> Result<Vec<(ChatRecord, Option<OfferRow>)>, StoreError>;

    /// How they waited who wait no more in that group: those that it answered first, wherever they are since, and those
    /// that left it in vain; the latest to leave first, at most [`crate::domain::limits::PACE_CHATS_MAX`].
    async fn waited(&self, account: AccountId, group: &GroupId) -> Result<Vec<Waited>, StoreError>;

    /// Who was invited to the chat and is there, or was when it ended.
    async fn guests(&self, account: AccountId, chat: ChatId) -> Result<Vec<OperatorId>, StoreError>;

    /// Open offers at an operator, soonest over first.
    async fn offers_of(&self, account: AccountId, operator: OperatorId) -> Result<Vec<OfferRow>, StoreError>;

    /// Raises marks; they never fall.
    async fn save_marks(&self, account: AccountId, chat: ChatId, marks: &[MarkRow]) -> Result<(), StoreError>;

    /// Marks of many chats at once.
    async fn marks(&self, account: AccountId, chats: &[ChatId]) -> Result<Vec<(ChatId, MarkRow)>, StoreError>;

    /// The answer of a command outside a chat, or of one inside a chat that was answered `internal` for good.
    async fn remembered(
        &self,
        account: AccountId,
        sender: &str,
        command: &CommandId,
    ) -> Result<Option<Remembered>, StoreError>;

    /// Remembers an answer until `until`. An answer that is there already stays, and is returned.
    async fn remember(
        &self,
        account: AccountId,
        sender: &str,
        command: &CommandId,
        answer: Remembered,
        until: Timestamp,
    ) -> Result<Remembered, StoreError>;
}
