//! What an account sets of its operators' presence: when they are away by themselves, and how long a lost connection
//! may take to come back.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::group::BadSetting;
use crate::domain::limits::{AWAY_AFTER_S, OPERATOR_GRACE, OPERATOR_GRACE_S};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceRules {
    /// Who does nothing for so many seconds is away; none: nobody is by themselves.
    pub away_after_s: Option<u32>,
    /// Who loses the last window keeps status and chats for so many seconds.
    pub grace_s: u32,
}

impl Default for PresenceRules {
    fn default() -> Self {
        Self { away_after_s: None, grace_s: OPERATOR_GRACE.as_secs() as u32 }
    }
}

impl PresenceRules {
    /// After so long without any doing an operator is away.
    pub fn away_after(&self) -> Option<Duration> {
        self.away_after_s.map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// So long a lost connection may take to come back.
    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.grace_s.into())
    }

    /// # Errors
    /// The first field that cannot be so.
    pub fn check(&self) -> Result<(), BadSetting> {
        if let Some(seconds) = self.away_after_s {
            within("away_after_s", seconds, &AWAY_AFTER_S)?;
        }
        within("grace_s", self.grace_s, &OPERATOR_GRACE_S)
    }
}

fn within(field: &str, seconds: u32, range: &RangeInclusive<u32>) -> Result<(), BadSetting> {
    if range.contains(&seconds) {
        return Ok(());
    }
    let words = format!("{} to {} seconds", range.start(), range.end());
    Err(BadSetting { field: field.to_owned(), expected: words })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_make_no_sense_are_named() {
        let usual = PresenceRules::default();
        assert_eq!(usual.check(), Ok(()));
        let bad = |rules: PresenceRules| rules.check().map_err(|bad| bad.field);
        assert_eq!(bad(PresenceRules { away_after_s: Some(0), ..usual }), Err("away_after_s".into()));
        assert_eq!(bad(PresenceRules { away_after_s: Some(u32::MAX), ..usual }), Err("away_after_s".into()));
        assert_eq!(bad(PresenceRules { grace_s: 0, ..usual }), Err("grace_s".into()));
        assert_eq!(bad(PresenceRules { grace_s: 86_400, ..usual }), Err("grace_s".into()));
        assert_eq!(bad(PresenceRules { away_after_s: Some(10), grace_s: 5 }), Ok(()));
    }
}
