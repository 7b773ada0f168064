//! Two results side by side, the second measured against the first.

use std::fmt::Write;

use crate::report::plain::duration;
use crate::summary::Summary;

/// A figure that both have.
struct Row {
    name: &'static str,
    one: f64,
    other: f64,
    /// Whether more of it is worse.
    judged: bool,
    time: bool,
}

/// The table, and whether the second is worse than the first by more than this factor in any figure that counts.
pub fn compare(one: &Summary, other: &Summary, worse: f64) -> (String, bool) {
    let mut out = format!("{:<26} {:>12} {:>12} {:>8}\n", "", one.scenario, other.scenario, "ratio");
    let mut failed = false;
    for row in rows(one, other) {
        let ratio = row.other / row.one;
        // Less than a tenth of a millisecond, or one error more, is chance.
        let noise = if row.time { 0.1 } else { 1e-9 };
        let bad = row.judged && row.other > row.one * worse && row.other - row.one > noise;
        failed |= bad;
        let shown = |value: f64| if row.time { duration(value) } else { format!("{value:.2}") };
        let ratio = if ratio.is_finite() { format!("{ratio:.2}") } else { "-".into() };
        let mark = if bad { "  worse" } else { "" };
        let _ = writeln!(out, "{:<26} {:>12} {:>12} {ratio:>8}{mark}", row.name, shown(row.one), shown(row.other));
    }
    if other.verdict.faults > 0 {
        let _ = writeln!(out, "the second broke {} promises", other.verdict.faults);
        failed = true;
    }
    if one.scenario != other.scenario || one.seed != other.seed {
        out.push_str("these are runs of different scenarios or seeds\n");
    }
    (out, failed)
}

fn rows(one: &Summary, other: &Summary) -> Vec<Row> {
    let row = |name, judged, time, of: fn(&Summary) -> f64| Row { name, one: of(one), other: of(other), judged, time };
    vec![
        row("visitors", false, false, |s| s.counts.visitors_came as f64),
        row("chats answered", false, false, |s| s.counts.chats_answered as f64),
        row("messages a second", false, false, Summary::rate),
        row("connect p99", true, true, |s| s.latency.connect.p99_ms),
        row("ack p50", true, true, |s| s.latency.ack.p50_ms),
        row("ack p99", true, true, |s| s.latency.ack.p99_ms),
        row("delivery p50", true, true, |s| s.latency.delivery.p50_ms),
        row("delivery p99", true, true, |s| s.latency.delivery.p99_ms),
        row("resume p99", true, true, |s| s.latency.resume.p99_ms),
        row("wait p90", true, true, |s| s.latency.wait.p90_ms),
        row("errors a message", true, false, Summary::error_part),
        row("abandoned part", true, false, Summary::abandoned_part),
        row("server CPU µs a message", true, false, |s| s.cpu_a_message_us().1.unwrap_or_default()),
        row("server MiB", true, false, |s| s.cost.server_bytes.unwrap_or_default() as f64 / f64::from(1 << 20)),
        row("tool CPU µs a message", false, false, |s| s.cpu_a_message_us().0.unwrap_or_default()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
