//! Opening a data folder: the lock against a second process, the schema, the connections.

use std::fs::{File, OpenOptions};
use std::hash::Hasher;
use std::io;
use std::path::{Path, PathBuf};

use fs4::fs_std::FileExt;
use rusqlite::{Connection, OpenFlags};
use siphasher::sip::SipHasher13;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use crate::adapters::sqlite::read::words;
use crate::domain::limits::{LOG_BYTES_KEPT, LOG_PAGES, READER_CACHE_BYTES, READERS_MAX, WRITER_CACHE_BYTES};
use crate::metrics::StoreMetrics;

/// The file in the data folder.
const FILE: &str = "switchboard.db";
/// The file whose lock says that a process has the folder.
const LOCK_FILE: &str = "switchboard.lock";
/// Statements that one connection keeps prepared: more than there are.
const STATEMENTS_KEPT: usize = 200;

/// All versions of the schema, in order; the place in this list is the version.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_foundation.sql")];

/// Where the store lives.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// The data folder; made where it is missing.
    pub data_dir: PathBuf,
    /// The file system that SQLite is to use; a test puts one between that forgets what was not synced.
    #[cfg(feature = "faults")]
    pub vfs: Option<String>,
    /// Leaves out every sync: a fault that the power-loss test must find.
    #[cfg(feature = "faults")]
    pub never_sync: bool,
    /// Pages from which on the log is brought home; a test has it come home often.
    #[cfg(feature = "faults")]
    pub log_pages: Option<u32>,
}

impl SqliteOptions {
    /// The store in that folder.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            #[cfg(feature = "faults")]
            vfs: None,
            #[cfg(feature = "faults")]
            never_sync: false,
            #[cfg(feature = "faults")]
            log_pages: None,
        }
    }

    fn file(&self) -> PathBuf {
        self.data_dir.join(FILE)
    }

    fn synchronous(&self) -> &'static str {
        #[cfg(feature = "faults")]
        if self.never_sync {
            return "OFF";
        }
        "FULL"
    }

    fn log_pages(&self) -> u32 {
        #[cfg(feature = "faults")]
        if let Some(pages) = self.log_pages {
            return pages;
        }
        LOG_PAGES
    }

    fn vfs(&self) -> Option<&str> {
        #[cfg(feature = "faults")]
        return self.vfs.as_deref();
        #[cfg(not(feature = "faults"))]
        None
    }
}

/// Why a data folder was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("the data folder {} is in use by another process: its lock {} is held", folder.display(), LOCK_FILE)]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// It cannot be made or written.
    #[error("the data folder {} cannot be written: {reason}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// A newer version of the program has written it.
    #[error(
        "the data folder {} was written by a newer version: its schema is {found}, this program knows {known}",
        folder.display()
    )]
    Newer {
        /// The folder.
        folder: PathBuf,
        /// The schema's version.
        found: usize,
        /// The latest known here.
        known: usize,
    },
    /// Its schema has a version that is known, and another content: a build made it in which that version was not done.
    #[error(
        "the data folder {} has schema {version} as another build of this version made it: use that build, or a new folder",
        folder.display()
    )]
    OtherBuild {
        /// The folder.
        folder: PathBuf,
        /// The version of the schema that differs.
        version: usize,
    },
    /// SQLite could not do it.
    #[error("the data folder {} cannot be opened: {reason}", folder.display())]
    Database {
        /// The folder.
        folder: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// Nothing can be counted.
    #[error("the metrics of the store cannot be made: {0}")]
    Metrics(String),
    /// The machine gave no thread.
    #[error("no thread for the writer: {0}")]
    Thread(String),
}

/// What the writer's thread and its helpers work on.
pub(super) struct Opened {
    /// Writes.
    pub(super) connection: Connection,
    /// Reads the journal.
    pub(super) indexing: Connection,
    /// Brings the log home.
    pub(super) copying: Connection,
    /// Pages from which on it does.
    pub(super) log_pages: u32,
    pub(super) metrics: StoreMetrics,
    /// The file itself, to bring to disk what was copied. Whoever closes one of its handles lets go of all locks that the
    /// process has on it: to be closed after all connections.
    pub(super) file: File,
    pub(super) lock: File,
    pub(super) folder: PathBuf,
}

