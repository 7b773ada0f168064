//! The time, and random bits: the only places the engine gets either from.

use std::sync::Arc;

use crate::domain::time::Timestamp;

/// Tells the time. Never goes back between two calls.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;

    /// What is stored is of this moment: where that lies ahead by no more than
    /// [`crate::domain::limits::CLOCK_AHEAD_MAX`], for the machine's clock was set back meanwhile, time goes on from
    /// there. Said once, before anybody asks.
    fn not_before(&self, stored: Timestamp);
}

/// Gives random bits.
pub trait Random: Send + Sync + 'static {
    /// 128 bits nobody can guess.
    fn bits(&self) -> u128;
}

/// A clock that is shared.
pub type SharedClock = Arc<dyn Clock>;
