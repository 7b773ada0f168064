//! Time within a run: microseconds since its epoch, the same in all its processes, and the phases every client obeys.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;

/// Microseconds since the run's epoch.
pub type Micros = u64;

/// The run's clock: read from the system's once, then monotonic.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    epoch: Instant,
}

impl Clock {
    /// The clock of a run whose epoch is at these microseconds of Unix time.
    pub fn since(unix_us: u64) -> Self {
        let ago = Duration::from_micros(unix_us_now().saturating_sub(unix_us));
        Self { epoch: Instant::now().checked_sub(ago).unwrap_or_else(Instant::now) }
    }

    /// Now.
    pub fn now(&self) -> Micros {
        u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// A moment as the timers know it.
    pub fn instant(&self, at: Micros) -> tokio::time::Instant {
        (self.epoch + Duration::from_micros(at)).into()
    }
}

/// The system's clock, in microseconds of Unix time.
pub fn unix_us_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// When a run's clients begin, fall silent, and are cut off. Moved forward when the run is ended early.
#[derive(Debug)]
pub struct Phases {
    /// The run's clock.
    pub clock: Clock,
    silent: Cell<Micros>,
    cut: Cell<Micros>,
    moved: Notify,
}

impl Phases {
    /// A run that is silent and cut at these moments.
    pub fn new(clock: Clock, silent: Micros, cut: Micros) -> Self {
        Self { clock, silent: Cell::new(silent), cut: Cell::new(cut), moved: Notify::new() }
    }

    /// From here on nobody begins anything; chats are ended.
    pub fn silent(&self) -> Micros {
        self.silent.get()
    }

    /// Here every connection is dropped.
    pub fn cut(&self) -> Micros {
        self.cut.get()
    }

    /// Ends the run earlier; never later.
    pub fn end_by(&self, silent: Micros, cut: Micros) {
        self.silent.set(silent.min(self.silent.get()));
        self.cut.set(cut.min(self.cut.get()));
        self.moved.notify_waiters();
    }

    /// Waits until the phases are moved.
    pub fn moved(&self) -> tokio::sync::futures::Notified<'_> {
        self.moved.notified()
    }
}
