//! What visitors are told of each department: online, busy or offline. Queues write it, sockets read it, and a
//! pulse of the engine tells the sockets of changes, so that a flickering group does not become a storm.

use std::sync::Mutex;

use dashmap::DashMap;

use crate::actors::outlet::{Outlet, SocketId};
use crate::actors::shared::lock;
use crate::domain::group::Availability;
use crate::domain::ids::{AccountId, DepartmentId, GroupId};
use crate::protocol::frame;
use crate::protocol::visitor::VisitorNotice;

#[derive(Default)]
struct AccountBoard {
    groups: Vec<(GroupId, DepartmentId, Availability)>,
    /// What sockets were last told: the account's departments, and all of it (`None`).
    told: Vec<(Option<DepartmentId>, Availability)>,
    /// Who came since the last pulse, or was not welcomed by then.
    fresh: Vec<Outlet>,
    outlets: Vec<Outlet>,
    changed: bool,
}

/// See the module.
#[derive(Default)]
pub struct Board {
    accounts: DashMap<AccountId, Mutex<AccountBoard>>,
    waiting: DashMap<(AccountId, GroupId), u32>,
}

impl Board {
    /// A group's availability.
    pub fn set(&self, account: AccountId, group: &GroupId, department: &DepartmentId, state: Availability) {
        let entry = self.accounts.entry(account).or_default();
        let mut board = lock(&entry);
        board.groups.retain(|(other, _, _)| other != group);
        board.groups.push((group.clone(), department.clone(), state));
        board.changed = true;
    }

    /// Whether the account has such a group.
    pub fn has_group(&self, account: AccountId, group: &GroupId) -> bool {
        self.accounts.get(&account).is_some_and(|entry| lock(&entry).groups.iter().any(|(id, _, _)| id == group))
    }

    /// What other nodes are told of a group; none when it is no more.
    pub fn entry(&self, account: AccountId, group: &GroupId) -> Option<(DepartmentId, Availability, u32)> {
        let entry = self.accounts.get(&account)?;
        let board = lock(&entry);
        let (_, department, state) = board.groups.iter().find(|(id, _, _)| id == group)?;
        Some((department.clone(), *state, self.waiting(account, group)))
    }

    /// Every group that is known.
    pub fn every_group(&self) -> Vec<(AccountId, GroupId)> {
        let of = |account: AccountId, board: &AccountBoard| {
            board.groups.iter().map(|(group, _, _)| (account, group.clone())).collect::<Vec<_>>()
        };
        self.accounts.iter().flat_map(|entry| of(*entry.key(), &lock(entry.value()))).collect()
    }

