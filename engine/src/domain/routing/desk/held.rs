//! Slots that were granted for what rings at all. A ring reserves nothing, so that the operator's other groups would take
//! the slot away from under it: each is held until the chat rings at its operator no more.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::group::OfferMode;
use crate::domain::ids::{ChatId, OperatorId};
use crate::domain::queue::{Offering, Place};
use crate::domain::routing::desk::{Bid, Desk};
use crate::domain::routing::effect::Effect;
use crate::domain::routing::roster::Standing;
use crate::domain::time::Timestamp;

/// Whose slots are held, for which chats.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    of: BTreeMap<OperatorId, BTreeSet<ChatId>>,
}

impl Desk {
    /// The slots of an operator that this group has asked for and nobody has answered: to their other groups they are used.
    pub fn under_way_for(&self, operator: OperatorId) -> u32 {
        let held = u32::try_from(self.held_for(operator).count()).unwrap_or(u32::MAX);
        self.roster.proposals_for(operator).saturating_add(held)
    }

    /// The chats for which slots of an operator are held while they ring.
    pub fn held_for(&self, operator: OperatorId) -> impl Iterator<Item = ChatId> {
        self.held.of.get(&operator).into_iter().flatten().copied()
    }

    /// The best that rings at the operator without a slot that is held. Whoever has no limit has slots for all groups.
    pub(super) fn bid_for_a_ring(&self, operator: OperatorId) -> Option<Bid> {
        let member = self.roster.member(operator).filter(|member| member.limit.is_some())?;
        let held: BTreeSet<ChatId> = self.held_for(operator).collect();
        let has_another = usize::try_from(self.roster.room(operator)).is_ok_and(|room| room > held.len());
        if !has_another || self.roster.standing(operator) != Some(Standing::Free) {
            return None;
        }
        let ringing = self.ringing.at(operator).filter(|chat| !held.contains(chat));
        let place = ringing.filter_map(|chat| self.place_of_ring(chat)).min()?;
        Some(Bid { handling: member.handling, place })
    }

    /// The slot is held for what was named, if it still rings.
    pub(super) fn hold(&mut self, operator: OperatorId, now: Timestamp) -> Vec<Effect> {
        let chat = self.bid_for_a_ring(operator).map(|bid| bid.place.chat);
        if let Some(chat) = chat {
            self.held.of.entry(operator).or_default().insert(chat);
        }
        let mut effects = self.settle(now);
        if !self.held_for(operator).any(|held| Some(held) == chat) {
            effects.push(Effect::NotNeeded { operator });
        }
        effects
    }

    /// Slots are held for what rings at their operators, and not for more than there is room for.
    pub(super) fn let_go_of_slots(&mut self, effects: &mut Vec<Effect>) {
        for (operator, chats) in std::mem::take(&mut self.held.of) {
            let rings: BTreeSet<ChatId> = self.ringing.at(operator).collect();
            let still = chats.intersection(&rings).filter_map(|chat| self.place_of_ring(*chat));
            let still: BTreeSet<Place> = still.collect();
            let room = usize::try_from(self.roster.room(operator)).unwrap_or(usize::MAX);
            let kept: BTreeSet<ChatId> = still.into_iter().take(room).map(|place| place.chat).collect();
            if kept.len() < chats.len() {
                effects.push(Effect::NotHeld { operator });
            }
            if !kept.is_empty() {
                self.held.of.insert(operator, kept);
            }
        }
    }

    fn place_of_ring(&self, chat: ChatId) -> Option<Place> {
        let here = self.settings.offer_mode == OfferMode::RingAll;
        let waiting = self.queue.get(chat).filter(|waiting| here && waiting.offering == Offering::No)?;
        Some(Place::new(chat, waiting.entered_at, waiting.priority))
    }
}
