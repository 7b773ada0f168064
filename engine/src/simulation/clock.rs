//! What will happen, in the order in which it will. Two things at one moment happen in the order in which they were
//! planned, so that nothing depends on the inside of a heap.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::domain::time::Timestamp;

/// See the module.
#[derive(Debug)]
pub struct Clock<E> {
    heap: BinaryHeap<Reverse<Planned<E>>>,
    planned: u64,
}

#[derive(Debug)]
struct Planned<E> {
    at: Timestamp,
    order: u64,
    what: E,
}

impl<E> Default for Clock<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), planned: 0 }
    }
}

impl<E> Clock<E> {
    /// Plans something.
    pub fn plan(&mut self, at: Timestamp, what: E) {
        self.planned += 1;
        self.heap.push(Reverse(Planned { at, order: self.planned, what }));
    }

    /// What happens next, and when.
    pub fn next(&mut self) -> Option<(Timestamp, E)> {
        self.heap.pop().map(|Reverse(next)| (next.at, next.what))
    }
}

impl<E> Ord for Planned<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl<E> PartialOrd for Planned<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Planned<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<E> Eq for Planned<E> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_of_one_moment_happen_in_the_order_in_which_they_were_planned() {
        let mut clock = Clock::default();
        for n in 0..100 {
            clock.plan(Timestamp::from_millis(n % 3), n);
        }
        let happened: Vec<i64> = std::iter::from_fn(|| clock.next()).map(|(_, n)| n).collect();
        let expected: Vec<i64> = (0..3).flat_map(|rest| (0..100).filter(move |n| n % 3 == rest)).collect();
        assert_eq!(happened, expected);
    }
}
