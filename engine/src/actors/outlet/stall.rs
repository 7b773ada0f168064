//! Cutting off readers that are too slow: whose box has grown past its bound, or who have read nothing for too long,
//! however little waits for them and whether or not more is said. A transport that cannot write need not notice by
//! itself, so the time is looked at from outside.

use std::sync::MutexGuard;
use std::time::{Duration, Instant};

use crate::actors::outlet::{Outlet, State};
use crate::domain::limits::OUTBOX_STALL_MAX;
use crate::protocol::close;

impl Outlet {
    /// Cuts the connection if something has waited for its reader for too long by now.
    pub fn cut_if_stalled(&self, now: Instant) {
        let state = self.lock();
        let waits = |since: Instant| now.saturating_duration_since(since);
        let waited = state.waiting_since.filter(|_| state.closed.is_none()).map_or(Duration::ZERO, waits);
        if waited > OUTBOX_STALL_MAX {
            self.cut(state);
        }
    }

    /// Cuts the connection. The socket writes the code if it still can; the transport breaks it a second later.
    pub(super) fn cut(&self, mut state: MutexGuard<'_, State>) {
        *state = State { closed: Some(close::TRY_LATER), cut: true, woken: true, ..State::default() };
        drop(state);
        self.0.transport.wake();
        self.0.transport.cut();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::actors::outlet::Transport;

    /// Counts how often it was cut.
    struct Wire(Arc<AtomicUsize>);

    impl Transport for Wire {
        fn wake(&self) {}

        fn cut(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn outlet() -> (Outlet, Arc<AtomicUsize>) {
        let cuts = Arc::new(AtomicUsize::new(0));
        (Outlet::new(Wire(Arc::clone(&cuts))), cuts)
    }

    /// Whether it is cut when that much time has passed since the call.
    fn is_cut_after(outlet: &Outlet, time: Duration) -> bool {
        outlet.cut_if_stalled(Instant::now() + time);
        outlet.was_cut()
    }

    const LONG: Duration = Duration::from_secs(OUTBOX_STALL_MAX.as_secs() + 1);
    const SHORT: Duration = Duration::from_secs(OUTBOX_STALL_MAX.as_secs() - 1);

    #[test]
    fn a_reader_that_reads_nothing_for_too_long_is_cut_though_a_single_word_waits() {
        let (outlet, cuts) = outlet();
        outlet.push("a word".into());
        assert!(!is_cut_after(&outlet, SHORT));
        assert!(is_cut_after(&outlet, LONG));
        assert_eq!(outlet.take(usize::MAX, |_| ()).close, Some(close::TRY_LATER));
        assert!(!outlet.push("another".into()) && is_cut_after(&outlet, LONG * 2));
        assert_eq!(cuts.load(Ordering::Relaxed), 1, "once is enough");
    }

    #[test]
    fn whoever_reads_at_all_is_not_cut_and_silence_is_not_the_readers_fault() {
        let (outlet, _) = outlet();
        assert!(!is_cut_after(&outlet, LONG), "nothing was said");
        outlet.push("one".into());
        outlet.push("two".into());
        std::thread::sleep(Duration::from_millis(20));
        assert!(outlet.take(1, |_| ()).more);
        // From the word that was read on, not from the first that waited.
        assert!(!is_cut_after(&outlet, OUTBOX_STALL_MAX - Duration::from_millis(10)));
        outlet.take_all();
        assert!(!is_cut_after(&outlet, LONG), "all was read");
    }

    #[test]
    fn one_that_is_closed_already_keeps_its_code() {
        let (outlet, cuts) = outlet();
        outlet.push("the last word".into());
        outlet.close(close::REPLACED);
        assert!(!is_cut_after(&outlet, LONG));
        assert_eq!(outlet.take(usize::MAX, |_| ()).close, Some(close::REPLACED));
        assert_eq!(cuts.load(Ordering::Relaxed), 0);
    }
}
