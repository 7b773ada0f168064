//! Writes what a group of appends comes to: one statement for each kind of row, over sets.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::adapters::postgres::append::Group;
use crate::adapters::sql::{asked, ended_by, ended_why, offer_kind, phase};
use crate::domain::event::{Sender, StoredEvent};
use crate::domain::ids::{AccountId, ChatId};
use crate::domain::limits::DECISIONS_PER_CHAT_MAX;
use crate::domain::time::Timestamp;
use crate::ports::journal::{ChatHead, Head};

pub(super) async fn write(connection: &mut PgConnection, group: Group<'_>) -> sqlx::Result<()> {
    heads(connection, &group).await?;
    states(connection, &group).await?;
    if !group.events.is_empty() {
        insert_events(connection, group.events.iter().copied()).await?;
    }
    operators(connection, &group).await?;
    members(connection, &group).await?;
    offers(connection, &group).await?;
    guests(connection, &group).await?;
    decisions(connection, &group).await
}

/// Stores events.
pub(super) async fn insert_events<'a>(
    connection: &mut PgConnection,
    events: impl Iterator<Item = (AccountId, ChatId, &'a StoredEvent)> + Send,
) -> sqlx::Result<()> {
    let mut accounts = Vec::new();
    let mut chats = Vec::new();
    let mut seqs = Vec::new();
    let mut visitor_seqs = Vec::new();
    let mut visible = Vec::new();
    let mut times = Vec::new();
    let mut bodies = Vec::new();
    let mut commands = Vec::new();
    let mut senders = Vec::new();
    let mut digests = Vec::new();
    for (account, chat, event) in events {
        accounts.push(account.0);
        chats.push(chat.0);
        seqs.push(i64::from(event.seq));
        visitor_seqs.push(i64::from(event.visitor_seq));
        visible.push(event.visible);
        times.push(event.at.millis());
        bodies.push(event.body.get().to_owned());
        let origin = event.origin.as_ref();
        commands.push(origin.map(|origin| origin.command.as_str().to_owned()));
        senders.push(origin.and_then(|origin| match origin.sender {
            Sender::Visitor => None,
            Sender::Operator(operator) => Some(operator.0),
        }));
        digests.push(origin.map(|origin| origin.digest as i64));
    }
    let insert = sqlx::query(
        "INSERT INTO chat_event (account, chat, seq, visitor_seq, visible, at, body, command, sender, digest) \
         SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::boolean[], $6::bigint[], \
         $7::text[], $8::text[], $9::uuid[], $10::bigint[])",
    );
    let insert = insert.bind(accounts).bind(chats).bind(seqs).bind(visitor_seqs).bind(visible).bind(times);
    insert.bind(bodies).bind(commands).bind(senders).bind(digests).execute(connection).await.map(drop)
}

async fn heads(connection: &mut PgConnection, group: &Group<'_>) -> sqlx::Result<()> {
    let mut ids: Vec<Uuid> = Vec::new();
    let mut seqs = Vec::new();
    let mut visitor_seqs = Vec::new();
    let mut counts = Vec::new();
    let mut idle = Vec::new();
    let mut answered = Vec::new();
    let mut words = Vec::new();
    let mut idle_times = Vec::new();
    let mut spreads = Vec::new();
    for (id, chat) in &group.chats {
        let (visitor_seq, messages, idle_since, answered_at, replies) = match &chat.head {
            None => continue,
            Some(Head::Light { visitor_seq, messages, idle_since, answered_at, replies }) => {
                (*visitor_seq, *messages, *idle_since, *answered_at, *replies)
            }
            Some(Head::Full(head)) => {
                (head.visitor_seq, head.messages, head.idle_since, head.answered_at, head.replies)
            }
        };
        ids.push(*id);
        seqs.push(chat.last_seq);
        visitor_seqs.push(i64::from(visitor_seq));
        counts.push(i64::from(messages));
        idle.push(idle_since.map(Timestamp::millis));
        answered.push(answered_at.map(Timestamp::millis));
        words.push(i64::from(replies.count));
        idle_times.push(replies.idle.as_millis() as i64);
        spreads.push(replies.spread.to_bytes().as_ref().to_vec());
    }
    if ids.is_empty() {
        return Ok(());
    }
    let update = sqlx::query(
        "UPDATE chat_head SET last_seq = v.last_seq, visitor_seq = v.visitor_seq, messages = v.messages, \
         idle_since = v.idle_since, answered_at = v.answered_at, replies = v.replies, idle_ms = v.idle_ms, \
         idle_spread = v.idle_spread \
         FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], \
         $8::bigint[], $9::bytea[]) AS v (chat, last_seq, visitor_seq, messages, idle_since, answered_at, replies, \
         idle_ms, idle_spread) \
         WHERE chat_head.chat = v.chat",
    );
    let update = update.bind(ids).bind(seqs).bind(visitor_seqs).bind(counts).bind(idle).bind(answered);
    let update = update.bind(words).bind(idle_times).bind(spreads);
    update.execute(connection).await.map(drop)
}

