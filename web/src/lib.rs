//! The server around the engine: sockets, HTTP, sign-in, settings, and the browser UI inside the binary.

pub mod config;
pub mod socket;
