//! What a server tells on `/metrics`, held against the list of all metrics.

use std::collections::BTreeSet;

use engine::metrics::catalogue::{CATALOGUE, Definition, Dimension, Kind, Values};

/// The groups of the demo's account, which is the first.
const GROUPS: [&str; 2] = ["sales", "support"];

/// The lines of this text that the list does not know as they are, and the metrics of the list that it lacks.
pub fn unlisted(told: &str) -> Vec<String> {
    let lines = || told.lines().filter(|line| !line.is_empty());
    let typed: BTreeSet<&str> = lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let missing = CATALOGUE.iter().map(|metric| metric.name).filter(|name| !typed.contains(name));
    let unknown = lines().filter(|line| is_listed(line, &typed).is_none());
    unknown.map(str::to_owned).chain(missing.map(|name| format!("no {name}"))).collect()
}

/// Nothing when a line is not as the list has it.
fn is_listed(line: &str, typed: &BTreeSet<&str>) -> Option<()> {
    let known = |name: &str| CATALOGUE.iter().find(|metric| metric.name == name);
    if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
        return (known(name)?.help() == help).then_some(());
    }
    if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
        return (type_of(known(name)?) == kind).then_some(());
    }
    let (series, _) = line.rsplit_once(' ')?;
    let (name, labels) = match series.split_once('{') {
        Some((name, rest)) => (name, rest.strip_suffix('}')?),
        None => (series, ""),
    };
    let metric = CATALOGUE.iter().find(|metric| match metric.kind {
        Kind::Histogram => ["_bucket", "_sum", "_count"].iter().any(|end| name.strip_suffix(end) == Some(metric.name)),
        Kind::Counter | Kind::Gauge => metric.name == name,
    })?;
    let mut labels: Vec<(&str, &str)> = labels
        .split(',')
        .filter(|label| !label.is_empty())
        .map(|label| label.strip_suffix('"')?.split_once("=\""))
        .collect::<Option<_>>()?;
    if metric.kind == Kind::Histogram && name.ends_with("_bucket") {
        let (label, end) = labels.pop()?;
        let is_end = end == "+Inf" || metric.buckets.iter().any(|known| known.to_string() == end);
        (label == "le" && is_end).then_some(())?;
    }
    let are = labels.len() == metric.labels.len()
        && labels.iter().zip(metric.labels).all(|((name, value), label)| *name == label.name && may_say(label, value));
    (are && typed.contains(metric.name)).then_some(())
}

fn may_say(label: &Dimension, value: &str) -> bool {
    match label.values {
        Values::Of(values) => values.contains(&value),
        Values::Accounts => value == "1",
        Values::Groups => GROUPS.contains(&value),
        Values::Version => value == env!("CARGO_PKG_VERSION"),
    }
}

fn type_of(metric: &Definition) -> &'static str {
    match metric.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

#[test]
fn what_is_not_as_the_list_has_it_is_found() {
    assert_eq!(unlisted("").len(), CATALOGUE.len(), "each is missed");
    let typed = BTreeSet::from(["switchboard_resumes_total", "switchboard_queue_time_seconds", "switchboard_sockets"]);
    let queue_time =
        |labels: &str| format!(r#"switchboard_queue_time_seconds_bucket{{account="1",group="sales",{labels}}} 4"#);
    for line in [
        "# TYPE switchboard_resumes_total counter",
        r#"switchboard_resumes_total{side="visitor"} 2"#,
        &queue_time(r#"outcome="answered",le="0.5""#),
        &queue_time(r#"outcome="answered",le="+Inf""#),
        r#"switchboard_queue_time_seconds_sum{account="1",group="sales",outcome="answered"} 0.5"#,
    ] {
        assert_eq!(is_listed(line, &typed), Some(()), "{line}");
    }
    for (line, slip) in [
        ("# TYPE switchboard_resumes_total gauge", "another type"),
        ("# HELP switchboard_resumes_total Something else.", "another help"),
        ("switchboard_invented_total 1", "beside the list"),
        (r#"switchboard_resumes_total{side="system"} 2"#, "another value"),
        ("switchboard_resumes_total 2", "a label less"),
        (r#"switchboard_resumes_total{side="visitor",chat="1"} 2"#, "a label more"),
        (r#"switchboard_resumes_total{who="visitor"} 2"#, "another label"),
        (r#"switchboard_queue_time_seconds{account="1",group="sales",outcome="answered"} 2"#, "no histogram"),
        (&queue_time(r#"outcome="answered",le="0.7""#), "another bucket"),
        (&queue_time(r#"outcome="answered""#), "no bucket"),
        (r#"switchboard_queue_time_seconds_count{account="1",group="0af3",outcome="answered"} 1"#, "no group"),
        (r#"switchboard_actors{kind="queue"} 1"#, "no type is told"),
    ] {
        assert_eq!(is_listed(line, &typed), None, "{slip}: {line}");
    }
}
