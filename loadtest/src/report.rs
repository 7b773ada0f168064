//! Results as people and programs read them.

pub mod compare;
pub mod plain;
