//! Writes that can be sent again: the answer of a write with an `Idempotency-Key` is remembered per operator for
//! 7 days, and the same key gets the same answer without a second effect. Only answers that did something are
//! remembered; after an error the same key is a new try.

use std::borrow::Cow;
use std::future::Future;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use engine::domain::ids::CommandId;
use engine::domain::limits::COMMANDS_REMEMBERED;
use engine::ports::journal::Remembered;
use engine::protocol::error::{Failure, Why};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::auth::SignedIn;
use crate::body::Body;
use crate::error::Problem;
use crate::state::AppState;

/// The header.
pub const HEADER: &str = "Idempotency-Key";

/// Fields that bear a password.
const PASSWORDS: [&str; 3] = ["password", "current", "new"];

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
    pub async fn of(
        state: &AppState,
        who: &SignedIn,
        request: &HttpRequest,
        body: &Body,
    ) -> Result<Option<Self>, Problem> {
        let Some(id) = key_of(request)? else { return Ok(None) };
        let sender = format!("http:{}", who.operator.id);
        let (plain, passwords) = apart(body.bytes());
        let mut digest = Sha256::new()
            .chain_update(request.method().as_str())
            .chain_update([0])
            .chain_update(request.path())
            .chain_update([b'?'])
            .chain_update(request.query_string())
            .chain_update([0])
            .chain_update(&plain);
        if let Some(passwords) = passwords {
            // By a quick digest that is kept they could be guessed.
            let salt = state.keys.drawn("passwords of a request", &[sender.as_bytes(), id.as_str().as_bytes()]);
            digest.update(state.passwords.turn().await?.drawn(passwords, salt).await?);
        }
        Ok(Some(Self { id, digest: digest.finalize().into(), sender }))
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

/// The key that a request bears, whoever sends it.
///
/// # Errors
/// `invalid`: one of the wrong form.
pub fn key_of(request: &HttpRequest) -> Result<Option<CommandId>, Problem> {
    let Some(header) = request.headers().get(HEADER) else { return Ok(None) };
    let id = header.to_str().unwrap_or_default().parse();
    Ok(Some(id.map_err(|bad| Failure::invalid(HEADER, format!("expected {}", bad_words(&bad))))?))
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

/// A body without its passwords, and these, where it has some.
fn apart(body: &[u8]) -> (Cow<'_, [u8]>, Option<String>) {
    let Ok(mut plain) = serde_json::from_slice::<Map<String, Value>>(body) else { return (body.into(), None) };
    let passwords: Map<String, Value> = PASSWORDS.iter().filter_map(|name| plain.remove_entry(*name)).collect();
    if passwords.is_empty() {
        return (body.into(), None);
    }
    (Value::Object(plain).to_string().into_bytes().into(), Some(Value::Object(passwords).to_string()))
}

fn repeat(answer: &Remembered, digest: u64) -> Result<HttpResponse, Problem> {
    if answer.digest != digest {
        return Err(other_request());
    }
    Ok(serde_json::from_str::<Answer>(&answer.answer).map_err(fault)?.response())
}

/// What a key is answered that came with another request before.
pub fn other_request() -> Problem {
    Failure::conflict(Why::Id, format!("this {HEADER} was used for another request")).into()
}

fn bad_words(bad: &engine::domain::ids::BadId) -> &'static str {
    bad.expected
}

fn fault(error: serde_json::Error) -> Problem {
    tracing::error!(%error, "an answer could not be kept or read");
    Failure::new(engine::protocol::error::Code::Internal, "a fault of the server; it was written to the log").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_kept_apart_from_what_is_digested_quickly() {
        let (plain, passwords) = apart(br#"{"email":"a","password":"x"}"#);
        assert_eq!((&*plain, passwords.as_deref()), (&br#"{"email":"a"}"#[..], Some(r#"{"password":"x"}"#)));
        let (plain, passwords) = apart(br#"{"current":"x","new":"y"}"#);
        assert_eq!((&*plain, passwords.as_deref()), (&b"{}"[..], Some(r#"{"current":"x","new":"y"}"#)));
        for text in [r#"{"name":"a"}"#, "[1]", "not JSON"] {
            assert_eq!(apart(text.as_bytes()), (text.as_bytes().into(), None));
        }
    }
}
