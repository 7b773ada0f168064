//! A server of the run's own: the binary beside the tool's, on free ports of this machine, with a folder that goes with
//! it. It is gone when the run is.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use thiserror::Error;

/// A server has this long to say that it listens: most of it is for a machine that does other things too.
const START_WITHIN: Duration = Duration::from_secs(30);
/// Visitors of a load test type faster than people (server setting).
const COMMANDS_PER_SECOND: &str = "200";
/// How often it is asked whether the server is still wanted while it starts.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Lines of its log that are shown when it does not start.
const LOG_LINES: usize = 10;

/// Why there is no server.
#[derive(Debug, Error)]
pub enum ServerError {
    /// No binary.
    #[error("{} is not there: build it (cargo build --release), or name it with --server", .0.display())]
    Missing(PathBuf),
    /// A folder or a process failed.
    #[error("the server cannot be started: {0}")]
    Io(#[from] std::io::Error),
    /// Somebody stopped the run meanwhile.
    #[error("stopped before the first visitor came")]
    Stopped,
    /// It ended, or said nothing.
    #[error("the server did not say that it listens within 30 s; the end of its log:\n{0}")]
    Silent(String),
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// `http://ADDRESS`.
    pub url: String,
    /// `http://ADDRESS` of metrics and health.
    pub admin: String,
    /// Ends the server where this program is gone without having done so.
    guard: Option<Child>,
    _folder: TempDir,
}

impl Server {
    /// Starts the binary, or the one beside the tool's own; `stopped` is asked now and then whether it is still wanted.
    ///
    /// # Errors
    /// It is not there, or does not start, or is not wanted any more.
    pub fn start(binary: Option<&Path>, stopped: &mut impl FnMut() -> bool) -> Result<Self, ServerError> {
        let binary = match binary {
            // It is started in a folder of its own.
            Some(binary) => std::path::absolute(binary)?,
            None => std::env::current_exe()?.with_file_name("switchboard"),
        };
        if !binary.is_file() {
            return Err(ServerError::Missing(binary));
        }
        let folder = tempfile::Builder::new().prefix("loadtest-").tempdir()?;
        let log = folder.path().join("server.log");
        let mut command = Command::new(&binary);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SWITCHBOARD_")) {
            command.env_remove(name);
        }
        command.args(["serve", "--demo"]).current_dir(folder.path());
        command.env("SWITCHBOARD_LISTEN", "127.0.0.1:0").env("SWITCHBOARD_ADMIN_LISTEN", "127.0.0.1:0");
        command.env("SWITCHBOARD_DATA_DIR", folder.path().join("data")).env("SWITCHBOARD_LOG", "warn");
        command.env("SWITCHBOARD_VISITOR_COMMANDS_PER_SECOND", COMMANDS_PER_SECOND);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&log)?);
        // Ctrl-C in a terminal reaches the whole group: it is for the run, whose visitors still need the server.
        command.process_group(0);
        let mut child = command.spawn()?;
        let lines = child.stdout.take().map(lines_of);
        let guard = guard(child.id());
        let mut server = Self { child, url: String::new(), admin: String::new(), guard, _folder: folder };
        let silent = || {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            ServerError::Silent(lines[lines.len().saturating_sub(LOG_LINES)..].join("\n"))
        };
        let lines = lines.ok_or_else(silent)?;
        let deadline = Instant::now() + START_WITHIN;
        let mut line = |prefix| match line_after(&lines, prefix, deadline, stopped) {
            Ok(line) => line.ok_or_else(silent),
            Err(Stopped) => Err(ServerError::Stopped),
        };
        server.url = line("listening on ")?;
        server.admin = line("admin on ")?;
        Ok(server)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // First, for the number of a process that is gone may be another's soon.
        if let Some(guard) = &mut self.guard {
            let _ = guard.kill();
            let _ = guard.wait();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A shell that waits for the end of its input, which comes with the end of this program however that ends, and then
/// ends the server. Without one the server is ended all the same where this program ends in order.
fn guard(server: u32) -> Option<Child> {
    let mut command = Command::new("sh");
    command.args(["-c", "while read -r _; do :; done; kill -KILL \"$1\"", "guard", &server.to_string()]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command.spawn().ok()
}

/// The run is not wanted any more.
struct Stopped;

/// The rest of the line that begins so; none: it does not come, or not in time.
fn line_after(
    lines: &mpsc::Receiver<String>,
    prefix: &str,
    deadline: Instant,
    stopped: &mut impl FnMut() -> bool,
) -> Result<Option<String>, Stopped> {
    loop {
        if stopped() {
            return Err(Stopped);
        }
        match lines.recv_timeout(LOOK_EVERY) {
            Ok(line) => {
                if let Some(rest) = line.strip_prefix(prefix) {
                    return Ok(Some(rest.trim_end().to_owned()));
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) if Instant::now() < deadline => {}
            Err(_) => return Ok(None),
        }
    }
}

/// Reads to the end on a thread of its own, so that the server never waits for its reader.
fn lines_of(out: std::process::ChildStdout) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    lines
}
