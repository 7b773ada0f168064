//! The queue of one group: owns the group's [`Desk`], feeds it, carries out what it asks for, and keeps one timer.
//! It proposes; the chat's session and the store dispose. A queue that starts reads everything from the store.

mod effects;
mod reconcile;
mod slots;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, MessageResult, SpawnHandle, Supervised};

use crate::actors::guard::{Guarded, every, guarded, later, wait_for};
use crate::actors::messages::{Signal, ToOperator, ToQueue, UpToDate, WhyStillWaiting};
use crate::actors::outlet::Outlet;
use crate::actors::shared::Shared;
use crate::actors::worked::Looked;
use crate::domain::estimate::{Pace, Waited};
use crate::domain::group::{GroupSettings, Status};
use crate::domain::ids::{AccountId, ChatId, GroupId, OperatorId};
use crate::domain::limits::QUEUE_RECONCILE;
use crate::domain::operator::Reception;
use crate::domain::routing::still::still;
use crate::domain::routing::{Arrival, Desk, Effect, LoadNews, Member, Still, StillSince, Wishes};
use crate::domain::time::Timestamp;
use crate::ports::journal::{ChatRecord, Load, OfferRow};
use crate::ports::presence::RosterRow;
use crate::ports::store::StoreError;

/// See the module.
pub struct QueueActor {
    shared: Arc<Shared>,
    account: AccountId,
    group: GroupId,
    desk: Option<Desk>,
    watchers: Vec<Outlet>,
    timer: Option<(Timestamp, SpawnHandle)>,
    /// What the last comparison with the store found: twice in a row is a fault.
    suspects: reconcile::Suspects,
    /// Operators who are members of other groups too, as they say.
    shared_operators: BTreeSet<OperatorId>,
    /// Operators whose slots are granted, by when they were last heard of.
    closed: BTreeMap<OperatorId, Timestamp>,
    /// Of those operators, who has fewer proposals under way since the message at work.
    answered: Vec<OperatorId>,
    /// Since when nobody may have the chats that wait.
    still_since: StillSince,
    /// When the slots of the members were looked at.
    looked: Looked,
    /// Chats of other groups that looked for somebody here when the state was thrown away: no store knows of them.
    guests: Vec<ChatId>,
    /// Another node has the queue.
    over: bool,
}

/// A group as it is stored.
struct Stored {
    settings: GroupSettings,
    roster: Vec<RosterRow>,
    /// Only for a desk that begins: who waits.
    waiting: Vec<(ChatRecord, Option<OfferRow>)>,
    /// Likewise: how those waited who do no more.
    waited: Vec<Waited>,
}

type Reading = Result<Option<Stored>, StoreError>;

impl QueueActor {
    /// The queue of a group that is stored.
    pub fn new(shared: Arc<Shared>, account: AccountId, group: GroupId) -> Self {
        shared.metrics.actors_queue.increment(1.0);
        Self {
            shared,
            account,
            group,
            desk: None,
            watchers: Vec::new(),
            timer: None,
            suspects: reconcile::Suspects::default(),
            shared_operators: BTreeSet::new(),
            closed: BTreeMap::new(),
            answered: Vec::new(),
            still_since: StillSince::default(),
            looked: Looked::default(),
            guests: Vec::new(),
            over: false,
        }
    }

    /// Reads from the store; the mailbox waits meanwhile. A desk that is there is set up again, or, anew, replaced.
    fn read(&mut self, anew: bool, ctx: &mut Context<Self>) {
        let (shared, account, group) = (Arc::clone(&self.shared), self.account, self.group.clone());
        let begins = anew || self.desk.is_none();
        let reading = async move {
            let Some(settings) = shared.store.group(account, &group).await? else { return Ok(None) };
            let settings = settings.in_account(&shared.store.time_zone(account).await?);
            let roster = shared.store.roster(account, &group).await?;
            let mut stored = Stored { settings, roster, waiting: Vec::new(), waited: Vec::new() };
            if begins {
                stored.waiting = shared.store.waiting(account, &group).await?;
                stored.waited = shared.store.waited(account, &group).await?;
            }
            Ok(Some(stored))
        };
        wait_for(ctx, reading, move |queue: &mut Self, reading: Reading, ctx| queue.opened(reading, anew, ctx));
    }

