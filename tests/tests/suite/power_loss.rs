//! The power goes while chats are written. What was answered as done must be there afterwards; a store that does not
//! sync must be caught at losing it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use engine::adapters::sqlite::{SqliteOptions, SqliteStore};
use engine::domain::event::EventKind;
use engine::domain::ids::{AccountId, ChatId};
use engine::ports::journal::Side;
use engine::ports::store::Store;
use switchboard_tests::conformance::world::World;
use switchboard_tests::power_loss::Disk;

/// Cuts of one test: each at another moment.
const CUTS: u64 = 24;
const CHATS: usize = 12;
/// Pages after which the log comes home in these stories, so that cuts meet the way there: some 20 commits.
const LOG_PAGES: u32 = 64;

/// What the store had answered when the power went.
struct Promised {
    account: AccountId,
    /// Events of each chat.
    events: BTreeMap<ChatId, u32>,
    /// Pages that had come home since the writing began.
    home: u64,
}

/// Writes to many chats at once until the power goes; answers what was promised.
async fn write_until_the_power_goes(folder: &Path, disk: &Disk, never_sync: bool, cut: u64) -> Promised {
    let vfs = Some(disk.name().to_owned());
    let options = SqliteOptions { vfs, never_sync, log_pages: Some(LOG_PAGES), ..SqliteOptions::new(folder) };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(options).await.expect("the store opens"));
    let world = World::new(Arc::clone(&store), "acme").await;
    let mut talks = Vec::new();
    for number in 0..CHATS {
        talks.push(world.chat(number as i64).await);
    }
    disk.brought_home();
    disk.cut_after(cut);
    let writers: Vec<_> = talks
        .into_iter()
        .map(|mut talk| {
            let world = world.clone();
            tokio::spawn(async move {
                let mut safe = talk.chat.last_seq;
                loop {
                    let append = talk.says(&"written down ".repeat(20), 1_000 + i64::from(safe));
                    match world.append(append).await {
                        Ok(_) => safe = talk.chat.last_seq,
                        Err(_) => break (talk.id(), safe),
                    }
                }
            })
        })
        .collect();
    // Meanwhile others come.
    let mut promised = Promised { account: world.account, events: BTreeMap::new(), home: 0 };
    loop {
        let (talk, birth) = world.start(world.visitor(), 2_000);
        if store.birth(birth).await.is_err() {
            break;
        }
        promised.events.insert(talk.id(), talk.chat.last_seq);
    }
    for writer in writers {
        let (chat, safe) = writer.await.expect("a writer ends in order");
        promised.events.insert(chat, safe);
    }
    promised.home = disk.brought_home();
    assert!(disk.is_off(), "they stopped because the power went");
    store.close().await;
    promised
}

/// Opens what the disk kept, as the next start does; answers how many promised events are missing.
async fn missing(folder: &Path, promised: &Promised) -> u32 {
    let all = || promised.events.values().sum();
    let Ok(store) = SqliteStore::open(SqliteOptions::new(folder)).await else { return all() };
    let store: Arc<dyn Store> = Arc::new(store);
    let mut missing = 0;
    for (chat, safe) in &promised.events {
        let page = store.events(promised.account, *chat, Side::Operators, 0, usize::MAX, usize::MAX).await;
        let events = page.map(|page| page.events).unwrap_or_default();
        let whole = events.iter().zip(1..).take_while(|(event, seq)| {
            event.seq == *seq && (*seq <= 3 || matches!(event.kind(), Some(EventKind::Message(_))))
        });
        missing += safe.saturating_sub(whole.count() as u32);
    }
    store.close().await;
    missing
}

/// Chance that can be repeated.
fn chance(seed: u64) -> impl FnMut() -> bool {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state & 3 == 0
    }
}

/// What was lost: of what was promised, and of what had not been synced; and how many pages had come home before.
async fn missing_after_a_cut(seed: u64, never_sync: bool) -> (u32, usize, u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = Disk::new();
    let promised = write_until_the_power_goes(folder.path(), &disk, never_sync, 40 + seed * seed * 7).await;
    // On every second disk some of the unsynced writes arrived, in no order; on the others none.
    let mut chance = chance(seed);
    let lost = disk.come_back(|| seed % 2 == 1 && chance()).expect("the files are put back");
    (missing(folder.path(), &promised).await, lost, promised.home)
}

#[tokio::test]
async fn what_was_answered_is_there_after_the_power_went() {
    let (mut lost_writes, mut behind_the_way_home) = (0, 0);
    for seed in 0..CUTS {
        let (missing, lost, home) = missing_after_a_cut(seed, false).await;
        assert_eq!(missing, 0, "cut {seed}");
        lost_writes += lost;
        behind_the_way_home += usize::from(home > 0);
    }
    assert!(lost_writes > 0, "the disk did lose what was not synced");
    assert!(behind_the_way_home > 5, "the log came home before {behind_the_way_home} cuts only");
}

#[tokio::test]
async fn a_store_that_does_not_sync_is_caught_at_losing_answers() {
    let mut missing = 0;
    for seed in 0..4 {
        missing += missing_after_a_cut(seed, true).await.0;
    }
    assert!(missing > 0, "without a sync, answers are lost");
}
