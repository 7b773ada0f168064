//! Clients that keep the rules of the contract and check that the server does: numbers without holes, every event
//! once, an outbox that is sent again after a reconnect, history in pages. A test says what it expects; when
//! something else comes, the failure shows what did.

mod inbox;
mod ledger;
mod line;
mod operator;
mod outbox;
mod socket;
mod visitor;

pub use self::inbox::Inbox;
pub use self::ledger::Ledger;
pub use self::line::Line;
pub use self::operator::OperatorClient;
pub use self::outbox::{Outbox, Settled};
pub use self::socket::{Closed, FrameLog, Refused, Socket};
pub use self::visitor::{Start, VisitorClient};

use std::time::Duration;

/// How long a frame that must come may take: far beyond the usual millisecond, for a machine that is busy.
pub const SOON: Duration = Duration::from_secs(20);
/// How long is listened for a frame that must not come.
pub const QUIET: Duration = Duration::from_millis(700);

/// An id that no other command has.
pub fn new_id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}
