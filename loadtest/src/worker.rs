//! A worker: the clients of its share of a run, on one thread. It tells whoever started it what they count, time, hear
//! and say; in the same process over a channel, in one of its own as lines of JSON.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinError, JoinSet, LocalSet};
use tokio::time::sleep_until;

use crate::checker::{Fault, Millis, Party};
use crate::client::{Gaps, Onlooker, Operator, Player, Playing, Visitor, World, live};
use crate::draw::Draw;
use crate::moment::{Clock, Micros, Phases};
use crate::recorder::{Delta, Recorder};
use crate::recording::Play;
use crate::scenario::{Scenario, Target};
use crate::socket::Address;
use crate::staff::Hired;
use crate::summary::CLIENT_FAILED;
use crate::testimony::Testimony;
use crate::theory::why_not;

/// How often a worker tells what is new.
const TELL_EVERY: Duration = Duration::from_millis(250);
/// Numbers of one entry's visitors; entries follow each other at this distance.
const NUMBERS: u32 = 10_000_000;
/// Streams of random numbers: those of operators, and of the entries' arrivals, are apart from those of visitors.
const OPERATOR_STREAMS: u64 = 1 << 40;
const ARRIVAL_STREAMS: u64 = 1 << 41;
/// What all operators have in common.
const OPERATORS_STREAM: u64 = 1 << 42;

/// What a worker is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// The run.
    pub scenario: Scenario,
    /// The run's epoch, in microseconds of Unix time.
    pub epoch_unix_us: u64,
    /// Which share of how many.
    pub share: (u32, u32),
    /// The server.
    pub server: SocketAddr,
    /// `HOST:PORT` as in the target's URL.
    pub host: String,
    /// The operators of this share.
    pub operators: Vec<Hired>,
    /// Recorded traffic in place of the scenario's visitors.
    pub play: Option<Play>,
}

/// What a worker is told.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Order {
    /// Visitors come from this moment on.
    Go(Micros),
    /// The run is silent from the first moment on, and cut at the second.
    End(Micros, Micros),
}

/// What a worker tells.
#[derive(Debug, Serialize, Deserialize)]
pub enum News {
    /// An operator is online.
    Online(u32),
    /// What clients counted and timed.
    Delta(Delta),
    /// What a client heard and said in a chat.
    Told(Testimony),
    /// A chat rings at an operator, up to this moment of the server's clock.
    Rang(String, i64),
    /// A client saw a promise broken.
    Broken(Fault),
    /// An operator ends: without a connection from when to when, and up to when with one.
    Listened(Party, Gaps, Option<Millis>),
    /// No visitor is left.
    VisitorsGone,
    /// Nothing more will come.
    Done,
}

/// Does a share of a run; returns when it is over.
pub async fn work(task: Task, orders: UnboundedReceiver<Order>, news: impl Fn(News) + 'static) {
    let local = LocalSet::new();
    local.run_until(share(task, orders, Rc::new(news))).await;
}

async fn share(task: Task, mut orders: UnboundedReceiver<Order>, news: Rc<dyn Fn(News)>) {
    let clock = Clock::since(task.epoch_unix_us);
    // It was read once before this worker was asked; where it is no more, nothing is played and the counts say so.
    let playing = task.play.clone().and_then(|play| {
        let recording = play.read().ok()?;
        Some(Playing { play, recording, zero: Cell::new(0) })
    });
    let world = Rc::new(World {
        address: Address { socket: task.server, host: task.host.clone() },
        phases: Phases::new(clock, Micros::MAX, Micros::MAX),
        recorder: RefCell::new(Recorder::default()),
        told: RefCell::new(Vec::new()),
        rang: RefCell::new(Vec::new()),
        broken: RefCell::new(Vec::new()),
        listened: RefCell::new(Vec::new()),
        zero: Cell::new(0),
        warm: Cell::new(0),
        tells_waits: why_not(&task.scenario).is_empty(),
        group: task.scenario.target.group.clone(),
        playing,
    });
    let mut operators = begin_operators(&task, &world, &news);
    let teller = tokio::task::spawn_local(tell(world.clone(), news.clone()));
    let (begin, mut begun) = unbounded_channel();
    let commander = tokio::task::spawn_local({
        let (world, scenario) = (world.clone(), task.scenario.clone());
        async move {
            while let Some(order) = orders.recv().await {
                match order {
                    Order::Go(zero) => {
                        if let Some(playing) = &world.playing {
                            playing.zero.set(zero);
                        }
                        world.zero.set(zero);
                        world.warm.set(zero + scenario.warm_up_s.micros());
                        let silent = zero + scenario.length_s.micros();
                        world.phases.end_by(silent, silent + scenario.drain_s.micros());
                        let _ = begin.send(zero);
                    }
                    Order::End(silent, cut) => world.phases.end_by(silent, cut),
                }
            }
            // Whoever started this worker is gone.
            world.phases.end_by(0, 0);
        }
    });
    if let Some(zero) = begun.recv().await {
        visitors(&task, &world, zero).await;
    }
    hand_over(&world, &*news);
    news(News::VisitorsGone);
    all_gone(&mut operators, &world).await;
    teller.abort();
    commander.abort();
    hand_over(&world, &*news);
    news(News::Done);
}

