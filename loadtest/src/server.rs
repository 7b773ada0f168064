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

/// A server has this long to say that it listens: a debug build hashes five passwords first.
const START_WITHIN: Duration = Duration::from_secs(30);
/// Visitors of a load test type faster than people (server setting).
const COMMANDS_PER_SECOND: &str = "200";
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
    _folder: TempDir,
}

impl Server {
    /// Starts the binary, or the one beside the tool's own.
    ///
    /// # Errors
    /// It is not there, or does not start.
    pub fn start(binary: Option<&Path>) -> Result<Self, ServerError> {
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
        let mut server = Self { child, url: String::new(), admin: String::new(), _folder: folder };
        let silent = || {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            ServerError::Silent(lines[lines.len().saturating_sub(LOG_LINES)..].join("\n"))
        };
        let lines = lines.ok_or_else(silent)?;
        let deadline = Instant::now() + START_WITHIN;
        server.url = line_after(&lines, "listening on ", deadline).ok_or_else(silent)?;
        server.admin = line_after(&lines, "admin on ", deadline).ok_or_else(silent)?;
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
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line_after(lines: &mpsc::Receiver<String>, prefix: &str, deadline: Instant) -> Option<String> {
    loop {
        let line = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()?;
        if let Some(rest) = line.strip_prefix(prefix) {
            return Some(rest.trim_end().to_owned());
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
