//! What the rules ask for, found by looking at everybody: who may be offered a chat now, whether a proposal is the
//! right one, and whether anybody waits beside somebody free.

use std::time::Duration;

use super::{
    BTreeSet, ChatId, GroupId, Handling, LENGTH_MAX, Need, OVERFLOW_AFTER_S, OperatorId, RELAXED_EVERY_S, Reception,
    Row, State, TurnedAway, WAITS_S, WHOLE, World, is_bounded,
};

impl World {
    pub(super) fn waited(&self, row: &Row) -> u64 {
        self.now.since(row.entered_at).as_secs()
    }

    /// Whom a chat is for before others, of those whom its group can ring.
    pub(super) fn preferred(&self, row: &Row) -> Option<OperatorId> {
        let can = |operator: &OperatorId| self.can_ring(&row.home, *operator);
        row.wanted.filter(can).or(row.last.filter(can))
    }

    pub(super) fn can_ring(&self, group: &GroupId, operator: OperatorId) -> bool {
        self.people[&operator].seats.get(group).is_some_and(|seat| seat.handling != Handling::Pull)
    }

    /// The only one the chat may go to for now.
    pub(super) fn awaits(&self, row: &Row) -> Option<OperatorId> {
        let operator = self.preferred(row).filter(|operator| !was_tried(row, *operator))?;
        let (for_wanted, for_last) = self.waits_s[&row.home];
        let waits_s = if row.wanted == Some(operator) { for_wanted } else { for_last };
        (!row.gave_up.contains(&operator) && self.waited(row) < u64::from(waits_s)).then_some(operator)
    }

    /// Who has the chat in a group before anybody else, when they are free.
    fn named(&self, row: &Row, group: &GroupId) -> Option<OperatorId> {
        let can = |wanted: &OperatorId| *group == row.home && self.can_ring(group, *wanted);
        row.wanted.filter(can).filter(|wanted| !was_tried(row, *wanted))
    }

    pub(super) fn looks_in(&self, row: &Row) -> Vec<GroupId> {
        let helpers = row.helpers.iter().flatten();
        std::iter::once(&row.home).chain(helpers).cloned().collect()
    }

    /// Where somebody may be there for a chat; who helps no longer gives no hope.
    pub(super) fn hopes_for(&self, row: &Row) -> Vec<GroupId> {
        let hopes = |group: &GroupId| *group == row.home || self.helps[&row.home].contains(group);
        self.looks_in(row).into_iter().filter(hopes).collect()
    }

    /// Whether this operator could be rung in this group, were it not for the chat's past.
    fn is_able(&self, row: &Row, operator: OperatorId, group: &GroupId) -> bool {
        let person = &self.people[&operator];
        let Some(seat) = person.seats.get(group) else { return false };
        let fits = match self.awaits(row).filter(|_| *group == row.home) {
            Some(awaited) => awaited == operator,
            None => self.named(row, group) == Some(operator) || self.can(row, operator),
        };
        fits && seat.active
            && seat.handling != Handling::Pull
            && matches!(person.reception, Reception::Ready { .. })
            && self.has_room(operator, group)
            && person.doubted.get(group).is_none_or(|until| *until <= self.now)
    }

    /// Whether this operator can what is still asked for.
    fn can(&self, row: &Row, operator: OperatorId) -> bool {
        let skills = &self.people[&operator].skills;
        let kept = row.needs.len().saturating_sub((self.waited(row) / RELAXED_EVERY_S) as usize);
        let can = |need: &Need| skills.get(&need.skill).is_some_and(|level| *level >= need.level);
        row.needs[..kept].iter().all(can)
    }

    /// All who may be offered the chat in a group now.
    pub(super) fn eligible(&self, row: &Row, group: &GroupId) -> Vec<OperatorId> {
        if row.rests.get(group).is_some_and(|until| *until > self.now) {
            return Vec::new();
        }
        let able: Vec<OperatorId> =
            self.people.keys().copied().filter(|operator| self.is_able(row, *operator, group)).collect();
        self.fresh_or_rested(row, able)
    }

