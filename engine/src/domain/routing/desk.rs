//! A group's queue at work: the waiting chats, the members, and the proposals under way. Inputs come with the time,
//! effects go out as values, and one timer at [`Desk::next_wake`] is all it needs.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::chat::Tried;
use crate::domain::group::{Availability, GroupSettings, OfferMode};
use crate::domain::ids::{ChatId, OperatorId};
use crate::domain::limits::{PROPOSAL_REST, PROPOSAL_SETTLES_WITHIN};
use crate::domain::operator::Reception;
use crate::domain::queue::{Offering, Queue, Waiting};
use crate::domain::routing::decision::{Decision, decide};
use crate::domain::routing::demand::Demand;
use crate::domain::routing::roster::{LoadNews, Member, Roster};
use crate::domain::routing::{earlier, search};
use crate::domain::time::Timestamp;

/// A chat that waits, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// Which.
    pub chat: ChatId,
    /// When it entered the queue.
    pub entered_at: Timestamp,
    /// Steps by which it is moved ahead.
    pub priority: i32,
    /// Who has let it go.
    pub tried: Vec<Tried>,
    /// Where it rings.
    pub rings_at: Option<OperatorId>,
}

/// How a proposal ended, as the chat says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Settled {
    /// It rings; this is what the operator holds since.
    Offered(LoadNews),
    /// It is the operator's; this is what they hold since. The chat waits no longer.
    Assigned(LoadNews),
    /// The store found no free slot.
    NoCapacity,
    /// The chat is not to be offered, or it is not known what became of it.
    Refused,
}

/// What a group's queue asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask the chat to ring, or to be assigned. It is answered by [`Desk::handle_settled`].
    Propose {
        /// The chat.
        chat: ChatId,
        /// For whom.
        operator: OperatorId,
        /// Their name.
        name: String,
        /// How long it rings; none assigns it at once.
        ring: Option<Duration>,
    },
    /// Tell a waiting visitor how many are ahead.
    Position {
        /// The chat.
        chat: ChatId,
        /// How many.
        ahead: usize,
    },
    /// Visitors of this group are told something else.
    Availability(Availability),
    /// Operators of this group are told something else.
    Waiting {
        /// Chats that wait.
        count: usize,
        /// When the one that waits longest entered.
        longest_since: Option<Timestamp>,
    },
}

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
    told_availability: Option<Availability>,
    told_waiting: Option<(usize, Option<Timestamp>)>,
}

impl Desk {
    /// A group with its members and all chats that wait, served in rank order however they are listed.
    pub fn open(
        settings: GroupSettings,
        members: impl IntoIterator<Item = Member>,
        arrivals: impl IntoIterator<Item = Arrival>,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let mut desk = Self {
            queue: Queue::default(),
            roster: Roster::new(settings.id.clone()),
            settings,
            proposals: BTreeSet::new(),
            again_at: None,
            told_availability: None,
            told_waiting: None,
        };
        members.into_iter().for_each(|member| desk.roster.put(member));
        arrivals.into_iter().for_each(|arrival| desk.enqueue(arrival));
        let effects = desk.settle(now);
        (desk, effects)
    }

    /// A chat waits. Said again it is brought up to date, keeps a proposal under way, and hears its position anew.
    pub fn handle_waiting(&mut self, arrival: Arrival, now: Timestamp) -> Vec<Effect> {
        self.enqueue(arrival);
        self.settle(now)
    }

    /// A chat waits no longer: assigned, taken, ended or moved.
    pub fn handle_gone(&mut self, chat: ChatId, now: Timestamp) -> Vec<Effect> {
        self.end_proposal(chat);
        self.queue.remove(chat);
        self.settle(now)
    }

    /// The chat answers a proposal. An answer that comes too late still tells the truth about the chat.
    pub fn handle_settled(&mut self, chat: ChatId, operator: OperatorId, how: Settled, now: Timestamp) -> Vec<Effect> {
        let current = self.proposed_to(chat) == Some(operator);
        match how {
            Settled::Offered(load) => {
                self.roster.set_load(&load);
                self.end_proposal(chat);
                self.queue.set_offering(chat, Offering::Ringing { operator });
            }
            Settled::Assigned(load) => {
                self.roster.set_load(&load);
                self.end_proposal(chat);
                self.queue.remove(chat);
            }
            Settled::NoCapacity if current => {
                self.end_proposal(chat);
                self.roster.doubt(operator, now + PROPOSAL_REST);
            }
            Settled::Refused if current => {
                self.end_proposal(chat);
                self.queue.rest(chat, now + PROPOSAL_REST);
            }
            Settled::NoCapacity | Settled::Refused => {}
        }
        self.settle(now)
    }

    /// An offer is over without the chat being assigned: it is back in its place.
    pub fn handle_offer_over(&mut self, chat: ChatId, tried: Vec<Tried>, now: Timestamp) -> Vec<Effect> {
        self.queue.set_demand(chat, Demand::new(tried));
        if self.proposed_to(chat).is_none() {
            self.queue.set_offering(chat, Offering::No);
        }
        self.settle(now)
    }

