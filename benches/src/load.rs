//! The load: many sockets that talk, each acked message counted and timed from the moment it was meant to go out.
//! Closed loop: a talker keeps a number of messages under way. Open loop: a pacer says when, whatever is under way.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt::Write;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::figures::{Figures, Latencies};
use crate::pacer::pace;
use crate::process::{cpu_time, resident_bytes};
use crate::socket::Socket;

/// How often messages go out.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// Each talker that speaks keeps this many messages under way.
    Closed(usize),
    /// This many messages a second over all, in turn.
    Open(u32),
}

/// How long, and what is watched meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The server's process.
    pub pid: u32,
    /// Runs this long before it counts.
    pub warm_up: Duration,
    /// Counts this long.
    pub measured: Duration,
}

/// A socket with the chats it may talk in.
pub struct Talker {
    socket: Socket,
    /// What follows a command's id in the frames of each chat; none: it only listens.
    voices: Vec<String>,
    said: u64,
    waiting: VecDeque<Instant>,
}

impl Talker {
    /// One that only listens.
    pub fn listener(socket: Socket) -> Self {
        Self { socket, voices: Vec::new(), said: 0, waiting: VecDeque::new() }
    }

    /// One that says `text`: a visitor, or one of a pair.
    pub fn visitor(socket: Socket, text: &str) -> Self {
        Self { voices: vec![format!(r#"","text":"{text}"}}"#)], ..Self::listener(socket) }
    }

    /// One that says `text` in several chats, in turn.
    pub fn operator(socket: Socket, chats: &[String], text: &str) -> Self {
        let voice = |chat: &String| format!(r#"","chat":"{chat}","text":"{text}"}}"#);
        Self { voices: chats.iter().map(voice).collect(), ..Self::listener(socket) }
    }

    async fn feed(&mut self, intended: Instant) -> Result<(), Error> {
        let voice = &self.voices[self.said as usize % self.voices.len()];
        let mut frame = String::with_capacity(voice.len() + 40);
        let _ = write!(frame, r#"{{"type":"say","id":"m{}{voice}"#, self.said);
        self.said += 1;
        self.waiting.push_back(intended);
        self.socket.feed(Message::Text(frame.into())).await
    }
}

/// Runs the load; the sockets are dropped at the end.
///
/// # Panics
/// When a socket closes or a command is refused: such a run measures nothing.
pub async fn run(talkers: Vec<Talker>, pace: Pace, span: Span) -> Figures {
    let counters = Rc::new(Counters::default());
    let tasks = tokio::task::LocalSet::new();
    let mut speakers = Vec::new();
    for talker in talkers {
        let (moments, due) = unbounded_channel();
        speakers.extend(talker.voices.iter().map(|_| moments.clone()));
        let window = if talker.voices.is_empty() { 0 } else { pace.window() };
        tasks.spawn_local(talk(talker, window, due, counters.clone()));
    }
    if let Pace::Open(rate) = pace {
        std::thread::spawn(move || dictate(rate, &speakers, span));
    }
    tasks.run_until(measure(&counters, span)).await
}

impl Pace {
    fn window(self) -> usize {
        match self {
            Self::Closed(window) => window,
            Self::Open(_) => 0,
        }
    }
}

fn dictate(rate: u32, speakers: &[UnboundedSender<Instant>], span: Span) {
    let whole = span.warm_up + span.measured + Duration::from_secs(1);
    pace(rate, whole, |number, intended| speakers[number as usize % speakers.len()].send(intended).is_ok());
}

#[derive(Default)]
struct Counters {
    latencies: RefCell<Latencies>,
    heard: Cell<u64>,
}

async fn measure(counters: &Counters, span: Span) -> Figures {
    tokio::time::sleep(span.warm_up).await;
    counters.latencies.borrow_mut().clear();
    counters.heard.set(0);
    let (begun, cpu) = (Instant::now(), cpu_time(span.pid));
    tokio::time::sleep(span.measured).await;
    let (cpu_seconds, seconds) = ((cpu_time(span.pid) - cpu).as_secs_f64(), begun.elapsed().as_secs_f64());
    let latencies = counters.latencies.borrow();
    let heard = counters.heard.get();
    // At either end of the span some are under way: of few one or two are many.
    assert!((heard + 2) * 10 >= latencies.count() * 9, "{} messages were acked, {heard} handed on", latencies.count());
    Figures {
        messages: latencies.count(),
        seconds,
        cpu_seconds,
        resident_bytes: resident_bytes(span.pid),
        latency: latencies.percentiles(),
    }
}

async fn talk(mut talker: Talker, window: usize, mut due: UnboundedReceiver<Instant>, counters: Rc<Counters>) {
    let begun = Instant::now();
    let mut to_say: Vec<Instant> = std::iter::repeat_n(begun, window).collect();
    loop {
        for intended in to_say.drain(..) {
            talker.feed(intended).await.expect("the socket is open");
        }
        talker.socket.flush().await.expect("the socket is open");
        tokio::select! {
            frame = talker.socket.next() => {
                let mut acks = hear(&mut talker, frame, &counters);
                // All that is there already: answered with one write.
                while let Some(frame) = talker.socket.next().now_or_never() {
                    acks += hear(&mut talker, frame, &counters);
                }
                if window > 0 {
                    to_say.extend(std::iter::repeat_n(Instant::now(), acks));
                }
            }
            Some(intended) = due.recv() => {
                to_say.push(intended);
                to_say.extend(std::iter::from_fn(|| due.try_recv().ok()));
            }
        }
    }
}

/// Takes a frame in; returns how many messages it settled.
fn hear(talker: &mut Talker, frame: Option<Result<Message, Error>>, counters: &Counters) -> usize {
    let text = match frame.expect("the server keeps the socket").expect("the server keeps the socket") {
        Message::Text(text) => text,
        Message::Close(why) => panic!("the server closed the socket: {why:?}"),
        _ => return 0,
    };
    if text.starts_with(r#"{"type":"ack""#) {
        let intended = talker.waiting.pop_front().expect("an ack answers a message");
        counters.latencies.borrow_mut().record(intended.elapsed());
        return 1;
    }
    assert!(!text.starts_with(r#"{"type":"error""#), "refused: {text}");
    // One's own message comes back with the command's id: it says nothing of the other side.
    let is_event = text.starts_with(r#"{"type":"event""#) && !text.contains(r#""command":"#);
    if is_event || text.starts_with(r#"{"type":"say""#) {
        counters.heard.set(counters.heard.get() + 1);
    }
    0
}
