//! Passes step by step, the indexer's half included: cut off, failed, read meanwhile, over long chats.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::channel;

use serde_json::value::RawValue;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::adapters::sql::{Query, Row, Sql, events};
use crate::adapters::sqlite::indexer::part;
use crate::adapters::sqlite::open::{Opened, SqliteOptions, open};
use crate::adapters::sqlite::read::{OnWriter, at_once};
use crate::domain::event::StoredEvent;
use crate::domain::ids::{AccountId, ChatId};
use crate::domain::limits::{INDEX_PART_BYTES, RANGE_EVENTS_FULL, SMALL_RANGES_MAX};
use crate::domain::time::Timestamp;
use crate::metrics::StoreMetrics;
use crate::ports::journal::Side;
use crate::ports::store::StoreError;

const ACCOUNT: AccountId = AccountId(1);

/// A data folder in use, without threads: what they do is done when it is asked for.
struct Folder {
    place: TempDir,
    opened: Opened,
    tail: Tail,
    pass: Pass,
    requests: Receiver<Request>,
    answers: Sender<Outcome>,
    /// Events of each chat so far.
    written: BTreeMap<ChatId, u32>,
}

fn chat(number: u128) -> ChatId {
    ChatId(Uuid::from_u128(number))
}

impl Folder {
    fn new() -> Self {
        Self::at(tempfile::tempdir().unwrap(), BTreeMap::new())
    }

    fn at(place: TempDir, written: BTreeMap<ChatId, u32>) -> Self {
        let opened = open(&SqliteOptions::new(place.path()), StoreMetrics::new().unwrap()).unwrap();
        let (tail, left) = Tail::of(&opened.connection).unwrap();
        let ((to_indexer, requests), (answers, from_indexer)) = (channel(), channel());
        let pass = Pass::new(to_indexer, from_indexer, left);
        Self { place, opened, tail, pass, requests, answers, written }
    }

    /// The process dies, and another one takes the folder up.
    fn crash(self) -> Self {
        let Self { place, written, opened, .. } = self;
        drop(opened);
        Self::at(place, written)
    }

    /// Appends `count` events of that many bytes to a chat, each for itself; every third is hidden from the visitor.
    fn says(&mut self, chat: ChatId, count: u32, bytes: usize) {
        self.appends(chat, count, bytes, "COMMIT");
        *self.written.entry(chat).or_default() += count;
    }

    /// The same, and the commit fails.
    fn says_in_vain(&mut self, chat: ChatId, count: u32, bytes: usize) {
        self.appends(chat, count, bytes, "ROLLBACK");
        self.tail.rolled_back();
    }

