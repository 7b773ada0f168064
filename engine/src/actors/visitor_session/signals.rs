//! What is not stored, or not at once: presence of the visitor, typing, marks, and the wishes of the queue.

use std::time::Duration;

use actix::Context;

use super::commit::Because;
use super::orders::sender;
use super::{Life, VisitorSession};
use crate::actors::messages::{Identity, Party, Signal, Standing};
use crate::domain::chat::{Input, Person, Refusal};
use crate::domain::closing::HeldChats;
use crate::domain::event::{EndedWhy, Role, Sender};
use crate::domain::ids::{GroupId, OperatorId};
use crate::domain::limits::PROPOSAL_REST;
use crate::domain::routing::{Record, Settled};
use crate::domain::text::cut;
use crate::protocol::frame;
use crate::protocol::operator::OperatorNotice;
use crate::protocol::visitor::{ChatPhase, VisitorNotice};

impl VisitorSession {
    pub(super) fn signal(&mut self, signal: Signal, ctx: &mut Context<Self>) {
        if self.life == Life::Elsewhere && self.is_back() {
            return self.read(ctx);
        }
        if self.life != Life::Awake {
            if let Signal::MarksNotKept(marks) = signal {
                self.marks_not_kept(marks);
            }
            return;
        }
        #[cfg(feature = "faults")]
        if crate::actors::faults::is_unheard_by_chat(&signal) {
            return;
        }
        self.due(ctx);
        match signal {
            Signal::Born { messages } => {
                self.counted.began(messages);
                self.joined(ctx);
            }
            Signal::Joined => self.joined(ctx),
            Signal::Gone => {
                if self.core.as_ref().is_some_and(|core| core.visitor_outlets.count() == 0) {
                    self.gone_since = Some(self.shared.now());
                }
            }
            Signal::Typing { from, on, preview } => self.typing(&from, on, preview),
            Signal::Mark { from, seq, read } => self.mark(&from, seq, read),
            Signal::Propose { operator, group, .. } if !self.looks_in(&group) => {
                self.proposal_settled(operator, &group, Settled::Refused);
            }
            Signal::Propose { operator, name, group, ring, record } => {
                self.internal_because(Input::Propose { operator, name, group, ring }, Some(record), ctx);
            }
            Signal::Withdraw { offer, operator } => self.internal(Input::Withdraw { offer, operator }, ctx),
            Signal::RingAt { operators, group, .. } if !operators.is_empty() && !self.looks_in(&group) => {
                self.not_now(&group);
            }
            Signal::RingAt { operators, group, ring, record } => self.ring_at(operators, group, ring, record, ctx),
            Signal::OwnerLost(operator) => self.owner_is_lost(operator, ctx),
            Signal::SenderLost(operator) => self.sender_is_lost(operator, ctx),
            Signal::Known => self.queue_knows(),
            Signal::SeekIn { of, groups } => self.seek_in(&of, groups),
            Signal::SayWhetherWaiting(by) => self.say_whether_waiting(by),
            Signal::TurnAway { why, to } => self.turn_away(why, to, ctx),
            Signal::MoveTo(group) => self.move_to(group, ctx),
            Signal::Relieved { operator, chats } => self.relieved(operator, chats, ctx),
            Signal::Position(place) => self.position(place),
            Signal::AsksChanged => self.asks_changed(ctx),
            Signal::LetGo | Signal::ReadAgain => return self.read(ctx),
            Signal::Flush => self.save_marks(),
            Signal::MarksNotKept(marks) => self.marks_not_kept(marks),
        }
        self.arm(ctx);
    }

    /// Something the engine itself asks of the chat. A refusal concerns only the queue.
    pub(super) fn internal(&mut self, input: Input, ctx: &mut Context<Self>) {
        self.internal_because(input, None, ctx);
    }

