//! What a socket is to the engine, without the socket: frames come in as text, answers go out through an outlet.
//! Commands of one connection take effect in the order sent; those that end in the store rather than in a chat
//! (`start`, `resume` …) are futures that the transport finishes before it reads on.

pub mod history;
pub mod operator;
pub mod pace;
pub mod visitor;

use std::future::Future;
use std::pin::Pin;

/// A future of a connection: what it resolves to is given back to the connection.
pub type Later<T> = Pin<Box<dyn Future<Output = T>>>;
