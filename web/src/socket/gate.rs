//! Reads the headers of WebSocket frames as their bytes flow by, and ends the stream at the header that declares
//! too much. The decoder behind it looks at a frame's size only when it has buffered all of it, so that without
//! this gate one header of ten bytes could make the server hold gigabytes.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::error::PayloadError;
use bytes::Bytes;
use engine::domain::limits::{FRAGMENTS_MAX, FRAME_BYTES_MAX};
use futures_util::Stream;

/// What a client did that no buffer may pay for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// One frame declares more bytes than a frame may have.
    #[error("a frame declares {declared} bytes, {FRAME_BYTES_MAX} are allowed")]
    Frame {
        /// What it declares.
        declared: u64,
    },
    /// The frames of one fragmented message have more bytes together.
    #[error("a fragmented message has {total} bytes or more, {FRAME_BYTES_MAX} are allowed")]
    Message {
        /// Bytes so far, those of the frame that went too far included.
        total: u64,
    },
    /// One message comes in more pieces than allowed.
    #[error("a message in more than {FRAGMENTS_MAX} fragments")]
    Fragments,
    /// A ping, pong or close with more than the 125 bytes that RFC 6455, section 5.5, grants it.
    #[error("a control frame declares {declared} bytes, 125 are allowed")]
    Control {
        /// What it declares.
        declared: u64,
    },
}

/// Where a [`Gate`] tells what was wrong: the transport behind it turns errors into text.
#[derive(Debug, Clone, Default)]
pub struct BreachReport(Rc<Cell<Option<Breach>>>);

impl BreachReport {
    /// The breach that ended the stream, if one did.
    pub fn get(&self) -> Option<Breach> {
        self.0.get()
    }
}

/// The bytes of a client's half of a WebSocket, up to a [`Breach`].
#[derive(Debug)]
pub struct Gate<S> {
    stream: S,
    meter: Meter,
    report: BreachReport,
    pending: Option<Breach>,
    over: bool,
}

impl<S> Gate<S> {
    /// A gate in front of that stream.
    pub fn new(stream: S) -> Self {
        Self { stream, meter: Meter::default(), report: BreachReport::default(), pending: None, over: false }
    }

    /// Tells what was wrong, from outside the stream.
    pub fn report(&self) -> BreachReport {
        self.report.clone()
    }
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Stream for Gate<S> {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(breach) = self.pending.take() {
            self.over = true;
            return Poll::Ready(Some(Err(self.refuse(breach))));
        }
        if self.report.get().is_some() {
            // Nothing more is read, and the stream does not end: while it is held, its sender is held up, too.
            return Poll::Pending;
        }
        if self.over {
            return Poll::Ready(None);
        }
        let Some(chunk) = ready!(Pin::new(&mut self.stream).poll_next(cx)?) else {
            self.over = true;
            return Poll::Ready(None);
        };
        match self.meter.read(&chunk) {
            Ok(()) => Poll::Ready(Some(Ok(chunk))),
            Err((fine, breach)) if fine > 0 => {
                self.pending = Some(breach);
                Poll::Ready(Some(Ok(chunk.slice(..fine))))
            }
            Err((_, breach)) => {
                self.over = true;
                Poll::Ready(Some(Err(self.refuse(breach))))
            }
        }
    }
}

impl<S> Gate<S> {
    fn refuse(&self, breach: Breach) -> PayloadError {
        self.report.0.set(Some(breach));
        PayloadError::Io(std::io::Error::other(breach))
    }
}

/// Follows the frames of a byte stream; knows where headers are and keeps no more of it than one header.
#[derive(Debug, Default)]
struct Meter {
    /// Bytes of the current frame's mask and payload still to come.
    to_skip: u64,
    header: [u8; 10],
    have: usize,
    /// Bytes and frames of the fragmented message that is under way.
    message: Option<(u64, u32)>,
}

impl Meter {
    /// Takes the next bytes. At a breach: how many bytes before the header's own end in this chunk were fine.
    fn read(&mut self, chunk: &[u8]) -> Result<(), (usize, Breach)> {
        let mut at = 0;
        while at < chunk.len() {
            if self.to_skip > 0 {
                let step = self.to_skip.min((chunk.len() - at) as u64);
                self.to_skip -= step;
                at += step as usize;
                continue;
            }
            let header_from = at;
            while self.have < self.header_length() && at < chunk.len() {
                self.header[self.have] = chunk[at];
                self.have += 1;
                at += 1;
            }
            if self.have == self.header_length() {
                self.frame().map_err(|breach| (header_from, breach))?;
            }
        }
        Ok(())
    }

    /// Bytes of the current header without its mask, as far as the bytes at hand tell.
    fn header_length(&self) -> usize {
        match (self.have, self.header[1] & 0x7f) {
            (0 | 1, _) => 2,
            (_, 126) => 4,
            (_, 127) => 10,
            _ => 2,
        }
    }

    fn frame(&mut self) -> Result<(), Breach> {
        let last = self.header[0] & 0x80 != 0;
        let opcode = self.header[0] & 0x0f;
        let masked = self.header[1] & 0x80 != 0;
        let declared = match self.header[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes([self.header[2], self.header[3]])),
            127 => self.header[2..10].iter().fold(0, |value, byte| value << 8 | u64::from(*byte)),
            short => u64::from(short),
        };
        self.have = 0;
        if opcode >= 0x8 {
            if declared > 125 {
                return Err(Breach::Control { declared });
            }
        } else {
            self.message(opcode, last, declared)?;
        }
        self.to_skip = declared + if masked { 4 } else { 0 };
        Ok(())
    }

    fn message(&mut self, opcode: u8, last: bool, declared: u64) -> Result<(), Breach> {
        let most = FRAME_BYTES_MAX as u64;
        if declared > most {
            return Err(Breach::Frame { declared });
        }
        // A continuation of nothing and a new message inside another are the decoder's to refuse: they cost no memory.
        let (bytes, frames) = if opcode == 0 { self.message.unwrap_or_default() } else { (0, 0) };
        let (total, frames) = (bytes + declared, frames + 1);
        if total > most {
            return Err(Breach::Message { total });
        }
        if frames > FRAGMENTS_MAX {
            return Err(Breach::Fragments);
        }
        self.message = (!last).then_some((total, frames));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
