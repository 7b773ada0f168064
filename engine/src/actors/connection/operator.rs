//! An operator's connection: one window of one operator.

mod arrival;
mod welcome;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use self::arrival::Place;
use crate::actors::attendance;
use crate::actors::connection::ask::{self, Ask};
use crate::actors::connection::history::{self, Reader};
use crate::actors::connection::membership;
use crate::actors::connection::{Handed, Later, hand_over, hand_over_late};
use crate::actors::engine::Engine;
use crate::actors::messages::{Command, Identity, Order, Party, SetStatus as ToSetStatus, Signal, ToOperator};
use crate::actors::outlet::Outlet;
use crate::actors::pace::{Budget, Pace, Rate};
use crate::actors::registry::operator_shard;
use crate::actors::shared::Shared;
use crate::domain::event::{OfferKind, Sender};
use crate::domain::ids::{AccountId, ChatId, CommandId, GroupId, OperatorId};
use crate::domain::limits::{
    ACTIVITY_TOLD_EVERY, OPERATOR_COMMANDS_BURST, OPERATOR_COMMANDS_PER_SECOND, REASON_CHARS_MAX, ROWS_MAX,
};
use crate::domain::permission::Permission;
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::ports::journal::{ChatQuery, ChatRecord, Side};
use crate::ports::scope::Scope;
use crate::ports::store::StoreError;
use crate::protocol::error::{Code, Failure, Why};
use crate::protocol::files::NoFiles;
use crate::protocol::frame::{self, Head, read_fields};
use crate::protocol::left_message::SendToForm;
use crate::protocol::operator::{
    Answer, Invite, Mark, OnChat, OperatorNotice, Say, SetMembership, SetStatus, Subscribe, Transfer, Typing,
    Unsubscribe, Whom,
};
use crate::protocol::visitor::Resume;

/// What may be subscribed to.
const TOPICS: &str = "must be \"chats\", \"group:ID\", \"members:ID\", \"operator:ID\" or \"left_messages\"";

/// Frames that a window sends without anybody's doing.
const BY_ITSELF: [&str; 5] = ["delivered", "read", "resume", "subscribe", "unsubscribe"];

/// A command that found no room in its chat's mailbox in time.
pub type Refused = Option<(ChatId, CommandId)>;

/// An operator's connection after `hello`.
pub struct OperatorConnection {
    shared: Arc<Shared>,
    outlet: Outlet,
    account: AccountId,
    identity: Arc<Identity>,
    place: Place,
    /// Chats that `hello` named, whose pages are still to come.
    resumes: VecDeque<Resume>,
    watched: Vec<GroupId>,
    pace: Pace,
    /// When the operator's actor was last told that they do something.
    worked_at: Option<Timestamp>,
    /// When the frame at work was read.
    heard_at: Instant,
}

impl OperatorConnection {
    /// Answers `hello`: makes the socket known, then tells the state.
    ///
    /// # Errors
    /// `unavailable` when the store does not answer; `unauthorized` where there is no such operator who may work. Close
    /// with the code for it.
    pub async fn open(
        engine: &Engine,
        outlet: Outlet,
        account: AccountId,
        operator: OperatorId,
        resumes: VecDeque<Resume>,
    ) -> Result<Self, Failure> {
        let shared = Arc::clone(engine.shared());
        let place = Place::take(&shared, account, operator, &outlet);
        let (operator, memberships, receiving) = place.who().await?;
        let identity = Arc::new(Identity::of(&operator, &memberships));
        shared.windows.opened(account, &identity, &outlet);
        shared.metrics.sockets_operator.increment(1.0);
        let rate = Rate { per_second: OPERATOR_COMMANDS_PER_SECOND, burst: OPERATOR_COMMANDS_BURST };
        // From here on dropping the connection makes the socket unknown again.
        let (watched, pace) = (Vec::new(), Pace::new(Arc::new(Budget::new(rate))));
        let (worked_at, heard_at) = (None, Instant::now());
        let connection = Self { shared, outlet, account, identity, place, resumes, watched, pace, worked_at, heard_at };
        let welcome = connection.welcome(operator, (memberships, receiving)).await?;
        let known: Vec<(ChatId, u32)> = welcome.chats.iter().map(|chat| (chat.id, chat.seq)).collect();
        // What came since the socket is known belongs behind the pages, too.
        connection.resumes.iter().for_each(|resume| connection.outlet.hold(resume.chat));
        connection.outlet.welcome(frame::notice(&OperatorNotice::Welcome(Box::new(welcome))), &known);
        Ok(connection)
    }

