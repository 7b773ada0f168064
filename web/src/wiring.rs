//! Where the engine and the server meet: what the server hands over, and what it gets for it. Nothing else in this
//! crate knows how the engine is put together.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};
use async_trait::async_trait;
use engine::actors::engine::{Engine, EngineParts, StaffChange as EngineChange, all_shards};
use engine::actors::pace::Rate;
use engine::domain::group::Availability;
use engine::domain::ids::{AccountId, ChatId, DepartmentId, GroupId};
use engine::domain::limits::{DRAIN_SPREAD, VISITOR_COMMANDS_BURST, VISITOR_COMMANDS_PER_SECOND};
use engine::domain::patience::Patience;
use engine::domain::routing::Still;
use engine::metrics::text::line;
use engine::metrics::{Metrics, catalogue};
use engine::ports::clock::{Random, SharedClock};
use engine::ports::store::{SharedStore, StoreError};
use engine::ports::traces::SharedTraces;
use engine::protocol::close;
use engine::protocol::error::Failure;

use crate::auth::token::Keys;
use crate::config::Settings;
use crate::socket;
use crate::socket::by_session::{self, SessionSockets};
use crate::state::{AvailabilitySource, MetricsText, Readiness, StaffChange, StaffChanges, WaitingSource};

/// What the engine is built on.
#[derive(Clone)]
pub struct Foundation {
    /// Facts.
    pub store: SharedStore,
    /// The time.
    pub clock: SharedClock,
    /// Settings in force.
    pub settings: Arc<Settings>,
    /// Keys drawn from the installation's secret.
    pub keys: Keys,
    /// Whether the server takes new work.
    pub readiness: Arc<Readiness>,
    /// Where the ways of chats are told.
    pub traces: Option<SharedTraces>,
}

/// What the engine brings.
pub struct Wiring {
    /// Whether somebody receives.
    pub availability: Arc<dyn AvailabilitySource>,
    /// Why chats still wait.
    pub waiting: Arc<dyn WaitingSource>,
    /// Hears of changes of what people set up.
    pub staff_changes: Arc<dyn StaffChanges>,
    /// Sockets by browser session.
    pub session_sockets: Arc<SessionSockets>,
    /// The text of `/metrics`.
    pub metrics: MetricsText,
    /// Adds the routes of sockets, once for each worker.
    pub sockets: Routes,
    /// Runs when the server begins to stop: moves sockets away, puts actors to rest.
    pub drain: Drain,
}

/// Adds routes.
pub type Routes = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// Something to wait for at the end.
pub type Drain = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>>>;

/// Starts the engine on this thread, and ties the server to it.
///
/// # Errors
/// The store's.
pub async fn wire(foundation: &Foundation, random: Box<dyn Random>) -> Result<Wiring, StoreError> {
    let settings = &foundation.settings;
    let metrics = Metrics::new().map_err(|error| StoreError::Corrupt(format!("the metrics: {error}")))?;
    let per_second = settings.security.visitor_commands_per_second;
    // Whoever may send more may also send more at once, in the proportion of the defaults.
    let burst = per_second.saturating_mul(VISITOR_COMMANDS_BURST / VISITOR_COMMANDS_PER_SECOND);
    let parts = EngineParts {
        node: settings.storage.node.clone(),
        store: foundation.store.clone(),
        clock: foundation.clock.clone(),
        random,
        metrics,
        visitor_rate: Some(Rate { per_second, burst }),
        shards: all_shards(),
        bus: None,
        traces: foundation.traces.clone(),
    };
    let engine = Engine::start_with(parts, patience()).await?;
    let session_sockets = Arc::new(SessionSockets::default());
    let (sockets, store) = (Arc::downgrade(&session_sockets), Arc::downgrade(&foundation.store));
    actix_web::rt::spawn(by_session::watch(sockets, store, foundation.clock.clone()));
    let (for_sockets, for_metrics, for_drain) = (engine.clone(), engine.clone(), engine.clone());
    let (store, readiness) = (foundation.store.clone(), foundation.readiness.clone());
    Ok(Wiring {
        availability: Arc::new(FromEngine(engine.clone())),
        waiting: Arc::new(FromEngine(engine.clone())),
        staff_changes: Arc::new(ToEngine { engine, sockets: session_sockets.clone() }),
        session_sockets,
        metrics: Arc::new(move || for_metrics.metrics_text() + &store.metrics_text() + &server_metrics(&readiness)),
        sockets: Arc::new(move |app| {
            app.app_data(web::Data::new(for_sockets.clone()))
                .route("/ws/visitor", web::get().to(socket::visitor::socket))
                .route("/ws/operator", web::get().to(socket::operator::socket));
        }),
        drain: Box::new(move || Box::pin(async move { for_drain.drain(DRAIN_SPREAD).await })),
    })
}

