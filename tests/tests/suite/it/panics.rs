//! An actor that panics: rebuilt within a second with the same address, and nobody else notices.

use serde_json::json;
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::server::TestServer;

use crate::suite::it::joe_answers;

/// See `engine::actors::faults`: compiled into the server under test, and into no other.
const PANIC_ONCE: &str = "!fault panic once";
const PANIC_ALWAYS: &str = "!fault panic";

#[tokio::test]
async fn a_command_that_fails_once_is_tried_again_and_takes_effect_once() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    clara.say("before").await;
    clara.say(PANIC_ONCE).await;
    clara.say("after").await;
    joe.say(&chat, "I read all of it").await;
    clara.expect_text("I read all of it").await;
    let texts = ["Where is my parcel?", "before", PANIC_ONCE, "after", "I read all of it"];
    assert_eq!(clara.texts(), texts);
    assert_eq!(joe.resume(&chat, 0).await.texts(), texts);
    assert_eq!(restarts(&server).await, 1);
}

#[tokio::test]
async fn a_command_that_fails_twice_is_refused_for_good_and_the_chat_lives_on() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let mut dora = VisitorClient::connect(&server).await;
    let other = dora.start(&Start::support("Dora", "And mine?")).await;
    let offer = bob.offer_of(&other).await;
    bob.accept(&offer).await;

    let refused = clara.refused(json!({ "type": "say", "text": PANIC_ALWAYS }), "internal").await;
    assert_eq!(refused["final"], true, "{refused}");
    clara.say("it blocks nothing").await;
    joe.say(&chat, "indeed").await;
    clara.expect_text("indeed").await;
    assert_eq!(clara.texts(), ["Where is my parcel?", "it blocks nothing", "indeed"]);
    dora.say("nothing happened here").await;
    bob.resume(&other, 0).await;
    assert_eq!(bob.ledger(&other).texts(), ["And mine?", "nothing happened here"]);
    assert_eq!(restarts(&server).await, 2, "one for each try");
}

/// Sessions that were rebuilt, as the server counts them.
async fn restarts(server: &TestServer) -> u64 {
    let text = reqwest::get(format!("{}/metrics", server.admin_url()))
        .await
        .expect("metrics are served")
        .text()
        .await
        .expect("as text");
    let line = text.lines().find(|line| line.starts_with("switchboard_actor_restarts_total{kind=\"visitor_session\""));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}
