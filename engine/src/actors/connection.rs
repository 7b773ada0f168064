//! What a socket is to the engine, without the socket: frames come in as text, answers go out through an outlet.
//! Commands of one connection take effect in the order sent; those that end in the store rather than in a chat
//! (`start`, `resume` …) are futures that the transport finishes before it reads on.

mod ask;
pub mod history;
mod membership;
pub mod operator;
pub mod visitor;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix::prelude::SendError;

use crate::actors::mailbox::Mailbox;
use crate::actors::messages::Command;
use crate::actors::visitor_session::VisitorSession;
use crate::domain::limits::MAILBOX_PATIENCE;

/// A future of a connection: what it resolves to is given back to the connection.
pub type Later<T> = Pin<Box<dyn Future<Output = T>>>;

/// What became of a command that was handed to a session.
pub(super) enum Handed {
    /// The session has it.
    Over,
    /// Its mailbox is full: wait for room, and read nothing else of the connection meanwhile.
    Wait(Box<Command>),
    /// It has stopped.
    Gone,
}

/// Hands a command over, if there is room.
pub(super) fn hand_over(session: &Mailbox<VisitorSession>, command: Command) -> Handed {
    match session.try_send(command) {
        Ok(()) => Handed::Over,
        Err(SendError::Full(command)) => Handed::Wait(Box::new(command)),
        Err(SendError::Closed(_)) => Handed::Gone,
    }
}

/// Waits for room; `false` when there is none for too long.
pub(super) async fn hand_over_late(session: Mailbox<VisitorSession>, command: Command) -> bool {
    let mut command = command;
    for _ in 0..MAILBOX_PATIENCE.as_millis() / LOOK_EVERY.as_millis() {
        actix::clock::sleep(LOOK_EVERY).await;
        command = match hand_over(&session, command) {
            Handed::Over => return true,
            Handed::Wait(command) => *command,
            Handed::Gone => return false,
        };
    }
    false
}

/// How often a full mailbox is looked at: it drains in a fraction of this.
const LOOK_EVERY: Duration = Duration::from_millis(2);
