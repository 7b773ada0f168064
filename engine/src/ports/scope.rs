//! What an operator sees of the account's chats who may not see all of them.

use crate::domain::group::GroupSettings;
use crate::domain::ids::{AccountId, GroupId, OperatorId};
use crate::domain::time::Timestamp;
use crate::ports::journal::ChatRecord;
use crate::ports::store::{Store, StoreError};
use crate::protocol::visitor::ChatPhase;

/// What an asker may see who may not see all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Chats of these groups that wait or are over: what a colleague writes now is not for everybody.
    pub groups: Vec<GroupId>,
    /// Those that wait in one of these groups since that moment or longer: they look for somebody in one of the first,
    /// too.
    pub helped: Vec<(GroupId, Timestamp)>,
    /// And those this operator owns or owned at last, or is a guest of.
    pub operator: OperatorId,
}

impl Scope {
    /// Of a member of groups, as other groups overflow to them at this moment.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn of(
        store: &dyn Store,
        account: AccountId,
        groups: Vec<GroupId>,
        operator: OperatorId,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let all = if groups.is_empty() { Vec::new() } else { store.groups(account).await? };
        Ok(Self::among(&all, groups, operator, now))
    }

    /// The same, where all groups of the account are known.
    pub fn among(all: &[GroupSettings], groups: Vec<GroupId>, operator: OperatorId, now: Timestamp) -> Self {
        let helped = all.iter().filter_map(|group| Some((group.id.clone(), helped_since(group, &groups, now)?)));
        Self { helped: helped.collect(), groups, operator }
    }

    /// Whether the chat is among them; those of a guest are known to the store alone.
    pub fn shows(&self, chat: &ChatRecord) -> bool {
        let of_group = chat.head.state != ChatPhase::Active && self.groups.contains(&chat.head.group);
        let looks = |(group, since): &(GroupId, Timestamp)| *group == chat.head.group && chat.head.queued_at <= *since;
        let helped = chat.head.state == ChatPhase::Waiting && self.helped.iter().any(looks);
        of_group || helped || chat.head.owner == Some(self.operator)
    }
}

/// Chats of a group that wait since then or longer may be answered in one of these, too. One that is kept for somebody in
/// particular is offered to nobody there meanwhile, but whoever sees it may take it.
fn helped_since(settings: &GroupSettings, groups: &[GroupId], now: Timestamp) -> Option<Timestamp> {
    let overflow = settings.rules.overflow.as_ref()?;
    let helps = !groups.contains(&settings.id) && overflow.groups.iter().any(|group| groups.contains(group));
    helps.then(|| now - overflow.after())
}
