//! Ways to the sockets of another node: outlets like any other, whose box is emptied into messages to that node. All
//! that a commit puts into one leaves as one message, however many sockets read it there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::actors::nodes::wire::Readers;
use crate::actors::outlet::{Outlet, SocketId, Transport};
use crate::actors::shared::lock;
use crate::domain::limits::FAR_WAY_BACK_KEPT;
use crate::domain::time::Timestamp;

/// See the module.
pub(super) struct Ways {
    all: Mutex<HashMap<Readers, Way>>,
    /// Those with something in their box, in the order in which it came.
    filled: Mutex<Vec<Readers>>,
    overflowed: AtomicBool,
    work: Arc<Notify>,
}

struct Way {
    outlet: Outlet,
    used_at: Timestamp,
}

/// What was in the box of a way.
pub(super) struct Parcel {
    /// For whom.
    pub readers: Readers,
    /// In this order.
    pub frames: Vec<String>,
    /// The one who filled it lets go of the chat.
    pub closed: bool,
}

struct Signpost {
    ways: std::sync::Weak<Ways>,
    readers: Readers,
}

impl Ways {
    pub fn new(work: Arc<Notify>) -> Self {
        Self { all: Mutex::default(), filled: Mutex::default(), overflowed: AtomicBool::new(false), work }
    }

    /// The way to some readers; `true` with it when it is new.
    pub fn to(self: &Arc<Self>, readers: &Readers, now: Timestamp) -> (Outlet, bool) {
        let mut all = lock(&self.all);
        if let Some(way) = all.get_mut(readers)
            && !way.outlet.is_closed()
        {
            way.used_at = now;
            return (way.outlet.clone(), false);
        }
        let outlet = Outlet::new(Signpost { ways: Arc::downgrade(self), readers: readers.clone() });
        all.insert(readers.clone(), Way { outlet: outlet.clone(), used_at: now });
        (outlet, true)
    }

    /// Forgets the way to some readers.
    pub fn remove(&self, readers: &Readers) -> Option<Outlet> {
        lock(&self.all).remove(readers).map(|way| way.outlet)
    }

    /// Forgets all.
    pub fn remove_all(&self) -> Vec<(Readers, Outlet)> {
        lock(&self.filled).clear();
        lock(&self.all).drain().map(|(readers, way)| (readers, way.outlet)).collect()
    }

    /// Whether an outlet is one of them.
    pub fn has(&self, socket: SocketId) -> bool {
        lock(&self.all).values().any(|way| way.outlet.id() == socket)
    }

    /// Forgets ways back to single sockets that were not used for long.
    pub fn sweep(&self, now: Timestamp) {
        lock(&self.all).retain(|readers, way| {
            !matches!(readers, Readers::Socket(..)) || now.since(way.used_at) < FAR_WAY_BACK_KEPT
        });
    }

    /// Empties the boxes that were filled since the last time.
    pub fn empty(&self) -> Vec<Parcel> {
        let filled = std::mem::take(&mut *lock(&self.filled));
        let mut boxes = Vec::with_capacity(filled.len());
        for readers in filled {
            let outlet = lock(&self.all).get(&readers).map(|way| way.outlet.clone());
            let Some(outlet) = outlet else { continue };
            let mut frames = Vec::new();
            let closed = outlet.take(usize::MAX, |frame| frames.push(frame.to_string())).close.is_some();
            if closed {
                self.remove(&readers);
            }
            if closed || !frames.is_empty() {
                boxes.push(Parcel { readers, frames, closed });
            }
        }
        boxes
    }

    /// Something for that node was lost: the two must begin anew.
    pub fn overflowed(&self) {
        self.overflowed.store(true, Ordering::Release);
    }

    /// Whether something was lost since the last time this was asked.
    pub fn take_overflowed(&self) -> bool {
        self.overflowed.swap(false, Ordering::AcqRel)
    }
}

impl Transport for Signpost {
    fn wake(&self) {
        if let Some(ways) = self.ways.upgrade() {
            lock(&ways.filled).push(self.readers.clone());
            ways.work.notify_one();
        }
    }

    fn cut(&self) {
        if let Some(ways) = self.ways.upgrade() {
            ways.overflowed();
            ways.work.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{ChatId, Shard};
    use crate::protocol::close;

    fn readers(number: u64) -> Readers {
        Readers::Socket(SocketId(number), None)
    }

    #[test]
    fn what_comes_together_leaves_together_and_in_order() {
        let ways = Arc::new(Ways::new(Arc::default()));
        let (one, new) = ways.to(&readers(1), Timestamp::EPOCH);
        let (two, _) = ways.to(&readers(2), Timestamp::EPOCH);
        assert!(new && !ways.to(&readers(1), Timestamp::EPOCH).1);
        two.push("a".into());
        let chat = ChatId::new(1, 1, Shard(1));
        for seq in [1, 1, 2] {
            one.push_event(chat, seq, || format!("e{seq}").into());
        }
        let boxes = ways.empty();
        assert_eq!(boxes.len(), 2);
        assert_eq!((&boxes[0].readers, boxes[0].frames.as_slice()), (&readers(2), ["a".to_owned()].as_slice()));
        assert_eq!(boxes[1].frames, ["e1", "e2"]);
        assert!(ways.empty().is_empty());
    }

    #[test]
    fn a_way_that_was_closed_is_made_anew() {
        let ways = Arc::new(Ways::new(Arc::default()));
        let (one, _) = ways.to(&readers(1), Timestamp::EPOCH);
        one.push("refused".into());
        one.close(close::RESTART);
        let boxes = ways.empty();
        assert_eq!((boxes.len(), boxes[0].closed, boxes[0].frames.len()), (1, true, 1));
        assert!(ways.to(&readers(1), Timestamp::EPOCH).1);
    }

    #[test]
    fn a_box_that_is_not_emptied_is_bounded_and_the_loss_is_known() {
        let ways = Arc::new(Ways::new(Arc::default()));
        let (one, _) = ways.to(&readers(1), Timestamp::EPOCH);
        let frame = bytestring::ByteString::from("x".repeat(64 * 1024));
        assert!((0..100).any(|_| !one.push(frame.clone())));
        assert!(ways.take_overflowed() && !ways.take_overflowed());
    }
}
