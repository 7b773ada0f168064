//! Events of one chat: pages of them, and all of them when a chat is activated.

use serde_json::value::RawValue;

use crate::adapters::sql::{Dialect, Query, Row, Sql, chats};
use crate::adapters::sqlite::history::{fresh, resting};
use crate::domain::event::{Origin, Sender, StoredEvent};
use crate::domain::ids::{AccountId, ChatId, OperatorId};
use crate::ports::journal::{EventPage, Side, StoredChat};
use crate::ports::store::StoreError;

/// Tries to read events without a hole while the indexer moves them. One move falls between two reads; a second one
/// in a row means that something else is wrong.
const TRIES: usize = 3;

pub(crate) async fn events(
    sql: &mut dyn Sql,
    account: AccountId,
    chat: ChatId,
    side: Side,
    after: u32,
    limit: usize,
    bytes: usize,
) -> Result<EventPage, StoreError> {
    for _ in 0..TRIES {
        let heads = Query::new("SELECT last_seq, visitor_seq FROM chat_head WHERE chat = $1 AND account = $2");
        let heads = sql.run(heads.arg(chat.0).arg(account)).await?;
        let Some((seq, visitor_seq)) = heads.first(|mut row| Ok((row.u32()?, row.u32()?)))? else {
            return Ok(EventPage::default());
        };
        let last = match side {
            Side::Visitor => visitor_seq,
            Side::Operators => seq,
        };
        let wanted = limit.min(last.saturating_sub(after) as usize);
        if wanted == 0 {
            return Ok(EventPage { events: Vec::new(), last });
        }
        let mut found = match sql.dialect() {
            Dialect::Postgres => rows(sql, chat, side, after, limit).await?,
            Dialect::Sqlite => resting(sql, chat, side, after, limit, bytes).await?,
        };
        let whole = |found: &[StoredEvent]| found.len() >= wanted || size(found) > bytes;
        if sql.dialect() == Dialect::Sqlite && !whole(&found) {
            let reached = found.last().map_or(after, |event| number(side, event));
            found.extend(fresh(sql, chat, side, reached, limit - found.len()).await?);
        }
        let dense = (after + 1..).zip(&found).all(|(expected, event)| number(side, event) == expected);
        if dense && whole(&found) {
            // Events that came between the two reads are news, not an error.
            let last = found.last().map_or(last, |event| last.max(number(side, event)));
            cut(&mut found, bytes);
            return Ok(EventPage { events: found, last });
        }
    }
    Err(StoreError::Corrupt(format!("events of chat {chat} are missing after {after}")))
}

/// Makes the epoch the chat's, unless its own is newer, and reads all of it. To be run in a transaction.
pub(crate) async fn activate(
    sql: &mut dyn Sql,
    account: AccountId,
    chat: ChatId,
    epoch: u64,
) -> Result<Option<StoredChat>, StoreError> {
    let own = Query::new("UPDATE chat_head SET owner_epoch = $1 WHERE chat = $2 AND account = $3 AND owner_epoch < $4");
    sql.run(own.arg(epoch).arg(chat.0).arg(account).arg(epoch)).await?;
    let Some(record) = chats::chat(sql, account, chat).await?.filter(|record| record.owner_epoch == epoch) else {
        return Ok(None);
    };
    let page = events(sql, account, chat, Side::Operators, 0, usize::MAX, usize::MAX).await?;
    let marks = chats::marks(sql, account, vec![chat]).await?.into_iter().map(|(_, mark)| mark).collect();
    Ok(Some(StoredChat { record, events: page.events, marks }))
}

/// Events as PostgreSQL keeps them: a row each.
async fn rows(
    sql: &mut dyn Sql,
    chat: ChatId,
    side: Side,
    after: u32,
    limit: usize,
) -> Result<Vec<StoredEvent>, StoreError> {
    let query = "SELECT seq, visitor_seq, visible, at, body, command, sender, digest FROM chat_event \
         WHERE chat = $1 AND seq > $2";
    let mut query = Query::new(query).arg(chat.0).arg(after);
    // A visitor's number is never above the operators': the bound on `seq` lets the key find the place.
    if side == Side::Visitor {
        query.push(" AND visible AND visitor_seq > ").push_arg(after);
    }
    query.push(" ORDER BY seq LIMIT ").push_arg(i64::try_from(limit).unwrap_or(i64::MAX));
    sql.run(query).await?.all(|mut row| event(&mut row))
}

fn event(row: &mut Row) -> Result<StoredEvent, StoreError> {
    let (seq, visitor_seq, visible, at) = (row.u32()?, row.u32()?, row.bool()?, row.time()?);
    let body = RawValue::from_string(row.text()?).map_err(|error| StoreError::Corrupt(error.to_string()))?.into();
    let command = row.opt_parsed()?;
    let sender = row.opt_uuid()?;
    let digest = row.opt_int()?;
    let origin = command.map(|command| Origin {
        sender: sender.map_or(Sender::Visitor, |operator| Sender::Operator(OperatorId(operator))),
        command,
        digest: digest.unwrap_or_default() as u64,
    });
    Ok(StoredEvent { seq, visitor_seq, visible, at, body, origin })
}

fn number(side: Side, event: &StoredEvent) -> u32 {
    match side {
        Side::Visitor => event.visitor_seq,
        Side::Operators => event.seq,
    }
}

fn size(events: &[StoredEvent]) -> usize {
    events.iter().fold(0, |sum, event| sum.saturating_add(event.body.get().len()))
}

/// Keeps events up to about `bytes` of body, and one in any case.
fn cut(events: &mut Vec<StoredEvent>, bytes: usize) {
    let mut sum = 0_usize;
    let fitting = events.iter().take_while(|event| {
        sum = sum.saturating_add(event.body.get().len());
        sum <= bytes
    });
    let keep = fitting.count().max(1);
    events.truncate(keep);
}
