//! Groups: everybody signed in reads them, `manage_staff` changes them.

mod rules;

use std::ops::RangeInclusive;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use engine::domain::closing::Closing;
use engine::domain::group::{GroupSettings, OfferMode, RoutingRules};
use engine::domain::ids::{AccountId, DepartmentId, GroupId};
use engine::domain::limits::{CONNECTION_TIMEOUT_S, OFFER_EXPIRES_S};
use engine::domain::permission::Permission;
use engine::domain::text;
use engine::protocol::error::Failure;
use serde::{Deserialize, Serialize};

use crate::auth::SignedIn;
use crate::body::Body;
use crate::error::Problem;
use crate::routes::closing::{self, GroupChoice, Shown};
use crate::routes::idempotent::Answer;
use crate::routes::page::PageQuery;
use crate::routes::room;
use crate::routes::staff_write::StaffWrite;
use crate::state::{AppState, StaffChange};

/// `GET /groups`
pub async fn list(
    state: web::Data<AppState>,
    who: SignedIn,
    query: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    let groups = state.store.groups(who.account).await?;
    let going = closing::groups_of(&state, who.account).await?;
    let views = groups.iter().map(|group| Shown::of(GroupView::of(group), going.contains(&group.id))).collect();
    let key = |view: &Shown<GroupView>| format!("{}\u{0}{}", view.name, view.id);
    Ok(HttpResponse::Ok().json(query.part(views, key)?))
}

/// `GET /groups/{id}`
pub async fn get(state: web::Data<AppState>, who: SignedIn, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    let group = find(&state, who.account, &id).await?;
    Ok(HttpResponse::Ok().json(shown(&state, who.account, &group).await?))
}

/// `POST /groups`
pub async fn create(write: StaffWrite) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, body, .. } = &write;
    let NewGroup { id, department } = body.fields()?;
    let change: GroupChange = body.fields()?;
    let name = change.name.clone().ok_or_else(|| Failure::invalid("name", "is required"))?;
    let group = change.apply(body, GroupSettings::new(id, department, name))?;
    write.once(|key| make(state, who, group, key.is_some())).await
}

/// `PATCH /groups/{id}`
pub async fn change(write: StaffWrite, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, body, .. } = &write;
    let change: GroupChange = body.fields()?;
    let known = write.known()?;
    write
        .once(|_| async {
            let find = async || find(state, who.account, &id).await;
            let swap = async |before: &GroupSettings, after: &GroupSettings| {
                check(state, who, Some(before), after).await?;
                Ok(state.store.change_group(who.account, before, after).await?)
            };
            let group = known.change(find, GroupView::of, |group| change.apply(body, group), swap).await?;
            write.tell(StaffChange::Group(group.id.clone())).await;
            Answer::ok(&shown(state, who.account, &group).await?)
        })
        .await
}

/// `DELETE /groups/{id}[?waiting=end|move&to=GROUP]`
pub async fn remove(
    write: StaffWrite,
    id: web::Path<String>,
    choice: web::Query<GroupChoice>,
) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, .. } = &write;
    let choice = choice.read()?;
    let known = write.known()?;
    write
        .once(|_| async {
            let group = find(state, who.account, &id).await?;
            known.admits(&GroupView::of(&group))?;
            if let Some(waiting) = choice {
                return closing::close(state, who.account, Closing::Group { group: group.id, waiting }).await;
            }
            let in_the_way = closing::of_group(state, who.account, &group.id).await?;
            if !in_the_way.nothing() {
                return Err(in_the_way.group_needs_choice());
            }
            state.store.delete_group(who.account, &group.id).await?;
            write.tell(StaffChange::GroupGone(group.id)).await;
            Ok(Answer::done())
        })
        .await
}

async fn make(state: &AppState, who: &SignedIn, group: GroupSettings, repeatable: bool) -> Result<Answer, Problem> {
    let there = state.store.groups(who.account).await?;
    if room::for_another(&there, &group, |one| &one.id, repeatable, "group")? {
        put(state, who, &group).await?;
    }
    Answer::created(&shown(state, who.account, &group).await?)
}

