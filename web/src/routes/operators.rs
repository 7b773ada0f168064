//! Operators: everybody signed in reads them, `manage_staff` changes them.

use std::cell::Cell;

use actix_web::{HttpResponse, web};
use engine::domain::closing::{Closing, HeldChats};
use engine::domain::ids::{AccountId, OperatorId};
use engine::domain::limits::{ACCOUNT_THINGS_MAX, OPERATOR_SKILLS_MAX};
use engine::domain::permission::{Permission, StaffRole};
use engine::domain::skills::Skills;
use engine::domain::text;
use engine::ports::staff::Operator;
use engine::protocol::error::{Failure, Why};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::auth::{SignedIn, password};
use crate::error::Problem;
use crate::routes::closing::{self, OperatorChoice, Shown};
use crate::routes::idempotent::{Answer, Key};
use crate::routes::page::PageQuery;
use crate::routes::patch::{given, limit};
use crate::routes::staff_write::StaffWrite;
use crate::routes::version::Known;
use crate::state::{AppState, StaffChange};

/// `GET /operators`
pub async fn list(
    state: web::Data<AppState>,
    who: SignedIn,
    query: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    let operators = state.store.operators(who.account).await?;
    let going = closing::operators_of(&state, who.account).await?;
    let views = operators.iter().map(|one| Shown::of(OperatorView::of(one), going.contains(&one.id))).collect();
    let key = |view: &Shown<OperatorView>| format!("{}\u{0}{}", view.name, view.id);
    Ok(HttpResponse::Ok().json(query.part(views, key)?))
}

/// `GET /operators/{id}`
pub async fn get(state: web::Data<AppState>, who: SignedIn, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    let operator = find(&state, who.account, &id).await?;
    Ok(HttpResponse::Ok().json(shown(&state, who.account, &operator).await?))
}

/// `POST /operators`
pub async fn create(write: StaffWrite) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, body, .. } = &write;
    let wanted: NewOperator = body.fields()?;
    write.once(|key| make(state, who, wanted, key)).await
}

/// `PATCH /operators/{id}[?chats=requeue|end]`
pub async fn change(
    write: StaffWrite,
    id: web::Path<String>,
    choice: web::Query<OperatorChoice>,
) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, body, .. } = &write;
    let chats = choice.read()?;
    let change: OperatorChange = body.fields()?;
    let known = write.known()?;
    write.once(|_| update(state, who, &id, (change, chats), known)).await
}

/// `DELETE /operators/{id}[?chats=requeue|end]`
pub async fn remove(
    write: StaffWrite,
    id: web::Path<String>,
    choice: web::Query<OperatorChoice>,
) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, .. } = &write;
    let chats = choice.read()?;
    let known = write.known()?;
    write
        .once(|_| async {
            let operator = find(state, who.account, &id).await?;
            known.admits(&OperatorView::of(&operator))?;
            keep_the_last_administrator(state, who, &operator, None).await?;
            if let Some(chats) = chats {
                let closing = Closing::Operator { operator: operator.id, chats, delete: true };
                return closing::close(state, who.account, closing).await;
            }
            let in_the_way = closing::of_operator(state, who.account, operator.id).await?;
            if !in_the_way.nothing() {
                return Err(in_the_way.operator_needs_choice());
            }
            state.store.delete_operator(who.account, operator.id).await?;
            write.tell(StaffChange::OperatorGone(operator.id)).await;
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
        skills: checked(wanted.skills)?,
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
            return Answer::created(&shown(state, who.account, &operator).await?);
        }
        return Err(error.into());
    }
    state.staff_changes.changed(who.account, StaffChange::Operator(operator.id)).await;
    Answer::created(&shown(state, who.account, &operator).await?)
}

