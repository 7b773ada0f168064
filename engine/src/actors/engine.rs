//! The engine as its surroundings see it: started on a store, asked for connections, told of changes that people
//! make, drained at the end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::actors::attendance::Attendance;
use crate::actors::closing::Closer;
use crate::actors::connection::visitor::VISITOR_RATE;
use crate::actors::figures;
use crate::actors::guard::survive;
use crate::actors::left_messages::LeftWatch;
use crate::actors::lists::Lists;
use crate::actors::messages::{Signal, ToOperator, ToQueue};
use crate::actors::nodes::{Nodes, directory, drive};
use crate::actors::pace::Rate;
use crate::actors::recount::{Nightly, recount};
use crate::actors::registry::queue_shard;
use crate::actors::shared::Shared;
use crate::actors::windows::Windows;
use crate::domain::group::Availability;
use crate::domain::ids::{AccountId, ChatId, DepartmentId, GroupId, NodeId, OperatorId, Shard};
use crate::domain::limits::{
    DRAIN_SPREAD, FIGURES_EVERY, FIGURES_REST_WITHIN, HEARTBEAT_EVERY, NOTED_AT_ONCE, PULSE_EVERY, SHARDS,
    STALLS_EVERY, WAKE_RUNNING_AFTER,
};
use crate::domain::patience::Patience;
use crate::domain::routing::Still;
use crate::metrics::Metrics;
use crate::ports::bus::SharedBus;
use crate::ports::clock::{Random, SharedClock};
use crate::ports::store::{SharedStore, StoreError};
use crate::ports::traces::SharedTraces;
use crate::protocol::{close, frame};

/// What an engine is made of.
pub struct EngineParts {
    /// This node's name.
    pub node: NodeId,
    /// Every fact.
    pub store: SharedStore,
    /// The time.
    pub clock: SharedClock,
    /// Random bits.
    pub random: Box<dyn Random>,
    /// What is counted.
    pub metrics: Metrics,
    /// How fast one visitor's connection may send.
    pub visitor_rate: Option<Rate>,
    /// What it owns from the start.
    pub shards: Vec<Shard>,
    /// The way to other nodes; none where it is alone.
    pub bus: Option<SharedBus>,
    /// Where the ways of chats are told; none where nobody asks.
    pub traces: Option<SharedTraces>,
}

/// A running engine. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    visitor_rate: Rate,
}

/// Something that people changed, and that is stored already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StaffChange {
    /// A group was made, or its settings or members changed.
    Group(GroupId),
    /// A group was deleted.
    GroupDeleted(GroupId),
    /// An operator's name or role changed, or of which groups they are a member.
    Operator(OperatorId),
    /// From which groups an operator receives changed, how, or how much: what is set of their memberships, their limit or
    /// skills, or the profile. The windows stay.
    Receives(OperatorId),
    /// What a profile has changed: anybody may have chosen it.
    Profile,
    /// What chats of a department or a brand ask for changed.
    Asks,
    /// What the account sets of its operators' presence changed.
    PresenceRules,
    /// The account's time zone changed: groups may open or close.
    TimeZone,
    /// An operator may not sign in any more.
    OperatorGone(OperatorId),
    /// Something is about to be gone: those whom it concerns read it.
    Closing,
}

impl Engine {
    /// Starts an engine that owns some shards of its store, or all: raises their epochs, sets the counters right,
    /// opens the queues and wakes the chats that wait. Must run on an actix arbiter, and its actors live on it until sockets
    /// bring theirs.
    ///
    /// # Errors
    /// The store's.
    pub async fn start(parts: EngineParts) -> Result<Self, StoreError> {
        Self::start_with(parts, Patience::default()).await
    }

    /// The same with another patience than the product's.
    ///
    /// # Errors
    /// The store's.
    pub async fn start_with(parts: EngineParts, patience: Patience) -> Result<Self, StoreError> {
        let EngineParts { node, store, clock, random, metrics, visitor_rate, shards, bus, traces } = parts;
        if let Some(stored) = store.latest_moment().await? {
            clock.not_before(stored);
        }
        let mut shared = Shared::new(node, store, clock, random, metrics, patience, bus.map(Nodes::new));
        shared.traces = traces;
        let shared = Arc::new(shared);
        for row in shared.store.take_shards(&shared.node, &shards).await? {
            shared.set_epoch(row.shard, row.epoch);
        }
        if shared.nodes.is_some() {
            directory::look_up(&shared).await?;
            directory::start(&shared);
            drive::start(&shared);
        }
        for account in shared.store.accounts().await? {
            recount(&shared, account.id).await?;
            for group in shared.store.groups(account.id).await? {
                if shared.is_here(queue_shard(account.id, &group.id)) {
                    shared.registry.queue(&shared, account.id, &group.id);
                }
            }
        }
        let engine = Self { shared, visitor_rate: visitor_rate.unwrap_or(VISITOR_RATE) };
        engine.pulse();
        engine.heartbeat();
        Closer::start(&engine.shared);
        Windows::start(&engine.shared);
        engine.figures();
        engine.slow_readers();
        engine.wake_running(shards);
        Ok(engine)
    }

