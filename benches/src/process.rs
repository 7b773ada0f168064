//! Processes seen from outside: CPU time and memory as the kernel accounts them, and children that say on standard
//! output when they are ready.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Ticks a second in `/proc/PID/stat`; fixed at 100 for user space on Linux.
const TICKS_PER_SECOND: u64 = 100;

/// User and system time that a process has used so far.
///
/// # Panics
/// When there is no such process.
pub fn cpu_time(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the measured process runs");
    // The name in parentheses may hold spaces: count fields behind it. utime and stime are fields 14 and 15.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks: u64 = fields[11..=12].iter().map(|field| field.parse::<u64>().expect("ticks are a number")).sum();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

/// Bytes of memory that a process holds (resident set).
///
/// # Panics
/// When there is no such process.
pub fn resident_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the measured process runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a process has a resident set");
    let kib: u64 = line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("VmRSS is a number");
    kib * 1024
}

/// A child process that is killed when it is dropped.
pub struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Running {
    /// Starts it.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> Self {
        let program = command.get_program().to_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        let lines = BufReader::new(child.stdout.take().expect("standard output is piped"));
        Self { child, lines }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What follows `prefix` on the next line that begins with it.
    ///
    /// # Panics
    /// When the process ends without such a line.
    pub fn line_after(&mut self, prefix: &str) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            let read = self.lines.read_line(&mut line).expect("standard output can be read");
            assert!(read > 0, "the process ended without a line that begins with {prefix:?}");
            if let Some(rest) = line.trim_end().strip_prefix(prefix) {
                return rest.to_owned();
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The product, serving the demo from a folder.
pub struct Product {
    /// Its process.
    pub process: Running,
    /// Where it listens: `127.0.0.1:PORT`.
    pub address: String,
    /// From its start until it said so.
    pub started_in: Duration,
}

impl Product {
    /// Starts it with the given settings beside the usual ones; returns once it listens.
    ///
    /// # Panics
    /// When it does not listen.
    pub fn serve(data: &Path, settings: &[(&str, String)]) -> Self {
        let begun = Instant::now();
        let log = std::fs::File::create(data.with_extension("log")).expect("a log beside the data folder");
        let mut command = Command::new(product_binary());
        command.args(["serve", "--demo"]).stderr(log);
        command.env("SWITCHBOARD_LISTEN", "127.0.0.1:0").env("SWITCHBOARD_ADMIN_LISTEN", "127.0.0.1:0");
        command.env("SWITCHBOARD_DATA_DIR", data).env("SWITCHBOARD_LOG", "warn");
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        let mut process = Running::start(&mut command);
        let address = process.line_after("listening on http://");
        Self { process, address, started_in: begun.elapsed() }
    }
}

/// The server beside the benchmark's own programs, of the same profile.
///
/// # Panics
/// When it was not built.
pub fn product_binary() -> PathBuf {
    let own = std::env::current_exe().expect("a process knows its program");
    let profile = own.ancestors().find(|folder| folder.join("deps").is_dir()).expect("benchmarks run from target/");
    let binary = profile.join("switchboard");
    assert!(
        binary.is_file(),
        "{} is not there: build it first, with the same profile (cargo build -p switchboard-web)",
        binary.display()
    );
    binary
}
