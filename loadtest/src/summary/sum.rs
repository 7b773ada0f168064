//! What workers tell, added up while a run goes on.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::{Counts, Latency, Pace, Percentiles, Second, Summary};
use crate::recorder::{Delta, TALLIES, TIMINGS, Tally, Timing, histogram};
use crate::theory::Waited;

/// The pace of a second is judged where at least so many messages were due in it: one that leaves a moment later, in the
/// next second, is a thousandth of them.
const PACED_MIN: u64 = 1_000;

/// Adds up what workers tell.
#[derive(Debug)]
pub struct Sum {
    tallies: [u64; TALLIES],
    timings: Vec<Histogram<u64>>,
    second: Histogram<u64>,
    errors: BTreeMap<String, u64>,
    /// By worker, see [`Delta`].
    now: BTreeMap<u32, ([i64; 2], [i64; 2])>,
    series: Vec<Second>,
    before: (u64, u64, u64),
    /// Waits that are over.
    pub waited: Vec<Waited>,
    /// See [`Delta::ahead_us`].
    pub ahead_us: Option<i64>,
    /// See [`Delta::slow`].
    pub slow: BTreeMap<u32, u64>,
    pace: BTreeMap<u32, (u64, u64)>,
}

impl Default for Sum {
    fn default() -> Self {
        let timings = (0..TIMINGS).map(|_| histogram()).collect();
        Self {
            tallies: [0; TALLIES],
            timings,
            second: histogram(),
            errors: BTreeMap::new(),
            now: BTreeMap::new(),
            series: Vec::new(),
            before: (0, 0, 0),
            waited: Vec::new(),
            ahead_us: None,
            slow: BTreeMap::new(),
            pace: BTreeMap::new(),
        }
    }
}

impl Sum {
    /// Adds what a worker told.
    pub fn add(&mut self, worker: u32, delta: Delta) {
        for (sum, new) in self.tallies.iter_mut().zip(&delta.tallies) {
            *sum += new;
        }
        for (sum, counts) in self.timings.iter_mut().zip(&delta.timings) {
            counts.iter().for_each(|(value, count)| sum.saturating_record_n(*value, *count));
        }
        for (value, count) in delta.timings.get(Timing::Ack as usize).into_iter().flatten() {
            self.second.saturating_record_n(*value, *count);
        }
        for (words, count) in delta.errors {
            *self.errors.entry(words).or_default() += count;
        }
        self.now.insert(worker, (delta.connected, delta.chats));
        self.waited.extend(delta.waited);
        self.ahead_us = self.ahead_us.max(delta.ahead_us);
        for (second, us) in delta.slow {
            let slowest = self.slow.entry(second).or_default();
            *slowest = us.max(*slowest);
        }
        for (second, (due, said)) in delta.pace {
            let sum = self.pace.entry(second).or_default();
            (sum.0, sum.1) = (sum.0 + due, sum.1 + said);
        }
    }

    /// How the pace was kept from one second of the run to another.
    pub fn pace(&self, warm_up_s: f64, seconds: f64) -> Pace {
        // The last second is not a whole one.
        let (first, end) = (warm_up_s.ceil() as u32, seconds.floor() as u32);
        let counted = self.pace.iter().filter(|(second, (due, _))| (first..end).contains(*second) && *due >= PACED_MIN);
        let off: Vec<f64> = counted.map(|(_, (due, said))| said.abs_diff(*due) as f64 / *due as f64).collect();
        let last = self.pace.keys().next_back().map_or(0, |last| last + 1).min(end);
        let by_second = (0..last).map(|second| self.pace.get(&second).copied().unwrap_or_default()).collect();
        Pace { off: off.iter().copied().reduce(f64::max), seconds: off.len() as u64, by_second }
    }

    /// Forgets who was connected at a worker that is gone.
    pub fn worker_gone(&mut self, worker: u32) {
        self.now.remove(&worker);
    }

    /// Messages that were acked so far.
    pub fn acked(&self) -> u64 {
        self.tallies[Tally::MessagesAcked as usize]
    }

    /// Clients that are connected, of both sides.
    pub fn connected(&self) -> i64 {
        self.now.values().map(|(connected, _)| connected[0] + connected[1]).sum()
    }

    /// A second is over.
    pub fn second(&mut self, at_s: f64) {
        let total = |tally: Tally| self.tallies[tally as usize];
        let errors: u64 = self.errors.values().sum();
        let so_far = (total(Tally::VisitorsCame), total(Tally::MessagesAcked), errors);
        let sum = |of: fn(&([i64; 2], [i64; 2])) -> i64| self.now.values().map(of).sum();
        self.series.push(Second {
            at_s,
            came: so_far.0 - self.before.0,
            acked: so_far.1 - self.before.1,
            errors: so_far.2 - self.before.2,
            connected: sum(|now| now.0[0]),
            waiting: sum(|now| now.1[0]),
            active: sum(|now| now.1[1]),
            ack_p50_ms: self.second.value_at_quantile(0.5) as f64 / 1e3,
            ack_p99_ms: self.second.value_at_quantile(0.99) as f64 / 1e3,
        });
        self.before = so_far;
        self.second.reset();
    }

    /// The run so far, without what only its end knows.
    pub fn summary(&self) -> Summary {
        let of = |timing: Timing| Percentiles::of(&self.timings[timing as usize]);
        Summary {
            counts: Counts::of(&self.tallies),
            latency: Latency {
                connect: of(Timing::Connect),
                start: of(Timing::Start),
                ack: of(Timing::Ack),
                delivery: of(Timing::Delivery),
                resume: of(Timing::Resume),
                wait: of(Timing::Wait),
                slow: of(Timing::Slow),
                lateness: of(Timing::Lateness),
            },
            errors: self.errors.clone(),
            series: self.series.clone(),
            ..Summary::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::Recorder;

    #[test]
    fn the_pace_is_held_second_by_second_where_enough_was_due() {
        let (mut sum, mut recorder) = (Sum::default(), Recorder::default());
        // In the warm-up, on time, some that left a second late, too few to tell, and the last second.
        for (second, due, left_in) in
            [(0, 2_000, 4), (1, 2_000, 1), (2, 1_990, 2), (2, 10, 3), (3, 2_000, 3), (4, 50, 5)]
        {
            for _ in 0..due {
                recorder.due(second);
                recorder.said(left_in);
            }
        }
        sum.add(0, recorder.take());
        let pace = sum.pace(1.0, 5.5);
        assert_eq!((pace.off, pace.seconds), (Some(0.005), 3));
        assert_eq!(pace.by_second, [(2_000, 0), (2_000, 2_000), (2_000, 1_990), (2_000, 2_010), (50, 2_000)]);
        let counts = sum.summary().counts;
        assert_eq!((counts.messages_due, counts.messages_said), (8_050, 8_050));
        assert_eq!(Sum::default().pace(0.0, 5.0), Pace::default());
    }

    #[test]
    fn who_was_connected_at_a_worker_that_is_gone_is_not_connected() {
        let (mut sum, mut recorder) = (Sum::default(), Recorder::default());
        recorder.connected = [3, 2];
        for worker in [0, 1] {
            sum.add(worker, recorder.take());
        }
        assert_eq!(sum.connected(), 10);
        sum.worker_gone(0);
        assert_eq!(sum.connected(), 5);
    }
}
