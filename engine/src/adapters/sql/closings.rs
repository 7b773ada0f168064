//! What is about to be gone.

use async_trait::async_trait;

use crate::adapters::sql::value::json;
use crate::adapters::sql::{Backend, Query, Sql, groups, operators};
use crate::domain::closing::{Closing, WaitingChats};
use crate::domain::group::Status;
use crate::domain::ids::{AccountId, ChatId, GroupId, OperatorId};
use crate::ports::closings::{CHATS_COME, Closings};
use crate::ports::store::StoreError;

#[async_trait]
impl<B: Backend> Closings for B {
    async fn closings(&self) -> Result<Vec<(AccountId, Closing)>, StoreError> {
        self.read(|sql| Box::pin(closings(sql))).await
    }

    async fn begin_closing(&self, account: AccountId, closing: &Closing) -> Result<bool, StoreError> {
        let closing = closing.clone();
        self.write(move |sql| Box::pin(begin(sql, account, closing))).await
    }

    async fn finish_closing(&self, account: AccountId, closing: &Closing) -> Result<bool, StoreError> {
        let closing = closing.clone();
        self.write(move |sql| Box::pin(finish(sql, account, closing))).await
    }

    async fn call_off_closing(&self, account: AccountId, closing: &Closing) -> Result<(), StoreError> {
        let closing = closing.clone();
        self.write(move |sql| Box::pin(async move { forget(sql, account, &closing).await })).await
    }

    async fn chats_as_guest(&self, account: AccountId, operator: OperatorId) -> Result<Vec<ChatId>, StoreError> {
        self.read(move |sql| Box::pin(as_guest(sql, account, operator))).await
    }
}

async fn closings(sql: &mut dyn Sql) -> Result<Vec<(AccountId, Closing)>, StoreError> {
    sql.run(Query::new("SELECT account, body FROM closing ORDER BY account, thing"))
        .await?
        .all(|mut row| Ok((row.account()?, row.json()?)))
}

async fn closings_of(sql: &mut dyn Sql, account: AccountId) -> Result<Vec<Closing>, StoreError> {
    let query = Query::new("SELECT body FROM closing WHERE account = $1 ORDER BY thing").arg(account);
    sql.run(query).await?.all(|mut row| row.json())
}

/// Whether chats of another group are on their way to this one, which is held.
pub(super) async fn lead_to(sql: &mut dyn Sql, account: AccountId, group: &GroupId) -> Result<bool, StoreError> {
    Ok(closings_of(sql, account).await?.iter().any(|one| leads_to(one, group)))
}

/// Whether a group is about to be gone. Asked when the membership in question is held: whatever begins to close the
/// group later waits for it, and pauses it then.
pub(super) async fn takes_nothing_new(
    sql: &mut dyn Sql,
    account: AccountId,
    group: &GroupId,
) -> Result<bool, StoreError> {
    let query = Query::new("SELECT 1 FROM closing WHERE account = $1 AND thing = $2");
    Ok(!sql.run(query.arg(account).arg(Closing::key_of_group(group))).await?.rows.is_empty())
}

async fn begin(sql: &mut dyn Sql, account: AccountId, closing: Closing) -> Result<bool, StoreError> {
    match &closing {
        Closing::Group { group, waiting } => {
            // Held: two groups cannot be sent into each other at the same moment.
            if !groups::there(sql, account, group).await? {
                return Ok(false);
            }
            let others = closings_of(sql, account).await?;
            if let WaitingChats::Move(to) = waiting
                && (to == group || !groups::there(sql, account, to).await? || others.iter().any(|one| is_of(one, to)))
            {
                return Err(StoreError::Conflict("the group that shall get the chats is not there".into()));
            }
            if others.iter().any(|one| leads_to(one, group)) {
                return Err(StoreError::Conflict(CHATS_COME.into()));
            }
            let pause = Query::new("UPDATE membership SET active = $1 WHERE account = $2 AND grp = $3");
            sql.run(pause.arg(false).arg(account).arg(group.as_str())).await?;
        }
        Closing::Operator { operator, .. } => {
            let query = Query::new("UPDATE operator SET disabled = $1, status = $2 WHERE id = $3 AND account = $4");
            let query = query.arg(true).arg(Status::Offline.as_str()).arg(operator.0).arg(account);
            if sql.run(query).await?.affected == 0 {
                return Ok(false);
            }
            let end = Query::new("DELETE FROM session WHERE account = $1 AND operator = $2");
            sql.run(end.arg(account).arg(operator.0)).await?;
        }
    }
    let query = Query::new(
        "INSERT INTO closing (account, thing, body) VALUES ($1, $2, $3) \
         ON CONFLICT (account, thing) DO UPDATE SET body = excluded.body",
    );
    sql.run(query.arg(account).arg(closing.key()).arg(json(&closing)?)).await?;
    Ok(true)
}

async fn finish(sql: &mut dyn Sql, account: AccountId, closing: Closing) -> Result<bool, StoreError> {
    let gone = match &closing {
        Closing::Group { group, .. } => groups::delete_group(sql, account, group.clone()).await.map(drop),
        Closing::Operator { operator, delete, .. } => match delete {
            true => operators::delete_operator(sql, account, *operator).await.map(drop),
            false if has_chats(sql, account, *operator).await? => return Ok(false),
            false => Ok(()),
        },
    };
    match gone {
        Ok(()) => {}
        Err(StoreError::Conflict(_)) => return Ok(false),
        Err(error) => return Err(error),
    }
    forget(sql, account, &closing).await?;
    Ok(true)
}

async fn forget(sql: &mut dyn Sql, account: AccountId, closing: &Closing) -> Result<(), StoreError> {
    let query = Query::new("DELETE FROM closing WHERE account = $1 AND thing = $2");
    sql.run(query.arg(account).arg(closing.key())).await.map(drop)
}

/// Whether a running chat is the operator's, or has them as a guest.
pub(super) async fn has_chats(sql: &mut dyn Sql, account: AccountId, operator: OperatorId) -> Result<bool, StoreError> {
    let owns = Query::new("SELECT 1 FROM chat WHERE account = $1 AND owner = $2 AND state = 'active' LIMIT 1");
    let owns = !sql.run(owns.arg(account).arg(operator.0)).await?.rows.is_empty();
    Ok(owns || !as_guest(sql, account, operator).await?.is_empty())
}

async fn as_guest(sql: &mut dyn Sql, account: AccountId, operator: OperatorId) -> Result<Vec<ChatId>, StoreError> {
    let query = Query::new(
        "SELECT g.chat FROM guest g JOIN chat c ON c.id = g.chat WHERE g.account = $1 AND g.operator = $2 \
         AND c.state = 'active' ORDER BY g.chat",
    );
    sql.run(query.arg(account).arg(operator.0)).await?.all(|mut row| Ok(ChatId(row.uuid()?)))
}

fn is_of(closing: &Closing, wanted: &GroupId) -> bool {
    matches!(closing, Closing::Group { group, .. } if group == wanted)
}

fn leads_to(closing: &Closing, wanted: &GroupId) -> bool {
    matches!(closing, Closing::Group { waiting: WaitingChats::Move(to), .. } if to == wanted)
}
