//! What every handler can reach, and the few things the server asks of the engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use engine::domain::group::Availability;
use engine::domain::ids::{AccountId, ChatId, DepartmentId, GroupId, OperatorId};
use engine::domain::routing::Still;
use engine::ports::clock::SharedClock;
use engine::ports::store::SharedStore;
use engine::protocol::error::Failure;

use crate::auth::password::Passwords;
use crate::auth::token::Keys;
use crate::config::Settings;
use crate::socket::by_session::SessionSockets;

/// Shared by all workers.
pub struct AppState {
    /// Facts.
    pub store: SharedStore,
    /// The time.
    pub clock: SharedClock,
    /// Settings in force.
    pub settings: Arc<Settings>,
    /// Keys drawn from the installation's secret.
    pub keys: Keys,
    /// Hashes passwords, a few at once.
    pub passwords: Passwords,
    /// Whether somebody receives.
    pub availability: Arc<dyn AvailabilitySource>,
    /// Why chats still wait.
    pub waiting: Arc<dyn WaitingSource>,
    /// Whom changes of what people set up are told to.
    pub staff_changes: Arc<dyn StaffChanges>,
    /// Sockets by the browser session they were opened with.
    pub session_sockets: Arc<SessionSockets>,
    /// Whether the server takes new work.
    pub readiness: Arc<Readiness>,
    /// The text of `/metrics`.
    pub metrics: MetricsText,
    /// Whether `/demo` is served.
    pub demo: bool,
}

/// Makes the text of `/metrics`.
pub type MetricsText = Arc<dyn Fn() -> String + Send + Sync>;

/// Tells what a visitor is told of a brand or of one of its departments.
#[async_trait]
pub trait AvailabilitySource: Send + Sync {
    /// Availability of the account's departments together, or of one.
    async fn availability(
        &self,
        account: AccountId,
        department: Option<&DepartmentId>,
    ) -> Result<Availability, Failure>;
}

/// Tells why chats still wait.
#[async_trait]
pub trait WaitingSource: Send + Sync {
    /// Why a chat still waits in a group's queue; `None`: it does not, or the queue does not answer now.
    async fn why_still_waiting(&self, account: AccountId, group: &GroupId, chat: ChatId) -> Option<Still>;
}

/// Hears of changes after they were stored, so that what lives in memory follows without a restart.
#[async_trait]
pub trait StaffChanges: Send + Sync {
    /// Called once for each change, after its commit.
    async fn changed(&self, account: AccountId, change: StaffChange);
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaffChange {
    /// An operator was made, or is somebody else to others: name, address or role changed.
    Operator(OperatorId),
    /// An operator may not work any more: disabled or removed. All sockets of theirs end.
    OperatorGone(OperatorId),
    /// A group was made or changed.
    Group(GroupId),
    /// A group was removed, with its memberships.
    GroupGone(GroupId),
    /// People are further with messages that visitors left.
    LeftMessages,
    /// A membership was made or removed.
    Membership(GroupId, OperatorId),
    /// From which groups an operator receives, how, and how much, changed, or what they can.
    Receives(OperatorId),
    /// A profile was changed or removed.
    Profile,
    /// What chats of a department or a brand ask for changed.
    Asks,
    /// What the account sets of its operators' presence was changed.
    PresenceRules,
    /// The account's time zone was changed.
    TimeZone,
    /// Something that chats depend on is about to be gone.
    Closing,
    /// A browser session ended; sockets that were opened with it end (4401).
    SessionEnded(OperatorId, SessionHash),
    /// All browser sessions of the operator ended, as somebody else gave them a new password.
    SessionsEnded(OperatorId),
    /// The operator changed the password: all their browser sessions ended, and the browser it was done in goes on with
    /// a new one. Its sockets come back with that (1012): whoever else had its cookie does not.
    PasswordChanged {
        /// Who.
        operator: OperatorId,
        /// The session it was done in.
        before: SessionHash,
    },
}

/// The digest a browser session is known by; not shown in logs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionHash(pub [u8; 32]);

impl std::fmt::Debug for SessionHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionHash")
    }
}

/// Whether the server takes new work.
#[derive(Debug, Default)]
pub struct Readiness {
    draining: AtomicBool,
}

impl Readiness {
    /// From now on it does not: load balancers are told so.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether it has been told to stop.
    pub fn draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
