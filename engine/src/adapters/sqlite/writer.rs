//! The writer's thread: takes what arrived while the last commit ran, does it in one transaction, commits, and tells
//! everybody. Between groups, or with them, it moves events on in small slices.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::adapters::delivery::Deliveries;
use crate::adapters::sql::forget;
use crate::adapters::sqlite::append::{Statements, continues};
use crate::adapters::sqlite::checkpoint::{Checkpoints, Copier};
use crate::adapters::sqlite::indexer;
use crate::adapters::sqlite::open::{OpenError, Opened};
use crate::adapters::sqlite::pass::Pass;
use crate::adapters::sqlite::queue::{Done, Job, Queue};
use crate::adapters::sqlite::read::{OnWriter, at_once, store_error, words};
use crate::adapters::sqlite::tail::Tail;
use crate::adapters::sqlite::thread::{self, or_end};
use crate::domain::limits::{APPENDS_JOINED_MAX, COMMIT_EVERY, COMMIT_GROUP_MAX, FORGET_EVERY, STORE_RETRY_AFTER};
use crate::domain::time::Timestamp;
use crate::metrics::{StoreMetrics, seconds};
use crate::ports::journal::{Append, AppendOutcome, Appended, Completion};
use crate::ports::store::StoreError;

/// The writing connection and what belongs to it.
pub(super) struct Core {
    pub(super) connection: Connection,
    /// Where events are born.
    pub(super) tail: Tail,
    pass: Pass,
    checkpoints: Checkpoints,
    metrics: StoreMetrics,
    /// The latest moment that the store was told: its own idea of now, so that it forgets in the engine's time.
    pub(super) latest: Timestamp,
    forgot_at: Timestamp,
    /// The last commit that had something to write failed.
    failing: bool,
    /// What the copier brings to disk; closed after all connections.
    file: Arc<File>,
    /// Held while the connection is open; the last field, so that it is let go last.
    _lock: File,
}

impl Core {
    /// Takes up what an earlier process left, and starts the threads that help.
    fn new(opened: Opened, queue: &Arc<Queue>) -> Result<(Self, Helpers), OpenError> {
        let Opened { connection, indexing, copying, log_pages, metrics, file, lock, folder } = opened;
        let file = Arc::new(file);
        let database = |error: rusqlite::Error| OpenError::Database { folder: folder.clone(), reason: words(&error) };
        let (tail, left) = Tail::of(&connection).map_err(database)?;
        let (to_indexer, requests) = channel();
        let (answers, from_indexer) = channel();
        let nudged = Arc::clone(queue);
        let indexer = thread::start("sqlite-indexer", move || indexer::run(&indexing, &requests, &answers, &nudged))?;
        let (to_copier, requests) = channel();
        let (answers, from_copier) = channel();
        let copier = Copier { connection: copying, file: Arc::clone(&file) };
        let (nudged, kept) = (Arc::clone(queue), metrics.clone());
        let copier = thread::start("sqlite-copier", move || copier.run(&requests, &answers, &nudged, &kept))?;
        let checkpoints = Checkpoints::new(&connection, to_copier, from_copier, log_pages);
        let pass = Pass::new(to_indexer, from_indexer, left);
        let start = Timestamp::EPOCH;
        let core = Self {
            connection,
            tail,
            pass,
            checkpoints,
            metrics,
            latest: start,
            forgot_at: start,
            failing: false,
            file,
            _lock: lock,
        };
        Ok((core, [indexer, copier]))
    }

    /// The connection, for statements that both databases share.
    pub(super) fn sql(&mut self) -> OnWriter<'_> {
        OnWriter(&mut self.connection)
    }

    /// Notes a moment of the engine's time.
    pub(super) fn told(&mut self, at: Timestamp) {
        self.latest = self.latest.max(at);
    }

    /// Says whether it can write: after a commit that failed it tries, for a full disk lets one read and begin.
    pub(super) fn prove(&self) -> rusqlite::Result<()> {
        if self.failing {
            self.execute("UPDATE shard SET epoch = epoch WHERE id = (SELECT min(id) FROM shard)")?;
        }
        Ok(())
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// Tells the metrics how far the indexer is behind.
    fn tell_lag(&self) {
        self.metrics.indexer_behind_since(self.pass.since().or(self.tail.since()));
        self.metrics.index_rows.set((self.tail.rows() + self.pass.rows()) as f64);
    }
}

type Helpers = [JoinHandle<()>; 2];

