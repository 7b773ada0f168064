//! What was counted of a chat, and the chats that are over and whose figures wait to be held against the log.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{GroupMetrics, Metrics, seconds};
use crate::domain::chat::{Outcome, Replies};
use crate::domain::event::Role;
use crate::domain::ids::{AccountId, ChatId, GroupId};
use crate::domain::limits::FIGURES_WAITING_MAX;
use crate::domain::report::Share;
use crate::domain::time::Timestamp;

/// What was counted of one chat. Its figures are counted through this and in no other way, so that it cannot say
/// anything but what the metrics do.
#[derive(Default)]
pub struct Counted {
    /// Whether all of the chat's figures were counted here, and none before or elsewhere.
    pub complete: bool,
    wait: Option<(Outcome, Duration)>,
    /// The group in which the wait was counted.
    waited_in: Option<GroupId>,
    first_reply: Option<Duration>,
    handling_time: Option<Duration>,
    replies: Replies,
    /// Messages that were counted here.
    messages: u32,
    /// Those that were counted when the chat began; none where that is not known here.
    began_with: Option<u32>,
    /// The group whose promise the wait has not been held against, until its settings are here.
    unjudged: Option<(GroupId, Arc<GroupMetrics>)>,
    judged: Option<Judged>,
}

/// How a wait stood by the service level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// T, as the group had set it then.
    pub within: Duration,
    /// See [`Outcome::in_time`].
    pub in_time: Option<bool>,
}

impl Counted {
    /// The wait is over, in that group.
    pub fn waited(&mut self, group: &GroupId, of_group: Arc<GroupMetrics>, outcome: Outcome, waited: Duration) {
        #[cfg(feature = "faults")]
        let waited = waited + planted();
        seconds(of_group.queue_time(outcome), waited);
        self.wait = Some((outcome, waited));
        self.waited_in = Some(group.clone());
        self.unjudged = Some((group.clone(), of_group));
    }

    /// Holds a wait that is over against what its group promises, once; another group's promise is none.
    pub fn judge(&mut self, group: &GroupId, within: Duration) {
        let Some((outcome, waited)) = self.wait else { return };
        let Some((_, of_group)) = self.unjudged.take_if(|(unjudged, _)| unjudged == group) else { return };
        let in_time = outcome.in_time(waited, within);
        if let Some(in_time) = in_time {
            of_group.in_time(in_time);
        }
        self.judged = Some(Judged { within, in_time });
    }

    /// The chat began on this node, where so many messages were counted with it.
    pub fn began(&mut self, messages: u32) {
        self.began_with = Some(messages);
    }

    /// A message is stored.
    pub fn message(&mut self, metrics: &Metrics, from: Role) {
        metrics.message(from);
        self.messages += 1;
    }

    /// An operator wrote after some idle time, and so long after the assignment where it was for the first time.
    pub fn replied(&mut self, of_group: &GroupMetrics, idle: Duration, first: Option<Duration>) {
        seconds(&of_group.idle_time, idle);
        self.replies.count_one(idle);
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
        let messages = self.began_with.map(|before| before + self.messages);
        Some(Share { outcome, queue_time, first_reply, handling_time, replies, messages })
    }

    /// The group in which the wait was counted, where all was counted here.
    pub fn waited_in(&self) -> Option<GroupId> {
        self.waited_in.clone().filter(|_| self.complete)
    }

    /// How the wait stood by the service level, where all was counted here.
    pub fn judged(&self) -> Option<Judged> {
        self.judged.filter(|_| self.complete)
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
    /// The group in which its end was counted.
    pub ended_in: GroupId,
    /// The group in which its wait was counted, where one session counted all.
    pub waited_in: Option<GroupId>,
    /// What was counted of it, where one session counted all.
    pub counted: Option<Share>,
    /// How its wait stood by the service level, where it was counted here.
    pub judged: Option<Judged>,
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

    /// A chat that ended at second 1.
    fn over(n: u64) -> Over {
        Over {
            account: AccountId(1),
            chat: ChatId::new(n, u128::from(n), Shard(1)),
            at: Timestamp::from_millis(1_000),
            ended_in: "support".parse().unwrap(),
            waited_in: None,
            counted: None,
            judged: None,
        }
    }

    #[test]
    fn chats_are_looked_at_when_they_have_settled_and_never_more_than_there_is_room_for() {
        let (waiting, settled) = (WaitingFigures::default(), Duration::from_secs(5));
        let at = Timestamp::from_millis;
        for n in 0..FIGURES_WAITING_MAX as u64 {
            assert!(waiting.push(over(n)));
        }
        assert!(!waiting.push(over(7)), "there is an end");
        assert_eq!(waiting.take(at(5_999), settled), None);
        assert_eq!(waiting.take(at(6_000), settled), Some(over(0)));
        assert!(waiting.push(over(7)));
    }

    #[test]
    fn a_chat_for_which_there_is_no_room_is_counted_as_unchecked() {
        let metrics = Metrics::new().unwrap();
        let unchecked = |count| format!("switchboard_figures_unchecked_total {count}\n");
        (0..FIGURES_WAITING_MAX as u64).for_each(|n| metrics.figures_due(over(n)));
        assert!(metrics.render().contains(&unchecked(0)), "{}", metrics.render());
        metrics.figures_due(over(7));
        assert!(metrics.render().contains(&unchecked(1)), "{}", metrics.render());
    }

    #[test]
    fn what_another_session_counted_is_not_known_here() {
        let metrics = Metrics::new().unwrap();
        let support: GroupId = "support".parse().unwrap();
        let group = metrics.group(AccountId(1), &support);
        let mut counted = Counted::default();
        counted.waited(&support, Arc::clone(&group), Outcome::Answered, Duration::from_secs(3));
        assert_eq!((counted.share(), counted.waited_in()), (None, None));
        counted.complete = true;
        counted.handled(&group, Duration::from_secs(9));
        assert_eq!(counted.waited_in(), Some(support));
        let share = counted.share().unwrap();
        assert_eq!((share.queue_time, share.handling_time), (Duration::from_secs(3), Some(Duration::from_secs(9))));
        counted.message(&metrics, Role::Visitor);
        assert_eq!(counted.share().unwrap().messages, None, "it may have begun elsewhere, or before a restart");
        counted.began(1);
        assert_eq!(counted.share().unwrap().messages, Some(2), "the question, and what came behind it");
    }

    #[test]
    fn a_wait_is_held_once_against_the_promise_of_the_group_that_ended_it() {
        let metrics = Metrics::new().unwrap();
        let (support, sales): (GroupId, GroupId) = ("support".parse().unwrap(), "sales".parse().unwrap());
        let mut counted = Counted { complete: true, ..Counted::default() };
        counted.judge(&sales, Duration::from_secs(10));
        assert_eq!(counted.judged(), None, "the wait goes on");
        counted.waited(&sales, metrics.group(AccountId(1), &sales), Outcome::Answered, Duration::from_secs(30));
        counted.judge(&support, Duration::from_secs(60));
        assert_eq!(counted.judged(), None, "sales helped, and its settings are still being read");
        counted.judge(&sales, Duration::from_secs(10));
        counted.judge(&sales, Duration::from_secs(60));
        let judged = Judged { within: Duration::from_secs(10), in_time: Some(false) };
        assert_eq!(counted.judged(), Some(judged));
        let text = metrics.render();
        let told = r#"switchboard_service_level_chats_total{account="1",group="sales",within="no"} 1"#;
        assert!(text.contains(told), "{text}");
        assert!(!text.contains(r#"within="yes"} 1"#), "{text}");
    }
}
