//! The journal's port in memory.

use std::cmp::Reverse;

use async_trait::async_trait;

use crate::adapters::delivery::Deliveries;
use crate::adapters::memory::MemoryStore;
use crate::adapters::memory::state::ChatRow;
use crate::domain::estimate::Waited;
use crate::domain::event::StoredEvent;
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, BrandId, ChatId, CommandId, GroupId, OperatorId, VisitorId};
use crate::domain::limits::PACE_CHATS_MAX;
use crate::domain::time::Timestamp;
use crate::ports::journal::{
    Append, Birth, BirthError, Born, ChatList, ChatQuery, ChatRecord, Completion, EventPage, Journal, MarkRow,
    OfferRow, Remembered, Side, StoredChat,
};
use crate::ports::store::StoreError;
use crate::protocol::operator::ChatOrder;
use crate::protocol::visitor::ChatPhase;

#[async_trait]
impl Journal for MemoryStore {
    fn append(&self, append: Append, done: Completion) {
        let outcome = self.state().append(append);
        let mut deliveries = Deliveries::default();
        deliveries.push(done, outcome);
        deliveries.hand_over();
    }

    async fn birth(&self, birth: Birth) -> Result<i64, BirthError> {
        self.state().birth(birth)
    }

    async fn born(
        &self,
        account: AccountId,
        visitor: VisitorId,
        command: &CommandId,
        now: Timestamp,
    ) -> Result<Option<Born>, StoreError> {
        let state = self.open()?;
        let memory = state.births.get(&(account, visitor, command.clone())).filter(|memory| memory.until > now);
        Ok(memory.map(|memory| Born { digest: memory.digest, chat: memory.chat, seq: memory.visitor_seq }))
    }

    async fn activate(&self, account: AccountId, chat: ChatId, epoch: u64) -> Result<Option<StoredChat>, StoreError> {
        let mut state = self.open()?;
        let Some(row) = state.chat_mut(account, chat).filter(|row| row.record.owner_epoch <= epoch) else {
            return Ok(None);
        };
        row.record.owner_epoch = epoch;
        Ok(state.chat(account, chat).map(|row| StoredChat {
            record: state.record(row),
            events: row.events.clone(),
            marks: marks_of(row),
        }))
    }

    async fn chat(&self, account: AccountId, chat: ChatId) -> Result<Option<ChatRecord>, StoreError> {
        let state = self.open()?;
        Ok(state.chat(account, chat).map(|row| state.record(row)))
    }

    async fn events(
        &self,
        account: AccountId,
        chat: ChatId,
        side: Side,
        after: u32,
        limit: usize,
        bytes: usize,
    ) -> Result<EventPage, StoreError> {
        let state = self.open()?;
        let Some(row) = state.chat(account, chat) else { return Ok(EventPage::default()) };
        let (shown, last): (fn(&StoredEvent) -> Option<u32>, u32) = match side {
            Side::Visitor => (|event| event.visible.then_some(event.visitor_seq), row.record.head.visitor_seq),
            Side::Operators => (|event| Some(event.seq), row.record.head.last_seq),
        };
        let mut page = EventPage { events: Vec::new(), last };
        let mut sum = 0_usize;
        for event in row.events.iter().filter(|event| shown(event).is_some_and(|number| number > after)).take(limit) {
            sum = sum.saturating_add(event.body.get().len());
            if sum > bytes && !page.events.is_empty() {
                break;
            }
            page.events.push(event.clone());
        }
        Ok(page)
    }

    async fn chats(&self, account: AccountId, query: &ChatQuery) -> Result<ChatList, StoreError> {
        let state = self.open()?;
        let mut rows: Vec<&ChatRow> =
            state.chats_of(account).filter(|row| asked_for(query, row) && may_see(query, row)).collect();
        let total = if query.count { rows.len() as u32 } else { 0 };
        match query.order {
            ChatOrder::Latest => {
                rows.sort_by_key(|row| Reverse((row.record.started_at, row.record.id)));
                rows.retain(|row| query.after.is_none_or(|after| (row.record.started_at, row.record.id) < after));
            }
            ChatOrder::LongestWaiting => {
                rows.sort_by_key(|row| (row.record.head.queued_at, row.record.id));
                rows.retain(|row| query.after.is_none_or(|after| (row.record.head.queued_at, row.record.id) > after));
            }
        }
        let left_out = if query.after.is_none() { query.offset as usize } else { 0 };
        let more = rows.len() > left_out.saturating_add(query.limit as usize);
        let rows = rows.into_iter().skip(left_out).take(query.limit as usize).map(|row| state.record(row)).collect();
        Ok(ChatList { rows, total, more })
    }

    async fn chat_of_visitor(
        &self,
        account: AccountId,
        brand: &BrandId,
        visitor: VisitorId,
    ) -> Result<Option<ChatRecord>, StoreError> {
        let state = self.open()?;
        let of_visitor =
            state.chats_of(account).filter(|row| row.record.visitor == visitor && row.record.brand == *brand);
        let best = of_visitor.max_by_key(|row| {
            let open = row.record.head.state != ChatPhase::Ended;
            (open, row.record.head.ended_at, row.record.started_at, row.record.id)
        });
        Ok(best.map(|row| state.record(row)))
    }

