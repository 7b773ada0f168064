//! Contacts: what people have set of a visitor who comes again. Who they are says the site, see [`Identity`].

use async_trait::async_trait;

use crate::domain::identity::Identity;
use crate::domain::ids::AccountId;
use crate::ports::store::StoreError;

/// What is set of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContactSettings {
    /// Steps by which the contact's chats are moved ahead.
    pub priority: i32,
}

/// See the module.
#[async_trait]
pub trait Contacts: Send + Sync {
    /// What is set of a contact; the usual where nobody has set anything.
    async fn contact(&self, account: AccountId, contact: &Identity) -> Result<ContactSettings, StoreError>;

    /// Changes it, if it is still as it was seen; `false`: it is not.
    async fn change_contact(
        &self,
        account: AccountId,
        contact: &Identity,
        before: ContactSettings,
        after: ContactSettings,
    ) -> Result<bool, StoreError>;
}
