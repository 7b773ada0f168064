//! A client of the run: what it wants is decided by a [`Mind`], which knows no sockets; here is the life of its
//! connection. A lost one comes back with full jitter, as the public contract asks, until the run is cut.

mod acks;
mod ear;
mod line;
mod onlooker;
mod operator;
mod outbox;
mod pace;
mod player;
#[cfg(test)]
pub(crate) mod tests;
mod visitor;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use engine::protocol::traffic::TrafficChat;
use tokio::time::{Instant, sleep_until, timeout};

pub use ear::Ear;
pub use onlooker::Onlooker;
pub use operator::Operator;
pub use outbox::Outbox;
pub use player::Player;
pub use visitor::Visitor;

use crate::checker::{Chat, Fault, Mark, Millis, Party, Unanswered};
use crate::draw::{Draw, Purpose};
use crate::moment::{Micros, Phases};
use crate::recorder::{Recorder, Tally, Timing};
use crate::recording::{Play, Recording};
use crate::socket::{Address, Lost, Socket};
use crate::testimony::Testimony;
use crate::wire::{Ack, Frame, millis};
use outbox::About;
use pace::count_left;

/// Longest and first wait before a lost connection is tried again.
const BACK_WITHIN: (Micros, Micros) = (30_000_000, 500_000);
/// A client that hears nothing for so long comes anew (public contract).
const SILENCE_MAX: Micros = 45_000_000;
/// A greeting or a command without an answer for so long means that the connection is of no use (public contract).
const ANSWER_WITHIN: Micros = 10_000_000;
/// The same for a server that does not take in what it is sent.
const SEND_WITHIN: Duration = Duration::from_micros(ANSWER_WITHIN);
/// Who reads nothing is looked after again after so long.
const LOOK_AGAIN: Micros = 1_000_000;

/// Spans of the server's clock.
pub type Gaps = Vec<(Millis, Millis)>;

/// What all clients of a process share.
pub struct World {
    /// Where the server is.
    pub address: Address,
    /// The run's clock and phases.
    pub phases: Phases,
    /// Counts and times.
    pub recorder: RefCell<Recorder>,
    /// What is told to the judge: testimonies, and until when chats rang.
    pub told: RefCell<Vec<Testimony>>,
    /// See `told`.
    pub rang: RefCell<Vec<(String, i64)>>,
    /// Promises that clients saw broken by themselves.
    pub broken: RefCell<Vec<Fault>>,
    /// When operators listened: without a connection from when to when, and up to when with one.
    pub listened: RefCell<Vec<(Party, Gaps, Option<Millis>)>>,
    /// When visitors come from.
    pub zero: Cell<Micros>,
    /// Latencies count from here on.
    pub warm: Cell<Micros>,
    /// Whether waits are told one by one, for the theory of queues.
    pub tells_waits: bool,
    /// The group that colleagues are asked in.
    pub group: String,
    /// What is played, where recorded traffic is.
    pub playing: Option<Playing>,
}

/// Recorded traffic on its way to the server again.
pub struct Playing {
    /// How.
    pub play: Play,
    /// What.
    pub recording: Recording,
    /// When it begins.
    pub zero: Cell<Micros>,
}

impl Playing {
    /// When a recorded chat begins.
    pub fn begin(&self, chat: &TrafficChat) -> Micros {
        self.zero.get() + self.play.micros(chat.at_ms)
    }
}

impl World {
    /// One more.
    pub fn count(&self, tally: Tally) {
        self.recorder.borrow_mut().count(tally);
    }

    /// It took from one moment to the other, the first of them past the warm-up.
    pub fn time(&self, timing: Timing, from: Micros, to: Micros) {
        if from >= self.warm.get() {
            self.recorder.borrow_mut().time(timing, to.saturating_sub(from));
        }
    }

    /// Something went wrong.
    pub fn error(&self, words: &str) {
        self.recorder.borrow_mut().error(words);
    }

    /// The second of the run that a moment is in.
    pub fn second(&self, at: Micros) -> u32 {
        u32::try_from(at.saturating_sub(self.zero.get()) / 1_000_000).unwrap_or(u32::MAX)
    }

    /// The server showed its clock just now.
    pub fn stamped(&self, stamp: &str, now: Micros) {
        self.recorder.borrow_mut().ahead(millis(stamp) * 1000 - now.cast_signed());
    }

