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
    let who = SignedIn::of(&state, &request).await.map_err(|problem| problem.failure);
    upgrade(OperatorSide { state, engine, who }, &request, payload)
}

struct OperatorSide {
    state: web::Data<AppState>,
    engine: web::Data<Engine>,
    /// Who opened it, or why that is not known.
    who: Result<SignedIn, Failure>,
}

impl Side for OperatorSide {
    type Connection = OperatorConnection;
    type Resolved = Refused;

    fn shared(&self) -> &Shared {
        self.engine.shared()
    }

    fn hello(&self, outlet: Outlet, text: &str) -> Result<Later<Opened<OperatorConnection>>, Failure> {
        let resumes = OperatorConnection::pages_of(read_fields(text)?)?;
        let who = match &self.who {
            Ok(who) => who,
            Err(failure) => return Ok(Box::pin(std::future::ready(Err(refused(failure.clone()))))),
        };
        let (account, operator, session) = (who.account, who.operator.id, SessionHash(who.session.token_hash));
        let (state, engine) = (self.state.clone(), self.engine.clone());
        Ok(Box::pin(async move {
            if engine.is_draining() {
                return Err((Failure::unavailable(), close::RESTART));
            }
            state.session_sockets.add(session, operator, outlet.clone());
            // The session may have ended since the handshake, when nobody knew of this socket.
            match state.store.session(&session.0, state.clock.now()).await {
                Ok(Some(_)) => {}
                Ok(None) => {
                    state.session_sockets.forget(&session);
                    return Err(refused(Failure::new(Code::Unauthorized, "sign in first")));
                }
                Err(_) => return Err(refused(Failure::unavailable())),
            }
            OperatorConnection::open(&engine, outlet, account, operator, resumes).await.map_err(refused)
        }))
    }

    fn frame(connection: &mut OperatorConnection, text: &str, heard_at: Instant) -> Option<Later<Refused>> {
        connection.frame(text, heard_at)
    }

    fn refuse(connection: &mut OperatorConnection, failure: &Failure) -> Option<Later<Refused>> {
        connection.refuse(None, failure)
    }

    fn resolved(connection: &mut OperatorConnection, refused: Refused) {
        connection.resolved(refused);
    }

    fn go_on(connection: &mut OperatorConnection) -> Option<Later<Refused>> {
        connection.go_on()
    }
}

/// A failure with the code to close with: only whoever is not signed in need not come back.
fn refused(failure: Failure) -> (Failure, u16) {
    let code = if failure.code == Code::Unauthorized { close::SIGNED_OUT } else { close::UNAVAILABLE };
    (failure, code)
}
