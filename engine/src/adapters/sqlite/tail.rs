//! The end of the journal, where the writer appends: which of the two tables takes its turn, and what stands in it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rusqlite::{CachedStatement, Connection, params};

use crate::adapters::sqlite::packed::{Span, pack};
use crate::domain::event::StoredEvent;
use crate::domain::ids::{AccountId, ChatId};
use crate::domain::limits::{INDEX_KEPT_BYTES, INDEX_PASS_MAX, INDEX_WITHIN};

const INSERT: [&str; 2] = [
    "INSERT INTO event_0 (n, chat, account, events) VALUES (?1, ?2, ?3, ?4)",
    "INSERT INTO event_1 (n, chat, account, events) VALUES (?1, ?2, ?3, ?4)",
];

/// One of the journal's two tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Table(pub(super) usize);

impl Table {
    fn other(self) -> Self {
        Self(1 - self.0)
    }
}

/// A table to which nothing is appended any more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sealed {
    pub(super) table: Table,
    /// The last row that stands in it, or more.
    pub(super) last: i64,
    /// How many stand in it, as far as this process knows.
    pub(super) rows: usize,
    /// Since when something stands there.
    pub(super) since: Instant,
}

/// A row of the journal as it was appended.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) n: i64,
    pub(super) chat: ChatId,
    pub(super) account: AccountId,
    pub(super) span: Span,
    pub(super) packet: Vec<u8>,
}

/// The table that is appended to. What a rolled-back transaction added is counted, too: that does no harm.
pub(super) struct Tail {
    table: Table,
    /// The number of the next row.
    next: i64,
    rows: usize,
    /// Bytes appended since the last look.
    bytes: usize,
    since: Option<Instant>,
    packet: Vec<u8>,
    /// All that stands in the table, so that the indexer need not read it again; none where that is not known, or too
    /// much.
    kept: Option<VecDeque<Kept>>,
    kept_bytes: usize,
}

impl Tail {
    /// Takes up what an earlier process left; what is to be indexed first is sealed.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<(Self, Option<Sealed>)> {
        let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
        let watermark = number("SELECT n FROM watermark WHERE name = 'chat_event'")?.unwrap_or(0);
        let last = [number("SELECT max(n) FROM event_0")?, number("SELECT max(n) FROM event_1")?];
        let highest = last.iter().flatten().fold(watermark, |highest, n| highest.max(*n));
        // The older of the two: a table is sealed before the other one is appended to.
        let sealed = match last {
            [None, None] => None,
            [Some(_), None] => Some(0),
            [None, Some(_)] => Some(1),
            [Some(first), Some(second)] => Some(usize::from(second < first)),
        };
        // What was left is older than anything may be: it is due at once.
        let now = Instant::now();
        let since = now.checked_sub(INDEX_WITHIN).unwrap_or(now);
        let sealed = sealed.map(|table| Sealed { table: Table(table), last: last[table].unwrap_or(0), rows: 0, since });
        let table = sealed.map_or(Table(0), |sealed| sealed.table.other());
        let left = last[table.0].is_some();
        let tail = Self {
            table,
            next: highest + 1,
            rows: usize::from(left),
            bytes: 0,
            since: left.then_some(since),
            packet: Vec::new(),
            kept: (!left).then(VecDeque::new),
            kept_bytes: 0,
        };
        Ok((tail, sealed))
    }

    /// The statement that appends now.
    pub(super) fn insert<'c>(&self, connection: &'c Connection) -> rusqlite::Result<CachedStatement<'c>> {
        connection.prepare_cached(INSERT[self.table.0])
    }

    /// Appends consecutive events of a chat, with the statement of [`Tail::insert`].
    pub(super) fn append<'e>(
        &mut self,
        insert: &mut CachedStatement<'_>,
        account: AccountId,
        chat: ChatId,
        events: impl IntoIterator<Item = &'e StoredEvent>,
    ) -> rusqlite::Result<()> {
        let span = pack(events, &mut self.packet);
        insert.execute(params![self.next, &chat.0.as_bytes()[..], account.0, &self.packet])?;
        self.keep(chat, account, span);
        self.next += 1;
        self.rows += 1;
        self.bytes += self.packet.len();
        self.since.get_or_insert_with(Instant::now);
        Ok(())
    }

    fn keep(&mut self, chat: ChatId, account: AccountId, span: Option<Span>) {
        self.kept_bytes += self.packet.len();
        let room = self.kept_bytes <= INDEX_KEPT_BYTES;
        match self.kept.as_mut().zip(span).filter(|_| room) {
            Some((kept, span)) => {
                kept.push_back(Kept { n: self.next, chat, account, span, packet: self.packet.clone() });
            }
            None => self.kept = None,
        }
    }

    /// Something that was appended is not there after all: what stands in the table must be read.
    pub(super) fn rolled_back(&mut self) {
        self.kept = None;
    }

    /// Rows that wait for their turn to be indexed.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Since when something waits.
    pub(super) fn since(&self) -> Option<Instant> {
        self.since
    }

    /// Bytes that were appended since this was asked last.
    pub(super) fn bytes_since(&mut self) -> usize {
        std::mem::take(&mut self.bytes)
    }

    /// In how long the table should be sealed, if the other one is empty.
    pub(super) fn due_in(&self) -> Duration {
        if self.rows >= INDEX_PASS_MAX {
            return Duration::ZERO;
        }
        // Half of the time is for waiting, so that ranges have several events; the other half is for doing it.
        self.since.map_or(Duration::MAX, |since| (INDEX_WITHIN / 2).saturating_sub(since.elapsed()))
    }

    /// Appends to the other table from now on. To be called between two transactions, while the other one is empty.
    pub(super) fn seal(&mut self) -> (Sealed, Option<VecDeque<Kept>>) {
        let since = self.since.take().unwrap_or_else(Instant::now);
        let sealed = Sealed { table: self.table, last: self.next - 1, rows: self.rows, since };
        self.table = self.table.other();
        self.rows = 0;
        // A single large message must not keep its memory.
        self.packet.shrink_to(PACKET_KEPT);
        self.kept_bytes = 0;
        (sealed, self.kept.replace(VecDeque::new()))
    }
}

/// Bytes of the buffer for packing that are kept: a usual message takes a few hundred.
const PACKET_KEPT: usize = 4096;
