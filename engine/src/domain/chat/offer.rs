//! A ring of a chat at one operator: an object of its own, open until it is accepted, declined, expired or taken back.

use serde::{Deserialize, Serialize};

use crate::domain::event::OfferKind;
use crate::domain::ids::{GroupId, OfferId, OperatorId};
use crate::domain::time::Timestamp;

/// An open offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its id.
    pub id: OfferId,
    /// Who is rung; a slot of theirs is reserved.
    pub operator: OperatorId,
    /// The name of the one who is rung.
    pub name: String,
    /// For which group.
    pub group: GroupId,
    /// How it came to be.
    pub kind: OfferKind,
    /// When it rings no more.
    pub expires_at: Timestamp,
}

/// An operator who let this chat go: asked again only after everybody else was, and not too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Who.
    pub operator: OperatorId,
    /// When.
    pub at: Timestamp,
}
