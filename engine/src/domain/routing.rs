//! Which waiting chat is offered to whom. `routing/README.md` states the problem and the rules; [`decide`] answers
//! for one chat, [`next_pairing`] for a whole queue, and a [`Desk`] is what the actor of a group's queue owns.

pub mod decision;
pub mod demand;
pub mod desk;
pub mod roster;
pub mod score;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use decision::{Counts, Decision, Outcome, WhyNot, decide};
pub use demand::Demand;
pub use desk::{Arrival, Desk, Effect, Settled};
pub use roster::{LoadNews, Member, Roster, Standing};
pub use score::Score;

use crate::domain::ids::{ChatId, OperatorId};
use crate::domain::queue::{Place, Queue};
use crate::domain::time::Timestamp;

/// A chat and the operator it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pairing {
    /// The chat.
    pub chat: ChatId,
    /// The operator.
    pub operator: OperatorId,
}

/// The first chat in rank order that may be offered to somebody now, and to whom. `None` only when no waiting chat
/// has an operator who may be offered it.
pub fn next_pairing(queue: &Queue, roster: &Roster, now: Timestamp) -> Option<Pairing> {
    search(queue, roster, now, None).pairing
}

/// How far a search came.
pub(crate) struct Search {
    /// What it found.
    pub pairing: Option<Pairing>,
    /// The place of what it found: a chat before it stays without an operator when slots only become fewer.
    pub place: Option<Place>,
    /// When the time alone may change something for a chat that was passed over.
    pub again_at: Option<Timestamp>,
}

/// [`next_pairing`] behind a place. A chat nobody has let go is paired as soon as anybody is free, so that only
/// chats with a cool-down are ever passed over.
pub(crate) fn search(queue: &Queue, roster: &Roster, now: Timestamp, behind: Option<Place>) -> Search {
    let mut again_at: Option<Timestamp> = None;
    if roster.has_free() {
        for (place, waiting) in queue.offerable(behind) {
            let later = match waiting.rests_until {
                Some(until) if until > now => Some(until),
                _ => match decide(&waiting.demand, roster, now).outcome {
                    Outcome::Offer { operator, .. } => {
                        let pairing = Pairing { chat: place.chat, operator };
                        return Search { pairing: Some(pairing), place: Some(place), again_at };
                    }
                    Outcome::Wait { again_at, .. } => again_at,
                },
            };
            again_at = earlier(again_at, later);
        }
    }
    Search { pairing: None, place: None, again_at }
}

/// The earlier of two moments, where there are any.
pub(crate) fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
