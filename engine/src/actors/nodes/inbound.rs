//! What comes from other nodes: handed to the actors and sockets of this one, in the order in which it was sent.

use std::sync::Arc;
use std::time::Instant;

use bytestring::ByteString;
use serde::Deserialize;

use crate::actors::connection::history::Reader;
use crate::actors::engine::apply;
use crate::actors::messages::{Command, SetStatus, ToQueue};
use crate::actors::nodes::interests::unfollow;
use crate::actors::nodes::missed::{fill_tabs, fill_windows, push_or_fill};
use crate::actors::nodes::wire::{Body, Envelope, Readers};
use crate::actors::nodes::{Nodes, Peer, questions};
use crate::actors::outlet::Outlet;
use crate::actors::registry::{operator_shard, queue_shard};
use crate::actors::shared::{Shared, lock};
use crate::domain::event::Sender;
use crate::domain::ids::{AccountId, ChatId, CommandId, Shard};
use crate::metrics::Dropped;
use crate::ports::journal::Side;
use crate::protocol::error::Failure;

/// What is read of a frame to pass it on.
#[derive(Deserialize)]
struct Passing {
    r#type: String,
    #[serde(default)]
    id: Option<CommandId>,
    #[serde(default)]
    chat: Option<ChatId>,
    #[serde(default)]
    seq: u32,
    #[serde(default)]
    code: Option<String>,
}

impl Nodes {
    /// Takes an envelope from the bus.
    pub(super) fn receive(&self, shared: &Arc<Shared>, bytes: &[u8]) {
        let Some(envelope) = Envelope::decode(bytes) else {
            return shared.metrics.bus_dropped(Dropped::NotUnderstood);
        };
        let Some(peer) = self.peer_or_new(shared, &envelope.from) else {
            return shared.metrics.bus_dropped(Dropped::TooManyNodes);
        };
        let taken = lock(&peer.link).take(envelope, shared.now());
        if taken.doubled > 0 {
            shared.metrics.bus_dropped(Dropped::Doubled);
        }
        if taken.joined {
            self.joined(shared, &peer);
        }
        for body in taken.bodies {
            match Body::decode(&body) {
                Some(body) => {
                    shared.metrics.bus_received(body.kind());
                    self.dispatch(shared, &peer, body);
                }
                None => shared.metrics.bus_dropped(Dropped::NotUnderstood),
            }
        }
    }

    /// A node is there, anew: nothing that was told it before counts, and what it told may have been missed.
    fn joined(&self, shared: &Arc<Shared>, peer: &Arc<Peer>) {
        tracing::info!(node = %peer.node, "a node is there");
        self.forget(shared, peer);
        self.look_up_soon();
        self.tell_interests(shared, peer);
        self.send_again_to(peer);
        self.send_waiting(shared);
        for (account, group) in shared.board.every_group() {
            if shared.is_here(queue_shard(account, &group)) {
                shared.tell_board(account, &group);
            }
        }
        // What its chats and operators said to the queues here, and its queues and chats to the operators here, may
        // be lost: the store knows.
        for queue in shared.registry.every_queue() {
            queue.hint(ToQueue::ReadAnew);
        }
        for operator in shared.registry.every_operator() {
            operator.hint(crate::actors::messages::ToOperator::Resay);
        }
        shared.windows.look();
        shared.lists.changed_elsewhere(None);
        shared.left_messages.changed_elsewhere(None);
        shared.attendance.changed_elsewhere(None);
    }

    /// Forgets what a node follows here.
    pub(super) fn forget(&self, shared: &Arc<Shared>, peer: &Peer) {
        lock(&peer.refused).clear();
        for (readers, outlet) in peer.ways.remove_all() {
            unfollow(shared, &readers, &outlet);
        }
    }

