//! Which waiting chat is offered to whom. `routing/README.md` states the problem and the rules; [`decide`] answers
//! for one chat, [`next_pairing`] for a whole queue, a [`Desk`] is what the actor of a group's queue owns, and a
//! [`Centre`] is many desks that share operators.

pub mod because;
pub mod capacity;
pub mod centre;
pub mod decision;
pub mod demand;
pub mod desk;
pub mod effect;
pub mod explain;
mod orders;
pub mod record;
pub mod roster;
pub mod score;
pub mod still;
pub mod view;
pub mod words;

#[cfg(test)]
pub(crate) mod planted;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod tests;

pub use because::Because;
pub use capacity::Capacity;
pub use centre::{Action, Centre};
pub use decision::{Counts, Decision, Outcome, WhyNot, decide};
pub use demand::{Demand, Pool, Wishes};
pub use desk::{Bid, Desk};
pub use effect::{Arrival, Effect, RingsAtAll, Settled, TurnedAway};
pub use explain::{Considered, Reason};
pub use record::Record;
pub use roster::{LoadNews, Member, Roster, Standing};
pub use score::Score;
pub use still::{Still, StillSince, WhyStill};
pub use view::View;

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
    search(queue, roster, now, None).found.map(|found| found.pairing)
}

/// How far a search came.
pub(crate) struct Search {
    /// What it found.
    pub found: Option<Found>,
    /// When the time alone may change something for a chat that was passed over.
    pub again_at: Option<Timestamp>,
}

/// A chat that may be offered.
pub(crate) struct Found {
    /// To whom.
    pub pairing: Pairing,
    /// The chat's place: a chat before it stays without an operator when slots only become fewer.
    pub place: Place,
    /// Why.
    pub record: Decision,
}

/// [`next_pairing`] behind a place. Only pools in which somebody is free are looked at, and of a pool only the chats up
/// to the first that can be offered: those before it have a cool-down or rest.
pub(crate) fn search(queue: &Queue, roster: &Roster, now: Timestamp, behind: Option<Place>) -> Search {
    let mut search = Search { found: None, again_at: None };
    if !roster.has_free() {
        return search;
    }
    for pool in queue.pools().filter(|pool| roster.has_free_in(pool)) {
        let chats = queue.offerable(pool, behind);
        #[cfg(test)]
        let chats = planted::in_turn(chats);
        for (place, waiting) in chats {
            if search.found.as_ref().is_some_and(|best| best.place < place) {
                break;
            }
            let later = match waiting.rests_until {
                Some(until) if until > now => Some(until),
                _ => {
                    let record = decide(&waiting.demand, roster, now);
                    match record.outcome {
                        Outcome::Offer { operator, .. } => {
                            let pairing = Pairing { chat: place.chat, operator };
                            search.found = Some(Found { pairing, place, record });
                            break;
                        }
                        Outcome::Wait { again_at, .. } => again_at,
                    }
                }
            };
            search.again_at = earlier(search.again_at, later);
        }
    }
    search
}

/// The earlier of two moments, where there are any.
pub(crate) fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
