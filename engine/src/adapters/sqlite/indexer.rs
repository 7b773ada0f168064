//! The indexer, on a thread and a connection of its own: it reads a table of the journal to which nothing is appended
//! any more, puts the events of each chat together to a range, and hands the ranges to the writer, a part of bounded
//! size at a time. What was appended since the process started it is handed and need not read. It keeps nothing between
//! two parts; what it needs to know stands in the file.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Instant;

use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::adapters::sqlite::packed::{FORM, Span, events_after, span};
use crate::adapters::sqlite::queue::Queue;
use crate::adapters::sqlite::read::store_error;
use crate::adapters::sqlite::tail::{Kept, Table};
#[cfg(feature = "faults")]
use crate::adapters::sqlite::thread::faults;
use crate::adapters::sqlite::thread::survived;
use crate::domain::ids::{AccountId, ChatId};
use crate::domain::limits::{
    INDEX_PART_BYTES, INDEX_REST, INDEX_WORK, RANGE_BYTES_FULL, RANGE_BYTES_MAX, RANGE_EVENTS_FULL, SMALL_RANGES_MAX,
};
use crate::ports::store::StoreError;

const JOURNAL: [&str; 2] = [
    "SELECT n, chat, account, events FROM event_0 WHERE n > ?1 ORDER BY n",
    "SELECT n, chat, account, events FROM event_1 WHERE n > ?1 ORDER BY n",
];
const LATEST: &str =
    "SELECT first_seq, last_seq, bytes FROM chat_event WHERE chat = ?1 ORDER BY last_seq DESC LIMIT ?2";
const ABSORBED: &str = "SELECT events FROM chat_event WHERE chat = ?1 AND last_seq BETWEEN ?2 AND ?3 ORDER BY last_seq";

/// Which rows are to be put together: those of the table behind `after`.
pub(super) struct Request {
    pub(super) table: Table,
    pub(super) after: i64,
    /// These rows, where they are at hand; otherwise they are read.
    pub(super) kept: Option<VecDeque<Kept>>,
    /// So little is to be done that others come first.
    pub(super) calm: bool,
}

/// Ranges of rows that follow each other in the journal.
#[derive(Debug)]
pub(super) struct Part {
    /// Sorted by chat; those of one chat in their order.
    pub(super) ranges: Vec<Range>,
    /// The last row of the journal that went into them.
    pub(super) reached: i64,
    /// Whether there is nothing behind it.
    pub(super) last: bool,
    /// What is behind it, where it is at hand.
    pub(super) kept: Option<VecDeque<Kept>>,
}

/// Consecutive events of one chat, to be written in place of all ranges between its first and its last event.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) chat: Uuid,
    pub(super) account: i64,
    pub(super) span: Span,
    pub(super) events: Vec<u8>,
}

pub(super) type Outcome = Result<Part, StoreError>;

/// Answers requests until nobody asks any more.
pub(super) fn run(
    connection: &Connection,
    requests: &Receiver<Request>,
    answers: &Sender<Outcome>,
    queue: &Arc<Queue>,
) {
    while let Ok(request) = requests.recv() {
        let part = survived("indexer", || part(connection, request)).unwrap_or_else(Err);
        if answers.send(part).is_err() {
            break;
        }
        queue.nudge();
    }
}

/// Puts a part together.
pub(super) fn part(connection: &Connection, request: Request) -> Outcome {
    let Request { table, after, kept, calm } = request;
    let mut turns = Turns::new(calm);
    let mut part = match kept {
        Some(kept) => at_hand(kept, after, &mut turns),
        None => read(connection, table, after)?,
    };
    part.ranges.sort_by_key(|range| (range.chat, range.span.first));
    let mut done: Vec<Range> = Vec::with_capacity(part.ranges.len());
    for range in part.ranges {
        turns.rest();
        #[cfg(feature = "faults")]
        faults::on_range(&range.events);
        // Only the first range of a chat meets what is in the file; the next one follows the one before it.
        let follows = done.last().is_some_and(|before| before.chat == range.chat);
        done.extend(if follows { Some(range) } else { joined(connection, range)? });
    }
    Ok(Part { ranges: done, ..part })
}

/// Lets others come to their turn: after some work it rests, unless there is much to do.
struct Turns {
    /// Since when it has worked.
    since: Option<Instant>,
}

impl Turns {
    fn new(calm: bool) -> Self {
        Self { since: calm.then(Instant::now) }
    }

    /// To be called between two small pieces of work, with no statement open.
    fn rest(&mut self) {
        if self.since.is_some_and(|since| since.elapsed() >= INDEX_WORK) {
            std::thread::sleep(INDEX_REST);
            self.since = Some(Instant::now());
        }
    }
}

/// A part of rows that are at hand.
fn at_hand(mut kept: VecDeque<Kept>, after: i64, turns: &mut Turns) -> Part {
    let mut gathered = Gathered::behind(after);
    while !gathered.is_full()
        && let Some(row) = kept.pop_front()
    {
        turns.rest();
        gathered.take(row);
    }
    let last = kept.is_empty();
    Part { last, kept: (!last).then_some(kept), ..gathered.part }
}

