//! Groups whose chats ring at all who are free. No slot is reserved: the store takes the first who accepts. The desk
//! keeps who hears which chat, and says only what changes.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::group::{Handling, OfferMode};
use crate::domain::ids::{ChatId, GroupId, OperatorId};
use crate::domain::limits::RING_ALL_CHATS_MAX;
use crate::domain::queue::{Offering, Place, Waiting};
use crate::domain::routing::demand::{Demand, cooled_down_at};
use crate::domain::routing::desk::Desk;
use crate::domain::routing::earlier;
use crate::domain::routing::effect::Effect;
#[cfg(test)]
use crate::domain::routing::planted::{self, Fault};
use crate::domain::routing::roster::Standing;
use crate::domain::time::Timestamp;

/// Which chat rings at whom.
#[derive(Debug, Clone, Default)]
pub(super) struct Ringing {
    at: BTreeMap<ChatId, BTreeSet<OperatorId>>,
}

impl Ringing {
    /// The chats that ring.
    pub(super) fn chats(&self) -> impl Iterator<Item = &ChatId> {
        self.at.keys()
    }

    /// The chats that ring at an operator.
    pub(super) fn at(&self, operator: OperatorId) -> impl Iterator<Item = ChatId> {
        self.at.iter().filter(move |(_, rung)| rung.contains(&operator)).map(|(chat, _)| *chat)
    }

    pub(super) fn forget(&mut self, chat: ChatId) {
        self.at.remove(&chat);
    }

    /// These let it go: it rings at them no more, and nobody has to say so.
    pub(super) fn let_go(&mut self, chat: ChatId, operators: impl Iterator<Item = OperatorId>) {
        let Some(rung) = self.at.get_mut(&chat) else { return };
        for operator in operators {
            rung.remove(&operator);
        }
        if rung.is_empty() {
            self.at.remove(&chat);
        }
    }

    /// The chat says at whom it rings.
    pub(super) fn is_known(&mut self, chat: ChatId, operators: &[OperatorId]) {
        self.at.remove(&chat);
        if !operators.is_empty() {
            self.at.insert(chat, operators.iter().copied().collect());
        }
    }
}

impl Desk {
    /// At whom a chat rings in a group where it rings at all.
    pub fn rings_at_all(&self, chat: ChatId) -> impl Iterator<Item = OperatorId> {
        self.ringing.at.get(&chat).into_iter().flatten().copied()
    }

    /// Whether a ring at all that this group began goes on here.
    pub(super) fn rings_at_all_here(&self, group: &GroupId) -> bool {
        self.settings.offer_mode == OfferMode::RingAll && self.settings.id == *group
    }

    pub(super) fn ring_all(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let (in_turn, again_at) = self.in_turn(now);
        self.again_at = again_at;
        let is_in_turn = |chat: &ChatId| in_turn.iter().any(|(place, _)| place.chat == *chat);
        let others: Vec<ChatId> = self.ringing.at.keys().filter(|chat| !is_in_turn(chat)).copied().collect();
        for chat in others {
            self.ring_at(chat, BTreeSet::new(), effects);
        }
        for (place, all) in in_turn {
            self.ring_at(place.chat, all, effects);
        }
    }

    /// The first chats that somebody may hear, each with all who shall, and when that changes by itself. A chat that
    /// nobody may hear takes no turn from the next. Only pools in which somebody is free are looked at, each up to the
    /// last chat in turn, and what rings already: that may ring on at whoever has lost the connection.
    fn in_turn(&self, now: Timestamp) -> (Vec<(Place, BTreeSet<OperatorId>)>, Option<Timestamp>) {
        let most = RING_ALL_CHATS_MAX;
        #[cfg(test)]
        let most = if planted::has(Fault::RingsOutOfTurn) { usize::MAX } else { most };
        let mut heard: BTreeMap<Place, BTreeSet<OperatorId>> = BTreeMap::new();
        let mut again_at = None;
        let mut all_for = |place: Place, waiting: &Waiting| {
            let (all, at) = self.all_for(place.chat, &waiting.demand, now);
            again_at = earlier(again_at, at);
            (!all.is_empty()).then_some((place, all))
        };
        for chat in self.ringing.at.keys() {
            let Some(waiting) = self.queue.get(*chat).filter(|waiting| waiting.offering == Offering::No) else {
                continue;
            };
            let place = Place::new(*chat, waiting.entered_at, waiting.priority);
            heard.extend(all_for(place, waiting));
        }
        let looked_at = self.queue.pools().filter(|pool| self.roster.has_free_in(pool));
        for (place, waiting) in self.queue.offerable_in(looked_at) {
            if heard.keys().nth(most - 1).is_some_and(|last| *last < place) {
                break;
            }
            if !heard.contains_key(&place) {
                heard.extend(all_for(place, waiting));
            }
        }
        (heard.into_iter().take(most).collect(), again_at)
    }

