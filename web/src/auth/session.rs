//! Browser sessions and their cookie.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header;
use engine::domain::ids::{AccountId, OperatorId};
use engine::domain::limits::{SESSION_IDLE_MAX, USER_AGENT_CHARS_MAX};
use engine::domain::text::cut;
use engine::ports::staff::Session;
use engine::protocol::error::{Code, Failure};

use crate::auth::address;
use crate::auth::token::SessionToken;
use crate::error::Problem;
use crate::state::AppState;

/// The cookie's name.
pub const COOKIE: &str = "switchboard_session";

/// Begins a session for the browser that sent the request.
///
/// # Errors
/// The store does not answer, or there are no random bytes.
pub async fn begin(
    state: &AppState,
    request: &HttpRequest,
    account: AccountId,
    operator: OperatorId,
) -> Result<SessionToken, Problem> {
    let token = SessionToken::random().map_err(|error| {
        tracing::error!(%error, "no random bytes for a session");
        Failure::new(Code::Internal, "a fault of the server; it was written to the log")
    })?;
    begin_with(state, request, account, operator, &token).await?;
    Ok(token)
}

/// Begins the session of that token.
///
/// # Errors
/// The store does not answer, or there is one.
pub async fn begin_with(
    state: &AppState,
    request: &HttpRequest,
    account: AccountId,
    operator: OperatorId,
    token: &SessionToken,
) -> Result<(), Problem> {
    let now = state.clock.now();
    let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let from = address::client(request, &state.settings.network.trusted_proxies);
    let session = Session {
        token_hash: token.hash(),
        account,
        operator,
        csrf_hash: token.csrf().hash(),
        created_at: now,
        used_at: now,
        expires_at: now + SESSION_IDLE_MAX,
        user_agent: cut(agent, USER_AGENT_CHARS_MAX),
        address: from.map(|from| from.to_string()).unwrap_or_default(),
    };
    Ok(state.store.create_session(&session).await?)
}

/// The cookie that bears a token. It lasts as long as an unused session; signing in and `GET /auth/me` give it anew.
pub fn cookie(state: &AppState, token: &SessionToken) -> Cookie<'static> {
    let lasts = CookieDuration::seconds(i64::try_from(SESSION_IDLE_MAX.as_secs()).unwrap_or(i64::MAX));
    build(state, token.text()).max_age(lasts).finish()
}

/// The cookie that takes it away.
pub fn no_cookie(state: &AppState) -> Cookie<'static> {
    build(state, String::new()).max_age(CookieDuration::ZERO).finish()
}

/// The token that a request bears.
pub fn token(request: &HttpRequest) -> Option<SessionToken> {
    SessionToken::parse(request.cookie(COOKIE)?.value())
}

/// What a session is called in lists: a part of its digest, which opens nothing.
pub fn public_id(token_hash: &[u8; 32]) -> String {
    token_hash[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn build(state: &AppState, value: String) -> actix_web::cookie::CookieBuilder<'static> {
    Cookie::build(COOKIE, value).path("/").http_only(true).same_site(SameSite::Lax).secure(state.settings.behind_tls())
}
