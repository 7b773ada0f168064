//! Operators: everybody signed in reads them, `manage_staff` changes them.

use actix_web::{HttpRequest, HttpResponse, web};
use engine::domain::ids::{AccountId, OperatorId};
use engine::domain::limits::ACCOUNT_THINGS_MAX;
use engine::domain::permission::{Permission, StaffRole};
use engine::domain::text;
use engine::ports::staff::Operator;
use engine::protocol::error::{Failure, Why};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::auth::{SignedIn, password};
use crate::body::Body;
use crate::error::Problem;
use crate::routes::idempotent::{self, Answer, Key};
use crate::routes::page::PageQuery;
use crate::routes::patch::{given, limit};
use crate::state::{AppState, StaffChange};

/// `GET /operators`
pub async fn list(
    state: web::Data<AppState>,
    who: SignedIn,
    query: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    let operators = state.store.operators(who.account).await?;
    let views = operators.iter().map(OperatorView::of).collect();
    let key = |view: &OperatorView| format!("{}\u{0}{}", view.name, view.id);
    Ok(HttpResponse::Ok().json(query.part(views, key)?))
}

/// `GET /operators/{id}`
pub async fn get(state: web::Data<AppState>, who: SignedIn, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    Ok(HttpResponse::Ok().json(OperatorView::of(&find(&state, who.account, &id).await?)))
}

/// `POST /operators`
pub async fn create(
    state: web::Data<AppState>,
    request: HttpRequest,
    who: SignedIn,
    body: Body,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ManageStaff)?;
    let wanted: NewOperator = body.fields()?;
    let key = Key::of(&who, &request, &body)?;
    idempotent::write(&state, &who, key, |key| make(&state, &who, wanted, key)).await
}

/// `PATCH /operators/{id}`
pub async fn change(
    state: web::Data<AppState>,
    request: HttpRequest,
    who: SignedIn,
    id: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ManageStaff)?;
    let change: OperatorChange = body.fields()?;
    let key = Key::of(&who, &request, &body)?;
    idempotent::write(&state, &who, key, |_| update(&state, &who, &id, change)).await
}

/// `DELETE /operators/{id}`
pub async fn remove(
    state: web::Data<AppState>,
    request: HttpRequest,
    who: SignedIn,
    id: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ManageStaff)?;
    let key = Key::of(&who, &request, &body)?;
    idempotent::write(&state, &who, key, |_| async {
        let operator = find(&state, who.account, &id).await?;
        keep_the_last_administrator(&state, &who, &operator, None).await?;
        state.store.delete_operator(who.account, operator.id).await?;
        state.staff_changes.changed(who.account, StaffChange::OperatorGone(operator.id)).await;
        Ok(Answer::done())
    })
    .await
}

async fn make(state: &AppState, who: &SignedIn, wanted: NewOperator, key: Option<Key>) -> Result<Answer, Problem> {
    let operator = Operator {
        id: OperatorId(key.as_ref().map_or_else(Uuid::now_v7, Key::made_id)),
        email: text::email("email", &wanted.email)?,
        name: text::name("name", &wanted.name)?,
        role: wanted.role,
        limit: limit(wanted.limit)?,
        disabled: false,
    };
    let secret = password::checked("password", &wanted.password)?;
    if state.store.operators(who.account).await?.len() >= ACCOUNT_THINGS_MAX as usize {
        let words = format!("an account has at most {ACCOUNT_THINGS_MAX} operators");
        return Err(Failure::conflict(Why::Full, words).into());
    }
    let hash = state.passwords.turn().await?.hash(secret).await?;
    if let Err(error) = state.store.create_operator(who.account, &operator, &hash, state.clock.now()).await {
        // An operator with this very id was made by the same request, whose answer got lost or is on its way.
        if key.is_some() && state.store.operator(who.account, operator.id).await?.is_some() {
            return Answer::created(&OperatorView::of(&operator));
        }
        return Err(error.into());
    }
    state.staff_changes.changed(who.account, StaffChange::Operator(operator.id)).await;
    Answer::created(&OperatorView::of(&operator))
}

async fn update(state: &AppState, who: &SignedIn, id: &str, change: OperatorChange) -> Result<Answer, Problem> {
    let before = find(state, who.account, id).await?;
    let mut operator = before.clone();
    if let Some(email) = &change.email {
        operator.email = text::email("email", email)?;
    }
    if let Some(name) = &change.name {
        operator.name = text::name("name", name)?;
    }
    operator.role = change.role.unwrap_or(operator.role);
    operator.disabled = change.disabled.unwrap_or(operator.disabled);
    if let Some(wanted) = change.limit {
        operator.limit = limit(wanted)?;
    }
    let secret = change.password.map(|secret| password::checked("password", &secret)).transpose()?;
    keep_the_last_administrator(state, who, &before, Some(&operator)).await?;
    if operator != before && !state.store.update_operator(who.account, &operator).await? {
        return Err(Failure::not_found("operator").into());
    }
    if let Some(secret) = secret {
        let hash = state.passwords.turn().await?.hash(secret).await?;
        state.store.set_password(who.account, operator.id, &hash).await?;
        state.staff_changes.changed(who.account, StaffChange::SessionsEnded(operator.id)).await;
    }
    if operator.disabled {
        for session in state.store.sessions_of(who.account, operator.id).await? {
            state.store.end_session(&session.token_hash).await?;
        }
        state.staff_changes.changed(who.account, StaffChange::OperatorGone(operator.id)).await;
    } else if operator != before {
        state.staff_changes.changed(who.account, StaffChange::Operator(operator.id)).await;
    }
    Answer::ok(&OperatorView::of(&operator))
}

/// Somebody must be left who can undo it.
async fn keep_the_last_administrator(
    state: &AppState,
    who: &SignedIn,
    before: &Operator,
    after: Option<&Operator>,
) -> Result<(), Problem> {
    let administers = |operator: &Operator| operator.role == StaffRole::Administrator && !operator.disabled;
    if !administers(before) || after.is_some_and(administers) {
        return Ok(());
    }
    let operators = state.store.operators(who.account).await?;
    if operators.iter().any(|other| other.id != before.id && administers(other)) {
        return Ok(());
    }
    Err(Failure::conflict(Why::State, "the account needs an administrator; make another one first").into())
}

/// An operator of the account by the id in a path.
pub(super) async fn find(state: &AppState, account: AccountId, id: &str) -> Result<Operator, Problem> {
    let none = || Problem::from(Failure::not_found("operator"));
    let id: OperatorId = id.parse().map_err(|_| none())?;
    state.store.operator(account, id).await?.ok_or_else(none)
}

#[derive(Debug, Serialize)]
struct OperatorView {
    id: OperatorId,
    email: String,
    name: String,
    role: StaffRole,
    limit: Option<u32>,
    disabled: bool,
}

impl OperatorView {
    fn of(operator: &Operator) -> Self {
        let Operator { id, email, name, role, limit, disabled } = operator.clone();
        Self { id, email, name, role, limit, disabled }
    }
}

#[derive(Debug, Deserialize)]
struct NewOperator {
    email: String,
    name: String,
    role: StaffRole,
    #[serde(default)]
    limit: Option<u32>,
    password: String,
}

#[derive(Debug, Deserialize)]
struct OperatorChange {
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    role: Option<StaffRole>,
    #[serde(default, deserialize_with = "given")]
    limit: Option<Option<u32>>,
    #[serde(default)]
    disabled: Option<bool>,
    #[serde(default)]
    password: Option<String>,
}
