//! What the engine needs from outside, as traits with their promises and errors. Adapters keep the promises; one
//! conformance suite checks them all.

mod append_error;
pub mod bus;
pub mod clock;
pub mod closings;
pub mod contacts;
pub mod decisions;
pub mod journal;
pub mod left_messages;
pub mod offers;
pub mod presence;
pub mod profiles;
pub mod rows;
pub mod scope;
pub mod shards;
pub mod staff;
pub mod store;
pub mod traces;
pub mod work;
