//! When visitors come: open loop, each at a moment that nothing the server does can move. Moments are drawn one
//! after another, so that a day of them takes no memory. What a scenario's text may say of them is looked at in
//! [`super::kinds`].

use serde::{Deserialize, Serialize};

use super::{Count, Rate, Seconds};
use crate::draw::Draw;

/// When visitors come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Arrivals {
    /// At equal distances.
    Constant {
        /// How many a minute.
        per_minute: Rate,
    },
    /// By chance, independently of each other.
    Poisson {
        /// How many a minute on average.
        per_minute: Rate,
    },
    /// By chance, more at some times than at others; after the last step the first one follows.
    Profile {
        /// How long a step is.
        step_s: Seconds,
        /// How many a minute on average, in each step; at least one.
        per_minute: Vec<Rate>,
    },
    /// Some at about one moment.
    Burst {
        /// When it begins.
        at_s: Seconds,
        /// How many come.
        count: Count,
        /// They come within this time, at equal distances; 0: all at once.
        #[serde(default)]
        within_s: Seconds,
    },
}

impl Arrivals {
    /// The moments, in microseconds from the beginning, up to `length`.
    pub fn moments(&self, mut draw: Draw, length: Seconds) -> Box<dyn Iterator<Item = u64> + '_> {
        let length = length.0;
        let seconds: Box<dyn Iterator<Item = f64> + '_> = match self {
            Self::Constant { per_minute } => {
                let rate = per_minute.0 / 60.0;
                let count = (length * rate) as u64;
                Box::new((0..count).map(move |number| number as f64 / rate))
            }
            Self::Poisson { per_minute } => Box::new(Thinned::new(draw, per_minute.0, move |_| 1.0)),
            Self::Profile { step_s, per_minute } => {
                let most = per_minute.iter().map(|rate| rate.0).fold(0.0, f64::max);
                let share = move |at: f64| {
                    let step = (at / step_s.0.max(1e-3)) as usize;
                    per_minute[step % per_minute.len()].0 / most
                };
                Box::new(Thinned::new(draw, most, share))
            }
            Self::Burst { at_s, count, within_s } => {
                let apart = within_s.0 / f64::from(count.0.max(1));
                // Who shares a moment with others is not in an order that anybody could rely on.
                let jitter = apart * draw.unit();
                Box::new((0..count.0).map(move |number| at_s.0 + jitter + f64::from(number) * apart))
            }
        };
        Box::new(seconds.take_while(move |at| *at < length).map(|at| (at * 1e6) as u64))
    }
}

/// A Poisson process at the highest rate, of which each moment keeps the share that its time has.
struct Thinned<F> {
    draw: Draw,
    mean_s: f64,
    at: f64,
    share: F,
}

impl<F: Fn(f64) -> f64> Thinned<F> {
    fn new(draw: Draw, per_minute: f64, share: F) -> Self {
        Self { draw, mean_s: 60.0 / per_minute, at: 0.0, share }
    }
}

impl<F: Fn(f64) -> f64> Iterator for Thinned<F> {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        if !self.mean_s.is_finite() {
            return None;
        }
        loop {
            self.at += self.draw.exponential(self.mean_s);
            if self.at > super::amount::SECONDS_MAX {
                return None;
            }
            if self.draw.unit() < (self.share)(self.at) {
                return Some(self.at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{SHIPPED, Scenario};

    fn moments(arrivals: &Arrivals, length: f64) -> Vec<u64> {
        arrivals.moments(Draw::new(5, 1), Seconds(length)).collect()
    }

    #[test]
    fn as_many_come_to_each_shipped_scenario_in_all_its_time_as_it_says() {
        let mut said: Vec<(&str, usize)> = vec![
            ("smoke", 15),
            ("lunch-peak", 240),
            ("steady-1k", 1_000),
            ("reconnect-storm", 300),
            ("slow-readers", 150),
            ("ten-thousand", 1_000),
            ("most", 500),
            ("burst", 500),
            // Its hours, 60 minutes each.
            ("day", 3_570),
            ("erlang", 1_200),
        ];
        for (name, text) in SHIPPED {
            let scenario = Scenario::read(name, text).unwrap();
            let length = scenario.length_s.0;
            let [visitors] = &scenario.visitors[..] else { panic!("{name}: one entry") };
            let all = moments(&visitors.arrivals, length);
            assert!(all.is_sorted() && all.last().is_some_and(|last| *last < (length * 1e6) as u64), "{name}");
            let place = said.iter().position(|(of, _)| *of == name).unwrap_or_else(|| panic!("how many to {name}?"));
            let (_, many) = said.swap_remove(place);
            // Five deviations of chance.
            let chance =
                if matches!(visitors.arrivals, Arrivals::Burst { .. }) { 0.0 } else { 5.0 * (many as f64).sqrt() };
            assert!(all.len().abs_diff(many) as f64 <= chance, "{name}: {} came, {many} by what it says", all.len());
        }
        assert_eq!(said, [], "shipped no more");
    }

    #[test]
    fn constant_arrivals_are_as_many_as_asked_at_equal_distances() {
        let all = moments(&Arrivals::Constant { per_minute: Rate(120.0) }, 10.0);
        assert_eq!(all.len(), 20);
        assert!(all.windows(2).all(|pair| pair[1] - pair[0] == 500_000));
    }

    #[test]
    fn poisson_arrivals_have_the_mean_and_the_scatter_of_chance() {
        let all = moments(&Arrivals::Poisson { per_minute: Rate(600.0) }, 1000.0);
        assert!((9_700..10_300).contains(&all.len()), "{}", all.len());
        let gaps: Vec<f64> = all.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e6).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.05, "chance scatters as much as its mean");
    }

    #[test]
    fn a_profile_has_more_at_its_peak_and_begins_anew() {
        let profile = Arrivals::Profile { step_s: Seconds(10.0), per_minute: vec![Rate(60.0), Rate(600.0)] };
        let all = moments(&profile, 40.0);
        let within = |from: u64, to: u64| all.iter().filter(|at| (from..to).contains(&(**at / 1_000_000))).count();
        assert!(within(10, 20) > 3 * within(0, 10) && within(30, 40) > 3 * within(20, 30));
    }

    #[test]
    fn a_burst_is_whole_and_nothing_comes_from_a_rate_of_nothing() {
        let burst = Arrivals::Burst { at_s: Seconds(1.0), count: Count(50), within_s: Seconds(0.0) };
        assert_eq!(moments(&burst, 5.0), vec![1_000_000; 50]);
        assert!(moments(&Arrivals::Poisson { per_minute: Rate(0.0) }, 5.0).is_empty());
        assert!(moments(&Arrivals::Constant { per_minute: Rate(0.0) }, 5.0).is_empty());
        assert!(moments(&Arrivals::Profile { step_s: Seconds(1.0), per_minute: vec![] }, 5.0).is_empty());
    }
}
