//! Profiles: everybody signed in reads them, to choose one; `manage_staff` changes them.

use actix_web::{HttpResponse, web};
use engine::domain::ids::{AccountId, GroupId, ProfileId};
use engine::domain::permission::Permission;
use engine::domain::text;
use engine::ports::profiles::Profile;
use engine::protocol::error::Failure;
use serde::{Deserialize, Serialize};

use crate::auth::SignedIn;
use crate::error::Problem;
use crate::routes::idempotent::Answer;
use crate::routes::page::PageQuery;
use crate::routes::room;
use crate::routes::staff_write::StaffWrite;
use crate::routes::version::Versioned;
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
pub async fn create(write: StaffWrite) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, body, .. } = &write;
    let NewProfile { id, name } = body.fields()?;
    let change: ProfileChange = body.fields()?;
    let profile = change.apply(Profile { id, name, groups: Vec::new() })?;
    write.once(|key| make(state, who, profile, key.is_some())).await
}

/// `PATCH /profiles/{id}`
pub async fn change(write: StaffWrite, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, body, .. } = &write;
    let change: ProfileChange = body.fields()?;
    let known = write.known()?;
    write
        .once(|_| async {
            let find = async || find(state, who.account, &id).await;
            let swap = async |before: &Profile, after: &Profile| {
                check(state, who.account, after).await?;
                Ok(state.store.change_profile(who.account, before, after).await?)
            };
            let profile = known.change(find, ProfileView::of, |profile| change.apply(profile), swap).await?;
            write.tell(StaffChange::Profile).await;
            Answer::ok(&Versioned::of(ProfileView::of(&profile)))
        })
        .await
}

/// `DELETE /profiles/{id}`: whoever had chosen it receives from all their groups.
pub async fn remove(write: StaffWrite, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, .. } = &write;
    let known = write.known()?;
    write
        .once(|_| async {
            let profile = find(state, who.account, &id).await?;
            known.admits(&ProfileView::of(&profile))?;
            state.store.delete_profile(who.account, &profile.id).await?;
            write.tell(StaffChange::Profile).await;
            Ok(Answer::done())
        })
        .await
}

async fn make(state: &AppState, who: &SignedIn, profile: Profile, repeatable: bool) -> Result<Answer, Problem> {
    let there = state.store.profiles(who.account).await?;
    if room::for_another(&there, &profile, |one| &one.id, repeatable, "profile")? {
        check(state, who.account, &profile).await?;
        state.store.put_profile(who.account, &profile).await?;
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
