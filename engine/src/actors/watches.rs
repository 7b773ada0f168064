//! What the windows of an account look at, and whether something of it has changed since they were told: here, or on
//! another node, which is told in turn.

use std::collections::BTreeSet;
use std::sync::Mutex;

use dashmap::DashMap;

use crate::actors::outlet::{Outlet, SocketId};
use crate::actors::shared::lock;
use crate::domain::ids::AccountId;

/// One thing that one window looks at.
pub(super) trait Watch: Clone {
    /// The way to the window.
    fn outlet(&self) -> &Outlet;
}

/// See the module.
pub(super) struct Watches<W> {
    accounts: DashMap<AccountId, Mutex<OfAccount<W>>>,
    /// Accounts whose changes other nodes have not heard of.
    untold: Mutex<BTreeSet<AccountId>>,
}

struct OfAccount<W> {
    all: Vec<W>,
    changed: bool,
}

impl<W> Default for Watches<W> {
    fn default() -> Self {
        Self { accounts: DashMap::default(), untold: Mutex::default() }
    }
}

impl<W> Default for OfAccount<W> {
    fn default() -> Self {
        Self { all: Vec::new(), changed: false }
    }
}

impl<W: Watch> Watches<W> {
    /// Adds one in place of those of the same window that it replaces; `false` when the window has `most` besides.
    pub fn add(&self, account: AccountId, watch: W, most: usize, replaces: impl Fn(&W) -> bool) -> bool {
        let entry = self.accounts.entry(account).or_default();
        let mut watches = lock(&entry);
        let socket = watch.outlet().id();
        watches.all.retain(|other| other.outlet().id() != socket || !replaces(other));
        if watches.all.iter().filter(|other| other.outlet().id() == socket).count() >= most {
            return false;
        }
        watches.all.push(watch);
        watches.changed = true;
        true
    }

    /// Removes those of a socket that are meant.
    pub fn remove(&self, account: AccountId, socket: SocketId, meant: impl Fn(&W) -> bool) {
        if let Some(entry) = self.accounts.get(&account) {
            lock(&entry).all.retain(|watch| watch.outlet().id() != socket || !meant(watch));
        }
    }

    /// Something that they show has changed.
    pub fn changed(&self, account: AccountId) {
        lock(&self.untold).insert(account);
        self.changed_elsewhere(Some(account));
    }

    /// The same on another node, in one account or, for all that is known, in any.
    pub fn changed_elsewhere(&self, account: Option<AccountId>) {
        let Some(account) = account else {
            return self.accounts.iter().for_each(|entry| lock(entry.value()).changed = true);
        };
        if let Some(entry) = self.accounts.get(&account) {
            lock(&entry).changed = true;
        }
    }

    /// Accounts with changes that other nodes are to hear of.
    pub fn take_untold(&self) -> BTreeSet<AccountId> {
        std::mem::take(&mut *lock(&self.untold))
    }

    /// What is to be looked at anew, by account; whose window is closed is forgotten.
    pub fn take_due(&self) -> Vec<(AccountId, Vec<W>)> {
        let due = self.accounts.iter().map(|entry| {
            let mut watches = lock(entry.value());
            watches.all.retain(|watch| !watch.outlet().is_closed());
            let due = if std::mem::take(&mut watches.changed) { watches.all.clone() } else { Vec::new() };
            (*entry.key(), due)
        });
        due.filter(|(_, due)| !due.is_empty()).collect()
    }
}
