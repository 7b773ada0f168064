//! What stands behind the ports. Only start-up code and tests name an adapter; everything else knows the traits.
//! `memory` is the executable specification: where another store does something else, one of the two is wrong.

pub mod bus;
mod delivery;
pub mod memory;
pub mod postgres;
mod sql;
pub mod sqlite;
pub mod system;
