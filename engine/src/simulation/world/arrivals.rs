//! The moments at which a group's visitors come, one after another.

use crate::domain::time::Timestamp;
use crate::simulation::draw::Stream;
use crate::simulation::scenario::{Arrivals, Group};
use crate::simulation::world::moment;

/// See the module.
pub struct Comings {
    arrivals: Arrivals,
    stream: Stream,
    /// Seconds of the last visitor outside bursts.
    last_s: f64,
    /// Seconds after which nobody comes.
    until_s: f64,
    /// The next one outside bursts.
    next_s: Option<f64>,
    /// Those of bursts, the last first.
    bursts: Vec<f64>,
}

impl Comings {
    /// All visitors of a group.
    pub fn new(group: &Group, until_s: f64, stream: Stream, mut in_bursts: Stream) -> Self {
        let mut bursts = Vec::new();
        for burst in &group.bursts {
            bursts.extend((0..burst.chats).map(|_| burst.at_s + burst.within_s * in_bursts.unit()));
        }
        bursts.retain(|at| *at < until_s);
        bursts.sort_by(|one, other| other.total_cmp(one));
        let mut comings = Self { arrivals: group.arrivals.clone(), stream, last_s: 0.0, until_s, next_s: None, bursts };
        comings.next_s = comings.after_last();
        comings
    }

    /// When the next one comes.
    pub fn next(&mut self) -> Option<Timestamp> {
        let burst_s = self.bursts.last().copied();
        let at_s = match (self.next_s, burst_s) {
            (Some(next), Some(burst)) if burst < next => self.bursts.pop(),
            (None, Some(_)) => self.bursts.pop(),
            (next, _) => {
                self.last_s = next?;
                self.next_s = self.after_last();
                next
            }
        };
        at_s.map(moment)
    }

    fn after_last(&mut self) -> Option<f64> {
        let next_s = match &self.arrivals {
            Arrivals::None => f64::INFINITY,
            Arrivals::Constant { per_hour } => self.last_s + 3600.0 / per_hour,
            Arrivals::Poisson { per_hour } => self.last_s + 3600.0 / per_hour * self.stream.exponential(),
            Arrivals::Profile { step_s, per_hour } => {
                let needed = self.stream.exponential();
                after_work(self.last_s, needed, *step_s, per_hour, self.until_s)
            }
        };
        (next_s < self.until_s).then_some(next_s)
    }
}

/// When a rate that changes step by step has brought what is needed: a Poisson process whose rate changes with time is
/// one of rate 1 on the clock that runs as fast as the rate.
fn after_work(from_s: f64, mut needed: f64, step_s: f64, per_hour: &[f64], until_s: f64) -> f64 {
    let (mut at, mut step) = (from_s, (from_s / step_s).floor());
    while at < until_s {
        let rate = per_hour[(step as usize) % per_hour.len()] / 3600.0;
        let end = (step + 1.0) * step_s;
        let brought = rate * (end - at).max(0.0);
        if brought > needed {
            return at + needed / rate;
        }
        needed -= brought;
        (at, step) = (end, step + 1.0);
    }
    f64::INFINITY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_brings_its_visitors_where_the_rate_is_and_begins_anew_after_its_last_step() {
        assert_eq!(after_work(0.0, 0.5, 100.0, &[0.0, 36.0], 1e6), 150.0);
        assert_eq!(after_work(150.0, 1.0, 100.0, &[0.0, 36.0], 1e6), 350.0);
        assert_eq!(after_work(0.0, 1.0, 100.0, &[0.0], 1e6), f64::INFINITY);
    }
}
