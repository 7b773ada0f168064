//! Profiles in memory.

use async_trait::async_trait;

use crate::adapters::memory::MemoryStore;
use crate::adapters::memory::state::{State, conflict, taken};
use crate::domain::ids::{AccountId, OperatorId, ProfileId};
use crate::ports::profiles::{Profile, Profiles};
use crate::ports::store::StoreError;

#[async_trait]
impl Profiles for MemoryStore {
    async fn profiles(&self, account: AccountId) -> Result<Vec<Profile>, StoreError> {
        let state = self.open()?;
        let of_account = state.profiles.iter().filter(|((of, _), _)| *of == account);
        let mut profiles: Vec<Profile> = of_account.map(|(_, profile)| profile.clone()).collect();
        profiles.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(profiles)
    }

    async fn put_profile(&self, account: AccountId, profile: &Profile) -> Result<(), StoreError> {
        put(&mut *self.open()?, account, profile)
    }

    async fn change_profile(&self, account: AccountId, before: &Profile, after: &Profile) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let same = state.profiles.get(&(account, before.id.clone())) == Some(before);
        if same {
            put(&mut state, account, after)?;
        }
        Ok(same)
    }

    async fn delete_profile(&self, account: AccountId, profile: &ProfileId) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        for row in state.operators.values_mut().filter(|row| row.account == account) {
            row.profile.take_if(|chosen| chosen == profile);
        }
        Ok(state.profiles.remove(&(account, profile.clone())).is_some())
    }

    async fn chosen_profile(&self, account: AccountId, operator: OperatorId) -> Result<Option<ProfileId>, StoreError> {
        Ok(self.open()?.operator(account, operator).and_then(|row| row.profile.clone()))
    }

    async fn choose_profile(
        &self,
        account: AccountId,
        operator: OperatorId,
        profile: Option<&ProfileId>,
    ) -> Result<(), StoreError> {
        let mut state = self.open()?;
        if profile.is_some_and(|profile| !state.profiles.contains_key(&(account, profile.clone()))) {
            return conflict("there is no such profile");
        }
        match state.operator_mut(account, operator) {
            Some(row) => row.profile = profile.cloned(),
            None => return conflict("there is no such operator"),
        }
        Ok(())
    }
}

fn put(state: &mut State, account: AccountId, profile: &Profile) -> Result<(), StoreError> {
    if !state.accounts.contains_key(&account) {
        return conflict("there is no such account");
    }
    let same_name = state
        .profiles
        .iter()
        .any(|((of, id), other)| *of == account && *id != profile.id && other.name == profile.name);
    if same_name {
        return taken("name", "profile");
    }
    if profile.groups.iter().any(|group| !state.groups.contains_key(&(account, group.clone()))) {
        return conflict("there is no such group");
    }
    state.profiles.insert((account, profile.id.clone()), profile.clone());
    Ok(())
}
