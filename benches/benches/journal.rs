//! The store's writer against the floor under it: appends through the port, 1,000 chats with many under way each,
//! beside a bare loop that appends the same rows in groups of the same size. What counts is the CPU of the one thread
//! that writes: `cargo bench -p switchboard-benches --bench journal`.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use engine::adapters::sqlite::{SqliteOptions, SqliteStore};
use engine::domain::chat::Replies;
use engine::domain::event::{EndedBy, EndedWhy, Origin, Sender, StoredEvent};
use engine::domain::ids::{AccountId, ChatId, GroupId, NodeId, Shard, VisitorId};
use engine::domain::limits::COMMIT_GROUP_MAX;
use engine::domain::time::Timestamp;
use engine::ports::journal::{Append, Birth, ChatHead, Completion, Head, Lane, Told};
use engine::ports::store::Store;
use engine::protocol::visitor::ChatPhase;
use rusqlite::{Connection, params};
use uuid::Uuid;

const CHATS: usize = 1_000;
/// Rows of one measurement: fewer than make the indexer begin by their number.
const BURST: usize = 16_000;
/// The threads of the store that help the writer.
const HELPERS: [&str; 2] = ["sqlite-indexer", "sqlite-copier"];
/// Rows of the long measurement, the indexer's work included.
const LONG: usize = 400_000;
/// Appends under way at once: enough for full groups, as 1,000 busy chats make them.
const UNDER_WAY: usize = 4_096;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let floor = bare(LONG);
    let (burst, long, helpers) = runtime.block_on(ours());
    println!("bare append loop              {floor}");
    println!("the writer, appends alone     {burst}   {:.2} x", burst.cpu_us / floor.cpu_us);
    println!("the writer, ranges included   {long}   {:.2} x", long.cpu_us / floor.cpu_us);
    println!("its helpers meanwhile         {helpers}   {:.2} x", helpers.cpu_us / floor.cpu_us);
}

struct Figure {
    cpu_us: f64,
    rate: f64,
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:6.2} µs of CPU a row, {:8.0} rows/s", self.cpu_us, self.rate)
    }
}

fn figure(rows: usize, cpu: Duration, wall: Duration) -> Figure {
    let rows = rows as f64;
    Figure { cpu_us: cpu.as_secs_f64() * 1e6 / rows, rate: rows / wall.as_secs_f64() }
}

/// The CPU that the thread of that name has used.
fn cpu_of(name: &str) -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").expect("threads are listed").flatten();
    let thread = tasks
        .map(|task| task.path())
        .find(|path| std::fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim_end() == name));
    let path = thread.expect("the thread runs").join("schedstat");
    let text = std::fs::read_to_string(path).expect("it has figures");
    let nanos = text.split_whitespace().next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanos.expect("the first figure is the CPU"))
}

fn body(text: u64) -> String {
    format!(
        r#"{{"kind":"message","id":"v{text}","from":{{"role":"visitor","name":"Vera"}},"text":"{}"}}"#,
        "x".repeat(60)
    )
}

fn bare(rows: usize) -> Figure {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bare.db");
    let thread = std::thread::Builder::new().name("bare-writer".into()).spawn(move || {
        let file = Connection::open(path).expect("it opens");
        file.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096; \
             CREATE TABLE event (chat BLOB NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL)",
        )
        .expect("it is set up");
        let mut insert = file.prepare("INSERT INTO event VALUES (?1, ?2, ?3, ?4)").expect("it is right");
        let bodies: Vec<String> = (0..COMMIT_GROUP_MAX as u64).map(body).collect();
        let (begun, cpu) = (Instant::now(), cpu_of("bare-writer"));
        for group in 0..rows / COMMIT_GROUP_MAX {
            file.execute_batch("BEGIN IMMEDIATE").expect("it begins");
            for (row, body) in bodies.iter().enumerate() {
                let chat = Uuid::from_u128((row % CHATS) as u128);
                insert.execute(params![&chat.as_bytes()[..], group as i64, 1_i64, body]).expect("it is appended");
            }
            file.execute_batch("COMMIT").expect("it is committed");
        }
        let rows = rows / COMMIT_GROUP_MAX * COMMIT_GROUP_MAX;
        figure(rows, cpu_of("bare-writer") - cpu, begun.elapsed())
    });
    thread.expect("a thread").join().expect("it ends")
}

/// How many appends are under way.
struct UnderWay {
    count: Mutex<usize>,
    fewer: Condvar,
}

struct Chats {
    store: Arc<dyn Store>,
    account: AccountId,
    epoch: u64,
    ids: Vec<ChatId>,
    seqs: Vec<u32>,
    under_way: Arc<UnderWay>,
    lane: Lane,
}

