//! Looking after the queue: its gauges, and the comparison with the store. Messages do the work; what is found here was
//! missed, and counts as a fault when it is found twice, for a message may be on its way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::Context;

use super::QueueActor;
use crate::actors::guard::beside;
use crate::actors::messages::Signal;
use crate::domain::ids::{ChatId, OperatorId};
use crate::domain::report::Work;
use crate::domain::routing::still::reasons;
use crate::domain::routing::{Capacity, Effect, LoadNews};
use crate::metrics::Invariant;
use crate::ports::journal::{ChatRecord, OfferRow};
use crate::ports::presence::RosterRow;
use crate::ports::work::Whose;

/// What a comparison found.
#[derive(Default)]
pub(super) struct Suspects {
    /// Chats that only one side has.
    chats: Vec<ChatId>,
    /// Operators whose load here is older than the stored one, with the version of that.
    loads: BTreeMap<OperatorId, u64>,
}

impl QueueActor {
    pub(super) fn measure(&mut self) {
        let Some(desk) = &self.desk else { return };
        let metrics = self.shared.metrics.group(self.account, &self.group);
        let Capacity { receiving, slots, used, reserved, free } = Capacity::of(desk.roster().members());
        metrics.capacity.set(slots);
        metrics.capacity_used.set(used);
        metrics.capacity_reserved.set(reserved);
        metrics.capacity_free.set(free);
        metrics.receiving.set(receiving);
        if let Some((from, to)) = self.looked.since_last(self.shared.now()) {
            let whose = Whose::Group(self.group.clone());
            self.shared.worked.add(self.account, &whose, (from, to), slots, used);
            metrics.worked(Work::of(slots, used, to.since(from)));
        }
        metrics.waiting.set(desk.queue().len() as f64);
        metrics.set_waiting_reasons(&reasons(desk, self.shared.now()));
        let longest = desk.queue().longest_since().map_or(Duration::ZERO, |since| self.shared.now().since(since));
        metrics.waiting_longest.set(longest.as_secs_f64());
        metrics.service_level_within.set(desk.settings().rules.service_level_within().as_secs_f64());
    }

    /// Compares the waiting order and the loads with the store.
    pub(super) fn reconcile(&mut self, ctx: &mut Context<Self>) {
        let (shared, account, group) = (Arc::clone(&self.shared), self.account, self.group.clone());
        let reading = async move {
            let waiting = shared.store.waiting(account, &group).await?;
            let roster = shared.store.roster(account, &group).await?;
            Ok::<_, crate::ports::store::StoreError>((waiting, roster))
        };
        beside(ctx, reading, |queue: &mut Self, found, ctx| {
            if let Ok((waiting, roster)) = found {
                queue.compare(&waiting);
                queue.compare_loads(&roster);
                queue.look_for_free_slots(ctx);
            }
        });
    }

    fn compare(&mut self, stored: &[(ChatRecord, Option<OfferRow>)]) {
        let Some(desk) = &self.desk else { return };
        let missing = stored.iter().map(|(record, _)| record.id).filter(|chat| desk.queue().get(*chat).is_none());
        let own = |chat: &ChatId| desk.queue().get(*chat).is_some_and(|waiting| waiting.guest_of.is_none());
        let surplus =
            desk.queue().iter().filter(own).filter(|chat| !stored.iter().any(|(record, _)| record.id == *chat));
        let now: Vec<ChatId> = missing.chain(surplus).collect();
        for chat in now.iter().filter(|chat| self.suspects.chats.contains(chat)) {
            tracing::error!(%chat, group = %self.group, "the queue and the store disagree on a chat");
            self.shared.metrics.violated(Invariant::QueueDisagrees);
            // The session knows, and says so when it wakes or is asked.
            self.shared.to_session(self.account, *chat, Signal::SayWhetherWaiting, true);
        }
        self.suspects.chats = now;
        // The question may have been lost on its way to another node.
        for chat in desk.unheard() {
            self.shared.to_session(self.account, chat, Signal::SayWhetherWaiting, true);
        }
    }

    fn compare_loads(&mut self, roster: &[RosterRow]) {
        let now = self.shared.now();
        let behind: Vec<(&RosterRow, u64)> = roster
            .iter()
            .map(|row| (row, self.known_version(row.operator)))
            .filter(|(row, known)| *known < row.version)
            .collect();
        let mut effects = Vec::new();
        for (row, known) in &behind {
            let missed = self.suspects.loads.get(&row.operator).is_some_and(|stored| known < stored);
            if missed {
                tracing::error!(operator = %row.operator, group = %self.group, "the queue missed news of a load");
                self.shared.metrics.violated(Invariant::QueueMissedLoad);
                let load = self.stored_load(row);
                effects.extend(self.at_desk(|desk| desk.handle_load(&load, now)));
            }
        }
        self.suspects.loads = behind.iter().map(|(row, _)| (row.operator, row.version)).collect();
        self.carry_out(effects);
    }

    /// After each message no chat is left that may be offered to somebody: nothing is to be found here.
    fn look_for_free_slots(&mut self, ctx: &mut Context<Self>) {
        let now = self.shared.now();
        let due = self.desk.as_ref().and_then(|desk| desk.next_wake()).is_some_and(|wake| wake <= now);
        let effects = self.at_desk(|desk| desk.handle_due(now));
        let found = effects.iter().filter(|effect| matches!(effect, Effect::Propose { .. })).count();
        if found > 0 && !due {
            tracing::error!(group = %self.group, found, "chats waited beside free operators");
            self.shared.metrics.violated(Invariant::SlotNotRefilled);
        }
        self.carry_out(effects);
        self.arm(ctx);
    }

    fn known_version(&self, operator: OperatorId) -> u64 {
        self.desk.as_ref().and_then(|desk| desk.roster().member(operator)).map_or(u64::MAX, |member| member.version)
    }

    fn stored_load(&self, row: &RosterRow) -> LoadNews {
        LoadNews {
            operator: row.operator,
            group: self.group.clone(),
            held: row.held,
            reserved: row.reserved,
            group_held: row.group_held,
            group_reserved: row.group_reserved,
            last_ended_at: row.last_ended_at,
            version: row.version,
        }
    }
}
