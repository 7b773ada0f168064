//! Writes that can be sent again: the answer of a write with an `Idempotency-Key` is remembered per operator for
//! 7 days, and the same key gets the same answer without a second effect. Only answers that did something are
//! remembered; after an error the same key is a new try.

use std::future::Future;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use engine::domain::ids::CommandId;
use engine::domain::limits::COMMANDS_REMEMBERED;
use engine::ports::journal::Remembered;
use engine::protocol::error::{Failure, Why};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::auth::SignedIn;
use crate::body::Body;
use crate::error::Problem;
use crate::state::AppState;

/// The header.
pub const HEADER: &str = "Idempotency-Key";

/// An answer that can be remembered.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answer {
    status: u16,
    body: Option<Box<RawValue>>,
}

impl Answer {
    /// Something was made.
    ///
    /// # Errors
    /// It cannot be written as JSON, which our types rule out.
    pub fn created<T: Serialize>(body: &T) -> Result<Self, Problem> {
        Self::with(StatusCode::CREATED, body)
    }

    /// It was done, and this is how it is now.
    ///
    /// # Errors
    /// It cannot be written as JSON, which our types rule out.
    pub fn ok<T: Serialize>(body: &T) -> Result<Self, Problem> {
        Self::with(StatusCode::OK, body)
    }

    /// It has begun, and goes on.
    ///
    /// # Errors
    /// It cannot be written as JSON, which our types rule out.
    pub fn accepted<T: Serialize>(body: &T) -> Result<Self, Problem> {
        Self::with(StatusCode::ACCEPTED, body)
    }

    /// It was done, and there is nothing to say.
    pub fn done() -> Self {
        Self { status: StatusCode::NO_CONTENT.as_u16(), body: None }
    }

    fn with<T: Serialize>(status: StatusCode, body: &T) -> Result<Self, Problem> {
        let body = serde_json::value::to_raw_value(body).map_err(fault)?;
        Ok(Self { status: status.as_u16(), body: Some(body) })
    }

    fn response(&self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        match &self.body {
            Some(body) => HttpResponse::build(status).content_type("application/json").body(body.get().to_owned()),
            None => HttpResponse::build(status).finish(),
        }
    }
}

/// A key with what it stands for.
pub struct Key {
    id: CommandId,
    digest: [u8; 32],
    sender: String,
}

impl Key {
    /// The key of a request, where it bears one.
    ///
    /// # Errors
    /// `invalid`: a key of the wrong form.
    pub fn of(who: &SignedIn, request: &HttpRequest, body: &Body) -> Result<Option<Self>, Problem> {
        let Some(header) = request.headers().get(HEADER) else { return Ok(None) };
        let id = header.to_str().unwrap_or_default().parse();
        let id = id.map_err(|bad| Failure::invalid(HEADER, format!("expected {}", bad_words(&bad))))?;
        let digest = Sha256::new()
            .chain_update(request.method().as_str())
            .chain_update([0])
            .chain_update(request.path())
            .chain_update([b'?'])
            .chain_update(request.query_string())
            .chain_update([0])
            .chain_update(body.bytes());
        Ok(Some(Self { id, digest: digest.finalize().into(), sender: format!("http:{}", who.operator.id) }))
    }

    /// An id for what the request makes: the same for the same request, so that one that was cut off after its
    /// effect and before its answer was remembered finds what it made.
    pub fn made_id(&self) -> Uuid {
        let digest = Sha256::new()
            .chain_update(&self.sender)
            .chain_update([0])
            .chain_update(self.id.as_str())
            .chain_update(self.digest)
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    fn short(&self) -> u64 {
        self.digest[..8].iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
    }
}

/// Does `work`, or repeats the answer that the same request got.
///
/// # Errors
/// `conflict`, `why: id`: the key came with another request; else what `work` says.
pub async fn write<W: Future<Output = Result<Answer, Problem>>>(
    state: &AppState,
    who: &SignedIn,
    key: Option<Key>,
    work: impl FnOnce(Option<Key>) -> W,
) -> Result<HttpResponse, Problem> {
    let Some(key) = key else { return Ok(work(None).await?.response()) };
    let (id, sender, digest) = (key.id.clone(), key.sender.clone(), key.short());
    if let Some(earlier) = state.store.remembered(who.account, &sender, &id).await? {
        return repeat(&earlier, digest);
    }
    let answer = work(Some(key)).await?;
    let answer = Remembered { digest, answer: serde_json::to_string(&answer).map_err(fault)? };
    let until = state.clock.now() + COMMANDS_REMEMBERED;
    repeat(&state.store.remember(who.account, &sender, &id, answer, until).await?, digest)
}

fn repeat(answer: &Remembered, digest: u64) -> Result<HttpResponse, Problem> {
    if answer.digest != digest {
        let words = format!("this {HEADER} was used for another request");
        return Err(Failure::conflict(Why::Id, words).into());
    }
    Ok(serde_json::from_str::<Answer>(&answer.answer).map_err(fault)?.response())
}

fn bad_words(bad: &engine::domain::ids::BadId) -> &'static str {
    bad.expected
}

fn fault(error: serde_json::Error) -> Problem {
    tracing::error!(%error, "an answer could not be kept or read");
    Failure::new(engine::protocol::error::Code::Internal, "a fault of the server; it was written to the log").into()
}
