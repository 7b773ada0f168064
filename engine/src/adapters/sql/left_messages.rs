//! Messages that visitors left.

use async_trait::async_trait;

use crate::adapters::sql::{Backend, Query, Row, Sql};
use crate::domain::ids::{AccountId, ChatId, LeftMessageId, VisitorId};
use crate::domain::left_message::{LeftMessage, LeftSight, LeftState};
use crate::domain::limits::{LEFT_MESSAGES_MAX, LEFT_MESSAGES_WITHIN};
use crate::ports::journal::Birth;
use crate::ports::left_messages::{Leave, LeaveError, LeftList, LeftMessages, LeftQuery};
use crate::ports::store::StoreError;

const COLUMNS: &str = "SELECT account, id, brand, visitor, name, email, text, department, chat, page, language, \
    created_at, state FROM left_message ";

#[async_trait]
impl<B: Backend> LeftMessages for B {
    async fn leave(&self, leave: Leave) -> Result<LeftMessageId, LeaveError> {
        // The write is refused or done; either way the transaction has nothing to take back.
        self.write(move |sql| Box::pin(async move { keep(sql, leave).await.map_or_else(refused, |id| Ok(Ok(id))) }))
            .await?
    }

    async fn left_messages(&self, account: AccountId, query: &LeftQuery) -> Result<LeftList, StoreError> {
        let query = query.clone();
        self.read(move |sql| Box::pin(list(sql, account, query))).await
    }

    async fn left_message(&self, account: AccountId, id: LeftMessageId) -> Result<Option<LeftMessage>, StoreError> {
        self.read(move |sql| {
            Box::pin(async move {
                let mut query = Query::new(COLUMNS).arg(account).arg(id.0);
                query.push("WHERE account = $1 AND id = $2");
                sql.run(query).await?.first(read)
            })
        })
        .await
    }

    async fn new_left_messages(&self, account: AccountId, sight: &LeftSight) -> Result<u32, StoreError> {
        let sight = sight.clone();
        self.read(move |sql| {
            Box::pin(async move {
                let mut query =
                    Query::new("SELECT count(*) FROM left_message WHERE account = $1 AND state = 'new'").arg(account);
                only(&mut query, &sight);
                Ok(sql.run(query).await?.first(|mut row| row.u32())?.unwrap_or(0))
            })
        })
        .await
    }

    async fn set_left_state(
        &self,
        account: AccountId,
        id: LeftMessageId,
        state: LeftState,
    ) -> Result<bool, StoreError> {
        self.write(move |sql| {
            Box::pin(async move {
                let query = Query::new("UPDATE left_message SET state = $1 WHERE account = $2 AND id = $3");
                Ok(sql.run(query.arg(state.as_str()).arg(account).arg(id.0)).await?.affected == 1)
            })
        })
        .await
    }
}

/// Whether the command of a birth has left a message: then its id was used with other content.
pub(super) async fn used_for_a_message(sql: &mut dyn Sql, birth: &Birth) -> Result<bool, StoreError> {
    let query = Query::new("SELECT 1 FROM left_message WHERE account = $1 AND visitor = $2 AND command = $3");
    let query = query.arg(birth.account).arg(birth.visitor.0).arg(birth.origin.command.as_str());
    Ok(!sql.run(query).await?.rows.is_empty())
}

fn refused(error: LeaveError) -> Result<Result<LeftMessageId, LeaveError>, StoreError> {
    match error {
        LeaveError::Store(error) => Err(error),
        refusal => Ok(Err(refusal)),
    }
}

