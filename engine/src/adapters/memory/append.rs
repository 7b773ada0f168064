//! Births and appends: all of it or nothing, under their fences.

use crate::adapters::delivery::{well_born, well_numbered};
use crate::adapters::memory::state::{BirthMemory, ChatRow, Slots, State};
use crate::domain::chat::SlotChange;
use crate::domain::ids::{AccountId, GroupId, OperatorId};
use crate::domain::limits::{COMMANDS_REMEMBERED, DECISIONS_PER_CHAT_MAX};
use crate::domain::time::Timestamp;
use crate::ports::journal::{Append, AppendError, AppendOutcome, Appended, Birth, BirthError, ChatRecord, Head, Load};
use crate::protocol::visitor::ChatPhase;

/// What was there before a slot change.
struct Before {
    key: (AccountId, GroupId, OperatorId),
    overall: Option<(Slots, Option<Timestamp>, u64)>,
    in_group: Option<Slots>,
}

impl State {
    pub(super) fn append(&mut self, append: Append) -> AppendOutcome {
        if self.closed {
            return Err(AppendError::Unavailable("it is closed".into()));
        }
        self.told(append.at);
        let chat = self.chat(append.account, append.chat);
        let mine = |row: &&ChatRow| row.record.owner_epoch == append.epoch && row.record.head.last_seq == append.after;
        if !well_numbered(&append) || chat.filter(mine).is_none() {
            return Err(AppendError::Fenced);
        }
        let mut loads = Vec::with_capacity(append.slots.len());
        let mut before = Vec::with_capacity(append.slots.len());
        for slot in &append.slots {
            before.push(self.before(append.account, slot));
            match self.change_slot(append.account, slot, append.at) {
                Some(load) => loads.push(load),
                None => {
                    self.take_back(before);
                    return Err(AppendError::NoCapacity { operator: slot.place().0 });
                }
            }
        }
        for offer in &append.closed {
            if let Some(row) = self.chat_mut(append.account, offer.chat) {
                row.offers.retain(|(seq, _), _| *seq != offer.seq);
            }
        }
        let Some(row) = self.chat_mut(append.account, append.chat) else { return Err(AppendError::Fenced) };
        row.offers.extend(append.opened.into_iter().map(|offer| ((offer.id.seq, offer.operator), offer)));
        let head = &mut row.record.head;
        match append.head {
            Head::Full(full) => *head = *full,
            Head::Light { visitor_seq, messages, idle_since, answered_at, replies } => {
                head.last_seq = append.after + append.events.len() as u32;
                head.visitor_seq = visitor_seq;
                head.messages = messages;
                head.idle_since = idle_since;
                head.answered_at = answered_at;
                head.replies = replies;
            }
        }
        if let Some(guests) = append.guests {
            row.guests = guests;
        }
        row.events.extend(append.events);
        if let Some(decision) = append.decision {
            row.decisions.push(*decision);
            let surplus = row.decisions.len().saturating_sub(DECISIONS_PER_CHAT_MAX as usize);
            row.decisions.drain(..surplus);
        }
        Ok(Appended { loads })
    }

    /// Changes one slot; `None`, and nothing changed, when there is no room or nobody whose slot it is.
    fn change_slot(&mut self, account: AccountId, slot: &SlotChange, at: Timestamp) -> Option<Load> {
        let (operator, group) = slot.place();
        let key = (account, group.clone(), operator);
        let row = self.operator(account, operator);
        let member = self.memberships.get(&key);
        let takes = matches!(slot, SlotChange::Reserve { .. } | SlotChange::Occupy { .. } | SlotChange::Fill { .. });
        if takes && row.is_none() {
            return None;
        }
        if slot.needs_room() {
            let free = row.is_some_and(|row| !row.operator.disabled && row.slots.have_room(row.operator.limit));
            let free_in_group = member.is_some_and(|member| member.slots.have_room(member.membership.limit));
            if !free || !free_in_group {
                return None;
            }
        }
        let in_group = self.memberships.get_mut(&key).map(|member| {
            member.slots = member.slots.changed(slot.delta());
            member.slots
        });
        let Slots { held: group_held, reserved: group_reserved } = in_group.unwrap_or_default();
        let group = group.clone();
        let nobody =
            Load { operator, group, held: 0, reserved: 0, group_held, group_reserved, last_ended_at: None, version: 0 };
        let Some(row) = self.operator_mut(account, operator) else { return Some(nobody) };
        row.slots = row.slots.changed(slot.delta());
        row.version += 1;
        if matches!(slot, SlotChange::Free { .. }) {
            row.last_ended_at = Some(at);
        }
        let Slots { held, reserved } = row.slots;
        Some(Load { held, reserved, last_ended_at: row.last_ended_at, version: row.version, ..nobody })
    }

