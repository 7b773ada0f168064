//! Limits that fail a run. What a scenario does not limit is only reported.

use std::fmt::{Display, Formatter};

use serde::{Deserialize, Serialize};

use super::{Count, CpuMicros, Mebibytes, Part, Rate, Seconds};
use crate::summary::{Latency, Percentiles, Second, Summary};
use crate::theory::Theory;
use crate::units::mebibytes;

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
    /// From a visitor's arrival to the stored chat, 99 of 100.
    pub start_p99_s: Option<Seconds>,
    /// From coming back to having heard what was missed, 99 of 100.
    pub resume_p99_s: Option<Seconds>,
    /// The wait of those whom an operator got, 9 of 10.
    pub wait_p90_s: Option<Seconds>,
    /// How far the mean queue time as the server counts it may be from the one seen from here, either way.
    pub queue_difference_s: Option<Seconds>,
    /// The part of visitors who left before anybody came.
    pub abandoned: Option<Part>,
    /// Errors and refusals for each message and visitor.
    pub errors: Option<Part>,
    /// How many half-widths of its 95 % confidence interval a wait may be off the theory of queues, where it fits.
    pub theory_off: Option<Rate>,
    /// The part of messages that left more than 100 ms after the moment they were meant for: the tool's own failure.
    pub late: Option<Part>,
    /// The part of a second's messages by which those that left may differ from those that were due, in any second of
    /// 1,000 or more behind the warm-up: whether the tool keeps its pace.
    pub pace_off: Option<Part>,
    /// The tool's own CPU time for each acked message.
    pub tool_cpu_a_message_us: Option<CpuMicros>,
    /// The tool's own CPU time for each message divided by the server's, behind the warm-up.
    pub tool_cpu_part: Option<Part>,
    /// The most memory of the tool's processes together.
    pub tool_mib: Option<Mebibytes>,
    /// Acked messages a second, over the whole run: at least so many.
    pub messages_a_second: Option<Rate>,
    /// Visitors who were connected at the end of a second: in one of them at least so many.
    pub connected: Option<Count>,
    /// Chats with an operator, likewise.
    pub running: Option<Count>,
}

/// A limit that was not kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// The limit's name in the scenario.
    pub name: String,
    /// What it allows.
    pub limit: f64,
    /// What was measured; none: there was nothing to measure, so that nothing shows that the limit was kept.
    pub measured: Option<f64>,
    /// What was measured had to be as much at least, not at most.
    #[serde(default)]
    pub at_least: bool,
}

impl Limits {
    /// Those that a part of a run can be held to: what it must reach at least is the whole run's.
    #[must_use]
    pub fn of_a_part(self) -> Self {
        Self { messages_a_second: None, connected: None, running: None, ..self }
    }

