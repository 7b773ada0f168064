//! Telling everybody what is stored: readers their events, senders their acks, queues and operators what concerns
//! them. Nothing here runs before the commit.

use std::sync::Arc;
use std::time::Instant;

use super::VisitorSession;
use super::core::{Appending, Pending, Seen, Untold};
use super::orders::ack;
use crate::actors::messages::{Command, ToOperator, ToQueue};
use crate::actors::queue::news;
use crate::domain::chat::Outcome;
use crate::domain::event::{AssignedBy, EndedBy, EndedWhy, Event, EventKind, OfferEnd, OfferKind, Sender};
use crate::domain::group::GroupSettings;
use crate::domain::ids::{ChatId, GroupId, OfferId, OperatorId};
use crate::domain::routing::Settled;
use crate::metrics::{Over, seconds};
use crate::ports::journal::Load;
use crate::ports::offers::AskedRow;
use crate::protocol::operator::Offer;
use crate::protocol::visitor::{ChatPhase, VisitorChat};

impl VisitorSession {
    /// The oldest append is stored: it leaves, and with it the answers that waited behind it.
    pub(super) fn publish_next(&mut self, loads: &[Load]) {
        let Some(core) = &mut self.core else { return };
        match core.in_flight.pop_front() {
            Some(Pending::Append(mut append)) => {
                core.barrier &= append.before.is_none();
                let now = Instant::now();
                self.publish(&mut append, loads, now);
                self.trace(&append, now.saturating_duration_since(append.begun));
            }
            Some(Pending::Answer(answer)) => core.send(answer),
            None => {}
        }
        // Answers without an append wait only for what was before them.
        while let Some(core) = &mut self.core
            && matches!(core.in_flight.front(), Some(Pending::Answer(_)))
            && let Some(Pending::Answer(answer)) = core.in_flight.pop_front()
        {
            core.send(answer);
        }
    }

    fn publish(&mut self, append: &mut Appending, loads: &[Load], now: Instant) {
        // An operator's other groups hear what is used before the group that proposed it counts it as answered.
        for load in loads.iter().filter(|load| !append.freed.contains(&load.operator)) {
            self.to_operator(load.operator, ToOperator::Load(load.clone()));
            if append.proposed.is_none() {
                self.shared.to_queue(self.account, &load.group, ToQueue::Load(load.clone()));
            }
        }
        self.tell(&mut append.events, &append.facts, loads, now);
        for load in loads.iter().filter(|load| append.freed.contains(&load.operator)) {
            // Which of the operator's groups has the slot now is the operator's to say.
            self.to_operator(load.operator, ToOperator::Freed(load.clone()));
        }
        if !append.facts.is_empty() {
            self.shared.lists.changed(self.account);
        }
    }

    /// Tells events, in order, to everybody whom they concern, and counts them.
    pub(super) fn tell(&mut self, events: &mut [Untold], facts: &[Event], loads: &[Load], now: Instant) {
        for (group, count) in self.offers.told(facts) {
            self.shared.metrics.offer(self.account, &group, count);
        }
        let mut facts = facts.iter().peekable();
        for event in events {
            // Whoever becomes the owner by this event is its first reader.
            while let Some(fact) = facts.next_if(|fact| fact.seq <= event.seq) {
                self.fact(fact, loads);
            }
            self.push(event, now);
        }
    }

    /// Tells an event to its readers, and then the answer to the command that it came of.
    fn push(&mut self, event: &mut Untold, now: Instant) {
        let Some(core) = &mut self.core else { return };
        self.published = event.seq;
        let chat = self.chat;
        let seen = std::mem::replace(&mut event.seen, Seen::Not);
        if !matches!(seen, Seen::Not) {
            core.visitor_published = event.visitor_seq;
            core.visitor_outlets.tell(chat, event.visitor_seq, || match seen {
                Seen::Otherwise(frame) => frame,
                Seen::AsStored | Seen::Not => event.frame(chat, Sender::Visitor),
            });
        }
        core.tell_operators(chat, event);
        core.parting.clear();
        if let Some((command, numbers)) = &event.answer {
            seconds(&self.shared.metrics.ack, now.saturating_duration_since(command.heard_at));
            core.unanswered -= 1;
            settle(command, chat, *numbers);
        }
        if let Some(role) = event.role {
            self.counted.message(&self.shared.metrics, role);
        }
        if let Some(reply) = event.reply {
            let of_group = core.figures(&self.shared);
            self.counted.replied(&of_group, reply.idle, reply.first);
        }
    }

