//! The same command again: one effect and one answer, even from a server that was killed in between.

use serde_json::{Value, json};
use switchboard_tests::client::{QUIET, Start, VisitorClient};
use switchboard_tests::http::Browser;

use crate::suite::it::{joe_answers, nobody_answers};

fn without_type(mut ack: Value) -> Value {
    ack.as_object_mut().map(|fields| fields.remove("type"));
    ack
}

#[tokio::test]
async fn a_message_that_is_sent_again_is_there_once() {
    let (mut server, mut clara, mut joe, chat) = joe_answers().await;
    let say = json!({ "type": "say", "text": "only once" });
    clara.put("say-1", say.clone()).await;
    let first = without_type(clara.ack_of("say-1").await);
    clara.put("say-1", say.clone()).await;
    assert_eq!(without_type(clara.ack_of("say-1").await), first);
    clara.lose();
    clara.reconnect().await.expect("the server is there");
    clara.put("say-1", say.clone()).await;
    assert_eq!(without_type(clara.ack_of("say-1").await), first, "over another socket");
    server.kill();
    server.restart();
    clara.reconnect().await.expect("the server is back");
    clara.put("say-1", say).await;
    assert_eq!(without_type(clara.ack_of("say-1").await), first, "from a server that was killed");
    joe.reconnect().await.expect("the session outlives the server");
    joe.listen(QUIET).await;
    assert_eq!(joe.ledger(&chat).texts(), ["Where is my parcel?", "only once"]);
}

#[tokio::test]
async fn an_id_belongs_to_its_content() {
    let (mut server, mut clara, mut joe, chat) = joe_answers().await;
    for round in ["at once", "after a restart"] {
        clara.put("say-1", json!({ "type": "say", "text": "this" })).await;
        clara.ack_of("say-1").await;
        clara.send(json!({ "type": "say", "id": "say-1", "text": "that" })).await;
        let error = clara.expect_error("conflict").await;
        assert_eq!((&error["why"], &error["id"]), (&json!("id"), &json!("say-1")), "{round}: {error}");
        server.kill();
        server.restart();
        clara.reconnect().await.expect("the server is back");
        joe.reconnect().await.expect("the session outlives the server");
    }
    // Operators have ids of their own.
    joe.put("say-1", json!({ "type": "say", "chat": chat, "text": "mine" })).await;
    joe.ack_of("say-1").await;
    clara.expect_text("mine").await;
    assert_eq!(clara.texts(), ["Where is my parcel?", "this", "mine"]);
}

#[tokio::test]
async fn a_start_that_is_sent_again_is_one_chat() {
    let (mut server, mut mona) = nobody_answers(&[]).await;
    let mut clara = VisitorClient::connect(&server).await;
    let start = Start::support("Clara", "Hello?").command();
    clara.put("start-1", start.clone()).await;
    let first = without_type(clara.ack_of("start-1").await);
    clara.put("start-1", start.clone()).await;
    assert_eq!(without_type(clara.ack_of("start-1").await), first);
    let other = clara.refused(start.clone(), "conflict").await;
    assert_eq!((&other["why"], &other["chat"]), (&json!("open"), &first["chat"]), "one open chat at a time: {other}");
    let changed = Start::support("Clara", "Something else").command();
    clara.put("start-1", changed).await;
    let error = clara.expect("a conflict", |frame| frame["type"] == "error" && frame["why"] == "id").await;
    assert_eq!(error["code"], "conflict");
    server.kill();
    server.restart();
    clara.reconnect().await.expect("the server is back");
    clara.put("start-1", start).await;
    assert_eq!(without_type(clara.ack_of("start-1").await), first, "from a server that was killed");
    mona.reconnect().await.expect("the session outlives the server");
    let chats = mona.browser.get("/api/v1/chats").await.ok();
    assert_eq!(chats["items"].as_array().map(Vec::len), Some(1), "{chats}");
}

#[tokio::test]
async fn a_start_is_answered_the_same_again_though_it_would_be_refused_now() {
    let (server, _mona) = nobody_answers(&[]).await;
    let mut clara = VisitorClient::connect(&server).await;
    let start = Start::support("Clara", "Hello?").command();
    clara.put("start-1", start.clone()).await;
    let first = without_type(clara.ack_of("start-1").await);
    let admin = Browser::signed_in(&server.url(), "admin").await;
    assert_eq!(admin.delete("/api/v1/groups/support?waiting=move&to=sales").await.status, 204);
    assert_eq!(admin.delete("/api/v1/departments/support").await.status, 204);
    let mut dora = VisitorClient::connect(&server).await;
    let refused = dora.refused(start.clone(), "invalid").await;
    assert_eq!(refused["field"], "department", "{refused}");
    clara.put("start-1", start).await;
    assert_eq!(without_type(clara.ack_of("start-1").await), first);
    let changed = Start::support("Clara", "Something else").command();
    clara.put("start-1", changed).await;
    clara.expect("a conflict", |frame| frame["type"] == "error" && frame["why"] == "id").await;
}

