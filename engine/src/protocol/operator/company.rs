//! What an operator asks of colleagues: to take a chat over, or to come in.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::ids::{BrandId, ChatId, CommandId, GroupId, OperatorId};

/// Whom a colleague asks. A group alone: any member of it whom it finds. A brand alone, with a transfer: the group that a
/// new chat of the brand would enter now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct Whom {
    /// The brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub brand: Option<BrandId>,
    /// The group; with an operator: the one for which the chat counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub group: Option<GroupId>,
    /// The operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub operator: Option<OperatorId>,
}

/// Asks a colleague to take a chat over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Transfer {
    /// The command's id.
    pub id: CommandId,
    /// The chat.
    pub chat: ChatId,
    /// Whom.
    pub to: Whom,
    /// Why; for operators only.
    pub reason: String,
}

/// Asks a colleague to come in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Invite {
    /// The command's id.
    pub id: CommandId,
    /// The chat.
    pub chat: ChatId,
    /// Whom.
    pub to: Whom,
    /// Whether one stays when somebody comes; otherwise the chat is theirs then.
    pub stay: bool,
    /// Why; for operators only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<String>,
}
