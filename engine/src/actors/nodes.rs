//! The other nodes of the cluster, as one node sees them: who owns which shard, and the ways there. Actors and
//! sockets ask [`reach`] for a queue, an operator or a chat and need not know where it lives; on a node that is alone
//! everything lives here and nothing of this exists.
//!
//! Messages go over a [`link`] for each pair of nodes, once and in order. When a link had to begin anew, or a shard
//! has another owner, [`interests`] are told again and what was missed is read from the store ([`missed`]).

mod commands;
pub(crate) mod directory;
pub(crate) mod drive;
mod inbound;
mod interests;
pub mod link;
pub(crate) mod missed;
mod questions;
pub mod reach;
mod ways;
pub mod wire;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, RwLock};

use serde_json::value::RawValue;
use tokio::sync::{Notify, oneshot};

use crate::actors::nodes::commands::Waiting;
use crate::actors::nodes::interests::Interests;
use crate::actors::nodes::link::{Link, NotSent};
use crate::actors::nodes::ways::Ways;
use crate::actors::nodes::wire::Body;
use crate::actors::outlet::SocketId;
use crate::actors::shared::{Shared, lock};
use crate::domain::ids::{AccountId, ChatId, CommandId, GroupId, NodeId, Shard};
use crate::domain::limits::SHARDS;
use crate::domain::time::Timestamp;
use crate::metrics::Dropped;
use crate::ports::bus::SharedBus;

/// See the module.
pub struct Nodes {
    bus: SharedBus,
    /// Owners of the shards and their epochs, as last looked up.
    owners: RwLock<Vec<Option<(NodeId, u64)>>>,
    peers: RwLock<Vec<Arc<Peer>>>,
    interests: Mutex<Interests>,
    /// Commands of sockets here that were not answered, in the order they came.
    waiting: Mutex<VecDeque<Waiting>>,
    /// Sockets whose commands for a chat wait until one of them was sent again.
    blocked: Mutex<Vec<(SocketId, Option<ChatId>, CommandId)>>,
    /// Groups here of which the other nodes are to be told.
    boards: Mutex<BTreeSet<(AccountId, GroupId)>>,
    questions: Mutex<HashMap<u64, oneshot::Sender<Box<RawValue>>>>,
    next_question: AtomicU64,
    /// There is something to send.
    work: Arc<Notify>,
    /// The directory may be out of date.
    look_up: Notify,
}

/// Another node.
pub(crate) struct Peer {
    /// Its name.
    pub node: NodeId,
    link: Mutex<Link>,
    /// The ways to its sockets.
    ways: Arc<Ways>,
    /// Shards whose commands from there were refused, until it says that it sends them again.
    refused: Mutex<BTreeSet<Shard>>,
}

/// Where a shard lives.
pub(crate) enum Place {
    /// On this node.
    Here,
    /// On another one.
    There(Arc<Peer>),
    /// On no node that can be reached.
    Nowhere,
}

impl Nodes {
    /// The other nodes on that bus; none is known yet.
    pub fn new(bus: SharedBus) -> Self {
        Self {
            bus,
            owners: RwLock::new(vec![None; usize::from(SHARDS)]),
            peers: RwLock::default(),
            interests: Mutex::default(),
            waiting: Mutex::default(),
            blocked: Mutex::default(),
            boards: Mutex::default(),
            questions: Mutex::default(),
            next_question: AtomicU64::new(1),
            work: Arc::default(),
            look_up: Notify::new(),
        }
    }

    /// Looks up soon who owns what.
    pub fn look_up_soon(&self) {
        self.look_up.notify_one();
    }

    pub(crate) fn peers(&self) -> Vec<Arc<Peer>> {
        self.peers.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    pub(crate) fn peer(&self, node: &NodeId) -> Option<Arc<Peer>> {
        let peers = self.peers.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        peers.iter().find(|peer| peer.node == *node).cloned()
    }

    /// The node that owns a shard, this one aside.
    pub(crate) fn owner(&self, shard: Shard) -> Option<Arc<Peer>> {
        let owners = self.owners.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (owner, _) = owners.get(usize::from(shard.0)).cloned().flatten()?;
        drop(owners);
        self.peer(&owner)
    }

    /// A shard that another node owns and serves, with its epoch: for what begins at a node that owns none.
    pub(crate) fn some_shard(&self, random: u128) -> Option<(Shard, u64)> {
        let owners = self.owners.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let there = |node: &NodeId| self.peer(node).is_some_and(|peer| lock(&peer.link).is_joined());
        let served = (0..=u8::MAX).map(Shard).zip(owners).filter_map(|(shard, owner)| Some((shard, owner?)));
        let served: Vec<(Shard, u64)> =
            served.filter(|(_, (node, _))| there(node)).map(|(shard, (_, epoch))| (shard, epoch)).collect();
        let place = random % u128::try_from(served.len().max(1)).unwrap_or(1);
        served.get(usize::try_from(place).unwrap_or(0)).copied()
    }

    /// Sends a message to a node. `false`: it is not there; once it is, it is told everything anew.
    pub(crate) fn send(&self, shared: &Shared, peer: &Peer, body: &Body) -> bool {
        let now = shared.now();
        let Some(text) = body.encode() else { return false };
        let pushed = lock(&peer.link).push(text, now);
        match pushed {
            Ok(()) => {
                shared.metrics.bus_sent(body.kind());
                self.work.notify_one();
                true
            }
            Err(NotSent::Away) => false,
            Err(NotSent::Full) => {
                shared.metrics.bus_dropped(Dropped::NotConfirmed);
                peer.ways.overflowed();
                self.work.notify_one();
                false
            }
        }
    }

    /// Sends a message to every node that is there.
    pub(crate) fn send_all(&self, shared: &Shared, body: &Body) {
        for peer in self.peers() {
            self.send(shared, &peer, body);
        }
    }
}

impl Peer {
    fn new(me: &NodeId, node: NodeId, now: Timestamp, work: Arc<Notify>) -> Self {
        // Lives rise from run to run, as the clock does.
        let life = u64::try_from(now.millis()).unwrap_or(0).saturating_mul(1000).max(1);
        Self {
            node,
            link: Mutex::new(Link::new(me.clone(), life, now)),
            ways: Arc::new(Ways::new(work)),
            refused: Mutex::default(),
        }
    }
}

impl Shared {
    /// Where a shard lives.
    pub(crate) fn place(&self, shard: Shard) -> Place {
        if self.is_here(shard) {
            return Place::Here;
        }
        self.nodes.as_ref().and_then(|nodes| nodes.owner(shard)).map_or(Place::Nowhere, Place::There)
    }

    /// Whether a shard is this node's to serve; a node that is alone serves all.
    pub(crate) fn is_here(&self, shard: Shard) -> bool {
        self.epoch(shard) != 0 || self.nodes.is_none()
    }
}
