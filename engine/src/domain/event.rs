//! The kinds of event a chat is made of, as they are stored, closed in this one file. Operators see them as they
//! are stored; what a visitor sees of them is decided in `protocol::visitor`, field by field.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use ts_rs::TS;

use crate::domain::ids::{BrandId, CommandId, DepartmentId, GroupId, OfferId, OperatorId};
use crate::domain::time::Timestamp;
use crate::domain::urgency::Variables;

/// Who wrote or did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The visitor of the chat.
    Visitor,
    /// An operator.
    Operator,
    /// Switchboard itself.
    System,
}

impl Role {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }
}

/// The author of a message, with the name as it was when it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Author {
    /// In which role.
    pub role: Role,
    /// The operator's id; visitors have none here, there is one to a chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub id: Option<OperatorId>,
    /// The name to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
}

/// Whom a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The visitor and all operators of the chat.
    #[default]
    Everyone,
    /// Operators only (private).
    Operators,
    /// From a coach to the operator of the chat.
    Coaching,
}

/// How an offer came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum OfferKind {
    /// A chat from the queue.
    New,
    /// A colleague hands the chat over.
    Transfer,
    /// A colleague asks for company.
    Invite,
}

/// Why an offer is over without its chat being over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum OfferEnd {
    /// Somebody has the chat (perhaps the one who was asked, in another window).
    Taken,
    /// It rang for its full time.
    Expired,
    /// The engine took it back: the operator went, or the group changed.
    Withdrawn,
    /// The chat is over.
    Ended,
    /// It was declined.
    Declined,
}

/// How an operator came to own a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AssignedBy {
    /// Accepted an offer.
    Accepted,
    /// The group assigns at once.
    Automatic,
    /// Took it from the queue.
    Taken,
    /// Took it from the one who had it.
    TakenOver,
}

/// Who ended a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The visitor.
    Visitor,
    /// An operator.
    Operator,
    /// A rule of the engine.
    System,
}

/// Why a chat ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum EndedWhy {
    /// Somebody closed it.
    Closed,
    /// The visitor was gone too long while waiting.
    Left,
    /// Nobody answered in time.
    TimedOut,
    /// An operator sent it to the contact form.
    SentToForm,
    /// The group stopped receiving.
    Offline,
    /// The group is no more.
    GroupDeleted,
    /// The visitor is blocked.
    Blocked,
}

impl EndedBy {
    /// The name as it is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }
}

impl EndedWhy {
    /// The name as it is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Left => "left",
            Self::TimedOut => "timed_out",
            Self::SentToForm => "sent_to_form",
            Self::Offline => "offline",
            Self::GroupDeleted => "group_deleted",
            Self::Blocked => "blocked",
        }
    }
}

/// An operator who is rung, with the name as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Rung {
    /// Id.
    pub id: OperatorId,
    /// Name.
    pub name: String,
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Message {
    /// Unique within the chat.
    pub id: String,
    /// Who wrote it.
    pub from: Author,
    /// The text; empty when there are only files.
    pub text: String,
    /// Ids of attached files.
    #[serde(default)]
    pub files: Vec<String>,
    /// Whom it is for.
    #[serde(default)]
    pub to: Audience,
}

