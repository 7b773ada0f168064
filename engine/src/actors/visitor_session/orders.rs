//! Judging commands of clients: known already, not allowed, not possible, or made into events.

use std::hash::Hasher;
use std::rc::Rc;
use std::time::Duration;

use actix::Context;
use bytestring::ByteString;
use siphasher::sip::SipHasher13;

use super::commit::Because;
use super::core::{Answer, Pending, command_key};
use super::{Life, VisitorSession};
use crate::actors::messages::{Command, Found, Identity, Order, Party};
use crate::domain::chat::{Ask, Chat, ChatState, Input, Person, Refusal};
use crate::domain::event::{Audience, Author, EndedBy, EndedWhy, OfferEnd, OfferKind, Origin, Role, Sender};
use crate::domain::group::RoutingRules;
use crate::domain::ids::GroupId;
use crate::domain::limits::{ASK_LASTS, OFFER_EXPIRES_AFTER, SESSION_HELD_MAX};
use crate::domain::permission::Permission;
use crate::domain::time::Timestamp;
use crate::protocol::close;
use crate::protocol::error::{Code, Failure, Why};
use crate::protocol::frame;

impl VisitorSession {
    /// A command from the mailbox.
    pub(super) fn command(&mut self, command: Rc<Command>, ctx: &mut Context<Self>) {
        match self.life {
            Life::Awake => {}
            // The mailbox waits while the chat is read; what comes now was let through by a restart in between.
            Life::Reading => return self.again.push_back(command),
            Life::Nothing | Life::Resting => return self.answer_now(&command, &Failure::not_found("chat")),
            Life::Cut => return self.refuse_and_block(&command, Failure::unavailable()),
            Life::Elsewhere if self.is_back() => {
                self.again.push_back(command);
                return self.read(ctx);
            }
            Life::Elsewhere => return self.send_away(&command),
        }
        self.due(ctx);
        if !self.unblock(&command) {
            return;
        }
        self.judge(&command, ctx);
    }

    /// Judges a command on the state as it will be.
    pub(super) fn judge(&mut self, command: &Rc<Command>, ctx: &mut Context<Self>) {
        #[cfg(feature = "faults")]
        if crate::actors::faults::swallows(&command.order) {
            return;
        }
        let Some(core) = &self.core else { return self.again.push_back(Rc::clone(command)) };
        let waits = core.at_barrier() || core.is_full() || !core.held.is_empty();
        if !waits && !self.goes_by_what_is_old(command) {
            return self.judge_now(command, ctx);
        }
        let Some(core) = self.core.as_mut().filter(|core| core.held.len() < SESSION_HELD_MAX) else {
            return self.refuse_and_block(command, Failure::unavailable());
        };
        core.held.push_back(Rc::clone(command));
        if !waits {
            self.read_asks(ctx);
        }
    }

    /// Judges what was held back, as far as nothing holds it back again.
    pub(super) fn judge_held(&mut self, ctx: &mut Context<Self>) {
        while let Some(core) = &self.core {
            if core.at_barrier() || core.is_full() {
                return;
            }
            if core.held.front().is_some_and(|next| self.goes_by_what_is_old(next)) {
                return self.read_asks(ctx);
            }
            let Some(command) = self.core.as_mut().and_then(|core| core.held.pop_front()) else { return };
            self.judge_now(&command, ctx);
        }
    }

    /// Whether what becomes of a command is for the group's settings to say, and those here may have been changed.
    fn goes_by_what_is_old(&self, command: &Command) -> bool {
        self.asks_are_old
            && match (&command.order, &command.from) {
                (Order::Ask { operator, .. }, _) => operator.is_some(),
                // Members take it whatever the settings; whoever helps, as they say.
                (Order::Take, Party::Operator(identity)) => {
                    let group = self.core.as_ref().and_then(|core| core.chat.group.as_ref());
                    group.is_none_or(|group| !identity.groups.contains(group))
                }
                _ => false,
            }
    }

    /// Settings could not be read: a command that goes by them is refused, and with it what was sent behind it.
    pub(super) fn refuse_held(&mut self) {
        let first = self.core.as_ref().and_then(|core| core.held.front());
        if !first.is_some_and(|first| self.goes_by_what_is_old(first)) {
            return;
        }
        let held = self.core.as_mut().map(|core| std::mem::take(&mut core.held)).unwrap_or_default();
        for command in held {
            self.refuse_and_block(&command, Failure::unavailable());
        }
    }

