//! Logs that programs read, and health that says why.

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::server::TestServer;

#[tokio::test]
async fn every_line_of_the_log_is_an_object_also_when_the_server_panics() {
    let mut server = TestServer::with(&[("SWITCHBOARD_LOG_FORMAT", "json")]);
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    clara.start(&Start::support("Clara Canary", "Is anybody there?")).await;
    let chat = joe.accept_next().await;
    clara.say("!fault panic once").await;
    joe.say(&chat, "I am.").await;
    clara.end().await;
    server.stop();

    let log = server.log();
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no object: {line}"))).collect();
    for line in &lines {
        let has = ["timestamp", "level", "target"].iter().all(|name| line[name].is_string());
        assert!(has && line["fields"]["message"].is_string(), "{line}");
    }
    let said = |words: &str| lines.iter().find(|line| line["fields"]["message"] == words);
    assert!(said("serving").is_some_and(|line| line["fields"]["address"].is_string()), "{log}");
    let panic = said("panicked").unwrap_or_else(|| panic!("a panic that was planted: {log}"));
    assert!(panic["level"] == "ERROR" && panic["fields"]["place"].as_str().is_some_and(|at| at.contains(".rs:")));
    assert!(said("stopped").is_some(), "{log}");
    assert!(!log.contains("Canary") && !log.contains("anybody"), "no personal data above debug: {log}");
}

#[tokio::test]
async fn a_server_that_drains_lives_and_says_why_it_is_not_ready() {
    let mut server = TestServer::start();
    let _joe = OperatorClient::online(&server, "joe").await;
    let asked = async |what: &str| {
        let answer = reqwest::get(format!("{}/health/{what}", server.admin_url())).await.expect("an answer");
        (answer.status().as_u16(), answer.json::<Value>().await.expect("JSON"))
    };
    assert_eq!(asked("ready").await, (200, json!({ "ok": true, "reasons": [] })));
    server.ask_to_stop();
    // Joe's window is moved away over some seconds; until then the admin address answers.
    let mut told = asked("ready").await;
    while told.0 == 200 {
        told = asked("ready").await;
    }
    assert_eq!(told, (503, json!({ "ok": false, "reasons": ["draining"] })));
    assert_eq!(asked("live").await.0, 200, "there is no reason to kill it");
    server.wait_until_stopped();
}
