//! Two results side by side, the second measured against the first.

use std::fmt::Write;

use crate::summary::{Latency, Percentiles, Summary};
use crate::units::{duration, mebibytes};

/// A figure; none where it was not measured.
struct Row {
    name: &'static str,
    one: Option<f64>,
    other: Option<f64>,
    worse: Worse,
    time: bool,
    /// A difference that is chance.
    noise: f64,
}

/// What of a figure is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worse {
    More,
    Less,
    Neither,
}

/// The table, and whether the second is worse than the first by more than this factor in any figure that counts, or
/// failed by itself: what a broken run measured shows nothing.
pub fn compare(one: &Summary, other: &Summary, worse: f64) -> (String, bool) {
    let mut out = format!("first      {}\nsecond     {}\n\n", named(one), named(other));
    let _ = writeln!(out, "{:<26} {:>12} {:>12} {:>8}", "", "first", "second", "ratio");
    let mut failed = false;
    for row in rows(one, other) {
        let shown = |value: Option<f64>| match value {
            Some(value) if row.time => duration(value),
            Some(value) => format!("{value:.2}"),
            None => "-".to_owned(),
        };
        let bad = row.is_worse(worse);
        failed |= bad;
        let ratio = row.other.zip(row.one).map(|(other, one)| other / one).filter(|ratio| ratio.is_finite());
        let ratio = ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
        let mark = if bad { "  worse" } else { "" };
        let _ = writeln!(out, "{:<26} {:>12} {:>12} {ratio:>8}{mark}", row.name, shown(row.one), shown(row.other));
    }
    for (name, of) in TIMES {
        if of(&one.latency).count > 0 && of(&other.latency).count == 0 {
            let _ = writeln!(out, "the second has no {name} at all");
            failed = true;
        }
    }
    failed |= !other.passed();
    broken(&mut out, "first", one);
    broken(&mut out, "second", other);
    if one.scenario != other.scenario || one.seed != other.seed {
        out.push_str("these are runs of different scenarios or seeds\n");
    }
    (out, failed)
}

fn named(summary: &Summary) -> String {
    format!("{}, seed {}, {:.1} s", summary.scenario, summary.seed, summary.seconds)
}

impl Row {
    /// Whether the second is worse by more than the factor. What only one of them measured is no comparison.
    fn is_worse(&self, factor: f64) -> bool {
        let (Some(one), Some(other)) = (self.one, self.other) else { return false };
        match self.worse {
            Worse::More => other > one * factor && other - one > self.noise,
            Worse::Less => other * factor < one,
            Worse::Neither => false,
        }
    }
}

/// Why a run failed by itself.
fn broken(out: &mut String, which: &str, summary: &Summary) {
    if summary.verdict.faults > 0 {
        let _ = writeln!(out, "the {which} broke {} promises", summary.verdict.faults);
    }
    for breach in &summary.breaches {
        let _ = writeln!(out, "the {which} did not keep a limit: {breach}");
    }
    for shortcoming in summary.shortcomings() {
        let _ = writeln!(out, "the {which} failed: {shortcoming}");
    }
}

type Time = fn(&Latency) -> Percentiles;

/// Times that the second must have where the first has them.
const TIMES: [(&str, Time); 6] = [
    ("connect", |latency| latency.connect),
    ("start", |latency| latency.start),
    ("ack", |latency| latency.ack),
    ("delivery", |latency| latency.delivery),
    ("resume", |latency| latency.resume),
    ("wait", |latency| latency.wait),
];

