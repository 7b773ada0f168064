//! What people have set of contacts, in memory.

use async_trait::async_trait;

use crate::adapters::memory::MemoryStore;
use crate::adapters::memory::state::conflict;
use crate::domain::identity::Identity;
use crate::domain::ids::AccountId;
use crate::ports::contacts::{ContactSettings, Contacts};
use crate::ports::store::StoreError;

#[async_trait]
impl Contacts for MemoryStore {
    async fn contact(&self, account: AccountId, contact: &Identity) -> Result<ContactSettings, StoreError> {
        Ok(self.open()?.contacts.get(&(account, contact.key())).copied().unwrap_or_default())
    }

    async fn change_contact(
        &self,
        account: AccountId,
        contact: &Identity,
        before: ContactSettings,
        after: ContactSettings,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        if !state.accounts.contains_key(&account) {
            return conflict("there is no such account");
        }
        let there = state.contacts.entry((account, contact.key())).or_default();
        let same = *there == before;
        if same {
            *there = after;
        }
        Ok(same)
    }
}
