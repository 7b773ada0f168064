//! Why a chat that waits is still waiting, and since when that is so: of one chat for people, of all that wait in a
//! group for a metric. One closed list of reasons, which are its labels.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::group::OfferMode;
use crate::domain::ids::{ChatId, GroupId, OperatorId};
use crate::domain::limits::{DECISION_BEST_MAX, REASONS_LOOKED_AT_MAX};
use crate::domain::queue::{Offering, Waiting};
use crate::domain::routing::decision::{Counts, Outcome, WhyNot, decide};
use crate::domain::routing::demand::Pool;
use crate::domain::routing::desk::Desk;
use crate::domain::skills::SkillClass;
use crate::domain::time::Timestamp;

/// Why a chat waits at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Still {
    /// Why.
    pub reason: WhyStill,
    /// Since when that is so, as far as this queue knows; none where the chat itself knows: it rings.
    pub since: Option<Timestamp>,
    /// Until when at most, where that is known: whoever let it go may be asked again, or it waits for one operator no more.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// The groups that look for an operator too.
    #[serde(default)]
    pub helpers: Vec<GroupId>,
    /// At whom it rings, the first of them, or for whom it waits.
    pub operators: Vec<OperatorId>,
    /// How many more there are.
    pub more: u32,
    /// How many members stand how.
    pub counts: Counts,
    /// Which state of the roster it is.
    pub roster_version: u64,
}

/// The reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WhyStill {
    /// It rings.
    Ringing,
    /// Another group that looks for an operator too has proposed it.
    RingingElsewhere,
    /// Somebody is about to be asked: the moment between two offers.
    BeingOffered,
    /// After a start: it has not said yet what it asks for.
    Unheard,
    /// Others ring first, where chats ring at all and only so many at once.
    InLine,
    /// Nobody may be offered it.
    Nobody(WhyNot),
}

impl WhyStill {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Ringing,
        Self::RingingElsewhere,
        Self::BeingOffered,
        Self::Unheard,
        Self::InLine,
        Self::Nobody(WhyNot::OperatorAwaited),
        Self::Nobody(WhyNot::LetGo),
        Self::Nobody(WhyNot::Choosing),
        Self::Nobody(WhyNot::AllFull),
        Self::Nobody(WhyNot::ConnectionLost),
        Self::Nobody(WhyNot::NobodyAssigned),
        Self::Nobody(WhyNot::WithoutSlots),
        Self::Nobody(WhyNot::NobodySkilled),
        Self::Nobody(WhyNot::NobodyReceives),
    ];

    /// The name in metrics and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::RingingElsewhere => "ringing_elsewhere",
            Self::BeingOffered => "being_offered",
            Self::Unheard => "unheard",
            Self::InLine => "in_line",
            Self::Nobody(why) => why.as_str(),
        }
    }
}

/// Since when nobody may be offered the chats of each class, for the reason that holds now. It is told after each
/// change of the desk, and costs a look at the counts of each class in use.
#[derive(Debug, Clone, Default)]
pub struct StillSince {
    classes: BTreeMap<SkillClass, (WhyNot, Timestamp)>,
}

impl StillSince {
    /// The desk may have changed. Classes without an order of their own are not followed: that would mean looking at
    /// all members.
    pub fn note(&mut self, desk: &Desk, now: Timestamp) {
        let classes: BTreeSet<&SkillClass> = desk.queue().pools().filter_map(Pool::class).collect();
        self.classes.retain(|class, _| classes.contains(class));
        for class in classes {
            let Some(view) = desk.roster().known_view(class).filter(|view| !view.has_free()) else {
                self.classes.remove(class);
                continue;
            };
            let mut counts = view.counts();
            counts.unskilled = desk.roster().counts().total() - counts.total();
            let why = counts.why_not();
            match self.classes.get_mut(class) {
                Some(known) if known.0 == why => {}
                Some(known) => *known = (why, now),
                None => drop(self.classes.insert(class.clone(), (why, now))),
            }
        }
    }

    /// A chat that looks among these operators only now, or has rung meanwhile, waits for what its class waits for since
    /// then.
    fn of(&self, waiting: &Waiting, why: WhyNot) -> Timestamp {
        let tried = waiting.demand.tried().iter().map(|tried| tried.at).max();
        let class = self.classes.get(waiting.demand.class()).filter(|(known, _)| *known == why).map(|(_, at)| *at);
        let class = match why {
            WhyNot::OperatorAwaited | WhyNot::LetGo | WhyNot::Choosing => None,
            _ => class,
        };
        let later = [waiting.demand.changed_at(), tried, class].into_iter().flatten().max();
        later.map_or(waiting.entered_at, |since| since.max(waiting.entered_at))
    }
}

