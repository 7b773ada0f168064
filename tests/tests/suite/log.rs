//! The write-ahead log of SQLite: it stays bounded whoever reads, and is written over instead of growing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use engine::adapters::sqlite::{SqliteOptions, SqliteStore};
use engine::domain::limits::{LOG_BYTES_KEPT, LOG_PAGES, LOG_PAGES_MAX};
use engine::ports::store::Store;
use rusqlite::{Connection, OpenFlags};
use switchboard_tests::conformance::world::{Talk, World};

const PAGE_BYTES: u64 = 4096;

async fn world(folder: &Path) -> World {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(SqliteOptions::new(folder)).await.expect("it opens"));
    World::new(store, "acme").await
}

fn log_bytes(folder: &Path) -> u64 {
    std::fs::metadata(folder.join("switchboard.db-wal")).map_or(0, |log| log.len())
}

/// Says long things, a thousand of which are some 16,000 pages of the log.
async fn says_long_things(talk: &mut Talk, count: u32) {
    let text = "long ".repeat(3_800);
    for _ in 0..count {
        let append = talk.says(&text, 1_000);
        talk.done(append).await;
    }
}

fn reading(folder: &Path) -> Connection {
    let file = folder.join("switchboard.db");
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("it opens")
}

/// Holds what it sees for a moment, again and again.
fn reads_again_and_again(folder: &Path, first: Duration, stop: &Arc<AtomicBool>) -> JoinHandle<()> {
    let (connection, stop) = (reading(folder), Arc::clone(stop));
    std::thread::spawn(move || {
        std::thread::sleep(first);
        while !stop.load(Ordering::Relaxed) {
            connection.execute_batch("BEGIN; SELECT count(*) FROM account").expect("it is read");
            std::thread::sleep(Duration::from_millis(20));
            connection.execute_batch("COMMIT").expect("it ends");
        }
    })
}

#[tokio::test]
async fn the_log_is_written_over_when_nobody_is_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = world(folder.path()).await;
    let mut talk = world.chat(0).await;
    for _ in 0..6 {
        says_long_things(&mut talk, 1_000).await;
    }
    let bytes = log_bytes(folder.path());
    // What comes while the log is brought home goes behind its end.
    assert!(bytes <= u64::from(2 * LOG_PAGES) * PAGE_BYTES, "{bytes} bytes");
    let told = world.store.metrics_text();
    let home = told.lines().find_map(|line| line.strip_prefix("switchboard_store_checkpoints_total "));
    assert!(home.is_some_and(|count| count.parse::<u32>().is_ok_and(|count| count > 1)), "{told}");
    world.store.close().await;
}

#[tokio::test]
async fn the_log_stays_bounded_while_there_is_always_a_reader_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = world(folder.path()).await;
    let mut talk = world.chat(0).await;
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> =
        (0..3).map(|nth| reads_again_and_again(folder.path(), Duration::from_millis(7 * nth), &stop)).collect();
    let mut largest = 0;
    for _ in 0..10 {
        says_long_things(&mut talk, 1_000).await;
        largest = largest.max(log_bytes(folder.path()));
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.join().expect("it reads to the end");
    }
    assert!(largest <= u64::from(LOG_PAGES_MAX + LOG_PAGES) * PAGE_BYTES, "{largest} bytes");
    world.store.close().await;
}

#[tokio::test]
async fn a_reader_who_stays_makes_the_log_grow_and_leaves_it_small_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = world(folder.path()).await;
    let mut talk = world.chat(0).await;
    let reader = reading(folder.path());
    reader.execute_batch("BEGIN; SELECT count(*) FROM account").expect("it is read");
    says_long_things(&mut talk, 4_500).await;
    let grown = log_bytes(folder.path());
    assert!(grown > LOG_BYTES_KEPT, "{grown} bytes: nobody may write over what is read");
    drop(reader);
    says_long_things(&mut talk, 2_500).await;
    let left = log_bytes(folder.path());
    assert!(left <= LOG_BYTES_KEPT, "{left} of {grown} bytes");
    assert_eq!(talk.stored().await.len(), 7_003);
    world.store.close().await;
    assert_eq!(log_bytes(folder.path()), 0, "a store that is closed has its log at home");
}
