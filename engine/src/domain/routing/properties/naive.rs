//! What the desk may know, and what it must do with it, written in the plainest way: lists, and looking at everybody.

use std::collections::BTreeMap;

use crate::domain::chat::Tried;
use crate::domain::group::{Availability, Handling};
use crate::domain::ids::{ChatId, GroupId, OperatorId};
use crate::domain::operator::Reception;
use crate::domain::routing::{LoadNews, Member};
use crate::domain::time::Timestamp;

/// The limits of the tests divide this, so that shares are whole numbers.
const WHOLE: u32 = 27_720;

pub struct Row {
    pub chat: ChatId,
    pub entered_at: Timestamp,
    pub priority: i32,
    pub tried: Vec<Tried>,
    pub ringing: bool,
    pub rests_until: Timestamp,
}

impl Row {
    fn rank(&self) -> (i64, ChatId) {
        (self.entered_at.millis() - 60_000 * i64::from(self.priority), self.chat)
    }
}

pub struct Naive {
    pub group: GroupId,
    /// With the version of the group's counts.
    pub members: Vec<(Member, u64)>,
    pub rows: Vec<Row>,
    pub pending: Vec<(ChatId, OperatorId, Timestamp)>,
    pub doubts: BTreeMap<OperatorId, Timestamp>,
}

impl Naive {
    pub fn put(&mut self, mut member: Member) {
        let mut group_version = member.version;
        if let Some(at) = self.members.iter().position(|(known, _)| known.operator == member.operator) {
            let (known, known_group) = self.members.remove(at);
            if known.version > member.version {
                (member.held, member.reserved) = (known.held, known.reserved);
                (member.last_ended_at, member.version) = (known.last_ended_at, known.version);
            } else if known.version < member.version {
                self.doubts.remove(&member.operator);
            }
            if known_group > group_version {
                (member.group_held, member.group_reserved) = (known.group_held, known.group_reserved);
                group_version = known_group;
            }
        }
        self.members.push((member, group_version));
    }

    pub fn news(&mut self, news: &LoadNews) {
        let Some((member, group_version)) = self.members.iter_mut().find(|(m, _)| m.operator == news.operator) else {
            return;
        };
        if news.version > member.version {
            (member.held, member.reserved) = (news.held, news.reserved);
            (member.last_ended_at, member.version) = (news.last_ended_at, news.version);
            self.doubts.remove(&news.operator);
        }
        if news.group == self.group && news.version > *group_version {
            (member.group_held, member.group_reserved) = (news.group_held, news.group_reserved);
            *group_version = news.version;
        }
    }

    /// Drops what is over by then.
    pub fn pass(&mut self, now: Timestamp) {
        self.pending.retain(|(_, _, until)| *until > now);
        self.doubts.retain(|_, until| *until > now);
    }

    pub fn row(&mut self, chat: ChatId) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.chat == chat)
    }

    pub fn ahead(&self, chat: ChatId) -> Option<usize> {
        let own = self.rows.iter().find(|row| row.chat == chat)?.rank();
        Some(self.rows.iter().filter(|row| row.rank() < own).count())
    }

    fn used(&self, member: &Member) -> (u32, u32) {
        let pending = self.pending.iter().filter(|(_, operator, _)| *operator == member.operator).count() as u32;
        (member.held + member.reserved + pending, member.group_held + member.group_reserved + pending)
    }

    fn has_slot(&self, member: &Member) -> bool {
        let (used, here) = self.used(member);
        member.limit.is_none_or(|limit| used < limit)
            && member.group_limit.is_none_or(|limit| here < limit)
            && !self.doubts.contains_key(&member.operator)
    }

    pub fn availability(&self) -> Availability {
        let receiving: Vec<&Member> =
            self.members.iter().map(|(m, _)| m).filter(|m| m.active && m.reception != Reception::None).collect();
        if receiving.is_empty() {
            Availability::Offline
        } else if receiving.iter().any(|m| m.handling == Handling::Pull || self.has_slot(m)) {
            Availability::Online
        } else {
            Availability::Busy
        }
    }

    /// Whether somebody receives who is given chats, now or later.
    fn can_ring_somebody(&self) -> bool {
        let mut receiving = self.members.iter().map(|(m, _)| m).filter(|m| m.active && m.reception != Reception::None);
        receiving.any(|m| m.handling != Handling::Pull && m.limit != Some(0) && m.group_limit != Some(0))
    }

    /// How many are ahead, and whether that is not certain: while one of them, or the chat itself with others behind it, may
    /// be passed by.
    pub fn told(&self, chat: ChatId, now: Timestamp) -> (Option<usize>, bool) {
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_by_key(|row| row.rank());
        let to = rows.iter().position(|row| row.chat == chat).unwrap();
        let to = if to + 1 == rows.len() { to } else { to + 1 };
        let let_go = |row: &Row| row.tried.iter().any(|tried| tried.at.millis() + 15_000 > now.millis());
        let passed = rows[..to].iter().any(|row| let_go(row) || row.rests_until > now);
        (self.ahead(chat), passed || !self.can_ring_somebody())
    }

    fn order(&self, member: &Member) -> (u32, u32, Option<Timestamp>, Option<Timestamp>, OperatorId) {
        let (used, here) = self.used(member);
        let part = |used: u32, limit: Option<u32>| used * (WHOLE / limit.unwrap_or(10));
        let share = part(used, member.limit).max(part(here, member.group_limit));
        (share, used, member.last_ended_at, member.reception.since(), member.operator)
    }

    /// Who may be offered a chat that these let go, whom of them one would choose, and when that may change.
    pub fn decide(&self, tried: &[Tried], now: Timestamp) -> (Option<OperatorId>, Option<Timestamp>) {
        let free: Vec<&Member> = self
            .members
            .iter()
            .map(|(m, _)| m)
            .filter(|m| m.active && m.handling != Handling::Pull && self.has_slot(m))
            .filter(|m| matches!(m.reception, Reception::Ready { .. }))
            .collect();
        let let_go = |m: &Member| tried.iter().filter(|t| t.operator == m.operator).map(|t| t.at).max();
        let may: Vec<&Member> = if free.iter().any(|m| let_go(m).is_none()) {
            free.iter().copied().filter(|m| let_go(m).is_none()).collect()
        } else {
            free.iter().copied().filter(|m| let_go(m).is_some_and(|at| now.since(at).as_secs() >= 15)).collect()
        };
        let chosen = may.iter().min_by_key(|m| (m.handling == Handling::Secondary, let_go(m), self.order(m)));
        let soonest = free.iter().filter_map(|m| let_go(m)).min().map(|at| at + std::time::Duration::from_secs(15));
        (chosen.map(|m| m.operator), if chosen.is_some() { None } else { soonest })
    }

    /// The next proposal: the best rank that has anybody.
    pub fn next(&self, now: Timestamp) -> Option<(ChatId, OperatorId)> {
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_by_key(|row| row.rank());
        let idle = |row: &&Row| !row.ringing && self.pending.iter().all(|(chat, _, _)| *chat != row.chat);
        let mut rows = rows.into_iter().filter(idle).filter(|row| row.rests_until <= now);
        rows.find_map(|row| self.decide(&row.tried, now).0.map(|operator| (row.chat, operator)))
    }
}
