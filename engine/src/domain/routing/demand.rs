//! What one waiting chat asks of routing. Today that is only who has let it go; skills, languages, a wanted
//! operator and the last one will stand here.

use crate::domain::chat::Tried;
use crate::domain::ids::OperatorId;
use crate::domain::limits::OFFER_COOL_DOWN;
use crate::domain::time::Timestamp;

/// A chat's demand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Demand {
    /// By operator, one entry each.
    tried: Vec<Tried>,
}

impl Demand {
    /// Of a chat that these operators let go. Of several entries of one operator the latest counts.
    pub fn new(tried: impl IntoIterator<Item = Tried>) -> Self {
        let mut tried: Vec<Tried> = tried.into_iter().collect();
        tried.sort_by_key(|tried| (tried.operator, std::cmp::Reverse(tried.at)));
        tried.dedup_by_key(|tried| tried.operator);
        Self { tried }
    }

    /// Who let it go, by operator.
    pub fn tried(&self) -> &[Tried] {
        &self.tried
    }

    /// Whether this operator let it go.
    pub fn was_tried(&self, operator: OperatorId) -> bool {
        self.tried.binary_search_by_key(&operator, |tried| tried.operator).is_ok()
    }
}

/// From when on the same chat may be offered to the same operator again.
pub fn cooled_down_at(tried: &Tried) -> Timestamp {
    tried.at + OFFER_COOL_DOWN
}
