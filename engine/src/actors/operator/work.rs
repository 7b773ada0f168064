//! How much of the operator's slots is in use, over time, all groups together: for reports.

use std::sync::Arc;

use actix::Context;

use super::OperatorActor;
use crate::actors::guard::beside;
use crate::actors::receiving::receiving;
use crate::actors::shared::Shared;
use crate::actors::worked::Looked;
use crate::domain::ids::{AccountId, OperatorId};
use crate::domain::operator::{Presence, Reception};
use crate::domain::report::{self, slots};
use crate::ports::journal::Load;
use crate::ports::presence::PresenceRow;
use crate::ports::store::StoreError;
use crate::ports::work::Whose;
use crate::protocol::operator::Receiving;

/// What the operator may hold and holds, as far as it was told.
#[derive(Debug, Default)]
pub(super) struct Work {
    slots: u32,
    held: u32,
    version: u64,
    looked: Looked,
}

impl OperatorActor {
    /// Says how it has been until now; before anything changes, and from time to time.
    pub(super) fn say_work(&mut self) {
        let Some((from, to)) = self.work.looked.since_last(self.shared.now()) else { return };
        let receives = self.presence.as_ref().map(Presence::reception).is_some_and(|now| now != Reception::None);
        if receives && self.work.slots > 0 {
            let whose = Whose::Operator(self.operator);
            let (slots, held) = (self.work.slots, self.work.held);
            self.shared.worked.add(self.account, &whose, (from, to), slots, held);
            self.shared.metrics.operators(self.account).worked(report::Work::of(slots, held, to.since(from)));
        }
    }

    /// What the store says when the actor begins.
    pub(super) fn work_begins(&mut self, row: &PresenceRow, slots: u32) {
        self.say_work();
        (self.work.slots, self.work.held, self.work.version) = (slots, row.held, row.version);
    }

    /// They hold more or less.
    pub(super) fn work_changes(&mut self, load: &Load) {
        if load.version > self.work.version {
            self.say_work();
            (self.work.held, self.work.version) = (load.held, load.version);
        }
    }

    /// Reads again how many slots they have.
    pub(super) fn read_slots(&mut self, ctx: &mut Context<Self>) {
        let (shared, account, operator) = (Arc::clone(&self.shared), self.account, self.operator);
        let reading = async move { slots_of(&shared, account, operator).await };
        beside(ctx, reading, |actor: &mut Self, read: Result<u32, StoreError>, _| match read {
            Ok(slots) => {
                actor.say_work();
                actor.work.slots = slots;
            }
            // Reports are a little wrong until the next change.
            Err(error) => tracing::warn!(operator = %actor.operator, %error, "an operator's slots could not be read"),
        });
    }
}

/// The slots of an operator in the groups they receive from.
async fn slots_of(shared: &Shared, account: AccountId, operator: OperatorId) -> Result<u32, StoreError> {
    let (_, receiving) = receiving(shared, account, operator).await?;
    Ok(slots_in(&receiving))
}

/// The slots in those of the groups that are received from.
pub(super) fn slots_in(receiving: &Receiving) -> u32 {
    let from = receiving.groups.iter().filter(|from| from.active && !from.left_out);
    slots(receiving.limit, from.map(|from| from.limit))
}