/// A fact of one chat, as it is stored and as operators see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// The chat began.
    Started {
        /// The brand the visitor was on.
        brand: BrandId,
        /// The department chosen, where there is a choice.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        department: Option<DepartmentId>,
        /// The visitor's name; none is a guest.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        name: Option<String>,
        /// The visitor's address, as given.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        email: Option<String>,
        /// The page the chat began on.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        page: Option<String>,
        /// The language that the visitor's browser or page asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        language: Option<String>,
        /// What the page said of the visitor; nobody has vouched for it.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        #[ts(optional, as = "Option<BTreeMap<String, String>>")]
        variables: Variables,
        /// What the brand's server has signed of the visitor.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        #[ts(optional, as = "Option<BTreeMap<String, String>>")]
        verified: Variables,
        /// The operator whom the page named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        wanted: Option<OperatorId>,
    },
    /// It entered a group's queue.
    Queued {
        /// The group.
        group: GroupId,
    },
    /// It was rung at an operator. Operators only.
    Offered {
        /// The offer; its `seq` is this event's, or that of the first one where operators are added to a ring at all.
        offer: OfferId,
        /// Who is rung.
        operator: OperatorId,
        /// The operator's name.
        name: String,
        /// Who is rung beside them, where the group rings at all who are free: the first to accept has the chat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        others: Option<Vec<Rung>>,
        /// The group it is offered for.
        group: GroupId,
        /// How it came to be.
        offer_kind: OfferKind,
        /// When it stops ringing.
        expires_at: Timestamp,
    },
    /// The operator declined. Operators only.
    Declined {
        /// The offer that is over.
        offer: OfferId,
        /// Who declined.
        operator: OperatorId,
    },
    /// The offer is over without an answer. Operators only.
    Expired {
        /// The offer that is over.
        offer: OfferId,
        /// Who was rung.
        operator: OperatorId,
        /// `expired`, or `withdrawn` when it is not the operator's fault.
        why: OfferEnd,
    },
    /// An operator owns the chat from here.
    Assigned {
        /// Who.
        operator: OperatorId,
        /// The name the visitor sees.
        name: String,
        /// For which group.
        group: GroupId,
        /// How.
        by: AssignedBy,
        /// The offer that was accepted.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        offer: Option<OfferId>,
    },
    /// The owner asks a colleague to take the chat over. Operators only.
    TransferAsked {
        /// The owner.
        operator: OperatorId,
        /// The owner's name.
        name: String,
        /// Who is asked; none: any member of the group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        to: Option<Rung>,
        /// The group for which it is asked.
        group: GroupId,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        reason: Option<String>,
        /// When it is over unless somebody has agreed.
        until: Timestamp,
    },
    /// A colleague owns the chat from here.
    Transferred {
        /// Who.
        operator: OperatorId,
        /// The name the visitor sees.
        name: String,
        /// For which group.
        group: GroupId,
        /// Who owned it.
        from: Rung,
        /// The offer that was accepted.
        offer: OfferId,
    },
    /// Nobody took it over: the owner has it as before. Operators only.
    TransferDenied {
        /// Who was asked last, where somebody was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        operator: Option<Rung>,
        /// `declined`, `expired`, or `withdrawn` when it was taken back.
        why: OfferEnd,
    },
    /// The owner asks a colleague to come in. Operators only.
    Invited {
        /// The owner.
        operator: OperatorId,
        /// The owner's name.
        name: String,
        /// Who is asked; none: any member of the group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        to: Option<Rung>,
        /// The group for which it is asked.
        group: GroupId,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        reason: Option<String>,
        /// Whether the owner stays when somebody comes.
        stay: bool,
        /// When it is over unless somebody has agreed.
        until: Timestamp,
    },
    /// A colleague came in.
    Joined {
        /// Who.
        operator: OperatorId,
        /// The name the visitor sees.
        name: String,
        /// For which group.
        group: GroupId,
        /// The offer that was accepted.
        offer: OfferId,
    },
    /// Nobody came. Operators only.
    InviteDenied {
        /// Who was asked last, where somebody was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        operator: Option<Rung>,
        /// `declined`, `expired`, or `withdrawn` when it was taken back.
        why: OfferEnd,
    },
    /// An operator is no longer in the chat.
    Left {
        /// Who.
        operator: OperatorId,
        /// The name the visitor sees.
        name: String,
    },
    /// A message.
    Message(Message),
    /// The visitor's last socket has been gone for a while.
    VisitorAway,
    /// The visitor is here again.
    VisitorBack,
    /// The chat is over.
    Ended {
        /// Who ended it.
        by: EndedBy,
        /// Why.
        why: EndedWhy,
        /// The operator who ended it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        operator: Option<OperatorId>,
    },
    /// The event was removed; its number stays.
    Erased,
}

impl EventKind {
    /// Whether the visitor's numbering counts this event.
    pub fn visible_to_visitor(&self) -> bool {
        match self {
            Self::Offered { .. }
            | Self::Declined { .. }
            | Self::Expired { .. }
            | Self::TransferAsked { .. }
            | Self::TransferDenied { .. }
            | Self::Invited { .. }
            | Self::InviteDenied { .. } => false,
            Self::Message(message) => message.to == Audience::Everyone,
            Self::Started { .. }
            | Self::Queued { .. }
            | Self::Assigned { .. }
            | Self::Transferred { .. }
            | Self::Joined { .. }
            | Self::Left { .. }
            | Self::VisitorAway
            | Self::VisitorBack
            | Self::Ended { .. }
            | Self::Erased => true,
        }
    }
}

/// The command an event came from: what makes a repeated command answerable without a second effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Who sent it.
    pub sender: Sender,
    /// The id the client chose.
    pub command: CommandId,
    /// A digest of the command's content; another content under the same id is a conflict.
    pub digest: u64,
}

/// The owner of a space of command ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Sender {
    /// The visitor of the chat.
    Visitor,
    /// An operator.
    Operator(OperatorId),
}

/// An event with its numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The operators' number: counts everything from 1.
    pub seq: u32,
    /// The visitor's number: counts what visitors may see; that of the last visible one where this is not.
    pub visitor_seq: u32,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// The command it came from; only the first event of a command bears it.
    pub origin: Option<Origin>,
}

/// An event as stores and nodes hand it on: numbers, and a body that need not be understood to be passed on.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// See [`Event::seq`].
    pub seq: u32,
    /// See [`Event::visitor_seq`].
    pub visitor_seq: u32,
    /// Whether the visitor's numbering counts it.
    pub visible: bool,
    /// When.
    pub at: Timestamp,
    /// The JSON of [`EventKind`], or of a kind a newer node knows.
    pub body: Arc<RawValue>,
    /// See [`Event::origin`].
    pub origin: Option<Origin>,
}

impl StoredEvent {
    /// The kind, where this version knows it.
    pub fn kind(&self) -> Option<EventKind> {
        serde_json::from_str(self.body.get()).ok()
    }
}

impl Event {
    /// The form stores keep.
    ///
    /// # Errors
    /// Only if a kind could not be written as JSON, which the types rule out.
    pub fn to_stored(&self) -> Result<StoredEvent, serde_json::Error> {
        Ok(StoredEvent {
            seq: self.seq,
            visitor_seq: self.visitor_seq,
            visible: self.kind.visible_to_visitor(),
            at: self.at,
            body: serde_json::value::to_raw_value(&self.kind)?.into(),
            origin: self.origin.clone(),
        })
    }
}
