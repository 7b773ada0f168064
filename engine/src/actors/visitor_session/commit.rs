//! Handing events to the store, and what happens when the store has answered.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix::Context;

use super::core::{Appending, Before, Core, Done, Pending, Reply, Seen, Untold};
use super::orders::{no_room, sender};
use super::{Life, VisitorSession};
use crate::actors::guard::deliver;
use crate::actors::messages::{Command, Settled};
use crate::domain::chat::{Chat, Decision};
use crate::domain::event::{Event, EventKind, Origin, Role, Sender, StoredEvent};
use crate::domain::ids::ChatId;
use crate::domain::routing::{self, Record};
use crate::domain::time::Timestamp;
use crate::ports::decisions::DecisionRow;
use crate::ports::journal::{Append, AppendError, ChatHead, Completion, Head};
use crate::ports::offers;
use crate::protocol::error::Failure;
use crate::protocol::frame;
use crate::protocol::visitor::VisitorEvent;

/// The command behind an append, with what makes it known again.
pub(super) type Cause = (Rc<Command>, Origin, u64);

/// What led to an append.
pub(super) enum Because {
    /// A client's command.
    Command(Cause),
    /// The engine itself asked for it; with the record where routing decided so.
    Engine(Option<Box<Record>>),
}

impl VisitorSession {
    /// Applies a decision to the state, and hands it to the store. Everything that must wait for the commit waits
    /// in `in_flight`.
    pub(super) fn commit(&mut self, decision: Decision, now: Timestamp, because: Because, ctx: &mut Context<Self>) {
        let Some(core) = self.core.as_ref().filter(|_| !decision.events.is_empty()) else { return };
        let (cause, record) = match because {
            Because::Command(cause) => (Some(cause), None),
            Because::Engine(record) => (None, record),
        };
        let light = is_light(&decision.events, &core.chat);
        match cause {
            Some(cause) if light && decision.slots.is_empty() => self.join(decision.events, now, cause, ctx),
            cause => {
                // The store gets appends in the order of their events.
                self.hand_over();
                self.commit_alone(decision, now, cause, record, ctx);
            }
        }
    }

    fn commit_alone(
        &mut self,
        decision: Decision,
        now: Timestamp,
        cause: Option<Cause>,
        record: Option<Box<Record>>,
        ctx: &mut Context<Self>,
    ) {
        let Some(core) = &mut self.core else { return };
        #[cfg(feature = "faults")]
        let decision = crate::actors::faults::miscounted(decision);
        let proposed = decision.events.iter().find_map(|kind| match kind {
            EventKind::Offered { operator, group, others: None, .. } if cause.is_none() => {
                Some((*operator, group.clone()))
            }
            EventKind::Assigned { operator, group, .. } if cause.is_none() => Some((*operator, group.clone())),
            _ => None,
        });
        let needs_room = decision.slots.iter().any(|slot| slot.needs_room());
        let before = needs_room.then(|| {
            let key = cause.as_ref().map(|(_, _, key)| *key);
            Box::new(Before { chat: core.chat.clone(), visible: core.visible.len(), key })
        });
        let frees = decision.slots.iter().filter(|slot| slot.frees());
        let freed = frees.map(|slot| slot.place().0).collect();
        let rung_before = offers::ringing(&core.chat);
        let guests_before = core.chat.guests().to_vec();
        let light = is_light(&decision.events, &core.chat);
        let after = core.chat.last_seq;
        let mut made = Made::default();
        if let Err(error) = core.take_in(self.chat, decision.events, now, cause, &mut made) {
            return self.not_as_json(&error, ctx);
        }
        let Made { stored, untold, facts } = made;
        let head = if light { Some(light_head(&core.chat)) } else { ChatHead::of(&core.chat).map(full_head) };
        let Some(head) = head else { return };
        let (opened, closed) = offers::changed(&rung_before, offers::ringing(&core.chat));
        let append = Append {
            account: self.account,
            chat: self.chat,
            epoch: core.record.owner_epoch,
            after,
            events: stored,
            head,
            slots: decision.slots,
            opened,
            closed,
            guests: (guests_before != core.chat.guests()).then(|| core.chat.guests().to_vec()),
            decision: record.and_then(|record| decided(&record, &facts)),
            at: now,
        };
        core.barrier |= before.is_some();
        let begun = Instant::now();
        let appending = Appending { events: untold, facts, begun, before, proposed, freed };
        core.in_flight.push_back(Pending::Append(Box::new(appending)));
        self.store(append);
    }

