//! Groups that fail after some of their events were written: nothing of them comes back, not by the indexer either, to
//! whom the writer hands what it appended.

use std::sync::mpsc;
use std::time::Duration;

use serde_json::value::RawValue;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::adapters::sql::events;
use crate::adapters::sqlite::open::{SqliteOptions, open};
use crate::domain::event::StoredEvent;
use crate::domain::ids::{AccountId, ChatId};
use crate::ports::journal::{AppendError, Head, Side, Told};

const ACCOUNT: AccountId = AccountId(1);
/// Passes have come to their end by then, on a machine that is busy with something else, too.
const SETTLED_WITHIN: Duration = Duration::from_secs(20);

#[test]
fn commits_are_twice_their_time_apart_and_no_further_than_may_be() {
    let mut pace = Pace::default();
    assert_eq!(pace.due_in(), Duration::ZERO, "the first one waits for nobody");
    pace.took(Instant::now());
    assert!(pace.due_in() < COMMIT_EVERY / 2, "a quick disk makes nobody wait");
    let slow = Duration::from_secs(3600);
    pace = Pace { begun: Some(Instant::now() + slow), took: slow };
    assert!(pace.due_in() == COMMIT_EVERY, "a slow one makes nobody wait longer");
    pace.begun = Instant::now().checked_sub(COMMIT_EVERY);
    assert_eq!(pace.due_in(), Duration::ZERO);
}

/// A writer that does its groups when it is told to; only its helpers have threads.
struct Writer {
    core: Core,
    outcomes: (mpsc::Sender<AppendOutcome>, mpsc::Receiver<AppendOutcome>),
    _place: TempDir,
}

impl Writer {
    fn with_chats(chats: [ChatId; 2]) -> Self {
        let place = tempfile::tempdir().unwrap();
        let opened = open(&SqliteOptions::new(place.path()), StoreMetrics::new().unwrap()).unwrap();
        let (core, _helpers) = Core::new(opened, &Arc::new(Queue::new())).unwrap();
        for chat in chats {
            let head = "INSERT INTO chat_head (chat, account, owner_epoch, last_seq, visitor_seq, messages, replies, \
                idle_ms, idle_spread) VALUES (?1, 1, 1, 0, 0, 0, 0, 0, zeroblob(32))";
            core.connection.execute(head, [&chat.0.as_bytes()[..]]).unwrap();
        }
        Self { core, outcomes: channel(), _place: place }
    }

    /// Does the appends as one group; what each came to, in their order.
    fn group(&mut self, appends: Vec<Append>) -> Vec<AppendOutcome> {
        let jobs = appends.into_iter().map(|append| {
            let told = self.outcomes.0.clone();
            let deliver = Box::new(move |outcome| told.send(outcome).unwrap());
            Job::Append(
                append,
                Completion { lane: Arc::new(|all: Vec<Told>| all.into_iter().for_each(Told::tell)), deliver },
            )
        });
        let mut batch: Vec<Job> = jobs.collect();
        group(&mut self.core, &mut batch);
        self.outcomes.1.try_iter().collect()
    }

    /// Makes the events of a chat impossible to write.
    fn forbids(&self, chat: ChatId) {
        let rule = format!(
            "CREATE TEMP TRIGGER forbidden BEFORE INSERT ON main.event_0 WHEN NEW.chat = x'{}' \
             BEGIN SELECT RAISE(ABORT, 'forbidden'); END",
            chat.0.simple()
        );
        self.core.connection.execute_batch(&rule).unwrap();
    }

