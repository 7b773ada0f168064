//! A scenario some times as fast as it is written: more come, and everybody takes less time. What the server itself waits
//! for (offers that ring, a lost connection) keeps its length.

use super::{Arrivals, Onlookers, Operators, Rate, Scenario, Seconds, Spread, Storm, Visitors};

impl Scenario {
    /// The same people so many times as fast.
    #[must_use]
    pub fn faster(self, speed: f64) -> Self {
        let by = Speed(speed);
        Self {
            length_s: by.time(self.length_s),
            warm_up_s: by.time(self.warm_up_s),
            drain_s: by.time(self.drain_s),
            service_level_s: by.time(self.service_level_s),
            visitors: self.visitors.into_iter().map(|visitors| by.visitors(visitors)).collect(),
            onlookers: self.onlookers.into_iter().map(|onlookers| by.onlookers(onlookers)).collect(),
            operators: self.operators.into_iter().map(|operators| by.operators(operators)).collect(),
            storms: self.storms.into_iter().map(|storm| by.storm(storm)).collect(),
            ..self
        }
    }
}

#[derive(Clone, Copy)]
struct Speed(f64);

impl Speed {
    fn time(self, seconds: Seconds) -> Seconds {
        Seconds(seconds.0 / self.0)
    }

    fn rate(self, rate: Rate) -> Rate {
        Rate(rate.0 * self.0)
    }

    fn spread(self, spread: Spread) -> Spread {
        match spread {
            Spread::Exponential { mean_s } => Spread::Exponential { mean_s: self.time(mean_s) },
            Spread::Lognormal { mean_s, cv } => Spread::Lognormal { mean_s: self.time(mean_s), cv },
            Spread::Uniform { least_s, most_s } => {
                Spread::Uniform { least_s: self.time(least_s), most_s: self.time(most_s) }
            }
            Spread::Fixed { s } => Spread::Fixed { s: self.time(s) },
        }
    }

    fn arrivals(self, arrivals: Arrivals) -> Arrivals {
        match arrivals {
            Arrivals::Constant { per_minute } => Arrivals::Constant { per_minute: self.rate(per_minute) },
            Arrivals::Poisson { per_minute } => Arrivals::Poisson { per_minute: self.rate(per_minute) },
            Arrivals::Profile { step_s, per_minute } => Arrivals::Profile {
                step_s: self.time(step_s),
                per_minute: per_minute.into_iter().map(|rate| self.rate(rate)).collect(),
            },
            Arrivals::Burst { at_s, count, within_s } => {
                Arrivals::Burst { at_s: self.time(at_s), count, within_s: self.time(within_s) }
            }
        }
    }

    fn visitors(self, visitors: Visitors) -> Visitors {
        Visitors {
            arrivals: self.arrivals(visitors.arrivals),
            patience: self.spread(visitors.patience),
            typing: self.rate(visitors.typing),
            pause: self.spread(visitors.pause),
            linger: self.spread(visitors.linger),
            drops_per_minute: self.rate(visitors.drops_per_minute),
            away: self.spread(visitors.away),
            slow_pause: self.spread(visitors.slow_pause),
            ..visitors
        }
    }

    fn onlookers(self, onlookers: Onlookers) -> Onlookers {
        Onlookers { within_s: self.time(onlookers.within_s), ..onlookers }
    }

    fn operators(self, operators: Operators) -> Operators {
        Operators {
            accepts: self.spread(operators.accepts),
            thinks: self.spread(operators.thinks),
            typing: self.rate(operators.typing),
            drops_per_minute: self.rate(operators.drops_per_minute),
            away: self.spread(operators.away),
            ..operators
        }
    }

    fn storm(self, storm: Storm) -> Storm {
        Storm { at_s: self.time(storm.at_s), within_s: self.time(storm.within_s), ..storm }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Draw;

    #[test]
    fn as_many_come_in_less_time_at_the_same_places_of_it() {
        let moments = |scenario: &Scenario| -> Vec<u64> {
            let arrivals = &scenario.visitors[0].arrivals;
            arrivals.moments(Draw::new(3, 1), scenario.length_s).collect()
        };
        for name in ["day", "lunch-peak", "smoke", "burst"] {
            let scenario = Scenario::find(name).unwrap();
            let (once, faster) = (moments(&scenario), moments(&scenario.clone().faster(50.0)));
            assert_eq!(once.len(), faster.len(), "{name}");
            let apart = once.iter().zip(&faster).map(|(one, other)| (one / 50).abs_diff(*other));
            assert!(apart.max().unwrap() < 100, "{name}");
        }
    }

    #[test]
    fn everybody_takes_less_time() {
        let day = Scenario::find("day").unwrap().faster(100.0);
        assert_eq!(day.length_s, Seconds(864.0));
        assert!((day.operators[0].thinks.mean_s() - 0.08).abs() < 1e-9);
        assert!((day.visitors[0].patience.mean_s() - 1.8).abs() < 1e-9);
        assert!((day.visitors[0].typing.0 - 600.0).abs() < 1e-9);
    }
}
