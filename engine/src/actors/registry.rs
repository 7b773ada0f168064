//! Who is where on this node: sessions by chat, operators, queues, and the sockets of visitors and operators.
//! Actors are started here, by whoever needs them first, on that one's thread, and sessions are put to rest only
//! here: a session that stopped by itself while a socket joined would lose messages.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use actix::{Context, Supervisor};
use bytestring::ByteString;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;

use crate::actors::guard::deliver;
use crate::actors::mailbox::Mailbox;
use crate::actors::messages::{Signal, ToOperator, ToQueue};
use crate::actors::operator::OperatorActor;
use crate::actors::outlet::{Outlet, SocketId};
use crate::actors::pace::{Budget, Rate};
use crate::actors::queue::QueueActor;
use crate::actors::shared::{Shared, lock};
use crate::actors::visitor_session::VisitorSession;
use crate::domain::ids::{AccountId, BrandId, ChatId, GroupId, OperatorId, Shard, VisitorId};
use crate::domain::limits::{OPERATOR_MAILBOX, QUEUE_MAILBOX, SESSION_MAILBOX};

/// A session, held so that it does not rest meanwhile.
#[derive(Clone)]
pub struct SessionRef {
    /// Its mailbox.
    pub addr: Mailbox<VisitorSession>,
    /// Counts those who hold it.
    lease: Arc<()>,
}

/// The open sockets of one operator or one visitor: those here, and for each other node that has some, one way there.
#[derive(Default)]
pub struct Outlets {
    all: Mutex<Vec<Reader>>,
    /// How many those are, to be read without the lock.
    count: AtomicUsize,
    chat: Mutex<Option<ChatId>>,
    /// What a visitor may send by those on this node.
    budget: OnceLock<Arc<Budget>>,
}

struct Reader {
    outlet: Outlet,
    /// It leads to another node.
    far: bool,
}

impl Outlets {
    /// Adds one; the oldest is returned when there are more than `max`.
    pub fn add(&self, outlet: Outlet, max: usize) -> Option<Outlet> {
        let mut all = lock(&self.all);
        all.retain(|other| !other.outlet.is_closed());
        all.push(Reader { outlet, far: false });
        let here = all.iter().filter(|other| !other.far).count();
        let oldest = all.iter().position(|other| !other.far).filter(|_| here > max);
        let oldest = oldest.map(|at| all.remove(at).outlet);
        self.count.store(all.len(), Ordering::Release);
        oldest
    }

    /// Adds the way to another node's sockets.
    pub fn add_far(&self, outlet: Outlet) {
        let mut all = lock(&self.all);
        all.push(Reader { outlet, far: true });
        self.count.store(all.len(), Ordering::Release);
    }

    /// Removes one; `true` when it was the last.
    pub fn remove(&self, id: SocketId) -> bool {
        let mut all = lock(&self.all);
        let before = all.len();
        all.retain(|other| other.outlet.id() != id);
        self.count.store(all.len(), Ordering::Release);
        before > 0 && all.is_empty()
    }

    /// Does something with each.
    pub fn each(&self, mut what: impl FnMut(&Outlet)) {
        for reader in lock(&self.all).iter() {
            what(&reader.outlet);
        }
    }

    /// Puts an event of a chat into the box of each. The last one gets the frame itself: most have one reader.
    pub fn tell(&self, chat: ChatId, seq: u32, frame: impl FnOnce() -> ByteString) {
        let all = lock(&self.all);
        let Some((last, others)) = all.split_last() else { return };
        let frame = frame();
        for reader in others {
            reader.outlet.push_event(chat, seq, || frame.clone());
        }
        last.outlet.push_event(chat, seq, || frame);
    }

    /// Does something with each way to another node.
    pub fn each_far(&self, mut what: impl FnMut(&Outlet)) {
        for reader in lock(&self.all).iter().filter(|reader| reader.far) {
            what(&reader.outlet);
        }
    }

    /// Those on this node.
    pub fn here(&self) -> Vec<Outlet> {
        lock(&self.all).iter().filter(|reader| !reader.far).map(|reader| reader.outlet.clone()).collect()
    }

    /// How many there are; another node counts as one.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// How many there are on this node.
    pub fn count_here(&self) -> usize {
        lock(&self.all).iter().filter(|reader| !reader.far).count()
    }

    /// The visitor's chat: the one that runs, or the last one.
    pub fn chat(&self) -> Option<ChatId> {
        *lock(&self.chat)
    }

    /// What the visitor may send, at this rate, by all of them on this node.
    pub fn budget(&self, rate: Rate) -> Arc<Budget> {
        Arc::clone(self.budget.get_or_init(|| Arc::new(Budget::new(rate))))
    }

    /// Writes down the visitor's chat.
    pub fn set_chat(&self, chat: ChatId) {
        *lock(&self.chat) = Some(chat);
    }
}

/// A visitor of a brand.
pub type VisitorKey = (AccountId, BrandId, VisitorId);

/// Where a group's queue lives.
pub fn queue_shard(account: AccountId, group: &GroupId) -> Shard {
    Shard::of(format!("{}/{group}", account.0).as_bytes())
}

/// Where an operator lives.
pub fn operator_shard(operator: OperatorId) -> Shard {
    Shard::of(operator.0.as_bytes())
}

/// Who is where. See the module.
#[derive(Default)]
pub struct Registry {
    sessions: DashMap<(AccountId, ChatId), SessionRef>,
    operators: DashMap<(AccountId, OperatorId), Mailbox<OperatorActor>>,
    queues: DashMap<(AccountId, GroupId), Mailbox<QueueActor>>,
    operator_outlets: DashMap<(AccountId, OperatorId), Arc<Outlets>>,
    visitor_outlets: DashMap<VisitorKey, Arc<Outlets>>,
}

