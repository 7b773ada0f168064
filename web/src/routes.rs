//! Every address the server answers, on one screen.

pub mod account;
pub mod auth;
pub mod brands;
pub mod chats;
pub mod closing;
pub mod colleagues;
pub mod contacts;
pub mod decisions;
pub mod departments;
pub mod groups;
pub mod health;
pub mod idempotent;
pub mod left_messages;
pub mod memberships;
pub mod operators;
pub mod page;
pub mod patch;
pub mod presence_rules;
pub mod profiles;
pub mod reports;
pub mod room;
pub mod staff_write;
pub mod status;
pub mod version;

use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, ServiceConfig, delete, get, patch as change, post};
use actix_web::{HttpResponse, Resource, Route, guard};
use engine::protocol::error::{Code, Failure};

use crate::assets;
use crate::error::Problem;

/// The addresses of the public listener; `state` and the routes of sockets are added where the server is composed.
pub fn public(app: &mut ServiceConfig) {
    app.app_data(web::QueryConfig::default().error_handler(|error, _| bad_query(&error).into()));
    app.service(
        web::scope("/api/v1")
            .wrap(DefaultHeaders::new().add((actix_web::http::header::CACHE_CONTROL, "no-store")))
            .service(at("/auth/login").route(post().to(auth::login)))
            .service(at("/auth/logout").route(post().to(auth::logout)))
            .service(at("/auth/me").route(get().to(auth::me)).route(change().to(auth::change_me)))
            .service(at("/auth/password").route(post().to(auth::change_password)))
            .service(at("/auth/sessions").route(get().to(auth::sessions)))
            .service(at("/auth/sessions/{id}").route(delete().to(auth::end_session)))
            .service(at("/status").route(get().to(status::status)))
            .service(at("/chats").route(get().to(chats::list)))
            .service(at("/chats/{id}").route(get().to(chats::get)))
            .service(at("/chats/{id}/events").route(get().to(chats::events)))
            .service(at("/chats/{id}/decisions").route(get().to(decisions::of_chat)))
            .service(at("/chats/{id}/contact").route(get().to(contacts::of_chat)).route(change().to(contacts::change)))
            .service(at("/colleagues").route(get().to(colleagues::list)))
            .service(at("/left_messages").route(get().to(left_messages::list)))
            .service(
                at("/left_messages/{id}").route(get().to(left_messages::get)).route(change().to(left_messages::change)),
            )
            .service(at("/reports/summary").route(get().to(reports::summary)))
            .service(at("/reports/summary.csv").route(get().to(reports::summary)))
            .service(at("/operators").route(get().to(operators::list)).route(post().to(operators::create)))
            .service(
                at("/operators/{id}")
                    .route(get().to(operators::get))
                    .route(change().to(operators::change))
                    .route(delete().to(operators::remove)),
            )
            .service(at("/groups").route(get().to(groups::list)).route(post().to(groups::create)))
            .service(
                at("/groups/{id}")
                    .route(get().to(groups::get))
                    .route(change().to(groups::change))
                    .route(delete().to(groups::remove)),
            )
            .service(at("/profiles").route(get().to(profiles::list)).route(post().to(profiles::create)))
            .service(
                at("/profiles/{id}")
                    .route(get().to(profiles::get))
                    .route(change().to(profiles::change))
                    .route(delete().to(profiles::remove)),
            )
            .service(at("/departments").route(get().to(departments::list)).route(post().to(departments::create)))
            .service(
                at("/departments/{id}")
                    .route(get().to(departments::get))
                    .route(change().to(departments::change))
                    .route(delete().to(departments::remove)),
            )
            .service(at("/brands").route(get().to(brands::list)))
            .service(at("/brands/{id}").route(get().to(brands::get)).route(change().to(brands::change)))
            .service(at("/account").route(get().to(account::get)).route(change().to(account::change)))
            .service(
                at("/presence_rules").route(get().to(presence_rules::get)).route(change().to(presence_rules::change)),
            )
            .service(at("/memberships").route(get().to(memberships::list)).route(post().to(memberships::create)))
            .service(
                at("/memberships/{group}/{operator}")
                    .route(get().to(memberships::get))
                    .route(change().to(memberships::change))
                    .route(delete().to(memberships::remove)),
            )
            .default_service(web::to(not_found)),
    )
    .service(web::scope("/api").default_service(web::to(not_found)))
    .configure(probes)
    .service(at("/widget.js").route(read().to(assets::loader)))
    .service(at("/widget/assets/{path:.*}").route(read().to(assets::widget)))
    .service(at("/window/{brand}").route(read().to(assets::window)))
    .service(at("/chat/{brand}").route(read().to(assets::chat)))
    .service(at("/assets/{path:.*}").route(read().to(assets::console_asset)))
    .service(at("/demo").route(read().to(assets::demo)))
    .service(at("/demo/").route(read().to(assets::demo)))
    .service(at("/demo/assets/{path:.*}").route(read().to(assets::demo_asset)))
    .default_service(web::to(assets::console));
}

/// The addresses of the admin listener.
pub fn admin(app: &mut ServiceConfig) {
    app.configure(probes).service(at("/metrics").route(get().to(health::metrics))).default_service(web::to(not_found));
}

fn probes(app: &mut ServiceConfig) {
    app.service(at("/health/live").route(read().to(health::live)))
        .service(at("/health/ready").route(read().to(health::ready)));
}

fn at(path: &str) -> Resource {
    web::resource(path).default_service(web::to(wrong_method))
}

fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn wrong_method() -> Result<HttpResponse, Problem> {
    Err(Problem::wrong_method())
}

fn bad_query(error: &dyn std::fmt::Display) -> Problem {
    Failure::new(Code::BadFrame, format!("expected a query of plain texts: {error}")).into()
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Failure::not_found("address").into())
}
