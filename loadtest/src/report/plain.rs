//! The report in plain text, and the lines of a run without a terminal.

use std::fmt::Write;

use crate::summary::{Ending, Percentiles, Summary};

/// A line while the run goes on.
pub fn line(summary: &Summary, seconds: f64, judged: u64) -> String {
    let second = summary.series.last().copied().unwrap_or_default();
    let errors: u64 = summary.errors.values().sum();
    format!(
        "{seconds:>7.1} s  connected {:>6}  waiting {:>5}  in chats {:>5}  {:>6} messages/s  ack p50 {:>8} p99 {:>8}  \
         chats judged {judged}  errors {errors}",
        second.connected,
        second.waiting,
        second.active,
        second.acked,
        duration(second.ack_p50_ms),
        duration(second.ack_p99_ms),
    )
}

/// The whole report.
pub fn report(summary: &Summary) -> String {
    let mut out = String::new();
    let ended = match summary.ended {
        Ending::Complete => "complete",
        Ending::Interrupted => "ended early by request",
        Ending::ServerGone => "the server was gone before the end",
        Ending::WorkerGone => "one of the tool's own processes failed",
    };
    let Summary { scenario, seed, seconds, counts, .. } = summary;
    let _ = writeln!(out, "\n{scenario} (seed {seed}) against {}: {seconds:.1} s, {ended}\n", summary.target);
    let _ = writeln!(
        out,
        "visitors   {} came, {} began a chat, {} were answered, {} left before, {} timed out, {} refused",
        counts.visitors_came,
        counts.chats_started,
        counts.chats_answered,
        counts.chats_abandoned,
        counts.chats_timed_out,
        counts.chats_refused,
    );
    let _ = writeln!(
        out,
        "messages   {} said, {} acked ({:.0}/s), {} left late; {} commands crossed the end of a chat or offer",
        counts.messages_said,
        counts.messages_acked,
        summary.rate(),
        counts.messages_late,
        counts.commands_crossed,
    );
    let _ = writeln!(
        out,
        "offers     {}, {} declined, {} left ringing; {} ended otherwise",
        counts.offers, counts.offers_declined, counts.offers_ignored, counts.offers_gone,
    );
    let _ = writeln!(
        out,
        "sockets    {} opened, {} failed, {} dropped on purpose, {} cut by the server, {} came back",
        counts.connects, counts.connects_failed, counts.drops, counts.cut_by_server, counts.reconnects,
    );
    latencies(&mut out, summary);
    costs(&mut out, summary);
    for (words, count) in &summary.errors {
        let _ = writeln!(out, "error      {count} x {words}");
    }
    verdict(&mut out, summary);
    out
}

fn latencies(out: &mut String, summary: &Summary) {
    let latency = &summary.latency;
    let rows = [
        ("connect", latency.connect),
        ("start", latency.start),
        ("ack", latency.ack),
        ("delivery", latency.delivery),
        ("resume", latency.resume),
        ("wait", latency.wait),
        ("own delay", latency.lateness),
    ];
    let _ =
        writeln!(out, "\n{:<10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}", "", "count", "p50", "p90", "p99", "p99.9", "max");
    for (name, Percentiles { count, p50_ms, p90_ms, p99_ms, p999_ms, max_ms, .. }) in rows {
        if count > 0 {
            let times = [p50_ms, p90_ms, p99_ms, p999_ms, max_ms].map(|ms| format!("{:>9}", duration(ms)));
            let _ = writeln!(out, "{name:<10} {count:>9} {}", times.join(" "));
        }
    }
    out.push('\n');
}

fn costs(out: &mut String, summary: &Summary) {
    let (tool, server) = summary.cpu_a_message_us();
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let _ = write!(out, "cost       this tool {tool:.1} µs CPU a message, {:.0} MiB", mib(summary.cost.tool_bytes));
    if let (Some(server), Some(bytes)) = (server, summary.cost.server_bytes) {
        let _ = write!(out, "; the server {server:.1} µs, {:.0} MiB", mib(bytes));
    }
    out.push('\n');
    if let Some(view) = summary.server {
        let _ = writeln!(
            out,
            "queue      the server says {:.0} answered after {:.3} s on average; seen from here {:+.3} s beside it",
            view.answered, view.wait_mean_s, view.difference_s,
        );
        if view.invariant_violations > 0.0 {
            let _ =
                writeln!(out, "queue      the server counts {:.0} violations within itself", view.invariant_violations);
        }
    }
}

fn verdict(out: &mut String, summary: &Summary) {
    let verdict = &summary.verdict;
    for fault in &verdict.first {
        let _ = writeln!(out, "broken     {fault}");
    }
    for breach in &summary.breaches {
        let _ = writeln!(out, "limit      {} is {:.4}, the limit {:.4}", breach.name, breach.measured, breach.limit);
    }
    let word = if summary.passed() { "passed" } else { "FAILED" };
    let _ = writeln!(
        out,
        "{word}     {} chats judged, {} promises broken, {} limits passed",
        verdict.chats,
        verdict.faults,
        summary.breaches.len(),
    );
}

/// Milliseconds as people read them.
pub fn duration(ms: f64) -> String {
    match ms {
        ms if ms < 1.0 => format!("{ms:.2} ms"),
        ms if ms < 100.0 => format!("{ms:.1} ms"),
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.2} s", ms / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_promise_is_written_out_and_fails() {
        let mut summary = Summary { scenario: "mine".into(), ..Summary::default() };
        assert!(report(&summary).contains("passed     0 chats"));
        summary.verdict.faults = 1;
        summary.verdict.first = vec!["chat c: lost".into()];
        let text = report(&summary);
        assert!(text.contains("broken     chat c: lost") && text.contains("FAILED"), "{text}");
        summary = Summary { ended: Ending::ServerGone, ..Summary::default() };
        assert!(report(&summary).contains("the server was gone") && !summary.passed());
    }
}
