//! The server is killed again and again while many write: whatever was acked is there, once, in its order, and
//! what was not is there once after it was sent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use switchboard_tests::client::{Settled, Start, VisitorClient};
use switchboard_tests::server::TestServer;

use crate::suite::it::nobody_answers;

/// How many write.
const VISITORS: usize = 20;
/// How often the server is killed.
const KILLS: u32 = 6;
/// Messages of each visitor that are under way at once.
const UNDER_WAY: usize = 4;

#[tokio::test]
async fn what_was_acked_is_there_once_and_in_order_however_often_the_server_is_killed() {
    let (server, mut mona) = nobody_answers(&[("SWITCHBOARD_VISITOR_COMMANDS_PER_SECOND", "500")]).await;
    let over = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for number in 0..VISITORS {
        let mut visitor = VisitorClient::connect(&server).await;
        visitor.start(&Start::support(&format!("Visitor {number}"), "Hello?")).await;
        writers.push(tokio::spawn(write(visitor, over.clone())));
    }
    let killing = tokio::task::spawn_blocking(move || kill_again_and_again(server));
    let server = killing.await.expect("the server comes back each time");
    over.store(true, Ordering::Relaxed);

    let mut total = 0;
    for writer in writers {
        let (visitor, said) = writer.await.expect("every writer ends well");
        let tab = visitor.another_tab(&server).await;
        let expected: Vec<String> = (0..said).map(|number| format!("message {number}")).collect();
        assert_eq!(tab.texts()[1..], expected);
        total += said;
    }
    assert!(total > 500, "{total} messages are no load");
    mona.reconnect().await.expect("the session outlives the server");
    let history = mona.browser.get("/api/v1/chats?limit=200").await.ok();
    assert_eq!(history["items"].as_array().map(Vec::len), Some(VISITORS), "no chat is lost, none is there twice");
}

fn kill_again_and_again(mut server: TestServer) -> TestServer {
    for round in 0..KILLS {
        // Not always at the same point of what the server does by the clock.
        std::thread::sleep(Duration::from_millis(700 + 171 * u64::from(round)));
        server.kill();
        server.restart();
    }
    std::thread::sleep(Duration::from_millis(500));
    server
}

/// Writes until it is over; the messages written, all of them settled.
async fn write(mut visitor: VisitorClient, over: Arc<AtomicBool>) -> (VisitorClient, usize) {
    let mut said = 0;
    while !over.load(Ordering::Relaxed) {
        let ids: Vec<String> = (said..said + UNDER_WAY).map(|number| format!("m-{number}")).collect();
        for id in &ids {
            visitor.put(id, json!({ "type": "say", "text": format!("message {said}") })).await;
            said += 1;
        }
        for id in &ids {
            settle(&mut visitor, id).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (visitor, said)
}

/// Waits until it is stored, over as many connections as that takes.
async fn settle(visitor: &mut VisitorClient, id: &str) {
    loop {
        match visitor.try_settle(id).await {
            Ok(Settled::Stored(_)) => return,
            Ok(Settled::Refused(error)) => panic!("{id} was refused: {error}"),
            Err(_) => come_back(visitor).await,
        }
    }
}

async fn come_back(visitor: &mut VisitorClient) {
    for _ in 0..400 {
        if visitor.reconnect().await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server did not come back");
}
