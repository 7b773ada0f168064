//! Sockets of visitors and operators: the only folder that knows the WebSocket transport.

pub mod by_session;
pub mod carried;
pub mod carrier;
pub mod cut;
pub mod gate;
pub mod operator;
pub mod session;
pub mod visitor;
