//! The operator behind a request: an extractor that handlers take, and without which they cannot run.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use engine::domain::ids::AccountId;
use engine::domain::limits::{SESSION_IDLE_MAX, SESSION_TOUCH_EVERY};
use engine::domain::permission::Permission;
use engine::ports::staff::{Operator, Session};

use crate::auth::session;
use crate::auth::token::{CsrfToken, SessionToken};
use crate::error::Problem;
use crate::state::AppState;

/// Where unsafe requests bear the CSRF token.
pub const CSRF_HEADER: &str = "X-CSRF-Token";

/// A signed-in operator.
#[derive(Clone)]
pub struct SignedIn {
    /// The account; everything a handler reads or writes is of it.
    pub account: AccountId,
    /// The operator, as stored now.
    pub operator: Operator,
    /// The browser's session.
    pub session: Session,
    /// Its token.
    pub token: SessionToken,
}

impl SignedIn {
    /// Reads who sent the request, without looking at CSRF: for handshakes, whose `Origin` is checked instead.
    ///
    /// # Errors
    /// `unauthorized`, or the store does not answer.
    pub async fn of(state: &AppState, request: &HttpRequest) -> Result<Self, Problem> {
        let token = session::token(request).ok_or_else(|| Problem::unauthorized("sign in first"))?;
        Self::by(state, token).await
    }

    /// Reads whose session it is.
    ///
    /// # Errors
    /// `unauthorized`, or the store does not answer.
    pub async fn by(state: &AppState, token: SessionToken) -> Result<Self, Problem> {
        let unauthorized = || Problem::unauthorized("sign in first");
        let now = state.clock.now();
        let session = state.store.session(&token.hash(), now).await?.ok_or_else(unauthorized)?;
        let operator = state.store.operator(session.account, session.operator).await?;
        let operator = operator.filter(|operator| !operator.disabled).ok_or_else(unauthorized)?;
        if now.since(session.used_at) >= SESSION_TOUCH_EVERY {
            // Who is there can be read, so the request goes on; the next one writes it down.
            if let Err(error) = state.store.touch_session(&session.token_hash, now, now + SESSION_IDLE_MAX).await {
                tracing::warn!(%error, "that a session was used is not written down");
            }
        }
        Ok(Self { account: session.account, operator, session, token })
    }

    /// Refuses who may not.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn require(&self, permission: Permission) -> Result<(), Problem> {
        if self.may(permission) {
            return Ok(());
        }
        Err(Problem::forbidden(format!("your role, {}, does not allow this", self.operator.role.as_str())))
    }

    /// Whether the operator may.
    pub fn may(&self, permission: Permission) -> bool {
        self.operator.role.may(permission)
    }
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = request.app_data::<web::Data<AppState>>().cloned();
            let state = state.ok_or_else(|| Problem::unauthorized("sign in first"))?;
            let signed_in = Self::of(&state, &request).await?;
            if !request.method().is_safe() {
                let header = request.headers().get(CSRF_HEADER).and_then(|header| header.to_str().ok());
                if !header.is_some_and(|text| CsrfToken::matches(text, &signed_in.session.csrf_hash)) {
                    let words = format!("the header {CSRF_HEADER} must bear the token that signing in gave");
                    return Err(Problem::forbidden(words));
                }
            }
            Ok(signed_in)
        })
    }
}
