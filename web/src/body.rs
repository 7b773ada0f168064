//! The body of a request: bounded, JSON, and with the wrong field named when it is not of the right form.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::rt::time::timeout;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use bytes::{Bytes, BytesMut};
use engine::domain::limits::{BODY_BYTES_MAX, REQUEST_BODY_WITHIN};
use engine::protocol::error::{Code, Failure};
use engine::protocol::frame::read_fields;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use crate::error::Problem;

/// A whole body of at most [`BODY_BYTES_MAX`] bytes.
#[derive(Debug, Clone)]
pub struct Body(Bytes);

impl Body {
    /// The bytes as they came.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The fields.
    ///
    /// # Errors
    /// `bad_frame` when it is not a JSON object, `invalid` with the field that is missing or wrong.
    pub fn fields<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let text = std::str::from_utf8(&self.0).map_err(|_| bad("expected UTF-8"))?;
        let object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text);
        object.map_err(|error| bad(format!("expected one JSON object: {error}")))?;
        Ok(read_fields(text)?)
    }
}

impl FromRequest for Body {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let json = matches!(request.content_type(), "" | "application/json");
        let declared =
            request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let mut payload = payload.take();
        Box::pin(async move {
            if !json {
                return Err(bad("expected Content-Type: application/json"));
            }
            if declared.is_some_and(|length: u64| length > BODY_BYTES_MAX as u64) {
                return Err(too_large());
            }
            whole(&mut payload, REQUEST_BODY_WITHIN).await.map(Self)
        })
    }
}

async fn whole(payload: &mut Payload, within: Duration) -> Result<Bytes, Problem> {
    let reading = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| bad("the body did not arrive whole"))?;
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    let late = |_| Err(bad(format!("the body did not arrive within {} s", within.as_secs())));
    timeout(within, reading).await.unwrap_or_else(late)
}

fn bad(words: impl Into<String>) -> Problem {
    Failure::new(Code::BadFrame, words).into()
}

fn too_large() -> Problem {
    Failure::new(Code::TooLarge, format!("a body has at most {BODY_BYTES_MAX} bytes")).into()
}

#[cfg(test)]
mod tests {
    use actix_web::error::PayloadError;
    use futures_util::stream;

    use super::*;

    fn payload(parts: impl futures_util::Stream<Item = Result<Bytes, PayloadError>> + 'static) -> Payload {
        Payload::Stream { payload: Box::pin(parts) }
    }

    #[actix_web::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let begun = || stream::iter([Ok(Bytes::from_static(b"{")), Ok(Bytes::from_static(b"}"))]);
        let long = Duration::from_secs(60);
        assert_eq!(whole(&mut payload(begun()), long).await.unwrap(), "{}");
        let mut stuck = payload(begun().chain(stream::pending()));
        let refused = whole(&mut stuck, Duration::from_millis(20)).await.unwrap_err();
        assert_eq!(refused.failure.code, Code::BadFrame);
        assert!(refused.failure.message.contains("did not arrive within"), "{}", refused.failure.message);
    }
}