#[cfg(feature = "faults")]
fn patience() -> Patience {
    engine::actors::faults::patience()
}

#[cfg(not(feature = "faults"))]
fn patience() -> Patience {
    Patience::default()
}

/// Tells the server what the engine knows of availability and of chats that wait.
struct FromEngine(Engine);

#[async_trait]
impl AvailabilitySource for FromEngine {
    async fn availability(
        &self,
        account: AccountId,
        department: Option<&DepartmentId>,
    ) -> Result<Availability, Failure> {
        Ok(self.0.availability(account, department))
    }
}

#[async_trait]
impl WaitingSource for FromEngine {
    async fn why_still_waiting(&self, account: AccountId, group: &GroupId, chat: ChatId) -> Option<Still> {
        self.0.why_still_waiting(account, group, chat).await
    }
}

/// Tells the engine what people changed.
struct ToEngine {
    engine: Engine,
    sockets: Arc<SessionSockets>,
}

#[async_trait]
impl StaffChanges for ToEngine {
    async fn changed(&self, account: AccountId, change: StaffChange) {
        let change = match change {
            StaffChange::Operator(operator) => EngineChange::Operator(operator),
            StaffChange::OperatorGone(operator) | StaffChange::SessionsEnded(operator) => {
                EngineChange::OperatorGone(operator)
            }
            StaffChange::Receives(operator) => EngineChange::Receives(operator),
            StaffChange::Profile => EngineChange::Profile,
            StaffChange::Asks => EngineChange::Asks,
            StaffChange::Closing => EngineChange::Closing,
            StaffChange::PresenceRules => EngineChange::PresenceRules,
            StaffChange::TimeZone => EngineChange::TimeZone,
            StaffChange::Group(group) => EngineChange::Group(group),
            StaffChange::GroupGone(group) => EngineChange::GroupDeleted(group),
            StaffChange::Membership(_, operator) => EngineChange::Operator(operator),
            StaffChange::LeftMessages => return self.engine.left_messages_changed(account),
            StaffChange::SessionEnded(_, session) => return self.sockets.close(&session, close::SIGNED_OUT),
            StaffChange::PasswordChanged { operator, before } => {
                return self.sockets.close_all(operator, &before, close::RESTART, close::SIGNED_OUT);
            }
        };
        self.engine.changed(account, &change);
    }
}

/// What is asked for when it is wanted: of the binary, and of its process as the system sees it.
fn server_metrics(readiness: &Readiness) -> String {
    let process = metrics_process::collector::collect();
    let count = |value: Option<u64>| value.map(|value| value as f64);
    let measured = [
        (&catalogue::DRAINING, Some(f64::from(u8::from(readiness.draining())))),
        (&catalogue::PROCESS_CPU, process.cpu_seconds_total),
        (&catalogue::PROCESS_MEMORY, count(process.resident_memory_bytes)),
        (&catalogue::PROCESS_FILES, count(process.open_fds)),
        (&catalogue::PROCESS_FILES_MAX, count(process.max_fds)),
        (&catalogue::PROCESS_START, count(process.start_time_seconds)),
        (&catalogue::PROCESS_THREADS, count(process.threads)),
    ];
    let values = measured.iter().filter_map(|(metric, value)| Some(line(metric, &[], (*value)?)));
    line(&catalogue::BUILD_INFO, &[env!("CARGO_PKG_VERSION")], 1.0) + &values.collect::<String>()
}
