//! What people set up, in memory.

use std::time::Duration;

use async_trait::async_trait;

use crate::adapters::memory::MemoryStore;
use crate::adapters::memory::closings::has_chats;
use crate::adapters::memory::state::{AccountRow, MembershipRow, OperatorRow, Slots, State, conflict, taken};
use crate::domain::group::{GroupSettings, Membership, Status};
use crate::domain::ids::{AccountId, BrandId, DepartmentId, GroupId, OperatorId};
use crate::domain::time::Timestamp;
use crate::domain::zone::Zone;
use crate::ports::closings::CHATS_COME;
use crate::ports::staff::{Account, Brand, Credentials, Department, Failures, Operator, Session, Staff};
use crate::ports::store::StoreError;
use crate::protocol::visitor::ChatPhase;

#[async_trait]
impl Staff for MemoryStore {
    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        Ok(self.open()?.accounts.values().map(|row| row.account.clone()).collect())
    }

    async fn create_account(&self, slug: &str, name: &str, _at: Timestamp) -> Result<Account, StoreError> {
        let mut state = self.open()?;
        if state.accounts.values().any(|row| row.account.slug == slug) {
            return taken("slug", "account");
        }
        let id = AccountId(state.accounts.keys().next_back().map_or(1, |last| last.0 + 1));
        let account = Account { id, slug: slug.to_owned(), name: name.to_owned() };
        let row = AccountRow { account: account.clone(), last_number: 0, presence: None, time_zone: Zone::default() };
        state.accounts.insert(id, row);
        Ok(account)
    }

    async fn time_zone(&self, account: AccountId) -> Result<Zone, StoreError> {
        Ok(self.open()?.accounts.get(&account).map(|row| row.time_zone.clone()).unwrap_or_default())
    }

    async fn change_time_zone(&self, account: AccountId, before: &Zone, after: &Zone) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let Some(row) = state.accounts.get_mut(&account).filter(|row| row.time_zone == *before) else {
            return Ok(false);
        };
        row.time_zone = after.clone();
        Ok(true)
    }

    async fn brand(&self, key: &BrandId) -> Result<Option<Brand>, StoreError> {
        Ok(self.open()?.brands.get(key).cloned())
    }

    async fn brands(&self, account: AccountId) -> Result<Vec<Brand>, StoreError> {
        let mut brands: Vec<Brand> =
            self.open()?.brands.values().filter(|brand| brand.account == account).cloned().collect();
        brands.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(brands)
    }

    async fn put_brand(&self, brand: &Brand) -> Result<(), StoreError> {
        put_brand(&mut *self.open()?, brand)
    }

    async fn change_brand(&self, before: &Brand, after: &Brand) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let same = state.brands.get(&before.id) == Some(before);
        if same {
            put_brand(&mut state, after)?;
        }
        Ok(same)
    }

    async fn departments(&self, account: AccountId) -> Result<Vec<Department>, StoreError> {
        let state = self.open()?;
        let of_account = state.departments.iter().filter(|((of, _), _)| *of == account);
        let mut departments: Vec<Department> = of_account.map(|(_, department)| department.clone()).collect();
        departments.sort_by(|a, b| (a.place, &a.name, &a.id).cmp(&(b.place, &b.name, &b.id)));
        Ok(departments)
    }

    async fn put_department(&self, account: AccountId, department: &Department) -> Result<(), StoreError> {
        put_department(&mut *self.open()?, account, department)
    }

    async fn department(&self, account: AccountId, id: &DepartmentId) -> Result<Option<Department>, StoreError> {
        Ok(self.open()?.departments.get(&(account, id.clone())).cloned())
    }

    async fn change_department(
        &self,
        account: AccountId,
        before: &Department,
        after: &Department,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let same = state.departments.get(&(account, before.id.clone())) == Some(before);
        if same {
            put_department(&mut state, account, after)?;
        }
        Ok(same)
    }

    async fn delete_department(&self, account: AccountId, id: &DepartmentId) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        if state.groups.iter().any(|((of, _), group)| *of == account && group.department == *id) {
            return conflict("the department has groups");
        }
        Ok(state.departments.remove(&(account, id.clone())).is_some())
    }

    async fn groups(&self, account: AccountId) -> Result<Vec<GroupSettings>, StoreError> {
        let state = self.open()?;
        let of_account = state.groups.iter().filter(|((of, _), _)| *of == account);
        let mut groups: Vec<GroupSettings> = of_account.map(|(_, group)| group.clone()).collect();
        groups.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(groups)
    }

    async fn group(&self, account: AccountId, group: &GroupId) -> Result<Option<GroupSettings>, StoreError> {
        Ok(self.open()?.groups.get(&(account, group.clone())).cloned())
    }

    async fn put_group(&self, account: AccountId, group: &GroupSettings) -> Result<(), StoreError> {
        put_group(&mut *self.open()?, account, group)
    }

    async fn change_group(
        &self,
        account: AccountId,
        before: &GroupSettings,
        after: &GroupSettings,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let same = state.groups.get(&(account, before.id.clone())) == Some(before);
        if same {
            put_group(&mut state, account, after)?;
        }
        Ok(same)
    }

    async fn delete_group(&self, account: AccountId, group: &GroupId) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        if !state.groups.contains_key(&(account, group.clone())) {
            return Ok(false);
        }
        if state.lead_to(account, group) {
            return conflict(CHATS_COME);
        }
        let open = state
            .chats_of(account)
            .any(|row| row.record.head.group == *group && row.record.head.state != ChatPhase::Ended);
        if open {
            return conflict("a chat waits or runs in the group");
        }
        state.memberships.retain(|(of, in_group, _), _| *of != account || in_group != group);
        for ((of, _), profile) in &mut state.profiles {
            profile.groups.retain(|other| *of != account || other != group);
        }
        for ((of, _), other) in &mut state.groups {
            if *of == account {
                other.rules.forget(group);
            }
        }
        Ok(state.groups.remove(&(account, group.clone())).is_some())
    }

    async fn operators(&self, account: AccountId) -> Result<Vec<Operator>, StoreError> {
        let state = self.open()?;
        let of_account = state.operators.values().filter(|row| row.account == account);
        let mut operators: Vec<Operator> = of_account.map(|row| row.operator.clone()).collect();
        operators.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        Ok(operators)
    }

    async fn operator(&self, account: AccountId, operator: OperatorId) -> Result<Option<Operator>, StoreError> {
        Ok(self.open()?.operator(account, operator).map(|row| row.operator.clone()))
    }

    async fn create_operator(
        &self,
        account: AccountId,
        operator: &Operator,
        password_hash: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut state = self.open()?;
        if !state.accounts.contains_key(&account) {
            return conflict("there is no such account");
        }
        if state.operators.contains_key(&operator.id) {
            return conflict("there is an operator of that id");
        }
        let same = |row: &OperatorRow| row.account == account && same_address(&row.operator, operator);
        if state.operators.values().any(same) {
            return taken("email", "operator");
        }
        let row = OperatorRow {
            account,
            operator: operator.clone(),
            password_hash: password_hash.to_owned(),
            profile: None,
            status: Status::Offline,
            since: at,
            expired_in_a_row: 0,
            last_seen_at: at,
            session_epoch: 0,
            slots: Slots::default(),
            last_ended_at: None,
            version: 0,
        };
        state.operators.insert(operator.id, row);
        Ok(())
    }

    async fn change_operator(
        &self,
        account: AccountId,
        before: &Operator,
        operator: &Operator,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        if state.operator(account, before.id).is_none_or(|row| row.operator != *before) {
            return Ok(false);
        }
        let other = |row: &OperatorRow| {
            row.account == account && row.operator.id != operator.id && same_address(&row.operator, operator)
        };
        if state.operators.values().any(other) {
            return taken("email", "operator");
        }
        if let Some(row) = state.operator_mut(account, operator.id) {
            row.operator = operator.clone();
        }
        Ok(true)
    }

    async fn set_password(&self, account: AccountId, operator: OperatorId, hash: &str) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let Some(row) = state.operator_mut(account, operator) else { return Ok(false) };
        row.password_hash = hash.to_owned();
        state.sessions.retain(|_, session| session.operator != operator);
        Ok(true)
    }

    async fn delete_operator(&self, account: AccountId, operator: OperatorId) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        if state.operator(account, operator).is_none() {
            return Ok(false);
        }
        if has_chats(&state, account, operator) {
            return conflict("a chat of the operator runs");
        }
        state.memberships.retain(|(_, _, member), _| *member != operator);
        state.sessions.retain(|_, session| session.operator != operator);
        Ok(state.operators.remove(&operator).is_some())
    }

    async fn credentials(&self, email: &str) -> Result<Vec<Credentials>, StoreError> {
        let state = self.open()?;
        let named = state.operators.values().filter(|row| row.operator.email.to_lowercase() == email.to_lowercase());
        let mut found: Vec<Credentials> = named
            .map(|row| Credentials {
                account: row.account,
                operator: row.operator.clone(),
                password_hash: row.password_hash.clone(),
            })
            .collect();
        found.sort_by_key(|credentials| credentials.account);
        Ok(found)
    }

    async fn memberships(
        &self,
        account: AccountId,
        group: Option<&GroupId>,
        operator: Option<OperatorId>,
    ) -> Result<Vec<Membership>, StoreError> {
        let state = self.open()?;
        let wanted = state.memberships.iter().filter(|((of, in_group, member), _)| {
            *of == account
                && group.is_none_or(|group| group == in_group)
                && operator.is_none_or(|operator| operator == *member)
        });
        Ok(wanted.map(|(_, row)| row.membership.clone()).collect())
    }

    async fn put_membership(&self, account: AccountId, membership: &Membership) -> Result<(), StoreError> {
        put_membership(&mut *self.open()?, account, membership)
    }

    async fn change_membership(
        &self,
        account: AccountId,
        before: &Membership,
        after: &Membership,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let key = (account, before.group.clone(), before.operator);
        let same = state.memberships.get(&key).is_some_and(|row| row.membership == *before);
        if same {
            put_membership(&mut state, account, after)?;
        }
        Ok(same)
    }

    async fn delete_membership(
        &self,
        account: AccountId,
        group: &GroupId,
        operator: OperatorId,
    ) -> Result<bool, StoreError> {
        Ok(self.open()?.memberships.remove(&(account, group.clone(), operator)).is_some())
    }

    async fn create_session(&self, session: &Session) -> Result<(), StoreError> {
        let mut state = self.open()?;
        if state.operator(session.account, session.operator).is_none() {
            return conflict("there is no such operator");
        }
        if state.sessions.contains_key(&session.token_hash) {
            return conflict("there is a session of that token");
        }
        state.sessions.insert(session.token_hash, session.clone());
        Ok(())
    }

    async fn session(&self, token_hash: &[u8; 32], now: Timestamp) -> Result<Option<Session>, StoreError> {
        Ok(self.open()?.sessions.get(token_hash).filter(|session| session.expires_at > now).cloned())
    }

    async fn touch_session(
        &self,
        token_hash: &[u8; 32],
        used_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(session) = self.open()?.sessions.get_mut(token_hash) {
            session.used_at = used_at;
            session.expires_at = expires_at;
        }
        Ok(())
    }

    async fn end_session(&self, token_hash: &[u8; 32]) -> Result<bool, StoreError> {
        Ok(self.open()?.sessions.remove(token_hash).is_some())
    }

    async fn sessions_of(&self, account: AccountId, operator: OperatorId) -> Result<Vec<Session>, StoreError> {
        let state = self.open()?;
        let theirs = state.sessions.values().filter(|it| it.account == account && it.operator == operator);
        let mut sessions: Vec<Session> = theirs.cloned().collect();
        sessions.sort_by(|a, b| b.used_at.cmp(&a.used_at).then(a.token_hash.cmp(&b.token_hash)));
        Ok(sessions)
    }

    async fn failures(&self, key: &str) -> Result<Failures, StoreError> {
        Ok(self.open()?.failures.get(key).map(|(failures, _)| *failures).unwrap_or_default())
    }

    async fn count_failure(
        &self,
        key: &str,
        at: Timestamp,
        limit: u32,
        pause: Duration,
    ) -> Result<Failures, StoreError> {
        let mut state = self.open()?;
        let (failures, latest) = state.failures.entry(key.to_owned()).or_default();
        if failures.until.is_some_and(|until| until <= at) {
            *failures = Failures::default();
        }
        *latest = at;
        failures.count += 1;
        if failures.count >= limit && failures.until.is_none() {
            failures.until = Some(at + pause);
        }
        Ok(*failures)
    }

    async fn clear_failures(&self, key: &str) -> Result<(), StoreError> {
        self.open()?.failures.remove(key);
        Ok(())
    }

    async fn secret(&self, name: &str, candidate: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(self.open()?.secrets.entry(name.to_owned()).or_insert_with(|| candidate.to_vec()).clone())
    }
}