    /// What others than the readers of the chat must hear of, and what is counted.
    fn fact(&mut self, event: &Event, loads: &[Load]) {
        let Some(core) = &mut self.core else { return };
        let group = core.record.head.group.clone();
        match &event.kind {
            EventKind::Offered { offer, operator, others, group, offer_kind, expires_at, .. } => {
                let asked = core.chat.asked().map(AskedRow::of);
                let ring = Offer {
                    offer: *offer,
                    chat: self.chat,
                    group: group.clone(),
                    visitor: core.record.row_visitor(),
                    question: core.chat.question.clone(),
                    kind: *offer_kind,
                    queued_at: core.chat.queued_at,
                    expires_at: Some(*expires_at),
                    from: asked.as_ref().map(|asked| asked.from.clone()),
                    reason: asked.as_ref().and_then(|asked| asked.reason.clone()),
                };
                if let Some(others) = others {
                    let operators = others.iter().map(|rung| rung.id);
                    self.rings_at_all(*offer, [*operator].into_iter().chain(operators), &ring);
                    return self.proposed_by(group);
                }
                self.to_operator(*operator, ToOperator::Ring(Box::new(ring)));
                let of_desk = *offer_kind == OfferKind::New || self.seeks();
                match loads.iter().find(|load| load.operator == *operator) {
                    Some(load) if of_desk => {
                        let group = group.clone();
                        self.proposal_settled(*operator, &group, Settled::Offered(news(load)));
                        self.proposed_by(&group);
                    }
                    None if of_desk => self.tell_queue(),
                    _ => {}
                }
            }
            EventKind::Declined { offer, operator } => {
                core.rung.retain(|rung| *rung != (*offer, *operator));
                self.to_operator(*operator, ToOperator::Answered);
                self.ring_over(*operator, *offer, OfferEnd::Declined, None);
                self.offer_over();
            }
            EventKind::Expired { offer, operator, why } => {
                let at_all = core.rung.iter().any(|(rung, _)| rung == offer);
                core.rung.retain(|rung| *rung != (*offer, *operator));
                self.ring_over(*operator, *offer, *why, None);
                if *why == OfferEnd::Expired && !at_all {
                    let rung_by = loads.iter().find(|load| load.operator == *operator).map(|load| &load.group);
                    self.missed(*operator, rung_by.unwrap_or(&group));
                }
                if *why == OfferEnd::Expired {
                    self.ring_over_for_all(*why, None);
                }
                self.offer_over();
            }
            EventKind::Assigned { operator, name, group, by: AssignedBy::TakenOver, .. } => {
                self.read_by(*operator, name);
                self.belongs_to(group.clone());
            }
            EventKind::Assigned { operator, name, group, by, offer } => {
                core.told.phase = ChatPhase::Active;
                self.read_by(*operator, name);
                let Some(core) = &self.core else { return };
                // One that comes back to a queue was answered before: what is counted is how chats were first answered.
                if core.chat.assigned_at == Some(event.at) {
                    let waited = event.at.since(core.chat.waited_since);
                    let of_group = self.shared.metrics.group(self.account, group);
                    self.counted.waited(group, of_group, Outcome::Answered, waited);
                    self.judge_wait();
                }
                if let Some(offer) = offer {
                    self.to_operator(*operator, ToOperator::Answered);
                    self.ring_over(*operator, *offer, OfferEnd::Taken, Some(name.clone()));
                }
                self.ring_over_for_all(OfferEnd::Taken, Some(name));
                let load = loads.iter().find(|load| load.operator == *operator);
                match load.filter(|_| *by == AssignedBy::Automatic) {
                    Some(load) => {
                        self.proposal_settled(*operator, group, Settled::Assigned(news(load)));
                        self.leave_queues(Some(group), false);
                    }
                    None => self.leave_queues(Some(group), true),
                }
                self.belongs_to(group.clone());
            }
            EventKind::Ended { by, why, .. } => self.ended(event, *by, *why, group),
            EventKind::TransferAsked { .. }
            | EventKind::Transferred { .. }
            | EventKind::TransferDenied { .. }
            | EventKind::Invited { .. }
            | EventKind::Joined { .. }
            | EventKind::InviteDenied { .. }
            | EventKind::Left { .. } => self.company_fact(&event.kind),
            EventKind::Queued { group } => self.queued(group.clone()),
            EventKind::Started { .. }
            | EventKind::Message(_)
            | EventKind::VisitorAway
            | EventKind::VisitorBack
            | EventKind::Erased => {}
        }
    }

    /// An operator has let an offer of a group expire: how often they may is for that group to say.
    fn missed(&self, operator: OperatorId, group: &GroupId) {
        let until_away = |settings: &GroupSettings| settings.rules.expired_offers_until_away;
        let known = self.settings.as_deref().filter(|settings| settings.id == *group && !self.asks_are_old);
        if let Some(settings) = known {
            return self.to_operator(operator, ToOperator::Missed { until_away: until_away(settings) });
        }
        let (shared, account, group) = (Arc::clone(&self.shared), self.account, group.clone());
        actix::spawn(async move {
            match shared.store.group(account, &group).await {
                Ok(settings) => {
                    let until_away = settings.as_ref().and_then(until_away);
                    shared.to_operator(account, operator, ToOperator::Missed { until_away });
                }
                // One offer less is held against them.
                Err(error) => tracing::warn!(%operator, %error, "the rules of a group could not be read"),
            }
        });
    }

