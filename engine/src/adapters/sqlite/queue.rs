//! What waits for the writer: bounded, in the order of the calls.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::adapters::delivery::Deliveries;
use crate::adapters::sqlite::writer::Core;
use crate::domain::limits::WRITER_QUEUE_MAX;
use crate::ports::journal::{Append, AppendError, Completion};
use crate::ports::store::StoreError;

/// Something for the writer.
#[expect(clippy::large_enum_variant, reason = "nearly all are appends, which a box would make dearer")]
pub(super) enum Job {
    /// An append.
    Append(Append, Completion),
    /// An append that was refused before it came to the writer: told in its turn, so that outcomes keep the order of
    /// their appends. Only its completion is held.
    Refused(Completion, AppendError),
    /// Anything else.
    Task(Box<dyn Task>),
}

/// Something that is done in a savepoint of its own, and answered after the commit.
pub(super) trait Task: Send {
    /// Does it. Its changes stay if `keep` says so.
    fn run(self: Box<Self>, core: &mut Core) -> Done;

    /// Answers that it was not done.
    fn refuse(self: Box<Self>, why: StoreError);
}

/// What a task did, to be answered after the commit, or after its failure.
pub(super) struct Done {
    pub(super) keep: bool,
    pub(super) settle: Box<dyn FnOnce(Option<StoreError>) + Send>,
}

/// The queue.
pub(super) struct Queue {
    inner: Mutex<Inner>,
    arrived: Condvar,
}

#[derive(Default)]
struct Inner {
    jobs: VecDeque<Job>,
    /// Those that the writer took and is at work on.
    taken: usize,
    closed: bool,
    /// The writer has left, too: nobody takes anything any more.
    ended: bool,
    asleep: bool,
    /// Something else than a job is there for the writer.
    nudged: bool,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self { inner: Mutex::default(), arrived: Condvar::new() }
    }

    /// Adds an append, or its refusal where the queue is full or closed.
    pub(super) fn append(&self, append: Append, done: Completion) {
        let inner = self.lock();
        let job = if inner.ended {
            drop(inner);
            return refuse_at_once(done);
        } else if inner.closed {
            Job::Refused(done, AppendError::Unavailable(CLOSED.into()))
        } else if inner.jobs.len() >= WRITER_QUEUE_MAX {
            Job::Refused(done, AppendError::Busy)
        } else {
            Job::Append(append, done)
        };
        self.push(inner, job);
    }

    /// Does `work` on the writer's thread, and answers after the commit.
    pub(super) fn submit<R, E, F>(&self, work: F) -> impl Future<Output = Result<R, E>> + Send + use<R, E, F>
    where
        R: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Core) -> Result<R, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let task = Box::new(Call { work, reply });
        let inner = self.lock();
        if inner.closed {
            drop(inner);
            task.refuse(StoreError::Unavailable(CLOSED.into()));
        } else if inner.jobs.len() >= WRITER_QUEUE_MAX {
            drop(inner);
            task.refuse(StoreError::Unavailable("too much is waiting to be written".into()));
        } else {
            self.push(inner, Job::Task(task));
        }
        async move {
            let gone = || E::from(StoreError::Unavailable("the writer failed at it".into()));
            answer.await.unwrap_or_else(|_| Err(gone()))
        }
    }

    /// Takes no more. What is there is finished.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Wakes the writer, if it sleeps, for something that is not a job.
    pub(super) fn nudge(&self) {
        let mut inner = self.lock();
        inner.nudged = true;
        let wake = inner.asleep;
        drop(inner);
        if wake {
            self.arrived.notify_one();
        }
    }

    /// Moves up to `max` jobs into `batch`, waiting `patience` for the first; `false` once it is closed and empty. A nudge
    /// ends the waiting, too. Those of the batch before are answered by now.
    pub(super) fn take(&self, batch: &mut Vec<Job>, max: usize, patience: Duration) -> bool {
        let mut until = None;
        let mut inner = self.lock();
        inner.taken = 0;
        while inner.jobs.is_empty() {
            if inner.closed {
                inner.ended = true;
                return false;
            }
            if std::mem::take(&mut inner.nudged) {
                return true;
            }
            let until = *until.get_or_insert_with(|| Instant::now().checked_add(patience));
            let left = until.map_or(patience, |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return true;
            }
            inner.asleep = true;
            inner = self.arrived.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
            inner.asleep = false;
        }
        let count = inner.jobs.len().min(max);
        batch.extend(inner.jobs.drain(..count));
        inner.taken = count;
        inner.nudged = false;
        true
    }

    /// Moves up to `max` more jobs into a batch that was taken, as far as they are there. It never ends the queue: the
    /// batch is not answered yet.
    pub(super) fn take_more(&self, batch: &mut Vec<Job>, max: usize) {
        let mut inner = self.lock();
        let count = inner.jobs.len().min(max);
        batch.extend(inner.jobs.drain(..count));
        inner.taken += count;
    }

    /// How many are not answered yet: asked by somebody else than the writer, who may be stuck.
    pub(super) fn waiting(&self) -> usize {
        let inner = self.lock();
        inner.jobs.len() + inner.taken
    }

    fn push(&self, mut inner: MutexGuard<'_, Inner>, job: Job) {
        inner.jobs.push_back(job);
        let wake = inner.asleep;
        drop(inner);
        // A wake-up costs more than a commit's share of an append: only a writer that sleeps gets one.
        if wake {
            self.arrived.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refuse_at_once(done: Completion) {
    let mut deliveries = Deliveries::default();
    deliveries.push(done, Err(AppendError::Unavailable(CLOSED.into())));
    deliveries.hand_over();
}

const CLOSED: &str = "it is being closed";

struct Call<R, E, F> {
    work: F,
    reply: oneshot::Sender<Result<R, E>>,
}

impl<R, E, F> Task for Call<R, E, F>
where
    R: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: FnOnce(&mut Core) -> Result<R, E> + Send,
{
    fn run(self: Box<Self>, core: &mut Core) -> Done {
        let Self { work, reply } = *self;
        let result = work(core);
        let keep = result.is_ok();
        let settle = Box::new(move |failure: Option<StoreError>| {
            // A refusal may rest on what was not committed either.
            let result = failure.map_or(result, |failure| Err(failure.into()));
            // Nobody waits for it any more: that changes nothing.
            let _ = reply.send(result);
        });
        Done { keep, settle }
    }

    fn refuse(self: Box<Self>, why: StoreError) {
        let _ = self.reply.send(Err(why.into()));
    }
}
