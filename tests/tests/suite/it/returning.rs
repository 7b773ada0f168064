//! Visitors who were here before, known by the address they type: whoever served them last is preferred.

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

async fn start(visitor: &mut VisitorClient, email: Option<&str>) -> String {
    let mut command = json!({ "type": "start", "name": "Clara", "department": "support", "question": "Me again" });
    if let Some(email) = email {
        command["email"] = json!(email);
    }
    let ack = visitor.acked(command).await;
    ack["chat"].as_str().expect("the ack of a start names the chat").to_owned()
}

/// A server whose Support remembers for a week, and on which Sue has served Clara.
async fn sue_has_served_clara() -> TestServer {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let rules = json!({ "last_operator_days": 7, "last_operator_waits_s": 3 });
    admin.patch("/api/v1/groups/support", rules).await.ok();
    let mut sue = OperatorClient::online(&server, "sue").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = start(&mut clara, Some("clara@visitor.example")).await;
    let offer = sue.offer_of(&chat).await;
    sue.accept(&offer).await;
    sue.end(&chat).await;
    clara.expect_event("ended").await;
    server
}

fn is_offer(frame: &Value) -> bool {
    frame["type"] == "offer"
}

#[tokio::test]
async fn who_comes_back_gets_the_operator_of_last_time_also_after_a_restart() {
    let mut server = sue_has_served_clara().await;
    server.kill();
    server.restart();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut sue = OperatorClient::online(&server, "sue").await;
    // Another browser, and the address in other letters.
    let mut clara = VisitorClient::connect(&server).await;
    let chat = start(&mut clara, Some(" Clara@Visitor.example")).await;
    let offer = sue.offer_of(&chat).await;
    sue.accept(&offer).await;
    clara.expect_event("assigned").await;
    // Whoever has not been here gets the one who is freest.
    for email in [None, Some("dora@visitor.example")] {
        let mut stranger = VisitorClient::connect(&server).await;
        let chat = start(&mut stranger, email).await;
        let offer = joe.offer_of(&chat).await;
        joe.accept(&offer).await;
        joe.end(&chat).await;
    }
    sue.expect_none("offer of a stranger", is_offer).await;
}

#[tokio::test]
async fn who_comes_back_waits_a_while_for_an_operator_who_is_away_and_then_gets_another() {
    let server = sue_has_served_clara().await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut sue = OperatorClient::online(&server, "sue").await;
    sue.status("away").await;
    let mut clara = VisitorClient::connect(&server).await;
    let begun = std::time::Instant::now();
    let chat = start(&mut clara, Some("clara@visitor.example")).await;
    joe.expect_none("offer so early", is_offer).await;
    joe.offer_of(&chat).await;
    assert!(begun.elapsed() >= std::time::Duration::from_secs(3), "it did not wait for Sue");
    assert!(sue.come(is_offer).is_empty());
}

#[tokio::test]
async fn a_group_that_remembers_for_no_days_prefers_nobody() {
    let server = sue_has_served_clara().await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch("/api/v1/groups/support", json!({ "last_operator_days": 0 })).await.ok();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut sue = OperatorClient::online(&server, "sue").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = start(&mut clara, Some("clara@visitor.example")).await;
    joe.offer_of(&chat).await;
    sue.expect_none("offer", is_offer).await;
}
