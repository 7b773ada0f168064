//! What is seen of a running server: a real Prometheus scrapes one under load, and every expression of the
//! dashboards and alerts is asked of it.

mod deployment;
mod draining;
mod drift;
mod files;
mod listed;
mod logs;
mod made_up;
mod moves;
mod reports;
mod traces;
mod traces_tls;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use serde_json::json;
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::prometheus::{Prometheus, promtool};
use switchboard_tests::server::TestServer;

use crate::suite::seen::files::{annotations, dashboards, expressions, headings, names, variables};
use crate::suite::seen::listed::unlisted;

/// Scrapes of one a second that a rate needs, and some more for a machine that is busy.
const ROUNDS: usize = 8;
/// Visitors who are served first: from three on, the older of them counting less, those who wait are told a time.
const EARLIER: usize = 4;

/// What is 0 though much goes on, for nothing goes wrong and the node is alone.
const QUIET: [&str; 14] = [
    "switchboard_invariant_violations_total",
    "switchboard_actor_restarts_total",
    "switchboard_figures_drift_total",
    "switchboard_figures_unchecked_total",
    "code=~\"unavailable|internal\"",
    "switchboard_mailbox_full_total",
    "switchboard_slow_readers_total",
    "switchboard_chats_fenced_total",
    "switchboard_bus_sent_total",
    "switchboard_bus_received_total",
    "switchboard_bus_dropped_total",
    "switchboard_bus_sent_again_total",
    "switchboard_bus_commands_again_total",
    "switchboard_draining",
];
/// What may be 0 at any moment, or is only now and then more: looked at by stories of its own.
const SOMETIMES: [&str; 8] = [
    "switchboard_bus_gaps_filled_total",
    "switchboard_figures_checked_total",
    "switchboard_figures_reviewed_total",
    "switchboard_store_writer_queue_commands",
    "switchboard_store_index_lag_seconds",
    "switchboard_store_index_waiting_rows",
    "switchboard_store_checkpoints_total",
    "switchboard_mailbox_fill_ratio",
];

