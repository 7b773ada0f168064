//! How events lie in the file: packed one behind the other, after a byte that names the form. What an append brought
//! is one such packet in the journal; a range of a chat is the same, only longer, so that moving events means joining
//! packets. Each event bears all of its numbers: one that is to be erased can be found and rewritten by itself.
//!
//! Form 1, numbers little-endian: seq u32, visitor_seq u32, at i64, flags u8; with an origin: digest u64, length of the
//! command u8, command; with an operator as its sender: 16 bytes; length of the body u32, body.

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::domain::event::{Origin, Sender, StoredEvent};
use crate::domain::ids::OperatorId;
use crate::domain::time::Timestamp;
use crate::ports::store::StoreError;

/// The form that is written.
pub(super) const FORM: u8 = 1;

const VISIBLE: u8 = 1;
const HAS_ORIGIN: u8 = 2;
const FROM_OPERATOR: u8 = 4;

/// Which events a packet holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: u32,
    pub(super) last: u32,
    /// The visitor's number at the last of them.
    pub(super) visitor_seq: u32,
}

/// Packs events into `packet`, in place of what it held; answers which, unless there are none.
pub(super) fn pack<'e>(events: impl IntoIterator<Item = &'e StoredEvent>, packet: &mut Vec<u8>) -> Option<Span> {
    packet.clear();
    packet.push(FORM);
    let mut span: Option<Span> = None;
    for event in events {
        add(event, packet);
        let first = span.map_or(event.seq, |span| span.first);
        span = Some(Span { first, last: event.seq, visitor_seq: event.visitor_seq });
    }
    span
}

fn add(event: &StoredEvent, packet: &mut Vec<u8>) {
    packet.extend_from_slice(&event.seq.to_le_bytes());
    packet.extend_from_slice(&event.visitor_seq.to_le_bytes());
    packet.extend_from_slice(&event.at.millis().to_le_bytes());
    let visible = if event.visible { VISIBLE } else { 0 };
    match &event.origin {
        None => packet.push(visible),
        Some(origin) => {
            let from = if matches!(origin.sender, Sender::Operator(_)) { FROM_OPERATOR } else { 0 };
            packet.push(visible | HAS_ORIGIN | from);
            packet.extend_from_slice(&origin.digest.to_le_bytes());
            let command = origin.command.as_str().as_bytes();
            // An id has at most 64 bytes.
            packet.push(command.len() as u8);
            packet.extend_from_slice(command);
            if let Sender::Operator(operator) = origin.sender {
                packet.extend_from_slice(operator.0.as_bytes());
            }
        }
    }
    let body = event.body.get().as_bytes();
    // A body comes from a frame of at most 64 KiB.
    packet.extend_from_slice(&(body.len() as u32).to_le_bytes());
    packet.extend_from_slice(body);
}

/// Which events a packet holds, without unpacking them.
pub(super) fn span(packet: &[u8]) -> Result<Span, StoreError> {
    let mut reader = Reader::of(packet)?;
    let mut span: Option<Span> = None;
    while let Some(event) = reader.next()? {
        let first = span.map_or(event.seq, |span| span.first);
        span = Some(Span { first, last: event.seq, visitor_seq: event.visitor_seq });
    }
    span.ok_or_else(damaged)
}

/// The part of a packet that comes after the event `after`, without the byte that names the form; all of the packet
/// where it begins later.
pub(super) fn events_after(packet: &[u8], after: u32) -> Result<&[u8], StoreError> {
    let mut reader = Reader::of(packet)?;
    loop {
        let rest = reader.rest;
        match reader.next()? {
            Some(event) if event.seq <= after => {}
            _ => return Ok(rest),
        }
    }
}

/// Unpacks the events for which `wanted` says yes, by number, visitor's number and visibility, until `events` has
/// `limit` of them.
pub(super) fn unpack(
    packet: &[u8],
    events: &mut Vec<StoredEvent>,
    limit: usize,
    wanted: impl Fn(u32, u32, bool) -> bool,
) -> Result<(), StoreError> {
    let mut reader = Reader::of(packet)?;
    while events.len() < limit {
        let Some(event) = reader.next()? else { break };
        if wanted(event.seq, event.visitor_seq, event.flags & VISIBLE != 0) {
            events.push(event.stored()?);
        }
    }
    Ok(())
}

/// An event as it lies there.
struct Lying<'p> {
    seq: u32,
    visitor_seq: u32,
    at: i64,
    flags: u8,
    origin: Option<LyingOrigin<'p>>,
    body: &'p [u8],
}

struct LyingOrigin<'p> {
    digest: u64,
    command: &'p [u8],
    operator: Option<[u8; 16]>,
}

impl Lying<'_> {
    fn stored(&self) -> Result<StoredEvent, StoreError> {
        let body = text(self.body)?.to_owned();
        let origin = match self.origin {
            None => None,
            Some(LyingOrigin { digest, command, operator }) => {
                let command = text(command)?.parse().map_err(|_| damaged())?;
                let sender = match operator {
                    Some(id) => Sender::Operator(OperatorId(Uuid::from_bytes(id))),
                    None => Sender::Visitor,
                };
                Some(Origin { sender, command, digest })
            }
        };
        Ok(StoredEvent {
            seq: self.seq,
            visitor_seq: self.visitor_seq,
            visible: self.flags & VISIBLE != 0,
            at: Timestamp::from_millis(self.at),
            body: RawValue::from_string(body).map_err(|_| damaged())?.into(),
            origin,
        })
    }
}

