//! What a visitor's socket sends and gets. Events for visitors are types of their own, built field by field: what
//! is not named here never reaches a visitor.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::domain::event::{Audience, EndedBy, EndedWhy, EventKind, Role};
use crate::domain::group::Availability;
use crate::domain::ids::{BrandId, ChatId, CommandId, DepartmentId, OperatorId, VisitorId};
use crate::domain::time::Timestamp;
use crate::domain::urgency::{Variables, readable_variables};
use crate::protocol::files::NoFiles;
use crate::protocol::left_message::LeaveMessage;

/// A frame from a visitor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum VisitorCommand {
    /// First of all.
    Hello(Hello),
    /// Begins a chat.
    Start(Start),
    /// Writes a message.
    Say(Say),
    /// Writes, or stopped.
    Typing(Typing),
    /// All up to this event has arrived.
    Delivered(Mark),
    /// All up to this event was seen.
    Read(Mark),
    /// The page changed.
    Page(Page),
    /// Asks for history.
    Resume(Resume),
    /// Ends the chat.
    End(End),
    /// Leaves a message.
    LeaveMessage(LeaveMessage),
}

/// See PROTOCOL, Life of a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Hello {
    /// The brand's key.
    pub brand: BrandId,
    /// What an earlier `welcome` gave; it is the visitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub token: Option<String>,
    /// Who the visitor is, signed by the brand's own server: a JWT whose `sub` is its name for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub identity: Option<String>,
    /// A language tag such as `pt-BR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub language: Option<String>,
    /// The page the widget is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub page: Option<Page>,
    /// What the page says of its visitor: texts, numbers, `true` and `false`. Others are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "Record<string, string | number | boolean>")]
    pub variables: Option<BTreeMap<String, Value>>,
    /// Continues a chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub resume: Option<Resume>,
}

impl Hello {
    /// The variables as they are kept.
    pub fn variables(&self) -> Variables {
        self.variables.as_ref().map(readable_variables).unwrap_or_default()
    }
}

/// A page of the website.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Page {
    /// Its address.
    pub url: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Where the visitor came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub referrer: Option<String>,
}

/// Asks for the events of a chat after a number, in the sender's own numbering.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Resume {
    /// The chat.
    pub chat: ChatId,
    /// The last `seq` that is known; 0 for all.
    pub after: u32,
}

/// Begins a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Start {
    /// The command's id.
    pub id: CommandId,
    /// The visitor's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// The visitor's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub email: Option<String>,
    /// Required where there are two or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub department: Option<DepartmentId>,
    /// The first message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub question: Option<String>,
    /// The operator whom the page or the link names: waited for a while, where they are in the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub operator: Option<OperatorId>,
}

/// Writes a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Say {
    /// The command's id.
    pub id: CommandId,
    /// The text.
    pub text: String,
    /// None yet.
    #[serde(default, skip_serializing)]
    #[ts(skip)]
    pub files: NoFiles,
}

/// Writes, or stopped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Typing {
    /// Whether the visitor writes.
    pub on: bool,
    /// What is in the box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub preview: Option<String>,
}

/// A mark: all up to `seq`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Mark {
    /// The number, in the sender's own numbering.
    pub seq: u32,
}

/// Ends the chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct End {
    /// The command's id.
    pub id: CommandId,
}

/// A frame to a visitor, events aside: those are [`VisitorEvent`] in an [`crate::protocol::frame::EventFrame`].
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum VisitorNotice {
    /// The answer to `hello`.
    Welcome(Box<Welcome>),
    /// Availability of the brand, or of one department of it.
    State {
        /// What it is.
        state: Availability,
        /// The department; none is the brand.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        department: Option<DepartmentId>,
    },
    /// The place in the queue.
    Queue {
        /// Visitors who would be served before.
        ahead: u32,
        /// They do not all look for the same operators, or not in order: some may be served later, or some behind sooner.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[ts(optional, as = "Option<bool>")]
        about: bool,
        /// Seconds that the visitor will wait from now on, where that can be said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        estimate_s: Option<u32>,
        /// What the group says beside it, with `{ahead}` and `{wait}` to be put in; none: the usual words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        text: Option<String>,
    },
    /// Somebody writes, or stopped.
    Typing {
        /// Whether.
        on: bool,
        /// Who.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        name: Option<String>,
    },
    /// The operators' side has it.
    Delivered {
        /// All up to this number, in the visitor's numbering.
        seq: u32,
    },
    /// An operator has seen it.
    Read {
        /// All up to this number, in the visitor's numbering.
        seq: u32,
    },
}

/// The answer to `hello`.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Welcome {
    /// Keep it; it is the visitor.
    pub token: String,
    /// The visitor's id.
    pub visitor: VisitorId,
    /// The identity of the `hello` was accepted: the token is good only together with one for the same subject.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub verified: bool,
    /// Availability of the brand.
    pub state: Availability,
    /// The chat that runs, or the last one that ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub chat: Option<VisitorChat>,
    /// All that the brand's window shows.
    pub window: Window,
    /// The server's clock.
    pub server_time: Timestamp,
}

/// A chat, as its visitor sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VisitorChat {
    /// Its id.
    pub id: ChatId,
    /// Its state.
    pub state: ChatPhase,
    /// The visitor's number of the last event.
    pub seq: u32,
    /// How far each side is, in the visitor's numbering.
    pub marks: VisitorMarks,
    /// Visitors ahead, while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ahead: Option<u32>,
    /// They do not all look for the same operators, or not in order, so that it is about that many.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub about: bool,
    /// Seconds that the visitor will wait, as was said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub estimate_s: Option<u32>,
    /// What the group says beside the place in its queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub queue_text: Option<String>,
    /// The operator's name, while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub operator: Option<String>,
}