/// Addresses are compared without case.
fn same_address(a: &Operator, b: &Operator) -> bool {
    a.email.to_lowercase() == b.email.to_lowercase()
}

fn put_brand(state: &mut State, brand: &Brand) -> Result<(), StoreError> {
    if !state.accounts.contains_key(&brand.account) {
        return conflict("there is no such account");
    }
    if state.brands.get(&brand.id).is_some_and(|there| there.account != brand.account) {
        return taken("id", "brand");
    }
    let same_name = |other: &&Brand| other.account == brand.account && other.name == brand.name && other.id != brand.id;
    if state.brands.values().find(same_name).is_some() {
        return taken("name", "brand");
    }
    state.brands.insert(brand.id.clone(), brand.clone());
    Ok(())
}

fn put_department(state: &mut State, account: AccountId, department: &Department) -> Result<(), StoreError> {
    if !state.accounts.contains_key(&account) {
        return conflict("there is no such account");
    }
    let same_name = state
        .departments
        .iter()
        .any(|((of, id), other)| *of == account && *id != department.id && other.name == department.name);
    if same_name {
        return taken("name", "department");
    }
    state.departments.insert((account, department.id.clone()), department.clone());
    Ok(())
}

fn put_group(state: &mut State, account: AccountId, group: &GroupSettings) -> Result<(), StoreError> {
    if !state.departments.contains_key(&(account, group.department.clone())) {
        return conflict("there is no such department");
    }
    let same_name =
        state.groups.iter().any(|((of, id), other)| *of == account && *id != group.id && other.name == group.name);
    if same_name {
        return taken("name", "group");
    }
    state.groups.insert((account, group.id.clone()), group.clone());
    Ok(())
}

fn put_membership(state: &mut State, account: AccountId, membership: &Membership) -> Result<(), StoreError> {
    let group = (account, membership.group.clone());
    if state.operator(account, membership.operator).is_none() || !state.groups.contains_key(&group) {
        return conflict("there is no such operator or group");
    }
    if membership.active && state.closes(account, &membership.group) {
        return conflict("the group is being removed");
    }
    let key = (account, membership.group.clone(), membership.operator);
    let slots = match state.memberships.get(&key) {
        Some(there) => there.slots,
        None => state.true_slots(account, membership.operator, Some(&membership.group)),
    };
    state.memberships.insert(key, MembershipRow { membership: membership.clone(), slots });
    Ok(())
}
