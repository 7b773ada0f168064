//! Profiles: everybody signed in reads them, to choose one; `manage_staff` changes them.

use actix_web::{HttpRequest, HttpResponse, web};
use engine::domain::ids::{AccountId, GroupId, ProfileId};
use engine::domain::limits::ACCOUNT_THINGS_MAX;
use engine::domain::permission::Permission;
use engine::domain::text;
use engine::ports::profiles::Profile;
use engine::protocol::error::{Failure, Why};
use serde::{Deserialize, Serialize};

use crate::auth::SignedIn;
use crate::body::Body;
use crate::error::Problem;
use crate::routes::idempotent::{self, Answer, Key};
use crate::routes::page::PageQuery;
use crate::routes::version::{Known, Versioned};
use crate::state::{AppState, StaffChange};

/// `GET /profiles`
pub async fn list(
    state: web::Data<AppState>,
    who: SignedIn,
    query: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    let profiles = state.store.profiles(who.account).await?;
    let views = profiles.iter().map(|profile| Versioned::of(ProfileView::of(profile))).collect();
    let key = |view: &Versioned<ProfileView>| format!("{}\u{0}{}", view.name, view.id);
    Ok(HttpResponse::Ok().json(query.part(views, key)?))
}

/// `GET /profiles/{id}`
pub async fn get(state: web::Data<AppState>, who: SignedIn, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    Ok(HttpResponse::Ok().json(Versioned::of(ProfileView::of(&find(&state, who.account, &id).await?))))
}

/// `POST /profiles`
pub async fn create(
    state: web::Data<AppState>,
    request: HttpRequest,
    who: SignedIn,
    body: Body,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ManageStaff)?;
    let NewProfile { id, name } = body.fields()?;
    let change: ProfileChange = body.fields()?;
    let profile = change.apply(Profile { id, name, groups: Vec::new() })?;
    let key = Key::of(&who, &request, &body)?;
    idempotent::write(&state, &who, key, |key| make(&state, &who, profile, key.is_some())).await
}

/// `PATCH /profiles/{id}`
pub async fn change(
    state: web::Data<AppState>,
    request: HttpRequest,
    who: SignedIn,
    id: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ManageStaff)?;
    let change: ProfileChange = body.fields()?;
    let key = Key::of(&who, &request, &body)?;
    let known = Known::of(&request)?;
    idempotent::write(&state, &who, key, |_| async {
        let find = async || find(&state, who.account, &id).await;
        let swap = async |before: &Profile, after: &Profile| {
            check(&state, who.account, after).await?;
            Ok(state.store.change_profile(who.account, before, after).await?)
        };
        let profile = known.change(find, ProfileView::of, |profile| change.apply(profile), swap).await?;
        state.staff_changes.changed(who.account, StaffChange::Profile).await;
        Answer::ok(&Versioned::of(ProfileView::of(&profile)))
    })
    .await
}

/// `DELETE /profiles/{id}`: whoever had chosen it receives from all their groups.
pub async fn remove(
    state: web::Data<AppState>,
    request: HttpRequest,
    who: SignedIn,
    id: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ManageStaff)?;
    let key = Key::of(&who, &request, &body)?;
    let known = Known::of(&request)?;
    idempotent::write(&state, &who, key, |_| async {
        let profile = find(&state, who.account, &id).await?;
        known.admits(&ProfileView::of(&profile))?;
        state.store.delete_profile(who.account, &profile.id).await?;
        state.staff_changes.changed(who.account, StaffChange::Profile).await;
        Ok(Answer::done())
    })
    .await
}

/// `repeatable`: a profile that is exactly as wanted was made by the same request, whose answer got lost.
async fn make(state: &AppState, who: &SignedIn, profile: Profile, repeatable: bool) -> Result<Answer, Problem> {
    let profiles = state.store.profiles(who.account).await?;
    match profiles.iter().find(|other| other.id == profile.id) {
        Some(other) if repeatable && *other == profile => {}
        Some(_) => return Err(Failure::conflict(Why::Changed, "there is a profile with this id").into()),
        None if profiles.len() >= ACCOUNT_THINGS_MAX as usize => {
            let words = format!("an account has at most {ACCOUNT_THINGS_MAX} profiles");
            return Err(Failure::conflict(Why::Full, words).into());
        }
        None => {
            check(state, who.account, &profile).await?;
            state.store.put_profile(who.account, &profile).await?;
        }
    }
    Answer::created(&Versioned::of(ProfileView::of(&profile)))
}

async fn find(state: &AppState, account: AccountId, id: &str) -> Result<Profile, Problem> {
    let profiles = state.store.profiles(account).await?;
    let found = profiles.into_iter().find(|profile| profile.id.as_str() == id);
    found.ok_or_else(|| Failure::not_found("profile").into())
}

/// Whether all groups are there.
async fn check(state: &AppState, account: AccountId, profile: &Profile) -> Result<(), Problem> {
    let groups = state.store.groups(account).await?;
    let there = |wanted: &GroupId| groups.iter().any(|group| group.id == *wanted);
    if profile.groups.iter().all(there) {
        return Ok(());
    }
    Err(Failure::invalid("groups", "there is no such group").into())
}

#[derive(Debug, Serialize)]
struct ProfileView {
    id: ProfileId,
    name: String,
    groups: Vec<GroupId>,
}

impl ProfileView {
    fn of(profile: &Profile) -> Self {
        let Profile { id, name, groups } = profile.clone();
        Self { id, name, groups }
    }
}

#[derive(Debug, Deserialize)]
struct NewProfile {
    id: ProfileId,
    name: String,
}

#[derive(Debug, Deserialize)]
struct ProfileChange {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    groups: Option<Vec<GroupId>>,
}

impl ProfileChange {
    fn apply(&self, mut profile: Profile) -> Result<Profile, Problem> {
        if let Some(name) = &self.name {
            profile.name = text::name("name", name)?;
        }
        if let Some(groups) = &self.groups {
            profile.groups = groups.clone();
            profile.groups.sort();
            profile.groups.dedup();
        }
        Ok(profile)
    }
}
