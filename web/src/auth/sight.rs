//! Which chats an operator may see. A chat that is not among them is answered exactly as one that does not exist.

use engine::domain::ids::{ChatId, GroupId};
use engine::domain::permission::Permission;
use engine::domain::time::Timestamp;
use engine::ports::journal::ChatRecord;
use engine::ports::scope::Scope;
use engine::ports::store::{SharedStore, StoreError};
use engine::protocol::error::Failure;

use crate::auth::SignedIn;
use crate::error::Problem;
use crate::state::AppState;

/// An operator's view.
#[derive(Debug, Clone)]
pub struct Sight {
    scope: Option<Scope>,
}

impl Sight {
    /// The view of that operator, by role and memberships as they are now.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn of(store: &SharedStore, who: &SignedIn, now: Timestamp) -> Result<Self, StoreError> {
        if who.may(Permission::ReadAllChats) {
            return Ok(Self { scope: None });
        }
        let operator = who.operator.id;
        let groups = if who.may(Permission::ReadGroupChats) {
            let memberships = store.memberships(who.account, None, Some(operator)).await?;
            memberships.into_iter().map(|membership| membership.group).collect::<Vec<GroupId>>()
        } else {
            Vec::new()
        };
        Ok(Self { scope: Some(Scope::of(&**store, who.account, groups, operator, now).await?) })
    }

    /// What a list is narrowed to.
    pub fn scope(&self) -> Option<Scope> {
        self.scope.clone()
    }

    /// Whether it shows the chat.
    pub fn shows(&self, chat: &ChatRecord) -> bool {
        self.scope.as_ref().is_none_or(|scope| scope.shows(chat))
    }
}

/// A chat that the operator may see.
///
/// # Errors
/// `not_found`, whether there is none or it is not theirs to see; or the store does not answer.
pub async fn chat(state: &AppState, who: &SignedIn, id: &str) -> Result<ChatRecord, Problem> {
    let store = &state.store;
    let none = || Problem::from(Failure::not_found("chat"));
    let id: ChatId = id.parse().map_err(|_| none())?;
    let record = store.chat(who.account, id).await?.ok_or_else(none)?;
    if Sight::of(store, who, state.clock.now()).await?.shows(&record) {
        return Ok(record);
    }
    // Whoever was invited sees it, too.
    if store.guests(who.account, id).await?.contains(&who.operator.id) { Ok(record) } else { Err(none()) }
}
