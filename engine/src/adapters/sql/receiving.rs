//! From which groups operators receive and whether they are there, and what the account sets of presence.

use crate::adapters::sql::presence::once;
use crate::adapters::sql::value::json;
use crate::adapters::sql::{Query, Sql};
use crate::adapters::sql::{closings, remembered};
use crate::domain::group::Status;
use crate::domain::ids::{AccountId, GroupId, OperatorId};
use crate::domain::operator::PresenceRules;
use crate::ports::presence::{ReceivingOutcome, ReceivingSet, Watched};
use crate::ports::store::StoreError;
use crate::protocol::operator::{OperatorNow, ReceivingFrom};

pub(super) async fn set_receiving(
    sql: &mut dyn Sql,
    account: AccountId,
    group: GroupId,
    operator: OperatorId,
    active: bool,
    by: ReceivingSet,
) -> Result<ReceivingOutcome, StoreError> {
    // As for every change of a membership: the operator's row first.
    let mut hold = Query::new("SELECT 1 FROM operator WHERE id = $1 AND account = $2");
    hold.push(sql.dialect().for_update());
    sql.run(hold.arg(operator.0).arg(account)).await?;
    let mut there = Query::new("SELECT 1 FROM membership WHERE account = $1 AND grp = $2 AND operator = $3");
    there.push(sql.dialect().for_update());
    if sql.run(there.arg(account).arg(group.as_str()).arg(operator.0)).await?.rows.is_empty() {
        return Ok(ReceivingOutcome::NoMember);
    }
    if active && closings::takes_nothing_new(sql, account, &group).await? {
        let sender = by.sender.to_string();
        if remembered::remembered(sql, account, sender, by.command.clone()).await?.is_none() {
            return Ok(ReceivingOutcome::GroupCloses);
        }
    }
    if once(sql, account, by.sender, by.command, by.answer, by.at).await? {
        let set = Query::new("UPDATE membership SET active = $1 WHERE account = $2 AND grp = $3 AND operator = $4");
        sql.run(set.arg(active).arg(account).arg(group.as_str()).arg(operator.0)).await?;
    }
    Ok(ReceivingOutcome::Set)
}

/// One row for each group of whoever is looked at, or one without a group.
pub(super) async fn attendance(
    sql: &mut dyn Sql,
    account: AccountId,
    of: Watched,
) -> Result<Vec<OperatorNow>, StoreError> {
    let mut query = Query::new(
        "SELECT o.id, o.status, o.status_since, o.profile, m.grp, coalesce(m.active, FALSE), \
         o.profile IS NOT NULL AND NOT EXISTS (SELECT 1 FROM profile_group p \
         WHERE p.account = m.account AND p.profile = o.profile AND p.grp = m.grp) \
         FROM operator o LEFT JOIN membership m ON m.account = o.account AND m.operator = o.id WHERE o.account = $1",
    )
    .arg(account);
    match of {
        Watched::Members(group) => query.push(" AND m.grp = ").push_arg(group.as_str()),
        Watched::Operator(operator) => query.push(" AND o.id = ").push_arg(operator.0),
    };
    query.push(" ORDER BY o.id, m.grp");
    let rows = sql.run(query).await?.all(|mut row| {
        let now = OperatorNow {
            operator: OperatorId(row.uuid()?),
            status: row.named(Status::parse)?,
            since: row.time()?,
            profile: row.opt_parsed()?,
            groups: Vec::new(),
        };
        let (group, active, left_out) = (row.opt_parsed()?, row.bool()?, row.bool()?);
        Ok((now, group.map(|group| ReceivingFrom { group, active, left_out })))
    })?;
    let mut found: Vec<OperatorNow> = Vec::new();
    for (now, from) in rows {
        if found.last().is_none_or(|last| last.operator != now.operator) {
            found.push(now);
        }
        if let Some(last) = found.last_mut() {
            last.groups.extend(from);
        }
    }
    Ok(found)
}

pub(super) async fn rules(sql: &mut dyn Sql, account: AccountId) -> Result<Option<PresenceRules>, StoreError> {
    let query = Query::new("SELECT presence FROM account WHERE id = $1 AND presence IS NOT NULL");
    sql.run(query.arg(account)).await?.first(|mut row| row.json())
}

/// Changes the rules if they are still as they were seen.
pub(super) async fn change_rules(
    sql: &mut dyn Sql,
    account: AccountId,
    before: Option<PresenceRules>,
    after: PresenceRules,
) -> Result<bool, StoreError> {
    let mut hold = Query::new("SELECT 1 FROM account WHERE id = $1");
    hold.push(sql.dialect().for_update());
    sql.run(hold.arg(account)).await?;
    if rules(sql, account).await? != before {
        return Ok(false);
    }
    let query = Query::new("UPDATE account SET presence = $1 WHERE id = $2");
    Ok(sql.run(query.arg(json(&after)?).arg(account)).await?.affected > 0)
}
