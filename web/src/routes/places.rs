//! Departments and brands: everybody signed in reads them.

use actix_web::{HttpResponse, web};
use engine::domain::ids::{BrandId, DepartmentId};
use engine::domain::permission::Permission;
use serde::Serialize;

use crate::auth::SignedIn;
use crate::error::Problem;
use crate::routes::page::PageQuery;
use crate::state::AppState;

/// `GET /departments`
pub async fn departments(
    state: web::Data<AppState>,
    who: SignedIn,
    query: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    let departments = state.store.departments(who.account).await?.into_iter();
    let views = departments.map(|department| DepartmentView {
        id: department.id,
        name: department.name,
        place: department.place,
    });
    let key = |view: &DepartmentView| format!("{:010}\u{0}{}", view.place, view.id);
    Ok(HttpResponse::Ok().json(query.part(views.collect(), key)?))
}

/// `GET /brands`
pub async fn brands(
    state: web::Data<AppState>,
    who: SignedIn,
    query: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    let brands = state.store.brands(who.account).await?.into_iter();
    let views = brands.map(|brand| BrandView {
        id: brand.id,
        name: brand.name,
        color: brand.color,
        language: brand.language,
        origins: brand.origins,
    });
    Ok(HttpResponse::Ok()
        .json(query.part(views.collect(), |view: &BrandView| format!("{}\u{0}{}", view.name, view.id))?))
}

#[derive(Debug, Serialize)]
struct DepartmentView {
    id: DepartmentId,
    name: String,
    place: u32,
}

#[derive(Debug, Serialize)]
struct BrandView {
    id: BrandId,
    name: String,
    color: String,
    language: String,
    origins: Vec<String>,
}
