//! Who is where on this node: sessions by chat, operators, queues, and the sockets of visitors and operators.
//! Actors are started here, by whoever needs them first, on that one's thread, and sessions are put to rest only
//! here: a session that stopped by itself while a socket joined would lose messages.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use actix::{Addr, Context, Supervisor};
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;

use crate::actors::operator::OperatorActor;
use crate::actors::outlet::{Outlet, SocketId};
use crate::actors::queue::QueueActor;
use crate::actors::shared::{Shared, lock};
use crate::actors::visitor_session::VisitorSession;
use crate::domain::ids::{AccountId, BrandId, ChatId, GroupId, OperatorId, VisitorId};
use crate::domain::limits::{OPERATOR_MAILBOX, QUEUE_MAILBOX, SESSION_MAILBOX};

/// A session, held so that it does not rest meanwhile.
#[derive(Clone)]
pub struct SessionRef {
    /// Its address.
    pub addr: Addr<VisitorSession>,
    /// Counts those who hold it.
    lease: Arc<()>,
}

/// The open sockets of one operator or one visitor.
#[derive(Default)]
pub struct Outlets {
    all: Mutex<Vec<Outlet>>,
    /// How many those are, to be read without the lock.
    count: AtomicUsize,
    chat: Mutex<Option<ChatId>>,
}

impl Outlets {
    /// Adds one; the oldest is returned when there are more than `max`.
    pub fn add(&self, outlet: Outlet, max: usize) -> Option<Outlet> {
        let mut all = lock(&self.all);
        all.retain(|other| !other.is_closed());
        all.push(outlet);
        let oldest = (all.len() > max).then(|| all.remove(0));
        self.count.store(all.len(), Ordering::Release);
        oldest
    }

    /// Removes one; `true` when it was the last.
    pub fn remove(&self, id: SocketId) -> bool {
        let mut all = lock(&self.all);
        let before = all.len();
        all.retain(|other| other.id() != id);
        self.count.store(all.len(), Ordering::Release);
        before > 0 && all.is_empty()
    }

    /// Does something with each.
    pub fn each(&self, mut what: impl FnMut(&Outlet)) {
        for outlet in lock(&self.all).iter() {
            what(outlet);
        }
    }

    /// All of them.
    pub fn all(&self) -> Vec<Outlet> {
        lock(&self.all).clone()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// The visitor's chat: the one that runs, or the last one.
    pub fn chat(&self) -> Option<ChatId> {
        *lock(&self.chat)
    }

    /// Writes down the visitor's chat.
    pub fn set_chat(&self, chat: ChatId) {
        *lock(&self.chat) = Some(chat);
    }
}

type VisitorKey = (AccountId, BrandId, VisitorId);

/// Who is where. See the module.
#[derive(Default)]
pub struct Registry {
    sessions: DashMap<(AccountId, ChatId), SessionRef>,
    operators: DashMap<(AccountId, OperatorId), Addr<OperatorActor>>,
    queues: DashMap<(AccountId, GroupId), Addr<QueueActor>>,
    operator_outlets: DashMap<(AccountId, OperatorId), Arc<Outlets>>,
    visitor_outlets: DashMap<VisitorKey, Arc<Outlets>>,
}

impl Registry {
    /// The session of a chat, started on this thread if it rests.
    pub fn session(&self, shared: &Arc<Shared>, account: AccountId, chat: ChatId) -> SessionRef {
        match self.sessions.entry((account, chat)) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => {
                let shared = Arc::clone(shared);
                let addr = Supervisor::start(move |ctx: &mut Context<VisitorSession>| {
                    ctx.set_mailbox_capacity(SESSION_MAILBOX);
                    VisitorSession::new(shared, account, chat)
                });
                place.insert(SessionRef { addr, lease: Arc::new(()) }).clone()
            }
        }
    }

    /// The session of a chat, if it is awake.
    pub fn awake(&self, account: AccountId, chat: ChatId) -> Option<SessionRef> {
        self.sessions.get(&(account, chat)).map(|known| known.clone())
    }

    /// Lets a session go that nobody holds. `true`: it is no longer found here, and nobody can have its address; what
    /// is in its mailbox now is the last it gets.
    pub fn retire(&self, account: AccountId, chat: ChatId) -> bool {
        // Clones are made only from the entry, under its lock, or from a clone that is counted already.
        self.sessions.remove_if(&(account, chat), |_, session| Arc::strong_count(&session.lease) == 1).is_some()
    }

