//! The rows of open offers, made from a chat: one a person who is rung.

use serde::{Deserialize, Serialize};

use crate::domain::chat::{Asked, Chat};
use crate::domain::event::{OfferKind, Rung};
use crate::domain::ids::OfferId;
use crate::ports::journal::OfferRow;

/// Who asks for an operator, and why: what a card shows beside the visitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedRow {
    /// The colleague who asks.
    pub from: Rung,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl AskedRow {
    /// Of what is asked.
    pub fn of(asked: &Asked) -> Self {
        Self { from: asked.from.clone().into(), reason: asked.reason.clone() }
    }
}

/// The rows of what rings.
pub fn ringing(chat: &Chat) -> Vec<OfferRow> {
    let single = chat.offer().map(|offer| OfferRow {
        id: offer.id,
        operator: offer.operator,
        group: offer.group.clone(),
        kind: offer.kind,
        expires_at: offer.expires_at,
        holds: true,
        asked: chat.asked().map(AskedRow::of),
    });
    let at_all = chat.ring().into_iter().flat_map(|ring| {
        ring.rung.iter().map(|person| OfferRow {
            id: ring.id,
            operator: person.id,
            group: ring.group.clone(),
            kind: OfferKind::New,
            expires_at: ring.expires_at,
            holds: false,
            asked: None,
        })
    });
    single.into_iter().chain(at_all).collect()
}

/// Which rows are opened and which offers closed when it rings differently. An offer that has changed for anybody is
/// closed for all and opened anew.
pub fn changed(before: &[OfferRow], after: Vec<OfferRow>) -> (Vec<OfferRow>, Vec<OfferId>) {
    if before == after {
        return (Vec::new(), Vec::new());
    }
    let mut closed: Vec<OfferId> = before.iter().map(|offer| offer.id).collect();
    closed.dedup();
    (after, closed)
}