    /// About the server's time, in milliseconds; none: it has not told yet.
    pub fn server_ms(&self, now: Micros) -> Option<i64> {
        self.recorder.borrow().ahead_us.map(|ahead| (now.cast_signed() + ahead) / 1000)
    }

    /// What a client heard in a chat goes to the judge; `whole`: it heard all that was told up to now.
    fn hand_in(&self, ear: Ear, whole: bool, now: Micros) {
        let until = if whole { self.server_ms(now) } else { None };
        self.told.borrow_mut().push(ear.testimony(!whole, until));
    }

    /// A client saw a promise broken.
    fn broke(&self, fault: Fault) {
        self.broken.borrow_mut().push(fault);
    }

    /// An answer took so long, on a connection that held.
    fn answered(&self, took: Micros, now: Micros) {
        self.recorder.borrow_mut().answered(self.second(now), took);
    }

    /// An ack came behind the event that it is of.
    fn compare(&self, party: Party, told: &acks::Told, ack: &Ack<'_>) {
        self.is_of_chat(party, &told.chat, ack);
        if let (About::Message(number), true) = (told.about, ack.seq != Some(told.seq)) {
            let (chat, mark) = (told.chat.clone(), Mark { sender: party, number });
            self.broke(Fault::WrongAck { chat, mark, acked: ack.seq.unwrap_or_default(), told: told.seq });
        }
    }

    /// The chat that an ack names is that of the command.
    fn is_of_chat(&self, party: Party, chat: &str, ack: &Ack<'_>) {
        if let Some(acked) = ack.chat.filter(|acked| *acked != chat && !chat.is_empty()) {
            let (chat, command, acked) = (Chat::from(chat), ack.id.to_owned(), Chat::from(acked));
            self.broke(Fault::AckElsewhere { chat, party, command, acked });
        }
    }

    /// A client ends: who never had an answer has waited up to now, and on a connection that is whole the server owes it.
    fn ends(&self, party: Party, outbox: &mut Outbox, (connected, slow): (bool, bool), now: Micros) {
        for sent in outbox.unsettled() {
            match sent.about {
                About::Message(_) => self.time(if slow { Timing::Slow } else { Timing::Ack }, sent.intended, now),
                About::Start => self.time(Timing::Start, sent.intended, now),
                About::Other => {}
            }
        }
        if !connected {
            return;
        }
        let owed = outbox.owed().map(|(id, chat)| Unanswered { party, command: id.to_owned(), chat: chat.to_owned() });
        self.broken.borrow_mut().extend(owed.map(Fault::Unanswered));
        // Who reads now and then may have it in a buffer.
        if !slow {
            let missing = outbox.acks.missing(now);
            let unacked =
                missing.map(|(id, chat)| Fault::Unacked { chat: chat.to_owned(), party, command: id.to_owned() });
            self.broken.borrow_mut().extend(unacked);
        }
    }
}

/// What a client wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To go on.
    Stay,
    /// To lose its connection without a word, and to come back after so long.
    Drop(Micros),
    /// Nothing any more.
    Leave,
}

/// What a client wants; pure but for what it counts.
pub trait Mind {
    /// Where it connects to.
    fn path(&self) -> &'static str;
    /// What it shows at the door.
    fn cookie(&self) -> Option<&str> {
        None
    }
    /// The first frame of each connection; `back` is when it was meant to be there.
    fn greet(&mut self, back: Micros) -> String;
    /// Takes a frame.
    fn hear(&mut self, frame: &Frame<'_>, now: Micros, out: &mut Vec<String>);
    /// When it wants to act next.
    fn due(&self) -> Micros;
    /// Acts.
    fn act(&mut self, now: Micros, out: &mut Vec<String>) -> Wish;
    /// It reads nothing before this moment.
    fn reads_from(&self) -> Micros {
        0
    }
    /// Commands that are not answered yet; none for who sends none.
    fn outbox(&mut self) -> Option<&mut Outbox> {
        None
    }
    /// What the next greeting is timed as.
    fn returns(&self) -> Option<Timing>;
    /// The run is over for it; `connected` says whether it still had a connection that was greeted.
    fn close(&mut self, connected: bool);
}

enum Ended {
    Wanted,
    Cut,
    Dropped(Micros),
    Lost(Lost),
}

/// The way of a client to its server, over all its connections.
struct Way {
    /// When it was meant to be greeted next. Attempts that fail do not move it: whoever is kept out for a minute has
    /// waited for a minute, however often they tried.
    meant: Micros,
    /// It has tried since, and was not greeted.
    out: bool,
    /// It was greeted once.
    known: bool,
    /// The connection that it has was greeted.
    greeted: bool,
    /// Attempts one after another that came to nothing.
    tries: u32,
}

impl Way {
    fn greeted(&mut self) {
        (self.out, self.known, self.greeted, self.tries) = (false, true, true, 0);
    }

