//! Many desks that share operators, put together in one place and without any delay: what the actors of a cluster do
//! by messages. A slot that becomes free goes to the group that needs it most, a proposal of one group counts in all
//! of its operator's, and a chat that looks in several groups is proposed by one at a time.

mod slots;

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::chat::Tried;
use crate::domain::group::{Availability, GroupSettings, OfferMode};
use crate::domain::ids::{ChatId, GroupId, OperatorId};
use crate::domain::operator::{Reception, Slots};
use crate::domain::routing::desk::Desk;
use crate::domain::routing::effect::{Arrival, Effect, Settled};
use crate::domain::routing::roster::{LoadNews, Member};
use crate::domain::time::Timestamp;

/// What a group's desk asks for from outside; what desks and slots have to say to each other is done already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Which group.
    pub group: GroupId,
    /// What it asks for.
    pub effect: Effect,
}

/// A waiting chat, wherever it looks for an operator.
#[derive(Debug, Clone)]
struct Known {
    arrival: Arrival,
    /// The group it waits in first, then those that help.
    groups: Vec<GroupId>,
    /// Who has proposed it, until the offer is over.
    proposed: Option<(GroupId, OperatorId)>,
}

/// See the module. Calls for chats, operators and groups that are not here change nothing.
#[derive(Debug, Clone, Default)]
pub struct Centre {
    desks: BTreeMap<GroupId, Desk>,
    slots: BTreeMap<OperatorId, Slots>,
    groups_of: BTreeMap<OperatorId, Vec<GroupId>>,
    chats: BTreeMap<ChatId, Known>,
    /// Proposals that are not answered, and slots that are held for rings, by operator and group.
    under_way: BTreeMap<OperatorId, BTreeMap<GroupId, u32>>,
    /// Whose slots are held no more since the call at work began.
    freed: BTreeSet<OperatorId>,
}

impl Centre {
    /// Groups with their members; nobody waits yet.
    pub fn open(groups: impl IntoIterator<Item = (GroupSettings, Vec<Member>)>, now: Timestamp) -> (Self, Vec<Action>) {
        let (mut centre, mut out) = (Self::default(), Vec::new());
        for (settings, members) in groups {
            let group = settings.id.clone();
            for member in &members {
                centre.joins(member.operator, &group);
            }
            let (desk, effects) = Desk::open(settings, members, [], now);
            centre.desks.insert(group.clone(), desk);
            centre.absorb(&group, effects, now, &mut out);
        }
        (centre, out)
    }

    /// A chat waits in a group, or says so again.
    pub fn handle_waiting(&mut self, group: &GroupId, arrival: Arrival, now: Timestamp) -> Vec<Action> {
        let mut out = Vec::new();
        let chat = arrival.chat;
        let arrival = Arrival { helpers: self.looks_in(chat).iter().skip(1).cloned().collect(), ..arrival };
        match self.chats.get_mut(&chat) {
            Some(known) => known.arrival = arrival.clone(),
            None => {
                let known = Known { arrival: arrival.clone(), groups: vec![group.clone()], proposed: None };
                self.chats.insert(chat, known);
            }
        }
        self.at(group, now, &mut out, |desk| desk.handle_waiting(arrival, now));
        if self.desks.get(group).is_none_or(|desk| desk.queue().get(chat).is_none()) {
            self.chats.remove(&chat);
        }
        self.refill(now, &mut out);
        out
    }

    /// A chat waits no longer: ended or moved.
    pub fn handle_gone(&mut self, chat: ChatId, now: Timestamp) -> Vec<Action> {
        self.leaves(chat, None, now)
    }

    /// A chat waits no longer: an operator of this group has it. It has served those who wait in the chat's own group, too.
    pub fn handle_served(&mut self, chat: ChatId, group: &GroupId, now: Timestamp) -> Vec<Action> {
        self.leaves(chat, Some(group), now)
    }

