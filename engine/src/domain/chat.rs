//! A chat as a state machine over its events. [`Chat::decide`] judges an input and answers with the events it
//! makes and the slots it needs, or with a typed refusal; [`Chat::apply`] takes an event in. The state is nothing
//! but its events: replaying them gives the same chat, on any node, at any time.

pub mod ask;
pub mod decide;
pub mod input;
pub mod offer;
pub mod outcome;
pub mod replies;
pub mod ring;
pub mod state;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use ask::{Ask, Asked, Guest};
pub use input::{Decision, Input, Refusal, SlotChange};
pub use offer::{Offer, Tried};
pub use outcome::Outcome;
pub use replies::{IdleSpread, Replies, STEPS};
pub use ring::RingAll;
pub use state::{Chat, ChatState, Person};