    /// It means to be back at that moment.
    fn means(&mut self, back: Micros) {
        (self.meant, self.out, self.greeted) = (back, false, false);
    }

    /// Who is never greeted again has waited up to the end.
    fn ends(&self, mind: &impl Mind, world: &World) {
        let now = world.phases.clock.now();
        if let Some(timing) = mind.returns().filter(|_| self.out && now > self.meant) {
            world.time(timing, self.meant, now);
        }
    }
}

/// Lives a client's life, from the moment it was meant to begin.
pub async fn live(mut mind: impl Mind, world: Rc<World>, number: u32, begin: Micros, draw: Draw) {
    let side = usize::from(mind.path() == "/ws/operator");
    let mut draw = draw.of(Purpose::Retries);
    let mut way = Way { meant: begin, out: false, known: false, greeted: false, tries: 0 };
    let mut back = begin;
    loop {
        if wait_until(&world, back).await {
            way.ends(&mind, &world);
            return mind.close(false);
        }
        way.out = true;
        // A server that takes connections and says nothing must not keep its client from the end of the run.
        let opened = tokio::select! {
            opened = Socket::open(&world.address, mind.path(), mind.cookie(), number) => opened,
            _ = wait_until(&world, Micros::MAX) => {
                way.ends(&mind, &world);
                return mind.close(false);
            }
        };
        let failed = match opened {
            Ok(mut socket) => {
                world.count(if way.known { Tally::Reconnects } else { Tally::Connects });
                world.recorder.borrow_mut().connected[side] += 1;
                let ended = converse(&mut mind, &world, &mut socket, &mut way).await;
                world.recorder.borrow_mut().connected[side] -= 1;
                match ended {
                    Ended::Wanted | Ended::Cut => {
                        way.ends(&mind, &world);
                        return mind.close(way.greeted);
                    }
                    Ended::Dropped(away) => {
                        world.count(Tally::Drops);
                        back = world.phases.clock.now() + away;
                        way.means(back);
                        continue;
                    }
                    Ended::Lost(lost) => {
                        world.count(Tally::ServerCuts);
                        if let Some(outbox) = mind.outbox().filter(|_| lost == Lost::Unanswered) {
                            outbox.unanswered(world.phases.clock.now().saturating_sub(ANSWER_WITHIN));
                        }
                        lost
                    }
                }
            }
            Err(lost) => {
                world.count(Tally::ConnectsFailed);
                lost
            }
        };
        world.error(&format!("connection {failed}"));
        if matches!(failed, Lost::Closed(4400..=4499)) {
            way.ends(&mind, &world);
            return mind.close(false);
        }
        let (most, first) = BACK_WITHIN;
        let within = most.min(first << way.tries.min(8));
        way.tries += 1;
        back = world.phases.clock.now() + (draw.unit() * within as f64) as Micros;
        if way.greeted {
            way.means(back);
        }
    }
}

/// Waits; whether the run was cut before.
async fn wait_until(world: &World, at: Micros) -> bool {
    loop {
        let moved = world.phases.moved();
        let until = at.min(world.phases.cut());
        tokio::select! {
            () = sleep_until(world.phases.clock.instant(until)) => return world.phases.clock.now() >= world.phases.cut(),
            () = moved => {}
        }
    }
}

/// What a client has heard of its server on one connection, and when it looks whether that is enough. The look is only
/// ever moved forward, so that what comes and goes sets no timer.
struct Watch {
    heard_at: Micros,
    /// It reads from here on: what comes late before is its own doing.
    reads_since: Micros,
    opened: Micros,
    look: Micros,
}

impl Watch {
    /// When the answer that is owed longest is too late.
    fn answer_by(&self, mind: &mut impl Mind, greeted: bool) -> Micros {
        let owed = if greeted { mind.outbox().and_then(|outbox| outbox.owed_since()) } else { Some(self.opened) };
        owed.map_or(Micros::MAX, |since| since.max(self.reads_since) + ANSWER_WITHIN)
    }

