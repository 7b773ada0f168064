//! What every store does alike with appends: the form they must have, and how their outcomes travel back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::ports::journal::{Append, AppendOutcome, Birth, Completion, Head, Lane, Told};

/// Outcomes that one commit settled, in the order of their appends.
#[derive(Default)]
pub(crate) struct Deliveries {
    // A handful of threads at most: looking through them costs less than hashing.
    lanes: Vec<(Lane, Vec<Told>)>,
}

impl Deliveries {
    /// Adds one.
    pub(crate) fn push(&mut self, done: Completion, outcome: AppendOutcome) {
        let Completion { lane, deliver } = done;
        let told = Told { deliver, outcome };
        match self.lanes.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &lane)) {
            Some((_, all)) => all.push(told),
            None => self.lanes.push((lane, vec![told])),
        }
    }

    /// Hands all over: one call of each lane.
    pub(crate) fn hand_over(self) {
        for (lane, all) in self.lanes {
            // A lane belongs to others: its panic must not stop the writer.
            if catch_unwind(AssertUnwindSafe(|| lane(all))).is_err() {
                tracing::error!("a lane panicked: the outcomes of its appends are lost to it");
            }
        }
    }
}

/// Whether the append's numbers agree with each other: its events follow `after` without a hole, and the head is
/// that of the last event. An append that does not is refused as fenced: its writer must rebuild.
pub(crate) fn well_numbered(append: &Append) -> bool {
    let Some(last) = append.events.last() else { return false };
    let dense = (append.after.saturating_add(1)..).zip(&append.events).all(|(seq, event)| event.seq == seq);
    let (seq, visitor_seq) = match &append.head {
        Head::Light { visitor_seq, .. } => (last.seq, *visitor_seq),
        Head::Full(head) => (head.last_seq, head.visitor_seq),
    };
    dense && seq == last.seq && visitor_seq == last.visitor_seq
}

/// The same for the first events of a chat.
pub(crate) fn well_born(birth: &Birth) -> bool {
    let Some(last) = birth.events.last() else { return false };
    let dense = (1..).zip(&birth.events).all(|(seq, event)| event.seq == seq);
    dense && birth.head.last_seq == last.seq && birth.head.visitor_seq == last.visitor_seq
}
