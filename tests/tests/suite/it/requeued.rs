//! Chats whose operator is lost, in a group that wants them back: whoever else is free has them after the grace,
//! whatever the operator said before, and whatever happens to the server meanwhile.

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::asks;

const PATIENCE: (&str, &str) = ("SWITCHBOARD_FAULT_PATIENCE", "operator_grace=1500");

/// Joe has Clara's chat, which asked for him, in a group that waits a minute for whoever is wanted.
async fn joe_has_whom_he_was_wanted_by() -> (TestServer, VisitorClient, OperatorClient, String) {
    let server = TestServer::with(&[PATIENCE]);
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let rules = json!({ "lost_operator": "requeue", "wanted_operator_waits_s": 60 });
    admin.patch("/api/v1/groups/support", rules).await.ok();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    let mut start = Start::support("Clara", "Is Joe there?").command();
    start["operator"] = json!(joe.id());
    let chat = clara.acked(start).await["chat"].as_str().expect("the chat").to_owned();
    let offer = joe.offer_of(&chat).await;
    joe.accept(&offer).await;
    clara.expect_event("assigned").await;
    (server, clara, joe, chat)
}

async fn bob_serves(bob: &mut OperatorClient, clara: &mut VisitorClient, chat: &str) {
    let offer = bob.offer_of(chat).await;
    bob.accept(&offer).await;
    bob.resume(chat, 0).await;
    bob.say(chat, "Bob here").await;
    clara.expect_text("Bob here").await;
}

#[tokio::test]
async fn a_chat_does_not_wait_again_for_the_operator_who_was_lost() {
    let (server, mut clara, mut joe, chat) = joe_has_whom_he_was_wanted_by().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe.lose();
    bob_serves(&mut bob, &mut clara, &chat).await;
}

#[tokio::test]
async fn an_operator_who_went_off_line_by_hand_and_left_leaves_nobody_alone() {
    let (server, mut clara, mut joe, chat) = joe_has_whom_he_was_wanted_by().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe.status("offline").await;
    bob.expect_none("while Joe's window is open", |frame| frame["type"] == "offer").await;
    joe.say(&chat, "One moment").await;
    clara.expect_text("One moment").await;
    joe.lose();
    bob_serves(&mut bob, &mut clara, &chat).await;
}

#[tokio::test]
async fn a_chat_of_somebody_who_is_off_line_is_found_after_a_restart() {
    let (mut server, mut clara, mut joe, chat) = joe_has_whom_he_was_wanted_by().await;
    joe.status("offline").await;
    server.kill();
    server.restart();
    let mut bob = OperatorClient::online(&server, "bob").await;
    clara.moved_to(server.address());
    clara.reconnect().await.expect("the visitor comes back");
    bob_serves(&mut bob, &mut clara, &chat).await;
}

#[tokio::test]
async fn however_long_the_queue_the_chat_of_an_operator_who_is_lost_comes_first() {
    let server = TestServer::with(&[PATIENCE]);
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let rules = json!({ "lost_operator": "requeue", "queue_length_max": 1 });
    admin.patch("/api/v1/groups/support", rules).await.ok();
    // Somebody receives all the time, who takes chats by hand.
    let mut mona = OperatorClient::online(&server, "mona").await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let (mut clara, chat) = asks(&server, "Clara", "support").await;
    let offer = joe.offer_of(&chat).await;
    joe.accept(&offer).await;
    clara.expect_event("assigned").await;
    let (mut dora, waits) = asks(&server, "Dora", "support").await;
    let is_place = |ahead: u64| move |frame: &Value| frame["type"] == "queue" && frame["ahead"] == ahead;
    dora.expect("the place", is_place(0)).await;
    joe.lose();
    clara.expect("the place", is_place(0)).await;
    dora.expect("the place", is_place(1)).await;
    mona.take(&chat).await;
    mona.resume(&chat, 0).await;
    mona.say(&chat, "Mona here").await;
    clara.expect_text("Mona here").await;
    mona.take(&waits).await;
    assert!(!mona.ledger(&chat).kinds().contains(&"ended"), "it waited, and that was all");
}
