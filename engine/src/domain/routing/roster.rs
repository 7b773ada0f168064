//! The members of one group, sorted so that the next operator is found without looking at the others. Every change
//! of a member costs O(log n) here, and a decision almost nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::group::{Availability, Handling};
use crate::domain::ids::{GroupId, OperatorId};
use crate::domain::operator::{Load, Reception};
use crate::domain::routing::decision::Counts;
use crate::domain::routing::demand::Pool;
use crate::domain::routing::orders::{Orders, Serves};
use crate::domain::routing::score::Score;
use crate::domain::routing::view::View;
use crate::domain::skills::{SkillClass, Skills};
use crate::domain::time::Timestamp;

/// A member with all that routing asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub operator: OperatorId,
    /// The name that an offer bears.
    pub name: String,
    /// How chats come.
    pub handling: Handling,
    /// Whether they want chats of this group now.
    pub active: bool,
    /// Chats held at once overall; none is unlimited, 0 gets none.
    pub limit: Option<u32>,
    /// Chats of this group held at once; none is unlimited, 0 gets none.
    pub group_limit: Option<u32>,
    /// Whether they receive.
    pub reception: Reception,
    /// Chats held overall.
    pub held: u32,
    /// Slots reserved overall.
    pub reserved: u32,
    /// Chats of this group held.
    pub group_held: u32,
    /// Slots reserved in this group.
    pub group_reserved: u32,
    /// When a chat of theirs last ended.
    pub last_ended_at: Option<Timestamp>,
    /// Rises with each change of the operator's load, in any group.
    pub version: u64,
    /// What they can.
    pub skills: Skills,
}

/// What an operator holds after a change in some group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadNews {
    /// Who.
    pub operator: OperatorId,
    /// In which group the change was: `group_held` and `group_reserved` are of that one.
    pub group: GroupId,
    /// Chats held overall.
    pub held: u32,
    /// Slots reserved overall.
    pub reserved: u32,
    /// Chats held in that group.
    pub group_held: u32,
    /// Slots reserved in that group.
    pub group_reserved: u32,
    /// When a chat of theirs last ended.
    pub last_ended_at: Option<Timestamp>,
    /// Rises with each change of the operator's load, in any group.
    pub version: u64,
}

/// Why a member may be offered a chat, or may not, before the chat itself is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Wants no chats of this group now.
    Inactive,
    /// Is not there, or wants none at all.
    NotReceiving,
    /// Receives, and takes chats by hand only.
    Pull,
    /// Receives, but the connection is lost for the moment.
    InGrace,
    /// Has a limit of 0.
    WithoutSlots,
    /// Has no slot left.
    Full,
    /// Has a slot that is just being given to one of their groups: not to be taken without being granted.
    Choosing,
    /// May be offered a chat.
    Free,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) member: Member,
    /// The version of the counts of this group, which other groups' news do not bear.
    group_version: u64,
    pub(super) standing: Standing,
    receives: bool,
    open: bool,
    is_given_chats: bool,
    pub(super) score: Option<Score>,
    /// Whose order the member is in besides everybody's.
    serves: Serves,
}

/// The roster of one group.
#[derive(Debug, Clone)]
pub struct Roster {
    group: GroupId,
    members: BTreeMap<OperatorId, Entry>,
    /// Proposals under way, which the store may not have counted yet. Kept apart, for members may leave and return.
    pending: BTreeMap<OperatorId, u32>,
    /// Operators for whom the store found no slot where we saw one, and until when that is believed without news.
    doubted: BTreeMap<OperatorId, Timestamp>,
    /// Proposals that other groups of an operator have under way.
    elsewhere: BTreeMap<OperatorId, u32>,
    /// Operators whose free slots are granted, not taken.
    closed: BTreeSet<OperatorId>,
    /// All members.
    everybody: View,
    /// Those who can what a class of chats asks for.
    orders: Orders,
    changes: u64,
    receiving: u32,
    open: u32,
    /// Members who receive, and are given chats when they have a slot.
    given_chats: u32,
}

