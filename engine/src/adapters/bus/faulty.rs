//! A bus that keeps no more than a bus must: it drops, doubles, delays and so reorders what is sent, as a seed says,
//! and it can be cut. For tests of those who use it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use crate::domain::ids::NodeId;
use crate::ports::bus::{Bus, Inbox, SharedBus};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// Of a hundred envelopes, how many are dropped.
    pub dropped: u64,
    /// Of a hundred, how many come twice.
    pub doubled: u64,
    /// How late an envelope may be; each is late by its own time.
    pub delayed: Duration,
}

/// See the module.
pub struct Faulty {
    bus: SharedBus,
    faults: Faults,
    dice: AtomicU64,
    cut: AtomicBool,
    was_cut: AtomicBool,
    sent: AtomicU64,
}

impl Faulty {
    /// That bus, made bad; the same seed decides the same.
    pub fn new(bus: SharedBus, faults: Faults, seed: u64) -> Self {
        let (cut, was_cut) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { bus, faults, dice: AtomicU64::new(seed), cut, was_cut, sent: AtomicU64::new(0) }
    }

    /// From now on nothing leaves this node; `false` joins it again.
    pub fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
        self.was_cut.fetch_or(cut, Ordering::SeqCst);
    }

    /// Whether all that was sent so far came, once, in order and without delay.
    pub fn was_good(&self) -> bool {
        let Faults { dropped, doubled, delayed } = self.faults;
        dropped == 0 && doubled == 0 && delayed.is_zero() && !self.was_cut.load(Ordering::SeqCst)
    }

    /// How many envelopes this node has sent.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    /// A number from 0 to 99, and another one below `up_to`.
    fn roll(&self, up_to: u64) -> (u64, u64) {
        // Splitmix64: enough for dice, and the same everywhere.
        let mut z = self.dice.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z % 100, (z >> 32) % up_to.max(1))
    }
}

impl Bus for std::sync::Arc<Faulty> {
    fn nodes(&self) -> Vec<NodeId> {
        self.bus.nodes()
    }

    fn send(&self, to: &NodeId, envelope: Bytes) {
        self.sent.fetch_add(1, Ordering::SeqCst);
        if self.cut.load(Ordering::SeqCst) || self.roll(1).0 < self.faults.dropped {
            return;
        }
        let times = if self.roll(1).0 < self.faults.doubled { 2 } else { 1 };
        for _ in 0..times {
            let late = self.roll(u64::try_from(self.faults.delayed.as_micros()).unwrap_or(u64::MAX)).1;
            let (faulty, to, envelope) = (Self::clone(self), to.clone(), envelope.clone());
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_micros(late)).await;
                if !faulty.cut.load(Ordering::SeqCst) {
                    faulty.bus.send(&to, envelope);
                }
            });
        }
    }

    fn inbox(&self) -> Option<Inbox> {
        self.bus.inbox()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::adapters::bus::InProcess;

    #[tokio::test]
    async fn it_drops_doubles_and_reorders_about_as_often_as_told() {
        let place = InProcess::default();
        let faults = Faults { dropped: 30, doubled: 20, delayed: Duration::from_millis(200) };
        let one = Arc::new(Faulty::new(Arc::new(place.attach(&"one".parse().unwrap())), faults, 1));
        let mut inbox = place.attach(&"two".parse().unwrap()).inbox().unwrap();
        for number in 0..1000_u32 {
            one.send(&"two".parse().unwrap(), Bytes::copy_from_slice(&number.to_be_bytes()));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut got = Vec::new();
        while let Ok(envelope) = inbox.try_recv() {
            got.push(u32::from_be_bytes(envelope[..].try_into().unwrap()));
        }
        let sorted = got.is_sorted();
        let all = got.len();
        got.sort_unstable();
        got.dedup();
        assert!((600..800).contains(&got.len()), "{} of 1000 came", got.len());
        assert!((50..250).contains(&(all - got.len())), "{} came twice", all - got.len());
        assert!(!sorted);
        one.cut(true);
        one.send(&"two".parse().unwrap(), Bytes::from_static(b"lost"));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(inbox.try_recv().is_err());
    }

    #[test]
    fn it_was_good_unless_something_may_have_been_lost_or_late() {
        let place = InProcess::default();
        let bus = |dropped, doubled, delayed| {
            let faults = Faults { dropped, doubled, delayed };
            Faulty::new(Arc::new(place.attach(&"one".parse().unwrap())), faults, 1)
        };
        assert!(!bus(1, 0, Duration::ZERO).was_good());
        assert!(!bus(0, 1, Duration::ZERO).was_good());
        assert!(!bus(0, 0, Duration::from_millis(1)).was_good());
        let good = bus(0, 0, Duration::ZERO);
        assert!(good.was_good());
        good.cut(true);
        good.cut(false);
        assert!(!good.was_good(), "it was cut once");
    }
}
