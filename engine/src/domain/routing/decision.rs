//! Who is offered one chat now, or why nobody is, with what is kept of it for the question "why?".

use serde::{Deserialize, Serialize};

use crate::domain::chat::Tried;
use crate::domain::group::Handling;
use crate::domain::ids::OperatorId;
use crate::domain::limits::DECISION_BEST_MAX;
use crate::domain::routing::demand::{Demand, cooled_down_at};
#[cfg(test)]
use crate::domain::routing::planted::{self, Fault};
use crate::domain::routing::roster::{Member, Roster, Standing};
use crate::domain::routing::score::Score;
use crate::domain::routing::view::View;
use crate::domain::time::Timestamp;

/// A decision about one chat at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What comes of it.
    pub outcome: Outcome,
    /// How many members stood how.
    pub counts: Counts,
    /// The best of those who were free for this chat, primary members first, best first; and whoever was chosen, at the
    /// front where it was not for the score.
    pub best: Vec<Score>,
    /// Which state of the roster it was: it rises with each change of it.
    pub roster_version: u64,
}

/// What comes of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The chat is for this operator.
    Offer {
        /// Who.
        operator: OperatorId,
        /// As which member.
        handling: Handling,
    },
    /// Nobody may be offered it.
    Wait {
        /// Why: of several reasons the one that is nearest to an operator.
        why: WhyNot,
        /// When the time alone may change that.
        again_at: Option<Timestamp>,
    },
}

/// Why nobody may be offered a chat. The names are labels of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WhyNot {
    /// The chat waits for one operator, who cannot take it just now.
    OperatorAwaited,
    /// Everybody who is free has let this chat go a moment ago.
    LetGo,
    /// A free primary member is about to hear which group has the best use for them.
    Choosing,
    /// Nobody who receives has a slot left.
    AllFull,
    /// Those who receive have lost their connection.
    ConnectionLost,
    /// Those who receive take chats by hand.
    NobodyAssigned,
    /// Those who receive have a limit of 0: they can neither be given a chat nor take one.
    WithoutSlots,
    /// No member has the skills.
    NobodySkilled,
    /// Nobody receives.
    NobodyReceives,
}

impl WhyNot {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::OperatorAwaited,
        Self::LetGo,
        Self::Choosing,
        Self::AllFull,
        Self::ConnectionLost,
        Self::NobodyAssigned,
        Self::WithoutSlots,
        Self::NobodySkilled,
        Self::NobodyReceives,
    ];

    /// The name in metrics and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OperatorAwaited => "operator_awaited",
            Self::LetGo => "let_go",
            Self::Choosing => "choosing",
            Self::AllFull => "all_full",
            Self::ConnectionLost => "connection_lost",
            Self::NobodyAssigned => "nobody_assigned",
            Self::WithoutSlots => "without_slots",
            Self::NobodySkilled => "nobody_skilled",
            Self::NobodyReceives => "nobody_receives",
        }
    }
}

/// How many members stand how; their sum is all members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Want no chats of this group now.
    pub inactive: u32,
    /// Are not there, or want none at all.
    pub not_receiving: u32,
    /// Receive, and take by hand only.
    pub pull: u32,
    /// Have lost their connection a moment ago.
    pub in_grace: u32,
    /// Have a limit of 0.
    pub without_slots: u32,
    /// Have no slot left.
    pub full: u32,
    /// Have a slot that is just being given to one of their groups.
    pub choosing: u32,
    /// Are free, and let this chat go too short a time ago.
    pub let_go: u32,
    /// Lack a skill that is asked for.
    pub unskilled: u32,
    /// Are not the one for whom the chat waits.
    pub not_awaited: u32,
    /// Are free otherwise.
    pub free: u32,
}

impl Counts {
    /// The counter of a standing.
    pub fn of(&mut self, standing: Standing) -> &mut u32 {
        match standing {
            Standing::Inactive => &mut self.inactive,
            Standing::NotReceiving => &mut self.not_receiving,
            Standing::Pull => &mut self.pull,
            Standing::InGrace => &mut self.in_grace,
            Standing::WithoutSlots => &mut self.without_slots,
            Standing::Full => &mut self.full,
            Standing::Choosing => &mut self.choosing,
            Standing::Free => &mut self.free,
        }
    }