    /// Of these, who has not let the chat go; when all have, who did so long enough ago.
    fn fresh_or_rested(&self, row: &Row, able: Vec<OperatorId>) -> Vec<OperatorId> {
        let let_go = |operator: &OperatorId| row.tried.iter().find(|tried| tried.operator == *operator);
        let fresh: Vec<OperatorId> = able.iter().copied().filter(|operator| let_go(operator).is_none()).collect();
        if !fresh.is_empty() {
            return fresh;
        }
        let rested =
            |operator: &OperatorId| let_go(operator).is_some_and(|tried| self.now.since(tried.at).as_secs() >= 15);
        able.into_iter().filter(rested).collect()
    }

    pub(super) fn rank(chat: ChatId, row: &Row) -> (i64, ChatId) {
        (row.entered_at.millis() - 60_000 * i64::from(row.priority), chat)
    }

    /// Whether a proposal is the one that the rules ask for.
    pub(super) fn judge(&self, chat: ChatId, operator: OperatorId, group: &GroupId, also: &[ChatId]) {
        let row = &self.chats[&chat];
        assert_eq!(row.state, State::Waiting, "a chat has one owner");
        assert!(self.looks_in(row).contains(group), "{chat:?} does not look in {group}");
        let eligible = self.eligible(row, group);
        assert!(eligible.contains(&operator), "{operator:?} may not be offered {chat:?} in {group}");
        let person = |operator: &OperatorId| &self.people[operator];
        let handling = |operator: &OperatorId| person(operator).seats[group].handling;
        let let_go =
            |operator: &OperatorId| row.tried.iter().find(|tried| tried.operator == *operator).map(|tried| tried.at);
        let order = |&operator: &OperatorId| {
            let (person, seat) = (person(&operator), &person(&operator).seats[group]);
            let part = |used: u32, limit: Option<u32>| used * (WHOLE / limit.unwrap_or(10));
            let used = person.used() + self.held_elsewhere(operator, group);
            let share = part(used, person.limit).max(part(seat.used(), seat.limit));
            let prefers = self.preferred(row).filter(|_| *group == row.home && let_go(&operator).is_none());
            let preferred = prefers == Some(operator);
            let since = person.reception.since();
            (
                self.named(row, group) != Some(operator),
                handling(&operator),
                let_go(&operator),
                !preferred,
                share,
                used,
                person.last_ended_at,
                since,
                operator,
            )
        };
        // Whose held slots change in the same moment counted otherwise when this was decided, or is asked behind them.
        let changes = |one: &OperatorId| self.changed.contains(one);
        let rivals = |other: &&OperatorId| **other == operator || !changes(other);
        let best = eligible.iter().filter(rivals).min_by_key(|operator| order(operator)).unwrap();
        assert_eq!(*best, operator, "another one comes first for {chat:?} in {group}");
        let ours = (handling(&operator), Self::rank(chat, row));
        let is_waiting = |(other, row): &(&ChatId, &Row)| row.state == State::Waiting && !also.contains(other);
        for (other, theirs) in self.chats.iter().filter(is_waiting) {
            if !self.looks_in(theirs).contains(group) || !self.eligible(theirs, group).contains(&operator) {
                continue;
            }
            // Whether a group's own wait or the help for another is due first in one millisecond is not said.
            let waits = WAITS_S.map(|waits| Duration::from_secs(u64::from(waits)));
            let since = self.now.since(theirs.entered_at);
            if theirs.home != *group && (since == Duration::from_secs(OVERFLOW_AFTER_S) || waits.contains(&since)) {
                continue;
            }
            assert!(ours.1 <= Self::rank(*other, theirs), "{other:?} was before {chat:?} for {operator:?} in {group}");
        }
        if self.freed == Some(operator) {
            self.judge_among_groups(operator, group, ours, &[]);
        }
    }

