//! What an operator's socket sends and gets.

mod company;
mod receiving;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::event::{Audience, EndedBy, EndedWhy, OfferEnd, OfferKind, Role, Rung};
use crate::domain::group::Status;
use crate::domain::identity::Subject;
use crate::domain::ids::{BrandId, ChatId, CommandId, DepartmentId, GroupId, OfferId, OperatorId, ProfileId};
use crate::domain::permission::{Permission, StaffRole};
use crate::domain::time::Timestamp;
use crate::protocol::files::NoFiles;
use crate::protocol::left_message::SendToForm;
use crate::protocol::visitor::{ChatPhase, MarkPair, Resume};

pub use company::{Invite, Transfer, Whom};
pub use receiving::{AwayWhy, MyGroup, MyMembership, OperatorNow, Receiving, ReceivingFrom, SetMembership, SetStatus};

/// A frame from an operator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OperatorCommand {
    /// First of all.
    Hello(Hello),
    /// Changes one's status.
    Status(SetStatus),
    /// Sets whether one receives from a group, or another operator does.
    MembershipStatus(SetMembership),
    /// A hint: somebody works at this window.
    Active {},
    /// Accepts an offer.
    Accept(Answer),
    /// Declines an offer.
    Decline(Answer),
    /// Sends a chat to the contact form.
    SendToForm(SendToForm),
    /// Writes a message.
    Say(Say),
    /// Writes, or stopped.
    Typing(Typing),
    /// All up to this event has arrived.
    Delivered(Mark),
    /// All up to this event was seen.
    Read(Mark),
    /// Takes a chat from the queue, or from the operator who has it.
    Take(OnChat),
    /// Asks a colleague to take a chat over.
    Transfer(Transfer),
    /// Asks a colleague to come in.
    Invite(Invite),
    /// Leaves a chat to the others.
    Leave(OnChat),
    /// Ends a chat.
    End(OnChat),
    /// Asks for history.
    Resume(Resume),
    /// Asks for a live list.
    Subscribe(Subscribe),
    /// Has seen enough of it.
    Unsubscribe(Unsubscribe),
}

/// First of all.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, TS)]
pub struct Hello {
    /// Chats to continue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub resume: Option<Vec<Resume>>,
}

/// Answers an offer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Answer {
    /// The command's id.
    pub id: CommandId,
    /// The offer.
    pub offer: OfferId,
}

/// Writes a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Say {
    /// The command's id.
    pub id: CommandId,
    /// The chat.
    pub chat: ChatId,
    /// The text.
    pub text: String,
    /// Whom it is for.
    #[serde(default)]
    pub to: Audience,
    /// None yet.
    #[serde(default, skip_serializing)]
    #[ts(skip)]
    pub files: NoFiles,
}

/// Writes, or stopped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Typing {
    /// The chat.
    pub chat: ChatId,
    /// Whether the operator writes.
    pub on: bool,
}

/// A mark in a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Mark {
    /// The chat.
    pub chat: ChatId,
    /// The number, in the operators' numbering.
    pub seq: u32,
}

/// A command that needs nothing but the chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OnChat {
    /// The command's id.
    pub id: CommandId,
    /// The chat.
    pub chat: ChatId,
}

/// Asks for a live list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Subscribe {
    /// The command's id; `rows` bear it as `subscription`.
    pub id: CommandId,
    /// `chats`, `group:ID`, `members:ID`, `operator:ID`, or `left_messages`.
    pub topic: String,
    /// With `chats`: which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub filter: Option<ChatFilter>,
    /// With `chats`: in which order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub order: Option<ChatOrder>,
    /// With `chats`: which part of the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub window: Option<ListWindow>,
}

/// Ends a live list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Unsubscribe {
    /// The command's id.
    pub id: CommandId,
    /// `chats`, `group:ID`, `members:ID`, `operator:ID`, or `left_messages`.
    pub topic: String,
    /// With `chats`: the `subscribe` command's id; without it all lists of the topic end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub subscription: Option<CommandId>,
}

/// Which chats: all criteria must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct ChatFilter {
    /// In this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub state: Option<ChatPhase>,
    /// Owned, now or at last, by this operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub operator: Option<OperatorId>,
    /// In this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub group: Option<GroupId>,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ChatOrder {
    /// Latest first.
    #[default]
    Latest,
    /// Longest waiting first.
    LongestWaiting,
}

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ListWindow {
    /// Rows before the first one.
    pub offset: u32,
    /// Rows; at most 200.
    pub limit: u32,
}

