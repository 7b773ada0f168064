//! Lengths of time and numbers by chance. What a scenario's text may say of them is looked at in [`super::kinds`].

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Rate, Seconds};
use crate::draw::Draw;

/// A length of time by chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Spread {
    /// Without memory: many short ones, few long ones.
    Exponential {
        /// Its mean.
        mean_s: Seconds,
    },
    /// Few very short ones, few very long ones.
    Lognormal {
        /// Its mean.
        mean_s: Seconds,
        /// Its standard deviation divided by its mean.
        cv: Rate,
    },
    /// All between two ends alike.
    Uniform {
        /// The shortest; no longer than the longest.
        least_s: Seconds,
        /// The longest.
        most_s: Seconds,
    },
    /// Always the same.
    Fixed {
        /// How long.
        s: Seconds,
    },
}

impl Spread {
    /// Its mean, in seconds.
    pub fn mean_s(&self) -> f64 {
        match self {
            Self::Exponential { mean_s } | Self::Lognormal { mean_s, .. } => mean_s.0,
            Self::Uniform { least_s, most_s } => f64::midpoint(least_s.0, most_s.0),
            Self::Fixed { s } => s.0,
        }
    }

    /// A length of time, in microseconds.
    pub fn micros(&self, draw: &mut Draw) -> u64 {
        let seconds = match self {
            Self::Exponential { mean_s } => draw.exponential(mean_s.0),
            Self::Lognormal { mean_s, cv } => {
                let variance = (1.0 + cv.0 * cv.0).ln();
                (mean_s.0.max(f64::MIN_POSITIVE).ln() - variance / 2.0 + variance.sqrt() * draw.normal()).exp()
            }
            Self::Uniform { least_s, most_s } => least_s.0 + draw.unit() * (most_s.0 - least_s.0),
            Self::Fixed { s } => s.0,
        };
        (seconds * 1e6) as u64
    }
}

/// A whole number, each from least to most as likely as any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Range {
    /// At least.
    pub least: u32,
    /// At most.
    pub most: u32,
}

impl<'de> Deserialize<'de> for Range {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            least: u32,
            most: u32,
        }
        let Written { least, most } = Written::deserialize(deserializer)?;
        if least > most {
            return Err(D::Error::custom(format!("expected least <= most, got {least} and {most}")));
        }
        Ok(Self { least, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_the_mean_it_names() {
        let seconds = Seconds;
        let kinds = [
            Spread::Exponential { mean_s: seconds(4.0) },
            Spread::Lognormal { mean_s: seconds(4.0), cv: Rate(1.0) },
            Spread::Uniform { least_s: seconds(2.0), most_s: seconds(6.0) },
            Spread::Fixed { s: seconds(4.0) },
        ];
        for kind in kinds {
            let mut draw = Draw::new(3, 0);
            let mean = (0..40_000).map(|_| kind.micros(&mut draw) as f64).sum::<f64>() / 40_000e6;
            assert!((mean - 4.0).abs() < 0.15, "{kind:?}: {mean}");
            assert!((kind.mean_s() - 4.0).abs() < 1e-9, "{kind:?}");
        }
    }
}
