//! The figures of a span of time, from the chats that began in it and are over. Each figure has its formula in
//! [`FORMULAS`]; what came of a wait is [`Outcome`], as in the metrics.

mod from_log;
mod idle;
mod offers;
mod work;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::domain::chat::{Outcome, Replies};
use crate::domain::ids::GroupId;
use crate::domain::time::Timestamp;

pub use idle::IdleFigures;
use idle::IdleSteps;
pub use offers::{OfferCount, OfferOutcome, Offers};
pub use work::{Work, by_hour, hour_of, slots};

/// Each figure and how it comes about. Times are in seconds; a figure that nothing can be said of is null.
pub const FORMULAS: [(&str, &str); 17] = [
    ("chats", "chats that began in the span and are over"),
    ("answered", "of those, assigned to an operator or taken"),
    (
        "sent_to_form",
        "not answered, and ended by the time-out, by an operator who sent it, or because nobody received or its group \
         was deleted",
    ),
    ("abandoned", "not answered, and ended by the visitor or by the visitor's absence"),
    ("turned_away", "all others that were not answered"),
    ("bounce_rate", "sent_to_form / (answered + sent_to_form)"),
    (
        "service_level",
        "answered within T / (answered + abandoned after T), T = within_s, or what the chat's group sets \
         (group_within_s)",
    ),
    ("average_speed_of_answer_s", "mean queue time of answered chats"),
    ("queue_time_s", "from entering the queue to the assignment, of answered chats"),
    ("queue_time_abandoned_s", "from entering the queue to the end, of abandoned chats"),
    ("first_reply_s", "from the assignment to the operator's first message"),
    (
        "idle_time_mean_s",
        "mean time from the operator's word before, or the assignment, to each message of an operator",
    ),
    (
        "idle_time_s",
        "what half, 90 % and 99 % of those times do not exceed, by the steps of switchboard_idle_time_seconds; null is \
         beyond an hour",
    ),
    ("handling_time_s", "from the assignment to the end"),
    (
        "messages",
        "messages of those chats: of visitors (the question a chat begins with is one), of operators (also to each \
         other) and of the engine itself, as switchboard_messages_total counts them by role",
    ),
    (
        "concurrency",
        "sum of handling times / time in which an operator had at least one of those chats, summed over operators",
    ),
    (
        "occupancy",
        "slots in use * time / slots * time, of operators while they receive, in the hours that the span touches; an \
         unlimited operator counts as 10 slots; by group and department: of the slots that members may use there, so that \
         whoever is in several groups counts in each, and the rows do not add up to the total",
    ),
];

/// What holds for all of a report.
pub const NOTES: [&str; 3] = [
    "hours are those of UTC, not of an account's zone; a chat counts in the one in which it began",
    "a chat counts for the group that first answered it, or in which its wait ended, and for the operator who has it when \
     it ends; one that waits again then has none",
    "ratings are in no report: nobody is asked for any yet",
];

/// What a report must know of a chat that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatFacts {
    /// For which group it counts: the one that first answered it, or in which its wait ended.
    pub group: GroupId,
    /// When it entered the queue.
    pub queued_at: Timestamp,
    /// When it was assigned.
    pub assigned_at: Option<Timestamp>,
    /// When an operator first wrote.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What came of its wait.
    pub outcome: Outcome,
    /// Who had it when it ended, by an id; nobody, where it waited again.
    pub operator: Option<String>,
    /// Its messages.
    pub messages: u32,
    /// Those of operators, with their idle times.
    pub replies: Replies,
}

impl ChatFacts {
    /// The chat's own part in the figures: what metrics count of it, too.
    pub fn share(&self) -> Share {
        let assigned = self.assigned_at;
        Share {
            outcome: self.outcome,
            queue_time: assigned.unwrap_or(self.ended_at).since(self.queued_at),
            first_reply: assigned.and_then(|assigned| Some(self.answered_at?.since(assigned))),
            handling_time: assigned.map(|assigned| self.ended_at.since(assigned)),
            replies: self.replies,
            messages: Some(self.messages),
        }
    }

    /// The names of the figures in which the two differ.
    pub fn differing(&self, other: &Self) -> Vec<&'static str> {
        let compared = [("group", self.group == other.group), ("operator", self.operator == other.operator)];
        let own = compared.into_iter().filter(|(_, same)| !same).map(|(name, _)| name);
        self.share().differing(&other.share()).into_iter().chain(own).collect()
    }
}

/// What one chat adds to the figures, in reports and in metrics alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// What came of its wait.
    pub outcome: Outcome,
    /// From entering the queue to the assignment, or to the end without it.
    pub queue_time: Duration,
    /// From the assignment to the operator's first message.
    pub first_reply: Option<Duration>,
    /// From the assignment to the end.
    pub handling_time: Option<Duration>,
    /// Messages of operators, with their idle times.
    pub replies: Replies,
    /// All messages; none where it is not known what was counted of them.
    pub messages: Option<u32>,
}

