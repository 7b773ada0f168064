//! Departments: everybody signed in reads them, `manage_staff` changes them. What their chats need holds at once, for
//! those who wait already too.

use actix_web::{HttpResponse, web};
use engine::domain::ids::{AccountId, DepartmentId};
use engine::domain::needs::DepartmentNeeds;
use engine::domain::permission::Permission;
use engine::domain::skills::Need;
use engine::domain::text;
use engine::ports::staff::Department;
use engine::protocol::error::Failure;
use serde::{Deserialize, Serialize};

use crate::auth::SignedIn;
use crate::error::Problem;
use crate::routes::idempotent::Answer;
use crate::routes::page::PageQuery;
use crate::routes::patch::given;
use crate::routes::room;
use crate::routes::staff_write::StaffWrite;
use crate::routes::version::Versioned;
use crate::state::{AppState, StaffChange};

/// `GET /departments`
pub async fn list(
    state: web::Data<AppState>,
    who: SignedIn,
    query: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    let departments = state.store.departments(who.account).await?;
    let views = departments.into_iter().map(|department| Versioned::of(View::of(&department))).collect();
    let key = |view: &Versioned<View>| format!("{:010}\u{0}{}", view.place, view.id);
    Ok(HttpResponse::Ok().json(query.part(views, key)?))
}

/// `GET /departments/{id}`
pub async fn get(state: web::Data<AppState>, who: SignedIn, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    Ok(HttpResponse::Ok().json(Versioned::of(View::of(&find(&state, who.account, &id).await?))))
}

/// `POST /departments`
pub async fn create(write: StaffWrite) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, body, .. } = &write;
    let NewDepartment { id, name } = body.fields()?;
    let change: Change = body.fields()?;
    let department = change.apply(Department { id, name, place: 0, needs: DepartmentNeeds::default() })?;
    write.once(|key| make(state, who, department, key.is_some())).await
}

/// `PATCH /departments/{id}`
pub async fn change(write: StaffWrite, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, body, .. } = &write;
    let change: Change = body.fields()?;
    let known = write.known()?;
    write
        .once(|_| async {
            let find = async || find(state, who.account, &id).await;
            let swap = async |before: &Department, after: &Department| {
                Ok(state.store.change_department(who.account, before, after).await?)
            };
            let department = known.change(find, View::of, |department| change.apply(department), swap).await?;
            write.tell(StaffChange::Asks).await;
            Answer::ok(&Versioned::of(View::of(&department)))
        })
        .await
}

/// `DELETE /departments/{id}`: `conflict` while a group belongs to it.
pub async fn remove(write: StaffWrite, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, .. } = &write;
    let known = write.known()?;
    write
        .once(|_| async {
            let department = find(state, who.account, &id).await?;
            known.admits(&View::of(&department))?;
            state.store.delete_department(who.account, &department.id).await?;
            write.tell(StaffChange::Asks).await;
            Ok(Answer::done())
        })
        .await
}

async fn make(state: &AppState, who: &SignedIn, department: Department, repeatable: bool) -> Result<Answer, Problem> {
    let there = state.store.departments(who.account).await?;
    if room::for_another(&there, &department, |one| &one.id, repeatable, "department")? {
        state.store.put_department(who.account, &department).await?;
    }
    Answer::created(&Versioned::of(View::of(&department)))
}

async fn find(state: &AppState, account: AccountId, id: &str) -> Result<Department, Problem> {
    let none = || Problem::from(Failure::not_found("department"));
    let id: DepartmentId = id.parse().map_err(|_| none())?;
    state.store.department(account, &id).await?.ok_or_else(none)
}

#[derive(Debug, Serialize)]
struct View {
    id: DepartmentId,
    name: String,
    place: u32,
    #[serde(flatten)]
    needs: DepartmentNeeds,
}

impl View {
    fn of(department: &Department) -> Self {
        let Department { id, name, place, needs } = department.clone();
        Self { id, name, place, needs }
    }
}

#[derive(Debug, Deserialize)]
struct NewDepartment {
    id: DepartmentId,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Change {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    place: Option<u32>,
    /// `null` asks for none.
    #[serde(default, deserialize_with = "given")]
    skills: Option<Option<Vec<Need>>>,
    #[serde(default)]
    match_language: Option<bool>,
    #[serde(default)]
    priority: Option<i32>,
}

impl Change {
    fn apply(&self, mut department: Department) -> Result<Department, Problem> {
        if let Some(name) = &self.name {
            department.name = text::name("name", name)?;
        }
        department.place = self.place.unwrap_or(department.place);
        let needs = &mut department.needs;
        if let Some(skills) = &self.skills {
            needs.skills = skills.clone().unwrap_or_default();
        }
        needs.match_language = self.match_language.unwrap_or(needs.match_language);
        needs.priority = self.priority.unwrap_or(needs.priority);
        needs.check().map_err(|bad| Failure::invalid(bad.field, format!("expected {}", bad.expected)))?;
        Ok(department)
    }
}