struct Reader<'p> {
    rest: &'p [u8],
}

impl<'p> Reader<'p> {
    fn of(packet: &'p [u8]) -> Result<Self, StoreError> {
        match packet.split_first() {
            Some((&FORM, rest)) => Ok(Self { rest }),
            _ => Err(damaged()),
        }
    }

    fn next(&mut self) -> Result<Option<Lying<'p>>, StoreError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (seq, visitor_seq) = (u32::from_le_bytes(self.array()?), u32::from_le_bytes(self.array()?));
        let at = i64::from_le_bytes(self.array()?);
        let [flags] = self.array()?;
        let origin = if flags & HAS_ORIGIN == 0 {
            None
        } else {
            let digest = u64::from_le_bytes(self.array()?);
            let [length] = self.array()?;
            let command = self.bytes(usize::from(length))?;
            let operator = if flags & FROM_OPERATOR == 0 { None } else { Some(self.array()?) };
            Some(LyingOrigin { digest, command, operator })
        };
        let length = u32::from_le_bytes(self.array()?);
        let body = self.bytes(length as usize)?;
        Ok(Some(Lying { seq, visitor_seq, at, flags, origin, body }))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let (array, rest) = self.rest.split_first_chunk().ok_or_else(damaged)?;
        self.rest = rest;
        Ok(*array)
    }

    fn bytes(&mut self, length: usize) -> Result<&'p [u8], StoreError> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(damaged)?;
        self.rest = rest;
        Ok(bytes)
    }
}

fn text(bytes: &[u8]) -> Result<&str, StoreError> {
    std::str::from_utf8(bytes).map_err(|_| damaged())
}

fn damaged() -> StoreError {
    StoreError::Corrupt("stored events are damaged, or of a newer version".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: u32, visible: bool, origin: Option<Origin>) -> StoredEvent {
        let body = RawValue::from_string(format!(r#"{{"kind":"message","text":"Grüße {seq}"}}"#)).unwrap().into();
        let at = Timestamp::from_millis(1_800_000_000_000 + i64::from(seq));
        StoredEvent { seq, visitor_seq: seq / 2, visible, at, body, origin }
    }

    fn some() -> Vec<StoredEvent> {
        let origin = |sender| Some(Origin { sender, command: "c-1".parse().unwrap(), digest: u64::MAX - 7 });
        let operator = Sender::Operator(OperatorId(Uuid::from_u128(77)));
        vec![event(5, true, origin(Sender::Visitor)), event(6, false, origin(operator)), event(7, true, None)]
    }

    fn packed() -> Vec<u8> {
        let mut packet = vec![9; 3];
        assert_eq!(pack(&some(), &mut packet), span(&packet).ok());
        packet
    }

    #[test]
    fn events_come_out_as_they_went_in() {
        let mut out = Vec::new();
        unpack(&packed(), &mut out, usize::MAX, |_, _, _| true).unwrap();
        let told = |events: &[StoredEvent]| events.iter().map(|event| format!("{event:?}")).collect::<Vec<_>>();
        assert_eq!(told(&out), told(&some()));
        assert_eq!(span(&packed()).unwrap(), Span { first: 5, last: 7, visitor_seq: 3 });
    }

    #[test]
    fn a_packet_is_cut_between_two_events_and_joined_again() {
        let whole = packed();
        let rest = events_after(&whole, 5).unwrap();
        let joined = [&[FORM], rest].concat();
        assert_eq!(span(&joined).unwrap(), Span { first: 6, last: 7, visitor_seq: 3 });
        assert!(events_after(&whole, 7).unwrap().is_empty());
        assert_eq!(events_after(&whole, 0).unwrap(), &whole[1..]);
    }

    #[test]
    fn what_is_not_wanted_is_left_out_and_what_is_too_much_is_left_for_later() {
        let mut out = Vec::new();
        unpack(&packed(), &mut out, 1, |seq, _, visible| visible && seq > 5).unwrap();
        assert_eq!(out.iter().map(|event| event.seq).collect::<Vec<_>>(), [7]);
        out.clear();
        unpack(&packed(), &mut out, 2, |_, _, _| true).unwrap();
        assert_eq!(out.len(), 2);
    }

    #[test]
    fn a_damaged_packet_is_told_wherever_it_ends() {
        let whole = packed();
        let sound = (0..whole.len()).filter(|&end| span(&whole[..end]).is_ok()).count();
        assert_eq!(sound, 2, "only behind the first and the second event is there a packet, a shorter one");
        let mut newer = whole;
        newer[0] = FORM + 1;
        assert!(matches!(span(&newer), Err(StoreError::Corrupt(_))));
        assert!(span(&[]).is_err() && span(&[FORM]).is_err());
    }
}
