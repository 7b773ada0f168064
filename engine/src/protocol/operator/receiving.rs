//! Status, and from which of one's groups one receives: what a window sends, what all windows are told, and what those
//! are told who look at others.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::group::{Handling, Status};
use crate::domain::ids::{CommandId, DepartmentId, GroupId, OperatorId, ProfileId};
use crate::domain::time::Timestamp;

/// Changes one's status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SetStatus {
    /// The command's id.
    pub id: CommandId,
    /// The new status.
    pub status: Status,
}

/// Sets whether an operator receives from a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SetMembership {
    /// The command's id.
    pub id: CommandId,
    /// The group.
    pub group: GroupId,
    /// Whether its chats are wanted.
    pub active: bool,
    /// Whose membership; none is one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub operator: Option<OperatorId>,
}

/// Why somebody is away who has not said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AwayWhy {
    /// They have done nothing for as long as the account has set.
    Inactive,
    /// They have let as many offers expire in a row as the group allows.
    OffersExpired,
}

/// A group one is a member of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct MyGroup {
    /// Id.
    pub id: GroupId,
    /// Name.
    pub name: String,
    /// Its department.
    pub department: DepartmentId,
    /// How its chats come.
    pub handling: Handling,
    /// Chats of it held at once.
    pub limit: Option<u32>,
    /// Whether one receives from it, as far as the profile lets one.
    pub active: bool,
    /// The chosen profile leaves it out: nothing comes from it, active or not.
    pub left_out: bool,
    /// Chats that wait in it.
    pub waiting: u32,
}

/// From which of one's groups one receives, how, and how much.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct Receiving {
    /// The chosen profile; none is all one's groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub profile: Option<ProfileId>,
    /// Chats held at once over all groups; none is unlimited.
    pub limit: Option<u32>,
    /// One's groups.
    pub groups: Vec<MyMembership>,
}

/// What one is in one of one's groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MyMembership {
    /// The group.
    pub group: GroupId,
    /// How its chats come.
    pub handling: Handling,
    /// Chats of it held at once.
    pub limit: Option<u32>,
    /// Whether its chats are wanted.
    pub active: bool,
    /// The chosen profile leaves it out.
    pub left_out: bool,
}

/// Whether somebody receives from one of their groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReceivingFrom {
    /// The group.
    pub group: GroupId,
    /// Whether its chats are wanted.
    pub active: bool,
    /// The chosen profile leaves it out.
    pub left_out: bool,
}

/// Whether somebody is there, and from which groups they receive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OperatorNow {
    /// Who.
    pub operator: OperatorId,
    /// Status.
    pub status: Status,
    /// Since when.
    pub since: Timestamp,
    /// The chosen profile; none is all their groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub profile: Option<ProfileId>,
    /// By id: of the members of a group that group alone, of one operator all of theirs.
    pub groups: Vec<ReceivingFrom>,
}
