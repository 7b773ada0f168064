//! What people have set of contacts. A contact of whom nothing is set has no row.

use async_trait::async_trait;

use crate::adapters::sql::{Backend, Query, Sql};
use crate::domain::identity::Identity;
use crate::domain::ids::AccountId;
use crate::ports::contacts::{ContactSettings, Contacts};
use crate::ports::store::StoreError;

#[async_trait]
impl<B: Backend> Contacts for B {
    async fn contact(&self, account: AccountId, contact: &Identity) -> Result<ContactSettings, StoreError> {
        let key = contact.key();
        self.read(move |sql| Box::pin(contact_of(sql, account, key))).await
    }

    async fn change_contact(
        &self,
        account: AccountId,
        contact: &Identity,
        before: ContactSettings,
        after: ContactSettings,
    ) -> Result<bool, StoreError> {
        let key = contact.key();
        self.write(move |sql| Box::pin(change(sql, account, key, before, after))).await
    }
}

async fn contact_of(sql: &mut dyn Sql, account: AccountId, key: String) -> Result<ContactSettings, StoreError> {
    let query = Query::new("SELECT priority FROM contact WHERE account = $1 AND id = $2").arg(account).arg(key);
    let Some(priority) = sql.run(query).await?.first(|mut row| row.int())? else {
        return Ok(ContactSettings::default());
    };
    let corrupt = |_| StoreError::Corrupt(format!("a contact's priority of {priority}"));
    Ok(ContactSettings { priority: i32::try_from(priority).map_err(corrupt)? })
}

async fn change(
    sql: &mut dyn Sql,
    account: AccountId,
    key: String,
    before: ContactSettings,
    after: ContactSettings,
) -> Result<bool, StoreError> {
    // Nothing set reads as the usual: only whoever has seen that may be the first to set something.
    let (was, is) = (i64::from(before.priority), i64::from(after.priority));
    let query = if before == ContactSettings::default() {
        let first = Query::new(
            "INSERT INTO contact (account, id, priority) VALUES ($1, $2, $3) ON CONFLICT (account, id) DO UPDATE SET \
             priority = excluded.priority WHERE contact.priority = $4",
        );
        first.arg(account).arg(key).arg(is).arg(was)
    } else {
        let again = Query::new("UPDATE contact SET priority = $1 WHERE account = $2 AND id = $3 AND priority = $4");
        again.arg(is).arg(account).arg(key).arg(was)
    };
    Ok(sql.run(query).await?.affected > 0)
}
