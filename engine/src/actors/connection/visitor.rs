//! A visitor's connection.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use serde::Deserialize;

use crate::actors::connection::history::{self, Reader};
use crate::actors::connection::{Handed, Later, hand_over, hand_over_late};
use crate::actors::engine::Engine;
use crate::actors::left_messages::{self, Leaving};
use crate::actors::messages::{Command, Order, Party, Signal};
use crate::actors::outlet::Outlet;
use crate::actors::pace::{Pace, Rate};
use crate::actors::reception::{self, Arriving, Begun};
use crate::actors::registry::{Outlets, SessionRef};
use crate::actors::shared::Shared;
use crate::domain::event::{Audience, Sender};
use crate::domain::identity::Signed;
use crate::domain::ids::{ChatId, CommandId, VisitorId};
use crate::domain::limits::{
    ENDED_CHAT_SHOWN, FRAME_BYTES_MAX, LANGUAGE_CHARS_MAX, TITLE_CHARS_MAX, URL_CHARS_MAX, VISITOR_SOCKETS_MAX,
};
use crate::domain::text;
use crate::domain::urgency::Variables;
use crate::ports::journal::{ChatRecord, Side};
use crate::ports::staff::Brand;
use crate::protocol::close;
use crate::protocol::error::{Code, Failure, Why};
use crate::protocol::files::NoFiles;
use crate::protocol::frame::{self, Head, read_fields};
use crate::protocol::left_message::LeaveMessage;
use crate::protocol::visitor::{
    ChatPhase, End, Hello, Mark, Page, Resume, Say, Start, Typing, VisitorChat, VisitorMarks, VisitorNotice, Welcome,
};

/// What is known of a visitor when the socket says `hello`.
pub struct Visitor {
    /// The brand of the page.
    pub brand: Brand,
    /// Who.
    pub id: VisitorId,
    /// What proves it next time.
    pub token: String,
    /// What the brand's server has signed of them.
    pub signed: Option<Signed>,
    /// Why the identity of the `hello` was not accepted: they are nobody special then, and are told so.
    pub refused: Option<Failure>,
}

/// A visitor's connection after `hello`.
pub struct VisitorConnection {
    shared: Arc<Shared>,
    outlet: Outlet,
    brand: Arc<Brand>,
    visitor: VisitorId,
    signed: Option<Signed>,
    outlets: Arc<Outlets>,
    session: Option<(ChatId, SessionRef)>,
    page: Option<String>,
    language: Option<String>,
    variables: Variables,
    pace: Pace,
    /// When the frame at work was read.
    heard_at: Instant,
}

/// What a future of the connection came to.
#[derive(Default)]
pub enum Resolved {
    /// Nothing more to do.
    #[default]
    Done,
    /// The visitor has this chat now.
    Chat(ChatId, Option<SessionRef>),
    /// A command found no room in time.
    Refused(ChatId, CommandId),
}

impl VisitorConnection {
    /// Answers `hello`: makes the socket known, then tells the state.
    ///
    /// # Errors
    /// `unavailable` when the store does not answer; close with [`close::UNAVAILABLE`].
    pub async fn open(engine: &Engine, outlet: Outlet, visitor: Visitor, hello: Hello) -> Result<Self, Failure> {
        let shared = Arc::clone(engine.shared());
        let Visitor { brand, id, token, signed, refused } = visitor;
        let account = brand.account;
        outlet.await_welcome();
        if let Some(oldest) = shared.registry.visitor_joins(account, &brand.id, id, outlet.clone(), VISITOR_SOCKETS_MAX)
        {
            oldest.close(close::REPLACED);
        }
        shared.board.watch(account, outlet.clone());
        shared.metrics.sockets_visitor.increment(1.0);
        let outlets = shared.registry.outlets_of_visitor(account, &brand.id, id);
        let mut connection = Self {
            pace: Pace::new(outlets.budget(engine.visitor_rate())),
            outlets,
            shared,
            outlet,
            brand: Arc::new(brand),
            visitor: id,
            signed,
            session: None,
            language: hello.language.as_ref().map(|language| text::cut(language, LANGUAGE_CHARS_MAX)),
            variables: hello.variables(),
            page: hello.page.as_ref().map(|page| text::cut(&page.url, URL_CHARS_MAX)),
            heard_at: Instant::now(),
        };
        // From here on dropping the connection makes the socket unknown again.
        let chat = connection.find_chat().await?;
        let welcome = connection.welcome(&hello, token, chat.clone()).await?;
        let known: Vec<(ChatId, u32)> = chat.iter().map(|chat| (chat.id, chat.seq)).collect();
        if let Some(resume) = &hello.resume {
            // What came since the socket is known belongs behind the page, too.
            connection.outlet.hold(resume.chat);
        }
        connection.outlet.welcome(frame::notice(&VisitorNotice::Welcome(Box::new(welcome))), &known);
        if let Some(refused) = refused {
            connection.outlet.push(connection.shared.refusal(None, None, &refused));
        }
        if let Some(resume) = hello.resume {
            connection.resume(resume).await;
        }
        Ok(connection)
    }

