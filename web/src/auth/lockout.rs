//! The pause after wrong passwords, counted by the address people sign in with and by the network address they
//! come from: the first stops guessing at one person, the second guessing at all of them.

use std::time::Duration;

use engine::domain::limits::{SIGN_IN_PAUSE, SIGN_IN_TRIES, SIGN_IN_TRIES_PER_ADDRESS};
use engine::domain::time::Timestamp;
use engine::ports::staff::Failures;
use engine::ports::store::{SharedStore, StoreError};

use crate::error::Problem;

/// The two counts that one try belongs to. An address that nobody has is counted like any other, and one that several
/// accounts know once for all of them: the answers do not tell which there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    person: String,
    network: String,
}

impl Counts {
    /// The counts of a try with that e-mail address from that network address.
    pub fn new(email: &str, network: &str) -> Self {
        Self { person: format!("email:{}", email.to_lowercase()), network: format!("address:{network}") }
    }

    /// Whether a try is allowed now.
    ///
    /// # Errors
    /// `rate_limited` during a pause.
    pub async fn check(&self, store: &SharedStore, now: Timestamp) -> Result<(), Problem> {
        for key in [&self.person, &self.network] {
            if let Some(pause) = pause(store.failures(key).await?, now) {
                return Err(paused(pause));
            }
        }
        Ok(())
    }

    /// Counts a wrong password; what to answer.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn wrong(&self, store: &SharedStore, now: Timestamp) -> Result<Problem, StoreError> {
        let network = store.count_failure(&self.network, now, SIGN_IN_TRIES_PER_ADDRESS, SIGN_IN_PAUSE).await?;
        let person = store.count_failure(&self.person, now, SIGN_IN_TRIES, SIGN_IN_PAUSE).await?;
        if let Some(pause) = pause(person, now).or(pause(network, now)) {
            return Ok(paused(pause));
        }
        let left = SIGN_IN_TRIES.saturating_sub(person.count);
        let tries = if left == 1 { "try" } else { "tries" };
        Ok(Problem::unauthorized(format!("wrong e-mail address or password; {left} {tries} left")))
    }

    /// The password was right: the person's count begins anew, the network's does not, or one right password would
    /// wash off forty-nine wrong ones. Nor does the person's where accounts share the address, for whoever knows the
    /// password of one could go on guessing at the other's.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn right(&self, store: &SharedStore, accounts: usize) -> Result<(), StoreError> {
        if accounts > 1 {
            return Ok(());
        }
        store.clear_failures(&self.person).await
    }
}

fn pause(failures: Failures, now: Timestamp) -> Option<Duration> {
    failures.until.map(|until| until.since(now)).filter(|pause| !pause.is_zero())
}

fn paused(pause: Duration) -> Problem {
    let minutes = pause.as_secs().div_ceil(60);
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    Problem::rate_limited(pause, format!("too many wrong passwords, no tries left; again in {minutes} {unit}"))
}
