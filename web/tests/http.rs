//! The server as its clients meet it: a real one on a port of its own, over a store in a folder of its own.

#![expect(clippy::unwrap_used, reason = "a test that finds something else than it needs shall fail there")]

#[path = "http/accounts.rs"]
mod accounts;
#[path = "http/chats.rs"]
mod chats;
#[path = "http/command_line.rs"]
mod command_line;
#[path = "http/decisions.rs"]
mod decisions;
#[path = "http/demo.rs"]
mod demo;
#[path = "http/keyed.rs"]
mod keyed;
#[path = "http/kit.rs"]
mod kit;
#[path = "http/lockout.rs"]
mod lockout;
#[path = "http/permissions.rs"]
mod permissions;
#[path = "http/server.rs"]
mod server;
#[path = "http/sessions.rs"]
mod sessions;
#[path = "http/sign_in.rs"]
mod sign_in;
#[path = "http/staff.rs"]
mod staff;
