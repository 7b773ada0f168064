//! A pass of the indexer, the writer's half. What stands in one table of the journal is put together elsewhere, part
//! by part ([`super::indexer`]); here the ranges are written in small slices within the writer's own transactions, and
//! when all are there the table is emptied and the watermark raised, in one of them. Whoever reads meanwhile takes
//! ranges first, and from the journal only what comes after them. A slice that is done twice, because a commit failed
//! or the process died between two of them, changes nothing.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use crate::adapters::sqlite::indexer::{Outcome, Part, Request};
use crate::adapters::sqlite::packed::Span;
use crate::adapters::sqlite::tail::{Kept, Sealed, Tail};
use crate::domain::limits::{
    COMMIT_EVERY, INDEX_CALM_MAX, INDEX_SLICE_BYTES, INDEX_SLICE_MAX, INDEX_SLICE_MIN, INDEX_SLICE_RANGES,
    STORE_RETRY_AFTER,
};

// A range takes the place of those that it absorbed, and of itself.
const REMOVE: &str = "DELETE FROM chat_event WHERE chat = ?1 AND last_seq BETWEEN ?2 AND ?3";
const ADD: &str = "INSERT INTO chat_event (chat, account, first_seq, last_seq, visitor_seq, bytes, events) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const RAISE: &str = "UPDATE watermark SET n = ?1 WHERE name = 'chat_event'";
// Without a condition: SQLite lets go of all pages at once.
const EMPTY: [&str; 2] = ["DELETE FROM event_0", "DELETE FROM event_1"];

/// Ranges that are written between two looks at the clock.
const WRITTEN_AT_ONCE: usize = INDEX_SLICE_RANGES;

/// The pass under way, if there is one.
pub(super) struct Pass {
    to_indexer: Sender<Request>,
    from_indexer: Receiver<Outcome>,
    sealed: Option<Sealed>,
    /// What stands in the sealed table, as far as it is at hand.
    kept: Option<VecDeque<Kept>>,
    /// Rows up to this one are in ranges that are committed.
    reached: i64,
    step: Step,
}

enum Step {
    /// Nothing is under way; after a failure, not before that moment.
    Rest(Option<Instant>),
    /// The indexer puts a part together.
    Asked,
    /// Ranges are written; those beyond `saved` in a transaction that is not committed yet.
    Writing { part: Part, at: usize, saved: usize },
    /// All ranges are there; `done` in a transaction that is not committed yet.
    Emptying { done: bool },
}

impl Pass {
    /// No pass, or the one that an earlier process left.
    pub(super) fn new(to_indexer: Sender<Request>, from_indexer: Receiver<Outcome>, sealed: Option<Sealed>) -> Self {
        Self { to_indexer, from_indexer, sealed, kept: None, reached: 0, step: Step::Rest(None) }
    }

    /// How long the writer may sleep before it must go on here.
    pub(super) fn due_in(&self, tail: &Tail) -> Duration {
        match &self.step {
            Step::Rest(Some(not_before)) => not_before.saturating_duration_since(Instant::now()),
            Step::Rest(None) if self.sealed.is_some() => Duration::ZERO,
            Step::Rest(None) => tail.due_in(),
            // It nudges when it is done.
            Step::Asked => Duration::MAX,
            // Appends that come meanwhile take a slice along.
            Step::Writing { .. } | Step::Emptying { .. } => COMMIT_EVERY,
        }
    }

    /// Since when something has been waiting for this pass.
    pub(super) fn since(&self) -> Option<Instant> {
        self.sealed.map(|sealed| sealed.since)
    }

    /// Rows of the journal that wait for this pass to end.
    pub(super) fn rows(&self) -> usize {
        self.sealed.map_or(0, |sealed| sealed.rows)
    }

