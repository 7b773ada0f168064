//! Commands of sockets here for chats and operators elsewhere. Each is kept until it is answered: it is sent again
//! when the other node begins anew or the shard has another owner, always in the order in which it came, and answered
//! `unavailable` when that takes too long. The same id makes the same answer, so sending again does nothing twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::actors::messages::{Command, Order, Party, SetStatus};
use crate::actors::nodes::wire::Body;
use crate::actors::nodes::{Nodes, Peer, Place};
use crate::actors::outlet::{Outlet, SocketId};
use crate::actors::registry::operator_shard;
use crate::actors::shared::{Shared, lock};
use crate::domain::group::Status;
use crate::domain::ids::{AccountId, ChatId, CommandId, NodeId, OperatorId, Shard};
use crate::domain::limits::{FAR_ANSWER_WITHIN, FAR_COMMANDS_MAX};
use crate::domain::time::Timestamp;
use crate::protocol::error::Failure;

/// A command that was not answered yet.
pub(super) struct Waiting {
    outlet: Outlet,
    account: AccountId,
    id: CommandId,
    what: What,
    /// The node that has it.
    sent_to: Option<NodeId>,
    /// It was refused by one that does not own the shard.
    refused: bool,
    /// Not sent before.
    not_before: Timestamp,
    since: Timestamp,
}

/// What is asked.
pub(super) enum What {
    /// Of a chat.
    Order { chat: ChatId, from: Party, order: Order },
    /// Of an operator.
    Status { operator: OperatorId, status: Status },
}

impl Waiting {
    fn chat(&self) -> Option<ChatId> {
        match self.what {
            What::Order { chat, .. } => Some(chat),
            What::Status { .. } => None,
        }
    }

    fn shard(&self) -> Shard {
        match self.what {
            What::Order { chat, .. } => chat.shard(),
            What::Status { operator, .. } => operator_shard(operator),
        }
    }

    fn body(&self) -> Body {
        let (account, socket, id) = (self.account, self.outlet.id(), self.id.clone());
        match &self.what {
            What::Order { chat, from, order } => {
                Body::Command { account, chat: *chat, socket, from: from.clone(), id, order: order.clone() }
            }
            What::Status { operator, status } => {
                Body::Status { account, operator: *operator, socket, id, status: *status }
            }
        }
    }
}

impl Nodes {
    /// Takes a command for somebody elsewhere.
    ///
    /// # Errors
    /// `unavailable`: too many wait, or an earlier one of the socket was refused so and must come first.
    pub(super) fn take_command(
        &self,
        shared: &Arc<Shared>,
        account: AccountId,
        outlet: Outlet,
        id: CommandId,
        what: What,
    ) -> Result<(), Failure> {
        let now = shared.now();
        let waiting = Waiting { outlet, account, id, what, sent_to: None, refused: false, not_before: now, since: now };
        let (socket, chat) = (waiting.outlet.id(), waiting.chat());
        if !self.may_go_on(socket, chat, &waiting.id) {
            return Err(Failure::unavailable());
        }
        let mut all = lock(&self.waiting);
        if all.len() >= FAR_COMMANDS_MAX {
            return Err(Failure::unavailable());
        }
        all.push_back(waiting);
        drop(all);
        self.send_waiting(shared);
        Ok(())
    }

    /// Whether no other command of the socket for the chat must be sent again first.
    pub(super) fn may_go_on(&self, socket: SocketId, chat: Option<ChatId>, id: &CommandId) -> bool {
        let mut blocked = lock(&self.blocked);
        let Some(at) = blocked.iter().position(|(of, on, _)| (*of, *on) == (socket, chat)) else { return true };
        let again = blocked[at].2 == *id;
        if again {
            blocked.remove(at);
        }
        again
    }

    /// Sends what was not sent yet, as far as its owner can be reached, each shard's in order.
    pub(super) fn send_waiting(&self, shared: &Arc<Shared>) {
        let now = shared.now();
        let mut held_back: Vec<Shard> = Vec::new();
        let mut home = Vec::new();
        let mut all = lock(&self.waiting);
        all.retain_mut(|waiting| {
            let shard = waiting.shard();
            if waiting.sent_to.is_some() || held_back.contains(&shard) {
                return true;
            }
            match shared.place(shard) {
                Place::There(peer) if waiting.not_before <= now => {
                    let first = waiting.refused && !self.send(shared, &peer, &Body::Again(shard));
                    if first || !self.send(shared, &peer, &waiting.body()) {
                        held_back.push(shard);
                    } else {
                        if waiting.refused || waiting.since != now {
                            shared.metrics.bus_command_again();
                        }
                        (waiting.sent_to, waiting.refused) = (Some(peer.node.clone()), false);
                    }
                    true
                }
                Place::Here => {
                    home.push((waiting.outlet.clone(), waiting.account, waiting.id.clone(), waiting.what.copied()));
                    false
                }
                _ => {
                    held_back.push(shard);
                    true
                }
            }
        });
        // Still under the lock: what comes next for these chats must not overtake them.
        for (outlet, account, id, what) in home {
            self.bring_home(shared, outlet, account, id, what);
        }
    }

