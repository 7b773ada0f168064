//! Presence and load of operators, as the store keeps them.

use async_trait::async_trait;

use crate::domain::group::{Handling, Status};
use crate::domain::ids::{AccountId, CommandId, GroupId, OperatorId};
use crate::domain::operator::PresenceRules;
use crate::domain::skills::Skills;
use crate::domain::time::Timestamp;
use crate::ports::journal::Remembered;
use crate::ports::store::StoreError;
use crate::protocol::operator::OperatorNow;

/// An operator's presence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresenceRow {
    /// Who.
    pub operator: OperatorId,
    /// Status.
    pub status: Status,
    /// Since when.
    pub since: Timestamp,
    /// Offers in a row that expired, see [`Presence::set_expired_in_a_row`].
    pub expired_in_a_row: u32,
    /// When a node last knew a socket of theirs.
    pub last_seen_at: Timestamp,
    /// Rises each time the operator's actor is owned anew.
    pub session_epoch: u64,
    /// Limit overall.
    pub limit: Option<u32>,
    /// Chats held overall.
    pub held: u32,
    /// Version of the load, see [`crate::ports::journal::Load::version`].
    pub version: u64,
}

/// A member of a group, with all that routing asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterRow {
    /// Who.
    pub operator: OperatorId,
    /// The name.
    pub name: String,
    /// How chats come.
    pub handling: Handling,
    /// Whether the membership is active, and the operator's profile does not leave the group out.
    pub active: bool,
    /// Limit in the group.
    pub group_limit: Option<u32>,
    /// Limit overall.
    pub limit: Option<u32>,
    /// Chats held overall.
    pub held: u32,
    /// Slots reserved overall.
    pub reserved: u32,
    /// Chats held in the group.
    pub group_held: u32,
    /// Slots reserved in the group.
    pub group_reserved: u32,
    /// Status.
    pub status: Status,
    /// Since when that status.
    pub since: Timestamp,
    /// When a chat of theirs last ended.
    pub last_ended_at: Option<Timestamp>,
    /// Version of the load, see [`crate::ports::journal::Load::version`].
    pub version: u64,
    /// What they can.
    pub skills: Skills,
}

impl RosterRow {
    /// Whether the limits leave a slot for another chat of the group, overall and in it.
    pub fn has_free_slot(&self) -> bool {
        let room = |limit: Option<u32>, held: u32, reserved: u32| limit.is_none_or(|limit| held + reserved < limit);
        room(self.limit, self.held, self.reserved) && room(self.group_limit, self.group_held, self.group_reserved)
    }
}

/// Whom somebody looks at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Watched {
    /// The members of a group, as far as that group goes.
    Members(GroupId),
    /// One operator, with all their groups.
    Operator(OperatorId),
}

/// The command that sets whether somebody receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivingSet {
    /// Who sends it.
    pub sender: OperatorId,
    /// Its id.
    pub command: CommandId,
    /// Its answer.
    pub answer: Remembered,
    /// When.
    pub at: Timestamp,
}

/// What came of setting it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceivingOutcome {
    /// It is as it was asked, or was by the same command before.
    Set,
    /// There is no such membership.
    NoMember,
    /// The group is about to be gone: nobody begins to receive from it.
    GroupCloses,
}

/// A counter that did not agree with the open chats and offers, before it was set right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Whose.
    pub operator: OperatorId,
    /// In which group; none is the overall counter.
    pub group: Option<GroupId>,
    /// What the counters said: held, reserved.
    pub counted: (u32, u32),
    /// What is true: held, reserved.
    pub true_count: (u32, u32),
}

/// Presence and load.
#[async_trait]
pub trait Presence: Send + Sync {
    /// Raises the operator's `session_epoch` and reads the presence. `None`: no such operator in the account.
    async fn own_presence(&self, account: AccountId, operator: OperatorId) -> Result<Option<PresenceRow>, StoreError>;

    /// Sets the status at a moment; with a command, remembers its answer in the same transaction (`Err(Conflict)`
    /// when the same id came with other content; nothing, when it came before): the operator's id as text is the
    /// sender that [`crate::ports::journal::Journal::remembered`] finds it under. A status that stays keeps `since`. Any
    /// status ends a row of offers that expired.
    async fn set_status(
        &self,
        account: AccountId,
        operator: OperatorId,
        status: Status,
        at: Timestamp,
        command: Option<(CommandId, Remembered)>,
    ) -> Result<(), StoreError>;

    /// Keeps how many offers in a row an operator has let expire, until a status is set. Without such an operator nothing is
    /// done.
    async fn set_expired_in_a_row(
        &self,
        account: AccountId,
        operator: OperatorId,
        count: u32,
    ) -> Result<(), StoreError>;

    /// Sets whether an operator receives from a group, for a command of whoever `by` is: its answer is remembered in
    /// the same transaction, and the same id with other content is `Conflict`.
    async fn set_receiving(
        &self,
        account: AccountId,
        group: &GroupId,
        operator: OperatorId,
        active: bool,
        by: ReceivingSet,
    ) -> Result<ReceivingOutcome, StoreError>;

    /// What the account has set of presence; none is the usual.
    async fn presence_rules(&self, account: AccountId) -> Result<Option<PresenceRules>, StoreError>;

    /// Changes it, if it is still as it was seen; `false`: it is not.
    async fn change_presence_rules(
        &self,
        account: AccountId,
        before: Option<PresenceRules>,
        after: PresenceRules,
    ) -> Result<bool, StoreError>;

    /// Writes down that these operators are connected.
    async fn seen(&self, operators: &[(AccountId, OperatorId)], at: Timestamp) -> Result<(), StoreError>;

    /// The members of a group, by operator id; deleted operators are not among them.
    async fn roster(&self, account: AccountId, group: &GroupId) -> Result<Vec<RosterRow>, StoreError>;

    /// Who is there and receives from which groups, by operator id; nobody where there is no such group or operator.
    async fn attendance(&self, account: AccountId, of: &Watched) -> Result<Vec<OperatorNow>, StoreError>;

    /// The latest moment at which an operator was there or changed, or an open chat went on, of all accounts: time was
    /// as late as that when it was stored.
    async fn latest_moment(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Compares the counters with the open chats and offers of the account, and sets them right.
    async fn recount(&self, account: AccountId) -> Result<Vec<Drift>, StoreError>;
}
