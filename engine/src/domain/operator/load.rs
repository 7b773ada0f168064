//! What an operator holds against a limit, and how two loads compare: exactly, without fractions of a computer.

use std::cmp::Ordering;

use crate::domain::limits::UNLIMITED_COUNTS_AS;

/// Slots in use, overall or in one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Chats held.
    pub held: u32,
    /// Slots reserved for chats that ring or are about to.
    pub reserved: u32,
    /// Slots there are; none is unlimited, 0 gets no chats.
    pub limit: Option<u32>,
}

impl Load {
    /// Slots in use: a reserved one is used.
    pub fn used(self) -> u32 {
        self.held.saturating_add(self.reserved)
    }

    /// Slots left; unlimited has all there can be.
    pub fn room(self) -> u32 {
        self.limit.map_or(u32::MAX, |limit| limit.saturating_sub(self.used()))
    }

    /// The part of the capacity in use. Unlimited counts against [`UNLIMITED_COUNTS_AS`], so it may pass the whole.
    pub fn share(self) -> Share {
        Share::new(self.used(), self.limit.unwrap_or(UNLIMITED_COUNTS_AS))
    }
}

/// A part of a whole, compared exactly: 1 of 2 equals 2 of 4.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    used: u32,
    /// Never 0.
    of: u32,
}

impl Share {
    /// So many of so many.
    pub fn new(used: u32, of: u32) -> Self {
        Self { used, of: of.max(1) }
    }

    /// How many of how many.
    pub fn parts(self) -> (u32, u32) {
        (self.used, self.of)
    }
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        let (ours, theirs) = (u64::from(self.used) * u64::from(other.of), u64::from(other.used) * u64::from(self.of));
        ours.cmp(&theirs)
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Share {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Share {}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(held: u32, reserved: u32, limit: Option<u32>) -> Load {
        Load { held, reserved, limit }
    }

    #[test]
    fn a_ringing_chat_takes_a_slot() {
        assert_eq!(load(1, 1, Some(2)).room(), 0);
        assert_eq!(load(1, 0, Some(2)).room(), 1);
        assert_eq!(load(3, 0, Some(2)).room(), 0);
    }

    #[test]
    fn no_limit_is_always_room_and_a_limit_of_none_never() {
        assert!(load(1_000, 0, None).room() > 0);
        assert_eq!(load(0, 0, Some(0)).room(), 0);
    }

    #[test]
    fn shares_compare_as_fractions_do() {
        assert_eq!(load(1, 0, Some(2)).share(), load(2, 0, Some(4)).share());
        assert!(load(1, 0, Some(3)).share() < load(1, 0, Some(2)).share());
        assert_eq!(load(3, 2, None).share(), load(1, 0, Some(2)).share());
        assert!(load(333_333_333, 0, Some(1_000_000_000)).share() < load(1, 0, Some(3)).share());
        assert!(load(11, 0, None).share() > load(7, 0, Some(7)).share());
    }
}
