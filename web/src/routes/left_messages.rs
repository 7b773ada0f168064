//! Messages that visitors left, for members of the department they are for and for those who may read all. One that
//! is not theirs to see is answered exactly as one that does not exist.

use actix_web::{HttpRequest, HttpResponse, web};
use engine::actors::left_messages::sight;
use engine::domain::ids::{GroupId, LeftMessageId};
use engine::domain::left_message::{LeftMessage, LeftSight, LeftState};
use engine::domain::permission::Permission;
use engine::domain::time::Timestamp;
use engine::ports::left_messages::LeftQuery;
use engine::protocol::error::Failure;
use engine::protocol::left_message::LeftMessageRow;
use serde::{Deserialize, Serialize};

use crate::auth::SignedIn;
use crate::body::Body;
use crate::error::Problem;
use crate::routes::idempotent::{self, Answer, Key};
use crate::routes::page::PageQuery;
use crate::state::{AppState, StaffChange};

/// `GET /left_messages?state=…&department=…`
pub async fn list(
    state: web::Data<AppState>,
    who: SignedIn,
    asked: web::Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let sight = sight_of(&state, &who).await?;
    let query = asked.query(sight)?;
    let found = state.store.left_messages(who.account, &query).await?;
    let new = state.store.new_left_messages(who.account, &query.sight).await?;
    let next = found.messages.last().filter(|_| found.more).map(cursor);
    let items = found.messages.into_iter().map(LeftMessageRow::from).collect();
    Ok(HttpResponse::Ok().json(LeftPage { items, next, new }))
}

/// `GET /left_messages/{id}`
pub async fn get(state: web::Data<AppState>, who: SignedIn, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(LeftMessageRow::from(find(&state, &who, &id).await?)))
}

/// `PATCH /left_messages/{id}` {`state`}
pub async fn change(
    state: web::Data<AppState>,
    request: HttpRequest,
    who: SignedIn,
    id: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::Answer)?;
    let LeftChange { state: wanted } = body.fields()?;
    let key = Key::of(&state, &who, &request, &body).await?;
    idempotent::write(&state, &who, key, |_| async {
        let message = find(&state, &who, &id).await?;
        if !state.store.set_left_state(who.account, message.id, wanted).await? {
            return Err(none());
        }
        state.staff_changes.changed(who.account, StaffChange::LeftMessages).await;
        Answer::ok(&LeftMessageRow::from(LeftMessage { state: wanted, ..message }))
    })
    .await
}

/// A message that the operator may see.
async fn find(state: &AppState, who: &SignedIn, id: &str) -> Result<LeftMessage, Problem> {
    let id: LeftMessageId = id.parse().map_err(|_| none())?;
    let message = state.store.left_message(who.account, id).await?.ok_or_else(none)?;
    let sight = sight_of(state, who).await?;
    if sight.shows(message.department.as_ref()) { Ok(message) } else { Err(none()) }
}

async fn sight_of(state: &AppState, who: &SignedIn) -> Result<LeftSight, Problem> {
    let memberships = state.store.memberships(who.account, None, Some(who.operator.id)).await?;
    let groups: Vec<GroupId> = memberships.into_iter().map(|membership| membership.group).collect();
    Ok(sight(&state.store, who.account, who.operator.role, &groups).await?)
}

fn none() -> Problem {
    Failure::not_found("message").into()
}

fn cursor(message: &LeftMessage) -> String {
    format!("{}-{}", message.created_at.millis(), message.id)
}

/// What is asked of the list.
#[derive(Debug, Deserialize)]
pub struct ListQuery {
    state: Option<String>,
    department: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

impl ListQuery {
    fn query(&self, sight: LeftSight) -> Result<LeftQuery, Problem> {
        let state = self.state.as_deref().map(|name| {
            LeftState::parse(name).ok_or_else(|| Failure::invalid("state", "expected new, answered_outside or done"))
        });
        let department = self.department.as_deref().map(str::parse).transpose();
        let after = self
            .cursor
            .as_deref()
            .map(|cursor| behind(cursor).ok_or_else(|| Failure::invalid("cursor", "expected what next was")));
        let page = PageQuery { limit: self.limit.clone(), cursor: None };
        Ok(LeftQuery {
            state: state.transpose()?,
            department: department.map_err(|bad| Failure::bad_id("department", &bad))?,
            sight,
            limit: page.limit()?,
            after: after.transpose()?,
        })
    }
}

fn behind(cursor: &str) -> Option<(Timestamp, LeftMessageId)> {
    let (millis, id) = cursor.rsplit_once('-')?;
    Some((Timestamp::from_millis(millis.parse().ok()?), id.parse().ok()?))
}

#[derive(Debug, Deserialize)]
struct LeftChange {
    state: LeftState,
}

#[derive(Debug, Serialize)]
struct LeftPage {
    items: Vec<LeftMessageRow>,
    next: Option<String>,
    /// How many of those one may see are new, whatever the list shows.
    new: u32,
}
