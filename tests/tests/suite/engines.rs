//! Two engines in one process over one store, with a bus between them that drops, doubles, delays and reorders as a
//! seed says. Whoever talks through them must not notice.

mod cast;
mod clocks;
mod colleagues;
mod conversation;
mod decisions;
mod figures;
mod heirs;
mod helping;
mod hurry;
mod marks;
mod offers;
mod partition;
mod people;
mod refusals;
mod resting;
mod rings;
mod rules;
mod searches;
mod takeover;
mod traffic;
mod unread;
mod zombie;
