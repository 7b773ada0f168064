//! Thin shells around the pure core: each actor owns one object of the domain, feeds it, carries out its effects,
//! and arms one timer. `VisitorSession` writes a chat, `Queue` orders the waiting, `Operator` keeps presence; sockets
//! are reached through an [`outlet`], and everything that survives is in the store.

pub mod attendance;
pub mod board;
pub mod closing;
pub mod connection;
pub mod engine;
#[cfg(feature = "faults")]
pub mod faults;
mod figures;
mod guard;
pub mod lane;
pub mod left_messages;
pub mod lists;
pub mod mailbox;
pub mod messages;
pub mod nodes;
pub mod operator;
pub mod outlet;
pub mod pace;
pub mod queue;
mod receiving;
mod reception;
mod recount;
pub mod registry;
pub mod shared;
pub mod visitor_session;
mod watches;
pub mod windows;
pub mod worked;
