//! Operators and what they sign in with.

use crate::adapters::sql::closings::has_chats;
use crate::adapters::sql::value::json;
use crate::adapters::sql::{Query, Row, Sql};
use crate::domain::ids::{AccountId, OperatorId};
use crate::domain::permission::StaffRole;
use crate::domain::time::Timestamp;
use crate::ports::staff::{Credentials, Operator};
use crate::ports::store::StoreError;

const OPERATOR_COLUMNS: &str = "SELECT id, email, name, role, max_chats, disabled, skills FROM operator ";

pub(super) async fn operators(sql: &mut dyn Sql, account: AccountId) -> Result<Vec<Operator>, StoreError> {
    let mut query = Query::new(OPERATOR_COLUMNS).arg(account);
    query.push("WHERE account = $1 ORDER BY name, id");
    sql.run(query).await?.all(|mut row| read_operator(&mut row))
}

pub(super) async fn operator(
    sql: &mut dyn Sql,
    account: AccountId,
    operator: OperatorId,
) -> Result<Option<Operator>, StoreError> {
    let mut query = Query::new(OPERATOR_COLUMNS).arg(operator.0).arg(account);
    query.push("WHERE id = $1 AND account = $2");
    sql.run(query).await?.first(|mut row| read_operator(&mut row))
}

fn read_operator(row: &mut Row) -> Result<Operator, StoreError> {
    Ok(Operator {
        id: OperatorId(row.uuid()?),
        email: row.text()?,
        name: row.text()?,
        role: row.named(StaffRole::parse)?,
        limit: row.opt_u32()?,
        disabled: row.bool()?,
        skills: row.json()?,
    })
}

/// An address without case, as it is compared.
fn email_key(email: &str) -> String {
    email.to_lowercase()
}

pub(super) async fn create_operator(
    sql: &mut dyn Sql,
    account: AccountId,
    operator: Operator,
    password_hash: String,
    at: Timestamp,
) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO operator (id, account, email, email_key, name, role, max_chats, disabled, skills, \
         password_hash, created_at, status_since, last_seen_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    );
    let key = email_key(&operator.email);
    let query = query.arg(operator.id.0).arg(account).arg(operator.email).arg(key).arg(operator.name);
    let query = query.arg(operator.role.as_str()).arg(operator.limit).arg(operator.disabled);
    let query = query.arg(json(&operator.skills)?).arg(password_hash);
    sql.run(query.arg(at).arg(at).arg(at)).await.map(drop)
}

/// Changes an operator if they are still as they were seen.
pub(super) async fn change_operator(
    sql: &mut dyn Sql,
    account: AccountId,
    before: Operator,
    operator: Operator,
) -> Result<bool, StoreError> {
    let mut hold = Query::new(OPERATOR_COLUMNS).arg(before.id.0).arg(account);
    hold.push("WHERE id = $1 AND account = $2").push(sql.dialect().for_update());
    let there = sql.run(hold).await?.first(|mut row| read_operator(&mut row))?;
    if there != Some(before) {
        return Ok(false);
    }
    let query = Query::new(
        "UPDATE operator SET email = $1, email_key = $2, name = $3, role = $4, max_chats = $5, disabled = $6, \
         skills = $7 WHERE id = $8 AND account = $9",
    );
    let key = email_key(&operator.email);
    let query = query.arg(operator.email).arg(key).arg(operator.name).arg(operator.role.as_str());
    let query = query.arg(operator.limit).arg(operator.disabled).arg(json(&operator.skills)?);
    let query = query.arg(operator.id.0).arg(account);
    Ok(sql.run(query).await?.affected > 0)
}

pub(super) async fn set_password(
    sql: &mut dyn Sql,
    account: AccountId,
    operator: OperatorId,
    hash: String,
) -> Result<bool, StoreError> {
    let change = Query::new("UPDATE operator SET password_hash = $1 WHERE id = $2 AND account = $3");
    if sql.run(change.arg(hash).arg(operator.0).arg(account)).await?.affected == 0 {
        return Ok(false);
    }
    let end = Query::new("DELETE FROM session WHERE account = $1 AND operator = $2").arg(account).arg(operator.0);
    sql.run(end).await?;
    Ok(true)
}

pub(super) async fn delete_operator(
    sql: &mut dyn Sql,
    account: AccountId,
    operator: OperatorId,
) -> Result<bool, StoreError> {
    // Held from here on: no chat can become theirs between the question and the removal.
    let mut hold = Query::new("SELECT 1 FROM operator WHERE id = $1 AND account = $2").arg(operator.0).arg(account);
    hold.push(sql.dialect().for_update());
    if sql.run(hold).await?.rows.is_empty() {
        return Ok(false);
    }
    if has_chats(sql, account, operator).await? {
        return Err(StoreError::Conflict("a chat of the operator runs".into()));
    }
    let delete = Query::new("DELETE FROM operator WHERE id = $1 AND account = $2").arg(operator.0).arg(account);
    Ok(sql.run(delete).await?.affected > 0)
}

pub(super) async fn credentials(sql: &mut dyn Sql, email: String) -> Result<Vec<Credentials>, StoreError> {
    let query = Query::new(
        "SELECT account, password_hash, id, email, name, role, max_chats, disabled, skills FROM operator \
         WHERE email_key = $1 ORDER BY account",
    );
    sql.run(query.arg(email_key(&email))).await?.all(|mut row| {
        Ok(Credentials { account: row.account()?, password_hash: row.text()?, operator: read_operator(&mut row)? })
    })
}
