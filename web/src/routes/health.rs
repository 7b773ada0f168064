//! What load balancers and monitoring ask.

use std::future::Future;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use engine::domain::limits::READY_WITHIN;
use engine::ports::store::StoreError;
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
    reasons.extend(why_not(state.store.ping(), READY_WITHIN).await);
    let ok = reasons.is_empty();
    let mut response = if ok { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((header::CACHE_CONTROL, "no-store")).json(Health { ok, reasons })
}

/// What is wrong with the store, if something is. One that is stuck does not answer at all.
async fn why_not(ping: impl Future<Output = Result<(), StoreError>>, within: Duration) -> Option<String> {
    match tokio::time::timeout(within, ping).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("store: {error}")),
        Err(_) => Some(format!("store: no answer within {} ms", within.as_millis())),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_store_that_does_not_answer_is_a_reason_as_one_that_refuses_is() {
        let within = Duration::from_millis(20);
        assert_eq!(why_not(async { Ok(()) }, within).await, None);
        let full = async { Err(StoreError::Unavailable("the disk is full".into())) };
        assert!(why_not(full, within).await.is_some_and(|why| why.starts_with("store: ") && why.contains("full")));
        let stuck = why_not(std::future::pending(), within).await;
        assert_eq!(stuck.as_deref(), Some("store: no answer within 20 ms"));
    }
}
