//! How much of the slots was in use.

use std::time::Duration;

use async_trait::async_trait;

use crate::adapters::sql::{Backend, Query, Row, Sql};
use crate::domain::ids::AccountId;
use crate::domain::report::Work;
use crate::domain::time::Timestamp;
use crate::ports::store::StoreError;
use crate::ports::work::{WorkLog, WorkQuery, WorkRow};

#[async_trait]
impl<B: Backend> WorkLog for B {
    async fn add_work(&self, rows: &[WorkRow]) -> Result<(), StoreError> {
        let rows = rows.to_vec();
        self.write(move |sql| Box::pin(add(sql, rows))).await
    }

    async fn work_of_each(&self, account: AccountId, query: &WorkQuery) -> Result<Vec<(String, Work)>, StoreError> {
        let query = asked("SELECT whose", account, query, " GROUP BY whose ORDER BY whose");
        self.read(move |sql| {
            Box::pin(async move { sql.run(query).await?.all(|mut row| Ok((row.text()?, work(&mut row)?))) })
        })
        .await
    }

    async fn work_by_hour(&self, account: AccountId, query: &WorkQuery) -> Result<Vec<(Timestamp, Work)>, StoreError> {
        let query = asked("SELECT hour", account, query, " GROUP BY hour ORDER BY hour");
        self.read(move |sql| {
            Box::pin(async move { sql.run(query).await?.all(|mut row| Ok((row.time()?, work(&mut row)?))) })
        })
        .await
    }

    async fn forget_work(&self, before: Timestamp) -> Result<(), StoreError> {
        self.write(move |sql| {
            Box::pin(async move {
                sql.run(Query::new("DELETE FROM work WHERE hour < $1").arg(before)).await?;
                Ok(())
            })
        })
        .await
    }
}

async fn add(sql: &mut dyn Sql, rows: Vec<WorkRow>) -> Result<(), StoreError> {
    for row in rows {
        let query = Query::new(
            "INSERT INTO work (account, kind, hour, whose, slot_ms, used_ms) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (account, kind, hour, whose) DO UPDATE \
             SET slot_ms = work.slot_ms + excluded.slot_ms, used_ms = work.used_ms + excluded.used_ms",
        );
        let query = query.arg(row.account).arg(row.whose.kind()).arg(row.hour).arg(row.whose.id());
        sql.run(query.arg(millis(row.work.slots)).arg(millis(row.work.used))).await?;
    }
    Ok(())
}

fn asked(select: &'static str, account: AccountId, asked: &WorkQuery, end: &str) -> Query {
    let mut query = Query::new(select);
    query.push(", CAST(sum(slot_ms) AS BIGINT), CAST(sum(used_ms) AS BIGINT) FROM work WHERE account = ");
    query.push_arg(account).push(" AND kind = ").push_arg(asked.kind);
    query.push(" AND hour >= ").push_arg(asked.from).push(" AND hour < ").push_arg(asked.to);
    if let Some(only) = &asked.only {
        query.push(" AND whose = ").push_arg(only.as_str());
    }
    query.push(end);
    query
}

fn work(row: &mut Row) -> Result<Work, StoreError> {
    Ok(Work { slots: Duration::from_millis(row.u64()?), used: Duration::from_millis(row.u64()?) })
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
