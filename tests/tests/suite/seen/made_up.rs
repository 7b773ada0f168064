//! Every panel of every dashboard, asked of series that are made up: what it draws is the number that its title and its
//! description promise, of those that are chosen above it and of no others.

mod centre;
mod quiet;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use switchboard_tests::prometheus::promtool;

use crate::suite::seen::as_grafana_asks;
use crate::suite::seen::files::{Asked, asked};

/// A series with its labels, and its value at each minute as `promtool` reads it, or what an expression draws of one.
type Series = (&'static str, &'static str);

/// A panel of what is 0 in every story, by its dashboard and its title.
struct Panel {
    at: (&'static str, &'static str),
    series: &'static [Series],
    /// What each of its expressions draws after 100 minutes.
    draws: &'static [&'static [Series]],
}

/// What is chosen above the dashboards. Beside it there are account 2, the group `billing` and the node `c`.
const CHOSEN: [(&str, &str); 3] = [("$account", "1"), ("$group", "(sales|support)"), ("$instance", "(a|b)")];

#[test]
fn every_panel_draws_what_it_promises_of_what_is_chosen() {
    let all = asked();
    let places: BTreeSet<(&str, &str)> = all.iter().map(Asked::place).collect();
    let centre = centre::SERIES.lines().filter(|line| !line.starts_with('#'));
    let centre: Vec<Series> = centre.map(|line| line.rsplit_once(' ').expect("a series and its values")).collect();
    let quiet = quiet::PANELS.iter().map(|panel| (panel.at, panel.draws, panel.series));
    let known = centre::PANELS.iter().map(|(at, draws)| (*at, *draws, centre.as_slice())).chain(quiet);
    let known: Vec<_> = known.collect();
    assert_eq!(known.iter().map(|(at, ..)| *at).collect::<BTreeSet<_>>(), places, "each panel that there is");
    assert_eq!(known.len(), places.len(), "and once");
    let tests = known.iter().map(|(at, draws, series)| {
        let targets: Vec<&Asked> = all.iter().filter(|asked| asked.place() == *at).collect();
        assert_eq!(targets.len(), draws.len(), "{at:?}");
        legends(&targets, draws);
        let answers = targets.iter().zip(*draws).map(|(asked, draws)| answer(&asked.expression, draws));
        let series = series.iter().map(|(series, values)| json!({ "series": series, "values": values }));
        json!({
            "name": format!("{}, {}", at.0, at.1),
            "interval": "1m",
            "input_series": series.collect::<Value>(),
            "promql_expr_test": answers.collect::<Value>(),
        })
    });
    let file = tempfile::NamedTempFile::new().expect("a file for the tests");
    // What is JSON is YAML.
    std::fs::write(file.path(), json!({ "tests": tests.collect::<Value>() }).to_string()).expect("the tests are kept");
    let output = promtool(&["test", "rules", file.path().to_str().expect("a path in letters")], None);
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}

/// What an expression draws to six places, as `promtool` is told of it.
fn answer(expression: &str, draws: &[Series]) -> Value {
    let samples = draws.iter().map(|(labels, value)| {
        let value: f64 = value.parse().expect("a number");
        json!({ "labels": labels, "value": value })
    });
    let chosen = CHOSEN.iter().fold(expression.to_owned(), |asked, (name, value)| asked.replace(name, value));
    json!({
        "expr": format!("round({}, 0.000001)", as_grafana_asks(&chosen)),
        "eval_time": "100m",
        "exp_samples": samples.collect::<Value>(),
    })
}

/// Each line of a panel has a name of its own: a legend names labels that the lines have, and enough of them.
fn legends(targets: &[&Asked], draws: &[&[Series]]) {
    let place = targets[0].place();
    let mut names = BTreeSet::new();
    for (target, lines) in targets.iter().zip(draws) {
        for (labels, _) in *lines {
            let mut name = target.legend.clone();
            for label in labels.trim_matches(['{', '}']).split(',').filter(|label| !label.is_empty()) {
                let (label, value) = label.split_once('=').expect("a label and its value");
                name = name.replace(&format!("{{{{{label}}}}}"), value.trim_matches('"'));
            }
            assert!(!name.contains("{{"), "{place:?} names what {labels} does not have: {}", target.legend);
            assert!(names.insert(name.clone()), "{place:?} has two lines {name}");
        }
    }
}
