//! The report in plain text, and the lines of a run without a terminal.

use std::fmt::Write;

use crate::checker::TOLERANCE_MS;
use crate::summary::{Percentiles, Summary};
use crate::units::{duration, measured, mebibytes};

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
        measured(second.ack_p50_ms),
        measured(second.ack_p99_ms),
    )
}

/// The whole report.
pub fn report(summary: &Summary) -> String {
    let mut out = String::new();
    let ended = summary.ended.words();
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
        "messages   {} due, {} said, {} acked ({:.0}/s), {} left late; {} commands crossed the end of a chat or offer",
        counts.messages_due,
        counts.messages_said,
        counts.messages_acked,
        summary.rate(),
        counts.messages_late,
        counts.commands_crossed,
    );
    if let Some(off) = summary.pace.off {
        let seconds = summary.pace.seconds;
        let _ = writeln!(
            out,
            "pace       what left in a second is within {:.2} % of what was due in it, in {seconds} seconds of 1,000 messages or more",
            off * 100.0,
        );
    }
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
    if counts.transfers + counts.invitations + counts.asks_refused > 0 {
        let _ = writeln!(
            out,
            "colleagues {} took a chat over, {} came in beside its owner, {} asked in vain",
            counts.transfers, counts.invitations, counts.asks_refused,
        );
    }
    latencies(&mut out, summary);
    costs(&mut out, summary);
    clocks(&mut out, summary);
    theory(&mut out, summary);
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
        ("slow read", latency.slow),
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
    let each =
        |us: Option<f64>, all_s: f64| us.map_or(format!("{all_s:.1} s CPU"), |us| format!("{us:.1} µs CPU a message"));
    let (tool, server) = summary.cpu_a_message_us();
    let cost = &summary.cost;
    let _ = write!(out, "cost       this tool {}, {:.0} MiB", each(tool, cost.tool_cpu_s), mebibytes(cost.tool_bytes));
    if let (Some(all_s), Some(bytes)) = (cost.server_cpu_s, cost.server_bytes) {
        let _ = write!(out, "; the server {}, {:.0} MiB", each(server, all_s), mebibytes(bytes));
    }
    out.push('\n');
    if let Some(part) = summary.tool_cpu_part() {
        let _ = writeln!(out, "steady     behind the warm-up this tool took {part:.2} of the server's CPU a message");
    }
    if let Some(view) = summary.server {
        let _ = writeln!(
            out,
            "queue      the server says {:.0} answered after {:.3} s on average; seen from here {}, {}",
            view.answered,
            view.wait_mean_s,
            summary.latency.wait.count,
            beside(view.difference_s),
        );
        if view.invariant_violations > 0.0 {
            let _ =
                writeln!(out, "queue      the server counts {:.0} violations within itself", view.invariant_violations);
        }
    }
}

/// How much more something is than what it stands beside, in seconds.
pub(super) fn beside(difference_s: f64) -> String {
    match difference_s {
        same if same.abs() < 0.000_5 => "the same".into(),
        more if more > 0.0 => format!("{more:.3} s more"),
        less => format!("{:.3} s less", less.abs()),
    }
}

/// Waits beside the formula, or why it says nothing of them.
fn theory(out: &mut String, summary: &Summary) {
    let Some(theory) = &summary.theory else { return };
    if !theory.why_not.is_empty() {
        let _ = writeln!(out, "erlang a   says nothing of this scenario: {}", theory.why_not.join(", "));
    }
    for remark in &theory.remarks {
        let _ = writeln!(out, "erlang a   {remark}");
    }
    let (Some(centre), Some(figures)) = (theory.centre, theory.figures) else { return };
    let _ = writeln!(
        out,
        "erlang a   {} slots, {:.2} visitors/s, patience {:.1} s, chats {:.2} s (deviation {:.2} of it); {} visitors counted",
        centre.slots, centre.arrivals_per_s, centre.patience_s, centre.handling_s, centre.handling_cv, centre.counted,
    );
    for (name, unit, beside) in figures.rows() {
        let shown = |value: f64| format!("{value:.2} {unit}");
        let give_or_take = beside.give_or_take.map_or("interval unknown".into(), |half| format!("± {}", shown(half)));
        let off = beside.off().filter(|off| *off > 1.0).map_or(String::new(), |off| format!(", {off:.1} x that off"));
        let (predicted, measured) = (shown(beside.predicted), shown(beside.measured));
        let _ =
            writeln!(out, "           {name:<18} predicted {predicted:>9}, measured {measured:>9} {give_or_take}{off}");
    }
}

/// A difference of the clocks that a reader should know of; frames are under way for less.
const CLOCKS_DIFFER_S: f64 = 1.0;

fn clocks(out: &mut String, summary: &Summary) {
    if let Some(ahead) = summary.clock_ahead_s.filter(|ahead| ahead.abs() >= CLOCKS_DIFFER_S) {
        let side = if ahead > 0.0 { "ahead of" } else { "behind" };
        let _ = writeln!(
            out,
            "clocks     the server's is {:.1} s {side} this machine's; times above are of one clock each",
            ahead.abs(),
        );
    }
}

