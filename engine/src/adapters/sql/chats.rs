//! Chats: rows, lists, queues, offers, marks.

use uuid::Uuid;

use std::time::Duration;

use crate::adapters::sql::{Query, Row, Sql, asked, ended_by, ended_why, offer_kind, phase};
use crate::domain::chat::{IdleSpread, Replies};
use crate::domain::estimate::Waited;
use crate::domain::event::Sender;
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, BrandId, ChatId, GroupId, OfferId, OperatorId, VisitorId};
use crate::domain::limits::PACE_CHATS_MAX;
use crate::domain::time::Timestamp;
use crate::ports::journal::{ChatHead, ChatList, ChatQuery, ChatRecord, MarkRow, OfferRow};
use crate::ports::store::StoreError;
use crate::protocol::operator::ChatOrder;
use crate::protocol::visitor::{ChatPhase, MarkPair};

/// Chats whose marks are read with one statement.
const MARKS_AT_ONCE: usize = 500;

/// How the chats of a group waited that wait no more. The conditions stand as in the index `chat_waited`: only so does the
/// planner see that it fits, and that no more rows need be read than are asked for.
pub(in crate::adapters) const WAITED: &str = "SELECT waited_since, assigned_at, ended_at FROM chat \
    WHERE account = $1 AND coalesce(answered_in, grp) = $2 AND coalesce(assigned_at, ended_at) IS NOT NULL \
    ORDER BY coalesce(assigned_at, ended_at) DESC, id DESC LIMIT $3";

/// What [`chat_record`] reads, in its order.
const CHAT_COLUMNS: &str = "SELECT c.account, c.id, c.number, h.owner_epoch, c.visitor, c.brand, \
    c.department, c.name, c.email, c.contact, o.name, c.started_at, c.state, c.grp, c.owner, c.queued_at, c.assigned_at, c.answered_in, \
    h.answered_at, h.replies, h.idle_ms, h.idle_spread, c.waited_since, c.ended_at, c.ended_by, c.ended_why, h.idle_since, c.visitor_away, h.messages, c.question, \
    h.last_seq, h.visitor_seq ";
const FROM_CHAT: &str = "FROM chat c JOIN chat_head h ON h.chat = c.id LEFT JOIN operator o ON o.account = c.account AND o.id = c.owner WHERE ";

fn replies(row: &mut Row) -> Result<Replies, StoreError> {
    let (count, idle, spread) = (row.u32()?, Duration::from_millis(row.u64()?), row.bytes()?);
    let spread = IdleSpread::from_bytes(&spread).ok_or_else(|| StoreError::Corrupt("a spread of idle times".into()))?;
    Ok(Replies { count, idle, spread })
}

/// Reads a chat from [`CHAT_COLUMNS`].
fn chat_record(row: &mut Row) -> Result<ChatRecord, StoreError> {
    Ok(ChatRecord {
        account: row.account()?,
        id: ChatId(row.uuid()?),
        number: row.int()?,
        owner_epoch: row.u64()?,
        visitor: VisitorId(row.uuid()?),
        brand: row.parsed()?,
        department: row.opt_parsed()?,
        name: row.opt_text()?,
        email: row.opt_text()?,
        contact: contact(row)?,
        owner_name: row.opt_text()?,
        started_at: row.time()?,
        head: ChatHead {
            state: row.named(phase::parse)?,
            group: row.parsed()?,
            owner: row.opt_uuid()?.map(OperatorId),
            queued_at: row.time()?,
            assigned_at: row.opt_time()?,
            answered_in: row.opt_parsed()?,
            answered_at: row.opt_time()?,
            replies: replies(row)?,
            waited_since: row.time()?,
            ended_at: row.opt_time()?,
            ended: ended(row)?,
            idle_since: row.opt_time()?,
            visitor_away: row.bool()?,
            messages: row.u32()?,
            question: row.opt_text()?,
            last_seq: row.u32()?,
            visitor_seq: row.u32()?,
        },
    })
}

