//! Looking after the queue: its gauges, and the comparison with the store. Messages do the work; what is found here was
//! missed, and counts as a fault when it is found twice, for a message may be on its way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use actix::Context;

use super::QueueActor;
use crate::actors::guard::beside;
use crate::actors::messages::{Signal, ToOperator};
use crate::domain::group::Status;
use crate::domain::ids::{ChatId, OperatorId};
use crate::domain::limits::GUESTS_ASKED_MAX;
use crate::domain::operator::Reception;
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
    chats: BTreeSet<ChatId>,
    /// Operators whose load here is older than the stored one, with the version of that.
    loads: BTreeMap<OperatorId, u64>,
    /// Operators who are stored as on-line and do not receive here, or the other way round.
    receptions: BTreeSet<OperatorId>,
    /// Operators whose connection counts as lost here.
    in_grace: BTreeSet<OperatorId>,
    /// Of the former, who was asked whether they receive: what they answer tells whether news of it were missed.
    asked: BTreeSet<OperatorId>,
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
            metrics.slot_time.worked(Work::of(slots, used, to.since(from)));
        }
        metrics.waiting.set(desk.queue().own_len() as f64);
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
                queue.compare_receptions(&roster);
                queue.look_for_free_slots(ctx);
            }
        });
    }

    fn compare(&mut self, stored: &[(ChatRecord, Option<OfferRow>)]) {
        let Some(desk) = &self.desk else { return };
        let missing = stored.iter().map(|(record, _)| record.id).filter(|chat| desk.queue().get(*chat).is_none());
        let own = |chat: &ChatId| desk.queue().get(*chat).is_some_and(|waiting| waiting.guest_of.is_none());
        let known: BTreeSet<ChatId> = stored.iter().map(|(record, _)| record.id).collect();
        let surplus = desk.queue().iter().filter(own).filter(|chat| !known.contains(chat));
        let now: BTreeSet<ChatId> = missing.chain(surplus).collect();
        for chat in now.iter().filter(|chat| self.suspects.chats.contains(*chat)) {
            tracing::error!(%chat, group = %self.group, "the queue and the store disagree on a chat");
            self.shared.metrics.violated(Invariant::QueueDisagrees);
            // The session knows, and says so when it wakes or is asked.
            self.ask_whether_waiting(*chat);
        }
        self.suspects.chats = now;
        // The question may have been lost on its way to another node.
        for chat in desk.unheard() {
            self.ask_whether_waiting(chat);
        }
    }

    /// The state is about to be thrown away: who is a guest in it is asked when there is another one.
    pub(super) fn remember_guests(&mut self) {
        let known = self.desk.iter().flat_map(|desk| desk.queue().guests());
        let known: Vec<ChatId> = known.take(GUESTS_ASKED_MAX).collect();
        if !known.is_empty() {
            self.guests = known;
        }
    }

    /// The chat's session knows whether it waits here. One that rests is woken.
    pub(super) fn ask_whether_waiting(&self, chat: ChatId) {
        let question = Signal::SayWhetherWaiting(Some(self.group.clone()));
        self.shared.to_session(self.account, chat, question, true);
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

    /// Who is stored as on-line receives, or has lost the connection a moment ago; others do not. The store may be behind,
    /// when it could not be written: whoever differs twice is asked. So is who has been in the grace for a while, for the
    /// store does not know of windows.
    fn compare_receptions(&mut self, roster: &[RosterRow]) {
        let Some(desk) = &self.desk else { return };
        let (mut receptions, mut in_grace) = (BTreeSet::new(), BTreeSet::new());
        for row in roster {
            let Some(known) = desk.roster().member(row.operator).map(|member| member.reception) else { continue };
            if (row.status == Status::Online) != (known != Reception::None) {
                receptions.insert(row.operator);
            } else if matches!(known, Reception::Grace { .. }) {
                in_grace.insert(row.operator);
            }
        }
        let missed: Vec<OperatorId> = receptions.intersection(&self.suspects.receptions).copied().collect();
        let grace: Vec<OperatorId> = in_grace.intersection(&self.suspects.in_grace).copied().collect();
        for operator in missed.iter().chain(&grace) {
            self.shared.to_operator(self.account, *operator, ToOperator::Announce(self.group.clone()));
        }
        (self.suspects.receptions, self.suspects.in_grace) = (receptions, in_grace);
        self.suspects.asked = missed.into_iter().collect();
    }

    /// An operator says whether they receive. One who had to be asked, and says something else than was known, had said
    /// so before.
    pub(super) fn heard_reception(&mut self, operator: OperatorId, reception: Reception) {
        if !self.suspects.asked.remove(&operator) {
            return;
        }
        let known = self.desk.as_ref().and_then(|desk| desk.roster().member(operator)).map(|member| member.reception);
        if known.is_some_and(|known| (known == Reception::None) != (reception == Reception::None)) {
            tracing::error!(%operator, group = %self.group, "the queue missed that an operator receives, or does not");
            self.shared.metrics.violated(Invariant::QueueMissedReception);
        }
    }

    /// After each message no chat is left that may be offered to somebody: nothing is to be found here.
    fn look_for_free_slots(&mut self, ctx: &mut Context<Self>) {
        let now = self.shared.now();
        let due = self.desk.as_ref().and_then(|desk| desk.next_wake()).is_some_and(|wake| wake <= now);
        let effects = self.at_desk(|desk| desk.handle_due(now));
        let rings = |effect: &&Effect| matches!(effect, Effect::Propose { .. } | Effect::RingAll { .. });
        let found = effects.iter().filter(rings).count();
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
