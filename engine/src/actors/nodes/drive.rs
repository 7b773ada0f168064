//! The one task that reads the bus and writes to it. It sleeps until there is something to do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::actors::nodes::inbound::is_let_go;
use crate::actors::nodes::wire::{Body, Readers};
use crate::actors::nodes::{Nodes, Peer};
use crate::actors::registry::operator_shard;
use crate::actors::shared::{Shared, lock};
use crate::domain::ids::NodeId;
use crate::domain::limits::{NODE_BEAT_EVERY, NODES_MAX};
use crate::domain::time::Timestamp;
use crate::ports::bus::Inbox;

/// Starts the task, on this thread.
pub(crate) fn start(shared: &Arc<Shared>) {
    let Some(nodes) = &shared.nodes else { return };
    let Some(inbox) = nodes.bus.inbox() else {
        tracing::error!("the bus has no inbox for this node: it hears nothing of the others");
        return;
    };
    actix::spawn(run(Arc::clone(shared), inbox));
}

async fn run(shared: Arc<Shared>, mut inbox: Inbox) {
    let Some(nodes) = &shared.nodes else { return };
    let mut looked_for_nodes_at = Timestamp::EPOCH;
    loop {
        let now = shared.now();
        if now.since(looked_for_nodes_at) >= NODE_BEAT_EVERY || looked_for_nodes_at == Timestamp::EPOCH {
            looked_for_nodes_at = now;
            for node in nodes.bus.nodes() {
                nodes.peer_or_new(&shared, &node);
            }
            nodes.peers().iter().for_each(|peer| peer.ways.sweep(now));
        }
        survive(|| nodes.send_due(&shared));
        let wait = nodes.next_wake().since(shared.now()).clamp(SOONEST, NODE_BEAT_EVERY);
        tokio::select! {
            envelope = inbox.recv() => {
                let Some(envelope) = envelope else { return };
                survive(|| nodes.receive(&shared, &envelope));
                // What came together is answered together.
                for _ in 0..AT_ONCE {
                    let Ok(envelope) = inbox.try_recv() else { break };
                    survive(|| nodes.receive(&shared, &envelope));
                }
            }
            () = nodes.work.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// A panic loses what was at work, and nothing else: the link, if it matters, begins anew by itself.
fn survive(work: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        tracing::error!("a message between nodes made the engine panic and is lost");
    }
}

impl Nodes {
    /// The node of that name; a new one is greeted.
    pub(super) fn peer_or_new(&self, shared: &Shared, node: &NodeId) -> Option<Arc<Peer>> {
        if let Some(known) = self.peer(node) {
            return Some(known);
        }
        let mut peers = self.peers.write().unwrap_or_else(PoisonError::into_inner);
        if *node == shared.node || peers.len() >= NODES_MAX {
            return None;
        }
        let peer = Arc::new(Peer::new(&shared.node, node.clone(), shared.now(), Arc::clone(&self.work)));
        peers.push(Arc::clone(&peer));
        Some(peer)
    }

    /// Sends what is there to be sent, and notices who is gone.
    fn send_due(&self, shared: &Arc<Shared>) {
        let now = shared.now();
        self.expire(shared);
        self.send_waiting(shared);
        self.tell_boards(shared);
        for peer in self.peers() {
            self.empty_ways(shared, &peer);
            let lost = lock(&peer.link).is_lost(now);
            if lost || peer.ways.take_overflowed() {
                tracing::warn!(node = %peer.node, silent = lost, "out of touch with a node: it is told everything anew");
                lock(&peer.link).begin_anew(now);
                self.forget(shared, &peer);
                self.send_again_to(&peer);
            }
            let due = lock(&peer.link).poll(now);
            shared.metrics.bus_again(due.again);
            for bytes in due.envelopes.iter().filter_map(|envelope| envelope.encode()) {
                self.bus.send(&peer.node, bytes);
            }
        }
    }

    fn next_wake(&self) -> Timestamp {
        let peers = self.peers();
        let links = peers.iter().map(|peer| lock(&peer.link).next_wake());
        links.chain(self.next_expiry()).min().unwrap_or(Timestamp::from_millis(i64::MAX))
    }

    fn empty_ways(&self, shared: &Arc<Shared>, peer: &Peer) {
        for mut parcel in peer.ways.empty() {
            if parcel.closed {
                // The session lets go of the chat: its commands are the new owner's.
                parcel.frames.retain(|frame| !is_let_go(frame));
                let shard = match &parcel.readers {
                    Readers::Socket(_, Some(chat)) => Some(chat.shard()),
                    Readers::Operator(_, operator) => Some(operator_shard(*operator)),
                    _ => None,
                };
                if let Some(shard) = shard {
                    lock(&peer.refused).insert(shard);
                    self.send(shared, peer, &Body::NotMine(shard));
                }
            }
            if !parcel.frames.is_empty() {
                self.send(shared, peer, &Body::Frames { readers: parcel.readers, frames: parcel.frames });
            }
        }
    }

    /// Tells the other nodes what has changed of the groups here.
    pub(super) fn tell_boards(&self, shared: &Shared) {
        for (account, group) in std::mem::take(&mut *lock(&self.boards)) {
            let news = shared.board.entry(account, &group);
            self.send_all(shared, &Body::Board { account, group, news });
        }
    }
}

/// Envelopes read before what came of them is sent.
const AT_ONCE: usize = 256;
/// The shortest sleep: what is due at once is done first.
const SOONEST: Duration = Duration::from_millis(1);
