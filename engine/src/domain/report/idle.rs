//! How the idle times of many chats are spread, by the steps that each chat counts by.

use serde::Serialize;

use crate::domain::chat::{IdleSpread, STEPS};
use crate::domain::limits::IDLE_STEPS_MS;

/// Idle times by step, of many chats.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct IdleSteps([u64; STEPS]);

impl IdleSteps {
    /// Adds those of a chat.
    pub fn add(&mut self, chat: &IdleSpread) {
        for (sum, count) in self.0.iter_mut().zip(chat.0) {
            *sum += u64::from(count);
        }
    }

    /// How they are spread; `None` where there are none.
    pub fn figures(&self) -> Option<IdleFigures> {
        let all: u64 = self.0.iter().sum();
        let not_exceeded = |percent: u64| {
            let rank = (all * percent).div_ceil(100).max(1);
            let mut below = 0;
            let step = self.0.iter().position(|count| {
                below += count;
                below >= rank
            });
            Some(*IDLE_STEPS_MS.get(step?)? as f64 / 1000.0)
        };
        let figures = || IdleFigures { p50: not_exceeded(50), p90: not_exceeded(90), p99: not_exceeded(99) };
        (all > 0).then(figures)
    }
}

/// What a part of idle times does not exceed, in seconds; `None` is beyond the last step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct IdleFigures {
    /// Half of them.
    pub p50: Option<f64>,
    /// Nine of ten.
    pub p90: Option<f64>,
    /// 99 of 100.
    pub p99: Option<f64>,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::chat::Replies;

    #[test]
    fn the_spread_of_many_chats_is_told_by_its_steps() {
        let mut steps = IdleSteps::default();
        assert_eq!(steps.figures(), None);
        for seconds in [vec![4; 60], vec![45; 35], vec![7_200; 5]] {
            let mut replies = Replies::default();
            seconds.into_iter().for_each(|seconds| replies.count_one(Duration::from_secs(seconds)));
            steps.add(&replies.spread);
        }
        let figures = IdleFigures { p50: Some(5.0), p90: Some(60.0), p99: None };
        assert_eq!(steps.figures(), Some(figures), "60 within 5 s, 95 within a minute, the rest beyond an hour");
    }
}
