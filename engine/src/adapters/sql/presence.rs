//! Presence, rosters, and counters set right.

use async_trait::async_trait;

use crate::adapters::sql::{Backend, Query, Row, Sql, receiving, remembered};
use crate::domain::group::{Handling, Status};
use crate::domain::ids::{AccountId, CommandId, GroupId, OperatorId};
use crate::domain::limits::COMMANDS_REMEMBERED;
use crate::domain::operator::PresenceRules;
use crate::domain::time::Timestamp;
use crate::ports::journal::Remembered;
use crate::ports::presence::{Drift, Presence, PresenceRow, ReceivingOutcome, ReceivingSet, RosterRow, Watched};
use crate::ports::store::StoreError;
use crate::protocol::operator::OperatorNow;

#[async_trait]
impl<B: Backend> Presence for B {
    async fn own_presence(&self, account: AccountId, operator: OperatorId) -> Result<Option<PresenceRow>, StoreError> {
        self.write(move |sql| {
            Box::pin(async move {
                let query = Query::new(
                    "UPDATE operator SET session_epoch = session_epoch + 1 WHERE id = $1 AND account = $2 \
                     RETURNING id, status, status_since, expired_in_a_row, last_seen_at, session_epoch, max_chats, held, load_version",
                );
                sql.run(query.arg(operator.0).arg(account)).await?.first(|mut row| {
                    Ok(PresenceRow {
                        operator: OperatorId(row.uuid()?),
                        status: row.named(Status::parse)?,
                        since: row.time()?,
                        expired_in_a_row: row.u32()?,
                        last_seen_at: row.time()?,
                        session_epoch: row.u64()?,
                        limit: row.opt_u32()?,
                        held: row.u32()?,
                        version: row.u64()?,
                    })
                })
            })
        })
        .await
    }

    async fn set_status(
        &self,
        account: AccountId,
        operator: OperatorId,
        status: Status,
        at: Timestamp,
        command: Option<(CommandId, Remembered)>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| Box::pin(set_status(sql, account, operator, status, at, command))).await
    }

    async fn set_expired_in_a_row(
        &self,
        account: AccountId,
        operator: OperatorId,
        count: u32,
    ) -> Result<(), StoreError> {
        let query = Query::new("UPDATE operator SET expired_in_a_row = $1 WHERE id = $2 AND account = $3");
        let query = query.arg(count).arg(operator.0).arg(account);
        self.write(move |sql| Box::pin(async move { sql.run(query).await.map(drop) })).await
    }

    async fn set_receiving(
        &self,
        account: AccountId,
        group: &GroupId,
        operator: OperatorId,
        active: bool,
        by: ReceivingSet,
    ) -> Result<ReceivingOutcome, StoreError> {
        let group = group.clone();
        self.write(move |sql| Box::pin(receiving::set_receiving(sql, account, group, operator, active, by))).await
    }

    async fn presence_rules(&self, account: AccountId) -> Result<Option<PresenceRules>, StoreError> {
        self.read(move |sql| Box::pin(receiving::rules(sql, account))).await
    }

    async fn change_presence_rules(
        &self,
        account: AccountId,
        before: Option<PresenceRules>,
        after: PresenceRules,
    ) -> Result<bool, StoreError> {
        self.write(move |sql| Box::pin(receiving::change_rules(sql, account, before, after))).await
    }

    async fn seen(&self, operators: &[(AccountId, OperatorId)], at: Timestamp) -> Result<(), StoreError> {
        let operators = operators.to_vec();
        self.write(move |sql| {
            Box::pin(async move {
                for (account, operator) in operators {
                    let query = Query::new(
                        "UPDATE operator SET last_seen_at = $1 WHERE id = $2 AND account = $3 AND last_seen_at < $4",
                    );
                    sql.run(query.arg(at).arg(operator.0).arg(account).arg(at)).await?;
                }
                Ok(())
            })
        })
        .await
    }

    async fn roster(&self, account: AccountId, group: &GroupId) -> Result<Vec<RosterRow>, StoreError> {
        let group = group.clone();
        self.read(move |sql| Box::pin(roster(sql, account, group))).await
    }

    async fn attendance(&self, account: AccountId, of: &Watched) -> Result<Vec<OperatorNow>, StoreError> {
        let of = of.clone();
        self.read(move |sql| Box::pin(receiving::attendance(sql, account, of))).await
    }

    async fn latest_moment(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|sql| {
            Box::pin(async {
                let query = Query::new(
                    "SELECT max(at) FROM (SELECT max(last_seen_at) AS at FROM operator \
                     UNION ALL SELECT max(status_since) FROM operator \
                     UNION ALL SELECT max(last_ended_at) FROM operator \
                     UNION ALL SELECT max(queued_at) FROM chat WHERE state <> 'ended' \
                     UNION ALL SELECT max(assigned_at) FROM chat WHERE state <> 'ended') moments",
                );
                Ok(sql.run(query).await?.first(|mut row| row.opt_time())?.flatten())
            })
        })
        .await
    }

    async fn recount(&self, account: AccountId) -> Result<Vec<Drift>, StoreError> {
        self.write(move |sql| Box::pin(recount(sql, account))).await
    }
}

