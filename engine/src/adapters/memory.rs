//! The store in memory, as plainly as its promises can be written down: what another store must do as well. It
//! forgets everything with the process, so it is for tests and simulations only.

mod append;
mod closings;
mod contacts;
mod decisions;
mod journal;
mod left_messages;
mod presence;
mod profiles;
mod staff;
mod state;
mod work;

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::adapters::memory::state::State;
use crate::ports::store::{Store, StoreError};

/// The store in memory.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, unless the store is closed.
    fn open(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.state();
        if state.closed { Err(StoreError::Unavailable("it is closed".into())) } else { Ok(state) }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.open().map(drop)
    }

    async fn close(&self) {
        self.state().closed = true;
    }
}
