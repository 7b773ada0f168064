//! What the account sets of presence: who does nothing is away, who loses the connection is waited for, and both follow
//! what is set at once.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

const RULES: &str = "/api/v1/presence_rules";
/// The shortest time without any doing that may be set.
const SHORTEST: Duration = Duration::from_secs(10);

fn is_away(frame: &Value) -> bool {
    frame["type"] == "status" && frame["status"] == "away"
}

#[tokio::test]
async fn who_does_nothing_is_away_and_who_works_is_not() {
    let mut server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    admin.patch(RULES, json!({ "away_after_s": 10 })).await.ok();
    let begun = Instant::now();
    while begun.elapsed() < SHORTEST * 5 / 4 {
        bob.send(json!({ "type": "active" })).await;
        // What a window sends by itself is no sign of anybody.
        joe.send(json!({ "type": "delivered", "chat": "0190a0a0a0a07000800000000000beef", "seq": 1 })).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let told = joe.expect("that he is away", is_away).await;
    assert_eq!(told["why"], json!("inactive"), "{told}");
    bob.expect_none("word of being away", is_away).await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Anybody there?")).await;
    bob.offer_of(&chat).await;

    // It was stored, and so is the rule.
    server.kill();
    server.restart();
    joe.reconnect().await.expect("he is still signed in");
    assert_eq!(joe.welcome["status"], json!("away"), "{}", joe.welcome);
    joe.status("online").await;
    let begun = Instant::now();
    joe.expect_within("that he is away again", is_away, SHORTEST * 2).await;
    assert!(begun.elapsed() >= SHORTEST - Duration::from_secs(1), "after {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_lost_connection_is_waited_for_as_long_as_is_set_now() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let begun = Instant::now();
    joe.lose();
    // A minute would be usual; what is set now holds for the grace that runs.
    admin.patch(RULES, json!({ "grace_s": 5 })).await.ok();
    let state = async || admin.get("/api/v1/status?brand=demo&department=support").await.ok()["state"].clone();
    while state().await != json!("offline") {
        assert!(begun.elapsed() < Duration::from_secs(15), "he is still waited for");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(begun.elapsed() >= Duration::from_secs(5), "he had {:?}", begun.elapsed());
}

#[tokio::test]
async fn what_presence_cannot_be_set_to_is_named_and_only_administrators_set_it() {
    let mut server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let usual = admin.get(RULES).await.ok();
    assert_eq!((&usual["away_after_s"], &usual["grace_s"]), (&Value::Null, &json!(60)), "{usual}");
    for (field, value) in [
        ("away_after_s", json!(9)),
        ("away_after_s", json!(-1)),
        ("away_after_s", json!(50_000)),
        ("away_after_s", json!("soon")),
        ("grace_s", json!(0)),
        ("grace_s", json!(901)),
        ("grace_s", json!(1.5)),
    ] {
        let problem = admin.patch(RULES, json!({ field: value.clone() })).await.refused(422, "invalid");
        assert_eq!(problem["field"], json!(field), "{value}: {problem}");
    }
    assert_eq!(admin.get(RULES).await.ok(), usual);
    for name in ["joe", "mona"] {
        let browser = Browser::signed_in(&server.url(), name).await;
        assert_eq!(browser.get(RULES).await.ok(), usual);
        browser.patch(RULES, json!({ "grace_s": 30 })).await.refused(403, "forbidden");
    }
    let set = admin.patch_seen(&usual, RULES, json!({ "away_after_s": 600, "grace_s": 30 })).await.ok();
    let late = admin.patch_seen(&usual, RULES, json!({ "grace_s": 40 })).await.refused(409, "conflict");
    assert_eq!(late["why"], json!("changed"), "{late}");
    server.kill();
    server.restart();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    assert_eq!(admin.get(RULES).await.ok(), set);
    assert_eq!(admin.patch(RULES, json!({ "away_after_s": null })).await.ok()["away_after_s"], Value::Null);
}
