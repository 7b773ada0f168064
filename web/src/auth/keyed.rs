//! Signing in, out, and to a new password by requests that can be sent again. Their answers bear a session's token, which
//! is kept nowhere. The token of such a request is drawn from the installation's secret, its key and the password, as
//! slowly as a password is hashed: whoever asks again with the same password gets the same one, and nobody else does.

use actix_web::HttpRequest;
use engine::domain::ids::CommandId;
use engine::domain::limits::COMMANDS_REMEMBERED;
use engine::ports::journal::Remembered;
use engine::ports::staff::Credentials;
use engine::protocol::error::{Failure, Why};

use crate::auth::password::Turn;
use crate::auth::signed_in::CSRF_HEADER;
use crate::auth::token::{CsrfToken, SessionToken};
use crate::auth::{SignedIn, session, sign_in};
use crate::error::Problem;
use crate::routes::idempotent::{HEADER, key_of, other_request};
use crate::state::AppState;

/// Begins the session of a key for somebody whose password was found right, or finds it.
///
/// # Errors
/// `conflict`: the key came with another password (`why: id`), or its session has ended (`why: state`).
pub async fn sign_in(
    state: &AppState,
    request: &HttpRequest,
    found: &Credentials,
    key: &CommandId,
    password: String,
) -> Result<SessionToken, Problem> {
    let (account, operator) = (found.account, found.operator.id);
    let turn = state.passwords.turn().await?;
    let own = account.0.to_be_bytes();
    let whose: [&[u8]; 3] = [&own, operator.0.as_bytes(), key.as_str().as_bytes()];
    let token = drawn(state, &turn, "the session of a key", &whose, password).await?;
    drop(turn);
    let hash = token.hash();
    let runs = async || Ok::<bool, Problem>(state.store.session(&hash, state.clock.now()).await?.is_some());
    let (sender, digest) = (format!("sign-in:{operator}"), u64::from_be_bytes(first(&hash)));
    if let Some(earlier) = state.store.remembered(account, &sender, key).await? {
        if earlier.digest != digest {
            return Err(other_request());
        }
        if !runs().await? {
            let words = format!("the session that this {HEADER} began has ended: sign in with another");
            return Err(Failure::conflict(Why::State, words).into());
        }
        return Ok(token);
    }
    let begun = session::begin_with(state, request, account, operator, &token).await;
    // Of two that come at once the other one has begun it.
    if !runs().await? {
        begun?;
    }
    let answer = Remembered { digest, answer: String::new() };
    state.store.remember(account, &sender, key, answer, state.clock.now() + COMMANDS_REMEMBERED).await?;
    Ok(token)
}

/// The session that takes the place of another when the password is changed under a key.
///
/// # Errors
/// A fault of the server.
pub async fn next(
    state: &AppState,
    turn: &Turn<'_>,
    key: &CommandId,
    before: &SessionToken,
    password: String,
) -> Result<SessionToken, Problem> {
    let before = before.hash();
    let whose: [&[u8]; 2] = [&before, key.as_str().as_bytes()];
    drawn(state, turn, "the next session of a key", &whose, password).await
}

/// Who has changed the password under the key of this request, and still bears the session of before.
///
/// # Errors
/// The problem given: it is somebody else. Or the store does not answer.
pub async fn renewed(
    state: &AppState,
    request: &HttpRequest,
    password: String,
    problem: Problem,
) -> Result<SignedIn, Problem> {
    let before = has_ended(state, request, problem.clone()).await?;
    let Some(key) = key_of(request)? else { return Err(problem) };
    // Nobody has signed in for this: whoever tries is counted as one who tries to.
    let of_session = format!("{:016x}", u64::from_be_bytes(first(&before.hash())));
    let counts = sign_in::counts(state, request, &of_session);
    let turn = state.passwords.turn().await?;
    counts.check(&state.store, state.clock.now()).await?;
    let token = next(state, &turn, &key, &before, password).await?;
    match SignedIn::by(state, token).await {
        Ok(who) => Ok(who),
        Err(_) => {
            counts.wrong(&state.store, state.clock.now()).await?;
            Err(problem)
        }
    }
}

/// The token that a request with a key bears, with what belongs to it, where its session is over: what it asked for was
/// done, and ended it.
///
/// # Errors
/// The problem given: there is no key, no such token, or its session goes on. Or the store does not answer.
pub async fn has_ended(state: &AppState, request: &HttpRequest, problem: Problem) -> Result<SessionToken, Problem> {
    let Some(token) =
        session::token(request).filter(|token| key_of(request).ok().flatten().is_some() && bears_csrf(request, token))
    else {
        return Err(problem);
    };
    match state.store.session(&token.hash(), state.clock.now()).await? {
        Some(_) => Err(problem),
        None => Ok(token),
    }
}

fn bears_csrf(request: &HttpRequest, token: &SessionToken) -> bool {
    let header = request.headers().get(CSRF_HEADER).and_then(|header| header.to_str().ok());
    header.is_some_and(|text| CsrfToken::matches(text, &token.csrf().hash()))
}

async fn drawn(
    state: &AppState,
    turn: &Turn<'_>,
    purpose: &str,
    whose: &[&[u8]],
    password: String,
) -> Result<SessionToken, Problem> {
    let salt = state.keys.drawn(purpose, whose);
    let slowly = turn.drawn(password, salt).await?;
    Ok(SessionToken::of(state.keys.drawn(purpose, &[&salt, &slowly])))
}

fn first(hash: &[u8; 32]) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    first
}
