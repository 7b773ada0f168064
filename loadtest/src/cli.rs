//! The command line. Exit status: 0 all is well, 1 a promise or a limit was broken or the server was gone, 2 the run
//! could not begin because something that was given is wrong.

use std::cell::RefCell;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Sender, sync_channel};

use clap::{Args, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::unbounded_channel;

use crate::recording::Play;
use crate::report::screen::Screen;
use crate::report::{compare, html, plain};
use crate::run::{Message, Options, Progress, run};
use crate::scenario::{SHIPPED, Scenario, Target};
use crate::simulate::{self, Form, simulate};
use crate::staff::Administrator;
use crate::summary::Summary;
use crate::worker::{self, News};

const FAILED: u8 = 1;
const WRONG: u8 = 2;
/// Lines of a run without a terminal come this often, in seconds.
const LINE_EVERY_S: f64 = 2.0;

/// Traffic for a Switchboard server, and the judge of what it does with it.
#[derive(Debug, Parser)]
#[command(name = "loadtest", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs a scenario: one that comes with the tool (see `scenarios`), or a TOML file.
    Run(RunArgs),
    /// Plays a file of `switchboard export-traffic` again.
    Replay(ReplayArgs),
    /// Lists the scenarios that come with the tool, or prints one.
    Scenarios {
        /// The one to print.
        name: Option<String>,
    },
    /// Compares two results of `run --json`; exit 1 when the second is worse.
    Compare {
        /// The first.
        one: PathBuf,
        /// The second.
        other: PathBuf,
        /// What counts as worse: this many times the first, 1 or more.
        #[arg(long, default_value_t = 1.2)]
        worse: f64,
    },
    /// Runs the engine's own routing on a virtual clock: a shipped simulation (large-day), or a TOML file.
    Simulate {
        /// Its name or file.
        scenario: String,
        /// Another seed than the scenario's.
        #[arg(long)]
        seed: Option<u64>,
        /// How the results are written.
        #[arg(long, value_enum, default_value_t = Form::Table)]
        form: Form,
    },
    /// A share of a run, told over standard input. Started by `run` itself.
    #[command(hide = true)]
    Worker,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// A shipped scenario or a file.
    scenario: String,
    /// Another seed than the scenario's.
    #[arg(long)]
    seed: Option<u64>,
    /// Another length than the scenario's, in seconds.
    #[arg(long)]
    length: Option<f64>,
    /// How many times as fast as the scenario says, from 0.01 to 1000; --length is of its own time.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    #[command(flatten)]
    with: With,
}

#[derive(Debug, Args)]
struct ReplayArgs {
    /// The file.
    file: PathBuf,
    /// How many times as fast as it was recorded, from 0.01 to 10000.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Other operators than there were.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    operators: Option<u32>,
    /// Other chats at once for each than any of them had.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: Option<u32>,
    /// The brand whose visitors they are.
    #[arg(long, default_value = "demo")]
    brand: String,
    /// The department that they choose.
    #[arg(long, default_value = "support")]
    department: String,
    /// The group that its chats go to; operators become members of it.
    #[arg(long, default_value = "support")]
    group: String,
    #[command(flatten)]
    with: With,
}

/// What every run takes.
#[derive(Debug, Args)]
struct With {
    /// The server, such as http://127.0.0.1:8080; without it the run starts one of its own.
    #[arg(long)]
    target: Option<String>,
    /// Where the target's metrics are, such as http://127.0.0.1:9090.
    #[arg(long, requires = "target")]
    admin: Option<String>,
    /// The binary of the run's own server; without it `switchboard` beside this program.
    #[arg(long, conflicts_with = "target")]
    server: Option<PathBuf>,
    /// Who makes the run's operators; the password is read from LOADTEST_PASSWORD.
    #[arg(long, default_value = "admin@example.com")]
    administrator: String,
    /// Worker processes; without it as many as the scenario's sockets ask for.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=64))]
    workers: Option<u32>,
    /// Writes the result as JSON; - is standard output, and the report goes to standard error then.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Writes the report as one page that opens without a network.
    #[arg(long)]
    html: Option<PathBuf>,
    /// Lines instead of a live screen, also where there is a terminal.
    #[arg(long)]
    plain: bool,
}

/// Runs the program.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Run(args) => perform(&args),
        Command::Replay(args) => replay(&args),
        Command::Scenarios { name } => scenarios(name.as_deref()),
        Command::Compare { one, other, worse } => compared(&one, &other, worse),
        Command::Simulate { scenario, seed, form } => simulated(&scenario, seed, form),
        Command::Worker => worker(),
    }
}

