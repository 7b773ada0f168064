//! What a group says to visitors before an operator does: a greeting, and words beside the place in its queue.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, QUIET, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::nobody_answers;

const GROUP: &str = "/api/v1/groups/support";

fn is_greeting(frame: &Value) -> bool {
    let event = &frame["event"];
    event["kind"] == "message" && event["from"]["role"] == "system" && event["text"] == "Hello from Support!"
}

async fn greets_after(server: &TestServer, seconds: u64) -> Browser {
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let settings = json!({ "greeting": "Hello from Support!", "greeting_after_s": seconds });
    admin.patch(GROUP, settings).await.ok();
    admin
}

#[tokio::test]
async fn a_visitor_is_greeted_once_as_soon_as_the_chat_begins() {
    let (mut server, mut mona) = nobody_answers(&[]).await;
    greets_after(&server, 0).await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    clara.expect("the greeting", is_greeting).await;
    server.kill();
    server.restart();
    clara.reconnect().await.expect("the server is back");
    mona.reconnect().await.expect("the session outlives the server");
    clara.resume(&chat, 0).await;
    clara.listen(QUIET).await;
    assert_eq!(clara.texts(), ["Hello?", "Hello from Support!"], "once a chat");
    mona.take(&chat).await;
    mona.resume(&chat, 0).await;
    assert_eq!(mona.ledger(&chat).texts(), ["Hello?", "Hello from Support!"]);
    let row = mona.browser.get(&format!("/api/v1/chats/{chat}")).await.ok();
    assert_eq!(row["idle_since"], row["assigned_at"], "a greeting is no answer: {row}");
}

#[tokio::test]
async fn the_time_of_a_greeting_outlives_the_server() {
    let (mut server, _mona) = nobody_answers(&[]).await;
    greets_after(&server, 4).await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    clara.expect_none("a greeting yet", is_greeting).await;
    server.kill();
    server.restart();
    clara.reconnect().await.expect("the server is back");
    clara.expect_within("the greeting", is_greeting, Duration::from_secs(8)).await;
    clara.resume(&chat, 0).await;
    assert_eq!(clara.texts(), ["Hello?", "Hello from Support!"]);
}

#[tokio::test]
async fn an_operator_who_answers_first_makes_the_greeting_unnecessary() {
    let server = TestServer::start();
    greets_after(&server, 2).await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    joe.accept_next().await;
    joe.say(&chat, "Good evening").await;
    clara.expect_text("Good evening").await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    clara.expect_none("a greeting", is_greeting).await;
}

#[tokio::test]
async fn the_words_beside_the_place_are_the_groups_own() {
    let (server, _mona) = nobody_answers(&[]).await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let words = "There are {ahead} before you, {wait} to go.";
    let changed = admin.patch(GROUP, json!({ "queue_text": words })).await.ok();
    assert_eq!((&changed["queue_text"], &changed["greeting"]), (&json!(words), &Value::Null));
    let mut clara = VisitorClient::connect(&server).await;
    clara.start(&Start::support("Clara", "Hello?")).await;
    let place = clara.expect_type("queue").await;
    assert_eq!(place["text"], words, "{place}");
    clara.reconnect().await.expect("the server is there");
    assert_eq!(clara.welcome["chat"]["queue_text"], words, "{}", clara.welcome);
    for (field, wrong) in [
        ("greeting", json!(" ")),
        ("greeting", json!("x".repeat(10_001))),
        ("queue_text", json!("x".repeat(501))),
        ("greeting_after_s", json!(100_000)),
        ("greeting_after_s", json!(-1)),
    ] {
        let refused = admin.patch(GROUP, json!({ field: wrong })).await.refused(422, "invalid");
        assert_eq!(refused["field"], field, "{refused}");
    }
    let unset = admin.patch(GROUP, json!({ "queue_text": null })).await.ok();
    assert_eq!(unset["queue_text"], Value::Null);
}