    /// The chat answers a proposal.
    pub fn handle_settled(&mut self, chat: ChatId, operator: OperatorId, how: Settled, now: Timestamp) -> Vec<Action> {
        let mut out = Vec::new();
        let Some(known) = self.chats.get(&chat) else { return out };
        let Some((group, _)) = known.proposed.clone().filter(|(_, to)| *to == operator) else { return out };
        match how {
            Settled::Offered(load) => {
                self.news(&load, Some(&group), now, &mut out);
                self.at(&group, now, &mut out, |desk| {
                    desk.handle_settled(chat, operator, Settled::Offered(load.clone()), now)
                });
                self.settled(&group, operator, now, &mut out);
                self.takes_no_turn(chat, &group, now, &mut out);
            }
            Settled::Assigned(load) => {
                self.news(&load, Some(&group), now, &mut out);
                self.at(&group, now, &mut out, |desk| {
                    desk.handle_settled(chat, operator, Settled::Assigned(load.clone()), now)
                });
                self.settled(&group, operator, now, &mut out);
                if let Some(known) = self.chats.get_mut(&chat) {
                    known.proposed = None;
                }
                out.extend(self.leaves(chat, Some(&group), now));
            }
            how @ (Settled::NoCapacity | Settled::Refused) => self.closed(operator, now, &mut out, |centre, out| {
                if let Some(known) = centre.chats.get_mut(&chat) {
                    known.proposed = None;
                }
                centre.at(&group, now, out, |desk| desk.handle_settled(chat, operator, how, now));
                centre.settled(&group, operator, now, out);
                centre.release_elsewhere(chat, &group, now, out);
            }),
        }
        self.refill(now, &mut out);
        out
    }

    /// An offer is over without the chat being assigned.
    pub fn handle_offer_over(&mut self, chat: ChatId, tried: Vec<Tried>, now: Timestamp) -> Vec<Action> {
        let mut out = Vec::new();
        let Some(known) = self.chats.get_mut(&chat) else { return out };
        known.arrival.tried.clone_from(&tried);
        let proposer = known.proposed.take().map(|(group, _)| group);
        for group in known.groups.clone() {
            if self.is_proposed(chat) {
                self.desks.get_mut(&group).into_iter().for_each(|desk| desk.note_elsewhere(chat));
            }
            self.at(&group, now, &mut out, |desk| desk.handle_offer_over(chat, tried.clone(), now));
        }
        if let Some(proposer) = proposer {
            self.release_elsewhere(chat, &proposer, now, &mut out);
        }
        self.refill(now, &mut out);
        out
    }

    /// Whether an operator receives has changed.
    pub fn handle_reception(&mut self, operator: OperatorId, reception: Reception, now: Timestamp) -> Vec<Action> {
        let mut out = Vec::new();
        self.closed(operator, now, &mut out, |centre, out| {
            for group in centre.groups(operator) {
                centre.at(&group, now, out, |desk| desk.handle_reception(operator, reception, now));
            }
        });
        self.refill(now, &mut out);
        out
    }

    /// What an operator holds has changed.
    pub fn handle_load(&mut self, news: &LoadNews, now: Timestamp) -> Vec<Action> {
        let mut out = Vec::new();
        self.closed(news.operator, now, &mut out, |centre, out| centre.news(news, None, now, out));
        self.refill(now, &mut out);
        out
    }

    /// A member of a group is new or changed.
    pub fn handle_member(&mut self, group: &GroupId, member: Member, now: Timestamp) -> Vec<Action> {
        let (mut out, operator) = (Vec::new(), member.operator);
        if self.desks.contains_key(group) {
            self.joins(operator, group);
        }
        self.closed(operator, now, &mut out, |centre, out| {
            centre.at(group, now, out, |desk| desk.handle_member(member, now));
        });
        self.refill(now, &mut out);
        out
    }

    /// Somebody is a member of a group no longer.
    pub fn handle_member_gone(&mut self, group: &GroupId, operator: OperatorId, now: Timestamp) -> Vec<Action> {
        let mut out = Vec::new();
        self.at(group, now, &mut out, |desk| desk.handle_member_gone(operator, now));
        if let Some(groups) = self.groups_of.get_mut(&operator) {
            groups.retain(|other| other != group);
        }
        self.refill(now, &mut out);
        out
    }

    /// A group is set up differently.
    pub fn handle_settings(&mut self, settings: GroupSettings, now: Timestamp) -> Vec<Action> {
        let (mut out, group) = (Vec::new(), settings.id.clone());
        self.at(&group, now, &mut out, |desk| desk.handle_settings(settings, now));
        self.refill(now, &mut out);
        out
    }

