//! The built browser UI, which the binary carries: the console, the widget with its window, and the demo's shop.

pub mod embedded;
pub mod headers;

use std::fmt;

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use engine::domain::ids::BrandId;
use engine::domain::limits::LOADER_CACHED;
use engine::ports::staff::Brand;
use engine::protocol::error::{Code, Failure};

use crate::assets::embedded::{Cached, File};
use crate::error::Problem;
use crate::state::AppState;

/// `GET /` and every path of the console: the console finds its screen by the path.
pub async fn console(request: HttpRequest) -> Result<HttpResponse, NoPage> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Problem::wrong_method().into());
    }
    let path = request.path().trim_start_matches('/');
    let named_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    let file = if named_file { format!("console/{path}") } else { "console/index.html".to_owned() };
    document(&request, &file, headers::PAGE, true)
}

/// `GET /assets/…`: parts of the console, named by their content.
pub async fn console_asset(request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse, NoPage> {
    hashed(&request, &format!("console/assets/{path}"), false)
}

/// `GET /widget.js`: what a page includes.
pub async fn loader(request: HttpRequest) -> Result<HttpResponse, NoPage> {
    let cached = Cached::For(LOADER_CACHED);
    let mut response = file(&request, "widget/widget.js")?.respond(&request, cached);
    headers::for_any_page(response.headers_mut());
    Ok(response)
}

/// `GET /widget/assets/…`: parts of the window.
pub async fn widget(request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse, NoPage> {
    hashed(&request, &format!("widget/assets/{path}"), true)
}

/// `GET /window/{brand}`: the widget's document, which only the brand's own pages may frame.
pub async fn window(
    state: web::Data<AppState>,
    request: HttpRequest,
    key: web::Path<String>,
) -> Result<HttpResponse, NoPage> {
    let Brand { origins, .. } = brand(&state, &key).await?;
    document(&request, WINDOW, &headers::framed_by(&origins), false)
}

/// `GET /chat/{brand}`: the same window by itself, where a plain link leads.
pub async fn chat(
    state: web::Data<AppState>,
    request: HttpRequest,
    key: web::Path<String>,
) -> Result<HttpResponse, NoPage> {
    brand(&state, &key).await?;
    document(&request, WINDOW, headers::PAGE, true)
}

const WINDOW: &str = "widget/window.html";

async fn brand(state: &AppState, key: &str) -> Result<Brand, NoPage> {
    let none = || NoPage(Failure::not_found("brand").into());
    let key: BrandId = key.parse().map_err(|_| none())?;
    state.store.brand(&key).await?.ok_or_else(none)
}

/// `GET /demo`: the shop page.
pub async fn demo(state: web::Data<AppState>, request: HttpRequest) -> Result<HttpResponse, NoPage> {
    if !state.demo {
        return Err(no_such_page());
    }
    document(&request, "demo/index.html", headers::PAGE, true)
}

/// `GET /demo/assets/…`
pub async fn demo_asset(
    state: web::Data<AppState>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, NoPage> {
    if !state.demo {
        return Err(no_such_page());
    }
    hashed(&request, &format!("demo/assets/{path}"), false)
}

fn document(request: &HttpRequest, path: &str, policy: &str, alone: bool) -> Result<HttpResponse, NoPage> {
    let mut response = file(request, path)?.respond(request, Cached::Asked);
    headers::page(response.headers_mut(), policy, alone);
    Ok(response)
}

fn hashed(request: &HttpRequest, path: &str, any_page: bool) -> Result<HttpResponse, NoPage> {
    let mut response = file(request, path)?.respond(request, Cached::Forever);
    if any_page {
        headers::for_any_page(response.headers_mut());
    }
    Ok(response)
}

fn file(request: &HttpRequest, path: &str) -> Result<File, NoPage> {
    let none = || if embedded::is_empty() { not_built() } else { no_such_page() };
    File::find(request, path).ok_or_else(none)
}

fn no_such_page() -> NoPage {
    NoPage(Failure::not_found("page").into())
}

fn not_built() -> NoPage {
    let words = "This Switchboard was built without its browser UI: build web/ui, then the binary.";
    NoPage(Failure::new(Code::NotFound, words).into())
}

/// A problem in words for people: browsers show what they get at these addresses.
#[derive(Debug)]
pub struct NoPage(Problem);

impl<E: Into<Problem>> From<E> for NoPage {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for NoPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for NoPage {
    fn status_code(&self) -> StatusCode {
        self.0.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.content_type("text/plain; charset=utf-8").body(self.0.failure.message.clone())
    }
}

#[cfg(test)]
mod tests;
