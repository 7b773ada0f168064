//! Sockets of visitors and operators: the only folder that knows the WebSocket transport.

pub mod cut;
pub mod gate;
