//! The files that dashboards and alerts are made of: their form, their links, and the names they use.

use std::collections::BTreeSet;
use std::fs;

use engine::domain::limits::{COMMIT_GROUP_MAX, WRITER_QUEUE_MAX};
use engine::metrics::catalogue::{CATALOGUE, Kind, Values};
use serde_json::Value;
use switchboard_tests::prometheus::grafana;

/// Units that panels may have.
const UNITS: [&str; 5] = ["short", "s", "bytes", "ops", "percentunit"];

/// All dashboards.
pub fn dashboards() -> Vec<Value> {
    let folder = fs::read_dir(grafana().join("dashboards")).expect("a folder of dashboards");
    let files = folder.map(|entry| entry.expect("an entry").path());
    let dashboards: Vec<Value> = files
        .map(|path| fs::read_to_string(&path).expect("a dashboard"))
        .map(|text| serde_json::from_str(&text).expect("a dashboard is JSON"))
        .collect();
    assert!(dashboards.len() >= 5);
    dashboards
}

/// Every expression of a dashboard's panels, with the title of its panel.
pub fn expressions(dashboard: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for panel in list(&dashboard["panels"]) {
        for target in list(&panel["targets"]) {
            found.push((text(&panel["title"]).to_owned(), text(&target["expr"]).to_owned()));
        }
    }
    found
}

/// What a panel asks for one or several of its lines.
pub struct Asked {
    dashboard: String,
    panel: String,
    pub expression: String,
    pub legend: String,
}

impl Asked {
    /// The dashboard and the panel.
    pub fn place(&self) -> (&str, &str) {
        (&self.dashboard, &self.panel)
    }
}

/// What all panels of all dashboards ask.
pub fn asked() -> Vec<Asked> {
    let of_panel = |dashboard: &str, panel: &Value| -> Vec<Asked> {
        let asked = list(&panel["targets"]).iter().map(|target| Asked {
            dashboard: dashboard.to_owned(),
            panel: text(&panel["title"]).to_owned(),
            expression: text(&target["expr"]).to_owned(),
            legend: text(&target["legendFormat"]).to_owned(),
        });
        asked.collect()
    };
    let of_dashboard = |dashboard: &Value| -> Vec<Asked> {
        let title = text(&dashboard["title"]).strip_prefix("Switchboard / ").expect("the title of a dashboard");
        list(&dashboard["panels"]).iter().flat_map(|panel| of_panel(title, panel)).collect()
    };
    dashboards().iter().flat_map(of_dashboard).collect()
}

/// Every expression of a dashboard that marks moments in all its panels, with the name of the mark.
pub fn annotations(dashboard: &Value) -> Vec<(String, String)> {
    let all = list(&dashboard["annotations"]["list"]).iter();
    all.map(|annotation| (text(&annotation["name"]).to_owned(), text(&annotation["expr"]).to_owned())).collect()
}

/// Every variable of a dashboard whose values are asked for: the dashboard's title, the variable's name, the query.
pub fn variables(dashboard: &Value) -> Vec<(String, String, String)> {
    let all = list(&dashboard["templating"]["list"]).iter().filter(|one| one["type"] == "query");
    all.map(|one| [&dashboard["title"], &one["name"], &one["query"]["query"]].map(|value| text(value).to_owned()))
        .map(|[title, name, query]| (title, name, query))
        .collect()
}

/// The names of metrics in an expression or a whole file.
pub fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let metrics = words.filter(|word| word.starts_with("switchboard_") || word.starts_with("process_"));
    metrics.map(str::to_owned).collect()
}

/// The anchors of the playbooks, one an alert.
pub fn headings() -> BTreeSet<String> {
    let text = fs::read_to_string(grafana().join("playbooks.md")).expect("playbooks");
    let titles = text.lines().filter_map(|line| line.strip_prefix("## "));
    titles.map(|title| title.to_lowercase().replace(' ', "-")).collect()
}

