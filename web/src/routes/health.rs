//! What load balancers and monitoring ask.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::state::AppState;

/// `GET /health/live`: the process answers.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(Health { ok: true, reasons: Vec::new() })
}

/// `GET /health/ready`: it takes new work, or says why not.
pub async fn ready(state: web::Data<AppState>) -> HttpResponse {
    let mut reasons = Vec::new();
    if state.readiness.draining() {
        reasons.push("draining".to_owned());
    }
    if let Err(error) = state.store.ping().await {
        reasons.push(format!("store: {error}"));
    }
    let ok = reasons.is_empty();
    let mut response = if ok { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((header::CACHE_CONTROL, "no-store")).json(Health { ok, reasons })
}

/// `GET /metrics`
pub async fn metrics(state: web::Data<AppState>) -> HttpResponse {
    let text = (state.metrics)();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}

#[derive(Debug, Serialize)]
struct Health {
    ok: bool,
    reasons: Vec<String>,
}
