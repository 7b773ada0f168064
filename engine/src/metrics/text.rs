//! Metrics that are asked for when they are wanted, written as the text of `/metrics` without a recorder.

use std::fmt::Write as _;

use super::catalogue::{Definition, Kind};

/// A counter or gauge with one value, as text.
pub fn line(metric: &Definition, labels: &[&str], value: f64) -> String {
    let kind = match metric.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    let name = metric.name;
    let mut text = format!("# HELP {name} {}\n# TYPE {name} {kind}\n{name}", metric.help());
    for (place, (label, value)) in metric.labels.iter().zip(labels).enumerate() {
        let open = if place == 0 { '{' } else { ',' };
        // Writing to a text does not fail.
        let _ = write!(text, "{open}{}={value:?}", label.name);
    }
    if !metric.labels.is_empty() {
        text.push('}');
    }
    let _ = writeln!(text, " {value}");
    text
}

#[cfg(test)]
mod tests {
    use super::line;
    use crate::metrics::catalogue::{BUILD_INFO, DRAINING};

    #[test]
    fn a_value_is_written_with_its_labels() {
        assert!(line(&BUILD_INFO, &["1.2.3"], 1.0).ends_with("\nswitchboard_build_info{version=\"1.2.3\"} 1\n"));
        assert!(line(&DRAINING, &[], 0.0).contains("# TYPE switchboard_draining gauge\nswitchboard_draining 0\n"));
    }
}
