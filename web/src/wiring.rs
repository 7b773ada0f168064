//! Where the engine and the server meet: what the server hands over, and what it gets for it. Nothing else in this
//! crate knows how the engine is put together.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::web::ServiceConfig;
use async_trait::async_trait;
use engine::domain::ids::AccountId;
use engine::ports::clock::SharedClock;
use engine::ports::store::{SharedStore, StoreError};

use crate::auth::token::Keys;
use crate::availability::StoredAvailability;
use crate::config::Settings;
use crate::state::{AvailabilitySource, MetricsText, Readiness, StaffChange, StaffChanges};

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
}

/// What the engine brings.
pub struct Wiring {
    /// Whether somebody receives.
    pub availability: Arc<dyn AvailabilitySource>,
    /// Hears of changes of what people set up.
    pub staff_changes: Arc<dyn StaffChanges>,
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

/// Puts it together.
///
/// # Errors
/// The store does not answer.
pub async fn wire(foundation: &Foundation) -> Result<Wiring, StoreError> {
    let readiness = foundation.readiness.clone();
    Ok(Wiring {
        availability: Arc::new(StoredAvailability(foundation.store.clone())),
        staff_changes: Arc::new(WrittenDown),
        metrics: Arc::new(move || server_metrics(&readiness)),
        sockets: Arc::new(|_| {}),
        drain: Box::new(|| Box::pin(async {})),
    })
}

/// Writes changes to the log.
struct WrittenDown;

#[async_trait]
impl StaffChanges for WrittenDown {
    async fn changed(&self, account: AccountId, change: StaffChange) {
        tracing::info!(account = account.0, ?change, "what people set up has changed");
    }
}

fn server_metrics(readiness: &Readiness) -> String {
    format!(
        "# HELP switchboard_build_info The version that runs.\n# TYPE switchboard_build_info gauge\n\
         switchboard_build_info{{version=\"{}\"}} 1\n\
         # HELP switchboard_draining Whether the server is about to stop.\n# TYPE switchboard_draining gauge\n\
         switchboard_draining {}\n",
        env!("CARGO_PKG_VERSION"),
        u8::from(readiness.draining())
    )
}
