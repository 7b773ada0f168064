//! What operators wrote in a chat, and after which idle times: counted as the chat goes on, so that reports of many
//! chats read no messages.

use std::time::Duration;

use crate::domain::limits::IDLE_STEPS_MS;
use crate::domain::time::Timestamp;

/// See the module.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replies {
    /// How many messages.
    pub count: u32,
    /// Their idle times, summed: from the operator's word before, or the assignment.
    pub idle: Duration,
    /// How they are spread.
    pub spread: IdleSpread,
}

impl Replies {
    /// Counts a message.
    pub fn add(&mut self, idle_since: Option<Timestamp>, at: Timestamp) {
        if let Some(since) = idle_since {
            self.count_one(at.since(since));
        }
    }

    /// Counts a message after that idle time.
    pub fn count_one(&mut self, idle: Duration) {
        self.count += 1;
        self.idle += idle;
        self.spread.count_one(idle);
    }
}

/// Idle times by the steps of [`IDLE_STEPS_MS`]: how many were as long as each and longer than the one before, and
/// how many longer than the last. A chat has fewer than 65,536 messages ([`crate::domain::limits::CHAT_EVENTS_MAX`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IdleSpread(pub [u16; STEPS]);

/// The steps, and what is beyond them.
pub const STEPS: usize = IDLE_STEPS_MS.len() + 1;

impl IdleSpread {
    fn count_one(&mut self, idle: Duration) {
        let step = IDLE_STEPS_MS.partition_point(|end| u128::from(*end) < idle.as_millis());
        self.0[step] = self.0[step].saturating_add(1);
    }

    /// As the store keeps it: each count in two bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.iter().flat_map(|count| count.to_le_bytes()).collect()
    }

    /// From what the store kept; `None` where it is something else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let counts: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        rest.is_empty().then_some(())?;
        Some(Self(counts.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_times_are_counted_by_their_steps_and_kept_as_they_are() {
        let mut replies = Replies::default();
        for millis in [0, 500, 501, 20_000, 3_600_000, 3_600_001] {
            replies.count_one(Duration::from_millis(millis));
        }
        let counts = replies.spread.0;
        assert_eq!((counts[0], counts[1], counts[5], counts[14], counts[15]), (2, 1, 1, 1, 1));
        assert_eq!((replies.count, counts.iter().sum::<u16>()), (6, 6));
        assert_eq!(IdleSpread::from_bytes(&replies.spread.to_bytes()), Some(replies.spread));
        assert_eq!(IdleSpread::from_bytes(&[1, 2, 3]), None);
        assert_eq!(IdleSpread::from_bytes(&[0; 34]), None);
    }
}
