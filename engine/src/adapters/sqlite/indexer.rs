//! Moves events from the journal to where they are read, sorted by chat. A pass takes all that stands in the journal
//! when it begins: first it copies them chat by chat, then it removes them from the journal and moves the watermark,
//! all in small slices within the writer's own transactions. Whoever reads meanwhile takes what is copied first, and
//! from the journal only what comes after it.

use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::domain::ids::ChatId;
use crate::domain::limits::{INDEX_PASS_MAX, INDEX_WITHIN};

const COPY: &str = "INSERT OR IGNORE INTO chat_event (chat, seq, account, visitor_seq, visible, at, body, command, \
    sender, digest) SELECT chat, seq, account, visitor_seq, visible, at, body, command, sender, digest FROM event \
    WHERE n = ?1";
const REMOVE: &str = "DELETE FROM event WHERE n <= ?1";
const RAISE: &str = "UPDATE watermark SET n = ?1 WHERE name = 'chat_event'";

/// Rows that are copied between two looks at the clock.
const COPIED_AT_ONCE: usize = 16;
/// Rows that are removed between two looks at the clock: removing in a row costs a tenth of copying.
const REMOVED_AT_ONCE: i64 = 256;

/// A row of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    chat: Uuid,
    seq: u32,
    n: i64,
}

/// What stands in the journal, and how far the pass under way is.
pub(super) struct Indexer {
    /// The number of the next row.
    next: i64,
    /// Rows that no pass has taken yet, in the order of the journal; those behind `committed` are not committed.
    fresh: Vec<Entry>,
    committed: usize,
    /// Since when the first of them stands there.
    since: Option<Instant>,
    pass: Option<Pass>,
}

/// One pass. What is beyond `saved` was done in a transaction that has not been committed yet.
struct Pass {
    /// Sorted by chat.
    entries: Vec<Entry>,
    /// The last row of it.
    last: i64,
    at: Progress,
    saved: Progress,
}

#[derive(Clone, Copy)]
struct Progress {
    copied: usize,
    /// Rows up to this one are removed.
    removed: i64,
    finished: bool,
}

/// A place to come back to when a savepoint is rolled back.
pub(super) struct Mark(usize);

impl Indexer {
    /// Takes up what an earlier process left in the journal.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let watermark: i64 =
            connection.query_row("SELECT n FROM watermark WHERE name = 'chat_event'", [], |row| row.get(0))?;
        let mut rows = connection.prepare("SELECT chat, seq, n FROM event ORDER BY n")?;
        let entry = |row: &rusqlite::Row<'_>| {
            let chat: [u8; 16] = row.get(0)?;
            Ok(Entry { chat: Uuid::from_bytes(chat), seq: row.get(1)?, n: row.get(2)? })
        };
        let fresh = rows.query_map([], entry)?.collect::<rusqlite::Result<Vec<_>>>()?;
        let next = fresh.last().map_or(watermark, |last| last.n.max(watermark)) + 1;
        // What was left is older than anything may be: the first pass begins at once.
        let since = if fresh.is_empty() { None } else { Instant::now().checked_sub(INDEX_WITHIN) };
        Ok(Self { next, committed: fresh.len(), fresh, since, pass: None })
    }

    /// Gives the next row of the journal its number.
    pub(super) fn number(&mut self, chat: ChatId, seq: u32) -> i64 {
        let n = self.next;
        self.next += 1;
        self.fresh.push(Entry { chat: chat.0, seq, n });
        n
    }

    /// How long the writer may sleep before it must go on here.
    pub(super) fn due_in(&self) -> Duration {
        if self.pass.is_some() || self.committed >= INDEX_PASS_MAX {
            return Duration::ZERO;
        }
        // Half of the time is for waiting, so that there is something to sort; the other half is for doing it.
        match (self.committed, self.since) {
            (0, _) => Duration::MAX,
            (_, Some(since)) => (INDEX_WITHIN / 2).saturating_sub(since.elapsed()),
            (_, None) => Duration::ZERO,
        }
    }

    /// Goes on for about `budget` in the transaction under way, if there is something due.
    pub(super) fn slice(&mut self, connection: &Connection, budget: Duration) -> rusqlite::Result<()> {
        if !self.due_in().is_zero() {
            return Ok(());
        }
        let begun = Instant::now();
        if self.pass.is_none() {
            self.begin();
        }
        let Some(pass) = &mut self.pass else { return Ok(()) };
        let mut copy = connection.prepare_cached(COPY)?;
        while pass.at.copied < pass.entries.len() && begun.elapsed() < budget {
            let upto = (pass.at.copied + COPIED_AT_ONCE).min(pass.entries.len());
            for entry in &pass.entries[pass.at.copied..upto] {
                copy.execute(params![entry.n])?;
            }
            pass.at.copied = upto;
        }
        if pass.at.copied < pass.entries.len() {
            return Ok(());
        }
        let mut remove = connection.prepare_cached(REMOVE)?;
        while pass.at.removed < pass.last && begun.elapsed() < budget {
            let upto = (pass.at.removed + REMOVED_AT_ONCE).min(pass.last);
            remove.execute(params![upto])?;
            pass.at.removed = upto;
        }
        if pass.at.removed == pass.last && !pass.at.finished {
            connection.prepare_cached(RAISE)?.execute(params![pass.last])?;
            pass.at.finished = true;
        }
        Ok(())
    }

    /// The transaction was committed.
    pub(super) fn committed(&mut self) {
        if self.since.is_none() && !self.fresh.is_empty() {
            self.since = Some(Instant::now());
        }
        self.committed = self.fresh.len();
        if let Some(pass) = &mut self.pass {
            pass.saved = pass.at;
        }
        if self.pass.as_ref().is_some_and(|pass| pass.saved.finished) {
            self.pass = None;
        }
    }

    /// The transaction was rolled back.
    pub(super) fn rolled_back(&mut self) {
        self.fresh.truncate(self.committed);
        if let Some(pass) = &mut self.pass {
            pass.at = pass.saved;
        }
    }

    /// Where a savepoint begins.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.fresh.len())
    }

    /// The savepoint was rolled back.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.fresh.truncate(mark.0);
    }

    /// Takes the rows that are committed into a pass.
    fn begin(&mut self) {
        let mut entries: Vec<Entry> = self.fresh.drain(..self.committed.min(INDEX_PASS_MAX)).collect();
        self.committed -= entries.len();
        self.since = if self.committed == 0 { None } else { Some(Instant::now()) };
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return };
        let start = Progress { copied: 0, removed: first.n - 1, finished: false };
        let last = last.n;
        entries.sort_unstable();
        self.pass = Some(Pass { entries, last, at: start, saved: start });
    }
}
