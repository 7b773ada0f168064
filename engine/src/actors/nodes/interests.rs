//! What the sockets of this node follow elsewhere. An operator's chats may be on any node, so every node is told of
//! an operator's windows; a visitor's chat and a group's queue are on one, which alone is told. A node that is told
//! publishes to this one, once for all sockets here.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::actors::messages::{Signal, ToOperator, ToQueue};
use crate::actors::nodes::wire::{Body, Readers};
use crate::actors::nodes::{Nodes, Peer, Place};
use crate::actors::outlet::{Outlet, SocketId};
use crate::actors::registry::{VisitorKey, operator_shard, queue_shard};
use crate::actors::shared::{Shared, lock};
use crate::domain::ids::{AccountId, ChatId, GroupId, NodeId, OperatorId};

/// See the module.
#[derive(Default)]
pub(super) struct Interests {
    operators: BTreeSet<(AccountId, OperatorId)>,
    visitors: HashMap<VisitorKey, (ChatId, NodeId)>,
    groups: HashMap<(AccountId, GroupId), Vec<Outlet>>,
}

impl Nodes {
    /// Windows of an operator were opened or closed here.
    pub(super) fn windows_changed(&self, shared: &Shared, account: AccountId, operator: OperatorId) {
        let mut interests = lock(&self.interests);
        let on = shared.registry.outlets_of_operator(account, operator).count_here() > 0;
        let key = (account, operator);
        let changed = if on { interests.operators.insert(key) } else { interests.operators.remove(&key) };
        if changed {
            // Under the lock, so that a window opened meanwhile is told after this.
            let readers = Readers::Operator(account, operator);
            self.send_all(shared, &Body::Follow { readers, chat: None, on, again: false });
        }
    }

    /// Tabs of a visitor were opened or closed here, or the visitor has another chat, or the chat another owner.
    pub(super) fn tabs_changed(&self, shared: &Shared, key: &VisitorKey, anew: bool) {
        let mut interests = lock(&self.interests);
        let known = shared.registry.visitor_known(key).filter(|tabs| tabs.count_here() > 0);
        let chat = known.and_then(|tabs| tabs.chat());
        let wanted = chat.and_then(|chat| match shared.place(chat.shard()) {
            Place::There(peer) => Some((chat, peer)),
            Place::Here | Place::Nowhere => None,
        });
        let told = interests.visitors.get(key).cloned();
        let same = told.as_ref() == wanted.as_ref().map(|(chat, peer)| (*chat, peer.node.clone())).as_ref();
        if same && !anew {
            return;
        }
        let readers = Readers::Visitor(key.0, key.1.clone(), key.2);
        if let Some((chat, node)) = told.filter(|_| !same)
            && let Some(peer) = self.peer(&node)
        {
            let body = Body::Follow { readers: readers.clone(), chat: Some(chat), on: false, again: false };
            self.send(shared, &peer, &body);
        }
        match wanted {
            Some((chat, peer)) => {
                self.send(shared, &peer, &Body::Follow { readers, chat: Some(chat), on: true, again: anew });
                interests.visitors.insert(key.clone(), (chat, peer.node.clone()));
            }
            None => {
                interests.visitors.remove(key);
            }
        }
    }

    /// A window here watches a group's queue that lives elsewhere.
    pub(super) fn watch(&self, shared: &Shared, account: AccountId, group: &GroupId, outlet: Outlet) {
        let mut interests = lock(&self.interests);
        let watchers = interests.groups.entry((account, group.clone())).or_default();
        watchers.retain(|other| !other.is_closed() && other.id() != outlet.id());
        watchers.push(outlet);
        self.follow_group(shared, account, group, true);
    }

    /// It does not any more.
    pub(super) fn unwatch(&self, shared: &Shared, account: AccountId, group: &GroupId, socket: SocketId) {
        let mut interests = lock(&self.interests);
        let key = (account, group.clone());
        let Some(watchers) = interests.groups.get_mut(&key) else { return };
        watchers.retain(|other| !other.is_closed() && other.id() != socket);
        if watchers.is_empty() {
            interests.groups.remove(&key);
            self.follow_group(shared, account, group, false);
        }
    }

    /// Windows here that watch a group elsewhere.
    pub(super) fn watchers(&self, account: AccountId, group: &GroupId) -> Vec<Outlet> {
        lock(&self.interests).groups.get(&(account, group.clone())).cloned().unwrap_or_default()
    }

    /// Whether an outlet leads to another node.
    pub(crate) fn leads_away(&self, socket: SocketId) -> bool {
        self.peers().iter().any(|peer| peer.ways.has(socket))
    }