/// Starts the writer's thread, which runs until the queue is closed and empty.
pub(super) fn start(opened: Opened, queue: &Arc<Queue>) -> Result<JoinHandle<()>, OpenError> {
    let (ready, started) = channel();
    let queue = Arc::clone(queue);
    let writer = thread::start("sqlite-writer", move || {
        let (mut core, helpers) = match Core::new(opened, &queue) {
            Ok(made) => made,
            Err(error) => return drop(ready.send(Err(error))),
        };
        if ready.send(Ok(())).is_err() {
            return;
        }
        or_end(|| run(&mut core, &queue));
        // Without their requests the helpers end; their connections must go before the writer's, which takes the log
        // home as the last one.
        let Core { connection, pass, checkpoints, file, _lock, .. } = core;
        drop((pass, checkpoints));
        for helper in helpers {
            if helper.join().is_err() {
                tracing::error!("a thread of the store did not end in order");
            }
        }
        drop(connection);
        drop(file);
    })?;
    match started.recv() {
        Ok(Ok(())) => Ok(writer),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(OpenError::Thread("the writer did not start".into())),
    }
}

fn run(core: &mut Core, queue: &Queue) {
    let mut batch = Vec::new();
    let mut failed = false;
    let mut pace = Pace::default();
    loop {
        let patience = if failed { STORE_RETRY_AFTER } else { core.pass.due_in(&core.tail) };
        if !queue.take(&mut batch, COMMIT_GROUP_MAX, patience) {
            break;
        }
        let wait = pace.due_in();
        if !batch.is_empty() && batch.len() < COMMIT_GROUP_MAX && !wait.is_zero() {
            // Many come at once: those of the next moment go along.
            std::thread::sleep(wait);
            let room = COMMIT_GROUP_MAX - batch.len();
            queue.take_more(&mut batch, room);
        }
        let due = core.pass.look(&mut core.tail);
        if core.checkpoints.look(&core.connection) {
            core.metrics.checkpoints.increment(1);
        }
        if !batch.is_empty() || due {
            let begun = Instant::now();
            failed = !group(core, &mut batch);
            pace.took(begun);
        }
        core.tell_lag();
    }
}

/// How far apart commits are.
#[derive(Default)]
struct Pace {
    begun: Option<Instant>,
    /// What the last ones took, with their answers.
    took: Duration,
}

impl Pace {
    /// A commit that began then is over.
    fn took(&mut self, begun: Instant) {
        self.took = if self.begun.is_some() { (self.took * 7 + begun.elapsed()) / 8 } else { begun.elapsed() };
        self.begun = Some(begun);
    }

    /// How long the next one still waits for company.
    fn due_in(&self) -> Duration {
        let apart = (self.took * 2).min(COMMIT_EVERY);
        self.begun.map_or(Duration::ZERO, |begun| apart.saturating_sub(begun.elapsed()))
    }
}

/// Bytes of a page of the log, as SQLite makes new files.
const PAGE_BYTES: f64 = 4096.0;

/// What waits for the commit.
enum Settled {
    Append(Completion, AppendOutcome),
    Task(Done),
}

/// Does a group and tells everybody; false when its transaction failed.
fn group(core: &mut Core, batch: &mut Vec<Job>) -> bool {
    let mut settled = Vec::with_capacity(batch.len());
    let before = core.connection.total_changes();
    let done = transaction(core, batch, &mut settled);
    if done.is_ok() {
        core.failing &= core.connection.total_changes() == before;
        core.pass.committed();
        core.metrics.log_bytes.set(f64::from(core.checkpoints.committed()) * PAGE_BYTES);
        if !settled.is_empty() {
            core.metrics.group_size.record(settled.len() as f64);
        }
    } else {
        // May have happened by itself already.
        let _ = core.connection.execute_batch("ROLLBACK");
        core.pass.rolled_back();
        core.tail.rolled_back();
        core.failing = true;
    }
    let failure = done.err().map(|error| store_error(&error));
    if let Some(failure) = &failure {
        tracing::error!(%failure, commands = settled.len() + batch.len(), "a commit failed");
    }
    let mut deliveries = Deliveries::default();
    for one in settled {
        match one {
            Settled::Append(done, outcome) => match &failure {
                Some(failure) => deliveries.push(done, Err(failure.clone().into())),
                None => deliveries.push(done, outcome),
            },
            Settled::Task(done) => (done.settle)(failure.clone()),
        }
    }
    // Those that the failure did not let come to their turn.
    let unknown = failure.clone().unwrap_or_else(|| StoreError::Unavailable("the group was not finished".into()));
    for job in batch.drain(..) {
        match job {
            Job::Append(_, done) => deliveries.push(done, Err(unknown.clone().into())),
            Job::Refused(done, why) => deliveries.push(done, Err(why)),
            Job::Task(task) => task.refuse(unknown.clone()),
        }
    }
    deliveries.hand_over();
    failure.is_none()
}

