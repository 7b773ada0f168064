//! A contact centre to be simulated, as people write it down: who comes, who answers, for how long. Times are seconds
//! from the beginning; a field that is not written has the value its comment names, and unknown ones are refused.

mod check;
mod routed;

pub use check::ScenarioError;

use serde::{Deserialize, Serialize};

use crate::domain::group::{Handling, Instead, OfferMode, Overflow};
use crate::domain::ids::GroupId;
use crate::domain::limits::OFFER_EXPIRES_AFTER;
use crate::domain::skills::{Need, Skills};

/// Everything that a run depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What all random numbers come from. Default 1.
    #[serde(default = "one_seed")]
    pub seed: u64,
    /// Independent runs, each with random numbers of its own. Default 1.
    #[serde(default = "one")]
    pub replications: u32,
    /// Seconds at the beginning that are not reported, until the empty centre has filled. Default 0.
    #[serde(default)]
    pub warm_up_s: f64,
    /// Seconds that are reported. After them nobody comes; those who are there are served or leave.
    pub length_s: f64,
    /// Seconds of one interval of the report. Default 1800.
    #[serde(default = "half_an_hour")]
    pub interval_s: f64,
    /// Seconds within which an answer counts for the service level. Default 20.
    #[serde(default = "twenty")]
    pub service_level_s: f64,
    /// The groups; a name occurs once.
    pub groups: Vec<Group>,
    /// Operators who are alike.
    pub crews: Vec<Crew>,
}

/// A group with its visitors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name: 1 to 64 of A-Z a-z 0-9 _ -.
    pub id: GroupId,
    /// How chats are offered. Default `single`.
    #[serde(default = "single")]
    pub offer_mode: OfferMode,
    /// Seconds that an offer rings. Default 20.
    #[serde(default = "rings")]
    pub offer_expires_s: f64,
    /// Seconds after which a waiting visitor is sent to the off-line form. Default: never.
    #[serde(default)]
    pub connection_timeout_s: Option<f64>,
    /// Steps of a minute by which all its chats are moved ahead. Default 0.
    #[serde(default)]
    pub priority: i32,
    /// When visitors come. Default: only in bursts.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// More visitors, all at about one moment. Default: none.
    #[serde(default)]
    pub bursts: Vec<Burst>,
    /// How long visitors wait before they leave. Default: for ever.
    #[serde(default)]
    pub patience: Option<Spread>,
    /// How long a chat takes an operator who has no other.
    pub handling: Spread,
    /// Chats that ask for skills. Default: none do.
    #[serde(default)]
    pub kinds: Vec<Kind>,
    /// Seconds after which a chat gives up the least important of its skills, and then the next. Default: never.
    #[serde(default)]
    pub skill_relaxed_every_s: Option<u32>,
    /// Other groups that help those who wait long. Default: none.
    #[serde(default)]
    pub overflow: Option<Overflow>,
    /// Chats that may wait at once. Default: as many as come.
    #[serde(default)]
    pub queue_length_max: Option<u32>,
    /// Seconds after which a waiting chat is turned away. Default: never.
    #[serde(default)]
    pub queue_wait_max_s: Option<u32>,
    /// What those get for whom the queue is too long, or the wait. Default: the off-line form.
    #[serde(default)]
    pub when_full: Instead,
}

/// Chats of a group that ask for the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// The part of the group's chats, 0 to 1; those of all kinds are at most 1, and the rest ask for nothing.
    pub part: f64,
    /// What the operator must be able to, the most important first.
    pub skills: Vec<Need>,
}

/// When visitors come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Arrivals {
    /// Never by themselves.
    #[default]
    None,
    /// At equal distances.
    Constant {
        /// How many an hour.
        per_hour: f64,
    },
    /// By chance, independently of each other.
    Poisson {
        /// How many an hour on average.
        per_hour: f64,
    },
    /// By chance, more at some times of day than at others; after the last step the first one follows.
    Profile {
        /// Seconds of a step.
        step_s: f64,
        /// How many an hour on average, in each step.
        per_hour: Vec<f64>,
    },
}

/// Visitors who come at about one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// Seconds at which it begins.
    pub at_s: f64,
    /// How many come.
    pub chats: u32,
    /// Seconds within which they come, each at a moment by chance. Default 0: all at once.
    #[serde(default)]
    pub within_s: f64,
}

/// A length of time by chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Spread {
    /// Exponential: without memory.
    Exponential {
        /// Its mean in seconds.
        mean_s: f64,
    },
    /// Lognormal: few very long ones.
    Lognormal {
        /// Its mean in seconds.
        mean_s: f64,
        /// Its standard deviation divided by its mean.
        cv: f64,
    },
    /// Always the same.
    Fixed {
        /// Seconds.
        s: f64,
    },
}

/// Operators who are alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crew {
    /// Their name in offers; a number is added.
    pub name: String,
    /// How many they are.
    pub count: u32,
    /// Chats each holds at once, overall. Default: unlimited; 0 gets none.
    #[serde(default)]
    pub limit: Option<u32>,
    /// The groups they are in, one entry each.
    pub seats: Vec<Seat>,
    /// What they can, each with a level from 1 to 10. Default: nothing that chats ask for.
    #[serde(default)]
    pub skills: Skills,
    /// How much each further chat slows the others down: with `k` chats one takes `1 + slowdown × (k − 1)` times as
    /// long. 0: not at all; 1: they are worked off as if one after another. Default 0.
    #[serde(default)]
    pub slowdown: f64,
    /// When they work, one after another. Default, and when empty: always.
    #[serde(default)]
    pub shifts: Vec<Shift>,
    /// What they do when it rings. Default: accept after 3 seconds.
    #[serde(default)]
    pub answers: Answers,
}

/// A membership of a crew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seat {
    /// The group.
    pub group: GroupId,
    /// How chats come. Default `primary`.
    #[serde(default = "primary")]
    pub handling: Handling,
    /// Chats of the group each holds at once. Default: unlimited; 0 gets none.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// When a crew works. At its end they take no more chats, and finish those they have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// Seconds at which they come.
    pub from_s: f64,
    /// Seconds at which they go.
    pub to_s: f64,
    /// When they are away meanwhile, one after another. Default: never.
    #[serde(default)]
    pub breaks: Vec<Break>,
}

/// When a crew is away: they take no chats, and finish those they have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Break {
    /// Seconds at which it begins.
    pub from_s: f64,
    /// Seconds at which it ends.
    pub to_s: f64,
}

/// What operators do when it rings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// How long they need to accept or to decline. Default: 3 seconds.
    #[serde(default = "three_seconds")]
    pub delay: Spread,
    /// The part of the offers that they decline, 0 to 1. Default 0.
    #[serde(default)]
    pub declined: f64,
    /// The part of the offers that they let ring, 0 to 1. Default 0.
    #[serde(default)]
    pub ignored: f64,
}

impl Default for Answers {
    fn default() -> Self {
        Self { delay: three_seconds(), declined: 0.0, ignored: 0.0 }
    }
}

fn one_seed() -> u64 {
    1
}

fn one() -> u32 {
    1
}

fn half_an_hour() -> f64 {
    1800.0
}

fn twenty() -> f64 {
    20.0
}

fn rings() -> f64 {
    OFFER_EXPIRES_AFTER.as_secs_f64()
}

fn three_seconds() -> Spread {
    Spread::Fixed { s: 3.0 }
}

fn single() -> OfferMode {
    OfferMode::Single
}

fn primary() -> Handling {
    Handling::Primary
}
