//! News that do not reach a queue: each kind is lost once on purpose, and is found, made good, and counted. Elsewhere
//! these counters must be 0; here they must not, or nothing would be shown by that.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use serde_json::json;
use switchboard_tests::client::{OperatorClient, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::{VIOLATIONS, asks, joe_answers, joe_serves_two_groups, metric};

/// Two comparisons with the store, and what a slow machine takes.
const FOUND_WITHIN: Duration = Duration::from_secs(25);

/// Clara has Joe's only slot, and her words have planted the loss of the next news of a kind.
async fn with_a_loss_of(what: &str) -> (TestServer, VisitorClient, OperatorClient, String) {
    let (server, mut clara, joe, chat) = joe_answers().await;
    clara.say(&format!("!fault deaf {what}")).await;
    (server, clara, joe, chat)
}

async fn is_counted(server: &TestServer, which: &'static str) {
    server.plants(which);
    has_been_counted(server, which).await;
}

async fn has_been_counted(server: &TestServer, which: &str) {
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

/// Joe's group, which rings so, forgets once to look whether a chat waits for who has come.
async fn forgets_to_look(offer_mode: &str) -> TestServer {
    let (server, mut clara, ..) = joe_answers().await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch("/api/v1/groups/support", json!({ "offer_mode": offer_mode })).await.ok();
    let (_dora, next) = asks(&server, "Dora", "support").await;
    clara.say("!fault deaf settling").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    is_offered(&mut bob, &next).await;
    server
}

#[tokio::test]
async fn a_queue_that_forgot_to_look_for_a_chat_is_caught_at_it() {
    is_counted(&forgets_to_look("single").await, "slot_not_refilled").await;
}

#[tokio::test]
async fn a_queue_that_forgot_to_let_a_chat_ring_at_all_is_caught_at_it_too() {
    is_counted(&forgets_to_look("ring_all").await, "slot_not_refilled").await;
}

#[tokio::test]
async fn a_story_in_which_one_of_these_is_counted_fails_unless_it_says_so() {
    let server = forgets_to_look("single").await;
    has_been_counted(&server, "slot_not_refilled").await;
    let ended = catch_unwind(AssertUnwindSafe(|| drop(server)));
    let said = ended.expect_err("the story fails").downcast::<String>().expect("with words");
    assert!(said.contains("slot_not_refilled"), "{said}");
}

#[tokio::test]
async fn slots_that_were_closed_for_the_asking_and_not_opened_again_are_opened_and_counted() {
    let (server, mut joe) = joe_serves_two_groups().await;
    let (mut clara, chat) = asks(&server, "Clara", "support").await;
    joe.accept_next().await;
    clara.expect_event("assigned").await;
    clara.say("!fault deaf opening").await;
    joe.end(&chat).await;
    let (_dora, next) = asks(&server, "Dora", "sales").await;
    is_offered(&mut joe, &next).await;
    is_counted(&server, "slots_left_closed").await;
}
