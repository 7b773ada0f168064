//! Random numbers that a seed determines. Each client of a run draws from streams of its own, one for each purpose, so
//! that neither what others do nor the order in which things happen changes what is drawn. A stream is one number, for
//! there are several to a client and many thousands of clients.

/// A stream of random numbers: a counter that is mixed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Draw(u64);

/// The odd number next to 2^64 divided by the golden ratio: counters that rise by it visit every value.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// What a client draws numbers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// What is settled before it comes: patience, how many messages, which storms take it.
    Nature,
    /// Moments at which its connection is lost.
    Drops,
    /// Messages: how long, and how long after each other.
    Talk,
    /// How long it stays away when its connection is lost.
    Away,
    /// How long it reads nothing.
    Pauses,
    /// When it tries again where the server is gone.
    Retries,
    /// What an operator does with an offer.
    Offers,
    /// Whether an operator asks for colleagues.
    Colleagues,
}

impl Draw {
    /// The stream `number` of a seed.
    pub fn new(seed: u64, number: u64) -> Self {
        Self(mixed(seed.wrapping_add(STEP))).part(number)
    }

    /// A client's stream for one purpose; it does not matter what else was drawn.
    #[must_use]
    pub fn of(&self, purpose: Purpose) -> Self {
        self.part(purpose as u64)
    }

    /// The part of that number of a stream: as far from its other parts as from any other stream.
    #[must_use]
    pub fn part(&self, number: u64) -> Self {
        Self(mixed(self.0 ^ mixed(number.wrapping_mul(STEP).wrapping_add(STEP))))
    }

    /// A number from 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(STEP);
        // The upper 53 bits are as many as the number can hold.
        (mixed(self.0) >> 11) as f64 / (1_u64 << 53) as f64
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

/// Every bit of the value changes about half of the bits of what comes out.
fn mixed(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_again_and_another_stream_others() {
        let numbers = |seed, stream| {
            let mut draw = Draw::new(seed, stream);
            [draw.unit(), draw.unit()]
        };
        assert_eq!(numbers(7, 1), numbers(7, 1));
        assert_ne!(numbers(7, 1), numbers(7, 2));
        assert_ne!(numbers(7, 1), numbers(8, 1));
    }

    #[test]
    fn what_is_drawn_for_one_purpose_does_not_depend_on_what_was_drawn_for_another() {
        let client = Draw::new(7, 1);
        let mut talk = client.of(Purpose::Talk);
        let alone = [talk.unit(), talk.unit()];
        let (mut talk, mut away) = (client.of(Purpose::Talk), client.of(Purpose::Away));
        let between = [talk.unit(), (away.unit(), away.unit(), talk.unit()).2];
        assert_eq!(alone, between);
        assert_ne!(alone[0], client.of(Purpose::Away).unit());
    }

    #[test]
    fn means_are_what_was_asked_for() {
        let mut draw = Draw::new(1, 0);
        let mean = (0..20_000).map(|_| draw.exponential(5.0)).sum::<f64>() / 20_000.0;
        assert!((mean - 5.0).abs() < 0.15, "{mean}");
        let counts = (0..20_000).map(|_| f64::from(draw.between(2, 4))).sum::<f64>() / 20_000.0;
        assert!((counts - 3.0).abs() < 0.03, "{counts}");
        // The first number of each stream is as much by chance as those of one stream.
        let firsts = (0..20_000).map(|stream| Draw::new(1, stream).unit()).sum::<f64>() / 20_000.0;
        assert!((firsts - 0.5).abs() < 0.01, "{firsts}");
    }
}
