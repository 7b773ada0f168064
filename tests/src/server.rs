//! The real binary on free ports, with a data folder of its own: started, killed and started again as the story
//! of a test wants it. When a test fails, the end of the server's log is shown.

mod binary;
mod invariants;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use self::binary::binary;

/// A server has this long to say that it listens: most of it is for a machine that does other things too.
const START_WITHIN: Duration = Duration::from_secs(30);
/// A server that was told to stop has this long (promise: 30 s).
const STOP_WITHIN: Duration = Duration::from_secs(35);
/// Lines of the log that a failed test shows.
const LOG_LINES: usize = 60;
/// How often it is asked for its metrics when a story ends: a busy machine answers late.
const METRICS_TRIES: usize = 5;

/// A server under test.
pub struct TestServer {
    data: TempDir,
    settings: Vec<(String, String)>,
    /// A program, with its arguments, that becomes the server or starts it as its own.
    under: Vec<String>,
    demo: bool,
    process: Option<Child>,
    address: String,
    admin: String,
    /// What the story plants; see [`TestServer::plants`].
    planted: Mutex<Vec<&'static str>>,
}

impl TestServer {
    /// The demo on a new data folder.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same with settings, by the names of their environment variables.
    pub fn with(settings: &[(&str, &str)]) -> Self {
        Self::under(&[], settings)
    }

    /// The same, started by another program: `under` are its name and arguments, to which those of the server are
    /// added. It must become the server, so that the process keeps its id.
    pub fn under(under: &[String], settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a folder for the data");
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut server = Self {
            data,
            settings,
            under: under.to_vec(),
            demo: true,
            process: None,
            address: String::new(),
            admin: String::new(),
            planted: Mutex::default(),
        };
        server.run("127.0.0.1:0");
        server
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where health and metrics are.
    pub fn admin_url(&self) -> String {
        format!("http://{}", self.admin)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("the server runs").id()
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.data.path().join("data")
    }

    /// Resident memory, in bytes.
    pub fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("the server runs");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a process has a resident set");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("VmRSS is a number") * 1024
    }

    /// What it has written to standard error so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Kills it as a power cut of its process would: no handler runs.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("the server runs");
        process.kill().expect("the server can be killed");
        process.wait().expect("a killed server is gone");
    }

    /// Starts it again on the same folder and the same port.
    pub fn restart(&mut self) {
        let address = self.address.clone();
        self.run(&address);
    }

    /// Starts it again on the same folder and another port.
    pub fn restart_elsewhere(&mut self) {
        self.run("127.0.0.1:0");
    }

    /// The story brings about what must never happen: this counter of such things, by its label, is not looked at when the
    /// story ends, or asks the server to stop. All others are, in every story.
    pub fn plants(&self, which: &'static str) {
        self.planted.lock().expect("nobody panics over it").push(which);
    }

    /// Asks it to stop, and waits until it has. Nothing that must never happen has been counted until then.
    pub fn stop(&mut self) -> ExitStatus {
        self.must_have_kept_its_invariants();
        self.ask_to_stop();
        self.wait_until_stopped()
    }

    /// Sends SIGTERM and returns at once.
    pub fn ask_to_stop(&self) {
        let told = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.pid())]).status();
        assert!(told.expect("a shell runs").success(), "the server runs");
    }

    /// Waits until it has stopped.
    pub fn wait_until_stopped(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the server runs");
        let begun = Instant::now();
        loop {
            if let Some(status) = process.try_wait().expect("the server can be waited for") {
                return status;
            }
            if begun.elapsed() > STOP_WITHIN {
                let _ = process.kill();
                panic!("the server did not stop within {STOP_WITHIN:?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A command of the binary on the same data folder, run to its end.
    pub fn command(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = self.prepared();
        command.args(arguments).output().expect("the binary runs")
    }

    /// A server that cannot say it, or whose end is a test that failed, is asked for nothing.
    fn must_have_kept_its_invariants(&self) {
        if self.process.is_none() || std::thread::panicking() {
            return;
        }
        let planted = self.planted.lock().map(|planted| planted.clone()).unwrap_or_default();
        let broken = (0..METRICS_TRIES).find_map(|_| invariants::broken(&self.admin, &planted)).unwrap_or_else(|| {
            eprintln!("the server does not say what it has counted of what must never happen");
            Vec::new()
        });
        assert!(broken.is_empty(), "what must never happen has been counted: {broken:?}\n{}", self.end_of_log());
    }

    fn run(&mut self, listen: &str) {
        assert!(self.process.is_none(), "the server runs already");
        let log = File::options().create(true).append(true).open(self.log_path()).expect("a log");
        let mut command = self.prepared();
        command.arg("serve").env("SWITCHBOARD_LISTEN", listen).env("SWITCHBOARD_ADMIN_LISTEN", "127.0.0.1:0");
        if self.demo {
            command.arg("--demo");
        }
        let mut process =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().expect("the binary starts");
        let out = process.stdout.take().expect("standard output is piped");
        self.process = Some(process);
        let lines = lines_of(BufReader::new(out));
        let deadline = Instant::now() + START_WITHIN;
        self.address = self.line_after(&lines, "listening on http://", deadline);
        self.admin = self.line_after(&lines, "admin on http://", deadline);
    }

    fn line_after(&self, lines: &mpsc::Receiver<String>, prefix: &str, deadline: Instant) -> String {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = lines.recv_timeout(left) else {
                panic!("the server did not say {prefix:?} within {START_WITHIN:?}");
            };
            if let Some(rest) = line.strip_prefix(prefix) {
                return rest.trim_end().to_owned();
            }
        }
    }

    fn prepared(&self) -> Command {
        let mut command = match self.under.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(binary());
                command
            }
            None => Command::new(binary()),
        };
        // A developer's own settings must not change what a test sees.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SWITCHBOARD_") {
                command.env_remove(name);
            }
        }
        command.env("SWITCHBOARD_DATA_DIR", self.data()).env("SWITCHBOARD_LOG", "info");
        // A backtrace of a debug build takes a second and fills the log.
        command.env("RUST_BACKTRACE", "0").current_dir(self.data.path());
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    fn end_of_log(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let end = &lines[lines.len().saturating_sub(LOG_LINES)..];
        format!("---- the end of the server's log ----\n{}\n----", end.join("\n"))
    }

    fn log_path(&self) -> PathBuf {
        self.data.path().join("server.log")
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let kept = catch_unwind(AssertUnwindSafe(|| self.must_have_kept_its_invariants()));
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        if std::thread::panicking() {
            eprintln!("{}", self.end_of_log());
        }
        if let Err(broken) = kept {
            resume_unwind(broken);
        }
    }
}

/// Reads lines on a thread of their own, to the end, so that the server never waits for its reader.
fn lines_of(reader: impl BufRead + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in reader.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    lines
}

/// Bytes of all files in a folder, by name; for tests that look at what is on disk.
pub fn files_of(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let own = files.into_iter().filter_map(|path| std::fs::read(&path).ok().map(|bytes| (path, bytes)));
    own.chain(folders.iter().flat_map(|folder| files_of(folder))).collect()
}
