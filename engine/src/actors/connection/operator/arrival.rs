//! A window that opens: first it stands among those of its operator, then it is read who that is. What is changed by
//! somebody else is so either read here, or closes the window.

use std::sync::Arc;

use super::unavailable;
use crate::actors::outlet::Outlet;
use crate::actors::receiving::receiving;
use crate::actors::registry::Outlets;
use crate::actors::shared::Shared;
use crate::domain::group::Membership;
use crate::domain::ids::{AccountId, OperatorId};
use crate::domain::limits::OPERATOR_SOCKETS_MAX;
use crate::ports::staff::Operator;
use crate::protocol::close;
use crate::protocol::error::{Code, Failure};
use crate::protocol::operator::Receiving;

/// A window among those of its operator, for as long as this lives.
pub(super) struct Place {
    shared: Arc<Shared>,
    account: AccountId,
    operator: OperatorId,
    outlets: Arc<Outlets>,
    outlet: Outlet,
}

impl Place {
    /// From here on the window gets what the operator gets, behind its welcome.
    pub fn take(shared: &Arc<Shared>, account: AccountId, operator: OperatorId, outlet: &Outlet) -> Self {
        let outlets = shared.registry.outlets_of_operator(account, operator);
        outlet.await_welcome();
        if let Some(oldest) = outlets.add(outlet.clone(), OPERATOR_SOCKETS_MAX) {
            oldest.close(close::REPLACED);
        }
        shared.windows_changed(account, operator);
        Self { shared: Arc::clone(shared), account, operator, outlets, outlet: outlet.clone() }
    }

    /// The operator as they are now, with their memberships and what they receive from.
    ///
    /// # Errors
    /// `unavailable`; `unauthorized` where there is no such operator who may work.
    pub async fn who(&self) -> Result<(Operator, Vec<Membership>, Receiving), Failure> {
        let found = self.shared.store.operator(self.account, self.operator).await.map_err(unavailable)?;
        let Some(found) = found.filter(|found| !found.disabled) else {
            return Err(Failure::new(Code::Unauthorized, "sign in first"));
        };
        let (memberships, from) = receiving(&self.shared, self.account, self.operator).await.map_err(unavailable)?;
        Ok((found, memberships, from))
    }

    /// The window stands there no longer.
    pub fn leave(&self) {
        self.shared.windows.closed(self.outlet.id());
        self.outlets.remove(self.outlet.id());
        self.shared.windows_changed(self.account, self.operator);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}
