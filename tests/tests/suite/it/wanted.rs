//! Visitors whose page names an operator, and whom it leads to: past handling, skills and other groups, not past
//! limits, and past a kill of the server.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::decisions::waits_for;

const SUPPORT: &str = "/api/v1/groups/support";

fn is_offer(frame: &Value) -> bool {
    frame["type"] == "offer"
}

async fn starts(server: &TestServer, wanted: Option<&str>) -> (VisitorClient, String) {
    let mut visitor = VisitorClient::connect(server).await;
    let mut command = json!({ "type": "start", "name": "Clara", "department": "support", "question": "Hello?" });
    if let Some(wanted) = wanted {
        command["operator"] = json!(wanted);
    }
    let ack = visitor.acked(command).await;
    (visitor, ack["chat"].as_str().expect("the ack of a start names the chat").to_owned())
}

#[tokio::test]
async fn a_secondary_member_helps_when_the_primary_ones_are_full_or_when_they_are_named() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let bob = Browser::signed_in(&server.url(), "bob").await.operator_id();
    admin.patch(&format!("/api/v1/memberships/support/{bob}"), json!({ "handling": "secondary" })).await.ok();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut bobs = OperatorClient::online(&server, "bob").await;
    // Joe is free and primary; the page names Bob.
    let (_clara, named) = starts(&server, Some(&bob)).await;
    let offer = bobs.offer_of(&named).await;
    bobs.accept(&offer).await;
    let (_dora, first) = starts(&server, None).await;
    let offer = joe.offer_of(&first).await;
    joe.accept(&offer).await;
    let (_eve, second) = starts(&server, None).await;
    let offer = bobs.offer_of(&second).await;
    bobs.accept(&offer).await;
    // Two are as many as Bob may hold, whoever names him.
    let (mut fay, _) = starts(&server, Some(&bob)).await;
    fay.expect("her place", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;
    bobs.expect_none("more than he may hold", is_offer).await;
}

#[tokio::test]
async fn a_visitor_enters_the_group_of_whom_the_page_names() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let experts = json!({ "id": "experts", "name": "Experts", "department": "support", "wanted_operator_waits_s": 0 });
    admin.post("/api/v1/groups", experts).await.ok();
    let sue = Browser::signed_in(&server.url(), "sue").await.operator_id();
    admin
        .post("/api/v1/memberships", json!({ "group": "experts", "operator": sue, "handling": "secondary" }))
        .await
        .ok();
    admin.delete(&format!("/api/v1/memberships/support/{sue}")).await.ok();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut sues = OperatorClient::online(&server, "sue").await;
    let (_clara, named) = starts(&server, Some(&sue)).await;
    let offer = sues.offer_of(&named).await;
    assert_eq!(offer["group"], "experts", "{offer}");
    sues.accept(&offer).await;
    joe.expect_none("a chat that is for Sue", is_offer).await;
    // She is not there, and her group waits for nobody: the visitor gets whoever is free.
    sues.status("away").await;
    let (_dora, other) = starts(&server, Some(&sue)).await;
    joe.offer_of(&other).await;
}

/// Clara waits for Sue, whom her page names and who is not there, though Bob is free.
async fn clara_waits_for_sue(waits_s: i64) -> (TestServer, Browser, VisitorClient, String) {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch(SUPPORT, json!({ "wanted_operator_waits_s": waits_s })).await.ok();
    let sue = Browser::signed_in(&server.url(), "sue").await.operator_id();
    let _bob = OperatorClient::online(&server, "bob").await;
    let (clara, chat) = starts(&server, Some(&sue)).await;
    (server, admin, clara, chat)
}

/// The server is killed, and all are back but Sue: Bob.
async fn is_killed(server: &mut TestServer, clara: &mut VisitorClient) -> OperatorClient {
    server.kill();
    server.restart();
    clara.reconnect().await.expect("the server is back");
    OperatorClient::online(server, "bob").await
}

#[tokio::test]
async fn a_visitor_still_waits_for_whom_the_page_names_when_the_server_was_killed() {
    let (mut server, admin, mut clara, chat) = clara_waits_for_sue(600).await;
    waits_for(&admin, &chat, "operator_awaited").await;
    let mut bob = is_killed(&mut server, &mut clara).await;
    waits_for(&admin, &chat, "operator_awaited").await;
    bob.expect_none("a chat that is for Sue", is_offer).await;
    let mut sue = OperatorClient::online(&server, "sue").await;
    let offer = sue.offer_of(&chat).await;
    bob.expect_none("a chat that rings at Sue", is_offer).await;
    // She has let it go: there is nobody to wait for.
    sue.decline(&offer).await;
    let offer = bob.offer_of(&chat).await;
    bob.accept(&offer).await;
    assert_eq!(clara.expect_event("assigned").await["event"]["name"], "Bob");
}

#[tokio::test]
async fn the_wait_for_whom_the_page_names_is_as_long_as_it_was_to_be_when_the_server_was_killed() {
    let waits_s = 8;
    let (mut server, admin, mut clara, chat) = clara_waits_for_sue(waits_s).await;
    let mut bob = is_killed(&mut server, &mut clara).await;
    bob.offer_of(&chat).await;
    let events = admin.get(&format!("/api/v1/chats/{chat}/events")).await.ok();
    let at = |kind: &str| -> Timestamp {
        let mut events = events["items"].as_array().expect("events").iter();
        let event =
            events.find(|event| event["event"]["kind"] == kind).unwrap_or_else(|| panic!("{kind} in {events:?}"));
        event["at"].as_str().and_then(|at| at.parse().ok()).unwrap_or_else(|| panic!("when in {event}"))
    };
    let waited = at("offered").duration_since(at("queued"));
    assert!(waited >= SignedDuration::from_secs(waits_s), "it rang at Bob after {waited}");
}
