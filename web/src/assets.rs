//! The built browser UI, which the binary carries: the console, the widget with its window, and the demo's shop.

pub mod embedded;
pub mod headers;

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use engine::domain::ids::BrandId;
use engine::domain::limits::LOADER_CACHED;
use engine::ports::staff::Brand;
use engine::protocol::error::Failure;

use crate::assets::embedded::{Cached, File};
use crate::error::Problem;
use crate::state::AppState;

/// `GET /` and every path of the console: the console finds its screen by the path.
pub async fn console(request: HttpRequest) -> Result<HttpResponse, Problem> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Problem::wrong_method());
    }
    let path = request.path().trim_start_matches('/');
    let named_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    let file = if named_file { format!("console/{path}") } else { "console/index.html".to_owned() };
    document(&request, &file, headers::PAGE, true)
}

/// `GET /assets/…`: parts of the console, named by their content.
pub async fn console_asset(request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    hashed(&request, &format!("console/assets/{path}"), false)
}

/// `GET /widget.js`: what a page includes.
pub async fn loader(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let cached = Cached::For(LOADER_CACHED);
    let mut response = file(&request, "widget/widget.js")?.respond(&request, cached);
    headers::for_any_page(response.headers_mut());
    Ok(response)
}

/// `GET /widget/assets/…`: parts of the window.
pub async fn widget(request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    hashed(&request, &format!("widget/assets/{path}"), true)
}

/// `GET /window/{brand}`: the widget's document, which only the brand's own pages may frame.
pub async fn window(
    state: web::Data<AppState>,
    request: HttpRequest,
    key: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let none = || Problem::from(Failure::not_found("brand"));
    let key: BrandId = key.parse().map_err(|_| none())?;
    let Brand { origins, .. } = state.store.brand(&key).await?.ok_or_else(none)?;
    document(&request, "widget/window.html", &headers::framed_by(&origins), false)
}

/// `GET /demo`: the shop page.
pub async fn demo(state: web::Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    if !state.demo {
        return Err(Failure::not_found("address").into());
    }
    document(&request, "demo/index.html", headers::PAGE, true)
}

/// `GET /demo/assets/…`
pub async fn demo_asset(
    state: web::Data<AppState>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    if !state.demo {
        return Err(Failure::not_found("address").into());
    }
    hashed(&request, &format!("demo/assets/{path}"), false)
}

fn document(request: &HttpRequest, path: &str, policy: &str, alone: bool) -> Result<HttpResponse, Problem> {
    let mut response = file(request, path)?.respond(request, Cached::Asked);
    headers::page(response.headers_mut(), policy, alone);
    Ok(response)
}

fn hashed(request: &HttpRequest, path: &str, any_page: bool) -> Result<HttpResponse, Problem> {
    let mut response = file(request, path)?.respond(request, Cached::Forever);
    if any_page {
        headers::for_any_page(response.headers_mut());
    }
    Ok(response)
}

fn file(request: &HttpRequest, path: &str) -> Result<File, Problem> {
    File::find(request, path).ok_or_else(|| {
        if embedded::is_empty() {
            let words = "this binary was built without its browser UI: build web/ui, then the binary";
            return Failure::new(engine::protocol::error::Code::NotFound, words).into();
        }
        Failure::not_found("address").into()
    })
}

#[cfg(test)]
mod tests;