    /// Tells a node that has begun anew what is followed here.
    pub(super) fn tell_interests(&self, shared: &Arc<Shared>, peer: &Peer) {
        let interests = lock(&self.interests);
        for (account, operator) in &interests.operators {
            let readers = Readers::Operator(*account, *operator);
            self.send(shared, peer, &Body::Follow { readers, chat: None, on: true, again: true });
        }
        for (account, group) in interests.groups.keys() {
            if matches!(shared.place(queue_shard(*account, group)), Place::There(owner) if owner.node == peer.node) {
                let readers = Readers::Group(*account, group.clone());
                self.send(shared, peer, &Body::Follow { readers, chat: None, on: true, again: true });
            }
        }
        drop(interests);
        // All of them, not only those it was told of: it may have been unknown when it became the owner.
        for key in shared.registry.connected_visitors() {
            let chat = shared.registry.visitor_known(&key).and_then(|tabs| tabs.chat());
            let place = chat.map(|chat| shared.place(chat.shard()));
            if matches!(place, Some(Place::There(owner)) if owner.node == peer.node) {
                self.tabs_changed(shared, &key, true);
            }
        }
    }

    /// Shards have other owners: those are told what is followed here.
    pub(super) fn interests_moved(&self, shared: &Arc<Shared>) {
        for key in shared.registry.connected_visitors() {
            self.tabs_changed(shared, &key, false);
        }
        let mut interests = lock(&self.interests);
        let groups: Vec<(AccountId, GroupId)> = interests.groups.keys().cloned().collect();
        for (account, group) in groups {
            if !shared.is_here(queue_shard(account, &group)) {
                self.follow_group(shared, account, &group, true);
                continue;
            }
            let queue = shared.registry.queue(shared, account, &group);
            for outlet in interests.groups.remove(&(account, group)).unwrap_or_default() {
                queue.hint(ToQueue::Watch(outlet));
            }
        }
    }

    fn follow_group(&self, shared: &Shared, account: AccountId, group: &GroupId, on: bool) {
        if let Place::There(peer) = shared.place(queue_shard(account, group)) {
            let readers = Readers::Group(account, group.clone());
            self.send(shared, &peer, &Body::Follow { readers, chat: None, on, again: false });
        }
    }

    /// Another node has, or has no longer, sockets that follow something of this one.
    pub(super) fn followed(
        &self,
        shared: &Arc<Shared>,
        peer: &Peer,
        readers: Readers,
        chat: Option<ChatId>,
        on: bool,
        again: bool,
    ) {
        if !on {
            if let Some(outlet) = peer.ways.remove(&readers) {
                unfollow(shared, &readers, &outlet);
            }
            return;
        }
        let (outlet, new) = peer.ways.to(&readers, shared.now());
        match &readers {
            Readers::Operator(account, operator) => {
                if new {
                    shared.registry.outlets_of_operator(*account, *operator).add_far(outlet);
                }
                if shared.is_here(operator_shard(*operator)) {
                    let actor = shared.registry.operator(shared, *account, *operator);
                    actor.hint(if again { ToOperator::Resay } else { ToOperator::Joined });
                }
            }
            Readers::Visitor(account, brand, visitor) => {
                let tabs = shared.registry.outlets_of_visitor(*account, brand, *visitor);
                if new {
                    tabs.add_far(outlet);
                }
                if let Some(chat) = chat.filter(|chat| shared.is_here(chat.shard())) {
                    tabs.set_chat(chat);
                    let session = shared.registry.session(shared, *account, chat);
                    session.addr.hint(Signal::Joined);
                }
            }
            Readers::Group(account, group) => {
                if shared.is_here(queue_shard(*account, group)) {
                    shared.registry.queue(shared, *account, group).hint(ToQueue::Watch(outlet));
                }
            }
            Readers::Socket(..) => return,
        }
        self.send(shared, peer, &Body::Following { readers, chat });
    }
}

/// Takes the way to another node out of where it stands, and tells those who count sockets.
pub(super) fn unfollow(shared: &Arc<Shared>, readers: &Readers, outlet: &Outlet) {
    let socket = outlet.id();
    match readers {
        Readers::Operator(account, operator) => {
            shared.registry.outlets_of_operator(*account, *operator).remove(socket);
            if let Some(actor) = shared.registry.operator_awake(*account, *operator) {
                actor.hint(ToOperator::Gone);
            }
        }
        Readers::Visitor(account, brand, visitor) => {
            let key = (*account, brand.clone(), *visitor);
            let Some(tabs) = shared.registry.visitor_known(&key) else { return };
            tabs.remove(socket);
            if tabs.count() == 0
                && let Some(chat) = tabs.chat()
                && let Some(session) = shared.registry.awake(*account, chat)
            {
                session.addr.hint(Signal::Gone);
            }
            drop(tabs);
            shared.registry.sweep_visitor(*account, brand, *visitor);
        }
        Readers::Group(account, group) => {
            if shared.is_here(queue_shard(*account, group)) {
                shared.registry.queue(shared, *account, group).hint(ToQueue::Unwatch(socket));
            }
        }
        Readers::Socket(..) => {}
    }
}
