//! When clients act: messages that were due are counted beside those that left, and the moments at which connections are
//! lost are drawn.

use super::World;
use crate::draw::Draw;
use crate::moment::Micros;
use crate::recorder::{Tally, Timing};

/// Counts a message that is due, whenever it leaves.
pub(super) fn count_due(world: &World, intended: Micros) {
    world.recorder.borrow_mut().due(world.second(intended));
}

/// Counts a message that leaves now.
pub(super) fn count_left(world: &World, intended: Micros, now: Micros) {
    /// What leaves later than this was held up by the tool itself, or by a connection that was gone.
    const LATE: Micros = 100_000;
    let mut recorder = world.recorder.borrow_mut();
    recorder.said(world.second(now));
    if now.saturating_sub(intended) > LATE {
        recorder.count(Tally::MessagesLate);
    }
    if intended >= world.warm.get() {
        recorder.time(Timing::Lateness, now.saturating_sub(intended));
    }
}

/// Counts a message that is due, and leaves now where its connection is there.
pub(super) fn count_said(world: &World, intended: Micros, now: Micros, left: bool) {
    count_due(world, intended);
    if left {
        count_left(world, intended, now);
    }
}

/// Moments at which a connection is lost, the last one first.
pub(super) fn drops(per_minute: f64, begin: Micros, end: Micros, mut draw: Draw) -> Vec<Micros> {
    let (mut at, mut drops) = (begin, Vec::new());
    if per_minute <= 0.0 {
        return drops;
    }
    loop {
        at += (draw.exponential(60.0 / per_minute) * 1e6) as Micros;
        if at >= end {
            break;
        }
        drops.push(at);
    }
    drops.reverse();
    drops
}