    /// Time has passed.
    pub fn handle_due(&mut self, now: Timestamp) -> Vec<Action> {
        let mut out = Vec::new();
        let due = |desk: &Desk| desk.next_wake().is_some_and(|wake| wake <= now);
        let groups: Vec<GroupId> =
            self.desks.iter().filter(|(_, desk)| due(desk)).map(|(group, _)| group.clone()).collect();
        for group in groups {
            self.at(&group, now, &mut out, |desk| desk.handle_due(now));
        }
        self.refill(now, &mut out);
        out
    }

    /// When [`Centre::handle_due`] is to be called.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.desks.values().filter_map(Desk::next_wake).min()
    }

    /// The desk of a group.
    pub fn desk(&self, group: &GroupId) -> Option<&Desk> {
        self.desks.get(group)
    }

    /// The desks, by group.
    pub fn desks(&self) -> impl Iterator<Item = &Desk> {
        self.desks.values()
    }

    /// The groups in which a chat looks for an operator, its own first.
    pub fn looks_in(&self, chat: ChatId) -> &[GroupId] {
        self.chats.get(&chat).map_or(&[], |known| &known.groups)
    }

    fn joins(&mut self, operator: OperatorId, group: &GroupId) {
        let groups = self.groups_of.entry(operator).or_default();
        if !groups.contains(group) {
            groups.push(group.clone());
            groups.sort();
        }
    }

    fn groups(&self, operator: OperatorId) -> Vec<GroupId> {
        self.groups_of.get(&operator).cloned().unwrap_or_default()
    }

    fn is_proposed(&self, chat: ChatId) -> bool {
        self.chats.get(&chat).is_some_and(|known| known.proposed.is_some())
    }

    fn at(
        &mut self,
        group: &GroupId,
        now: Timestamp,
        out: &mut Vec<Action>,
        input: impl FnOnce(&mut Desk) -> Vec<Effect>,
    ) {
        let effects = self.desks.get_mut(group).map(input).unwrap_or_default();
        self.absorb(group, effects, now, out);
    }

    /// Does what concerns other desks, passes on the rest. All proposals are known everywhere before anything else is.
    fn absorb(&mut self, group: &GroupId, effects: Vec<Effect>, now: Timestamp, out: &mut Vec<Action>) {
        for effect in &effects {
            if let Effect::Propose { chat, operator, .. } = effect {
                self.proposed(*chat, *operator, group);
            }
        }
        for effect in &effects {
            if let Effect::Propose { operator, .. } = effect {
                self.has_a_slot_less(*operator, group, now, out);
            }
        }
        for effect in effects {
            match effect {
                Effect::SeekIn { chat, groups } => self.seek(chat, groups, now, out),
                Effect::NotNeeded { .. } => {}
                Effect::NotHeld { operator } => self.not_held(group, operator, now, out),
                Effect::TurnAway { unless, .. } if unless.iter().any(|group| self.receives(group)) => {}
                Effect::Lost { chat, operator } => {
                    // The same desk may have proposed the chat anew already.
                    let again = self.desks.get(group).is_some_and(|desk| desk.proposed_to(chat).is_some());
                    if let Some(known) = self.chats.get_mut(&chat).filter(|_| !again) {
                        known.proposed = None;
                    }
                    self.settled(group, operator, now, out);
                    self.release_elsewhere(chat, group, now, out);
                }
                effect => out.push(Action { group: group.clone(), effect }),
            }
        }
    }

    fn receives(&self, group: &GroupId) -> bool {
        let told = self.desks.get(group).and_then(Desk::told_availability);
        told.is_some_and(|state| state != Availability::Offline)
    }

    fn proposed(&mut self, chat: ChatId, operator: OperatorId, group: &GroupId) {
        if let Some(known) = self.chats.get_mut(&chat) {
            known.proposed = Some((group.clone(), operator));
            for other in known.groups.iter().filter(|other| *other != group) {
                self.desks.get_mut(other).into_iter().for_each(|desk| desk.note_elsewhere(chat));
            }
        }
        self.note_proposed(group, operator);
    }

    /// Where chats ring at all the turn that this one had is another's while it rings for its proposer.
    fn takes_no_turn(&mut self, chat: ChatId, proposer: &GroupId, now: Timestamp, out: &mut Vec<Action>) {
        let groups = self.chats.get(&chat).map(|known| known.groups.clone()).unwrap_or_default();
        for group in groups.iter().filter(|group| *group != proposer) {
            if self.desks.get(group).is_some_and(|desk| desk.settings().offer_mode == OfferMode::RingAll) {
                self.at(group, now, out, |desk| desk.handle_elsewhere(chat, now));
            }
        }
    }

    /// The chat may be proposed by the other groups it looks in, the first of them first.
    fn release_elsewhere(&mut self, chat: ChatId, proposer: &GroupId, now: Timestamp, out: &mut Vec<Action>) {
        let groups = self.chats.get(&chat).map(|known| known.groups.clone()).unwrap_or_default();
        for group in groups.iter().filter(|group| *group != proposer) {
            if !self.is_proposed(chat) {
                self.at(group, now, out, |desk| desk.handle_elsewhere_over(chat, now));
            }
        }
    }

    /// The chat looks in just these groups beside its own.
    fn seek(&mut self, chat: ChatId, groups: Vec<GroupId>, now: Timestamp, out: &mut Vec<Action>) {
        let helped = self.looks_in(chat).iter().skip(1);
        let over: Vec<GroupId> = helped.filter(|group| !groups.contains(group)).cloned().collect();
        for group in over {
            self.helps_no_more(chat, &group, now, out);
        }
        for group in groups {
            let Some(known) = self.chats.get_mut(&chat) else { return };
            if known.groups.contains(&group) || !self.desks.contains_key(&group) {
                continue;
            }
            let guest_of = known.groups.first().cloned();
            let rings_at = known.proposed.as_ref().map(|(_, operator)| *operator).or(known.arrival.rings_at);
            let mut wishes = known.arrival.wishes.clone();
            (wishes.wanted, wishes.last) = (None, None);
            let arrival = Arrival { guest_of, rings_at, wishes, helpers: Vec::new(), ..known.arrival.clone() };
            known.groups.push(group.clone());
            self.at(&group, now, out, |desk| desk.handle_waiting(arrival, now));
        }
    }

    /// A group is asked for a chat no more. What it has proposed and nobody has answered is taken back, and the slot is
    /// free for whoever needs it; what rings goes on as it began.
    fn helps_no_more(&mut self, chat: ChatId, group: &GroupId, now: Timestamp, out: &mut Vec<Action>) {
        let Some(known) = self.chats.get_mut(&chat) else { return };
        known.groups.retain(|other| other != group);
        let proposed_to = self.desks.get(group).and_then(|desk| desk.proposed_to(chat));
        let Some(operator) = proposed_to else {
            return self.at(group, now, out, |desk| desk.handle_gone(chat, now));
        };
        known.proposed = None;
        let is_it = |effect: &Effect| matches!(effect, Effect::Propose { chat: of, .. } if *of == chat);
        out.retain(|action| action.group != *group || !is_it(&action.effect));
        self.closed(operator, now, out, |centre, out| {
            centre.at(group, now, out, |desk| desk.handle_gone(chat, now));
            centre.settled(group, operator, now, out);
            centre.release_elsewhere(chat, group, now, out);
        });
    }

    fn leaves(&mut self, chat: ChatId, served_by: Option<&GroupId>, now: Timestamp) -> Vec<Action> {
        let mut out = Vec::new();
        let Some(known) = self.chats.remove(&chat) else { return out };
        let everywhere = |centre: &mut Self, out: &mut Vec<Action>| {
            for (place, group) in known.groups.iter().enumerate() {
                // Its own group hears it too, whoever it was.
                let served = served_by.is_some_and(|by| by == group || place == 0);
                centre.at(group, now, out, |desk| {
                    if served { desk.handle_served(chat, now) } else { desk.handle_gone(chat, now) }
                });
            }
        };
        let rings = known.proposed.as_ref().filter(|(group, operator)| {
            self.desks.get(group).and_then(|desk| desk.proposed_to(chat)) == Some(*operator)
        });
        match rings {
            Some((group, operator)) => self.closed(*operator, now, &mut out, |centre, out| {
                everywhere(centre, out);
                centre.settled(group, *operator, now, out);
            }),
            None => everywhere(self, &mut out),
        }
        self.refill(now, &mut out);
        out
    }

    /// News for all groups of an operator; the group whose answer brings them hears them with it.
    fn news(&mut self, news: &LoadNews, but: Option<&GroupId>, now: Timestamp, out: &mut Vec<Action>) {
        for group in self.groups(news.operator).iter().filter(|group| but != Some(*group)) {
            self.at(group, now, out, |desk| desk.handle_load(news, now));
        }
    }
}
