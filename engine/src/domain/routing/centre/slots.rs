//! The slots of operators whom several desks share: what is under way in one group is used in the others, and what becomes
//! free goes where it is needed most.

use std::collections::VecDeque;

use crate::domain::group::OfferMode;
use crate::domain::ids::{GroupId, OperatorId};
use crate::domain::operator::{Slots, SlotsEffect};
use crate::domain::routing::centre::{Action, Centre};
use crate::domain::routing::desk::Desk;
use crate::domain::routing::effect::Effect;
use crate::domain::time::Timestamp;

impl Centre {
    /// What a group has under way for an operator changes: the other groups hear of it, and more or less follows from it.
    pub(super) fn settled(&mut self, group: &GroupId, operator: OperatorId, now: Timestamp, out: &mut Vec<Action>) {
        self.count_under_way(group, operator);
        for (other, count) in self.elsewhere(operator, group) {
            self.at(&other, now, out, |desk| desk.handle_proposals_elsewhere(operator, count, now));
        }
    }

    /// The same when it can only be more: nothing follows from it yet.
    pub(super) fn note_proposed(&mut self, group: &GroupId, operator: OperatorId) {
        self.count_under_way(group, operator);
        for (other, count) in self.elsewhere(operator, group) {
            self.desks.get_mut(&other).into_iter().for_each(|desk| desk.note_proposals_elsewhere(operator, count));
        }
    }

    fn count_under_way(&mut self, group: &GroupId, operator: OperatorId) {
        let count = self.desks.get(group).map_or(0, |desk| desk.under_way_for(operator));
        let groups = self.under_way.entry(operator).or_default();
        groups.insert(group.clone(), count);
        groups.retain(|_, count| *count > 0);
    }

    /// How many proposals the operator's other groups than this one do not know of.
    fn elsewhere(&self, operator: OperatorId, changed: &GroupId) -> Vec<(GroupId, u32)> {
        let count = |group: &GroupId| {
            let under_way = self.under_way.get(&operator).into_iter().flatten();
            under_way.filter(|(other, _)| *other != group).map(|(_, count)| *count).sum()
        };
        let others = self.groups(operator).into_iter().filter(|group| group != changed);
        others.map(|group| (group.clone(), count(&group))).collect()
    }

    /// Where chats ring at all they ring no more at whoever has no slot left for the moment.
    pub(super) fn has_a_slot_less(
        &mut self,
        operator: OperatorId,
        proposer: &GroupId,
        now: Timestamp,
        out: &mut Vec<Action>,
    ) {
        for group in self.groups(operator).iter().filter(|group| *group != proposer) {
            if self.desks.get(group).is_some_and(rings_at_all) {
                self.at(group, now, out, |desk| desk.handle_due(now));
            }
        }
    }

    /// A group holds a slot no more: nobody takes it before all have been asked, which follows the call that is at work.
    pub(super) fn not_held(&mut self, group: &GroupId, operator: OperatorId, now: Timestamp, out: &mut Vec<Action>) {
        let groups = self.groups(operator);
        if groups.len() > 1 {
            self.close(operator, true, &groups, now, out);
            self.freed.insert(operator);
        }
        self.settled(group, operator, now, out);
    }

    /// What is held no more is granted anew.
    pub(super) fn refill(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        while let Some(operator) = self.freed.pop_first() {
            self.closed(operator, now, out, |_, _| {});
        }
    }

    /// An input that may free a slot of an operator: what is free then goes where it is needed most.
    pub(super) fn closed(
        &mut self,
        operator: OperatorId,
        now: Timestamp,
        out: &mut Vec<Action>,
        input: impl FnOnce(&mut Self, &mut Vec<Action>),
    ) {
        let groups = self.groups(operator);
        if groups.len() < 2 {
            return input(self, out);
        }
        self.close(operator, true, &groups, now, out);
        input(self, out);
        let mut slots = self.slots.remove(&operator).unwrap_or_else(|| Slots::new([]));
        slots.set_groups(groups.iter().cloned());
        let mut to_do: VecDeque<SlotsEffect> = slots.handle_freed(now).into();
        while let Some(effect) = to_do.pop_front() {
            match effect {
                SlotsEffect::Close => self.close(operator, true, &groups, now, out),
                SlotsEffect::Open => self.close(operator, false, &groups, now, out),
                SlotsEffect::Ask { round } => {
                    for group in &groups {
                        let bid = self.desks.get(group).and_then(|desk| desk.bid(operator, now));
                        to_do.extend(slots.handle_bid(round, group, bid, now));
                    }
                }
                SlotsEffect::Grant { group, round } => {
                    let effects = self.desks.get_mut(&group).map(|desk| desk.handle_grant(operator, now));
                    let effects = effects.unwrap_or_default();
                    let used = !effects.contains(&Effect::NotNeeded { operator });
                    self.absorb(&group, effects, now, out);
                    if self.desks.get(&group).is_some_and(rings_at_all) {
                        self.settled(&group, operator, now, out);
                    }
                    to_do.extend(slots.handle_used(round, used, now));
                }
            }
        }
        self.slots.insert(operator, slots);
    }

    fn close(&mut self, operator: OperatorId, close: bool, groups: &[GroupId], now: Timestamp, out: &mut Vec<Action>) {
        for group in groups {
            self.at(group, now, out, |desk| desk.handle_closed(operator, close, now));
        }
    }
}

fn rings_at_all(desk: &Desk) -> bool {
    desk.settings().offer_mode == OfferMode::RingAll
}