#[tokio::test]
async fn a_start_is_answered_the_same_again_behind_a_later_chat_with_nobody_there() {
    let (server, mut mona) = nobody_answers(&[]).await;
    let mut clara = VisitorClient::connect(&server).await;
    let mut acks = Vec::new();
    for number in [1, 2] {
        clara.put(&format!("start-{number}"), Start::support("Clara", "Hello?").command()).await;
        acks.push(without_type(clara.ack_of(&format!("start-{number}")).await));
        clara.put(&format!("end-{number}"), json!({ "type": "end" })).await;
        clara.ack_of(&format!("end-{number}")).await;
    }
    mona.put("off", json!({ "type": "status", "status": "offline" })).await;
    mona.ack_of("off").await;
    let refused = clara.refused(Start::support("Clara", "Hello?").command(), "conflict").await;
    assert_eq!(refused["why"], "offline", "{refused}");
    for number in [1, 2] {
        clara.put(&format!("start-{number}"), Start::support("Clara", "Hello?").command()).await;
        let again = without_type(clara.ack_of(&format!("start-{number}")).await);
        assert_eq!(again, acks[number - 1], "start-{number}");
    }
    let changed = Start::support("Clara", "Something else").command();
    clara.put("start-1", changed).await;
    clara.expect("a conflict", |frame| frame["type"] == "error" && frame["why"] == "id").await;
}

#[tokio::test]
async fn an_operators_commands_are_answered_the_same_again() {
    let (mut server, mut clara, mut joe, chat) = joe_answers().await;
    let say = json!({ "type": "say", "chat": chat, "text": "only once" });
    joe.put("say-1", say.clone()).await;
    let said = without_type(joe.ack_of("say-1").await);
    joe.put("end-1", json!({ "type": "end", "chat": chat })).await;
    let ended = without_type(joe.ack_of("end-1").await);
    server.kill();
    server.restart();
    joe.reconnect().await.expect("the session outlives the server");
    joe.put("end-1", json!({ "type": "end", "chat": chat })).await;
    assert_eq!(without_type(joe.ack_of("end-1").await), ended);
    joe.put("say-1", say).await;
    assert_eq!(without_type(joe.ack_of("say-1").await), said, "although the chat is over now");
    clara.reconnect().await.expect("the server is back");
    let history = clara.resume(&chat, 0).await;
    assert_eq!(history.texts(), ["Where is my parcel?", "only once"]);
    assert_eq!(history.kinds().iter().filter(|kind| **kind == "ended").count(), 1);
}

#[tokio::test]
async fn commands_of_one_connection_take_effect_in_their_order() {
    let (_server, mut clara, mut joe, chat) = joe_answers().await;
    for number in 0..50 {
        clara.put(&format!("c-{number}"), json!({ "type": "say", "text": format!("line {number}") })).await;
    }
    clara.put("end", json!({ "type": "end" })).await;
    clara.ack_of("end").await;
    joe.expect_event("ended").await;
    let lines: Vec<String> = (0..50).map(|number| format!("line {number}")).collect();
    assert_eq!(joe.ledger(&chat).texts()[1..], lines);
    assert_eq!(joe.ledger(&chat).kinds().last(), Some(&"ended"));
}

#[tokio::test]
async fn a_writer_in_a_hurry_is_answered_in_order_whatever_is_among_it() {
    let (_server, mut clara, mut joe, chat) = joe_answers().await;
    let say = |id: u32, text: &str| json!({ "type": "say", "id": format!("c-{id}"), "text": text });
    let (mut sent, mut expected) = (Vec::new(), Vec::new());
    for id in 0..40 {
        sent.push(say(id, &format!("line {id}")));
        expected.extend([format!("event c-{id}"), format!("ack c-{id}")]);
        match id {
            // The same again, and the same id for something else, each in its turn.
            7 => {
                sent.push(say(5, "line 5"));
                expected.push("ack c-5".to_owned());
            }
            21 => {
                sent.push(say(20, "something else"));
                expected.push("error c-20".to_owned());
            }
            _ => {}
        }
    }
    for frame in &sent {
        clara.socket().send(frame).await.expect("the socket is open");
    }
    let mut came = Vec::new();
    while came.len() < expected.len() {
        let frame =
            clara.socket().next(QUIET * 10).await.expect("the socket stays open").expect("every command is answered");
        let id = frame["command"].as_str().or(frame["id"].as_str()).unwrap_or_default();
        if id.starts_with("c-") {
            came.push(format!("{} {id}", frame["type"].as_str().unwrap_or_default()));
        }
    }
    assert_eq!(came, expected);
    joe.expect_text("line 39").await;
    let lines: Vec<String> = (0..40).map(|id| format!("line {id}")).collect();
    assert_eq!(joe.ledger(&chat).texts()[1..], lines);
}