    /// The same, with the decision of routing that led to it.
    fn internal_because(&mut self, input: Input, record: Option<Box<Record>>, ctx: &mut Context<Self>) {
        let Some(core) = &self.core else { return };
        let proposed_to = match &input {
            Input::Propose { operator, group, .. } => Some((*operator, group.clone())),
            _ => None,
        };
        let now = self.shared.now().max(core.last_at());
        // A slot that is being settled must not be judged over; a proposal comes again, deadlines are looked at again.
        let decided = if core.at_barrier() { None } else { core.chat.decide(input, now).ok() };
        match decided {
            Some(decision) => self.commit(decision, now, Because::Engine(record), ctx),
            None => {
                if let Some((operator, group)) = proposed_to {
                    self.proposal_settled(operator, &group, Settled::Refused);
                }
            }
        }
    }

    /// The queue lets it wait no longer: it goes to another group where there is one, else it ends.
    fn turn_away(&mut self, why: EndedWhy, to: Option<GroupId>, ctx: &mut Context<Self>) {
        let Some(core) = self.core.as_ref().filter(|core| core.chat.is_waiting()) else { return };
        if core.chat.rings_until().is_some() {
            // Another group may have made it ring since: whoever is asked can still answer. It is said again.
            return;
        }
        match to.filter(|group| !core.chat.moved && self.shared.board.has_group(self.account, group)) {
            Some(group) => self.internal(Input::Move { group }, ctx),
            None => self.end_by_rule(why, ctx),
        }
    }

    /// It waits on in another group. What rings is taken back first; the move follows when it is said again.
    fn move_to(&mut self, group: GroupId, ctx: &mut Context<Self>) {
        let Some(core) = self.core.as_ref().filter(|core| core.chat.is_waiting()) else { return };
        if core.chat.group.as_ref() == Some(&group) {
            // Said again, and late: what rings there is no longer in the way.
            return;
        }
        let single = core.chat.offer().map(|offer| (offer.id, offer.operator)).into_iter();
        let at_all = core.chat.ring().into_iter().flat_map(|ring| ring.rung.iter().map(|one| (ring.id, one.id)));
        let rings: Vec<_> = single.chain(at_all).collect();
        if rings.is_empty() {
            return self.internal(Input::Move { group }, ctx);
        }
        for (offer, operator) in rings {
            self.internal(Input::Withdraw { offer, operator }, ctx);
        }
    }

    /// It is an operator's no longer who may not work any more.
    fn relieved(&mut self, operator: OperatorId, chats: HeldChats, ctx: &mut Context<Self>) {
        let Some(core) = &self.core else { return };
        let owns = core.chat.owner().is_some_and(|owner| owner.id == operator) && !core.chat.is_ended();
        match chats {
            _ if !owns => self.internal(Input::Leave { operator }, ctx),
            HeldChats::Requeue => self.internal(Input::Requeue { operator }, ctx),
            HeldChats::End => self.end_by_rule(EndedWhy::Closed, ctx),
        }
    }

    /// What is not done now the queue says again: once it has heard that the chat waits, or that nothing rings any more.
    fn ring_at(
        &mut self,
        operators: Vec<(OperatorId, String)>,
        group: GroupId,
        ring: Duration,
        record: Option<Box<Record>>,
        ctx: &mut Context<Self>,
    ) {
        let now = self.shared.now();
        let Some(core) = &mut self.core else { return };
        let at = now.max(core.last_at());
        if operators.iter().any(|(id, _)| core.chat.has_just_let_go(*id, at)) {
            // The group does not know it yet, or its clock is ahead: it hears soon at whom it rings.
            core.told.queue_again = Some(now + PROPOSAL_REST);
        }
        let operators = operators.into_iter().map(|(id, name)| Person { id, name }).collect();
        let input = Input::RingAt { operators, group: group.clone(), ring };
        let decided = if core.at_barrier() { None } else { Some(core.chat.decide(input, at)) };
        match decided {
            Some(Ok(decision)) => self.commit(decision, at, Because::Engine(record), ctx),
            Some(Err(Refusal::BeingOffered)) => self.not_now(&group),
            _ if core.chat.is_waiting() => core.told.queue_again = Some(now + PROPOSAL_REST),
            _ => {}
        }
    }

