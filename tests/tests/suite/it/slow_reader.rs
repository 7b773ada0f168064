//! Somebody who stops reading: cut off, the server's memory back, and nothing lost for whoever comes again.

use std::time::{Duration, Instant};

use serde_json::json;
use switchboard_tests::client::{Closed, OperatorClient, Socket, Start, VisitorClient, new_id};
use switchboard_tests::server::TestServer;

use crate::suite::it::{joe_answers, metric};

/// Messages of 40 KB each, 16 MB together: more than all buffers between two processes hold.
const MESSAGES: usize = 400;
/// What a reader that stops may cost the server beside what the chat itself does, in bytes.
const GROWTH_MAX: u64 = 6 * 1024 * 1024;
/// How often it may look as if it did.
const TRIES: usize = 3;
/// Counts readers that were cut.
const CUT: &str = "switchboard_slow_readers_total ";
/// Bytes behind which a reader is cut surely: 1 MiB (promise) and what the server has handed to the socket.
const CUT_AT: usize = (1024 + 256) * 1024;
/// A reader is cut at 1 MiB or after this time (promise: 30 s), and then some.
const CUT_WITHIN: Duration = Duration::from_secs(40);
/// Messages behind what the machine keeps for the socket: so many wait within the server, less than what is too much.
const FEW: usize = 8;
/// What the machine does not take for the socket within this time it has no room for.
const SURELY: Duration = Duration::from_millis(500);
/// A reader that reads nothing is cut after 30 s (promise), found at the next look; the first seconds are for filling.
const STALLED: std::ops::Range<Duration> = Duration::from_secs(20)..Duration::from_secs(40);

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
    assert_eq!(metric(&server, CUT).await, 1 + tried.len() as u64, "each reader that was too slow is counted");
    clara.reconnect().await.expect("the server is there");
    let texts = clara.texts();
    let numbers = texts.iter().filter_map(|text| text.split(' ').next()?.parse().ok());
    assert_eq!(numbers.collect::<Vec<usize>>(), (0..MESSAGES).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_reader_that_reads_nothing_is_cut_off_in_time_though_little_waits_and_nothing_more_is_said() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    clara.lose();
    let mut lazy = lazy_tab(server.address(), clara.token(), &server.url()).await;
    let long = "\u{1F4E6}".repeat(9_900);
    let mut said = 0;
    // Until the machine takes no more for it: the last few wait within the server.
    let (mut filled, mut waiting) = (0, 0);
    while filled == 0 || waiting < FEW {
        joe.say(&chat, &format!("{said} {long}")).await;
        tokio::time::sleep(if waiting == 0 { Duration::from_millis(20) } else { SURELY }).await;
        said += 1;
        let kept = kept_for(lazy.local_port());
        waiting = if kept == filled { waiting + 1 } else { 0 };
        filled = kept;
        assert!(said < MESSAGES, "{filled} bytes after {said} messages");
    }
    let silent = Instant::now();
    assert_eq!(metric(&server, CUT).await, 0, "it is not too much that waits");
    while metric(&server, CUT).await == 0 {
        assert!(silent.elapsed() < STALLED.end, "it is not cut after {:?}", silent.elapsed());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(silent.elapsed() > STALLED.start, "cut after {:?}", silent.elapsed());
    let (came, closed) = drain(&mut lazy).await;
    assert!(came < said, "all {came} messages went into a reader that did not read");
    assert!(closed.code.is_none_or(|code| code == 1013), "{closed:?}");
    clara.reconnect().await.expect("the server is there");
    let numbers = clara.texts().into_iter().filter_map(|text| text.split(' ').next()?.parse().ok());
    assert_eq!(numbers.collect::<Vec<usize>>(), (0..said).collect::<Vec<_>>(), "and nothing is lost");
}

#[tokio::test]
async fn a_reader_that_reads_again_within_a_second_is_told_why_it_is_cut_off() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    clara.lose();
    let long = "\u{1F4E6}".repeat(9_900);
    let mut tried = Vec::new();
    while tried.len() < TRIES {
        let lazy = lazy_tab(server.address(), clara.token(), &server.url()).await;
        // What the machine does not keep for it waits within the server.
        let mut said = 0;
        while said * long.len() < kept_for(lazy.local_port()) as usize + CUT_AT {
            assert!(said < MESSAGES, "all went into the machine's buffers");
            joe.say(&chat, &format!("{said} {long}")).await;
            said += 1;
        }
        let rest = lazy.rest(CUT_WITHIN).await;
        // A frame that closes, its length, and the code 1013.
        if rest.windows(4).any(|bytes| matches!(bytes, [0x88, _, 0x03, 0xF5])) {
            return;
        }
        // On a busy machine the second may be over before all that lies in the machine's buffers is read.
        tried.push(rest.len());
    }
    panic!("nobody was told, after so many bytes: {tried:?}");
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

/// Bytes that the machine keeps on both ends of the connection that ends at that port.
fn kept_for(port: u16) -> u64 {
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the machine lists its connections");
    let port = format!(":{port:04X}");
    let of_line = |line: &str| -> Option<u64> {
        let mut words = line.split_whitespace().skip(1);
        let ends = [words.next()?, words.next()?];
        let (unsent, unread) = words.nth(1)?.split_once(':')?;
        let bytes = |hex| u64::from_str_radix(hex, 16).ok();
        ends.iter().any(|end| end.ends_with(&port)).then_some(bytes(unsent)? + bytes(unread)?)
    };
    table.lines().filter_map(of_line).sum()
}