/// As every answer has it.
async fn shown(state: &AppState, account: AccountId, group: &GroupSettings) -> Result<Shown<GroupView>, Problem> {
    let going = closing::groups_of(state, account).await?.contains(&group.id);
    Ok(Shown::of(GroupView::of(group), going))
}

/// A group of the account by the id in a path.
pub(super) async fn find(state: &AppState, account: AccountId, id: &str) -> Result<GroupSettings, Problem> {
    let none = || Problem::from(Failure::not_found("group"));
    let id: GroupId = id.parse().map_err(|_| none())?;
    state.store.group(account, &id).await?.ok_or_else(none)
}

async fn put(state: &AppState, who: &SignedIn, group: &GroupSettings) -> Result<(), Problem> {
    check(state, who, None, group).await?;
    state.store.put_group(who.account, group).await?;
    state.staff_changes.changed(who.account, StaffChange::Group(group.id.clone())).await;
    Ok(())
}

/// Whether everything that the group names is there. What it named before may be gone meanwhile: that is in nobody's way.
async fn check(
    state: &AppState,
    who: &SignedIn,
    before: Option<&GroupSettings>,
    group: &GroupSettings,
) -> Result<(), Problem> {
    let departments = state.store.departments(who.account).await?;
    if !departments.iter().any(|department| department.id == group.department) {
        return Err(Failure::invalid("department", "there is no such department").into());
    }
    let groups = state.store.groups(who.account).await?;
    match rules::missing(&group.rules, before.map(|before| &*before.rules), &groups) {
        Some(field) => Err(Failure::invalid(field, "there is no such group").into()),
        None => Ok(()),
    }
}

#[derive(Debug, Serialize)]
struct GroupView {
    id: GroupId,
    department: DepartmentId,
    name: String,
    offer_mode: OfferMode,
    offer_expires_after_s: u64,
    connection_timeout_s: u64,
    #[serde(flatten)]
    rules: RoutingRules,
}

impl GroupView {
    fn of(group: &GroupSettings) -> Self {
        Self {
            id: group.id.clone(),
            department: group.department.clone(),
            name: group.name.clone(),
            offer_mode: group.offer_mode,
            offer_expires_after_s: group.offer_expires_after.as_secs(),
            connection_timeout_s: group.connection_timeout.as_secs(),
            rules: (*group.rules).clone(),
        }
    }
}

/// What a new group needs beside what can be changed.
#[derive(Debug, Deserialize)]
struct NewGroup {
    id: GroupId,
    department: DepartmentId,
}

#[derive(Debug, Deserialize)]
struct GroupChange {
    #[serde(default)]
    department: Option<DepartmentId>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    offer_mode: Option<OfferMode>,
    #[serde(default)]
    offer_expires_after_s: Option<u64>,
    #[serde(default)]
    connection_timeout_s: Option<u64>,
}

impl GroupChange {
    /// `body` has the fields of the rules beside these.
    fn apply(&self, body: &Body, mut group: GroupSettings) -> Result<GroupSettings, Problem> {
        group.department = self.department.clone().unwrap_or(group.department);
        if let Some(name) = &self.name {
            group.name = text::name("name", name)?;
        }
        group.offer_mode = self.offer_mode.unwrap_or(group.offer_mode);
        if let Some(wanted) = self.offer_expires_after_s {
            group.offer_expires_after = seconds("offer_expires_after_s", wanted, &OFFER_EXPIRES_S)?;
        }
        if let Some(wanted) = self.connection_timeout_s {
            group.connection_timeout = seconds("connection_timeout_s", wanted, &CONNECTION_TIMEOUT_S)?;
        }
        *group.rules = rules::changed(&group.rules, &group.id, body)?;
        Ok(group)
    }
}

fn seconds(field: &'static str, wanted: u64, range: &RangeInclusive<u64>) -> Result<Duration, Failure> {
    if range.contains(&wanted) {
        return Ok(Duration::from_secs(wanted));
    }
    Err(Failure::invalid(field, format!("expected {} to {} seconds", range.start(), range.end())))
}
