//! The disk is full while people chat: they are told so, nothing that was acked is lost, histories can be read, and
//! it goes on by itself when there is space.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, Settled, Start, VisitorClient, new_id};
use switchboard_tests::http::Browser;
use switchboard_tests::server::{TestServer, files_of};
use switchboard_tests::small_disk::SmallDisk;

/// Bytes of the disk: the demo and some minutes of chatting.
const DISK: u64 = 16 * 1024 * 1024;
/// Commands succeed again within this time (promise: 5 s).
const GOES_ON_WITHIN: Duration = Duration::from_secs(5);
/// How many write throughout.
const WRITERS: usize = 6;

#[tokio::test]
async fn a_full_disk_is_told_loses_nothing_and_is_over_when_there_is_space() {
    let disk = SmallDisk::mount(DISK);
    let inside = disk.inside().join("data").display().to_string();
    let settings = [("SWITCHBOARD_DATA_DIR", inside.as_str()), ("SWITCHBOARD_VISITOR_COMMANDS_PER_SECOND", "500")];
    let mut server = TestServer::under(&disk.enter(), &settings);
    let mut mona = OperatorClient::online(&server, "mona").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Is there space?")).await;
    mona.take(&chat).await;
    clara.expect_event("assigned").await;
    mona.resume(&chat, 0).await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let (over, said) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let mut visitor = VisitorClient::connect(&server).await;
        visitor.start(&Start::support(&format!("Visitor {number}"), "Hello?")).await;
        writers.push(tokio::spawn(write(visitor, over.clone(), said.clone())));
    }
    while said.load(Ordering::Relaxed) < 20 * WRITERS {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(readiness(&server).await.0, 200);

    disk.fill();
    let id = new_id();
    clara.put(&id, json!({ "type": "say", "text": "Now there is" })).await;
    let told = clara.expect("an answer", |frame| frame["id"] == id.as_str()).await;
    assert_eq!(told["code"], "unavailable", "{told}");
    let stuck = said.load(Ordering::Relaxed);
    changes_are_refused(&server, &admin).await;
    everything_can_be_read(&server, &mona.browser, &chat).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (status, why) = readiness(&server).await;
    assert_eq!(status, 503, "{why}");
    let words = why["reasons"][0].as_str().unwrap_or_default().to_owned();
    assert!(words.contains("store") && words.contains("full"), "it says why: {why}");
    let meanwhile = said.load(Ordering::Relaxed) - stuck;
    assert!(meanwhile <= 2 * WRITERS, "{meanwhile} messages were acked by a server without space");

    disk.free();
    let begun = Instant::now();
    let stored = clara.try_settle(&id).await.expect("the server keeps its sockets");
    assert!(matches!(stored, Settled::Stored(_)), "{stored:?}");
    mona.expect_text("Now there is").await;
    while said.load(Ordering::Relaxed) < stuck + 20 * WRITERS {
        assert!(begun.elapsed() < GOES_ON_WITHIN, "not everybody goes on after {:?}", begun.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(readiness(&server).await, (200, json!({ "ok": true, "reasons": [] })));
    over.store(true, Ordering::Relaxed);
    let mut visitors = Vec::new();
    for writer in writers {
        visitors.push(writer.await.expect("every writer ends well"));
    }
    has_all(&server, &visitors).await;
    assert_eq!(clara.texts(), ["Is there space?", "Now there is"]);

    assert_eq!(server.stop().code(), Some(0));
    is_whole(&disk);
    server.restart();
    has_all(&server, &visitors).await;
}

/// Writes one message after another, each until it is stored; the messages, all of them acked.
async fn write(
    mut visitor: VisitorClient,
    over: Arc<AtomicBool>,
    said: Arc<AtomicUsize>,
) -> (VisitorClient, Vec<String>) {
    let mut acked = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let (id, text) = (new_id(), format!("message {} {}", acked.len(), "x".repeat(200)));
        visitor.put(&id, json!({ "type": "say", "text": text })).await;
        match visitor.try_settle(&id).await.expect("the server keeps its sockets") {
            Settled::Stored(_) => acked.push(text),
            Settled::Refused(error) => panic!("refused for good: {error}"),
        }
        said.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (visitor, acked)
}

async fn changes_are_refused(server: &TestServer, admin: &Browser) {
    let mut dora = VisitorClient::connect(server).await;
    let id = new_id();
    let mut start = Start::support("Dora", "Hello?").command();
    start["id"] = json!(id);
    dora.send(start).await;
    let refused = dora.expect("an answer", |frame| frame["id"] == id.as_str()).await;
    assert_eq!(refused["code"], "unavailable", "{refused}");
    let group = json!({ "name": "Helpers" });
    admin.patch("/api/v1/groups/support", group).await.refused(503, "unavailable");
}

async fn everything_can_be_read(server: &TestServer, browser: &Browser, chat: &str) {
    let events = browser.get(&format!("/api/v1/chats/{chat}/events")).await.ok();
    assert!(events.to_string().contains("Is there space?"), "{events}");
    let all = browser.get("/api/v1/chats?limit=200").await.ok();
    assert_eq!(all["items"].as_array().map(Vec::len), Some(WRITERS + 1), "{all}");
    let mut window = OperatorClient::window(server, browser).await.expect("she is still signed in");
    assert_eq!(window.resume(chat, 0).await.texts()[0], "Is there space?");
}

async fn readiness(server: &TestServer) -> (u16, Value) {
    let answer = reqwest::get(format!("{}/health/ready", server.admin_url())).await.expect("it is served");
    (answer.status().as_u16(), answer.json().await.expect("as JSON"))
}

/// The files of a server that has stopped are no ruin.
fn is_whole(disk: &SmallDisk) {
    let copy = tempfile::tempdir().expect("a folder");
    for (path, bytes) in files_of(&disk.outside().join("data")) {
        std::fs::write(copy.path().join(path.file_name().expect("a file has a name")), bytes).expect("it is copied");
    }
    let file = Connection::open(copy.path().join("switchboard.db")).expect("it opens");
    let found: String = file.pragma_query_value(None, "integrity_check", |row| row.get(0)).expect("it is checked");
    assert_eq!(found, "ok");
}

/// Whoever comes again finds all that was acked, once and in order.
async fn has_all(server: &TestServer, visitors: &[(VisitorClient, Vec<String>)]) {
    for (visitor, acked) in visitors {
        let mut tab = visitor.another_tab(server).await;
        assert_eq!(tab.texts()[1..], *acked);
        tab.lose();
    }
}
