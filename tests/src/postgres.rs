//! A PostgreSQL server of one's own: made in a temporary folder, reached through a socket in it, gone with the value.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a server may take to answer, on a machine that builds at the same time.
const START_WITHIN: Duration = Duration::from_secs(60);

/// A running server.
pub struct Server {
    process: Child,
    folder: TempDir,
}

impl Server {
    /// Makes a cluster and starts it.
    ///
    /// # Panics
    /// When PostgreSQL is not installed, or does not start: the tests that need it cannot tell anything then.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        if is_root() {
            // PostgreSQL refuses to run as root: its own user gets the folder.
            let owned = Command::new("chown").arg("postgres").arg(folder.path()).status();
            assert!(owned.is_ok_and(|status| status.success()), "the user postgres owns the folder");
        }
        let mut initdb = as_postgres("initdb");
        initdb.arg("-D").arg(&data).args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let made = initdb.stdout(Stdio::null()).stderr(Stdio::piped()).output().expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let mut postgres = as_postgres("postgres");
        postgres.arg("-D").arg(&data).arg("-k").arg(folder.path());
        postgres.args(["-c", "listen_addresses=", "-c", "fsync=on", "-c", "max_connections=60"]);
        let process = postgres.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("postgres runs");
        let server = Self { process, folder };
        server.wait();
        server
    }

    /// The URL of a database of that name.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.folder.path().display())
    }

    /// Runs a statement in the database `postgres`.
    ///
    /// # Panics
    /// When the server refuses it.
    pub async fn run(&self, sql: &str) {
        use sqlx::Connection as _;
        let mut connection = sqlx::PgConnection::connect(&self.url("postgres")).await.expect("the server answers");
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().await.expect("the connection ends");
    }

    fn wait(&self) {
        let begun = Instant::now();
        let socket = self.folder.path().join(".s.PGSQL.5432");
        while std::os::unix::net::UnixStream::connect(&socket).is_err() || !self.answers() {
            assert!(begun.elapsed() < START_WITHIN, "postgres does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn answers(&self) -> bool {
        let mut ready = Command::new(binary("pg_isready"));
        ready.arg("-q").arg("-h").arg(self.folder.path());
        ready.status().is_ok_and(|status| status.success())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // At once, with its children; the folder goes with it.
        let stopped = Command::new("kill").arg("-QUIT").arg(self.process.id().to_string()).status();
        if !stopped.is_ok_and(|status| status.success()) {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.starts_with(b"0\n"))
}

fn as_postgres(program: &str) -> Command {
    let program = binary(program);
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

/// The newest installed one, as Debian lays them out; else whatever the path finds.
fn binary(program: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| {
            let number = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin").join(OsStr::new(program))))
        })
        .filter(|(_, path)| path.exists())
        .collect();
    found.sort();
    found.pop().map_or_else(|| Path::new(program).to_owned(), |(_, path)| path)
}