    fn ended(&mut self, event: &Event, by: EndedBy, why: EndedWhy, group: GroupId) {
        let Some(core) = &mut self.core else { return };
        let was_waiting = core.told.phase == ChatPhase::Waiting;
        core.told.phase = ChatPhase::Ended;
        core.told.quiet_since = Some(event.at);
        // For figures it is the chat of whoever answered it, wherever it went.
        let counts_for = core.chat.answered_in.clone().unwrap_or(group);
        let of_group = self.shared.metrics.group(self.account, &counts_for);
        of_group.chat_over(by, why);
        match core.chat.assigned_at {
            None => {
                let outcome = Outcome::of(false, by, why);
                let waited = event.at.since(core.chat.waited_since);
                self.counted.waited(&counts_for, of_group, outcome, waited);
                self.judge_wait();
            }
            Some(assigned) => self.counted.handled(&of_group, event.at.since(assigned)),
        }
        let (account, chat, at) = (self.account, self.chat, event.at);
        let (counted, judged, waited_in) = (self.counted.share(), self.counted.judged(), self.counted.waited_in());
        let over = Over { account, chat, at, ended_in: counts_for, waited_in, counted, judged };
        self.shared.metrics.figures_due(over);
        for (offer, operator) in self.rung_at_the_end() {
            self.ring_over(operator, offer, OfferEnd::Ended, None);
        }
        self.sought_no_more(ToQueue::Gone(self.chat));
        if was_waiting {
            self.leave_queues(None, false);
        }
    }

    /// Holds the wait against what its group promises, if the settings here are that group's: where another one helped,
    /// they are about to be read.
    pub(super) fn judge_wait(&mut self) {
        if let Some(settings) = &self.settings {
            self.counted.judge(&settings.id, settings.rules.service_level_within());
        }
    }

    /// The offers that were open when the chat ended.
    fn rung_at_the_end(&mut self) -> Vec<(OfferId, OperatorId)> {
        let Some(core) = &mut self.core else { return Vec::new() };
        core.rung.clear();
        core.chat.offers_ended().collect()
    }

    /// The chat rings at these too, without a slot being reserved.
    fn rings_at_all(&mut self, offer: OfferId, operators: impl Iterator<Item = OperatorId>, ring: &Offer) {
        for operator in operators {
            if let Some(core) = &mut self.core
                && !core.rung.contains(&(offer, operator))
            {
                core.rung.push((offer, operator));
            }
            self.to_operator(operator, ToOperator::Ring(Box::new(ring.clone())));
        }
    }

    /// A ring at all is over for everybody.
    fn ring_over_for_all(&mut self, why: OfferEnd, by: Option<&String>) {
        let rung = self.core.as_mut().map(|core| std::mem::take(&mut core.rung)).unwrap_or_default();
        for (offer, operator) in rung {
            self.ring_over(operator, offer, why, by.cloned());
        }
    }

    fn ring_over(&self, operator: OperatorId, offer: OfferId, why: OfferEnd, by: Option<String>) {
        self.to_operator(operator, ToOperator::RingOver { offer, why, by });
    }

    pub(super) fn to_operator(&self, operator: OperatorId, message: ToOperator) {
        // The operator's actor reads its offers and loads from the store when it is made; a hint may be lost.
        self.shared.to_operator(self.account, operator, message);
    }

    /// What the group says beside the place in its queue.
    pub(super) fn queue_text(&self) -> Option<String> {
        self.settings.as_ref()?.rules.queue_text.clone()
    }

    /// What the visitor sees of the chat, as far as it was told.
    pub(super) fn snapshot(&self) -> Option<VisitorChat> {
        let core = self.core.as_ref()?;
        let place = self.place.filter(|_| core.told.phase == ChatPhase::Waiting);
        Some(VisitorChat {
            id: self.chat,
            state: core.told.phase,
            seq: core.visitor_published,
            marks: core.visitor_marks(),
            ahead: place.map(|place| place.ahead),
            about: place.is_some_and(|place| place.about),
            estimate_s: place.and_then(|place| place.estimate_s),
            queue_text: place.and_then(|_| self.queue_text()),
            operator: core.audience.as_ref().map(|(person, _)| person.name.clone()),
        })
    }

    /// Since when this session could rest: the chat is over, and nobody of the visitor is here.
    pub(super) fn could_rest(&self) -> bool {
        let Some(core) = &self.core else { return false };
        core.told.phase == ChatPhase::Ended
            && core.in_flight.is_empty()
            && core.joining.is_none()
            && core.held.is_empty()
            && core.marks_dirty.is_none()
            && core.visitor_outlets.count() == 0
    }
}

/// Acks a command that is stored and told.
fn settle(command: &Command, chat: ChatId, numbers: (u32, u32)) {
    #[cfg(feature = "faults")]
    if crate::actors::faults::keeps_the_ack(&command.order) {
        return;
    }
    command.outlet.push(ack(command, chat, numbers));
}
