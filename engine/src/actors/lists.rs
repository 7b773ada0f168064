//! Live lists of chats: what an operator's window shows of the account, told again when it has changed, four times
//! a second at most. A list is read from the store, never kept up by hand, so it cannot drift from the truth;
//! windows that ask the same are served by one reading.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;

use crate::actors::outlet::{Outlet, SocketId};
use crate::actors::shared::{Shared, lock};
use crate::actors::watches::{Watch, Watches};
use crate::domain::ids::{AccountId, CommandId, OperatorId};
use crate::domain::limits::SUBSCRIPTIONS_MAX;
use crate::ports::journal::ChatQuery;
use crate::ports::rows::marks_of;
use crate::ports::scope::Scope;
use crate::ports::store::StoreError;
use crate::protocol::frame;
use crate::protocol::operator::{ChatRow, OperatorNotice};

/// The total of a list, and the rows of its window.
type Told = (u32, Vec<ChatRow>);

/// One live list of one window.
#[derive(Clone)]
struct Subscription {
    id: CommandId,
    outlet: Outlet,
    operator: OperatorId,
    query: ChatQuery,
    /// What the window was last told, to tell it only of changes.
    told: Arc<Mutex<Option<Told>>>,
}

impl Watch for Subscription {
    fn outlet(&self) -> &Outlet {
        &self.outlet
    }
}

/// See the module.
#[derive(Default)]
pub struct Lists(Watches<Subscription>);

impl Lists {
    /// Adds a list, replacing one of the same id; `false` when the window has as many as it may.
    pub fn subscribe(
        &self,
        account: AccountId,
        outlet: &Outlet,
        operator: OperatorId,
        id: CommandId,
        query: ChatQuery,
    ) -> bool {
        let list = Subscription { id: id.clone(), outlet: outlet.clone(), operator, query, told: Arc::default() };
        self.0.add(account, list, SUBSCRIPTIONS_MAX, |other| other.id == id)
    }

    /// Removes the lists of a socket: one, or all.
    pub fn unsubscribe(&self, account: AccountId, socket: SocketId, id: Option<&CommandId>) {
        self.0.remove(account, socket, |list| id.is_none_or(|id| *id == list.id));
    }

    /// Something that lists show has changed.
    pub fn changed(&self, account: AccountId) {
        self.0.changed(account);
    }

    /// Something was changed by another node, in one account or, for all that is known, in any.
    pub fn changed_elsewhere(&self, account: Option<AccountId>) {
        self.0.changed_elsewhere(account);
    }

    /// Tells the windows what has changed since the last pulse.
    pub async fn pulse(shared: &Arc<Shared>) {
        let Self(watches) = &shared.lists;
        for account in watches.take_untold() {
            shared.tell_lists(account);
        }
        for (account, due) in watches.take_due() {
            if tell(shared, account, &due).await.is_err() {
                // The store does not answer: try again with the next pulse.
                watches.changed_elsewhere(Some(account));
            }
        }
    }
}

async fn tell(shared: &Arc<Shared>, account: AccountId, due: &[Subscription]) -> Result<(), StoreError> {
    let mut read: BTreeMap<String, Told> = BTreeMap::new();
    let narrowed = due.iter().any(|list| list.query.scope.is_some());
    let groups = if narrowed { shared.store.groups(account).await? } else { Vec::new() };
    let now = shared.now();
    for list in due {
        let mut query = list.query.clone();
        // Other groups may have begun to overflow to theirs, and each chat does so when it has waited long enough.
        query.scope = query.scope.map(|scope| Scope::among(&groups, scope.groups, scope.operator, now));
        // The reader's own marks are in the rows, so windows of different operators never share a reading.
        let same = format!("{} {query:?}", list.operator);
        if !read.contains_key(&same) {
            let found = shared.store.chats(account, &query).await?;
            let ids: Vec<_> = found.rows.iter().map(|row| row.id).collect();
            let marks = shared.store.marks(account, &ids).await?;
            let rows = found.rows.iter().map(|row| row.row(&marks_of(&marks, row.id), Some(list.operator)));
            read.insert(same.clone(), (found.total, rows.collect()));
        }
        let Some(now) = read.get(&same) else { continue };
        let mut told = lock(&list.told);
        if told.as_ref() == Some(now) {
            continue;
        }
        let (total, rows) = now.clone();
        let notice = OperatorNotice::Rows { topic: "chats".to_owned(), subscription: list.id.clone(), total, rows };
        list.outlet.push(frame::notice(&notice));
        *told = Some(now.clone());
    }
    Ok(())
}
