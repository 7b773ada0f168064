//! What the rules ask for, found by looking at everybody: who may be offered a chat now, whether a proposal is the
//! right one, and whether anybody waits beside somebody free.

use std::time::Duration;

use super::{
    ChatId, GroupId, Handling, Need, OVERFLOW_AFTER_S, OperatorId, RELAXED_EVERY_S, Reception, Row, State,
    WANTED_WAITS_S, WHOLE, World, overflow,
};

impl World {
    fn waited(&self, row: &Row) -> u64 {
        self.now.since(row.entered_at).as_secs()
    }

    /// The only one the chat may go to for now.
    fn awaits(&self, row: &Row) -> Option<OperatorId> {
        let wanted = row.wanted.filter(|wanted| row.tried.iter().all(|tried| tried.operator != *wanted))?;
        let seat = self.people[&wanted].seats.get(&row.home)?;
        (seat.handling != Handling::Pull && self.waited(row) < WANTED_WAITS_S).then_some(wanted)
    }

    fn looks_in(&self, row: &Row) -> Vec<GroupId> {
        let mut all = vec![row.home.clone()];
        if self.waited(row) >= OVERFLOW_AFTER_S && self.awaits(row).is_none() {
            all.extend(overflow(&row.home));
        }
        all
    }

    /// Whether this operator could be rung in this group, were it not for the chat's past.
    fn is_able(&self, row: &Row, operator: OperatorId, group: &GroupId) -> bool {
        let person = &self.people[&operator];
        let Some(seat) = person.seats.get(group) else { return false };
        let kept = row.needs.len().saturating_sub((self.waited(row) / RELAXED_EVERY_S) as usize);
        let can = |need: &Need| person.skills.get(&need.skill).is_some_and(|level| *level >= need.level);
        let fits = match self.awaits(row).filter(|_| *group == row.home) {
            Some(awaited) => awaited == operator,
            None => row.needs[..kept].iter().all(can),
        };
        fits && seat.active
            && seat.handling != Handling::Pull
            && matches!(person.reception, Reception::Ready { .. })
            && person.limit.is_none_or(|limit| person.used() < limit)
            && seat.limit.is_none_or(|limit| seat.held + seat.reserved < limit)
    }

    /// All who may be offered the chat in a group now.
    fn eligible(&self, row: &Row, group: &GroupId) -> Vec<OperatorId> {
        let able: Vec<OperatorId> =
            self.people.keys().copied().filter(|operator| self.is_able(row, *operator, group)).collect();
        let let_go = |operator: &OperatorId| row.tried.iter().find(|tried| tried.operator == *operator);
        let fresh: Vec<OperatorId> = able.iter().copied().filter(|operator| let_go(operator).is_none()).collect();
        if !fresh.is_empty() {
            return fresh;
        }
        let rested =
            |operator: &OperatorId| let_go(operator).is_some_and(|tried| self.now.since(tried.at).as_secs() >= 15);
        able.into_iter().filter(rested).collect()
    }

    fn rank(chat: ChatId, row: &Row) -> (i64, ChatId) {
        (row.entered_at.millis() - 60_000 * i64::from(row.priority), chat)
    }

    /// Whether a proposal is the one that the rules ask for.
    pub(super) fn judge(&self, chat: ChatId, operator: OperatorId, group: &GroupId) {
        let row = &self.chats[&chat];
        assert_eq!(row.state, State::Waiting, "a chat has one owner");
        assert!(self.looks_in(row).contains(group), "{chat:?} does not look in {group}");
        let eligible = self.eligible(row, group);
        assert!(eligible.contains(&operator), "{operator:?} may not be offered {chat:?} in {group}");
        let person = |operator: &OperatorId| &self.people[operator];
        let handling = |operator: &OperatorId| person(operator).seats[group].handling;
        let let_go =
            |operator: &OperatorId| row.tried.iter().find(|tried| tried.operator == *operator).map(|tried| tried.at);
        let order = |operator: &OperatorId| {
            let (person, seat) = (person(operator), &person(operator).seats[group]);
            let part = |used: u32, limit: Option<u32>| used * (WHOLE / limit.unwrap_or(10));
            let share = part(person.used(), person.limit).max(part(seat.held + seat.reserved, seat.limit));
            let preferred = row.wanted == Some(*operator) && *group == row.home && let_go(operator).is_none();
            let since = person.reception.since();
            (
                handling(operator),
                let_go(operator),
                !preferred,
                share,
                person.used(),
                person.last_ended_at,
                since,
                *operator,
            )
        };
        let best = eligible.iter().min_by_key(|operator| order(operator)).unwrap();
        assert_eq!(*best, operator, "another one comes first for {chat:?} in {group}");
        let ours = (handling(&operator), Self::rank(chat, row));
        for (other, theirs) in self.chats.iter().filter(|(_, row)| row.state == State::Waiting) {
            if !self.looks_in(theirs).contains(group) || !self.eligible(theirs, group).contains(&operator) {
                continue;
            }
            // Whether a group's own wait or the help for another is due first in one millisecond is not said.
            let helped_now = [OVERFLOW_AFTER_S, WANTED_WAITS_S].map(Duration::from_secs);
            if theirs.home != *group && helped_now.contains(&self.now.since(theirs.entered_at)) {
                continue;
            }
            assert!(ours.1 <= Self::rank(*other, theirs), "{other:?} was before {chat:?} for {operator:?} in {group}");
        }
        if self.freed == Some(operator) {
            self.judge_among_groups(operator, group, ours);
        }
    }

    /// A slot that has become free serves primary memberships first, then the best place of all the operator's groups.
    fn judge_among_groups(&self, operator: OperatorId, group: &GroupId, ours: (Handling, (i64, ChatId))) {
        for (other, seat) in self.people[&operator].seats.iter().filter(|(other, _)| *other != group) {
            for (chat, row) in self.chats.iter().filter(|(_, row)| row.state == State::Waiting) {
                if self.looks_in(row).contains(other) && self.eligible(row, other).contains(&operator) {
                    let theirs = (seat.handling, Self::rank(*chat, row));
                    assert!(ours <= theirs, "the slot of {operator:?} was for {chat:?} in {other}");
                }
            }
        }
    }

    /// Asks the truth after a step.
    pub(super) fn must_be_settled(&self, when: &str) {
        for (operator, person) in &self.people {
            assert!(person.limit.is_none_or(|limit| person.used() <= limit), "{when}: {operator:?} over the limit");
            for seat in person.seats.values() {
                assert!(seat.limit.is_none_or(|limit| seat.held + seat.reserved <= limit), "{when}: {operator:?}");
            }
        }
        for (chat, row) in self.chats.iter().filter(|(_, row)| !matches!(row.state, State::Active(_))) {
            let desk = self.centre.desk(&row.home).unwrap();
            let here: Vec<_> =
                self.chats.iter().filter(|(_, other)| !matches!(other.state, State::Active(_))).collect();
            let before = here.iter().filter(|(other, _)| desk.queue().get(**other).is_some());
            let before = before.filter(|(other, theirs)| Self::rank(**other, theirs) < Self::rank(*chat, row)).count();
            assert_eq!(desk.queue().ahead(*chat), Some(before), "{when}: {chat:?} is in no queue, or in another place");
            if row.state == State::Waiting {
                for group in self.looks_in(row) {
                    let eligible = self.eligible(row, &group);
                    assert!(eligible.is_empty(), "{when}: {chat:?} waits in {group} beside {eligible:?}");
                }
            }
        }
    }
}