fn transaction(core: &mut Core, batch: &mut Vec<Job>, settled: &mut Vec<Settled>) -> rusqlite::Result<()> {
    let begun = Instant::now();
    core.execute("BEGIN IMMEDIATE")?;
    let mut jobs = batch.drain(..).peekable();
    let mut result = Ok(());
    while result.is_ok() && jobs.peek().is_some() {
        result = appends(core, &mut jobs, settled).and_then(|()| match jobs.next() {
            Some(Job::Task(task)) => {
                let done = in_savepoint(core, |core| task.run(core))?;
                settled.extend(done.map(Settled::Task));
                Ok(())
            }
            Some(Job::Refused(done, why)) => {
                settled.push(Settled::Append(done, Err(why)));
                Ok(())
            }
            // Appends are taken above, as many as come in a row.
            Some(Job::Append(..)) | None => Ok(()),
        });
    }
    let left: Vec<Job> = jobs.collect();
    batch.extend(left);
    result?;
    let appended = core.tail.bytes_since();
    core.pass.slice(&core.connection, appended, begun.elapsed())?;
    if core.latest.since(core.forgot_at) >= FORGET_EVERY {
        core.forgot_at = core.latest;
        let now = core.latest;
        if let Err(error) = at_once::<_, StoreError>(forget(&mut core.sql(), now)) {
            tracing::warn!(%error, "what has run out could not be removed");
        }
    }
    let begun = Instant::now();
    core.execute("COMMIT")?;
    seconds(&core.metrics.commit, begun.elapsed());
    Ok(())
}

/// Does the appends that come next, with statements prepared once for all of them.
fn appends<J>(core: &mut Core, jobs: &mut std::iter::Peekable<J>, settled: &mut Vec<Settled>) -> rusqlite::Result<()>
where
    J: Iterator<Item = Job>,
{
    if !matches!(jobs.peek(), Some(Job::Append(..))) {
        return Ok(());
    }
    let Core { connection, tail, latest, .. } = core;
    let mut statements = Statements::of(connection, tail)?;
    let mut run: Vec<(Append, Completion)> = Vec::new();
    loop {
        let goes_on = |job: &Job| match (job, run.last()) {
            (Job::Append(append, _), Some((before, _))) => run.len() < APPENDS_JOINED_MAX && continues(append, before),
            (Job::Append(..), None) => true,
            _ => false,
        };
        if let Some(Job::Append(append, done)) = jobs.next_if(goes_on) {
            #[cfg(feature = "faults")]
            thread::faults::on_append(&append);
            *latest = (*latest).max(append.at);
            run.push((append, done));
            continue;
        }
        if run.is_empty() {
            return Ok(());
        }
        let (mut joined, mut failure) = (false, None);
        if run.len() > 1 {
            match statements.joined(connection, tail, run.iter().map(|(append, _)| append)) {
                Ok(done) => joined = done,
                Err(error) => failure = Some(error),
            }
        }
        for (append, done) in run.drain(..) {
            // A failure is the whole group's; each outcome is told with the others' then.
            let mut outcome = Ok(Appended::default());
            if !joined && failure.is_none() {
                match statements.append(connection, tail, &append) {
                    Ok(judged) => outcome = judged,
                    Err(error) => failure = Some(error),
                }
            }
            settled.push(Settled::Append(done, outcome));
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
    }
}

/// Runs a task so that it leaves nothing behind when it is refused or panics; `None` after a panic.
fn in_savepoint(core: &mut Core, run: impl FnOnce(&mut Core) -> Done) -> rusqlite::Result<Option<Done>> {
    core.execute("SAVEPOINT task")?;
    let done = catch_unwind(AssertUnwindSafe(|| run(core)));
    let keep = done.as_ref().is_ok_and(|done| done.keep);
    if !keep {
        // Where SQLite has rolled back everything by itself (a full disk), this fails, and so does the group.
        core.execute("ROLLBACK TO task")?;
        core.tail.rolled_back();
    }
    core.execute("RELEASE task")?;
    if done.is_err() {
        tracing::error!("a task panicked in the writer; nothing of it is kept");
    }
    Ok(done.ok())
}

#[cfg(test)]
mod stories;
