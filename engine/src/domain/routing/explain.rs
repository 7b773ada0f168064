//! Why each member would have a waiting chat, or is passed over: one closed list of reasons, which are labels of
//! metrics too. Looking at everybody, it is asked for by people and not on the way of a chat.

use serde::{Deserialize, Serialize};

use crate::domain::group::Handling;
use crate::domain::ids::OperatorId;
use crate::domain::routing::decision::{Outcome, decide};
use crate::domain::routing::demand::{Demand, cooled_down_at};
use crate::domain::routing::roster::{Roster, Standing};
use crate::domain::time::Timestamp;

/// How one member stands to one chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Considered {
    /// Who.
    pub operator: OperatorId,
    /// Why chosen, or why not.
    pub reason: Reason,
}

/// Why a member would have a chat, or is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Would have it now.
    Chosen,
    /// Is free; another one comes first by score.
    Behind,
    /// Is free, a secondary member, and a primary one may be asked.
    Secondary,
    /// Let it go, and others who have not are asked first.
    AskedBefore,
    /// Let it go too short a time ago.
    LetGo,
    /// Has a slot that is just being given to one of their groups.
    Choosing,
    /// Has no slot left.
    Full,
    /// Has a limit of 0.
    WithoutSlots,
    /// Lost the connection a moment ago.
    InGrace,
    /// Takes chats by hand only.
    Pull,
    /// Is not there, or wants no chats.
    NotReceiving,
    /// Wants no chats of this group now.
    Inactive,
    /// Lacks a skill that is asked for.
    Unskilled,
    /// Is not the one for whom the chat waits.
    NotAwaited,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Chosen,
        Self::Behind,
        Self::Secondary,
        Self::AskedBefore,
        Self::LetGo,
        Self::Choosing,
        Self::Full,
        Self::WithoutSlots,
        Self::InGrace,
        Self::Pull,
        Self::NotReceiving,
        Self::Inactive,
        Self::Unskilled,
        Self::NotAwaited,
    ];

    /// The name in metrics and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::Behind => "behind",
            Self::Secondary => "secondary",
            Self::AskedBefore => "asked_before",
            Self::LetGo => "let_go",
            Self::Choosing => "choosing",
            Self::Full => "full",
            Self::WithoutSlots => "without_slots",
            Self::InGrace => "in_grace",
            Self::Pull => "pull",
            Self::NotReceiving => "not_receiving",
            Self::Inactive => "inactive",
            Self::Unskilled => "unskilled",
            Self::NotAwaited => "not_awaited",
        }
    }
}

/// Every member of a roster beside one chat, by operator.
pub fn consider(demand: &Demand, roster: &Roster, now: Timestamp) -> Vec<Considered> {
    let chosen = match decide(demand, roster, now).outcome {
        Outcome::Offer { operator, handling } => Some((operator, handling)),
        Outcome::Wait { .. } => None,
    };
    let reason = |operator: OperatorId, skilled: bool, handling: Handling| {
        if chosen.is_some_and(|(chosen, _)| chosen == operator) {
            return Reason::Chosen;
        }
        match demand.only() {
            Some(only) if only != operator => return Reason::NotAwaited,
            None if !skilled => return Reason::Unskilled,
            _ => {}
        }
        match roster.standing(operator) {
            None | Some(Standing::NotReceiving) => Reason::NotReceiving,
            Some(Standing::Inactive) => Reason::Inactive,
            Some(Standing::Pull) => Reason::Pull,
            Some(Standing::InGrace) => Reason::InGrace,
            Some(Standing::WithoutSlots) => Reason::WithoutSlots,
            Some(Standing::Full) => Reason::Full,
            Some(Standing::Choosing) => Reason::Choosing,
            Some(Standing::Free) => {
                let tried = demand.tried().iter().find(|tried| tried.operator == operator);
                match tried.map(|tried| cooled_down_at(tried) > now) {
                    Some(true) => Reason::LetGo,
                    Some(false) => Reason::AskedBefore,
                    None if handling == Handling::Secondary
                        && chosen.is_none_or(|(_, first)| first == Handling::Primary) =>
                    {
                        Reason::Secondary
                    }
                    None => Reason::Behind,
                }
            }
        }
    };
    let members = roster.members();
    members
        .map(|member| {
            let skilled = demand.class().is_met_by(&member.skills);
            Considered { operator: member.operator, reason: reason(member.operator, skilled, member.handling) }
        })
        .collect()
}
