//! The report as one page that opens without a network: tables, and charts drawn as SVG, in light and dark.

mod chart;

use std::fmt::Write;

use chart::{Line, chart};

use crate::checker::TOLERANCE_MS;
use crate::report::plain::beside;
use crate::summary::{Percentiles, Second, Summary};
use crate::units::{duration, mebibytes};

const STYLE: &str = include_str!("html/style.css");

/// The whole page.
pub fn page(summary: &Summary) -> String {
    let mut out = String::new();
    let verdict = if summary.passed() { ("ok", "Passed") } else { ("bad", "Failed") };
    let title = escape(&summary.scenario);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}: load test</title><style>{STYLE}</style></head><body><main>\
         <h1>{title}</h1><p class=\"verdict {}\"><strong>{}</strong> {}, {} promises broken, {} limits not kept</p>\
         <p class=\"about\">seed {}, {:.1} s against {}, {}</p>",
        verdict.0,
        verdict.1,
        summary.judged(),
        summary.verdict.faults,
        summary.breaches.len(),
        summary.seed,
        summary.seconds,
        escape(&summary.target),
        summary.ended.words(),
    );
    broken(&mut out, summary);
    figures(&mut out, summary);
    charts(&mut out, summary);
    latencies(&mut out, summary);
    theory(&mut out, summary);
    counts(&mut out, summary);
    out.push_str("</main></body></html>\n");
    out
}

fn broken(out: &mut String, summary: &Summary) {
    let faults = summary.verdict.first.iter().map(|fault| escape(fault));
    let breaches = summary.breaches.iter().map(|breach| escape(&format!("limit {breach}")));
    let shortcomings = summary.shortcomings().into_iter().map(escape);
    let rows: String = faults.chain(breaches).chain(shortcomings).map(|words| format!("<li>{words}</li>")).collect();
    if !rows.is_empty() {
        let _ = write!(out, "<h2>What was broken</h2><ul class=\"broken\">{rows}</ul>");
    }
}

fn figures(out: &mut String, summary: &Summary) {
    let (tool, server) = summary.cpu_a_message_us();
    let latency = &summary.latency;
    let times = [
        ("ack p99", latency.ack, latency.ack.p99_ms),
        ("delivery p99", latency.delivery, latency.delivery.p99_ms),
        ("wait p90", latency.wait, latency.wait.p90_ms),
    ];
    let mut tiles = vec![("messages a second", format!("{:.0}", summary.rate()))];
    tiles.extend(times.into_iter().filter(|(_, all, _)| all.count > 0).map(|(name, _, ms)| (name, duration(ms))));
    tiles.push(("left before an answer", format!("{:.1} %", summary.abandoned_part() * 100.0)));
    tiles.extend(summary.pace.off.map(|off| ("pace off by", format!("{:.2} %", off * 100.0))));
    tiles.extend(tool.map(|tool| ("tool CPU a message", format!("{tool:.1} µs"))));
    tiles.push(("tool memory", format!("{:.0} MiB", mebibytes(summary.cost.tool_bytes))));
    tiles.extend(server.map(|server| ("server CPU a message", format!("{server:.1} µs"))));
    tiles.extend(summary.tool_cpu_part().map(|part| ("tool CPU / server CPU, steady", format!("{part:.2}"))));
    out.push_str("<dl class=\"tiles\">");
    for (name, value) in tiles {
        let _ = write!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    }
    out.push_str("</dl>");
}

