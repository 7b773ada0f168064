//! The server around the engine: sockets, HTTP, sign-in, settings, and the browser UI inside the binary.

pub mod assets;
pub mod auth;
pub mod availability;
pub mod body;
pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
pub mod error;
pub mod provision;
pub mod routes;
pub mod shutdown;
pub mod socket;
pub mod startup;
pub mod state;
pub mod telemetry;
pub mod traffic;
pub mod wiring;
