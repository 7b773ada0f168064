//! The free slots of an operator who is a member of several groups. A slot that becomes free is closed to all of
//! them, each is asked what it would do with it, and the best bid is granted; when nobody has a use for it the slots
//! are open to whoever needs one next. An answer that does not come in [`BID_WITHIN`] is none.

use std::collections::BTreeSet;

use crate::domain::ids::GroupId;
use crate::domain::limits::BID_WITHIN;
use crate::domain::routing::desk::Bid;
use crate::domain::time::Timestamp;

/// What is to be said to the desks of an operator's groups, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotsEffect {
    /// To all: take no slot.
    Close,
    /// To all: name your bid for this round.
    Ask {
        /// Which round; an answer bears it.
        round: u64,
    },
    /// To one: the slot is yours. It answers whether it has used it.
    Grant {
        /// Which group.
        group: GroupId,
        /// Which round; an answer bears it.
        round: u64,
    },
    /// To all: take slots as you need them.
    Open,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Open,
    Asking { awaited: BTreeSet<GroupId>, best: Option<(Bid, GroupId)>, until: Timestamp },
    Granted { group: GroupId, until: Timestamp },
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slots {
    groups: BTreeSet<GroupId>,
    state: State,
    round: u64,
    /// Groups that did not use what they were granted since the slots were closed.
    idle: BTreeSet<GroupId>,
}

impl Slots {
    /// Of an operator of these groups.
    pub fn new(groups: impl IntoIterator<Item = GroupId>) -> Self {
        Self { groups: groups.into_iter().collect(), state: State::Open, round: 0, idle: BTreeSet::new() }
    }

    /// The operator's groups are others. A round under way ends as it began.
    pub fn set_groups(&mut self, groups: impl IntoIterator<Item = GroupId>) {
        self.groups = groups.into_iter().collect();
    }

    /// A slot has become free, or may have. With one group there is nobody to choose from.
    pub fn handle_freed(&mut self, now: Timestamp) -> Vec<SlotsEffect> {
        if self.groups.len() < 2 {
            return Vec::new();
        }
        self.idle.clear();
        let mut effects = match self.state {
            State::Open => vec![SlotsEffect::Close],
            // What is under way is judged by news that are old by now: asked anew.
            State::Asking { .. } => Vec::new(),
            // The grant may be used yet; the next round comes with its answer.
            State::Granted { .. } => return Vec::new(),
        };
        effects.extend(self.ask(now));
        effects
    }

    /// A group has answered.
    pub fn handle_bid(&mut self, round: u64, group: &GroupId, bid: Option<Bid>, now: Timestamp) -> Vec<SlotsEffect> {
        let State::Asking { awaited, best, .. } = &mut self.state else { return Vec::new() };
        if round != self.round || !awaited.remove(group) {
            return Vec::new();
        }
        if let Some(bid) = bid.filter(|bid| best.as_ref().is_none_or(|(before, _)| bid < before)) {
            *best = Some((bid, group.clone()));
        }
        if awaited.is_empty() { self.conclude(now) } else { Vec::new() }
    }

    /// The group has used what it was granted, or had no need any more.
    pub fn handle_used(&mut self, round: u64, used: bool, now: Timestamp) -> Vec<SlotsEffect> {
        let State::Granted { group, .. } = &self.state else { return Vec::new() };
        if round != self.round {
            return Vec::new();
        }
        if !used {
            self.idle.insert(group.clone());
        }
        self.ask(now)
    }

    /// Time has passed.
    pub fn handle_due(&mut self, now: Timestamp) -> Vec<SlotsEffect> {
        match &self.state {
            State::Asking { until, .. } if *until <= now => self.conclude(now),
            State::Granted { group, until } if *until <= now => {
                self.idle.insert(group.clone());
                self.ask(now)
            }
            _ => Vec::new(),
        }
    }

