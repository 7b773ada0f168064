//! Frames that mean nothing or too much: each gets its code and changes nothing.

use serde_json::{Value, json};
use switchboard_tests::client::{Line, QUIET, Start, VisitorClient};
use tokio_tungstenite::tungstenite::Message;

use crate::suite::it::{joe_answers, nobody_answers};

/// Bytes of the largest frame (PROTOCOL).
const FRAME_BYTES_MAX: usize = 64 * 1024;

/// Sends a frame and checks the error that comes for it.
async fn refused(line: &mut Line, frame: &str, code: &str, field: Option<&str>) {
    line.send_text(frame).await;
    let error = line.expect_error(code).await;
    let shown: String = frame.chars().take(120).collect();
    assert_eq!(error["field"].as_str(), field, "{shown} was answered {error}");
    let sent: Value = serde_json::from_str(frame).unwrap_or_default();
    let id = sent["id"].as_str().filter(|id| id.len() <= 64 && field != Some("id"));
    assert_eq!(error["id"].as_str(), id, "{shown} was answered {error}");
}

#[tokio::test]
async fn a_visitors_nonsense_is_named_and_changes_nothing() {
    let (_server, mut clara, mut joe, chat) = joe_answers().await;
    clara.listen(QUIET).await;
    let before = clara.ledger(&chat).last();
    let long_id = "x".repeat(65);
    let cases: Vec<(String, &str, Option<&str>)> = vec![
        ("nonsense".into(), "bad_frame", None),
        ("[1, 2]".into(), "bad_frame", None),
        (r#"{"type": "say", "id": "a", "text": "unfinished"#.into(), "bad_frame", None),
        ("{}".into(), "bad_frame", None),
        (r#"{"type": 7}"#.into(), "bad_frame", None),
        (json!({ "type": "dance", "id": "a" }).to_string(), "unknown_type", None),
        (json!({ "type": "accept", "id": "a", "offer": "x-1" }).to_string(), "unknown_type", None),
        (json!({ "type": "say", "id": "a" }).to_string(), "invalid", Some("text")),
        (json!({ "type": "say", "text": "no id" }).to_string(), "invalid", Some("id")),
        (json!({ "type": "say", "id": "", "text": "x" }).to_string(), "invalid", Some("id")),
        (json!({ "type": "say", "id": "a b", "text": "x" }).to_string(), "invalid", Some("id")),
        (json!({ "type": "say", "id": long_id, "text": "x" }).to_string(), "invalid", Some("id")),
        (json!({ "type": "say", "id": "a", "text": 5 }).to_string(), "invalid", Some("text")),
        (json!({ "type": "say", "id": "a", "text": " \n " }).to_string(), "invalid", Some("text")),
        (json!({ "type": "say", "id": "a", "text": "x".repeat(10_001) }).to_string(), "invalid", Some("text")),
        (json!({ "type": "say", "id": "a", "text": "x", "files": ["f-1"] }).to_string(), "invalid", Some("files")),
        (json!({ "type": "say", "id": "a", "text": "x", "files": "f-1" }).to_string(), "invalid", Some("files")),
        (json!({ "type": "typing" }).to_string(), "invalid", Some("on")),
        (json!({ "type": "read", "seq": -1 }).to_string(), "invalid", Some("seq")),
        (json!({ "type": "read", "seq": "1" }).to_string(), "invalid", Some("seq")),
        (json!({ "type": "resume", "chat": "nope", "after": 0 }).to_string(), "invalid", Some("chat")),
        (json!({ "type": "resume", "chat": chat }).to_string(), "invalid", Some("after")),
        (json!({ "type": "page", "url": "x".repeat(2_049), "title": "Shop" }).to_string(), "invalid", Some("url")),
        (json!({ "type": "page", "url": "/", "title": "x".repeat(301) }).to_string(), "invalid", Some("title")),
    ];
    for (frame, code, field) in &cases {
        refused(&mut clara, frame, code, *field).await;
    }
    clara.listen(QUIET).await;
    assert_eq!(clara.ledger(&chat).last(), before, "nothing was stored");
    clara.say("And now something that makes sense.").await;
    joe.expect_text("And now something that makes sense.").await;
}

#[tokio::test]
async fn a_form_that_is_not_filled_in_right_starts_nothing() {
    let (server, mut mona) = nobody_answers(&[]).await;
    let mut clara = VisitorClient::connect(&server).await;
    let good = Start::support("Clara", "Hello?").command();
    let with = |field: &str, value: Value| {
        let mut frame = good.clone();
        frame["id"] = json!("start-1");
        frame[field] = value;
        frame.to_string()
    };
    let mut without_department = good.clone();
    without_department["id"] = json!("start-1");
    without_department.as_object_mut().map(|fields| fields.remove("department"));
    let cases = [
        (without_department.to_string(), "department"),
        (with("name", json!("x".repeat(101))), "name"),
        (with("name", json!("Cla\nra")), "name"),
        (with("email", json!("not an address")), "email"),
        (with("email", json!(format!("{}@example.com", "x".repeat(250)))), "email"),
        (with("question", json!("x".repeat(2001))), "question"),
    ];
    for (frame, field) in &cases {
        refused(&mut clara, frame, "invalid", Some(field)).await;
    }
    assert_eq!(mona.browser.get("/api/v1/chats").await.ok()["items"], json!([]));
    clara.refused(json!({ "type": "say", "text": "to nobody" }), "conflict").await;
    clara.refused(json!({ "type": "end" }), "conflict").await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    mona.take(&chat).await;
    clara.expect_event("assigned").await;
}

#[tokio::test]
async fn an_operators_nonsense_is_named_and_changes_nothing() {
    let (_server, mut clara, mut joe, chat) = joe_answers().await;
    let long_id = "x".repeat(65);
    let (support, reason) = (json!({ "group": "support" }), "x".repeat(501));
    let cases = [
        ("nonsense".to_owned(), "bad_frame", None),
        (json!({ "type": "start", "id": "a" }).to_string(), "unknown_type", None),
        (json!({ "type": "say", "id": "a", "chat": chat }).to_string(), "invalid", Some("text")),
        (json!({ "type": "say", "id": "a", "text": "x" }).to_string(), "invalid", Some("chat")),
        (
            json!({ "type": "say", "id": "a", "chat": chat, "text": "x", "to": "all" }).to_string(),
            "invalid",
            Some("to"),
        ),
        (
            json!({ "type": "say", "id": "a", "chat": chat, "text": "x", "files": ["f-1"] }).to_string(),
            "invalid",
            Some("files"),
        ),
        (
            json!({ "type": "say", "id": "a", "chat": chat, "text": "x".repeat(10_001) }).to_string(),
            "invalid",
            Some("text"),
        ),
        (json!({ "type": "say", "id": "a", "chat": chat, "text": 5 }).to_string(), "invalid", Some("text")),
        (json!({ "type": "say", "id": long_id, "chat": chat, "text": "x" }).to_string(), "invalid", Some("id")),
        (
            json!({ "type": "transfer", "id": "a", "chat": chat, "to": support, "reason": reason }).to_string(),
            "invalid",
            Some("reason"),
        ),
        (json!({ "type": "status", "id": "a", "status": "asleep" }).to_string(), "invalid", Some("status")),
        (json!({ "type": "accept", "id": "a", "offer": "12" }).to_string(), "invalid", Some("offer")),
        (json!({ "type": "end", "id": "a", "chat": "x" }).to_string(), "invalid", Some("chat")),
        (json!({ "type": "subscribe", "id": "a", "topic": "everything" }).to_string(), "invalid", Some("topic")),
        (json!({ "type": "typing", "chat": chat }).to_string(), "invalid", Some("on")),
    ];
    for (frame, code, field) in &cases {
        refused(&mut joe, frame, code, *field).await;
    }
    assert_eq!(joe.ledger(&chat).texts(), ["Where is my parcel?"]);
    joe.say(&chat, "Sorry, the cat walked over it.").await;
    clara.expect_text("Sorry, the cat walked over it.").await;
}

#[tokio::test]
async fn a_chat_that_is_not_yours_is_like_one_that_does_not_exist() {
    let (server, clara, mut joe, chat) = joe_answers().await;
    let nowhere: String = chat.chars().rev().collect();
    let mut eve = VisitorClient::connect(&server).await;
    let mut answers = Vec::new();
    for id in [chat.as_str(), nowhere.as_str()] {
        eve.send(json!({ "type": "resume", "chat": id, "after": 0 })).await;
        let mut error = eve.expect_error("not_found").await;
        error.as_object_mut().map(|fields| fields.remove("chat"));
        answers.push(error);
    }
    assert_eq!(answers[0], answers[1]);
    assert!(!eve.log().text().contains("parcel"));
    for kind in ["end", "take"] {
        joe.refused(json!({ "type": kind, "chat": nowhere }), "not_found").await;
    }
    joe.refused(json!({ "type": "say", "chat": nowhere, "text": "x" }), "not_found").await;
    joe.refused(json!({ "type": "accept", "offer": format!("{nowhere}-4") }), "not_found").await;
    assert_eq!(clara.texts(), ["Where is my parcel?"]);
}

#[tokio::test]
async fn a_visitor_whose_token_was_forged_is_somebody_new() {
    let (server, clara, _joe, chat) = joe_answers().await;
    let mut forged = clara.token().to_owned();
    let last = if forged.pop() == Some('A') { 'B' } else { 'A' };
    forged.push(last);
    for token in [forged.as_str(), "", "x", &"y".repeat(5000)] {
        let stranger = VisitorClient::connect_to(&server, "demo", Some(token)).await.expect("anybody may come");
        assert_ne!(stranger.welcome["visitor"], clara.welcome["visitor"]);
        assert!(stranger.welcome["chat"].is_null(), "{}", stranger.welcome);
        assert!(!stranger.log().text().contains(&chat));
    }
}

#[tokio::test]
async fn a_frame_may_have_64_kib_and_no_byte_more() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let padded = |bytes: usize| {
        let bare = json!({ "type": "say", "id": format!("big-{bytes}"), "text": "It fits", "unknown": "" }).to_string();
        bare.replace(r#""unknown":"""#, &format!(r#""unknown":"{}""#, "x".repeat(bytes - bare.len())))
    };
    let whole = padded(FRAME_BYTES_MAX);
    assert_eq!(whole.len(), FRAME_BYTES_MAX);
    clara.send_text(&whole).await;
    clara.ack_of(&format!("big-{FRAME_BYTES_MAX}")).await;
    joe.expect_text("It fits").await;
    let sent = clara.socket().send_text(&padded(FRAME_BYTES_MAX + 1)).await;
    assert!(sent.is_ok() || !clara.is_open());
    clara.expect_error("too_large").await;
    let mut tab = clara.another_tab(&server).await;
    assert_eq!(tab.texts(), ["Where is my parcel?", "It fits"]);
    tab.say("Still here").await;
    joe.expect_text("Still here").await;
    tab.expect_text("Still here").await;
    assert_eq!(joe.ledger(&chat).texts(), tab.texts());
}

#[tokio::test]
async fn binary_frames_are_not_spoken_here() {
    let (_server, mut clara, mut joe, _chat) = joe_answers().await;
    let say = json!({ "type": "say", "id": "b", "text": "in bytes" }).to_string();
    clara.socket().send_message(Message::binary(say.into_bytes())).await.expect("the socket is open");
    clara.expect_error("bad_frame").await;
    joe.expect_none("message", |frame| frame["event"]["text"] == "in bytes").await;
}