fn verdict(out: &mut String, summary: &Summary) {
    let verdict = &summary.verdict;
    for fault in &verdict.first {
        let _ = writeln!(out, "broken     {fault}");
    }
    for breach in &summary.breaches {
        let _ = writeln!(out, "limit      {breach}");
    }
    for shortcoming in summary.shortcomings() {
        let _ = writeln!(out, "failed     {shortcoming}");
    }
    if verdict.tolerance_ms > 0 {
        let coarse = verdict.offers_coarse;
        let at_worst = format!(
            ", within up to {} ms for {coarse} of {} offers, around which answers were slow",
            verdict.tolerance_ms, verdict.offers,
        );
        let _ = writeln!(
            out,
            "order      of two chats that came or were offered within {TOLERANCE_MS} ms either may have been first{}",
            if coarse > 0 { &at_worst } else { "" },
        );
    }
    let word = if summary.passed() { "passed" } else { "FAILED" };
    let _ = writeln!(
        out,
        "{word}     {}, {} promises broken, {} limits not kept",
        summary.judged(),
        verdict.faults,
        summary.breaches.len(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Breach;
    use crate::summary::{Ending, Pace, Second, ServerView, Steady};
    use crate::theory::{Beside, Centre, Figures, Theory};

    #[test]
    fn a_broken_promise_is_written_out_and_fails() {
        let mut summary = Summary { scenario: "mine".into(), ..Summary::default() };
        assert!(report(&summary).contains("passed     0 chats"));
        summary.verdict.faults = 1;
        summary.verdict.first = vec!["chat c: lost".into()];
        let text = report(&summary);
        assert!(text.contains("broken     chat c: lost") && text.contains("FAILED"), "{text}");
        summary = Summary::default();
        summary.pace = Pace { off: Some(0.0042), seconds: 60, ..Pace::default() };
        (summary.verdict.tolerance_ms, summary.verdict.offers, summary.verdict.offers_coarse) = (240, 12, 3);
        summary.breaches = vec![Breach { name: "ack_p99_s".into(), limit: 0.5, measured: None, at_least: false }];
        summary.cost.steady = Some(Steady { messages: 1, tool_cpu_s: 0.5, server_cpu_s: Some(2.0) });
        let text = report(&summary);
        assert!(text.contains("this tool took 0.25 of the server's CPU"), "{text}");
        assert!(
            text.contains("within 0.42 % of what was due") && text.contains("within up to 240 ms for 3 of 12"),
            "{text}"
        );
        assert!(text.contains("limit      ack_p99_s: nothing was measured") && text.contains("FAILED"), "{text}");
        for (difference_s, words) in [(-0.054, "0.054 s less"), (0.000_2, "the same"), (1.5, "1.500 s more")] {
            summary.server = Some(ServerView { difference_s, ..ServerView::default() });
            assert!(report(&summary).contains(&format!("seen from here 0, {words}\n")), "{}", report(&summary));
        }
        summary = Summary { ended: Ending::ServerGone, ..Summary::default() };
        assert!(report(&summary).contains("the server was gone") && !summary.passed());
    }

    #[test]
    fn a_second_that_measured_no_ack_shows_none() {
        let second = |ack_p50_ms| Second { ack_p50_ms, ack_p99_ms: ack_p50_ms * 2.0, ..Second::default() };
        let shown = |ms| line(&Summary { series: vec![second(ms)], ..Summary::default() }, 1.0, 0);
        assert!(shown(0.0).contains("ack p50        - p99        -"), "{}", shown(0.0));
        assert!(shown(1.5).contains("ack p50   1.5 ms p99   3.0 ms"), "{}", shown(1.5));
    }

    #[test]
    fn colleagues_clocks_and_the_formula_are_written_where_there_is_something_to_say() {
        let mut summary = Summary { clock_ahead_s: Some(0.2), ..Summary::default() };
        let text = report(&summary);
        assert!(!text.contains("colleagues") && !text.contains("clocks") && !text.contains("erlang"), "{text}");
        (summary.counts.transfers, summary.counts.asks_refused) = (3, 1);
        summary.clock_ahead_s = Some(-3_600.0);
        summary.theory = Some(Theory { why_not: vec!["operators decline offers".into()], ..Theory::default() });
        let text = report(&summary);
        assert!(text.contains("3 took a chat over, 0 came in beside its owner, 1 asked in vain"), "{text}");
        assert!(text.contains("the server's is 3600.0 s behind this machine's"), "{text}");
        assert!(text.contains("says nothing of this scenario: operators decline offers"), "{text}");
    }

    #[test]
    fn a_wait_that_is_off_the_formula_is_told_with_its_interval() {
        let beside = |predicted, measured| Beside { predicted, measured, give_or_take: Some(0.05) };
        let figures = Figures {
            mean_wait_s: beside(0.4, 0.6),
            abandoned: beside(0.1, 0.12),
            service_level: Beside { give_or_take: None, ..beside(0.8, 0.8) },
            within_s: 0.5,
        };
        let centre =
            Centre { slots: 15, arrivals_per_s: 8.0, patience_s: 3.0, handling_s: 2.0, handling_cv: 1.0, counted: 900 };
        let theory = Theory { centre: Some(centre), figures: Some(figures), ..Theory::default() };
        let text = report(&Summary { theory: Some(theory), ..Summary::default() });
        assert!(text.contains("15 slots") && text.contains("900 visitors counted"), "{text}");
        assert!(text.contains("0.60 s ± 0.05 s, 4.0 x that off"), "{text}");
        assert!(text.contains("12.00 % ± 5.00 %\n") && text.contains("interval unknown"), "{text}");
    }
}
