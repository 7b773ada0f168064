//! The time and the random bits of the machine.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::domain::limits::CLOCK_AHEAD_MAX;
use crate::domain::time::Timestamp;
use crate::ports::clock::{Clock, Random};

/// The time that passes, beginning with the machine's clock. Where that one is set forward or back, this one does not
/// jump, for nobody has waited longer or shorter: it goes a quarter faster or slower until both agree again. Nor does it
/// begin before what is stored, or deadlines would lie ahead by as much.
#[derive(Debug)]
pub struct SystemClock {
    began: Instant,
    steady: Steady,
}

impl SystemClock {
    /// A clock that shows the machine's time.
    pub fn new() -> Self {
        Self { began: Instant::now(), steady: Steady::new(wall_millis()) }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(self.steady.show(passed, wall_millis))
    }

    fn not_before(&self, stored: Timestamp) {
        self.steady.not_before(stored.millis(), self.now().millis());
    }
}

fn wall_millis() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
    #[cfg(feature = "faults")]
    let millis = millis.saturating_add(wrong_by());
    millis
}

/// A machine whose clock is wrong by so many milliseconds, where a test asks for one.
///
/// # Panics
/// When it is not a number: a test's own mistake.
#[cfg(feature = "faults")]
fn wrong_by() -> i64 {
    static ASKED: std::sync::LazyLock<i64> = std::sync::LazyLock::new(|| {
        let asked = std::env::var("SWITCHBOARD_FAULT_CLOCK").ok();
        asked.map_or(0, |millis| millis.parse().expect("SWITCHBOARD_FAULT_CLOCK is in milliseconds"))
    });
    *ASKED
}

/// What is shown when so much time has passed, in milliseconds.
#[derive(Debug)]
struct Steady {
    /// Added to what has passed.
    offset: AtomicI64,
    /// When the machine's clock was last looked at, in time passed.
    looked_at: AtomicI64,
    /// Nothing earlier is shown.
    latest: AtomicI64,
}

/// How often the machine's clock is looked at, in milliseconds.
const LOOK_EVERY: i64 = 100;
/// The longest time between two looks that counts, in milliseconds: who asks seldom is not made to jump.
const LOOK_COUNTS_AT_MOST: i64 = 1_000;
/// The part of the time passed by which it comes nearer to the machine's clock: spans are at most a quarter too long or
/// too short, and an hour is made good in four.
const NEARER_BY: i64 = 4;
/// A difference that is said in the log, in milliseconds.
const JUMP: i64 = 10_000;
/// How often it is said, in milliseconds.
const SAY_EVERY: i64 = 600_000;

impl Steady {
    fn new(wall: i64) -> Self {
        Self { offset: AtomicI64::new(wall), looked_at: AtomicI64::new(0), latest: AtomicI64::new(wall) }
    }

    fn not_before(&self, stored: i64, now: i64) {
        let ahead = stored.saturating_sub(now);
        if ahead <= 0 {
            return;
        }
        if u128::from(ahead.unsigned_abs()) > CLOCK_AHEAD_MAX.as_millis() {
            tracing::error!(ahead_ms = ahead, "what is stored is of a time far ahead: one of the clocks was wrong");
            return;
        }
        if ahead >= JUMP {
            tracing::warn!(ahead_ms = ahead, "the machine's clock was set back; time goes on from what is stored");
        }
        self.offset.fetch_add(ahead, Ordering::AcqRel);
    }

    fn show(&self, passed: i64, wall: impl Fn() -> i64) -> i64 {
        let looked_at = self.looked_at.load(Ordering::Acquire);
        let due = passed.saturating_sub(looked_at) >= LOOK_EVERY;
        // Whoever writes down the look is the one who looks.
        if due && self.looked_at.compare_exchange(looked_at, passed, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            let most = (passed - looked_at).min(LOOK_COUNTS_AT_MOST) / NEARER_BY;
            let behind = wall().saturating_sub(passed.saturating_add(self.offset.load(Ordering::Acquire)));
            if behind.abs() >= JUMP && looked_at / SAY_EVERY != passed / SAY_EVERY {
                tracing::warn!(behind_ms = behind, "the machine's clock was set; it is approached slowly");
            }
            self.offset.fetch_add(behind.clamp(-most, most), Ordering::AcqRel);
        }
        let shown = passed.saturating_add(self.offset.load(Ordering::Acquire));
        // Nearly always the same millisecond, which threads that ask at once may share as long as nobody writes it.
        let latest = self.latest.load(Ordering::Relaxed);
        if shown <= latest { latest } else { self.latest.fetch_max(shown, Ordering::Relaxed).max(shown) }
    }
}