impl Share {
    /// The names of the figures in which the two differ.
    pub fn differing(&self, other: &Self) -> Vec<&'static str> {
        let compared = [
            ("outcome", self.outcome == other.outcome),
            ("queue_time", self.queue_time == other.queue_time),
            ("first_reply", self.first_reply == other.first_reply),
            ("handling_time", self.handling_time == other.handling_time),
            ("idle_time", self.replies == other.replies),
            ("messages", self.messages.zip(other.messages).is_none_or(|(one, two)| one == two)),
        ];
        compared.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
    }
}

/// Figures being summed up.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    chats: u64,
    outcomes: BTreeMap<Outcome, u64>,
    in_time: u64,
    not_in_time: u64,
    messages: u64,
    queue_time: Vec<Duration>,
    queue_time_abandoned: Vec<Duration>,
    first_reply: Vec<Duration>,
    handling: Vec<Duration>,
    replies: Replies,
    idle: IdleSteps,
    busy: BTreeMap<String, Vec<(Timestamp, Timestamp)>>,
    work: Work,
}

impl Tally {
    /// Counts a chat; `within` is T of its service level.
    pub fn add(&mut self, chat: &ChatFacts, within: Duration) {
        self.chats += 1;
        let waited = chat.assigned_at.unwrap_or(chat.ended_at).since(chat.queued_at);
        match chat.outcome.in_time(waited, within) {
            Some(true) => self.in_time += 1,
            Some(false) => self.not_in_time += 1,
            None => {}
        }
        *self.outcomes.entry(chat.outcome).or_default() += 1;
        self.messages += u64::from(chat.messages);
        let Some(assigned) = chat.assigned_at else {
            if chat.outcome == Outcome::Abandoned {
                self.queue_time_abandoned.push(waited);
            }
            return;
        };
        self.queue_time.push(waited);
        self.handling.push(chat.ended_at.since(assigned));
        self.replies.count += chat.replies.count;
        self.replies.idle += chat.replies.idle;
        self.idle.add(&chat.replies.spread);
        self.first_reply.extend(chat.answered_at.map(|first| first.since(assigned)));
        if let Some(operator) = &chat.operator {
            self.busy.entry(operator.clone()).or_default().push((assigned, chat.ended_at));
        }
    }

    /// Counts how much of the slots was in use.
    pub fn work(&mut self, work: Work) {
        self.work += work;
    }

    /// The figures.
    pub fn figures(&self) -> Figures {
        let count = |outcome| self.outcomes.get(&outcome).copied().unwrap_or(0);
        let answered = count(Outcome::Answered);
        let sent_to_form = count(Outcome::SentToForm);
        let handled: Duration = self.handling.iter().sum();
        let busy: Duration = self.busy.values().map(|spans| covered(spans)).sum();
        Figures {
            chats: self.chats,
            answered,
            sent_to_form,
            abandoned: count(Outcome::Abandoned),
            turned_away: count(Outcome::TurnedAway),
            bounce_rate: ratio(sent_to_form as f64, (answered + sent_to_form) as f64),
            service_level: ratio(self.in_time as f64, (self.in_time + self.not_in_time) as f64),
            average_speed_of_answer_s: mean(&self.queue_time),
            queue_time_s: Spread::of(&self.queue_time),
            queue_time_abandoned_s: Spread::of(&self.queue_time_abandoned),
            first_reply_s: Spread::of(&self.first_reply),
            idle_time_mean_s: ratio(self.replies.idle.as_secs_f64(), f64::from(self.replies.count)),
            idle_time_s: self.idle.figures(),
            handling_time_s: Spread::of(&self.handling),
            messages: self.messages,
            concurrency: ratio(handled.as_secs_f64(), busy.as_secs_f64()),
            occupancy: self.work.occupancy(),
        }
    }
}

/// The figures of a span; see [`FORMULAS`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "each is told by its formula, under the same name")]
pub struct Figures {
    pub chats: u64,
    pub answered: u64,
    pub sent_to_form: u64,
    pub abandoned: u64,
    pub turned_away: u64,
    pub bounce_rate: Option<f64>,
    pub service_level: Option<f64>,
    pub average_speed_of_answer_s: Option<f64>,
    pub queue_time_s: Option<Spread>,
    pub queue_time_abandoned_s: Option<Spread>,
    pub first_reply_s: Option<Spread>,
    pub idle_time_mean_s: Option<f64>,
    pub idle_time_s: Option<IdleFigures>,
    pub handling_time_s: Option<Spread>,
    pub messages: u64,
    pub concurrency: Option<f64>,
    pub occupancy: Option<f64>,
}

/// How a time is spread, in seconds: the mean, and what this part of them does not exceed (by nearest rank).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// Half of them.
    pub p50: f64,
    /// Nine of ten.
    pub p90: f64,
    /// 99 of 100.
    pub p99: f64,
    /// All of them.
    pub max: f64,
}

impl Spread {
    fn of(times: &[Duration]) -> Option<Self> {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        let rank = |percent: usize| {
            let place = (sorted.len() * percent).div_ceil(100).max(1) - 1;
            sorted.get(place).map(Duration::as_secs_f64)
        };
        Some(Self { mean: mean(times)?, p50: rank(50)?, p90: rank(90)?, p99: rank(99)?, max: rank(100)? })
    }
}

