//! What clients are told when something fails: RFC 9457 problems with the codes of the contract. The one place
//! where failures of the engine and of the store become HTTP answers.

use std::fmt;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use engine::domain::text::Invalid;
use engine::ports::store::StoreError;
use engine::protocol::error::{Code, Failure, Why};
use serde::Serialize;

/// A failure on its way to an HTTP client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What failed.
    pub failure: Failure,
    status: u16,
}

impl Problem {
    /// Too many; again after that time.
    pub fn rate_limited(after: Duration, message: impl Into<String>) -> Self {
        let retry_after_ms = u64::try_from(after.as_millis()).ok();
        Failure { retry_after_ms, ..Failure::new(Code::RateLimited, message) }.into()
    }

    /// Not signed in.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Failure::new(Code::Unauthorized, message).into()
    }

    /// Signed in, not allowed.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Failure::new(Code::Forbidden, message).into()
    }

    /// The address is right, the method is not.
    pub fn wrong_method() -> Self {
        Self { failure: Failure::new(Code::UnknownType, "this address does not take this method"), status: 405 }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let status = failure.code.http_status();
        Self { failure, status }
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Failure::from(invalid).into()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken { field, thing } => Failure::taken(field, thing),
            StoreError::Conflict(words) => Failure::conflict(Why::Changed, words),
            StoreError::Unavailable(words) => {
                tracing::warn!(error = words, "the store is not available");
                Failure::unavailable()
            }
            StoreError::Corrupt(words) => {
                tracing::error!(error = words, "the store holds something it should not");
                Failure::new(Code::Internal, "a fault of the server; it was written to the log")
            }
        }
        .into()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let body = Document {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: self.status,
            detail: &self.failure.message,
            code: self.failure.code,
            field: self.failure.field.as_deref(),
            why: self.failure.why,
            retry_after_ms: self.failure.retry_after_ms,
        };
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(millis) = self.failure.retry_after_ms {
            response.insert_header((header::RETRY_AFTER, millis.div_ceil(1000).to_string()));
        }
        // Our own types cannot fail to serialize: no maps with odd keys, no failing Serialize.
        response.body(serde_json::to_string(&body).unwrap_or_default())
    }
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: Code,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Why>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}
