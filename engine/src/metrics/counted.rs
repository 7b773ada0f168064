//! What was counted of a chat, and the chats that are over and whose figures wait to be held against the log.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{GroupMetrics, seconds};
use crate::domain::chat::{Outcome, Replies};
use crate::domain::ids::{AccountId, ChatId};
use crate::domain::limits::FIGURES_WAITING_MAX;
use crate::domain::report::Share;
use crate::domain::time::Timestamp;

/// What was counted of one chat. Its figures are counted through this and in no other way, so that it cannot say
/// anything but what the metrics do.
#[derive(Debug, Default)]
pub struct Counted {
    /// Whether all of the chat's figures were counted here, and none before or elsewhere.
    pub complete: bool,
    wait: Option<(Outcome, Duration)>,
    first_reply: Option<Duration>,
    handling_time: Option<Duration>,
    replies: Replies,
}

impl Counted {
    /// The wait is over.
    pub fn waited(&mut self, of_group: &GroupMetrics, outcome: Outcome, waited: Duration) {
        #[cfg(feature = "faults")]
        let waited = waited + planted();
        seconds(of_group.queue_time(outcome), waited);
        self.wait = Some((outcome, waited));
    }

    /// An operator wrote after some idle time, and so long after the assignment where it was for the first time.
    pub fn replied(&mut self, of_group: &GroupMetrics, idle: Duration, first: Option<Duration>) {
        seconds(&of_group.idle_time, idle);
        self.replies.count += 1;
        self.replies.idle += idle;
        if let Some(first) = first {
            seconds(&of_group.first_reply, first);
            self.first_reply = Some(first);
        }
    }

    /// A chat that had an operator is over.
    pub fn handled(&mut self, of_group: &GroupMetrics, handled: Duration) {
        seconds(&of_group.handling_time, handled);
        self.handling_time = Some(handled);
    }

    /// All of it, where all of it was counted here.
    pub fn share(&self) -> Option<Share> {
        let (outcome, queue_time) = self.wait.filter(|_| self.complete)?;
        let Self { first_reply, handling_time, replies, .. } = *self;
        Some(Share { outcome, queue_time, first_reply, handling_time, replies })
    }
}

/// A chat that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    /// The account.
    pub account: AccountId,
    /// The chat.
    pub chat: ChatId,
    /// When it ended.
    pub at: Timestamp,
    /// What was counted of it, where one session counted all.
    pub counted: Option<Share>,
}

/// Chats that are over and were not looked at yet, oldest first.
#[derive(Debug, Default)]
pub struct WaitingFigures(Mutex<VecDeque<Over>>);

impl WaitingFigures {
    /// Adds a chat; `false` when there are so many that this one is left out.
    pub fn push(&self, over: Over) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = waiting.len() < FIGURES_WAITING_MAX;
        if room {
            waiting.push_back(over);
        }
        room
    }

    /// Takes the oldest, if it has been over for that long.
    pub fn take(&self, now: Timestamp, settled: Duration) -> Option<Over> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let settled = waiting.front().is_some_and(|oldest| now.since(oldest.at) >= settled);
        if settled { waiting.pop_front() } else { None }
    }
}

/// A fault that a test plants: what is counted is not what was.
#[cfg(feature = "faults")]
fn planted() -> Duration {
    static SKEW: std::sync::LazyLock<bool> =
        std::sync::LazyLock::new(|| std::env::var_os("SWITCHBOARD_FAULT_MISCOUNT").is_some());
    if *SKEW { Duration::from_secs(1) } else { Duration::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Shard;
    use crate::metrics::Metrics;

    #[test]
    fn chats_are_looked_at_when_they_have_settled_and_never_more_than_there_is_room_for() {
        let (waiting, settled) = (WaitingFigures::default(), Duration::from_secs(5));
        let at = Timestamp::from_millis;
        let over = |n: u64| Over {
            account: AccountId(1),
            chat: ChatId::new(n, u128::from(n), Shard(1)),
            at: at(1_000),
            counted: None,
        };
        for n in 0..FIGURES_WAITING_MAX as u64 {
            assert!(waiting.push(over(n)));
        }
        assert!(!waiting.push(over(7)), "there is an end");
        assert_eq!(waiting.take(at(5_999), settled), None);
        assert_eq!(waiting.take(at(6_000), settled), Some(over(0)));
        assert!(waiting.push(over(7)));
    }

    #[test]
    fn what_another_session_counted_is_not_known_here() {
        let metrics = Metrics::new().unwrap();
        let group = metrics.group(AccountId(1), &"support".parse().unwrap());
        let mut counted = Counted::default();
        counted.waited(&group, Outcome::Answered, Duration::from_secs(3));
        assert_eq!(counted.share(), None);
        counted.complete = true;
        counted.handled(&group, Duration::from_secs(9));
        let share = counted.share().unwrap();
        assert_eq!((share.queue_time, share.handling_time), (Duration::from_secs(3), Some(Duration::from_secs(9))));
    }
}
