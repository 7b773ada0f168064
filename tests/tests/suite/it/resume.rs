//! History at any time: after a lost connection, in a second tab, in pages.

use serde_json::{Value, json};
use switchboard_tests::client::{QUIET, SOON, Socket, VisitorClient, new_id};

use crate::suite::it::joe_answers;

/// What one page may have (PROTOCOL).
const PAGE_EVENTS_MAX: usize = 200;
/// See [`PAGE_EVENTS_MAX`].
const PAGE_BYTES_MAX: usize = 256 * 1024;
/// Chats in one `welcome` (PROTOCOL).
const ROWS_MAX: usize = 200;

#[tokio::test]
async fn who_was_away_misses_nothing_and_gets_nothing_twice() {
    let (_server, mut clara, mut joe, chat) = joe_answers().await;
    clara.lose();
    for text in ["one", "two", "three"] {
        joe.say(&chat, text).await;
    }
    clara.reconnect().await.expect("the server is there");
    clara.say("I am back").await;
    joe.expect_text("I am back").await;
    joe.lose();
    clara.say("And you?").await;
    joe.reconnect().await.expect("the server is there");
    let texts = ["Where is my parcel?", "one", "two", "three", "I am back", "And you?"];
    clara.listen(QUIET).await;
    assert_eq!(clara.texts(), texts);
    assert_eq!(joe.ledger(&chat).texts(), texts);
}

#[tokio::test]
async fn a_message_written_without_a_connection_is_sent_with_the_next() {
    let (_server, mut clara, mut joe, chat) = joe_answers().await;
    clara.lose();
    for text in ["in the tunnel", "still in the tunnel"] {
        clara.put(&new_id(), json!({ "type": "say", "text": text })).await;
    }
    clara.reconnect().await.expect("the server is there");
    joe.expect_text("in the tunnel").await;
    joe.expect_text("still in the tunnel").await;
    joe.say(&chat, "welcome back").await;
    clara.expect_text("welcome back").await;
    assert_eq!(clara.texts()[1..], ["in the tunnel", "still in the tunnel", "welcome back"]);
}

#[tokio::test]
async fn a_second_tab_sees_everything_once() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    joe.say(&chat, "Let me look.").await;
    clara.expect_text("Let me look.").await;
    let mut tab = clara.another_tab(&server).await;
    assert_eq!(tab.welcome["visitor"], clara.welcome["visitor"], "one browser, one visitor");
    assert_eq!(tab.texts(), ["Where is my parcel?", "Let me look."]);
    clara.say("from the first").await;
    tab.expect_text("from the first").await;
    tab.say("from the second").await;
    clara.expect_text("from the second").await;
    joe.say(&chat, "to both").await;
    for one in [&mut clara, &mut tab] {
        one.expect_text("to both").await;
        one.listen(QUIET).await;
    }
    assert_eq!(clara.texts(), tab.texts());
    joe.listen(QUIET).await;
    assert_eq!(joe.ledger(&chat).texts(), clara.texts());
}

#[tokio::test]
async fn a_long_history_comes_in_pages_and_what_is_said_meanwhile_waits_behind_them() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let mut last = String::new();
    for number in 0..450 {
        last = new_id();
        joe.put(&last, json!({ "type": "say", "chat": chat, "text": format!("line {number}") })).await;
    }
    joe.try_settle(&last).await.expect("all is stored");

    let mut tab = VisitorClient::connect_to(&server, "demo", Some(clara.token())).await.expect("a second tab");
    for number in 0..20 {
        last = new_id();
        joe.put(&last, json!({ "type": "say", "chat": chat, "text": format!("meanwhile {number}") })).await;
    }
    tab.resume(&chat, 0).await;
    joe.try_settle(&last).await.expect("all is stored");
    tab.expect_text("meanwhile 19").await;
    let texts: Vec<String> =
        (0..450).map(|n| format!("line {n}")).chain((0..20).map(|n| format!("meanwhile {n}"))).collect();
    assert_eq!(tab.texts()[1..], texts);
    // Live ones that were on their way when history was asked for stand in front of the first page, and do not join it.
    assert!(pages(&tab.log().text()).iter().all(|page| longest_run(page) <= PAGE_EVENTS_MAX));
    assert!(pages(&tab.log().text()).len() >= 3, "450 events are three pages at least");
    clara.expect_text("meanwhile 19").await;
    assert_eq!(clara.texts(), tab.texts());
}