async fn set_status(
    sql: &mut dyn Sql,
    account: AccountId,
    operator: OperatorId,
    status: Status,
    at: Timestamp,
    command: Option<(CommandId, Remembered)>,
) -> Result<(), StoreError> {
    if let Some((command, answer)) = command
        && !once(sql, account, operator, command, answer, at).await?
    {
        return Ok(());
    }
    let query = Query::new(
        "UPDATE operator SET status_since = CASE WHEN status = $1 THEN status_since ELSE $2 END, status = $3, \
         expired_in_a_row = 0 WHERE id = $4 AND account = $5",
    );
    let query = query.arg(status.as_str()).arg(at).arg(status.as_str()).arg(operator.0).arg(account);
    match sql.run(query).await?.affected {
        0 => Err(StoreError::Conflict("there is no such operator".into())),
        _ => Ok(()),
    }
}

/// Remembers a command's answer; `false`: it was done before.
pub(super) async fn once(
    sql: &mut dyn Sql,
    account: AccountId,
    sender: OperatorId,
    command: CommandId,
    answer: Remembered,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sender = sender.to_string();
    match remembered::remembered(sql, account, sender.clone(), command.clone()).await? {
        Some(earlier) if earlier.digest == answer.digest => Ok(false),
        Some(_) => Err(StoreError::Conflict("the same id with other content".into())),
        None => {
            remembered::remember(sql, account, sender, command, answer, at + COMMANDS_REMEMBERED).await?;
            Ok(true)
        }
    }
}

async fn roster(sql: &mut dyn Sql, account: AccountId, group: GroupId) -> Result<Vec<RosterRow>, StoreError> {
    let query = Query::new(
        "SELECT o.id, o.name, m.handling, m.active AND (o.profile IS NULL OR EXISTS (SELECT 1 FROM profile_group p \
         WHERE p.account = m.account AND p.profile = o.profile AND p.grp = m.grp)), m.max_chats, o.max_chats, o.held, o.reserved, m.held, m.reserved, \
         o.status, o.status_since, o.last_ended_at, o.load_version, o.skills \
         FROM membership m JOIN operator o ON o.account = m.account AND o.id = m.operator \
         WHERE m.account = $1 AND m.grp = $2 ORDER BY o.id",
    );
    sql.run(query.arg(account).arg(group.as_str())).await?.all(|mut row| {
        Ok(RosterRow {
            operator: OperatorId(row.uuid()?),
            name: row.text()?,
            handling: row.named(Handling::parse)?,
            active: row.bool()?,
            group_limit: row.opt_u32()?,
            limit: row.opt_u32()?,
            held: row.u32()?,
            reserved: row.u32()?,
            group_held: row.u32()?,
            group_reserved: row.u32()?,
            status: row.named(Status::parse)?,
            since: row.time()?,
            last_ended_at: row.opt_time()?,
            version: row.u64()?,
            skills: row.json()?,
        })
    })
}

/// Who has how many, by the counters and in truth.
struct Count {
    operator: OperatorId,
    group: Option<GroupId>,
    counted: (u32, u32),
    true_count: (u32, u32),
}

