//! Whoever looks at a group's members or at an operator is told when somebody's status, profile or receiving changes,
//! whoever changed it, and of nobody else.

use serde_json::{Value, json};
use switchboard_tests::client::OperatorClient;
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

/// A frame of that topic which tells of that operator what is wanted.
fn tells(topic: &str, operator: &str, wanted: Value) -> impl Fn(&Value) -> bool {
    let (topic, operator) = (topic.to_owned(), operator.to_owned());
    let fits = move |one: &Value| {
        let wanted = wanted.as_object().expect("fields are wanted");
        one["operator"] == operator.as_str() && wanted.iter().all(|(key, value)| one[key] == *value)
    };
    move |frame| {
        let mut all = frame["operators"].as_array().into_iter().flatten();
        frame["type"] == "operators" && frame["topic"] == topic.as_str() && all.any(&fits)
    }
}

fn from_support(active: bool, left_out: bool) -> Value {
    json!([{ "group": "support", "active": active, "left_out": left_out }])
}

async fn looks_at(window: &mut OperatorClient, topic: &str) {
    window.acked(json!({ "type": "subscribe", "topic": topic })).await;
}

#[tokio::test]
async fn a_manager_who_looks_at_a_group_sees_what_others_set() {
    let mut server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let elsewhere = json!({ "id": "elsewhere", "name": "Elsewhere", "groups": ["sales"] });
    admin.post("/api/v1/profiles", elsewhere).await.ok();
    let mut mona = OperatorClient::connect(&server, "mona").await;
    let mut joe = OperatorClient::connect(&server, "joe").await;
    let (his, topics) = (joe.id(), ["members:support".to_owned(), format!("operator:{}", joe.id())]);
    looks_at(&mut mona, &topics[0]).await;
    looks_at(&mut mona, &topics[1]).await;
    let first = mona.expect("everybody", |frame| frame["topic"] == "members:support").await;
    assert_eq!(first["operators"].as_array().map(Vec::len), Some(4), "Joe, Bob, Sue and herself: {first}");
    let was = json!({ "status": "offline", "groups": from_support(true, false) });
    assert!(tells("members:support", &his, was)(&first), "{first}");

    joe.status("online").await;
    for topic in &topics {
        mona.expect("that he is there", tells(topic, &his, json!({ "status": "online" }))).await;
    }
    joe.acked(json!({ "type": "membership_status", "group": "support", "active": false })).await;
    for topic in &topics {
        mona.expect("that he pauses", tells(topic, &his, json!({ "groups": from_support(false, false) }))).await;
    }
    admin.patch(&format!("/api/v1/memberships/support/{his}"), json!({ "active": true })).await.ok();
    for topic in &topics {
        mona.expect("that he receives", tells(topic, &his, json!({ "groups": from_support(true, false) }))).await;
    }
    joe.browser.patch("/api/v1/auth/me", json!({ "profile": "elsewhere" })).await.ok();
    let left_out = json!({ "profile": "elsewhere", "groups": from_support(true, true) });
    for topic in &topics {
        let told = mona.expect("his profile", tells(topic, &his, left_out.clone())).await;
        let whom = told["operators"].as_array().map(Vec::len);
        assert_eq!(whom, Some(1), "only of whom something has changed: {told}");
    }

    // What is read anew after a restart is what was set.
    server.kill();
    server.restart();
    mona.reconnect().await.expect("she is still signed in");
    looks_at(&mut mona, "members:support").await;
    mona.expect("what he had set", tells("members:support", &his, left_out)).await;
}

#[tokio::test]
async fn who_looks_no_more_is_told_no_more() {
    let server = TestServer::start();
    let mut mona = OperatorClient::connect(&server, "mona").await;
    let mut joe = OperatorClient::connect(&server, "joe").await;
    let topic = format!("operator:{}", joe.id());
    looks_at(&mut mona, &topic).await;
    looks_at(&mut mona, "members:support").await;
    mona.expect("everybody", |frame| frame["topic"] == "members:support").await;
    mona.expect("Joe", |frame| frame["topic"] == topic.as_str()).await;
    mona.acked(json!({ "type": "unsubscribe", "topic": topic })).await;
    joe.status("online").await;
    mona.expect("Joe, of the group", tells("members:support", &joe.id(), json!({ "status": "online" }))).await;
    mona.acked(json!({ "type": "unsubscribe", "topic": "members:support" })).await;
    joe.status("busy").await;
    mona.expect_none("word of him", |frame| frame["type"] == "operators").await;
}

#[tokio::test]
async fn who_is_no_member_any_more_is_said_to_be_gone() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let mut mona = OperatorClient::connect(&server, "mona").await;
    let joe = OperatorClient::connect(&server, "joe").await;
    looks_at(&mut mona, "members:support").await;
    mona.expect("everybody", |frame| frame["topic"] == "members:support").await;
    admin.delete(&format!("/api/v1/memberships/support/{}", joe.id())).await.ok();
    let told = mona.expect("that he is gone", |frame| frame["topic"] == "members:support").await;
    assert_eq!((&told["gone"], &told["operators"]), (&json!([joe.id()]), &json!([])), "{told}");
}

#[tokio::test]
async fn nobody_is_told_of_whom_there_is_not() {
    let server = TestServer::start();
    let mut mona = OperatorClient::connect(&server, "mona").await;
    for topic in ["members:nowhere".to_owned(), format!("operator:{}", "0".repeat(32))] {
        mona.refused(json!({ "type": "subscribe", "topic": topic }), "not_found").await;
    }
    for topic in ["members:", "operator:joe", "members:No such name"] {
        let refused = mona.refused(json!({ "type": "subscribe", "topic": topic }), "invalid").await;
        assert_eq!(refused["field"], "topic", "{refused}");
    }
}