    /// The limits that a run did not keep.
    pub fn breaches(&self, summary: &Summary) -> Vec<Breach> {
        let seconds = |limit: Option<Seconds>| limit.map(|limit| limit.0);
        let part = |limit: Option<Part>| limit.map(|limit| limit.0);
        let Latency { ack, delivery, connect, start, resume, wait, .. } = summary.latency;
        let time = |of: Percentiles, ms: f64| (of.count > 0).then_some(ms / 1e3);
        let of = |count: u64, part: f64| (count > 0).then_some(part);
        let counts = &summary.counts;
        let theory = summary.theory.as_ref();
        let tool_mib = (summary.cost.tool_bytes > 0).then(|| mebibytes(summary.cost.tool_bytes));
        // Where the run was not as the formula supposes the report says so, and nothing is held against it.
        let excused = theory
            .is_some_and(|theory| !theory.remarks.is_empty() && theory.centre.is_some_and(|centre| centre.counted > 0));
        let of_server = summary.server.filter(|server| server.answered > 0.0 && wait.count > 0);
        let rows = [
            ("queue_difference_s", seconds(self.queue_difference_s), of_server.map(|server| server.difference_s.abs())),
            ("ack_p99_s", seconds(self.ack_p99_s), time(ack, ack.p99_ms)),
            ("delivery_p99_s", seconds(self.delivery_p99_s), time(delivery, delivery.p99_ms)),
            ("connect_p99_s", seconds(self.connect_p99_s), time(connect, connect.p99_ms)),
            ("start_p99_s", seconds(self.start_p99_s), time(start, start.p99_ms)),
            ("resume_p99_s", seconds(self.resume_p99_s), time(resume, resume.p99_ms)),
            ("wait_p90_s", seconds(self.wait_p90_s), time(wait, wait.p90_ms)),
            ("abandoned", part(self.abandoned), of(counts.chats_started, summary.abandoned_part())),
            ("errors", part(self.errors), of(summary.tried(), summary.error_part())),
            ("late", part(self.late), of(counts.messages_said, summary.late_part())),
            ("pace_off", part(self.pace_off), summary.pace.off),
            ("tool_cpu_a_message_us", self.tool_cpu_a_message_us.map(|limit| limit.0), summary.cpu_a_message_us().0),
            ("tool_cpu_part", part(self.tool_cpu_part), summary.tool_cpu_part()),
            ("tool_mib", self.tool_mib.map(|limit| limit.0), tool_mib),
            ("theory_off", self.theory_off.map(|limit| limit.0).filter(|_| !excused), theory.and_then(Theory::off)),
        ];
        let count = |limit: Option<Count>| limit.map(|limit| f64::from(limit.0));
        let most = |of: fn(&Second) -> i64| summary.series.iter().map(of).max().map(|most| most as f64);
        let rate = of(counts.messages_acked, summary.rate());
        let least = [
            ("messages_a_second", self.messages_a_second.map(|limit| limit.0), rate),
            ("connected", count(self.connected), most(|second| second.connected)),
            ("running", count(self.running), most(|second| second.active)),
        ];
        let rows = rows.map(|row| (row, false)).into_iter().chain(least.map(|row| (row, true)));
        let broken = rows.filter_map(|((name, limit, measured), at_least)| {
            let broken = |limit: f64, measured: f64| if at_least { measured < limit } else { measured > limit };
            let limit = limit.filter(|limit| measured.is_none_or(|measured| broken(*limit, measured)))?;
            Some(Breach { name: name.to_owned(), limit, measured, at_least })
        });
        broken.collect()
    }
}