    /// What its actors share.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// How fast one visitor's connection may send.
    pub fn visitor_rate(&self) -> Rate {
        self.visitor_rate
    }

    /// The text of `/metrics`.
    pub fn metrics_text(&self) -> String {
        self.shared.metrics.render()
    }

    /// What visitors are told of a department, or of all of the account.
    pub fn availability(&self, account: AccountId, department: Option<&DepartmentId>) -> Availability {
        self.shared.board.state(account, department)
    }

    /// Why a chat still waits in a group's queue, wherever that lives. `None`: it does not wait there, or the queue does not
    /// answer now.
    pub async fn why_still_waiting(&self, account: AccountId, group: &GroupId, chat: ChatId) -> Option<Still> {
        self.shared.why_still_waiting(account, group, chat).await
    }

    /// People are further with messages that visitors left, told after it was stored.
    pub fn left_messages_changed(&self, account: AccountId) {
        self.shared.left_messages.changed(account);
    }

    /// Takes in what people changed, on all nodes: live, without touching running chats.
    pub fn changed(&self, account: AccountId, change: &StaffChange) {
        self.shared.tell_staff(account, change);
        apply(&self.shared, account, change);
    }

    /// Makes this node the owner of shards: whoever had them is fenced from here on, and their queues, operators and
    /// open chats go on here. Must run where the engine was started.
    ///
    /// # Errors
    /// The store's; what was taken until then is this node's.
    pub async fn take_over(&self, shards: &[Shard]) -> Result<(), StoreError> {
        directory::take_over(&self.shared, shards).await?;
        self.shared.closer.look();
        Ok(())
    }

    /// From now on no new sockets and no new chats; readiness says so.
    pub fn begin_draining(&self) {
        self.shared.draining.store(true, Ordering::Release);
    }

    /// Whether it is about to stop.
    pub fn is_draining(&self) -> bool {
        self.shared.is_draining()
    }

    /// Tells every socket when to come back, spread over a time, closes them, and writes down what is kept in memory
    /// only, and looks at figures that nobody knows after it. `within` bounds each of these; 0 closes at once.
    pub async fn drain(&self, within: Duration) {
        self.begin_draining();
        let outlets = self.shared.registry.every_outlet();
        let spread = DRAIN_SPREAD.min(within);
        let count = u32::try_from(outlets.len()).unwrap_or(u32::MAX).max(1);
        for (place, outlet) in outlets.iter().enumerate() {
            let after = spread * u32::try_from(place).unwrap_or(u32::MAX) / count;
            outlet.push(frame::reconnect(u64::try_from(after.as_millis()).unwrap_or(0)));
            outlet.close(close::RESTART);
        }
        for session in self.shared.registry.every_session() {
            session.addr.hint(Signal::Flush);
        }
        // Enough for closing frames and marks to leave; appends under way are finished by the store's own close.
        tokio::time::sleep(FAREWELL.min(within)).await;
        self.shared.worked.store(&self.shared).await;
        figures::check_rest(&self.shared, FIGURES_REST_WITHIN.min(within)).await;
    }