    fn opened(&mut self, reading: Reading, anew: bool, ctx: &mut Context<Self>) {
        match reading {
            Ok(Some(Stored { settings, roster, waiting, waited })) => {
                let now = self.shared.now();
                let known =
                    |operator| self.desk.as_ref().and_then(|desk| desk.roster().member(operator)).map(|m| m.reception);
                let reception = |row: &RosterRow| known(row.operator).unwrap_or_else(|| as_stored(row));
                let members: Vec<Member> = roster.iter().map(|row| member(row, reception(row))).collect();
                if self.desk.is_some() && !anew {
                    self.set_up(settings, members, now);
                    self.announce_to(&roster);
                    return self.arm(ctx);
                }
                let arrivals = waiting.iter().map(|(record, offer)| Arrival {
                    chat: record.id,
                    entered_at: record.head.queued_at,
                    priority: 0,
                    tried: Vec::new(),
                    rings_at: offer.as_ref().map(|offer| offer.operator),
                    rings_at_all: None,
                    wishes: Wishes::default(),
                    guest_of: None,
                    helpers: Vec::new(),
                    moved: false,
                    requeued: false,
                });
                self.remember_guests();
                let still = waiting.first().map(|(record, _)| record.head.queued_at);
                let pace = Pace::remembered(&waited, still);
                let (desk, effects) = Desk::reopen(settings, members, arrivals, pace, now);
                self.desk = Some(desk.with_offline_hope(self.shared.patience.offline_hope));
                self.closed.clear();
                self.carry_out(effects);
                self.tell_all_proposals();
                // Each says itself what it asks for and who let it go, and keeps its own deadlines: it must be awake.
                for (record, _) in &waiting {
                    self.ask_whether_waiting(record.id);
                }
                for chat in std::mem::take(&mut self.guests) {
                    self.ask_whether_waiting(chat);
                }
                self.announce_to(&roster);
                self.arm(ctx);
            }
            Ok(None) => {
                self.desk = None;
                self.shared.board.remove(self.account, &self.group);
                self.shared.tell_board(self.account, &self.group);
            }
            Err(error) => {
                tracing::warn!(group = %self.group, %error, "a queue could not be read, trying again soon");
                later(ctx, READ_AGAIN_AFTER, move |queue, ctx| queue.read(anew, ctx));
            }
        }
    }

    /// The group or its members are set up differently: places, proposals under way and forecasts stay.
    fn set_up(&mut self, settings: GroupSettings, members: Vec<Member>, now: Timestamp) {
        let Some(desk) = &mut self.desk else { return };
        let mut effects = desk.handle_members(members, now);
        if *desk.settings() != settings {
            effects.extend(desk.handle_settings(settings, now));
        }
        self.carry_out(effects);
    }

    /// Members say whether they receive.
    fn announce_to(&self, roster: &[RosterRow]) {
        for row in roster.iter().filter(|row| row.status != Status::Offline) {
            self.shared.to_operator(self.account, row.operator, ToOperator::Announce(self.group.clone()));
        }
    }

