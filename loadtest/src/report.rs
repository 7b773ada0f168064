//! Results as people and programs read them.

pub mod compare;
pub mod html;
pub mod plain;
pub mod screen;
