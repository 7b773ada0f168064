//! Groups and memberships.

use std::time::Duration;

use crate::adapters::sql::value::json;
use crate::adapters::sql::{Query, Row, Sql, closings};
use crate::domain::group::{GroupSettings, Handling, Membership, OfferMode};
use crate::domain::ids::{AccountId, GroupId, OperatorId};
use crate::ports::closings::CHATS_COME;
use crate::ports::store::StoreError;

const GROUP_COLUMNS: &str =
    "SELECT id, department, name, offer_mode, offer_expires_after_ms, connection_timeout_ms, rules FROM grp ";

pub(super) async fn groups(sql: &mut dyn Sql, account: AccountId) -> Result<Vec<GroupSettings>, StoreError> {
    let mut query = Query::new(GROUP_COLUMNS).arg(account);
    query.push("WHERE account = $1 ORDER BY name, id");
    sql.run(query).await?.all(read_group)
}

pub(super) async fn group(
    sql: &mut dyn Sql,
    account: AccountId,
    group: GroupId,
) -> Result<Option<GroupSettings>, StoreError> {
    let mut query = Query::new(GROUP_COLUMNS).arg(account).arg(group.as_str());
    query.push("WHERE account = $1 AND id = $2");
    sql.run(query).await?.first(read_group)
}

fn read_group(mut row: Row) -> Result<GroupSettings, StoreError> {
    Ok(GroupSettings {
        id: row.parsed()?,
        department: row.parsed()?,
        name: row.text()?,
        offer_mode: row.named(OfferMode::parse)?,
        offer_expires_after: Duration::from_millis(row.u64()?),
        connection_timeout: Duration::from_millis(row.u64()?),
        rules: row.json()?,
    })
}

pub(super) async fn put_group(sql: &mut dyn Sql, account: AccountId, group: GroupSettings) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO grp (account, id, department, name, offer_mode, offer_expires_after_ms, connection_timeout_ms, \
         rules) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account, id) DO UPDATE SET \
         department = excluded.department, name = excluded.name, offer_mode = excluded.offer_mode, \
         offer_expires_after_ms = excluded.offer_expires_after_ms, \
         connection_timeout_ms = excluded.connection_timeout_ms, rules = excluded.rules",
    );
    let query = query.arg(account).arg(group.id.as_str()).arg(group.department.as_str()).arg(group.name);
    let query = query.arg(group.offer_mode.as_str()).arg(millis(group.offer_expires_after));
    sql.run(query.arg(millis(group.connection_timeout)).arg(json(&group.rules)?)).await.map(drop)
}

/// Changes a group if it is still as it was seen.
pub(super) async fn change_group(
    sql: &mut dyn Sql,
    account: AccountId,
    before: GroupSettings,
    after: GroupSettings,
) -> Result<bool, StoreError> {
    let mut hold = Query::new(GROUP_COLUMNS).arg(account).arg(before.id.as_str());
    hold.push("WHERE account = $1 AND id = $2").push(sql.dialect().for_update());
    let same = sql.run(hold).await?.first(read_group)?.is_some_and(|there| there == before);
    if same {
        put_group(sql, account, after).await?;
    }
    Ok(same)
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

pub(super) async fn delete_group(sql: &mut dyn Sql, account: AccountId, group: GroupId) -> Result<bool, StoreError> {
    // All of them, for others may name it: in one order, so that nobody waits for each other.
    let mut hold = Query::new(GROUP_COLUMNS).arg(account);
    hold.push("WHERE account = $1 ORDER BY id").push(sql.dialect().for_update());
    let all = sql.run(hold).await?.all(read_group)?;
    if !all.iter().any(|one| one.id == group) {
        return Ok(false);
    }
    if closings::lead_to(sql, account, &group).await? {
        return Err(StoreError::Conflict(CHATS_COME.into()));
    }
    let open = Query::new(
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM chat WHERE account = $1 AND grp = $2 AND state = 'waiting') \
         OR EXISTS (SELECT 1 FROM chat WHERE account = $3 AND grp = $4 AND state = 'active')",
    );
    let open = open.arg(account).arg(group.as_str()).arg(account).arg(group.as_str());
    if !sql.run(open).await?.rows.is_empty() {
        return Err(StoreError::Conflict("a chat waits or runs in the group".into()));
    }
    let delete = Query::new("DELETE FROM grp WHERE account = $1 AND id = $2").arg(account).arg(group.as_str());
    let gone = sql.run(delete).await?.affected > 0;
    for mut other in all {
        if other.id != group && other.rules.forget(&group) {
            put_group(sql, account, other).await?;
        }
    }
    Ok(gone)
}