    /// All who may hear a chat: whom the page wants, else the primary members, or the secondary ones when there are none;
    /// those who let it go long enough ago when nobody else is left. And when that changes by itself. At whoever has lost
    /// the connection it does not begin to ring, but rings on.
    fn all_for(&self, chat: ChatId, demand: &Demand, now: Timestamp) -> (BTreeSet<OperatorId>, Option<Timestamp>) {
        #[cfg(test)]
        let now = if planted::has(Fault::AsksAtOnce) { Timestamp::from_millis(i64::MAX) } else { now };
        if let Some(only) = demand.only() {
            let hears =
                self.roster.free_member(only).is_some() || self.rings_on(chat, demand, now).any(|(_, at)| at == only);
            return (hears.then_some(only).into_iter().collect(), None);
        }
        let wanted = demand.wanted().filter(|wanted| self.roster.free_member(*wanted).is_some());
        let first = wanted.filter(|wanted| self.rings_at_all(chat).all(|rung| rung == *wanted));
        if let Some(first) = first {
            return ([first].into_iter().collect(), None);
        }
        let view = self.roster.view(demand.class());
        let (mut fresh, mut again, mut again_at) = (Vec::new(), Vec::new(), None);
        for score in view.free() {
            let Some((handling, _)) = self.roster.free_member(score.operator) else { continue };
            let tried = demand.tried().iter().find(|tried| tried.operator == score.operator);
            match tried.map(cooled_down_at) {
                None => fresh.push((handling, score.operator)),
                Some(from) if from <= now => again.push((handling, score.operator)),
                Some(from) => again_at = earlier(again_at, Some(from)),
            }
        }
        let all = if fresh.is_empty() { again } else { fresh };
        #[cfg(test)]
        let all: Vec<_> = all.into_iter().skip(usize::from(planted::has(Fault::ForgetsSomebody))).collect();
        let best = all.iter().map(|(handling, _)| *handling).min();
        let all = all.into_iter().filter(|(handling, _)| Some(*handling) == best);
        let comes_first = |(handling, operator): &(Handling, OperatorId)| {
            best.is_none_or(|best| *handling <= best) || demand.wanted() == Some(*operator)
        };
        let on = self.rings_on(chat, demand, now).filter(comes_first);
        // Where it rings at others already, whoever is wanted and free by now hears it too.
        (all.chain(on).map(|(_, operator)| operator).chain(wanted).collect(), again_at)
    }

    /// Those at whom it rings, and who may come back within the grace.
    fn rings_on(&self, chat: ChatId, demand: &Demand, now: Timestamp) -> impl Iterator<Item = (Handling, OperatorId)> {
        let lost = move |operator: &OperatorId| self.roster.standing(*operator) == Some(Standing::InGrace);
        let cooled = move |operator: &OperatorId| {
            demand.tried().iter().filter(|tried| tried.operator == *operator).all(|tried| cooled_down_at(tried) <= now)
        };
        let members = self.rings_at_all(chat).filter(lost).filter(cooled).filter_map(move |at| self.roster.member(at));
        let named = move |operator| demand.only().or(demand.wanted()) == Some(operator);
        let able = members.filter(move |m| named(m.operator) || demand.class().is_met_by(&m.skills));
        able.map(|member| (member.handling, member.operator))
    }

    fn ring_at(&mut self, chat: ChatId, wanted: BTreeSet<OperatorId>, effects: &mut Vec<Effect>) {
        let before = self.ringing.at.remove(&chat).unwrap_or_default();
        let more: Vec<(OperatorId, String)> = wanted
            .difference(&before)
            .filter_map(|operator| self.roster.member(*operator).map(|member| (*operator, member.name.clone())))
            .collect();
        let fewer: Vec<OperatorId> = before.difference(&wanted).copied().collect();
        #[cfg(test)]
        let fewer = if planted::has(Fault::RingsOn) { Vec::new() } else { fewer };
        if !fewer.is_empty() {
            effects.push(Effect::RingNoMore { chat, operators: fewer });
        }
        if !more.is_empty() {
            effects.push(Effect::RingAll { chat, operators: more, ring: self.settings.offer_expires_after });
        }
        if !wanted.is_empty() {
            self.ringing.at.insert(chat, wanted);
        }
    }
}
