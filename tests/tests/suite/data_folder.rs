//! Data folders that cannot be used, and those that hold much: clear errors, and a quick start.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::Arc;

use engine::adapters::sqlite::{OpenError, SqliteOptions, SqliteStore};
use engine::domain::ids::Shard;
use engine::domain::limits::INDEX_WITHIN;
use engine::ports::store::Store;
use rusqlite::Connection;
use switchboard_tests::conformance::world::World;

async fn refusal(folder: &std::path::Path) -> OpenError {
    match SqliteStore::open(SqliteOptions::new(folder)).await {
        Ok(_) => panic!("the folder should be refused"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_folder_in_use_is_refused_until_it_is_let_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = SqliteStore::open(SqliteOptions::new(folder.path())).await.expect("it opens");
    let error = refusal(folder.path()).await;
    assert!(matches!(error, OpenError::InUse { .. }));
    let words = error.to_string();
    assert!(words.contains(&folder.path().display().to_string()) && words.contains("in use by another process"));
    first.close().await;
    SqliteStore::open(SqliteOptions::new(folder.path())).await.expect("it opens again").close().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_or_written_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a-file");
    std::fs::write(&file, "no folder").expect("it is written");
    let error = refusal(&file.join("data")).await;
    assert!(matches!(error, OpenError::Folder { .. }), "{error}");
    assert!(error.to_string().contains("a-file"), "{error}");

    let read_only = folder.path().join("read-only");
    std::fs::create_dir(&read_only).expect("it is made");
    std::fs::set_permissions(&read_only, std::fs::Permissions::from_mode(0o555)).expect("it is locked");
    // Whoever may write everywhere is not kept out by a mode.
    if std::fs::write(read_only.join("probe"), "").is_err() {
        assert!(matches!(refusal(&read_only).await, OpenError::Folder { .. }));
    }
    let id = Command::new("id").arg("-u").output().expect("there is an id");
    if id.stdout.starts_with(b"0\n") {
        // A folder nobody may write, whoever asks.
        assert!(matches!(refusal(std::path::Path::new("/proc/switchboard")).await, OpenError::Folder { .. }));
    }
}

#[tokio::test]
async fn a_folder_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    SqliteStore::open(SqliteOptions::new(folder.path())).await.expect("it opens").close().await;
    let file = Connection::open(folder.path().join("switchboard.db")).expect("it opens");
    file.pragma_update(None, "user_version", 999).expect("it is set");
    drop(file);
    let error = refusal(folder.path()).await;
    assert!(matches!(error, OpenError::Newer { found: 999, .. }));
    assert!(error.to_string().contains("newer version"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("switchboard.db"), "this is a letter, not a database".repeat(200)).expect("");
    let error = refusal(folder.path()).await;
    assert!(matches!(error, OpenError::Database { .. }), "{error}");
    assert!(error.to_string().contains("not a database"), "{error}");
}

/// Makes the file's chats many: copies of one that has ended, each with an event.
fn fill(folder: &std::path::Path, chats: u32) {
    let file = Connection::open(folder.join("switchboard.db")).expect("it opens");
    file.execute_batch("PRAGMA synchronous = OFF").expect("it is set");
    let columns = "visitor, brand, department, name, email, contact, \
         started_at, state, grp, owner, queued_at, waited_since, assigned_at, answered_in, ended_at, ended_by, ended_why, visitor_away, question";
    let made = file.execute(
        &format!(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {chats}) \
             INSERT INTO chat (id, account, shard, number, {columns}) \
             SELECT randomblob(16), account, n % 256, number + n, {columns} FROM chat, n"
        ),
        [],
    );
    assert_eq!(made.expect("they are made"), chats as usize);
    file.execute_batch(
        "INSERT OR IGNORE INTO chat_head SELECT id, account, 1, 1, 1, 0, NULL, NULL, 0, 0, zeroblob(32) FROM chat; \
         WITH one AS (SELECT account, bytes, events FROM chat_event LIMIT 1) \
         INSERT INTO chat_event (chat, account, first_seq, last_seq, visitor_seq, bytes, events) \
         SELECT chat.id, chat.account, 1, 1, 1, bytes, events FROM chat, one",
    )
    .expect("they are made");
}

#[tokio::test]
async fn a_start_reads_little_of_a_hundred_thousand_ended_chats() {
    let folder = tempfile::tempdir().expect("a folder");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(SqliteOptions::new(folder.path())).await.expect("it opens"));
    let world = World::new(Arc::clone(&store), "acme").await;
    let mut talk = world.chat(0).await;
    let append = talk.ends(1_000);
    talk.done(append).await;
    // Until its events have come to where they rest.
    tokio::time::sleep(INDEX_WITHIN).await;
    store.close().await;
    fill(folder.path(), 100_000);

    let (size, before) = (file_size(folder.path()), read_so_far());
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(SqliteOptions::new(folder.path())).await.expect("it opens"));
    let all: Vec<Shard> = (0..=255).map(Shard).collect();
    store.take_shards(&"n1".parse().expect("a name"), &all).await.expect("they are taken");
    assert_eq!(store.open_chats(&all).await.expect("they are read"), []);
    assert!(store.waiting(world.account, &world.group).await.expect("they are read").is_empty());
    let read = read_so_far() - before;
    assert!(size > 20_000_000, "it is much: {size} bytes");
    assert!(read < size / 10, "the start read {read} of {size} bytes");
    store.close().await;
}

/// Bytes that this process has read from files, whether they came from the disk or not.
fn read_so_far() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").expect("the machine counts them");
    let read = io.lines().find_map(|line| line.strip_prefix("rchar: "));
    read.and_then(|bytes| bytes.parse().ok()).expect("a number")
}

fn file_size(folder: &std::path::Path) -> u64 {
    std::fs::metadata(folder.join("switchboard.db")).expect("it is there").len()
}