    /// A member is new, or something about them has changed.
    pub fn handle_member(&mut self, member: Member, now: Timestamp) -> Vec<Effect> {
        self.roster.put(member);
        self.settle(now)
    }

    /// All members as they are now; others are members no longer.
    pub fn handle_members(&mut self, members: Vec<Member>, now: Timestamp) -> Vec<Effect> {
        let staying: BTreeSet<OperatorId> = members.iter().map(|member| member.operator).collect();
        let leaving: Vec<OperatorId> = self
            .roster
            .members()
            .map(|member| member.operator)
            .filter(|operator| !staying.contains(operator))
            .collect();
        for operator in leaving {
            self.roster.remove(operator);
        }
        members.into_iter().for_each(|member| self.roster.put(member));
        self.settle(now)
    }

    /// Somebody is a member no longer.
    pub fn handle_member_gone(&mut self, operator: OperatorId, now: Timestamp) -> Vec<Effect> {
        self.roster.remove(operator);
        self.settle(now)
    }

    /// Whether an operator receives has changed.
    pub fn handle_reception(&mut self, operator: OperatorId, reception: Reception, now: Timestamp) -> Vec<Effect> {
        self.roster.set_reception(operator, reception);
        self.settle(now)
    }

    /// What an operator holds has changed, here or in another group; older news than those known are ignored.
    pub fn handle_load(&mut self, news: &LoadNews, now: Timestamp) -> Vec<Effect> {
        self.roster.set_load(news);
        self.settle(now)
    }

    /// The group is set up differently. What rings goes on as it began.
    pub fn handle_settings(&mut self, settings: GroupSettings, now: Timestamp) -> Vec<Effect> {
        self.settings = settings;
        self.settle(now)
    }

    /// Time has passed.
    pub fn handle_due(&mut self, now: Timestamp) -> Vec<Effect> {
        self.settle(now)
    }

    /// When [`Desk::handle_due`] is to be called. A moment in the past means at once.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let lost = self.proposals.first().map(|(until, _)| *until);
        [lost, self.again_at, self.roster.doubts_until(), self.queue.next_position()].into_iter().flatten().min()
    }

    /// Why a waiting chat is where it is: what would be decided for it now.
    pub fn explain(&self, chat: ChatId, now: Timestamp) -> Option<Decision> {
        self.queue.get(chat).map(|waiting| decide(&waiting.demand, &self.roster, now))
    }

    /// The settings.
    pub fn settings(&self) -> &GroupSettings {
        &self.settings
    }

    /// The waiting chats.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// The members.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    fn enqueue(&mut self, arrival: Arrival) {
        let Arrival { chat, entered_at, priority, tried, rings_at } = arrival;
        let mut offering = Offering::No;
        if let Some(operator) = rings_at {
            self.end_proposal(chat);
            offering = Offering::Ringing { operator };
        }
        let demand = Demand::new(tried);
        self.queue.enqueue(chat, Waiting { entered_at, priority, demand, offering, rests_until: None });
    }

    /// Proposes what can be proposed, and says what has changed.
    fn settle(&mut self, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.give_up_lost_proposals(now);
        self.roster.trust_again(now);
        self.propose(now, &mut effects);
        let positions = self.queue.positions_due(now);
        effects.extend(positions.into_iter().map(|(chat, ahead)| Effect::Position { chat, ahead }));
        let availability = self.roster.availability();
        if self.told_availability.replace(availability) != Some(availability) {
            effects.push(Effect::Availability(availability));
        }
        let (count, longest_since) = (self.queue.len(), self.queue.longest_since());
        if self.told_waiting.replace((count, longest_since)) != Some((count, longest_since)) {
            effects.push(Effect::Waiting { count, longest_since });
        }
        effects
    }

    fn propose(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.again_at = None;
        let mut behind = None;
        loop {
            let found = search(&self.queue, &self.roster, now, behind);
            self.again_at = earlier(self.again_at, found.again_at);
            let Some(pairing) = found.pairing else { return };
            behind = found.place;
            let until = now + PROPOSAL_SETTLES_WITHIN;
            self.queue.set_offering(pairing.chat, Offering::Proposed { operator: pairing.operator, until });
            self.proposals.insert((until, pairing.chat));
            self.roster.reserve(pairing.operator);
            effects.push(Effect::Propose {
                chat: pairing.chat,
                operator: pairing.operator,
                name: self.roster.member(pairing.operator).map(|member| member.name.clone()).unwrap_or_default(),
                ring: (self.settings.offer_mode == OfferMode::Single).then_some(self.settings.offer_expires_after),
            });
        }
    }

    fn give_up_lost_proposals(&mut self, now: Timestamp) {
        while let Some((_, chat)) = self.proposals.first().copied().filter(|(until, _)| *until <= now) {
            self.end_proposal(chat);
        }
    }

    fn proposed_to(&self, chat: ChatId) -> Option<OperatorId> {
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
