//! The threads of the store, and what becomes of one that panics. A helper's work is done anew: it changed nothing that it
//! cannot do again. The writer may have panicked in the middle of a transaction, with answers that others wait for; it
//! cannot go on, and neither can a server whose messages nobody stores: the process ends, so that whoever watches
//! over it starts it again. What was answered is on the disk, and what was not is sent again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{Builder, JoinHandle};

use crate::adapters::sqlite::open::OpenError;
use crate::ports::store::StoreError;

/// Exit status of a process whose store has fallen.
const FALLEN: i32 = 1;

/// Starts one.
pub(super) fn start(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    Builder::new().name(name.into()).spawn(run).map_err(|error| OpenError::Thread(error.to_string()))
}

/// Does a helper's work. One that panics has failed, and is asked again.
///
/// # Errors
/// It panicked.
pub(super) fn survived<R>(who: &str, work: impl FnOnce() -> R) -> Result<R, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| StoreError::Unavailable(format!("the {who} panicked")))
}

/// Does the writer's work, without which nothing is left to do.
pub(super) fn or_end(work: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        tracing::error!("the store's writer panicked, and nothing can be stored any more: the process ends");
        std::process::exit(FALLEN);
    }
}

/// What tests plant: the thread that comes to a message of such a text panics.
#[cfg(feature = "faults")]
pub(super) mod faults {
    use std::sync::atomic::{AtomicBool, Ordering};

    use crate::ports::journal::Append;

    /// The writer panics each time it comes to a message of this text, so that none is stored.
    const WRITER: &str = "\"!fault writer\"";
    /// The indexer panics over a message of this text, once.
    const INDEXER: &str = "\"!fault indexer\"";

    static INDEXER_ONCE: AtomicBool = AtomicBool::new(true);

    /// The writer is about to append.
    ///
    /// # Panics
    /// When a test planted that.
    pub(in crate::adapters::sqlite) fn on_append(append: &Append) {
        let planted = append.events.iter().any(|event| event.body.get().contains(WRITER));
        assert!(!planted, "a fault that a test planted in the writer");
    }

    /// The indexer has put a range together.
    ///
    /// # Panics
    /// When a test planted that.
    pub(in crate::adapters::sqlite) fn on_range(events: &[u8]) {
        let planted = INDEXER_ONCE.load(Ordering::Relaxed) && String::from_utf8_lossy(events).contains(INDEXER);
        assert!(
            !(planted && INDEXER_ONCE.swap(false, Ordering::Relaxed)),
            "a fault that a test planted in the indexer"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helper_that_panics_has_failed_and_no_more() {
        assert_eq!(survived("indexer", || 7).ok(), Some(7));
        let fallen = survived("indexer", || -> u8 { panic!("planted by the test") });
        assert!(fallen.is_err_and(|error| error.to_string().contains("the indexer panicked")));
    }
}