    pub(super) fn not_as_json(&mut self, error: &serde_json::Error, ctx: &mut Context<Self>) {
        tracing::error!(chat = %self.chat, %error, "an event could not be written as JSON");
        self.read(ctx);
    }

    /// Gives an append to the store; its answer comes back as [`Settled`].
    pub(super) fn store(&self, append: Append) {
        let (Some(lane), Some(addr)) = (self.lane.clone(), self.addr.clone()) else { return };
        let (generation, last_seq) = (self.generation, append.events.last().map_or(append.after, |event| event.seq));
        #[cfg(feature = "faults")]
        if crate::actors::faults::acks_early(&append) {
            deliver(&addr, Settled { generation, last_seq, outcome: Ok(Default::default()) });
            return self.shared.store.append(append, Completion { lane, deliver: Box::new(|_| ()) });
        }
        let deliver = Box::new(move |outcome| deliver(&addr, Settled { generation, last_seq, outcome }));
        self.shared.store.append(append, Completion { lane, deliver });
    }

    /// The store has answered for the oldest append under way.
    pub(super) fn settled(&mut self, settled: Settled, ctx: &mut Context<Self>) {
        let known = self.core.as_ref().map(|core| core.chat.last_seq);
        if settled.generation != self.generation {
            // Of a state that was thrown away. If it was stored behind the back of the new one, that one is too old.
            if settled.outcome.is_ok() && known.is_some_and(|known| settled.last_seq > known) {
                self.read(ctx);
            }
            return;
        }
        if self.life != Life::Awake {
            return;
        }
        match settled.outcome {
            Ok(appended) => {
                #[cfg(feature = "faults")]
                self.panic_before_telling();
                self.publish_next(&appended.loads);
                self.judge_held(ctx);
            }
            Err(AppendError::NoCapacity { operator }) => {
                self.put_back(operator);
                self.judge_held(ctx);
            }
            Err(error) => {
                tracing::warn!(chat = %self.chat, %error, "an append was not stored, the chat is read again");
                self.fail_if_store_is_gone(&error);
                self.read(ctx);
            }
        }
    }

    #[cfg(feature = "faults")]
    fn panic_before_telling(&self) {
        if let Some(Pending::Append(append)) = self.core.as_ref().and_then(|core| core.in_flight.front()) {
            crate::actors::faults::before_telling(&append.facts);
        }
    }

    /// A slot was refused: the state is what it was before. Nothing else is under way, slots are a barrier.
    fn put_back(&mut self, operator: crate::domain::ids::OperatorId) {
        let Some(core) = &mut self.core else { return };
        let Some(Pending::Append(mut append)) = core.in_flight.pop_front() else { return };
        let command = append.events.pop().and_then(Untold::into_command);
        core.unanswered -= usize::from(command.is_some());
        core.barrier = false;
        if let Some(before) = append.before {
            core.chat = before.chat;
            core.visible.truncate(before.visible);
            if let Some(key) = before.key {
                core.done.remove(&key);
            }
        }
        match command {
            Some(command) => {
                command.outlet.push(self.shared.refusal(Some(&command.id), Some(self.chat), &no_room()));
                self.rings_nowhere();
            }
            None => {
                if let Some((operator, group)) = append.proposed {
                    self.proposal_settled(operator, &group, routing::Settled::NoCapacity);
                } else {
                    tracing::error!(chat = %self.chat, %operator, "a slot was refused that nobody asked for");
                }
            }
        }
    }

    /// When the store is busy or gone, what is under way is answered `unavailable` at once, in order; the clients
    /// send it again. After a fence the new reading judges it again by itself.
    fn fail_if_store_is_gone(&mut self, error: &AppendError) {
        if matches!(error, AppendError::Fenced | AppendError::NoCapacity { .. }) {
            return;
        }
        let Some(core) = &mut self.core else { return };
        for command in core.take_unanswered() {
            self.refuse_and_block(&command, Failure::unavailable());
        }
    }
}