fn begin_operators(task: &Task, world: &Rc<World>, news: &Rc<dyn Fn(News)>) -> JoinSet<()> {
    let mut operators = JoinSet::new();
    let ready: Rc<dyn Fn(u32)> = Rc::new({
        let news = news.clone();
        move |number| news(News::Online(number))
    });
    for hired in &task.operators {
        let draw = Draw::new(task.scenario.seed, OPERATOR_STREAMS + u64::from(hired.number));
        let like = Rc::new(task.scenario.operator(hired.number).clone());
        let who = (hired.number, hired.id.clone(), hired.cookie.clone());
        let length = task.scenario.length_s.micros();
        let draws = (&draw, Draw::new(task.scenario.seed, OPERATORS_STREAM));
        let mind = Operator::new(world.clone(), like, who, draws, length, ready.clone());
        operators.spawn_local(live(mind, world.clone(), hired.number, world.phases.clock.now(), draw));
    }
    operators
}

/// Lets visitors come at their moments, and waits until all of them are gone.
async fn visitors(task: &Task, world: &Rc<World>, zero: Micros) {
    let scenario = &task.scenario;
    let target = Rc::new(scenario.target.clone());
    let mut crowds = JoinSet::new();
    for (entry, like) in (0_u32..).zip(&scenario.visitors) {
        let (world, target, like) = (world.clone(), target.clone(), Rc::new(like.clone()));
        let (seed, share, length) = (scenario.seed, task.share, scenario.length_s);
        let storms: Rc<[_]> = scenario.storms.clone().into();
        crowds.spawn_local(async move {
            let mut crowd = JoinSet::new();
            let moments = like.arrivals.moments(Draw::new(seed, ARRIVAL_STREAMS + u64::from(entry)), length);
            for (place, at) in (0_u32..).zip(moments).filter(|(place, _)| place % share.1 == share.0) {
                if !reach(&world, zero + at, &mut crowd).await {
                    break;
                }
                let number = entry * NUMBERS + place % NUMBERS;
                let draw = Draw::new(seed, u64::from(entry) << 32 | u64::from(place));
                let begin = zero + at;
                let mind = Visitor::new(world.clone(), like.clone(), target.clone(), number, begin, &draw);
                crowd.spawn_local(live(mind.in_storms(&storms, zero, &draw), world.clone(), number, begin, draw));
            }
            all_gone(&mut crowd, &world).await;
        });
    }
    crowds.spawn_local(onlookers(task.clone(), world.clone(), target.clone(), zero));
    crowds.spawn_local(played(task.share, scenario.seed, world.clone(), target));
    all_gone(&mut crowds, world).await;
}

async fn onlookers(task: Task, world: Rc<World>, target: Rc<Target>, zero: Micros) {
    let mut crowd = JoinSet::new();
    let mut number = 400 * NUMBERS;
    for onlookers in &task.scenario.onlookers {
        for place in 0..onlookers.count.0 {
            number += 1;
            if place % task.share.1 != task.share.0 {
                continue;
            }
            let at = onlookers.within_s.micros() * u64::from(place) / u64::from(onlookers.count.0);
            if !reach(&world, zero + at, &mut crowd).await {
                break;
            }
            let draw = Draw::new(task.scenario.seed, u64::from(number));
            let mind = Onlooker::new(world.clone(), target.clone(), &task.scenario.storms, zero, (number, &draw));
            crowd.spawn_local(live(mind, world.clone(), number, zero + at, draw));
        }
    }
    all_gone(&mut crowd, &world).await;
}