async fn keep(sql: &mut dyn Sql, leave: Leave) -> Result<LeftMessageId, LeaveError> {
    let message = &leave.message;
    let (account, visitor, now) = (message.account, message.visitor.0, message.created_at);
    if let Some(answer) = earlier(sql, &leave).await? {
        return answer;
    }
    let begun =
        Query::new("SELECT 1 FROM birth WHERE account = $1 AND visitor = $2 AND command = $3 AND kept_until > $4");
    if !sql.run(begun.arg(account).arg(visitor).arg(leave.command.as_str()).arg(now)).await?.rows.is_empty() {
        return Err(LeaveError::OtherContent);
    }
    let recent = Query::new(
        "SELECT created_at FROM left_message WHERE account = $1 AND visitor = $2 AND created_at > $3 \
         ORDER BY created_at DESC LIMIT 1 OFFSET $4",
    );
    let recent = recent.arg(account).arg(visitor).arg(now - LEFT_MESSAGES_WITHIN).arg(LEFT_MESSAGES_MAX - 1);
    if let Some(oldest) = sql.run(recent).await?.first(|mut row| row.time())? {
        return Err(LeaveError::TooMany { again_at: oldest + LEFT_MESSAGES_WITHIN });
    }
    let query = Query::new(
        "INSERT INTO left_message (account, id, brand, visitor, name, email, text, department, chat, page, language, \
         created_at, state, command, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT (account, visitor, command) DO NOTHING",
    );
    let query = query.arg(account).arg(message.id.0).arg(message.brand.as_str()).arg(visitor);
    let query = query.arg(message.name.clone()).arg(message.email.as_str()).arg(message.text.as_str());
    let query = query.arg(message.department.as_ref().map(|department| department.as_str().to_owned()));
    let query = query.arg(message.chat.map(|chat| chat.0)).arg(message.page.clone()).arg(message.language.clone());
    let query = query.arg(now).arg(message.state.as_str()).arg(leave.command.as_str()).arg(leave.digest);
    if sql.run(query).await?.affected == 1 {
        return Ok(message.id);
    }
    // Another connection of the visitor was quicker with the same command.
    match earlier(sql, &leave).await? {
        Some(answer) => answer,
        None => Err(StoreError::Unavailable("the message of the command went away".into()).into()),
    }
}

/// What the command was answered when it came before.
async fn earlier(sql: &mut dyn Sql, leave: &Leave) -> Result<Option<Result<LeftMessageId, LeaveError>>, StoreError> {
    let query = Query::new("SELECT id, digest FROM left_message WHERE account = $1 AND visitor = $2 AND command = $3");
    let query = query.arg(leave.message.account).arg(leave.message.visitor.0).arg(leave.command.as_str());
    let known = sql.run(query).await?.first(|mut row| Ok((LeftMessageId(row.uuid()?), row.u64()?)))?;
    Ok(known.map(|(id, digest)| if digest == leave.digest { Ok(id) } else { Err(LeaveError::OtherContent) }))
}

async fn list(sql: &mut dyn Sql, account: AccountId, asked: LeftQuery) -> Result<LeftList, StoreError> {
    let mut query = Query::new(COLUMNS).arg(account);
    query.push("WHERE account = $1");
    only(&mut query, &asked.sight);
    if let Some(state) = asked.state {
        query.push(" AND state = ").push_arg(state.as_str());
    }
    if let Some(department) = &asked.department {
        query.push(" AND department = ").push_arg(department.as_str());
    }
    if let Some((at, id)) = asked.after {
        query.push(" AND (created_at, id) < (").push_arg(at).push(", ").push_arg(id.0).push(")");
    }
    // One more than wanted tells whether there are more.
    query.push(" ORDER BY created_at DESC, id DESC LIMIT ").push_arg(asked.limit + 1);
    let mut messages = sql.run(query).await?.all(read)?;
    let more = messages.len() > asked.limit as usize;
    messages.truncate(asked.limit as usize);
    Ok(LeftList { messages, more })
}

fn only(query: &mut Query, sight: &LeftSight) {
    match sight {
        LeftSight::All => {}
        LeftSight::Departments(none) if none.is_empty() => {
            query.push(" AND 1 = 0");
        }
        LeftSight::Departments(mine) => {
            query.push(" AND (department IS NULL OR department IN ");
            query.push_list(mine.iter().map(|department| department.as_str())).push(")");
        }
    }
}

fn read(mut row: Row) -> Result<LeftMessage, StoreError> {
    Ok(LeftMessage {
        account: row.account()?,
        id: LeftMessageId(row.uuid()?),
        brand: row.parsed()?,
        visitor: VisitorId(row.uuid()?),
        name: row.opt_text()?,
        email: row.text()?,
        text: row.text()?,
        department: row.opt_parsed()?,
        chat: row.opt_uuid()?.map(ChatId),
        page: row.opt_text()?,
        language: row.opt_text()?,
        created_at: row.time()?,
        state: row.named(LeftState::parse)?,
    })
}
