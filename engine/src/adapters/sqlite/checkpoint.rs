//! Brings the log home. Most of it is copied, and synced, by a connection on a thread of its own while commits go on; the few pages
//! that came meanwhile the writer copies itself between two commits, so that the log is empty at one moment and the
//! next commit begins it anew: a log that is written over needs no new room, and a commit no news of the file's size.

use std::cell::Cell;
use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use rusqlite::hooks::Wal;
use rusqlite::{Connection, Result};

use crate::adapters::sqlite::queue::Queue;
use crate::adapters::sqlite::read::store_error;
use crate::adapters::sqlite::thread::survived;
use crate::domain::limits::{LOG_PAGES_MAX, LOG_PAGES_REST, LOG_PATIENCE, METRICS_UPKEEP_EVERY};
use crate::metrics::StoreMetrics;
use crate::ports::store::StoreError;

const PASSIVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";
const RESTART: &str = "PRAGMA wal_checkpoint(RESTART)";

thread_local! {
    /// Pages of the log after the latest commit of this thread.
    static PAGES: Cell<u32> = const { Cell::new(0) };
}

/// What a checkpoint found: pages of the log, and how many of them are home.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copied {
    log: u32,
    home: u32,
}

/// What came of copying.
pub(super) type CopyOutcome = std::result::Result<Copied, StoreError>;

/// The writer's half.
pub(super) struct Checkpoints {
    to_copier: Sender<()>,
    from_copier: Receiver<CopyOutcome>,
    asked: bool,
    /// Pages of the log.
    pages: u32,
    /// Pages from which on a log that began anew is brought home.
    often: u32,
    /// Pages from which on it is time.
    due_at: u32,
}

impl Checkpoints {
    /// For the writing connection, which is used on the calling thread alone.
    pub(super) fn new(
        connection: &Connection,
        to_copier: Sender<()>,
        from_copier: Receiver<CopyOutcome>,
        often: u32,
    ) -> Self {
        connection.wal_hook(Some(note_pages));
        Self { to_copier, from_copier, asked: false, pages: 0, often, due_at: often }
    }

    /// A transaction was committed. Answers the pages of the log.
    pub(super) fn committed(&mut self) -> u32 {
        let pages = PAGES.get();
        if pages < self.pages {
            self.due_at = self.often;
        }
        self.pages = pages;
        pages
    }

    /// Asks for a checkpoint where one is due, and finishes one that was asked for. To be called between two
    /// transactions. Answers whether the log came home.
    pub(super) fn look(&mut self, connection: &Connection) -> bool {
        if !self.asked {
            if self.pages >= self.due_at {
                self.asked = self.to_copier.send(()).is_ok();
            }
            return false;
        }
        let Ok(copied) = self.from_copier.try_recv() else { return false };
        self.asked = false;
        match copied {
            // It could not keep up: once more from there.
            Ok(copied) if self.pages.saturating_sub(copied.home) > LOG_PAGES_REST && self.pages < LOG_PAGES_MAX => {
                return false;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the log could not be brought home; it grows meanwhile"),
        }
        // Readers in the log may keep it from beginning anew; then it goes on for a while.
        self.due_at = self.pages.saturating_add(self.often / 4);
        let finished = if self.pages >= LOG_PAGES_MAX { restart(connection) } else { checkpoint(connection, PASSIVE) };
        match finished {
            Ok(copied) => copied.home == copied.log,
            Err(error) => {
                tracing::warn!(%error, "the log could not be brought home; it grows meanwhile");
                false
            }
        }
    }
}

/// The other half.
pub(super) struct Copier {
    pub(super) connection: Connection,
    pub(super) file: Arc<File>,
}

impl Copier {
    /// Copies whenever it is asked, until nobody asks any more.
    pub(super) fn run(
        self,
        requests: &Receiver<()>,
        answers: &Sender<CopyOutcome>,
        queue: &Arc<Queue>,
        metrics: &StoreMetrics,
    ) {
        loop {
            match requests.recv_timeout(METRICS_UPKEEP_EVERY) {
                Ok(()) => {
                    let copied = survived("copier", || self.copy().map_err(|error| store_error(&error)));
                    if answers.send(copied.unwrap_or_else(Err)).is_err() {
                        break;
                    }
                    queue.nudge();
                }
                // A quiet moment, and the only thread that has one.
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            metrics.upkeep();
        }
    }

    /// SQLite syncs the file only when all of the log is home, and that is in the writer's turn: by then nearly all of it
    /// shall be on disk.
    fn copy(&self) -> Result<Copied> {
        let copied = checkpoint(&self.connection, PASSIVE);
        if let Err(error) = self.file.sync_data() {
            tracing::warn!(%error, "what was copied is not on the disk yet");
        }
        copied
    }
}

/// Waits for readers that are in the log: those that come meanwhile need it no more.
fn restart(connection: &Connection) -> Result<Copied> {
    connection.busy_timeout(LOG_PATIENCE)?;
    let copied = checkpoint(connection, RESTART);
    connection.busy_timeout(Duration::ZERO)?;
    copied
}

fn checkpoint(connection: &Connection, how: &str) -> Result<Copied> {
    connection.prepare_cached(how)?.query_row([], |row| {
        // Without a log both are -1.
        let pages = |at| row.get::<_, i64>(at).map(|pages| u32::try_from(pages).unwrap_or(0));
        Ok(Copied { log: pages(1)?, home: pages(2)? })
    })
}

#[expect(clippy::unnecessary_wraps, reason = "the form of the hook")]
fn note_pages(_: &Wal, pages: std::ffi::c_int) -> Result<()> {
    PAGES.set(u32::try_from(pages).unwrap_or(0));
    Ok(())
}
