//! The metrics of a store: a recorder of their own, because it is there before the engine is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use metrics::{Counter, Gauge, Histogram};
use metrics_exporter_prometheus::{BuildError, PrometheusHandle};

use super::catalogue;
use super::recording::Recording;

/// The metrics of a store.
#[derive(Clone)]
pub struct StoreMetrics {
    handle: PrometheusHandle,
    /// See [`catalogue::COMMIT`].
    pub commit: Histogram,
    /// See [`catalogue::COMMIT_GROUP`].
    pub group_size: Histogram,
    /// See [`catalogue::WRITER_QUEUE`].
    pub writer_queue: Gauge,
    index_lag: Gauge,
    /// Since when the oldest event in the journal has been waiting; none: it is empty.
    index_since: Arc<Mutex<Option<Instant>>>,
    /// See [`catalogue::INDEX_ROWS`].
    pub index_rows: Gauge,
    /// See [`catalogue::LOG_BYTES`].
    pub log_bytes: Gauge,
    /// See [`catalogue::CHECKPOINTS`].
    pub checkpoints: Counter,
}

impl StoreMetrics {
    /// Metrics with nothing counted.
    ///
    /// # Errors
    /// Only if a list of buckets were empty.
    pub fn new() -> Result<Self, BuildError> {
        let recording = Recording::new()?;
        Ok(Self {
            handle: recording.handle(),
            commit: recording.histogram(&catalogue::COMMIT, &[]),
            group_size: recording.histogram(&catalogue::COMMIT_GROUP, &[]),
            writer_queue: recording.gauge(&catalogue::WRITER_QUEUE, &[]),
            index_lag: recording.gauge(&catalogue::INDEX_LAG, &[]),
            index_since: Arc::default(),
            index_rows: recording.gauge(&catalogue::INDEX_ROWS, &[]),
            log_bytes: recording.gauge(&catalogue::LOG_BYTES, &[]),
            checkpoints: recording.counter(&catalogue::CHECKPOINTS, &[]),
        })
    }

    /// Sums up what was recorded; until then each record of a histogram takes memory.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    /// Since when the oldest event in the journal has been waiting for the indexer, see [`catalogue::INDEX_LAG`].
    pub fn indexer_behind_since(&self, since: Option<Instant>) {
        *self.index_since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// Their part of the text of `/metrics`.
    pub fn render(&self) -> String {
        // It gets older while whoever told it sleeps, or is stuck.
        let since = *self.index_since.lock().unwrap_or_else(PoisonError::into_inner);
        self.index_lag.set(since.map_or(0.0, |since| since.elapsed().as_secs_f64()));
        self.upkeep();
        self.handle.render()
    }
}
