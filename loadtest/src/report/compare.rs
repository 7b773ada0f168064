//! Two results side by side, the second measured against the first.

use std::fmt::Write;

use crate::report::plain::duration;
use crate::summary::{Latency, Percentiles, Summary};

/// A figure that both have.
struct Row {
    name: &'static str,
    one: f64,
    other: f64,
    worse: Worse,
    time: bool,
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
    let mut out = format!("{:<26} {:>12} {:>12} {:>8}\n", "", one.scenario, other.scenario, "ratio");
    let mut failed = false;
    for row in rows(one, other) {
        let ratio = row.other / row.one;
        // Less than a tenth of a millisecond, or one error more, is chance.
        let noise = if row.time { 0.1 } else { 1e-9 };
        let bad = match row.worse {
            Worse::More => row.other > row.one * worse && row.other - row.one > noise,
            Worse::Less => row.other * worse < row.one,
            Worse::Neither => false,
        };
        failed |= bad;
        let shown = |value: f64| if row.time { duration(value) } else { format!("{value:.2}") };
        let ratio = if ratio.is_finite() { format!("{ratio:.2}") } else { "-".into() };
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

/// Why a run failed by itself.
fn broken(out: &mut String, which: &str, summary: &Summary) {
    if summary.verdict.faults > 0 {
        let _ = writeln!(out, "the {which} broke {} promises", summary.verdict.faults);
    }
    for breach in &summary.breaches {
        let _ = writeln!(out, "the {which} passed a limit: {breach}");
    }
    for shortcoming in summary.shortcomings() {
        let _ = writeln!(out, "the {which} failed: {shortcoming}");
    }
}

type Time = fn(&Latency) -> Percentiles;

/// Times that the second must have where the first has them.
const TIMES: [(&str, Time); 5] = [
    ("connect", |latency| latency.connect),
    ("ack", |latency| latency.ack),
    ("delivery", |latency| latency.delivery),
    ("resume", |latency| latency.resume),
    ("wait", |latency| latency.wait),
];

fn rows(one: &Summary, other: &Summary) -> Vec<Row> {
    use Worse::{Less, More, Neither};
    let row = |name, worse, time, of: fn(&Summary) -> f64| Row { name, one: of(one), other: of(other), worse, time };
    vec![
        row("visitors", Neither, false, |s| s.counts.visitors_came as f64),
        row("chats answered", Less, false, |s| s.counts.chats_answered as f64),
        row("messages a second", Less, false, Summary::rate),
        row("connect p99", More, true, |s| s.latency.connect.p99_ms),
        row("ack p50", More, true, |s| s.latency.ack.p50_ms),
        row("ack p99", More, true, |s| s.latency.ack.p99_ms),
        row("delivery p50", More, true, |s| s.latency.delivery.p50_ms),
        row("delivery p99", More, true, |s| s.latency.delivery.p99_ms),
        row("resume p99", More, true, |s| s.latency.resume.p99_ms),
        row("wait p90", More, true, |s| s.latency.wait.p90_ms),
        row("errors a message", More, false, Summary::error_part),
        row("abandoned part", More, false, Summary::abandoned_part),
        row("server CPU µs a message", More, false, |s| s.cpu_a_message_us().1.unwrap_or_default()),
        row("server MiB", More, false, |s| s.cost.server_bytes.unwrap_or_default() as f64 / f64::from(1 << 20)),
        row("tool CPU µs a message", Neither, false, |s| s.cpu_a_message_us().0.unwrap_or_default()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Breach;
    use crate::summary::{Ending, ServerView};

    fn with_ack(p99_ms: f64) -> Summary {
        let mut summary = Summary::default();
        summary.latency.ack.p99_ms = p99_ms;
        summary
    }

    #[test]
    fn a_second_run_that_is_slower_than_allowed_fails() {
        assert!(!compare(&with_ack(10.0), &with_ack(11.0), 1.2).1);
        let (table, worse) = compare(&with_ack(10.0), &with_ack(15.0), 1.2);
        assert!(worse && table.contains("ack p99") && table.contains("1.50  worse"), "{table}");
        assert!(!compare(&with_ack(15.0), &with_ack(10.0), 1.2).1, "faster is not worse");
        let mut broken = with_ack(10.0);
        broken.verdict.faults = 1;
        assert!(compare(&with_ack(10.0), &broken, 1.2).1);
    }

    #[test]
    fn a_second_run_that_failed_by_itself_is_worse_whatever_it_measured() {
        let good = with_ack(10.0);
        assert!(!compare(&good, &good, 1.2).1);
        let gone = Summary { ended: Ending::ServerGone, ..good.clone() };
        let breach = Breach { name: "late".into(), limit: 0.01, measured: Some(0.4) };
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
