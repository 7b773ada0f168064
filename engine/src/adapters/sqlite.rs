//! The store on SQLite: one file in the data folder, one process. All writes go through one thread that owns the
//! writing connection and commits in groups ([`writer`]); reads go through a pool of connections that only read.
//! Events are born in an append-only journal and moved to where they are read by the [`indexer`].

mod append;
mod checkpoint;
pub(in crate::adapters) mod history;
mod indexer;
mod open;
mod packed;
mod pass;
mod queue;
mod read;
mod tail;
mod thread;
mod writer;

pub use open::{OpenError, SqliteOptions};

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use async_trait::async_trait;
use sqlx::SqlitePool;

use crate::adapters::delivery::well_born;
use crate::adapters::sql::{Backend, Query, Sql, Work, by_itself, claim};
use crate::adapters::sqlite::queue::Queue;
use crate::adapters::sqlite::read::{Reader, at_once, store_error};
use crate::metrics::StoreMetrics;
use crate::ports::journal::{Append, Birth, BirthError, Completion};
use crate::ports::store::{Store, StoreError};

/// The store on SQLite.
pub struct SqliteStore {
    queue: Arc<Queue>,
    pool: SqlitePool,
    thread: Mutex<Option<JoinHandle<()>>>,
    metrics: StoreMetrics,
}

impl SqliteStore {
    /// Opens the data folder, making it and its file where they are missing, and brings the schema up to date.
    ///
    /// # Errors
    /// See [`OpenError`]: another process has the folder, it cannot be written, a newer version wrote it.
    pub async fn open(options: SqliteOptions) -> Result<Self, OpenError> {
        let reading = open::reading(&options);
        let metrics = StoreMetrics::new().map_err(|error| OpenError::Metrics(error.to_string()))?;
        let (queue, told) = (Arc::new(Queue::new()), metrics.clone());
        let taken = Arc::clone(&queue);
        // Files and locks may make one wait: not on a thread that serves.
        let start = move || writer::start(open::open(&options, told)?, &taken);
        let thread = match tokio::task::spawn_blocking(start).await {
            Ok(thread) => thread?,
            Err(error) => return Err(OpenError::Thread(error.to_string())),
        };
        let store = Self { queue, pool: reading.await?, thread: Mutex::new(Some(thread)), metrics };
        Ok(store)
    }
}