    /// What goes on by itself whenever all that was told is on its way: the pages that `hello` asked for, one at a time,
    /// for together they may be more than a reader is given at once.
    pub fn go_on(&mut self) -> Option<Later<Refused>> {
        let resume = self.resumes.pop_front()?;
        Some(self.resume(resume))
    }

    /// Takes a frame that was read then. A future must be finished before the next frame.
    pub fn frame(&mut self, text: &str, heard_at: Instant) -> Option<Later<Refused>> {
        self.heard_at = heard_at;
        let head = match Head::read(text) {
            Ok(head) => head,
            Err(failure) => return self.refuse(None, &failure),
        };
        if !BY_ITSELF.contains(&head.kind()) {
            self.worked();
        }
        match self.dispatch(head.kind(), text) {
            Ok(later) => later,
            Err(failure) => self.refuse(head.id().as_ref(), &failure),
        }
    }

    /// Somebody works at this window: their actor is told, now and then.
    fn worked(&mut self) {
        let now = self.shared.now();
        if self.worked_at.is_none_or(|at| now < at || at + ACTIVITY_TOLD_EVERY <= now) {
            self.worked_at = Some(now);
            self.shared.to_operator(self.account, self.identity.id, ToOperator::Active);
        }
    }

    fn dispatch(&mut self, kind: &str, text: &str) -> Result<Option<Later<Refused>>, Failure> {
        match kind {
            "say" => {
                let Say { id, chat, text: words, to, files: NoFiles } = read_fields(text)?;
                let words = text::message("text", words)?;
                self.order(chat, id, Order::Say { text: words, to })
            }
            "typing" => {
                let Typing { chat, on } = read_fields(text)?;
                self.signal(chat, Signal::Typing { from: self.party(), on, preview: None })
            }
            "delivered" | "read" => {
                let Mark { chat, seq } = read_fields(text)?;
                self.signal(chat, Signal::Mark { from: self.party(), seq, read: kind == "read" })
            }
            "accept" | "decline" => {
                let Answer { id, offer } = read_fields(text)?;
                let order = if kind == "accept" { Order::Accept { offer } } else { Order::Decline { offer } };
                self.order(offer.chat, id, order)
            }
            "send_to_form" => {
                let SendToForm { id, offer, chat } = read_fields(text)?;
                let chat = match (offer, chat) {
                    (Some(offer), None) => offer.chat,
                    (None, Some(chat)) => chat,
                    (Some(_), Some(_)) => {
                        return Err(Failure::invalid("chat", "expected an offer or a chat, not both"));
                    }
                    (None, None) => return Err(Failure::invalid("offer", "expected an offer or a chat")),
                };
                self.order(chat, id, Order::SendToForm { offer })
            }
            "take" => {
                let OnChat { id, chat } = read_fields(text)?;
                self.order(chat, id, Order::Take)
            }
            "transfer" => {
                let Transfer { id, chat, to, reason } = read_fields(text)?;
                let reason = Some(text::one_line("reason", &reason, REASON_CHARS_MAX)?);
                self.ask(chat, id, to, Ask { kind: OfferKind::Transfer, reason, stay: false })
            }
            "invite" => {
                let Invite { id, chat, to, stay, reason } = read_fields(text)?;
                let reason = reason.filter(|reason| !reason.trim().is_empty());
                let reason = reason.map(|reason| text::one_line("reason", &reason, REASON_CHARS_MAX)).transpose()?;
                self.ask(chat, id, to, Ask { kind: OfferKind::Invite, reason, stay })
            }
            "leave" => {
                let OnChat { id, chat } = read_fields(text)?;
                self.order(chat, id, Order::Leave)
            }
            "end" => {
                let OnChat { id, chat } = read_fields(text)?;
                self.order(chat, id, Order::End)
            }
            "status" => {
                let SetStatus { id, status } = read_fields(text)?;
                self.pace.command(None, &id)?;
                if !self.shared.is_here(operator_shard(self.identity.id)) {
                    let outlet = self.outlet.clone();
                    return self
                        .shared
                        .status_away(self.account, self.identity.id, outlet, id.clone(), status)
                        .map(|()| None)
                        .inspect_err(|failure| self.pace.block(None, id, failure.clone()));
                }
                let actor = self.shared.registry.operator(&self.shared, self.account, self.identity.id);
                let set = ToSetStatus { outlet: self.outlet.clone(), id: id.clone(), status };
                if actor.try_send(set).is_err() {
                    self.shared.metrics.mailbox_full("operator");
                    self.pace.block(None, id, Failure::unavailable());
                    return Err(Failure::unavailable());
                }
                Ok(None)
            }
            "membership_status" => {
                let set: SetMembership = read_fields(text)?;
                let whose = set.operator.unwrap_or(self.identity.id);
                if whose != self.identity.id && !self.identity.role.may(Permission::SetStatus) {
                    return Err(Failure::new(Code::Forbidden, "your role may not set the status of others"));
                }
                self.pace.command(None, &set.id)?;
                let (shared, outlet) = (Arc::clone(&self.shared), self.outlet.clone());
                let (account, sender) = (self.account, self.identity.id);
                Ok(Some(Box::pin(async move {
                    let done = membership::set(&shared, account, sender, whose, &set).await;
                    outlet.push(match done {
                        Ok(()) => frame::ack(&set.id, None, None),
                        Err(failure) => shared.refusal(Some(&set.id), None, &failure),
                    });
                    None
                })))
            }
            // What it says was taken in with its arrival.
            "active" => Ok(None),
            "resume" => {
                let resume: Resume = read_fields(text)?;
                if let Err(failure) = self.pace.question() {
                    self.outlet.push(self.shared.refusal(None, Some(resume.chat), &failure));
                    return Ok(self.pace.refused());
                }
                Ok(Some(self.resume(resume)))
            }
            "subscribe" => {
                let subscribe: Subscribe = read_fields(text)?;
                self.pace.command(None, &subscribe.id)?;
                self.subscribe(subscribe)
            }
            "unsubscribe" => {
                let unsubscribe: Unsubscribe = read_fields(text)?;
                self.pace.command(None, &unsubscribe.id)?;
                self.unsubscribe(unsubscribe)
            }
            "hello" => Err(Failure::conflict(Why::State, "hello was said already")),
            other => Err(Failure::new(Code::UnknownType, format!("unknown type \"{}\"", text::cut(other, 40)))),
        }
    }

