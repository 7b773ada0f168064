//! The disk is full while people chat: visitors and operators are told so, nothing that was acked is lost, nothing is
//! half done, histories can be read, and it goes on by itself when there is space.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, Settled, Start, VisitorClient, new_id};
use switchboard_tests::http::Browser;
use switchboard_tests::server::{TestServer, files_of};
use switchboard_tests::small_disk::SmallDisk;

use super::{VIOLATIONS, asks, metric};

/// Bytes of the disk: the demo and some minutes of chatting.
const DISK: u64 = 16 * 1024 * 1024;
/// Commands succeed again within this time (promise: 5 s).
const GOES_ON_WITHIN: Duration = Duration::from_secs(5);
/// How many write throughout.
const WRITERS: usize = 6;

#[tokio::test]
async fn a_disk_that_became_read_only_is_named_and_taken_again_when_it_can_be_written() {
    let (disk, mut server) = on_a_small_disk();
    let _mona = OperatorClient::online(&server, "mona").await;
    let mut clara = VisitorClient::connect(&server).await;
    clara.start(&Start::support("Clara", "Is it safe?")).await;
    assert!(server.stop().success());
    disk.lock(true);
    for command in [&["serve", "--demo", "--listen", "127.0.0.1:0"][..], &["migrate"]] {
        let out = server.command(command);
        let words = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(1), "{words}");
        let last = words.lines().last().unwrap_or_default();
        let folder = disk.inside().display().to_string();
        assert!(last.starts_with("switchboard: ") && last.contains(&folder), "{words}");
        assert!(last.to_lowercase().contains("read-only") || last.contains("readonly"), "{words}");
    }
    disk.lock(false);
    server.restart();
    clara.reconnect().await.expect("she is welcome");
    assert_eq!(clara.texts(), ["Is it safe?"]);
}

