//! Reaching queues, operators and chats wherever they live. What lives here is reached as if there were no other node:
//! one look at the shard's epoch, then the mailbox.

use std::sync::Arc;
use std::time::Duration;

use crate::actors::engine::StaffChange;
use crate::actors::messages::{
    Command, Marks, OperatorSnapshot, OperatorState, Signal, Snapshot, ToOperator, ToQueue, UpToDate, WhyStillWaiting,
};
use crate::actors::nodes::Place;
use crate::actors::nodes::commands::What;
use crate::actors::nodes::wire::{Body, Question};
use crate::actors::outlet::{Outlet, SocketId};
use crate::actors::registry::{VisitorKey, operator_shard, queue_shard};
use crate::actors::shared::{Shared, lock};
use crate::domain::group::Status;
use crate::domain::ids::{AccountId, BrandId, ChatId, CommandId, GroupId, OperatorId, Shard, VisitorId};
use crate::domain::limits::FAR_QUESTION_WITHIN;
use crate::domain::routing::Still;
use crate::ports::journal::MarkRow;
use crate::protocol::error::Failure;
use crate::protocol::visitor::{VisitorChat, VisitorMarks};

impl Shared {
    /// To a group's queue. Lost where it finds no room, or nobody; every such message is made good by the store.
    pub(crate) fn to_queue(self: &Arc<Self>, account: AccountId, group: &GroupId, message: ToQueue) {
        match self.place(queue_shard(account, group)) {
            Place::Here => {
                self.registry.queue(self, account, group).hint(message);
            }
            Place::There(peer) => {
                let group = group.clone();
                self.send_to(&peer, &Body::Queue { account, group, message });
            }
            Place::Nowhere => {}
        }
    }

    /// To an operator. Lost where it finds no room, or nobody.
    pub(crate) fn to_operator(self: &Arc<Self>, account: AccountId, operator: OperatorId, message: ToOperator) {
        match self.place(operator_shard(operator)) {
            Place::Here => {
                self.registry.operator(self, account, operator).hint(message);
            }
            Place::There(peer) => self.send_to(&peer, &Body::Operator { account, operator, message }),
            Place::Nowhere => {}
        }
    }

    /// To a chat's session; with `wake` it is started where it rests.
    pub(crate) fn to_session(self: &Arc<Self>, account: AccountId, chat: ChatId, signal: Signal, wake: bool) {
        match self.place(chat.shard()) {
            Place::Here => {
                let session = if wake {
                    Some(self.registry.session(self, account, chat))
                } else {
                    self.registry.awake(account, chat)
                };
                if let Some(session) = session {
                    session.addr.hint(signal);
                }
            }
            Place::There(peer) => self.send_to(&peer, &Body::Signal { account, chat, wake, signal }),
            Place::Nowhere => {}
        }
    }

    /// Makes sure that a chat's session is awake, where that is for this node to do.
    pub(crate) fn wake(self: &Arc<Self>, account: AccountId, chat: ChatId) {
        if self.is_here(chat.shard()) {
            self.registry.session(self, account, chat);
        }
    }

    /// Whether a command may go on to a chat that lives here by now. Not while an earlier one of the socket, which was
    /// for the chat's former node and was not answered in time, has not been sent again.
    pub(crate) fn may_go_on(&self, socket: SocketId, chat: ChatId, id: &CommandId) -> bool {
        self.nodes.as_ref().is_none_or(|nodes| nodes.may_go_on(socket, Some(chat), id))
    }

    /// A command for a chat that lives elsewhere.
    ///
    /// # Errors
    /// `unavailable`: block the connection until it is sent again.
    pub(crate) fn command_away(
        self: &Arc<Self>,
        account: AccountId,
        chat: ChatId,
        command: Command,
    ) -> Result<(), Failure> {
        let nodes = self.nodes.as_ref().ok_or_else(Failure::unavailable)?;
        let Command { from, outlet, id, order, heard_at: _ } = command;
        nodes.take_command(self, account, outlet, id, What::Order { chat, from, order })
    }

