//! What those who wait are told of their place, and whether it is exact.

use crate::domain::estimate::in_steps;
use crate::domain::group::OfferMode;
use crate::domain::ids::ChatId;
use crate::domain::queue::positions::Stands;
use crate::domain::queue::{Place, Queue, Waiting};
use crate::domain::routing::desk::Desk;
use crate::domain::routing::effect::Effect;
use crate::domain::time::Timestamp;

/// How far chats are served in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InOrder {
    /// Who is first is open.
    No,
    /// Before this chat; it may be overtaken.
    Before(Place),
    /// All of them.
    All,
}

impl InOrder {
    /// Whether as many are served before a chat as stand before it.
    fn holds_for(self, place: Place, is_last: bool) -> bool {
        match self {
            Self::No => false,
            Self::Before(overtaken) => place < overtaken || place == overtaken && is_last,
            Self::All => true,
        }
    }
}

impl Desk {
    /// Whether chats are served in their order: not where several ring at once, nor where people take them by hand only.
    fn serves_in_order(&self) -> bool {
        let all_ring = self.settings.offer_mode == OfferMode::RingAll && self.queue.len() > 1;
        !all_ring && self.roster.has_somebody_to_ring()
    }

    pub(super) fn tell_positions(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let overtaken = self.queue.first_overtaken(now);
        let in_order = match overtaken {
            _ if !self.serves_in_order() => InOrder::No,
            Some(first) => InOrder::Before(first),
            None => InOrder::All,
        };
        if self.told_in_order.replace(in_order) != Some(in_order) {
            self.queue.look_at_the_first();
        }
        let (turns, pace) = (&self.turns, &self.pace);
        let stands = |queue: &Queue, waiting: &Waiting, chat: ChatId, ahead: usize| {
            let only_here = !turns.is_sought_elsewhere(chat) && waiting.demand.only().is_none();
            let place = Place::new(chat, waiting.entered_at, waiting.priority);
            let in_place = in_order.holds_for(place, ahead + 1 == queue.len());
            let about = !(in_place && queue.is_uniform() && only_here);
            Stands { ahead, about, wait: pace.estimate(ahead).map(in_steps) }
        };
        for (chat, Stands { ahead, about, .. }) in self.queue.positions_due(now, stands) {
            if self.queue.get(chat).is_none_or(|waiting| waiting.guest_of.is_some()) {
                continue;
            }
            let wait = self.pace.estimate(ahead);
            match wait {
                Some(wait) => self.told_waits.insert(chat, (now, wait)),
                None => self.told_waits.remove(&chat),
            };
            effects.push(Effect::Position { chat, ahead, about, wait });
        }
    }
}
