//! Brands: everybody signed in reads them.

use actix_web::{HttpResponse, web};
use engine::domain::ids::BrandId;
use engine::domain::permission::Permission;
use serde::Serialize;

use crate::auth::SignedIn;
use crate::error::Problem;
use crate::routes::page::PageQuery;
use crate::state::AppState;

/// `GET /brands`
pub async fn list(
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
struct BrandView {
    id: BrandId,
    name: String,
    color: String,
    language: String,
    origins: Vec<String>,
}
