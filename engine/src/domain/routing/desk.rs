//! A group's queue at work: the waiting chats, the members, and the proposals under way. Inputs come with the time,
//! effects go out as values, and one timer at [`Desk::next_wake`] is all it needs.

mod bids;
mod held;
mod places;
mod ring_all;
mod turns;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::chat::Tried;
use crate::domain::estimate::{Forecast, Pace};
use crate::domain::group::{Availability, GroupSettings, Handling, OfferMode};
use crate::domain::ids::{ChatId, OperatorId};
use crate::domain::limits::{DECISION_MEMBERS_MAX, OFFLINE_HOPE, PROPOSAL_REST, PROPOSAL_SETTLES_WITHIN};
use crate::domain::operator::Reception;
use crate::domain::queue::{Offering, Queue, Waiting};
use crate::domain::routing::because::Because;
use crate::domain::routing::decision::{Decision, decide};
use crate::domain::routing::effect::{Arrival, Effect, Settled};
use crate::domain::routing::explain::{Considered, consider};
#[cfg(test)]
use crate::domain::routing::planted::{self, Fault};
use crate::domain::routing::record::{How, Record};
use crate::domain::routing::roster::{LoadNews, Member, Roster};
use crate::domain::routing::{earlier, search};
use crate::domain::time::Timestamp;

pub use bids::Bid;

/// One group's queue with its members. After each call, no chat that may be offered to somebody is left without a
/// proposal; a chat has one proposal at most, and each counts as a used slot until it is settled. Calls for chats
/// and operators that are not here change nothing.
#[derive(Debug, Clone)]
pub struct Desk {
    settings: GroupSettings,
    queue: Queue,
    roster: Roster,
    /// Proposals under way, by when their answer counts as lost.
    proposals: BTreeSet<(Timestamp, ChatId)>,
    /// When the time alone may let a chat be offered that the last search passed over.
    again_at: Option<Timestamp>,
    turns: turns::Turns,
    ringing: ring_all::Ringing,
    held: held::Held,
    pace: Pace,
    /// How long those who wait may hope in a group that turned off-line.
    offline_hope: Duration,
    /// What the visitors were told last of their wait, and when.
    told_waits: BTreeMap<ChatId, (Timestamp, Duration)>,
    /// How far chats were served in their order when places were told last.
    told_in_order: Option<places::InOrder>,
    told_availability: Option<Availability>,
    told_waiting: Option<(usize, Option<Timestamp>)>,
}

impl Desk {
    /// A group with its members and all chats that wait, served in rank order however they are listed. Whoever waits
    /// already keeps the place, however long the queue.
    pub fn open(
        settings: GroupSettings,
        members: impl IntoIterator<Item = Member>,
        arrivals: impl IntoIterator<Item = Arrival>,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let mut desk = Self::new(settings, members);
        let mut effects = Vec::new();
        arrivals.into_iter().for_each(|arrival| desk.enqueue(arrival, Offering::No, now, &mut effects));
        effects.extend(desk.settle(now));
        (desk, effects)
    }

    /// The same with chats and a pace that are known from the store alone: each has its place, and is offered to nobody
    /// before it has said itself what it asks for.
    pub fn reopen(
        settings: GroupSettings,
        members: impl IntoIterator<Item = Member>,
        stored: impl IntoIterator<Item = Arrival>,
        pace: Pace,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let mut desk = Self { pace, ..Self::new(settings, members) };
        let mut effects = Vec::new();
        for arrival in stored {
            desk.enqueue(arrival, Offering::Unheard, now, &mut effects);
        }
        effects.extend(desk.settle(now));
        (desk, effects)
    }

