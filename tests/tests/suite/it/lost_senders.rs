//! Whoever hands a chat on is gone before it is accepted. The grace is made short for these stories.

use std::time::{Duration, Instant};

use engine::domain::limits::SENDER_RELOADS;
use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, SOON, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::joe_answers_with;

const GRACE: Duration = Duration::from_millis(1500);

/// Joe has asked Mona, who gets nothing by herself, to take Clara's chat over, and his connection is gone for good.
/// Dora came after Clara and waits.
struct Lost {
    server: TestServer,
    clara: VisitorClient,
    dora: VisitorClient,
    mona: OperatorClient,
    chat: String,
    offer: Value,
    /// What stands in the chat.
    said: Vec<&'static str>,
}

async fn joe_is_lost_in_mid_transfer() -> Lost {
    joe_is_lost_where(json!({ "lost_operator": "requeue", "offer_expires_after_s": 60 })).await
}

/// The same where the group has these rules.
async fn joe_is_lost_where(rules: Value) -> Lost {
    let patience = ("SWITCHBOARD_FAULT_PATIENCE", "operator_grace=1500");
    let (server, mut clara, mut joe, chat) = joe_answers_with(&[patience]).await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch("/api/v1/groups/support", rules).await.ok();
    let mut mona = OperatorClient::online(&server, "mona").await;
    let mut dora = VisitorClient::connect(&server).await;
    dora.start(&Start::support("Dora", "And me?")).await;
    dora.expect("her place", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;
    let to = json!({ "operator": mona.id() });
    joe.stored(json!({ "type": "transfer", "chat": chat, "to": to, "reason": "I must go" })).await;
    let offer = mona.offer_of(&chat).await;
    joe.lose();
    let deadline = Instant::now() + SOON;
    loop {
        let all = admin.get("/api/v1/colleagues").await.ok();
        let joes = all["items"].as_array().into_iter().flatten().find(|one| one["name"] == "Joe").cloned();
        if joes.is_some_and(|joe| joe["status"] == "offline") {
            break;
        }
        assert!(Instant::now() < deadline, "he is off-line after the grace: {all}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Well after the grace it still rings: nobody else gets it meanwhile.
    tokio::time::sleep(GRACE).await;
    let row = mona.browser.get(&format!("/api/v1/chats/{chat}")).await.ok();
    assert_eq!((&row["state"], &row["owner"]["name"]), (&json!("active"), &json!("Joe")), "{row}");
    clara.say("Are you there?").await;
    let said = vec!["Where is my parcel?", "Are you there?"];
    Lost { server, clara, dora, mona, chat, offer, said }
}

#[tokio::test]
async fn the_chat_falls_to_the_target_who_accepts() {
    let Lost { server, mut clara, mut mona, chat, offer, .. } = joe_is_lost_in_mid_transfer().await;
    mona.accept(&offer).await;
    let told = clara.expect_event("transferred").await;
    assert_eq!(told["event"]["name"], "Mona", "{told}");
    mona.resume(&chat, 0).await;
    mona.say(&chat, "Mona here").await;
    clara.expect_text("Mona here").await;
    let joe = Browser::signed_in(&server.url(), "joe").await;
    let held = joe.get(&format!("/api/v1/chats?state=active&operator={}", joe.operator_id())).await.ok();
    assert_eq!(held["items"], json!([]), "his slot is free");
}

#[tokio::test]
async fn a_target_who_declines_sends_it_to_the_front_also_where_the_group_keeps_chats_of_lost_operators() {
    let lost = joe_is_lost_where(json!({ "offer_expires_after_s": 60 })).await;
    let rules = lost.mona.browser.get("/api/v1/groups/support").await.ok();
    assert_eq!(rules["lost_operator"], "keep", "the usual rule: {rules}");
    falls_to_the_front(lost).await;
}

#[tokio::test]
async fn a_target_who_declines_after_a_restart_sends_it_to_the_front_too() {
    for rules in
        [json!({ "offer_expires_after_s": 60 }), json!({ "lost_operator": "requeue", "offer_expires_after_s": 60 })]
    {
        let mut lost = joe_is_lost_where(rules).await;
        lost.server.kill();
        lost.server.restart();
        lost.clara.reconnect().await.expect("the server is back");
        lost.dora.reconnect().await.expect("the server is back");
        lost.mona.reconnect().await.expect("the session outlives the server");
        falls_to_the_front(lost).await;
    }
}

#[tokio::test]
async fn a_sender_who_is_there_has_it_back_after_a_restart() {
    let (mut server, mut clara, mut joe, chat) = joe_answers_with(&[]).await;
    let mut mona = OperatorClient::online(&server, "mona").await;
    joe.stored(json!({ "type": "transfer", "chat": chat, "to": { "operator": mona.id() }, "reason": "Yours?" })).await;
    let offer = mona.offer_of(&chat).await;
    server.kill();
    server.restart();
    clara.reconnect().await.expect("the server is back");
    mona.reconnect().await.expect("the session outlives the server");
    // Joe's window is not back yet, and his grace runs.
    mona.decline(&offer).await;
    clara.expect_none("queue", |frame| frame["event"]["kind"] == "queued").await;
    joe.reconnect().await.expect("the session outlives the server");
    joe.resume(&chat, 0).await;
    joe.say(&chat, "Then I go on").await;
    clara.expect_text("Then I go on").await;
}

#[tokio::test]
async fn a_sender_who_loads_the_page_again_has_it_back_though_off_line() {
    let (server, mut clara, mut joe, chat) = joe_answers_with(&[]).await;
    let mut mona = OperatorClient::online(&server, "mona").await;
    joe.stored(json!({ "type": "transfer", "chat": chat, "to": { "operator": mona.id() }, "reason": "Yours?" })).await;
    let offer = mona.offer_of(&chat).await;
    joe.status("offline").await;
    clara.expect("the queue at first", |frame| frame["event"]["kind"] == "queued").await;
    joe.lose();
    mona.decline(&offer).await;
    joe.reconnect().await.expect("his session goes on");
    tokio::time::sleep(SENDER_RELOADS * 2).await;
    clara.expect_none("queue", |frame| frame["event"]["kind"] == "queued").await;
    let row = mona.browser.get(&format!("/api/v1/chats/{chat}")).await.ok();
    assert_eq!((&row["state"], &row["owner"]["name"]), (&json!("active"), &json!("Joe")), "{row}");
}

#[tokio::test]
async fn a_target_who_declines_sends_it_to_the_front_of_the_queue() {
    falls_to_the_front(joe_is_lost_in_mid_transfer().await).await;
}

#[tokio::test]
async fn a_server_that_is_killed_between_the_no_and_the_queue_finishes_it_when_it_starts() {
    // The usual rule keeps chats of lost operators: nothing else would bring this one back.
    let mut lost = joe_is_lost_where(json!({ "offer_expires_after_s": 60 })).await;
    lost.clara.expect("the queue at first", |frame| frame["event"]["kind"] == "queued").await;
    let planted = "!fault deaf sender";
    lost.clara.say(planted).await;
    lost.said.push(planted);
    lost.mona.decline(&lost.offer).await;
    lost.clara.expect_none("queue", |frame| frame["event"]["kind"] == "queued").await;
    let events = lost.mona.browser.get(&format!("/api/v1/chats/{}/events", lost.chat)).await.ok();
    let last = events["items"].as_array().and_then(|all| all.last()).map(|item| item["event"]["kind"].clone());
    assert_eq!(last, Some(json!("transfer_denied")), "the no is stored, and that he is gone is not yet seen: {events}");
    lost.server.kill();
    lost.server.restart();
    lost.clara.reconnect().await.expect("the server is back");
    lost.dora.reconnect().await.expect("the server is back");
    is_at_the_front(lost).await;
}

#[tokio::test]
async fn a_sender_within_the_grace_has_it_back_and_only_then_it_is_as_the_group_says() {
    for (rule, comes_back) in [("keep", true), ("requeue", true), ("keep", false), ("requeue", false)] {
        let patience = ("SWITCHBOARD_FAULT_PATIENCE", "operator_grace=5000");
        let (server, mut clara, mut joe, chat) = joe_answers_with(&[patience]).await;
        let admin = Browser::signed_in(&server.url(), "admin").await;
        admin.patch("/api/v1/groups/support", json!({ "lost_operator": rule })).await.ok();
        let mut mona = OperatorClient::online(&server, "mona").await;
        let to = json!({ "operator": mona.id() });
        joe.stored(json!({ "type": "transfer", "chat": chat, "to": to, "reason": "Yours?" })).await;
        let offer = mona.offer_of(&chat).await;
        joe.lose();
        let lost = Instant::now();
        mona.decline(&offer).await;
        let row = async || admin.get(&format!("/api/v1/chats/{chat}")).await.ok();
        while lost.elapsed() < Duration::from_millis(2000) {
            let row = row().await;
            assert_eq!((&row["state"], &row["owner"]["name"]), (&json!("active"), &json!("Joe")), "{rule}: {row}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        if comes_back {
            joe.reconnect().await.expect("his session goes on");
            joe.resume(&chat, 0).await;
            joe.say(&chat, "Then I go on").await;
            clara.expect_text("Then I go on").await;
        }
        tokio::time::sleep(Duration::from_millis(5500)).await;
        let expected = if rule == "requeue" && !comes_back { "waiting" } else { "active" };
        let row = row().await;
        assert_eq!(row["state"], json!(expected), "{rule}, {comes_back}: {row}");
    }
}

/// Mona says no.
async fn falls_to_the_front(mut lost: Lost) {
    lost.mona.decline(&lost.offer).await;
    is_at_the_front(lost).await;
}

/// Clara's chat is before Dora's, and Bob gets it with all that stands in it.
async fn is_at_the_front(lost: Lost) {
    let Lost { server, mut clara, mut dora, chat, said, .. } = lost;
    clara.expect("the queue again", |frame| frame["event"]["kind"] == "queued").await;
    clara.expect("the front", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;
    dora.expect("the second place", |frame| frame["type"] == "queue" && frame["ahead"] == 1).await;
    // Bob has room for one of them.
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let bobs = Browser::signed_in(&server.url(), "bob").await.operator_id();
    admin.patch(&format!("/api/v1/operators/{bobs}"), json!({ "limit": 1 })).await.ok();
    let mut bob = OperatorClient::online(&server, "bob").await;
    let first = bob.offer().await;
    assert_eq!(first["chat"], json!(chat), "whoever was served before goes first");
    bob.accept(&first).await;
    clara.expect_event("assigned").await;
    bob.resume(&chat, 0).await;
    assert_eq!(bob.ledger(&chat).texts(), said);
}