/// Why a chat waits here; `None`: it does not.
pub fn still(desk: &Desk, known: &StillSince, chat: ChatId, now: Timestamp) -> Option<Still> {
    let waiting = desk.queue().get(chat)?;
    let decision = decide(&waiting.demand, desk.roster(), now);
    let reason = reason(desk, chat, waiting, now);
    let all: Vec<OperatorId> = match (reason, waiting.offering) {
        (WhyStill::Ringing, Offering::Ringing { operator }) => vec![operator],
        (WhyStill::Ringing, _) => desk.rings_at_all(chat).collect(),
        (WhyStill::Nobody(WhyNot::OperatorAwaited), _) => waiting.demand.only().into_iter().collect(),
        _ => Vec::new(),
    };
    let operators: Vec<OperatorId> = all.iter().take(DECISION_BEST_MAX).copied().collect();
    Some(Still {
        reason,
        since: match reason {
            WhyStill::Nobody(why) => Some(known.of(waiting, why)),
            WhyStill::InLine => Some(waiting.entered_at),
            WhyStill::Ringing | WhyStill::RingingElsewhere | WhyStill::BeingOffered | WhyStill::Unheard => None,
        },
        until: match (reason, decision.outcome) {
            (WhyStill::Nobody(WhyNot::OperatorAwaited), _) => waiting.demand.only_until(),
            (WhyStill::Nobody(WhyNot::LetGo), Outcome::Wait { again_at, .. }) => again_at,
            _ => None,
        },
        helpers: desk.helpers(chat).to_vec(),
        more: u32::try_from(all.len() - operators.len()).unwrap_or(u32::MAX),
        operators,
        counts: decision.counts,
        roster_version: decision.roster_version,
    })
}

/// How many chats wait for which reason. A chat is looked at by itself as long as there are not too many; the others
/// wait for the same as the one before them that looks among the same operators. Guests are counted where they wait.
pub fn reasons(desk: &Desk, now: Timestamp) -> BTreeMap<WhyStill, usize> {
    let mut found = BTreeMap::new();
    let mut looked_at = 0;
    let mut guests: BTreeMap<Pool, usize> = BTreeMap::new();
    let free = |chat| desk.queue().get(chat).filter(|waiting| waiting.offering == Offering::No);
    for guest in desk.queue().guests().filter_map(free) {
        *guests.entry(guest.demand.pool()).or_default() += 1;
    }
    for pool in desk.queue().pools() {
        let all = desk.queue().offerable_count(pool) - guests.get(pool).copied().unwrap_or(0);
        let mut left = all;
        let (mut last, cheap) = match pool {
            Pool::Only(_) => (WhyStill::Nobody(WhyNot::OperatorAwaited), false),
            Pool::Class(class) | Pool::Wanting(class, _) => {
                (WhyStill::Nobody(WhyNot::AllFull), desk.roster().known_view(class).is_some())
            }
        };
        let own = desk.queue().offerable(pool, None).filter(|(_, waiting)| waiting.guest_of.is_none());
        for (place, waiting) in own {
            if looked_at >= REASONS_LOOKED_AT_MAX && (left < all || !cheap) {
                break;
            }
            last = reason(desk, place.chat, waiting, now);
            *found.entry(last).or_default() += 1;
            looked_at += 1;
            left -= 1;
        }
        if left > 0 {
            *found.entry(last).or_default() += left;
        }
    }
    for (chat, waiting) in desk.queue().offered() {
        *found.entry(reason(desk, chat, waiting, now)).or_default() += 1;
    }
    found
}

fn reason(desk: &Desk, chat: ChatId, waiting: &Waiting, now: Timestamp) -> WhyStill {
    match waiting.offering {
        Offering::Ringing { .. } => WhyStill::Ringing,
        Offering::Elsewhere => WhyStill::RingingElsewhere,
        Offering::Proposed { .. } => WhyStill::BeingOffered,
        Offering::Unheard => WhyStill::Unheard,
        Offering::No if desk.rings_at_all(chat).next().is_some() => WhyStill::Ringing,
        Offering::No => match decide(&waiting.demand, desk.roster(), now).outcome {
            Outcome::Wait { why, .. } => WhyStill::Nobody(why),
            Outcome::Offer { .. } if desk.settings().offer_mode == OfferMode::RingAll => WhyStill::InLine,
            Outcome::Offer { .. } => WhyStill::BeingOffered,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_name_of_its_own() {
        let mut names: Vec<&str> = WhyStill::ALL.into_iter().map(WhyStill::as_str).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), WhyStill::ALL.len());
        let nobody = WhyStill::ALL.iter().filter(|why| matches!(why, WhyStill::Nobody(_))).count();
        assert_eq!(nobody, WhyNot::ALL.len());
    }
}
