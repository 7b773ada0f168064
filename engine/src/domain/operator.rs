//! An operator as routing needs one: present or not, and with how many chats. Where an operator is a member, and
//! which chats they hold, is not here: memberships belong to the roster, chats to themselves.

pub mod load;
pub mod presence;
pub mod rules;
pub mod slots;

pub use load::{Load, Share};
pub use presence::{AwayBecause, Presence, PresenceEffect, Reception};
pub use rules::PresenceRules;
pub use slots::{Slots, SlotsEffect};
