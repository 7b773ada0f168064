//! The session of a visitor in one chat: the chat's one authority. It judges every command on the state as it will
//! be once everything before is stored, has the store append what comes of it, and tells acks, events and everybody
//! else only after the commit, in order. Many appends may be under way at once.
//!
//! The state is a copy: after a panic, a failed commit or a fence it is thrown away, read from the store again, and
//! what was not yet answered is judged again. Commands that were stored meanwhile are known by their ids.

mod asks;
mod commit;
mod company;
mod core;
mod deadlines;
mod joining;
mod missed;
mod orders;
mod publish;
mod signals;
mod trace;
mod waiting;

use std::collections::{HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler, MessageResult, SpawnHandle, Supervised};

use self::asks::Asks;
use self::core::Core;
use crate::actors::guard::{Guarded, after_messages, deliver, guarded, later, wait_for};
use crate::actors::lane;
use crate::actors::messages::{Command, Marks, Settled, Signal, Snapshot, Standing};
use crate::actors::outlet::SocketId;
use crate::actors::shared::Shared;
use crate::domain::group::GroupSettings;
use crate::domain::ids::{AccountId, BrandId, ChatId, CommandId, GroupId, VisitorId};
use crate::domain::limits::SESSION_REST_AFTER;
use crate::domain::report::Offers;
use crate::domain::time::Timestamp;
use crate::metrics::{Counted, Invariant};
use crate::ports::journal::{Lane, MarkRow, StoredChat};
use crate::ports::store::StoreError;
use crate::protocol::close;
use crate::protocol::error::Failure;

/// See the module.
pub struct VisitorSession {
    shared: Arc<Shared>,
    account: AccountId,
    chat: ChatId,
    lane: Option<Lane>,
    addr: Option<Addr<Self>>,
    /// The state; none while it is read, and when the chat does not exist.
    core: Option<Core>,
    life: Life,
    /// Rises with each reading: what belongs to an older state is told apart by it.
    generation: u32,
    /// Numbers up to this one were told; 0 before the first reading.
    published: u32,
    /// Commands to judge again once the state is read.
    again: VecDeque<Rc<Command>>,
    /// The command being judged; what a panic leaves behind here is tried once more.
    at_work: Option<Rc<Command>>,
    /// The command that made the server fail once.
    suspect: Option<Rc<Command>>,
    /// Commands that made it fail twice.
    poisoned: HashSet<u64>,
    /// Marks that were raised and not stored when the state was thrown away. They only rise: no panic makes them wrong.
    marks_left: Vec<MarkRow>,
    /// Panics in a row while the state was made from what is stored.
    falls: u32,
    /// Connections whose commands wait until one of them was sent again.
    blocked: Vec<(SocketId, CommandId, Failure)>,
    timer: Option<(Timestamp, SpawnHandle)>,
    /// The place in the queue, as the queue last said.
    place: Option<Standing>,
    /// Groups that look for an operator beside the chat's own.
    helpers: Vec<GroupId>,
    /// Since when no socket of the visitor is here.
    gone_since: Option<Timestamp>,
    settings: Option<Arc<GroupSettings>>,
    /// What people have set up that the chat's wishes come from.
    asks: Asks,
    /// People have changed what chats ask for, or a group's settings, and neither was read since.
    asks_are_old: bool,
    /// The epoch of the latest reading.
    epoch: u64,
    /// Whose chat it is, once it was read.
    of: Option<(BrandId, VisitorId)>,
    /// What was counted of it.
    counted: Counted,
    /// What was counted of its offers; as all figures it outlives the state.
    offers: Offers,
}

/// Whether the state is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    /// It is being read.
    Reading,
    /// It is there.
    Awake,
    /// There is no such chat: the session answers so, and rests.
    Nothing,
    /// Another node has it: nothing is done for it here, and nothing said of it.
    Elsewhere,
    /// The store did not answer: it is tried again soon.
    Cut,
    /// Nobody can reach the session any more; it stops with its last message.
    Resting,
}

impl VisitorSession {
    /// The session of a chat that is stored.
    pub fn new(shared: Arc<Shared>, account: AccountId, chat: ChatId) -> Self {
        shared.metrics.actors_session.increment(1.0);
        let gone_since = Some(shared.now());
        Self {
            shared,
            account,
            chat,
            lane: None,
            addr: None,
            core: None,
            life: Life::Reading,
            generation: 0,
            published: 0,
            again: VecDeque::new(),
            at_work: None,
            suspect: None,
            poisoned: HashSet::new(),
            marks_left: Vec::new(),
            falls: 0,
            blocked: Vec::new(),
            timer: None,
            place: None,
            helpers: Vec::new(),
            gone_since,
            settings: None,
            asks: Asks::default(),
            asks_are_old: false,
            epoch: 0,
            of: None,
            counted: Counted::default(),
            offers: Offers::default(),
        }
    }