    fn joined(&mut self, ctx: &mut Context<Self>) {
        self.gone_since = None;
        let Some(core) = &mut self.core else { return };
        core.told.quiet_since = core.told.quiet_since.map(|_| self.shared.now());
        if core.chat.visitor_away {
            self.internal(Input::VisitorBack, ctx);
        }
    }

    fn position(&mut self, place: Standing) {
        let Some(core) = &self.core else { return };
        if core.told.phase != ChatPhase::Waiting || self.place == Some(place) {
            return;
        }
        self.place = Some(place);
        let Standing { ahead, about, estimate_s } = place;
        let text = frame::notice(&VisitorNotice::Queue { ahead, about, estimate_s, text: self.queue_text() });
        core.visitor_outlets.each(|outlet| {
            outlet.push(text.clone());
        });
    }

    fn typing(&self, from: &Party, on: bool, preview: Option<String>) {
        let Some(core) = &self.core else { return };
        match from {
            Party::Visitor => {
                let preview = preview.map(|text| cut(&text, crate::domain::limits::PREVIEW_CHARS_MAX));
                let name = core.record.name.clone();
                let notice = OperatorNotice::Typing { chat: self.chat, role: Role::Visitor, on, name, preview };
                self.to_audience(&notice);
            }
            Party::Operator(identity) if self.has_part(identity) => {
                let text = frame::notice(&VisitorNotice::Typing { on, name: Some(identity.name.clone()) });
                core.visitor_outlets.each(|outlet| {
                    outlet.push(text.clone());
                });
            }
            Party::Operator(_) => {}
        }
    }

    fn mark(&mut self, from: &Party, seq: u32, read: bool) {
        if matches!(from, Party::Operator(identity) if !self.has_part(identity)) {
            return;
        }
        let now = self.shared.now();
        let Some(core) = &mut self.core else { return };
        let who = sender(from);
        let seq = match who {
            Sender::Visitor => core.to_operators(seq.min(core.visitor_published)),
            Sender::Operator(_) => seq.min(self.published),
        };
        let before = core.visitor_marks();
        let Some(marks) = core.raise(who, seq, read) else { return };
        core.marks_dirty.get_or_insert(now);
        let after = core.visitor_marks();
        let chat = self.chat;
        match who {
            Sender::Visitor => {
                if after.visitor.delivered != before.visitor.delivered {
                    let seq = marks.delivered;
                    self.to_audience(&OperatorNotice::Delivered { chat, role: Role::Visitor, operator: None, seq });
                }
                if after.visitor.read != before.visitor.read {
                    let seq = marks.read;
                    self.to_audience(&OperatorNotice::Read { chat, role: Role::Visitor, operator: None, seq });
                }
            }
            Sender::Operator(operator) => {
                if after.operators.delivered != before.operators.delivered {
                    self.to_visitor(&VisitorNotice::Delivered { seq: after.operators.delivered });
                }
                if after.operators.read != before.operators.read {
                    self.to_visitor(&VisitorNotice::Read { seq: after.operators.read });
                }
                // The operator's other windows learn what was read in this one.
                if read {
                    let (role, operator, seq) = (Role::Operator, Some(operator), marks.read);
                    self.to_audience(&OperatorNotice::Read { chat, role, operator, seq });
                }
            }
        }
    }

    fn to_audience(&self, notice: &OperatorNotice) {
        let Some(core) = &self.core else { return };
        let text = frame::notice(notice);
        for (_, outlets) in core.readers() {
            outlets.each(|outlet| {
                outlet.push(text.clone());
            });
        }
    }

    fn to_visitor(&self, notice: &VisitorNotice) {
        if let Some(core) = &self.core {
            let text = frame::notice(notice);
            core.visitor_outlets.each(|outlet| {
                outlet.push(text.clone());
            });
        }
    }

    fn has_part(&self, identity: &Identity) -> bool {
        let Some(core) = &self.core else { return false };
        let owner = core.audience.iter().map(|(person, _)| person.id);
        owner.chain(core.guests.iter().map(|(guest, _)| guest.person.id)).any(|id| id == identity.id)
    }
}