fn perform(args: &RunArgs) -> ExitCode {
    let mut scenario = match Scenario::find(&args.scenario) {
        Ok(scenario) => scenario,
        Err(error) => return wrong(&error),
    };
    scenario.seed = args.seed.unwrap_or(scenario.seed);
    if let Some(length) = args.length {
        if !(0.0..=604_800.0).contains(&length) {
            return wrong(&"--length: expected 0 to 604800 seconds (a week)");
        }
        scenario = scenario.with_length(crate::scenario::Seconds(length));
        for words in scenario.beyond_the_end() {
            eprintln!("loadtest: with this --length {words}");
        }
    }
    if !(0.01..=1_000.0).contains(&args.speed) {
        return wrong(&"--speed: expected 0.01 to 1000 times as fast as the scenario says");
    }
    if (args.speed - 1.0).abs() > f64::EPSILON {
        scenario = scenario.faster(args.speed);
    }
    execute(&scenario, None, &args.with)
}

fn replay(args: &ReplayArgs) -> ExitCode {
    if !(0.01..=10_000.0).contains(&args.speed) {
        return wrong(&"--speed: expected 0.01 to 10000 times as fast as it was recorded");
    }
    match Play::open(args.file.clone(), args.speed) {
        Ok((play, recording)) => {
            let (brand, department, group) = (args.brand.clone(), args.department.clone(), args.group.clone());
            let target = Target { brand, department, group };
            let scenario = play.scenario(&recording, target, args.operators, args.limit);
            drop(recording);
            execute(&scenario, Some(play), &args.with)
        }
        Err(error) => wrong(&error),
    }
}

fn execute(scenario: &Scenario, play: Option<Play>, args: &With) -> ExitCode {
    // Better known now than after a day.
    for path in [&args.json, &args.html].into_iter().flatten().filter(|path| path.as_os_str() != "-") {
        if let Err(error) = writable(path) {
            return wrong(&format!("{} cannot be written: {error}", path.display()));
        }
    }
    let password = std::env::var("LOADTEST_PASSWORD").unwrap_or_else(|_| "switchboard-demo".into());
    let options = Options {
        target: args.target.clone(),
        admin: args.admin.clone(),
        server: args.server.clone(),
        administrator: Administrator { email: args.administrator.clone(), password },
        workers: args.workers,
        play,
    };
    let mut next_line = LINE_EVERY_S;
    let screen = if args.plain { None } else { Screen::open(scenario) };
    let screen = RefCell::new(screen);
    let ready = |sender: Sender<Message>| {
        if let Some(screen) = screen.borrow_mut().as_mut() {
            screen.tell(sender.clone());
        }
        listen_for_interrupts(sender);
    };
    let show = |progress: Progress<'_>| {
        if let Some(screen) = screen.borrow_mut().as_mut() {
            screen.show(&progress);
        } else if let Progress::Running(summary, seconds, judged) = progress
            && seconds >= next_line
        {
            next_line = seconds + LINE_EVERY_S;
            eprintln!("{}", plain::line(summary, seconds, judged));
        }
    };
    let result = run(scenario, &options, ready, show);
    // The terminal is given back before anything is written to it.
    drop(screen.take());
    match result {
        Ok(summary) => finish(&summary, args),
        Err(error) => wrong(&error),
    }
}

/// Whether a file can be written there; nothing is left of it where there was none.
fn writable(path: &Path) -> std::io::Result<()> {
    let existed = path.exists();
    std::fs::OpenOptions::new().append(true).create(true).open(path)?;
    if existed { Ok(()) } else { std::fs::remove_file(path) }
}

fn finish(summary: &Summary, args: &With) -> ExitCode {
    let report = plain::report(summary);
    let to_stdout = args.json.as_deref().is_some_and(|path| path.as_os_str() == "-");
    // A closed pipe must not turn a result into a panic.
    let _ = if to_stdout { write!(std::io::stderr(), "{report}") } else { write!(std::io::stdout(), "{report}") };
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(summary).unwrap_or_default();
        let written = if to_stdout { writeln!(std::io::stdout(), "{json}") } else { std::fs::write(path, json) };
        if let Err(error) = written {
            eprintln!("loadtest: {} cannot be written: {error}", path.display());
            return ExitCode::from(FAILED);
        }
    }
    if let Some(path) = &args.html
        && let Err(error) = std::fs::write(path, html::page(summary))
    {
        eprintln!("loadtest: {} cannot be written: {error}", path.display());
        return ExitCode::from(FAILED);
    }
    if summary.passed() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) }
}