#[tokio::test]
async fn every_expression_of_dashboards_and_alerts_is_answered() {
    let begun = SystemTime::now();
    let server = TestServer::start();
    let prometheus = Prometheus::start(&server.admin_url()).await;
    // One look before anything happens: a rate is the difference of two. The first comes some seconds after the start.
    while prometheus.query("switchboard_sockets").await.expect("an answer").is_empty() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let _people = a_busy_moment(&server).await;
    // It rings for some seconds.
    let rings = "sum by (group) (switchboard_offers_total) - sum by (group) (switchboard_offers_settled_total) > 0";
    assert_eq!(prometheus.query(rings).await.expect("an answer"), [1.0], "Gina's; all others are over");

    let mut wrong = Vec::new();
    for dashboard in dashboards() {
        for (panel, expression) in expressions(&dashboard) {
            let asked = as_grafana_asks(&expression);
            let title = &dashboard["title"];
            let is_one_of = |names: &[&str]| names.iter().any(|name| expression.contains(name));
            match prometheus.query(&asked).await {
                Ok(values) if values.is_empty() => wrong.push(format!("{title}, {panel}: nothing for {asked}")),
                Ok(values) if !values.iter().any(|value| value.is_finite()) => {
                    wrong.push(format!("{title}, {panel}: draws {values:?} for {asked}"));
                }
                Ok(values) if !is_one_of(&SOMETIMES) => {
                    let moved = values.iter().any(|value| *value > 0.0);
                    if moved == is_one_of(&QUIET) {
                        wrong.push(format!("{title}, {panel}: {values:?} for {asked}"));
                    }
                }
                Ok(_) => {}
                Err(error) => wrong.push(format!("{title}, {panel}: {error} in {asked}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // The value of a mark is the moment at which it is drawn, so that it is there however coarsely Grafana asks: the start.
    let started = prometheus.query("process_start_time_seconds * 1000").await.expect("an answer");
    let mut marks = 0;
    for (name, expression) in dashboards().iter().flat_map(annotations) {
        let asked = as_grafana_asks(&expression);
        let values = prometheus.query_since(&asked, begun).await.unwrap_or_else(|error| panic!("{error} in {asked}"));
        assert!(!values.is_empty() && values.iter().all(|value| started == [*value]), "{name}: {values:?} for {asked}");
        marks += 1;
    }
    assert!(marks >= 5, "{marks} marks, of each dashboard at least one");

    // What the menus above a dashboard offer is there.
    let mut offered = 0;
    let node = server.admin_url().replace("http://", "");
    for (title, name, query) in dashboards().iter().flat_map(variables) {
        let inner = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
        let (series, label) = inner.and_then(|inner| inner.rsplit_once(", ")).expect("the labels of a series");
        let known = match name.as_str() {
            "account" => "1",
            "group" => "support",
            "instance" => &node,
            other => panic!("{title}: what does {other} offer?"),
        };
        let values = prometheus.label_values(&as_grafana_asks(series), label).await.expect("an answer");
        assert!(values.iter().any(|value| value == known), "{title}, {name}: {values:?} of {query}");
        offered += 1;
    }
    assert!(offered >= 8, "{offered} menus");

    let rules = prometheus.rules().await;
    let playbooks = headings();
    assert!(rules.len() > 10, "{rules:?}");
    for rule in &rules {
        assert_eq!(rule["health"], "ok", "{rule}");
        let runbook = rule["annotations"]["runbook"].as_str().unwrap_or_default();
        let heading = runbook.strip_prefix("grafana/playbooks.md#").unwrap_or_default();
        assert!(playbooks.contains(heading), "{runbook} is no heading");
        for name in names(rule["query"].as_str().unwrap_or_default()) {
            let series = prometheus.query(&format!("count({name})")).await.expect("a series can be counted");
            assert!(!series.is_empty(), "{} asks for {name}, which the server does not tell", rule["name"]);
        }
    }
    let told: BTreeSet<String> =
        rules.iter().filter_map(|rule| rule["annotations"]["runbook"].as_str()).map(heading_of).collect();
    assert_eq!(told, playbooks, "each playbook is some alert's");

    // What the figures say is what happened.
    let value = async |asked: &str| prometheus.query(asked).await.expect("an answer").first().copied();
    let answered = r#"sum(switchboard_queue_time_seconds_count{outcome="answered"})"#;
    assert_eq!(value(answered).await, Some(2.0 + EARLIER as f64), "then Mona and Joe took one each");
    assert_eq!(value(r#"sum(switchboard_queue_time_seconds_count{outcome="abandoned"})"#).await, Some(1.0));
    assert_eq!(value(r#"sum(switchboard_offers_settled_total{outcome="declined"})"#).await, Some(1.0));
    assert_eq!(value("sum(switchboard_first_reply_seconds_count)").await, Some(2.0), "the first words only");
    assert_eq!(value("sum(switchboard_idle_time_seconds_count)").await, Some(2.0 + ROUNDS as f64), "every word");
    let over = Some(1.0 + EARLIER as f64);
    assert_eq!(value("sum(switchboard_handling_time_seconds_count)").await, over, "one runs still");
    let told = "sum(switchboard_queue_estimate_error_seconds_count)";
    assert_eq!(value(told).await, Some(2.0), "Clara and Dora were told a time, and then served");
    assert_eq!(value("sum(switchboard_invariant_violations_total)").await, Some(0.0));
}

#[tokio::test]
async fn the_checker_of_prometheus_finds_nothing_wrong() {
    let server = TestServer::start();
    let _people = a_busy_moment(&server).await;
    let answer = reqwest::get(format!("{}/metrics", server.admin_url())).await.expect("metrics are served");
    let text = tempfile::NamedTempFile::new().expect("a file for the metrics");
    let told = answer.text().await.expect("text");
    assert_eq!(unlisted(&told), Vec::<String>::new(), "beside the list of all metrics");
    std::fs::write(text.path(), told).expect("the metrics are kept");
    for (arguments, input) in [
        (vec!["check", "metrics"], Some(text.path())),
        (vec!["check", "config", "prometheus.yml"], None),
        (vec!["check", "config", "prometheus.compose.yml"], None),
        (vec!["check", "rules", "alerts/service.yaml", "alerts/invariants.yaml", "alerts/saturation.yaml"], None),
        (vec!["test", "rules", "alerts/tests.yaml"], None),
    ] {
        let output = promtool(&arguments, input);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {said}");
        assert!(arguments[1] != "metrics" || said.trim().is_empty(), "{said}");
    }
}

/// Chats that are declined, taken, accepted, answered, sent to the form, left and ended, while Prometheus looks on. At the end
/// one runs and one rings, and those who are in it stay.
async fn a_busy_moment(server: &TestServer) -> (Vec<OperatorClient>, Vec<VisitorClient>) {
    let mut mona = OperatorClient::online(server, "mona").await;
    for earlier in 0..EARLIER {
        let mut visitor = VisitorClient::connect(server).await;
        let chat = visitor.start(&Start::support(&format!("Visitor {earlier}"), "Hello?")).await;
        // The queue has heard of it, and some time passes until it is served.
        visitor.expect("the place", |frame| frame["type"] == "queue").await;
        mona.take(&chat).await;
        visitor.end().await;
    }
    let mut joe = OperatorClient::online(server, "joe").await;
    let mut clara = VisitorClient::connect(server).await;
    clara.refused(json!({ "type": "say", "text": "Hello?" }), "conflict").await;
    let first = clara.start(&Start::support("Clara", "Hello?")).await;
    let offer = joe.offer().await;
    joe.decline(&offer).await;
    mona.take(&first).await;
    mona.say(&first, "Good morning.").await;

    let mut dora = VisitorClient::connect(server).await;
    dora.start(&Start::support("Dora", "Is anybody there?")).await;
    let second = joe.accept_next().await;
    joe.say(&second, "I am.").await;
    dora.resume(&second, 0).await;
    clara.end().await;

    // Joe may hold one chat: Emil waits, and goes; Fay writes instead.
    let mut emil = VisitorClient::connect(server).await;
    emil.start(&Start::support("Emil", "And for me?")).await;
    emil.end().await;
    let mut fay = VisitorClient::connect(server).await;
    let third = fay.start(&Start::support("Fay", "It is a long story")).await;
    mona.stored(json!({ "type": "send_to_form", "chat": third })).await;
    let letter = json!({ "type": "leave_message", "email": "fay@visitor.example", "text": "So it began",
        "department": "support" });
    fay.acked(letter).await;
    for round in 0..ROUNDS {
        dora.say(&format!("Question {round}")).await;
        joe.say(&second, &format!("Answer {round}")).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let mut bob = OperatorClient::online(server, "bob").await;
    let mut gina = VisitorClient::connect(server).await;
    gina.start(&Start::support("Gina", "Me too")).await;
    bob.offer().await;
    // Gauges are set each second, and asked for each second.
    tokio::time::sleep(Duration::from_secs(3)).await;
    (vec![mona, joe, bob], vec![dora, gina])
}

/// The expression with the variables of a dashboard filled in, as Grafana does it; rates are of all that the story did,
/// however long a busy machine took for it.
fn as_grafana_asks(expression: &str) -> String {
    let asked = expression
        .replace("$__rate_interval", "10m")
        .replace("$account", ".*")
        .replace("$group", ".*")
        .replace("$instance", ".*");
    assert!(!asked.contains('$'), "an unknown variable in {asked}");
    asked
}

fn heading_of(runbook: &str) -> String {
    runbook.rsplit('#').next().unwrap_or_default().to_owned()
}
