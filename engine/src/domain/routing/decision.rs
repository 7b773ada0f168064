//! Who is offered one chat now, or why nobody is.

use crate::domain::group::Handling;
use crate::domain::ids::OperatorId;
use crate::domain::routing::demand::{Demand, cooled_down_at};
use crate::domain::routing::roster::{Roster, Standing};
use crate::domain::time::Timestamp;

/// A decision about one chat at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What comes of it.
    pub outcome: Outcome,
    /// How many members stood how.
    pub counts: Counts,
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

/// Why nobody may be offered a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhyNot {
    /// Everybody who is free has let this chat go a moment ago.
    LetGo,
    /// Nobody who receives has a slot left.
    AllFull,
    /// Those who receive have lost their connection.
    ConnectionLost,
    /// Those who receive take chats by hand, or have a limit of 0.
    NobodyAssigned,
    /// Nobody receives.
    NobodyReceives,
}

/// How many members stand how; their sum is all members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
    /// Are free, and let this chat go too short a time ago.
    pub let_go: u32,
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
            Standing::Free => &mut self.free,
        }
    }

    fn why_not(&self) -> WhyNot {
        if self.let_go > 0 {
            WhyNot::LetGo
        } else if self.full > 0 {
            WhyNot::AllFull
        } else if self.in_grace > 0 {
            WhyNot::ConnectionLost
        } else if self.pull + self.without_slots > 0 {
            WhyNot::NobodyAssigned
        } else {
            WhyNot::NobodyReceives
        }
    }
}

/// Decides for one chat. Those who have not let it go come first, primary before secondary members, each in the
/// order of their score. When all who are free have let it go, those who did so long enough ago may be asked again:
/// primary members first, then whose turn was earliest, then by score. O(log n) plus one step for each who let it go.
pub fn decide(demand: &Demand, roster: &Roster, now: Timestamp) -> Decision {
    let mut counts = roster.counts();
    let (mut again, mut again_at) = (None, None);
    for tried in demand.tried() {
        let Some((handling, score)) = roster.free_member(tried.operator) else { continue };
        let from = cooled_down_at(tried);
        if from <= now {
            let turn = (handling, tried.at, score);
            again = Some(again.map_or(turn, |best| turn.min(best)));
        } else {
            counts.free -= 1;
            counts.let_go += 1;
            again_at = Some(again_at.map_or(from, |at| from.min(at)));
        }
    }
    let untried = roster.free().find(|score| !demand.was_tried(score.operator));
    let chosen = untried.or(again.map(|(_, _, score)| score)).and_then(|score| roster.free_member(score.operator));
    let outcome = match chosen {
        Some((handling, score)) => Outcome::Offer { operator: score.operator, handling },
        None => Outcome::Wait { why: counts.why_not(), again_at },
    };
    Decision { outcome, counts }
}