impl Roster {
    /// A group without members.
    pub fn new(group: GroupId) -> Self {
        Self {
            group,
            members: BTreeMap::new(),
            pending: BTreeMap::new(),
            doubted: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            closed: BTreeSet::new(),
            everybody: View::default(),
            orders: Orders::default(),
            changes: 0,
            receiving: 0,
            open: 0,
            given_chats: 0,
        }
    }

    /// A member is added or replaced. Counts older than those known already are not taken over.
    pub fn put(&mut self, mut member: Member) {
        let operator = member.operator;
        let mut group_version = member.version;
        if let Some(known) = self.members.get(&operator) {
            if member.version < known.member.version {
                member.held = known.member.held;
                member.reserved = known.member.reserved;
                member.last_ended_at = known.member.last_ended_at;
                member.version = known.member.version;
            } else if member.version > known.member.version {
                self.doubted.remove(&operator);
            }
            if group_version < known.group_version {
                member.group_held = known.member.group_held;
                member.group_reserved = known.member.group_reserved;
                group_version = known.group_version;
            }
        }
        self.withdraw(operator);
        let standing = Standing::Inactive;
        let serves = self.orders.of(&member.skills);
        let (receives, open, is_given_chats, score) = (false, false, false, None);
        let entry = Entry { member, group_version, standing, receives, open, is_given_chats, score, serves };
        self.members.insert(operator, entry);
        self.enter(operator);
    }

    /// Somebody is no longer a member; `false`: was none.
    pub fn remove(&mut self, operator: OperatorId) -> bool {
        self.withdraw(operator);
        self.members.remove(&operator).is_some()
    }

    /// Whether a member receives has changed; nothing happens for others.
    pub fn set_reception(&mut self, operator: OperatorId, reception: Reception) {
        self.change(operator, |entry| entry.member.reception = reception);
    }

    /// What an operator holds has changed, here or in another group. News older than what is known are ignored,
    /// the counts of this group and the overall ones each by their own version.
    pub fn set_load(&mut self, news: &LoadNews) {
        let ours = news.group == self.group;
        let Some(entry) = self.members.get(&news.operator) else { return };
        if news.version > entry.member.version {
            self.doubted.remove(&news.operator);
        }
        self.change(news.operator, |entry| {
            let member = &mut entry.member;
            if news.version > member.version {
                member.held = news.held;
                member.reserved = news.reserved;
                member.last_ended_at = news.last_ended_at;
                member.version = news.version;
            }
            if ours && news.version > entry.group_version {
                member.group_held = news.group_held;
                member.group_reserved = news.group_reserved;
                entry.group_version = news.version;
            }
        });
    }

    /// A proposal to this operator is under way: a slot counts as used until [`Roster::release`].
    pub fn reserve(&mut self, operator: OperatorId) {
        *self.pending.entry(operator).or_default() += 1;
        self.change(operator, |_| {});
    }

    /// Proposals for an operator that are not settled.
    pub fn proposals_for(&self, operator: OperatorId) -> u32 {
        self.pending.get(&operator).copied().unwrap_or(0)
    }

    /// The proposal is settled.
    pub fn release(&mut self, operator: OperatorId) {
        if let Some(count) = self.pending.get_mut(&operator) {
            *count -= 1;
            if *count == 0 {
                self.pending.remove(&operator);
            }
        }
        self.change(operator, |_| {});
    }

    /// The store found no slot: the operator counts as full until news come, or that moment.
    pub fn doubt(&mut self, operator: OperatorId, until: Timestamp) {
        self.doubted.insert(operator, until);
        self.change(operator, |_| {});
    }

    /// Ends doubts that are old enough.
    pub fn trust_again(&mut self, now: Timestamp) {
        let over: Vec<OperatorId> =
            self.doubted.iter().filter(|(_, until)| **until <= now).map(|(operator, _)| *operator).collect();
        for operator in over {
            self.doubted.remove(&operator);
            self.change(operator, |_| {});
        }
    }

    /// When the next doubt ends.
    pub fn doubts_until(&self) -> Option<Timestamp> {
        self.doubted.values().min().copied()
    }