    fn judge_now(&mut self, command: &Rc<Command>, ctx: &mut Context<Self>) {
        let sender = sender(&command.from);
        let key = command_key(sender, &command.id);
        if self.poisoned.contains(&key) {
            return self.answer_in_order(command, Err(final_failure()));
        }
        let digest = digest(&command.order);
        let Some(core) = &self.core else { return };
        if let Some(done) = core.done.get(&key) {
            let answer = match done.had(digest) {
                true => Ok((done.seq, core.to_visitor(done.seq))),
                false => Err(Failure::conflict(Why::Id, "this id was used with other content")),
            };
            return self.answer_in_order(command, answer);
        }
        self.at_work = Some(Rc::clone(command));
        #[cfg(feature = "faults")]
        crate::actors::faults::on_order(&command.order);
        let now = self.shared.now().max(core.last_at());
        let rings = self.settings.as_ref().map_or(OFFER_EXPIRES_AFTER, |settings| settings.offer_expires_after);
        let rules = self.settings.as_ref().map(|settings| &*settings.rules);
        let decided = input(&core.chat, command, rings, rules, now)
            .and_then(|input| core.chat.decide(input, now).map_err(failure));
        match decided {
            Err(refused) if refused.code.blocks() => self.refuse_and_block(command, refused),
            Err(refused) => self.answer_in_order(command, Err(refused)),
            Ok(decision) => {
                let origin = Origin { sender, command: command.id.clone(), digest };
                self.commit(decision, now, Because::Command((Rc::clone(command), origin, key)), ctx);
            }
        }
        self.at_work = None;
        self.forgive(command);
    }

    /// Answers behind all that is under way: what was judged on what is not yet stored must not leave before it.
    fn answer_in_order(&mut self, command: &Rc<Command>, answer: Result<(u32, u32), Failure>) {
        let frame = match answer {
            Ok(numbers) => ack(command, self.chat, numbers),
            Err(failure) => self.shared.refusal(Some(&command.id), Some(self.chat), &failure),
        };
        let answer = Answer { command: Rc::clone(command), frame };
        self.hand_over();
        match &mut self.core {
            Some(core) if !core.in_flight.is_empty() => {
                core.unanswered += 1;
                core.in_flight.push_back(Pending::Answer(answer));
            }
            _ => answer.send(),
        }
    }

    /// Answers at once: there is nothing to wait for.
    pub(super) fn answer_now(&self, command: &Command, failure: &Failure) {
        command.outlet.push(self.shared.refusal(Some(&command.id), Some(self.chat), failure));
    }

    /// Refuses a command whose fate is open: later ones of the connection wait until it was sent again.
    pub(super) fn refuse_and_block(&mut self, command: &Command, failure: Failure) {
        self.answer_now(command, &failure);
        let socket = command.outlet.id();
        if !self.blocked.iter().any(|(blocked, _, _)| *blocked == socket) {
            if self.blocked.len() == BLOCKED_MAX {
                self.blocked.remove(0);
            }
            self.blocked.push((socket, command.id.clone(), failure));
        }
    }

    /// Another node has the chat: its socket is to come anew, and to send the command again. What came from another node
    /// is answered by nobody here: that node gives it to the chat's owner, as it does with what comes behind it.
    pub(super) fn send_away(&mut self, command: &Command) {
        let far = self.shared.nodes.as_ref().is_some_and(|nodes| nodes.leads_away(command.outlet.id()));
        if !far && !command.outlet.is_closed() {
            self.refuse_and_block(command, Failure::unavailable());
        }
        command.outlet.close(close::RESTART);
    }

    /// Whether the command may be judged; one that waits for another is answered as that one was.
    fn unblock(&mut self, command: &Command) -> bool {
        let socket = command.outlet.id();
        let Some(at) = self.blocked.iter().position(|(blocked, _, _)| *blocked == socket) else { return true };
        if self.blocked[at].1 == command.id {
            self.blocked.remove(at);
            return true;
        }
        let failure = self.blocked[at].2.clone();
        self.answer_now(command, &failure);
        false
    }

    /// After a panic: the command is tried once more on rebuilt state; the second time it is answered for good.
    pub(super) fn condemn(&mut self, command: Rc<Command>) {
        let again = self.suspect.as_ref().is_some_and(|suspect| suspect.id == command.id);
        if again {
            self.suspect = None;
            self.poisoned.insert(command_key(sender(&command.from), &command.id));
            tracing::error!(chat = %self.chat, command = %command.id, "a command failed twice and is refused for good");
            self.answer_now(&command, &final_failure());
        } else {
            self.suspect = Some(Rc::clone(&command));
            self.again.push_back(command);
        }
    }

    fn forgive(&mut self, command: &Rc<Command>) {
        if self.suspect.as_ref().is_some_and(|suspect| suspect.id == command.id) {
            self.suspect = None;
        }
    }
}

/// Connections of one chat that may be blocked at once; more than sockets a chat can have.
const BLOCKED_MAX: usize = 64;

