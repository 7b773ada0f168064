//! The sockets of people: what they send, and what they are told.

use std::time::Duration;

use engine::actors::connection::operator::OperatorConnection;
use engine::actors::connection::visitor::VisitorConnection;
use engine::actors::outlet::{Outlet, Transport};
use engine::ports::staff::Operator;
use serde_json::{Value, json};

/// How often a frame is looked for, and how long: 15 s, for a bus that loses a third.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(5);
pub(super) const LOOKS: usize = 3000;

/// Tells the frames of events of that kind.
pub fn event<'a>(kind: &'a str) -> impl Fn(&Value) -> bool + 'a {
    move |frame| frame["event"]["kind"] == kind
}

struct Still;

impl Transport for Still {
    fn wake(&self) {}
    fn cut(&self) {}
}

/// What a socket got, read out of its outlet.
pub struct Inbox {
    pub outlet: Outlet,
    pub got: Vec<Value>,
    pub closed: Option<u16>,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self { outlet: Outlet::new(Still), got: Vec::new(), closed: None }
    }

    pub fn look(&mut self) {
        let Self { outlet, got, .. } = self;
        let taken = outlet.take(usize::MAX, |text| got.push(serde_json::from_str(&text).expect("frames are JSON")));
        self.closed = self.closed.or(taken.close);
    }

    /// Waits for a frame.
    pub async fn expect(&mut self, name: &str, what: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..LOOKS {
            self.look();
            if let Some(frame) = self.got.iter().find(|frame| what(frame)) {
                return frame.clone();
            }
            actix::clock::sleep(LOOK_EVERY).await;
        }
        panic!("{name} did not come; instead there came {:#?}", self.got);
    }

    pub async fn expect_closed(&mut self) -> u16 {
        for _ in 0..LOOKS {
            self.look();
            if let Some(code) = self.closed {
                return code;
            }
            actix::clock::sleep(LOOK_EVERY).await;
        }
        panic!("it was not closed");
    }

    /// The numbers of a chat's events in the order they came.
    pub fn numbers(&mut self, chat: &str) -> Vec<u64> {
        self.look();
        let events = self.got.iter().filter(|frame| frame["type"] == "event" && frame["chat"] == chat);
        events.map(|frame| frame["seq"].as_u64().expect("events are numbered")).collect()
    }

    /// The messages of a chat in the order they came.
    pub fn texts(&mut self, chat: &str) -> Vec<String> {
        self.look();
        let of_chat = self.got.iter().filter(|frame| frame["chat"] == chat && frame["event"]["kind"] == "message");
        of_chat.map(|frame| frame["event"]["text"].as_str().expect("messages have a text").to_owned()).collect()
    }

    /// Every event of the chat came once and in order, from the first one that came to `last`.
    pub fn has_no_hole(&mut self, name: &str, chat: &str, last: u64) {
        let numbers = self.numbers(chat);
        let first = numbers.first().copied().unwrap_or_default();
        assert_eq!(numbers, (first..=last).collect::<Vec<u64>>(), "{name}: once and in order");
    }

    /// Waits for the answer to a command, which must be an ack.
    async fn acked(&mut self, id: &str) -> Value {
        let answer = self.expect(id, |frame| frame["id"] == id).await;
        assert_eq!(answer["type"], "ack", "{answer}");
        answer
    }

    /// The next answer to a command after so many.
    async fn answered(&mut self, id: &str, before: usize) -> Value {
        for _ in 0..LOOKS {
            self.look();
            if let Some(answer) = self.got.iter().filter(|frame| frame["id"] == id).nth(before) {
                return answer.clone();
            }
            actix::clock::sleep(LOOK_EVERY).await;
        }
        panic!("{id} was not answered; instead there came {:#?}", self.got);
    }

    pub fn answers(&mut self, id: &str) -> usize {
        self.look();
        self.got.iter().filter(|frame| frame["id"] == id).count()
    }
}

/// A visitor's tab.
pub struct Tab {
    pub inbox: Inbox,
    pub connection: VisitorConnection,
}

impl Tab {
    pub async fn sends(&mut self, frame: Value) {
        if let Some(later) = self.connection.frame(&frame.to_string(), std::time::Instant::now()) {
            let resolved = later.await;
            self.connection.resolved(resolved);
        }
    }

