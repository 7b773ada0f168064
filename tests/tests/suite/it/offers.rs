//! Who is rung, and what becomes of it.

use std::time::Duration;

use serde_json::json;
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::{joe_answers, joe_is_rung};

#[tokio::test]
async fn a_declined_chat_goes_to_somebody_else() {
    let (server, mut clara, mut joe, chat, offer) = joe_is_rung(&[], "Hello?").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    bob.expect_none("second ring beside Joe's", |frame| frame["type"] == "offer").await;
    joe.decline(&offer).await;
    joe.expect("that it rings no more", |f| f["type"] == "offer_gone" && f["offer"] == offer["offer"]).await;
    let again = bob.offer_of(&chat).await;
    assert_ne!(again["offer"], offer["offer"]);
    bob.accept(&again).await;
    let assigned = clara.expect_event("assigned").await;
    assert!(assigned["event"]["name"].as_str().is_some_and(|name| name.contains("Bob")), "{assigned}");
    let late = joe.refused(json!({ "type": "accept", "offer": offer["offer"] }), "conflict").await;
    assert!(["taken", "withdrawn", "expired"].iter().any(|why| late["why"] == *why), "{late}");
}

#[tokio::test]
async fn an_offer_that_nobody_answers_rings_elsewhere_when_its_time_is_over() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch("/api/v1/groups/support", json!({ "offer_expires_after_s": 5 })).await.ok();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let offer = joe.offer_of(&chat).await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let gone = joe.expect_type("offer_gone").await;
    assert_eq!((&gone["offer"], &gone["why"]), (&offer["offer"], &json!("expired")), "{gone}");
    let again = bob.offer_of(&chat).await;
    let late = joe.refused(json!({ "type": "accept", "offer": offer["offer"] }), "conflict").await;
    assert_eq!(late["why"], "expired", "{late}");
    bob.accept(&again).await;
    clara.expect_event("assigned").await;
}

#[tokio::test]
async fn an_offer_ends_with_its_chat() {
    let (_server, mut clara, mut joe, _, offer) = joe_is_rung(&[], "Hello?").await;
    clara.end().await;
    let gone = joe.expect_type("offer_gone").await;
    assert_eq!((&gone["offer"], &gone["why"]), (&offer["offer"], &json!("ended")), "{gone}");
    let late = joe.refused(json!({ "type": "accept", "offer": offer["offer"] }), "conflict").await;
    assert_eq!(late["why"], "ended", "{late}");
}

#[tokio::test]
async fn nobody_gets_more_chats_than_the_limit_and_a_freed_slot_is_filled() {
    let (server, mut clara, mut joe, first) = joe_answers().await;
    let mut dora = VisitorClient::connect(&server).await;
    let second = dora.start(&Start::support("Dora", "And me?")).await;
    joe.expect_none("second chat beside the one he may hold", |frame| frame["type"] == "offer").await;
    clara.end().await;
    joe.expect_event("ended").await;
    let offer = joe.offer_of(&second).await;
    assert_ne!(offer["chat"], first.as_str());
    joe.accept(&offer).await;
    dora.expect_event("assigned").await;
}

#[tokio::test]
async fn an_operator_who_goes_gives_the_ringing_chat_back() {
    let server = TestServer::start();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    joe.offer_of(&chat).await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe.status("offline").await;
    let gone = joe.expect_type("offer_gone").await;
    assert_eq!(gone["why"], "withdrawn", "{gone}");
    let offer = bob.offer_of(&chat).await;
    bob.accept(&offer).await;
    clara.expect_event("assigned").await;
}

#[tokio::test]
async fn an_open_offer_is_there_again_in_a_window_that_comes_later() {
    let (_server, mut clara, mut joe, _, offer) = joe_is_rung(&[], "Hello?").await;
    joe.lose();
    tokio::time::sleep(Duration::from_millis(300)).await;
    joe.reconnect().await.expect("he is still signed in");
    let offers = joe.welcome["offers"].as_array().cloned().unwrap_or_default();
    assert!(offers.iter().any(|other| other["offer"] == offer["offer"]), "{}", joe.welcome);
    joe.accept(&offer).await;
    clara.expect_event("assigned").await;
}
