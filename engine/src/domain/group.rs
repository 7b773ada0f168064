//! A group's settings and a membership's: what routing reads, and what people set.

pub mod rules;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::ids::{DepartmentId, GroupId, OperatorId};
use crate::domain::limits::{CONNECTION_TIMEOUT, OFFER_EXPIRES_AFTER};
use crate::domain::zone::Zone;

pub use rules::{BadSetting, InTime, Instead, LostOperator, Overflow, RoutingRules};

/// How a member gets chats of the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Handling {
    /// First.
    Primary,
    /// Only when no primary member may be offered the chat.
    Secondary,
    /// Never by themselves; sees, takes and receives transfers.
    Pull,
}

/// How a chat finds its operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum OfferMode {
    /// Assigned at once.
    Automatic,
    /// Rung at one operator at a time.
    Single,
    /// Rung at all who are free; the first to accept has it.
    RingAll,
}

/// What an operator's status is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Receives.
    Online,
    /// Absent for a while.
    Away,
    /// Present, wants no new chats.
    Busy,
    /// Not at work.
    #[default]
    Offline,
}

/// What a visitor is told of a department or brand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// Nobody receives.
    Offline,
    /// Members receive, none is free.
    Busy,
    /// A receiving member has a slot, or pulls.
    Online,
}

/// A group, as far as routing and waiting need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSettings {
    /// Its id.
    pub id: GroupId,
    /// Its department.
    pub department: DepartmentId,
    /// Its name.
    pub name: String,
    /// How chats are offered.
    pub offer_mode: OfferMode,
    /// How long an offer rings.
    pub offer_expires_after: Duration,
    /// How long a visitor waits.
    pub connection_timeout: Duration,
    /// What else is set of routing.
    pub rules: Box<RoutingRules>,
}

impl GroupSettings {
    /// A group with the usual settings.
    pub fn new(id: GroupId, department: DepartmentId, name: impl Into<String>) -> Self {
        Self {
            id,
            department,
            name: name.into(),
            offer_mode: OfferMode::Single,
            offer_expires_after: OFFER_EXPIRES_AFTER,
            connection_timeout: CONNECTION_TIMEOUT,
            rules: Box::default(),
        }
    }

    /// As they hold in an account: its clock counts the hours that name none.
    #[must_use]
    pub fn in_account(mut self, zone: &Zone) -> Self {
        self.rules.hours = self.rules.hours.take().map(|hours| hours.in_account(zone));
        self
    }
}

/// An operator in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The group.
    pub group: GroupId,
    /// The operator.
    pub operator: OperatorId,
    /// How chats come.
    pub handling: Handling,
    /// Chats of this group held at once; `None` is unlimited, 0 gets none.
    pub limit: Option<u32>,
    /// Whether the operator wants chats of this group now.
    pub active: bool,
}

macro_rules! stored_as {
    ($name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        impl $name {
            /// The name as it is stored and sent.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value of that name.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

stored_as!(Handling { Primary = "primary", Secondary = "secondary", Pull = "pull" });
stored_as!(OfferMode { Automatic = "automatic", Single = "single", RingAll = "ring_all" });
stored_as!(Status { Online = "online", Away = "away", Busy = "busy", Offline = "offline" });
stored_as!(Availability { Offline = "offline", Busy = "busy", Online = "online" });