    fn appends(&mut self, chat: ChatId, count: u32, bytes: usize, end: &str) {
        let connection = &self.opened.connection;
        let before = self.written.get(&chat).copied().unwrap_or_default();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        for seq in before + 1..=before + count {
            let body = RawValue::from_string(format!(r#"{{"n":{seq},"pad":"{}"}}"#, "x".repeat(bytes))).unwrap().into();
            let at = Timestamp::from_millis(i64::from(seq));
            let (visible, visitor_seq) = (!seq.is_multiple_of(3), seq - seq / 3);
            let event = StoredEvent { seq, visitor_seq, visible, at, body, origin: None };
            let mut insert = self.tail.insert(connection).unwrap();
            self.tail.append(&mut insert, ACCOUNT, chat, &[event]).unwrap();
        }
        let (last, key) = (before + count, &chat.0.as_bytes()[..]);
        let head = "INSERT OR REPLACE INTO chat_head (chat, account, owner_epoch, last_seq, visitor_seq, messages, \
            replies, idle_ms, idle_spread) VALUES (?1, 1, 1, ?2, ?3, 0, 0, 0, zeroblob(32))";
        connection.execute(head, params![key, last, last - last / 3]).unwrap();
        connection.execute_batch(end).unwrap();
    }

    /// Seals what stands in the journal, as if its time had come.
    fn seal(&mut self) {
        assert!(self.pass.sealed.is_none(), "one pass at a time");
        self.pass.seal(&mut self.tail);
    }

    /// One step of the pass, kept or lost; false when there is nothing more to do.
    fn step(&mut self, keep: bool) -> bool {
        let resting = self.pass.sealed.is_none();
        let writes = !resting && self.pass.look(&mut self.tail);
        if let Ok(request) = self.requests.try_recv() {
            self.answers.send(part(&self.opened.indexing, request)).unwrap();
            return true;
        }
        if !writes {
            return !resting;
        }
        let connection = &self.opened.connection;
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        self.pass.slice(connection, 0, Duration::MAX).unwrap();
        connection.execute_batch(if keep { "COMMIT" } else { "ROLLBACK" }).unwrap();
        if keep {
            self.pass.committed()
        } else {
            self.pass.rolled_back()
        }
        true
    }

    fn finish(&mut self) {
        while self.step(true) {}
    }

    fn read(&mut self, chat: ChatId, side: Side, after: u32, limit: usize) -> Vec<u32> {
        let mut sql = OnWriter(&mut self.opened.connection);
        let page: Result<_, StoreError> = at_once(events(&mut sql, ACCOUNT, chat, side, after, limit, usize::MAX));
        let number = |event: StoredEvent| if side == Side::Visitor { event.visitor_seq } else { event.seq };
        page.unwrap().events.into_iter().map(number).collect()
    }

    /// Every chat has all of its events, once, in order.
    fn is_whole(&mut self) {
        for (chat, last) in self.written.clone() {
            assert_eq!(self.read(chat, Side::Operators, 0, usize::MAX), (1..=last).collect::<Vec<_>>());
        }
    }

    fn count(&mut self, what: &'static str) -> i64 {
        let mut sql = OnWriter(&mut self.opened.connection);
        let answer: Result<_, StoreError> = at_once(sql.run(Query::new(what)));
        answer.unwrap().first(|mut row: Row| row.int()).unwrap().unwrap()
    }

    /// Nothing is left in the journal, and nothing stands twice.
    fn is_settled(&mut self) {
        assert_eq!(self.count("SELECT count(*) FROM event"), 0);
        let stored = self.count("SELECT sum(last_seq - first_seq + 1) FROM chat_event");
        assert_eq!(stored, self.written.values().map(|last| i64::from(*last)).sum::<i64>());
    }
}

#[test]
fn whoever_reads_during_a_pass_sees_every_event_once() {
    let mut folder = Folder::new();
    for number in 0..40 {
        folder.says(chat(number), 5, 2_000);
    }
    folder.finish();
    folder.seal();
    folder.says(chat(7), 3, 100);
    let mut steps = 0;
    while folder.step(true) {
        folder.is_whole();
        steps += 1;
    }
    assert!(steps > 6, "a pass of 400 KB has several slices: {steps}");
    folder.seal();
    folder.finish();
    folder.is_settled();
}

#[test]
fn whoever_waits_for_a_commit_waits_for_a_few_ranges_of_a_calm_pass() {
    for (appended, written) in [(100, INDEX_SLICE_RANGES), (0, 40)] {
        // A slice that a busy machine held up stops for its time: nothing is seen of how many there are.
        let quick = (0..100).find_map(|_| first_slice(appended)).expect("one that was not held up");
        assert_eq!(quick, written as i64, "{appended} bytes beside it");
    }
}

/// How many of 40 ranges go along with the first commit; none where the slice took all of its time.
fn first_slice(appended: usize) -> Option<i64> {
    let mut folder = Folder::new();
    for number in 0..40 {
        folder.says(chat(number), 1, 100);
    }
    folder.seal();
    assert!(!folder.pass.look(&mut folder.tail), "the indexer is asked first");
    let request = folder.requests.try_recv().unwrap();
    folder.answers.send(part(&folder.opened.indexing, request)).unwrap();
    assert!(folder.pass.look(&mut folder.tail), "its answer is to be written");
    folder.opened.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = Instant::now();
    folder.pass.slice(&folder.opened.connection, appended, Duration::MAX).unwrap();
    let took = begun.elapsed();
    folder.opened.connection.execute_batch("COMMIT").unwrap();
    folder.pass.committed();
    let written = folder.count("SELECT count(*) FROM chat_event");
    folder.finish();
    folder.is_settled();
    (took < INDEX_SLICE_MAX).then_some(written)
}

#[test]
fn a_pass_that_is_cut_off_anywhere_is_done_again_without_a_hole_or_a_double() {
    for cut in 0..12 {
        let mut folder = Folder::new();
        for number in 0..40 {
            folder.says(chat(number), 5, 2_000);
        }
        folder.seal();
        for _ in 0..cut {
            folder.step(true);
        }
        folder.says(chat(3), 2, 100);
        let mut folder = folder.crash();
        folder.is_whole();
        folder.says(chat(3), 2, 100);
        while folder.pass.sealed.is_some() {
            folder.step(true);
            folder.is_whole();
        }
        folder.seal();
        folder.finish();
        folder.is_whole();
        folder.is_settled();
        let raised = folder.count("SELECT n FROM watermark");
        assert_eq!(raised, 204, "the watermark stands at the last row, cut {cut}");
    }
}

#[test]
fn what_was_rolled_back_comes_into_no_range() {
    let mut folder = Folder::new();
    folder.says(chat(1), 2, 50);
    folder.says_in_vain(chat(1), 3, 50);
    folder.says(chat(1), 1, 50);
    folder.says(chat(2), 1, 50);
    folder.seal();
    folder.finish();
    folder.is_whole();
    folder.is_settled();
}

#[test]
fn a_slice_whose_commit_failed_is_done_again() {
    let mut folder = Folder::new();
    for number in 0..40 {
        folder.says(chat(number), 5, 2_000);
    }
    folder.seal();
    let mut lose = true;
    while folder.step(!lose) {
        folder.is_whole();
        lose = !lose;
    }
    folder.is_settled();
    assert_eq!(folder.count("SELECT count(*) FROM chat_event"), 40);
}

#[test]
fn a_slow_chat_does_not_leave_a_row_for_every_event() {
    let mut folder = Folder::new();
    for _ in 0..200 {
        folder.says(chat(1), 1, 50);
        folder.seal();
        folder.finish();
    }
    folder.is_whole();
    folder.is_settled();
    let ranges = folder.count("SELECT count(*) FROM chat_event");
    let most = i64::from(200 / RANGE_EVENTS_FULL) + SMALL_RANGES_MAX as i64;
    assert!(ranges <= most, "{ranges} ranges, at most {most}");
}

#[test]
fn pages_begin_and_end_inside_ranges_on_both_sides() {
    let mut folder = Folder::new();
    for count in [1, 30, 2, 2, 2, 40, 1, 1, 1, 1, 1, 1, 1, 1, 1, 50] {
        folder.says(chat(1), count, 50);
        folder.seal();
        folder.finish();
    }
    folder.says(chat(1), 7, 50);
    for (side, last) in [(Side::Operators, 143), (Side::Visitor, 96)] {
        for limit in [1, 3, 10, 64, 200] {
            for after in 0..=last {
                let upto = last.min(after + limit as u32);
                assert_eq!(folder.read(chat(1), side, after, limit), (after + 1..=upto).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn what_the_visitor_may_not_see_is_passed_over_however_long_it_is() {
    let mut folder = Folder::new();
    folder.says(chat(1), 2, 50);
    folder.seal();
    folder.finish();
    // Sixty ranges of notes between two messages.
    let connection = &folder.opened.connection;
    for seq in 3..=62_u32 {
        let body = RawValue::from_string("1".into()).unwrap().into();
        let at = Timestamp::from_millis(0);
        let (visible, visitor_seq) = (seq == 62, 2 + seq / 62);
        let event = StoredEvent { seq, visitor_seq, visible, at, body, origin: None };
        let mut insert = folder.tail.insert(connection).unwrap();
        folder.tail.append(&mut insert, ACCOUNT, chat(1), &[event]).unwrap();
    }
    connection.execute("UPDATE chat_head SET last_seq = 62, visitor_seq = 3", []).unwrap();
    folder.written.insert(chat(1), 62);
    folder.seal();
    folder.finish();
    assert_eq!(folder.read(chat(1), Side::Visitor, 2, 200), [3]);
    assert_eq!(folder.read(chat(1), Side::Visitor, 0, 200), [1, 2, 3]);
    folder.is_whole();
}

#[test]
fn a_journal_that_is_larger_than_the_memory_for_it_comes_in_parts() {
    let mut folder = Folder::new();
    let large = 60_000;
    let chats = (INDEX_PART_BYTES / large) as u128 / 2 + 10;
    for number in 0..chats {
        folder.says(chat(number), 3, large);
    }
    folder.seal();
    let mut reached = BTreeSet::new();
    while folder.step(true) {
        reached.insert(folder.pass.reached);
    }
    folder.is_whole();
    folder.is_settled();
    assert!(reached.len() >= 3, "nothing, one part, all: {reached:?}");
}