    /// Throws the state away and reads it from the store. The mailbox waits meanwhile.
    fn read(&mut self, ctx: &mut Context<Self>) {
        self.drop_core();
        self.life = Life::Reading;
        self.generation += 1;
        let (shared, account, chat) = (Arc::clone(&self.shared), self.account, self.chat);
        let epoch = shared.epoch(chat.shard());
        self.epoch = epoch;
        let reading = async move {
            let stored = if epoch == 0 { None } else { shared.store.activate(account, chat, epoch).await? };
            let Some(stored) = stored else {
                // There is none, or another node has it: only the first may be said to clients.
                let exists = shared.store.chat(account, chat).await?.is_some();
                return Ok(if exists { Found::Elsewhere } else { Found::Nothing });
            };
            let settings = shared.store.group(account, &stored.record.head.group).await?;
            let asks = Asks::read(&shared, &stored.record, settings.as_ref()).await?;
            Ok(Found::Here(Box::new(stored), settings, Box::new(asks)))
        };
        wait_for(ctx, reading, |session: &mut Self, found, ctx| session.loaded(found, ctx));
    }

    /// Keeps what was not yet answered, and drops the state.
    fn drop_core(&mut self) {
        if let Some(mut core) = self.core.take() {
            let waiting: Vec<_> = core.take_unanswered().collect();
            if core.marks_dirty.is_some() {
                self.marks_left = core.marks;
            }
            for command in waiting.into_iter().rev() {
                self.again.push_front(command);
            }
        }
    }

    fn loaded(&mut self, found: Result<Found, StoreError>, ctx: &mut Context<Self>) {
        match found {
            Ok(Found::Here(stored, settings, asks)) => {
                self.asks = *asks;
                self.asks_are_old = false;
                self.settings = settings.map(Arc::new).or(self.settings.take());
                self.judge_wait();
                self.wake_up(&stored, ctx);
            }
            Ok(Found::Nothing) => {
                self.life = Life::Nothing;
                for command in std::mem::take(&mut self.again) {
                    self.answer_now(&command, &Failure::not_found("chat"));
                }
                self.rest(ctx);
            }
            Ok(Found::Elsewhere) => self.give_up(ctx),
            Err(error) => {
                tracing::warn!(chat = %self.chat, %error, "a chat could not be read, trying again soon");
                self.wait_and_read(READ_AGAIN_AFTER, ctx);
            }
        }
    }

    /// Nothing can be done for the chat for a while: its commands are refused, and it is read again after that.
    fn wait_and_read(&mut self, wait: Duration, ctx: &mut Context<Self>) {
        self.life = Life::Cut;
        for command in std::mem::take(&mut self.again) {
            self.refuse_and_block(&command, Failure::unavailable());
        }
        later(ctx, wait, |session, ctx| session.read(ctx));
    }

    /// What is stored cannot be made into a state: without a pause the session would panic and read for ever.
    fn set_aside(&mut self, ctx: &mut Context<Self>) {
        tracing::error!(chat = %self.chat, falls = self.falls, "a chat cannot be rebuilt and is set aside");
        self.shared.metrics.violated(Invariant::ChatSetAside);
        self.wait_and_read(SET_ASIDE_FOR, ctx);
    }

    fn wake_up(&mut self, stored: &StoredChat, ctx: &mut Context<Self>) {
        let mut core = Core::rebuild(&self.shared, self.chat, stored);
        for left in std::mem::take(&mut self.marks_left) {
            let delivered = core.raise(left.who, left.marks.delivered, false);
            if delivered.or(core.raise(left.who, left.marks.read, true)).is_some() {
                core.marks_dirty = Some(self.shared.now());
            }
        }
        let first = self.published == 0;
        self.counted.complete |= first && core.chat.is_waiting();
        if first {
            self.offers = Offers::of(&core.chat);
        }
        let from = if first { core.chat.last_seq } else { self.published };
        self.published = core.chat.last_seq;
        if core.visitor_outlets.count() > 0 {
            self.gone_since = None;
        }
        self.of = Some((core.record.brand.clone(), core.record.visitor));
        self.core = Some(core);
        self.life = Life::Awake;
        self.publish_missed(stored, from);
        if first {
            self.publish_tail(stored);
        }
        for command in std::mem::take(&mut self.again) {
            self.judge(&command, ctx);
        }
        self.tell_queue();
        self.rings_nowhere();
        self.look_after_owner();
        self.arm(ctx);
        self.falls = 0;
    }

