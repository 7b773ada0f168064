//! Signing in and out, one's own sessions, one's own password.

use actix_web::{HttpRequest, HttpResponse, web};
use engine::domain::ids::{CommandId, ProfileId};
use engine::domain::permission::Permission;
use engine::domain::time::Timestamp;
use engine::ports::staff::{Operator, Session};
use engine::protocol::error::Failure;
use engine::protocol::operator::Myself;
use serde::{Deserialize, Serialize};

use crate::auth::password::Turn;
use crate::auth::sign_in::{self, Attempt};
use crate::auth::token::SessionToken;
use crate::auth::{SignedIn, keyed, origin, password, session};
use crate::body::Body;
use crate::error::Problem;
use crate::routes::idempotent::{self, Answer, Key};
use crate::routes::page::Page;
use crate::routes::patch::given;
use crate::state::{AppState, SessionHash, StaffChange};

/// `POST /auth/login`
pub async fn login(state: web::Data<AppState>, request: HttpRequest, body: Body) -> Result<HttpResponse, Problem> {
    // A foreign page must not sign its reader in as somebody else.
    if origin::of(&request).is_some_and(|origin| !origin::is_own(&request, &state.settings, origin)) {
        return Err(Problem::forbidden("signing in is for this server's own pages"));
    }
    let key = idempotent::key_of(&request)?;
    let attempt: Attempt = body.fields()?;
    let password = attempt.password.clone();
    let found = sign_in::check(&state, &request, attempt).await?;
    let token = match key {
        Some(key) => keyed::sign_in(&state, &request, &found, &key, password).await?,
        None => session::begin(&state, &request, found.account, found.operator.id).await?,
    };
    let profile = state.store.chosen_profile(found.account, found.operator.id).await?;
    Ok(with_cookie(&state, &token, &Me::new(&found.operator, profile, &token)))
}

/// `POST /auth/logout`
pub async fn logout(
    state: web::Data<AppState>,
    request: HttpRequest,
    who: Result<SignedIn, Problem>,
) -> Result<HttpResponse, Problem> {
    match who {
        Ok(who) => end(&state, &who, &who.session).await?,
        Err(problem) => keyed::has_ended(&state, &request, problem).await.map(drop)?,
    }
    Ok(HttpResponse::NoContent().cookie(session::no_cookie(&state)).finish())
}

/// `GET /auth/me`
pub async fn me(state: web::Data<AppState>, who: SignedIn) -> Result<HttpResponse, Problem> {
    let profile = state.store.chosen_profile(who.account, who.operator.id).await?;
    Ok(with_cookie(&state, &who.token, &Me::new(&who.operator, profile, &who.token)))
}

/// `PATCH /auth/me`: one's own choice of a profile; `null` is all one's groups. At sign-in the last one holds.
pub async fn change_me(
    state: web::Data<AppState>,
    request: HttpRequest,
    who: SignedIn,
    body: Body,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::Answer)?;
    let change: MyChange = body.fields()?;
    let key = Key::of(&state, &who, &request, &body).await?;
    // That it was done is kept, not what was answered: that bears secrets.
    idempotent::write(&state, &who, key, |_| async {
        choose(&state, &who, change).await?;
        Ok(Answer::done())
    })
    .await?;
    me(state, who).await
}

async fn choose(state: &AppState, who: &SignedIn, change: MyChange) -> Result<(), Problem> {
    let Some(wanted) = &change.profile else { return Ok(()) };
    let profiles = state.store.profiles(who.account).await?;
    let there = |wanted: &ProfileId| profiles.iter().any(|profile| profile.id == *wanted);
    if !wanted.as_ref().is_none_or(there) {
        return Err(Failure::invalid("profile", "there is no such profile").into());
    }
    state.store.choose_profile(who.account, who.operator.id, wanted.as_ref()).await?;
    state.staff_changes.changed(who.account, StaffChange::Receives(who.operator.id)).await;
    Ok(())
}

/// `POST /auth/password`: changes one's own; all other sessions end.
pub async fn change_password(
    state: web::Data<AppState>,
    request: HttpRequest,
    who: Result<SignedIn, Problem>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let change = body.fields::<PasswordChange>();
    let who = match who {
        Ok(who) => who,
        // Whoever is not signed in learns nothing of what is wrong beside that.
        Err(problem) => {
            let Ok(change) = change else { return Err(problem) };
            let who = keyed::renewed(&state, &request, change.new, problem).await?;
            return me(state, who).await;
        }
    };
    let change = change?;
    let key = Key::of(&state, &who, &request, &body).await?;
    let mut renewed = None;
    let (to, by, token) = (&state, &who, &mut renewed);
    let request = &request;
    idempotent::write(&state, &who, key, move |_| async move {
        *token = Some(renew(to, request, by, change).await?);
        Ok(Answer::done())
    })
    .await?;
    let Some(token) = renewed else { return me(state, who).await };
    let profile = state.store.chosen_profile(who.account, who.operator.id).await?;
    Ok(with_cookie(&state, &token, &Me::new(&who.operator, profile, &token)))
}