/// The decision of routing beside the event that came of it; none where nobody is asked.
fn decided(record: &Record, facts: &[Event]) -> Option<Box<DecisionRow>> {
    let (fact, group) = facts.iter().find_map(|fact| match &fact.kind {
        EventKind::Offered { group, .. } | EventKind::Assigned { group, .. } => Some((fact, group.clone())),
        _ => None,
    })?;
    match serde_json::value::to_raw_value(record) {
        Ok(record) => Some(Box::new(DecisionRow { seq: fact.seq, at: fact.at, group, record })),
        Err(error) => {
            tracing::error!(%error, "a decision could not be written as JSON, and is not kept");
            None
        }
    }
}

/// Whether events are messages alone, none of them the chat's question: then its state stays as it is.
fn is_light(events: &[EventKind], chat: &Chat) -> bool {
    events.iter().all(|kind| matches!(kind, EventKind::Message(_))) && chat.question.is_some()
}

/// What changes with a message.
pub(super) fn light_head(chat: &Chat) -> Head {
    Head::Light {
        visitor_seq: chat.visitor_seq,
        messages: chat.messages,
        idle_since: chat.idle_since,
        answered_at: chat.answered_at,
        replies: chat.replies,
    }
}

fn full_head(head: ChatHead) -> Head {
    Head::Full(Box::new(head))
}

/// What became of events.
#[derive(Default)]
pub(super) struct Made {
    /// As they are stored.
    pub stored: Vec<StoredEvent>,
    /// As they are told.
    pub untold: Vec<Untold>,
    /// Those that others than the readers must hear of.
    pub facts: Vec<Event>,
}

impl Core {
    /// Takes events into the state: the chat as it will be once they are stored.
    ///
    /// # Errors
    /// One of them cannot be written; the state is of no use any more.
    pub(super) fn take_in(
        &mut self,
        id: ChatId,
        events: Vec<EventKind>,
        now: Timestamp,
        cause: Option<Cause>,
        made: &mut Made,
    ) -> serde_json::Result<()> {
        self.last_at = now;
        let (command, origin, key) = match cause {
            Some((command, origin, key)) => (Some(command), Some(origin), Some(key)),
            None => (None, None, None),
        };
        if let (Some(key), Some(origin)) = (key, &origin) {
            self.done.insert(key, Done::of(origin, self.chat.last_seq + 1));
        }
        let mut first = None;
        for event in self.chat.number(events, now, origin) {
            first.get_or_insert((event.seq, event.visitor_seq));
            let kept = event.to_stored()?;
            let reply = Reply::of(&self.chat, &event);
            self.chat.apply(&event);
            if kept.visible {
                self.visible.push(event.seq);
            }
            made.untold.push(Untold { reply, ..untold(id, &event, &kept, command.as_ref()) });
            if !matches!(event.kind, EventKind::Message(_)) {
                made.facts.push(event);
            }
            made.stored.push(kept);
        }
        if let (Some(command), Some(numbers), Some(last)) = (command, first, made.untold.last_mut()) {
            last.answer = Some((command, numbers));
            self.unanswered += 1;
        }
        Ok(())
    }
}

/// An event as it is told after the commit.
pub(super) fn untold(chat: ChatId, event: &Event, kept: &StoredEvent, command: Option<&Rc<Command>>) -> Untold {
    let author = match &event.kind {
        EventKind::Message(message) => Some(&message.from),
        _ => None,
    };
    let message_from = author.and_then(|author| match author.role {
        Role::Visitor => Some(Sender::Visitor),
        Role::Operator => author.id.map(Sender::Operator),
        Role::System => None,
    });
    // Only a message names its command.
    let own = command.filter(|_| event.origin.is_some() && matches!(event.kind, EventKind::Message(_)));
    let seen = if VisitorEvent::is_as_stored(&event.kind) {
        Seen::AsStored
    } else {
        VisitorEvent::of(&event.kind).map_or(Seen::Not, |seen| {
            let own = own.filter(|command| sender(&command.from) == Sender::Visitor);
            let own = own.map(|command| &command.id);
            Seen::Otherwise(frame::visitor_event(chat, event.visitor_seq, event.at, &seen, own))
        })
    };
    Untold {
        seq: event.seq,
        visitor_seq: event.visitor_seq,
        at: event.at,
        body: Arc::clone(&kept.body),
        seen,
        role: author.map(|author| author.role),
        message_from,
        command: own.cloned(),
        reply: None,
        answer: None,
    }
}