    /// What a visitor is told: how many are served before, and whether that is certain.
    pub(super) fn judge_position(&self, chat: ChatId, ahead: usize, about: bool) {
        let row = &self.chats[&chat];
        // What becomes due for several chats in one millisecond is told in an order that is not said.
        let turns = WAITS_S.into_iter().map(u64::from).chain([OVERFLOW_AFTER_S]).map(|waits| waits * 1000);
        let turns: Vec<u64> =
            turns.chain((1..9).map(|step| step * RELAXED_EVERY_S * 1000)).filter(|at| *at > 0).collect();
        if self.chats.values().any(|other| turns.contains(&(self.now.since(other.entered_at).as_millis() as u64))) {
            return;
        }
        let here: Vec<(&ChatId, &Row)> = self.in_queue(&row.home).collect();
        let before = here.iter().filter(|(other, theirs)| Self::rank(**other, theirs) < Self::rank(chat, row)).count();
        assert_eq!(ahead, before, "{chat:?} was told a wrong number");
        let asks = |row: &Row| {
            let kept = row.needs.len().saturating_sub((self.waited(row) / RELAXED_EVERY_S) as usize);
            let mut needs: Vec<String> = row.needs[..kept].iter().map(|need| format!("{need:?}")).collect();
            needs.sort();
            needs
        };
        let among = |other: &Row| match self.awaits(other).filter(|_| other.home == row.home) {
            Some(only) => (Some(only), None, Vec::new()),
            None => (None, self.named(other, &row.home), asks(other)),
        };
        let same = here.iter().all(|(_, other)| among(other) == among(row));
        let all_ring = self.rings_at_all(&row.home) && here.len() > 1;
        let in_order = !all_ring && self.can_ring_somebody(&row.home);
        // One that somebody let go a moment ago, or that rests, is passed by those behind it; it may be the chat itself.
        let is_passed = |other: &Row| {
            let let_go = other.tried.iter().any(|tried| self.now.since(tried.at).as_secs() < 15);
            let_go || other.rests.get(&row.home).is_some_and(|until| *until > self.now)
        };
        let passed = here.iter().filter(|(_, other)| is_passed(other));
        let passed = passed.filter(|(other, theirs)| Self::rank(**other, theirs) <= Self::rank(chat, row));
        let last = here.len() == before + 1;
        let in_place = passed.filter(|(other, _)| **other != chat || !last).count() == 0;
        let certain = in_order && in_place && same && self.looks_in(row).len() == 1 && self.awaits(row).is_none();
        assert_eq!(about, !certain, "{chat:?} was told {about}: {:?}", among(row));
    }

    /// Whether somebody is there who is given chats, now or later.
    fn can_ring_somebody(&self, group: &GroupId) -> bool {
        let mut seats = self.people.values().filter_map(|person| Some((person, person.seats.get(group)?)));
        seats.any(|(person, seat)| {
            let has_slots = person.limit != Some(0) && seat.limit != Some(0);
            has_slots && seat.active && seat.handling != Handling::Pull && person.reception != Reception::None
        })
    }

    /// Whoever is told that there is no hope has waited for a minute, and nobody receives wherever they look.
    pub(super) fn judge_hopeless(&self, chat: ChatId, why: TurnedAway, unless: &[GroupId]) {
        assert_eq!(why, TurnedAway::GroupOffline);
        let row = &self.chats[&chat];
        assert!(self.waited(row) >= 60);
        // One that opens this very moment may not know it yet, nor one that closes.
        if !self.is_turning() {
            assert!(!self.hopes_for(row).iter().any(|group| self.receives(group)), "{chat:?} has hope");
            let since = self.offline_since(&row.home).map(|since| self.now.since(since).as_secs());
            assert!(since.is_some_and(|since| since >= 60), "{chat:?} had no minute, but {since:?}");
        }
        assert!(unless.iter().all(|group| self.looks_in(row).contains(group)));
    }