    fn party(&self) -> Party {
        Party::Operator(Arc::clone(&self.identity))
    }

    fn order(&mut self, chat: ChatId, id: CommandId, order: Order) -> Result<Option<Later<Refused>>, Failure> {
        if !self.identity.role.may(Permission::Answer) {
            return Err(Failure::new(Code::Forbidden, "your role may not answer chats"));
        }
        self.pace.command(Some(chat), &id)?;
        let (from, outlet, heard_at) = (self.party(), self.outlet.clone(), self.heard_at);
        let command = Command { from, outlet, id: id.clone(), order, heard_at };
        if !self.shared.is_here(chat.shard()) {
            return self
                .shared
                .command_away(self.account, chat, command)
                .map(|()| None)
                .inspect_err(|failure| self.pace.block(Some(chat), id, failure.clone()));
        }
        if !self.shared.may_go_on(self.outlet.id(), chat, &id) {
            return Err(Failure::unavailable());
        }
        let session = self.shared.registry.session(&self.shared, self.account, chat);
        match hand_over(&session.addr, command) {
            Handed::Over => Ok(None),
            Handed::Wait(command) => Ok(Some(Box::pin(async move {
                let handed = hand_over_late(session.addr.clone(), *command).await;
                (!handed).then_some((chat, id))
            }))),
            Handed::Gone => {
                self.pace.block(Some(chat), id, Failure::unavailable());
                Err(Failure::unavailable())
            }
        }
    }

