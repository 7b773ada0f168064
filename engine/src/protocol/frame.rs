//! Reading frames and writing the ones that are common to visitors and operators. Events, acks and errors are put
//! together as text: they are the hot path, and an event's body is already JSON.

use std::borrow::Cow;

use bytestring::ByteString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::domain::ids::{ChatId, CommandId};
use crate::domain::limits::FRAME_BYTES_MAX;
use crate::domain::time::Timestamp;
use crate::protocol::error::{Code, Failure};
use crate::protocol::visitor::VisitorEvent;

/// What tells frames apart: enough of a frame to dispatch it and to answer it.
#[derive(Debug, Deserialize)]
pub struct Head<'a> {
    /// The `type`.
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
    /// The `id` of a command, whatever it is.
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
}

impl<'a> Head<'a> {
    /// Reads the head of a frame.
    ///
    /// # Errors
    /// `too_large` beyond 64 KiB; `bad_frame` when it is not a JSON object with a `type`.
    pub fn read(text: &'a str) -> Result<Self, Failure> {
        if text.len() > FRAME_BYTES_MAX {
            return Err(Failure::new(Code::TooLarge, format!("a frame has at most {FRAME_BYTES_MAX} bytes")));
        }
        let head: Head<'a> = serde_json::from_str(text)
            .map_err(|error| Failure::new(Code::BadFrame, format!("expected one JSON object: {error}")))?;
        if head.kind.is_none() {
            return Err(Failure::new(Code::BadFrame, "expected a field \"type\""));
        }
        Ok(head)
    }

    /// The `type`.
    pub fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or_default()
    }

    /// The `id`, where it has the right form; an answer to a frame without one bears none.
    pub fn id(&self) -> Option<CommandId> {
        serde_json::from_str(self.id?.get()).ok()
    }
}

/// Reads the fields of a frame whose type is known.
///
/// # Errors
/// `invalid`, with the field that is missing or wrong.
pub fn read_fields<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    // The plain reader is the fast one; only a wrong frame is read again to find out where it is wrong.
    serde_json::from_str(text).or_else(|_| {
        let mut reader = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut reader).map_err(|error| wrong_field(&error))
    })
}

fn wrong_field(error: &serde_path_to_error::Error<serde_json::Error>) -> Failure {
    let words = error.inner().to_string();
    let words = words.split(" at line ").next().unwrap_or_default();
    let missing = words.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    let path = error.path().to_string();
    let field = match (missing, path.as_str()) {
        (Some(field), "." | "") => field.to_owned(),
        (Some(field), path) => format!("{path}.{field}"),
        (None, path) => path.to_owned(),
    };
    let rule = if missing.is_some() { "is required" } else { words };
    Failure::invalid(field, rule)
}