/// Lets the visitors of recorded traffic come.
async fn played((share, shares): (u32, u32), seed: u64, world: Rc<World>, target: Rc<Target>) {
    let Some(playing) = &world.playing else { return };
    let mut crowd = JoinSet::new();
    for (number, chat) in (0_u32..).zip(&playing.recording.chats).filter(|(number, _)| number % shares == share) {
        let begin = playing.begin(chat);
        if !reach(&world, begin, &mut crowd).await {
            break;
        }
        let mind = Player::new(world.clone(), target.clone(), &playing.play, (number, chat), begin);
        crowd.spawn_local(live(mind, world.clone(), number, begin, Draw::new(seed, u64::from(number))));
    }
    all_gone(&mut crowd, &world).await;
}

/// Waits up to a moment; whether the run still goes on then. Lets go of those who are gone meanwhile.
async fn reach(world: &World, at: Micros, crowd: &mut JoinSet<()>) -> bool {
    while let Some(ended) = crowd.try_join_next() {
        look_at(ended, world);
    }
    let clock = world.phases.clock;
    while clock.now() < at && clock.now() < world.phases.silent() {
        let moved = world.phases.moved();
        tokio::select! {
            () = sleep_until(clock.instant(at.min(world.phases.silent()))) => {}
            () = moved => {}
        }
    }
    at < world.phases.silent()
}

/// Waits until all of them are gone.
async fn all_gone(crowd: &mut JoinSet<()>, world: &World) {
    while let Some(ended) = crowd.join_next().await {
        look_at(ended, world);
    }
}

/// A client that fell takes what it heard with it.
fn look_at(ended: Result<(), JoinError>, world: &World) {
    if ended.is_err() {
        world.error(CLIENT_FAILED);
    }
}

async fn tell(world: Rc<World>, news: Rc<dyn Fn(News)>) {
    let mut ticks = tokio::time::interval(TELL_EVERY);
    loop {
        ticks.tick().await;
        hand_over(&world, &*news);
    }
}

fn hand_over(world: &World, news: &dyn Fn(News)) {
    for (chat, until) in world.rang.borrow_mut().drain(..) {
        news(News::Rang(chat, until));
    }
    for fault in world.broken.borrow_mut().drain(..) {
        news(News::Broken(fault));
    }
    for (party, gaps, until) in world.listened.borrow_mut().drain(..) {
        news(News::Listened(party, gaps, until));
    }
    for testimony in world.told.borrow_mut().drain(..) {
        news(News::Told(testimony));
    }
    news(News::Delta(world.recorder.borrow_mut().take()));
}

/// Runs a worker on a thread of its own.
pub fn on_thread(
    task: Task,
    news: impl Fn(News) + Send + 'static,
    fell: impl FnOnce() + Send + 'static,
) -> UnboundedSender<Order> {
    let (sender, orders) = unbounded_channel();
    std::thread::spawn(move || {
        let worked =
            catch_unwind(AssertUnwindSafe(|| runtime().map(|runtime| runtime.block_on(work(task, orders, news)))));
        if !matches!(worked, Ok(Some(()))) {
            fell();
        }
    });
    sender
}

/// What workers run on.
pub fn runtime() -> Option<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::tests::world;

    #[tokio::test]
    async fn a_client_that_falls_is_counted_and_the_others_are_waited_for() {
        let world = world(([127, 0, 0, 1], 1).into(), 0, 0);
        let (mut crowd, ended) = (JoinSet::new(), Rc::new(std::cell::Cell::new(0)));
        let others = ended.clone();
        let all = async {
            for number in 0..3 {
                let ended = others.clone();
                crowd.spawn_local(async move {
                    tokio::task::yield_now().await;
                    assert!(number != 1, "planted by the test");
                    ended.set(ended.get() + 1);
                });
            }
            all_gone(&mut crowd, &world).await;
        };
        tokio::task::LocalSet::new().run_until(all).await;
        assert_eq!(ended.get(), 2);
        let errors = world.recorder.borrow_mut().take().errors;
        assert_eq!(errors.get(CLIENT_FAILED), Some(&1), "{errors:?}");
    }
}