    /// Asks colleagues: who they are is looked up first, and judged by the chat like all else.
    fn ask(&mut self, chat: ChatId, id: CommandId, to: Whom, ask: Ask) -> Result<Option<Later<Refused>>, Failure> {
        if !self.identity.role.may(Permission::Answer) {
            return Err(Failure::new(Code::Forbidden, "your role may not answer chats"));
        }
        ask::check(ask.kind, &to, self.identity.id)?;
        self.pace.command(Some(chat), &id)?;
        let (shared, account, from, outlet) =
            (Arc::clone(&self.shared), self.account, self.party(), self.outlet.clone());
        let heard_at = self.heard_at;
        Ok(Some(Box::pin(async move {
            let order = ask.order(&shared, account, chat, to).await;
            let command = Command { from, outlet, id: id.clone(), order, heard_at };
            let handed = if shared.is_here(chat.shard()) {
                let may = shared.may_go_on(command.outlet.id(), chat, &id);
                let session = shared.registry.session(&shared, account, chat);
                may && hand_over_late(session.addr.clone(), command).await
            } else {
                shared.command_away(account, chat, command).is_ok()
            };
            (!handed).then_some((chat, id))
        })))
    }

    /// Takes what a future came to: a command that found no room in time.
    pub fn resolved(&mut self, refused: Refused) {
        if let Some((chat, id)) = refused {
            self.shared.metrics.mailbox_full("visitor_session");
            self.outlet.push(self.shared.refusal(Some(&id), Some(chat), &Failure::unavailable()));
            self.pace.block(Some(chat), id, Failure::unavailable());
        }
    }

    fn signal(&self, chat: ChatId, signal: Signal) -> Result<Option<Later<Refused>>, Failure> {
        // Hints: over the rate, or with a full mailbox, they are lost, as they may be. They wake nobody.
        if !self.pace.hint() {
            return Ok(self.pace.refused());
        }
        self.shared.to_session(self.account, chat, signal, false);
        Ok(None)
    }

    fn subscribe(&mut self, subscribe: Subscribe) -> Result<Option<Later<Refused>>, Failure> {
        let Subscribe { id, topic, filter, order, window } = subscribe;
        if let Some(group) = topic.strip_prefix("group:") {
            let group = self.my_group(group)?;
            if !self.shared.watch_group(self.account, &group, self.outlet.clone()) {
                return Err(Failure::unavailable());
            }
            if !self.watched.contains(&group) {
                self.watched.push(group);
            }
            self.outlet.push(frame::ack(&id, None, None));
            return Ok(None);
        }
        if topic == "left_messages" {
            self.outlet.push(frame::ack(&id, None, None));
            self.shared.left_messages.subscribe(self.account, &self.outlet, &self.identity);
            return Ok(None);
        }
        if let Some(watched) = attendance::watched(&topic)? {
            let (shared, outlet, account) = (Arc::clone(&self.shared), self.outlet.clone(), self.account);
            let role = self.identity.role;
            return Ok(Some(Box::pin(async move {
                let done = attendance::subscribe(&shared, account, role, &outlet, watched).await;
                outlet.push(match done {
                    Ok(()) => frame::ack(&id, None, None),
                    Err(failure) => shared.refusal(Some(&id), None, &failure),
                });
                None
            })));
        }
        if topic != "chats" {
            return Err(Failure::invalid("topic", TOPICS));
        }
        let limit = window.map_or(ROWS_MAX as u32, |window| window.limit);
        if limit == 0 || limit as usize > ROWS_MAX {
            return Err(Failure::invalid("window.limit", format!("must be from 1 to {ROWS_MAX}")));
        }
        let query = ChatQuery {
            filter: filter.unwrap_or_default(),
            scope: scope(&self.identity),
            order: order.unwrap_or_default(),
            offset: window.map_or(0, |window| window.offset),
            limit,
            after: None,
            count: true,
        };
        if !self.shared.lists.subscribe(self.account, &self.outlet, self.identity.id, id.clone(), query) {
            return Err(Failure::conflict(Why::Full, "this window has as many live lists as it may"));
        }
        self.outlet.push(frame::ack(&id, None, None));
        Ok(None)
    }

