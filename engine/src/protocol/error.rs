//! The errors a client can get, over sockets and over HTTP alike: the codes are the contract, the words are for people.

use serde::Serialize;
use ts_rs::TS;

use crate::domain::ids::BadId;
use crate::domain::text::Invalid;

/// What went wrong, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Not JSON, not text, or without a `type`.
    BadFrame,
    /// The `type` is not one of this contract.
    UnknownType,
    /// Larger than allowed.
    TooLarge,
    /// Not signed in.
    Unauthorized,
    /// Signed in, not allowed.
    Forbidden,
    /// Does not exist, or is not yours: the two are never told apart.
    NotFound,
    /// Not possible in this state; `why` says which.
    Conflict,
    /// A field does not have the right form; `field` says which.
    Invalid,
    /// Too many; `retry_after_ms` says when again.
    RateLimited,
    /// Not known whether it took effect: send the same `id` again.
    Unavailable,
    /// A fault of the server.
    Internal,
}

impl Code {
    /// Whether later commands of the connection for the same chat wait until this one was sent again.
    pub fn blocks(self) -> bool {
        matches!(self, Self::RateLimited | Self::Unavailable | Self::Internal)
    }

    /// The status of the same error over HTTP.
    pub fn http_status(self) -> u16 {
        match self {
            Self::BadFrame | Self::UnknownType => 400,
            Self::TooLarge => 413,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Invalid => 422,
            Self::RateLimited => 429,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }

    /// The code as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadFrame => "bad_frame",
            Self::UnknownType => "unknown_type",
            Self::TooLarge => "too_large",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

/// What `conflict` means in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nobody receives.
    Offline,
    /// Somebody else has it; with `field`: what it says there is another one's.
    Taken,
    /// It rang too long.
    Expired,
    /// It was taken back.
    Withdrawn,
    /// The chat is over.
    Ended,
    /// The same `id` was sent with other content.
    Id,
    /// The visitor has an open chat already; `chat` says which.
    Open,
    /// The operator, or the membership, is at its limit.
    Capacity,
    /// There is no chat yet, or it is not in the right state.
    State,
    /// The chat has as many events as a chat may have.
    Full,
    /// The thing was changed or made by somebody else meanwhile.
    Changed,
}

/// An error as it goes to a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct Failure {
    /// The code.
    pub code: Code,
    /// What happened and what to do, for people.
    pub message: String,
    /// With `conflict`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub why: Option<Why>,
    /// With `invalid`, and with `conflict`, `why: taken`, where a field is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub field: Option<String>,
    /// With `rate_limited`, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub retry_after_ms: Option<u64>,
    /// With `internal`: the answer is remembered, do not send it again.
    #[serde(rename = "final", skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub is_final: Option<bool>,
    /// With `conflict`, `why: taken`: the name of the one who has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub by: Option<String>,
}

impl Failure {
    /// A failure of that code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), why: None, field: None, retry_after_ms: None, is_final: None, by: None }
    }

    /// A conflict, with what it means.
    pub fn conflict(why: Why, message: impl Into<String>) -> Self {
        Self { why: Some(why), ..Self::new(Code::Conflict, message) }
    }

    /// A field of the wrong form.
    pub fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        let (field, rule) = (field.into(), rule.into());
        Self { message: format!("{field}: {rule}"), field: Some(field), ..Self::new(Code::Invalid, "") }
    }

    /// Another `thing` has what only one may have in that field.
    pub fn taken(field: impl Into<String>, thing: &str) -> Self {
        let field = field.into();
        let words = format!("{field}: another {thing} has it; choose one that is free");
        Self { field: Some(field), ..Self::conflict(Why::Taken, words) }
    }

    /// Not known whether it took effect.
    pub fn unavailable() -> Self {
        Self::new(Code::Unavailable, "not known whether it was stored: send it again")
    }

    /// Does not exist, or is not yours.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("no such {what}"))
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid.field, invalid.rule)
    }
}

impl Failure {
    /// An id of the wrong form in that field.
    pub fn bad_id(field: &'static str, bad: &BadId) -> Self {
        Self::invalid(field, format!("expected {}", bad.expected))
    }
}
