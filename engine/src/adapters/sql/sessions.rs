//! Browser sessions, failures to sign in, and secrets of the installation.

use std::time::Duration;

use crate::adapters::sql::{Query, Row, Sql};
use crate::domain::ids::{AccountId, OperatorId};
use crate::domain::time::Timestamp;
use crate::ports::staff::{Failures, Session};
use crate::ports::store::StoreError;

const SESSION_COLUMNS: &str = "SELECT token_hash, account, operator, csrf_hash, created_at, used_at, expires_at, \
    user_agent, address FROM session ";

pub(super) async fn create_session(sql: &mut dyn Sql, session: Session) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO session (token_hash, account, operator, csrf_hash, created_at, used_at, expires_at, user_agent, \
         address) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    );
    let query = query.arg(&session.token_hash[..]).arg(session.account).arg(session.operator.0);
    let query = query.arg(&session.csrf_hash[..]).arg(session.created_at).arg(session.used_at);
    sql.run(query.arg(session.expires_at).arg(session.user_agent).arg(session.address)).await.map(drop)
}

pub(super) async fn session(
    sql: &mut dyn Sql,
    token_hash: [u8; 32],
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let mut query = Query::new(SESSION_COLUMNS).arg(&token_hash[..]).arg(now);
    query.push("WHERE token_hash = $1 AND expires_at > $2");
    sql.run(query).await?.first(read_session)
}

pub(super) async fn sessions_of(
    sql: &mut dyn Sql,
    account: AccountId,
    operator: OperatorId,
) -> Result<Vec<Session>, StoreError> {
    let mut query = Query::new(SESSION_COLUMNS).arg(account).arg(operator.0);
    query.push("WHERE account = $1 AND operator = $2 ORDER BY used_at DESC, token_hash");
    sql.run(query).await?.all(read_session)
}

fn read_session(mut row: Row) -> Result<Session, StoreError> {
    Ok(Session {
        token_hash: row.bytes32()?,
        account: row.account()?,
        operator: OperatorId(row.uuid()?),
        csrf_hash: row.bytes32()?,
        created_at: row.time()?,
        used_at: row.time()?,
        expires_at: row.time()?,
        user_agent: row.text()?,
        address: row.text()?,
    })
}

pub(super) async fn touch_session(
    sql: &mut dyn Sql,
    token_hash: [u8; 32],
    used_at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let query = Query::new("UPDATE session SET used_at = $1, expires_at = $2 WHERE token_hash = $3");
    sql.run(query.arg(used_at).arg(expires_at).arg(&token_hash[..])).await.map(drop)
}

pub(super) async fn end_session(sql: &mut dyn Sql, token_hash: [u8; 32]) -> Result<bool, StoreError> {
    let query = Query::new("DELETE FROM session WHERE token_hash = $1").arg(&token_hash[..]);
    Ok(sql.run(query).await?.affected > 0)
}

pub(super) async fn failures(sql: &mut dyn Sql, key: String) -> Result<Failures, StoreError> {
    let query = Query::new("SELECT count, pause_until FROM failure WHERE key = $1").arg(key);
    let found = sql.run(query).await?.first(read_failures)?;
    Ok(found.unwrap_or_default())
}

fn read_failures(mut row: Row) -> Result<Failures, StoreError> {
    Ok(Failures { count: row.u32()?, until: row.opt_time()? })
}

pub(super) async fn count_failure(
    sql: &mut dyn Sql,
    key: String,
    at: Timestamp,
    limit: u32,
    pause: Duration,
) -> Result<Failures, StoreError> {
    // One more than before, or the first after a pause that is over.
    let count = Query::new(
        "INSERT INTO failure (key, count, pause_until, latest_at) VALUES ($1, 1, NULL, $2) \
         ON CONFLICT (key) DO UPDATE SET \
         count = CASE WHEN failure.pause_until <= excluded.latest_at THEN 1 ELSE failure.count + 1 END, \
         pause_until = CASE WHEN failure.pause_until <= excluded.latest_at THEN NULL ELSE failure.pause_until END, \
         latest_at = excluded.latest_at",
    );
    sql.run(count.arg(key.as_str()).arg(at)).await?;
    let pause_from_here =
        Query::new("UPDATE failure SET pause_until = $1 WHERE key = $2 AND count >= $3 AND pause_until IS NULL");
    sql.run(pause_from_here.arg(at + pause).arg(key.as_str()).arg(limit)).await?;
    failures(sql, key).await
}

pub(super) async fn clear_failures(sql: &mut dyn Sql, key: String) -> Result<(), StoreError> {
    sql.run(Query::new("DELETE FROM failure WHERE key = $1").arg(key)).await.map(drop)
}

pub(super) async fn secret(sql: &mut dyn Sql, name: String, candidate: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    let make = Query::new("INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING");
    sql.run(make.arg(name.as_str()).arg(&candidate[..])).await?;
    let kept = sql.run(Query::new("SELECT value FROM secret WHERE name = $1").arg(name)).await?;
    kept.first(|mut row| row.bytes())?.ok_or_else(|| StoreError::Corrupt("a new secret is gone".into()))
}
