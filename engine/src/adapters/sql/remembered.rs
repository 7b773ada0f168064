//! What commands were answered, so that a repeated one gets the same answer, and when that is forgotten.

use crate::adapters::sql::{Query, Sql};
use crate::domain::ids::{AccountId, CommandId};
use crate::domain::limits::FAILURES_REMEMBERED;
use crate::domain::time::Timestamp;
use crate::ports::journal::Remembered;
use crate::ports::store::StoreError;

pub(super) async fn remembered(
    sql: &mut dyn Sql,
    account: AccountId,
    sender: String,
    command: CommandId,
) -> Result<Option<Remembered>, StoreError> {
    let query = Query::new("SELECT digest, answer FROM remembered WHERE account = $1 AND sender = $2 AND command = $3");
    sql.run(query.arg(account).arg(sender).arg(command.as_str()))
        .await?
        .first(|mut row| Ok(Remembered { digest: row.u64()?, answer: row.text()? }))
}

pub(super) async fn remember(
    sql: &mut dyn Sql,
    account: AccountId,
    sender: String,
    command: CommandId,
    answer: Remembered,
    until: Timestamp,
) -> Result<Remembered, StoreError> {
    let query = Query::new(
        "INSERT INTO remembered (account, sender, command, digest, answer, kept_until) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account, sender, command) DO NOTHING",
    );
    let query = query.arg(account).arg(sender.as_str()).arg(command.as_str());
    let query = query.arg(answer.digest).arg(answer.answer.as_str()).arg(until);
    if sql.run(query).await?.affected == 1 {
        return Ok(answer);
    }
    Ok(remembered(sql, account, sender, command).await?.unwrap_or(answer))
}

/// Removes what need not be remembered any more.
pub(crate) async fn forget(sql: &mut dyn Sql, now: Timestamp) -> Result<(), StoreError> {
    for statement in [
        "DELETE FROM remembered WHERE kept_until <= $1",
        "DELETE FROM birth WHERE kept_until <= $1",
        "DELETE FROM session WHERE expires_at <= $1",
    ] {
        sql.run(Query::new(statement).arg(now)).await?;
    }
    let failures = Query::new("DELETE FROM failure WHERE latest_at <= $1").arg(now - FAILURES_REMEMBERED);
    sql.run(failures).await.map(drop)
}
