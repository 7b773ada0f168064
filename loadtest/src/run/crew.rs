//! The workers of a run: one on a thread of the tool's own process, or several processes of the same program where one
//! has not files enough for all sockets. Processes speak lines of JSON over their standard input and output.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::Message;
use crate::process::{cpu_time, peak_bytes};
use crate::recording::Play;
use crate::scenario::{Arrivals, Scenario};
use crate::staff::Hired;
use crate::worker::{Order, Task, on_thread};

/// Sockets of one worker: below the file limit of common systems, with room for everything else.
const SOCKETS_OF_ONE: u64 = 12_000;
/// How long a visitor of a rate is taken to stay when workers are counted, in minutes.
const STAY_MINUTES: f64 = 10.0;

enum Voice {
    Thread(UnboundedSender<Order>),
    Process(Child, Option<ChildStdin>),
}

/// See the module.
pub(super) struct Crew {
    voices: Vec<Voice>,
}

impl Crew {
    pub(super) fn start(
        scenario: &Scenario,
        (workers, play): (Option<u32>, Option<&Play>),
        epoch: u64,
        (server, host): (SocketAddr, &str),
        hired: &[Hired],
        sender: &Sender<Message>,
    ) -> std::io::Result<Self> {
        let size = workers.unwrap_or_else(|| size_for(scenario, play)).max(1);
        let mut crew = Self { voices: Vec::new() };
        for number in 0..size {
            let task = Task {
                scenario: scenario.clone(),
                epoch_unix_us: epoch,
                share: (number, size),
                server,
                host: host.to_owned(),
                operators: hired.iter().filter(|one| one.number % size == number).cloned().collect(),
                play: play.cloned(),
            };
            let sender = sender.clone();
            if size == 1 {
                let fell = sender.clone();
                let tell = move |news| drop(sender.send(Message::News(number, news)));
                let fell = move || drop(fell.send(Message::WorkerGone(number)));
                crew.voices.push(Voice::Thread(on_thread(task, tell, fell)));
            } else {
                crew.voices.push(start_process(&task, number, sender)?);
            }
        }
        Ok(crew)
    }

    pub(super) fn size(&self) -> u32 {
        self.voices.len() as u32
    }

    pub(super) fn order(&mut self, order: Order) {
        for voice in &mut self.voices {
            // One that is gone says so by itself.
            match voice {
                Voice::Thread(orders) => drop(orders.send(order)),
                Voice::Process(_, Some(stdin)) => drop(write_line(stdin, &order)),
                Voice::Process(_, None) => {}
            }
        }
    }

    /// CPU time of the whole tool so far.
    pub(super) fn cpu_time(&self) -> Duration {
        self.processes().map(cpu_time).sum()
    }

    /// The sum of the most memory that each process of the tool had so far; one that has ended counts nothing.
    pub(super) fn peak_bytes(&self) -> u64 {
        self.processes().map(peak_bytes).sum()
    }

    /// Lets go of all workers; one that does not end by itself is ended.
    pub(super) fn dismiss(&mut self) {
        for voice in &mut self.voices {
            if let Voice::Process(child, stdin) = voice {
                drop(stdin.take());
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }

    /// The processes of the whole tool.
    pub(super) fn processes(&self) -> impl Iterator<Item = u32> {
        let workers = self.voices.iter().filter_map(|voice| match voice {
            Voice::Thread(_) => None,
            Voice::Process(child, _) => Some(child.id()),
        });
        std::iter::once(std::process::id()).chain(workers)
    }
}

/// As many as the sockets of a scenario, or of what is played, ask for.
fn size_for(scenario: &Scenario, play: Option<&Play>) -> u32 {
    let onlookers: u64 = scenario.onlookers.iter().map(|onlookers| u64::from(onlookers.count.0)).sum();
    let minutes = (scenario.length_s.0 / 60.0).min(STAY_MINUTES);
    let visitors = scenario.visitors.iter().map(|visitors| match &visitors.arrivals {
        Arrivals::Burst { count, .. } => f64::from(count.0),
        Arrivals::Constant { per_minute } | Arrivals::Poisson { per_minute } => per_minute.0 * minutes,
        Arrivals::Profile { per_minute, .. } => per_minute.iter().map(|rate| rate.0).fold(0.0, f64::max) * minutes,
    });
    let played = play.map_or(0, |play| u64::from(play.at_once));
    let sockets = onlookers + visitors.sum::<f64>() as u64 + played + u64::from(scenario.operator_count());
    sockets.div_ceil(SOCKETS_OF_ONE) as u32
}

fn start_process(task: &Task, number: u32, sender: Sender<Message>) -> std::io::Result<Voice> {
    let mut command = Command::new(std::env::current_exe()?);
    let mut child = command.arg("worker").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take();
    if let Some(stdin) = &mut stdin {
        write_line(stdin, task)?;
    }
    let out = child.stdout.take();
    std::thread::spawn(move || {
        let lines = out.into_iter().flat_map(|out| BufReader::new(out).lines().map_while(Result::ok));
        // Behind a line that makes no sense nobody knows what else was lost: the worker counts as gone.
        for news in lines.map_while(|line| serde_json::from_str(&line).ok()) {
            let last = matches!(news, crate::worker::News::Done);
            if sender.send(Message::News(number, news)).is_err() || last {
                return;
            }
        }
        let _ = sender.send(Message::WorkerGone(number));
    });
    Ok(Voice::Process(child, stdin))
}

fn write_line(out: &mut impl Write, value: &impl serde::Serialize) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::recorded;
    use crate::scenario::Target;

    #[test]
    fn a_scenario_has_as_many_workers_as_its_sockets_ask_for() {
        let workers = |name: &str| size_for(&Scenario::find(name).unwrap(), None);
        assert_eq!(["smoke", "steady-1k", "most"].map(workers), [1, 1, 2]);
    }

    #[test]
    fn a_recording_has_as_many_workers_as_its_chats_at_once_ask_for_at_that_speed() {
        let workers = |apart_ms: u64, speed| {
            let chats = (0..13_000).map(|place| (place * apart_ms, 20_000));
            let (_folder, file) = recorded(chats);
            let (play, recording) = Play::open(file, speed).unwrap();
            size_for(&play.scenario(&recording, Target::default(), None, None), Some(&play))
        };
        assert_eq!(workers(1, 1.0), 2, "each chat takes longer than it takes all of them to begin");
        assert_eq!(workers(10, 1.0), 1, "two thousand at once");
        assert_eq!(workers(10, 1_000.0), 2, "all come within the time that a chat takes at least");
    }
}