    /// Waits until the journal is empty: all of it was moved to where it is read.
    fn settle(&mut self) {
        let begun = Instant::now();
        while self.core.tail.rows() + self.core.pass.rows() > 0 || self.core.pass.since().is_some() {
            assert!(begun.elapsed() < SETTLED_WITHIN, "the indexer does not come to its end");
            if self.core.pass.look(&mut self.core.tail) {
                assert!(group(&mut self.core, &mut Vec::new()));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn texts(&mut self, chat: ChatId) -> Vec<String> {
        let mut sql = OnWriter(&mut self.core.connection);
        let page: Result<_, StoreError> =
            at_once(events(&mut sql, ACCOUNT, chat, Side::Operators, 0, usize::MAX, usize::MAX));
        page.unwrap().events.iter().map(|event| event.body.get().to_owned()).collect()
    }
}

fn chat(number: u128) -> ChatId {
    ChatId(Uuid::from_u128(number))
}

fn said(after: u32, texts: &[&str]) -> Vec<StoredEvent> {
    let numbered = (after + 1..).zip(texts);
    let event = |(seq, text): (u32, &&str)| StoredEvent {
        seq,
        visitor_seq: seq,
        visible: true,
        at: Timestamp::from_millis(i64::from(seq)),
        body: RawValue::from_string(format!("{text:?}")).unwrap().into(),
        origin: None,
    };
    numbered.map(event).collect()
}

fn says(chat: ChatId, after: u32, texts: &[&str]) -> Append {
    let (events, last) = (said(after, texts), after + texts.len() as u32);
    let (idle_since, answered_at, replies) = (None, None, Default::default());
    let head = Head::Light { visitor_seq: last, messages: last, idle_since, answered_at, replies };
    let at = Timestamp::from_millis(i64::from(last));
    let (slots, opened, closed) = (Vec::new(), Vec::new(), Vec::new());
    Append {
        account: ACCOUNT,
        chat,
        epoch: 1,
        after,
        events,
        head,
        slots,
        opened,
        closed,
        guests: None,
        decision: None,
        at,
    }
}

#[test]
fn what_a_group_that_failed_had_appended_is_nowhere() {
    let (clara, dora) = (chat(1), chat(2));
    let mut writer = Writer::with_chats([clara, dora]);
    assert_eq!(writer.group(vec![says(clara, 0, &["one", "two"])]), [Ok(Appended::default())]);
    writer.forbids(dora);
    let failed = writer.group(vec![says(clara, 2, &["lost", "lost", "lost"]), says(dora, 0, &["forbidden"])]);
    assert!(matches!(failed[..], [Err(AppendError::Unavailable(_)), Err(AppendError::Unavailable(_))]), "{failed:?}");
    // Where the sessions have read their chats again, other events have these numbers.
    assert_eq!(writer.group(vec![says(clara, 2, &["three"])]), [Ok(Appended::default())]);
    assert_eq!(writer.texts(clara), [r#""one""#, r#""two""#, r#""three""#], "before they are moved");
    writer.settle();
    assert_eq!(writer.texts(clara), [r#""one""#, r#""two""#, r#""three""#], "and after it");
    assert_eq!(writer.texts(dora), [""; 0]);
}

#[test]
fn what_a_task_that_was_refused_or_panicked_had_appended_is_nowhere() {
    let clara = chat(1);
    for panics in [false, true] {
        let mut writer = Writer::with_chats([clara, chat(2)]);
        assert_eq!(writer.group(vec![says(clara, 0, &["one"])]), [Ok(Appended::default())]);
        writer.core.execute("BEGIN IMMEDIATE").unwrap();
        let done = in_savepoint(&mut writer.core, |core| {
            let Core { connection, tail, .. } = core;
            let mut insert = tail.insert(connection).unwrap();
            tail.append(&mut insert, ACCOUNT, clara, &said(1, &["lost", "lost"])).unwrap();
            assert!(!panics, "a panic on purpose");
            Done { keep: false, settle: Box::new(drop) }
        });
        assert_eq!(done.unwrap().is_none(), panics);
        writer.core.execute("COMMIT").unwrap();
        assert_eq!(writer.group(vec![says(clara, 1, &["two"])]), [Ok(Appended::default())]);
        writer.settle();
        assert_eq!(writer.texts(clara), [r#""one""#, r#""two""#], "panicked: {panics}");
    }
}
