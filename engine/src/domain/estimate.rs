//! How long a visitor will wait: those ahead and the visitor themselves, divided by the pace at which the queue is
//! served (the estimator by queue length of W. Whitt, "Predicting Queueing Delays", Management Science 45(6), 1999).
//! The pace is what was served lately, older things counting less: half after each [`PACE_HALF_LIFE`]. Two numbers
//! and a moment are all that is kept; a queue that begins anew finds them again in the chats that are stored.

use std::time::Duration;

use crate::domain::limits::{ESTIMATE_MAX, ESTIMATE_STEPS, PACE_CHATS_MAX, PACE_HALF_LIFE, PACE_SILENCE_MAX};
use crate::domain::time::Timestamp;

/// The pace at which a group serves those who wait.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    served: f64,
    seconds: f64,
    /// Up to when time has been counted; none while nobody waits.
    since: Option<Timestamp>,
}

/// What came of a wait in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// The group served it.
    Served,
    /// Nobody did.
    Nothing,
}

/// A chat that waits no more in a group, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waited {
    /// When it entered the queue.
    pub since: Timestamp,
    /// When it left it.
    pub until: Timestamp,
    /// What came of it.
    pub came: Came,
}

impl Waited {
    /// When it entered the queue, when it was first served from it, and when it ended. None while it waits.
    pub fn of(since: Timestamp, served_at: Option<Timestamp>, ended_at: Option<Timestamp>) -> Option<Self> {
        let (until, came) = match served_at {
            Some(at) => (at, Came::Served),
            None => (ended_at?, Came::Nothing),
        };
        Some(Self { since, until, came })
    }
}

impl Pace {
    /// The pace that a group had, by the chats that left its queue last, at most [`PACE_CHATS_MAX`], and by who waits still
    /// since then. Time after the last of them left counts for nothing, and no more than [`PACE_SILENCE_MAX`] in which
    /// nothing happened: nobody knows for how much of it the server was away.
    pub fn remembered(chats: &[Waited], still: Option<Timestamp>) -> Self {
        let first = chats.iter().filter(|chat| chat.came == Came::Served).map(|chat| chat.until).min();
        // Where none was served the time says nothing of how quickly they are.
        let Some(first) = first else { return Self::default() };
        // Where others were left out, they left before all of these: from the first that was served on all are known.
        let all = chats.len() < PACE_CHATS_MAX;
        let from = if all { Timestamp::EPOCH } else { first };
        let whole = chats.iter().filter(|chat| all || chat.until > from);
        let mut steps: Vec<(Timestamp, Step)> = whole
            .flat_map(|chat| {
                let leaves = if chat.came == Came::Served { Step::Served } else { Step::Leaves };
                [(chat.since.max(from), Step::Comes), (chat.until, leaves)]
            })
            .chain(still.map(|since| (since.max(from), Step::Comes)))
            .collect();
        steps.sort_unstable();
        let (mut pace, mut waiting) = (Self::default(), 0_usize);
        for (at, step) in steps {
            pace.forget_silence(at);
            match step {
                Step::Comes => waiting += 1,
                Step::Served => pace.serves(at),
                Step::Leaves => {}
            }
            if step != Step::Comes {
                waiting = waiting.saturating_sub(1);
            }
            pace.waits(waiting > 0, at);
        }
        pace.since = None;
        pace
    }

    fn forget_silence(&mut self, now: Timestamp) {
        if let Some(since) = &mut self.since {
            *since = *since + now.since(*since).saturating_sub(PACE_SILENCE_MAX);
        }
    }

    /// Somebody waits now, or nobody does: only the time in which somebody waits says how quickly a queue is served.
    pub fn waits(&mut self, somebody: bool, now: Timestamp) {
        self.count(now);
        self.since = somebody.then_some(now);
    }

    /// Somebody who waited was served.
    pub fn serves(&mut self, now: Timestamp) {
        self.count(now);
        self.served += 1.0;
    }