    fn message(&mut self, message: ToQueue, ctx: &mut Context<Self>) {
        let now = self.shared.now();
        match message {
            ToQueue::Watch(outlet) => {
                self.watchers.retain(|other| !other.is_closed() && other.id() != outlet.id());
                outlet.push(self.hint());
                return self.watchers.push(outlet);
            }
            ToQueue::Unwatch(socket) => return self.watchers.retain(|other| other.id() != socket),
            ToQueue::Reload => return self.read(false, ctx),
            ToQueue::ReadAnew => return self.read(true, ctx),
            ToQueue::LetGo => return self.let_go(ctx),
            _ => {}
        }
        self.due_first(now);
        let Some(desk) = &mut self.desk else { return };
        let effects = match message {
            ToQueue::Waiting(arrival) => {
                let chat = arrival.chat;
                #[cfg(feature = "faults")]
                let arrival = crate::actors::faults::pushed_in(arrival);
                self.answered(chat, None);
                let effects = self.at_desk(|desk| desk.handle_waiting(arrival, now));
                self.shared.to_session(self.account, chat, Signal::Known, false);
                effects
            }
            ToQueue::Gone(chat) => {
                self.answered(chat, None);
                self.at_desk(|desk| desk.handle_gone(chat, now))
            }
            ToQueue::Served(chat) => {
                self.answered(chat, None);
                self.at_desk(|desk| desk.handle_served(chat, now))
            }
            ToQueue::Settled { chat, operator, how } => {
                self.answered(chat, Some(operator));
                self.at_desk(|desk| desk.handle_settled(chat, operator, how, now))
            }
            ToQueue::OfferOver { chat, tried } => desk.handle_offer_over(chat, tried, now),
            ToQueue::Reception { operator, reception, shared } => {
                if shared {
                    if self.shared_operators.insert(operator) {
                        self.tell_proposals(operator);
                    }
                } else {
                    self.shared_operators.remove(&operator);
                }
                self.heard_reception(operator, reception);
                #[cfg(feature = "faults")]
                if crate::actors::faults::forgets_to_settle(reception) {
                    return self.at_desk(|desk| desk.take_in_reception(operator, reception)).clear();
                }
                self.at_desk(|desk| desk.handle_reception(operator, reception, now))
            }
            ToQueue::Load(load) => desk.handle_load(&news(&load), now),
            ToQueue::Closed { operator, closed } => self.close(operator, closed, now),
            ToQueue::Ask { operator, round } => {
                self.bid(operator, round, now);
                Vec::new()
            }
            ToQueue::Grant { operator, round } => self.granted(operator, round, now),
            ToQueue::ProposedElsewhere(chat) => desk.handle_elsewhere(chat, now),
            ToQueue::ElsewhereOver(chat) => desk.handle_elsewhere_over(chat, now),
            ToQueue::Elsewhere { operator, count } => desk.handle_proposals_elsewhere(operator, count, now),
            ToQueue::Watch(_) | ToQueue::Unwatch(_) | ToQueue::Reload | ToQueue::ReadAnew | ToQueue::LetGo => {
                Vec::new()
            }
        };
        self.carry_out(effects);
        self.tell_answered();
        self.arm(ctx);
    }

    /// What is due by now goes before the message: a mailbox that is never empty would hold back the timer.
    fn due_first(&mut self, now: Timestamp) {
        if self.desk.as_ref().and_then(Desk::next_wake).is_some_and(|wake| wake <= now) {
            let effects = self.at_desk(|desk| desk.handle_due(now));
            self.carry_out(effects);
        }
    }

    fn at_desk(&mut self, input: impl FnOnce(&mut Desk) -> Vec<Effect>) -> Vec<Effect> {
        self.desk.as_mut().map(input).unwrap_or_default()
    }

    /// Another node has the queue: its watchers here watch it there.
    fn let_go(&mut self, ctx: &mut Context<Self>) {
        self.over = true;
        self.desk = None;
        // The owner's figures alone count.
        self.shared.metrics.group(self.account, &self.group).let_go();
        for outlet in std::mem::take(&mut self.watchers) {
            let away = self.shared.nodes.as_ref().is_some_and(|nodes| nodes.leads_away(outlet.id()));
            if !away {
                self.shared.watch_group(self.account, &self.group, outlet);
            }
        }
        ctx.stop();
    }

