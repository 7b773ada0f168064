//! Whom an operator asks to take a chat over or to come in: looked up when the command comes. What is found goes to the
//! chat with it, for a command that was done before is answered as it was then, whoever is there now.

use std::sync::Arc;

use crate::actors::messages::{Found, Order};
use crate::actors::receiving::receiving;
use crate::actors::shared::Shared;
use crate::domain::event::OfferKind;
use crate::domain::group::{Availability, Handling, Status};
use crate::domain::ids::{AccountId, ChatId, GroupId, OperatorId};
use crate::ports::presence::RosterRow;
use crate::ports::store::StoreError;
use crate::protocol::error::Failure;
use crate::protocol::operator::Whom;

/// What is asked.
pub(super) struct Ask {
    /// To take the chat over, or to come in.
    pub kind: OfferKind,
    /// Why.
    pub reason: Option<String>,
    /// With an invitation: whether the owner stays.
    pub stay: bool,
}

/// Whether somebody else is named, and in a way that this kind of question knows.
pub(super) fn check(kind: OfferKind, to: &Whom, me: OperatorId) -> Result<(), Failure> {
    if to.operator == Some(me) {
        return Err(Failure::invalid("to.operator", "must be somebody else"));
    }
    if kind == OfferKind::Invite && to.brand.is_some() {
        return Err(Failure::invalid("to.brand", "is for transfers only"));
    }
    if to.operator.is_none() && to.group.is_none() && to.brand.is_none() {
        let whom = if kind == OfferKind::Invite { "an operator or a group" } else { "an operator, a group or a brand" };
        return Err(Failure::invalid("to", format!("must name {whom}")));
    }
    Ok(())
}

impl Ask {
    /// The order for the chat, with what is known of whom was named.
    pub(super) async fn order(self, shared: &Arc<Shared>, account: AccountId, chat: ChatId, to: Whom) -> Order {
        let found = find(shared, account, chat, &to).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "whom an operator asks could not be looked up");
            Found::Unknown
        });
        let Self { kind, reason, stay } = self;
        Order::Ask { kind, brand: to.brand, group: to.group, operator: to.operator, reason, stay, found }
    }
}

async fn find(shared: &Arc<Shared>, account: AccountId, chat: ChatId, to: &Whom) -> Result<Found, StoreError> {
    if let Some(brand) = &to.brand
        && shared.store.brand(brand).await?.is_none_or(|brand| brand.account != account)
    {
        return Ok(Found::NoBrand);
    }
    match (to.operator, &to.group) {
        (Some(operator), _) => find_operator(shared, account, operator).await,
        (None, Some(group)) => find_group(shared, account, group).await,
        (None, None) => find_entrance(shared, account, chat).await,
    }
}

/// The group that a new chat of this visitor on the brand would enter. All departments are every brand's, as its window
/// shows them: what the visitor chose holds there as well, and what that department needs stays with the chat. One that
/// is gone binds nobody.
async fn find_entrance(shared: &Arc<Shared>, account: AccountId, chat: ChatId) -> Result<Found, StoreError> {
    let department = match shared.store.chat(account, chat).await?.and_then(|record| record.department) {
        Some(chosen) => shared.store.department(account, &chosen).await?.map(|there| there.id),
        None => None,
    };
    match shared.board.group_for(account, department.as_ref()) {
        Some((group, Availability::Online | Availability::Busy)) => find_group(shared, account, &group).await,
        Some((_, Availability::Offline)) | None => Ok(Found::Offline),
    }
}

/// Pull members are found too: they get no chats by themselves, but transfers.
async fn find_operator(shared: &Arc<Shared>, account: AccountId, operator: OperatorId) -> Result<Found, StoreError> {
    let Some(known) = shared.store.operator(account, operator).await?.filter(|known| !known.disabled) else {
        return Ok(Found::Nothing);
    };
    let name = known.name;
    let state = shared.operator_state(account, operator).await;
    // In the grace after the last window was lost nothing rings.
    if state.is_none_or(|state| state.status != Status::Online || !state.is_here) {
        return Ok(Found::Away { name });
    }
    let (_, receiving) = receiving(shared, account, operator).await?;
    let active = receiving.groups.into_iter().filter(|from| from.active && !from.left_out);
    Ok(Found::Operator { name, groups: active.map(|from| from.group).collect() })
}

async fn find_group(shared: &Arc<Shared>, account: AccountId, group: &GroupId) -> Result<Found, StoreError> {
    match shared.board.entry(account, group) {
        None => return Ok(Found::Nothing),
        Some((_, Availability::Offline, _)) => return Ok(Found::Offline),
        Some((_, Availability::Busy | Availability::Online, _)) => {}
    }
    let roster = shared.store.roster(account, group).await?;
    let receive = |row: &&RosterRow| row.active && row.status == Status::Online;
    let mut receiving = roster.iter().filter(receive).peekable();
    let by_hand = receiving.peek().is_some() && receiving.all(|row| row.handling == Handling::Pull);
    Ok(if by_hand { Found::ByHand } else { Found::Group(group.clone()) })
}
