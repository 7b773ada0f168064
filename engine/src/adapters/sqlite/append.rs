//! Appends on the writing connection: the chat's row under its fence, the events, the slots, the offers.

use rusqlite::{CachedStatement, Connection, ErrorCode, OptionalExtension, params, params_from_iter};

use crate::adapters::delivery::well_numbered;
use crate::adapters::sql::{asked, offer_kind, state_values};
use crate::adapters::sqlite::read::{store_error, words};
use crate::adapters::sqlite::tail::Tail;
use crate::adapters::sqlite::writer::Core;
use crate::domain::chat::SlotChange;
use crate::domain::ids::AccountId;
use crate::domain::limits::DECISIONS_PER_CHAT_MAX;
use crate::domain::time::Timestamp;
use crate::ports::decisions::DecisionRow;
use crate::ports::journal::{Append, AppendError, AppendOutcome, Appended, Birth, Head, Load};
use crate::ports::store::StoreError;

const HEAD: &str = "UPDATE chat_head SET last_seq = ?1, visitor_seq = ?2, messages = ?3, idle_since = ?4, \
    answered_at = ?5, replies = ?6, idle_ms = ?7, idle_spread = ?8 \
    WHERE chat = ?9 AND account = ?10 AND owner_epoch = ?11 AND last_seq = ?12";
const STATE: &str = "UPDATE chat SET state = ?1, grp = ?2, owner = ?3, queued_at = ?4, waited_since = ?5, \
    assigned_at = ?6, answered_in = ?7, ended_at = ?8, ended_by = ?9, ended_why = ?10, visitor_away = ?11, question = ?12 \
    WHERE id = ?13 AND account = ?14";
// The limit stands in the write itself: whoever writes last sees what the others took. Giving back more than is held
// would be a miscount; it must not keep a chat from ending, and the recount tells of it. Who is disabled gets nothing more,
// also from a queue that has not heard of it yet.
const OPERATOR: &str = "UPDATE operator SET held = max(held + ?1, 0), reserved = max(reserved + ?2, 0), \
    last_ended_at = coalesce(?3, last_ended_at), load_version = load_version + 1 WHERE id = ?4 AND account = ?5 \
    AND (?6 = 0 OR (NOT disabled AND (max_chats IS NULL OR held + reserved + 1 <= max_chats))) \
    RETURNING held, reserved, last_ended_at, load_version";
const MEMBERSHIP: &str = "UPDATE membership SET held = max(held + ?1, 0), reserved = max(reserved + ?2, 0) \
    WHERE account = ?3 AND grp = ?4 AND operator = ?5 \
    AND (?6 = 0 OR max_chats IS NULL OR held + reserved + 1 <= max_chats) RETURNING held, reserved";
const OPEN_OFFER: &str = "INSERT OR REPLACE INTO offer (chat, seq, account, operator, grp, kind, expires_at, holds, \
    asked) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const NO_GUESTS: &str = "DELETE FROM guest WHERE chat = ?1 AND account = ?2";
const GUEST: &str = "INSERT INTO guest (chat, operator, account, grp) VALUES (?1, ?2, ?3, ?4)";
const DECISION: &str = "INSERT INTO decision (chat, seq, account, at, grp, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const OLD_DECISIONS: &str = "DELETE FROM decision WHERE chat = ?1 AND seq <= \
    (SELECT seq FROM decision WHERE chat = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)";
const CLOSE_OFFER: &str = "DELETE FROM offer WHERE chat = ?1 AND seq = ?2 AND account = ?3";

/// The statements of appends, prepared once for a run of them.
pub(super) struct Statements<'c> {
    head: CachedStatement<'c>,
    insert: CachedStatement<'c>,
}

impl<'c> Statements<'c> {
    pub(super) fn of(connection: &'c Connection, tail: &Tail) -> rusqlite::Result<Self> {
        Ok(Self { head: connection.prepare_cached(HEAD)?, insert: tail.insert(connection)? })
    }

