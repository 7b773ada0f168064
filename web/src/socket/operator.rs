//! `/ws/operator`.

use std::time::Instant;

use actix_web::{HttpRequest, HttpResponse, web};
use engine::actors::connection::Later;
use engine::actors::connection::operator::{OperatorConnection, Refused};
use engine::actors::engine::Engine;
use engine::actors::outlet::Outlet;
use engine::actors::shared::Shared;
use engine::protocol::close;
use engine::protocol::error::{Code, Failure};
use engine::protocol::frame::read_fields;
use engine::protocol::operator::Hello;

use crate::auth::{origin, signed_in::SignedIn};
use crate::error::Problem;
use crate::socket::session::{Opened, Side, upgrade};
use crate::state::{AppState, SessionHash};

/// Upgrades an operator's request. Who is not signed in is let in to be told so: a browser hears nothing of a
/// handshake that failed, and would come back for ever.
///
/// # Errors
/// `forbidden` for pages that are not the console's own; not a WebSocket handshake.
pub async fn socket(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<AppState>,
    engine: web::Data<Engine>,
) -> Result<HttpResponse, actix_web::Error> {
    // A cookie is a browser's, and no browser hides its origin.
    if !origin::of(&request).is_some_and(|origin| origin::is_own(&request, &state.settings, origin)) {
        return Err(Problem::forbidden("pages of this origin may not speak for operators".to_owned()).into());
    }
    let who = SignedIn::of(&state, &request).await.ok();
    upgrade(OperatorSide { state, engine, who }, &request, payload)
}

struct OperatorSide {
    state: web::Data<AppState>,
    engine: web::Data<Engine>,
    who: Option<SignedIn>,
}

impl Side for OperatorSide {
    type Connection = OperatorConnection;
    type Resolved = Refused;

    fn shared(&self) -> &Shared {
        self.engine.shared()
    }

    fn hello(&self, outlet: Outlet, text: &str) -> Result<Later<Opened<OperatorConnection>>, Failure> {
        let hello: Hello = read_fields(text)?;
        let Some(who) = &self.who else {
            let refused = (Failure::new(Code::Unauthorized, "sign in first"), close::SIGNED_OUT);
            return Ok(Box::pin(std::future::ready(Err(refused))));
        };
        let (account, operator, session) = (who.account, who.operator.clone(), SessionHash(who.session.token_hash));
        let (state, engine) = (self.state.clone(), self.engine.clone());
        Ok(Box::pin(async move {
            if engine.is_draining() {
                return Err((Failure::unavailable(), close::RESTART));
            }
            state.session_sockets.add(session, outlet.clone());
            OperatorConnection::open(&engine, outlet, account, operator, hello)
                .await
                .map_err(|failure| (failure, close::UNAVAILABLE))
        }))
    }

    fn frame(connection: &mut OperatorConnection, text: &str, heard_at: Instant) -> Option<Later<Refused>> {
        connection.frame(text, heard_at)
    }

    fn resolved(connection: &mut OperatorConnection, refused: Refused) {
        connection.resolved(refused);
    }
}
