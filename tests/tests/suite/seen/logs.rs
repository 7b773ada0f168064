//! Logs that programs read: one object a line, whatever happens.

use serde_json::Value;
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
