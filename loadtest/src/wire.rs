//! Frames of the public contract, as far as a client of the run reads them: borrowed from the text, without a tree of
//! values. What comes often is told apart by its beginning and read once.

use std::borrow::Cow;

use serde::Deserialize;

/// A frame of the server.
#[derive(Debug)]
pub enum Frame<'a> {
    /// A fact of a chat.
    Event(Event<'a>),
    /// A command was stored.
    Ack(Ack<'a>),
    /// A command was refused.
    Error(Refusal<'a>),
    /// A page of history was sent.
    Resumed(Resumed<'a>),
    /// The answer to the greeting.
    Welcome(Welcome<'a>),
    /// An operator is asked to take a chat.
    Offer(Offer<'a>),
    /// The offer is over.
    OfferGone(OfferGone<'a>),
    /// A visitor is told a place in the queue.
    Placed,
    /// The server is about to close: come back after these milliseconds.
    Reconnect(u64),
    /// Anything else: hints.
    Hint,
}

#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "fields of the public contract")]
pub struct Event<'a> {
    pub chat: &'a str,
    pub seq: u64,
    pub at: &'a str,
    #[serde(borrow)]
    pub event: Fact<'a>,
    #[serde(default)]
    pub command: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "fields of the public contract")]
pub struct Fact<'a> {
    pub kind: &'a str,
    #[serde(borrow, default)]
    pub text: Option<Cow<'a, str>>,
    #[serde(default)]
    pub operator: Option<&'a str>,
    #[serde(default)]
    pub why: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "fields of the public contract")]
pub struct Ack<'a> {
    pub id: &'a str,
    #[serde(default)]
    pub chat: Option<&'a str>,
    #[serde(default)]
    pub seq: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "fields of the public contract")]
pub struct Refusal<'a> {
    #[serde(default)]
    pub id: Option<&'a str>,
    #[serde(default)]
    pub chat: Option<&'a str>,
    pub code: &'a str,
    #[serde(default)]
    pub why: Option<&'a str>,
    #[serde(default)]
    pub retry_after_ms: Option<u64>,
    #[serde(default, rename = "final")]
    pub final_: bool,
}

#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "fields of the public contract")]
pub struct Resumed<'a> {
    pub chat: &'a str,
    pub through: u64,
    pub last: u64,
}

#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "fields of the public contract")]
pub struct Welcome<'a> {
    #[serde(borrow, default)]
    pub token: Option<Cow<'a, str>>,
    #[serde(default)]
    pub status: Option<&'a str>,
    #[serde(borrow, default)]
    pub chats: Vec<Running<'a>>,
    #[serde(borrow, default)]
    pub offers: Vec<Offer<'a>>,
    pub server_time: &'a str,
}

#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "fields of the public contract")]
pub struct Running<'a> {
    pub id: &'a str,
}

#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "fields of the public contract")]
pub struct Offer<'a> {
    pub offer: &'a str,
    pub chat: &'a str,
    pub group: &'a str,
    #[serde(default)]
    pub kind: Option<&'a str>,
    #[serde(default)]
    pub expires_at: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "fields of the public contract")]
pub struct OfferGone<'a> {
    pub offer: &'a str,
    pub why: &'a str,
}

impl<'a> Frame<'a> {
    /// Reads a frame.
    ///
    /// # Errors
    /// It is not one of the contract.
    pub fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Head<'a> {
            r#type: &'a str,
        }
        #[derive(Deserialize)]
        struct Reconnect {
            after_ms: u64,
        }
        if text.starts_with(r#"{"type":"event","#) {
            return serde_json::from_str(text).map(Self::Event);
        }
        if text.starts_with(r#"{"type":"ack","#) {
            return serde_json::from_str(text).map(Self::Ack);
        }
        let head: Head<'_> = serde_json::from_str(text)?;
        Ok(match head.r#type {
            "event" => Self::Event(serde_json::from_str(text)?),
            "ack" => Self::Ack(serde_json::from_str(text)?),
            "error" => Self::Error(serde_json::from_str(text)?),
            "resumed" => Self::Resumed(serde_json::from_str(text)?),
            "welcome" => Self::Welcome(serde_json::from_str(text)?),
            "offer" => Self::Offer(serde_json::from_str(text)?),
            "offer_gone" => Self::OfferGone(serde_json::from_str(text)?),
            "queue" => Self::Placed,
            "reconnect" => Self::Reconnect(serde_json::from_str::<Reconnect>(text)?.after_ms),
            _ => Self::Hint,
        })
    }
}

/// A time of a frame in milliseconds; 0 for one that is not a time.
pub fn millis(at: &str) -> i64 {
    at.parse::<jiff::Timestamp>().map_or(0, |at| at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_in_any_order_and_unknown_ones_are_read() {
        let text = r#"{"new":[1],"seq":7,"at":"2026-01-02T03:04:05.678Z","type":"event","chat":"c",
            "event":{"text":"a\"b","kind":"message","from":{"role":"visitor"}}}"#;
        let Ok(Frame::Event(event)) = Frame::read(text) else { panic!("an event") };
        assert_eq!((event.seq, event.event.text.as_deref()), (7, Some("a\"b")));
        assert_eq!(millis(event.at), 1_767_323_045_678);
    }

    #[test]
    fn hints_of_later_versions_are_ignored_and_nonsense_is_not() {
        assert!(matches!(Frame::read(r#"{"type":"confetti","on":true}"#), Ok(Frame::Hint)));
        assert!(Frame::read("<html>").is_err() && Frame::read(r#"{"type":"ack","seq":1}"#).is_err());
    }
}
