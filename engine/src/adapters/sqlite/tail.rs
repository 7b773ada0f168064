//! The end of the journal, where the writer appends: which of the two tables takes its turn, and what stands in it.

use std::time::{Duration, Instant};

use rusqlite::{CachedStatement, Connection, params};

use crate::adapters::sqlite::packed::pack;
use crate::domain::event::StoredEvent;
use crate::domain::ids::{AccountId, ChatId};
use crate::domain::limits::{INDEX_PASS_MAX, INDEX_WITHIN};

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
        pack(events, &mut self.packet);
        insert.execute(params![self.next, &chat.0.as_bytes()[..], account.0, &self.packet])?;
        self.next += 1;
        self.rows += 1;
        self.bytes += self.packet.len();
        self.since.get_or_insert_with(Instant::now);
        Ok(())
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
    pub(super) fn seal(&mut self) -> Sealed {
        let since = self.since.take().unwrap_or_else(Instant::now);
        let sealed = Sealed { table: self.table, last: self.next - 1, rows: self.rows, since };
        self.table = self.table.other();
        self.rows = 0;
        // A single large message must not keep its memory.
        self.packet.shrink_to(PACKET_KEPT);
        sealed
    }
}

/// Bytes of the buffer for packing that are kept: a usual message takes a few hundred.
const PACKET_KEPT: usize = 4096;
