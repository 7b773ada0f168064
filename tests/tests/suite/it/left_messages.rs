//! Messages that visitors leave: when nobody receives, when nobody answered in time, and when an operator says so.

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, QUIET, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::joe_answers;

/// What Clara leaves.
fn letter(text: &str) -> Value {
    json!({ "type": "leave_message", "name": "Clara", "email": "clara@visitor.example", "text": text,
        "department": "support" })
}

/// The messages that somebody sees.
async fn seen_by(browser: &Browser, filter: &str) -> Vec<Value> {
    let list = browser.get(&format!("/api/v1/left_messages{filter}")).await.ok();
    list["items"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_message_is_left_where_nobody_receives_and_outlives_the_server() {
    let mut server = TestServer::start();
    let mut clara = VisitorClient::connect(&server).await;
    assert_eq!(clara.welcome["state"], "offline");
    let command = letter("Where is my parcel?\nIt is late.");
    clara.put("letter-1", command.clone()).await;
    let ack = clara.ack_of("letter-1").await;
    assert!(ack["chat"].is_null(), "a message is no chat: {ack}");
    server.kill();
    server.restart();
    clara.reconnect().await.expect("the server is back");
    // Her browser did not hear the answer and sends it again.
    clara.put("letter-1", command.clone()).await;
    clara.ack_of("letter-1").await;
    let mut other = command;
    (other["id"], other["text"]) = (json!("letter-1"), json!("Something else"));
    clara.send(other).await;
    let refused = clara.expect_error("conflict").await;
    assert_eq!(refused["why"], "id", "{refused}");
    let joe = Browser::signed_in(&server.url(), "joe").await;
    let seen = seen_by(&joe, "").await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    let message = &seen[0];
    assert_eq!(message["text"], "Where is my parcel?\nIt is late.");
    assert_eq!(message["email"], "clara@visitor.example");
    assert_eq!((&message["name"], &message["department"]), (&json!("Clara"), &json!("support")));
    assert_eq!((&message["state"], &message["brand"]), (&json!("new"), &json!("demo")));
    assert_eq!(message["language"], "en");
    assert!(message["chat"].is_null(), "there was none: {message}");
}

#[tokio::test]
async fn what_is_left_after_a_chat_that_nobody_answered_names_the_chat() {
    let server = TestServer::start();
    let _mona = OperatorClient::online(&server, "mona").await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch("/api/v1/groups/support", json!({ "connection_timeout_s": 10 })).await.ok();
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let within = std::time::Duration::from_secs(15);
    let ended = clara.expect_within("the end", |frame| frame["event"]["kind"] == "ended", within).await;
    assert_eq!(ended["event"]["why"], "timed_out", "{ended}");
    clara.acked(letter("Hello? Please write to me.")).await;
    let message = seen_by(&admin, "?state=new").await.remove(0);
    assert_eq!(message["chat"], chat.as_str());
    let kept = admin.get(&format!("/api/v1/chats/{chat}")).await.ok();
    assert_eq!(kept["ended_why"], "timed_out", "the chat counts as sent to the form: {kept}");
}

#[tokio::test]
async fn an_operator_sends_a_request_to_the_form() {
    let server = TestServer::start();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "A long question")).await;
    let offer = joe.offer_of(&chat).await;
    let send = json!({ "type": "send_to_form", "offer": offer["offer"] });
    joe.put("form-1", send.clone()).await;
    let first = joe.ack_of("form-1").await;
    let ended = clara.expect_event("ended").await;
    assert_eq!((&ended["event"]["by"], &ended["event"]["why"]), (&json!("operator"), &json!("sent_to_form")));
    joe.put("form-1", send).await;
    assert_eq!(joe.ack_of("form-1").await["seq"], first["seq"]);
    let late = joe.refused(json!({ "type": "accept", "offer": offer["offer"] }), "conflict").await;
    assert_eq!(late["why"], "ended", "{late}");
    clara.acked(letter("A long question, by mail")).await;
    let seen = seen_by(&joe.browser.clone(), "").await;
    assert_eq!(seen[0]["chat"], chat.as_str());
    // The slot is free again.
    let next = clara.start(&Start::support("Clara", "And another")).await;
    joe.offer_of(&next).await;
}

#[tokio::test]
async fn an_operator_sends_a_running_or_waiting_chat_to_the_form() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::connect(&server, "bob").await;
    bob.refused(json!({ "type": "send_to_form", "chat": chat }), "not_found").await;
    joe.stored(json!({ "type": "send_to_form", "chat": chat })).await;
    assert_eq!(clara.expect_event("ended").await["event"]["why"], "sent_to_form");
    joe.refused(json!({ "type": "send_to_form", "chat": chat }), "conflict").await;

    joe.status("away").await;
    let mut mona = OperatorClient::online(&server, "mona").await;
    let waiting = clara.start(&Start::support("Clara", "Hello again?")).await;
    mona.stored(json!({ "type": "send_to_form", "chat": waiting })).await;
    clara.expect("the end", |frame| frame["chat"] == waiting && frame["event"]["why"] == "sent_to_form").await;
    for wrong in [json!({}), json!({ "chat": chat, "offer": format!("{chat}-3") })] {
        let mut command = wrong;
        command["type"] = json!("send_to_form");
        mona.refused(command, "invalid").await;
    }
}

