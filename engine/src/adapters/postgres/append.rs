//! A group of appends in one transaction: the rows that it concerns are locked and read, chats first, then operators
//! by id, then memberships; each append is judged on them in its turn; what comes of all of them is written in sets.
//! What is locked cannot change in between, so a limit that holds here holds in the write.

use std::collections::BTreeMap;

use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use crate::adapters::delivery::well_numbered;
use crate::adapters::postgres::write_back;
use crate::domain::chat::{Guest, SlotChange};
use crate::domain::event::StoredEvent;
use crate::domain::ids::{AccountId, ChatId, OfferId, OperatorId};
use crate::domain::time::Timestamp;
use crate::ports::decisions::DecisionRow;
use crate::ports::journal::{Append, AppendError, AppendOutcome, Appended, Head, Load, OfferRow};

/// The rows of a group, and what becomes of them.
#[derive(Default)]
pub(super) struct Group<'a> {
    pub(super) chats: BTreeMap<Uuid, ChatRow>,
    pub(super) operators: BTreeMap<Uuid, OperatorRow>,
    pub(super) members: BTreeMap<(i64, String, Uuid), Slots>,
    pub(super) events: Vec<(AccountId, ChatId, &'a StoredEvent)>,
    pub(super) guests: BTreeMap<Uuid, (AccountId, &'a [Guest])>,
    pub(super) opened: BTreeMap<(OfferId, OperatorId), (AccountId, &'a OfferRow)>,
    pub(super) closed: Vec<(AccountId, OfferId)>,
    pub(super) decisions: Vec<(AccountId, ChatId, &'a DecisionRow)>,
}

pub(super) struct ChatRow {
    account: i64,
    epoch: i64,
    pub(super) last_seq: i64,
    /// What it is to be; none as long as nothing was appended.
    pub(super) head: Option<Head>,
}

pub(super) struct OperatorRow {
    account: i64,
    pub(super) slots: Slots,
    pub(super) last_ended_at: Option<i64>,
    pub(super) version: i64,
}

/// Held and reserved, and how many there may be.
#[derive(Clone, Copy, Default)]
pub(super) struct Slots {
    pub(super) held: i64,
    pub(super) reserved: i64,
    limit: Option<i64>,
    pub(super) changed: bool,
}

impl Slots {
    fn have_room(&self) -> bool {
        self.limit.is_none_or(|limit| self.held + self.reserved < limit)
    }

    fn change(&mut self, (reserved, held): (i32, i32)) {
        self.held = (self.held + i64::from(held)).max(0);
        self.reserved = (self.reserved + i64::from(reserved)).max(0);
        self.changed = true;
    }
}

/// Judges all appends and writes what comes of them; those that were refused before stay so.
pub(super) async fn group(
    connection: &mut PgConnection,
    appends: &[Result<Append, AppendError>],
) -> sqlx::Result<Vec<AppendOutcome>> {
    let mut group = Group::default();
    group.lock(connection, appends).await?;
    let judged = appends.iter().map(|append| group.judge(append.as_ref().map_err(Clone::clone)?)).collect();
    write_back::write(connection, group).await?;
    Ok(judged)
}

impl<'a> Group<'a> {
    async fn lock(
        &mut self,
        connection: &mut PgConnection,
        appends: &[Result<Append, AppendError>],
    ) -> sqlx::Result<()> {
        let asked = || appends.iter().flatten();
        let chats: Vec<Uuid> = asked().map(|append| append.chat.0).collect();
        let rows = sqlx::query(
            "SELECT chat, account, owner_epoch, last_seq FROM chat_head WHERE chat = ANY($1) ORDER BY chat FOR UPDATE",
        );
        for row in rows.bind(chats).fetch_all(&mut *connection).await? {
            let chat =
                ChatRow { account: row.try_get(1)?, epoch: row.try_get(2)?, last_seq: row.try_get(3)?, head: None };
            self.chats.insert(row.try_get(0)?, chat);
        }
        let operators: Vec<Uuid> = asked().flat_map(|append| &append.slots).map(|slot| slot.place().0.0).collect();
        if operators.is_empty() {
            return Ok(());
        }
        let rows = sqlx::query(
            "SELECT id, account, held, reserved, CASE WHEN disabled THEN 0 ELSE max_chats END, last_ended_at, \
             load_version FROM operator \
             WHERE id = ANY($1) ORDER BY id FOR UPDATE",
        );
        for row in rows.bind(&operators).fetch_all(&mut *connection).await? {
            let slots =
                Slots { held: row.try_get(2)?, reserved: row.try_get(3)?, limit: row.try_get(4)?, changed: false };
            let operator = OperatorRow {
                account: row.try_get(1)?,
                slots,
                last_ended_at: row.try_get(5)?,
                version: row.try_get(6)?,
            };
            self.operators.insert(row.try_get(0)?, operator);
        }
        let rows = sqlx::query(
            "SELECT account, grp, operator, held, reserved, max_chats FROM membership \
             WHERE operator = ANY($1) ORDER BY account, grp, operator FOR UPDATE",
        );
        for row in rows.bind(&operators).fetch_all(&mut *connection).await? {
            let slots =
                Slots { held: row.try_get(3)?, reserved: row.try_get(4)?, limit: row.try_get(5)?, changed: false };
            self.members.insert((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?), slots);
        }
        Ok(())
    }

    fn judge(&mut self, append: &'a Append) -> AppendOutcome {
        let mine = |chat: &&mut ChatRow| {
            chat.account == append.account.0
                && chat.epoch == append.epoch as i64
                && chat.last_seq == i64::from(append.after)
        };
        if !well_numbered(append) || self.chats.get_mut(&append.chat.0).filter(mine).is_none() {
            return Err(AppendError::Fenced);
        }
        let loads = self.change_slots(append)?;
        for offer in &append.closed {
            self.opened.retain(|(open, _), _| open != offer);
            self.closed.push((append.account, *offer));
        }
        self.opened.extend(append.opened.iter().map(|offer| ((offer.id, offer.operator), (append.account, offer))));
        if let Some(guests) = &append.guests {
            self.guests.insert(append.chat.0, (append.account, guests));
        }
        self.decisions.extend(append.decision.iter().map(|row| (append.account, append.chat, &**row)));
        if let Some(chat) = self.chats.get_mut(&append.chat.0) {
            chat.last_seq += append.events.len() as i64;
            chat.head = Some(merged(chat.head.take(), &append.head, chat.last_seq as u32));
        }
        self.events.extend(append.events.iter().map(|event| (append.account, append.chat, event)));
        Ok(Appended { loads })
    }

    /// All changes of an append, or none.
    fn change_slots(&mut self, append: &Append) -> Result<Vec<Load>, AppendError> {
        let account = append.account.0;
        let key = |slot: &SlotChange| {
            let (operator, group) = slot.place();
            (account, group.as_str().to_owned(), operator.0)
        };
        let before: Vec<_> = append
            .slots
            .iter()
            .map(|slot| {
                let operator = self.operators.get(&slot.place().0.0);
                let overall = operator.map(|row| (row.slots, row.last_ended_at, row.version));
                (slot.place().0.0, overall, key(slot), self.members.get(&key(slot)).copied())
            })
            .collect();
        let mut loads = Vec::with_capacity(append.slots.len());
        for slot in &append.slots {
            if let Some(load) = self.change_slot(account, slot, &key(slot), append.at) {
                loads.push(load);
                continue;
            }
            // All of them were noted before the first change: the order of putting them back does not matter.
            for (operator, overall, key, in_group) in before {
                if let Some((row, was)) = self.operators.get_mut(&operator).zip(overall) {
                    (row.slots, row.last_ended_at, row.version) = was;
                }
                if let Some((member, was)) = self.members.get_mut(&key).zip(in_group) {
                    *member = was;
                }
            }
            return Err(AppendError::NoCapacity { operator: slot.place().0 });
        }
        Ok(loads)
    }

    fn change_slot(
        &mut self,
        account: i64,
        slot: &SlotChange,
        key: &(i64, String, Uuid),
        at: Timestamp,
    ) -> Option<Load> {
        let (operator, group) = slot.place();
        let mut row = self.operators.get_mut(&operator.0).filter(|row| row.account == account);
        let mut member = self.members.get_mut(key);
        let takes = matches!(slot, SlotChange::Reserve { .. } | SlotChange::Occupy { .. } | SlotChange::Fill { .. });
        if takes && row.is_none() {
            return None;
        }
        if slot.needs_room() {
            let free = row.as_ref().is_some_and(|row| row.slots.have_room());
            if !free || !member.as_ref().is_some_and(|member| member.have_room()) {
                return None;
            }
        }
        if let Some(member) = &mut member {
            member.change(slot.delta());
        }
        if let Some(row) = &mut row {
            row.slots.change(slot.delta());
            row.version += 1;
            if matches!(slot, SlotChange::Free { .. }) {
                row.last_ended_at = Some(at.millis());
            }
        }
        let in_group = member.map(|member| *member).unwrap_or_default();
        let overall = row.as_ref().map(|row| row.slots).unwrap_or_default();
        Some(Load {
            operator: OperatorId(operator.0),
            group: group.clone(),
            held: overall.held as u32,
            reserved: overall.reserved as u32,
            group_held: in_group.held as u32,
            group_reserved: in_group.reserved as u32,
            last_ended_at: row.as_ref().and_then(|row| row.last_ended_at).map(Timestamp::from_millis),
            version: row.as_ref().map_or(0, |row| row.version as u64),
        })
    }
}

/// What a chat is after two appends of one group.
fn merged(earlier: Option<Head>, later: &Head, last: u32) -> Head {
    let Some(Head::Full(mut full)) = earlier else { return later.clone() };
    match later {
        Head::Full(_) => later.clone(),
        Head::Light { visitor_seq, messages, idle_since, answered_at, replies } => {
            full.last_seq = last;
            full.visitor_seq = *visitor_seq;
            full.messages = *messages;
            full.idle_since = *idle_since;
            full.answered_at = *answered_at;
            full.replies = *replies;
            Head::Full(full)
        }
    }
}
