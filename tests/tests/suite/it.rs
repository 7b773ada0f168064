//! Whole stories over real sockets, against the real binary.

mod absence;
mod accounts;
mod assignment;
mod attendance;
mod bad_frames;
mod bad_input;
mod canaries;
mod closing;
mod conversation;
mod crash;
mod decisions;
mod floods;
mod full_disk;
mod fuzz;
mod greeting;
mod hello;
mod helping;
mod hours;
mod identities;
mod identity_keys;
mod invitations;
mod left_messages;
mod lost_senders;
mod marks;
mod missed;
mod missed_offers;
mod needs;
mod offers;
mod pages;
mod panics;
mod permissions;
mod presence;
mod priorities;
mod queue_limits;
mod receiving;
mod repeats;
mod requeued;
mod resume;
mod returning;
mod ring_all;
mod settings;
mod signed_out;
mod slow_reader;
mod starting;
mod stored_first;
mod subscriptions;
mod taking;
mod transfers;
mod waiting;
mod wanted;
mod windows;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, SOON, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

/// A server, a visitor, Joe who has accepted, and their chat.
async fn joe_answers() -> (TestServer, VisitorClient, OperatorClient, String) {
    joe_answers_with(&[]).await
}

/// The same on a server with settings.
async fn joe_answers_with(settings: &[(&str, &str)]) -> (TestServer, VisitorClient, OperatorClient, String) {
    let (server, mut visitor, mut joe, chat, offer) = joe_is_rung(settings, "Where is my parcel?").await;
    joe.accept(&offer).await;
    visitor.expect_event("assigned").await;
    joe.resume(&chat, 0).await;
    (server, visitor, joe, chat)
}

/// A server with settings, a visitor who has asked, Joe at whom it rings, the chat and the offer.
async fn joe_is_rung(
    settings: &[(&str, &str)],
    question: &str,
) -> (TestServer, VisitorClient, OperatorClient, String, Value) {
    let server = TestServer::with(settings);
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut visitor = VisitorClient::connect(&server).await;
    let chat = visitor.start(&Start::support("Clara", question)).await;
    let offer = joe.offer_of(&chat).await;
    (server, visitor, joe, chat, offer)
}

/// A server with somebody who receives, so that chats may begin, and who never gets one by herself.
async fn nobody_answers(settings: &[(&str, &str)]) -> (TestServer, OperatorClient) {
    let server = TestServer::with(settings);
    let mona = OperatorClient::online(&server, "mona").await;
    (server, mona)
}

/// A server, and Joe with his one place for Support and Sales alike.
async fn joe_serves_two_groups() -> (TestServer, OperatorClient) {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let joe = Browser::signed_in(&server.url(), "joe").await.operator_id();
    let sales = json!({ "group": "sales", "operator": joe, "handling": "primary" });
    admin.post("/api/v1/memberships", sales).await.ok();
    let joe = OperatorClient::online(&server, "joe").await;
    (server, joe)
}

/// Waits until visitors are told that of a department.
async fn department_is(browser: &Browser, department: &str, wanted: &str) {
    let path = format!("/api/v1/status?brand=demo&department={department}");
    let deadline = Instant::now() + SOON;
    while browser.get(&path).await.ok()["state"] != wanted {
        assert!(Instant::now() < deadline, "{department} is not {wanted}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Asks a department; the chat.
async fn asks(server: &TestServer, name: &str, department: &str) -> (VisitorClient, String) {
    let mut visitor = VisitorClient::connect(server).await;
    let chat = visitor.start(&Start { name, department, question: "Hello?" }).await;
    (visitor, chat)
}

/// Counters of what must never happen.
const VIOLATIONS: &str = "switchboard_invariant_violations_total";

/// The sum of all series that begin so, as the server's own page of metrics has them. One there must be: a series that
/// is missing is no zero.
async fn metric(server: &TestServer, prefix: &str) -> u64 {
    let answer = reqwest::get(format!("{}/metrics", server.admin_url())).await.expect("metrics are served");
    let text = answer.text().await.expect("as text");
    let found: Vec<&str> = text.lines().filter(|line| line.starts_with(prefix)).collect();
    assert!(!found.is_empty(), "there is no series {prefix}");
    found.iter().filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}