    /// How long somebody with so many ahead will wait; `None` while too little was seen, or the answer would be idle.
    pub fn estimate(&self, ahead: usize) -> Option<Duration> {
        if self.served < LEAST_SERVED || self.seconds <= 0.0 {
            return None;
        }
        let seconds = (ahead as f64 + 1.0) * self.seconds / self.served;
        (seconds <= ESTIMATE_MAX.as_secs_f64()).then(|| Duration::from_secs_f64(seconds))
    }

    fn count(&mut self, now: Timestamp) {
        let Some(since) = self.since else { return };
        // A clock that jumps back counts nothing, one that jumps ahead no more than leaves a trace.
        let spent = now.since(since).as_secs_f64();
        let fades = 0.5_f64.powf(spent / PACE_HALF_LIFE.as_secs_f64());
        let mean_life = PACE_HALF_LIFE.as_secs_f64() / std::f64::consts::LN_2;
        self.served *= fades;
        self.seconds = self.seconds * fades + mean_life * (1.0 - fades);
        self.since = Some(now);
    }
}

/// A wait in the steps by which it is worth telling: the same while it is about the same.
pub fn in_steps(wait: Duration) -> Duration {
    let fitting = ESTIMATE_STEPS.iter().find(|(up_to, _)| wait < *up_to).or(ESTIMATE_STEPS.last());
    let step = fitting.map_or(1, |(_, step)| step.as_secs().max(1));
    Duration::from_secs(wait.as_secs() / step * step)
}

/// Chats that must have been served before anybody is told a time.
const LEAST_SERVED: f64 = 3.0;

/// What was told to a visitor, beside what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// The wait that was told last, counted from when it was told.
    pub told: Duration,
    /// The wait from then on.
    pub waited: Duration,
}

impl Forecast {
    /// Milliseconds by which the visitor waited longer than told; negative: less.
    pub fn error_ms(&self) -> i64 {
        let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        millis(self.waited).saturating_sub(millis(self.told))
    }
}

