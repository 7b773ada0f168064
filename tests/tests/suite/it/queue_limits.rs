//! A group's longest queue and longest wait: who comes when too many wait, or has waited so long, gets a place elsewhere or
//! the form, but not while somebody is asked for the chat.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::{asks, nobody_answers};

const LONGEST: Duration = Duration::from_secs(2);
/// Longer than the wait and a reconcile: what must not happen would have happened.
const LONG_AFTER: Duration = Duration::from_secs(8);

async fn longest_wait(server: &TestServer, when_full: Value) -> Browser {
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let rules = json!({ "queue_wait_max_s": LONGEST.as_secs(), "when_full": when_full, "offer_expires_after_s": 60 });
    admin.patch("/api/v1/groups/support", rules).await.ok();
    admin
}

#[tokio::test]
async fn who_has_waited_so_long_makes_room_and_may_leave_a_message() {
    let (server, mut mona) = nobody_answers(&[]).await;
    let admin = longest_wait(&server, json!("offline_form")).await;
    let mut clara = VisitorClient::connect(&server).await;
    let begun = Instant::now();
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let ended = clara.expect_within("the end", |frame| frame["event"]["kind"] == "ended", LONG_AFTER).await;
    assert!(begun.elapsed() >= LONGEST, "after {:?}", begun.elapsed());
    assert_eq!((&ended["event"]["by"], &ended["event"]["why"]), (&json!("system"), &json!("timed_out")), "{ended}");
    let late = mona.refused(json!({ "type": "take", "chat": chat }), "conflict").await;
    assert_eq!(late["why"], "ended", "{late}");
    let letter = json!({ "type": "leave_message", "email": "clara@visitor.example", "text": "Hello?" });
    clara.acked(letter).await;
    let left = admin.get("/api/v1/left_messages").await.ok();
    assert_eq!(left["items"][0]["chat"], json!(chat), "the message names the chat: {left}");
}

#[tokio::test]
async fn who_has_waited_so_long_gets_a_place_in_another_group_where_it_is_said_so() {
    let (server, _mona) = nobody_answers(&[]).await;
    let admin = longest_wait(&server, json!({ "group": "sales" })).await;
    let bob = Browser::signed_in(&server.url(), "bob").await.operator_id();
    let member = json!({ "group": "sales", "operator": bob, "handling": "primary" });
    admin.post("/api/v1/memberships", member).await.ok();
    admin.delete(&format!("/api/v1/memberships/support/{bob}")).await.ok();
    let mut bob = OperatorClient::online(&server, "bob").await;
    let mut clara = VisitorClient::connect(&server).await;
    let begun = Instant::now();
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let rings = |frame: &Value| frame["type"] == "offer" && frame["chat"] == chat.as_str();
    let offer = bob.expect_within("the offer in Sales", rings, LONG_AFTER).await;
    assert!(begun.elapsed() >= LONGEST, "after {:?}", begun.elapsed());
    assert_eq!(offer["group"], "sales", "{offer}");
    for _ in 0..2 {
        clara.expect_event("queued").await;
    }
    bob.accept(&offer).await;
    clara.expect_event("assigned").await;
}

#[tokio::test]
async fn a_chat_that_rings_is_not_turned_away_and_one_that_rang_in_vain_is() {
    let server = TestServer::start();
    let mut joe = OperatorClient::online(&server, "joe").await;
    longest_wait(&server, json!("offline_form")).await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let offer = joe.offer_of(&chat).await;
    tokio::time::sleep(LONG_AFTER).await;
    clara.expect_none("an end", |frame| frame["event"]["kind"] == "ended").await;
    joe.decline(&offer).await;
    let ended = clara.expect_event("ended").await;
    assert_eq!(ended["event"]["why"], "timed_out", "{ended}");
}

#[tokio::test]
async fn while_one_phone_rings_the_next_visitor_is_for_the_next_operator_however_short_the_queue() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch("/api/v1/groups/support", json!({ "queue_length_max": 1, "offer_expires_after_s": 60 })).await.ok();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let (_clara, first) = asks(&server, "Clara", "support").await;
    let joes = joe.offer_of(&first).await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    for visitor in ["Dora", "Emil"] {
        let (mut visitor, chat) = asks(&server, visitor, "support").await;
        bob.offer_of(&chat).await;
        visitor.expect_none("an end", |frame| frame["event"]["kind"] == "ended").await;
    }
    // Nobody is left to be asked: one may wait, and no more.
    let (mut fred, waits) = asks(&server, "Fred", "support").await;
    fred.expect("the place", |frame| frame["type"] == "queue" && frame["ahead"] == 3).await;
    let (mut gina, _) = asks(&server, "Gina", "support").await;
    let ended = gina.expect_event("ended").await;
    assert_eq!((&ended["event"]["by"], &ended["event"]["why"]), (&json!("system"), &json!("timed_out")), "{ended}");
    joe.accept(&joes).await;
    joe.end(&first).await;
    joe.offer_of(&waits).await;
}