    /// Does one append, or refuses it without a trace. An error means that the transaction is lost.
    pub(super) fn append(
        &mut self,
        connection: &Connection,
        tail: &mut Tail,
        append: &Append,
    ) -> rusqlite::Result<AppendOutcome> {
        if !well_numbered(append) {
            return Ok(Err(AppendError::Fenced));
        }
        if is_light(append) {
            if !self.head(connection, append.after, append)? {
                return Ok(Err(AppendError::Fenced));
            }
            tail.append(&mut self.insert, append.account, append.chat, &append.events)?;
            return Ok(Ok(Appended::default()));
        }
        connection.prepare_cached("SAVEPOINT append")?.execute([])?;
        let outcome = match self.with_slots(connection, tail, append) {
            // A rule of the data forbids this one; the others of the group have no part in it.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                Err(AppendError::Unavailable(words(&error)))
            }
            outcome => outcome?,
        };
        if outcome.is_err() {
            connection.prepare_cached("ROLLBACK TO append")?.execute([])?;
        }
        connection.prepare_cached("RELEASE append")?.execute([])?;
        Ok(outcome)
    }

    fn with_slots(
        &mut self,
        connection: &Connection,
        tail: &mut Tail,
        append: &Append,
    ) -> rusqlite::Result<AppendOutcome> {
        if !self.head(connection, append.after, append)? {
            return Ok(Err(AppendError::Fenced));
        }
        let mut loads = Vec::with_capacity(append.slots.len());
        for slot in &append.slots {
            match change_slot(connection, append.account, slot, append.at)? {
                Some(load) => loads.push(load),
                None => return Ok(Err(AppendError::NoCapacity { operator: slot.place().0 })),
            }
        }
        for offer in &append.closed {
            let mut close = connection.prepare_cached(CLOSE_OFFER)?;
            close.execute(params![&offer.chat.0.as_bytes()[..], offer.seq, append.account.0])?;
        }
        for offer in &append.opened {
            connection.prepare_cached(OPEN_OFFER)?.execute(params![
                &offer.id.chat.0.as_bytes()[..],
                offer.id.seq,
                append.account.0,
                &offer.operator.0.as_bytes()[..],
                offer.group.as_str(),
                offer_kind::name(offer.kind),
                offer.expires_at.millis(),
                offer.holds,
                asked::text(offer.asked.as_ref()),
            ])?;
        }
        if let Some(guests) = &append.guests {
            let chat = &append.chat.0.as_bytes()[..];
            connection.prepare_cached(NO_GUESTS)?.execute(params![chat, append.account.0])?;
            for guest in guests {
                let (who, group) = (&guest.person.id.0.as_bytes()[..], guest.group.as_str());
                connection.prepare_cached(GUEST)?.execute(params![chat, who, append.account.0, group])?;
            }
        }
        if let Some(decision) = &append.decision {
            decided(connection, append, decision)?;
        }
        tail.append(&mut self.insert, append.account, append.chat, &append.events)?;
        Ok(Ok(Appended { loads }))
    }

    /// Does appends that continue each other ([`continues`]) as if they were one; false, and nothing is done, where
    /// they must be judged one by one.
    pub(super) fn joined<'a>(
        &mut self,
        connection: &Connection,
        tail: &mut Tail,
        appends: impl Iterator<Item = &'a Append> + Clone,
    ) -> rusqlite::Result<bool> {
        let (Some(first), Some(last)) = (appends.clone().next(), appends.clone().last()) else { return Ok(false) };
        if !appends.clone().all(well_numbered) || !self.head(connection, first.after, last)? {
            return Ok(false);
        }
        tail.append(&mut self.insert, first.account, first.chat, appends.flat_map(|append| &append.events))?;
        Ok(true)
    }

    /// Writes the chat's rows as they are after `append`; false when another writer has the chat, or its last event
    /// is not `after`.
    fn head(&mut self, connection: &Connection, after: u32, append: &Append) -> rusqlite::Result<bool> {
        let (visitor_seq, messages, idle_since, answered_at, replies) = match &append.head {
            Head::Light { visitor_seq, messages, idle_since, answered_at, replies } => {
                (*visitor_seq, *messages, *idle_since, *answered_at, *replies)
            }
            Head::Full(head) => (head.visitor_seq, head.messages, head.idle_since, head.answered_at, head.replies),
        };
        let changed = self.head.execute(params![
            append.events.last().map_or(append.after, |event| event.seq),
            visitor_seq,
            messages,
            idle_since.map(Timestamp::millis),
            answered_at.map(Timestamp::millis),
            replies.count,
            replies.idle.as_millis() as i64,
            replies.spread.to_bytes().as_ref(),
            &append.chat.0.as_bytes()[..],
            append.account.0,
            append.epoch as i64,
            after,
        ])?;
        if changed == 0 {
            return Ok(false);
        }
        if let Head::Full(head) = &append.head {
            let key = [append.chat.0.into(), append.account.into()];
            let values = state_values(head).into_iter().chain(key);
            connection.prepare_cached(STATE)?.execute(params_from_iter(values))?;
        }
        Ok(true)
    }
}