    /// A member is chosen for a chat, and counts as free for it, however they stand: with a slot that is just being given
    /// to them, named by the page, or while a ring goes on.
    pub(super) fn choose(&mut self, member: &Member, standing: Standing, demand: &Demand, now: Timestamp) {
        let only = demand.only();
        let counter = match standing {
            _ if only.is_some_and(|only| only != member.operator) => &mut self.not_awaited,
            _ if only.is_none() && !demand.class().is_met_by(&member.skills) => &mut self.unskilled,
            Standing::Free if only.is_none() && demand.is_cooling_down(member.operator, now) => &mut self.let_go,
            standing => self.of(standing),
        };
        *counter = counter.saturating_sub(1);
        self.free += 1;
    }

    /// All members.
    pub fn total(&self) -> u32 {
        let there =
            self.pull + self.in_grace + self.without_slots + self.full + self.choosing + self.let_go + self.free;
        there + self.inactive + self.not_receiving + self.unskilled + self.not_awaited
    }

    /// The counters in the order of the fields.
    pub(super) fn to_array(self) -> [u32; 11] {
        let Self { inactive, not_receiving, pull, in_grace, without_slots, full, .. } = self;
        let Self { choosing, let_go, unskilled, not_awaited, free, .. } = self;
        [inactive, not_receiving, pull, in_grace, without_slots, full, choosing, let_go, unskilled, not_awaited, free]
    }

    /// The counters as [`Counts::to_array`] lists them.
    pub(super) fn from_array(all: [u32; 11]) -> Self {
        let [inactive, not_receiving, pull, in_grace, without_slots, full, ..] = all;
        let [.., choosing, let_go, unskilled, not_awaited, free] = all;
        Self {
            inactive,
            not_receiving,
            pull,
            in_grace,
            without_slots,
            full,
            choosing,
            let_go,
            unskilled,
            not_awaited,
            free,
        }
    }

    /// Why nobody of them may be offered a chat: of several reasons the one that is nearest to an operator.
    pub(super) fn why_not(&self) -> WhyNot {
        if self.let_go > 0 {
            WhyNot::LetGo
        } else if self.choosing > 0 {
            WhyNot::Choosing
        } else if self.full > 0 {
            WhyNot::AllFull
        } else if self.pull > 0 {
            // They can take it now; whoever lost the connection only when it is back.
            WhyNot::NobodyAssigned
        } else if self.in_grace > 0 {
            WhyNot::ConnectionLost
        } else if self.without_slots > 0 {
            WhyNot::WithoutSlots
        } else if self.unskilled > 0 && self.unskilled == self.total() {
            WhyNot::NobodySkilled
        } else {
            WhyNot::NobodyReceives
        }
    }
}

/// Decides for one chat. Those who have not let it go come first, primary before secondary members, each in the
/// order of their score, the preferred one first among those of the same handling; before all of them whom the page
/// wants, as whatever member and whatever they can. When all who are free have let it go, those who did so long enough
/// ago may be asked again: primary members first, then whose turn was earliest, then by score. O(log n) plus one step
/// for each who let it go.
pub fn decide(demand: &Demand, roster: &Roster, now: Timestamp) -> Decision {
    if let Some(only) = demand.only() {
        return decide_for_one(only, demand, roster);
    }
    let view = roster.view(demand.class());
    let counts = counted(demand, roster, &view, now);
    let may = |handling| handling == Handling::Primary || !view.primary_is_choosing();
    let (mut again, mut again_at) = (None, None);
    for tried in demand.tried() {
        let free = roster.free_member(tried.operator).filter(|(_, score)| view.has(score));
        let Some((handling, score)) = free else { continue };
        let from = cooled_down_at(tried);
        if from > now {
            again_at = Some(again_at.map_or(from, |at: Timestamp| from.min(at)));
        } else if may(handling) {
            let turn = (handling, tried.at, *score);
            again = Some(again.map_or(turn, |best| turn.min(best)));
        }
    }
    let handling_of = |score: &Score| roster.free_member(score.operator).map(|(handling, _)| handling);
    let untried = view.free().find(|score| !demand.was_tried(score.operator));
    #[cfg(test)]
    let untried = untried.filter(|_| !planted::has(Fault::KeepsOneFree) || view.free().nth(1).is_some());
    let untried = untried.and_then(|score| Some((handling_of(score)?, *score))).filter(|(handling, _)| may(*handling));
    let preferred = demand.prefers().filter(|operator| !demand.was_tried(*operator)).and_then(|operator| {
        let (handling, score) = roster.free_member(operator)?;
        (view.has(score) && untried.is_some_and(|(best, _)| best == handling)).then_some((handling, *score))
    });
    let wanted = demand.wanted().and_then(|wanted| roster.free_member(wanted));
    let wanted = wanted.map(|(handling, score)| (handling, *score));
    let chosen = wanted.or(preferred).or(untried).or(again.map(|(handling, _, score)| (handling, score)));
    let outcome = match chosen {
        // Whoever is wanted hears in a moment whether the slot is for this group.
        _ if is_choosing(demand.wanted(), roster) => Outcome::Wait { why: WhyNot::Choosing, again_at },
        Some((handling, score)) => Outcome::Offer { operator: score.operator, handling },
        None => Outcome::Wait { why: counts.why_not(), again_at },
    };
    let best = best_of(demand, &view, chosen.map(|(_, score)| score), now);
    Decision { outcome, counts, best, roster_version: roster.version() }
}