async fn states(connection: &mut PgConnection, group: &Group<'_>) -> sqlx::Result<()> {
    let full = group.chats.iter().filter_map(|(id, chat)| match &chat.head {
        Some(Head::Full(head)) => Some((*id, &**head)),
        _ => None,
    });
    let full: Vec<(Uuid, &ChatHead)> = full.collect();
    if full.is_empty() {
        return Ok(());
    }
    let time = |of: fn(&ChatHead) -> Option<Timestamp>| -> Vec<Option<i64>> {
        full.iter().map(|(_, head)| of(head).map(Timestamp::millis)).collect()
    };
    let text = |of: fn(&ChatHead) -> Option<String>| -> Vec<Option<String>> {
        full.iter().map(|(_, head)| of(head)).collect()
    };
    let update = sqlx::query(
        "UPDATE chat SET state = v.state, grp = v.grp, owner = v.owner, queued_at = v.queued_at, \
         waited_since = v.waited_since, assigned_at = v.assigned_at, answered_in = v.answered_in, ended_at = v.ended_at, ended_by = v.ended_by, \
         ended_why = v.ended_why, visitor_away = v.visitor_away, question = v.question \
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[], \
         $8::text[], $9::bigint[], $10::text[], $11::text[], $12::boolean[], $13::text[]) AS v (id, state, grp, owner, queued_at, \
         waited_since, assigned_at, answered_in, ended_at, ended_by, ended_why, visitor_away, question) WHERE chat.id = v.id",
    );
    update
        .bind(full.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind(text(|head| Some(phase::name(head.state).to_owned())))
        .bind(text(|head| Some(head.group.as_str().to_owned())))
        .bind(full.iter().map(|(_, head)| head.owner.map(|owner| owner.0)).collect::<Vec<_>>())
        .bind(time(|head| Some(head.queued_at)))
        .bind(time(|head| Some(head.waited_since)))
        .bind(time(|head| head.assigned_at))
        .bind(text(|head| head.answered_in.as_ref().map(|group| group.as_str().to_owned())))
        .bind(time(|head| head.ended_at))
        .bind(text(|head| head.ended.map(|(by, _)| ended_by::name(by).to_owned())))
        .bind(text(|head| head.ended.map(|(_, why)| ended_why::name(why).to_owned())))
        .bind(full.iter().map(|(_, head)| head.visitor_away).collect::<Vec<_>>())
        .bind(text(|head| head.question.clone()))
        .execute(connection)
        .await
        .map(drop)
}

async fn operators(connection: &mut PgConnection, group: &Group<'_>) -> sqlx::Result<()> {
    let changed: Vec<_> = group.operators.iter().filter(|(_, row)| row.slots.changed).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let update = sqlx::query(
        "UPDATE operator SET held = v.held, reserved = v.reserved, last_ended_at = v.last_ended_at, \
         load_version = v.load_version FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], \
         $5::bigint[]) AS v (id, held, reserved, last_ended_at, load_version) WHERE operator.id = v.id",
    );
    update
        .bind(changed.iter().map(|(id, _)| **id).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, row)| row.slots.held).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, row)| row.slots.reserved).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, row)| row.last_ended_at).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, row)| row.version).collect::<Vec<_>>())
        .execute(connection)
        .await
        .map(drop)
}

async fn members(connection: &mut PgConnection, group: &Group<'_>) -> sqlx::Result<()> {
    let changed: Vec<_> = group.members.iter().filter(|(_, slots)| slots.changed).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let update = sqlx::query(
        "UPDATE membership SET held = v.held, reserved = v.reserved \
         FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::bigint[], $5::bigint[]) \
         AS v (account, grp, operator, held, reserved) \
         WHERE membership.account = v.account AND membership.grp = v.grp AND membership.operator = v.operator",
    );
    update
        .bind(changed.iter().map(|((account, _, _), _)| *account).collect::<Vec<_>>())
        .bind(changed.iter().map(|((_, group, _), _)| group.clone()).collect::<Vec<_>>())
        .bind(changed.iter().map(|((_, _, operator), _)| *operator).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, slots)| slots.held).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, slots)| slots.reserved).collect::<Vec<_>>())
        .execute(connection)
        .await
        .map(drop)
}