    /// The actor of an operator, started on this thread if there is none.
    pub fn operator(&self, shared: &Arc<Shared>, account: AccountId, operator: OperatorId) -> Addr<OperatorActor> {
        let start = || {
            let shared = Arc::clone(shared);
            Supervisor::start(move |ctx: &mut Context<OperatorActor>| {
                ctx.set_mailbox_capacity(OPERATOR_MAILBOX);
                OperatorActor::new(shared, account, operator)
            })
        };
        self.operators.entry((account, operator)).or_insert_with(start).clone()
    }

    /// The actor of a group's queue, started on this thread if there is none.
    pub fn queue(&self, shared: &Arc<Shared>, account: AccountId, group: &GroupId) -> Addr<QueueActor> {
        if let Some(known) = self.queues.get(&(account, group.clone())) {
            return known.clone();
        }
        let start = || {
            let (shared, group) = (Arc::clone(shared), group.clone());
            Supervisor::start(move |ctx: &mut Context<QueueActor>| {
                ctx.set_mailbox_capacity(QUEUE_MAILBOX);
                QueueActor::new(shared, account, group)
            })
        };
        self.queues.entry((account, group.clone())).or_insert_with(start).clone()
    }

    /// The actor of an operator, if there is one.
    pub fn operator_awake(&self, account: AccountId, operator: OperatorId) -> Option<Addr<OperatorActor>> {
        self.operators.get(&(account, operator)).map(|known| known.clone())
    }

    /// The open sockets of an operator.
    pub fn outlets_of_operator(&self, account: AccountId, operator: OperatorId) -> Arc<Outlets> {
        Arc::clone(&self.operator_outlets.entry((account, operator)).or_default())
    }

    /// Adds a visitor's socket; the oldest is returned when there are too many.
    pub fn visitor_joins(
        &self,
        account: AccountId,
        brand: &BrandId,
        visitor: VisitorId,
        outlet: Outlet,
        max: usize,
    ) -> Option<Outlet> {
        // Under the entry's lock, so that the last socket's leaving does not remove the entry in between.
        self.visitor_outlets.entry((account, brand.clone(), visitor)).or_default().add(outlet, max)
    }

    /// Removes a visitor's socket; `true` when it was the last.
    pub fn visitor_leaves(&self, account: AccountId, brand: &BrandId, visitor: VisitorId, id: SocketId) -> bool {
        let last = self.visitor_outlets.get(&(account, brand.clone(), visitor)).is_some_and(|all| all.remove(id));
        self.sweep_visitor(account, brand, visitor);
        last
    }

    /// The open sockets of a visitor on a brand. Whoever keeps them says so by [`Registry::sweep_visitor`] at the end.
    pub fn outlets_of_visitor(&self, account: AccountId, brand: &BrandId, visitor: VisitorId) -> Arc<Outlets> {
        Arc::clone(&self.visitor_outlets.entry((account, brand.clone(), visitor)).or_default())
    }

    /// Forgets a visitor who has no socket and whose sockets no session keeps.
    pub fn sweep_visitor(&self, account: AccountId, brand: &BrandId, visitor: VisitorId) {
        let key = (account, brand.clone(), visitor);
        self.visitor_outlets.remove_if(&key, |_, all| all.count() == 0 && Arc::strong_count(all) == 1);
    }

    /// Every socket of the node.
    pub fn every_outlet(&self) -> Vec<Outlet> {
        let visitors = self.visitor_outlets.iter().flat_map(|entry| entry.value().all()).collect::<Vec<_>>();
        let operators = self.operator_outlets.iter().flat_map(|entry| entry.value().all());
        visitors.into_iter().chain(operators).collect()
    }

    /// Operators with a socket here.
    pub fn connected_operators(&self) -> Vec<(AccountId, OperatorId)> {
        self.operator_outlets.iter().filter(|entry| entry.value().count() > 0).map(|entry| *entry.key()).collect()
    }

    /// Every session that is awake.
    pub fn every_session(&self) -> Vec<SessionRef> {
        self.sessions.iter().map(|entry| entry.value().clone()).collect()
    }

    /// Every queue of an account.
    pub fn queues_of(&self, account: AccountId) -> Vec<Addr<QueueActor>> {
        self.queues.iter().filter(|entry| entry.key().0 == account).map(|entry| entry.value().clone()).collect()
    }

    /// Every operator's actor of an account.
    pub fn operators_of(&self, account: AccountId) -> Vec<Addr<OperatorActor>> {
        self.operators.iter().filter(|entry| entry.key().0 == account).map(|entry| entry.value().clone()).collect()
    }
}