    fn dispatch(&self, shared: &Arc<Shared>, peer: &Arc<Peer>, body: Body) {
        match body {
            Body::Command { account, chat, socket, from, id, order } => {
                if self.is_refused(shared, peer, chat.shard()) {
                    return;
                }
                let (outlet, _) = peer.ways.to(&Readers::Socket(socket, Some(chat)), shared.now());
                let session = shared.registry.session(shared, account, chat);
                let heard_at = Instant::now();
                let command = Command { from, outlet: outlet.clone(), id: id.clone(), order, heard_at };
                if session.addr.try_send(command).is_err() {
                    shared.metrics.mailbox_full("visitor_session");
                    outlet.push(shared.refusal(Some(&id), Some(chat), &Failure::unavailable()));
                }
            }
            Body::Status { account, operator, socket, id, status } => {
                if self.is_refused(shared, peer, operator_shard(operator)) {
                    return;
                }
                let (outlet, _) = peer.ways.to(&Readers::Socket(socket, None), shared.now());
                let actor = shared.registry.operator(shared, account, operator);
                if actor.try_send(SetStatus { outlet: outlet.clone(), id: id.clone(), status }).is_err() {
                    shared.metrics.mailbox_full("operator");
                    outlet.push(shared.refusal(Some(&id), None, &Failure::unavailable()));
                }
            }
            Body::Again(shard) => {
                lock(&peer.refused).remove(&shard);
            }
            // What has moved on meanwhile is not sent after it: whoever owns it reads the store.
            Body::Signal { account, chat, wake, signal } if shared.is_here(chat.shard()) => {
                shared.to_session(account, chat, signal, wake);
            }
            Body::Queue { account, group, message } if shared.is_here(queue_shard(account, &group)) => {
                shared.to_queue(account, &group, message);
            }
            Body::Operator { account, operator, message } if shared.is_here(operator_shard(operator)) => {
                shared.to_operator(account, operator, message);
            }
            Body::Signal { .. } | Body::Queue { .. } | Body::Operator { .. } => {
                self.send(shared, peer, &Body::Owners);
            }
            Body::Follow { readers, chat, on, again } => self.followed(shared, peer, readers, chat, on, again),
            Body::Following { readers, chat } => match (&readers, chat) {
                (Readers::Operator(account, operator), _) => fill_windows(shared, *account, *operator, peer),
                (Readers::Visitor(account, brand, visitor), Some(chat)) => {
                    fill_tabs(shared, &(*account, brand.clone(), *visitor), chat);
                }
                _ => {}
            },
            Body::Frames { readers, frames } => self.frames(shared, peer, &readers, frames),
            Body::NotMine(shard) => self.refused(shared, peer, shard),
            Body::Owners => self.look_up_soon(),
            Body::Ask { number, question } => questions::answer(shared, peer, number, question),
            Body::Answer { number, answer } => self.told(number, answer),
            Body::Board { account, group, news } => match news {
                _ if shared.is_here(queue_shard(account, &group)) => {}
                Some((department, state, waiting)) => {
                    shared.board.set(account, &group, &department, state);
                    shared.board.set_waiting(account, &group, waiting as usize);
                }
                None => shared.board.remove(account, &group),
            },
            Body::LeftMessages(account) => shared.left_messages.changed_elsewhere(Some(account)),
            Body::Attendance(account) => shared.attendance.changed_elsewhere(Some(account)),
            Body::Lists(account) => shared.lists.changed_elsewhere(Some(account)),
            Body::Born { account, brand, visitor, chat } => {
                let key = (account, brand, visitor);
                if let Some(tabs) = shared.registry.visitor_known(&key) {
                    tabs.set_chat(chat);
                    self.tabs_changed(shared, &key, false);
                }
            }
            Body::Staff { account, change } => apply(shared, account, &change),
        }
    }

    /// Whether a command for that shard is refused: the shard is not this node's, or earlier ones were refused and
    /// come again, in order.
    fn is_refused(&self, shared: &Shared, peer: &Peer, shard: Shard) -> bool {
        let refused = !shared.is_here(shard) || lock(&peer.refused).contains(&shard);
        if refused {
            lock(&peer.refused).insert(shard);
            self.send(shared, peer, &Body::NotMine(shard));
            self.look_up_soon();
        }
        refused
    }

    fn frames(&self, shared: &Arc<Shared>, peer: &Peer, readers: &Readers, frames: Vec<String>) {
        let frames = frames.into_iter().filter_map(|text| {
            let passing = serde_json::from_str::<Passing>(&text).ok()?;
            Some((passing, ByteString::from(text)))
        });
        match readers {
            Readers::Operator(account, operator) => {
                let outlets = shared.registry.outlets_of_operator(*account, *operator).here();
                let reader = Reader { side: Side::Operators, own: Sender::Operator(*operator) };
                frames.for_each(|frame| pass_on(shared, &outlets, *account, frame, reader));
            }
            Readers::Visitor(account, brand, visitor) => {
                let tabs = shared.registry.visitor_known(&(*account, brand.clone(), *visitor));
                let outlets = tabs.map(|tabs| tabs.here()).unwrap_or_default();
                let reader = Reader { side: Side::Visitor, own: Sender::Visitor };
                frames.for_each(|frame| pass_on(shared, &outlets, *account, frame, reader));
            }
            Readers::Group(account, group) => {
                let outlets = self.watchers(*account, group);
                frames.for_each(|(_, text)| {
                    for outlet in &outlets {
                        outlet.push(text.clone());
                    }
                });
            }
            Readers::Socket(socket, chat) => frames.for_each(|(passing, text)| {
                // Nobody waits for it any more: it was answered by the owner's successor, or given up.
                let Some(id) = passing.id else { return };
                if let Some(outlet) = self.answered(peer, *socket, *chat, &id) {
                    outlet.push(text);
                }
            }),
        }
    }
}

/// The refusals among frames that a session leaves behind which lets go of its chat are not the last word: the
/// commands go to the new owner.
pub(super) fn is_let_go(frame: &str) -> bool {
    serde_json::from_str::<Passing>(frame).is_ok_and(|passing| passing.code.as_deref() == Some("unavailable"))
}

fn pass_on(
    shared: &Arc<Shared>,
    outlets: &[Outlet],
    account: AccountId,
    (passing, text): (Passing, ByteString),
    reader: Reader,
) {
    for outlet in outlets {
        match passing.chat.filter(|_| passing.r#type == "event") {
            Some(chat) => push_or_fill(shared, outlet, account, chat, (passing.seq, text.clone()), reader),
            None => {
                outlet.push(text.clone());
            }
        }
    }
}
