//! Decisions of routing, read by chat.

use async_trait::async_trait;
use serde_json::value::RawValue;

use crate::adapters::sql::{Backend, Query};
use crate::domain::ids::{AccountId, ChatId};
use crate::domain::limits::DECISIONS_PER_CHAT_MAX;
use crate::ports::decisions::{DecisionRow, Decisions};
use crate::ports::store::StoreError;

#[async_trait]
impl<B: Backend> Decisions for B {
    async fn decisions(&self, account: AccountId, chat: ChatId) -> Result<Vec<DecisionRow>, StoreError> {
        self.read(move |sql| {
            Box::pin(async move {
                let mut query = Query::new(
                    "SELECT seq, at, grp, record FROM decision WHERE chat = $1 AND account = $2 ORDER BY seq DESC LIMIT $3",
                );
                query = query.arg(chat.0).arg(account).arg(DECISIONS_PER_CHAT_MAX);
                let mut rows = sql.run(query).await?.all(|mut row| {
                    let (seq, at, group) = (row.u32()?, row.time()?, row.parsed()?);
                    let record = RawValue::from_string(row.text()?);
                    let record = record.map_err(|error| StoreError::Corrupt(error.to_string()))?;
                    Ok(DecisionRow { seq, at, group, record })
                })?;
                rows.reverse();
                Ok(rows)
            })
        })
        .await
    }
}