/// What happened in a queue; at the same moment whoever comes is there before anybody leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Comes,
    Served,
    Leaves,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn a_queue_that_serves_one_each_half_minute_makes_the_third_wait_a_minute_and_a_half() {
        let mut pace = Pace::default();
        pace.waits(true, at(0));
        (1..=200).for_each(|n| pace.serves(at(n * 30)));
        let said = pace.estimate(2).unwrap().as_secs_f64();
        assert!((85.0..=91.0).contains(&said), "{said}");
    }

    #[test]
    fn a_queue_that_turns_slow_is_believed_to_be_slow_after_a_while() {
        let mut pace = Pace::default();
        pace.waits(true, at(0));
        (1..=100).for_each(|n| pace.serves(at(n * 10)));
        (1..=40).for_each(|n| pace.serves(at(1_000 + n * 100)));
        let said = pace.estimate(0).unwrap().as_secs_f64();
        assert!((80.0..=105.0).contains(&said), "{said}");
    }

    #[test]
    fn time_in_which_nobody_waits_says_nothing_of_the_pace() {
        let mut pace = Pace::default();
        pace.waits(true, at(0));
        (1..=20).for_each(|n| pace.serves(at(n * 10)));
        let before = pace.estimate(0);
        pace.waits(false, at(200));
        pace.waits(true, at(90_000));
        assert_eq!(pace.estimate(0), before);
        pace.waits(true, at(10));
        assert_eq!(pace.estimate(0), before, "a clock that jumps back counts nothing");
    }

    #[test]
    fn a_wait_is_told_in_seconds_by_tens_and_in_an_hour_by_minutes() {
        let told = |seconds| in_steps(Duration::from_secs(seconds)).as_secs();
        assert_eq!([9, 19, 59, 60, 119, 599].map(told), [0, 10, 50, 60, 90, 570]);
        assert_eq!([600, 3_599, 7_300].map(told), [600, 3_480, 7_200]);
    }

    /// Chat by chat, in seconds: entered, left, and whether it was served.
    fn stored(waits: &[(i64, i64, bool)]) -> Vec<Waited> {
        let came = |served| if served { Came::Served } else { Came::Nothing };
        let of = |(since, until, served): &(i64, i64, bool)| Waited {
            since: at(*since),
            until: at(*until),
            came: came(*served),
        };
        waits.iter().map(of).collect()
    }

    #[test]
    fn a_pace_is_the_same_when_it_is_found_again_in_what_is_stored() {
        let mut seen = Pace::default();
        seen.waits(true, at(0));
        [20, 50, 70].into_iter().for_each(|second| seen.serves(at(second)));
        seen.waits(false, at(90));
        seen.waits(true, at(1_000));
        seen.serves(at(1_030));
        // The fourth left in vain, another one waits still; how they are listed says nothing.
        let mut waits = stored(&[(0, 20, true), (10, 50, true), (30, 70, true), (60, 90, false), (1_000, 1_030, true)]);
        waits.reverse();
        let found = Pace::remembered(&waits, Some(at(1_020)));
        let wait = found.estimate(0).unwrap();
        assert!(wait.abs_diff(seen.estimate(0).unwrap()) < Duration::from_millis(1), "{wait:?}");
        let mut later = found;
        later.waits(true, at(90_000));
        assert_eq!(later.estimate(0), Some(wait), "the time without a server says nothing");
    }

    #[test]
    fn a_chat_waited_until_it_was_first_served_or_left_in_vain() {
        let of = |served, ended| Waited::of(at(1), served, ended).map(|waited| (waited.until, waited.came));
        assert_eq!(of(Some(at(2)), Some(at(3))), Some((at(2), Came::Served)));
        assert_eq!(of(Some(at(2)), None), Some((at(2), Came::Served)));
        assert_eq!(of(None, Some(at(3))), Some((at(3), Came::Nothing)));
        assert_eq!(of(None, None), None, "it waits");
    }

    #[test]
    fn a_long_queue_of_which_the_beginning_is_not_known_is_not_taken_for_a_slow_one() {
        // One a minute is served, and each waits for two hours.
        let count = i64::try_from(PACE_CHATS_MAX).unwrap();
        let waits: Vec<_> = (0..count).map(|n| (n * 60, 7_200 + n * 60, true)).collect();
        let said = Pace::remembered(&stored(&waits), None).estimate(0).unwrap().as_secs_f64();
        assert!((57.0..=61.0).contains(&said), "{said}");
    }

    #[test]
    fn a_queue_that_most_leave_in_vain_is_not_taken_for_one_that_serves_nobody() {
        // One a second comes, and leaves after ten minutes.
        let count = i64::try_from(PACE_CHATS_MAX).unwrap();
        let waits: Vec<_> = (0..count).map(|n| (n, n + 600, false)).collect();
        let mut pace = Pace::remembered(&stored(&waits), Some(at(500)));
        pace.waits(true, at(1_000));
        [1_005, 1_010, 1_015, 1_020].into_iter().for_each(|second| pace.serves(at(second)));
        assert!(pace.estimate(0).is_some_and(|wait| wait < Duration::from_secs(6)), "{:?}", pace.estimate(0));
    }

    #[test]
    fn a_time_in_which_the_server_was_away_is_no_time_of_waiting() {
        let served = (0..40).map(|n| (n * 30, n * 30 + 30, true));
        let quiet = Pace::remembered(&stored(&served.clone().collect::<Vec<_>>()), None).estimate(0).unwrap();
        // Two waited when the power went; a day later they had waited too long.
        let waits: Vec<_> = served.chain([(1_190, 87_600, false), (1_195, 87_600, false)]).collect();
        let said = Pace::remembered(&stored(&waits), None).estimate(0).unwrap();
        assert!(said < quiet * 2, "{said:?} instead of {quiet:?}");
    }

    #[test]
    fn nothing_is_told_before_something_was_seen_or_beyond_what_is_honest() {
        let mut pace = Pace::default();
        pace.waits(true, at(0));
        pace.serves(at(10));
        assert_eq!(pace.estimate(0), None);
        (2..=10).for_each(|n| pace.serves(at(n * 10)));
        assert!(pace.estimate(0).is_some());
        assert_eq!(pace.estimate(1_000_000), None);
        let forecast = Forecast { told: Duration::from_secs(30), waited: Duration::from_secs(20) };
        assert_eq!(forecast.error_ms(), -10_000);
    }
}