    fn unsubscribe(&mut self, unsubscribe: Unsubscribe) -> Result<Option<Later<Refused>>, Failure> {
        let Unsubscribe { id, topic, subscription } = unsubscribe;
        if let Some(group) = topic.strip_prefix("group:") {
            let group = self.my_group(group)?;
            self.watched.retain(|other| *other != group);
            self.shared.unwatch_group(self.account, &group, self.outlet.id());
        } else if topic == "chats" {
            self.shared.lists.unsubscribe(self.account, self.outlet.id(), subscription.as_ref());
        } else if topic == "left_messages" {
            self.shared.left_messages.unsubscribe(self.account, self.outlet.id());
        } else if let Some(watched) = attendance::watched(&topic)? {
            self.shared.attendance.unsubscribe(self.account, self.outlet.id(), Some(&watched));
        } else {
            return Err(Failure::invalid("topic", TOPICS));
        }
        self.outlet.push(frame::ack(&id, None, None));
        Ok(None)
    }

    /// A group whose queue this operator may watch; others are answered as if they did not exist.
    fn my_group(&self, text: &str) -> Result<GroupId, Failure> {
        let group: GroupId = text.parse().map_err(|_| Failure::invalid("topic", "must name a group: \"group:ID\""))?;
        let mine = self.identity.groups.contains(&group);
        if mine || (self.sees_all() && self.shared.board.has_group(self.account, &group)) {
            Ok(group)
        } else {
            Err(Failure::not_found("group"))
        }
    }

    fn sees_all(&self) -> bool {
        self.identity.role.may(Permission::ReadAllChats)
    }

    fn resume(&self, resume: Resume) -> Later<Refused> {
        let (shared, outlet, account) = (Arc::clone(&self.shared), self.outlet.clone(), self.account);
        let identity = Arc::clone(&self.identity);
        shared.metrics.resumes_operator.increment(1);
        // From this moment on, not only from the reading on: what is said now belongs behind the page.
        outlet.hold(resume.chat);
        Box::pin(async move {
            let Resume { chat, after } = resume;
            let reader = Reader { side: Side::Operators, own: Sender::Operator(identity.id) };
            let sent = match shared.store.chat(account, chat).await {
                Ok(Some(record)) if may_read(&shared, account, &identity, &record).await => {
                    history::page(&shared, &outlet, account, chat, after, reader).await.map_err(unavailable)
                }
                Ok(_) => Err(Failure::not_found("chat")),
                Err(error) => Err(unavailable(error)),
            };
            if let Err(failure) = sent {
                outlet.release(chat);
                outlet.push(shared.refusal(None, Some(chat), &failure));
            }
            None
        })
    }

    /// Refuses a frame.
    pub fn refuse(&self, id: Option<&CommandId>, failure: &Failure) -> Option<Later<Refused>> {
        self.outlet.push(self.shared.refusal(id, None, failure));
        self.pace.refused()
    }
}

impl Drop for OperatorConnection {
    fn drop(&mut self) {
        let (shared, account, socket) = (&self.shared, self.account, self.outlet.id());
        shared.metrics.sockets_operator.decrement(1.0);
        shared.metrics.slow_readers.increment(u64::from(self.outlet.was_cut()));
        self.place.leave();
        shared.lists.unsubscribe(account, socket, None);
        shared.left_messages.unsubscribe(account, socket);
        shared.attendance.unsubscribe(account, socket, None);
        for group in &self.watched {
            shared.unwatch_group(account, group, socket);
        }
        shared.to_operator(account, self.identity.id, ToOperator::Gone);
    }
}

/// Whether an operator may read a chat: by role and groups, or because they were invited to it.
async fn may_read(shared: &Shared, account: AccountId, identity: &Identity, record: &ChatRecord) -> bool {
    let Some(Scope { groups, operator, .. }) = scope(identity) else { return true };
    let scope = Scope::of(&*shared.store, account, groups, operator, shared.now()).await;
    let invited = || shared.store.guests(account, record.id);
    scope.is_ok_and(|scope| scope.shows(record)) || invited().await.is_ok_and(|guests| guests.contains(&operator))
}

/// What an operator may read; none: all. To which groups theirs help is looked up when something is read.
fn scope(identity: &Identity) -> Option<Scope> {
    let may = |permission| identity.role.may(permission);
    let groups = || if may(Permission::ReadGroupChats) { identity.groups.clone() } else { Vec::new() };
    let only = || Scope { groups: groups(), helped: Vec::new(), operator: identity.id };
    (!may(Permission::ReadAllChats)).then(only)
}

fn unavailable(error: StoreError) -> Failure {
    tracing::warn!(%error, "the store did not answer an operator");
    Failure::unavailable()
}