    /// Takes a frame that was read then. A future must be finished, and given to [`Self::resolved`], before the next frame.
    pub fn frame(&mut self, text: &str, heard_at: Instant) -> Option<Later<Resolved>> {
        self.heard_at = heard_at;
        // Nearly all frames are messages, as our own widget writes them: those are read once.
        if let Some(say) = Said::read(text) {
            let (id, taken) = (say.id.clone(), self.say(say));
            return taken.unwrap_or_else(|failure| self.refuse(Some(&id), &failure));
        }
        let head = match Head::read(text) {
            Ok(head) => head,
            Err(failure) => return self.refuse(None, &failure),
        };
        match self.dispatch(head.kind(), text) {
            Ok(later) => later,
            Err(failure) => self.refuse(head.id().as_ref(), &failure),
        }
    }

    /// Takes what a future came to.
    pub fn resolved(&mut self, resolved: Resolved) {
        match resolved {
            Resolved::Done => {}
            Resolved::Chat(chat, session) => self.session = session.map(|session| (chat, session)),
            Resolved::Refused(chat, id) => {
                self.shared.metrics.mailbox_full("visitor_session");
                self.outlet.push(self.shared.refusal(Some(&id), Some(chat), &Failure::unavailable()));
                self.pace.block(Some(chat), id, Failure::unavailable());
            }
        }
    }

    fn dispatch(&mut self, kind: &str, text: &str) -> Result<Option<Later<Resolved>>, Failure> {
        match kind {
            "say" => self.say(read_fields(text)?),
            "typing" => {
                let Typing { on, preview } = read_fields(text)?;
                self.signal(Signal::Typing { from: Party::Visitor, on, preview })
            }
            "delivered" | "read" => {
                let Mark { seq } = read_fields(text)?;
                self.signal(Signal::Mark { from: Party::Visitor, seq, read: kind == "read" })
            }
            "start" => {
                let start: Start = read_fields(text)?;
                self.pace.command(None, &start.id)?;
                Ok(Some(self.start(start)))
            }
            "end" => {
                let end: End = read_fields(text)?;
                self.order(end.id, Order::End)
            }
            "leave_message" => {
                let form: LeaveMessage = read_fields(text)?;
                self.pace.command(None, &form.id)?;
                Ok(Some(self.leave_message(form)))
            }
            "resume" => {
                let resume: Resume = read_fields(text)?;
                if let Err(failure) = self.pace.question() {
                    self.outlet.push(self.shared.refusal(None, Some(resume.chat), &failure));
                    return Ok(self.pace.refused());
                }
                Ok(Some(self.resume_later(resume)))
            }
            "page" => {
                let page: Page = read_fields(text)?;
                self.pace.question()?;
                text::one_line("url", &page.url, URL_CHARS_MAX)?;
                if !page.title.is_empty() {
                    text::one_line("title", &page.title, TITLE_CHARS_MAX)?;
                }
                self.page = Some(page.url);
                Ok(None)
            }
            "hello" => Err(Failure::conflict(Why::State, "hello was said already")),
            other => Err(Failure::new(Code::UnknownType, format!("unknown type \"{}\"", text::cut(other, 40)))),
        }
    }

    fn say(&mut self, say: Say) -> Result<Option<Later<Resolved>>, Failure> {
        let text = text::message("text", say.text)?;
        self.order(say.id, Order::Say { text, to: Audience::Everyone })
    }

