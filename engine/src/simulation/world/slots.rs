//! The part of the store in a simulation: inputs are judged by the chat, slots are settled in one step with the
//! condition in it, and everybody concerned hears what an operator holds since.

use crate::domain::chat::{Chat, Input, SlotChange};
use crate::domain::ids::OperatorId;
use crate::domain::limits::UNLIMITED_COUNTS_AS;
use crate::domain::routing::{Arrival, LoadNews, Wishes};
use crate::simulation::checker;
use crate::simulation::world::World;
use crate::simulation::world::events::Happening;

/// Why an input came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// The chat refused it.
    Refused,
    /// An operator has no slot.
    NoCapacity,
}

impl World<'_> {
    /// Judges an input and carries it out; what the operator concerned holds since, if it changed that.
    pub(super) fn commit(&mut self, n: u32, input: Input) -> Result<Option<LoadNews>, Failed> {
        let now = self.now;
        let Some(open) = self.chats[n as usize].as_deref_mut() else { return Err(Failed::Refused) };
        let decision = open.chat.decide(input, now).map_err(|_| Failed::Refused)?;
        if decision.slots.iter().any(|change| change.needs_room() && !self.has_room(change)) {
            return Err(Failed::NoCapacity);
        }
        let mut news = None;
        for change in &decision.slots {
            news = self.settle(n, change).or(news);
        }
        if let Some(open) = self.chats[n as usize].as_deref_mut() {
            for event in open.chat.number(decision.events, now, None) {
                open.chat.apply(&event);
            }
            if !open.chat.is_waiting() {
                self.waiting.remove(&n);
            }
        }
        Ok(news)
    }

    /// A chat that is not over.
    pub(super) fn chat(&self, n: u32) -> Option<&Chat> {
        self.chats[n as usize].as_deref().map(|open| &open.chat)
    }

    /// A waiting chat as it says itself.
    pub(super) fn arrival(&self, n: u32) -> Option<Arrival> {
        let open = self.chats[n as usize].as_deref()?;
        let (chat, entered_at, moved) = (open.chat.id, open.chat.queued_at, open.chat.moved);
        #[cfg(test)]
        let entered_at = if self.has_fault(super::Fault::NewestFirst) {
            crate::domain::time::Timestamp::from_millis(1_000_000_000_000 - entered_at.millis())
        } else {
            entered_at
        };
        let priority = self.scenario.groups[open.queue].priority;
        let wishes = Wishes { skills: open.needs.clone(), ..Wishes::default() };
        let tried = open.chat.tried.clone();
        Some(Arrival { priority, wishes, tried, moved, ..Arrival::new(chat, entered_at) })
    }

    /// What an operator holds is news for all of their groups, if it has changed.
    pub(super) fn load_changed(&mut self, news: Option<LoadNews>) {
        let actions = news.map(|news| self.centre.handle_load(&news, self.now)).unwrap_or_default();
        self.hears(actions);
    }

    pub(super) fn worker(&self, operator: OperatorId) -> Option<usize> {
        let n = usize::try_from(operator.0.as_u128()).ok()?.checked_sub(1)?;
        (n < self.workers.len()).then_some(n)
    }

    /// The time since the last change of an operator goes into the report.
    pub(super) fn account(&mut self, worker: usize) {
        let (now, one) = (self.now, &mut self.workers[worker]);
        let since = one.done_at;
        let receives = one.presence.reception().since().is_some();
        one.done_s += now.since(since).as_secs_f64() / one.pace_of_work();
        one.done_at = now;
        for seat in &one.seats {
            let held = u64::from(seat.held);
            let most = [one.limit, seat.limit].into_iter().flatten().min().unwrap_or(UNLIMITED_COUNTS_AS);
            if held > 0 || receives {
                self.run.passed(seat.group, since, now, |cell, millis| {
                    cell.held_ms += held * millis;
                    if receives {
                        cell.used_ms += held * millis;
                        cell.slot_ms += u64::from(most) * millis;
                    }
                });
            }
        }
    }

    fn has_room(&self, change: &SlotChange) -> bool {
        let (operator, group) = change.place();
        let Some(worker) = self.worker(operator).map(|worker| &self.workers[worker]) else { return false };
        #[cfg(test)]
        if self.has_fault(super::Fault::NoCondition) {
            return true;
        }
        let seat = worker.seats.iter().find(|seat| self.lines[seat.group].id == *group);
        let room = |used: u32, limit: Option<u32>| limit.is_none_or(|limit| used < limit);
        room(worker.held + worker.reserved, worker.limit)
            && seat.is_some_and(|seat| room(seat.held + seat.reserved, seat.limit))
    }

    fn settle(&mut self, n: u32, change: &SlotChange) -> Option<LoadNews> {
        let (operator, group) = change.place();
        let index = self.worker(operator)?;
        let seat_index = self.workers[index].seats.iter().position(|seat| self.lines[seat.group].id == *group)?;
        self.account(index);
        let (now, (reserved, held)) = (self.now, change.delta());
        let worker = &mut self.workers[index];
        let seat = &mut worker.seats[seat_index];
        seat.held = seat.held.saturating_add_signed(held);
        seat.reserved = seat.reserved.saturating_add_signed(reserved);
        worker.held = worker.held.saturating_add_signed(held);
        worker.reserved = worker.reserved.saturating_add_signed(reserved);
        worker.version += 1;
        let open = self.chats[n as usize].as_deref_mut()?;
        if held > 0 {
            worker.finishing.insert(((worker.done_s + open.handling_s).to_bits(), n));
            open.at = Some((index, seat_index, now));
        } else if held < 0 {
            worker.finishing.retain(|(_, chat)| *chat != n);
            worker.last_ended_at = Some(now);
            open.at = None;
        }
        let news = LoadNews {
            operator,
            group: group.clone(),
            held: worker.held,
            reserved: worker.reserved,
            group_held: worker.seats[seat_index].held,
            group_reserved: worker.seats[seat_index].reserved,
            last_ended_at: worker.last_ended_at,
            version: worker.version,
        };
        if held != 0 {
            self.plan_finish(index);
        }
        let found = checker::within_limits(&self.workers[index], now);
        self.must(found);
        Some(news)
    }

    /// The chat that is finished first, at the pace of now.
    fn plan_finish(&mut self, index: usize) {
        let worker = &mut self.workers[index];
        worker.pace += 1;
        let Some((done_bits, _)) = worker.finishing.first() else { return };
        let left_s = (f64::from_bits(*done_bits) - worker.done_s).max(0.0) * worker.pace_of_work();
        let (worker, pace) = (index, worker.pace);
        self.clock.plan(self.now + super::span(left_s), Happening::Finishes { worker, pace });
    }
}

impl super::Worker {
    /// How many times as long a chat takes with as many as are held.
    fn pace_of_work(&self) -> f64 {
        1.0 + self.slowdown * f64::from(self.held.saturating_sub(1))
    }

    /// The chat that is finished first.
    pub(super) fn finished(&self) -> Option<u32> {
        self.finishing.first().map(|(_, chat)| *chat)
    }
}
