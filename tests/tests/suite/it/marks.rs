//! Delivered and read: each side speaks of its own numbers, and is spoken to in them.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;
use switchboard_tests::client::Ledger;

use crate::suite::it::joe_answers;

/// How long marks may be kept in memory only, and then some.
const KEPT_WITHIN: Duration = Duration::from_millis(2500);

fn number_of(ledger: &Ledger, text: &str) -> u64 {
    let found = ledger.events().find(|(_, frame)| frame["event"]["text"] == text);
    found.unwrap_or_else(|| panic!("there is no message {text:?}")).0
}

#[tokio::test]
async fn marks_cross_from_one_numbering_to_the_other() {
    let (_server, mut clara, mut joe, chat) = joe_answers().await;
    joe.say(&chat, "first").await;
    joe.whisper(&chat, "between us").await;
    joe.say(&chat, "second").await;
    joe.expect_text("second").await;
    clara.expect_text("second").await;
    let visitors = number_of(clara.ledger(&chat), "second");
    let operators = number_of(joe.ledger(&chat), "second");
    assert!(operators > visitors, "operators count what visitors do not see: {operators}, {visitors}");

    clara.send(json!({ "type": "delivered", "seq": visitors })).await;
    let mark = joe.expect_type("delivered").await;
    assert_eq!((&mark["role"], &mark["seq"]), (&json!("visitor"), &json!(operators)), "{mark}");
    clara.send(json!({ "type": "read", "seq": visitors })).await;
    let mark = joe.expect_type("read").await;
    assert_eq!((&mark["role"], &mark["seq"]), (&json!("visitor"), &json!(operators)), "{mark}");

    clara.say("third").await;
    joe.expect_text("third").await;
    let secret = joe.whisper(&chat, "between us, too").await;
    joe.send(json!({ "type": "read", "chat": chat, "seq": secret })).await;
    clara.expect_text("third").await;
    let third = number_of(clara.ledger(&chat), "third");
    let mark = clara.expect("read up to her last message", |f| f["type"] == "read" && f["seq"] == third).await;
    assert!(mark["operator"].is_null(), "a visitor learns no operator's id: {mark}");
}

#[tokio::test]
async fn marks_only_rise_and_outlive_the_server() {
    let (mut server, mut clara, mut joe, chat) = joe_answers().await;
    let said = joe.say(&chat, "first").await;
    clara.expect_text("first").await;
    let number = number_of(clara.ledger(&chat), "first");
    clara.send(json!({ "type": "read", "seq": number })).await;
    joe.expect("that she read it", |frame| frame["type"] == "read" && frame["seq"] == said).await;
    clara.send(json!({ "type": "read", "seq": 1 })).await;
    joe.expect_none("lower mark", |frame| frame["type"] == "read").await;

    tokio::time::sleep(KEPT_WITHIN).await;
    server.kill();
    server.restart();
    clara.reconnect().await.expect("the server is back");
    assert_eq!(clara.welcome["chat"]["marks"]["visitor"]["read"], number, "{}", clara.welcome);
    joe.reconnect().await.expect("the session outlives the server");
    let row = joe.welcome["chats"].as_array().and_then(|rows| rows.iter().find(|row| row["id"] == chat.as_str()));
    assert_eq!(row.expect("his chat still runs")["visitor_marks"]["read"], said);
}

#[tokio::test]
async fn a_mark_beyond_the_last_event_means_the_last() {
    let (_server, mut clara, mut joe, chat) = joe_answers().await;
    let said = joe.say(&chat, "first").await;
    clara.expect_text("first").await;
    clara.send(json!({ "type": "read", "seq": 4_000_000 })).await;
    joe.expect("the last event", |frame| frame["type"] == "read" && frame["seq"] == said).await;
}

#[tokio::test]
async fn marks_that_could_not_be_written_are_written_later_and_nobody_has_to_read_anything_again() {
    let (mut server, mut clara, mut joe, chat) = joe_answers().await;
    let said = joe.say(&chat, "first").await;
    clara.expect_text("first").await;
    let number = number_of(clara.ledger(&chat), "first");
    let file = Connection::open(server.data().join("switchboard.db")).expect("the database opens");
    let full = "CREATE TRIGGER full BEFORE INSERT ON mark BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END";
    file.execute_batch(full).expect("marks are refused");
    clara.send(json!({ "type": "read", "seq": number })).await;
    joe.expect("that she read it", |frame| frame["type"] == "read" && frame["seq"] == said).await;
    let begun = Instant::now();
    while !server.log().contains("marks were not stored") {
        assert!(begun.elapsed() < 3 * KEPT_WITHIN, "nobody noticed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    file.execute_batch("DROP TRIGGER full").expect("there is space");
    tokio::time::sleep(2 * KEPT_WITHIN).await;
    server.kill();
    server.restart();
    clara.reconnect().await.expect("the server is back");
    assert_eq!(clara.welcome["chat"]["marks"]["visitor"]["read"], number, "{}", clara.welcome);
}