fn contact(row: &mut Row) -> Result<Option<Identity>, StoreError> {
    let Some(key) = row.opt_text()? else { return Ok(None) };
    Identity::from_key(&key).map(Some).ok_or_else(|| StoreError::Corrupt("a contact of no known kind".into()))
}

fn ended(row: &mut Row) -> Result<Option<(crate::domain::event::EndedBy, crate::domain::event::EndedWhy)>, StoreError> {
    match (row.opt_text()?, row.opt_text()?) {
        (None, None) => Ok(None),
        (Some(by), Some(why)) => match (ended_by::parse(&by), ended_why::parse(&why)) {
            (Some(by), Some(why)) => Ok(Some((by, why))),
            _ => Err(StoreError::Corrupt(format!("{by:?}, {why:?} is no known end of a chat"))),
        },
        _ => Err(StoreError::Corrupt("a chat's end is half there".into())),
    }
}

fn select(where_: &'static str) -> Query {
    let mut query = Query::new(CHAT_COLUMNS);
    query.push(FROM_CHAT).push(where_);
    query
}

pub(super) async fn chat(
    sql: &mut dyn Sql,
    account: AccountId,
    chat: ChatId,
) -> Result<Option<ChatRecord>, StoreError> {
    let query = select("c.id = $1 AND c.account = $2").arg(chat.0).arg(account);
    sql.run(query).await?.first(|mut row| chat_record(&mut row))
}

pub(super) async fn chat_of_visitor(
    sql: &mut dyn Sql,
    account: AccountId,
    brand: BrandId,
    visitor: VisitorId,
) -> Result<Option<ChatRecord>, StoreError> {
    let of_visitor = |rest| select(rest).arg(account).arg(brand.as_str()).arg(visitor.0);
    let open = of_visitor("c.account = $1 AND c.brand = $2 AND c.visitor = $3 AND c.state <> 'ended'");
    if let Some(open) = sql.run(open).await?.first(|mut row| chat_record(&mut row))? {
        return Ok(Some(open));
    }
    // A visitor has a handful of chats: sorting them by their end needs no index.
    let latest = of_visitor(
        "c.account = $1 AND c.brand = $2 AND c.visitor = $3 ORDER BY c.ended_at DESC, c.started_at DESC, c.id DESC LIMIT 1",
    );
    sql.run(latest).await?.first(|mut row| chat_record(&mut row))
}

pub(super) async fn chats(sql: &mut dyn Sql, account: AccountId, query: ChatQuery) -> Result<ChatList, StoreError> {
    let mut list = Query::new(CHAT_COLUMNS);
    list.push(FROM_CHAT);
    restrict(&mut list, account, &query);
    let (time, before, direction) = match query.order {
        ChatOrder::Latest => ("c.started_at", "<", "DESC"),
        ChatOrder::LongestWaiting => ("c.queued_at", ">", "ASC"),
    };
    if let Some((at, id)) = query.after {
        list.push(&format!(" AND ({time}, c.id) {before} (")).push_arg(at).push(", ").push_arg(id.0).push(")");
    }
    // One more than asked for tells whether there are more.
    let limit = i64::from(query.limit);
    list.push(&format!(" ORDER BY {time} {direction}, c.id {direction} LIMIT ")).push_arg(limit + 1);
    if query.after.is_none() {
        list.push(" OFFSET ").push_arg(i64::from(query.offset));
    }
    let mut rows = sql.run(list).await?.all(|mut row| chat_record(&mut row))?;
    let more = rows.len() as i64 > limit;
    rows.truncate(query.limit as usize);
    let total = if query.count {
        let mut count = Query::new("SELECT count(*) FROM chat c WHERE ");
        restrict(&mut count, account, &query);
        sql.run(count).await?.first(|mut row| row.u32())?.unwrap_or(0)
    } else {
        0
    };
    Ok(ChatList { rows, total, more })
}

