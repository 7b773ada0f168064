//! Commands on their way: each is kept until it is settled, and sent again, in order and with its own id, on every
//! new socket.

use std::collections::BTreeMap;

use serde_json::Value;

/// What became of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Settled {
    /// Stored durably; the `ack`, or the `event` that bears the command's id.
    Stored(Value),
    /// Refused for good; the `error`.
    Refused(Value),
}

/// Commands on their way and what became of earlier ones.
#[derive(Debug, Default)]
pub struct Outbox {
    pending: Vec<(String, Value)>,
    settled: BTreeMap<String, Settled>,
    again: bool,
}

impl Outbox {
    /// A command that is about to be sent.
    pub fn put(&mut self, id: &str, frame: Value) {
        self.pending.push((id.to_owned(), frame));
    }

    /// Whether the server did not take some of them for now.
    pub fn has_to_try_again(&self) -> bool {
        self.again
    }

    /// What has to be sent on a new socket, or again, in order.
    pub fn pending(&mut self) -> Vec<Value> {
        self.again = false;
        self.pending.iter().map(|(_, frame)| frame.clone()).collect()
    }

    /// What became of a command.
    pub fn outcome(&self, id: &str) -> Option<&Settled> {
        self.settled.get(id)
    }

    /// Takes note of a frame that came.
    ///
    /// # Panics
    /// When one command was stored twice.
    pub fn note(&mut self, frame: &Value) {
        let (id, outcome) = match frame["type"].as_str() {
            Some("ack") => (&frame["id"], Settled::Stored(frame.clone())),
            Some("event") => (&frame["command"], Settled::Stored(frame.clone())),
            Some("error") if is_final(frame) => (&frame["id"], Settled::Refused(frame.clone())),
            Some("error") => {
                self.again |= self.pending.iter().any(|(id, _)| frame["id"] == id.as_str());
                return;
            }
            _ => return,
        };
        let Some(id) = id.as_str() else { return };
        self.pending.retain(|(other, _)| other != id);
        if let (Some(Settled::Stored(before)), Settled::Stored(now)) = (self.settled.get(id), &outcome) {
            same(before, now);
        }
        self.settled.insert(id.to_owned(), outcome);
    }
}

/// An error after which the same id is not sent again.
fn is_final(error: &Value) -> bool {
    let again = ["rate_limited", "unavailable", "internal"].iter().any(|code| error["code"] == *code);
    !again || error["final"] == true
}

/// Two acks, or two events, of one command are the same; a command of several events is acked with its last.
fn same(before: &Value, now: &Value) {
    if before["type"] != now["type"] {
        return;
    }
    for field in ["chat", "seq"] {
        let (before, now) = (&before[field], &now[field]);
        let differ = !before.is_null() && !now.is_null() && before != now;
        assert!(!differ, "a command was stored as {before} and as {now}");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_command_is_sent_again_until_an_ack_or_its_own_event_settles_it() {
        let mut outbox = Outbox::default();
        outbox.put("a", json!({ "id": "a" }));
        outbox.put("b", json!({ "id": "b" }));
        outbox.note(&json!({ "type": "error", "id": "a", "code": "unavailable" }));
        assert_eq!(outbox.pending().len(), 2, "not known is not settled");
        outbox.note(&json!({ "type": "event", "seq": 4, "command": "b", "event": {} }));
        outbox.note(&json!({ "type": "ack", "id": "b", "seq": 4 }));
        assert_eq!(outbox.pending(), [json!({ "id": "a" })]);
        outbox.note(&json!({ "type": "error", "id": "a", "code": "internal", "final": true }));
        assert!(matches!(outbox.outcome("a"), Some(Settled::Refused(_))));
    }

    #[test]
    #[should_panic(expected = "stored as 4 and as 5")]
    fn a_second_effect_is_noticed() {
        let mut outbox = Outbox::default();
        outbox.note(&json!({ "type": "ack", "id": "b", "seq": 4 }));
        outbox.note(&json!({ "type": "ack", "id": "b", "seq": 5 }));
    }
}
