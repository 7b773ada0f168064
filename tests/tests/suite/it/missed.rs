//! News that do not reach a queue: each kind is lost once on purpose, and is found, made good, and counted. Elsewhere
//! these counters must be 0; here they must not, or nothing would be shown by that.

use std::time::{Duration, Instant};

use switchboard_tests::client::{OperatorClient, VisitorClient};
use switchboard_tests::server::TestServer;

use crate::suite::it::{VIOLATIONS, asks, joe_answers, metric};

/// Two comparisons with the store, and what a slow machine takes.
const FOUND_WITHIN: Duration = Duration::from_secs(25);

/// Clara has Joe's only slot, and her words have planted the loss of the next news of a kind.
async fn with_a_loss_of(what: &str) -> (TestServer, VisitorClient, OperatorClient, String) {
    let (server, mut clara, joe, chat) = joe_answers().await;
    clara.say(&format!("!fault deaf {what}")).await;
    (server, clara, joe, chat)
}

async fn is_counted(server: &TestServer, which: &str) {
    let series = format!("{VIOLATIONS}{{which=\"{which}\"");
    let begun = Instant::now();
    while metric(server, &series).await == 0 {
        assert!(begun.elapsed() < FOUND_WITHIN, "{which} was not counted");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(metric(server, VIOLATIONS).await, metric(server, &series).await, "and nothing else is wrong");
}

async fn is_offered(operator: &mut OperatorClient, chat: &str) {
    let offer = |frame: &serde_json::Value| frame["type"] == "offer" && frame["chat"] == chat;
    operator.expect_within("the offer", offer, FOUND_WITHIN).await;
}

#[tokio::test]
async fn a_slot_that_is_free_again_is_found_although_the_queue_did_not_hear_of_it() {
    let (server, _clara, mut joe, chat) = with_a_loss_of("load").await;
    joe.end(&chat).await;
    let (_dora, next) = asks(&server, "Dora", "support").await;
    is_offered(&mut joe, &next).await;
    is_counted(&server, "queue_missed_load").await;
}

#[tokio::test]
async fn an_operator_who_came_unheard_is_found_and_gets_what_waits() {
    let (server, ..) = &with_a_loss_of("reception").await;
    let mut bob = OperatorClient::online(server, "bob").await;
    let (_dora, next) = asks(server, "Dora", "support").await;
    is_offered(&mut bob, &next).await;
    is_counted(server, "queue_missed_reception").await;
}

#[tokio::test]
async fn a_visitor_who_left_unheard_is_found_and_is_in_nobodys_way() {
    let (server, mut clara, ..) = joe_answers().await;
    let (mut dora, _) = asks(&server, "Dora", "support").await;
    let (mut eve, _) = asks(&server, "Eve", "support").await;
    eve.expect("Dora is ahead", |frame| frame["type"] == "queue" && frame["ahead"] == 1).await;
    clara.say("!fault deaf gone").await;
    dora.end().await;
    let first = |frame: &serde_json::Value| frame["type"] == "queue" && frame["ahead"] == 0;
    eve.expect_within("nobody is ahead", first, FOUND_WITHIN).await;
    is_counted(&server, "queue_disagrees").await;
}

#[tokio::test]
async fn a_queue_that_forgot_to_look_for_a_chat_is_caught_at_it() {
    let (server, mut clara, ..) = joe_answers().await;
    let (_dora, next) = asks(&server, "Dora", "support").await;
    clara.say("!fault deaf settling").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    is_offered(&mut bob, &next).await;
    is_counted(&server, "slot_not_refilled").await;
}
