//! A chat is taken from the colleague who has it.

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, Settled};
use switchboard_tests::http::Browser;

use crate::suite::it::{asks, joe_answers, nobody_answers};

/// Longer than whoever just got a chat keeps it at least.
const RESTS: std::time::Duration = std::time::Duration::from_millis(3_200);

#[tokio::test]
async fn who_may_takes_a_chat_from_a_colleague_who_is_told() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let mut mona = OperatorClient::online(&server, "mona").await;
    tokio::time::sleep(RESTS).await;
    let refused = bob.refused(json!({ "type": "take", "chat": chat }), "conflict").await;
    assert_eq!(refused["why"], "taken", "Bob has no right to take from others: {refused}");
    joe.stored(json!({ "type": "transfer", "chat": chat, "to": { "operator": bob.id() }, "reason": "Busy" })).await;
    let offer = bob.offer_of(&chat).await;
    mona.take(&chat).await;
    let gone = bob.expect_type("offer_gone").await;
    assert_eq!(gone["offer"], offer["offer"], "{gone}");
    let told = joe.expect("who has it", |frame: &Value| frame["event"]["by"] == "taken_over").await;
    assert_eq!(told["event"]["operator"], json!(mona.id()), "{told}");
    clara
        .expect("Mona", |frame: &Value| {
            frame["event"]["kind"] == "assigned"
                && frame["event"]["name"].as_str().is_some_and(|name| name.contains("Mona"))
        })
        .await;
    joe.refused(json!({ "type": "say", "chat": chat, "text": "mine" }), "not_found").await;
    mona.resume(&chat, 0).await;
    mona.say(&chat, "Mona here").await;
    clara.expect_text("Mona here").await;
}

#[tokio::test]
async fn of_two_who_take_at_once_one_has_it_and_the_other_is_told_who() {
    let (server, mut clara, _joe, chat) = joe_answers().await;
    let admin = switchboard_tests::http::Browser::signed_in(&server.url(), "admin").await;
    let member = json!({ "group": "support", "operator": admin.operator_id(), "handling": "pull", "limit": 5 });
    admin.post("/api/v1/memberships", member).await.ok();
    let mut boss = OperatorClient::window(&server, &admin).await.expect("the administrator has a console");
    boss.status("online").await;
    let mut mona = OperatorClient::online(&server, "mona").await;
    tokio::time::sleep(RESTS).await;
    let take = json!({ "type": "take", "chat": chat });
    let (one, other) = tokio::join!(boss.command("take-1", take.clone()), mona.command("take-2", take.clone()));
    let refused = match (one, other) {
        (Settled::Stored(_), Settled::Refused(refused)) | (Settled::Refused(refused), Settled::Stored(_)) => refused,
        both => panic!("one of them has it: {both:?}"),
    };
    assert_eq!(refused["why"], "taken", "{refused}");
    assert!(refused["by"].as_str().is_some_and(|by| !by.is_empty() && !by.contains("Joe")), "{refused}");
    clara.expect("whoever has it", |frame: &Value| frame["event"]["kind"] == "assigned").await;
}

#[tokio::test]
async fn of_two_who_take_a_waiting_visitor_at_once_one_has_it_and_the_other_is_told_who() {
    let (server, mut mona) = nobody_answers(&[]).await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let member = json!({ "group": "support", "operator": admin.operator_id(), "handling": "pull", "limit": 5 });
    admin.post("/api/v1/memberships", member).await.ok();
    let mut boss = OperatorClient::window(&server, &admin).await.expect("the administrator has a console");
    boss.status("online").await;
    for number in 0..5 {
        let (mut visitor, chat) = asks(&server, &format!("Visitor {number}"), "support").await;
        let take = json!({ "type": "take", "chat": chat });
        let (one, other) = (format!("one-{number}"), format!("other-{number}"));
        let (one, other) = tokio::join!(boss.command(&one, take.clone()), mona.command(&other, take));
        let (refused, winner) = match (one, other) {
            (Settled::Stored(_), Settled::Refused(refused)) => (refused, admin.operator_id()),
            (Settled::Refused(refused), Settled::Stored(_)) => (refused, mona.id()),
            both => panic!("one of them has it: {both:?}"),
        };
        assert_eq!(refused["why"], "taken", "{refused}");
        let told = visitor.expect_event("assigned").await;
        assert_eq!(told["event"]["name"], refused["by"], "the loser hears who it is: {refused}");
        let row = admin.get(&format!("/api/v1/chats/{chat}")).await.ok();
        assert_eq!(row["owner"]["id"], json!(winner), "{row}");
    }
}

#[tokio::test]
async fn who_has_no_slot_left_takes_none_by_hand_and_the_chat_waits_on() {
    let (server, _clara, mut joe, first) = joe_answers().await;
    let (mut dora, waits) = asks(&server, "Dora", "support").await;
    dora.expect("her place", |frame: &Value| frame["type"] == "queue" && frame["ahead"] == 0).await;
    let refused = joe.refused(json!({ "type": "take", "chat": waits }), "conflict").await;
    assert_eq!(refused["why"], "capacity", "{refused}");
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let row = admin.get(&format!("/api/v1/chats/{waits}")).await.ok();
    assert_eq!((&row["state"], &row["owner"]), (&json!("waiting"), &Value::Null), "{row}");
    dora.expect_none("an operator", |frame: &Value| frame["event"]["kind"] == "assigned").await;
    // It waited on at its place: the next slot is hers.
    joe.end(&first).await;
    let offer = joe.offer_of(&waits).await;
    joe.accept(&offer).await;
    dora.expect_event("assigned").await;
}
