//! What clients count and time. A process collects, and hands what is new on four times a second; whoever sums up adds the
//! parts of all processes.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::checker::TOLERANCE_MS;
use crate::theory::Waited;

/// The longest time that is told from a longer one, in microseconds: an hour.
const LONGEST_US: u64 = 3_600_000_000;

/// Answers that took no longer than this say nothing of the order of service.
const SLOW_US: u64 = TOLERANCE_MS.unsigned_abs() * 1_000;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it, and the report explains them")]
pub enum Tally {
    VisitorsCame,
    ChatsStarted,
    ChatsRefused,
    ChatsAnswered,
    ChatsAbandoned,
    ChatsTimedOut,
    ChatsEnded,
    Offers,
    OffersDeclined,
    OffersIgnored,
    OffersGone,
    MessagesDue,
    MessagesSaid,
    MessagesAcked,
    MessagesHeard,
    MessagesTooLate,
    MessagesLate,
    Connects,
    ConnectsFailed,
    Reconnects,
    Drops,
    ServerCuts,
    Transfers,
    Invitations,
    AsksRefused,
    Resumed,
    Again,
}

/// How many kinds of [`Tally`] there are.
pub const TALLIES: usize = Tally::Again as usize + 1;

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it, and the report explains them")]
pub enum Timing {
    Connect,
    Start,
    Ack,
    Delivery,
    Resume,
    Wait,
    /// What whoever reads slowly was promised and heard: late by their own doing.
    Slow,
    Lateness,
}

/// How many kinds of [`Timing`] there are.
pub const TIMINGS: usize = Timing::Lateness as usize + 1;

/// What came since the last time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Delta {
    /// By [`Tally`].
    pub tallies: Vec<u64>,
    /// By [`Timing`]: how often which microseconds.
    pub timings: Vec<Vec<(u64, u64)>>,
    /// Errors by their words.
    pub errors: BTreeMap<String, u64>,
    /// Now connected: visitors and onlookers, operators.
    pub connected: [i64; 2],
    /// Now waiting for an operator, and in a chat with one.
    pub chats: [i64; 2],
    /// Waits that are over, where the run asks for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waited: Vec<Waited>,
    /// See [`Recorder::ahead`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead_us: Option<i64>,
    /// See [`Recorder::answered`].
    #[serde(default)]
    pub slow: BTreeMap<u32, u64>,
    /// By second of the run: messages that were due in it, and those that left in it.
    #[serde(default)]
    pub pace: BTreeMap<u32, (u64, u64)>,
}

/// Collects.
#[derive(Debug)]
pub struct Recorder {
    tallies: [u64; TALLIES],
    timings: Vec<Histogram<u64>>,
    errors: BTreeMap<String, u64>,
    /// See [`Delta::connected`].
    pub connected: [i64; 2],
    /// See [`Delta::chats`].
    pub chats: [i64; 2],
    /// See [`Delta::waited`].
    pub waited: Vec<Waited>,
    /// See [`Recorder::ahead`].
    pub ahead_us: Option<i64>,
    slow: BTreeMap<u32, u64>,
    pace: BTreeMap<u32, (u64, u64)>,
}

impl Default for Recorder {
    fn default() -> Self {
        let timings = (0..TIMINGS).map(|_| histogram()).collect();
        Self {
            tallies: [0; TALLIES],
            timings,
            errors: BTreeMap::new(),
            connected: [0; 2],
            chats: [0; 2],
            waited: Vec::new(),
            ahead_us: None,
            slow: BTreeMap::new(),
            pace: BTreeMap::new(),
        }
    }
}

impl Recorder {
    /// One more.
    pub fn count(&mut self, tally: Tally) {
        self.tallies[tally as usize] += 1;
    }

    /// It took so long.
    pub fn time(&mut self, timing: Timing, micros: u64) {
        self.timings[timing as usize].saturating_record(micros);
    }

    /// Something went wrong; the words are few, not one for each case.
    pub fn error(&mut self, words: &str) {
        match self.errors.get_mut(words) {
            Some(count) => *count += 1,
            None => {
                self.errors.insert(words.to_owned(), 1);
            }
        }
    }

    /// The server's clock showed that much more than the run's, in microseconds, when a stamp was heard. The stamp is
    /// older than that by its way, so that the largest of all differences is the nearest to the truth.
    pub fn ahead(&mut self, us: i64) {
        self.ahead_us = Some(self.ahead_us.map_or(us, |most| most.max(us)));
    }

    /// A command that went out once, on a connection that held, was answered in that second of the run after that time.
    /// The slowest of each second are kept, where they are slow enough to be asked for.
    pub fn answered(&mut self, second: u32, us: u64) {
        if us > SLOW_US {
            let slowest = self.slow.entry(second).or_default();
            *slowest = us.max(*slowest);
        }
    }

    /// A message was due in that second of the run.
    pub fn due(&mut self, second: u32) {
        self.count(Tally::MessagesDue);
        self.pace.entry(second).or_default().0 += 1;
    }

    /// A message left in that second.
    pub fn said(&mut self, second: u32) {
        self.count(Tally::MessagesSaid);
        self.pace.entry(second).or_default().1 += 1;
    }

    /// What came since the last time.
    pub fn take(&mut self) -> Delta {
        let timings = self.timings.iter_mut().map(|histogram| {
            let counts = histogram.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value()));
            let counts = counts.collect();
            histogram.reset();
            counts
        });
        Delta {
            timings: timings.collect(),
            tallies: std::mem::replace(&mut self.tallies, [0; TALLIES]).to_vec(),
            errors: std::mem::take(&mut self.errors),
            connected: self.connected,
            chats: self.chats,
            waited: std::mem::take(&mut self.waited),
            ahead_us: self.ahead_us,
            slow: std::mem::take(&mut self.slow),
            pace: std::mem::take(&mut self.pace),
        }
    }
}

/// A histogram of microseconds, three digits each.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_US, 3).unwrap_or_else(|_| unreachable!("the bounds are right"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_to_the_whole_within_three_digits() {
        let (mut recorder, mut sum) = (Recorder::default(), histogram());
        for part in 0..4 {
            for value in 0..1000_u64 {
                recorder.time(Timing::Ack, value * 100 + part);
                recorder.count(Tally::MessagesAcked);
            }
            let delta = recorder.take();
            assert_eq!(delta.tallies[Tally::MessagesAcked as usize], 1000);
            for (value, count) in &delta.timings[Timing::Ack as usize] {
                sum.saturating_record_n(*value, *count);
            }
        }
        assert_eq!(sum.len(), 4000);
        let median = sum.value_at_quantile(0.5) as f64;
        assert!((median / 50_000.0 - 1.0).abs() < 0.01, "{median}");
        assert!(recorder.take().timings.iter().all(Vec::is_empty));
    }
}