    /// The shard is this node's by now: its own actors take the command.
    fn bring_home(&self, shared: &Arc<Shared>, outlet: Outlet, account: AccountId, id: CommandId, what: What) {
        let taken = match what {
            What::Order { chat, from, order } => {
                let session = shared.registry.session(shared, account, chat);
                let heard_at = Instant::now();
                let command = Command { from, outlet: outlet.clone(), id: id.clone(), order, heard_at };
                session.addr.try_send(command).map_err(|_| Some(chat))
            }
            What::Status { operator, status } => {
                let actor = shared.registry.operator(shared, account, operator);
                let set = SetStatus { outlet: outlet.clone(), id: id.clone(), status };
                actor.try_send(set).map_err(|_| None)
            }
        };
        if let Err(chat) = taken {
            outlet.push(shared.refusal(Some(&id), chat, &Failure::unavailable()));
            self.block(outlet.id(), chat, id);
        }
    }

    /// The oldest command that such an answer of that node can be for, which is no longer waited for.
    pub(super) fn answered(
        &self,
        from: &Peer,
        socket: SocketId,
        chat: Option<ChatId>,
        id: &CommandId,
    ) -> Option<Outlet> {
        let mut all = lock(&self.waiting);
        let at = all.iter().position(|waiting| {
            waiting.outlet.id() == socket
                && waiting.chat() == chat
                && waiting.id == *id
                && waiting.sent_to.as_ref() == Some(&from.node)
        })?;
        all.remove(at).map(|waiting| waiting.outlet)
    }

    /// A node says that it does not own the shard.
    pub(super) fn refused(&self, shared: &Shared, from: &Peer, shard: Shard) {
        let later = shared.now() + REFUSED_WAIT;
        for waiting in lock(&self.waiting).iter_mut() {
            if waiting.shard() == shard && waiting.sent_to.as_ref() == Some(&from.node) {
                (waiting.sent_to, waiting.refused, waiting.not_before) = (None, true, later);
            }
        }
        self.look_up_soon();
        self.work.notify_one();
    }

    /// A node has begun anew: it may never have got what was sent to it.
    pub(super) fn send_again_to(&self, peer: &Peer) {
        for waiting in lock(&self.waiting).iter_mut() {
            if waiting.sent_to.as_ref() == Some(&peer.node) {
                waiting.sent_to = None;
            }
        }
    }

    /// Shards have other owners: what was sent to the former ones goes to the new ones.
    pub(super) fn send_to_new_owners(&self, shared: &Arc<Shared>) {
        for waiting in lock(&self.waiting).iter_mut() {
            let owner = match shared.place(waiting.shard()) {
                Place::There(peer) => Some(peer.node.clone()),
                Place::Here | Place::Nowhere => None,
            };
            if waiting.sent_to != owner {
                waiting.sent_to = None;
            }
            if owner.is_some() || shared.is_here(waiting.shard()) {
                waiting.not_before = waiting.since;
            }
        }
        self.send_waiting(shared);
    }

    /// Answers what has waited for too long; later ones of the socket for the same chat with it, for they must not
    /// take effect before it was sent again.
    pub(super) fn expire(&self, shared: &Shared) {
        let now = shared.now();
        let mut all = lock(&self.waiting);
        let mut over: Vec<(SocketId, Option<ChatId>)> = Vec::new();
        all.retain(|waiting| {
            let place = (waiting.outlet.id(), waiting.chat());
            let late = now.since(waiting.since) >= FAR_ANSWER_WITHIN;
            if !late && !over.contains(&place) {
                return true;
            }
            if !over.contains(&place) {
                over.push(place);
                self.block(place.0, place.1, waiting.id.clone());
            }
            waiting.outlet.push(shared.refusal(Some(&waiting.id), place.1, &Failure::unavailable()));
            false
        });
    }

    /// When a command is sent again, or has waited for too long.
    pub(super) fn next_expiry(&self) -> Option<Timestamp> {
        let all = lock(&self.waiting);
        let expiry = all.front().map(|waiting| waiting.since + FAR_ANSWER_WITHIN);
        let unsent = all.iter().filter(|waiting| waiting.sent_to.is_none() && waiting.refused);
        unsent.map(|waiting| waiting.not_before).chain(expiry).min()
    }

    fn block(&self, socket: SocketId, chat: Option<ChatId>, id: CommandId) {
        let mut blocked = lock(&self.blocked);
        if blocked.len() >= BLOCKED_MAX {
            blocked.remove(0);
        }
        blocked.push((socket, chat, id));
    }
}

impl What {
    fn copied(&self) -> Self {
        match self {
            Self::Order { chat, from, order } => Self::Order { chat: *chat, from: from.clone(), order: order.clone() },
            Self::Status { operator, status } => Self::Status { operator: *operator, status: *status },
        }
    }
}

/// How long a command waits that was sent to the wrong node: about as long as looking up the right one.
const REFUSED_WAIT: Duration = Duration::from_millis(50);
/// Sockets that may be blocked at once: as many as may have commands under way, by far.
const BLOCKED_MAX: usize = 1_024;
