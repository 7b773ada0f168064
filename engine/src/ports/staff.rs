//! Accounts, brands, departments, groups, operators, memberships, and browser sessions: what is set up by people.

use async_trait::async_trait;

use crate::domain::group::{GroupSettings, Membership};
use crate::domain::identity_key::IdentityKey;
use crate::domain::ids::{AccountId, BrandId, DepartmentId, GroupId, OperatorId};
use crate::domain::needs::DepartmentNeeds;
use crate::domain::permission::StaffRole;
use crate::domain::skills::Skills;
use crate::domain::time::Timestamp;
use crate::domain::urgency::BrandPriorities;
use crate::domain::zone::Zone;
use crate::ports::store::StoreError;
use crate::protocol::visitor::WelcomeScreen;

/// A company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id, never shown.
    pub id: AccountId,
    /// Short name, unique.
    pub slug: String,
    /// Name.
    pub name: String,
}

/// A website.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    /// Its account.
    pub account: AccountId,
    /// Its key, unique over all accounts: a page names nothing else.
    pub id: BrandId,
    /// Name.
    pub name: String,
    /// Colour, `#rrggbb`.
    pub color: String,
    /// Language tag of its texts.
    pub language: String,
    /// Origins whose pages may bear the widget, such as `https://example.com`; empty allows the server's own only.
    pub origins: Vec<String>,
    /// The welcome screen.
    pub welcome: WelcomeScreen,
    /// How urgent its chats are.
    pub priorities: BrandPriorities,
    /// By which its server vouches for visitors.
    pub identity_keys: Vec<IdentityKey>,
}

/// A department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    /// Id, unique in the account.
    pub id: DepartmentId,
    /// Name.
    pub name: String,
    /// Place in lists, from 0.
    pub place: u32,
    /// What its chats need.
    pub needs: DepartmentNeeds,
}

/// An operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Id.
    pub id: OperatorId,
    /// The address to sign in with, unique in the account, compared without case.
    pub email: String,
    /// Name.
    pub name: String,
    /// Role.
    pub role: StaffRole,
    /// Chats held at once; none is unlimited, 0 gets none.
    pub limit: Option<u32>,
    /// May not sign in.
    pub disabled: bool,
    /// What they can.
    pub skills: Skills,
}

/// An operator with what a sign-in is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The account.
    pub account: AccountId,
    /// The operator.
    pub operator: Operator,
    /// The PHC string of the password's hash.
    pub password_hash: String,
}

/// A browser's session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the cookie's token; the token itself is nowhere.
    pub token_hash: [u8; 32],
    /// The account.
    pub account: AccountId,
    /// The operator.
    pub operator: OperatorId,
    /// SHA-256 of the CSRF token.
    pub csrf_hash: [u8; 32],
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub used_at: Timestamp,
    /// When it ends unless used.
    pub expires_at: Timestamp,
    /// What the browser says it is, cut to 200 characters.
    pub user_agent: String,
    /// The address it came from.
    pub address: String,
}

/// Wrong passwords of an account or from an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Failures {
    /// How many since the first of them.
    pub count: u32,
    /// No further try before this moment.
    pub until: Option<Timestamp>,
}

/// What is set up. Lists are by name, then id. `put_` makes or replaces; a reference to something that does not
/// exist, and a double name or address, are `Conflict`.
#[async_trait]
pub trait Staff: Send + Sync {
    /// All accounts, by id.
    async fn accounts(&self) -> Result<Vec<Account>, StoreError>;
    /// Makes an account.
    async fn create_account(&self, slug: &str, name: &str, at: Timestamp) -> Result<Account, StoreError>;
    /// The account's time zone: `UTC` until somebody sets another.
    async fn time_zone(&self, account: AccountId) -> Result<Zone, StoreError>;
    /// Changes it, if it is still as it was seen; `false`: it is not.
    async fn change_time_zone(&self, account: AccountId, before: &Zone, after: &Zone) -> Result<bool, StoreError>;

    /// A brand by its key.
    async fn brand(&self, key: &BrandId) -> Result<Option<Brand>, StoreError>;
    /// The brands of an account.
    async fn brands(&self, account: AccountId) -> Result<Vec<Brand>, StoreError>;
    /// Makes or replaces one.
    async fn put_brand(&self, brand: &Brand) -> Result<(), StoreError>;
    /// Changes one, if it is still as it was seen; `false`: it is not, or is gone.
    async fn change_brand(&self, before: &Brand, after: &Brand) -> Result<bool, StoreError>;