async fn ours() -> (Figure, Figure, Figure) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(SqliteOptions::new(folder.path())).await.expect("it opens");
    let mut chats = Chats::born(Arc::new(store)).await;
    let mut bursts = Vec::new();
    for _ in 0..5 {
        bursts.push(chats.append(BURST));
        // Until the indexer is through: none of its work falls into a burst.
        std::thread::sleep(Duration::from_secs(3));
    }
    bursts.sort_by(|a, b| a.cpu_us.total_cmp(&b.cpu_us));
    let median = bursts.swap_remove(2);
    let helping = || HELPERS.iter().map(|name| cpu_of(name)).sum::<Duration>();
    let (cpu, helped) = (cpu_of("sqlite-writer"), helping());
    let long = chats.append(LONG);
    std::thread::sleep(Duration::from_secs(6));
    let wall = Duration::from_secs_f64(LONG as f64 / long.rate);
    let whole = figure(LONG, cpu_of("sqlite-writer") - cpu, wall);
    let helpers = figure(LONG, helping() - helped, wall);
    chats.store.close().await;
    (median, whole, helpers)
}

impl Chats {
    async fn born(store: Arc<dyn Store>) -> Self {
        let at = Timestamp::from_millis(1_800_000_000_000);
        let account = store.create_account("bench", "Bench", at).await.expect("it is made").id;
        let node: NodeId = "n1".parse().expect("a name");
        let all: Vec<Shard> = (0..=255).map(Shard).collect();
        let epoch = store.take_shards(&node, &all).await.expect("they are taken")[0].epoch;
        let mut ids = Vec::new();
        for number in 0..CHATS as u64 {
            let chat = ChatId::new(number, u128::from(number) << 64, Shard((number % 256) as u8));
            let origin = Origin { sender: Sender::Visitor, command: "start".parse().expect("a name"), digest: number };
            let group: GroupId = "first".parse().expect("a name");
            let birth = Birth {
                contact: None,
                account,
                chat,
                epoch,
                visitor: VisitorId(Uuid::from_u128(u128::from(number))),
                brand: "shop".parse().expect("a name"),
                department: None,
                name: Some("Vera".into()),
                email: None,
                origin,
                events: vec![event(1, 0)],
                head: head(group, at),
                at,
            };
            store.birth(birth).await.expect("it is born");
            ids.push(chat);
        }
        let under_way = Arc::new(UnderWay { count: Mutex::new(0), fewer: Condvar::new() });
        let done = Arc::clone(&under_way);
        let lane: Lane = Arc::new(move |all: Vec<Told>| {
            let count = all.len();
            all.into_iter().for_each(Told::tell);
            *done.count.lock().expect("nobody panicked") -= count;
            done.fewer.notify_one();
        });
        Self { store, account, epoch, seqs: vec![1; ids.len()], ids, under_way, lane }
    }

    /// Appends that many messages, round and round over the chats; waits for the last. They are made beforehand, so
    /// that the writer never waits for them.
    fn append(&mut self, rows: usize) -> Figure {
        let appends: Vec<Append> = (0..rows).map(|row| self.message(row)).collect();
        let (begun, cpu) = (Instant::now(), cpu_of("sqlite-writer"));
        for append in appends {
            self.wait_below(UNDER_WAY);
            *self.under_way.count.lock().expect("nobody panicked") += 1;
            let deliver = Box::new(|outcome: Result<_, _>| drop(outcome.expect("it is appended")));
            self.store.append(append, Completion { lane: Arc::clone(&self.lane), deliver });
        }
        self.wait_below(1);
        figure(rows, cpu_of("sqlite-writer") - cpu, begun.elapsed())
    }

    fn message(&mut self, row: usize) -> Append {
        let chat = row % CHATS;
        let after = self.seqs[chat];
        self.seqs[chat] += 1;
        Append {
            account: self.account,
            chat: self.ids[chat],
            epoch: self.epoch,
            after,
            events: vec![event(after + 1, row as u64)],
            head: Head::Light {
                visitor_seq: after + 1,
                messages: after,
                idle_since: None,
                answered_at: None,
                replies: Replies::default(),
            },
            slots: Vec::new(),
            opened: Vec::new(),
            closed: Vec::new(),
            guests: None,
            decision: None,
            at: Timestamp::from_millis(1_800_000_000_000),
        }
    }

    fn wait_below(&self, limit: usize) {
        let count = self.under_way.count.lock().expect("nobody panicked");
        drop(self.under_way.fewer.wait_while(count, |count| *count >= limit).expect("nobody panicked"));
    }
}

fn event(seq: u32, text: u64) -> StoredEvent {
    let body = serde_json::value::RawValue::from_string(body(text)).expect("it is JSON").into();
    let command = format!("c{seq}").parse().expect("a name");
    let origin = Some(Origin { sender: Sender::Visitor, command, digest: text });
    let at = Timestamp::from_millis(1_800_000_000_000);
    StoredEvent { seq, visitor_seq: seq, visible: true, at, body, origin }
}

fn head(group: GroupId, at: Timestamp) -> ChatHead {
    ChatHead {
        state: ChatPhase::Waiting,
        group,
        owner: None,
        queued_at: at,
        assigned_at: None,
        answered_in: None,
        answered_at: None,
        replies: Replies::default(),
        waited_since: at,
        ended_at: None,
        ended: None::<(EndedBy, EndedWhy)>,
        idle_since: None,
        visitor_away: false,
        messages: 0,
        question: Some("Where is my parcel? It should have come on Monday.".into()),
        last_seq: 1,
        visitor_seq: 1,
    }
}
