//! What one waiting chat asks of routing: who has let it go, which skills it needs, and whom it wants. Some of it is
//! given up as time passes, and what was given up does not come back, also when the clock jumps back.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::chat::Tried;
use crate::domain::group::RoutingRules;
use crate::domain::ids::OperatorId;
use crate::domain::limits::OFFER_COOL_DOWN;
use crate::domain::skills::{Need, SkillClass};
use crate::domain::time::Timestamp;

/// What a chat would like beyond an operator of its group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wishes {
    /// What the operator must be able to, the most important first: the last one is given up first.
    pub skills: Vec<Need>,
    /// The operator whom the page or a link names.
    pub wanted: Option<OperatorId>,
    /// Who served this contact last, and when that ended.
    pub last: Option<(OperatorId, Timestamp)>,
}

/// A chat's demand at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Demand {
    /// By operator, one entry each.
    tried: Vec<Tried>,
    class: SkillClass,
    /// How many skills are given up.
    relaxed: usize,
    only: Option<OperatorId>,
    /// Until when at most.
    only_until: Option<Timestamp>,
    prefers: Option<OperatorId>,
    /// Whom the page names, unless they let it go.
    wanted: Option<OperatorId>,
    /// For whom it waits no more, and not again.
    given_up: Vec<OperatorId>,
    /// When the time alone changes this.
    changes_at: Option<Timestamp>,
    /// Since when it looks among just these; none: since it entered.
    changed_at: Option<Timestamp>,
}

/// Those among whom a waiting chat looks for its operator.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pool {
    /// All members who can what is needed.
    Class(SkillClass),
    /// The same, and whom the page names, whatever they can.
    Wanting(SkillClass, OperatorId),
    /// One operator, for whom the chat waits a while.
    Only(OperatorId),
}

impl Pool {
    /// What the members must be able to; none where it is about one operator alone.
    pub fn class(&self) -> Option<&SkillClass> {
        match self {
            Self::Class(class) | Self::Wanting(class, _) => Some(class),
            Self::Only(_) => None,
        }
    }
}

impl Demand {
    /// Of a chat without wishes that these operators let go. Of several entries of one operator the latest counts.
    pub fn new(tried: impl IntoIterator<Item = Tried>) -> Self {
        let mut tried: Vec<Tried> = tried.into_iter().collect();
        tried.sort_by_key(|tried| (tried.operator, std::cmp::Reverse(tried.at)));
        tried.dedup_by_key(|tried| tried.operator);
        Self { tried, ..Self::default() }
    }

    /// Of a chat with wishes that entered a while ago, in a group that can ring some operators. `before` is what was known
    /// of it. A wish for somebody who cannot be rung sleeps until they can.
    pub fn with_wishes(
        tried: impl IntoIterator<Item = Tried>,
        wishes: &Wishes,
        entered_at: Timestamp,
        rules: &RoutingRules,
        rings: impl Fn(&OperatorId) -> bool,
        now: Timestamp,
        before: Option<&Demand>,
    ) -> Self {
        let mut demand = Self::new(tried);
        let named = wishes.wanted.filter(&rings);
        let prefers = named.map(|wanted| (wanted, rules.wanted_operator_waits())).or_else(|| {
            let remembered = |(_, at): &(OperatorId, Timestamp)| entered_at.since(*at) < rules.last_operator_for();
            let last = wishes.last.filter(|(last, _)| rings(last));
            last.filter(remembered).map(|(last, _)| (last, rules.last_operator_waits()))
        });
        demand.prefers = prefers.map(|(operator, _)| operator);
        demand.wanted = named.filter(|wanted| !demand.was_tried(*wanted));
        demand.given_up = before.map(|before| before.given_up.clone()).unwrap_or_default();
        if let Some((operator, waits)) = prefers.filter(|(operator, _)| !demand.given_up.contains(operator)) {
            let until = entered_at + waits;
            if until > now && !demand.was_tried(operator) {
                (demand.only, demand.only_until) = (Some(operator), Some(until));
                demand.changes_at = Some(until);
            } else {
                demand.given_up.push(operator);
            }
        }
        demand.relax(wishes, entered_at, rules.skill_relaxed_every(), now, before);
        demand.changed_at =
            before.and_then(|before| if demand.looks_as(before) { before.changed_at } else { Some(now) });
        demand
    }

