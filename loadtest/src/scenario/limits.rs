//! Limits that fail a run. What a scenario does not limit is only reported.

use serde::{Deserialize, Serialize};

use super::{Part, Rate, Seconds};
use crate::summary::Summary;
use crate::theory::Theory;

/// What fails the run. Broken promises, and a server that dies, always do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// From the intended moment of a message to its ack, 99 of 100.
    pub ack_p99_s: Option<Seconds>,
    /// From the intended moment of a message to its arrival at the other side, 99 of 100.
    pub delivery_p99_s: Option<Seconds>,
    /// From the intended moment to the answer of the server's greeting, 99 of 100.
    pub connect_p99_s: Option<Seconds>,
    /// From coming back to having heard what was missed, 99 of 100.
    pub resume_p99_s: Option<Seconds>,
    /// The wait of those whom an operator got, 9 of 10.
    pub wait_p90_s: Option<Seconds>,
    /// The part of visitors who left before anybody came.
    pub abandoned: Option<Part>,
    /// Errors and refusals for each message and visitor.
    pub errors: Option<Part>,
    /// How many half-widths of its 95 % confidence interval a wait may be off the theory of queues, where it fits.
    pub theory_off: Option<Rate>,
    /// The part of messages that left more than 100 ms after the moment they were meant for: the tool's own failure.
    pub late: Option<Part>,
}

/// A limit that was passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// The limit's name in the scenario.
    pub name: String,
    /// What it allows.
    pub limit: f64,
    /// What was measured.
    pub measured: f64,
}

impl Limits {
    /// The limits that a run passed.
    pub fn breaches(&self, summary: &Summary) -> Vec<Breach> {
        let seconds = |limit: Option<Seconds>| limit.map(|limit| limit.0);
        let part = |limit: Option<Part>| limit.map(|limit| limit.0);
        let off = summary.theory.as_ref().and_then(Theory::off);
        let rows = [
            ("ack_p99_s", seconds(self.ack_p99_s), summary.latency.ack.p99_ms / 1e3),
            ("delivery_p99_s", seconds(self.delivery_p99_s), summary.latency.delivery.p99_ms / 1e3),
            ("connect_p99_s", seconds(self.connect_p99_s), summary.latency.connect.p99_ms / 1e3),
            ("resume_p99_s", seconds(self.resume_p99_s), summary.latency.resume.p99_ms / 1e3),
            ("wait_p90_s", seconds(self.wait_p90_s), summary.latency.wait.p90_ms / 1e3),
            ("abandoned", part(self.abandoned), summary.abandoned_part()),
            ("errors", part(self.errors), summary.error_part()),
            ("late", part(self.late), summary.late_part()),
            ("theory_off", self.theory_off.map(|limit| limit.0), off.unwrap_or_default()),
        ];
        let passed = rows.into_iter().filter_map(|(name, limit, measured)| {
            let limit = limit.filter(|limit| measured > *limit)?;
            Some(Breach { name: name.to_owned(), limit, measured })
        });
        passed.collect()
    }
}
