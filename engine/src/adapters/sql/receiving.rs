//! From which groups an operator receives, and what the account sets of presence.

use crate::adapters::sql::presence::once;
use crate::adapters::sql::value::json;
use crate::adapters::sql::{Query, Sql};
use crate::adapters::sql::{closings, remembered};
use crate::domain::ids::{AccountId, GroupId, OperatorId};
use crate::domain::operator::PresenceRules;
use crate::ports::presence::{ReceivingOutcome, ReceivingSet};
use crate::ports::store::StoreError;

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
