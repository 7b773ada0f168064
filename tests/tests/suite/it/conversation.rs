//! A visitor and an operator talk.

use serde_json::json;
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::server::TestServer;

use crate::suite::it::joe_answers;

#[tokio::test]
async fn a_visitor_asks_an_operator_answers_and_both_read_the_same() {
    let server = TestServer::start();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    assert_eq!(clara.welcome["state"], "online", "{}", clara.welcome);
    assert!(clara.welcome["chat"].is_null(), "a new visitor has no chat: {}", clara.welcome);

    let chat = clara.start(&Start::support("Clara", "Where is my parcel?")).await;
    let offer = joe.offer().await;
    assert_eq!(offer["chat"], chat.as_str());
    assert_eq!(offer["group"], "support");
    assert_eq!(offer["kind"], "new");
    assert_eq!(offer["visitor"]["name"], "Clara");
    assert_eq!(offer["question"], "Where is my parcel?");
    joe.accept(&offer).await;
    let assigned = clara.expect_event("assigned").await;
    assert!(assigned["event"]["name"].as_str().is_some_and(|name| name.contains("Joe")), "{assigned}");
    joe.resume(&chat, 0).await;

    clara.say("It was due on Tuesday.").await;
    let heard = joe.expect_text("It was due on Tuesday.").await;
    assert_eq!(heard["event"]["from"]["role"], "visitor");
    assert!(heard["command"].is_null(), "only the sender sees the command: {heard}");
    joe.say(&chat, "Let me look.\nIt is in Leipzig.").await;
    let heard = clara.expect_text("Let me look.\nIt is in Leipzig.").await;
    assert_eq!(heard["event"]["from"]["role"], "operator");
    assert!(heard["command"].is_null(), "only the sender sees the command: {heard}");
    clara.end().await;
    let ended = joe.expect_event("ended").await;
    assert_eq!((&ended["event"]["by"], &ended["event"]["why"]), (&json!("visitor"), &json!("closed")));
    clara.expect_event("ended").await;

    let texts = ["Where is my parcel?", "It was due on Tuesday.", "Let me look.\nIt is in Leipzig."];
    assert_eq!(clara.texts(), texts);
    assert_eq!(joe.ledger(&chat).texts(), texts);
}

#[tokio::test]
async fn a_sender_gets_its_own_message_with_the_id_of_its_command() {
    let (_server, mut clara, mut joe, chat) = joe_answers().await;
    clara.put("mine-1", json!({ "type": "say", "text": "Hello?" })).await;
    let ack = clara.ack_of("mine-1").await;
    assert_eq!(ack["chat"], chat.as_str());
    let own = clara.expect_text("Hello?").await;
    assert_eq!((&own["command"], &own["seq"]), (&json!("mine-1"), &ack["seq"]));
    joe.put("yours-1", json!({ "type": "say", "chat": chat, "text": "Hello!" })).await;
    joe.ack_of("yours-1").await;
    let own = joe.expect_text("Hello!").await;
    assert_eq!(own["command"], "yours-1");
}

#[tokio::test]
async fn each_side_sees_that_the_other_writes() {
    let (_server, mut clara, mut joe, chat) = joe_answers().await;
    clara.send(json!({ "type": "typing", "on": true, "preview": "It was d" })).await;
    let typing = joe.expect_type("typing").await;
    assert_eq!((&typing["chat"], &typing["on"], &typing["role"]), (&json!(chat), &json!(true), &json!("visitor")));
    assert_eq!(typing["preview"], "It was d");
    joe.send(json!({ "type": "typing", "chat": chat, "on": true })).await;
    let typing = clara.expect_type("typing").await;
    assert_eq!(typing["on"], true);
    joe.send(json!({ "type": "typing", "chat": chat, "on": false })).await;
    clara.expect("that he stopped", |frame| frame["type"] == "typing" && frame["on"] == false).await;
}

#[tokio::test]
async fn a_chat_that_is_over_takes_no_message_and_makes_room_for_the_next() {
    let (_server, mut clara, mut joe, chat) = joe_answers().await;
    joe.end(&chat).await;
    let ended = clara.expect_event("ended").await;
    assert_eq!(ended["event"]["by"], "operator");
    assert!(ended["event"]["operator"].is_null(), "a visitor learns no operator's id: {ended}");
    let refused = clara.refused(json!({ "type": "say", "text": "One more thing" }), "conflict").await;
    assert_eq!(refused["why"], "ended", "{refused}");
    let refused = joe.refused(json!({ "type": "say", "chat": chat, "text": "Bye" }), "conflict").await;
    assert_eq!(refused["why"], "ended", "{refused}");

    let next = clara.start(&Start::support("Clara", "And my other parcel?")).await;
    assert_ne!(next, chat);
    let offer = joe.offer_of(&next).await;
    joe.accept(&offer).await;
    clara.expect_event("assigned").await;
}

#[tokio::test]
async fn a_conversation_goes_on_after_the_server_was_killed() {
    let (mut server, mut clara, mut joe, chat) = joe_answers().await;
    clara.say("before").await;
    joe.expect_text("before").await;
    server.kill();
    server.restart();
    clara.reconnect().await.expect("the server is back");
    joe.reconnect().await.expect("the session outlives the server");
    assert_eq!(clara.welcome["chat"]["state"], "active");
    clara.say("after").await;
    joe.expect_text("after").await;
    joe.say(&chat, "still here").await;
    clara.expect_text("still here").await;
    assert_eq!(clara.texts(), ["Where is my parcel?", "before", "after", "still here"]);
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_says_so_first_and_leaves_with_success() {
    let (mut server, mut clara, _joe, _chat) = joe_answers().await;
    server.ask_to_stop();
    let hint = clara.expect_type("reconnect").await;
    assert!(hint["after_ms"].is_u64(), "{hint}");
    let closed = clara.expect_closed(std::time::Duration::from_secs(35)).await;
    assert_eq!(closed.code, Some(1012), "{closed:?}");
    let status = tokio::task::spawn_blocking(move || server.wait_until_stopped()).await.expect("it stops");
    assert_eq!(status.code(), Some(0));
}
