//! Open-loop pacing: the moments at which messages are meant to go out, whatever happened to those before. A thread
//! of its own sleeps up to each moment, because the timers of an async runtime round to milliseconds.

use std::time::{Duration, Instant};

/// Calls `send` with each message's number and its intended moment, `rate` times a second for `span`; late moments
/// are made up for at once and keep the time they were meant for. Stops early when `send` says so.
pub fn pace(rate: u32, span: Duration, mut send: impl FnMut(u64, Instant) -> bool) {
    let begun = Instant::now();
    let messages = (span.as_secs_f64() * f64::from(rate)) as u64;
    for number in 0..messages {
        let intended = begun + Duration::from_secs_f64(number as f64 / f64::from(rate));
        let early = intended.saturating_duration_since(Instant::now());
        if !early.is_zero() {
            std::thread::sleep(early);
        }
        if !send(number, intended) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_was_held_up_keeps_the_moment_it_was_meant_for() {
        let mut moments = Vec::new();
        pace(1000, Duration::from_millis(50), |number, intended| {
            if number == 10 {
                std::thread::sleep(Duration::from_millis(20));
            }
            moments.push((intended, Instant::now()));
            true
        });
        assert_eq!(moments.len(), 50);
        let gaps = moments.windows(2).map(|pair| pair[1].0 - pair[0].0);
        assert!(gaps.into_iter().all(|gap| gap.abs_diff(Duration::from_millis(1)) < Duration::from_micros(2)));
        let late = moments[11].1 - moments[11].0;
        assert!(late >= Duration::from_millis(18), "the one behind the pause counts it: {late:?}");
    }
}
