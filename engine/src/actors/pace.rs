//! How fast commands may be sent, and what waits after one was too many.
//!
//! A visitor has one budget, however many tabs they open on a node; an operator's windows have one each. What is refused
//! has a budget of its own: past it the socket is not read for a while, so that nobody can have the server busy with
//! saying no, and nothing that was sent is lost.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, NotUntil, Quota, RateLimiter};

use crate::actors::connection::Later;
use crate::domain::ids::{ChatId, CommandId};
use crate::domain::limits::{REFUSED_FRAMES_BURST, REFUSED_FRAMES_PER_SECOND};
use crate::protocol::error::{Code, Failure};

/// Commands a second on average, and at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// On average, a second.
    pub per_second: u32,
    /// At once.
    pub burst: u32,
}

/// What may be sent by all connections that share it.
#[derive(Debug)]
pub struct Budget {
    commands: DefaultDirectRateLimiter,
    refused: DefaultDirectRateLimiter,
}

impl Budget {
    /// One of which nothing is spent.
    pub fn new(rate: Rate) -> Self {
        let limiter = |rate: Rate| {
            let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
            let quota = Quota::per_second(at_least_one(rate.per_second)).allow_burst(at_least_one(rate.burst));
            RateLimiter::direct(quota)
        };
        let refused = Rate { per_second: REFUSED_FRAMES_PER_SECOND, burst: REFUSED_FRAMES_BURST };
        Self { commands: limiter(rate), refused: limiter(refused) }
    }
}

/// The pace of one connection.
pub struct Pace {
    budget: Arc<Budget>,
    clock: DefaultClock,
    /// For each chat, the command that must be sent again before others, and what it was answered.
    blocked: Vec<(Option<ChatId>, CommandId, Failure)>,
}

impl Pace {
    /// A connection that has sent nothing.
    pub fn new(budget: Arc<Budget>) -> Self {
        Self { budget, clock: DefaultClock::default(), blocked: Vec::new() }
    }

    /// A frame was refused, or dropped: what is to be waited for before the next one is read, if anything is.
    pub fn refused<T: Default + 'static>(&self) -> Option<Later<T>> {
        let mut early = self.budget.refused.check().err()?;
        let (budget, clock) = (Arc::clone(&self.budget), self.clock.clone());
        Some(Box::pin(async move {
            // Other tabs spend of the same: whoever comes too late waits for the next.
            loop {
                actix::clock::sleep(early.wait_time_from(clock.now())).await;
                match budget.refused.check() {
                    Ok(()) => return T::default(),
                    Err(later) => early = later,
                }
            }
        }))
    }

    /// Whether a frame that is no command may pass; hints over the rate are dropped.
    pub fn hint(&self) -> bool {
        self.budget.commands.check().is_ok()
    }

    /// Whether a question may pass, which is no command either, but whose answer is waited for.
    ///
    /// # Errors
    /// `rate_limited`; it blocks nothing.
    pub fn question(&self) -> Result<(), Failure> {
        self.budget
            .commands
            .check()
            .map_err(|early| self.too_many(&early, "too many frames: send it again after the wait"))
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
        match self.budget.commands.check() {
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
    use std::time::{Duration, Instant};

    use super::*;

    fn id(text: &str) -> CommandId {
        text.parse().unwrap()
    }

    fn pace(rate: Rate) -> Pace {
        Pace::new(Arc::new(Budget::new(rate)))
    }

    #[test]
    fn after_one_too_many_the_others_wait_until_it_was_sent_again() {
        let mut pace = pace(Rate { per_second: 50, burst: 2 });
        assert!(pace.command(None, &id("a")).is_ok());
        assert!(pace.command(None, &id("b")).is_ok());
        let failure = pace.command(None, &id("c")).unwrap_err();
        assert_eq!(failure.code, Code::RateLimited);
        std::thread::sleep(Duration::from_millis(failure.retry_after_ms.unwrap() + 20));
        assert_eq!(pace.command(None, &id("d")).unwrap_err().code, Code::RateLimited, "d must not overtake c");
        assert!(pace.command(None, &id("c")).is_ok());
        std::thread::sleep(Duration::from_millis(40));
        assert!(pace.command(None, &id("d")).is_ok());
    }

    #[test]
    fn a_question_that_comes_too_early_is_told_when_to_come_again_and_holds_up_nothing() {
        let mut pace = pace(Rate { per_second: 50, burst: 1 });
        assert!(pace.question().is_ok());
        let failure = pace.question().unwrap_err();
        assert_eq!(failure.code, Code::RateLimited);
        std::thread::sleep(Duration::from_millis(failure.retry_after_ms.unwrap() + 20));
        assert!(pace.command(None, &id("a")).is_ok(), "nothing waits for the question");
        std::thread::sleep(Duration::from_millis(40));
        assert!(pace.question().is_ok());
    }
    #[test]
    fn tabs_share_what_their_visitor_may_send() {
        let budget = Arc::new(Budget::new(Rate { per_second: 1, burst: 4 }));
        let mut tabs: Vec<Pace> = (0..3).map(|_| Pace::new(Arc::clone(&budget))).collect();
        let passed =
            |tab: &mut Pace| (0..4).filter(|number| tab.command(None, &id(&format!("c-{number}"))).is_ok()).count();
        assert_eq!(tabs.iter_mut().map(passed).sum::<usize>(), 4);
    }

    #[tokio::test]
    async fn whoever_is_refused_too_often_is_read_no_faster_than_that() {
        let pace = pace(Rate { per_second: 1, burst: 1 });
        let held_up = (0..REFUSED_FRAMES_BURST).filter(|_| pace.refused::<()>().is_some()).count();
        assert_eq!(held_up, 0);
        let begun = Instant::now();
        for _ in 0..20 {
            if let Some(room) = pace.refused::<()>() {
                room.await;
            }
        }
        let least = Duration::from_secs(19) / REFUSED_FRAMES_PER_SECOND;
        assert!(begun.elapsed() >= least, "{:?}", begun.elapsed());
        assert!(pace.question().is_ok(), "commands are counted apart");
    }
}
