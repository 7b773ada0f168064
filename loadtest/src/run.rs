//! A run: a server (its own, or the target), operators, workers, the judge; ended at its time, by whoever watches, or
//! because the server is gone. It always ends with what is known so far.

mod crew;
mod meter;
mod target;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::moment::{Clock, Micros, unix_us_now};
use crate::process::{cpu_time, peak_bytes};
use crate::recording::Play;
use crate::scenario::Scenario;
use crate::server::{Server, ServerError};
use crate::staff::{Administrator, Hired, Staff, StaffError};
use crate::summary::{CLIENT_FAILED, Cost, Ending, FAULTS_SHOWN, Sum, Summary};
use crate::testimony::Court;
use crate::theory;
use crate::worker::{News, Order};
use meter::{Meter, Metered};
use target::{address, read_metrics, server_view, watched};

/// Operators have this long to be online.
const ONLINE_WITHIN: Duration = Duration::from_secs(60);
/// Between the order to begin and the first visitor's moment: every worker has heard it by then.
const HEAD_START: Micros = 300_000;
/// After the last visitor operators listen for the ends of their chats, and this long at most: where both sides share
/// a busy machine, what was stored long since may take seconds to be heard.
const LISTEN_AFTER: Duration = Duration::from_secs(10);
/// Operators always have connections, or come back within some seconds: where nobody has had one for so long the server
/// is taken to be gone.
const GONE_AFTER: Duration = Duration::from_secs(15);
/// Workers have this long to end behind the moment of the cut.
const END_WITHIN: Duration = Duration::from_secs(5);

/// What a run needs beside its scenario.
#[derive(Debug, Clone)]
pub struct Options {
    /// The server's URL; none: the run starts a server of its own.
    pub target: Option<String>,
    /// The URL of the target's metrics.
    pub admin: Option<String>,
    /// The binary of the run's own server.
    pub server: Option<PathBuf>,
    /// Who may make operators.
    pub administrator: Administrator,
    /// Worker processes; none: as many as the scenario's sockets ask for.
    pub workers: Option<u32>,
    /// Recorded traffic that is played in place of the scenario's visitors.
    pub play: Option<Play>,
}

/// Why there was no run.
#[derive(Debug, Error)]
pub enum RunError {
    /// The target is no URL, or not one that can be loaded.
    #[error("--target {given:?}: {why}; expected a URL such as http://127.0.0.1:8080")]
    Target {
        /// What was given.
        given: String,
        /// What is the matter with it.
        why: String,
    },
    /// The run's own server did not start.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// No operators.
    #[error(transparent)]
    Staff(#[from] StaffError),
    /// Operators did not get online.
    #[error("{online} of {wanted} operators were online after 60 s{why}")]
    Offline {
        /// How many were.
        online: u32,
        /// How many the scenario has.
        wanted: u32,
        /// What went wrong meanwhile.
        why: String,
    },
    /// The target's metrics are not where they were said to be.
    #[error(
        "--admin {0}: no metrics there; expected the URL of the server's admin_listen, such as http://127.0.0.1:9090"
    )]
    Admin(String),
    /// Somebody stopped it.
    #[error("stopped before the first visitor came")]
    Interrupted,
    /// And what was made at the target is still there.
    #[error("{why}; operators of the run stay at the target: {kept}")]
    Kept {
        /// Why there was no run.
        why: Box<RunError>,
        /// Why they are not removed.
        kept: String,
    },
    /// A worker did not start.
    #[error("a worker cannot be started: {0}")]
    Worker(#[from] std::io::Error),
}