/// A part of rows as they stand in the file.
fn read(connection: &Connection, table: Table, after: i64) -> Outcome {
    let sql = |error: rusqlite::Error| store_error(&error);
    let mut gathered = Gathered::behind(after);
    let mut journal = connection.prepare_cached(JOURNAL[table.0]).map_err(sql)?;
    let mut rows = journal.query(params![after]).map_err(sql)?;
    while let Some(row) = rows.next().map_err(sql)? {
        if gathered.is_full() {
            gathered.part.last = false;
            break;
        }
        let blob = |at| row.get_ref(at).map_err(sql)?.as_blob().map_err(|error| StoreError::Corrupt(error.to_string()));
        let (chat, packet) = (blob(1)?, blob(3)?);
        let chat = ChatId(Uuid::from_slice(chat).map_err(|error| StoreError::Corrupt(error.to_string()))?);
        let (n, account) = (row.get(0).map_err(sql)?, AccountId(row.get(2).map_err(sql)?));
        gathered.take(Kept { n, chat, account, span: span(packet)?, packet: packet.to_vec() });
    }
    Ok(gathered.part)
}

/// A part on the way.
struct Gathered {
    part: Part,
    /// The range of each chat that takes more.
    open: HashMap<ChatId, usize>,
    bytes: usize,
}

impl Gathered {
    fn behind(after: i64) -> Self {
        let part = Part { ranges: Vec::new(), reached: after, last: true, kept: None };
        Self { part, open: HashMap::new(), bytes: 0 }
    }

    fn is_full(&self) -> bool {
        self.bytes >= INDEX_PART_BYTES
    }

    fn take(&mut self, row: Kept) {
        let Kept { n, chat, account, span, packet } = row;
        self.bytes += packet.len();
        self.part.reached = n;
        let range = self.open.get(&chat).and_then(|at| self.part.ranges.get_mut(*at));
        match range.filter(|range| range.span.last + 1 == span.first && range.events.len() < RANGE_BYTES_MAX) {
            Some(range) => range.add(span, &packet[1..]),
            None => {
                self.open.insert(chat, self.part.ranges.len());
                self.part.ranges.push(Range { chat: chat.0, account: account.0, span, events: packet });
            }
        }
    }
}

impl Range {
    /// Adds events that follow.
    fn add(&mut self, span: Span, events: &[u8]) {
        self.events.extend_from_slice(events);
        self.span = Span { first: self.span.first, ..span };
    }
}

/// The range as it is to be written: without what is in the file already, and together with small ranges before it
/// when there are many. `None` when all of it is there.
fn joined(connection: &Connection, mut range: Range) -> Result<Option<Range>, StoreError> {
    let sql = |error: rusqlite::Error| store_error(&error);
    let mut latest = connection.prepare_cached(LATEST).map_err(sql)?;
    let mut rows = latest.query(params![&range.chat.as_bytes()[..], SMALL_RANGES_MAX as i64]).map_err(sql)?;
    let (mut small, mut begin) = (0, None);
    while let Some(row) = rows.next().map_err(sql)? {
        let number = |at| row.get::<_, u32>(at).map_err(sql);
        let (first, last, bytes) = (number(0)?, number(1)?, row.get::<_, u32>(2).map_err(sql)?);
        if begin.is_none() {
            if last >= range.span.last {
                return Ok(None);
            }
            if last >= range.span.first {
                // A pass that was cut off has brought the beginning already.
                let rest = events_after(&range.events, last)?;
                range.events = [&[FORM], rest].concat();
                range.span = span(&range.events)?;
            }
        }
        let next = begin.unwrap_or(range.span.first);
        let is_small = last.saturating_sub(first) + 1 < RANGE_EVENTS_FULL && (bytes as usize) < RANGE_BYTES_FULL;
        if !is_small || last + 1 != next {
            break;
        }
        begin = Some(first);
        small += 1;
    }
    match begin {
        Some(begin) if small + 1 >= SMALL_RANGES_MAX => absorb(connection, range, begin).map(Some),
        _ => Ok(Some(range)),
    }
}

/// Puts the ranges in the file from `begin` on in front of this one.
fn absorb(connection: &Connection, range: Range, begin: u32) -> Result<Range, StoreError> {
    let sql = |error: rusqlite::Error| store_error(&error);
    let mut absorbed = connection.prepare_cached(ABSORBED).map_err(sql)?;
    let place = params![&range.chat.as_bytes()[..], begin, range.span.first - 1];
    let mut rows = absorbed.query(place).map_err(sql)?;
    let mut events = vec![FORM];
    while let Some(row) = rows.next().map_err(sql)? {
        let packet = row.get_ref(0).map_err(sql)?;
        let packet = packet.as_blob().map_err(|error| StoreError::Corrupt(error.to_string()))?;
        events.extend_from_slice(events_after(packet, 0)?);
    }
    events.extend_from_slice(&range.events[1..]);
    let span = span(&events)?;
    if span.first != begin || span.last != range.span.last {
        return Err(StoreError::Corrupt(format!("ranges of chat {} do not follow each other", range.chat)));
    }
    Ok(Range { span, events, ..range })
}
