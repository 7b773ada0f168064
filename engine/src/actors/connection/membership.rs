//! The command that sets whether an operator receives from a group.

use std::hash::Hasher;
use std::sync::Arc;

use siphasher::sip::SipHasher13;

use crate::actors::engine::{StaffChange, apply};
use crate::actors::shared::Shared;
use crate::domain::ids::{AccountId, OperatorId};
use crate::ports::journal::Remembered;
use crate::ports::presence::{ReceivingOutcome, ReceivingSet};
use crate::ports::store::StoreError;
use crate::protocol::error::{Failure, Why};
use crate::protocol::operator::SetMembership;

/// Sets it; whether the sender may is asked before. The queues hear of it before the sender does.
pub(super) async fn set(
    shared: &Arc<Shared>,
    account: AccountId,
    sender: OperatorId,
    whose: OperatorId,
    set: &SetMembership,
) -> Result<(), Failure> {
    let mut hasher = SipHasher13::new();
    hasher.write(format!("membership_status {} {whose} {}", set.group, set.active).as_bytes());
    let answer = Remembered { digest: hasher.finish(), answer: String::from("{}") };
    let by = ReceivingSet { sender, command: set.id.clone(), answer, at: shared.now() };
    match shared.store.set_receiving(account, &set.group, whose, set.active, by).await {
        Ok(ReceivingOutcome::Set) => {}
        Ok(ReceivingOutcome::NoMember) => return Err(Failure::not_found("membership")),
        Ok(ReceivingOutcome::GroupCloses) => {
            return Err(Failure::conflict(Why::State, "the group is being removed and takes no new chats"));
        }
        Err(StoreError::Conflict(_)) => {
            return Err(Failure::conflict(Why::Id, "this id was used with other content"));
        }
        Err(error) => {
            tracing::warn!(operator = %whose, group = %set.group, %error, "a membership's status was not stored");
            return Err(Failure::unavailable());
        }
    }
    let change = StaffChange::Receives(whose);
    shared.tell_staff(account, &change);
    apply(shared, account, &change);
    Ok(())
}
