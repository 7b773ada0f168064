//! The writer's thread: takes what arrived while the last commit ran, does it in one transaction, commits, and tells
//! everybody. Between groups, or with them, it moves events on in small slices.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;

use crate::adapters::delivery::Deliveries;
use crate::adapters::sql::forget;
use crate::adapters::sqlite::append::Statements;
use crate::adapters::sqlite::indexer::Indexer;
use crate::adapters::sqlite::queue::{Done, Job, Queue};
use crate::adapters::sqlite::read::{OnWriter, at_once, store_error};
use crate::domain::limits::{COMMIT_GROUP_MAX, FORGET_EVERY, INDEX_SLICE, STORE_RETRY_AFTER};
use crate::domain::time::Timestamp;
use crate::ports::journal::{AppendError, AppendOutcome, Completion};
use crate::ports::store::StoreError;

/// The writing connection and what belongs to it.
pub(super) struct Core {
    pub(super) connection: Connection,
    pub(super) indexer: Indexer,
    /// The latest moment that the store was told: its own idea of now, so that it forgets in the engine's time.
    pub(super) latest: Timestamp,
    forgot_at: Timestamp,
    /// The last commit that had something to write failed.
    failing: bool,
    /// Held while the connection is open; the last field, so that it is let go last.
    _lock: File,
}

impl Core {
    pub(super) fn new(connection: Connection, lock: File) -> rusqlite::Result<Self> {
        let indexer = Indexer::of(&connection)?;
        let start = Timestamp::EPOCH;
        Ok(Self { connection, indexer, latest: start, forgot_at: start, failing: false, _lock: lock })
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
}

/// Runs until the queue is closed and empty.
pub(super) fn run(mut core: Core, queue: &Queue) {
    let mut batch = Vec::with_capacity(COMMIT_GROUP_MAX);
    let mut failed = false;
    loop {
        let patience = if failed { STORE_RETRY_AFTER } else { core.indexer.due_in() };
        if !queue.take(&mut batch, COMMIT_GROUP_MAX, patience) {
            break;
        }
        if !batch.is_empty() || core.indexer.due_in().is_zero() {
            failed = !group(&mut core, &mut batch);
        }
    }
}

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
        core.indexer.committed();
    } else {
        // May have happened by itself already.
        let _ = core.connection.execute_batch("ROLLBACK");
        core.indexer.rolled_back();
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
                Some(failure) => deliveries.push(done, Err(not_done(failure))),
                None => deliveries.push(done, outcome),
            },
            Settled::Task(done) => (done.settle)(failure.clone()),
        }
    }
    // Those that the failure did not let come to their turn.
    let unknown = failure.clone().unwrap_or_else(|| StoreError::Unavailable("the group was not finished".into()));
    for job in batch.drain(..) {
        match job {
            Job::Append(_, done) => deliveries.push(done, Err(not_done(&unknown))),
            Job::Refused(done, why) => deliveries.push(done, Err(why)),
            Job::Task(task) => task.refuse(unknown.clone()),
        }
    }
    deliveries.hand_over();
    failure.is_none()
}

fn not_done(failure: &StoreError) -> AppendError {
    AppendError::Unavailable(failure.to_string())
}

fn transaction(core: &mut Core, batch: &mut Vec<Job>, settled: &mut Vec<Settled>) -> rusqlite::Result<()> {
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
    core.indexer.slice(&core.connection, INDEX_SLICE)?;
    if core.latest.since(core.forgot_at) >= FORGET_EVERY {
        core.forgot_at = core.latest;
        let now = core.latest;
        if let Err(error) = at_once::<_, StoreError>(forget(&mut core.sql(), now)) {
            tracing::warn!(%error, "what has run out could not be removed");
        }
    }
    core.execute("COMMIT")
}

/// Does the appends that come next, with statements prepared once for all of them.
fn appends<J>(core: &mut Core, jobs: &mut std::iter::Peekable<J>, settled: &mut Vec<Settled>) -> rusqlite::Result<()>
where
    J: Iterator<Item = Job>,
{
    if !matches!(jobs.peek(), Some(Job::Append(..))) {
        return Ok(());
    }
    let mut statements = Statements::of(&core.connection)?;
    while let Some(Job::Append(append, done)) = jobs.next_if(|job| matches!(job, Job::Append(..))) {
        core.latest = core.latest.max(append.at);
        match statements.append(&core.connection, &mut core.indexer, &append) {
            Ok(outcome) => settled.push(Settled::Append(done, outcome)),
            Err(error) => {
                // The group fails with it; its own outcome is told with the others'.
                settled.push(Settled::Append(done, Ok(Default::default())));
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Runs a task so that it leaves nothing behind when it is refused or panics; `None` after a panic.
fn in_savepoint(core: &mut Core, run: impl FnOnce(&mut Core) -> Done) -> rusqlite::Result<Option<Done>> {
    core.execute("SAVEPOINT task")?;
    let mark = core.indexer.mark();
    let done = catch_unwind(AssertUnwindSafe(|| run(core)));
    let keep = done.as_ref().is_ok_and(|done| done.keep);
    if !keep {
        // Where SQLite has rolled back everything by itself (a full disk), this fails, and so does the group.
        core.execute("ROLLBACK TO task")?;
        core.indexer.back_to(mark);
    }
    core.execute("RELEASE task")?;
    if done.is_err() {
        tracing::error!("a task panicked in the writer; nothing of it is kept");
    }
    Ok(done.ok())
}