async fn update(
    state: &AppState,
    who: &SignedIn,
    id: &str,
    (mut change, chats): (OperatorChange, Option<HeldChats>),
    known: Known,
) -> Result<Answer, Problem> {
    let secret = change.password.take().map(|secret| password::checked("password", &secret)).transpose()?;
    let (written, begins, limits_alone) = (Cell::new(false), Cell::new(false), Cell::new(false));
    let swap = async |before: &Operator, after: &Operator| {
        keep_the_last_administrator(state, who, before, Some(after)).await?;
        begins.set(after.disabled && !before.disabled);
        // That comes with what becomes of their chats, in one transaction: done both, or neither.
        let after = Operator { disabled: after.disabled && before.disabled, ..after.clone() };
        // How much they get, and what of, says nothing of who they are: their windows stay.
        limits_alone.set(after == Operator { limit: after.limit, skills: after.skills.clone(), ..before.clone() });
        written.set(state.store.change_operator(who.account, before, &after).await?);
        Ok(written.get())
    };
    let find = async || find(state, who.account, id).await;
    if change.disabled == Some(true) && chats.is_none() {
        let in_the_way = closing::of_operator(state, who.account, find().await?.id).await?;
        if !in_the_way.nothing() {
            return Err(in_the_way.operator_needs_choice());
        }
    }
    let operator = known.change(find, OperatorView::of, |operator| change.apply(operator), swap).await?;
    if let Some(secret) = secret {
        let hash = state.passwords.turn().await?.hash(secret).await?;
        state.store.set_password(who.account, operator.id, &hash).await?;
        state.staff_changes.changed(who.account, StaffChange::SessionsEnded(operator.id)).await;
    }
    let closing = |chats| Closing::Operator { operator: operator.id, chats, delete: false };
    if operator.disabled {
        match chats {
            // Whoever sees to it goes on after the answer.
            Some(chats) => drop(closing::close(state, who.account, closing(chats)).await?),
            // Nothing was in the way; what came to them in this moment waits again.
            None if begins.get() => closing::begin(state, who.account, &closing(HeldChats::Requeue)).await?,
            None => state.staff_changes.changed(who.account, StaffChange::OperatorGone(operator.id)).await,
        }
    } else if written.get() {
        let told = if limits_alone.get() { StaffChange::Receives } else { StaffChange::Operator };
        state.staff_changes.changed(who.account, told(operator.id)).await;
    }
    Answer::ok(&shown(state, who.account, &operator).await?)
}

/// Skills, each with a level from 1 to 10.
fn checked(skills: Option<Skills>) -> Result<Skills, Failure> {
    let skills = skills.unwrap_or_default();
    if skills.len() > OPERATOR_SKILLS_MAX {
        return Err(Failure::invalid("skills", format!("expected at most {OPERATOR_SKILLS_MAX} skills")));
    }
    Ok(skills)
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

/// As every answer has them.
async fn shown(state: &AppState, account: AccountId, operator: &Operator) -> Result<Shown<OperatorView>, Problem> {
    let going = closing::operators_of(state, account).await?.contains(&operator.id);
    Ok(Shown::of(OperatorView::of(operator), going))
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
    skills: Skills,
}

impl OperatorView {
    fn of(operator: &Operator) -> Self {
        let Operator { id, email, name, role, limit, disabled, skills } = operator.clone();
        Self { id, email, name, role, limit, disabled, skills }
    }
}

#[derive(Debug, Deserialize)]
struct NewOperator {
    email: String,
    name: String,
    role: StaffRole,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    skills: Option<Skills>,
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
    #[serde(default, deserialize_with = "given")]
    skills: Option<Option<Skills>>,
    #[serde(default)]
    password: Option<String>,
}

impl OperatorChange {
    fn apply(&self, mut operator: Operator) -> Result<Operator, Problem> {
        if let Some(email) = &self.email {
            operator.email = text::email("email", email)?;
        }
        if let Some(name) = &self.name {
            operator.name = text::name("name", name)?;
        }
        operator.role = self.role.unwrap_or(operator.role);
        operator.disabled = self.disabled.unwrap_or(operator.disabled);
        if let Some(wanted) = self.limit {
            operator.limit = limit(wanted)?;
        }
        if let Some(wanted) = &self.skills {
            operator.skills = checked(wanted.clone())?;
        }
        Ok(operator)
    }
}