    async fn last_operator(
        &self,
        account: AccountId,
        contact: &Identity,
    ) -> Result<Option<(OperatorId, Timestamp)>, StoreError> {
        let state = self.open()?;
        let of_contact = state.chats_of(account).filter(|row| row.record.contact.as_ref() == Some(contact));
        let over = of_contact.filter(|row| row.record.head.state == ChatPhase::Ended);
        let served = over.filter_map(|row| {
            let head = &row.record.head;
            Some((head.ended_at?, row.record.id, head.owner?))
        });
        Ok(served.max().map(|(ended_at, _, owner)| (owner, ended_at)))
    }

    async fn waiting(
        &self,
        account: AccountId,
        group: &GroupId,
    ) -> Result<Vec<(ChatRecord, Option<OfferRow>)>, StoreError> {
        let state = self.open()?;
        let waits = |row: &&ChatRow| row.record.head.state == ChatPhase::Waiting && row.record.head.group == *group;
        let mut rows: Vec<&ChatRow> = state.chats_of(account).filter(waits).collect();
        rows.sort_by_key(|row| (row.record.head.queued_at, row.record.id));
        let offer = |row: &ChatRow| row.offers.values().rfind(|offer| offer.holds).cloned();
        Ok(rows.into_iter().map(|row| (state.record(row), offer(row))).collect())
    }

    async fn waited(&self, account: AccountId, group: &GroupId) -> Result<Vec<Waited>, StoreError> {
        let state = self.open()?;
        let heads = state.chats_of(account).map(|row| (row.record.id, &row.record.head));
        let here = heads.filter(|(_, head)| head.answered_in.as_ref().unwrap_or(&head.group) == group);
        let waited = here.filter_map(|(id, head)| {
            let waited = Waited::of(head.waited_since, head.assigned_at, head.ended_at)?;
            Some((id, waited))
        });
        let mut waited: Vec<(ChatId, Waited)> = waited.collect();
        waited.sort_by_key(|(id, waited)| Reverse((waited.until, *id)));
        Ok(waited.into_iter().take(PACE_CHATS_MAX).map(|(_, waited)| waited).collect())
    }

    async fn guests(&self, account: AccountId, chat: ChatId) -> Result<Vec<OperatorId>, StoreError> {
        let state = self.open()?;
        let guests = state.chat(account, chat).map(|row| row.guests.iter().map(|guest| guest.person.id).collect());
        let mut guests: Vec<OperatorId> = guests.unwrap_or_default();
        guests.sort();
        Ok(guests)
    }

    async fn offers_of(&self, account: AccountId, operator: OperatorId) -> Result<Vec<OfferRow>, StoreError> {
        let state = self.open()?;
        let offers = state.chats_of(account).flat_map(|row| row.offers.values());
        let mut offers: Vec<OfferRow> = offers.filter(|offer| offer.operator == operator).cloned().collect();
        offers.sort_by_key(|offer| (offer.expires_at, offer.id));
        Ok(offers)
    }

    async fn save_marks(&self, account: AccountId, chat: ChatId, marks: &[MarkRow]) -> Result<(), StoreError> {
        let mut state = self.open()?;
        let Some(row) = state.chat_mut(account, chat) else { return Ok(()) };
        for mark in marks {
            let kept = row.marks.entry(mark.who).or_default();
            kept.delivered = kept.delivered.max(mark.marks.delivered);
            kept.read = kept.read.max(mark.marks.read);
        }
        Ok(())
    }

    async fn marks(&self, account: AccountId, chats: &[ChatId]) -> Result<Vec<(ChatId, MarkRow)>, StoreError> {
        let state = self.open()?;
        let rows = chats.iter().filter_map(|chat| state.chat(account, *chat));
        let marks = rows.flat_map(|row| marks_of(row).into_iter().map(|mark| (row.record.id, mark)));
        Ok(marks.collect())
    }

    async fn remembered(
        &self,
        account: AccountId,
        sender: &str,
        command: &CommandId,
    ) -> Result<Option<Remembered>, StoreError> {
        let key = (account, sender.to_owned(), command.clone());
        Ok(self.open()?.remembered.get(&key).map(|(answer, _)| answer.clone()))
    }

    async fn remember(
        &self,
        account: AccountId,
        sender: &str,
        command: &CommandId,
        answer: Remembered,
        until: Timestamp,
    ) -> Result<Remembered, StoreError> {
        let key = (account, sender.to_owned(), command.clone());
        Ok(self.open()?.remembered.entry(key).or_insert((answer, until)).0.clone())
    }
}

fn marks_of(row: &ChatRow) -> Vec<MarkRow> {
    row.marks.iter().map(|(who, marks)| MarkRow { who: *who, marks: *marks }).collect()
}

fn asked_for(query: &ChatQuery, row: &ChatRow) -> bool {
    let (filter, record) = (&query.filter, &row.record);
    filter.state.is_none_or(|state| record.head.state == state)
        && filter.operator.is_none_or(|operator| record.head.owner == Some(operator) || is_guest(row, operator))
        && filter.group.as_ref().is_none_or(|group| record.head.group == *group)
}

fn may_see(query: &ChatQuery, row: &ChatRow) -> bool {
    query.scope.as_ref().is_none_or(|scope| scope.shows(&row.record) || is_guest(row, scope.operator))
}

fn is_guest(row: &ChatRow, operator: OperatorId) -> bool {
    row.guests.iter().any(|guest| guest.person.id == operator)
}
