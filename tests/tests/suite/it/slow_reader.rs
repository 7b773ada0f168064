//! Somebody who stops reading: cut off, the server's memory back, and nothing lost for whoever comes again.

use std::time::Duration;

use serde_json::json;
use switchboard_tests::client::{Closed, OperatorClient, Socket, Start, VisitorClient, new_id};
use switchboard_tests::server::TestServer;

use crate::suite::it::joe_answers;

/// Messages of 40 KB each, 16 MB together: more than all buffers between two processes hold.
const MESSAGES: usize = 400;
/// What a reader that stops may cost the server beside what the chat itself does, in bytes.
const GROWTH_MAX: u64 = 6 * 1024 * 1024;
/// How often it may look as if it did.
const TRIES: usize = 3;
/// A reader is cut at 1 MiB or after this time (promise: 30 s), and then some.
const CUT_WITHIN: Duration = Duration::from_secs(40);

#[tokio::test]
async fn a_reader_that_stops_is_cut_off_and_comes_back_whole() {
    let (server, mut clara, mut joe, first) = joe_answers().await;
    clara.lose();
    // The first takes up what signing in has left free.
    growth(&server, &mut joe, &first).await;
    let (mut chat, mut tried) = (first, Vec::new());
    // Pages that the store and the allocator keep come and go by themselves; what is kept for a reader is kept each time.
    let mut lazy = loop {
        chat = another_chat(&mut clara, &mut joe, &chat).await;
        let alone = growth(&server, &mut joe, &chat).await;
        chat = another_chat(&mut clara, &mut joe, &chat).await;
        let lazy = lazy_tab(server.address(), clara.token(), &server.url()).await;
        let with_reader = growth(&server, &mut joe, &chat).await;
        if with_reader.saturating_sub(alone) < GROWTH_MAX {
            break lazy;
        }
        tried.push((with_reader, alone));
        assert!(tried.len() < TRIES, "bytes with a reader that does not read, and without: {tried:?}");
    };

    let (came, closed) = drain(&mut lazy).await;
    assert!(came < MESSAGES, "all {came} messages went into a reader that did not read");
    assert!(closed.code.is_none_or(|code| code == 1013), "{closed:?}");
    let metrics = reqwest::get(format!("{}/metrics", server.admin_url())).await.expect("metrics are served");
    let metrics = metrics.text().await.expect("metrics are text");
    let cut =
        metrics.lines().find_map(|line| line.strip_prefix("switchboard_slow_readers_total ")?.parse::<u64>().ok());
    assert_eq!(cut, Some(1 + tried.len() as u64), "each reader that was too slow is counted");
    clara.reconnect().await.expect("the server is there");
    let texts = clara.texts();
    let numbers = texts.iter().filter_map(|text| text.split(' ').next()?.parse().ok());
    assert_eq!(numbers.collect::<Vec<usize>>(), (0..MESSAGES).collect::<Vec<_>>());
}

/// Ends a chat and begins another, whose visitor goes away.
async fn another_chat(clara: &mut VisitorClient, joe: &mut OperatorClient, before: &str) -> String {
    joe.end(before).await;
    clara.reconnect().await.expect("the server is there");
    let chat = clara.start(&Start::support("Clara", "And the other one?")).await;
    let offer = joe.offer_of(&chat).await;
    joe.accept(&offer).await;
    clara.expect_event("assigned").await;
    clara.lose();
    chat
}

/// What the server grows by while an operator writes all messages.
async fn growth(server: &TestServer, joe: &mut OperatorClient, chat: &str) -> u64 {
    let before = server.resident_bytes();
    let long = "\u{1F4E6}".repeat(9_900);
    for batch in 0..MESSAGES / 20 {
        let mut last = String::new();
        for number in 0..20 {
            last = new_id();
            let text = format!("{} {long}", batch * 20 + number);
            joe.put(&last, json!({ "type": "say", "chat": chat, "text": text })).await;
        }
        joe.try_settle(&last).await.expect("nobody else waits for a slow reader");
        joe.listen(Duration::from_millis(150)).await;
    }
    server.resident_bytes().saturating_sub(before)
}

/// A tab that says hello and then reads no more.
async fn lazy_tab(address: &str, token: &str, origin: &str) -> Socket {
    let mut socket = Socket::open(address, "/ws/visitor", &[("origin", origin)], Default::default())
        .await
        .expect("the server lets visitors in");
    socket.send(&json!({ "type": "hello", "brand": "demo", "token": token })).await.expect("the socket is open");
    let welcome = socket.next(Duration::from_secs(5)).await.expect("the socket is open");
    assert_eq!(welcome.expect("an answer")["type"], "welcome");
    socket
}

/// Reads what is left in the buffers, up to where it was cut.
async fn drain(socket: &mut Socket) -> (usize, Closed) {
    let mut came = 0;
    loop {
        match socket.next(CUT_WITHIN).await {
            Ok(Some(frame)) if frame["type"] == "event" => came += 1,
            Ok(Some(_)) => {}
            Ok(None) => panic!("a reader that stopped was not cut"),
            Err(closed) => return (came, closed),
        }
    }
}