fn final_failure() -> Failure {
    Failure {
        is_final: Some(true),
        ..Failure::new(Code::Internal, "the server failed on this command, it had no effect")
    }
}

/// The answer to a command that is stored, in the sender's numbering: of the operators' number and the visitor's one.
pub(super) fn ack(command: &Command, chat: crate::domain::ids::ChatId, (seq, visitor_seq): (u32, u32)) -> ByteString {
    let seq = match command.from {
        Party::Visitor => visitor_seq,
        Party::Operator(_) => seq,
    };
    #[cfg(feature = "faults")]
    let seq = crate::actors::faults::acked_as(seq);
    frame::ack(&command.id, Some(chat), Some(seq))
}

pub(super) fn sender(party: &Party) -> Sender {
    match party {
        Party::Visitor => Sender::Visitor,
        Party::Operator(identity) => Sender::Operator(identity.id),
    }
}

/// A digest of a command's content, stable over versions of the server.
fn digest(order: &Order) -> u64 {
    let mut hasher = SipHasher13::new();
    let mut part = |text: &str| {
        hasher.write_usize(text.len());
        hasher.write(text.as_bytes());
    };
    match order {
        Order::Say { text, to } => {
            part("say");
            part(match to {
                Audience::Everyone => "everyone",
                Audience::Operators => "operators",
                Audience::Coaching => "coaching",
            });
            part(text);
        }
        Order::Accept { offer } => {
            part("accept");
            part(&offer.to_string());
        }
        Order::Decline { offer } => {
            part("decline");
            part(&offer.to_string());
        }
        Order::SendToForm { offer } => {
            part("send_to_form");
            offer.iter().for_each(|offer| part(&offer.to_string()));
        }
        Order::Take => part("take"),
        Order::Leave => part("leave"),
        // What was asked, not what was found: the same command means the same however colleagues come and go.
        Order::Ask { kind, brand, group, operator, reason, stay, found: _ } => {
            part(if *kind == OfferKind::Invite { "invite" } else { "transfer" });
            part(brand.as_ref().map_or("", |brand| brand.as_str()));
            part(group.as_ref().map_or("", |group| group.as_str()));
            part(&operator.map_or_else(String::new, |operator| operator.to_string()));
            part(reason.as_deref().unwrap_or_default());
            part(if *stay { "stay" } else { "go" });
        }
        Order::End => part("end"),
    }
    hasher.finish()
}

/// What the chat is asked, if the sender may ask it. What one may not see is answered as if it did not exist.
fn input(
    chat: &Chat,
    command: &Command,
    rings: Duration,
    rules: Option<&RoutingRules>,
    now: Timestamp,
) -> Result<Input, Failure> {
    let (state, group) = (&chat.state, chat.group.as_ref());
    let identity = match &command.from {
        Party::Visitor => return visitor_input(&command.order),
        Party::Operator(identity) => identity,
    };
    Ok(match &command.order {
        Order::Say { text, to } => {
            let from = Author { role: Role::Operator, id: Some(identity.id), name: Some(identity.name.clone()) };
            Input::Say { from, text: text.clone(), to: *to }
        }
        Order::Accept { offer } => Input::Accept { offer: *offer, operator: identity.id },
        Order::Decline { offer } => Input::Decline { offer: *offer, operator: identity.id },
        Order::SendToForm { offer: Some(offer) } => Input::SendToForm { offer: *offer, operator: identity.id },
        Order::SendToForm { offer: None } => {
            let waits_here = chat.is_waiting() && group.is_some_and(|group| identity.groups.contains(group));
            if !waits_here {
                may_end(state, identity)?;
            }
            Input::End { by: EndedBy::Operator, why: EndedWhy::SentToForm, operator: Some(identity.id) }
        }
        Order::Take => {
            let own = group.is_some_and(|group| identity.groups.contains(group));
            let helps = rules.filter(|_| !own).and_then(|rules| helping(chat, rules, &identity.groups, now));
            if !own && helps.is_none() {
                return Err(Failure::not_found("chat"));
            }
            let (operator, name) = (identity.id, identity.name.clone());
            let taken_over = matches!(state, ChatState::Active { .. }) && identity.role.may(Permission::TakeChats);
            if taken_over { Input::TakeOver { operator, name } } else { Input::Take { operator, name, group: helps } }
        }
        Order::Ask { .. } => ask(chat, identity, &command.order, rings)?,
        Order::Leave => Input::Leave { operator: identity.id },
        Order::End => {
            may_end(state, identity)?;
            Input::End { by: EndedBy::Operator, why: EndedWhy::Closed, operator: Some(identity.id) }
        }
    })
}