    /// Others than this one for whom nobody is asked.
    pub(super) fn unasked_in(&self, group: &GroupId, but: ChatId) -> usize {
        let unasked = |row: &Row| row.home == *group && row.state == State::Waiting && row.rung.is_empty();
        self.chats.iter().filter(|(chat, row)| **chat != but && unasked(row)).count()
    }

    /// Whoever gets no place finds the queue as long as it may be, and nobody who could be asked at once.
    pub(super) fn judge_refused(&self, chat: ChatId) {
        let row = &self.chats[&chat];
        assert!(is_bounded(&row.home) && self.unasked_in(&row.home, chat) >= LENGTH_MAX, "there was room");
        let beside = self.eligible(row, &row.home);
        assert!(beside.is_empty(), "{chat:?} gets no place beside {beside:?}");
    }

    /// All who stand in a group's queue, guests among them.
    fn in_queue(&self, group: &GroupId) -> impl Iterator<Item = (&ChatId, &Row)> {
        let waits = |row: &Row| !matches!(row.state, State::Active(_));
        self.chats.iter().filter(move |(_, row)| waits(row) && self.looks_in(row).contains(group))
    }

    /// Where chats ring at all: who must hear one, and who may hear it alone.
    pub(super) fn must_hear(&self, row: &Row) -> (Option<OperatorId>, BTreeSet<OperatorId>) {
        let (group, awaited) = (&row.home, self.awaits(row));
        let able = |operator: &OperatorId| self.is_able(row, *operator, group);
        let named = self.named(row, group).filter(|named| awaited.is_none() && able(named));
        let can = |operator: &OperatorId| able(operator) && (awaited.is_some() || self.can(row, *operator));
        let may = self.fresh_or_rested(row, self.people.keys().copied().filter(can).collect());
        let handling = |operator: &OperatorId| self.people[operator].seats[group].handling;
        let first = may.iter().map(handling).min();
        (named, may.into_iter().filter(|one| Some(handling(one)) == first).chain(named).collect())
    }

    /// Where chats ring at all: whoever comes first must hear it, others only while they may come back to it.
    fn must_ring_rightly(&self, row: &Row, when: &str) {
        let (named, must) = self.must_hear(row);
        if named.is_some_and(|named| row.rung == [named].into()) {
            return;
        }
        assert!(row.rung.is_superset(&must), "{when}: {must:?} must hear it, and {:?} do", row.rung);
        let lost = |operator: &&OperatorId| matches!(self.people[*operator].reception, Reception::Grace { .. });
        let too: Vec<_> = row.rung.difference(&must).filter(|one| !lost(one)).collect();
        assert!(too.is_empty(), "{when}: it must not ring at {too:?}");
    }

    /// Asks the truth after a step.
    pub(super) fn must_be_settled(&mut self, when: &str) {
        self.people.values_mut().for_each(|person| person.must_be_within_limits(when));
        self.must_hold_rightly(when);
        for (chat, row) in self.chats.iter().filter(|(_, row)| !matches!(row.state, State::Active(_))) {
            let desk = self.centre.desk(&row.home).unwrap();
            let here: Vec<_> =
                self.chats.iter().filter(|(_, other)| !matches!(other.state, State::Active(_))).collect();
            let before = here.iter().filter(|(other, _)| desk.queue().get(**other).is_some());
            let before = before.filter(|(other, theirs)| Self::rank(**other, theirs) < Self::rank(*chat, row)).count();
            assert_eq!(desk.queue().ahead(*chat), Some(before), "{when}: {chat:?} is in no queue, or in another place");
            if row.state == State::Waiting && self.rings_at_all(&row.home) {
                self.must_ring_rightly(row, &format!("{when}, {chat:?}"));
            } else if row.state == State::Waiting {
                for group in self.looks_in(row) {
                    let eligible = self.eligible(row, &group);
                    assert!(eligible.is_empty(), "{when}: {chat:?} waits in {group} beside {eligible:?}");
                }
            }
        }
    }
}

fn was_tried(row: &Row, operator: OperatorId) -> bool {
    row.tried.iter().any(|tried| tried.operator == operator)
}