    /// Whether both look among the same operators.
    fn looks_as(&self, other: &Self) -> bool {
        (self.only, self.wanted, &self.class) == (other.only, other.wanted, &other.class)
    }

    fn relax(
        &mut self,
        wishes: &Wishes,
        entered_at: Timestamp,
        every: Option<Duration>,
        now: Timestamp,
        before: Option<&Demand>,
    ) {
        let all = wishes.skills.len();
        let by_time = every.map_or(0, |every| now.since(entered_at).as_millis() / every.as_millis().max(1));
        let by_time = usize::try_from(by_time).unwrap_or(usize::MAX);
        self.relaxed = by_time.max(before.map_or(0, |before| before.relaxed)).min(all);
        self.class = SkillClass::new(&wishes.skills[..all - self.relaxed]);
        if let Some(every) = every.filter(|_| self.relaxed < all) {
            let steps = u32::try_from(self.relaxed + 1).unwrap_or(u32::MAX);
            let next = entered_at + every.saturating_mul(steps);
            self.changes_at = Some(self.changes_at.map_or(next, |at| at.min(next)));
        }
    }

    /// Who let it go, by operator.
    pub fn tried(&self) -> &[Tried] {
        &self.tried
    }

    /// Whether this operator let it go.
    pub fn was_tried(&self, operator: OperatorId) -> bool {
        self.tried_at(operator).is_some()
    }

    /// When this operator let it go.
    pub fn tried_at(&self, operator: OperatorId) -> Option<Timestamp> {
        let at = self.tried.binary_search_by_key(&operator, |tried| tried.operator).ok()?;
        self.tried.get(at).map(|tried| tried.at)
    }

    /// Whether this operator let it go too short a time ago to be asked again.
    pub fn is_cooling_down(&self, operator: OperatorId, now: Timestamp) -> bool {
        self.tried_at(operator).is_some_and(|at| cooled_down_at(&Tried { operator, at }) > now)
    }

    /// From when on everybody who let it go may be asked again.
    pub fn cools_down_until(&self) -> Option<Timestamp> {
        self.tried.iter().map(cooled_down_at).max()
    }

    /// The skills that are still asked for.
    pub fn class(&self) -> &SkillClass {
        &self.class
    }

    /// The only operator the chat is for, for now.
    pub fn only(&self) -> Option<OperatorId> {
        self.only
    }

    /// Until when it is for that one at most.
    pub fn only_until(&self) -> Option<Timestamp> {
        self.only_until
    }

    /// Who is chosen before others of the same handling.
    pub fn prefers(&self) -> Option<OperatorId> {
        self.prefers
    }

    /// Who has it before anybody else when they are free, as whatever member and whatever they can.
    pub fn wanted(&self) -> Option<OperatorId> {
        self.wanted
    }

    /// When the time alone changes what is asked for.
    pub fn changes_at(&self) -> Option<Timestamp> {
        self.changes_at
    }

    /// Since when the operator is looked for among those who are asked now; `None`: since the chat entered.
    pub fn changed_at(&self) -> Option<Timestamp> {
        self.changed_at
    }

    /// Among whom the operator is looked for.
    pub fn pool(&self) -> Pool {
        match (self.only, self.wanted) {
            (Some(only), _) => Pool::Only(only),
            (None, Some(wanted)) => Pool::Wanting(self.class.clone(), wanted),
            (None, None) => Pool::Class(self.class.clone()),
        }
    }
}

/// From when on the same chat may be offered to the same operator again.
pub fn cooled_down_at(tried: &Tried) -> Timestamp {
    tried.at + OFFER_COOL_DOWN
}
