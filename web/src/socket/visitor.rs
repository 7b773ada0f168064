//! `/ws/visitor`.

use std::time::Instant;

use actix_web::{HttpRequest, HttpResponse, web};
use engine::actors::connection::Later;
use engine::actors::connection::visitor::{Resolved, Visitor, VisitorConnection};
use engine::actors::engine::Engine;
use engine::actors::outlet::Outlet;
use engine::actors::shared::Shared;
use engine::domain::ids::VisitorId;
use engine::protocol::close;
use engine::protocol::error::{Code, Failure};
use engine::protocol::frame::read_fields;
use engine::protocol::visitor::Hello;
use uuid::Uuid;

use crate::auth::visitor_token::Bound;
use crate::auth::{identity, origin, visitor_token};
use crate::socket::session::{Opened, Side, upgrade};
use crate::state::AppState;

/// Upgrades a visitor's request.
///
/// # Errors
/// Not a WebSocket handshake.
pub async fn socket(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<AppState>,
    engine: web::Data<Engine>,
) -> Result<HttpResponse, actix_web::Error> {
    let page = origin::of(&request).map(|text| (text.to_owned(), origin::is_own(&request, &state.settings, text)));
    upgrade(VisitorSide { state, engine, page }, &request, payload)
}

struct VisitorSide {
    state: web::Data<AppState>,
    engine: web::Data<Engine>,
    /// The page's origin, and whether it is our own; programs have none.
    page: Option<(String, bool)>,
}

impl Side for VisitorSide {
    type Connection = VisitorConnection;
    type Resolved = Resolved;

    fn shared(&self) -> &Shared {
        self.engine.shared()
    }

    fn hello(&self, outlet: Outlet, text: &str) -> Result<Later<Opened<VisitorConnection>>, Failure> {
        let hello: Hello = read_fields(text)?;
        let (state, engine, page) = (self.state.clone(), self.engine.clone(), self.page.clone());
        Ok(Box::pin(async move { open(&state, &engine, page, outlet, hello).await }))
    }

    fn frame(connection: &mut VisitorConnection, text: &str, heard_at: Instant) -> Option<Later<Resolved>> {
        connection.frame(text, heard_at)
    }

    fn refuse(connection: &mut VisitorConnection, failure: &Failure) -> Option<Later<Resolved>> {
        connection.refuse(None, failure)
    }

    fn resolved(connection: &mut VisitorConnection, resolved: Resolved) {
        connection.resolved(resolved);
    }

    fn go_on(_: &mut VisitorConnection) -> Option<Later<Resolved>> {
        None
    }
}

async fn open(
    state: &AppState,
    engine: &Engine,
    page: Option<(String, bool)>,
    outlet: Outlet,
    hello: Hello,
) -> Opened<VisitorConnection> {
    if engine.is_draining() {
        return Err((Failure::unavailable(), close::RESTART));
    }
    let brand = match state.store.brand(&hello.brand).await {
        Ok(Some(brand)) => brand,
        Ok(None) => return Err((Failure::not_found("brand"), close::FORBIDDEN)),
        Err(_) => return Err((Failure::unavailable(), close::UNAVAILABLE)),
    };
    if let Some((origin, false)) = &page
        && !brand.origins.contains(origin)
    {
        let failure = Failure::new(Code::Forbidden, "pages of this origin may not bear the widget of this brand");
        return Err((failure, close::FORBIDDEN));
    }
    let (signed, refused) = match hello.identity.as_deref().map(|token| identity::verify(&brand, token)) {
        None => (None, None),
        Some(Ok(signed)) => (Some(signed), None),
        Some(Err(refused)) => {
            tracing::info!(brand = %brand.id, why = %refused, "an identity was refused, its visitor is let in without it");
            (None, Some(refused.into()))
        }
    };
    // Whoever comes with another subject than the token's, or without one, is somebody else: they see nothing of it.
    let bound = signed.as_ref().map(|signed| Bound::to(&state.keys, &brand.id, &signed.subject));
    let known = hello.token.as_deref().and_then(|token| visitor_token::verify(&state.keys, brand.account, token));
    let known = known.filter(|(_, to)| *to == bound).map(|(id, _)| id);
    let id = known.unwrap_or_else(|| VisitorId(Uuid::now_v7()));
    let token = visitor_token::sign(&state.keys, brand.account, id, bound);
    let visitor = Visitor { brand, id, token, signed, refused };
    VisitorConnection::open(engine, outlet, visitor, hello).await.map_err(|failure| (failure, close::UNAVAILABLE))
}
