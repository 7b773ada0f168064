//! What people set up: each call is one read, or one transaction.

use async_trait::async_trait;

use crate::adapters::sql::{Backend, groups, operators, places, sessions};
use crate::domain::group::{GroupSettings, Membership};
use crate::domain::ids::{AccountId, BrandId, DepartmentId, GroupId, OperatorId};
use crate::domain::time::Timestamp;
use crate::domain::zone::Zone;
use crate::ports::staff::{Account, Brand, Credentials, Department, Failures, Operator, Session, Staff};
use crate::ports::store::StoreError;

#[async_trait]
impl<B: Backend> Staff for B {
    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.read(|sql| Box::pin(places::accounts(sql))).await
    }

    async fn create_account(&self, slug: &str, name: &str, at: Timestamp) -> Result<Account, StoreError> {
        let slug = slug.to_owned();
        let name = name.to_owned();
        self.write(move |sql| Box::pin(places::create_account(sql, slug, name, at))).await
    }

    async fn time_zone(&self, account: AccountId) -> Result<Zone, StoreError> {
        self.read(move |sql| Box::pin(places::time_zone(sql, account))).await
    }

    async fn change_time_zone(&self, account: AccountId, before: &Zone, after: &Zone) -> Result<bool, StoreError> {
        let (before, after) = (before.clone(), after.clone());
        self.write(move |sql| Box::pin(places::change_time_zone(sql, account, before, after))).await
    }

    async fn brand(&self, key: &BrandId) -> Result<Option<Brand>, StoreError> {
        let key = key.clone();
        self.read(move |sql| Box::pin(places::brand(sql, key))).await
    }

    async fn brands(&self, account: AccountId) -> Result<Vec<Brand>, StoreError> {
        self.read(move |sql| Box::pin(places::brands(sql, account))).await
    }

    async fn put_brand(&self, brand: &Brand) -> Result<(), StoreError> {
        let brand = brand.clone();
        self.write(move |sql| Box::pin(places::put_brand(sql, brand))).await
    }

    async fn change_brand(&self, before: &Brand, after: &Brand) -> Result<bool, StoreError> {
        let (before, after) = (before.clone(), after.clone());
        self.write(move |sql| Box::pin(places::change_brand(sql, before, after))).await
    }

    async fn departments(&self, account: AccountId) -> Result<Vec<Department>, StoreError> {
        self.read(move |sql| Box::pin(places::departments(sql, account))).await
    }

    async fn put_department(&self, account: AccountId, department: &Department) -> Result<(), StoreError> {
        let department = department.clone();
        self.write(move |sql| Box::pin(places::put_department(sql, account, department))).await
    }

    async fn department(&self, account: AccountId, id: &DepartmentId) -> Result<Option<Department>, StoreError> {
        let id = id.clone();
        self.read(move |sql| Box::pin(places::department(sql, account, id))).await
    }

    async fn change_department(
        &self,
        account: AccountId,
        before: &Department,
        after: &Department,
    ) -> Result<bool, StoreError> {
        let (before, after) = (before.clone(), after.clone());
        self.write(move |sql| Box::pin(places::change_department(sql, account, before, after))).await
    }

    async fn delete_department(&self, account: AccountId, id: &DepartmentId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |sql| Box::pin(places::delete_department(sql, account, id))).await
    }

    async fn groups(&self, account: AccountId) -> Result<Vec<GroupSettings>, StoreError> {
        self.read(move |sql| Box::pin(groups::groups(sql, account))).await
    }

    async fn group(&self, account: AccountId, group: &GroupId) -> Result<Option<GroupSettings>, StoreError> {
        let group = group.clone();
        self.read(move |sql| Box::pin(groups::group(sql, account, group))).await
    }

    async fn put_group(&self, account: AccountId, group: &GroupSettings) -> Result<(), StoreError> {
        let group = group.clone();
        self.write(move |sql| Box::pin(groups::put_group(sql, account, group))).await
    }

    async fn change_group(
        &self,
        account: AccountId,
        before: &GroupSettings,
        after: &GroupSettings,
    ) -> Result<bool, StoreError> {
        let (before, after) = (before.clone(), after.clone());
        self.write(move |sql| Box::pin(groups::change_group(sql, account, before, after))).await
    }

    async fn delete_group(&self, account: AccountId, group: &GroupId) -> Result<bool, StoreError> {
        let group = group.clone();
        self.write(move |sql| Box::pin(groups::delete_group(sql, account, group))).await
    }

    async fn operators(&self, account: AccountId) -> Result<Vec<Operator>, StoreError> {
        self.read(move |sql| Box::pin(operators::operators(sql, account))).await
    }

    async fn operator(&self, account: AccountId, operator: OperatorId) -> Result<Option<Operator>, StoreError> {
        self.read(move |sql| Box::pin(operators::operator(sql, account, operator))).await
    }

    async fn create_operator(
        &self,
        account: AccountId,
        operator: &Operator,
        password_hash: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let operator = operator.clone();
        let password_hash = password_hash.to_owned();
        self.write(move |sql| Box::pin(operators::create_operator(sql, account, operator, password_hash, at))).await
    }

    async fn change_operator(
        &self,
        account: AccountId,
        before: &Operator,
        after: &Operator,
    ) -> Result<bool, StoreError> {
        let (before, after) = (before.clone(), after.clone());
        self.write(move |sql| Box::pin(operators::change_operator(sql, account, before, after))).await
    }

    async fn set_password(&self, account: AccountId, operator: OperatorId, hash: &str) -> Result<bool, StoreError> {
        let hash = hash.to_owned();
        self.write(move |sql| Box::pin(operators::set_password(sql, account, operator, hash))).await
    }

    async fn delete_operator(&self, account: AccountId, operator: OperatorId) -> Result<bool, StoreError> {
        self.write(move |sql| Box::pin(operators::delete_operator(sql, account, operator))).await
    }

    async fn credentials(&self, email: &str) -> Result<Vec<Credentials>, StoreError> {
        let email = email.to_owned();
        self.read(move |sql| Box::pin(operators::credentials(sql, email))).await
    }

    async fn memberships(
        &self,
        account: AccountId,
        group: Option<&GroupId>,
        operator: Option<OperatorId>,
    ) -> Result<Vec<Membership>, StoreError> {
        let group = group.cloned();
        self.read(move |sql| Box::pin(groups::memberships(sql, account, group, operator))).await
    }

    async fn put_membership(&self, account: AccountId, membership: &Membership) -> Result<(), StoreError> {
        let membership = membership.clone();
        self.write(move |sql| Box::pin(groups::put_membership(sql, account, membership))).await
    }

    async fn change_membership(
        &self,
        account: AccountId,
        before: &Membership,
        after: &Membership,
    ) -> Result<bool, StoreError> {
        let (before, after) = (before.clone(), after.clone());
        self.write(move |sql| Box::pin(groups::change_membership(sql, account, before, after))).await
    }

    async fn delete_membership(
        &self,
        account: AccountId,
        group: &GroupId,
        operator: OperatorId,
    ) -> Result<bool, StoreError> {
        let group = group.clone();
        self.write(move |sql| Box::pin(groups::delete_membership(sql, account, group, operator))).await
    }

    async fn create_session(&self, session: &Session) -> Result<(), StoreError> {
        let session = session.clone();
        self.write(move |sql| Box::pin(sessions::create_session(sql, session))).await
    }

    async fn session(&self, token_hash: &[u8; 32], now: Timestamp) -> Result<Option<Session>, StoreError> {
        let token_hash = *token_hash;
        self.read(move |sql| Box::pin(sessions::session(sql, token_hash, now))).await
    }

    async fn touch_session(
        &self,
        token_hash: &[u8; 32],
        used_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let token_hash = *token_hash;
        self.write(move |sql| Box::pin(sessions::touch_session(sql, token_hash, used_at, expires_at))).await
    }

    async fn end_session(&self, token_hash: &[u8; 32]) -> Result<bool, StoreError> {
        let token_hash = *token_hash;
        self.write(move |sql| Box::pin(sessions::end_session(sql, token_hash))).await
    }

    async fn sessions_of(&self, account: AccountId, operator: OperatorId) -> Result<Vec<Session>, StoreError> {
        self.read(move |sql| Box::pin(sessions::sessions_of(sql, account, operator))).await
    }

    async fn failures(&self, key: &str) -> Result<Failures, StoreError> {
        let key = key.to_owned();
        self.read(move |sql| Box::pin(sessions::failures(sql, key))).await
    }

    async fn count_failure(
        &self,
        key: &str,
        at: Timestamp,
        limit: u32,
        pause: std::time::Duration,
    ) -> Result<Failures, StoreError> {
        let key = key.to_owned();
        self.write(move |sql| Box::pin(sessions::count_failure(sql, key, at, limit, pause))).await
    }

    async fn clear_failures(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.write(move |sql| Box::pin(sessions::clear_failures(sql, key))).await
    }

    async fn secret(&self, name: &str, candidate: &[u8]) -> Result<Vec<u8>, StoreError> {
        let name = name.to_owned();
        let candidate = candidate.to_vec();
        self.write(move |sql| Box::pin(sessions::secret(sql, name, candidate))).await
    }
}
