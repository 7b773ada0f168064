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

    /// As the store keeps it: each count in two bytes, as far as there are any. It is written with every message, and
    /// most chats have but short times.
    pub fn to_bytes(self) -> impl AsRef<[u8]> + Send {
        let mut bytes = [0; 2 * STEPS];
        for (pair, count) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = count.to_le_bytes();
        }
        let length = self.0.iter().rposition(|count| *count > 0).map_or(0, |last| 2 * (last + 1));
        Bytes { bytes, length }
    }

    /// From what the store kept; `None` where it is something else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let mut counts = [0; STEPS];
        for (count, pair) in counts.get_mut(..pairs.len())?.iter_mut().zip(pairs) {
            *count = u16::from_le_bytes(*pair);
        }
        rest.is_empty().then_some(Self(counts))
    }
}

struct Bytes {
    bytes: [u8; 2 * STEPS],
    length: usize,
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
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
        assert_eq!(IdleSpread::from_bytes(replies.spread.to_bytes().as_ref()), Some(replies.spread));
        let mut short = Replies::default();
        short.count_one(Duration::from_millis(501));
        assert_eq!(short.spread.to_bytes().as_ref(), [0, 0, 1, 0], "what is behind the last one is not kept");
        assert_eq!(IdleSpread::from_bytes(&[0, 0, 1, 0]), Some(short.spread));
        assert_eq!(IdleSpread::from_bytes(IdleSpread::default().to_bytes().as_ref()), Some(IdleSpread::default()));
        assert_eq!(IdleSpread::from_bytes(&[1, 2, 3]), None);
        assert_eq!(IdleSpread::from_bytes(&[0; 34]), None);
    }
}
