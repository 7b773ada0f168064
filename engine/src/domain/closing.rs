//! What is about to be gone although chats depend on it: a group in which some wait, an operator who holds some. What
//! becomes of these chats is chosen first and stored; whatever is in the way then ends, and the thing goes with the last.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{GroupId, OperatorId};

/// Something that is about to be gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Closing {
    /// A group is deleted. Running chats go on; it is gone with the last of them.
    Group {
        /// Which.
        group: GroupId,
        /// What becomes of those who wait.
        waiting: WaitingChats,
    },
    /// An operator may not work any more.
    Operator {
        /// Who.
        operator: OperatorId,
        /// What becomes of the chats they hold.
        chats: HeldChats,
        /// Deleted, not only disabled, when nothing is held any more.
        delete: bool,
    },
}

/// What becomes of those who wait in a group that is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingChats {
    /// They end.
    End,
    /// They wait on in another group.
    Move(GroupId),
}

/// What becomes of the chats of an operator who may not work any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldChats {
    /// They wait again, at the front.
    Requeue,
    /// They end.
    End,
}

impl Closing {
    /// What it is about, as the store finds it again.
    pub fn key(&self) -> String {
        match self {
            Self::Group { group, .. } => Self::key_of_group(group),
            Self::Operator { operator, .. } => format!("operator/{operator}"),
        }
    }

    /// The key under which a group closes.
    pub fn key_of_group(group: &GroupId) -> String {
        format!("group/{group}")
    }
}