fn restrict(sql: &mut Query, account: AccountId, query: &ChatQuery) {
    sql.push("c.account = ").push_arg(account);
    // The states stand in the text, not in parameters: only so does the planner see which partial index fits.
    if let Some(state) = query.filter.state {
        sql.push(match state {
            ChatPhase::Waiting => " AND c.state = 'waiting'",
            ChatPhase::Active => " AND c.state = 'active'",
            ChatPhase::Ended => " AND c.state = 'ended'",
        });
    }
    if let Some(operator) = query.filter.operator {
        sql.push(" AND (c.owner = ").push_arg(operator.0);
        or_guest(sql, account, operator);
        sql.push(")");
    }
    if let Some(group) = &query.filter.group {
        sql.push(" AND c.grp = ").push_arg(group.as_str());
    }
    if let Some(scope) = &query.scope {
        sql.push(" AND (c.state <> 'active' AND c.grp IN ").push_list(scope.groups.iter().map(GroupId::as_str));
        for (group, since) in &scope.helped {
            sql.push(" OR c.state = 'waiting' AND c.grp = ").push_arg(group.as_str());
            sql.push(" AND c.queued_at <= ").push_arg(*since);
        }
        sql.push(" OR c.owner = ").push_arg(scope.operator.0);
        or_guest(sql, account, scope.operator);
        sql.push(")");
    }
}

fn or_guest(sql: &mut Query, account: AccountId, operator: OperatorId) {
    sql.push(" OR c.id IN (SELECT chat FROM guest WHERE account = ").push_arg(account);
    sql.push(" AND operator = ").push_arg(operator.0).push(")");
}

pub(super) async fn guests(sql: &mut dyn Sql, account: AccountId, chat: ChatId) -> Result<Vec<OperatorId>, StoreError> {
    let query = Query::new("SELECT operator FROM guest WHERE chat = $1 AND account = $2 ORDER BY operator");
    sql.run(query.arg(chat.0).arg(account)).await?.all(|mut row| Ok(OperatorId(row.uuid()?)))
}

pub(super) async fn last_operator(
    sql: &mut dyn Sql,
    account: AccountId,
    contact: String,
) -> Result<Option<(OperatorId, Timestamp)>, StoreError> {
    let query = Query::new(
        "SELECT owner, ended_at FROM chat WHERE account = $1 AND contact = $2 AND contact IS NOT NULL \
         AND owner IS NOT NULL AND state = 'ended' ORDER BY ended_at DESC, id DESC LIMIT 1",
    );
    let found = sql.run(query.arg(account).arg(contact)).await?;
    found.first(|mut row| Ok((OperatorId(row.uuid()?), row.time()?)))
}

pub(super) async fn waiting(
    sql: &mut dyn Sql,
    account: AccountId,
    group: GroupId,
) -> Result<Vec<(ChatRecord, Option<OfferRow>)>, StoreError> {
    let mut query = Query::new(CHAT_COLUMNS).arg(account).arg(group.as_str());
    query
        .push(
            ", f.seq, f.operator, f.grp, f.kind, f.expires_at, f.holds, f.asked \
             FROM chat c JOIN chat_head h ON h.chat = c.id ",
        )
        .push("LEFT JOIN operator o ON o.account = c.account AND o.id = c.owner ")
        .push("LEFT JOIN offer f ON f.chat = c.id AND f.holds ")
        .push("WHERE c.account = $1 AND c.grp = $2 AND c.state = 'waiting' ORDER BY c.queued_at, c.id, f.seq");
    let mut list: Vec<(ChatRecord, Option<OfferRow>)> = Vec::new();
    for mut row in sql.run(query).await?.rows {
        let record = chat_record(&mut row)?;
        let offer = match row.opt_u32()? {
            Some(seq) => Some(offer(OfferId { chat: record.id, seq }, &mut row)?),
            None => None,
        };
        match list.last_mut() {
            // Of several offers the latest tells.
            Some(last) if last.0.id == record.id => last.1 = offer,
            _ => list.push((record, offer)),
        }
    }
    Ok(list)
}

