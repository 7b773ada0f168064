//! The floor under the store: the least that makes a message durable in SQLite. A thread appends to a table with
//! WAL and `synchronous=FULL`; a group is what arrived while the last commit ran, at most 256 rows, no linger.
//! At saturation groups are full; at a rate each message counts from the moment it was meant to arrive until its commit.

use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use rusqlite::{CachedStatement, Connection, params};
use switchboard_benches::figures::{Figures, Latencies};
use switchboard_benches::pacer::pace;
use switchboard_benches::process::{cpu_time, resident_bytes};

/// Rows of one commit at most.
const GROUP_MAX: usize = 256;
/// Messages that may wait for the writer: more than a second of the highest rate that is asked for here.
const WAITING_MAX: usize = 65_536;
/// Bytes of the text of one message.
const TEXT_BYTES: usize = 100;

/// Measures the bare append writer and prints its figures.
#[derive(Parser)]
struct Arguments {
    /// Messages a second; without it as many as it can.
    #[arg(long)]
    rate: Option<u32>,
    /// Seconds to measure.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Seconds to run before that.
    #[arg(long, default_value_t = 2.0)]
    warm_up: f64,
    /// The form of the table.
    #[arg(long, value_enum, default_value = "plain")]
    table: Table,
    /// The folder for the database; without it a temporary one.
    #[arg(long)]
    folder: Option<std::path::PathBuf>,
}

/// The form of the table.
#[derive(Clone, Copy, ValueEnum)]
enum Table {
    /// Rows in the order they come.
    Plain,
    /// Rows sorted by chat and number.
    Keyed,
}

impl Table {
    fn schema(self) -> &'static str {
        match self {
            Self::Plain => {
                "CREATE TABLE event (chat BLOB NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL)"
            }
            Self::Keyed => {
                "CREATE TABLE event (chat BLOB NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL,
                 PRIMARY KEY (chat, seq)) WITHOUT ROWID"
            }
        }
    }
}

fn main() {
    let arguments = Arguments::parse();
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = arguments.folder.clone().unwrap_or_else(|| temporary.path().to_owned());
    let connection = open(&folder.join("append.db"), arguments.table).expect("a database");
    let run = Run::new(&arguments);
    match arguments.rate {
        None => saturate(&connection, run),
        Some(rate) => steady(&connection, run, rate),
    }
    .expect("SQLite appends")
    .print();
}

fn open(path: &std::path::Path, table: Table) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(table.schema())?;
    Ok(connection)
}

/// As many as it can: every group is full.
fn saturate(connection: &Connection, mut run: Run) -> rusqlite::Result<Figures> {
    let mut rows = Rows::default();
    loop {
        let begun = Instant::now();
        commit(connection, |insert| (0..GROUP_MAX).try_for_each(|_| rows.append(insert)))?;
        if run.committed(std::iter::repeat_n(begun, GROUP_MAX)) {
            return Ok(run.figures());
        }
    }
}

/// At a rate: a group is what has come meanwhile.
fn steady(connection: &Connection, mut run: Run, rate: u32) -> rusqlite::Result<Figures> {
    let (sender, arrivals) = sync_channel(WAITING_MAX);
    let span = run.whole() + Duration::from_secs(1);
    let pacer = std::thread::spawn(move || pace(rate, span, |_, intended| sender.send(intended).is_ok()));
    let mut rows = Rows::default();
    while let Some(group) = next_group(&arrivals) {
        commit(connection, |insert| group.iter().try_for_each(|_| rows.append(insert)))?;
        if run.committed(group.into_iter()) {
            break;
        }
    }
    drop(arrivals);
    pacer.join().expect("the pacer ends by itself");
    Ok(run.figures())
}

fn next_group(arrivals: &Receiver<Instant>) -> Option<Vec<Instant>> {
    let first = arrivals.recv().ok()?;
    Some(std::iter::once(first).chain(arrivals.try_iter()).take(GROUP_MAX).collect())
}

fn commit(
    connection: &Connection,
    fill: impl FnOnce(&mut CachedStatement<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    fill(&mut connection.prepare_cached("INSERT INTO event (chat, seq, at, body) VALUES (?1, ?2, ?3, ?4)")?)?;
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

/// Makes rows of a thousand chats, in turn.
struct Rows {
    next: u64,
    body: String,
}

impl Default for Rows {
    fn default() -> Self {
        Self { next: 0, body: format!(r#"{{"kind":"message","text":"{}"}}"#, "x".repeat(TEXT_BYTES)) }
    }
}

impl Rows {
    fn append(&mut self, insert: &mut CachedStatement<'_>) -> rusqlite::Result<()> {
        let chat = u128::from(self.next % 1000 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        insert.execute(params![chat.to_be_bytes(), (self.next / 1000) as i64, self.next as i64, self.body])?;
        self.next += 1;
        Ok(())
    }
}

/// Tells the warm-up from the measured time and keeps the figures of the latter.
struct Run {
    warm: Instant,
    end: Instant,
    warm_up: Duration,
    measured: Duration,
    cpu: Option<(Instant, Duration)>,
    latencies: Latencies,
    done: Option<(f64, f64)>,
}

impl Run {
    fn new(arguments: &Arguments) -> Self {
        let (warm_up, measured) =
            (Duration::from_secs_f64(arguments.warm_up), Duration::from_secs_f64(arguments.seconds));
        let warm = Instant::now() + warm_up;
        Self { warm, end: warm + measured, warm_up, measured, cpu: None, latencies: Latencies::default(), done: None }
    }

    fn whole(&self) -> Duration {
        self.warm_up + self.measured
    }

    /// A commit ended: counts its messages, given by the moments they were meant for; `true` at the end.
    fn committed(&mut self, intended: impl Iterator<Item = Instant>) -> bool {
        let now = Instant::now();
        match self.cpu {
            None if now >= self.warm => self.cpu = Some((now, cpu_time(std::process::id()))),
            None => {}
            Some((since, used)) => {
                intended.for_each(|intended| self.latencies.record(now - intended));
                if now >= self.end {
                    let cpu = cpu_time(std::process::id()) - used;
                    self.done = Some(((now - since).as_secs_f64(), cpu.as_secs_f64()));
                }
            }
        }
        self.done.is_some()
    }

    fn figures(self) -> Figures {
        let (seconds, cpu_seconds) = self.done.expect("the run was measured to its end");
        Figures {
            messages: self.latencies.count(),
            seconds,
            cpu_seconds,
            resident_bytes: resident_bytes(std::process::id()),
            latency: self.latencies.percentiles(),
        }
    }
}
