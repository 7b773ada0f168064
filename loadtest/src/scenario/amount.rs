//! Numbers of a scenario, each within what makes sense: a value that exists is right, and one that is not is answered
//! with the right form at its line.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use toml::Value;

/// Seconds of any length in a scenario, at most: a week.
pub(super) const SECONDS_MAX: f64 = 604_800.0;
/// Clients of one entry, at most: what the file limits of some dozen worker processes allow.
const COUNT_MAX: u32 = 1_000_000;
/// The highest rate: more than a machine can send.
const RATE_MAX: f64 = 1_000_000.0;
/// Characters of a message, at most (the server's own limit).
const CHARACTERS_MAX: u32 = 10_000;
/// Characters of a message, at least: what makes it known again takes as many.
const CHARACTERS_MIN: u32 = 40;
/// CPU time of a message, at most, in microseconds: a second.
const CPU_US_MAX: f64 = 1_000_000.0;
/// Memory, at most, in MiB: a TiB, more than a machine for load tests has.
const MIB_MAX: f64 = 1_048_576.0;

/// Seconds, 0 to a week.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Seconds(pub f64);

/// A part of something, 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Part(pub f64);

/// How often, per whatever the field's name says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Rate(pub f64);

/// CPU time, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct CpuMicros(pub f64);

/// Memory, in MiB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Mebibytes(pub f64);

/// How many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count(pub u32);

/// Characters of a message, each number from least to most as likely as any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Size {
    /// At least.
    pub least: u32,
    /// At most.
    pub most: u32,
}

impl Seconds {
    /// What is written, or what is expected in its place.
    pub(super) fn of(value: &Value) -> Result<Self, String> {
        within(value, SECONDS_MAX, "0 to 604800 seconds (a week)").map(Self)
    }

    /// The same in microseconds.
    pub fn micros(self) -> u64 {
        (self.0 * 1e6) as u64
    }
}

impl Rate {
    /// What is written, or what is expected in its place.
    pub(super) fn of(value: &Value) -> Result<Self, String> {
        within(value, RATE_MAX, "a rate from 0 to 1000000").map(Self)
    }
}

impl Count {
    /// What is written, or what is expected in its place.
    pub(super) fn of(value: &Value) -> Result<Self, String> {
        let count = value.as_integer().and_then(|count| u32::try_from(count).ok()).filter(|count| *count <= COUNT_MAX);
        count.map(Self).ok_or_else(|| wrong(&format!("a number from 0 to {COUNT_MAX}"), value))
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        within(&Value::deserialize(deserializer)?, 1.0, "a part from 0 to 1").map(Self).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for CpuMicros {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        within(&value, CPU_US_MAX, "0 to 1000000 microseconds (a second)").map(Self).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Mebibytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        within(&value, MIB_MAX, "0 to 1048576 MiB (a TiB)").map(Self).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            least: u32,
            most: u32,
        }
        let Written { least, most } = Written::deserialize(deserializer)?;
        if least < CHARACTERS_MIN || most > CHARACTERS_MAX || least > most {
            let right = format!("expected {CHARACTERS_MIN} <= least <= most <= {CHARACTERS_MAX} characters");
            return Err(D::Error::custom(format!("{right}, got {least} and {most}")));
        }
        Ok(Self { least, most })
    }
}

fn within(value: &Value, most: f64, right: &str) -> Result<f64, String> {
    let number = value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64));
    number.filter(|number| (0.0..=most).contains(number)).ok_or_else(|| wrong(right, value))
}

fn wrong(right: &str, got: &Value) -> String {
    format!("expected {right}, got {got}")
}
