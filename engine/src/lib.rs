//! Switchboard's engine. Read `ARCHITECTURE.md` beside this folder first: it says what each part is for, which
//! part may know which, and follows one message from socket to disk and back.

pub mod actors;
pub mod adapters;
pub mod domain;
pub mod metrics;
pub mod ports;
pub mod protocol;
pub mod simulation;