/// The time that at least one of the spans covers.
fn covered(spans: &[(Timestamp, Timestamp)]) -> Duration {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    let (mut sum, mut until) = (Duration::ZERO, Timestamp::EPOCH);
    for (from, to) in sorted {
        sum += to.since(from.max(until));
        until = until.max(to);
    }
    sum
}

fn mean(times: &[Duration]) -> Option<f64> {
    ratio(times.iter().map(Duration::as_secs_f64).sum(), times.len() as f64)
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Duration = Duration::from_secs(20);

    /// A chat that entered the queue at a second, with what came at which second.
    fn chat(queued: i64, assigned: Option<i64>, first: Option<i64>, ended: i64, outcome: Outcome) -> ChatFacts {
        let at = |second: i64| Timestamp::from_millis(second * 1000);
        ChatFacts {
            group: "support".parse().unwrap(),
            queued_at: at(queued),
            assigned_at: assigned.map(at),
            answered_at: first.map(at),
            ended_at: at(ended),
            outcome,
            operator: assigned.map(|_| "joe".to_owned()),
            messages: 3,
            replies: first.map(|_| two_replies()).unwrap_or_default(),
        }
    }

    fn two_replies() -> Replies {
        let mut replies = Replies::default();
        [5, 2].into_iter().for_each(|seconds| replies.count_one(Duration::from_secs(seconds)));
        replies
    }

    /// A morning: two answered (one late), one left early and one late, one sent to the form, one turned away.
    #[test]
    fn a_little_day_computed_by_hand() {
        let mut tally = Tally::default();
        for chat in [
            chat(0, Some(10), Some(15), 110, Outcome::Answered),
            chat(20, Some(60), Some(90), 160, Outcome::Answered),
            chat(30, None, None, 35, Outcome::Abandoned),
            chat(30, None, None, 90, Outcome::Abandoned),
            chat(40, None, None, 100, Outcome::SentToForm),
            chat(50, None, None, 51, Outcome::TurnedAway),
        ] {
            tally.add(&chat, T);
        }
        let figures = tally.figures();
        assert_eq!((figures.chats, figures.answered, figures.abandoned), (6, 2, 2));
        assert_eq!((figures.sent_to_form, figures.turned_away, figures.messages), (1, 1, 18));
        assert_eq!(figures.bounce_rate, Some(1.0 / 3.0), "1 of 2 answered and 1 sent");
        assert_eq!(figures.service_level, Some(1.0 / 3.0), "1 within 20 s, of 2 answered and 1 who left after it");
        assert_eq!(figures.average_speed_of_answer_s, Some(25.0), "10 s and 40 s");
        assert_eq!(figures.first_reply_s.map(|spread| (spread.p50, spread.max)), Some((5.0, 30.0)));
        assert_eq!(figures.idle_time_mean_s, Some(3.5), "twice two messages after 7 s together");
        assert_eq!(figures.idle_time_s.map(|idle| (idle.p50, idle.p90)), Some((Some(2.0), Some(5.0))));
        assert_eq!(figures.handling_time_s.map(|spread| spread.mean), Some(100.0));
        assert_eq!(figures.queue_time_abandoned_s.map(|spread| (spread.p50, spread.p90)), Some((5.0, 60.0)));
        assert_eq!(figures.concurrency, Some(200.0 / 150.0), "200 s of chats in the 150 s from 10 to 160");
    }

    #[test]
    fn the_service_level_is_for_the_time_that_is_given() {
        let level = |seconds| {
            let mut tally = Tally::default();
            tally.add(&chat(0, Some(10), None, 110, Outcome::Answered), Duration::from_secs(seconds));
            tally.add(&chat(0, None, None, 30, Outcome::Abandoned), Duration::from_secs(seconds));
            tally.figures().service_level
        };
        assert_eq!((level(9), level(10), level(30)), (Some(0.0), Some(0.5), Some(1.0)));
    }

    #[test]
    fn each_chat_is_judged_by_what_its_group_promises() {
        let mut tally = Tally::default();
        let quick = chat(0, Some(10), None, 110, Outcome::Answered);
        tally.add(&quick, Duration::from_secs(5));
        tally.add(&quick, Duration::from_secs(60));
        assert_eq!(tally.figures().service_level, Some(0.5), "the same wait, too long in one group only");
    }

    #[test]
    fn of_nothing_nothing_is_said() {
        let figures = Tally::default().figures();
        assert_eq!((figures.chats, figures.service_level, figures.queue_time_s), (0, None, None));
    }

    #[test]
    fn every_figure_has_its_formula() {
        let figures = serde_json::to_value(Tally::default().figures()).unwrap();
        let mut told: Vec<_> = figures.as_object().unwrap().keys().cloned().collect();
        let mut formulas: Vec<_> = FORMULAS.map(|(name, _)| name.to_owned()).into();
        told.sort_unstable();
        formulas.sort_unstable();
        assert_eq!(told, formulas);
    }
}