    /// A member.
    pub fn member(&self, operator: OperatorId) -> Option<&Member> {
        self.members.get(&operator).map(|entry| &entry.member)
    }

    /// The members, by operator id.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values().map(|entry| &entry.member)
    }

    /// How a member stands.
    pub fn standing(&self, operator: OperatorId) -> Option<Standing> {
        self.members.get(&operator).map(|entry| entry.standing)
    }

    /// Other groups of this operator have so many proposals under way that the store may not have counted.
    pub fn set_elsewhere(&mut self, operator: OperatorId, count: u32) {
        if count > 0 {
            self.elsewhere.insert(operator, count);
        } else {
            self.elsewhere.remove(&operator);
        }
        self.change(operator, |_| {});
    }

    /// Whether the free slots of an operator are granted, not taken.
    pub fn set_closed(&mut self, operator: OperatorId, closed: bool) {
        if closed {
            self.closed.insert(operator);
        } else {
            self.closed.remove(&operator);
        }
        self.change(operator, |_| {});
    }

    /// A waiting chat asks for this class: an order of its own is kept for it while there is room for one.
    pub fn use_class(&mut self, class: &SkillClass) {
        if class.is_everybody() {
            return;
        }
        if self.orders.is_used(class) {
            return;
        }
        let Some(order) = self.orders.room() else { return };
        let mut view = View::default();
        for entry in self.members.values_mut() {
            let able = class.is_met_by(&entry.member.skills);
            entry.serves.set(order, able);
            if able {
                view.add(entry);
            }
        }
        self.orders.keep(order, class.clone(), view);
    }

    /// A chat that asked for this class asks no more. Its order is kept until the room is needed.
    pub fn leave_class(&mut self, class: &SkillClass) {
        self.orders.is_left(class);
    }

    /// Those who can what a class asks for. Beyond [`crate::domain::limits::SKILL_CLASSES_MAX`] classes they are gathered anew each time.
    pub fn view(&self, class: &SkillClass) -> Cow<'_, View> {
        self.known_view(class).map_or_else(|| Cow::Owned(self.gather(class)), Cow::Borrowed)
    }

    /// The same, where an order is kept for the class.
    pub fn known_view(&self, class: &SkillClass) -> Option<&View> {
        if class.is_everybody() { Some(&self.everybody) } else { self.orders.view(class) }
    }

    /// Those who may be offered a chat, primary members first, best first.
    pub fn free(&self) -> impl Iterator<Item = &Score> {
        self.everybody.free()
    }

    /// Whether anybody may be offered a chat.
    pub fn has_free(&self) -> bool {
        self.everybody.has_free()
    }

    /// Whether anybody in a pool may be offered a chat.
    pub fn has_free_in(&self, pool: &Pool) -> bool {
        match pool {
            Pool::Class(class) => self.has_free() && self.view(class).has_free(),
            Pool::Wanting(class, wanted) => self.free_member(*wanted).is_some() || self.view(class).has_free(),
            Pool::Only(operator) => self.free_member(*operator).is_some(),
        }
    }

    /// Rises with each change.
    pub fn version(&self) -> u64 {
        self.changes
    }

    /// The handling and score of a member who may be offered a chat.
    pub fn free_member(&self, operator: OperatorId) -> Option<(Handling, &Score)> {
        let entry = self.members.get(&operator)?;
        entry.score.as_ref().map(|score| (entry.member.handling, score))
    }

    /// The slots of a member that are left overall and in this group.
    pub fn room(&self, operator: OperatorId) -> u32 {
        let loads = self.member(operator).map(|member| self.loads(member));
        loads.map_or(0, |(all, here)| all.room().min(here.room()))
    }

    /// How a member compares with others when all their slots are open.
    pub fn score_when_open(&self, operator: OperatorId) -> Option<Score> {
        let member = self.member(operator)?;
        let (all, here) = self.loads(member);
        score(member, &all, &here)
    }

    /// How many members stand how.
    pub fn counts(&self) -> Counts {
        self.everybody.counts()
    }

    /// Whether a member who receives can be rung, now or when a slot of theirs is free or they are back.
    pub fn has_somebody_to_ring(&self) -> bool {
        self.given_chats > 0
    }

    /// What visitors of this group are told: on-line when a receiving member has a slot or pulls, busy when members
    /// receive, else off-line. A lost connection within its grace still receives.
    pub fn availability(&self) -> Availability {
        match (self.receiving, self.open) {
            (0, _) => Availability::Offline,
            (_, 0) => Availability::Busy,
            _ => Availability::Online,
        }
    }

    fn change(&mut self, operator: OperatorId, change: impl FnOnce(&mut Entry)) {
        self.withdraw(operator);
        if let Some(entry) = self.members.get_mut(&operator) {
            change(entry);
            self.enter(operator);
        }
    }

    /// What a member has in use overall and in this group, with what is under way.
    fn loads(&self, member: &Member) -> (Load, Load) {
        let pending = self.proposals_for(member.operator);
        let elsewhere = self.elsewhere.get(&member.operator).copied().unwrap_or(0);
        let overall = member.reserved.saturating_add(pending).saturating_add(elsewhere);
        let all = Load { held: member.held, reserved: overall, limit: member.limit };
        let reserved = member.group_reserved.saturating_add(pending);
        (all, Load { held: member.group_held, reserved, limit: member.group_limit })
    }

    fn gather(&self, class: &SkillClass) -> View {
        let mut view = View::default();
        let able = self.members.values().filter(|entry| class.is_met_by(&entry.member.skills));
        able.for_each(|entry| view.add(entry));
        view
    }

    /// Takes a member out of the counts and the orders.
    fn withdraw(&mut self, operator: OperatorId) {
        let Some(entry) = self.members.get_mut(&operator) else { return };
        self.changes += 1;
        self.receiving -= u32::from(entry.receives);
        self.open -= u32::from(entry.open);
        self.given_chats -= u32::from(entry.is_given_chats);
        self.everybody.remove(entry);
        self.orders.each(entry.serves, |view| view.remove(entry));
        entry.score = None;
    }

    /// Puts a member who was taken out, or is new, where they belong.
    fn enter(&mut self, operator: OperatorId) {
        let Some((all, here)) = self.member(operator).map(|member| self.loads(member)) else { return };
        let doubted = self.doubted.contains_key(&operator);
        let closed = self.closed.contains(&operator);
        let Some(entry) = self.members.get_mut(&operator) else { return };
        self.changes += 1;
        let member = &entry.member;
        let room = all.room() > 0 && here.room() > 0 && !doubted;
        entry.standing = match member.reception {
            _ if !member.active => Standing::Inactive,
            Reception::None => Standing::NotReceiving,
            _ if member.handling == Handling::Pull => Standing::Pull,
            Reception::Grace { .. } => Standing::InGrace,
            _ if member.limit == Some(0) || member.group_limit == Some(0) => Standing::WithoutSlots,
            _ if !room => Standing::Full,
            _ if closed => Standing::Choosing,
            Reception::Ready { .. } => {
                entry.score = score(member, &all, &here);
                Standing::Free
            }
        };
        entry.receives = !matches!(entry.standing, Standing::Inactive | Standing::NotReceiving);
        entry.open = entry.receives && (room || entry.standing == Standing::Pull);
        let has_slots = entry.member.limit != Some(0) && entry.member.group_limit != Some(0);
        entry.is_given_chats = entry.receives && has_slots && entry.member.handling != Handling::Pull;
        self.given_chats += u32::from(entry.is_given_chats);
        self.receiving += u32::from(entry.receives);
        self.open += u32::from(entry.open);
        self.everybody.add(entry);
        self.orders.each(entry.serves, |view| view.add(entry));
    }
}

/// Of a member who can be rung.
fn score(member: &Member, all: &Load, here: &Load) -> Option<Score> {
    let Reception::Ready { since } = member.reception else { return None };
    Some(Score {
        share: all.share().max(here.share()),
        used: all.used(),
        last_ended_at: member.last_ended_at,
        receiving_since: since,
        operator: member.operator,
    })
}
