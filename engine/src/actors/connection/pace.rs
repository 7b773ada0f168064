//! How fast one connection may send commands, and what waits after one was too many.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, NotUntil, Quota, RateLimiter};

use crate::domain::ids::{ChatId, CommandId};
use crate::protocol::error::{Code, Failure};

/// Commands a second on average, and at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// On average, a second.
    pub per_second: u32,
    /// At once.
    pub burst: u32,
}

/// The pace of one connection.
pub struct Pace {
    limiter: DefaultDirectRateLimiter,
    clock: DefaultClock,
    /// For each chat, the command that must be sent again before others, and what it was answered.
    blocked: Vec<(Option<ChatId>, CommandId, Failure)>,
}

impl Pace {
    /// A connection that has sent nothing.
    pub fn new(rate: Rate) -> Self {
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(rate.per_second)).allow_burst(at_least_one(rate.burst));
        Self { limiter: RateLimiter::direct(quota), clock: DefaultClock::default(), blocked: Vec::new() }
    }

    /// Whether a frame that is no command may pass; hints over the rate are dropped.
    pub fn hint(&self) -> bool {
        self.limiter.check().is_ok()
    }

    /// Whether a question may pass, which is no command either, but whose answer is waited for.
    ///
    /// # Errors
    /// `rate_limited`; it blocks nothing.
    pub fn question(&self) -> Result<(), Failure> {
        self.limiter.check().map_err(|early| self.too_many(&early, "too many frames: ask again after the wait"))
    }

    /// Whether a command may pass now.
    ///
    /// # Errors
    /// `rate_limited`; and whatever an earlier command for the chat was refused with, until that one was sent again.
    pub fn command(&mut self, chat: Option<ChatId>, id: &CommandId) -> Result<(), Failure> {
        let blocked = self.blocked.iter().position(|(of, _, _)| *of == chat);
        if let Some((_, first, failure)) = blocked.map(|at| &self.blocked[at])
            && first != id
        {
            return Err(failure.clone());
        }
        match self.limiter.check() {
            Ok(()) => {
                blocked.map(|at| self.blocked.remove(at));
                Ok(())
            }
            Err(early) => {
                let words = "too many commands: send this one again after the wait, then the others";
                let failure = self.too_many(&early, words);
                self.block(chat, id.clone(), failure.clone());
                Err(failure)
            }
        }
    }

    fn too_many(&self, early: &NotUntil<<DefaultClock as Clock>::Instant>, words: &str) -> Failure {
        let wait = early.wait_time_from(self.clock.now()).as_millis();
        let retry_after_ms = Some(u64::try_from(wait).unwrap_or(u64::MAX).max(1));
        Failure { retry_after_ms, ..Failure::new(Code::RateLimited, words) }
    }

    /// A command was refused and its fate is open: later ones for the chat wait.
    pub fn block(&mut self, chat: Option<ChatId>, id: CommandId, failure: Failure) {
        if !self.blocked.iter().any(|(of, _, _)| *of == chat) {
            if self.blocked.len() == BLOCKED_MAX {
                self.blocked.remove(0);
            }
            self.blocked.push((chat, id, failure));
        }
    }
}

/// Chats of one connection that may be blocked at once.
const BLOCKED_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> CommandId {
        text.parse().unwrap()
    }

    #[test]
    fn after_one_too_many_the_others_wait_until_it_was_sent_again() {
        let mut pace = Pace::new(Rate { per_second: 50, burst: 2 });
        assert!(pace.command(None, &id("a")).is_ok());
        assert!(pace.command(None, &id("b")).is_ok());
        let failure = pace.command(None, &id("c")).unwrap_err();
        assert_eq!(failure.code, Code::RateLimited);
        std::thread::sleep(std::time::Duration::from_millis(failure.retry_after_ms.unwrap() + 20));
        assert_eq!(pace.command(None, &id("d")).unwrap_err().code, Code::RateLimited, "d must not overtake c");
        assert!(pace.command(None, &id("c")).is_ok());
        std::thread::sleep(std::time::Duration::from_millis(40));
        assert!(pace.command(None, &id("d")).is_ok());
    }

    #[test]
    fn a_question_that_comes_too_early_is_told_when_to_come_again_and_holds_up_nothing() {
        let mut pace = Pace::new(Rate { per_second: 50, burst: 1 });
        assert!(pace.question().is_ok());
        let failure = pace.question().unwrap_err();
        assert_eq!(failure.code, Code::RateLimited);
        std::thread::sleep(std::time::Duration::from_millis(failure.retry_after_ms.unwrap() + 20));
        assert!(pace.command(None, &id("a")).is_ok(), "nothing waits for the question");
        std::thread::sleep(std::time::Duration::from_millis(40));
        assert!(pace.question().is_ok());
    }
}
