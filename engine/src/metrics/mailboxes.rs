//! How full the mailboxes of one kind of actor get. A peak is over before anybody asks: what is told is the fullest of
//! them all, over the last one or two spans between two measurements.

use std::sync::atomic::{AtomicUsize, Ordering};

use metrics::{Counter, Gauge};

use super::catalogue;
use super::recording::Recording;

/// See the module.
pub struct Mailboxes {
    room: usize,
    now: AtomicUsize,
    before: AtomicUsize,
    fill: Gauge,
    refused: Counter,
}

impl Mailboxes {
    /// Those of a kind; each has room for so many messages.
    pub(crate) fn of(recording: &Recording, kind: &'static str, room: usize) -> Self {
        Self {
            room,
            now: AtomicUsize::new(0),
            before: AtomicUsize::new(0),
            fill: recording.gauge(&catalogue::MAILBOX_FILL, &[kind]),
            refused: recording.counter(&catalogue::MAILBOX_FULL, &[kind]),
        }
    }

    /// So many messages would wait in one of them: whether it has room for the last one.
    pub fn has_room_for(&self, waiting: usize) -> bool {
        // Where nothing new is seen, nothing is written: threads share this.
        if self.now.load(Ordering::Relaxed) < waiting {
            self.now.fetch_max(waiting, Ordering::Relaxed);
        }
        waiting <= self.room
    }

    /// One of them had no room for a message.
    pub fn refused(&self) {
        self.refused.increment(1);
    }

    /// Tells how full the fullest was since the measurement before the last one.
    pub fn measure(&self) {
        let now = self.now.swap(0, Ordering::Relaxed);
        let fullest = now.max(self.before.swap(now, Ordering::Relaxed));
        self.fill.set((fullest as f64 / self.room as f64).min(1.0));
    }
}
