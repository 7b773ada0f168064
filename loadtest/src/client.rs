//! A client of the run: what it wants is decided by a [`Mind`], which knows no sockets; here is the life of its
//! connection. A lost one comes back with full jitter, as the public contract asks, until the run is cut.

mod ear;
mod onlooker;
mod operator;
mod outbox;
mod player;
mod visitor;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use engine::protocol::traffic::TrafficChat;
use tokio::time::{Instant, sleep_until};

pub use ear::Ear;
pub use onlooker::Onlooker;
pub use operator::Operator;
pub use outbox::Outbox;
pub use player::Player;
pub use visitor::Visitor;

use crate::draw::Draw;
use crate::moment::{Micros, Phases};
use crate::recorder::{Recorder, Tally, Timing};
use crate::recording::{Play, Recording};
use crate::socket::{Address, Lost, Socket};
use crate::testimony::Testimony;
use crate::wire::Frame;

/// Longest and first wait before a lost connection is tried again.
const BACK_WITHIN: (Micros, Micros) = (30_000_000, 500_000);
/// A client that hears nothing for so long comes anew (public contract).
const SILENCE_MAX: Micros = 45_000_000;

/// What all clients of a process share.
pub struct World {
    /// Where the server is.
    pub address: Address,
    /// The run's clock and phases.
    pub phases: Phases,
    /// Counts and times.
    pub recorder: RefCell<Recorder>,
    /// What is told to the judge: testimonies, and first sights of offers at the server's time.
    pub told: RefCell<Vec<Testimony>>,
    /// See `told`.
    pub offered: RefCell<Vec<(String, i64)>>,
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
    /// The connection is gone.
    fn lost(&mut self);
    /// The run is over for it; `connected` says whether it still had a connection.
    fn close(&mut self, connected: bool);
}

enum Ended {
    Wanted,
    Cut,
    Dropped(Micros),
    Lost(Lost),
}

/// Lives a client's life, from the moment it was meant to begin.
pub async fn live(mut mind: impl Mind, world: Rc<World>, number: u32, begin: Micros, mut draw: Draw) {
    let side = usize::from(mind.path() == "/ws/operator");
    let (mut back, mut tries) = (begin, 0_u32);
    loop {
        if wait_until(&world, back).await {
            return mind.close(false);
        }
        let failed = match Socket::open(&world.address, mind.path(), mind.cookie(), number).await {
            Ok(mut socket) => {
                world.count(if back == begin { Tally::Connects } else { Tally::Reconnects });
                world.recorder.borrow_mut().connected[side] += 1;
                let ended = converse(&mut mind, &world, &mut socket, back, &mut tries).await;
                world.recorder.borrow_mut().connected[side] -= 1;
                match ended {
                    Ended::Wanted => return mind.close(true),
                    Ended::Cut => return mind.close(true),
                    Ended::Dropped(away) => {
                        world.count(Tally::Drops);
                        mind.lost();
                        back = world.phases.clock.now() + away;
                        continue;
                    }
                    Ended::Lost(lost) => {
                        world.count(Tally::ServerCuts);
                        mind.lost();
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
            return mind.close(false);
        }
        let (most, first) = BACK_WITHIN;
        let within = most.min(first << tries.min(8));
        tries += 1;
        back = world.phases.clock.now() + (draw.unit() * within as f64) as Micros;
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

async fn converse(mind: &mut impl Mind, world: &World, socket: &mut Socket, back: Micros, tries: &mut u32) -> Ended {
    let clock = world.phases.clock;
    let mut out = vec![mind.greet(back)];
    let mut heard_at = clock.now();
    let sleep = sleep_until(Instant::now());
    let moved = world.phases.moved();
    tokio::pin!(sleep, moved);
    let mut armed = 0;
    loop {
        if !out.is_empty()
            && let Err(lost) = socket.send(&mut out).await
        {
            return Ended::Lost(lost);
        }
        let now = clock.now();
        if now >= world.phases.cut() {
            return Ended::Cut;
        }
        let reads_from = mind.reads_from();
        let reads = reads_from <= now;
        let mut until = mind.due().min(world.phases.cut()).min(heard_at + SILENCE_MAX);
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
                heard_at = clock.now();
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
                                *tries = 0;
                            }
                            mind.hear(&frame, heard_at, &mut out);
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
        if now >= mind.due() {
            match mind.act(now, &mut out) {
                Wish::Stay => {}
                Wish::Drop(away) => return Ended::Dropped(away),
                Wish::Leave => {
                    let _ = socket.send(&mut out).await;
                    return Ended::Wanted;
                }
            }
        }
        if reads && now > heard_at + SILENCE_MAX {
            return Ended::Lost(Lost::Broken);
        }
    }
}