    fn silent_from(&self) -> Micros {
        self.heard_at.max(self.reads_since) + SILENCE_MAX
    }
}

/// When there is something to do of the mind's own accord, or to send again.
fn due(mind: &mut impl Mind) -> Micros {
    let again = mind.outbox().map_or(Micros::MAX, |outbox| outbox.due());
    mind.due().min(again)
}

/// Sends what there is to send. A server that takes nothing in must not keep its client from the end of the run.
async fn send(world: &World, socket: &mut Socket, out: &mut Vec<String>) -> Result<(), Ended> {
    tokio::select! {
        biased;
        sent = timeout(SEND_WITHIN, socket.send(out)) => match sent {
            Ok(sent) => sent.map_err(Ended::Lost),
            Err(_) => Err(Ended::Lost(Lost::Unanswered)),
        },
        _ = wait_until(world, Micros::MAX) => Err(Ended::Cut),
    }
}

async fn converse(mind: &mut impl Mind, world: &World, socket: &mut Socket, way: &mut Way) -> Ended {
    let clock = world.phases.clock;
    let mut out = vec![mind.greet(way.meant)];
    let opened = clock.now();
    let mut watch = Watch { heard_at: opened, reads_since: opened, opened, look: opened + ANSWER_WITHIN };
    let mut reads = true;
    let sleep = sleep_until(Instant::now());
    let moved = world.phases.moved();
    tokio::pin!(sleep, moved);
    let mut armed = 0;
    loop {
        if !out.is_empty() {
            match send(world, socket, &mut out).await {
                Ok(()) => {}
                Err(ended) => return ended,
            }
        }
        let now = clock.now();
        if now >= world.phases.cut() {
            return Ended::Cut;
        }
        let reads_from = mind.reads_from();
        if !reads && reads_from <= now {
            watch.reads_since = now;
        }
        reads = reads_from <= now;
        watch.look = watch.look.min(watch.answer_by(mind, way.greeted));
        let mut until = due(mind).min(world.phases.cut()).min(watch.look.max(now));
        if !reads {
            until = until.min(reads_from);
        }
        if until != armed {
            sleep.as_mut().reset(clock.instant(until));
            armed = until;
        }
        tokio::select! {
            biased;
            frame = socket.next(), if reads => {
                watch.heard_at = clock.now();
                let mut frame = match frame {
                    Ok(frame) => Some(frame),
                    Err(lost) => return Ended::Lost(lost),
                };
                // All that is there already is heard at once, and answered with one write.
                while let Some(text) = frame {
                    match Frame::read(&text) {
                        Ok(Frame::Reconnect(after_ms)) => return Ended::Dropped(after_ms * 1000),
                        Ok(frame) => {
                            if matches!(frame, Frame::Welcome(_)) {
                                way.greeted();
                            }
                            mind.hear(&frame, watch.heard_at, &mut out);
                        }
                        Err(_) => world.error("frame that is not of the public contract"),
                    }
                    frame = match socket.here() {
                        Ok(frame) => frame,
                        Err(lost) => return Ended::Lost(lost),
                    };
                }
            }
            () = &mut sleep => armed = 0,
            () = &mut moved => moved.set(world.phases.moved()),
        }
        let now = clock.now();
        if let Some(outbox) = mind.outbox().filter(|outbox| outbox.due() <= now) {
            outbox.again(now, &mut out).first.into_iter().for_each(|intended| count_left(world, intended, now));
        }
        if now >= mind.due() {
            match mind.act(now, &mut out) {
                Wish::Stay => {}
                Wish::Drop(away) => return Ended::Dropped(away),
                Wish::Leave => {
                    // The last word, if it is still taken: nothing depends on it.
                    let _ = send(world, socket, &mut out).await;
                    return Ended::Wanted;
                }
            }
        }
        if now >= watch.look {
            if reads && now > watch.silent_from() {
                return Ended::Lost(Lost::Silent);
            }
            if reads && now > watch.answer_by(mind, way.greeted) {
                return Ended::Lost(Lost::Unanswered);
            }
            let next = watch.silent_from().min(watch.answer_by(mind, way.greeted));
            watch.look = next.max(now + if reads { 1 } else { LOOK_AGAIN });
        }
    }
}
