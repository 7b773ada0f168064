//! What all actors of one node share: the store, the clock, the epochs under which the node may write, the
//! registry, the lists people watch, and the metrics.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytestring::ByteString;

use crate::actors::attendance::Attendance;
use crate::actors::board::Board;
use crate::actors::closing::Closer;
use crate::actors::left_messages::LeftWatch;
use crate::actors::lists::Lists;
use crate::actors::nodes::Nodes;
use crate::actors::registry::Registry;
use crate::actors::windows::Windows;
use crate::actors::worked::Worked;
use crate::domain::ids::{ChatId, CommandId, NodeId, Shard};
use crate::domain::limits::SHARDS;
use crate::domain::patience::Patience;
use crate::domain::time::Timestamp;
use crate::metrics::Metrics;
use crate::ports::clock::{Random, SharedClock};
use crate::ports::store::SharedStore;
use crate::ports::traces::SharedTraces;
use crate::protocol::error::Failure;
use crate::protocol::frame;

/// What all actors of one node share.
pub struct Shared {
    /// This node.
    pub node: NodeId,
    /// Every fact.
    pub store: SharedStore,
    /// The time.
    pub clock: SharedClock,
    /// Random bits.
    pub random: Box<dyn Random>,
    /// Who is where.
    pub registry: Registry,
    /// What visitors are told of departments.
    pub board: Board,
    /// What operators watch.
    pub lists: Lists,
    /// What is about to be gone.
    pub closer: Closer,
    /// How much of the slots was in use, on its way to the store.
    pub worked: Worked,
    /// The windows that show who is there, and from which groups they receive.
    pub attendance: Attendance,
    /// Operators' windows at this node, and as whom they were opened.
    pub windows: Windows,
    /// The windows that show messages that were left.
    pub left_messages: LeftWatch,
    /// The other nodes; none where this one is alone.
    pub nodes: Option<Nodes>,
    /// What is counted.
    pub metrics: Metrics,
    /// Where the ways of chats are told; none where nobody asks.
    pub traces: Option<SharedTraces>,
    /// Whether the node is about to stop: it takes no new sockets and no new chats.
    pub draining: AtomicBool,
    /// How long it waits for people.
    pub patience: Patience,
    /// When this node began: nobody's absence counts from before.
    pub started_at: Timestamp,
    epochs: Vec<AtomicU64>,
    next_shard: AtomicU64,
}

impl Shared {
    /// The common things of a node that owns no shard yet.
    pub fn new(
        node: NodeId,
        store: SharedStore,
        clock: SharedClock,
        random: Box<dyn Random>,
        metrics: Metrics,
        patience: Patience,
        nodes: Option<Nodes>,
    ) -> Self {
        let started_at = clock.now();
        Self {
            node,
            store,
            clock,
            random,
            registry: Registry::default(),
            board: Board::default(),
            lists: Lists::default(),
            closer: Closer::default(),
            worked: Worked::default(),
            attendance: Attendance::default(),
            windows: Windows::default(),
            left_messages: LeftWatch::default(),
            nodes,
            metrics,
            traces: None,
            draining: AtomicBool::new(false),
            patience,
            started_at,
            epochs: (0..SHARDS).map(|_| AtomicU64::new(0)).collect(),
            next_shard: AtomicU64::new(0),
        }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The epoch under which this node owns the shard; 0 when it does not.
    pub fn epoch(&self, shard: Shard) -> u64 {
        self.epochs[usize::from(shard.0)].load(Ordering::Acquire)
    }

    /// Writes down an epoch; 0 gives the shard up.
    pub fn set_epoch(&self, shard: Shard, epoch: u64) {
        self.epochs[usize::from(shard.0)].store(epoch, Ordering::Release);
    }

    /// A chat of the shard was found to be another node's, under a newer epoch than this one. Whose it is, is looked up;
    /// until then nothing of the shard is served here. A node that is alone has nowhere to send anybody.
    pub fn shard_lost(&self, shard: Shard, epoch: u64) {
        if let Some(nodes) = &self.nodes {
            let known = &self.epochs[usize::from(shard.0)];
            let _ = known.compare_exchange(epoch, 0, Ordering::AcqRel, Ordering::Acquire);
            nodes.look_up_soon();
        }
    }

    /// The frame that refuses a command, or another frame, and counts that: no other is made, so none is left out.
    pub fn refusal(&self, id: Option<&CommandId>, chat: Option<ChatId>, failure: &Failure) -> ByteString {
        self.metrics.refused(failure.code.as_str());
        frame::error(id, chat, failure)
    }

    /// Whether the node is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// A new chat's id and the epoch of its shard: one that this node owns, or, where it owns none, one of another
    /// node. `None` while there is none of either.
    pub fn new_chat(&self) -> Option<(ChatId, u64)> {
        let millis = u64::try_from(self.now().millis()).unwrap_or(0);
        for _ in 0..SHARDS {
            let shard = Shard((self.next_shard.fetch_add(1, Ordering::Relaxed) % u64::from(SHARDS)) as u8);
            let epoch = self.epoch(shard);
            if epoch != 0 {
                return Some((ChatId::new(millis, self.random.bits(), shard), epoch));
            }
        }
        let random = self.random.bits();
        let (shard, epoch) = self.nodes.as_ref()?.some_shard(random)?;
        Some((ChatId::new(millis, random, shard), epoch))
    }
}

/// Locks a mutex; a panic while it was held leaves plain data behind, which stays usable.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