#[tokio::test]
async fn windows_are_told_how_many_are_new_and_who_may_sees_them() {
    let server = TestServer::start();
    let mut joe = OperatorClient::connect(&server, "joe").await;
    joe.acked(json!({ "type": "subscribe", "topic": "left_messages" })).await;
    let new = |count: u32| move |frame: &Value| frame["type"] == "left_messages" && frame["new"] == count;
    joe.expect("none is new", new(0)).await;
    let mut clara = VisitorClient::connect(&server).await;
    clara.acked(letter("For Support")).await;
    joe.expect("one is new", new(1)).await;
    let mut sales = letter("For Sales");
    sales["department"] = json!("sales");
    clara.acked(sales).await;
    let mut all = letter("For everybody");
    all.as_object_mut().expect("an object").remove("department");
    clara.acked(all).await;
    joe.expect("two are", new(2)).await;
    let browser = joe.browser.clone();
    let texts: Vec<_> = seen_by(&browser, "").await.iter().map(|message| message["text"].clone()).collect();
    assert_eq!(texts, ["For everybody", "For Support"], "latest first, and what is for Sales is not Joe's");
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let of_sales = seen_by(&admin, "?department=sales").await;
    assert_eq!(of_sales.len(), 1);
    let sales = format!("/api/v1/left_messages/{}", of_sales[0]["id"].as_str().expect("an id"));
    browser.get(&sales).await.refused(404, "not_found");
    browser.patch(&sales, json!({ "state": "done" })).await.refused(404, "not_found");

    let mine = seen_by(&browser, "?state=new").await.pop().expect("the first one");
    let path = format!("/api/v1/left_messages/{}", mine["id"].as_str().expect("an id"));
    assert_eq!(browser.patch(&path, json!({ "state": "done" })).await.ok()["state"], "done");
    joe.expect("one is left", new(1)).await;
    assert_eq!(browser.get(&path).await.ok()["state"], "done");
    assert_eq!(seen_by(&browser, "?state=done").await.len(), 1);
    browser.patch(&path, json!({ "state": "new" })).await.ok();
    joe.expect("it is open again", new(2)).await;
    browser.patch(&path, json!({ "state": "gone" })).await.refused(422, "invalid");
    browser.get("/api/v1/left_messages?state=gone").await.refused(422, "invalid");
    browser.get("/api/v1/left_messages?cursor=gone").await.refused(422, "invalid");
    joe.acked(json!({ "type": "unsubscribe", "topic": "left_messages" })).await;
    clara.acked(letter("One more")).await;
    joe.expect_none("word of it", |frame| frame["type"] == "left_messages" && frame["new"] == 3).await;
}

#[tokio::test]
async fn wrong_forms_are_named_and_too_many_refused() {
    let server = TestServer::start();
    let mut clara = VisitorClient::connect(&server).await;
    for (field, wrong) in [
        ("email", json!("nobody")),
        ("email", Value::Null),
        ("text", json!("  \n ")),
        ("text", json!("x".repeat(10_001))),
        ("name", json!("a\nb")),
        ("department", json!("none")),
    ] {
        let mut form = letter("Hello");
        form[field] = wrong;
        assert_eq!(clara.refused(form, "invalid").await["field"], field);
    }
    for n in 0..10 {
        clara.acked(letter(&format!("number {n}"))).await;
    }
    let refused = clara.refused(letter("one too many"), "conflict").await;
    assert_eq!(refused["why"], "full", "{refused}");
    clara.listen(QUIET).await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    assert_eq!(seen_by(&admin, "").await.len(), 10);
    let page = admin.get("/api/v1/left_messages?limit=4").await.ok();
    assert_eq!(page["new"], 10, "{page}");
    let next = page["next"].as_str().expect("there are more");
    let rest = admin.get(&format!("/api/v1/left_messages?limit=50&cursor={next}")).await.ok();
    assert_eq!(rest["items"].as_array().map(Vec::len), Some(6));
    assert!(rest["next"].is_null());
}

#[tokio::test]
async fn what_is_left_instead_of_waiting_on_names_the_chat_and_after_an_answered_one_it_does_not() {
    let (server, mut clara, _joe, _chat) = joe_answers().await;
    let joe = Browser::signed_in(&server.url(), "joe").await;
    let mut dora = VisitorClient::connect(&server).await;
    let waited = dora.start(&Start::support("Dora", "And me?")).await;
    for visitor in [&mut dora, &mut clara] {
        visitor.end().await;
        visitor.acked(letter("Write to me instead")).await;
    }
    let chats: Vec<Value> = seen_by(&joe, "").await.iter().map(|message| message["chat"].clone()).collect();
    assert_eq!(chats.iter().filter(|chat| **chat == json!(waited)).count(), 1, "{chats:?}");
    assert_eq!(chats.iter().filter(|chat| chat.is_null()).count(), 1, "Clara was answered: {chats:?}");
}
