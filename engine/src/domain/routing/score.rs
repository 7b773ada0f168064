//! Who comes first among those who are free: one key, total, the same on every node.

use crate::domain::ids::OperatorId;
use crate::domain::operator::Share;
use crate::domain::time::Timestamp;

/// The place of a free operator among others of the same handling; the least is chosen. The fields stand in the
/// order in which they decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score {
    /// Capacity in use: the larger share of overall and group.
    pub share: Share,
    /// Slots in use overall.
    pub used: u32,
    /// When a chat of theirs last ended; never sorts before any time.
    pub last_ended_at: Option<Timestamp>,
    /// Since when they have been receiving.
    pub receiving_since: Timestamp,
    /// Makes the order total.
    pub operator: OperatorId,
}
