//! What the queues of an operator's groups hear of the operator: whether they receive, what they hold, and to which of
//! the groups a free slot goes.

use super::OperatorActor;
use crate::actors::messages::ToQueue;
use crate::domain::ids::GroupId;
use crate::domain::operator::{Reception, SlotsEffect};
use crate::ports::journal::Load;

impl OperatorActor {
    /// The operator is a member of these groups. Those that are left find the slots open.
    pub(super) fn member_of(&mut self, groups: Vec<GroupId>) {
        for group in self.groups.iter().filter(|group| !groups.contains(group)) {
            let operator = self.operator;
            self.shared.to_queue(self.account, group, ToQueue::Closed { operator, closed: false });
        }
        self.proposals.retain(|group, _| groups.contains(group));
        self.slots.set_groups(groups.iter().cloned());
        self.groups = groups;
    }

    /// Tells the queues of all groups whether the operator receives.
    pub(super) fn announce(&mut self) {
        let Some(presence) = &self.presence else { return };
        let (operator, reception, shared) = (self.operator, presence.reception(), self.is_shared());
        let ready = matches!(reception, Reception::Ready { .. });
        self.free(ready, &ToQueue::Reception { operator, reception, shared });
    }

    /// The load of one group is news for all: the overall limit is shared.
    pub(super) fn load(&self, load: &Load) {
        for group in self.groups.iter().filter(|group| **group != load.group) {
            self.shared.to_queue(self.account, group, ToQueue::Load(load.clone()));
        }
    }

    /// A slot is free again: no group takes it before all have been asked.
    pub(super) fn freed(&mut self, load: &Load) {
        if !self.groups.contains(&load.group) {
            // Not a member of that group any more, or not known to be: it counts what is held all the same.
            self.shared.to_queue(self.account, &load.group, ToQueue::Load(load.clone()));
        }
        self.free(true, &ToQueue::Load(load.clone()));
    }

    /// A group has more or fewer proposals under way: in the others so many slots are used. One that it does not hold any
    /// more is free, and no group takes it before all have been asked.
    pub(super) fn proposals(&mut self, group: GroupId, count: u32, freed: bool) {
        let before = self.proposals.insert(group.clone(), count).unwrap_or(0);
        self.proposals.retain(|_, count| *count > 0);
        let asks = freed && self.is_shared();
        if asks {
            self.say_of_slots(vec![SlotsEffect::Close]);
        }
        for other in self.groups.iter().filter(|other| count != before && **other != group) {
            self.tell_elsewhere(other);
        }
        if asks {
            self.ask_all();
        }
    }

    /// A queue that may have begun anew learns how many slots proposals of other groups use.
    pub(super) fn tell_proposals_elsewhere(&self, group: &GroupId) {
        if self.proposals.keys().any(|proposer| proposer != group) {
            self.tell_elsewhere(group);
        }
    }

    fn tell_elsewhere(&self, group: &GroupId) {
        let elsewhere = self.proposals.iter().filter(|(proposer, _)| *proposer != group);
        let (operator, count) = (self.operator, elsewhere.map(|(_, count)| *count).sum());
        self.shared.to_queue(self.account, group, ToQueue::Elsewhere { operator, count });
    }

    /// The slots are closed: what is free of them is granted.
    fn ask_all(&mut self) {
        let effects = self.slots.handle_freed(self.shared.now());
        self.say_of_slots(effects.into_iter().filter(|effect| *effect != SlotsEffect::Close).collect());
    }

    pub(super) fn say_of_slots(&mut self, effects: Vec<SlotsEffect>) {
        let operator = self.operator;
        for effect in effects {
            let (to, message) = match effect {
                SlotsEffect::Close => (None, ToQueue::Closed { operator, closed: true }),
                SlotsEffect::Open => (None, ToQueue::Closed { operator, closed: false }),
                SlotsEffect::Ask { round } => (None, ToQueue::Ask { operator, round }),
                SlotsEffect::Grant { group, round } => (Some(group), ToQueue::Grant { operator, round }),
            };
            for group in self.groups.iter().filter(|group| to.as_ref().is_none_or(|to| to == *group)) {
                self.shared.to_queue(self.account, group, message.clone());
            }
        }
    }

    /// Says something to all groups that may free a slot; where there are several, the slot goes where it is needed
    /// most.
    fn free(&mut self, frees: bool, message: &ToQueue) {
        let asks = frees && self.is_shared();
        if asks {
            self.say_of_slots(vec![SlotsEffect::Close]);
        }
        for group in &self.groups {
            self.shared.to_queue(self.account, group, message.clone());
        }
        if asks {
            self.ask_all();
        }
    }

    fn is_shared(&self) -> bool {
        self.groups.len() > 1
    }
}