    fn order(&mut self, id: CommandId, order: Order) -> Result<Option<Later<Resolved>>, Failure> {
        let Some(chat) = self.find_session() else {
            return Err(Failure::conflict(Why::State, "there is no chat: send start first"));
        };
        self.pace.command(Some(chat), &id)?;
        let Some((_, session)) = &self.session else {
            let command = self.command(id.clone(), order);
            return match self.shared.command_away(self.brand.account, chat, command) {
                Ok(()) => Ok(None),
                Err(failure) => {
                    self.pace.block(Some(chat), id, failure.clone());
                    Err(failure)
                }
            };
        };
        if !self.shared.may_go_on(self.outlet.id(), chat, &id) {
            return Err(Failure::unavailable());
        }
        let command = self.command(id.clone(), order);
        match hand_over(&session.addr, command) {
            Handed::Over => Ok(None),
            Handed::Wait(command) => {
                let addr = session.addr.clone();
                Ok(Some(Box::pin(async move {
                    let refused = !hand_over_late(addr, *command).await;
                    if refused { Resolved::Refused(chat, id) } else { Resolved::Done }
                })))
            }
            Handed::Gone => {
                self.pace.block(Some(chat), id, Failure::unavailable());
                Err(Failure::unavailable())
            }
        }
    }

    fn command(&self, id: CommandId, order: Order) -> Command {
        Command { from: Party::Visitor, outlet: self.outlet.clone(), id, order, heard_at: self.heard_at }
    }

    fn signal(&mut self, signal: Signal) -> Result<Option<Later<Resolved>>, Failure> {
        // Hints: over the rate, without a chat, or with a full mailbox they are lost, as they may be.
        if !self.pace.hint() {
            return Ok(self.pace.refused());
        }
        if let Some(chat) = self.find_session() {
            match &self.session {
                Some((_, session)) => session.addr.hint(signal),
                None => self.shared.to_session(self.brand.account, chat, signal, false),
            }
        }
        Ok(None)
    }

    /// The visitor's chat, also when another tab began it. Its session is at hand then, unless that is elsewhere.
    fn find_session(&mut self) -> Option<ChatId> {
        let current = self.outlets.chat()?;
        if !self.shared.is_here(current.shard()) {
            self.session = None;
        } else if self.session.as_ref().is_none_or(|(chat, session)| *chat != current || !session.addr.connected()) {
            let session = self.shared.registry.session(&self.shared, self.brand.account, current);
            self.session = Some((current, session));
        }
        Some(current)
    }

    fn start(&self, start: Start) -> Later<Resolved> {
        let (shared, outlet, id) = (Arc::clone(&self.shared), self.outlet.clone(), start.id.clone());
        let (page, language) = (self.page.clone(), self.language.clone());
        let (brand, variables) = (Arc::clone(&self.brand), self.variables.clone());
        let signed = self.signed.clone();
        let arriving = Arriving { brand, visitor: self.visitor, signed, page, language, variables, start };
        Box::pin(async move {
            match reception::begin(&shared, arriving).await {
                Ok(Begun { chat, seq, session }) => {
                    outlet.push(frame::ack(&id, Some(chat), Some(seq)));
                    Resolved::Chat(chat, session)
                }
                Err(not_begun) => {
                    let (chat, failure) = not_begun.told();
                    outlet.push(shared.refusal(Some(&id), chat, &failure));
                    Resolved::Done
                }
            }
        })
    }

    fn leave_message(&self, form: LeaveMessage) -> Later<Resolved> {
        let (shared, outlet, id) = (Arc::clone(&self.shared), self.outlet.clone(), form.id.clone());
        let (page, language) = (self.page.clone(), self.language.clone());
        let leaving = Leaving { brand: Arc::clone(&self.brand), visitor: self.visitor, page, language, form };
        Box::pin(async move {
            outlet.push(match left_messages::leave(&shared, leaving).await {
                Ok(()) => frame::ack(&id, None, None),
                Err(failure) => shared.refusal(Some(&id), None, &failure),
            });
            Resolved::Done
        })
    }

    async fn find_chat(&mut self) -> Result<Option<VisitorChat>, Failure> {
        let (account, now) = (self.brand.account, self.shared.now());
        let found = self.shared.store.chat_of_visitor(account, &self.brand.id, self.visitor).await;
        let record = found.map_err(|_| Failure::unavailable())?;
        let recent = |at| now.since(at) <= ENDED_CHAT_SHOWN;
        let Some(record) = record.filter(|record| record.head.ended_at.is_none_or(recent)) else { return Ok(None) };
        self.outlets.set_chat(record.id);
        // Elsewhere, the question goes behind the news that this tab is here.
        self.shared.tabs_changed(&(account, self.brand.id.clone(), self.visitor));
        let here = self.shared.is_here(record.id.shard());
        let session = here.then(|| self.shared.registry.session(&self.shared, account, record.id));
        let snapshot = match self.shared.snapshot(account, record.id).await {
            Some(snapshot) => snapshot,
            // It cannot go on at this moment. What was said can be read, and the visitor is not kept out for it.
            None if here && self.shared.is_here(record.id.shard()) => as_stored(&record),
            None => return Err(Failure::unavailable()),
        };
        if let Some(session) = &session {
            session.addr.hint(Signal::Joined);
        }
        let session = session.filter(|_| record.head.state != ChatPhase::Ended);
        self.session = session.map(|session| (record.id, session));
        Ok(Some(snapshot))
    }