#[test]
fn names_are_those_of_the_catalogue_and_every_metric_is_shown() {
    let mut files: Vec<_> = ["service", "invariants", "saturation"].map(|name| format!("alerts/{name}.yaml")).into();
    files.extend(
        ["overview", "queues", "operators", "nodes", "load-test"].map(|name| format!("dashboards/{name}.json")),
    );
    let mut used = BTreeSet::new();
    for file in files {
        let content = fs::read_to_string(grafana().join(&file)).expect("a file that is shipped");
        for name in names(&content) {
            let plain = ["_bucket", "_count", "_sum"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
            let known = CATALOGUE
                .iter()
                .find(|metric| metric.name == name)
                .or_else(|| CATALOGUE.iter().find(|metric| metric.name == plain && metric.kind == Kind::Histogram));
            let known = known.unwrap_or_else(|| panic!("{file} names {name}, which is not in the catalogue"));
            assert_eq!(known.kind == Kind::Histogram, known.name != name, "{file}: {name} is of another kind");
            used.insert(known.name);
        }
    }
    let unseen: Vec<_> = CATALOGUE.iter().map(|metric| metric.name).filter(|name| !used.contains(name)).collect();
    assert_eq!(unseen, Vec::<&str>::new(), "counted, and shown nowhere");
}

/// A label that nothing has makes an expression empty, and nobody notices: the panel shows nothing, the alert is silent.
#[test]
fn what_labels_are_asked_for_is_told_by_the_server() {
    let mut asked = Vec::new();
    for name in ["service", "invariants", "saturation"] {
        let file = yaml(&format!("{name}.yaml"));
        let rules = list(&file["groups"]).iter().flat_map(|group| list(&group["rules"]));
        asked.extend(rules.map(|rule| (text(&rule["alert"]).to_owned(), text(&rule["expr"]).to_owned())));
    }
    let panels = dashboards();
    asked.extend(panels.iter().flat_map(expressions));
    let mut found = 0;
    for (place, expression) in asked {
        for (metric, label, value) in matchers(&expression) {
            let plain =
                ["_bucket", "_count", "_sum"].iter().find_map(|end| metric.strip_suffix(end)).unwrap_or(&metric);
            let known = CATALOGUE.iter().find(|known| known.name == metric || known.name == plain);
            let told = match label.as_str() {
                // Prometheus' own; the job is that of the shipped configuration.
                "instance" => true,
                "job" => metric == "up" && value == "switchboard" || metric.starts_with("process_"),
                "le" => known.is_some_and(|known| known.buckets.iter().any(|end| end.to_string() == value)),
                _ => known.is_some_and(|known| {
                    let dimension = known.labels.iter().find(|dimension| dimension.name == label);
                    dimension.is_some_and(|dimension| match dimension.values {
                        Values::Of(values) => values.contains(&value.as_str()),
                        Values::Accounts | Values::Groups | Values::Version => value.starts_with('$'),
                    })
                }),
            };
            assert!(told, "{place}: {metric} with {label} {value:?} is never told: {expression}");
            found += 1;
        }
    }
    assert!(found > 100, "{found} were looked at");
}

/// What an expression asks of labels: the metric, the label, and each value that it names.
fn matchers(expression: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for (at, _) in expression.match_indices('{') {
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let metric = expression[..at].rsplit(|letter| !is_name(letter)).next().unwrap_or_default();
        let inner = expression[at + 1..].split('}').next().unwrap_or_default();
        for matcher in inner.split(',') {
            let (label, value) = matcher.split_once('=').unwrap_or_else(|| panic!("{matcher} in {expression}"));
            let values = value.trim_start_matches('~').trim_matches('"');
            found.extend(values.split('|').map(|value| (metric.to_owned(), label.trim().to_owned(), value.to_owned())));
        }
    }
    found
}

#[test]
fn every_alert_is_made_to_fire_and_stays_silent_while_all_is_well() {
    let tests = yaml("tests.yaml");
    let cases = list(&tests["tests"]).iter().flat_map(|test| list(&test["alert_rule_test"]));
    let (mut fires, mut silent) = (BTreeSet::new(), BTreeSet::new());
    for case in cases {
        let of = if list(&case["exp_alerts"]).is_empty() { &mut silent } else { &mut fires };
        of.insert(text(&case["alertname"]));
    }
    let files: Vec<Value> = list(&tests["rule_files"]).iter().map(|file| yaml(text(file))).collect();
    let rules = files.iter().flat_map(|file| list(&file["groups"])).flat_map(|group| list(&group["rules"]));
    let alerts: BTreeSet<&str> = rules.map(|rule| text(&rule["alert"])).collect();
    assert!(alerts.len() > 15, "{alerts:?}");
    assert_eq!(fires, alerts, "alerts that a test makes fire, and those there are");
    assert_eq!(silent, alerts, "alerts that a test keeps silent, and those there are");
}

/// The writer takes as many with a commit as the engine's limits say, and more may wait for it.
#[test]
fn what_waits_for_the_writer_is_held_against_what_it_takes() {
    let (commit, quarter) = (COMMIT_GROUP_MAX.to_string(), (WRITER_QUEUE_MAX / 4).to_string());
    let rules = list(&yaml("saturation.yaml")["groups"][0]["rules"]).to_vec();
    let rule = rules.iter().find(|rule| rule["alert"] == "WriterFull").expect("an alert");
    let words = [text(&rule["expr"]), text(&rule["annotations"]["summary"])];
    assert!(words[0].ends_with(&format!("> {quarter}")) && words[1].contains(&quarter), "{words:?}");
    let playbooks = fs::read_to_string(grafana().join("playbooks.md")).expect("playbooks");
    let playbook = playbooks.split("## ").find(|part| part.starts_with("Writer full")).expect("a playbook");
    for number in [&quarter, &commit, &WRITER_QUEUE_MAX.to_string()] {
        assert!(playbook.contains(number.as_str()), "no {number} in {playbook}");
    }
    let all = dashboards();
    let panels = all.iter().flat_map(|dashboard| list(&dashboard["panels"]));
    let panels: Vec<&Value> = panels.filter(|panel| panel["title"] == "Waiting for the writer").collect();
    assert_eq!(panels.len(), 2);
    for panel in panels {
        let steps = list(&panel["fieldConfig"]["defaults"]["thresholds"]["steps"]);
        let ends: Vec<String> = steps[1..].iter().map(|step| step["value"].to_string()).collect();
        assert_eq!(ends, [commit.as_str(), quarter.as_str()], "more than a commit takes, and the alert's");
    }
}

/// The fields that these dashboards use, each of the form that Grafana reads.
#[test]
fn dashboards_are_well_formed_and_lead_to_each_other() {
    let all = dashboards();
    let uids: BTreeSet<&str> = all.iter().map(|one| text(&one["uid"])).collect();
    assert_eq!(uids.len(), all.len(), "a uid each");
    for dashboard in &all {
        let title = text(&dashboard["title"]);
        assert!(dashboard["schemaVersion"].as_u64() >= Some(39) && dashboard["editable"] == false, "{title}");
        assert!(!text(&dashboard["description"]).is_empty(), "{title}");
        assert!(list(&dashboard["templating"]["list"]).iter().any(|one| one["type"] == "datasource"), "{title}");
        assert_eq!(dashboard["links"][0]["tags"], dashboard["tags"], "{title} leads to the others");
        let marked = list(&dashboard["annotations"]["list"]).iter().any(|one| names(text(&one["expr"])).len() > 1);
        assert!(marked, "{title} marks starts and deploys");
        let panels = || list(&dashboard["panels"]).iter().filter(|panel| panel["type"] != "row");
        let steps = |panel: &Value| list(&panel["fieldConfig"]["defaults"]["thresholds"]["steps"]).len();
        assert!(panels().filter(|panel| steps(panel) > 1).count() >= 2, "{title} says what is much");
        let leads = panels().filter(|panel| !list(&panel["links"]).is_empty()).count();
        match text(&dashboard["uid"]) {
            "switchboard-overview" => assert_eq!(leads, panels().count(), "each figure of {title} leads on"),
            "switchboard-queues" | "switchboard-load-test" => assert!(leads > 0, "{title} leads on"),
            // Nothing lies below these.
            _ => assert_eq!(leads, 0, "{title}"),
        }
        let (mut ids, mut cells) = (BTreeSet::new(), BTreeSet::new());
        for panel in list(&dashboard["panels"]) {
            let place = format!("{title}, {}", text(&panel["title"]));
            assert!(ids.insert(panel["id"].as_u64().expect("a number")), "{place}: an id each");
            let at = |side: &str| panel["gridPos"][side].as_u64().expect("a place in the grid");
            let (x, y, w, h) = (at("x"), at("y"), at("w"), at("h"));
            assert!(w > 0 && h > 0 && x + w <= 24, "{place} is outside of the grid");
            for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(cells.insert(cell), "{place} lies over another one");
            }
            if panel["type"] != "row" {
                well_formed(panel, &place, &uids);
            }
        }
    }
}