/// How many members stand how to a chat, and the best of those who are free for it, with whoever is chosen.
pub(super) fn weighed(demand: &Demand, roster: &Roster, chosen: Option<Score>, now: Timestamp) -> (Counts, Vec<Score>) {
    if let Some(only) = demand.only() {
        return (counted_for_one(only, roster), chosen.into_iter().collect());
    }
    let view = roster.view(demand.class());
    (counted(demand, roster, &view, now), best_of(demand, &view, chosen, now))
}

/// How many members stand how to a chat for which several may be looked for: one step for each who let it go.
fn counted(demand: &Demand, roster: &Roster, view: &View, now: Timestamp) -> Counts {
    let mut counts = view.counts();
    counts.unskilled = roster.counts().total() - counts.total();
    let cooling_down = demand.tried().iter().filter(|tried| cooled_down_at(tried) > now);
    let free = |tried: &&Tried| roster.free_member(tried.operator).is_some_and(|(_, score)| view.has(score));
    counts.let_go = u32::try_from(cooling_down.filter(free).count()).unwrap_or(u32::MAX);
    counts.free -= counts.let_go;
    counts
}

/// Whether a slot of the one who is wanted is just being given to one of their groups.
pub(super) fn is_choosing(wanted: Option<OperatorId>, roster: &Roster) -> bool {
    wanted.is_some_and(|wanted| roster.standing(wanted) == Some(Standing::Choosing))
}

/// The best of those who are free for a chat, and whoever is chosen: first where they are not among them by score.
fn best_of(demand: &Demand, view: &View, chosen: Option<Score>, now: Timestamp) -> Vec<Score> {
    let free = view.free().filter(|score| !demand.is_cooling_down(score.operator, now));
    let mut best: Vec<Score> = free.take(DECISION_BEST_MAX).copied().collect();
    if let Some(chosen) = chosen.filter(|chosen| !best.contains(chosen)) {
        best.truncate(DECISION_BEST_MAX - 1);
        best.insert(0, chosen);
    }
    best
}

/// For a chat that waits for one operator: neither skills nor handling matter, limits do.
fn decide_for_one(only: OperatorId, demand: &Demand, roster: &Roster) -> Decision {
    let counts = counted_for_one(only, roster);
    let free = roster.free_member(only);
    let outcome = match free {
        Some((handling, _)) => Outcome::Offer { operator: only, handling },
        None => Outcome::Wait { why: WhyNot::OperatorAwaited, again_at: demand.changes_at() },
    };
    let best = free.into_iter().map(|(_, score)| *score).collect();
    Decision { outcome, counts, best, roster_version: roster.version() }
}

fn counted_for_one(only: OperatorId, roster: &Roster) -> Counts {
    let mut counts = Counts::default();
    if let Some(standing) = roster.standing(only) {
        *counts.of(standing) += 1;
    }
    counts.not_awaited = roster.counts().total() - counts.total();
    counts
}