/// The group among these in which a chat that has waited long enough looks for an operator, too.
fn helping(chat: &Chat, rules: &RoutingRules, groups: &[GroupId], now: Timestamp) -> Option<GroupId> {
    let overflow = rules.overflow.as_ref().filter(|_| chat.is_waiting())?;
    let looks = chat.queued_at + overflow.after() <= now;
    overflow.groups.iter().find(|group| looks && groups.contains(group)).cloned()
}

fn visitor_input(order: &Order) -> Result<Input, Failure> {
    match order {
        Order::Say { text, .. } => {
            let from = Author { role: Role::Visitor, id: None, name: None };
            Ok(Input::Say { from, text: text.clone(), to: Audience::Everyone })
        }
        Order::End => Ok(Input::End { by: EndedBy::Visitor, why: EndedWhy::Closed, operator: None }),
        Order::Accept { .. }
        | Order::Decline { .. }
        | Order::SendToForm { .. }
        | Order::Take
        | Order::Ask { .. }
        | Order::Leave => Err(Failure::new(Code::Forbidden, "not for visitors")),
    }
}

/// What an operator asks of colleagues, if it may be asked. Who has no part in the chat learns nothing of colleagues.
fn ask(chat: &Chat, identity: &Identity, order: &Order, rings: Duration) -> Result<Input, Failure> {
    let Order::Ask { kind, group, operator, reason, stay, found, brand: _ } = order else {
        return Err(Failure::not_found("chat"));
    };
    if !chat.has(identity.id) {
        return Err(Failure::not_found("chat"));
    }
    let away = |who: &str| Failure::conflict(Why::Offline, format!("{who} is not available"));
    let (to, group) = match (found, *operator) {
        (Found::Operator { name, groups }, Some(id)) => {
            // The slot counts for the group that was named, else for the chat's own, else for one of theirs.
            let own = chat.group.as_ref().filter(|own| groups.contains(own));
            let group = match group {
                Some(named) => groups.iter().find(|group| *group == named),
                None => own.or(groups.first()),
            };
            let group = group.ok_or_else(|| away(name))?;
            (Some(Person { id, name: name.clone() }), group.clone())
        }
        (Found::Away { name }, _) => return Err(away(name)),
        (Found::Group(found), _) => (None, found.clone()),
        (Found::Offline, _) => return Err(Failure::conflict(Why::Offline, "nobody receives there now")),
        (Found::ByHand, _) => {
            let words = "those who receive there take chats by hand: ask one of them by name";
            return Err(Failure::conflict(Why::Offline, words));
        }
        (Found::Unknown, _) => return Err(Failure::unavailable()),
        (Found::NoBrand, _) => return Err(Failure::not_found("brand")),
        (Found::Nothing | Found::Operator { .. }, _) => {
            return Err(Failure::not_found(if operator.is_some() { "operator" } else { "group" }));
        }
    };
    let lasts = if to.is_some() { rings } else { ASK_LASTS };
    let (from, reason, stay) = (identity.id, reason.clone(), *stay);
    Ok(Input::Ask(Ask { kind: *kind, from, to, group, reason, stay, lasts }))
}

fn may_end(state: &ChatState, identity: &Identity) -> Result<(), Failure> {
    let owner = match state {
        ChatState::Active { owner, .. } => Some(owner),
        ChatState::Ended { owner, .. } => owner.as_ref(),
        ChatState::Unborn | ChatState::Waiting { .. } => None,
    };
    if owner.is_some_and(|owner| owner.id == identity.id) || identity.role.may(Permission::EndAnyChat) {
        Ok(())
    } else {
        Err(Failure::not_found("chat"))
    }
}

/// A refusal, in the words of the contract.
fn failure(refusal: Refusal) -> Failure {
    let words = refusal.to_string();
    match refusal {
        Refusal::Ended => Failure::conflict(Why::Ended, words),
        Refusal::NotYours | Refusal::NotBegun => Failure::not_found("chat"),
        Refusal::Begun
        | Refusal::Waiting
        | Refusal::BeingOffered
        | Refusal::HereAlready { .. }
        | Refusal::LetGo
        | Refusal::Alone => Failure::conflict(Why::State, words),
        Refusal::Full => Failure::conflict(Why::Full, words),
        Refusal::Taken { by } => Failure { by: Some(by), ..Failure::conflict(Why::Taken, words) },
        Refusal::OfferOver { why, by } => {
            let why = match why {
                OfferEnd::Taken => Why::Taken,
                OfferEnd::Expired | OfferEnd::Declined => Why::Expired,
                OfferEnd::Withdrawn => Why::Withdrawn,
                OfferEnd::Ended => Why::Ended,
            };
            Failure { by, ..Failure::conflict(why, words) }
        }
    }
}

/// What a refused slot means to the one who asked.
pub(super) fn no_room() -> Failure {
    Failure::conflict(Why::Capacity, "no free slot: a limit is reached")
}