/// Sets the password, and begins the session that takes the place of this one.
async fn renew(
    state: &AppState,
    request: &HttpRequest,
    who: &SignedIn,
    change: PasswordChange,
) -> Result<SessionToken, Problem> {
    let wanted = password::checked("new", &change.new)?;
    let key = idempotent::key_of(request)?;
    let counts = sign_in::counts(state, request, &who.operator.email);
    let turn = state.passwords.turn().await?;
    counts.check(&state.store, state.clock.now()).await?;
    let stored = state.store.credentials(&who.operator.email).await?;
    let known_in = stored.len();
    let stored = stored.into_iter().find(|found| found.operator.id == who.operator.id && found.account == who.account);
    if !turn.fits(change.current, stored.map(|found| found.password_hash)).await? {
        counts.wrong(&state.store, state.clock.now()).await?;
        counts.check(&state.store, state.clock.now()).await?;
        return Err(Failure::invalid("current", "is not your password").into());
    }
    counts.right(&state.store, known_in).await?;
    let hash = turn.hash(wanted.clone()).await?;
    state.store.set_password(who.account, who.operator.id, &hash).await?;
    // All sessions are over now, whatever comes next.
    let begun = match key {
        Some(key) => begin_keyed(state, request, who, (&turn, &key, wanted)).await,
        None => session::begin(state, request, who.account, who.operator.id).await,
    };
    let before = SessionHash(who.session.token_hash);
    let change = match &begun {
        Ok(_) => StaffChange::PasswordChanged { operator: who.operator.id, before },
        Err(_) => StaffChange::SessionsEnded(who.operator.id),
    };
    state.staff_changes.changed(who.account, change).await;
    begun
}

/// Begins the session that the same key would begin again.
async fn begin_keyed(
    state: &AppState,
    request: &HttpRequest,
    who: &SignedIn,
    (turn, key, password): (&Turn<'_>, &CommandId, String),
) -> Result<SessionToken, Problem> {
    let token = keyed::next(state, turn, key, &who.token, password).await?;
    session::begin_with(state, request, who.account, who.operator.id, &token).await?;
    Ok(token)
}

/// `GET /auth/sessions`
pub async fn sessions(state: web::Data<AppState>, who: SignedIn) -> Result<HttpResponse, Problem> {
    let sessions = state.store.sessions_of(who.account, who.operator.id).await?;
    let now = state.clock.now();
    let running = sessions.iter().filter(|session| session.expires_at > now);
    let items = running.map(|session| SessionView::new(session, &who.session)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}

/// `DELETE /auth/sessions/{id}`
pub async fn end_session(
    state: web::Data<AppState>,
    request: HttpRequest,
    who: Result<SignedIn, Problem>,
    id: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let own = match who {
        Ok(who) => {
            let key = Key::of(&state, &who, &request, &body).await?;
            idempotent::write(&state, &who, key, |_| async {
                let sessions = state.store.sessions_of(who.account, who.operator.id).await?;
                let found = sessions.iter().find(|session| session::public_id(&session.token_hash) == *id);
                end(&state, &who, found.ok_or_else(|| Failure::not_found("session"))?).await?;
                Ok(Answer::done())
            })
            .await?;
            who.token
        }
        // One's own, and asked for again by who has not heard that it has ended.
        Err(problem) => {
            let own = keyed::has_ended(&state, &request, problem.clone()).await?;
            if session::public_id(&own.hash()) != *id {
                return Err(problem);
            }
            own
        }
    };
    let mut response = HttpResponse::NoContent();
    if session::public_id(&own.hash()) == *id {
        response.cookie(session::no_cookie(&state));
    }
    Ok(response.finish())
}

async fn end(state: &AppState, who: &SignedIn, session: &Session) -> Result<(), Problem> {
    state.store.end_session(&session.token_hash).await?;
    let change = StaffChange::SessionEnded(who.operator.id, SessionHash(session.token_hash));
    state.staff_changes.changed(who.account, change).await;
    Ok(())
}

fn with_cookie(state: &AppState, token: &SessionToken, me: &Me) -> HttpResponse {
    HttpResponse::Ok().cookie(session::cookie(state, token)).json(me)
}

#[derive(Debug, Serialize)]
struct Me {
    operator: Myself,
    permissions: &'static [Permission],
    csrf_token: String,
    profile: Option<ProfileId>,
}

impl Me {
    fn new(operator: &Operator, profile: Option<ProfileId>, token: &SessionToken) -> Self {
        let Operator { id, name, email, role, limit, .. } = operator.clone();
        let permissions = role.permissions();
        let operator = Myself { id, name, email, role, limit };
        Self { operator, permissions, csrf_token: token.csrf().text(), profile }
    }
}

#[derive(Debug, Deserialize)]
struct MyChange {
    #[serde(default, deserialize_with = "given")]
    profile: Option<Option<ProfileId>>,
}

#[derive(Debug, Deserialize)]
struct PasswordChange {
    current: String,
    new: String,
}

#[derive(Debug, Serialize)]
struct SessionView {
    id: String,
    current: bool,
    created_at: Timestamp,
    used_at: Timestamp,
    expires_at: Timestamp,
    user_agent: String,
    address: String,
}

impl SessionView {
    fn new(session: &Session, own: &Session) -> Self {
        Self {
            id: session::public_id(&session.token_hash),
            current: session.token_hash == own.token_hash,
            created_at: session.created_at,
            used_at: session.used_at,
            expires_at: session.expires_at,
            user_agent: session.user_agent.clone(),
            address: session.address.clone(),
        }
    }
}