/// Keeps a decision; of too many the oldest goes. Each has an event of its own, so that few events are few decisions.
fn decided(connection: &Connection, append: &Append, decision: &DecisionRow) -> rusqlite::Result<()> {
    let chat = &append.chat.0.as_bytes()[..];
    let (group, record) = (decision.group.as_str(), decision.record.get());
    let mut insert = connection.prepare_cached(DECISION)?;
    insert.execute(params![chat, decision.seq, append.account.0, decision.at.millis(), group, record])?;
    if decision.seq > DECISIONS_PER_CHAT_MAX {
        connection.prepare_cached(OLD_DECISIONS)?.execute(params![chat, DECISIONS_PER_CHAT_MAX])?;
    }
    Ok(())
}

/// Whether an append brings messages and nothing else.
fn is_light(append: &Append) -> bool {
    let light = matches!(append.head, Head::Light { .. });
    light && append.slots.is_empty() && append.opened.is_empty() && append.closed.is_empty()
}

/// Whether an append goes on where another one ended, as the messages of a hurried writer do: both are one then.
pub(super) fn continues(append: &Append, before: &Append) -> bool {
    let owner = |append: &Append| (append.chat, append.account, append.epoch);
    let follows = before.events.last().is_some_and(|last| last.seq == append.after);
    follows && owner(append) == owner(before) && is_light(append) && is_light(before)
}

impl Core {
    /// Stores the events of a chat that is being born.
    pub(super) fn first_events(&mut self, birth: &Birth) -> Result<(), StoreError> {
        self.told(birth.at);
        let Self { connection, tail, .. } = self;
        tail.insert(connection)
            .and_then(|mut insert| tail.append(&mut insert, birth.account, birth.chat, &birth.events))
            .map_err(|error| store_error(&error))
    }
}

/// Changes one slot; `None` when there is no room, or nobody whose slot it is.
fn change_slot(
    connection: &Connection,
    account: AccountId,
    slot: &SlotChange,
    at: Timestamp,
) -> rusqlite::Result<Option<Load>> {
    let (operator, group) = slot.place();
    let (reserved, held) = slot.delta();
    let ended_at = matches!(slot, SlotChange::Free { .. }).then_some(at.millis());
    let id = &operator.0.as_bytes()[..];
    let needs_room = slot.needs_room();
    let overall = connection
        .prepare_cached(OPERATOR)?
        .query_row(params![held, reserved, ended_at, id, account.0, needs_room], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?, row.get::<_, i64>(3)?))
        })
        .optional()?;
    let in_group = connection
        .prepare_cached(MEMBERSHIP)?
        .query_row(params![held, reserved, account.0, group.as_str(), id, needs_room], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let nobody = takes(slot) && overall.is_none();
    if nobody || needs_room && in_group.is_none() {
        return Ok(None);
    }
    // Who is no longer there, or no longer a member, holds nothing.
    let (held, reserved, ended_at, version) = overall.unwrap_or_default();
    let (group_held, group_reserved) = in_group.unwrap_or_default();
    let last_ended_at = ended_at.map(Timestamp::from_millis);
    let version = version as u64;
    let group = group.clone();
    Ok(Some(Load { operator, group, held, reserved, group_held, group_reserved, last_ended_at, version }))
}

/// Whether the change makes somebody hold more: that somebody must exist.
fn takes(slot: &SlotChange) -> bool {
    matches!(slot, SlotChange::Reserve { .. } | SlotChange::Occupy { .. } | SlotChange::Fill { .. })
}
