//! What is seen of a running server: a real Prometheus scrapes one under load, and every expression of the
//! dashboards and alerts is asked of it.

mod deployment;
mod drift;
mod files;
mod logs;
mod reports;
mod traces;
mod traces_tls;

use std::collections::BTreeSet;
use std::time::Duration;

use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::prometheus::{Prometheus, promtool};
use switchboard_tests::server::TestServer;

use crate::suite::seen::files::{dashboards, expressions, headings, names};

/// Scrapes of one a second that a rate needs, and some more for a machine that is busy.
const ROUNDS: usize = 8;

#[tokio::test]
async fn every_expression_of_dashboards_and_alerts_is_answered() {
    let server = TestServer::start();
    let prometheus = Prometheus::start(&server.admin_url()).await;
    // One look before anything happens: a rate is the difference of two.
    tokio::time::sleep(Duration::from_secs(2)).await;
    a_busy_moment(&server).await;

    let mut wrong = Vec::new();
    for dashboard in dashboards() {
        for (panel, expression) in expressions(&dashboard) {
            let asked = as_grafana_asks(&expression);
            let title = &dashboard["title"];
            match prometheus.query(&asked).await {
                Ok(values) if values.is_empty() => wrong.push(format!("{title}, {panel}: nothing for {asked}")),
                Ok(_) => {}
                Err(error) => wrong.push(format!("{title}, {panel}: {error} in {asked}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

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
    assert_eq!(value(answered).await, Some(2.0), "Mona and Joe took one each");
    assert_eq!(value(r#"sum(switchboard_queue_time_seconds_count{outcome="abandoned"})"#).await, Some(1.0));
    assert_eq!(value(r#"sum(switchboard_offers_settled_total{outcome="declined"})"#).await, Some(1.0));
    assert_eq!(value("sum(switchboard_first_reply_seconds_count)").await, Some(2.0), "the first words only");
    assert_eq!(value("sum(switchboard_idle_time_seconds_count)").await, Some(2.0 + ROUNDS as f64), "every word");
    assert_eq!(value("sum(switchboard_handling_time_seconds_count)").await, Some(1.0), "one of them is over");
    assert_eq!(value("sum(switchboard_invariant_violations_total)").await, Some(0.0));
}

#[tokio::test]
async fn the_checker_of_prometheus_finds_nothing_wrong() {
    let server = TestServer::start();
    a_busy_moment(&server).await;
    let answer = reqwest::get(format!("{}/metrics", server.admin_url())).await.expect("metrics are served");
    let text = tempfile::NamedTempFile::new().expect("a file for the metrics");
    std::fs::write(text.path(), answer.text().await.expect("text")).expect("the metrics are kept");
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

/// Chats that are declined, taken, accepted, answered, left and ended, while Prometheus looks on.
async fn a_busy_moment(server: &TestServer) {
    let mut mona = OperatorClient::online(server, "mona").await;
    let mut joe = OperatorClient::online(server, "joe").await;
    let mut clara = VisitorClient::connect(server).await;
    let first = clara.start(&Start::support("Clara", "Hello?")).await;
    let offer = joe.offer().await;
    joe.decline(&offer).await;
    mona.take(&first).await;
    mona.say(&first, "Good morning.").await;

    let mut dora = VisitorClient::connect(server).await;
    dora.start(&Start::support("Dora", "Is anybody there?")).await;
    let second = joe.accept_next().await;
    joe.say(&second, "I am.").await;
    clara.end().await;

    // Joe may hold one chat: Emil waits, and goes.
    let mut emil = VisitorClient::connect(server).await;
    emil.start(&Start::support("Emil", "And for me?")).await;
    emil.end().await;
    for round in 0..ROUNDS {
        dora.say(&format!("Question {round}")).await;
        joe.say(&second, &format!("Answer {round}")).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    dora.resume(&second, 0).await;
}

/// The expression with the variables of a dashboard filled in, as Grafana does it.
fn as_grafana_asks(expression: &str) -> String {
    let asked = expression
        .replace("$__rate_interval", "30s")
        .replace("$account", ".*")
        .replace("$group", ".*")
        .replace("$instance", ".*");
    assert!(!asked.contains('$'), "an unknown variable in {asked}");
    asked
}

fn heading_of(runbook: &str) -> String {
    runbook.rsplit('#').next().unwrap_or_default().to_owned()
}
