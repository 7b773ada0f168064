//! Frames of every type of both sides: as they should be, changed somewhere, cut off, and what only looks like one.

use engine::protocol::operator::OperatorCommand;
use engine::protocol::visitor::VisitorCommand;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Ids that mean something on the server.
#[derive(Clone)]
pub struct Words {
    /// A running chat of somebody else.
    pub chat: String,
    /// An operator.
    pub operator: String,
    /// The number of an event of that chat.
    pub seq: u64,
}

/// A frame, and what must come of it.
#[derive(Debug, Clone)]
pub struct Sent {
    pub text: String,
    pub binary: bool,
    /// The id that an answer must bear.
    pub answered_by: Option<String>,
}

impl Sent {
    /// A text frame.
    pub fn text(frame: &Value) -> Self {
        Self { text: frame.to_string(), binary: false, answered_by: None }
    }
}

/// Types that are not answered.
const HINTS: [&str; 7] = ["typing", "delivered", "read", "page", "resume", "hello", "active"];
/// Frames of one case.
const FRAMES: std::ops::Range<usize> = 1..8;

/// What a visitor may send.
pub fn visitor(words: &Words) -> impl Strategy<Value = Vec<Sent>> + use<> {
    cases(of_visitors(words))
}

/// What an operator may send.
pub fn operator(words: &Words) -> impl Strategy<Value = Vec<Sent>> + use<> {
    cases(of_operators(words))
}

fn of_visitors(Words { chat, operator, seq }: &Words) -> Vec<Value> {
    vec![
        json!({ "type": "hello", "brand": "demo", "token": "x", "language": "en", "variables": { "a": "b" },
                "page": { "url": "https://shop.example/", "title": "Shop", "referrer": "" }, "identity": "a.b.c",
                "resume": { "chat": chat, "after": 0 } }),
        json!({ "type": "start", "name": "Fay", "email": "fay@example.com", "department": "support",
                "question": "Hello?", "fields": { "order": "1" }, "operator": operator }),
        json!({ "type": "say", "text": "Hello?" }),
        json!({ "type": "say", "text": "Hello?", "files": ["f"] }),
        json!({ "type": "choose", "menu": "m", "option": "o" }),
        json!({ "type": "typing", "on": true, "preview": "Hel" }),
        json!({ "type": "delivered", "seq": seq }),
        json!({ "type": "read", "seq": seq }),
        json!({ "type": "page", "url": "https://shop.example/2", "title": "Two" }),
        json!({ "type": "invitation", "invitation": "i", "accept": true }),
        json!({ "type": "rate", "score": 5, "comment": "good" }),
        json!({ "type": "resume", "chat": chat, "after": 0 }),
        json!({ "type": "end" }),
        json!({ "type": "leave_message", "email": "fay@example.com", "text": "Call me", "department": "support" }),
    ]
}

fn of_operators(Words { chat, operator, seq }: &Words) -> Vec<Value> {
    let offer = format!("{chat}-4");
    vec![
        json!({ "type": "hello", "resume": [{ "chat": chat, "after": 0 }] }),
        json!({ "type": "status", "status": "online" }),
        json!({ "type": "membership_status", "group": "support", "active": true, "operator": operator }),
        json!({ "type": "accept", "offer": offer }),
        json!({ "type": "decline", "offer": offer }),
        json!({ "type": "active" }),
        json!({ "type": "send_to_form", "chat": chat }),
        json!({ "type": "send_to_form", "offer": offer }),
        json!({ "type": "leave", "chat": chat }),
        json!({ "type": "subscribe", "topic": "left_messages" }),
        json!({ "type": "subscribe", "topic": "members:support" }),
        json!({ "type": "subscribe", "topic": format!("operator:{operator}") }),
        json!({ "type": "say", "chat": chat, "text": "Hello", "to": "everyone" }),
        json!({ "type": "menu", "chat": chat, "text": "Which?", "options": [{ "id": "a", "label": "A" }] }),
        json!({ "type": "knock", "chat": chat }),
        json!({ "type": "push_page", "chat": chat, "url": "https://shop.example/" }),
        json!({ "type": "transfer", "chat": chat, "to": { "group": "sales" }, "reason": "yours" }),
        json!({ "type": "invite", "chat": chat, "to": { "operator": operator }, "stay": true }),
        json!({ "type": "take", "chat": chat }),
        json!({ "type": "watch", "chat": chat }),
        json!({ "type": "end", "chat": chat }),
        json!({ "type": "wrap_up", "chat": chat, "outcome": "sold", "tags": ["a"], "note": "n" }),
        json!({ "type": "direct", "to": operator, "text": "psst" }),
        json!({ "type": "subscribe", "topic": "group:support" }),
        json!({ "type": "subscribe", "topic": "chats", "filter": { "state": "waiting", "operator": operator },
                "order": "latest", "window": { "offset": 0, "limit": 50 } }),
        json!({ "type": "unsubscribe", "topic": "chats", "subscription": "s" }),
        json!({ "type": "resume", "chat": chat, "after": 0 }),
        json!({ "type": "typing", "chat": chat, "on": true }),
        json!({ "type": "delivered", "chat": chat, "seq": seq }),
        json!({ "type": "read", "chat": chat, "seq": seq }),
    ]
}

