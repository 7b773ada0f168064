//! Brands: everybody signed in reads them, `manage_staff` changes how urgent their chats are. That holds at once, for
//! those who wait already too.

use actix_web::{HttpResponse, web};
use engine::domain::ids::{AccountId, BrandId};
use engine::domain::permission::Permission;
use engine::domain::text;
use engine::domain::urgency::{BrandPriorities, VariablePriority};
use engine::ports::staff::Brand;
use engine::protocol::error::Failure;
use serde::{Deserialize, Serialize};

use crate::auth::SignedIn;
use crate::error::Problem;
use crate::routes::idempotent::Answer;
use crate::routes::page::PageQuery;
use crate::routes::patch::given;
use crate::routes::staff_write::StaffWrite;
use crate::routes::version::Versioned;
use crate::state::{AppState, StaffChange};

/// `GET /brands`
pub async fn list(
    state: web::Data<AppState>,
    who: SignedIn,
    query: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    let brands = state.store.brands(who.account).await?;
    let views = brands.iter().map(|brand| Versioned::of(View::of(brand))).collect();
    Ok(HttpResponse::Ok().json(query.part(views, |view: &Versioned<View>| format!("{}\u{0}{}", view.name, view.id))?))
}

/// `GET /brands/{id}`
pub async fn get(state: web::Data<AppState>, who: SignedIn, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    Ok(HttpResponse::Ok().json(Versioned::of(View::of(&find(&state, who.account, &id).await?))))
}

/// `PATCH /brands/{id}`
pub async fn change(write: StaffWrite, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, body, .. } = &write;
    let change: Change = body.fields()?;
    let known = write.known()?;
    write
        .once(|_| async {
            let find = async || find(state, who.account, &id).await;
            let swap = async |before: &Brand, after: &Brand| Ok(state.store.change_brand(before, after).await?);
            let brand = known.change(find, View::of, |brand| change.apply(brand), swap).await?;
            write.tell(StaffChange::Asks).await;
            Answer::ok(&Versioned::of(View::of(&brand)))
        })
        .await
}

/// A brand's key is known to the world; that of another account is as if it did not exist.
async fn find(state: &AppState, account: AccountId, id: &str) -> Result<Brand, Problem> {
    let none = || Problem::from(Failure::not_found("brand"));
    let id: BrandId = id.parse().map_err(|_| none())?;
    state.store.brand(&id).await?.filter(|brand| brand.account == account).ok_or_else(none)
}

#[derive(Debug, Serialize)]
struct View {
    id: BrandId,
    name: String,
    color: String,
    language: String,
    origins: Vec<String>,
    #[serde(flatten)]
    priorities: BrandPriorities,
}

impl View {
    fn of(brand: &Brand) -> Self {
        let Brand { id, name, color, language, origins, priorities, .. } = brand.clone();
        Self { id, name, color, language, origins, priorities }
    }
}

#[derive(Debug, Deserialize)]
struct Change {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    priority: Option<i32>,
    /// `null` trusts none.
    #[serde(default, deserialize_with = "given")]
    trusted_variables: Option<Option<Vec<String>>>,
    /// `null` is none.
    #[serde(default, deserialize_with = "given")]
    variable_priorities: Option<Option<Vec<VariablePriority>>>,
}

impl Change {
    fn apply(&self, mut brand: Brand) -> Result<Brand, Problem> {
        if let Some(name) = &self.name {
            brand.name = text::name("name", name)?;
        }
        let priorities = &mut brand.priorities;
        priorities.priority = self.priority.unwrap_or(priorities.priority);
        if let Some(trusted) = &self.trusted_variables {
            priorities.trusted_variables = trusted.clone().unwrap_or_default();
        }
        if let Some(rules) = &self.variable_priorities {
            priorities.variable_priorities = rules.clone().unwrap_or_default();
        }
        priorities.check().map_err(|bad| Failure::invalid(bad.field, format!("expected {}", bad.expected)))?;
        Ok(brand)
    }
}
