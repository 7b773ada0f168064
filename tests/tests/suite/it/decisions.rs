//! "Why this operator?" and "why is this chat still waiting?", asked of a running server.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, SOON, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::{joe_answers, nobody_answers};

/// What the server says of a chat's decisions.
async fn why(browser: &Browser, chat: &str) -> Value {
    browser.get(&format!("/api/v1/chats/{chat}/decisions")).await.ok()
}

/// Asks until the chat waits for that reason.
pub(super) async fn waits_for(browser: &Browser, chat: &str, reason: &str) -> Value {
    waits_as(browser, chat, reason, |_| true).await
}

/// The same, until that is so, too.
async fn waits_as(browser: &Browser, chat: &str, reason: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let deadline = std::time::Instant::now() + SOON;
    loop {
        let answer = why(browser, chat).await;
        if answer["waiting"]["reason"] == reason && is_so(&answer["waiting"]) {
            return answer["waiting"].clone();
        }
        assert!(std::time::Instant::now() < deadline, "not {reason}: {answer}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The reason of each member of a decision, by name.
fn reason_of<'a>(decision: &'a Value, name: &str) -> &'a str {
    let members = decision["members"].as_array().expect("a small group is named");
    let member = members.iter().find(|member| member["name"].as_str().is_some_and(|one| one.contains(name)));
    member.and_then(|member| member["reason"].as_str()).unwrap_or_else(|| panic!("{name} in {decision}"))
}

fn name(named: &Value) -> &str {
    named["name"].as_str().unwrap_or_else(|| panic!("a name in {named}"))
}

#[tokio::test]
async fn an_accepted_chat_tells_who_was_considered_and_who_was_passed_over_why() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    // Joe may hold one chat, and holds it.
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut dora = VisitorClient::connect(&server).await;
    dora.start(&Start::support("Dora", "First?")).await;
    joe.accept_next().await;
    dora.expect_event("assigned").await;
    let _mona = OperatorClient::online(&server, "mona").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let first = bob.offer_of(&chat).await;
    let mut sue = OperatorClient::online(&server, "sue").await;
    bob.decline(&first).await;
    let second = sue.offer_of(&chat).await;
    sue.accept(&second).await;
    clara.expect_event("assigned").await;

    let answer = why(&admin, &chat).await;
    assert_eq!((&answer["waiting"], &answer["next"]), (&Value::Null, &Value::Null), "it waits no more: {answer}");
    let items = answer["items"].as_array().expect("decisions");
    let [to_bob, to_sue] = &items[..] else { panic!("two offers, two decisions: {answer}") };
    assert!(name(&to_bob["chosen"][0]).contains("Bob") && name(&to_sue["chosen"][0]).contains("Sue"), "{answer}");
    assert_eq!(to_bob["group"], "support");
    assert_eq!(reason_of(to_bob, "Bob"), "chosen");
    assert_eq!(reason_of(to_bob, "Joe"), "full");
    assert_eq!(reason_of(to_bob, "Sue"), "not_receiving");
    assert_eq!(reason_of(to_bob, "Mona"), "pull");
    assert_eq!(to_bob["counts"]["full"], 1, "{to_bob}");
    let rang =
        "Rang at Bob, who was next. Of the other members, 1 is full, 1 is taking chats by hand, 1 is not receiving.";
    assert_eq!(
        (&to_bob["words"], &to_bob["because"], &to_bob["mode"]),
        (&json!(rang), &json!("next"), &json!("single"))
    );
    assert_eq!(reason_of(to_sue, "Sue"), "chosen");
    assert_eq!(reason_of(to_sue, "Bob"), "let_go");
    let best: Vec<&str> = to_sue["best"].as_array().expect("the best").iter().map(name).collect();
    assert!(best.iter().any(|name| name.contains("Sue")), "{to_sue}");
    assert!(to_sue["roster_version"].as_u64() > to_bob["roster_version"].as_u64(), "{answer}");
    // The numbers are those of the events that came of them.
    let events = admin.get(&format!("/api/v1/chats/{chat}/events")).await.ok();
    for decision in items {
        let event = events["items"].as_array().expect("events").iter().find(|event| event["seq"] == decision["seq"]);
        let event = event.unwrap_or_else(|| panic!("{decision} in {events}"));
        assert_eq!((&event["event"]["kind"], &event["at"]), (&json!("offered"), &decision["at"]));
    }
}

