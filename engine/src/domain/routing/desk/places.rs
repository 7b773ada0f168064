//! What those who wait are told of their place, and whether it is exact.

use crate::domain::estimate::in_steps;
use crate::domain::group::OfferMode;
use crate::domain::ids::ChatId;
use crate::domain::queue::positions::Stands;
use crate::domain::queue::{Queue, Waiting};
use crate::domain::routing::desk::Desk;
use crate::domain::routing::effect::Effect;
use crate::domain::time::Timestamp;

impl Desk {
    /// Whether chats are served in their order: not where several ring at once, nor where people take them by hand only.
    fn serves_in_order(&self) -> bool {
        let all_ring = self.settings.offer_mode == OfferMode::RingAll && self.queue.len() > 1;
        !all_ring && self.roster.has_somebody_to_ring()
    }

    pub(super) fn tell_positions(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let in_order = self.serves_in_order();
        if self.told_in_order.replace(in_order) != Some(in_order) {
            self.queue.look_at_the_first();
        }
        let (turns, pace) = (&self.turns, &self.pace);
        let stands = |queue: &Queue, waiting: &Waiting, chat: ChatId, ahead: usize| {
            let only_here = !turns.is_sought_elsewhere(chat) && waiting.demand.only().is_none();
            let about = !(in_order && queue.is_uniform() && only_here);
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
