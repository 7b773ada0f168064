//! A server that is about to stop says so to whoever asks its admin address, as long as it answers at all.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::server::TestServer;

/// The first to be seen after the signal; sockets get a second for their goodbyes alone.
const SEEN_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_server_that_drains_is_alive_and_not_ready_and_says_why() {
    let mut server = TestServer::start();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    clara.start(&Start::support("Clara", "Hello?")).await;
    joe.accept_next().await;
    let admin = server.admin_url();
    let all_is_well = (200, json!({ "ok": true, "reasons": [] }));
    assert_eq!([asked(&admin, "live").await, asked(&admin, "ready").await], [all_is_well.clone(), all_is_well.clone()]);
    assert_eq!(draining(&admin).await, "switchboard_draining 0");

    let begun = Instant::now();
    server.ask_to_stop();
    let ready = loop {
        let ready = asked(&admin, "ready").await;
        if ready.0 != 200 {
            break ready;
        }
        assert!(begun.elapsed() < SEEN_WITHIN, "it stays ready");
    };
    assert_eq!(ready, (503, json!({ "ok": false, "reasons": ["draining"] })));
    assert_eq!(asked(&admin, "live").await, all_is_well, "nobody restarts what is about to leave");
    assert_eq!(draining(&admin).await, "switchboard_draining 1");
    clara.expect_type("reconnect").await;
    let status = tokio::task::spawn_blocking(move || server.wait_until_stopped()).await.expect("it stops");
    assert_eq!(status.code(), Some(0));
}

/// What one of the two answers: its status and content.
async fn asked(admin: &str, which: &str) -> (u16, Value) {
    let answer = reqwest::get(format!("{admin}/health/{which}")).await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

/// The line of the metric.
async fn draining(admin: &str) -> String {
    let text = reqwest::get(format!("{admin}/metrics")).await.expect("an answer").text().await.expect("text");
    let line = text.lines().find(|line| line.starts_with("switchboard_draining"));
    line.unwrap_or_else(|| panic!("not told: {text}")).to_owned()
}
