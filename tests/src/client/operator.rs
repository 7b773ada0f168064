//! An operator's console: one window, signed in by a browser's cookie.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Line, Refused, SOON};
use crate::http::Browser;
use crate::server::TestServer;

/// One window of an operator's console.
pub struct OperatorClient {
    line: Line,
    /// What the last `hello` was answered.
    pub welcome: Value,
    /// The browser it runs in.
    pub browser: Browser,
}

impl OperatorClient {
    /// Signs in an operator of the demo, by the part of the address before the `@`, and opens a window.
    pub async fn connect(server: &TestServer, name: &str) -> Self {
        let browser = Browser::signed_in(&server.url(), name).await;
        Self::window(server, &browser).await.expect("the server lets operators in")
    }

    /// The same, and ready for chats: waits until visitors are told that somebody is there.
    pub async fn online(server: &TestServer, name: &str) -> Self {
        let mut operator = Self::connect(server, name).await;
        operator.status("online").await;
        let deadline = Instant::now() + SOON;
        while operator.browser.get("/api/v1/status?brand=demo&department=support").await.ok()["state"] == "offline" {
            assert!(Instant::now() < deadline, "{name} is on-line, and visitors are not told");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        operator
    }

    /// A window in a browser that is signed in.
    ///
    /// # Errors
    /// The handshake was refused.
    pub async fn window(server: &TestServer, browser: &Browser) -> Result<Self, Refused> {
        let who = browser.me["operator"]["name"].as_str().unwrap_or("the operator").to_owned();
        let headers = [("origin", server.url()), ("cookie", browser.cookie().to_owned())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let line = Line::new(&who, server.address(), "/ws/operator", &headers);
        let mut window = Self { line, welcome: Value::Null, browser: browser.clone() };
        window.reconnect().await?;
        Ok(window)
    }

    /// One's own id.
    pub fn id(&self) -> String {
        self.welcome["operator"]["id"].as_str().expect("welcome says who one is").to_owned()
    }

    /// Changes the status.
    pub async fn status(&mut self, status: &str) {
        self.line.stored(json!({ "type": "status", "status": status })).await;
    }

    /// Waits for a chat that rings; the offer.
    pub async fn offer(&mut self) -> Value {
        self.line.expect_type("offer").await
    }

    /// Waits for an offer of that chat.
    pub async fn offer_of(&mut self, chat: &str) -> Value {
        self.line.expect(&format!("an offer of {chat}"), |f| f["type"] == "offer" && f["chat"] == chat).await
    }

    /// Accepts an offer; the chat.
    pub async fn accept(&mut self, offer: &Value) -> String {
        self.line.stored(json!({ "type": "accept", "offer": offer["offer"] })).await;
        offer["chat"].as_str().expect("an offer names its chat").to_owned()
    }

    /// Waits for a chat that rings and accepts it; the chat.
    pub async fn accept_next(&mut self) -> String {
        let offer = self.offer().await;
        self.accept(&offer).await
    }

    /// Declines an offer.
    pub async fn decline(&mut self, offer: &Value) {
        self.line.stored(json!({ "type": "decline", "offer": offer["offer"] })).await;
    }

    /// Writes a message for everyone; its number.
    pub async fn say(&mut self, chat: &str, text: &str) -> u64 {
        let answer = self.line.stored(json!({ "type": "say", "chat": chat, "text": text })).await;
        answer["seq"].as_u64().unwrap_or_else(|| panic!("a message has a number: {answer}"))
    }

    /// Writes a message that visitors never see; its number.
    pub async fn whisper(&mut self, chat: &str, text: &str) -> u64 {
        let command = json!({ "type": "say", "chat": chat, "text": text, "to": "operators" });
        let answer = self.line.stored(command).await;
        answer["seq"].as_u64().unwrap_or_else(|| panic!("a message has a number: {answer}"))
    }

    /// Takes a chat from the queue.
    pub async fn take(&mut self, chat: &str) {
        self.line.stored(json!({ "type": "take", "chat": chat })).await;
    }

    /// Ends a chat.
    pub async fn end(&mut self, chat: &str) {
        self.line.stored(json!({ "type": "end", "chat": chat })).await;
    }

    /// Opens a new socket, continues all chats it knows, sends again what was not settled.
    ///
    /// # Errors
    /// The handshake was refused, or the socket cut before `welcome`.
    pub async fn reconnect(&mut self) -> Result<(), Refused> {
        let chats = self.line.chats();
        let continuations: Vec<Value> = chats.iter().map(|chat| self.line.continuation(chat)).collect();
        self.welcome = self.line.begin(json!({ "resume": continuations }), &chats).await?;
        Ok(())
    }
}

impl Deref for OperatorClient {
    type Target = Line;

    fn deref(&self) -> &Line {
        &self.line
    }
}

impl DerefMut for OperatorClient {
    fn deref_mut(&mut self) -> &mut Line {
        &mut self.line
    }
}
