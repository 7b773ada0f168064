//! How much of the slots was in use, hour by hour, as the store keeps it for reports.

use async_trait::async_trait;

use crate::domain::ids::{AccountId, GroupId, OperatorId};
use crate::domain::report::Work;
use crate::domain::time::Timestamp;
use crate::ports::store::StoreError;

/// Whose slots.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// The slots of those who receive from a group, in this group.
    Group(GroupId),
    /// An operator's, all groups together.
    Operator(OperatorId),
}

impl Whose {
    /// What the store calls the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Group(_) => GROUPS,
            Self::Operator(_) => OPERATORS,
        }
    }

    /// What the store calls the one.
    pub fn id(&self) -> String {
        match self {
            Self::Group(group) => group.to_string(),
            Self::Operator(operator) => operator.to_string(),
        }
    }
}

/// The kind of groups.
pub const GROUPS: &str = "group";
/// The kind of operators.
pub const OPERATORS: &str = "operator";

/// Some work within one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkRow {
    /// The account.
    pub account: AccountId,
    /// Whose.
    pub whose: Whose,
    /// The beginning of the hour.
    pub hour: Timestamp,
    /// How much.
    pub work: Work,
}

/// Which work is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkQuery {
    /// [`GROUPS`] or [`OPERATORS`].
    pub kind: &'static str,
    /// From the hour that begins then.
    pub from: Timestamp,
    /// To those that begin before.
    pub to: Timestamp,
    /// One of them only.
    pub only: Option<String>,
}

/// Work.
#[async_trait]
pub trait WorkLog: Send + Sync {
    /// Adds work to what is there, all of it or nothing.
    async fn add_work(&self, rows: &[WorkRow]) -> Result<(), StoreError>;

    /// The work of each, by id.
    async fn work_of_each(&self, account: AccountId, query: &WorkQuery) -> Result<Vec<(String, Work)>, StoreError>;

    /// The work of all of them, by hour.
    async fn work_by_hour(&self, account: AccountId, query: &WorkQuery) -> Result<Vec<(Timestamp, Work)>, StoreError>;

    /// Forgets the work of hours that began before then.
    async fn forget_work(&self, before: Timestamp) -> Result<(), StoreError>;
}