impl Registry {
    /// The session of a chat, started on this thread if it rests.
    pub fn session(&self, shared: &Arc<Shared>, account: AccountId, chat: ChatId) -> SessionRef {
        match self.sessions.entry((account, chat)) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => {
                let (shared, kind) = (Arc::clone(shared), Arc::clone(&shared.metrics.mailboxes_session));
                let addr = Supervisor::start(move |ctx: &mut Context<VisitorSession>| {
                    ctx.set_mailbox_capacity(SESSION_MAILBOX);
                    VisitorSession::new(shared, account, chat)
                });
                let addr = Mailbox::new(addr, &kind);
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
    pub fn operator(&self, shared: &Arc<Shared>, account: AccountId, operator: OperatorId) -> Mailbox<OperatorActor> {
        let start = || {
            let (shared, kind) = (Arc::clone(shared), Arc::clone(&shared.metrics.mailboxes_operator));
            let addr = Supervisor::start(move |ctx: &mut Context<OperatorActor>| {
                ctx.set_mailbox_capacity(OPERATOR_MAILBOX);
                OperatorActor::new(shared, account, operator)
            });
            Mailbox::new(addr, &kind)
        };
        self.operators.entry((account, operator)).or_insert_with(start).clone()
    }

    /// The actor of a group's queue, started on this thread if there is none.
    pub fn queue(&self, shared: &Arc<Shared>, account: AccountId, group: &GroupId) -> Mailbox<QueueActor> {
        if let Some(known) = self.queues.get(&(account, group.clone())) {
            return known.clone();
        }
        let start = || {
            let (shared, group, kind) =
                (Arc::clone(shared), group.clone(), Arc::clone(&shared.metrics.mailboxes_queue));
            let addr = Supervisor::start(move |ctx: &mut Context<QueueActor>| {
                ctx.set_mailbox_capacity(QUEUE_MAILBOX);
                QueueActor::new(shared, account, group)
            });
            Mailbox::new(addr, &kind)
        };
        self.queues.entry((account, group.clone())).or_insert_with(start).clone()
    }

    /// The actor of an operator, if there is one.
    pub fn operator_awake(&self, account: AccountId, operator: OperatorId) -> Option<Mailbox<OperatorActor>> {
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

    /// The open sockets of a visitor, if the visitor is known here.
    pub fn visitor_known(&self, key: &VisitorKey) -> Option<Arc<Outlets>> {
        self.visitor_outlets.get(key).map(|known| Arc::clone(&known))
    }

    /// Visitors with a socket here.
    pub fn connected_visitors(&self) -> Vec<VisitorKey> {
        let here = self.visitor_outlets.iter().filter(|entry| entry.value().count_here() > 0);
        here.map(|entry| entry.key().clone()).collect()
    }

    /// Every socket of the node.
    pub fn every_outlet(&self) -> Vec<Outlet> {
        let visitors = self.visitor_outlets.iter().flat_map(|entry| entry.value().here()).collect::<Vec<_>>();
        let operators = self.operator_outlets.iter().flat_map(|entry| entry.value().here());
        visitors.into_iter().chain(operators).collect()
    }

    /// Operators with a socket here.
    pub fn connected_operators(&self) -> Vec<(AccountId, OperatorId)> {
        self.operator_outlets.iter().filter(|entry| entry.value().count_here() > 0).map(|entry| *entry.key()).collect()
    }

    /// Operators with a socket anywhere.
    pub fn operators_with_sockets(&self) -> Vec<(AccountId, OperatorId)> {
        self.operator_outlets.iter().filter(|entry| entry.value().count() > 0).map(|entry| *entry.key()).collect()
    }

    /// Every session of an account that is awake.
    pub fn sessions_of(&self, account: AccountId) -> Vec<SessionRef> {
        self.sessions.iter().filter(|entry| entry.key().0 == account).map(|entry| entry.value().clone()).collect()
    }

    /// Every session that is awake.
    pub fn every_session(&self) -> Vec<SessionRef> {
        self.sessions.iter().map(|entry| entry.value().clone()).collect()
    }

    /// Tells all actors of shards that this node has lost to stop; they are no longer found here.
    pub fn let_go(&self, lost: &dyn Fn(Shard) -> bool) {
        for session in self.sessions.iter().filter(|entry| lost(entry.key().1.shard())) {
            // A full mailbox: its next append is fenced, and it finds out by itself.
            session.value().addr.hint(Signal::LetGo);
        }
        self.queues.retain(|(account, group), queue| {
            let gone = lost(queue_shard(*account, group));
            if gone {
                deliver(queue.addr(), ToQueue::LetGo);
            }
            !gone
        });
        self.operators.retain(|(_, operator), actor| {
            let gone = lost(operator_shard(*operator));
            if gone {
                deliver(actor.addr(), ToOperator::LetGo);
            }
            !gone
        });
    }

    /// Every queue of the node.
    pub fn every_queue(&self) -> Vec<Mailbox<QueueActor>> {
        self.queues.iter().map(|entry| entry.value().clone()).collect()
    }

    /// Every operator's actor of the node.
    pub fn every_operator(&self) -> Vec<Mailbox<OperatorActor>> {
        self.operators.iter().map(|entry| entry.value().clone()).collect()
    }

    /// Every queue of an account.
    pub fn queues_of(&self, account: AccountId) -> Vec<Mailbox<QueueActor>> {
        self.queues.iter().filter(|entry| entry.key().0 == account).map(|entry| entry.value().clone()).collect()
    }

    /// Every operator's actor of an account.
    pub fn operators_of(&self, account: AccountId) -> Vec<Mailbox<OperatorActor>> {
        self.operators.iter().filter(|entry| entry.key().0 == account).map(|entry| entry.value().clone()).collect()
    }
}