    async fn welcome(&self, hello: &Hello, token: String, chat: Option<VisitorChat>) -> Result<Welcome, Failure> {
        let language = hello.language.as_deref();
        let window = reception::window(&self.shared, &self.brand, language).await?;
        Ok(Welcome {
            token,
            visitor: self.visitor,
            verified: self.signed.is_some(),
            state: self.shared.board.state(self.brand.account, None),
            chat,
            window,
            server_time: self.shared.now(),
        })
    }

    async fn resume(&self, resume: Resume) {
        let later = self.resume_later(resume);
        later.await;
    }

    fn resume_later(&self, resume: Resume) -> Later<Resolved> {
        let (shared, outlet, visitor) = (Arc::clone(&self.shared), self.outlet.clone(), self.visitor);
        let account = self.brand.account;
        shared.metrics.resumes_visitor.increment(1);
        // From this moment on, not only from the reading on: what is said now belongs behind the page.
        outlet.hold(resume.chat);
        Box::pin(async move {
            let Resume { chat, after } = resume;
            let reader = Reader { side: Side::Visitor, own: Sender::Visitor };
            let sent = match shared.store.chat(account, chat).await {
                Ok(Some(record)) if record.visitor == visitor => {
                    history::page(&shared, &outlet, account, chat, after, reader)
                        .await
                        .map_err(|_| Failure::unavailable())
                }
                Ok(_) => Err(Failure::not_found("chat")),
                Err(_) => Err(Failure::unavailable()),
            };
            if let Err(failure) = sent {
                outlet.release(chat);
                outlet.push(shared.refusal(None, Some(chat), &failure));
            }
            Resolved::Done
        })
    }

    /// Refuses a frame.
    pub fn refuse(&self, id: Option<&CommandId>, failure: &Failure) -> Option<Later<Resolved>> {
        self.outlet.push(self.shared.refusal(id, None, failure));
        self.pace.refused()
    }
}

impl Drop for VisitorConnection {
    fn drop(&mut self) {
        let account = self.brand.account;
        self.shared.metrics.sockets_visitor.decrement(1.0);
        self.shared.metrics.slow_readers.increment(u64::from(self.outlet.was_cut()));
        self.shared.board.unwatch(account, self.outlet.id());
        self.outlets.remove(self.outlet.id());
        self.shared.tabs_changed(&(account, self.brand.id.clone(), self.visitor));
        if self.outlets.count() == 0
            && let Some(chat) = self.outlets.chat()
            && let Some(session) = self.shared.registry.awake(account, chat)
        {
            session.addr.hint(Signal::Gone);
        }
        let (brand, visitor) = (Arc::clone(&self.brand), self.visitor);
        // Our own hold must be gone before the entry can be.
        self.outlets = Arc::default();
        self.shared.registry.sweep_visitor(account, &brand.id, visitor);
    }
}

/// What a visitor sees of a chat whose session cannot say: the row, without what lives in memory only.
fn as_stored(record: &ChatRecord) -> VisitorChat {
    VisitorChat {
        id: record.id,
        state: record.head.state,
        seq: record.head.visitor_seq,
        marks: VisitorMarks::default(),
        ahead: None,
        about: false,
        estimate_s: None,
        queue_text: None,
        operator: record.owner_name.clone(),
    }
}

/// A whole frame that says something.
#[derive(Deserialize)]
struct Said<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    id: CommandId,
    text: String,
    #[serde(default)]
    files: NoFiles,
}

impl Said<'_> {
    /// Reads one that is in order and begins with its type; any other is for those who say what is wrong with it.
    fn read(text: &str) -> Option<Say> {
        let likely = text.starts_with(r#"{"type":"say","#) && text.len() <= FRAME_BYTES_MAX;
        let said: Said<'_> = likely.then(|| serde_json::from_str(text).ok())??;
        (said.kind == "say").then_some(Say { id: said.id, text: said.text, files: said.files })
    }
}

/// The pace of visitors unless the settings say otherwise.
pub const VISITOR_RATE: Rate = Rate {
    per_second: crate::domain::limits::VISITOR_COMMANDS_PER_SECOND,
    burst: crate::domain::limits::VISITOR_COMMANDS_BURST,
};