/// Who came to which chats, where that has changed: a handful.
async fn guests(connection: &mut PgConnection, group: &Group<'_>) -> sqlx::Result<()> {
    for (chat, (account, guests)) in &group.guests {
        let delete = sqlx::query("DELETE FROM guest WHERE chat = $1 AND account = $2");
        delete.bind(chat).bind(account.0).execute(&mut *connection).await?;
        for guest in *guests {
            let insert = sqlx::query("INSERT INTO guest (chat, operator, account, grp) VALUES ($1, $2, $3, $4)");
            let insert = insert.bind(chat).bind(guest.person.id.0).bind(account.0);
            insert.bind(guest.group.as_str()).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

async fn offers(connection: &mut PgConnection, group: &Group<'_>) -> sqlx::Result<()> {
    if !group.closed.is_empty() {
        let delete = sqlx::query(
            "DELETE FROM offer USING unnest($1::bigint[], $2::uuid[], $3::bigint[]) AS v (account, chat, seq) \
             WHERE offer.chat = v.chat AND offer.seq = v.seq AND offer.account = v.account",
        );
        delete
            .bind(group.closed.iter().map(|(account, _)| account.0).collect::<Vec<_>>())
            .bind(group.closed.iter().map(|(_, offer)| offer.chat.0).collect::<Vec<_>>())
            .bind(group.closed.iter().map(|(_, offer)| i64::from(offer.seq)).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    // A handful in a group: an offer each takes a ring of seconds.
    for (account, offer) in group.opened.values() {
        let insert = sqlx::query(
            "INSERT INTO offer (chat, seq, account, operator, grp, kind, expires_at, holds, asked) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (chat, seq, operator) DO UPDATE SET \
             grp = excluded.grp, kind = excluded.kind, expires_at = excluded.expires_at, holds = excluded.holds",
        );
        insert
            .bind(offer.id.chat.0)
            .bind(i64::from(offer.id.seq))
            .bind(account.0)
            .bind(offer.operator.0)
            .bind(offer.group.as_str())
            .bind(offer_kind::name(offer.kind))
            .bind(offer.expires_at.millis())
            .bind(offer.holds)
            .bind(asked::text(offer.asked.as_ref()))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Keeps decisions; of a chat with too many the oldest go. Each has an event of its own, so that few events are few of them.
async fn decisions(connection: &mut PgConnection, group: &Group<'_>) -> sqlx::Result<()> {
    if group.decisions.is_empty() {
        return Ok(());
    }
    let insert = sqlx::query(
        "INSERT INTO decision (chat, seq, account, at, grp, record) \
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])",
    );
    insert
        .bind(group.decisions.iter().map(|(_, chat, _)| chat.0).collect::<Vec<_>>())
        .bind(group.decisions.iter().map(|(_, _, row)| i64::from(row.seq)).collect::<Vec<_>>())
        .bind(group.decisions.iter().map(|(account, _, _)| account.0).collect::<Vec<_>>())
        .bind(group.decisions.iter().map(|(_, _, row)| row.at.millis()).collect::<Vec<_>>())
        .bind(group.decisions.iter().map(|(_, _, row)| row.group.as_str().to_owned()).collect::<Vec<_>>())
        .bind(group.decisions.iter().map(|(_, _, row)| row.record.get().to_owned()).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    let many = group.decisions.iter().filter(|(_, _, row)| row.seq > DECISIONS_PER_CHAT_MAX);
    let many: Vec<Uuid> = many.map(|(_, chat, _)| chat.0).collect();
    if !many.is_empty() {
        let delete = sqlx::query(
            "DELETE FROM decision WHERE chat = ANY($1) AND seq <= (SELECT seq FROM decision newer \
             WHERE newer.chat = decision.chat ORDER BY seq DESC OFFSET $2 LIMIT 1)",
        );
        delete.bind(many).bind(i64::from(DECISIONS_PER_CHAT_MAX)).execute(connection).await?;
    }
    Ok(())
}
