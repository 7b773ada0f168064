//! A visitor's browser: its token, its one chat, its tabs.

use std::ops::{Deref, DerefMut};

use serde_json::{Map, Value, json};

use crate::client::{Line, Refused};
use crate::server::TestServer;

/// What the welcome form holds.
#[derive(Debug, Clone)]
pub struct Start<'a> {
    /// The name.
    pub name: &'a str,
    /// The department.
    pub department: &'a str,
    /// The first question.
    pub question: &'a str,
}

impl<'a> Start<'a> {
    /// Somebody asks Support.
    pub fn support(name: &'a str, question: &'a str) -> Self {
        Self { name, department: "support", question }
    }

    /// The command without its id.
    pub fn command(&self) -> Value {
        json!({ "type": "start", "name": self.name, "department": self.department, "question": self.question })
    }
}

/// One tab of a visitor's browser.
pub struct VisitorClient {
    line: Line,
    brand: String,
    /// What the page says in `hello` beside the brand.
    page: Map<String, Value>,
    /// What the last `hello` was answered.
    pub welcome: Value,
    token: Option<String>,
    chat: Option<String>,
}

impl VisitorClient {
    /// A new visitor on the demo's page.
    pub async fn connect(server: &TestServer) -> Self {
        Self::connect_to(server, "demo", None).await.expect("the server lets visitors in")
    }

    /// Any visitor: one who has a token is who it says.
    ///
    /// # Errors
    /// The handshake was refused.
    pub async fn connect_to(server: &TestServer, brand: &str, token: Option<&str>) -> Result<Self, Refused> {
        let mut visitor = Self::new(server, brand);
        visitor.token = token.map(str::to_owned);
        visitor.reconnect().await?;
        Ok(visitor)
    }

    /// A new visitor of the demo whose page says this of them in `hello`.
    pub async fn connect_saying(server: &TestServer, page: Value) -> Self {
        let mut visitor = Self::new(server, "demo");
        visitor.page.extend(page.as_object().cloned().unwrap_or_default());
        visitor.reconnect().await.expect("the server lets visitors in");
        visitor
    }

    /// Whoever has the token, on a page of the demo that says this of them.
    pub async fn connect_with(server: &TestServer, token: &str, page: Value) -> Self {
        let mut visitor = Self::new(server, "demo");
        visitor.token = Some(token.to_owned());
        visitor.page.extend(page.as_object().cloned().unwrap_or_default());
        visitor.reconnect().await.expect("the server lets visitors in");
        visitor
    }

    fn new(server: &TestServer, brand: &str) -> Self {
        let line = Line::new("the visitor", server.address(), "/ws/visitor", &[("origin", &server.url())]);
        let page = Map::from_iter([("language".to_owned(), json!("en"))]);
        Self { line, brand: brand.to_owned(), page, welcome: Value::Null, token: None, chat: None }
    }

    /// Another tab of the same browser, which sees the chat from its beginning.
    pub async fn another_tab(&self, server: &TestServer) -> Self {
        let mut tab = Self::connect_to(server, &self.brand, self.token.as_deref()).await.expect("a second tab");
        if let Some(chat) = tab.chat.clone() {
            tab.line.resume(&chat, 0).await;
        }
        tab
    }

    /// What makes the visitor known.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("welcome gave a token")
    }

    /// The chat.
    ///
    /// # Panics
    /// There is none.
    pub fn chat(&self) -> String {
        self.chat.clone().expect("the visitor has a chat")
    }

    /// The texts of all messages, in order.
    pub fn texts(&self) -> Vec<&str> {
        self.line.ledger(self.chat.as_deref().expect("the visitor has a chat")).texts()
    }

    /// Begins a chat; its id.
    pub async fn start(&mut self, start: &Start<'_>) -> String {
        let ack = self.line.acked(start.command()).await;
        let chat = ack["chat"].as_str().unwrap_or_else(|| panic!("the ack of a start names the chat: {ack}"));
        self.chat = Some(chat.to_owned());
        chat.to_owned()
    }

    /// Writes a message; its number.
    pub async fn say(&mut self, text: &str) -> u64 {
        let answer = self.line.stored(json!({ "type": "say", "text": text })).await;
        answer["seq"].as_u64().unwrap_or_else(|| panic!("a message has a number: {answer}"))
    }

    /// Ends the chat.
    pub async fn end(&mut self) {
        self.line.stored(json!({ "type": "end" })).await;
    }

    /// Opens a new socket, continues the chat, sends again what was not settled.
    ///
    /// # Errors
    /// The handshake was refused, or the socket cut before `welcome`.
    pub async fn reconnect(&mut self) -> Result<(), Refused> {
        let mut hello = Value::Object(self.page.clone());
        hello["brand"] = json!(self.brand);
        let mut continued = Vec::new();
        if let Some(token) = &self.token {
            hello["token"] = json!(token);
        }
        if let Some(chat) = &self.chat {
            hello["resume"] = self.line.continuation(chat);
            continued.push(chat.clone());
        }
        let welcome = self.line.begin(hello, &continued).await?;
        let token = welcome["token"].as_str().unwrap_or_else(|| panic!("welcome gives a token: {welcome}"));
        self.token = Some(token.to_owned());
        if let Some(chat) = welcome["chat"]["id"].as_str() {
            self.chat = Some(chat.to_owned());
        }
        self.welcome = welcome;
        Ok(())
    }
}

impl Deref for VisitorClient {
    type Target = Line;

    fn deref(&self) -> &Line {
        &self.line
    }
}

impl DerefMut for VisitorClient {
    fn deref_mut(&mut self) -> &mut Line {
        &mut self.line
    }
}
