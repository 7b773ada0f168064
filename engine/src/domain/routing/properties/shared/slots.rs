//! Slots that a group holds for what rings at all there: for which chats is asked of the desks, and whether they may is judged.
//! To the operator's other groups they are used.

use super::*;

impl World {
    /// Slots of an operator that other groups than this one hold.
    pub(super) fn held_elsewhere(&self, operator: OperatorId, group: &GroupId) -> u32 {
        let others = groups().into_iter().filter(|other| other != group && self.ignores != Some(operator));
        others.map(|other| self.held_by(&other, operator).len() as u32).sum()
    }

    pub(super) fn held_by(&self, group: &GroupId, operator: OperatorId) -> Vec<ChatId> {
        self.centre.desk(group).unwrap().held_for(operator).collect()
    }

    /// Whether there is a slot for a chat of this group, as all groups see it.
    pub(super) fn has_room(&self, operator: OperatorId, group: &GroupId) -> bool {
        let (person, held) = (&self.people[&operator], self.held_elsewhere(operator, group));
        person.has_room(group) && person.limit.is_none_or(|limit| person.used() + held < limit)
    }

    pub(super) fn all_held(&self) -> BTreeSet<(OperatorId, GroupId, ChatId)> {
        let mut all = BTreeSet::new();
        for (operator, person) in &self.people {
            for group in person.seats.keys() {
                let held = self.held_by(group, *operator);
                all.extend(held.into_iter().map(|chat| (*operator, group.clone(), chat)));
            }
        }
        all
    }

    /// What is held since a slot became free was the best use for it, where nothing else came of it.
    pub(super) fn judge_held(&mut self, before: &BTreeSet<(OperatorId, GroupId, ChatId)>, actions: &[Action]) {
        let after = self.all_held();
        self.changed = before.symmetric_difference(&after).map(|(operator, ..)| *operator).collect();
        let Some(freed) = self.freed.filter(|_| self.judges) else { return };
        let proposed = |effect: &Effect| match effect {
            Effect::Propose { chat, operator, .. } => Some((*chat, *operator)),
            _ => None,
        };
        let proposed: Vec<(ChatId, OperatorId)> =
            actions.iter().filter_map(|action| proposed(&action.effect)).collect();
        let alone = self.changed.iter().all(|operator| *operator == freed);
        if !alone || proposed.iter().any(|(_, operator)| *operator == freed) {
            return;
        }
        self.ignores = Some(freed);
        for (_, group, chat) in after.difference(before).filter(|(operator, ..)| *operator == freed) {
            let ours = (self.people[&freed].seats[group].handling, Self::rank(*chat, &self.chats[chat]));
            self.held_slots += 1;
            self.judge_among_groups(freed, group, ours, &proposed);
        }
        self.ignores = None;
    }

    /// A slot that has become free serves primary memberships first, then the best place of all the operator's groups.
    pub(super) fn judge_among_groups(
        &self,
        operator: OperatorId,
        group: &GroupId,
        ours: (Handling, (i64, ChatId)),
        but: &[(ChatId, OperatorId)],
    ) {
        for (other, seat) in self.people[&operator].seats.iter().filter(|(other, _)| *other != group) {
            let waits =
                |chat: &ChatId, row: &Row| row.state == State::Waiting && but.iter().all(|(not, _)| not != chat);
            for (chat, row) in self.chats.iter().filter(|(chat, row)| waits(chat, row)) {
                let wants = match self.rings_at_all(other) {
                    true => self.would_have_it_ring(*chat, row, other, operator),
                    false => self.looks_in(row).contains(other) && self.eligible(row, other).contains(&operator),
                };
                let theirs = (seat.handling, Self::rank(*chat, row));
                assert!(!wants || ours <= theirs, "the slot of {operator:?} was for {chat:?} in {other}");
            }
        }
    }

    /// Whether a chat rings at somebody for sure, if it is about a slot that is not held for it or another one already.
    fn would_have_it_ring(&self, chat: ChatId, row: &Row, group: &GroupId, operator: OperatorId) -> bool {
        let (person, held) = (&self.people[&operator], self.held_by(group, operator));
        let used = held.len() as u32;
        let has_another = person.limit.is_some_and(|limit| person.used() + used < limit)
            && person.seats[group].limit.is_none_or(|limit| person.seats[group].used() + used < limit);
        let (named, must) = self.must_hear(row);
        let alone = named.is_some_and(|named| named != operator);
        row.home == *group && has_another && !held.contains(&chat) && !alone && must.contains(&operator)
    }

    /// What is held rings, and there is a slot for each.
    pub(super) fn must_hold_rightly(&self, when: &str) {
        for (operator, person) in &self.people {
            for (group, seat) in &person.seats {
                let held = self.held_by(group, *operator);
                let rings = |chat: &ChatId| {
                    self.chats.get(chat).is_some_and(|row| row.home == *group && row.rung.contains(operator))
                };
                assert!(held.iter().all(rings), "{when}: {held:?} do not ring at {operator:?}");
                let used = held.len() as u32;
                let fits =
                    |limit: Option<u32>, in_use: u32| limit.is_none_or(|limit| in_use + used <= limit.max(in_use));
                assert!(
                    fits(person.limit, person.used()) && fits(seat.limit, seat.used()),
                    "{when}: {held:?} is too much"
                );
            }
        }
    }
}
