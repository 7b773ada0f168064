//! Operators' windows at this node, each with what its operator was when it opened. A change closes them as it is heard;
//! what was changed while two nodes were out of touch may not have been heard: then they are held against the store.

use std::collections::BTreeSet;
use std::sync::Arc;

use dashmap::DashMap;
use tokio::sync::Notify;

use crate::actors::guard::survive;
use crate::actors::messages::Identity;
use crate::actors::outlet::{Outlet, SocketId};
use crate::actors::shared::Shared;
use crate::domain::ids::{AccountId, OperatorId};
use crate::domain::limits::STORE_RETRY_AFTER;
use crate::ports::store::StoreError;
use crate::protocol::close;

/// See the module.
#[derive(Default)]
pub struct Windows {
    open: DashMap<SocketId, Window>,
    news: Notify,
}

struct Window {
    account: AccountId,
    opened_as: Arc<Identity>,
    outlet: Outlet,
}

impl Windows {
    /// A window was opened for an operator who was that then.
    pub(super) fn opened(&self, account: AccountId, opened_as: &Arc<Identity>, outlet: &Outlet) {
        let window = Window { account, opened_as: Arc::clone(opened_as), outlet: outlet.clone() };
        self.open.insert(outlet.id(), window);
    }

    /// It is closed.
    pub(super) fn closed(&self, socket: SocketId) {
        self.open.remove(&socket);
    }

    /// Something may have been missed.
    pub(super) fn look(&self) {
        self.news.notify_one();
    }

    /// Looks from now on, whenever it is asked to.
    pub(super) fn start(shared: &Arc<Shared>) {
        let shared = Arc::clone(shared);
        actix::spawn(async move {
            loop {
                shared.windows.news.notified().await;
                survive("windows", async {
                    while let Err(error) = sweep(&shared).await {
                        tracing::warn!(%error, "operators could not be read for their windows, again soon");
                        actix::clock::sleep(STORE_RETRY_AFTER).await;
                    }
                })
                .await;
            }
        });
    }
}

/// Closes the windows of those who may not work any more, or are something else by now: these come back at once.
async fn sweep(shared: &Shared) -> Result<(), StoreError> {
    let open = &shared.windows.open;
    let whose: BTreeSet<(AccountId, OperatorId)> = open.iter().map(|one| (one.account, one.opened_as.id)).collect();
    for (account, operator) in whose {
        let now = match shared.store.operator(account, operator).await?.filter(|one| !one.disabled) {
            Some(found) => {
                let memberships = shared.store.memberships(account, None, Some(operator)).await?;
                Some(Identity::of(&found, &memberships))
            }
            None => None,
        };
        let code = if now.is_some() { close::RESTART } else { close::SIGNED_OUT };
        for window in open.iter().filter(|one| one.account == account && one.opened_as.id == operator) {
            if now.as_ref() != Some(&*window.opened_as) {
                window.outlet.close(code);
            }
        }
    }
    Ok(())
}