impl Display for Breach {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { name, limit, measured, at_least } = self;
        match measured {
            Some(measured) if *at_least => write!(out, "{name} is {measured:.4}, at least {limit:.4} is asked for"),
            Some(measured) => write!(out, "{name} is {measured:.4}, the limit {limit:.4}"),
            None => write!(out, "{name}: nothing was measured that the limit {limit:.4} could be held against"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::{ServerView, Steady};
    use crate::theory::{Beside, Centre, Figures};

    /// A run in which everything was measured once, and nothing took long.
    fn measured() -> Summary {
        let once = Percentiles { count: 1, ..Percentiles::default() };
        let mut summary = Summary::default();
        let Latency { connect, start, ack, delivery, resume, wait, .. } = &mut summary.latency;
        [connect, start, ack, delivery, resume, wait].into_iter().for_each(|time| *time = once);
        (summary.counts.chats_started, summary.counts.messages_said) = (1, 1);
        summary.counts.messages_acked = 1;
        summary.pace.off = Some(0.5);
        summary.seconds = 0.02;
        summary.server = Some(ServerView { answered: 1.0, difference_s: -0.5, ..ServerView::default() });
        summary.series = vec![Second { connected: 7, active: 3, ..Second::default() }];
        (summary.cost.tool_cpu_s, summary.cost.tool_bytes) = (10e-6, 64 << 20);
        summary.cost.steady = Some(Steady { messages: 1, tool_cpu_s: 1.0, server_cpu_s: Some(2.0) });
        summary
    }

    fn all() -> Limits {
        let (seconds, part) = (|s| Some(Seconds(s)), |of| Some(Part(of)));
        Limits {
            ack_p99_s: seconds(2.0),
            delivery_p99_s: seconds(3.0),
            connect_p99_s: seconds(4.0),
            start_p99_s: seconds(6.0),
            resume_p99_s: seconds(1.0),
            wait_p90_s: seconds(5.0),
            queue_difference_s: seconds(0.5),
            abandoned: part(0.1),
            errors: part(0.2),
            late: part(0.3),
            pace_off: part(0.5),
            tool_cpu_a_message_us: Some(CpuMicros(10.0)),
            tool_cpu_part: part(0.5),
            tool_mib: Some(Mebibytes(64.0)),
            theory_off: None,
            messages_a_second: Some(Rate(50.0)),
            connected: Some(Count(7)),
            running: Some(Count(3)),
        }
    }

    #[test]
    fn a_limit_is_passed_by_what_was_measured_and_by_nothing_measured_at_all() {
        assert_eq!(all().breaches(&measured()), []);
        let nothing = all().breaches(&Summary::default());
        assert_eq!(nothing.len(), 17, "{nothing:?}");
        assert_eq!(
            all().of_a_part().breaches(&Summary::default()).len(),
            14,
            "what must be reached is the whole run's"
        );
        assert!(nothing.iter().all(|breach| breach.measured.is_none()));
        let mut slow = measured();
        slow.latency.resume.p99_ms = 1_500.0;
        let words: Vec<String> = all().breaches(&slow).iter().map(ToString::to_string).collect();
        assert_eq!(words, ["resume_p99_s is 1.5000, the limit 1.0000"]);
    }

    /// Beyond every limit.
    const FAR: f64 = 1e6;

    /// A run in which each figure that has a limit stands at it, and all that is beside it far beyond.
    fn at_the_limits() -> Summary {
        let far =
            Percentiles { count: 1, mean_ms: FAR, p50_ms: FAR, p90_ms: FAR, p99_ms: FAR, p999_ms: FAR, max_ms: FAR };
        let p99 = |ms| Percentiles { p99_ms: ms, ..far };
        let mut summary = measured();
        summary.latency = Latency {
            connect: p99(4e3),
            start: p99(6e3),
            ack: p99(2e3),
            delivery: p99(3e3),
            resume: p99(1e3),
            wait: Percentiles { p90_ms: 5e3, ..far },
            slow: far,
            lateness: far,
        };
        let counts = &mut summary.counts;
        (counts.chats_started, counts.messages_said, counts.connects) = (10, 20, 30);
        (counts.chats_abandoned, counts.messages_late) = (1, 6);
        summary.errors.insert("closed with 1013".into(), 12);
        summary.pace.off = Some(0.6);
        summary.cost.server_cpu_s = Some(FAR);
        let as_said = |predicted| Beside { predicted, measured: predicted, give_or_take: Some(1.0) };
        let mean_wait_s = Beside { measured: 3.0, ..as_said(1.0) };
        let (abandoned, service_level) = (as_said(0.5), as_said(0.25));
        let figures = Some(Figures { mean_wait_s, abandoned, service_level, within_s: FAR });
        summary.theory = Some(Theory { figures, ..Theory::default() });
        summary
    }

    /// What brings one figure of a run beyond its limit.
    type Change = fn(&mut Summary);

    #[test]
    fn each_limit_is_passed_by_its_own_figure_and_by_no_other() {
        let limits = Limits { pace_off: Some(Part(0.6)), theory_off: Some(Rate(2.0)), ..all() };
        assert_eq!(limits.breaches(&at_the_limits()), [], "a limit may be reached");
        let changes: [(&str, Change); 18] = [
            ("ack_p99_s is 2.1000, the limit 2.0000", |run| run.latency.ack.p99_ms = 2_100.0),
            ("delivery_p99_s is 3.2000, the limit 3.0000", |run| run.latency.delivery.p99_ms = 3_200.0),
            ("connect_p99_s is 4.3000, the limit 4.0000", |run| run.latency.connect.p99_ms = 4_300.0),
            ("queue_difference_s is 0.6000, the limit 0.5000", |run| {
                run.server = run.server.map(|server| ServerView { difference_s: 0.6, ..server });
            }),
            ("start_p99_s is 6.6000, the limit 6.0000", |run| run.latency.start.p99_ms = 6_600.0),
            ("messages_a_second is 25.0000, at least 50.0000 is asked for", |run| run.seconds = 0.04),
            ("connected is 6.0000, at least 7.0000 is asked for", |run| run.series[0].connected = 6),
            ("running is 2.0000, at least 3.0000 is asked for", |run| run.series[0].active = 2),
            ("resume_p99_s is 1.4000, the limit 1.0000", |run| run.latency.resume.p99_ms = 1_400.0),
            ("wait_p90_s is 5.5000, the limit 5.0000", |run| run.latency.wait.p90_ms = 5_500.0),
            ("abandoned is 0.2000, the limit 0.1000", |run| run.counts.chats_abandoned = 2),
            ("errors is 0.2500, the limit 0.2000", |run| {
                run.errors.insert("timed out".into(), 3);
            }),
            ("late is 0.3500, the limit 0.3000", |run| run.counts.messages_late = 7),
            ("pace_off is 0.6100, the limit 0.6000", |run| run.pace.off = Some(0.61)),
            ("tool_cpu_a_message_us is 11.0000, the limit 10.0000", |run| run.cost.tool_cpu_s = 11e-6),
            ("tool_cpu_part is 0.7500, the limit 0.5000", |run| {
                run.cost.steady = Some(Steady { messages: 1, tool_cpu_s: 1.5, server_cpu_s: Some(2.0) });
            }),
            ("tool_mib is 65.0000, the limit 64.0000", |run| run.cost.tool_bytes = 65 << 20),
            ("theory_off is 2.5000, the limit 2.0000", |run| {
                let figures = run.theory.as_mut().and_then(|theory| theory.figures.as_mut()).unwrap();
                figures.mean_wait_s.measured = 3.5;
            }),
        ];
        for (words, beyond) in changes {
            let mut run = at_the_limits();
            beyond(&mut run);
            let passed: Vec<String> = limits.breaches(&run).iter().map(ToString::to_string).collect();
            assert_eq!(passed, [words]);
        }
    }

    #[test]
    fn the_tool_itself_is_held_to_its_pace_its_cpu_and_its_memory() {
        let mut heavy = measured();
        heavy.pace.off = Some(0.51);
        (heavy.cost.tool_cpu_s, heavy.cost.tool_bytes) = (12e-6, 65 << 20);
        heavy.cost.steady = Some(Steady { messages: 1, tool_cpu_s: 2.4, server_cpu_s: Some(2.0) });
        let words: Vec<String> = all().breaches(&heavy).iter().map(ToString::to_string).collect();
        let expected = [
            "pace_off is 0.5100, the limit 0.5000",
            "tool_cpu_a_message_us is 12.0000, the limit 10.0000",
            "tool_cpu_part is 1.2000, the limit 0.5000",
            "tool_mib is 65.0000, the limit 64.0000",
        ];
        assert_eq!(words, expected);
        assert_eq!(Limits::default().breaches(&heavy), [], "what is not limited is only reported");
        heavy.cost.steady = Some(Steady { server_cpu_s: None, ..Steady::default() });
        let unknown = Limits { tool_cpu_part: Some(Part(1.0)), ..Limits::default() }.breaches(&heavy);
        let words: Vec<String> = unknown.iter().map(ToString::to_string).collect();
        assert_eq!(words, ["tool_cpu_part: nothing was measured that the limit 1.0000 could be held against"]);
    }

    #[test]
    fn the_formula_is_not_held_against_a_run_that_was_disturbed_and_is_against_one_that_was_too_short() {
        let limits = Limits { theory_off: Some(Rate(3.0)), ..Limits::default() };
        let counted = |counted| Centre {
            slots: 1,
            arrivals_per_s: 1.0,
            patience_s: 1.0,
            handling_s: 1.0,
            handling_cv: 1.0,
            counted,
        };
        for (count, remarks, breaches) in
            [(9, vec!["busy".to_owned()], 0), (9, vec![], 1), (0, vec!["nobody".into()], 1)]
        {
            let theory = Theory { remarks, centre: Some(counted(count)), ..Theory::default() };
            let summary = Summary { theory: Some(theory), ..Summary::default() };
            assert_eq!(limits.breaches(&summary).len(), breaches, "{count} counted");
        }
    }
}
