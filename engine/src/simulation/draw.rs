//! Random numbers: a stream for each concern, so that one more decision of an operator moves no arrival. All streams
//! of a replication come from one key and differ by their number; replications differ by their key.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::simulation::scenario::Spread;

/// What a stream is for.
#[derive(Debug, Clone, Copy)]
pub enum Concern {
    /// When visitors of a group come.
    Arrivals = 0,
    /// How long they wait for an answer.
    Patience = 1,
    /// How long their chats take.
    Handling = 2,
    /// What operators of a crew do when it rings.
    Answers = 3,
    /// When within a burst visitors of a group come.
    Bursts = 4,
    /// What visitors of a group ask for.
    Kinds = 5,
}

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of a concern of the group or crew with that index.
    pub fn new(seed: u64, replication: u32, concern: Concern, index: usize) -> Self {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..12].copy_from_slice(&replication.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(((concern as u64) << 32) | index as u64);
        Self(rng)
    }

    /// Between 0 and 1, never either.
    pub fn unit(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
        ((self.0.next_u64() >> 11) as f64 + 0.5) * STEP
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -libm::log(self.unit())
    }

    /// Normal with mean 0 and variance 1, by Box and Muller; two numbers of the stream for each.
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(2.0 * self.exponential());
        radius * libm::cos(2.0 * std::f64::consts::PI * self.unit())
    }

    /// Seconds of that distribution.
    pub fn seconds(&mut self, spread: &Spread) -> f64 {
        match *spread {
            Spread::Exponential { mean_s } => mean_s * self.exponential(),
            Spread::Lognormal { mean_s, cv } => {
                let variance = libm::log1p(cv * cv);
                mean_s * libm::exp(libm::sqrt(variance) * self.normal() - variance / 2.0)
            }
            Spread::Fixed { s } => s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(replication: u32, concern: Concern, index: usize) -> Stream {
        Stream::new(7, replication, concern, index)
    }

    #[test]
    fn streams_differ_by_concern_index_and_replication_and_repeat_themselves() {
        let first = |mut stream: Stream| stream.0.next_u64();
        let mut seen = std::collections::BTreeSet::new();
        for concern in [Concern::Arrivals, Concern::Patience, Concern::Handling, Concern::Answers, Concern::Bursts] {
            for (replication, index) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                assert_eq!(first(stream(replication, concern, index)), first(stream(replication, concern, index)));
                assert!(seen.insert(first(stream(replication, concern, index))));
            }
        }
    }

    #[test]
    fn means_and_variances_are_those_of_the_distributions() {
        let expected = [
            (Spread::Exponential { mean_s: 300.0 }, 300.0, 300.0),
            (Spread::Lognormal { mean_s: 300.0, cv: 0.5 }, 300.0, 150.0),
            (Spread::Fixed { s: 300.0 }, 300.0, 0.0),
        ];
        const TIMES: usize = 100_000;
        for (n, (spread, mean, deviation)) in expected.into_iter().enumerate() {
            let mut stream = stream(0, Concern::Handling, n);
            let drawn: Vec<f64> = (0..TIMES).map(|_| stream.seconds(&spread)).collect();
            let found = drawn.iter().sum::<f64>() / TIMES as f64;
            let variance = drawn.iter().map(|one| (one - found) * (one - found)).sum::<f64>() / TIMES as f64;
            assert!((found - mean).abs() <= 4.0 * deviation / (TIMES as f64).sqrt(), "{spread:?}: mean {found}");
            assert!((variance.sqrt() - deviation).abs() <= 0.03 * deviation, "{spread:?}: {}", variance.sqrt());
        }
    }
}