#[tokio::test]
async fn memberships_and_names_of_today_are_in_the_answer() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let bob = OperatorClient::online(&server, "bob").await;
    admin.patch(&format!("/api/v1/memberships/support/{}", bob.id()), json!({ "active": false })).await.ok();
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let offer = joe.offer_of(&chat).await;
    joe.accept(&offer).await;
    clara.expect_event("assigned").await;
    let decision = why(&admin, &chat).await["items"][0].clone();
    assert_eq!((reason_of(&decision, "Joe"), reason_of(&decision, "Bob")), ("chosen", "inactive"));
    admin.patch(&format!("/api/v1/operators/{}", joe.id()), json!({ "name": "Joseph" })).await.ok();
    let decision = why(&admin, &chat).await["items"][0].clone();
    assert_eq!(decision["chosen"][0]["name"], "Joseph");
    assert!(decision["words"].as_str().is_some_and(|words| words.contains("Joseph")), "{decision}");
}

#[tokio::test]
async fn a_waiting_chat_says_why_and_the_answer_changes_with_the_cause() {
    let (server, mona) = nobody_answers(&[]).await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let waiting = waits_for(&mona.browser, &chat, "nobody_assigned").await;
    let words = waiting["words"].as_str().expect("words");
    assert!(words.contains("take the chat by hand") && words.contains("1 is taking chats by hand"), "{words}");
    assert_eq!((&waiting["group"], &waiting["counts"]["pull"]), (&json!("support"), &json!(1)));
    assert!(waiting["since"].as_str().is_some(), "{waiting}");
    // The answer is the same for as long as the cause is, and so is its moment.
    assert_eq!(waits_for(&mona.browser, &chat, "nobody_assigned").await["since"], waiting["since"]);

    let mut joe = OperatorClient::online(&server, "joe").await;
    let offer = joe.offer_of(&chat).await;
    let rings = waits_for(&mona.browser, &chat, "ringing").await;
    assert!(rings["words"].as_str().is_some_and(|words| words.contains("Joe")), "{rings}");
    assert_eq!(rings["operators"][0]["operator"], json!(joe.id()));
    assert!(rings["since"].as_str() >= waiting["since"].as_str(), "{rings}");
    joe.decline(&offer).await;
    waits_for(&mona.browser, &chat, "let_go").await;
    joe.status("away").await;
    waits_for(&mona.browser, &chat, "nobody_assigned").await;

    // Joe takes it by hand, and is full: the next one waits for him.
    joe.status("online").await;
    joe.take(&chat).await;
    assert_eq!(why(&mona.browser, &chat).await["waiting"], Value::Null);
    let mut dora = VisitorClient::connect(&server).await;
    let next = dora.start(&Start::support("Dora", "And me?")).await;
    let full = waits_for(&mona.browser, &next, "all_full").await;
    assert!(full["words"].as_str().is_some_and(|words| words.contains("has a free place")), "{full}");
    let metrics = reqwest::get(format!("{}/metrics", server.admin_url())).await.expect("metrics are served");
    let told = |text: &str| text.contains(r#"group="support",reason="all_full"} 1"#);
    let mut text = metrics.text().await.expect("text");
    for _ in 0..20 {
        if told(&text) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let metrics = reqwest::get(format!("{}/metrics", server.admin_url())).await.expect("metrics are served");
        text = metrics.text().await.expect("text");
    }
    assert!(told(&text), "{text}");
    joe.end(&chat).await;
    waits_for(&mona.browser, &next, "ringing").await;
}

#[tokio::test]
async fn what_rings_at_all_names_them_all() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch("/api/v1/groups/support", json!({ "offer_mode": "ring_all" })).await.ok();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let offer = joe.offer_of(&chat).await;
    bob.offer_of(&chat).await;
    let rings = waits_for(&admin, &chat, "ringing").await;
    assert_eq!(rings["operators"].as_array().map(Vec::len), Some(2), "{rings}");
    joe.accept(&offer).await;
    clara.expect_event("assigned").await;
    let answer = why(&admin, &chat).await;
    let decision = &answer["items"][0];
    assert_eq!((reason_of(decision, "Joe"), reason_of(decision, "Bob")), ("chosen", "chosen"));
    assert!(decision["words"].as_str().is_some_and(|words| words.starts_with("Rang at")), "{decision}");
}

