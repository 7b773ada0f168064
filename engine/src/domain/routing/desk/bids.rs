//! A free slot of an operator with several groups goes where it is needed most: each group names the best chat it has
//! for them, and the slot is granted to one.

use serde::{Deserialize, Serialize};

use crate::domain::group::{Handling, OfferMode};
use crate::domain::ids::OperatorId;
use crate::domain::queue::Place;
use crate::domain::routing::decision::{Decision, Outcome, is_choosing, weighed};
use crate::domain::routing::demand::{Demand, Pool, cooled_down_at};
use crate::domain::routing::desk::Desk;
use crate::domain::routing::effect::Effect;
use crate::domain::routing::roster::{Member, Standing};
use crate::domain::time::Timestamp;

/// What a group would do with a slot; the least is granted: primary members first, then the best place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Bid {
    /// As which member the operator would serve.
    pub handling: Handling,
    /// The chat that would be served.
    pub place: Place,
}

impl Desk {
    /// The free slots of an operator are granted from now on, or may be taken again. Where chats ring at all, nobody
    /// takes a slot before they accept, so that nothing changes there.
    pub fn handle_closed(&mut self, operator: OperatorId, closed: bool, now: Timestamp) -> Vec<Effect> {
        // A group may have become one that rings at all while slots were closed: they are opened all the same.
        if !closed || self.settings.offer_mode != OfferMode::RingAll {
            self.roster.set_closed(operator, closed);
        }
        self.settle(now)
    }

    /// Other groups of the operator have so many proposals under way, more than before: nothing follows from it here.
    pub fn note_proposals_elsewhere(&mut self, operator: OperatorId, count: u32) {
        self.roster.set_elsewhere(operator, count);
    }

    /// Other groups of the operator have so many proposals under way, fewer than before.
    pub fn handle_proposals_elsewhere(&mut self, operator: OperatorId, count: u32, now: Timestamp) -> Vec<Effect> {
        self.roster.set_elsewhere(operator, count);
        self.settle(now)
    }

    /// The best that this group can do with a closed slot of an operator. One look at the first chats of each class
    /// the operator may serve; where chats ring at all, at what rings at them.
    pub fn bid(&self, operator: OperatorId, now: Timestamp) -> Option<Bid> {
        if self.settings.offer_mode == OfferMode::RingAll {
            return self.bid_for_a_ring(operator);
        }
        if self.roster.standing(operator)? != Standing::Choosing {
            return None;
        }
        let member = self.roster.member(operator)?;
        let mut best: Option<Place> = None;
        for pool in self.queue.pools().filter(|pool| is_for(pool, member)) {
            let may = self.queue.offerable(pool, None).take_while(|(place, _)| best.is_none_or(|best| *place < best));
            let mut may = may.filter(|(_, waiting)| waiting.rests_until.is_none_or(|until| until <= now));
            if let Some((place, _)) = may.find(|(_, waiting)| self.may_have(member, &waiting.demand, now)) {
                best = Some(place);
            }
        }
        best.map(|place| Bid { handling: member.handling, place })
    }

    /// The closed slot of this operator is this group's, for what it has named.
    pub fn handle_grant(&mut self, operator: OperatorId, now: Timestamp) -> Vec<Effect> {
        if self.settings.offer_mode == OfferMode::RingAll {
            return self.hold(operator, now);
        }
        let mut effects = Vec::new();
        let chat = self.bid(operator, now).map(|bid| bid.place.chat);
        let record = chat.and_then(|chat| Some((chat, self.granted(&self.queue.get(chat)?.demand, operator, now)?)));
        match record {
            Some((chat, record)) => self.propose_to(chat, operator, record, now, &mut effects),
            None => effects.push(Effect::NotNeeded { operator }),
        }
        effects.extend(self.settle(now));
        effects
    }

    /// Nobody else who is free may have a chat that waits: what is left to ask is whether this one may.
    fn may_have(&self, member: &Member, demand: &Demand, now: Timestamp) -> bool {
        if demand.wanted() == Some(member.operator) {
            return true;
        }
        if is_choosing(demand.wanted(), &self.roster) {
            return false;
        }
        let first = member.handling == Handling::Primary
            || demand.only().is_some()
            || !self.roster.view(demand.class()).primary_is_choosing();
        let mut tried = demand.tried().iter().filter(|tried| tried.operator == member.operator);
        first && tried.all(|tried| cooled_down_at(tried) <= now)
    }

    fn granted(&self, demand: &Demand, operator: OperatorId, now: Timestamp) -> Option<Decision> {
        let handling = self.roster.member(operator)?.handling;
        // A closed slot has no place among the free ones.
        let (counts, best) = weighed(demand, &self.roster, self.roster.score_when_open(operator), now);
        let outcome = Outcome::Offer { operator, handling };
        Some(Decision { outcome, counts, best, roster_version: self.roster.version() })
    }
}

fn is_for(pool: &Pool, member: &Member) -> bool {
    match pool {
        Pool::Class(class) => class.is_met_by(&member.skills),
        Pool::Wanting(class, wanted) => *wanted == member.operator || class.is_met_by(&member.skills),
        Pool::Only(operator) => *operator == member.operator,
    }
}