    /// The departments of an account, by place.
    async fn departments(&self, account: AccountId) -> Result<Vec<Department>, StoreError>;
    /// Makes or replaces one.
    async fn put_department(&self, account: AccountId, department: &Department) -> Result<(), StoreError>;
    /// A department.
    async fn department(&self, account: AccountId, id: &DepartmentId) -> Result<Option<Department>, StoreError>;
    /// Changes one, if it is still as it was seen; `false`: it is not, or is gone.
    async fn change_department(
        &self,
        account: AccountId,
        before: &Department,
        after: &Department,
    ) -> Result<bool, StoreError>;
    /// Removes one; `Conflict` while a group belongs to it; `false`: there is none.
    async fn delete_department(&self, account: AccountId, id: &DepartmentId) -> Result<bool, StoreError>;

    /// The groups of an account.
    async fn groups(&self, account: AccountId) -> Result<Vec<GroupSettings>, StoreError>;
    /// One of them.
    async fn group(&self, account: AccountId, group: &GroupId) -> Result<Option<GroupSettings>, StoreError>;
    /// Makes or replaces one.
    async fn put_group(&self, account: AccountId, group: &GroupSettings) -> Result<(), StoreError>;
    /// Changes one, if it is still as it was seen; `false`: it is not, or is gone.
    async fn change_group(
        &self,
        account: AccountId,
        before: &GroupSettings,
        after: &GroupSettings,
    ) -> Result<bool, StoreError>;
    /// Removes one with its memberships; `Conflict` while a chat waits or runs in it.
    async fn delete_group(&self, account: AccountId, group: &GroupId) -> Result<bool, StoreError>;

    /// The operators of an account.
    async fn operators(&self, account: AccountId) -> Result<Vec<Operator>, StoreError>;
    /// One of them.
    async fn operator(&self, account: AccountId, operator: OperatorId) -> Result<Option<Operator>, StoreError>;
    /// Makes one.
    async fn create_operator(
        &self,
        account: AccountId,
        operator: &Operator,
        password_hash: &str,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Changes one, the password excepted, if they are still as they were seen; `false`: they are not, or are gone.
    async fn change_operator(
        &self,
        account: AccountId,
        before: &Operator,
        after: &Operator,
    ) -> Result<bool, StoreError>;
    /// Sets a password's hash and ends the operator's sessions; `false`: there is none.
    async fn set_password(&self, account: AccountId, operator: OperatorId, hash: &str) -> Result<bool, StoreError>;
    /// Removes one with memberships and sessions; `Conflict` while a chat of theirs runs.
    async fn delete_operator(&self, account: AccountId, operator: OperatorId) -> Result<bool, StoreError>;
    /// Everybody who signs in with that address, over all accounts.
    async fn credentials(&self, email: &str) -> Result<Vec<Credentials>, StoreError>;

    /// The memberships of an account, by group, then operator; of one group or one operator where given.
    async fn memberships(
        &self,
        account: AccountId,
        group: Option<&GroupId>,
        operator: Option<OperatorId>,
    ) -> Result<Vec<Membership>, StoreError>;
    /// Makes or replaces one; what it holds and has reserved stays. `Conflict`: it would receive from a group that is
    /// about to be gone.
    async fn put_membership(&self, account: AccountId, membership: &Membership) -> Result<(), StoreError>;
    /// Changes one, if it is still as it was seen; `false`: it is not, or is gone.
    async fn change_membership(
        &self,
        account: AccountId,
        before: &Membership,
        after: &Membership,
    ) -> Result<bool, StoreError>;
    /// Removes one; `false`: there is none.
    async fn delete_membership(
        &self,
        account: AccountId,
        group: &GroupId,
        operator: OperatorId,
    ) -> Result<bool, StoreError>;

    /// Begins a browser session.
    async fn create_session(&self, session: &Session) -> Result<(), StoreError>;
    /// A session that has not ended.
    async fn session(&self, token_hash: &[u8; 32], now: Timestamp) -> Result<Option<Session>, StoreError>;
    /// Writes down a use.
    async fn touch_session(
        &self,
        token_hash: &[u8; 32],
        used_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Ends one; `false`: there is none.
    async fn end_session(&self, token_hash: &[u8; 32]) -> Result<bool, StoreError>;
    /// The sessions of an operator, latest use first.
    async fn sessions_of(&self, account: AccountId, operator: OperatorId) -> Result<Vec<Session>, StoreError>;

    /// Failures under a key (an account's address, or a network address).
    async fn failures(&self, key: &str) -> Result<Failures, StoreError>;
    /// Counts one more; at `limit` no further try before `at + pause`, and the count begins anew after it.
    async fn count_failure(
        &self,
        key: &str,
        at: Timestamp,
        limit: u32,
        pause: std::time::Duration,
    ) -> Result<Failures, StoreError>;
    /// Forgets them.
    async fn clear_failures(&self, key: &str) -> Result<(), StoreError>;

    /// A secret of the installation under a name, made from `candidate` at the first call and kept.
    async fn secret(&self, name: &str, candidate: &[u8]) -> Result<Vec<u8>, StoreError>;
}
