//! Memberships: who belongs to which group, and how chats come to them.

use actix_web::{HttpResponse, web};
use engine::domain::group::{Handling, Membership};
use engine::domain::ids::{GroupId, OperatorId};
use engine::domain::permission::Permission;
use engine::protocol::error::{Code, Failure, Why};
use serde::{Deserialize, Serialize};

use crate::auth::SignedIn;
use crate::error::Problem;
use crate::routes::idempotent::Answer;
use crate::routes::page::PageQuery;
use crate::routes::patch::{given, limit};
use crate::routes::staff_write::StaffWrite;
use crate::routes::version::Versioned;
use crate::routes::{groups, operators};
use crate::state::{AppState, StaffChange};

/// `GET /memberships?group=&operator=`
pub async fn list(
    state: web::Data<AppState>,
    who: SignedIn,
    asked: web::Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    let group: Option<GroupId> =
        asked.group.as_deref().map(str::parse).transpose().map_err(|bad| Failure::bad_id("group", &bad))?;
    let operator: Option<OperatorId> =
        asked.operator.as_deref().map(str::parse).transpose().map_err(|bad| Failure::bad_id("operator", &bad))?;
    let memberships = state.store.memberships(who.account, group.as_ref(), operator).await?;
    let views = memberships.iter().map(|one| Versioned::of(MembershipView::of(one))).collect();
    let page = PageQuery { limit: asked.limit.clone(), cursor: asked.cursor.clone() };
    let key = |view: &Versioned<MembershipView>| format!("{}\u{0}{}", view.group, view.operator);
    Ok(HttpResponse::Ok().json(page.part(views, key)?))
}

/// `GET /memberships/{group}/{operator}`
pub async fn get(
    state: web::Data<AppState>,
    who: SignedIn,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    Ok(HttpResponse::Ok().json(Versioned::of(MembershipView::of(&find(&state, &who, &path.0, &path.1).await?))))
}

/// `POST /memberships`
pub async fn create(write: StaffWrite) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, body, .. } = &write;
    let wanted: NewMembership = body.fields()?;
    write.once(|key| make(state, who, wanted, key.is_some())).await
}

/// `PATCH /memberships/{group}/{operator}`
pub async fn change(write: StaffWrite, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, body, .. } = &write;
    let change: MembershipChange = body.fields()?;
    let known = write.known()?;
    write
        .once(|_| async {
            let find = async || find(state, who, &path.0, &path.1).await;
            let swap = async |before: &Membership, after: &Membership| {
                Ok(state.store.change_membership(who.account, before, after).await?)
            };
            let membership =
                known.change(find, MembershipView::of, |membership| change.apply(membership), swap).await?;
            // Who somebody is, and what they may see, stays: so do their windows.
            write.tell(StaffChange::Receives(membership.operator)).await;
            Answer::ok(&Versioned::of(MembershipView::of(&membership)))
        })
        .await
}

/// `DELETE /memberships/{group}/{operator}`
pub async fn remove(write: StaffWrite, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, .. } = &write;
    let known = write.known()?;
    write
        .once(|_| async {
            let membership = find(state, who, &path.0, &path.1).await?;
            known.admits(&MembershipView::of(&membership))?;
            let Membership { group, operator, .. } = membership;
            state.store.delete_membership(who.account, &group, operator).await?;
            write.tell(StaffChange::Membership(group, operator)).await;
            Ok(Answer::done())
        })
        .await
}

/// `repeatable`: a membership that is exactly as wanted was made by the same request, whose answer got lost.
async fn make(state: &AppState, who: &SignedIn, wanted: NewMembership, repeatable: bool) -> Result<Answer, Problem> {
    let group = groups::find(state, who.account, &wanted.group).await;
    let operator = operators::find(state, who.account, &wanted.operator).await;
    let membership = Membership {
        group: group.map_err(|problem| missing("group", problem))?.id,
        operator: operator.map_err(|problem| missing("operator", problem))?.id,
        handling: wanted.handling,
        limit: limit(wanted.limit)?,
        active: wanted.active.unwrap_or(true),
    };
    let there = state.store.memberships(who.account, Some(&membership.group), Some(membership.operator)).await?;
    match there.first() {
        Some(other) if repeatable && *other == membership => {}
        Some(_) => {
            let words = "operator: a member of the group already; change that membership";
            return Err(Failure { field: Some("operator".into()), ..Failure::conflict(Why::Changed, words) }.into());
        }
        None => {
            state.store.put_membership(who.account, &membership).await?;
            tell(state, who, &membership).await;
        }
    }
    Answer::created(&Versioned::of(MembershipView::of(&membership)))
}

fn missing(field: &'static str, problem: Problem) -> Problem {
    match problem.failure.code {
        Code::NotFound => Failure::invalid(field, format!("there is no such {field}")).into(),
        _ => problem,
    }
}

async fn find(state: &AppState, who: &SignedIn, group: &str, operator: &str) -> Result<Membership, Problem> {
    let none = || Problem::from(Failure::not_found("membership"));
    let group: GroupId = group.parse().map_err(|_| none())?;
    let operator: OperatorId = operator.parse().map_err(|_| none())?;
    let found = state.store.memberships(who.account, Some(&group), Some(operator)).await?;
    found.into_iter().next().ok_or_else(none)
}

async fn tell(state: &AppState, who: &SignedIn, membership: &Membership) {
    let change = StaffChange::Membership(membership.group.clone(), membership.operator);
    state.staff_changes.changed(who.account, change).await;
}

/// What is asked of the list.
#[derive(Debug, Deserialize)]
pub struct ListQuery {
    group: Option<String>,
    operator: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct MembershipView {
    group: GroupId,
    operator: OperatorId,
    handling: Handling,
    limit: Option<u32>,
    active: bool,
}

impl MembershipView {
    fn of(membership: &Membership) -> Self {
        let Membership { group, operator, handling, limit, active } = membership.clone();
        Self { group, operator, handling, limit, active }
    }
}

#[derive(Debug, Deserialize)]
struct NewMembership {
    group: String,
    operator: String,
    handling: Handling,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    active: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct MembershipChange {
    #[serde(default)]
    handling: Option<Handling>,
    #[serde(default, deserialize_with = "given")]
    limit: Option<Option<u32>>,
    #[serde(default)]
    active: Option<bool>,
}

impl MembershipChange {
    fn apply(&self, mut membership: Membership) -> Result<Membership, Problem> {
        membership.handling = self.handling.unwrap_or(membership.handling);
        membership.active = self.active.unwrap_or(membership.active);
        if let Some(wanted) = self.limit {
            membership.limit = limit(wanted)?;
        }
        Ok(membership)
    }
}