    /// When [`Slots::handle_due`] is to be called.
    pub fn next_wake(&self) -> Option<Timestamp> {
        match &self.state {
            State::Open => None,
            State::Asking { until, .. } | State::Granted { until, .. } => Some(*until),
        }
    }

    fn ask(&mut self, now: Timestamp) -> Vec<SlotsEffect> {
        let awaited: BTreeSet<GroupId> = self.groups.difference(&self.idle).cloned().collect();
        if awaited.is_empty() {
            return self.open();
        }
        self.round += 1;
        self.state = State::Asking { awaited, best: None, until: now + BID_WITHIN };
        vec![SlotsEffect::Ask { round: self.round }]
    }

    fn conclude(&mut self, now: Timestamp) -> Vec<SlotsEffect> {
        let State::Asking { best: Some((_, group)), .. } = &self.state else { return self.open() };
        let group = group.clone();
        self.state = State::Granted { group: group.clone(), until: now + BID_WITHIN };
        vec![SlotsEffect::Grant { group, round: self.round }]
    }

    fn open(&mut self) -> Vec<SlotsEffect> {
        self.state = State::Open;
        self.idle.clear();
        vec![SlotsEffect::Open]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::group::Handling;
    use crate::domain::ids::{ChatId, Shard};
    use crate::domain::queue::Place;

    fn group(name: &str) -> GroupId {
        name.parse().unwrap()
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn bid(handling: Handling, entered_at: i64) -> Option<Bid> {
        let place = Place::new(ChatId::new(1, 1, Shard(0)), at(entered_at), 0);
        Some(Bid { handling, place })
    }

    fn asked() -> Slots {
        let mut slots = Slots::new([group("sales"), group("support")]);
        assert_eq!(slots.handle_freed(at(0)), [SlotsEffect::Close, SlotsEffect::Ask { round: 1 }]);
        slots
    }

    #[test]
    fn a_primary_membership_comes_before_a_longer_wait() {
        let mut slots = asked();
        assert_eq!(slots.handle_bid(1, &group("sales"), bid(Handling::Secondary, 10), at(1)), []);
        let granted = slots.handle_bid(1, &group("support"), bid(Handling::Primary, 90), at(1));
        assert_eq!(granted, [SlotsEffect::Grant { group: group("support"), round: 1 }]);
        assert_eq!(slots.handle_used(1, true, at(2)), [SlotsEffect::Ask { round: 2 }]);
    }

    #[test]
    fn a_group_that_is_silent_holds_nobody_up() {
        let mut slots = asked();
        slots.handle_bid(1, &group("sales"), bid(Handling::Primary, 10), at(1));
        assert_eq!(slots.handle_due(at(99)), []);
        assert_eq!(slots.next_wake(), Some(at(100)));
        assert_eq!(slots.handle_due(at(100)), [SlotsEffect::Grant { group: group("sales"), round: 1 }]);
        assert_eq!(slots.handle_bid(1, &group("support"), bid(Handling::Primary, 1), at(101)), [], "too late");
        assert_eq!(slots.handle_due(at(200)), [SlotsEffect::Ask { round: 2 }], "the grant's answer is lost");
        assert_eq!(slots.handle_bid(2, &group("support"), None, at(201)), [SlotsEffect::Open]);
        assert_eq!(slots.next_wake(), None);
    }

    #[test]
    fn whoever_had_no_need_is_not_granted_again_and_again() {
        let mut slots = asked();
        slots.handle_bid(1, &group("sales"), bid(Handling::Primary, 10), at(1));
        slots.handle_bid(1, &group("support"), None, at(1));
        slots.handle_used(1, false, at(2));
        assert_eq!(slots.handle_bid(2, &group("sales"), bid(Handling::Primary, 10), at(3)), []);
        assert_eq!(slots.handle_bid(2, &group("support"), None, at(3)), [SlotsEffect::Open]);
    }

    #[test]
    fn with_one_group_nothing_is_asked() {
        assert_eq!(Slots::new([group("sales")]).handle_freed(at(0)), []);
    }
}
