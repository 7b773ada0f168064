//! Births, up to the first events: those each database stores its own way.

use crate::adapters::sql::left_messages::used_for_a_message;
use crate::adapters::sql::{Query, Sql, Value, ended_by, ended_why, phase};
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, ChatId, CommandId, VisitorId};
use crate::domain::limits::COMMANDS_REMEMBERED;
use crate::domain::time::Timestamp;
use crate::ports::journal::{Birth, BirthError, Born, ChatHead};
use crate::ports::store::StoreError;

/// Remembers the command, checks the shard's epoch, gives the number and makes the row. To be run in a transaction
/// that is rolled back on any error; the events are still to be stored in it.
pub(crate) async fn claim(sql: &mut dyn Sql, birth: &Birth) -> Result<i64, BirthError> {
    remember(sql, birth).await?;
    let mut owned = Query::new("SELECT 1 FROM shard WHERE id = $1 AND epoch = $2 AND owner IS NOT NULL")
        .arg(i64::from(birth.chat.shard().0))
        .arg(birth.epoch);
    owned.push(sql.dialect().for_share());
    if sql.run(owned).await?.rows.is_empty() {
        return Err(BirthError::Fenced);
    }
    // The check comes before the number: an account's row that is held makes other births wait.
    if let Some(chat) = open_chat(sql, birth).await? {
        return Err(BirthError::Open { chat });
    }
    let number = Query::new("UPDATE account SET last_number = last_number + 1 WHERE id = $1 RETURNING last_number");
    let number = sql.run(number.arg(birth.account)).await?.first(|mut row| row.int())?;
    let number = number.ok_or_else(|| BirthError::Unavailable("there is no such account".into()))?;
    if sql.run(chat_row(birth, number)).await?.affected == 1 {
        sql.run(head_row(birth)).await?;
        return Ok(number);
    }
    match open_chat(sql, birth).await? {
        Some(chat) => Err(BirthError::Open { chat }),
        None => Err(BirthError::Unavailable(format!("there is a chat {} already", birth.chat))),
    }
}

async fn remember(sql: &mut dyn Sql, birth: &Birth) -> Result<(), BirthError> {
    // A memory that has run out makes room; one that stands tells what was answered.
    let remember = Query::new(
        "INSERT INTO birth (account, visitor, command, digest, chat, visitor_seq, kept_until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account, visitor, command) DO UPDATE SET \
         digest = excluded.digest, chat = excluded.chat, visitor_seq = excluded.visitor_seq, \
         kept_until = excluded.kept_until WHERE birth.kept_until <= $8",
    );
    let (visitor, command) = (birth.visitor.0, birth.origin.command.as_str());
    let remember = remember.arg(birth.account).arg(visitor).arg(command).arg(birth.origin.digest);
    let remember = remember.arg(birth.chat.0).arg(birth.head.visitor_seq).arg(birth.at + COMMANDS_REMEMBERED);
    if sql.run(remember.arg(birth.at)).await?.affected == 1 {
        // A message that was left under the same id is another command.
        return if used_for_a_message(sql, birth).await? { Err(BirthError::OtherContent) } else { Ok(()) };
    }
    match born(sql, birth.account, birth.visitor, birth.origin.command.clone(), birth.at).await? {
        Some(Born { digest, chat, seq }) if digest == birth.origin.digest => Err(BirthError::Before { chat, seq }),
        Some(_) => Err(BirthError::OtherContent),
        None => Err(BirthError::Unavailable("the memory of the command went away".into())),
    }
}

/// What a command began, while that is remembered.
pub(super) async fn born(
    sql: &mut dyn Sql,
    account: AccountId,
    visitor: VisitorId,
    command: CommandId,
    now: Timestamp,
) -> Result<Option<Born>, StoreError> {
    let query = Query::new(
        "SELECT digest, chat, visitor_seq FROM birth \
         WHERE account = $1 AND visitor = $2 AND command = $3 AND kept_until > $4",
    );
    let query = query.arg(account).arg(visitor.0).arg(command.as_str()).arg(now);
    sql.run(query).await?.first(|mut row| Ok(Born { digest: row.u64()?, chat: ChatId(row.uuid()?), seq: row.u32()? }))
}

async fn open_chat(sql: &mut dyn Sql, birth: &Birth) -> Result<Option<ChatId>, StoreError> {
    let query =
        Query::new("SELECT id FROM chat WHERE account = $1 AND brand = $2 AND visitor = $3 AND state <> 'ended'");
    let query = query.arg(birth.account).arg(birth.brand.as_str()).arg(birth.visitor.0);
    sql.run(query).await?.first(|mut row| row.uuid().map(ChatId))
}

fn chat_row(birth: &Birth, number: i64) -> Query {
    let mut query = Query::new(
        "INSERT INTO chat (id, account, shard, number, visitor, brand, department, name, email, contact, started_at, state, \
         grp, owner, queued_at, waited_since, assigned_at, answered_in, ended_at, ended_by, ended_why, visitor_away, question) VALUES \
         ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23) ON CONFLICT DO NOTHING",
    );
    query = query.arg(birth.chat.0).arg(birth.account).arg(i64::from(birth.chat.shard().0));
    query = query.arg(number).arg(birth.visitor.0).arg(birth.brand.as_str());
    query = query.arg(birth.department.as_ref().map(|department| department.as_str().to_owned()));
    query = query.arg(birth.name.clone()).arg(birth.email.clone());
    query = query.arg(birth.contact.as_ref().map(Identity::key)).arg(birth.at);
    query.args.extend(state_values(&birth.head));
    query
}

fn head_row(birth: &Birth) -> Query {
    let head = &birth.head;
    let query = Query::new(
        "INSERT INTO chat_head (chat, account, owner_epoch, last_seq, visitor_seq, messages, idle_since, answered_at, \
         replies, idle_ms, idle_spread) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    );
    let query = query.arg(birth.chat.0).arg(birth.account).arg(birth.epoch).arg(head.last_seq).arg(head.visitor_seq);
    let query = query.arg(head.messages).arg(head.idle_since).arg(head.answered_at);
    query.arg(head.replies.count).arg(head.replies.idle.as_millis() as i64).arg(head.replies.spread.to_bytes().as_ref())
}

/// The changing columns of a chat's row, those of its head aside: `state`, `grp`, `owner`, `queued_at`,
/// `waited_since`, `assigned_at`, `answered_in`, `ended_at`, `ended_by`, `ended_why`, `visitor_away`, `question`.
pub(crate) fn state_values(head: &ChatHead) -> [Value; 12] {
    [
        phase::name(head.state).into(),
        head.group.as_str().into(),
        head.owner.map(|owner| owner.0).into(),
        head.queued_at.into(),
        head.waited_since.into(),
        head.assigned_at.into(),
        head.answered_in.as_ref().map(|group| group.as_str().to_owned()).into(),
        head.ended_at.into(),
        head.ended.map(|(by, _)| ended_by::name(by).to_owned()).into(),
        head.ended.map(|(_, why)| ended_why::name(why).to_owned()).into(),
        head.visitor_away.into(),
        head.question.clone().into(),
    ]
}

impl From<StoreError> for BirthError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(words) | StoreError::Corrupt(words) | StoreError::Conflict(words) => {
                Self::Unavailable(words)
            }
            StoreError::Taken { .. } => Self::Unavailable(error.to_string()),
        }
    }
}