    fn new(settings: GroupSettings, members: impl IntoIterator<Item = Member>) -> Self {
        let mut desk = Self {
            queue: Queue::default(),
            roster: Roster::new(settings.id.clone()),
            settings,
            proposals: BTreeSet::new(),
            again_at: None,
            turns: turns::Turns::default(),
            ringing: ring_all::Ringing::default(),
            held: held::Held::default(),
            pace: Pace::default(),
            offline_hope: OFFLINE_HOPE,
            told_waits: BTreeMap::new(),
            told_in_order: None,
            told_availability: None,
            told_waiting: None,
        };
        members.into_iter().for_each(|member| desk.roster.put(member));
        desk
    }

    /// Chats that have not said yet what they ask for.
    pub fn unheard(&self) -> impl Iterator<Item = ChatId> {
        let unheard =
            |chat: &ChatId| self.queue.get(*chat).is_some_and(|waiting| waiting.offering == Offering::Unheard);
        self.queue.iter().filter(unheard)
    }

    /// With another hope than usual for a group that turns off-line.
    pub fn with_offline_hope(self, offline_hope: Duration) -> Self {
        Self { offline_hope, ..self }
    }

    /// A chat waits. Said again it is brought up to date, keeps a proposal under way, and hears its position anew.
    /// One that is new, for which nobody can be asked at once, and that finds the queue as long as it may be is turned away.
    pub fn handle_waiting(&mut self, arrival: Arrival, now: Timestamp) -> Vec<Effect> {
        if let Some(effect) = self.without_place(&arrival, now) {
            return vec![effect];
        }
        let mut effects = Vec::new();
        self.enqueue(arrival, Offering::No, now, &mut effects);
        effects.extend(self.settle(now));
        effects
    }

    /// A chat waits no longer: ended, moved, or taken elsewhere.
    pub fn handle_gone(&mut self, chat: ChatId, now: Timestamp) -> Vec<Effect> {
        self.end_proposal(chat);
        self.leave(chat);
        self.settle(now)
    }

    /// A chat waits no longer, for an operator of this group has it now.
    pub fn handle_served(&mut self, chat: ChatId, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.end_proposal(chat);
        self.served(chat, now, &mut effects);
        effects.extend(self.settle(now));
        effects
    }

    /// The chat answers a proposal. An answer that comes too late still tells the truth about the chat.
    pub fn handle_settled(&mut self, chat: ChatId, operator: OperatorId, how: Settled, now: Timestamp) -> Vec<Effect> {
        let current = self.proposed_to(chat) == Some(operator);
        let mut effects = Vec::new();
        match how {
            Settled::Offered(load) => {
                self.roster.set_load(&load);
                self.end_proposal(chat);
                self.queue.set_offering(chat, Offering::Ringing { operator });
            }
            Settled::Assigned(load) => {
                self.roster.set_load(&load);
                self.end_proposal(chat);
                self.served(chat, now, &mut effects);
            }
            Settled::NoCapacity | Settled::Refused if current => {
                self.end_proposal(chat);
                let until = now + PROPOSAL_REST;
                #[cfg(test)]
                let until = if planted::has(Fault::AsksWhoSaidNo) { now } else { until };
                if how == Settled::Refused {
                    self.queue.rest(chat, until);
                } else {
                    self.roster.doubt(operator, until);
                }
            }
            Settled::NoCapacity | Settled::Refused => {}
        }
        effects.extend(self.settle(now));
        effects
    }

    /// An offer is over without the chat being assigned: it is back in its place. When it rings at many, this is one
    /// of them declining, or all letting it expire.
    pub fn handle_offer_over(&mut self, chat: ChatId, tried: Vec<Tried>, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        if matches!(self.queue.get(chat).map(|waiting| waiting.offering), Some(Offering::Ringing { .. })) {
            self.queue.set_offering(chat, Offering::No);
        }
        if let Some(waiting) = self.queue.get(chat) {
            let known = |tried: &&Tried| waiting.demand.tried_at(tried.operator) == Some(tried.at);
            self.ringing.let_go(chat, tried.iter().filter(|tried| !known(tried)).map(|tried| tried.operator));
        }
        self.review(chat, Some(tried), now, &mut effects);
        effects.extend(self.settle(now));
        effects
    }