fn charts(out: &mut String, summary: &Summary) {
    let series = &summary.series;
    let due = summary.pace.by_second.iter().zip(1..).map(|((due, _), second)| (f64::from(second), Some(*due as f64)));
    let line =
        |name, of: fn(&Second) -> f64| Line { name, points: series.iter().map(|s| (s.at_s, Some(of(s)))).collect() };
    // A second in which nothing was acked has no latency.
    let latency = |name, of: fn(&Second) -> f64| Line {
        name,
        points: series.iter().map(|s| (s.at_s, Some(of(s)).filter(|ms| *ms > 0.0))).collect(),
    };
    let all = [
        (
            "Visitors",
            "",
            vec![
                line("connected", |s| s.connected as f64),
                line("in chats", |s| s.active as f64),
                line("waiting", |s| s.waiting as f64),
            ],
        ),
        (
            "Messages and arrivals, each second",
            "",
            vec![
                line("messages acked", |s| s.acked as f64),
                line("visitors came", |s| s.came as f64),
                line("errors", |s| s.errors as f64),
                Line { name: "messages due", points: due.collect() },
            ],
        ),
        ("Ack latency, each second", "ms", vec![latency("p99", |s| s.ack_p99_ms), latency("p50", |s| s.ack_p50_ms)]),
    ];
    for (title, unit, lines) in all {
        let _ = write!(out, "<figure><figcaption>{title}</figcaption>{}</figure>", chart(title, unit, &lines));
    }
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
        ("to those who read slowly", latency.slow),
        ("own delay", latency.lateness),
    ];
    out.push_str("<h2>Times</h2><table><thead><tr><th></th>");
    for head in ["count", "mean", "p50", "p90", "p99", "p99.9", "max"] {
        let _ = write!(out, "<th>{head}</th>");
    }
    out.push_str("</tr></thead><tbody>");
    let some = rows.into_iter().filter(|(_, all)| all.count > 0);
    for (name, Percentiles { count, mean_ms, p50_ms, p90_ms, p99_ms, p999_ms, max_ms }) in some {
        let _ = write!(out, "<tr><th>{name}</th><td>{count}</td>");
        for ms in [mean_ms, p50_ms, p90_ms, p99_ms, p999_ms, max_ms] {
            let _ = write!(out, "<td>{}</td>", duration(ms));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table>");
}

fn theory(out: &mut String, summary: &Summary) {
    let Some(theory) = &summary.theory else { return };
    out.push_str("<h2>Waits beside Erlang A</h2>");
    if !theory.why_not.is_empty() {
        let reasons = escape(&theory.why_not.join(", "));
        let _ = write!(out, "<p class=\"about\">The formula says nothing of this scenario: {reasons}.</p>");
    }
    for remark in &theory.remarks {
        let _ = write!(out, "<p class=\"about\">Not as the formula supposes: {}.</p>", escape(remark));
    }
    let (Some(centre), Some(figures)) = (theory.centre, theory.figures) else { return };
    let _ = write!(
        out,
        "<p class=\"about\">{} slots, {:.2} visitors a second, a patience of {:.1} s, chats of {:.2} s (deviation {:.2} of it); \
         {} visitors counted.</p><table><thead><tr><th></th><th>predicted</th><th>measured</th><th>95 % interval</th>\
         <th>off, in halves of it</th></tr></thead><tbody>",
        centre.slots, centre.arrivals_per_s, centre.patience_s, centre.handling_s, centre.handling_cv, centre.counted,
    );
    for (name, unit, beside) in figures.rows() {
        let interval = beside.give_or_take.map_or("unknown".into(), |half| format!("± {half:.2} {unit}"));
        let off = beside.off().map_or("-".into(), |off| format!("{off:.1}"));
        let (predicted, measured) = (beside.predicted, beside.measured);
        let _ = write!(
            out,
            "<tr><th>{name}</th><td>{predicted:.2} {unit}</td><td>{measured:.2} {unit}</td><td>{interval}</td>\
             <td>{off}</td></tr>",
        );
    }
    out.push_str("</tbody></table>");
}

fn counts(out: &mut String, summary: &Summary) {
    out.push_str("<h2>Counts</h2><table class=\"counts\"><tbody>");
    let counts = serde_json::to_value(summary.counts).unwrap_or_default();
    for (name, count) in counts.as_object().into_iter().flatten() {
        let _ = write!(out, "<tr><th>{}</th><td>{count}</td></tr>", name.replace('_', " "));
    }
    for (words, count) in &summary.errors {
        let _ = write!(out, "<tr class=\"error\"><th>error: {}</th><td>{count}</td></tr>", escape(words));
    }
    if let Some(view) = summary.server {
        let _ = write!(
            out,
            "<tr><th>the server's mean wait of {:.0} answered</th><td>{:.3} s</td></tr>\
             <tr><th>seen from here</th><td>{}</td></tr>",
            view.answered,
            view.wait_mean_s,
            beside(view.difference_s),
        );
    }
    if let Some(off) = summary.pace.off {
        let _ = write!(out, "<tr><th>messages of a second that left in another</th><td>{:.2} %</td></tr>", off * 100.0);
    }
    let (tolerance, coarse) = (summary.verdict.tolerance_ms, summary.verdict.offers_coarse);
    let _ = write!(
        out,
        "<tr><th>order of service is judged to within, at worst</th><td>{tolerance} ms</td></tr>\
         <tr><th>of {} offers judged less finely than to {TOLERANCE_MS} ms</th><td>{coarse}</td></tr>",
        summary.verdict.offers,
    );
    if let Some(ahead) = summary.clock_ahead_s {
        let _ = write!(out, "<tr><th>the server's clock is ahead by</th><td>{ahead:.3} s</td></tr>");
    }
    out.push_str("</tbody></table>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::{Ending, Steady};
    use crate::theory::{Beside, Centre, Figures, Theory};

    #[test]
    fn the_page_stands_alone_and_escapes_what_it_did_not_write() {
        let second = |at_s: f64| Second { at_s, connected: 5, acked: 9, ack_p99_ms: 3.5, ..Second::default() };
        let mut summary =
            Summary { scenario: "<b>mine".into(), series: vec![second(1.0), second(2.0)], ..Summary::default() };
        summary.errors.insert("refused \"a&b\"".into(), 3);
        (summary.cost.tool_bytes, summary.pace.off) = (101 << 20, Some(0.0012));
        summary.cost.steady = Some(Steady { messages: 1, tool_cpu_s: 0.5, server_cpu_s: Some(2.0) });
        let page = page(&summary);
        assert!(page.contains("<dt>tool CPU / server CPU, steady</dt><dd>0.25</dd>"), "{page}");
        assert!(page.contains("<dt>pace off by</dt><dd>0.12 %</dd>"), "{page}");
        assert!(page.contains("<dt>tool memory</dt><dd>101 MiB</dd>"), "{page}");
        assert!(page.contains("&lt;b&gt;mine") && !page.contains("<b>mine") && page.contains("a&amp;b"));
        assert!(
            !page.contains("http://") && !page.contains("https://") && !page.contains("<script"),
            "nothing is loaded"
        );
        assert_eq!(page.matches("<svg viewBox=\"0 0 900").count(), 3);
        assert!(page.contains("prefers-color-scheme: dark"));
        assert!(page.contains(", complete</p>"), "{page}");
        let early = super::page(&Summary { ended: Ending::Interrupted, ..summary });
        assert!(early.contains(", ended early by request</p>"), "{early}");
    }

    #[test]
    fn what_the_formula_predicts_stands_beside_what_was_measured() {
        let beside = Beside { predicted: 0.25, measured: 0.3, give_or_take: Some(0.02) };
        let (abandoned, service_level) = (beside, Beside { give_or_take: None, ..beside });
        let figures = Figures { mean_wait_s: beside, abandoned, service_level, within_s: 0.5 };
        let centre =
            Centre { slots: 15, arrivals_per_s: 8.0, patience_s: 3.0, handling_s: 2.0, handling_cv: 1.0, counted: 900 };
        let theory = Theory { centre: Some(centre), figures: Some(figures), ..Theory::default() };
        let page = page(&Summary { theory: Some(theory), clock_ahead_s: Some(7.5), ..Summary::default() });
        assert!(page.contains("<td>0.25 s</td><td>0.30 s</td><td>± 0.02 s</td><td>2.5</td>"), "{page}");
        assert!(page.contains("<td>25.00 %</td><td>30.00 %</td><td>unknown</td><td>-</td>"), "{page}");
        assert!(page.contains("7.500 s"), "{page}");
    }

    #[test]
    fn a_run_without_a_single_second_has_a_page_too() {
        assert!(page(&Summary::default()).contains("no seconds to show"));
    }
}
