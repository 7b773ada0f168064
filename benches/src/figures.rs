//! What a run measured, in the form it crosses from process to process: one line of JSON.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// The longest latency that is told from a longer one: a minute.
const LATENCY_MAX_US: u64 = 60_000_000;

/// What a run of a floor or of the product measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Figures {
    /// Messages within the measured time.
    pub messages: u64,
    /// The measured time, in seconds.
    pub seconds: f64,
    /// CPU time of the measured process within it, in seconds; user and system.
    pub cpu_seconds: f64,
    /// Resident memory of the measured process at the end, in bytes.
    pub resident_bytes: u64,
    /// From the intended moment to the answer, in microseconds.
    pub latency: Percentiles,
}

impl Figures {
    /// CPU time a message, in microseconds.
    pub fn cpu_per_message_us(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.messages.max(1) as f64
    }

    /// Messages a second.
    pub fn rate(&self) -> f64 {
        self.messages as f64 / self.seconds
    }

    /// Reads the line that [`Figures::print`] wrote.
    ///
    /// # Panics
    /// When it is not one.
    pub fn read(line: &str) -> Self {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("not figures: {error}: {line}"))
    }

    /// Writes them to standard output as `figures JSON`.
    pub fn print(&self) {
        println!("figures {}", serde_json::to_string(self).expect("figures are JSON"));
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Percentiles { p50, p99, p999, max } = self.latency;
        write!(
            f,
            "{:>9.0} messages/s  {:>6.2} µs CPU a message  latency p50 {p50} µs, p99 {p99} µs, p99.9 {p999} µs, max {max} µs",
            self.rate(),
            self.cpu_per_message_us(),
        )
    }
}

/// Bytes in the unit that memory is told in.
pub fn kibibytes(bytes: u64) -> f64 {
    bytes as f64 / 1024.0
}

/// A distribution of latencies, in microseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half were faster.
    pub p50: u64,
    /// 99 of 100 were faster.
    pub p99: u64,
    /// 999 of 1,000 were faster.
    pub p999: u64,
    /// The slowest.
    pub max: u64,
}

/// Collects latencies.
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, LATENCY_MAX_US, 3).expect("three digits are possible"))
    }
}

impl Latencies {
    /// One more.
    pub fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Forgets them all.
    pub fn clear(&mut self) {
        self.0.reset();
    }

    /// Their distribution.
    pub fn percentiles(&self) -> Percentiles {
        let at = |quantile| self.0.value_at_quantile(quantile);
        Percentiles { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: self.0.max() }
    }
}