    /// Another group of a chat that looks in several has proposed it, or lets it ring. Where chats ring at all the turn
    /// that it had is another's.
    pub fn handle_elsewhere(&mut self, chat: ChatId, now: Timestamp) -> Vec<Effect> {
        self.note_elsewhere(chat);
        self.settle(now)
    }

    /// The same, before anything follows from it: a ring of this group that was asked for did not begin.
    pub(super) fn note_elsewhere(&mut self, chat: ChatId) {
        if self.queue.get(chat).is_some() && self.proposed_to(chat).is_none() {
            self.ringing.forget(chat);
            self.queue.set_offering(chat, Offering::Elsewhere);
        }
    }

    /// What another group has made of such a chat is over, and it rings nowhere.
    pub fn handle_elsewhere_over(&mut self, chat: ChatId, now: Timestamp) -> Vec<Effect> {
        let offering = self.queue.get(chat).map(|waiting| waiting.offering);
        if matches!(offering, Some(Offering::Elsewhere | Offering::Ringing { .. })) {
            self.queue.set_offering(chat, Offering::No);
        }
        self.settle(now)
    }

    /// A member is new, or something about them has changed.
    pub fn handle_member(&mut self, member: Member, now: Timestamp) -> Vec<Effect> {
        self.change_members(&[member.operator], now, |roster| roster.put(member))
    }

    /// All members as they are now; others are members no longer.
    pub fn handle_members(&mut self, members: Vec<Member>, now: Timestamp) -> Vec<Effect> {
        let staying: BTreeSet<OperatorId> = members.iter().map(|member| member.operator).collect();
        let known: BTreeSet<OperatorId> = self.roster.members().map(|member| member.operator).collect();
        let all: Vec<OperatorId> = known.union(&staying).copied().collect();
        self.change_members(&all, now, |roster| {
            for operator in known.difference(&staying) {
                roster.remove(*operator);
            }
            members.into_iter().for_each(|member| roster.put(member));
        })
    }

    /// Somebody is a member no longer. What they hold of this group stays theirs.
    pub fn handle_member_gone(&mut self, operator: OperatorId, now: Timestamp) -> Vec<Effect> {
        self.change_members(&[operator], now, |roster| {
            roster.remove(operator);
        })
    }

    /// Whether an operator receives has changed.
    pub fn handle_reception(&mut self, operator: OperatorId, reception: Reception, now: Timestamp) -> Vec<Effect> {
        self.roster.set_reception(operator, reception);
        self.settle(now)
    }

    /// A planted fault: the same, and nobody looks whether a chat waits.
    #[cfg(feature = "faults")]
    pub fn take_in_reception(&mut self, operator: OperatorId, reception: Reception) -> Vec<Effect> {
        self.roster.set_reception(operator, reception);
        Vec::new()
    }

    /// What an operator holds has changed, here or in another group; older news than those known are ignored.
    pub fn handle_load(&mut self, news: &LoadNews, now: Timestamp) -> Vec<Effect> {
        self.roster.set_load(news);
        self.settle(now)
    }

    /// The group is set up differently. What rings goes on as it began.
    pub fn handle_settings(&mut self, settings: GroupSettings, now: Timestamp) -> Vec<Effect> {
        if self.settings.department != settings.department {
            // The other department has not heard of the group yet.
            self.told_availability = None;
        }
        self.settings = settings;
        let mut effects = Vec::new();
        self.review_all(now, &mut effects);
        effects.extend(self.settle(now));
        effects
    }

    /// Time has passed.
    pub fn handle_due(&mut self, now: Timestamp) -> Vec<Effect> {
        self.settle(now)
    }