pub(super) async fn waited(sql: &mut dyn Sql, account: AccountId, group: GroupId) -> Result<Vec<Waited>, StoreError> {
    let most = i64::try_from(PACE_CHATS_MAX).unwrap_or(i64::MAX);
    let found = sql.run(Query::new(WAITED).arg(account).arg(group.as_str()).arg(most)).await?;
    let chats = found.all(|mut row| Ok(Waited::of(row.time()?, row.opt_time()?, row.opt_time()?)))?;
    Ok(chats.into_iter().flatten().collect())
}

fn offer(id: OfferId, row: &mut Row) -> Result<OfferRow, StoreError> {
    Ok(OfferRow {
        id,
        operator: OperatorId(row.uuid()?),
        group: row.parsed()?,
        kind: row.named(offer_kind::parse)?,
        expires_at: row.time()?,
        holds: row.bool()?,
        asked: asked::parse(row.opt_text()?)?,
    })
}

pub(super) async fn offers_of(
    sql: &mut dyn Sql,
    account: AccountId,
    operator: OperatorId,
) -> Result<Vec<OfferRow>, StoreError> {
    let query = Query::new(
        "SELECT chat, seq, operator, grp, kind, expires_at, holds, asked FROM offer WHERE account = $1 AND operator = $2 \
         ORDER BY expires_at, chat, seq",
    );
    sql.run(query.arg(account).arg(operator.0)).await?.all(|mut row| {
        let id = OfferId { chat: ChatId(row.uuid()?), seq: row.u32()? };
        offer(id, &mut row)
    })
}

pub(super) async fn save_marks(
    sql: &mut dyn Sql,
    account: AccountId,
    chat: ChatId,
    marks: Vec<MarkRow>,
) -> Result<(), StoreError> {
    for mark in marks {
        let query = Query::new(
            "INSERT INTO mark (chat, who, account, delivered, seen) \
             SELECT id, $1, account, $2, $3 FROM chat WHERE id = $4 AND account = $5 \
             ON CONFLICT (chat, who) DO UPDATE SET \
             delivered = CASE WHEN excluded.delivered > mark.delivered THEN excluded.delivered ELSE mark.delivered END, \
             seen = CASE WHEN excluded.seen > mark.seen THEN excluded.seen ELSE mark.seen END",
        );
        let query = query.arg(who(mark.who)).arg(mark.marks.delivered).arg(mark.marks.read);
        sql.run(query.arg(chat.0).arg(account)).await?;
    }
    Ok(())
}

pub(super) async fn marks(
    sql: &mut dyn Sql,
    account: AccountId,
    chats: Vec<ChatId>,
) -> Result<Vec<(ChatId, MarkRow)>, StoreError> {
    let mut found = Vec::new();
    for part in chats.chunks(MARKS_AT_ONCE) {
        let mut query = Query::new("SELECT chat, who, delivered, seen FROM mark WHERE account = $1 AND chat IN ");
        query = query.arg(account);
        query.push_list(part.iter().map(|chat| chat.0)).push(" ORDER BY chat, who");
        found.extend(sql.run(query).await?.all(|mut row| {
            let chat = ChatId(row.uuid()?);
            let who = match row.uuid()? {
                nobody if nobody.is_nil() => Sender::Visitor,
                operator => Sender::Operator(OperatorId(operator)),
            };
            Ok((chat, MarkRow { who, marks: MarkPair { delivered: row.u32()?, read: row.u32()? } }))
        })?);
    }
    Ok(found)
}

/// The visitor is the id of nobody: a key's column must not be absent.
fn who(sender: Sender) -> Uuid {
    match sender {
        Sender::Visitor => Uuid::nil(),
        Sender::Operator(operator) => operator.0,
    }
}
