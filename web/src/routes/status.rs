//! Whether somebody receives: open to the pages that bear the widget, and kept by browsers for a few seconds.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use engine::domain::group::Availability;
use engine::domain::ids::{BrandId, DepartmentId};
use engine::domain::limits::STATUS_CACHED;
use engine::protocol::error::Failure;
use serde::{Deserialize, Serialize};

use crate::auth::origin;
use crate::error::Problem;
use crate::state::AppState;

/// `GET /status?brand=KEY[&department=ID]`
pub async fn status(
    state: web::Data<AppState>,
    request: HttpRequest,
    query: web::Query<StatusQuery>,
) -> Result<HttpResponse, Problem> {
    let key = query.brand.as_deref().ok_or_else(|| Failure::invalid("brand", "is required"))?;
    let key: BrandId = key.parse().map_err(|_| Failure::not_found("brand"))?;
    let brand = state.store.brand(&key).await?.ok_or_else(|| Failure::not_found("brand"))?;
    let department = match query.department.as_deref() {
        Some(id) => Some(department(&state, brand.account, id).await?),
        None => None,
    };
    let availability = state.availability.availability(brand.account, department.as_ref()).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, format!("public, max-age={}", STATUS_CACHED.as_secs())));
    response.insert_header((header::VARY, "Origin"));
    if let Some(from) = origin::of(&request)
        && origin::may_embed(&request, &state.settings, &brand.origins, from)
    {
        response.insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, from));
        response.insert_header(("Cross-Origin-Resource-Policy", "cross-origin"));
    }
    Ok(response.json(StatusView { state: availability }))
}

async fn department(
    state: &AppState,
    account: engine::domain::ids::AccountId,
    id: &str,
) -> Result<DepartmentId, Problem> {
    let none = || Problem::from(Failure::not_found("department"));
    let id: DepartmentId = id.parse().map_err(|_| none())?;
    let departments = state.store.departments(account).await?;
    if departments.iter().any(|department| department.id == id) { Ok(id) } else { Err(none()) }
}

/// What is asked.
#[derive(Debug, Deserialize)]
pub struct StatusQuery {
    brand: Option<String>,
    department: Option<String>,
}

#[derive(Debug, Serialize)]
struct StatusView {
    state: Availability,
}