/// A frame of any serializable notice.
pub fn notice<T: Serialize>(notice: &T) -> ByteString {
    // Our own types cannot fail to serialize: no maps with odd keys, no failing Serialize.
    serde_json::to_string(notice).unwrap_or_else(|_| String::from(r#"{"type":"beat"}"#)).into()
}

/// `{"type":"event",…}` around a body that is JSON already.
pub fn event(chat: ChatId, seq: u32, at: Timestamp, body: &str, command: Option<&CommandId>) -> ByteString {
    let mut out = String::with_capacity(event_len(body.len(), seq, command));
    before_body(&mut out, chat, seq, at);
    out.push_str(body);
    behind_body(&mut out, command);
    out.into()
}

/// The same for a visitor, around a body that is written here.
pub fn visitor_event(
    chat: ChatId,
    seq: u32,
    at: Timestamp,
    body: &VisitorEvent<'_>,
    command: Option<&CommandId>,
) -> ByteString {
    let mut out = String::with_capacity(event_len(body.expected_len(), seq, command));
    before_body(&mut out, chat, seq, at);
    let mut out = out.into_bytes();
    // Our own types cannot fail to serialize, and JSON is UTF-8.
    let written = serde_json::to_writer(&mut out, body).is_ok();
    let mut out = String::from_utf8(out).ok().filter(|_| written).unwrap_or_default();
    behind_body(&mut out, command);
    out.into()
}

fn before_body(out: &mut String, chat: ChatId, seq: u32, at: Timestamp) {
    out.push_str(BEFORE_CHAT);
    chat.write_to(out);
    out.push_str(BEFORE_SEQ);
    out.push_str(itoa::Buffer::new().format(seq));
    out.push_str(BEFORE_AT);
    at.write_rfc3339(out);
    out.push_str(BEFORE_BODY);
}

fn behind_body(out: &mut String, command: Option<&CommandId>) {
    if let Some(command) = command {
        out.push_str(BEFORE_COMMAND);
        out.push_str(command.as_str());
        out.push('"');
    }
    out.push('}');
}

const BEFORE_CHAT: &str = r#"{"type":"event","chat":""#;
const BEFORE_SEQ: &str = r#"","seq":"#;
const BEFORE_AT: &str = r#","at":""#;
const BEFORE_BODY: &str = r#"","event":"#;
const BEFORE_COMMAND: &str = r#","command":""#;

/// How long the frame of an event is, to the byte: text that fills its memory is handed on as it is, other text needs
/// more memory to be handed on.
fn event_len(body: usize, seq: u32, command: Option<&CommandId>) -> usize {
    let fixed = BEFORE_CHAT.len() + BEFORE_SEQ.len() + BEFORE_AT.len() + BEFORE_BODY.len() + "}".len();
    let command = command.map_or(0, |id| BEFORE_COMMAND.len() + id.as_str().len() + "\"".len());
    fixed + ChatId::TEXT_LEN + digits(seq) + Timestamp::RFC3339_LEN + body + command
}

fn digits(number: u32) -> usize {
    number.checked_ilog10().map_or(1, |exponent| exponent as usize + 1)
}

/// `{"type":"ack",…}`.
pub fn ack(id: &CommandId, chat: Option<ChatId>, seq: Option<u32>) -> ByteString {
    let (to_id, to_chat, to_seq) = (r#"{"type":"ack","id":""#, r#","chat":""#, r#","seq":"#);
    let of_chat = chat.map_or(0, |_| to_chat.len() + ChatId::TEXT_LEN + "\"".len());
    let of_seq = seq.map_or(0, |seq| to_seq.len() + digits(seq));
    let mut out = String::with_capacity(to_id.len() + id.as_str().len() + "\"".len() + of_chat + of_seq + "}".len());
    out.push_str(to_id);
    out.push_str(id.as_str());
    out.push('"');
    if let Some(chat) = chat {
        out.push_str(to_chat);
        chat.write_to(&mut out);
        out.push('"');
    }
    if let Some(seq) = seq {
        out.push_str(to_seq);
        out.push_str(itoa::Buffer::new().format(seq));
    }
    out.push('}');
    out.into()
}

/// `{"type":"error",…}`.
pub fn error(id: Option<&CommandId>, chat: Option<ChatId>, failure: &Failure) -> ByteString {
    #[derive(Serialize)]
    struct ErrorFrame<'a> {
        r#type: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a CommandId>,
        #[serde(skip_serializing_if = "Option::is_none")]
        chat: Option<ChatId>,
        #[serde(flatten)]
        failure: &'a Failure,
    }
    notice(&ErrorFrame { r#type: "error", id, chat, failure })
}

/// `{"type":"resumed",…}` with the marks of the chat in the reader's numbering.
pub fn resumed<M: Serialize>(chat: ChatId, through: u32, last: u32, marks: &M) -> ByteString {
    #[derive(Serialize)]
    struct Resumed<'a, M> {
        r#type: &'static str,
        chat: ChatId,
        through: u32,
        last: u32,
        marks: &'a M,
    }
    notice(&Resumed { r#type: "resumed", chat, through, last, marks })
}

/// `{"type":"beat"}`.
pub fn beat() -> ByteString {
    ByteString::from_static(r#"{"type":"beat"}"#)
}

/// `{"type":"reconnect",…}`: the server is about to close this socket.
pub fn reconnect(after_ms: u64) -> ByteString {
    format!(r#"{{"type":"reconnect","after_ms":{after_ms}}}"#).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{operator, visitor};

    #[test]
    fn a_wrong_frame_names_its_field() {
        let field = |text: &str| read_fields::<operator::Say>(text).unwrap_err().field.unwrap();
        let chat = "0".repeat(32);
        assert_eq!(field(&format!(r#"{{"id":"a","chat":"{chat}"}}"#)), "text");
        assert_eq!(field(&format!(r#"{{"id":"a b","chat":"{chat}","text":"x"}}"#)), "id");
        assert_eq!(field(r#"{"id":"a","chat":"nope","text":"x"}"#), "chat");
        assert_eq!(field(&format!(r#"{{"id":"a","chat":"{chat}","text":5}}"#)), "text");
        let nested = r#"{"brand":"demo","resume":{"chat":"0"}}"#;
        assert_eq!(read_fields::<visitor::Hello>(nested).unwrap_err().field.unwrap(), "resume.chat");
    }

    #[test]
    fn the_length_of_a_frame_is_known_before_it_is_written() {
        let chat = ChatId::new(1_700_000_000_000, 7, crate::domain::ids::Shard(3));
        let (at, body) = (Timestamp::from_millis(1_700_000_000_123), r#"{"kind":"visitor_away"}"#);
        let id: CommandId = "c-1".parse().unwrap();
        for seq in [0, 9, 10, 4_294_967_295] {
            for command in [None, Some(&id)] {
                let frame = event(chat, seq, at, body, command);
                assert_eq!(frame.len(), event_len(body.len(), seq, command), "{frame}");
            }
        }
    }

    #[test]
    fn a_head_is_read_before_anything_else_is_trusted() {
        assert_eq!(Head::read("[1]").unwrap_err().code, Code::BadFrame);
        assert_eq!(Head::read("{}").unwrap_err().code, Code::BadFrame);
        assert_eq!(Head::read(r#"{"type":"say","id":7}"#).unwrap().id(), None);
        let head = Head::read(r#"{"id":"x1","type":"say","unknown":[]}"#).unwrap();
        assert_eq!((head.kind(), head.id().unwrap().as_str()), ("say", "x1"));
        assert_eq!(Head::read(&" ".repeat(FRAME_BYTES_MAX + 1)).unwrap_err().code, Code::TooLarge);
    }

    #[test]
    fn hand_made_frames_are_json() {
        let chat = ChatId::new(1, 2, crate::domain::ids::Shard(3));
        let id: CommandId = "c-1".parse().unwrap();
        for text in [
            event(chat, 4, Timestamp::EPOCH, r#"{"kind":"queued"}"#, Some(&id)),
            visitor_event(chat, 4, Timestamp::EPOCH, &VisitorEvent::Queued, None),
            ack(&id, Some(chat), Some(9)),
            error(Some(&id), Some(chat), &Failure::unavailable()),
            resumed(chat, 1, 2, &visitor::VisitorMarks::default()),
            reconnect(5),
        ] {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(value["type"].is_string(), "{text}");
        }
    }
}