    fn pulse(&self) {
        let shared = Arc::clone(&self.shared);
        actix::spawn(async move {
            let mut ticks = tokio::time::interval(PULSE_EVERY);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                survive("pulse", async {
                    shared.board.pulse();
                    Lists::pulse(&shared).await;
                    LeftWatch::pulse(&shared).await;
                    Attendance::pulse(&shared).await;
                })
                .await;
            }
        });
    }

    fn heartbeat(&self) {
        let shared = Arc::clone(&self.shared);
        let mut nightly = Nightly::from(shared.now());
        actix::spawn(async move {
            let mut ticks = tokio::time::interval(HEARTBEAT_EVERY);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                survive("heartbeat", async {
                    shared.metrics.upkeep();
                    shared.metrics.measure_mailboxes();
                    shared.worked.store(&shared).await;
                    let here = shared.registry.connected_operators();
                    for some in here.chunks(NOTED_AT_ONCE) {
                        if let Err(error) = shared.store.seen(some, shared.now()).await {
                            tracing::warn!(%error, "the heartbeat of operators was not stored");
                        }
                    }
                    if let Err(error) = nightly.look(&shared).await {
                        tracing::warn!(%error, "the slots were not counted this night, it is tried again soon");
                    }
                })
                .await;
            }
        });
    }

    fn figures(&self) {
        let shared = Arc::clone(&self.shared);
        actix::spawn(async move {
            let mut ticks = tokio::time::interval(FIGURES_EVERY);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                survive("figures", figures::check(&shared)).await;
            }
        });
    }

    fn slow_readers(&self) {
        let shared = Arc::clone(&self.shared);
        actix::spawn(async move {
            let mut ticks = tokio::time::interval(STALLS_EVERY);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                survive("slow readers", async {
                    let now = Instant::now();
                    shared.registry.every_outlet().iter().for_each(|outlet| outlet.cut_if_stalled(now));
                })
                .await;
            }
        });
    }

    /// Running chats are woken by their sockets; those whose visitors and operators stay away are woken here, so
    /// that their absence is noticed too.
    fn wake_running(&self, shards: Vec<Shard>) {
        let shared = Arc::clone(&self.shared);
        actix::spawn(async move {
            tokio::time::sleep(WAKE_RUNNING_AFTER).await;
            match shared.store.open_chats(&shards).await {
                Ok(open) => {
                    for (account, chat) in open {
                        shared.wake(account, chat);
                        // A few at a time: the readers of the store serve people first.
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                }
                Err(error) => tracing::warn!(%error, "running chats could not be listed"),
            }
        });
    }
}

/// Takes in on this node what people changed.
pub(crate) fn apply(shared: &Arc<Shared>, account: AccountId, change: &StaffChange) {
    let registry = &shared.registry;
    match change {
        StaffChange::Group(group) | StaffChange::GroupDeleted(group) => {
            if shared.is_here(queue_shard(account, group)) {
                registry.queue(shared, account, group).hint(ToQueue::Reload);
            }
            for operator in registry.operators_of(account) {
                operator.hint(ToOperator::Reload);
                if matches!(change, StaffChange::GroupDeleted(_)) {
                    operator.hint(ToOperator::Receiving);
                }
            }
            if matches!(change, StaffChange::GroupDeleted(_)) {
                // Whoever named it names it no more.
                registry.queues_of(account).iter().for_each(|queue| queue.hint(ToQueue::Reload));
            }
            ask_anew(shared, account);
        }
        StaffChange::Asks => ask_anew(shared, account),
        StaffChange::TimeZone => {
            for queue in registry.queues_of(account) {
                queue.hint(ToQueue::Reload);
            }
        }
        StaffChange::Receives(_) | StaffChange::Profile => {
            for queue in registry.queues_of(account) {
                queue.hint(ToQueue::Reload);
            }
            let whose = match change {
                StaffChange::Receives(operator) => registry.operator_awake(account, *operator).into_iter().collect(),
                _ => registry.operators_of(account),
            };
            for operator in whose {
                operator.hint(ToOperator::Receiving);
            }
        }
        StaffChange::Closing => shared.closer.look(),
        StaffChange::PresenceRules => {
            for operator in registry.operators_of(account) {
                operator.hint(ToOperator::Rules);
            }
        }
        StaffChange::Operator(operator) | StaffChange::OperatorGone(operator) => {
            for queue in registry.queues_of(account) {
                queue.hint(ToQueue::Reload);
            }
            if let Some(actor) = registry.operator_awake(account, *operator) {
                actor.hint(ToOperator::Reload);
                if matches!(change, StaffChange::OperatorGone(_)) {
                    actor.hint(ToOperator::MayNotWork);
                }
            }
            // The windows come back with what the operator may do now, or not at all.
            let gone = matches!(change, StaffChange::OperatorGone(_));
            let code = if gone { close::SIGNED_OUT } else { close::RESTART };
            registry.outlets_of_operator(account, *operator).here().iter().for_each(|outlet| outlet.close(code));
        }
    }
    shared.lists.changed_elsewhere(Some(account));
    shared.attendance.changed_elsewhere(Some(account));
}

/// Chats that wait say anew what they ask for.
fn ask_anew(shared: &Arc<Shared>, account: AccountId) {
    for session in shared.registry.sessions_of(account) {
        // A chat without room in its mailbox is being flooded: it asks for what it did, until it is read again.
        session.addr.hint(Signal::AsksChanged);
    }
}

/// All shards: what a node owns that is alone.
pub fn all_shards() -> Vec<Shard> {
    (0..SHARDS).map(|shard| Shard(shard as u8)).collect()
}

/// How long sockets have for their closing frames.
const FAREWELL: Duration = Duration::from_secs(1);
