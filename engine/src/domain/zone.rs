//! Time zones by their names in the IANA database, as people write them: what the account's clocks on the wall show, and
//! those of a group that has its own.

use std::fmt;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// What is expected of a zone that nobody knows.
pub const ZONE_EXPECTED: &str = "the name of a time zone, such as Europe/Zurich";

/// The name of a time zone, such as `Europe/Zurich`. One that is read may be unknown to this build, for zones come
/// and go: what is set is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Zone(String);

impl Zone {
    /// The zone of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether its clocks are known.
    pub fn is_known(&self) -> bool {
        self.clocks().is_ok()
    }

    /// Its clocks.
    pub(crate) fn clocks(&self) -> Result<TimeZone, jiff::Error> {
        TimeZone::get(&self.0)
    }
}

/// What an account has that sets nothing.
impl Default for Zone {
    fn default() -> Self {
        Self("UTC".to_owned())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Zone {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_of_the_database_are_known_and_nothing_else_is() {
        for known in ["UTC", "Europe/Zurich", "America/St_Johns", "Pacific/Kiritimati"] {
            assert!(Zone::from(known).is_known(), "{known}");
        }
        for unknown in ["", " ", "Europe/Atlantis", "+02:00", "Europe/Zurich ", "/etc/passwd", "../UTC"] {
            assert!(!Zone::from(unknown).is_known(), "{unknown}");
        }
        assert!(Zone::default().is_known());
    }
}
