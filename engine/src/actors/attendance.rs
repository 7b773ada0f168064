//! Who is there and receives from which groups, for windows that look at others: the members of a group, or one
//! operator. It is read from the store whenever somebody's status or receiving has changed, four times a second at most,
//! so it cannot drift from the truth; a window is told of those who are not as it was told before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::actors::outlet::{Outlet, SocketId};
use crate::actors::shared::{Shared, lock};
use crate::actors::watches::{Watch, Watches};
use crate::domain::ids::{AccountId, OperatorId};
use crate::domain::limits::{ROWS_MAX, SUBSCRIPTIONS_MAX};
use crate::domain::permission::{Permission, StaffRole};
use crate::ports::presence::Watched;
use crate::ports::store::StoreError;
use crate::protocol::error::{Code, Failure, Why};
use crate::protocol::frame;
use crate::protocol::operator::{OperatorNotice, OperatorNow};

/// What a window was last told, by operator.
type Told = BTreeMap<OperatorId, OperatorNow>;

/// What a topic of ours looks at; none: it is another topic.
///
/// # Errors
/// `invalid` where what it names is no id.
pub(super) fn watched(topic: &str) -> Result<Option<Watched>, Failure> {
    let no_id = |what: &str| Failure::invalid("topic", format!("must name {what}"));
    if let Some(group) = topic.strip_prefix(MEMBERS) {
        return Ok(Some(Watched::Members(group.parse().map_err(|_| no_id("a group: \"members:ID\""))?)));
    }
    if let Some(operator) = topic.strip_prefix(OPERATOR) {
        return Ok(Some(Watched::Operator(operator.parse().map_err(|_| no_id("an operator: \"operator:ID\""))?)));
    }
    Ok(None)
}

/// A window looks at somebody from now on. Whom it may not see is answered as if they did not exist.
///
/// # Errors
/// `forbidden`, `not_found`, `conflict` with `full`, `unavailable`.
pub(super) async fn subscribe(
    shared: &Arc<Shared>,
    account: AccountId,
    role: StaffRole,
    outlet: &Outlet,
    watched: Watched,
) -> Result<(), Failure> {
    if !role.may(Permission::ReadStaff) {
        return Err(Failure::new(Code::Forbidden, "your role may not see who is there"));
    }
    let found = match &watched {
        Watched::Members(group) => shared.store.group(account, group).await.map(|group| group.is_some()),
        Watched::Operator(operator) => shared.store.operator(account, *operator).await.map(|one| one.is_some()),
    };
    let there = found.map_err(|error| {
        tracing::warn!(%error, "whom a window wants to see could not be looked up");
        Failure::unavailable()
    })?;
    match (there, &watched) {
        (false, Watched::Members(_)) => return Err(Failure::not_found("group")),
        (false, Watched::Operator(_)) => return Err(Failure::not_found("operator")),
        (true, _) => {}
    }
    if shared.attendance.subscribe(account, outlet, watched) {
        return Ok(());
    }
    Err(Failure::conflict(Why::Full, "this window looks at as many as it may"))
}

/// The windows that look at others.
#[derive(Default)]
pub struct Attendance(Watches<Look>);

/// One window looks at somebody.
#[derive(Clone)]
struct Look {
    outlet: Outlet,
    at: Watched,
    /// None: nothing yet.
    told: Arc<Mutex<Option<Told>>>,
}

impl Watch for Look {
    fn outlet(&self) -> &Outlet {
        &self.outlet
    }
}

impl Attendance {
    /// `false` when the window has as many of these as it may.
    fn subscribe(&self, account: AccountId, outlet: &Outlet, at: Watched) -> bool {
        let look = Look { outlet: outlet.clone(), at: at.clone(), told: Arc::default() };
        self.0.add(account, look, SUBSCRIPTIONS_MAX, |other| other.at == at)
    }

    /// A socket does not look at them any more, or at nobody.
    pub fn unsubscribe(&self, account: AccountId, socket: SocketId, at: Option<&Watched>) {
        self.0.remove(account, socket, |look| at.is_none_or(|at| *at == look.at));
    }

    /// Somebody's status has changed, and is stored.
    pub fn changed(&self, account: AccountId) {
        self.0.changed(account);
    }

    /// The same on another node, in one account or, for all that is known, in any; or people have changed who receives,
    /// which all nodes are told anyway.
    pub fn changed_elsewhere(&self, account: Option<AccountId>) {
        self.0.changed_elsewhere(account);
    }

    /// Tells the windows what has changed since the last pulse.
    pub async fn pulse(shared: &Arc<Shared>) {
        let Self(watches) = &shared.attendance;
        for account in watches.take_untold() {
            shared.tell_attendance(account);
        }
        for (account, due) in watches.take_due() {
            if tell(shared, account, &due).await.is_err() {
                // The store does not answer: try again with the next pulse.
                watches.changed_elsewhere(Some(account));
            }
        }
    }
}

async fn tell(shared: &Arc<Shared>, account: AccountId, due: &[Look]) -> Result<(), StoreError> {
    let mut read: BTreeMap<&Watched, Vec<OperatorNow>> = BTreeMap::new();
    for look in due {
        if !read.contains_key(&look.at) {
            read.insert(&look.at, shared.store.attendance(account, &look.at).await?);
        }
        let Some(now) = read.get(&look.at) else { continue };
        let mut told = lock(&look.told);
        let there: Told = now.iter().map(|one| (one.operator, one.clone())).collect();
        let (news, gone): (Vec<OperatorNow>, Vec<OperatorId>) = match &*told {
            None => (now.clone(), Vec::new()),
            Some(before) => (
                now.iter().filter(|one| before.get(&one.operator) != Some(*one)).cloned().collect(),
                before.keys().filter(|one| !there.contains_key(one)).copied().collect(),
            ),
        };
        if told.is_none() || !news.is_empty() || !gone.is_empty() {
            say(look, news, gone);
        }
        *told = Some(there);
    }
    Ok(())
}

/// In one frame, or in several where they are many; of a group without members that there are none.
fn say(look: &Look, news: Vec<OperatorNow>, gone: Vec<OperatorId>) {
    let topic = match &look.at {
        Watched::Members(group) => format!("{MEMBERS}{group}"),
        Watched::Operator(operator) => format!("{OPERATOR}{operator}"),
    };
    let (mut news, mut gone) = (news, gone);
    loop {
        let rest = (first(&mut news), first(&mut gone));
        look.outlet.push(frame::notice(&OperatorNotice::Operators { topic: topic.clone(), operators: news, gone }));
        if rest.0.is_empty() && rest.1.is_empty() {
            return;
        }
        (news, gone) = rest;
    }
}

/// Leaves as many as one frame bears, and gives the others.
fn first<T>(rows: &mut Vec<T>) -> Vec<T> {
    rows.split_off(rows.len().min(ROWS_MAX))
}

/// What the topics of ours begin with.
const MEMBERS: &str = "members:";
const OPERATOR: &str = "operator:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_names_a_group_or_an_operator() {
        let id = "0190a0a0-a0a0-7000-8000-00000000beef";
        assert_eq!(watched("members:support"), Ok(Some(Watched::Members("support".parse().expect("a name")))));
        assert_eq!(watched(&format!("operator:{id}")), Ok(Some(Watched::Operator(id.parse().expect("an id")))));
        assert_eq!(watched("chats"), Ok(None));
        assert_eq!(watched("group:support"), Ok(None));
        for topic in ["members:", "members:no such name", "operator:", "operator:joe"] {
            assert_eq!(watched(topic).map_err(|failure| failure.code), Err(Code::Invalid), "{topic}");
        }
    }
}
