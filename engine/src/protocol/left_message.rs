//! Messages that visitors left, on the wire: what a visitor sends, and what operators are told.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::ids::{BrandId, ChatId, CommandId, DepartmentId, LeftMessageId};
use crate::domain::left_message::{LeftMessage, LeftState};
use crate::domain::time::Timestamp;

/// Leaves a message: what the off-line form holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LeaveMessage {
    /// The command's id.
    pub id: CommandId,
    /// The visitor's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// Where an answer goes.
    pub email: String,
    /// What is to be answered.
    pub text: String,
    /// Whom it is for; none is everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub department: Option<DepartmentId>,
}

/// A message that was left, as operators see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LeftMessageRow {
    /// Id.
    pub id: LeftMessageId,
    /// How far people are with it.
    pub state: LeftState,
    /// The brand it was left on.
    pub brand: BrandId,
    /// Whom it is for; none is everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub department: Option<DepartmentId>,
    /// The name, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// Where an answer goes.
    pub email: String,
    /// What was written.
    pub text: String,
    /// The chat that nobody answered, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub chat: Option<ChatId>,
    /// The page it was left on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub page: Option<String>,
    /// The language of the visitor's browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub language: Option<String>,
    /// When it was left.
    pub created_at: Timestamp,
}

impl From<LeftMessage> for LeftMessageRow {
    fn from(message: LeftMessage) -> Self {
        Self {
            id: message.id,
            state: message.state,
            brand: message.brand,
            department: message.department,
            name: message.name,
            email: message.email,
            text: message.text,
            chat: message.chat,
            page: message.page,
            language: message.language,
            created_at: message.created_at,
        }
    }
}

/// A chat is for the contact form: one that rings here, or one that is named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SendToForm {
    /// The command's id.
    pub id: CommandId,
    /// The offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub offer: Option<crate::domain::ids::OfferId>,
    /// Or the chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub chat: Option<ChatId>,
}