#[test]
fn every_frame_that_the_server_reads_is_among_those_that_are_changed() {
    let words = Words { chat: "c".into(), operator: "o".into(), seq: 1 };
    let types = |frames: Vec<Value>| {
        let types = frames.iter().filter_map(|frame| frame["type"].as_str().map(str::to_owned));
        types.collect::<std::collections::BTreeSet<String>>()
    };
    let odd = r#"{"type":"odd"}"#;
    let visitors = serde_json::from_str::<VisitorCommand>(odd).expect_err("there is no such type");
    let operators = serde_json::from_str::<OperatorCommand>(odd).expect_err("there is no such type");
    for (refused, tried) in [(visitors, types(of_visitors(&words))), (operators, types(of_operators(&words)))] {
        // "unknown variant `odd`, expected one of `hello`, …"
        let refused = refused.to_string();
        let known: Vec<&str> = refused.split('`').skip(3).step_by(2).collect();
        assert!(known.len() >= 10 && known.contains(&"hello"), "{refused}");
        let untried: Vec<&&str> = known.iter().filter(|name| !tried.contains(**name)).collect();
        assert!(untried.is_empty(), "{untried:?}");
    }
}

fn cases(valid: Vec<Value>) -> impl Strategy<Value = Vec<Sent>> {
    let valid = select(valid).boxed();
    let frame = prop_oneof![
        3 => valid.clone().prop_map(Made::Frame),
        5 => (valid.clone(), vec(change(), 1..4)).prop_map(|(frame, changes)| Made::Frame(changed(frame, &changes))),
        2 => (valid, any::<prop::sample::Index>()).prop_map(|(frame, at)| Made::Text(cut_off(&frame, &at))),
        1 => anything().prop_map(Made::Frame),
        2 => "[\\[\\]{}\":,0-9a-z\\\\ .-]{0,200}".prop_map(Made::Text),
        1 => "\\PC{0,100}".prop_map(Made::Binary),
    ];
    vec(frame, FRAMES).prop_map(|made| made.into_iter().enumerate().map(|(place, made)| sent(place, made)).collect())
}

enum Made {
    Frame(Value),
    Text(String),
    Binary(String),
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Frame(frame) => write!(f, "{frame}"),
            Self::Text(text) | Self::Binary(text) => write!(f, "{text:?}"),
        }
    }
}

impl Clone for Made {
    fn clone(&self) -> Self {
        match self {
            Self::Frame(frame) => Self::Frame(frame.clone()),
            Self::Text(text) => Self::Text(text.clone()),
            Self::Binary(text) => Self::Binary(text.clone()),
        }
    }
}

/// A change of one field.
#[derive(Debug, Clone)]
enum Change {
    Remove(prop::sample::Index),
    Replace(prop::sample::Index, Value),
    Add(String, Value),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    let field = select(vec!["id", "chat", "text", "seq", "to", "offer", "filter", "window", "brand", "resume", "on"]);
    prop_oneof![
        at().prop_map(Change::Remove),
        (at(), anything()).prop_map(|(at, value)| Change::Replace(at, value)),
        (field, anything()).prop_map(|(field, value)| Change::Add(field.to_owned(), value)),
    ]
}

fn changed(mut frame: Value, changes: &[Change]) -> Value {
    let Some(fields) = frame.as_object_mut() else { return frame };
    for change in changes {
        let names: Vec<String> = fields.keys().cloned().collect();
        match change {
            Change::Add(name, value) => drop(fields.insert(name.clone(), value.clone())),
            _ if names.is_empty() => {}
            Change::Remove(at) => drop(fields.remove(at.get(&names))),
            Change::Replace(at, value) => drop(fields.insert(at.get(&names).clone(), value.clone())),
        }
    }
    frame
}

fn cut_off(frame: &Value, at: &prop::sample::Index) -> String {
    let text = frame.to_string();
    text.chars().take(at.index(text.len())).collect()
}

/// Any JSON: numbers at their edges, long texts, texts of all alphabets, deep nests.
fn anything() -> impl Strategy<Value = Value> {
    let numbers = select(vec![json!(0), json!(-1), json!(1.5), json!(u32::MAX), json!(u64::MAX), json!(i64::MIN)]);
    let texts =
        prop_oneof!["\\PC{0,40}", "[a-z0-9-]{0,40}", Just("x".repeat(12_000)), Just("\u{0}\u{7}\n\u{202e}".into())];
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), numbers, texts.prop_map(Value::from)];
    leaf.prop_recursive(6, 24, 4, |inner| {
        let fields = vec(("[a-z_]{0,8}", inner.clone()), 0..4);
        let object = fields.prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>()));
        prop_oneof![vec(inner, 0..4).prop_map(Value::from), object]
    })
}

/// Gives a frame its id where nothing was done to it, and knows whether it must be answered.
fn sent(place: usize, made: Made) -> Sent {
    let mut frame = match made {
        Made::Frame(frame) => frame,
        Made::Text(text) => return Sent { text, binary: false, answered_by: None },
        Made::Binary(text) => return Sent { text, binary: true, answered_by: None },
    };
    let id = format!("f-{place}");
    if let Some(fields) = frame.as_object_mut() {
        fields.entry("id").or_insert_with(|| json!(id));
    }
    let asks = frame["type"].as_str().is_some_and(|kind| !HINTS.contains(&kind)) && frame["id"] == id.as_str();
    Sent { answered_by: asks.then_some(id), ..Sent::text(&frame) }
}
