//! The writer of one node: a thread with one connection, which appends in groups what arrived while the last commit
//! ran.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres, Transaction};
use tokio::sync::mpsc;

use crate::adapters::delivery::Deliveries;
use crate::adapters::postgres::append::group;
use crate::adapters::postgres::commit::{Notices, commit};
use crate::adapters::postgres::run::store_error;
use crate::domain::limits::{POSTGRES_GROUP_MAX, WRITER_QUEUE_MAX};
use crate::ports::journal::{Append, AppendError, AppendOutcome, Completion};
use crate::ports::store::StoreError;

type Job = (Result<Append, AppendError>, Completion);

/// The way to the writer's thread.
pub(super) struct Writer {
    jobs: Mutex<Option<mpsc::UnboundedSender<Job>>>,
    waiting: Arc<AtomicUsize>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(options: PgConnectOptions, notices: Notices) -> std::io::Result<Self> {
        let (jobs, taken) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let left = Arc::clone(&waiting);
        let thread = std::thread::Builder::new().name("postgres-writer".into()).spawn(move || {
            runtime.block_on(run(options, notices, taken, &left));
        })?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), waiting, thread: Mutex::new(Some(thread)) })
    }

    /// Adds an append, or its refusal where too much waits: told in its turn all the same.
    pub(super) fn append(&self, append: Append, done: Completion) {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let full = self.waiting.fetch_add(1, Ordering::Relaxed) >= WRITER_QUEUE_MAX;
        let job = (if full { Err(AppendError::Busy) } else { Ok(append) }, done);
        let unsent = match jobs.as_ref() {
            Some(jobs) => jobs.send(job).err().map(|unsent| unsent.0),
            None => Some(job),
        };
        drop(jobs);
        if let Some((_, done)) = unsent {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            let mut deliveries = Deliveries::default();
            deliveries.push(done, Err(AppendError::Unavailable("it is being closed".into())));
            deliveries.hand_over();
        }
    }

    /// Takes no more, and waits until what was taken is finished.
    pub(super) async fn close(&self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let ended = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(ended, Ok(Ok(()))) {
                tracing::error!("the writer did not end in order");
            }
        }
    }
}

async fn run(
    options: PgConnectOptions,
    notices: Notices,
    mut taken: mpsc::UnboundedReceiver<Job>,
    waiting: &AtomicUsize,
) {
    // One connection, so that groups follow each other; a pool of one, so that a lost one is made anew.
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    let mut jobs = Vec::with_capacity(POSTGRES_GROUP_MAX);
    while taken.recv_many(&mut jobs, POSTGRES_GROUP_MAX).await > 0 {
        waiting.fetch_sub(jobs.len(), Ordering::Relaxed);
        let (appends, completions): (Vec<_>, Vec<_>) = jobs.drain(..).unzip();
        let outcomes = match write(&pool, &notices, &appends).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                tracing::error!(%error, commands = appends.len(), "a commit failed");
                let words = error.to_string();
                appends.iter().map(|_| Err(AppendError::Unavailable(words.clone()))).collect()
            }
        };
        let mut deliveries = Deliveries::default();
        for (outcome, done) in outcomes.into_iter().zip(completions) {
            deliveries.push(done, outcome);
        }
        deliveries.hand_over();
    }
    pool.close().await;
}

async fn write(
    pool: &PgPool,
    notices: &Notices,
    appends: &[Result<Append, AppendError>],
) -> Result<Vec<AppendOutcome>, StoreError> {
    let mut transaction: Transaction<'_, Postgres> = pool.begin().await.map_err(|error| store_error(&error))?;
    let outcomes = group(&mut transaction, appends).await.map_err(|error| store_error(&error))?;
    commit(transaction, notices).await?;
    Ok(outcomes)
}
