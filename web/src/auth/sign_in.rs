//! Signing in with an e-mail address and a password.

use actix_web::HttpRequest;
use engine::domain::text;
use engine::ports::staff::Credentials;
use engine::protocol::error::Failure;
use serde::Deserialize;

use crate::auth::address;
use crate::auth::lockout::Counts;
use crate::auth::password::Turn;
use crate::error::Problem;
use crate::state::AppState;

/// What signing in takes.
#[derive(Debug, Clone, Deserialize)]
pub struct Attempt {
    /// The address, in whatever case.
    pub email: String,
    /// The password.
    pub password: String,
    /// The account's slug, needed where the address signs in to several.
    #[serde(default)]
    pub account: Option<String>,
}

/// Checks an attempt. Address and password are judged together, in the same words and the same time, so that an
/// answer does not tell which addresses there are.
///
/// # Errors
/// `unauthorized`, `rate_limited` during a pause, `forbidden` for a disabled operator who knows the password,
/// `invalid` for `account` where the address and the password fit several.
pub async fn check(state: &AppState, request: &HttpRequest, attempt: Attempt) -> Result<Credentials, Problem> {
    let email = text::email("email", &attempt.email)?;
    let counts = counts(state, request, &email);
    // Within the turn: of many tries at once no more than one gets past the count unseen.
    let turn = state.passwords.turn().await?;
    counts.check(&state.store, state.clock.now()).await?;
    let accounts = state.store.accounts().await?;
    let slug = |found: &Credentials| {
        accounts.iter().find(|account| account.id == found.account).map(|account| account.slug.as_str())
    };
    let mut candidates = state.store.credentials(&email).await?;
    let known_in = candidates.len();
    if let Some(wanted) = &attempt.account {
        candidates.retain(|found| slug(found) == Some(wanted));
    }
    let mut fitting = matching(&turn, candidates, &attempt.password).await?;
    match fitting.len() {
        0 => Err(counts.wrong(&state.store, state.clock.now()).await?),
        1 => {
            let found = fitting.remove(0);
            counts.right(&state.store, known_in).await?;
            if found.operator.disabled {
                return Err(Problem::forbidden("this operator is disabled; an administrator can change that"));
            }
            Ok(found)
        }
        _ => {
            let slugs: Vec<&str> = fitting.iter().filter_map(slug).collect();
            let words = format!("is needed: the address signs in to several accounts: {}", slugs.join(", "));
            Err(Failure::invalid("account", words).into())
        }
    }
}

/// The counts that a try of that address belongs to.
pub fn counts(state: &AppState, request: &HttpRequest, email: &str) -> Counts {
    let from = address::client(request, &state.settings.network.trusted_proxies);
    Counts::new(email, &address::counted_as(from))
}

async fn matching(turn: &Turn<'_>, candidates: Vec<Credentials>, password: &str) -> Result<Vec<Credentials>, Problem> {
    if candidates.is_empty() {
        turn.fits(password.to_owned(), None).await?;
    }
    let mut fitting = Vec::new();
    for candidate in candidates {
        if turn.fits(password.to_owned(), Some(candidate.password_hash.clone())).await? {
            fitting.push(candidate);
        }
    }
    Ok(fitting)
}