#[tokio::test]
async fn a_page_of_long_messages_ends_early() {
    let (server, clara, mut joe, chat) = joe_answers().await;
    let long = "long and winding ".repeat(580);
    let mut last = String::new();
    for _ in 0..80 {
        last = new_id();
        joe.put(&last, json!({ "type": "say", "chat": chat, "text": long })).await;
    }
    joe.try_settle(&last).await.expect("all is stored");
    let tab = clara.another_tab(&server).await;
    assert_eq!(tab.texts().len(), 81);
    let log = tab.log().text();
    for page in pages(&log) {
        let bytes: usize = page.iter().map(|line| line.len()).sum();
        assert!(bytes <= PAGE_BYTES_MAX + 16 * 1024, "a page of {bytes} bytes");
    }
    assert!(pages(&log).len() >= 3, "800 KB are several pages");
}

#[tokio::test]
async fn history_may_be_asked_for_from_any_event_on_and_beyond_the_last() {
    let (_server, mut clara, _joe, chat) = joe_answers().await;
    clara.say("one").await;
    let two = clara.say("two").await;
    clara.listen(QUIET).await;
    clara.come(|_| true);
    clara.resume(&chat, two - 1).await;
    let events = clara.come(|frame| frame["type"] == "event");
    assert_eq!(events.iter().map(|frame| &frame["event"]["text"]).collect::<Vec<&Value>>(), ["two"]);
    clara.resume(&chat, two).await;
    assert!(clara.come(|frame| frame["type"] == "event").is_empty(), "there is nothing behind the last");
    clara.resume(&chat, two + 1000).await;
    clara.say("three").await;
}

#[tokio::test]
async fn who_asks_too_often_is_told_of_which_chat_and_when_to_ask_again() {
    let (_server, mut clara, mut joe, chat) = joe_answers().await;
    for _ in 0..200 {
        clara.socket().send(&json!({ "type": "resume", "chat": chat, "after": 1_000 })).await.expect("it is open");
    }
    // The answers that are pages are read past the ledger: nobody who keeps one asks so.
    let error = loop {
        let frame = clara.socket().next(SOON).await.expect("it stays open").expect("an answer");
        if frame["type"] == "error" {
            break frame;
        }
    };
    assert_eq!((&error["code"], &error["chat"], &error["id"]), (&json!("rate_limited"), &json!(chat), &Value::Null));
    assert!(error["retry_after_ms"].as_u64().is_some_and(|wait| wait > 0), "{error}");
    joe.say(&chat, "Slowly, please").await;
}

#[tokio::test]
async fn an_operator_who_was_away_for_long_asks_for_all_chats_at_once_and_is_not_cut_for_it() {
    let (server, _clara, mut joe, chat) = joe_answers().await;
    let long = "a long answer ".repeat(70);
    for _ in 0..20 {
        joe.say(&chat, &long).await;
    }
    let origin = server.url();
    let headers = [("origin", origin.as_str()), ("cookie", joe.browser.cookie())];
    let mut socket =
        Socket::open(server.address(), "/ws/operator", &headers, Default::default()).await.expect("it opens");
    // More than are welcomed with, and more bytes than one reader may leave unread.
    let resume = vec![json!({ "chat": chat, "after": 0 }); ROWS_MAX + 50];
    socket.send(&json!({ "type": "hello", "resume": resume })).await.expect("it is open");
    let (mut pages, mut bytes) = (0, 0);
    while pages < ROWS_MAX + 50 {
        let frame = socket.next(SOON).await.expect("it stays open").expect("the next page");
        bytes += frame.to_string().len();
        pages += usize::from(frame["type"] == "resumed");
    }
    assert!(bytes > 4 * 1024 * 1024, "{bytes}");
}

/// The lines of each page of history in a log, its `resumed` left out.
/// The most events in a row whose numbers follow each other.
fn longest_run(page: &[&str]) -> usize {
    let number = |line: &&str| serde_json::from_str::<Value>(line).ok()?["seq"].as_u64();
    let numbers: Vec<u64> = page.iter().filter_map(number).collect();
    assert_eq!(numbers.len(), page.len(), "each event bears its number");
    numbers.chunk_by(|before, next| before + 1 == *next).map(<[u64]>::len).max().unwrap_or(0)
}

fn pages(log: &str) -> Vec<Vec<&str>> {
    let mut pages = Vec::new();
    let mut page = Vec::new();
    for line in log.lines() {
        if line.contains(r#""type":"resumed""#) {
            pages.push(std::mem::take(&mut page));
        } else if line.contains(r#""type":"event""#) {
            page.push(line);
        } else if line.contains(r#""type":"welcome""#) {
            page.clear();
        }
    }
    pages
}
