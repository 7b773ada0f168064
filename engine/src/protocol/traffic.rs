//! Recorded traffic as `switchboard export-traffic` writes it and `loadtest replay` reads it: lines of JSON, a head,
//! then one chat a line in the order they began, at last an end that says how many there were, so that a file that
//! was cut short is known as one. The load tester's README describes it for readers.

use serde::{Deserialize, Serialize};

use crate::domain::event::EndedBy;

/// What the head of each file says it is.
pub const FORMAT: &str = "switchboard-traffic";
/// The version of the form that is written and read.
pub const VERSION: u32 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrafficHead {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
}

/// A chat, from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrafficChat {
    /// Milliseconds from the beginning of the file's first chat to that of this one.
    pub at_ms: u64,
    /// The visitor's name, disguised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The visitor's address, disguised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The visitor's language: two or three letters, without a country. None where page and browser named none; files
    /// of before have none either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What happened in it.
    pub events: Vec<TrafficEvent>,
}

/// Something that happened in a chat, `ms` milliseconds behind its beginning and never before what stands above it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum TrafficEvent {
    /// Somebody wrote what both sides could read.
    Said {
        /// When.
        ms: u64,
        /// The operator's number in the file, from 1; none: the visitor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operator: Option<u32>,
        /// The text, disguised.
        text: String,
    },
    /// An operator owns the chat from here.
    Owned {
        /// When.
        ms: u64,
        /// The operator's number in the file.
        operator: u32,
    },
    /// It ended; always the last.
    Ended {
        /// When.
        ms: u64,
        /// Who ended it.
        by: EndedBy,
    },
}

impl TrafficEvent {
    /// When it happened, in milliseconds behind the chat's beginning.
    pub fn ms(&self) -> u64 {
        match self {
            Self::Said { ms, .. } | Self::Owned { ms, .. } | Self::Ended { ms, .. } => *ms,
        }
    }
}

/// The last line: what stands between it and the head.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrafficEnd {
    /// Lines of chats.
    pub chats: u64,
    /// Messages in them.
    pub messages: u64,
}