    /// An operator who lives elsewhere sets the status.
    ///
    /// # Errors
    /// `unavailable`.
    pub(crate) fn status_away(
        self: &Arc<Self>,
        account: AccountId,
        operator: OperatorId,
        outlet: Outlet,
        id: CommandId,
        status: Status,
    ) -> Result<(), Failure> {
        let nodes = self.nodes.as_ref().ok_or_else(Failure::unavailable)?;
        nodes.take_command(self, account, outlet, id, What::Status { operator, status })
    }

    /// What the visitor sees of a chat now. `None`: there is no such chat, or it cannot be read now.
    pub(crate) async fn snapshot(self: &Arc<Self>, account: AccountId, chat: ChatId) -> Option<VisitorChat> {
        match self.place_soon(chat.shard()).await {
            Place::Here => self.registry.session(self, account, chat).addr.send(Snapshot).await.ok().flatten(),
            Place::There(peer) => self.nodes.as_ref()?.ask(self, &peer, Question::Snapshot(account, chat)).await,
            Place::Nowhere => None,
        }
    }

    /// How far both sides are in a chat that is awake, in the visitor's numbering.
    pub(crate) async fn visitor_marks(&self, account: AccountId, chat: ChatId) -> Option<VisitorMarks> {
        let seen: Option<VisitorChat> = match self.place(chat.shard()) {
            Place::Here => self.registry.awake(account, chat)?.addr.send(Snapshot).await.ok().flatten(),
            Place::There(peer) => self.nodes.as_ref()?.ask(self, &peer, Question::Snapshot(account, chat)).await,
            Place::Nowhere => None,
        };
        seen.map(|chat| chat.marks)
    }

    /// How far everybody is in a chat that is awake, newer than what is stored.
    pub(crate) async fn marks(&self, account: AccountId, chat: ChatId) -> Option<Vec<MarkRow>> {
        match self.place(chat.shard()) {
            Place::Here => self.registry.awake(account, chat)?.addr.send(Marks).await.ok().flatten(),
            Place::There(peer) => self.nodes.as_ref()?.ask(self, &peer, Question::Marks(account, chat)).await,
            Place::Nowhere => None,
        }
    }

    /// What an operator's windows show at first.
    pub(crate) async fn operator_state(
        self: &Arc<Self>,
        account: AccountId,
        operator: OperatorId,
    ) -> Option<OperatorSnapshot> {
        match self.place_soon(operator_shard(operator)).await {
            Place::Here => self.registry.operator(self, account, operator).send(OperatorState).await.ok().flatten(),
            Place::There(peer) => self.nodes.as_ref()?.ask(self, &peer, Question::Operator(account, operator)).await,
            Place::Nowhere => None,
        }
    }

    /// Waits until a queue has taken in what came before.
    pub(crate) async fn queue_up_to_date(self: &Arc<Self>, account: AccountId, group: &GroupId) {
        match self.place(queue_shard(account, group)) {
            Place::Here => {
                let _ = self.registry.queue(self, account, group).send(UpToDate).await;
            }
            Place::There(peer) => {
                if let Some(nodes) = &self.nodes {
                    let _: Option<bool> = nodes.ask(self, &peer, Question::UpToDate(account, group.clone())).await;
                }
            }
            Place::Nowhere => {}
        }
    }

    /// Why a chat still waits in a group's queue. `None`: it does not wait there, or the queue does not answer now.
    pub(crate) async fn why_still_waiting(
        self: &Arc<Self>,
        account: AccountId,
        group: &GroupId,
        chat: ChatId,
    ) -> Option<Still> {
        match self.place(queue_shard(account, group)) {
            Place::Here => self.registry.queue(self, account, group).send(WhyStillWaiting(chat)).await.ok().flatten(),
            Place::There(peer) => {
                let question = Question::WhyStillWaiting(account, group.clone(), chat);
                self.nodes.as_ref()?.ask(self, &peer, question).await
            }
            Place::Nowhere => None,
        }
    }

