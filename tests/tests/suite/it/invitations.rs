//! A colleague comes in: seen by the visitor, writes, leaves; the owner has the chat throughout.

use serde_json::{Value, json};
use switchboard_tests::client::OperatorClient;

use crate::suite::it::joe_answers;

fn come(chat: &str, operator: &OperatorClient, stay: bool) -> Value {
    json!({ "type": "invite", "chat": chat, "to": { "operator": operator.id() }, "stay": stay, "reason": "Your field" })
}

/// Which messages of those that came live bore a command.
fn bearers(operator: &OperatorClient, texts: &[&str]) {
    let log = operator.log().text();
    let frames = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let bearing = frames.filter(|frame| frame["type"] == "event" && frame["command"].is_string());
    let bearing: Vec<String> = bearing.filter_map(|frame| Some(frame["event"]["text"].as_str()?.to_owned())).collect();
    assert_eq!(bearing, texts);
}

#[tokio::test]
async fn an_invited_colleague_writes_beside_the_owner_and_leaves() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe.stored(come(&chat, &bob, true)).await;
    let offer = bob.offer_of(&chat).await;
    assert_eq!((&offer["kind"], &offer["reason"]), (&json!("invite"), &json!("Your field")), "{offer}");
    bob.accept(&offer).await;
    let joined = clara.expect_event("joined").await;
    assert!(joined["event"]["name"].as_str().is_some_and(|name| name.contains("Bob")), "{joined}");
    joe.expect_event("joined").await;
    assert_eq!(bob.resume(&chat, 0).await.texts(), ["Where is my parcel?"]);
    bob.say(&chat, "Bob here, too").await;
    joe.say(&chat, "And I am still here").await;
    for text in ["Bob here, too", "And I am still here"] {
        clara.expect_text(text).await;
    }
    // The id of a command is between its sender and the server.
    joe.expect_text("Bob here, too").await;
    bob.expect_text("And I am still here").await;
    bearers(&joe, &["And I am still here"]);
    bearers(&bob, &["Bob here, too"]);
    clara.say("Hello both").await;
    bob.expect_text("Hello both").await;
    joe.expect_text("Hello both").await;
    // A reload shows it among his chats, with its history.
    bob.lose();
    bob.reconnect().await.expect("still signed in");
    assert_eq!(bob.welcome["chats"][0]["id"], json!(chat), "{}", bob.welcome);
    bob.stored(json!({ "type": "leave", "chat": chat })).await;
    clara.expect_event("left").await;
    bob.refused(json!({ "type": "say", "chat": chat, "text": "me again" }), "not_found").await;
    let alone = joe.refused(json!({ "type": "leave", "chat": chat }), "conflict").await;
    assert_eq!(alone["why"], "state", "{alone}");
    // One at a time, more after.
    joe.stored(come(&chat, &bob, true)).await;
    let again = bob.offer_of(&chat).await;
    bob.decline(&again).await;
    let denied = joe.expect_event("invite_denied").await;
    assert_eq!(denied["event"]["why"], "declined", "{denied}");
    assert!(!clara.log().text().contains("Your field"), "the reason is not for the visitor");
}

#[tokio::test]
async fn the_owner_who_does_not_stay_leaves_when_somebody_comes() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let to_group = json!({ "type": "invite", "chat": chat, "to": { "group": "support" }, "stay": false });
    joe.stored(to_group).await;
    let offer = bob.offer_of(&chat).await;
    bob.accept(&offer).await;
    clara.expect_event("joined").await;
    clara.expect_event("left").await;
    joe.expect_event("left").await;
    joe.refused(json!({ "type": "say", "chat": chat, "text": "me again" }), "not_found").await;
    bob.end(&chat).await;
    clara.expect_event("ended").await;
}

#[tokio::test]
async fn the_owners_end_ends_it_for_all_and_a_guest_is_no_owner() {
    let (mut server, mut clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe.stored(come(&chat, &bob, true)).await;
    let offer = bob.offer_of(&chat).await;
    bob.accept(&offer).await;
    clara.expect_event("joined").await;
    bob.refused(json!({ "type": "end", "chat": chat }), "not_found").await;
    server.kill();
    server.restart();
    for operator in [&mut joe, &mut bob] {
        operator.reconnect().await.expect("the session outlives the server");
    }
    clara.reconnect().await.expect("the visitor comes back");
    bob.say(&chat, "Still here after that").await;
    clara.expect_text("Still here after that").await;
    joe.end(&chat).await;
    bob.expect_event("ended").await;
    clara.expect_event("ended").await;
    let late = bob.refused(json!({ "type": "say", "chat": chat, "text": "Bye" }), "conflict").await;
    assert_eq!(late["why"], "ended", "{late}");
    assert!(bob.browser.get(&format!("/api/v1/chats/{chat}")).await.status == 200, "who was there may read it");
}