/// Random bits of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    /// When the operating system has no random bits: ids that can be guessed would be worse.
    fn bits(&self) -> u128 {
        let mut bytes = [0_u8; 16];
        if let Err(error) = getrandom::fill(&mut bytes) {
            panic!("the operating system gives no random bits: {error}");
        }
        u128::from_ne_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    /// Shows each tenth of a second while the machine's clock is off by that, and gives back what was shown last.
    fn run(clock: &Steady, from: i64, to: i64, wall_off: i64) -> i64 {
        let mut before = clock.show(from, || from + wall_off);
        for passed in (from + 100..=to).step_by(100) {
            let shown = clock.show(passed, || passed + wall_off);
            let step = shown - before;
            assert!((75..=125).contains(&step), "a tenth of a second was {step} ms at {passed}");
            before = shown;
        }
        before
    }

    #[test]
    fn a_clock_that_is_right_shows_the_machines_time() {
        let clock = Steady::new(5_000);
        assert_eq!(run(&clock, 0, 60_000, 5_000), 65_000);
    }

    #[test]
    fn where_the_machines_clock_is_set_forward_no_span_ends_early() {
        let clock = Steady::new(0);
        assert_eq!(run(&clock, 0, 1_000, 0), 1_000);
        let minute_later = run(&clock, 1_000, 61_000, HOUR);
        assert_eq!(minute_later, 76_000, "a minute is at most 75 s");
        assert_eq!(run(&clock, 61_000, 4 * HOUR + 1_000, HOUR), 5 * HOUR + 1_000, "an hour is made good in four");
        assert_eq!(run(&clock, 4 * HOUR + 1_000, 4 * HOUR + 61_000, HOUR), 5 * HOUR + 61_000, "and then both agree");
    }

    #[test]
    fn where_the_machines_clock_is_set_back_time_goes_on() {
        let clock = Steady::new(10 * HOUR);
        assert_eq!(run(&clock, 0, 60_000, 9 * HOUR), 10 * HOUR + 45_000, "a minute is at least 45 s, and passes");
        assert_eq!(run(&clock, 60_000, 4 * HOUR, 9 * HOUR), 13 * HOUR);
    }

    #[test]
    fn where_the_machines_clock_was_set_back_before_a_start_time_goes_on_from_what_is_stored() {
        let clock = Steady::new(9 * HOUR);
        clock.not_before(10 * HOUR, 9 * HOUR);
        assert_eq!(run(&clock, 0, 60_000, 9 * HOUR), 10 * HOUR + 45_000, "a minute is at least 45 s, and passes");
        assert_eq!(run(&clock, 60_000, 4 * HOUR, 9 * HOUR), 13 * HOUR, "and then both agree");
    }

    #[test]
    fn what_is_stored_of_an_earlier_time_or_of_one_that_cannot_be_moves_no_clock() {
        let most = i64::try_from(CLOCK_AHEAD_MAX.as_millis()).unwrap();
        for stored in [0, 4_999, 5_001 + most, i64::MAX] {
            let clock = Steady::new(5_000);
            clock.not_before(stored, 5_000);
            assert_eq!(clock.show(0, || 5_000), 5_000, "stored at {stored}");
        }
        let clock = Steady::new(5_000);
        clock.not_before(5_000 + most, 5_000);
        assert_eq!(clock.show(0, || 5_000), 5_000 + most);
    }

    #[test]
    fn a_clock_that_is_seldom_asked_does_not_jump_either() {
        let clock = Steady::new(0);
        assert_eq!(clock.show(HOUR, || 3 * HOUR), HOUR + 250);
        assert_eq!(clock.show(HOUR + 50, || 0), HOUR + 300, "between two looks time just passes");
        assert_eq!(clock.show(HOUR + 40, || 0), HOUR + 300, "never back");
    }

    #[test]
    fn the_clock_shows_a_time_after_this_was_written() {
        assert!(SystemClock::new().now() > Timestamp::from_millis(1_700_000_000_000));
    }

    #[test]
    fn random_bits_differ() {
        assert_ne!(SystemRandom.bits(), SystemRandom.bits());
    }
}