    /// When [`Desk::handle_due`] is to be called. A moment in the past means at once.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let lost = self.proposals.first().map(|(until, _)| *until);
        let (turns, overtaken) = (self.next_turn(), self.queue.next_overtaken());
        let places = earlier(self.queue.next_position(), overtaken);
        [lost, self.again_at, self.roster.doubts_until(), places, turns].into_iter().flatten().min()
    }

    /// Why a waiting chat is where it is: what would be decided for it now.
    pub fn explain(&self, chat: ChatId, now: Timestamp) -> Option<Decision> {
        self.queue.get(chat).map(|waiting| decide(&waiting.demand, &self.roster, now))
    }

    /// How each member stands to a waiting chat, by operator: who would have it, and who is passed over why.
    pub fn considered(&self, chat: ChatId, now: Timestamp) -> Option<Vec<Considered>> {
        self.queue.get(chat).map(|waiting| consider(&waiting.demand, &self.roster, now))
    }

    /// What is kept of a chat's ringing at all who may have it. Which chat rings where does not change who is free.
    pub fn record_of_ring(&self, chat: ChatId, now: Timestamp) -> Option<Record> {
        let rung: Vec<OperatorId> = self.rings_at_all(chat).collect();
        let decision = self.explain(chat, now).filter(|_| !rung.is_empty())?;
        Some(self.recorded(chat, decision, &rung, now))
    }

    /// The settings.
    pub fn settings(&self) -> &GroupSettings {
        &self.settings
    }

    /// What visitors were told last.
    pub fn told_availability(&self) -> Option<Availability> {
        self.told_availability
    }

    /// The waiting chats.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// The members.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Takes a chat in that rings nowhere, as far as it is known, or where it says itself.
    fn enqueue(&mut self, arrival: Arrival, mut offering: Offering, now: Timestamp, effects: &mut Vec<Effect>) {
        let Arrival { chat, entered_at, priority, tried, rings_at, rings_at_all, wishes, guest_of, moved, .. } =
            arrival;
        self.looks_in(chat, arrival.helpers);
        let ours = rings_at_all.as_ref().filter(|ring| self.rings_at_all_here(&ring.group));
        if let Some(operator) = rings_at {
            self.end_proposal(chat);
            offering = Offering::Ringing { operator };
        } else if rings_at_all.is_some() && ours.is_none() {
            self.end_proposal(chat);
            offering = Offering::Elsewhere;
        }
        // The chat knows best at whom it rings: what was said to it before may be lost.
        self.ringing.is_known(chat, ours.map(|ring| ring.operators.as_slice()).unwrap_or_default());
        let before = self.queue.get(chat).map(|waiting| waiting.demand.clone());
        let demand = self.demand(tried, &wishes, entered_at, now, before.as_ref());
        self.roster.use_class(demand.class());
        if let Some(before) = before {
            self.roster.leave_class(before.class());
        }
        let rests_until = None;
        self.queue
            .enqueue(chat, Waiting { entered_at, priority, wishes, demand, guest_of, moved, offering, rests_until });
        self.arrived(chat, now, effects);
    }

    /// Takes a chat out, with all that is remembered of it.
    fn leave(&mut self, chat: ChatId) -> Option<Waiting> {
        let waiting = self.queue.remove(chat)?;
        self.roster.leave_class(waiting.demand.class());
        self.forget_turns(chat);
        self.ringing.forget(chat);
        self.told_waits.remove(&chat);
        Some(waiting)
    }

    fn served(&mut self, chat: ChatId, now: Timestamp, effects: &mut Vec<Effect>) {
        let told = self.told_waits.get(&chat).copied();
        if self.leave(chat).is_some() {
            self.pace.serves(now);
            if let Some((at, told)) = told {
                effects.push(Effect::Forecast { chat, forecast: Forecast { told, waited: now.since(at) } });
            }
        }
    }

    /// Proposes what can be proposed, and says what has changed.
    fn settle(&mut self, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.give_up_lost_proposals(now, &mut effects);
        self.roster.trust_again(now);
        self.take_turns(now, &mut effects);
        if self.settings.offer_mode == OfferMode::RingAll {
            self.ring_all(now, &mut effects);
        } else {
            self.propose(now, &mut effects);
        }
        self.let_go_of_slots(&mut effects);
        self.pace.waits(!self.queue.is_empty(), now);
        self.tell_positions(now, &mut effects);
        let availability = self.availability(now);
        if self.told_availability.replace(availability) != Some(availability) {
            effects.push(Effect::Availability(availability));
        }
        self.turn_away_when_offline(availability, now, &mut effects);
        let (count, longest_since) = (self.queue.own_len(), self.queue.longest_since());
        if self.told_waiting.replace((count, longest_since)) != Some((count, longest_since)) {
            effects.push(Effect::Waiting { count, longest_since });
        }
        effects
    }

    fn propose(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.again_at = None;
        let mut behind = None;
        loop {
            let search = search(&self.queue, &self.roster, now, behind);
            self.again_at = earlier(self.again_at, search.again_at);
            let Some(found) = search.found else { return };
            behind = Some(found.place);
            self.propose_to(found.pairing.chat, found.pairing.operator, found.record, now, effects);
        }
    }

    fn propose_to(
        &mut self,
        chat: ChatId,
        operator: OperatorId,
        decision: Decision,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let record = self.recorded(chat, decision, &[operator], now);
        let until = now + PROPOSAL_SETTLES_WITHIN;
        self.queue.set_offering(chat, Offering::Proposed { operator, until });
        self.proposals.insert((until, chat));
        self.roster.reserve(operator);
        let name = self.roster.member(operator).map(|member| member.name.clone()).unwrap_or_default();
        let ring = (self.settings.offer_mode == OfferMode::Single).then_some(self.settings.offer_expires_after);
        effects.push(Effect::Propose { chat, operator, name, ring, record: Box::new(record) });
    }

    /// A decision as it is kept; before the chosen one's slot counts as used.
    fn recorded(&self, chat: ChatId, mut decision: Decision, chosen: &[OperatorId], now: Timestamp) -> Record {
        let demand = self.queue.get(chat).map(|waiting| &waiting.demand);
        for operator in chosen {
            let member = self.roster.member(*operator).zip(self.roster.standing(*operator)).zip(demand);
            if let Some(((member, standing), demand)) = member {
                decision.counts.choose(member, standing, demand, now);
            }
        }
        let few = decision.counts.total() <= DECISION_MEMBERS_MAX;
        let members = if few { self.considered(chat, now).unwrap_or_default() } else { Vec::new() };
        let (waiting, mode) = (self.queue.get(chat), self.settings.offer_mode);
        let handlings =
            chosen.iter().filter_map(|operator| self.roster.member(*operator)).map(|member| member.handling);
        let how = How {
            handling: handlings.min().unwrap_or(Handling::Primary),
            because: waiting.map_or(Because::Next, |waiting| Because::of(&waiting.demand, chosen, mode)),
            mode,
            helps: waiting.is_some_and(|waiting| waiting.guest_of.is_some()),
        };
        Record::new(decision, members, chosen, how)
    }

    fn give_up_lost_proposals(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        while let Some((_, chat)) = self.proposals.first().copied().filter(|(until, _)| *until <= now) {
            effects.extend(self.proposed_to(chat).map(|operator| Effect::Lost { chat, operator }));
            self.end_proposal(chat);
        }
    }

    /// For whom the chat's proposal is, while it has no answer.
    pub fn proposed_to(&self, chat: ChatId) -> Option<OperatorId> {
        match self.queue.get(chat)?.offering {
            Offering::Proposed { operator, .. } => Some(operator),
            _ => None,
        }
    }

    /// The chat's proposal, if there is one, is no longer under way.
    fn end_proposal(&mut self, chat: ChatId) {
        if let Some(Offering::Proposed { operator, until }) = self.queue.get(chat).map(|waiting| waiting.offering) {
            self.proposals.remove(&(until, chat));
            self.roster.release(operator);
            self.queue.set_offering(chat, Offering::No);
        }
    }
}