/// Locks the folder, opens the writing connection, brings the schema up to date, and opens the others.
pub(super) fn open(options: &SqliteOptions, metrics: StoreMetrics) -> Result<Opened, OpenError> {
    let folder = options.data_dir.clone();
    let lock = lock(&folder)?;
    let database = |error: rusqlite::Error| OpenError::Database { folder: folder.clone(), reason: words(&error) };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connect = |cache_bytes: usize| {
        let connection = match options.vfs() {
            Some(vfs) => Connection::open_with_flags_and_vfs(options.file(), flags, vfs),
            None => Connection::open_with_flags(options.file(), flags),
        }?;
        set_up(&connection, options.synchronous(), cache_bytes)?;
        Ok(connection)
    };
    let mut connection = connect(WRITER_CACHE_BYTES).map_err(database)?;
    migrate(&mut connection, &folder)?;
    let indexing = connect(READER_CACHE_BYTES).map_err(database)?;
    let copying = connect(READER_CACHE_BYTES).map_err(database)?;
    let file = File::open(options.file()).map_err(|reason| OpenError::Folder { folder: folder.clone(), reason })?;
    let log_pages = options.log_pages();
    Ok(Opened { connection, indexing, copying, log_pages, metrics, file, lock, folder })
}

/// The pool of connections that only read; to be awaited once the file is there.
pub(super) fn reading(options: &SqliteOptions) -> impl Future<Output = Result<SqlitePool, OpenError>> + use<> {
    let mut connect = SqliteConnectOptions::new().filename(options.file()).read_only(true);
    connect = connect.pragma("cache_size", cache_size(READER_CACHE_BYTES));
    if let Some(vfs) = options.vfs() {
        connect = connect.vfs(vfs.to_owned());
    }
    let folder = options.data_dir.clone();
    async move {
        let pool = SqlitePoolOptions::new().max_connections(READERS_MAX).connect_with(connect).await;
        pool.map_err(|error| OpenError::Database { folder, reason: error.to_string() })
    }
}

fn lock(folder: &Path) -> Result<File, OpenError> {
    let failed = |reason| OpenError::Folder { folder: folder.to_owned(), reason };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let path = folder.join(LOCK_FILE);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(failed)?;
    match FileExt::try_lock_exclusive(&file) {
        Ok(true) => Ok(file),
        Ok(false) => Err(OpenError::InUse { folder: folder.to_owned() }),
        Err(error) => Err(failed(error)),
    }
}

fn set_up(connection: &Connection, synchronous: &str, cache_bytes: usize) -> rusqlite::Result<()> {
    // No commit brings the log home by itself; one that had to grow for slow readers does not stay so large.
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; \
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = {}; PRAGMA wal_autocheckpoint = 0; \
         PRAGMA journal_size_limit = {LOG_BYTES_KEPT};",
        cache_size(cache_bytes),
    ))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(())
}

/// What tells one content of a migration from another.
fn digest(migration: &str) -> i64 {
    let mut hasher = SipHasher13::new();
    hasher.write(migration.as_bytes());
    hasher.finish().cast_signed()
}

/// As SQLite wants it: kibibytes, negative.
fn cache_size(bytes: usize) -> String {
    format!("-{}", bytes / 1024)
}

fn migrate(connection: &mut Connection, folder: &Path) -> Result<(), OpenError> {
    let database = |error: rusqlite::Error| OpenError::Database { folder: folder.to_owned(), reason: words(&error) };
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(database)?;
    let found = usize::try_from(found).unwrap_or(usize::MAX);
    if found > MIGRATIONS.len() {
        return Err(OpenError::Newer { folder: folder.to_owned(), found, known: MIGRATIONS.len() });
    }
    for (done, migration) in MIGRATIONS.iter().enumerate().take(found) {
        let made: rusqlite::Result<i64> =
            connection
                .query_row("SELECT digest FROM migration WHERE version = ?1", [(done + 1) as i64], |row| row.get(0));
        // A folder of a build that noted no digest has no such table.
        if made.ok() != Some(digest(migration)) {
            return Err(OpenError::OtherBuild { folder: folder.to_owned(), version: done + 1 });
        }
    }
    for (done, migration) in MIGRATIONS.iter().enumerate().skip(found) {
        let transaction = connection.transaction().map_err(database)?;
        transaction.execute_batch(migration).map_err(database)?;
        let made = ((done + 1) as i64, digest(migration));
        transaction.execute("INSERT INTO migration (version, digest) VALUES (?1, ?2)", made).map_err(database)?;
        transaction.pragma_update(None, "user_version", (done + 1) as i64).map_err(database)?;
        transaction.commit().map_err(database)?;
        tracing::info!(version = done + 1, "the schema is up to date");
    }
    Ok(())
}