/// What whoever shows a run is told.
pub enum Progress<'a> {
    /// What is done before the first visitor comes, or behind the last chat.
    Preparing(&'a str),
    /// The run so far, its seconds, and how many chats were judged.
    Running(&'a Summary, f64, u64),
    /// No visitor is left; chats are judged, so many so far.
    Closing(&'a Summary, u64),
}

/// What reaches the one who leads the run.
pub enum Message {
    /// From a worker.
    News(u32, News),
    /// A worker process is gone.
    WorkerGone(u32),
    /// Somebody wants it to end.
    Interrupt,
}

/// Runs a scenario. `show` is told some times a second how it goes; whoever has the sender that `ready` gets can end
/// the run early.
///
/// # Errors
/// It could not begin. Whatever happens later is part of the summary.
pub fn run(
    scenario: &Scenario,
    options: &Options,
    ready: impl FnOnce(Sender<Message>),
    mut show: impl FnMut(Progress<'_>),
) -> Result<Summary, RunError> {
    // Whoever wants it to end is heard from here on: nothing that is started below may be left behind.
    let (sender, messages) = channel();
    ready(sender.clone());
    let stopped = || messages.try_iter().any(|message| matches!(message, Message::Interrupt));
    let mut own = match &options.target {
        Some(_) => None,
        None => Some(Server::start(options.server.as_deref(), &mut || {
            show(Progress::Preparing("the server starts"));
            stopped()
        })?),
    };
    let target = own.as_ref().map(|server| server.url.clone()).or_else(|| options.target.clone()).unwrap_or_default();
    let (url, socket, host) = address(&target)?;
    let http = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let admin = own.as_ref().map(|server| server.admin.clone()).or_else(|| options.admin.clone());
    let signing_in = async {
        let before = match &admin {
            Some(admin) => Some(read_metrics(admin).await.ok_or_else(|| RunError::Admin(admin.clone()))?),
            None => None,
        };
        let staff = Staff::sign_in(&url, &scenario.target.brand, &options.administrator).await?;
        Ok::<_, RunError>((before, Arc::new(staff)))
    };
    let look = || {
        show(Progress::Preparing("signing in at the server"));
        stopped()
    };
    let (before, staff) = http.block_on(watched(signing_in, look)).ok_or(RunError::Interrupted)??;
    let mark = format!("loadtest-{}", unix_us_now() % 1_000_000_000_000);
    let wanted = scenario.operator_count();
    let hired = http.block_on(staff.hire(scenario, &mark, |made| {
        show(Progress::Preparing(&format!("{made} of {wanted} operators are made")));
        stopped()
    }));
    let hired = hired.map_err(RunError::from).and_then(|hired| hired.ok_or(RunError::Interrupted));
    let result = hired.and_then(|hired| {
        let epoch = unix_us_now();
        let share = (options.workers, options.play.as_ref());
        let crew = crew::Crew::start(scenario, share, epoch, (socket, &host), &hired, &sender)?;
        let metered = match (&own, &options.admin) {
            (Some(own), _) => Metered::Process(own.pid()),
            (None, Some(admin)) => Metered::Metrics(admin.clone()),
            (None, None) => Metered::Unknown,
        };
        let mut lead = Lead::new(scenario, crew, (&hired, Meter::of(metered)), &messages, epoch);
        let result = lead.run(scenario, own.as_mut(), &mut show);
        lead.crew.dismiss();
        result
    });
    // A server of the run's own goes with its operators.
    let dismissed = match own {
        Some(_) => Ok(()),
        None => http.block_on(staff.dismiss(|left| {
            show(Progress::Preparing(&format!("{left} operators of the run are removed, Ctrl-C leaves them there")));
            stopped()
        })),
    };
    let mut summary = match (result, &dismissed) {
        (Ok(summary), _) => summary,
        (Err(error), Ok(())) => return Err(error),
        (Err(error), Err(kept)) => return Err(RunError::Kept { why: Box::new(error), kept: kept.to_string() }),
    };
    summary.target = target;
    let group = &scenario.target.group;
    // Whoever wants it to end while they are waited for gets the report without them.
    let after = admin.as_ref().map(|admin| {
        let look = || {
            show(Progress::Preparing("the server's metrics are read, Ctrl-C goes on without them"));
            stopped()
        };
        http.block_on(watched(read_metrics(admin), look)).flatten()
    });
    match (before, after) {
        (Some(before), Some(Some(after))) => summary.server = Some(server_view(&before, &after, &summary, group)),
        (Some(_), Some(None)) => {
            summary.server_unread = true;
            summary.errors.insert("the server's metrics could not be read at the end".into(), 1);
        }
        _ => {}
    }
    summary.expects_chats = options.play.is_some() || !scenario.visitors.is_empty();
    summary.breaches = scenario.limits.breaches(&summary);
    if let Err(error) = dismissed {
        summary.errors.insert(format!("operators of the run stay at the target: {error}"), 1);
    }
    Ok(summary)
}

struct Lead<'a> {
    crew: crew::Crew,
    meter: Meter,
    messages: &'a Receiver<Message>,
    sum: Sum,
    court: Court,
    clock: Clock,
    /// The run's epoch, in microseconds of Unix time.
    epoch: u64,
    warm_up: Micros,
    length: Micros,
    drain: Micros,
    zero: Micros,
    ended_at: Option<Micros>,
    online: u32,
    seconds: u64,
    shown: Instant,
    /// When a client was last known to be connected.
    connected_at: Instant,
    /// Workers who have visitors yet, and those who have something to tell yet.
    visitors_at: BTreeSet<u32>,
    workers: BTreeSet<u32>,
    ending: Ending,
    /// The most memory that the whole tool was seen with: a worker that has ended has none any more.
    tool_bytes: u64,
}

impl<'a> Lead<'a> {
    fn new(
        scenario: &Scenario,
        crew: crew::Crew,
        (hired, meter): (&[Hired], Meter),
        messages: &'a Receiver<Message>,
        epoch: u64,
    ) -> Self {
        let known = hired.iter().map(|one| (one.id.clone(), one.number, scenario.operator(one.number).limit.0));
        let workers = crew.size();
        Self {
            crew,
            meter,
            messages,
            sum: Sum::default(),
            court: Court::new(known),
            clock: Clock::since(epoch),
            epoch,
            warm_up: scenario.warm_up_s.micros(),
            length: scenario.length_s.micros(),
            drain: scenario.drain_s.micros(),
            zero: 0,
            ended_at: None,
            online: 0,
            seconds: 0,
            shown: Instant::now(),
            connected_at: Instant::now(),
            visitors_at: (0..workers).collect(),
            workers: (0..workers).collect(),
            ending: Ending::Complete,
            tool_bytes: 0,
        }
    }

    /// The run itself, from its operators' coming to the verdict.
    fn run(
        &mut self,
        scenario: &Scenario,
        own: Option<&mut Server>,
        show: &mut impl FnMut(Progress<'_>),
    ) -> Result<Summary, RunError> {
        self.wait_for_operators(scenario.operator_count(), show)?;
        let server = own.as_ref().map(|own| (own.pid(), cpu_time(own.pid())));
        let tool = self.crew.cpu_time();
        self.go();
        self.follow(own, show);
        let mut summary = self.finish(scenario, show);
        summary.cost = Cost {
            tool_cpu_s: self.crew.cpu_time().saturating_sub(tool).as_secs_f64(),
            tool_bytes: self.tool_bytes,
            // Nobody knows what one used that is gone.
            server_cpu_s: server.and_then(|(pid, before)| Some(cpu_time(pid).checked_sub(before)?.as_secs_f64())),
            server_bytes: server.map(|(pid, _)| peak_bytes(pid)).filter(|bytes| *bytes > 0),
            steady: self.meter.steady(),
        };
        Ok(summary)
    }

    fn wait_for_operators(&mut self, wanted: u32, show: &mut impl FnMut(Progress<'_>)) -> Result<(), RunError> {
        let deadline = Instant::now() + ONLINE_WITHIN;
        while self.online < wanted {
            show(Progress::Preparing(&format!("{} of {wanted} operators are online", self.online)));
            let gone = !self.hear(Duration::from_millis(200)) || self.ending == Ending::WorkerGone;
            if self.ending == Ending::Interrupted {
                return Err(RunError::Interrupted);
            }
            if gone || Instant::now() > deadline {
                let errors: Vec<String> = self.sum.summary().errors.into_keys().collect();
                let why = if errors.is_empty() { String::new() } else { format!(": {}", errors.join(", ")) };
                return Err(RunError::Offline { online: self.online, wanted, why });
            }
        }
        Ok(())
    }

    fn go(&mut self) {
        self.connected_at = Instant::now();
        self.zero = self.clock.now() + HEAD_START;
        self.crew.order(Order::Go(self.zero));
    }

    /// Until no visitor is left.
    fn follow(&mut self, mut own: Option<&mut Server>, show: &mut impl FnMut(Progress<'_>)) {
        let cut = self.zero + self.length + self.drain + END_WITHIN.as_micros() as Micros;
        while !self.visitors_at.is_empty() && self.clock.now() < cut {
            if !self.hear(Duration::from_millis(50)) {
                return;
            }
            self.read_meter(self.ended_at.unwrap_or(self.zero + self.length));
            let fell = own.as_mut().is_some_and(|own| !own.runs());
            let dead = fell || self.is_alone_for(GONE_AFTER);
            if self.ended_at.is_none() && dead {
                // Where a worker is gone, too, that may be why nobody is connected.
                if fell || self.ending == Ending::Complete {
                    self.ending = Ending::ServerGone;
                }
                let now = self.clock.now();
                self.ended_at = Some(now.min(self.zero + self.length));
                self.end(now, now);
            }
            self.tick(show);
        }
    }

    /// Reads what was used where the steady time begins, or ends.
    fn read_meter(&mut self, end: Micros) {
        let (now, ends) = (self.clock.now(), (self.zero + self.warm_up, end));
        self.meter.look(now, ends, || (self.crew.processes().collect(), self.sum.acked()));
    }

    /// Whether no client at all has had a connection for so long.
    fn is_alone_for(&mut self, time: Duration) -> bool {
        if self.sum.connected() > 0 {
            self.connected_at = Instant::now();
        }
        self.connected_at.elapsed() > time
    }

    fn tick(&mut self, show: &mut impl FnMut(Progress<'_>)) {
        let now = self.clock.now();
        let second = now.saturating_sub(self.zero) / 1_000_000;
        if second > self.seconds {
            self.seconds = second;
            self.sum.second(second as f64);
        }
        if self.shown.elapsed() > Duration::from_millis(250) {
            self.shown = Instant::now();
            self.weigh();
            let seconds = now.saturating_sub(self.zero) as f64 / 1e6;
            show(Progress::Running(&self.sum.summary(), seconds, self.court.judged()));
        }
    }

    fn finish(&mut self, scenario: &Scenario, show: &mut impl FnMut(Progress<'_>)) -> Summary {
        show(Progress::Closing(&self.sum.summary(), self.court.judged()));
        let ended_at = self.ended_at.unwrap_or_else(|| self.clock.now().min(self.zero + self.length));
        self.read_meter(ended_at);
        let listen_until = Instant::now() + LISTEN_AFTER;
        while !self.is_all_told() && Instant::now() < listen_until {
            self.hear(Duration::from_millis(50));
        }
        let now = self.clock.now();
        self.end(now, now);
        let deadline = Instant::now() + END_WITHIN;
        while !self.workers.is_empty() && Instant::now() < deadline {
            if !self.hear(Duration::from_millis(100)) {
                break;
            }
        }
        if !self.workers.is_empty() && self.ending == Ending::Complete {
            self.ending = Ending::WorkerGone;
        }
        if !self.workers.is_empty() || self.sum.summary().errors.contains_key(CLIENT_FAILED) {
            // What they have heard nobody knows: it is not held against the server.
            self.court.somebody_is_gone();
        }
        let mut summary = self.sum.summary();
        self.tell_slow_answers();
        let faults = self.court.close();
        let grain = self.court.grain();
        summary.verdict.tolerance_ms = grain.coarsest_ms;
        (summary.verdict.offers, summary.verdict.offers_coarse) = (grain.offers, grain.coarse);
        summary.scenario = scenario.name.clone();
        summary.seed = scenario.seed;
        summary.seconds = ended_at.saturating_sub(self.zero) as f64 / 1e6;
        summary.ended = self.ending;
        summary.pace = self.sum.pace(scenario.warm_up_s.0, summary.seconds);
        let span = (self.zero, ended_at);
        let start_p99_s = summary.latency.start.p99_ms / 1e3;
        summary.theory = Some(theory::hold(scenario, &self.sum.waited, span, start_p99_s));
        summary.clock_ahead_s = self.sum.ahead_us.map(|ahead| (ahead - self.epoch.cast_signed()) as f64 / 1e6);
        summary.verdict.chats = self.court.judged();
        summary.verdict.faults = faults.len() as u64;
        summary.verdict.first = faults.iter().take(FAULTS_SHOWN).map(ToString::to_string).collect();
        summary
    }

    /// What was slow when, by the server's clock, tells how finely the order of chats can be seen then.
    fn tell_slow_answers(&mut self) {
        let Some(ahead) = self.sum.ahead_us else { return };
        for (second, us) in &self.sum.slow {
            let from = (self.zero + u64::from(*second) * 1_000_000).cast_signed() + ahead;
            self.court.slow(from / 1_000, (from + 1_000_000) / 1_000, (us / 1_000).cast_signed());
        }
    }

    /// Whether both sides of every chat have been heard, or nobody is left to tell more.
    fn is_all_told(&self) -> bool {
        self.court.open() == 0 || self.workers.is_empty() || self.ending == Ending::ServerGone
    }

    /// Takes in what comes within that time; false when nothing can come any more.
    fn hear(&mut self, within: Duration) -> bool {
        let first = match self.messages.recv_timeout(within) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        };
        self.take(first);
        while let Ok(message) = self.messages.try_recv() {
            self.take(message);
        }
        true
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::News(_, News::Online(_)) => self.online += 1,
            Message::News(worker, News::Delta(delta)) => self.sum.add(worker, delta),
            Message::News(_, News::Told(testimony)) => self.court.hear(testimony),
            Message::News(_, News::Rang(chat, until)) => self.court.rang_until(&chat, until),
            Message::News(_, News::Broken(fault)) => self.court.broken(fault),
            Message::News(_, News::Listened(party, gaps, until)) => self.court.listened(party, gaps, until),
            Message::News(worker, News::VisitorsGone) => drop(self.visitors_at.remove(&worker)),
            Message::News(worker, News::Done) => drop(self.workers.remove(&worker)),
            Message::WorkerGone(worker) => {
                self.ending = Ending::WorkerGone;
                self.court.somebody_is_gone();
                self.sum.worker_gone(worker);
                self.visitors_at.remove(&worker);
                self.workers.remove(&worker);
            }
            Message::Interrupt => self.interrupt(),
        }
    }

    /// The first time visitors end their chats, the second time all are cut off.
    fn interrupt(&mut self) {
        let now = self.clock.now();
        let cut = if self.ended_at.is_some() { now } else { now + self.drain };
        if self.ending == Ending::Complete {
            self.ending = Ending::Interrupted;
        }
        self.ended_at.get_or_insert(now);
        self.end(now, cut);
    }

    /// The workers end, silent from the first moment on and cut at the second.
    fn end(&mut self, silent: Micros, cut: Micros) {
        self.weigh();
        self.crew.order(Order::End(silent, cut));
    }

    fn weigh(&mut self) {
        self.tool_bytes = self.tool_bytes.max(self.crew.peak_bytes());
    }
}
