//! Shards and their epochs.

use async_trait::async_trait;

use crate::adapters::sql::{Backend, Query, Row, Sql};
use crate::domain::ids::{AccountId, ChatId, NodeId, Shard};
use crate::ports::shards::{ShardRow, Shards};
use crate::ports::store::StoreError;

#[async_trait]
impl<B: Backend> Shards for B {
    async fn shards(&self) -> Result<Vec<ShardRow>, StoreError> {
        self.read(|sql| {
            Box::pin(async {
                sql.run(Query::new("SELECT id, epoch, owner FROM shard ORDER BY id")).await?.all(shard_row)
            })
        })
        .await
    }

    async fn take_shards(&self, node: &NodeId, shards: &[Shard]) -> Result<Vec<ShardRow>, StoreError> {
        let (node, mut shards) = (node.clone(), shards.to_vec());
        // In one order everywhere: two nodes that take the same shards must not wait for each other.
        shards.sort_unstable();
        shards.dedup();
        self.write(move |sql| Box::pin(take(sql, node, shards))).await
    }

    async fn open_chats(&self, shards: &[Shard]) -> Result<Vec<(AccountId, ChatId)>, StoreError> {
        let shards = shards.to_vec();
        self.read(move |sql| {
            Box::pin(async move {
                let mut query = Query::new("SELECT account, id FROM chat WHERE state <> 'ended' AND shard IN ");
                query.push_list(shards.iter().map(|shard| i64::from(shard.0))).push(" ORDER BY started_at, id");
                sql.run(query).await?.all(|mut row| Ok((row.account()?, ChatId(row.uuid()?))))
            })
        })
        .await
    }
}

async fn take(sql: &mut dyn Sql, node: NodeId, shards: Vec<Shard>) -> Result<Vec<ShardRow>, StoreError> {
    let mut taken = Vec::with_capacity(shards.len());
    for shard in shards {
        // Births hold this row while they last: one that is under way is seen by the scan for open chats after this.
        let query =
            Query::new("UPDATE shard SET epoch = epoch + 1, owner = $1 WHERE id = $2 RETURNING id, epoch, owner");
        let query = query.arg(node.as_str()).arg(i64::from(shard.0));
        taken.extend(sql.run(query).await?.first(shard_row)?);
    }
    Ok(taken)
}

fn shard_row(mut row: Row) -> Result<ShardRow, StoreError> {
    let number = row.int()?;
    let shard = u8::try_from(number).map_err(|_| StoreError::Corrupt(format!("there is no shard {number}")))?;
    Ok(ShardRow { shard: Shard(shard), epoch: row.u64()?, owner: row.opt_parsed()? })
}
