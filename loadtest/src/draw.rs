//! Random numbers that a seed determines: each client of a run draws from a stream of its own, so that what one does
//! never changes what another draws.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream `number` of a seed.
    pub fn new(seed: u64, number: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number);
        Self(random)
    }

    /// A number from 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        // The upper 53 bits are as many as the number can hold.
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something happens that does so in this part of all cases.
    pub fn happens(&mut self, part: f64) -> bool {
        self.unit() < part
    }

    /// A whole number, both ends included.
    pub fn between(&mut self, least: u32, most: u32) -> u32 {
        least + (self.unit() * f64::from(most.saturating_sub(least).saturating_add(1))) as u32
    }

    /// Exponential, with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Normal, with mean 0 and deviation 1.
    pub fn normal(&mut self) -> f64 {
        let (radius, angle) = ((-2.0 * (1.0 - self.unit()).ln()).sqrt(), self.unit() * std::f64::consts::TAU);
        radius * angle.cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_again_and_another_stream_others() {
        let numbers = |stream| {
            let mut draw = Draw::new(7, stream);
            [draw.unit(), draw.unit()]
        };
        assert_eq!(numbers(1), numbers(1));
        assert_ne!(numbers(1), numbers(2));
    }

    #[test]
    fn means_are_what_was_asked_for() {
        let mut draw = Draw::new(1, 0);
        let mean = (0..20_000).map(|_| draw.exponential(5.0)).sum::<f64>() / 20_000.0;
        assert!((mean - 5.0).abs() < 0.15, "{mean}");
        let counts = (0..20_000).map(|_| f64::from(draw.between(2, 4))).sum::<f64>() / 20_000.0;
        assert!((counts - 3.0).abs() < 0.03, "{counts}");
    }
}
