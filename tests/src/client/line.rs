//! What a visitor's and an operator's client have in common: a socket that may be lost and opened again, and what
//! must outlive it: the log of frames, the events of each chat, the outbox.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::inbox::shown;
use crate::client::{Closed, FrameLog, Inbox, Ledger, Outbox, QUIET, Refused, SOON, Settled, Socket, new_id};

/// After this silence commands that were not taken are sent again, all of them, in order: the server refuses those
/// behind the first until that one came again.
const RESEND_AFTER: Duration = Duration::from_millis(200);

/// A client of one person, over any number of sockets.
pub struct Line {
    who: String,
    address: String,
    path: &'static str,
    headers: Vec<(String, String)>,
    socket: Option<Socket>,
    log: FrameLog,
    inbox: Inbox,
    ledgers: BTreeMap<String, Ledger>,
    outbox: Outbox,
}

impl Line {
    pub(super) fn new(who: &str, address: &str, path: &'static str, headers: &[(&str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self {
            who: who.to_owned(),
            address: address.to_owned(),
            path,
            headers,
            socket: None,
            log: FrameLog::default(),
            inbox: Inbox::default(),
            ledgers: BTreeMap::new(),
            outbox: Outbox::default(),
        }
    }

    /// Every byte of text that came, over all sockets.
    pub fn log(&self) -> &FrameLog {
        &self.log
    }

    /// The events of a chat, as far as they came.
    ///
    /// # Panics
    /// Nothing of that chat ever came.
    pub fn ledger(&self, chat: &str) -> &Ledger {
        self.ledgers.get(chat).unwrap_or_else(|| panic!("{} has nothing of chat {chat}", self.who))
    }

    /// The server was started again elsewhere, and its pages are there now.
    pub fn moved_to(&mut self, address: &str) {
        self.address = address.to_owned();
        for (_, origin) in self.headers.iter_mut().filter(|(name, _)| name == "origin") {
            *origin = format!("http://{address}");
        }
    }

    /// Whether there is a socket, as far as is known.
    pub fn is_open(&self) -> bool {
        self.socket.is_some()
    }

    /// Sends a frame as it is, past the outbox.
    pub async fn send(&mut self, frame: Value) {
        self.send_text(&frame.to_string()).await;
    }

    /// Sends any text.
    ///
    /// # Panics
    /// The socket is closed.
    pub async fn send_text(&mut self, text: &str) {
        let who = self.who.clone();
        self.socket().send_text(text).await.unwrap_or_else(|closed| panic!("{who} cannot send: {closed:?}"));
    }

    /// The socket itself, for what no client should do.
    ///
    /// # Panics
    /// There is none.
    pub fn socket(&mut self) -> &mut Socket {
        let who = &self.who;
        self.socket.as_mut().unwrap_or_else(|| panic!("{who} has no socket"))
    }

    /// The first frame that fits, among those that came and were not asked for yet, or the next that come.
    ///
    /// # Panics
    /// None came soon; says what came instead.
    pub async fn expect(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.expect_within(what, wanted, SOON).await
    }

    /// The same with a time of its own.
    ///
    /// # Panics
    /// None came within it.
    pub async fn expect_within(&mut self, what: &str, wanted: impl Fn(&Value) -> bool, within: Duration) -> Value {
        let deadline = Instant::now() + within;
        loop {
            if let Some(frame) = self.inbox.take(&wanted) {
                return frame;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.step(left).await {
                Ok(true) => {}
                Ok(false) => panic!("{}", self.inbox.instead(&self.who, what, within)),
                Err(closed) => panic!("{}\nand then {closed:?}", self.inbox.instead(&self.who, what, within)),
            }
        }
    }

    /// The next frame of that `type`.
    pub async fn expect_type(&mut self, kind: &str) -> Value {
        self.expect(kind, |frame| frame["type"] == kind).await
    }

    /// The next event of that `kind`.
    pub async fn expect_event(&mut self, kind: &str) -> Value {
        self.expect(&format!("event {kind}"), |frame| frame["type"] == "event" && frame["event"]["kind"] == kind).await
    }

    /// The event of a message with that text.
    pub async fn expect_text(&mut self, text: &str) -> Value {
        self.expect(&format!("message {text:?}"), |frame| frame["event"]["text"] == text).await
    }

    /// The next error; checks its code.
    ///
    /// # Panics
    /// It has another one.
    pub async fn expect_error(&mut self, code: &str) -> Value {
        let error = self.expect_type("error").await;
        assert_eq!(error["code"], code, "{error}");
        assert!(error["message"].as_str().is_some_and(|words| !words.is_empty()), "for people: {error}");
        error
    }

    /// Listens for a while, and that nothing like it comes.
    ///
    /// # Panics
    /// It came.
    pub async fn expect_none(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) {
        self.listen(QUIET).await;
        if let Some(frame) = self.inbox.take(wanted) {
            panic!("{} was to get no {what}, and got {}", self.who, shown(&frame));
        }
    }

    /// Takes in all that comes for a while.
    ///
    /// # Panics
    /// The socket is closed.
    pub async fn listen(&mut self, span: Duration) {
        let deadline = Instant::now() + span;
        while Instant::now() < deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if let Err(closed) = self.step(left).await {
                panic!("{} was cut: {closed:?}", self.who);
            }
        }
    }

    /// All frames that fit, of those that have come.
    pub fn come(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        self.inbox.take_all(wanted)
    }

    /// Waits until the server closes the socket.
    ///
    /// # Panics
    /// It does not.
    pub async fn expect_closed(&mut self, within: Duration) -> Closed {
        let deadline = Instant::now() + within;
        loop {
            match self.step(deadline.saturating_duration_since(Instant::now())).await {
                Ok(true) => {}
                Ok(false) => panic!("{}", self.inbox.instead(&self.who, "the end of the socket", within)),
                Err(closed) => return closed,
            }
        }
    }

    /// Sends a command under a new id and waits until it is stored; the `ack`, or the event that bears its id.
    ///
    /// # Panics
    /// It is refused.
    pub async fn stored(&mut self, command: Value) -> Value {
        match self.command(&new_id(), command).await {
            Settled::Stored(answer) => answer,
            Settled::Refused(error) => panic!("{} was refused: {error}", self.who),
        }
    }

    /// Sends a command, each time under a new id, until it is stored: what it depends on was just changed, and may not be
    /// known everywhere yet.
    pub async fn stored_soon(&mut self, command: Value) -> Value {
        let deadline = Instant::now() + SOON;
        loop {
            match self.command(&new_id(), command.clone()).await {
                Settled::Stored(answer) => return answer,
                Settled::Refused(error) => assert!(Instant::now() < deadline, "{} was refused: {error}", self.who),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Sends a command under a new id and waits for its `ack`, whatever else comes before.
    pub async fn acked(&mut self, command: Value) -> Value {
        let id = new_id();
        self.put(&id, command).await;
        self.ack_of(&id).await
    }

    /// Waits for the `ack` of a command.
    pub async fn ack_of(&mut self, id: &str) -> Value {
        self.expect(&format!("the ack of {id}"), |frame| frame["type"] == "ack" && frame["id"] == id).await
    }

    /// Sends a command under a new id and waits until it is refused; the error.
    ///
    /// # Panics
    /// It is stored, or refused with another code.
    pub async fn refused(&mut self, command: Value, code: &str) -> Value {
        match self.command(&new_id(), command.clone()).await {
            Settled::Refused(error) => {
                assert_eq!(error["code"], code, "{command} was refused with {error}");
                error
            }
            Settled::Stored(answer) => panic!("{command} was to be refused, and got {answer}"),
        }
    }

    /// Sends a command under that id and waits until it is settled.
    ///
    /// # Panics
    /// It is not settled soon.
    pub async fn command(&mut self, id: &str, command: Value) -> Settled {
        self.put(id, command).await;
        self.try_settle(id).await.unwrap_or_else(|closed| panic!("{} was cut: {closed:?}", self.who))
    }

    /// Puts a command into the outbox and sends it, if there is a socket.
    pub async fn put(&mut self, id: &str, mut command: Value) {
        command["id"] = json!(id);
        self.outbox.put(id, command.clone());
        if let Some(socket) = &mut self.socket
            && socket.send(&command).await.is_err()
        {
            self.socket = None;
        }
    }

    /// Waits until a command is settled.
    ///
    /// # Errors
    /// The socket is closed; the outbox keeps the command.
    ///
    /// # Panics
    /// It is not settled soon.
    pub async fn try_settle(&mut self, id: &str) -> Result<Settled, Closed> {
        let deadline = Instant::now() + SOON;
        loop {
            if let Some(outcome) = self.outbox.outcome(id) {
                return Ok(outcome.clone());
            }
            if !self.step(RESEND_AFTER).await? && self.outbox.has_to_try_again() {
                self.send_outbox().await?;
            }
            if Instant::now() > deadline {
                panic!("{}", self.inbox.instead(&self.who, &format!("an answer to {id}"), SOON));
            }
        }
    }

    /// Sends all that is not settled, in order.
    async fn send_outbox(&mut self) -> Result<(), Closed> {
        for command in self.outbox.pending() {
            self.socket().send(&command).await?;
        }
        Ok(())
    }

    /// Asks for a chat from an event on, and waits for all of it.
    ///
    /// # Panics
    /// It does not come.
    pub async fn resume(&mut self, chat: &str, after: u64) -> &Ledger {
        self.ledgers.entry(chat.to_owned()).or_default().asked(after);
        self.send(json!({ "type": "resume", "chat": chat, "after": after })).await;
        self.resumed(chat).await
    }

    /// Waits for the rest of a history that was asked for.
    async fn resumed(&mut self, chat: &str) -> &Ledger {
        let deadline = Instant::now() + SOON;
        while self.ledger(chat).is_resuming() {
            match self.step(deadline.saturating_duration_since(Instant::now())).await {
                Ok(true) => {}
                other => panic!("{}\n({other:?})", self.inbox.instead(&self.who, "the last page", SOON)),
            }
        }
        self.ledger(chat)
    }

    /// Closes the socket as a page does that goes.
    pub async fn close(&mut self) {
        if let Some(socket) = self.socket.take() {
            socket.close().await;
        }
    }

    /// Drops the socket without a word, as a lost network does.
    pub fn lose(&mut self) {
        self.socket = None;
    }

    /// Opens a new socket, says `hello` with all chats to continue, sends the outbox again, and waits for history.
    pub(super) async fn begin(&mut self, mut hello: Value, continued: &[String]) -> Result<Value, Refused> {
        self.inbox.clear();
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.socket = Some(Socket::open(&self.address, self.path, &headers, self.log.clone()).await?);
        for chat in continued {
            let ledger = self.ledgers.entry(chat.clone()).or_default();
            let after = ledger.last();
            ledger.asked(after);
        }
        hello["type"] = json!("hello");
        let lost = |closed: Closed| Refused { status: closed.code, words: closed.words };
        self.socket().send(&hello).await.map_err(lost)?;
        let welcome = loop {
            if let Some(welcome) = self.inbox.take(|frame| frame["type"] == "welcome") {
                break welcome;
            }
            if !self.step(SOON).await.map_err(lost)? {
                panic!("{}", self.inbox.instead(&self.who, "welcome", SOON));
            }
        };
        self.send_outbox().await.map_err(lost)?;
        while continued.iter().any(|chat| self.ledger(chat).is_resuming()) {
            if !self.step(SOON).await.map_err(lost)? {
                panic!("{}", self.inbox.instead(&self.who, "the last page", SOON));
            }
        }
        Ok(welcome)
    }

    /// What `hello` says of a chat to continue.
    pub(super) fn continuation(&self, chat: &str) -> Value {
        json!({ "chat": chat, "after": self.ledgers.get(chat).map_or(0, Ledger::last) })
    }

    pub(super) fn chats(&self) -> Vec<String> {
        self.ledgers.keys().cloned().collect()
    }

    /// Takes in one frame; `false` when none came in time.
    async fn step(&mut self, within: Duration) -> Result<bool, Closed> {
        let Some(socket) = &mut self.socket else {
            return Err(Closed { code: None, words: "there is no socket".to_owned() });
        };
        match socket.next(within).await {
            Ok(Some(frame)) => {
                self.note(&frame).await;
                self.inbox.put(frame);
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(closed) => {
                self.socket = None;
                Err(closed)
            }
        }
    }

    async fn note(&mut self, frame: &Value) {
        self.outbox.note(frame);
        let chat = || frame["chat"].as_str().unwrap_or_else(|| panic!("a chat is missing: {frame}")).to_owned();
        match frame["type"].as_str() {
            Some("welcome") => self.note_welcome(frame),
            Some("event") => self.ledgers.entry(chat()).or_default().event(frame),
            Some("resumed") => {
                let chat = chat();
                if let Some(after) = self.ledgers.entry(chat.clone()).or_default().resumed(frame)
                    && let Some(socket) = &mut self.socket
                {
                    // Should this fail, the next read tells.
                    let _ = socket.send(&json!({ "type": "resume", "chat": chat, "after": after })).await;
                }
            }
            _ => {}
        }
    }

    /// Chats that were not asked for go on from where `welcome` says they are.
    fn note_welcome(&mut self, welcome: &Value) {
        let own = welcome["chats"].as_array().cloned().unwrap_or_default();
        for chat in own.iter().chain(welcome.get("chat")) {
            let (Some(id), Some(seq)) = (chat["id"].as_str(), chat["seq"].as_u64()) else {
                panic!("a chat in welcome bears id and seq: {chat}")
            };
            let ledger = self.ledgers.entry(id.to_owned()).or_default();
            if !ledger.is_resuming() {
                ledger.starts_after(seq);
            }
        }
    }
}