    /// How many chats wait in a group.
    pub fn set_waiting(&self, account: AccountId, group: &GroupId, count: usize) {
        self.waiting.insert((account, group.clone()), u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// How many chats wait in a group, as its queue last said.
    pub fn waiting(&self, account: AccountId, group: &GroupId) -> u32 {
        self.waiting.get(&(account, group.clone())).map_or(0, |count| *count)
    }

    /// A group that is no more.
    pub fn remove(&self, account: AccountId, group: &GroupId) {
        let entry = self.accounts.entry(account).or_default();
        let mut board = lock(&entry);
        board.groups.retain(|(other, _, _)| other != group);
        board.changed = true;
    }

    /// The best of a department's groups, or of all.
    pub fn state(&self, account: AccountId, department: Option<&DepartmentId>) -> Availability {
        self.accounts.get(&account).map_or(Availability::Offline, |entry| lock(&entry).state(department))
    }

    /// The group of a department that a new chat enters: the best one, then by id.
    pub fn group_for(&self, account: AccountId, department: Option<&DepartmentId>) -> Option<(GroupId, Availability)> {
        let entry = self.accounts.get(&account)?;
        let board = lock(&entry);
        let fitting = board.groups.iter().filter(|(_, of, _)| department.is_none_or(|wanted| wanted == of));
        let best = fitting.max_by(|a, b| a.2.cmp(&b.2).then_with(|| b.0.cmp(&a.0)))?;
        Some((best.0.clone(), best.2))
    }

    /// The groups of a department, or of all.
    pub fn groups(&self, account: AccountId, department: Option<&DepartmentId>) -> Vec<GroupId> {
        let Some(entry) = self.accounts.get(&account) else { return Vec::new() };
        let board = lock(&entry);
        let fitting = board.groups.iter().filter(|(_, of, _)| department.is_none_or(|wanted| wanted == of));
        fitting.map(|(group, _, _)| group.clone()).collect()
    }

    /// A visitor's socket wants to hear of changes.
    pub fn watch(&self, account: AccountId, outlet: Outlet) {
        let entry = self.accounts.entry(account).or_default();
        let mut board = lock(&entry);
        board.fresh.push(outlet.clone());
        board.outlets.push(outlet);
    }

    /// It does not any more.
    pub fn unwatch(&self, account: AccountId, id: SocketId) {
        if let Some(entry) = self.accounts.get(&account) {
            lock(&entry).outlets.retain(|outlet| outlet.id() != id);
        }
    }

    /// Tells the sockets what has changed since the last pulse.
    pub fn pulse(&self) {
        for entry in &self.accounts {
            let (news, all, outlets, fresh) = {
                let mut board = lock(entry.value());
                let fresh = board.fresh();
                if !std::mem::take(&mut board.changed) {
                    continue;
                }
                (board.news(), board.told.clone(), board.outlets.clone(), fresh)
            };
            for (department, state) in all {
                let is_news = news.iter().any(|(of, _)| *of == department);
                let text = frame::notice(&VisitorNotice::State { state, department });
                // Who came since the last pulse was welcomed with what was so for a moment.
                for outlet in outlets.iter().filter(|outlet| is_news || fresh.contains(&outlet.id())) {
                    outlet.push(text.clone());
                }
            }
        }
    }
}

impl AccountBoard {
    fn state(&self, department: Option<&DepartmentId>) -> Availability {
        let fitting = self.groups.iter().filter(|(_, of, _)| department.is_none_or(|wanted| wanted == of));
        fitting.map(|(_, _, state)| *state).max().unwrap_or(Availability::Offline)
    }

    /// Who is to be told all. Whoever has no welcome yet may be welcomed with what is so for a moment only, and is told
    /// again next time.
    fn fresh(&mut self) -> Vec<SocketId> {
        let fresh = self.fresh.iter().map(Outlet::id).collect();
        self.fresh.retain(|outlet| !outlet.is_welcomed() && !outlet.is_closed());
        fresh
    }

    fn news(&mut self) -> Vec<(Option<DepartmentId>, Availability)> {
        let mut departments: Vec<_> = self.groups.iter().map(|(_, department, _)| Some(department.clone())).collect();
        departments.sort();
        departments.dedup();
        departments.push(None);
        let now: Vec<_> = departments.into_iter().map(|of| (of.clone(), self.state(of.as_ref()))).collect();
        let news = now.iter().filter(|entry| !self.told.contains(entry)).cloned().collect();
        self.told = now;
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actors::outlet::Transport;

    struct Nowhere;

    impl Transport for Nowhere {
        fn wake(&self) {}
        fn cut(&self) {}
    }

    #[test]
    fn a_department_is_as_available_as_its_best_group_and_no_other() {
        let (board, account) = (Board::default(), AccountId(1));
        let (sales, support) = ("sales".parse().unwrap(), "support".parse().unwrap());
        board.set(account, &"s1".parse().unwrap(), &sales, Availability::Offline);
        board.set(account, &"l1".parse().unwrap(), &support, Availability::Busy);
        board.set(account, &"l2".parse().unwrap(), &support, Availability::Online);
        assert_eq!(board.state(account, Some(&sales)), Availability::Offline);
        assert_eq!(board.state(account, Some(&support)), Availability::Online);
        assert_eq!(board.state(AccountId(2), Some(&support)), Availability::Offline);
        assert_eq!(board.group_for(account, Some(&support)).unwrap().0.as_str(), "l2");
    }

    #[test]
    fn sockets_hear_of_a_change_once_and_of_a_flicker_not_at_all() {
        let (board, account) = (Board::default(), AccountId(1));
        let (group, support) = ("l1".parse().unwrap(), "support".parse().unwrap());
        let outlet = Outlet::new(Nowhere);
        board.watch(account, outlet.clone());
        board.set(account, &group, &support, Availability::Online);
        board.pulse();
        assert_eq!(outlet.take_all().len(), 2, "the department and the brand");
        board.set(account, &group, &support, Availability::Busy);
        // Somebody comes, and is welcomed with what is so just now.
        let late = Outlet::new(Nowhere);
        board.watch(account, late.clone());
        board.set(account, &group, &support, Availability::Online);
        board.pulse();
        assert!(outlet.take_all().is_empty());
        assert_eq!(late.take_all().len(), 2, "it hears what is so instead");
        board.set(account, &group, &support, Availability::Offline);
        board.set(account, &group, &support, Availability::Online);
        board.pulse();
        assert!(late.take_all().is_empty());
    }

    #[test]
    fn who_is_welcomed_with_a_flicker_after_a_pulse_hears_what_is_so_with_the_next() {
        let (board, account) = (Board::default(), AccountId(1));
        let (group, support) = ("l1".parse().unwrap(), "support".parse().unwrap());
        board.set(account, &group, &support, Availability::Online);
        board.pulse();
        let outlet = Outlet::new(Nowhere);
        outlet.await_welcome();
        board.watch(account, outlet.clone());
        board.pulse();
        board.set(account, &group, &support, Availability::Offline);
        outlet.welcome("welcome: off-line".into(), &[]);
        board.set(account, &group, &support, Availability::Online);
        board.pulse();
        let frames = outlet.take_all();
        assert!(frames.last().is_some_and(|frame| frame.contains(r#""online""#)), "{frames:?}");
        board.pulse();
        assert!(outlet.take_all().is_empty(), "and once only");
    }
}