    fn arm(&mut self, ctx: &mut Context<Self>) {
        let Some(wake) = self.desk.as_ref().and_then(Desk::next_wake) else { return };
        if let Some((armed, handle)) = self.timer {
            if armed <= wake {
                return;
            }
            ctx.cancel_future(handle);
        }
        let wait = wake.since(self.shared.now()).max(SOONEST);
        let handle = later(ctx, wait, |queue: &mut Self, ctx| {
            queue.timer = None;
            let now = queue.shared.now();
            let effects = queue.at_desk(|desk| desk.handle_due(now));
            queue.carry_out(effects);
            queue.arm(ctx);
        });
        self.timer = Some((self.shared.now() + wait, handle));
    }
}

/// How soon a queue is read again after the store did not answer.
const READ_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How often the gauges of the group are set: oftener than anybody scrapes.
const MEASURE_EVERY: Duration = Duration::from_secs(1);
/// The shortest time the timer is armed for.
const SOONEST: Duration = Duration::from_millis(1);

/// A load, as the roster takes it.
pub(crate) fn news(load: &Load) -> LoadNews {
    LoadNews {
        operator: load.operator,
        group: load.group.clone(),
        held: load.held,
        reserved: load.reserved,
        group_held: load.group_held,
        group_reserved: load.group_reserved,
        last_ended_at: load.last_ended_at,
        version: load.version,
    }
}

/// Whether somebody receives who has not said so yet: whoever is stored as on-line may come back.
fn as_stored(row: &RosterRow) -> Reception {
    match row.status {
        Status::Online => Reception::Grace { since: row.since },
        Status::Away | Status::Busy | Status::Offline => Reception::None,
    }
}

fn member(row: &RosterRow, reception: Reception) -> Member {
    Member {
        operator: row.operator,
        name: row.name.clone(),
        handling: row.handling,
        active: row.active,
        limit: row.limit,
        group_limit: row.group_limit,
        reception,
        held: row.held,
        reserved: row.reserved,
        group_held: row.group_held,
        group_reserved: row.group_reserved,
        last_ended_at: row.last_ended_at,
        version: row.version,
        skills: row.skills.clone(),
    }
}

impl Actor for QueueActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if self.over {
            return;
        }
        self.timer = None;
        self.read(true, ctx);
        every(ctx, QUEUE_RECONCILE, |queue, ctx| queue.reconcile(ctx));
        every(ctx, MEASURE_EVERY, |queue, ctx| {
            queue.measure();
            queue.open_forgotten(ctx);
        });
    }
}

impl Supervised for QueueActor {}

impl Drop for QueueActor {
    fn drop(&mut self) {
        self.shared.metrics.actors_queue.decrement(1.0);
    }
}

impl Guarded for QueueActor {
    const KIND: &'static str = "queue";

    fn discard(&mut self) {
        self.remember_guests();
        self.desk = None;
    }

    fn panicked(&self) {
        self.shared.metrics.restarted(Self::KIND);
    }
}

impl Handler<UpToDate> for QueueActor {
    type Result = ();

    fn handle(&mut self, _: UpToDate, _: &mut Self::Context) {}
}

impl Handler<WhyStillWaiting> for QueueActor {
    type Result = MessageResult<WhyStillWaiting>;

    fn handle(&mut self, WhyStillWaiting(chat): WhyStillWaiting, ctx: &mut Self::Context) -> Self::Result {
        let asked = |queue: &mut Self, _: &mut Context<Self>| -> Option<Still> {
            still(queue.desk.as_ref()?, &queue.still_since, chat, queue.shared.now())
        };
        MessageResult(guarded(self, ctx, asked).flatten())
    }
}

impl Handler<ToQueue> for QueueActor {
    type Result = ();

    fn handle(&mut self, message: ToQueue, ctx: &mut Self::Context) {
        #[cfg(feature = "faults")]
        if crate::actors::faults::is_unheard(&message) {
            return;
        }
        guarded(self, ctx, |queue, ctx| queue.message(message, ctx));
    }
}