/// A frame to an operator, events aside.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OperatorNotice {
    /// The answer to `hello`.
    Welcome(Box<Welcome>),
    /// A chat rings.
    Offer(Offer),
    /// It rings no more.
    OfferGone {
        /// The offer.
        offer: OfferId,
        /// Its chat.
        chat: ChatId,
        /// Why.
        why: OfferEnd,
        /// Who has it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        by: Option<String>,
    },
    /// A group's queue.
    Queue {
        /// The group.
        group: GroupId,
        /// Chats that wait.
        waiting: u32,
        /// How long the first of them has, in seconds.
        longest_s: u32,
    },
    /// A live list.
    Rows {
        /// `chats`.
        topic: String,
        /// The `subscribe` command's id.
        subscription: CommandId,
        /// All rows of the list, beyond this window too.
        total: u32,
        /// The rows of the window.
        rows: Vec<ChatRow>,
    },
    /// Messages that visitors left have changed.
    LeftMessages {
        /// How many of those that one may see are new.
        new: u32,
    },
    /// Somebody writes, or stopped.
    Typing {
        /// The chat.
        chat: ChatId,
        /// In which role.
        role: Role,
        /// Whether.
        on: bool,
        /// Who.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        name: Option<String>,
        /// What is in the visitor's box.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        preview: Option<String>,
    },
    /// It has arrived there.
    Delivered {
        /// The chat.
        chat: ChatId,
        /// Whose mark: the visitor's, or an operator's.
        role: Role,
        /// Which operator.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        operator: Option<OperatorId>,
        /// All up to this number, in the operators' numbering.
        seq: u32,
    },
    /// It was seen there.
    Read {
        /// The chat.
        chat: ChatId,
        /// Whose mark: the visitor's, or an operator's.
        role: Role,
        /// Which operator.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        operator: Option<OperatorId>,
        /// All up to this number, in the operators' numbering.
        seq: u32,
    },
    /// One's own status, to all windows.
    Status {
        /// What it is.
        status: Status,
        /// Since when.
        since: Timestamp,
        /// Why, when the operator has not said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        why: Option<AwayWhy>,
    },
    /// From which of one's groups one receives, how, and how much, to all windows.
    Receiving(Receiving),
    /// Who is there, and from which groups they receive: first all of the topic, then those of whom something has changed.
    Operators {
        /// `members:ID` or `operator:ID`.
        topic: String,
        /// At most 200; more follow in frames of their own.
        operators: Vec<OperatorNow>,
        /// Who was told of before and belongs to the topic no more; at most 200 likewise.
        gone: Vec<OperatorId>,
    },
}

/// The answer to `hello`.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Welcome {
    /// Oneself.
    pub operator: Myself,
    /// What one may do.
    pub permissions: Vec<Permission>,
    /// One's status.
    pub status: Status,
    /// Since when.
    pub status_since: Timestamp,
    /// Seconds that the status is kept once one's last window is lost.
    pub grace_s: u32,
    /// One's groups.
    pub groups: Vec<MyGroup>,
    /// The chosen profile; none is all one's groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub profile: Option<ProfileId>,
    /// One's running chats, at most 200.
    pub chats: Vec<ChatRow>,
    /// What rings.
    pub offers: Vec<Offer>,
    /// Where the list of running chats goes on: `GET /chats?cursor=…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub next: Option<String>,
    /// The server's clock.
    pub server_time: Timestamp,
}

/// Oneself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Myself {
    /// Id.
    pub id: OperatorId,
    /// The name colleagues and visitors see.
    pub name: String,
    /// The address one signs in with.
    pub email: String,
    /// Role.
    pub role: StaffRole,
    /// Chats held at once over all groups; none is unlimited.
    pub limit: Option<u32>,
}

/// A chat that rings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Offer {
    /// The offer's id.
    pub offer: OfferId,
    /// The chat.
    pub chat: ChatId,
    /// The group it is offered for.
    pub group: GroupId,
    /// Who asks.
    pub visitor: RowVisitor,
    /// The first question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub question: Option<String>,
    /// How it came to be. On the wire `kind`, as in PROTOCOL.
    pub kind: OfferKind,
    /// When the chat entered the queue.
    pub queued_at: Timestamp,
    /// When it stops ringing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub expires_at: Option<Timestamp>,
    /// The colleague who asks, with a transfer or an invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub from: Option<Rung>,
    /// Why they ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<String>,
}

/// A chat in a list: the same form in `welcome`, `rows` and over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ChatRow {
    /// Id.
    pub id: ChatId,
    /// The account's number of it.
    #[ts(type = "number")]
    pub number: i64,
    /// State.
    pub state: ChatPhase,
    /// Brand.
    pub brand: BrandId,
    /// Department, where one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub department: Option<DepartmentId>,
    /// Group.
    pub group: GroupId,
    /// Visitor.
    pub visitor: RowVisitor,
    /// The operator who owns it, or owned it at last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub owner: Option<Person>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it entered the queue it is or was in.
    pub queued_at: Timestamp,
    /// When it was assigned at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub assigned_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ended_at: Option<Timestamp>,
    /// Who ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ended_by: Option<EndedBy>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ended_why: Option<EndedWhy>,
    /// Idle since: when an operator last wrote, or the assignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub idle_since: Option<Timestamp>,
    /// The visitor has been gone for a while.
    pub visitor_away: bool,
    /// Messages so far.
    pub messages: u32,
    /// The first question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub question: Option<String>,
    /// The operators' number of the last event.
    pub seq: u32,
    /// How far the visitor is, in the operators' numbering.
    pub visitor_marks: MarkPair,
    /// How far oneself is, in the operators' numbering.
    pub my_marks: MarkPair,
}

/// How far the visitor and oneself are, in the operators' numbering; in `resumed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, TS)]
pub struct OperatorMarks {
    /// The visitor.
    pub visitor: MarkPair,
    /// Oneself.
    pub mine: MarkPair,
}

/// A visitor in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RowVisitor {
    /// The name; none is a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// The address, as it was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub email: Option<String>,
    /// The name by which the brand's own server knows the visitor, as it has signed; none: nobody has vouched for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    pub subject: Option<Subject>,
}

/// An operator in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Person {
    /// Id.
    pub id: OperatorId,
    /// Name.
    pub name: String,
}