#[tokio::test]
async fn a_chat_that_other_groups_look_for_too_tells_why_they_have_nobody_and_where_it_rings() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let bob = Browser::signed_in(&server.url(), "bob").await.operator_id();
    admin.post("/api/v1/groups", json!({ "id": "experts", "name": "Experts", "department": "support" })).await.ok();
    // Bob receives, and has no slot anywhere.
    let full = json!({ "group": "sales", "operator": bob, "handling": "primary", "limit": 0 });
    admin.post("/api/v1/memberships", full).await.ok();
    admin.patch(&format!("/api/v1/memberships/support/{bob}"), json!({ "limit": 0 })).await.ok();
    let overflow = json!({ "overflow": { "after_s": 0, "groups": ["support", "experts"] } });
    admin.patch("/api/v1/groups/sales", overflow).await.ok();
    let _bobs = OperatorClient::online(&server, "bob").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start { name: "Clara", department: "sales", question: "Hello?" }).await;
    let nobody = json!([
        { "group": "support", "name": "Support", "reason": "without_slots",
          "words": "Those who receive now have a limit of 0. Of the members, 1 is with a limit of 0, 3 are not receiving." },
        { "group": "experts", "name": "Experts", "reason": "nobody_receives", "words": "This group has no members." },
    ]);
    let waiting = waits_as(&admin, &chat, "without_slots", |waiting| waiting["helping"] == nobody).await;
    assert_eq!(
        waiting["words"],
        "Waiting because those who receive now have a limit of 0. Of the members, 1 is with a limit of 0."
    );
    let mut sue = OperatorClient::online(&server, "sue").await;
    let offer = sue.offer_of(&chat).await;
    let rings = |waiting: &Value| waiting["helping"][0]["reason"] == "ringing";
    let rings = waits_as(&admin, &chat, "ringing_elsewhere", rings).await;
    assert_eq!(rings["words"], "It rings at Sue of Support now.");
    sue.accept(&offer).await;
    clara.expect_event("assigned").await;
    let answer = why(&admin, &chat).await;
    let words = answer["items"][0]["words"].as_str().expect("words");
    assert!(words.starts_with("Rang at Sue of Support, who was next. Of the other members"), "{words}");
}

#[tokio::test]
async fn decisions_outlive_a_server_that_is_killed() {
    let mut server = TestServer::start();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let offer = joe.offer_of(&chat).await;
    // It rings: the reason must be there already.
    server.kill();
    server.restart();
    // A browser of its own: the connections of the other one ended with the server.
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let answer = why(&admin, &chat).await;
    assert_eq!(answer["items"].as_array().map(Vec::len), Some(1), "{answer}");
    assert_eq!(reason_of(&answer["items"][0], "Joe"), "chosen");
    // Joe's window is gone with the server, and may come back within the grace: it rings on.
    let rings = waits_for(&admin, &chat, "ringing").await;
    assert_eq!(rings["since"], answer["items"][0]["at"], "it has been ringing since before");
    joe.moved_to(server.address());
    joe.reconnect().await.expect("the server is there");
    assert_eq!(joe.welcome["offers"][0]["offer"], offer["offer"], "{}", joe.welcome);
    joe.accept(&offer).await;
    assert_eq!(why(&admin, &chat).await["items"].as_array().map(Vec::len), Some(1), "nobody was asked anew");
}

#[tokio::test]
async fn whoever_may_not_read_a_chat_is_not_told_of_its_decisions() {
    let (server, _clara, _joe, chat) = joe_answers().await;
    let path = format!("/api/v1/chats/{chat}/decisions");
    let bob = Browser::signed_in(&server.url(), "bob").await;
    bob.get(&path).await.refused(404, "not_found");
    Browser::new(&server.url()).get(&path).await.refused(401, "unauthorized");
    let joe = Browser::signed_in(&server.url(), "joe").await;
    assert_eq!(joe.get(&path).await.ok()["items"].as_array().map(Vec::len), Some(1));
}