impl Backend for SqliteStore {
    fn read<'s, R, F>(&'s self, work: F) -> Work<'s, R>
    where
        R: Send + 'static,
        F: for<'c> FnOnce(&'c mut dyn Sql) -> Work<'c, R> + Send + 'static,
    {
        let pool = self.pool.clone();
        Box::pin(by_itself(async move { work(&mut Reader(&pool)).await }))
    }

    fn write<'s, R, F>(&'s self, work: F) -> Work<'s, R>
    where
        R: Send + 'static,
        F: for<'c> FnOnce(&'c mut dyn Sql) -> Work<'c, R> + Send + 'static,
    {
        Box::pin(self.queue.submit(move |core| at_once(work(&mut core.sql()))))
    }

    fn append(&self, append: Append, done: Completion) {
        self.queue.append(append, done);
    }

    fn birth(&self, birth: Birth) -> impl Future<Output = Result<i64, BirthError>> + Send {
        self.queue.submit(move |core| {
            if !well_born(&birth) {
                return Err(BirthError::Unavailable("the first events are not numbered from 1".into()));
            }
            let number = at_once(claim(&mut core.sql(), &birth))?;
            core.first_events(&birth)?;
            Ok(number)
        })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.read(|sql| Box::pin(sql.run(Query::new("SELECT 1")))).await?;
        // A writer that is gone or out of space says so here; one that is stuck does not answer.
        self.queue.submit(|core| core.prove().map_err(|error| store_error(&error))).await
    }

    fn metrics_text(&self) -> String {
        // A writer that is stuck could not say it.
        self.metrics.writer_queue.set(self.queue.waiting() as f64);
        self.metrics.render()
    }

    async fn close(&self) {
        // Readers first: the last connection to go brings the log home, and that must be the one that may write.
        self.pool.close().await;
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // The writer finishes what was taken; waiting for it must not hold up this thread's other work.
            let ended = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(ended, Ok(Ok(()))) {
                tracing::error!("the writer did not end in order");
            }
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // The thread ends by itself, and lets go of the folder then.
        self.queue.close();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use serde_json::value::RawValue;
    use uuid::Uuid;

    use super::*;
    use crate::adapters::sql::WAITED;
    use crate::adapters::sqlite::writer::Core;
    use crate::domain::event::StoredEvent;
    use crate::domain::ids::{AccountId, ChatId};
    use crate::domain::time::Timestamp;

    /// Appends an event, as commands do.
    fn one_more(core: &mut Core) -> Result<(), StoreError> {
        let body = RawValue::from_string("{}".to_owned()).unwrap().into();
        let event = StoredEvent { seq: 1, visitor_seq: 1, visible: true, at: Timestamp::EPOCH, body, origin: None };
        let Core { connection, tail, .. } = core;
        let mut insert = tail.insert(connection).unwrap();
        tail.append(&mut insert, AccountId(1), ChatId(Uuid::from_u128(1)), &[event])
            .map_err(|error| store_error(&error))
    }

    fn index_lag(store: &SqliteStore) -> f64 {
        let text = store.metrics_text();
        let told = text.lines().find_map(|line| line.strip_prefix("switchboard_store_index_lag_seconds "));
        told.unwrap_or_else(|| panic!("no lag: {text}")).parse().unwrap()
    }

    #[tokio::test]
    async fn how_a_groups_chats_waited_is_read_from_an_index_that_holds_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(SqliteOptions::new(folder.path())).await.unwrap();
        let mut query = Query::new("EXPLAIN QUERY PLAN ").arg(AccountId(1)).arg("support").arg(200_i64);
        query.push(WAITED);
        let told = store.read(|sql| Box::pin(sql.run(query))).await.unwrap();
        let steps = told.all(|mut row| {
            row.int().and(row.int()).and(row.int())?;
            row.text()
        });
        // One step: nothing is sorted.
        assert_eq!(steps.unwrap(), ["SEARCH chat USING INDEX chat_waited (account=? AND <expr>=?)"]);
        store.close().await;
    }

    #[tokio::test]
    async fn an_event_that_waits_for_the_indexer_gets_older_while_the_writer_is_stuck() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(SqliteOptions::new(folder.path())).await.unwrap();
        assert_eq!(index_lag(&store), 0.0, "nothing is there");
        let begin = Instant::now();
        let (go_on, stuck, first, since) = loop {
            assert_eq!(store.queue.submit(one_more).await, Ok(()));
            let (go_on, held) = mpsc::channel::<()>();
            let (begins, begun) = mpsc::channel::<()>();
            let stuck =
                store.queue.submit(move |_| Ok::<_, StoreError>(begins.send(()).is_ok() && held.recv().is_ok()));
            assert_eq!(tokio::task::spawn_blocking(move || begun.recv()).await.unwrap(), Ok(()));
            let (first, since) = (index_lag(&store), Instant::now());
            if first > 0.0 {
                break (go_on, stuck, first, since);
            }
            // On a machine that is busy the event may be where it belongs before the writer is stuck.
            assert!(begin.elapsed() < Duration::from_secs(20), "it waits");
            go_on.send(()).unwrap();
            assert_eq!(stuck.await, Ok(true));
        };
        tokio::time::sleep(Duration::from_millis(50)).await;
        let (waited, lag) = (since.elapsed().as_secs_f64(), index_lag(&store));
        assert!(lag >= first + waited, "{lag} s after {first} s and {waited} s more");
        go_on.send(()).unwrap();
        assert_eq!(stuck.await, Ok(true));
        while index_lag(&store) > 0.0 {
            assert!(since.elapsed() < Duration::from_secs(20), "it is brought to its chat's others");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        store.close().await;
    }

    #[tokio::test]
    async fn a_writer_that_is_stuck_is_seen_by_what_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(SqliteOptions::new(folder.path())).await.unwrap();
        let waiting = |count: u32| format!("\nswitchboard_store_writer_queue_commands {count}\n");
        assert!(store.metrics_text().contains(&waiting(0)), "{}", store.metrics_text());
        let (go_on, held) = mpsc::channel::<()>();
        let stuck = store.queue.submit(move |_| Ok::<_, StoreError>(held.recv().is_ok()));
        let ready = store.ping();
        tokio::pin!(ready);
        let begun = Instant::now();
        while !store.metrics_text().contains(&waiting(2)) {
            let answered = tokio::time::timeout(Duration::from_millis(20), &mut ready).await;
            assert!(answered.is_err(), "nobody can have tried to write");
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", store.metrics_text());
        }
        go_on.send(()).unwrap();
        assert_eq!(stuck.await, Ok(true));
        assert_eq!(ready.await, Ok(()));
        store.close().await;
        assert!(store.metrics_text().contains(&waiting(0)), "{}", store.metrics_text());
    }
}