async fn recount(sql: &mut dyn Sql, account: AccountId) -> Result<Vec<Drift>, StoreError> {
    // Slot changes begin with the operator's row: holding all of them holds every counter of the account.
    let mut hold = Query::new("SELECT id FROM operator WHERE account = $1 ORDER BY id").arg(account);
    hold.push(sql.dialect().for_update());
    sql.run(hold).await?;
    let overall = Query::new(
        "SELECT o.id, NULL, o.held, o.reserved, coalesce(h.n, 0), coalesce(r.n, 0) FROM operator o \
         LEFT JOIN (SELECT owner, count(*) AS n FROM (SELECT owner FROM chat WHERE account = $1 AND state = 'active' \
         UNION ALL SELECT g.operator FROM guest g JOIN chat c ON c.id = g.chat \
         WHERE g.account = $2 AND c.state = 'active') held GROUP BY owner) h \
         ON h.owner = o.id \
         LEFT JOIN (SELECT operator, count(*) AS n FROM offer WHERE account = $3 AND holds GROUP BY operator) r \
         ON r.operator = o.id \
         WHERE o.account = $4 AND (o.held <> coalesce(h.n, 0) OR o.reserved <> coalesce(r.n, 0)) ORDER BY o.id",
    );
    let mut counts = sql.run(overall.arg(account).arg(account).arg(account).arg(account)).await?.all(count)?;
    let by_group = Query::new(
        "SELECT m.operator, m.grp, m.held, m.reserved, coalesce(h.n, 0), coalesce(r.n, 0) FROM membership m \
         LEFT JOIN (SELECT owner, grp, count(*) AS n FROM \
         (SELECT owner, grp FROM chat WHERE account = $1 AND state = 'active' \
         UNION ALL SELECT g.operator, g.grp FROM guest g JOIN chat c ON c.id = g.chat \
         WHERE g.account = $2 AND c.state = 'active') held GROUP BY owner, grp) h ON h.owner = m.operator AND h.grp = m.grp \
         LEFT JOIN (SELECT operator, grp, count(*) AS n FROM offer WHERE account = $3 AND holds \
         GROUP BY operator, grp) r \
         ON r.operator = m.operator AND r.grp = m.grp \
         WHERE m.account = $4 AND (m.held <> coalesce(h.n, 0) OR m.reserved <> coalesce(r.n, 0)) \
         ORDER BY m.operator, m.grp",
    );
    counts.extend(sql.run(by_group.arg(account).arg(account).arg(account).arg(account)).await?.all(count)?);
    for wrong in &counts {
        set_right(sql, account, wrong).await?;
    }
    counts.sort_by(|a, b| (a.operator, &a.group).cmp(&(b.operator, &b.group)));
    let drift = |c: Count| Drift { operator: c.operator, group: c.group, counted: c.counted, true_count: c.true_count };
    Ok(counts.into_iter().map(drift).collect())
}

fn count(mut row: Row) -> Result<Count, StoreError> {
    Ok(Count {
        operator: OperatorId(row.uuid()?),
        group: row.opt_parsed()?,
        counted: (row.u32()?, row.u32()?),
        true_count: (row.u32()?, row.u32()?),
    })
}

async fn set_right(sql: &mut dyn Sql, account: AccountId, wrong: &Count) -> Result<(), StoreError> {
    let (held, reserved) = wrong.true_count;
    if let Some(group) = &wrong.group {
        let query = Query::new(
            "UPDATE membership SET held = $1, reserved = $2 WHERE account = $3 AND grp = $4 AND operator = $5",
        );
        let query = query.arg(held).arg(reserved).arg(account).arg(group.as_str());
        sql.run(query.arg(wrong.operator.0)).await?;
        let raise = Query::new("UPDATE operator SET load_version = load_version + 1 WHERE id = $1 AND account = $2");
        return sql.run(raise.arg(wrong.operator.0).arg(account)).await.map(drop);
    }
    let query = Query::new(
        "UPDATE operator SET held = $1, reserved = $2, load_version = load_version + 1 WHERE id = $3 AND account = $4",
    );
    sql.run(query.arg(held).arg(reserved).arg(wrong.operator.0).arg(account)).await.map(drop)
}
