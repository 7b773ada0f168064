//! What every store promises, as tests that run on each of them. A store is handed in empty and open; the names of the
//! tests tell the promises.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must panic")]
#![expect(missing_docs, reason = "the names of the tests tell the story")]

pub mod accounts;
pub mod appending;
pub mod births;
pub mod capacity;
pub mod closings;
pub mod contacts;
pub mod decisions;
pub mod left_messages;
pub mod lists;
pub mod marks;
pub mod pages;
pub mod presence;
pub mod profiles;
pub mod sessions;
pub mod shards;
pub mod staff;
pub mod survival;
pub mod work;
pub mod world;
