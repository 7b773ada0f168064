//! The pure core: what a chat, an operator, a queue and a routing decision are, and what may happen to them.
//! Nothing here knows actors, async, a clock, a database or random numbers: time comes in as an argument,
//! effects go out as values, and the same inputs give the same outputs.

pub mod chat;
pub mod closing;
pub mod estimate;
pub mod event;
pub mod group;
pub mod hours;
pub mod identity;
pub mod identity_key;
pub mod ids;
pub mod left_message;
pub mod limits;
pub mod needs;
pub mod operator;
pub mod patience;
pub mod permission;
pub mod queue;
pub mod report;
pub mod routing;
pub mod skills;
pub mod text;
pub mod time;
pub mod urgency;
pub mod zone;