/// The state of a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ChatPhase {
    /// In a queue.
    Waiting,
    /// An operator owns it.
    Active,
    /// It is over.
    Ended,
}

/// Marks of both sides of a chat, in the visitor's numbering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct VisitorMarks {
    /// The visitor's own side.
    pub visitor: MarkPair,
    /// The farthest of the operators.
    pub operators: MarkPair,
}

/// How far one side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct MarkPair {
    /// All up to this number has arrived.
    pub delivered: u32,
    /// All up to this number was seen.
    pub read: u32,
}

/// All that the brand's window shows.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Window {
    /// The brand's name.
    pub name: String,
    /// The brand's colour, `#rrggbb`.
    pub color: String,
    /// The language the texts are in.
    pub language: String,
    /// Whether the welcome screen is shown, and its fields.
    pub welcome: WelcomeScreen,
    /// What may be chosen, in the order to show.
    pub departments: Vec<WindowDepartment>,
    /// Texts by key, where the brand has its own.
    pub texts: BTreeMap<String, String>,
}

/// The welcome screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WelcomeScreen {
    /// Off: the chat starts at once.
    pub on: bool,
    /// The name.
    pub name: FieldRule,
    /// The e-mail address.
    pub email: FieldRule,
    /// The question.
    pub question: FieldRule,
}

impl Default for WelcomeScreen {
    fn default() -> Self {
        Self { on: true, name: FieldRule::Required, email: FieldRule::Optional, question: FieldRule::Required }
    }
}

/// Whether a field is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FieldRule {
    /// Not shown.
    Hidden,
    /// May be empty.
    Optional,
    /// Must be given.
    Required,
}

/// A department in the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct WindowDepartment {
    /// Its id.
    pub id: DepartmentId,
    /// Its name.
    pub name: String,
    /// Whether somebody answers there.
    pub state: Availability,
}

/// What a visitor sees of an event.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum VisitorEvent<'a> {
    /// The chat began.
    Started,
    /// It waits.
    Queued,
    /// An operator answers.
    Assigned {
        /// The operator's name.
        name: &'a str,
    },
    /// Another operator answers from here.
    Transferred {
        /// The operator's name.
        name: &'a str,
    },
    /// Another operator came in.
    Joined {
        /// The operator's name.
        name: &'a str,
    },
    /// An operator left.
    Left {
        /// The operator's name.
        name: &'a str,
    },
    /// A message.
    Message {
        /// Unique within the chat.
        id: &'a str,
        /// Who wrote it.
        from: VisitorAuthor<'a>,
        /// The text.
        text: &'a str,
        /// Ids of files.
        files: &'a [String],
        /// Always `everyone`: others never reach a visitor.
        to: &'static str,
    },
    /// The visitor was gone.
    VisitorAway,
    /// The visitor came back.
    VisitorBack,
    /// The chat is over.
    Ended {
        /// Who ended it.
        by: EndedBy,
        /// Why.
        why: EndedWhy,
    },
    /// The event was removed.
    Erased,
}

/// Who wrote a message, without an operator's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct VisitorAuthor<'a> {
    /// In which role.
    pub role: Role,
    /// The name to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<&'a str>,
}

impl<'a> VisitorEvent<'a> {
    /// About how long it is as JSON: what a buffer for it is made with.
    pub fn expected_len(&self) -> usize {
        match self {
            Self::Message { id, from, text, files, .. } => {
                let files: usize = files.iter().map(|file| file.len() + 3).sum();
                100 + id.len() + from.name.map_or(0, str::len) + text.len() + files
            }
            Self::Assigned { name } | Self::Transferred { name } | Self::Joined { name } | Self::Left { name } => {
                40 + name.len()
            }
            _ => 64,
        }
    }

    /// Whether a visitor sees it byte for byte as it is stored: what a visitor wrote, which nobody need leave anything out of.
    pub fn is_as_stored(kind: &EventKind) -> bool {
        matches!(kind, EventKind::Message(message)
            if message.from.role == Role::Visitor && message.from.id.is_none() && message.to == Audience::Everyone)
    }

    /// What a visitor sees of it; `None` where that is nothing.
    pub fn of(kind: &'a EventKind) -> Option<Self> {
        if !kind.visible_to_visitor() {
            return None;
        }
        Some(match kind {
            EventKind::Started { .. } => Self::Started,
            EventKind::Queued { .. } => Self::Queued,
            EventKind::Assigned { name, .. } => Self::Assigned { name },
            EventKind::Transferred { name, .. } => Self::Transferred { name },
            EventKind::Joined { name, .. } => Self::Joined { name },
            EventKind::Left { name, .. } => Self::Left { name },
            EventKind::Message(message) => Self::Message {
                id: &message.id,
                from: VisitorAuthor { role: message.from.role, name: message.from.name.as_deref() },
                text: &message.text,
                files: &message.files,
                to: "everyone",
            },
            EventKind::VisitorAway => Self::VisitorAway,
            EventKind::VisitorBack => Self::VisitorBack,
            EventKind::Ended { by, why, .. } => Self::Ended { by: *by, why: *why },
            EventKind::Erased => Self::Erased,
            EventKind::Offered { .. }
            | EventKind::Declined { .. }
            | EventKind::Expired { .. }
            | EventKind::TransferAsked { .. }
            | EventKind::TransferDenied { .. }
            | EventKind::Invited { .. }
            | EventKind::InviteDenied { .. } => return None,
        })
    }
}

#[cfg(test)]
mod tests;