    /// A window here wants a group's queue hints. `false`: not now.
    pub(crate) fn watch_group(self: &Arc<Self>, account: AccountId, group: &GroupId, outlet: Outlet) -> bool {
        if self.is_here(queue_shard(account, group)) {
            return self.registry.queue(self, account, group).try_send(ToQueue::Watch(outlet)).is_ok();
        }
        if let Some(nodes) = &self.nodes {
            nodes.watch(self, account, group, outlet);
        }
        true
    }

    /// It does not any more.
    pub(crate) fn unwatch_group(self: &Arc<Self>, account: AccountId, group: &GroupId, socket: SocketId) {
        if self.is_here(queue_shard(account, group)) {
            self.registry.queue(self, account, group).hint(ToQueue::Unwatch(socket));
        }
        if let Some(nodes) = &self.nodes {
            nodes.unwatch(self, account, group, socket);
        }
    }

    /// Windows of an operator were opened or closed here.
    pub(crate) fn windows_changed(&self, account: AccountId, operator: OperatorId) {
        if let Some(nodes) = &self.nodes {
            nodes.windows_changed(self, account, operator);
        }
    }

    /// Tabs of a visitor were opened or closed here, or they have another chat.
    pub(crate) fn tabs_changed(&self, key: &VisitorKey) {
        if let Some(nodes) = &self.nodes {
            nodes.tabs_changed(self, key, false);
        }
    }

    /// A visitor has a new chat: tabs at other nodes follow it.
    pub(crate) fn tell_born(&self, account: AccountId, brand: &BrandId, visitor: VisitorId, chat: ChatId) {
        if let Some(nodes) = &self.nodes {
            nodes.send_all(self, &Body::Born { account, brand: brand.clone(), visitor, chat });
        }
    }

    /// A group's availability has changed, or how many wait in it.
    pub(crate) fn tell_board(&self, account: AccountId, group: &GroupId) {
        if let Some(nodes) = &self.nodes {
            lock(&nodes.boards).insert((account, group.clone()));
            nodes.work.notify_one();
        }
    }

    /// Something that lists of an account show has changed.
    pub(crate) fn tell_lists(&self, account: AccountId) {
        if let Some(nodes) = &self.nodes {
            nodes.send_all(self, &Body::Lists(account));
        }
    }

    /// Messages that visitors left have changed.
    pub(crate) fn tell_left_messages(&self, account: AccountId) {
        if let Some(nodes) = &self.nodes {
            nodes.send_all(self, &Body::LeftMessages(account));
        }
    }

    /// The status of an operator has changed.
    pub(crate) fn tell_attendance(&self, account: AccountId) {
        if let Some(nodes) = &self.nodes {
            nodes.send_all(self, &Body::Attendance(account));
        }
    }

    /// People have changed something here.
    pub(crate) fn tell_staff(&self, account: AccountId, change: &StaffChange) {
        if let Some(nodes) = &self.nodes {
            nodes.send_all(self, &Body::Staff { account, change: change.clone() });
        }
    }

    /// Where a shard lives. Where its owner is not known yet, it is waited for.
    async fn place_soon(&self, shard: Shard) -> Place {
        let nowhere_until = self.now() + FAR_QUESTION_WITHIN;
        loop {
            match self.place(shard) {
                Place::Nowhere if self.nodes.is_some() && self.now() < nowhere_until => {
                    tokio::time::sleep(LOOK_AGAIN_AFTER).await;
                }
                place => return place,
            }
        }
    }

    fn send_to(&self, peer: &crate::actors::nodes::Peer, body: &Body) {
        if let Some(nodes) = &self.nodes {
            nodes.send(self, peer, body);
        }
    }
}

/// How soon an owner that is not known is looked for again.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);
