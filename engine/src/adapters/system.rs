//! The time and the random bits of the machine.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::time::Timestamp;
use crate::ports::clock::{Clock, Random};

/// The machine's clock. Where that is set back, this one stands still until it is overtaken.
#[derive(Debug, Default)]
pub struct SystemClock {
    latest: AtomicI64,
}

impl SystemClock {
    /// A clock that shows the machine's time.
    pub fn new() -> Self {
        Self::default()
    }

    fn not_before_latest(&self, millis: i64) -> Timestamp {
        Timestamp::from_millis(self.latest.fetch_max(millis, Ordering::Relaxed).max(millis))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.not_before_latest(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Random bits of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    /// When the operating system has no random bits: ids that can be guessed would be worse.
    fn bits(&self) -> u128 {
        let mut bytes = [0_u8; 16];
        if let Err(error) = getrandom::fill(&mut bytes) {
            panic!("the operating system gives no random bits: {error}");
        }
        u128::from_ne_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_stands_still() {
        let clock = SystemClock::new();
        assert_eq!(clock.not_before_latest(1_000).millis(), 1_000);
        assert_eq!(clock.not_before_latest(900).millis(), 1_000);
        assert_eq!(clock.not_before_latest(1_001).millis(), 1_001);
    }

    #[test]
    fn the_clock_shows_a_time_after_this_was_written() {
        assert!(SystemClock::new().now() > Timestamp::from_millis(1_700_000_000_000));
    }

    #[test]
    fn random_bits_differ() {
        assert_ne!(SystemRandom.bits(), SystemRandom.bits());
    }
}
