//! Commits on PostgreSQL. One that comes with a warning (a wait for the standby that was cut short) is durable on
//! this machine only: it counts as unknown, not as done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{Postgres, Transaction};
use tracing::instrument::WithSubscriber as _;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

use crate::adapters::postgres::run::store_error;
use crate::ports::store::StoreError;

/// Where the driver tells of what the server noted; it has no other way.
const TARGET: &str = "sqlx::postgres::notice";

/// Listens for warnings while commits run.
#[derive(Clone)]
pub(super) struct Notices {
    heard: Arc<AtomicU64>,
    // Made once: each new one makes every place that logs ask anew who listens.
    dispatch: Dispatch,
}

impl Notices {
    pub(super) fn new() -> Self {
        let heard = Arc::new(AtomicU64::new(0));
        Self { dispatch: Dispatch::new(Listener(Arc::clone(&heard))), heard }
    }
}

/// Commits; an error says that it is not known whether it was done. A warning of another commit at the same time
/// makes this one unknown as well, which costs a rebuild and is right.
pub(super) async fn commit(transaction: Transaction<'_, Postgres>, notices: &Notices) -> Result<(), StoreError> {
    let before = notices.heard.load(Ordering::SeqCst);
    let done = transaction.commit().with_subscriber(notices.dispatch.clone()).await;
    done.map_err(|error| store_error(&error))?;
    if notices.heard.load(Ordering::SeqCst) == before {
        return Ok(());
    }
    tracing::error!("a commit came with a warning: it is taken for unknown");
    Err(StoreError::Unavailable("the commit came with a warning".into()))
}

struct Listener(Arc<AtomicU64>);

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET && *metadata.level() <= Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        if self.enabled(event.metadata()) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