#[tokio::test]
async fn a_full_disk_is_told_loses_nothing_and_is_over_when_there_is_space() {
    let (disk, mut server) = on_a_small_disk();
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

#[tokio::test]
async fn what_an_operator_does_on_a_full_disk_may_be_sent_again_and_is_done_once() {
    let (disk, server) = on_a_small_disk();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch("/api/v1/groups/support", json!({ "offer_expires_after_s": 60 })).await.ok();
    let mut mona = OperatorClient::online(&server, "mona").await;
    let (mut clara, runs) = asks(&server, "Clara", "support").await;
    let (mut dora, ends) = asks(&server, "Dora", "support").await;
    for (visitor, chat) in [(&mut clara, &runs), (&mut dora, &ends)] {
        mona.take(chat).await;
        visitor.expect_event("assigned").await;
    }
    // Joe has one place, and Emil's chat rings in it: Fred's waits.
    let mut joe = OperatorClient::online(&server, "joe").await;
    let (mut emil, rings) = asks(&server, "Emil", "support").await;
    let offer = joe.offer_of(&rings).await;
    let (mut fred, waits) = asks(&server, "Fred", "support").await;
    let chats = [&runs, &ends, &waits, &rings];
    let before = kinds_of(&admin, chats).await;

    disk.fill();
    let asked = [
        Asked::by(&mut mona, json!({ "type": "say", "chat": runs, "text": "Here it is" })).await,
        Asked::by(&mut mona, json!({ "type": "end", "chat": ends })).await,
        Asked::by(&mut mona, json!({ "type": "take", "chat": waits })).await,
        Asked::by(&mut mona, json!({ "type": "status", "status": "away" })).await,
    ];
    let accepted = Asked::by(&mut joe, json!({ "type": "accept", "offer": offer["offer"] })).await;
    assert_eq!(kinds_of(&admin, chats).await, before, "nothing of it is stored");
    let window = OperatorClient::window(&server, &mona.browser).await.expect("she is still signed in");
    assert_eq!((&window.welcome["status"], number_of(&window.welcome["chats"])), (&json!("online"), 2));
    let window = OperatorClient::window(&server, &joe.browser).await.expect("he is still signed in");
    assert_eq!(window.welcome["offers"][0]["offer"], offer["offer"], "it rings on");
    assert_eq!(number_of(&window.welcome["chats"]), 0);
    let is_news = |frame: &Value| {
        let kind = frame["event"]["kind"].as_str().unwrap_or_default();
        ["assigned", "ended"].contains(&kind) || frame["event"]["text"] == "Here it is"
    };
    for visitor in [&mut clara, &mut dora, &mut emil, &mut fred] {
        visitor.expect_none("word of what is not stored", is_news).await;
    }
    let over =
        |frame: &Value| frame["type"] == "offer_gone" || (frame["type"] == "status" && frame["status"] != "online");
    joe.expect_none("end of the ring", over).await;

    disk.free();
    let begun = Instant::now();
    for one in &asked {
        one.is_done(&mut mona).await;
    }
    accepted.is_done(&mut joe).await;
    assert!(begun.elapsed() < GOES_ON_WITHIN, "it took {:?}", begun.elapsed());
    clara.expect_text("Here it is").await;
    dora.expect_event("ended").await;
    fred.expect_event("assigned").await;
    emil.expect_event("assigned").await;
    // Once more, as by a console whose acks were lost.
    for one in &asked {
        one.is_done_already(&mut mona).await;
    }
    accepted.is_done_already(&mut joe).await;
    let after = kinds_of(&admin, chats).await;
    for ((before, mut after), kind) in before.iter().zip(after).zip(["message", "ended", "assigned", "assigned"]) {
        assert_eq!(after.split_off(before.len()), [kind], "what was asked for, once");
    }
    let window = OperatorClient::window(&server, &mona.browser).await.expect("she is still signed in");
    assert_eq!((&window.welcome["status"], number_of(&window.welcome["chats"])), (&json!("away"), 2));

    // Joe's one place is counted as what it is: taken, then free.
    let (_gina, next) = asks(&server, "Gina", "support").await;
    joe.expect_none("second chat", |frame| frame["type"] == "offer").await;
    joe.end(&rings).await;
    joe.offer_of(&next).await;
    assert_eq!(metric(&server, VIOLATIONS).await, 0);
}

/// What an operator asked for while the disk was full.
struct Asked(Value);

impl Asked {
    /// Asks twice, under one id: it is not taken either time, and may be sent again.
    async fn by(operator: &mut OperatorClient, mut command: Value) -> Self {
        let id = new_id();
        operator.put(&id, command.clone()).await;
        command["id"] = json!(id);
        let asked = Self(command);
        asked.is_refused_for_now(operator).await;
        operator.send(asked.0.clone()).await;
        asked.is_refused_for_now(operator).await;
        asked
    }

    async fn is_refused_for_now(&self, operator: &mut OperatorClient) {
        let told = operator.expect("an answer", |frame| frame["id"] == self.id()).await;
        assert_eq!((&told["type"], &told["code"]), (&json!("error"), &json!("unavailable")), "{}: {told}", self.0);
        assert!(told["final"].is_null() && told["message"] != "", "{told}");
    }

    fn id(&self) -> &str {
        self.0["id"].as_str().expect("it has one")
    }

    /// It is sent again, and taken.
    async fn is_done(&self, operator: &mut OperatorClient) {
        let done = operator.try_settle(self.id()).await.expect("the server keeps its sockets");
        assert!(matches!(done, Settled::Stored(_)), "{}: {done:?}", self.0);
    }

    /// It is sent once more, and acked as before: the client would notice another number.
    async fn is_done_already(&self, operator: &mut OperatorClient) {
        operator.come(|frame| frame["type"] == "ack");
        operator.send(self.0.clone()).await;
        operator.ack_of(self.id()).await;
    }
}

/// The kinds of all events of each chat, as they are stored.
async fn kinds_of(admin: &Browser, chats: [&String; 4]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for chat in chats {
        let events = admin.get(&format!("/api/v1/chats/{chat}/events")).await.ok();
        let items = events["items"].as_array().unwrap_or_else(|| panic!("a list: {events}")).iter();
        found.push(items.map(|item| item["event"]["kind"].as_str().expect("it has one").to_owned()).collect());
    }
    found
}

fn number_of(list: &Value) -> usize {
    list.as_array().expect("a list").len()
}

/// A server that has a small disk for itself.
fn on_a_small_disk() -> (SmallDisk, TestServer) {
    let disk = SmallDisk::mount(DISK);
    let inside = disk.inside().join("data").display().to_string();
    let settings = [("SWITCHBOARD_DATA_DIR", inside.as_str()), ("SWITCHBOARD_VISITOR_COMMANDS_PER_SECOND", "500")];
    let server = TestServer::under(&disk.enter(), &settings);
    (disk, server)
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
