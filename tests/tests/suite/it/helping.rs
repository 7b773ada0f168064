//! Groups whose members take chats by hand, and that help another group: its visitors are seen, and taken, when they
//! have waited long enough, and not before.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_tests::client::OperatorClient;
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::asks;

fn lists(chat: &str) -> impl Fn(&Value) -> bool {
    move |frame| {
        let rows = frame["rows"].as_array().into_iter().flatten();
        frame["type"] == "rows" && rows.into_iter().any(|row| row["id"] == chat)
    }
}

#[tokio::test]
async fn a_visitor_of_another_group_is_seen_and_taken_by_hand_after_a_while() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    // Sue, who pulls, is alone in the group that helps; Bob receives for sales, and has no slot there.
    let (sue, bob) = (
        Browser::signed_in(&server.url(), "sue").await.operator_id(),
        Browser::signed_in(&server.url(), "bob").await.operator_id(),
    );
    admin.post("/api/v1/groups", json!({ "id": "experts", "name": "Experts", "department": "support" })).await.ok();
    admin.post("/api/v1/memberships", json!({ "group": "experts", "operator": sue, "handling": "pull" })).await.ok();
    let full = json!({ "group": "sales", "operator": bob, "handling": "primary", "limit": 0 });
    admin.post("/api/v1/memberships", full).await.ok();
    let overflow = json!({ "overflow": { "after_s": 3, "groups": ["experts"] } });
    admin.patch("/api/v1/groups/sales", overflow).await.ok();
    let _bobs = OperatorClient::online(&server, "bob").await;
    let mut sues = OperatorClient::online(&server, "sue").await;
    sues.stored(json!({ "type": "subscribe", "topic": "chats", "filter": { "state": "waiting" } })).await;

    let (mut clara, chat) = asks(&server, "Clara", "sales").await;
    sues.refused(json!({ "type": "take", "chat": chat }), "not_found").await;
    sues.browser.get(&format!("/api/v1/chats/{chat}")).await.refused(404, "not_found");
    assert!(sues.come(lists(&chat)).is_empty(), "it is nobody's business yet");
    let row = sues.expect("the chat in her list", lists(&chat)).await;
    assert_eq!(row["rows"][0]["group"], "sales", "{row}");
    assert_eq!(sues.browser.get(&format!("/api/v1/chats/{chat}")).await.ok()["state"], "waiting");
    sues.take(&chat).await;
    let told = clara.expect_event("assigned").await;
    assert_eq!(told["event"]["name"], "Sue", "{told}");
    let taken = sues.browser.get(&format!("/api/v1/chats/{chat}")).await.ok();
    assert_eq!((&taken["group"], &taken["owner"]["id"]), (&json!("experts"), &json!(sue)), "{taken}");
}

#[tokio::test]
async fn who_is_asked_for_another_group_may_still_answer_when_the_wait_has_been_too_long() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let (joe, bob) = (
        Browser::signed_in(&server.url(), "joe").await.operator_id(),
        Browser::signed_in(&server.url(), "bob").await.operator_id(),
    );
    admin.post("/api/v1/groups", json!({ "id": "experts", "name": "Experts", "department": "support" })).await.ok();
    admin.post("/api/v1/memberships", json!({ "group": "experts", "operator": joe, "handling": "primary" })).await.ok();
    let full = json!({ "group": "sales", "operator": bob, "handling": "primary", "limit": 0 });
    admin.post("/api/v1/memberships", full).await.ok();
    let rules = json!({ "overflow": { "after_s": 1, "groups": ["experts"] }, "queue_wait_max_s": 3 });
    admin.patch("/api/v1/groups/sales", rules).await.ok();
    let _bobs = OperatorClient::online(&server, "bob").await;
    let mut joes = OperatorClient::online(&server, "joe").await;

    let (mut clara, chat) = asks(&server, "Clara", "sales").await;
    let offer = joes.offer_of(&chat).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    joes.accept(&offer).await;
    let told = clara.expect_event("assigned").await;
    assert_eq!(told["event"]["name"], "Joe", "{told}");
}
