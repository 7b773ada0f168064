//! By which rule a chat is for those whom it is for: one closed list. It is kept with the decision, for the chat's
//! wishes and who had let it go are not known any more when somebody asks.

use serde::{Deserialize, Serialize};

use crate::domain::group::OfferMode;
use crate::domain::ids::OperatorId;
use crate::domain::routing::demand::Demand;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// Came first of those who could be asked, or are all of them where chats ring at all.
    #[default]
    Next,
    /// The page or a link names one of them.
    Wanted,
    /// Served the contact last.
    LastTime,
    /// Let it go before, as everybody else had who could be asked.
    AskedAgain,
}

impl Because {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Next, Self::Wanted, Self::LastTime, Self::AskedAgain];

    /// Of a chat that is for these in a group of that mode.
    pub fn of(demand: &Demand, chosen: &[OperatorId], mode: OfferMode) -> Self {
        let is_among = |named: Option<OperatorId>| named.is_some_and(|named| chosen.contains(&named));
        // A chat that rings at all prefers nobody among them; but it may wait for one alone.
        let last = if mode == OfferMode::RingAll { demand.only() } else { demand.prefers() };
        if is_among(demand.wanted()) {
            Self::Wanted
        } else if !chosen.is_empty() && chosen.iter().all(|operator| demand.was_tried(*operator)) {
            Self::AskedAgain
        } else if is_among(last) {
            Self::LastTime
        } else {
            Self::Next
        }
    }
}