    /// Begins a pass where one is due, and takes what the indexer has put together. To be called between two
    /// transactions. Answers whether there is something to write.
    pub(super) fn look(&mut self, tail: &mut Tail) -> bool {
        match &self.step {
            Step::Rest(_) if self.due_in(tail).is_zero() => {
                if self.sealed.is_none() {
                    self.seal(tail);
                }
                self.ask();
            }
            Step::Asked => match self.from_indexer.try_recv() {
                Ok(Ok(mut part)) => {
                    self.kept = part.kept.take();
                    self.step = Step::Writing { part, at: 0, saved: 0 };
                }
                Ok(Err(failure)) => {
                    tracing::error!(%failure, "the journal could not be indexed; it will be tried again");
                    self.step = Step::Rest(Instant::now().checked_add(STORE_RETRY_AFTER));
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
            },
            _ => {}
        }
        matches!(self.step, Step::Writing { .. } | Step::Emptying { .. })
    }

    /// Goes on in the transaction under way, in which `appended` bytes were appended in the time `spent`: by so much that
    /// the indexer keeps up, and no more. Where somebody waits for the commit and little is to be done, that is very little.
    pub(super) fn slice(&mut self, connection: &Connection, appended: usize, spent: Duration) -> rusqlite::Result<()> {
        match &mut self.step {
            Step::Rest(_) | Step::Asked => Ok(()),
            Step::Writing { part, at, .. } => {
                let (begun, budget) = (Instant::now(), INDEX_SLICE_BYTES.max(appended.saturating_mul(2)));
                let within = spent.clamp(INDEX_SLICE_MIN, INDEX_SLICE_MAX);
                let mut written = 0;
                let small = appended > 0 && self.sealed.is_some_and(is_calm);
                let end = part.ranges.len().min(if small { *at + INDEX_SLICE_RANGES } else { usize::MAX });
                let (mut remove, mut add) = (connection.prepare_cached(REMOVE)?, connection.prepare_cached(ADD)?);
                while *at < end && written < budget && begun.elapsed() < within {
                    let upto = (*at + WRITTEN_AT_ONCE).min(end);
                    for range in &part.ranges[*at..upto] {
                        let (chat, span) = (&range.chat.as_bytes()[..], range.span);
                        remove.execute(params![chat, span.first, span.last])?;
                        let Span { first, last, visitor_seq } = span;
                        let (bytes, events) = (range.events.len() as i64, &range.events);
                        add.execute(params![chat, range.account, first, last, visitor_seq, bytes, events])?;
                        written += range.events.len();
                    }
                    *at = upto;
                }
                Ok(())
            }
            Step::Emptying { done } => {
                let Some(sealed) = self.sealed else { return Ok(()) };
                connection.prepare_cached(EMPTY[sealed.table.0])?.execute([])?;
                connection.prepare_cached(RAISE)?.execute(params![sealed.last])?;
                *done = true;
                Ok(())
            }
        }
    }

    /// The transaction was committed.
    pub(super) fn committed(&mut self) {
        match &mut self.step {
            Step::Rest(_) | Step::Asked | Step::Emptying { done: false } => {}
            Step::Writing { part, at, saved } => {
                *saved = *at;
                if *at == part.ranges.len() {
                    self.reached = part.reached;
                    if part.last {
                        self.step = Step::Emptying { done: false };
                    } else {
                        self.ask();
                    }
                }
            }
            Step::Emptying { done: true } => {
                self.sealed = None;
                self.step = Step::Rest(None);
            }
        }
    }

    /// The transaction was rolled back.
    pub(super) fn rolled_back(&mut self) {
        match &mut self.step {
            Step::Rest(_) | Step::Asked => {}
            Step::Writing { at, saved, .. } => *at = *saved,
            Step::Emptying { done } => *done = false,
        }
    }

    fn seal(&mut self, tail: &mut Tail) {
        let (sealed, kept) = tail.seal();
        (self.sealed, self.kept, self.reached) = (Some(sealed), kept, 0);
    }

    fn ask(&mut self) {
        let Some(sealed) = self.sealed else { return };
        let (table, kept, calm) = (sealed.table, self.kept.take(), is_calm(sealed));
        let request = Request { table, after: self.reached, kept, calm };
        let asked = self.to_indexer.send(request);
        // An indexer that is gone leaves the journal as it is: everything can still be read.
        self.step = if asked.is_ok() { Step::Asked } else { Step::Rest(Instant::now().checked_add(STORE_RETRY_AFTER)) };
    }
}

/// Whether there is so little to do that others come first.
fn is_calm(sealed: Sealed) -> bool {
    sealed.rows <= INDEX_CALM_MAX
}

#[cfg(test)]
mod stories;