    /// What a slot change is about to change.
    fn before(&self, account: AccountId, slot: &SlotChange) -> Before {
        let (operator, group) = slot.place();
        let key = (account, group.clone(), operator);
        let row = self.operator(account, operator);
        Before {
            overall: row.map(|row| (row.slots, row.last_ended_at, row.version)),
            in_group: self.memberships.get(&key).map(|member| member.slots),
            key,
        }
    }

    /// Undoes the changes of an append that is refused after all.
    fn take_back(&mut self, before: Vec<Before>) {
        for Before { key, overall, in_group } in before.into_iter().rev() {
            if let Some((row, was)) = self.operator_mut(key.0, key.2).zip(overall) {
                (row.slots, row.last_ended_at, row.version) = was;
            }
            if let Some((member, was)) = self.memberships.get_mut(&key).zip(in_group) {
                member.slots = was;
            }
        }
    }

    pub(super) fn birth(&mut self, birth: Birth) -> Result<i64, BirthError> {
        if self.closed {
            return Err(BirthError::Unavailable("it is closed".into()));
        }
        self.told(birth.at);
        if !well_born(&birth) {
            return Err(BirthError::Unavailable("the first events are not numbered from 1".into()));
        }
        let key = (birth.account, birth.visitor, birth.origin.command.clone());
        if let Some(memory) = self.births.get(&key).filter(|memory| memory.until > birth.at) {
            if memory.digest != birth.origin.digest {
                return Err(BirthError::OtherContent);
            }
            return Err(BirthError::Before { chat: memory.chat, seq: memory.visitor_seq });
        }
        if self
            .left
            .values()
            .any(|left| (left.message.account, left.message.visitor, &left.command) == (key.0, key.1, &key.2))
        {
            return Err(BirthError::OtherContent);
        }
        let epoch = self.shards.get(&birth.chat.shard()).map(|(epoch, _)| *epoch);
        if epoch != Some(birth.epoch) {
            return Err(BirthError::Fenced);
        }
        let open = self.chats_of(birth.account).find(|row| {
            let record = &row.record;
            record.visitor == birth.visitor && record.brand == birth.brand && record.head.state != ChatPhase::Ended
        });
        if let Some(open) = open {
            return Err(BirthError::Open { chat: open.record.id });
        }
        if self.chats.contains_key(&birth.chat) {
            return Err(BirthError::Unavailable(format!("there is a chat {} already", birth.chat)));
        }
        let Some(account) = self.accounts.get_mut(&birth.account) else {
            return Err(BirthError::Unavailable("there is no such account".into()));
        };
        account.last_number += 1;
        let number = account.last_number;
        let memory = BirthMemory {
            digest: birth.origin.digest,
            chat: birth.chat,
            visitor_seq: birth.head.visitor_seq,
            until: birth.at + COMMANDS_REMEMBERED,
        };
        self.births.insert(key, memory);
        let record = ChatRecord {
            account: birth.account,
            id: birth.chat,
            number,
            owner_epoch: birth.epoch,
            visitor: birth.visitor,
            brand: birth.brand,
            department: birth.department,
            name: birth.name,
            email: birth.email,
            contact: birth.contact,
            owner_name: None,
            started_at: birth.at,
            head: birth.head,
        };
        let (marks, offers, guests, decisions) = Default::default();
        let events = birth.events;
        self.chats.insert(birth.chat, ChatRow { record, events, marks, offers, guests, decisions });
        Ok(number)
    }
}
