//! From which groups an operator receives, as the store knows it: for a window that opens, for all windows when it
//! changes, and for colleagues who ask somebody.

use crate::actors::shared::Shared;
use crate::domain::group::Membership;
use crate::domain::ids::{AccountId, OperatorId};
use crate::ports::store::StoreError;
use crate::protocol::operator::{MyMembership, Receiving};

/// The memberships of an operator, and what the chosen profile makes of them, in the same order.
pub(super) async fn receiving(
    shared: &Shared,
    account: AccountId,
    operator: OperatorId,
) -> Result<(Vec<Membership>, Receiving), StoreError> {
    // Whoever is gone gets nothing.
    let limit = shared.store.operator(account, operator).await?.map_or(Some(0), |operator| operator.limit);
    let memberships = shared.store.memberships(account, None, Some(operator)).await?;
    let profile = shared.store.chosen_profile(account, operator).await?;
    let chosen = match &profile {
        Some(profile) => shared.store.profiles(account).await?.into_iter().find(|one| one.id == *profile),
        None => None,
    };
    let left_out = |membership: &Membership| {
        profile.is_some() && chosen.as_ref().is_none_or(|chosen| !chosen.groups.contains(&membership.group))
    };
    let groups = memberships.iter().map(|membership| MyMembership {
        group: membership.group.clone(),
        handling: membership.handling,
        limit: membership.limit,
        active: membership.active,
        left_out: left_out(membership),
    });
    let groups = groups.collect();
    Ok((memberships, Receiving { profile, limit, groups }))
}