/// Whether the group is there; it is held until the end of the transaction.
pub(super) async fn there(sql: &mut dyn Sql, account: AccountId, group: &GroupId) -> Result<bool, StoreError> {
    let mut query = Query::new("SELECT 1 FROM grp WHERE account = $1 AND id = $2");
    query.push(sql.dialect().for_update());
    Ok(!sql.run(query.arg(account).arg(group.as_str())).await?.rows.is_empty())
}

pub(super) async fn memberships(
    sql: &mut dyn Sql,
    account: AccountId,
    group: Option<GroupId>,
    operator: Option<OperatorId>,
) -> Result<Vec<Membership>, StoreError> {
    let query = Query::new("SELECT grp, operator, handling, max_chats, active FROM membership WHERE account = $1");
    let mut query = query.arg(account);
    if let Some(group) = group {
        query.push(" AND grp = ").push_arg(group.as_str());
    }
    if let Some(operator) = operator {
        query.push(" AND operator = ").push_arg(operator.0);
    }
    query.push(" ORDER BY grp, operator");
    sql.run(query).await?.all(|mut row| {
        Ok(Membership {
            group: row.parsed()?,
            operator: OperatorId(row.uuid()?),
            handling: row.named(Handling::parse)?,
            limit: row.opt_u32()?,
            active: row.bool()?,
        })
    })
}

pub(super) async fn put_membership(
    sql: &mut dyn Sql,
    account: AccountId,
    membership: Membership,
) -> Result<(), StoreError> {
    let (group, operator) = (membership.group.as_str(), membership.operator.0);
    // Slot changes begin with the operator's row: while it is held, what a new member holds in the group stays true.
    let mut hold = Query::new("SELECT 1 FROM operator WHERE id = $1 AND account = $2").arg(operator).arg(account);
    hold.push(sql.dialect().for_update());
    if sql.run(hold).await?.rows.is_empty() {
        return Err(StoreError::Conflict("there is no such operator".into()));
    }
    let query = Query::new(
        "INSERT INTO membership (account, grp, operator, handling, max_chats, active, held, reserved) \
         VALUES ($1, $2, $3, $4, $5, $6, \
         (SELECT count(*) FROM chat WHERE account = $7 AND owner = $8 AND grp = $9 AND state = 'active') \
         + (SELECT count(*) FROM guest g JOIN chat c ON c.id = g.chat \
         WHERE g.account = $10 AND g.operator = $11 AND g.grp = $12 AND c.state = 'active'), \
         (SELECT count(*) FROM offer WHERE account = $13 AND operator = $14 AND grp = $15 AND holds)) \
         ON CONFLICT (account, grp, operator) DO UPDATE SET \
         handling = excluded.handling, max_chats = excluded.max_chats, active = excluded.active",
    );
    let query = query.arg(account).arg(group).arg(operator).arg(membership.handling.as_str()).arg(membership.limit);
    let query = query.arg(membership.active).arg(account).arg(operator).arg(group);
    sql.run(query.arg(account).arg(operator).arg(group).arg(account).arg(operator).arg(group)).await?;
    if membership.active && closings::takes_nothing_new(sql, account, &membership.group).await? {
        return Err(StoreError::Conflict("the group is being removed".into()));
    }
    Ok(())
}

/// Changes a membership if it is still as it was seen.
pub(super) async fn change_membership(
    sql: &mut dyn Sql,
    account: AccountId,
    before: Membership,
    after: Membership,
) -> Result<bool, StoreError> {
    // As for every change of a membership: the operator's row first.
    let mut hold = Query::new("SELECT 1 FROM operator WHERE id = $1 AND account = $2");
    hold.push(sql.dialect().for_update());
    sql.run(hold.arg(before.operator.0).arg(account)).await?;
    let there = memberships(sql, account, Some(before.group.clone()), Some(before.operator)).await?;
    let same = there.first() == Some(&before);
    if same {
        put_membership(sql, account, after).await?;
    }
    Ok(same)
}

pub(super) async fn delete_membership(
    sql: &mut dyn Sql,
    account: AccountId,
    group: GroupId,
    operator: OperatorId,
) -> Result<bool, StoreError> {
    let query = Query::new("DELETE FROM membership WHERE account = $1 AND grp = $2 AND operator = $3");
    Ok(sql.run(query.arg(account).arg(group.as_str()).arg(operator.0)).await?.affected > 0)
}
