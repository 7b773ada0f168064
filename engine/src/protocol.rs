//! The frames of the public contract, as types: the source of the TypeScript that the console and the widget use.
//! Frames from clients are checked here, field by field; frames to clients are written here, so that what a
//! visitor may see is decided in one place.

pub mod close;
pub mod error;
pub mod files;
pub mod frame;
pub mod left_message;
pub mod operator;
pub mod traffic;
pub mod visitor;
