//! Profiles: named sets of groups. An operator who has chosen one receives from its groups only; a membership counts as
//! active when it is set so and no chosen profile leaves its group out.

use async_trait::async_trait;

use crate::domain::ids::{AccountId, GroupId, OperatorId, ProfileId};
use crate::ports::store::StoreError;

/// A named set of groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Id, unique in the account.
    pub id: ProfileId,
    /// Name.
    pub name: String,
    /// Its groups, by id, each once.
    pub groups: Vec<GroupId>,
}

/// Profiles, and who has chosen which. A reference to something that does not exist, and a double name, are
/// `Conflict`.
#[async_trait]
pub trait Profiles: Send + Sync {
    /// The profiles of an account, by name, then id. A group that is removed leaves them.
    async fn profiles(&self, account: AccountId) -> Result<Vec<Profile>, StoreError>;
    /// Makes or replaces one.
    async fn put_profile(&self, account: AccountId, profile: &Profile) -> Result<(), StoreError>;
    /// Changes one, if it is still as it was seen; `false`: it is not, or is gone.
    async fn change_profile(&self, account: AccountId, before: &Profile, after: &Profile) -> Result<bool, StoreError>;
    /// Removes one: whoever had chosen it receives from all groups; `false`: there is none.
    async fn delete_profile(&self, account: AccountId, profile: &ProfileId) -> Result<bool, StoreError>;

    /// What an operator has chosen; none is all groups.
    async fn chosen_profile(&self, account: AccountId, operator: OperatorId) -> Result<Option<ProfileId>, StoreError>;
    /// An operator chooses a profile, or none.
    async fn choose_profile(
        &self,
        account: AccountId,
        operator: OperatorId,
        profile: Option<&ProfileId>,
    ) -> Result<(), StoreError>;
}
