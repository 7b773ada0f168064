//! Roles and what they may do: the one list that every check on the server and every screen reads.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One thing that may be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Receive, accept, take and answer chats of one's own groups.
    Answer,
    /// Read waiting and ended chats of one's own groups.
    ReadGroupChats,
    /// Read every chat of the account.
    ReadAllChats,
    /// Take chats from the operator who has them.
    TakeChats,
    /// End chats that another operator owns.
    EndAnyChat,
    /// Change another operator's status.
    SetStatus,
    /// Read operators, groups and memberships.
    ReadStaff,
    /// Make and change operators, groups and memberships.
    ManageStaff,
}

/// A named set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StaffRole {
    /// Sets everything up.
    Administrator,
    /// Supervises.
    Manager,
    /// Answers.
    Operator,
}

impl StaffRole {
    /// What the role may do.
    pub fn permissions(self) -> &'static [Permission] {
        use Permission::*;
        match self {
            Self::Administrator => {
                &[Answer, ReadGroupChats, ReadAllChats, TakeChats, EndAnyChat, SetStatus, ReadStaff, ManageStaff]
            }
            Self::Manager => &[Answer, ReadGroupChats, ReadAllChats, TakeChats, EndAnyChat, SetStatus, ReadStaff],
            Self::Operator => &[Answer, ReadGroupChats, ReadStaff],
        }
    }

    /// Whether the role may do it.
    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }

    /// The name as it is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Manager => "manager",
            Self::Operator => "operator",
        }
    }

    /// The role of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Administrator, Self::Manager, Self::Operator].into_iter().find(|role| role.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_all_that_the_one_below_may() {
        let above = |high: StaffRole, low: StaffRole| low.permissions().iter().all(|p| high.may(*p));
        assert!(above(StaffRole::Manager, StaffRole::Operator));
        assert!(above(StaffRole::Administrator, StaffRole::Manager));
        assert!(!StaffRole::Operator.may(Permission::ReadAllChats));
    }
}