fn scenarios(name: Option<&str>) -> ExitCode {
    for (shipped, text) in SHIPPED {
        match name {
            None => {
                let description =
                    Scenario::read(shipped, text).map(|scenario| scenario.description).unwrap_or_default();
                println!("{shipped:<16} {description}");
            }
            Some(name) if name == shipped => {
                print!("{text}");
                return ExitCode::SUCCESS;
            }
            Some(_) => {}
        }
    }
    match name.map(Scenario::find) {
        Some(Err(error)) => wrong(&error),
        _ => ExitCode::SUCCESS,
    }
}

fn compared(one: &PathBuf, other: &PathBuf, worse: f64) -> ExitCode {
    if !(1.0..=1e9).contains(&worse) {
        return wrong(&"--worse: expected 1 to 1000000000 times the first");
    }
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let result: Result<Summary, _> = serde_json::from_str(&text);
        result.map_err(|error| format!("{} is not a result of `loadtest run --json`: {error}", path.display()))
    };
    match (read(one), read(other)) {
        (Ok(one), Ok(other)) => {
            let (table, worse) = compare::compare(&one, &other, worse);
            print!("{table}");
            ExitCode::from(if worse { FAILED } else { 0 })
        }
        (Err(error), _) | (_, Err(error)) => wrong(&error),
    }
}

fn simulated(scenario: &str, seed: Option<u64>, form: Form) -> ExitCode {
    match simulate(scenario, seed) {
        Ok(results) => {
            // A closed pipe must not turn results into a panic.
            let _ = write!(std::io::stdout(), "{}", simulate::written(&results, form));
            ExitCode::SUCCESS
        }
        Err(error @ simulate::SimulateError::Broken { .. }) => {
            eprintln!("loadtest: {error}");
            ExitCode::from(FAILED)
        }
        Err(error) => wrong(&error),
    }
}

/// Ctrl-C, a terminal that is gone, or a request to terminate ends a run, twice at once. They are listened to when this
/// returns.
fn listen_for_interrupts(sender: Sender<Message>) {
    let (listens, listening) = sync_channel::<()>(1);
    std::thread::spawn(move || {
        let Some(runtime) = worker::runtime() else { return };
        runtime.block_on(async {
            let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
            let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else { return };
            drop(listens);
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {}
                }
                if sender.send(Message::Interrupt).is_err() {
                    return;
                }
            }
        });
    });
    // Nothing is ever sent: the other end goes once the signals are listened to, or cannot be.
    let _ = listening.recv();
}

fn worker() -> ExitCode {
    let mut lines = std::io::stdin().lock().lines();
    let task = lines.next().and_then(Result::ok).and_then(|line| serde_json::from_str(&line).ok());
    let (Some(task), Some(runtime)) = (task, worker::runtime()) else {
        return wrong(&"worker: expected a task on standard input; `loadtest run` starts workers by itself");
    };
    drop(lines);
    let (sender, orders) = unbounded_channel();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lock().lines().map_while(Result::ok);
        for order in lines.filter_map(|line| serde_json::from_str(&line).ok()) {
            if sender.send(order).is_err() {
                return;
            }
        }
    });
    let tell = |news: News| {
        let mut out = std::io::stdout().lock();
        if serde_json::to_writer(&mut out, &news).is_ok() {
            // Whoever reads is gone with the run when this fails; the end of standard input says so too.
            let _ = out.write_all(b"\n").and_then(|()| out.flush());
        }
    };
    runtime.block_on(async {
        // The one who started this worker hears of these too, and says what is to be done.
        for kind in [SignalKind::interrupt(), SignalKind::hangup()] {
            let Ok(mut signals) = signal(kind) else { continue };
            tokio::spawn(async move { while signals.recv().await.is_some() {} });
        }
        worker::work(task, orders, tell).await;
    });
    ExitCode::SUCCESS
}

fn wrong(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("loadtest: {error}");
    ExitCode::from(WRONG)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_option_is_described() {
        let described = concat!(include_str!("../README.md"), include_str!("../scenarios/simulated/README.md"));
        let words: Vec<&str> = described.split(|letter: char| !letter.is_alphanumeric() && letter != '-').collect();
        let program = Cli::command();
        let commands: Vec<_> = program.get_subcommands().filter(|command| !command.is_hide_set()).collect();
        let options =
            commands.iter().flat_map(|command| command.get_arguments().filter_map(|option| option.get_long()));
        let options: Vec<String> = options.map(|option| format!("--{option}")).collect();
        assert!(options.len() > 20, "those of all commands: {options:?}");
        let missing: Vec<_> = options.iter().filter(|option| !words.contains(&option.as_str())).collect();
        assert!(missing.is_empty(), "{missing:?}");
        for command in commands {
            assert!(described.contains(&format!("loadtest {}", command.get_name())), "{}", command.get_name());
        }
    }
}