fn well_formed(panel: &Value, place: &str, uids: &BTreeSet<&str>) {
    let field = &panel["fieldConfig"]["defaults"];
    assert!(["stat", "timeseries"].contains(&text(&panel["type"])), "{place}");
    assert!(text(&panel["description"]).ends_with('.'), "{place} says what it shows");
    if panel["type"] == "stat" {
        assert_eq!(
            panel["options"]["reduceOptions"]["calcs"],
            serde_json::json!(["lastNotNull"]),
            "{place}: what is now"
        );
    }
    assert!(UNITS.contains(&text(&field["unit"])), "{place}: {}", field["unit"]);
    let steps = list(&field["thresholds"]["steps"]);
    assert!(steps.first().is_some_and(|step| step["value"].is_null()), "{place}: the first threshold has no end");
    let ends: Vec<f64> = steps.iter().skip(1).map(|step| step["value"].as_f64().expect("a number")).collect();
    assert!(ends.is_sorted(), "{place}: thresholds rise");
    let targets = list(&panel["targets"]);
    let refs: BTreeSet<&str> = targets.iter().map(|target| text(&target["refId"])).collect();
    assert!(!targets.is_empty() && refs.len() == targets.len(), "{place}");
    assert!(targets.iter().all(|target| target["datasource"]["uid"] == "${datasource}"), "{place}");
    for link in list(&panel["links"]) {
        let target = text(&link["url"]).strip_prefix("/d/").and_then(|rest| rest.split('?').next());
        assert!(target.is_some_and(|uid| uids.contains(uid)), "{place} leads nowhere: {}", link["url"]);
    }
}

/// A file of the alerts.
fn yaml(file: &str) -> Value {
    let content = fs::read_to_string(grafana().join("alerts").join(file)).expect("a file that is shipped");
    serde_saphyr::from_str(&content).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