    /// Another node writes this chat: this one lets go of it, and sends its readers to where it lives.
    fn give_up(&mut self, ctx: &mut Context<Self>) {
        tracing::warn!(chat = %self.chat, "another node has the chat, this one lets go of it");
        self.life = Life::Elsewhere;
        self.shared.metrics.fenced.increment(1);
        self.shared.shard_lost(self.chat.shard(), self.epoch);
        for command in std::mem::take(&mut self.again) {
            self.send_away(&command);
        }
        if let Some((brand, visitor)) = &self.of {
            self.shared
                .registry
                .outlets_of_visitor(self.account, brand, *visitor)
                .here()
                .iter()
                .for_each(|outlet| outlet.close(close::RESTART));
            self.shared.registry.sweep_visitor(self.account, brand, *visitor);
        }
        self.rest(ctx);
    }

    /// Whether the shard has come to this node again since the chat was found to be elsewhere.
    fn is_back(&self) -> bool {
        self.shared.epoch(self.chat.shard()) > self.epoch
    }

    /// Asks the registry to let this session go; the last message of the mailbox stops it.
    fn rest(&mut self, ctx: &mut Context<Self>) {
        if self.shared.registry.retire(self.account, self.chat) {
            self.life = Life::Resting;
            if let Some(core) = self.core.take() {
                let (brand, visitor) = (core.record.brand.clone(), core.record.visitor);
                drop(core);
                self.shared.registry.sweep_visitor(self.account, &brand, visitor);
            }
            // The supervisor lets an actor go only when nobody has its address, itself included.
            self.addr = None;
            deliver(&ctx.address(), Signal::Flush);
        } else if self.core.is_some() {
            self.arm(ctx);
        } else {
            // Whoever holds it is about to let go of it: it has nothing for them.
            later(ctx, SESSION_REST_AFTER, |session: &mut Self, ctx| {
                if matches!(session.life, Life::Nothing | Life::Elsewhere) {
                    session.rest(ctx);
                }
            });
        }
    }
}

/// What the store says of a chat.
enum Found {
    /// All of it, under this node's epoch, the settings of its group, and what it asks for.
    Here(Box<StoredChat>, Option<GroupSettings>, Box<Asks>),
    /// There is none in this account.
    Nothing,
    /// It is another node's.
    Elsewhere,
}

/// How soon a chat is read again after the store did not answer.
const READ_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// Panics in a row, while a chat is rebuilt, after which it is set aside: commands that panic are not counted.
const FALLS_MAX: u32 = 3;
/// How long a chat that cannot be rebuilt is left alone.
const SET_ASIDE_FOR: Duration = Duration::from_secs(30);

impl Actor for VisitorSession {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if self.life == Life::Resting {
            return;
        }
        self.lane = Some(lane::current());
        self.addr = Some(ctx.address());
        after_messages(ctx, |session, ctx| {
            session.hand_over();
            session.arm(ctx);
        });
        // Nothing of an earlier life of the context is left to fire.
        self.timer = None;
        if self.falls < FALLS_MAX { self.read(ctx) } else { self.set_aside(ctx) }
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        // Runs after a panic too, on half-changed state: it must write nothing.
    }
}

impl Supervised for VisitorSession {}

impl Drop for VisitorSession {
    fn drop(&mut self) {
        self.shared.metrics.actors_session.decrement(1.0);
    }
}

impl Guarded for VisitorSession {
    const KIND: &'static str = "visitor_session";

    fn discard(&mut self) {
        self.drop_core();
        match self.at_work.take() {
            Some(command) => self.condemn(command),
            None => self.falls += 1,
        }
    }

    fn panicked(&self) {
        self.shared.metrics.restarted(Self::KIND);
    }
}

impl Handler<Command> for VisitorSession {
    type Result = ();

    fn handle(&mut self, command: Command, ctx: &mut Self::Context) {
        guarded(self, ctx, |session, ctx| session.command(Rc::new(command), ctx));
    }
}

impl Handler<Settled> for VisitorSession {
    type Result = ();

    fn handle(&mut self, settled: Settled, ctx: &mut Self::Context) {
        guarded(self, ctx, |session, ctx| session.settled(settled, ctx));
    }
}

impl Handler<Snapshot> for VisitorSession {
    type Result = MessageResult<Snapshot>;

    fn handle(&mut self, _: Snapshot, ctx: &mut Self::Context) -> Self::Result {
        MessageResult(guarded(self, ctx, |session, _| session.snapshot()).flatten())
    }
}

impl Handler<Marks> for VisitorSession {
    type Result = MessageResult<Marks>;

    fn handle(&mut self, _: Marks, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.core.as_ref().map(|core| core.marks.clone()))
    }
}

impl Handler<Signal> for VisitorSession {
    type Result = ();

    fn handle(&mut self, signal: Signal, ctx: &mut Self::Context) {
        if self.life == Life::Resting {
            if matches!(signal, Signal::Flush) {
                ctx.stop();
            }
            return;
        }
        guarded(self, ctx, |session, ctx| session.signal(signal, ctx));
    }
}