fn rows(one: &Summary, other: &Summary) -> Vec<Row> {
    use Worse::{Less, More, Neither};
    let row = |name, worse, of: fn(&Summary) -> Option<f64>| {
        let (one, other) = (of(one), of(other));
        Row { name, one, other, worse, time: false, noise: 1e-9 }
    };
    // One more of so many, and a half for what rounding makes of it.
    let one_more = |of: u64| 1.5 / of.max(1) as f64;
    let (tried, began) = (one_more(other.tried()), one_more(other.counts.chats_started));
    let time = |name, of: fn(&Latency) -> Percentiles, at: fn(&Percentiles) -> f64| {
        let measured = |summary: &Summary| Some(of(&summary.latency)).filter(|all| all.count > 0).map(|all| at(&all));
        // Less than a tenth of a millisecond is chance.
        Row { name, one: measured(one), other: measured(other), worse: More, time: true, noise: 0.1 }
    };
    vec![
        row("visitors", Neither, |s| Some(s.counts.visitors_came as f64)),
        row("chats answered", Less, |s| Some(s.counts.chats_answered as f64)),
        row("messages a second", Less, |s| Some(s.rate())),
        time("connect p99", |all| all.connect, |connect| connect.p99_ms),
        time("start p99", |all| all.start, |start| start.p99_ms),
        time("ack p50", |all| all.ack, |ack| ack.p50_ms),
        time("ack p99", |all| all.ack, |ack| ack.p99_ms),
        time("delivery p50", |all| all.delivery, |delivery| delivery.p50_ms),
        time("delivery p99", |all| all.delivery, |delivery| delivery.p99_ms),
        time("resume p99", |all| all.resume, |resume| resume.p99_ms),
        time("wait p90", |all| all.wait, |wait| wait.p90_ms),
        Row { noise: tried, ..row("errors a message", More, |s| Some(s.error_part())) },
        Row { noise: began, ..row("abandoned part", More, |s| Some(s.abandoned_part())) },
        row("server CPU µs a message", More, |s| s.cpu_a_message_us().1),
        row("server MiB", More, |s| s.cost.server_bytes.map(mebibytes)),
        row("tool CPU µs a message", Neither, |s| s.cpu_a_message_us().0),
        row("tool CPU / server CPU", Neither, Summary::tool_cpu_part),
        row("tool MiB", Neither, |s| Some(mebibytes(s.cost.tool_bytes))),
        row("pace off %", Neither, |s| s.pace.off.map(|off| off * 100.0)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Breach;
    use crate::summary::{Ending, ServerView, Steady};

    fn with_ack(p99_ms: f64) -> Summary {
        let mut summary = Summary::default();
        (summary.latency.ack.count, summary.latency.ack.p99_ms) = (1, p99_ms);
        summary
    }

    #[test]
    fn a_second_run_that_is_slower_than_allowed_fails() {
        assert!(!compare(&with_ack(10.0), &with_ack(11.0), 1.2).1);
        let (table, worse) = compare(&with_ack(10.0), &with_ack(15.0), 1.2);
        assert!(worse && table.contains("ack p99") && table.contains("1.50  worse"), "{table}");
        assert!(!compare(&with_ack(15.0), &with_ack(10.0), 1.2).1, "faster is not worse");
        let mut known = with_ack(10.0);
        known.cost.server_bytes = Some(1 << 20);
        (known.cost.tool_bytes, known.pace.off) = (9 << 20, Some(0.005));
        known.cost.steady = Some(Steady { messages: 1, tool_cpu_s: 0.5, server_cpu_s: Some(2.0) });
        for (one, other) in [(with_ack(10.0), known.clone()), (known, with_ack(10.0))] {
            let (table, worse) = compare(&one, &other, 1.2);
            assert!(!worse && table.contains("server MiB"), "only one of them knows its server: {table}");
            let row = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            assert!(row("tool MiB").contains("9.00") && row("pace off %").contains("0.50"), "{table}");
            assert!(row("tool CPU / server CPU").contains("0.25"), "{table}");
        }
        assert!(!compare(&Summary::default(), &with_ack(10.0), 1.2).1, "the first has nothing to be compared with");
        let mut broken = with_ack(10.0);
        broken.verdict.faults = 1;
        assert!(compare(&with_ack(10.0), &broken, 1.2).1);
    }

    #[test]
    fn one_error_more_or_one_visitor_who_leaves_is_chance_and_two_are_not() {
        let run = |errors: u64, abandoned: u64| {
            let mut summary = with_ack(10.0);
            (summary.counts.messages_said, summary.counts.chats_started) = (1_000_000, 1_000);
            (summary.counts.chats_abandoned, summary.verdict.chats) = (abandoned, 1_000);
            summary.errors.insert("no answer".into(), errors);
            summary
        };
        for chance in [run(1, 0), run(0, 1), run(1, 1)] {
            assert!(!compare(&run(0, 0), &chance, 1.2).1);
        }
        for worse in [run(2, 0), run(0, 2)] {
            assert!(compare(&run(0, 0), &worse, 1.2).1);
        }
        assert!(!compare(&run(100, 100), &run(119, 119), 1.2).1, "within the factor");
    }

    #[test]
    fn a_second_run_that_failed_by_itself_is_worse_whatever_it_measured() {
        let good = with_ack(10.0);
        assert!(!compare(&good, &good, 1.2).1);
        let gone = Summary { ended: Ending::ServerGone, ..good.clone() };
        let breach = Breach { name: "late".into(), limit: 0.01, measured: Some(0.4), at_least: false };
        let passed = Summary { breaches: vec![breach], ..good.clone() };
        let violated = ServerView { invariant_violations: 2.0, ..ServerView::default() };
        let violated = Summary { server: Some(violated), ..good.clone() };
        for (broken, why) in [(gone, "the server was gone"), (passed, "late is 0.4"), (violated, "violations")] {
            let (table, worse) = compare(&good, &broken, 1.2);
            assert!(worse && table.contains("the second") && table.contains(why), "{table}");
            assert!(compare(&broken, &good, 1.2).0.contains("the first"), "it is told of the first too");
        }
    }

    #[test]
    fn a_second_run_that_did_less_is_worse() {
        let with = |acked, answered| {
            let mut summary = Summary { seconds: 10.0, ..Summary::default() };
            (summary.counts.messages_acked, summary.counts.chats_answered) = (acked, answered);
            summary
        };
        let one = with(1_000, 50);
        for (other, name, worse) in [
            (with(900, 50), "messages a second", false),
            (with(800, 50), "messages a second", true),
            (with(1_000, 40), "chats answered", true),
            (with(9_000, 500), "messages a second", false),
        ] {
            let (table, failed) = compare(&one, &other, 1.2);
            let line = table.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            assert!(failed == worse && line.ends_with("worse") == worse, "{table}");
        }
        let mut timed = with(1_000, 50);
        timed.latency.wait.count = 5;
        let (table, failed) = compare(&timed, &one, 1.2);
        assert!(failed && table.contains("has no wait"), "{table}");
    }
}