    /// Asks for one page after another of a chat that was asked for with the greeting, as clients do: what is new meanwhile
    /// waits behind the last.
    pub(super) async fn reads_to_the_end(&mut self, chat: &str) {
        let mut through = None;
        loop {
            let next = |frame: &Value| {
                let is_page = frame["type"] == "resumed" && frame["chat"] == chat;
                frame["type"] == "error" || (is_page && frame["through"].as_u64() > through)
            };
            let page = self.inbox.expect("a page, or why there is none", next).await;
            if page["through"] == page["last"] {
                return;
            }
            through = page["through"].as_u64();
            self.sends(json!({ "type": "resume", "chat": chat, "after": through })).await;
        }
    }

    /// Waits until the shop is on-line, as the welcome or a hint tells.
    pub async fn sees_online(&mut self) {
        let tells = |frame: &Value| frame["type"] == "welcome" || frame["type"] == "state";
        self.inbox.expect("the shop on-line", |frame| tells(frame) && frame["state"] == "online").await;
    }

    pub async fn says(&mut self, id: &str, text: &str) {
        self.sends(json!({ "type": "say", "id": id, "text": text })).await;
    }

    /// Starts a chat and answers its id.
    pub async fn starts(&mut self, question: &str) -> String {
        self.starts_in(None, question).await
    }

    /// Starts a chat in a department, where there are several, and answers its id.
    pub async fn starts_in(&mut self, department: Option<&str>, question: &str) -> String {
        let mut start = json!({ "type": "start", "id": "start", "name": "Clara", "question": question });
        if let Some(department) = department {
            start["department"] = json!(department);
        }
        self.sends(start).await;
        let ack = self.inbox.expect("the answer to start", |frame| frame["id"] == "start").await;
        ack["chat"].as_str().unwrap_or_else(|| panic!("no chat: {ack}")).to_owned()
    }

    pub async fn acked(&mut self, id: &str) -> Value {
        self.inbox.acked(id).await
    }
}

/// An operator's window.
pub struct Window {
    pub inbox: Inbox,
    pub connection: OperatorConnection,
}

impl Window {
    pub async fn sends(&mut self, frame: Value) {
        if let Some(later) = self.connection.frame(&frame.to_string(), std::time::Instant::now()) {
            let resolved = later.await;
            self.connection.resolved(resolved);
        }
    }

    pub async fn says(&mut self, id: &str, chat: &str, text: &str) {
        self.sends(json!({ "type": "say", "id": id, "chat": chat, "text": text })).await;
    }

    pub async fn acked(&mut self, id: &str) -> Value {
        self.inbox.acked(id).await
    }

    /// Says it, and says it again where it is not known whether it was stored, as clients do.
    pub async fn gets_said(&mut self, id: &str, chat: &str, text: &str) {
        loop {
            let before = self.inbox.answers(id);
            self.says(id, chat, text).await;
            let answer = self.inbox.answered(id, before).await;
            if answer["type"] == "ack" {
                return;
            }
            assert_eq!(answer["code"], "unavailable", "{answer}");
            assert!(before < 5, "{answer}");
        }
    }

    pub async fn goes_online(&mut self) {
        self.sends(json!({ "type": "status", "id": "online", "status": "online" })).await;
        self.acked("online").await;
    }

    /// Asks a colleague to come in, and to stay as a guest.
    pub async fn invites(&mut self, chat: &str, colleague: &Operator) {
        let to = json!({ "operator": colleague.id.to_string() });
        self.sends(json!({ "type": "invite", "id": "come", "chat": chat, "to": to, "stay": true, "reason": "Help" }))
            .await;
        self.acked("come").await;
    }

    pub async fn offered(&mut self, chat: &str) -> Value {
        self.inbox.expect("an offer", |frame| frame["type"] == "offer" && frame["chat"] == chat).await["offer"].clone()
    }

    pub async fn accepts(&mut self, chat: &str) {
        let offer = self.offered(chat).await;
        let id = format!("accept-{}", &chat[24..]);
        self.sends(json!({ "type": "accept", "id": id, "offer": offer })).await;
        self.acked(&id).await;
    }
}
