//! Connecting to PostgreSQL, and the schema.

use std::io;
use std::str::FromStr as _;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

/// All versions of the schema, in order; the place in this list is the version.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_foundation.sql")];
/// Held while the schema is changed, so that of several nodes that start at once one does it.
const LOCK: i64 = 0x5157_4942_4f41_5244;

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum PostgresOpenError {
    /// The URL is wrong, nobody answers there, or the answer is no.
    #[error("the database cannot be opened: {0}")]
    Connect(#[from] sqlx::Error),
    /// A newer version of the program has made the schema.
    #[error("the database was made by a newer version: its schema is {found}, this program knows {known}")]
    Newer {
        /// The schema's version.
        found: i64,
        /// The latest known here.
        known: usize,
    },
    /// The machine gave no thread.
    #[error("no thread for the writer: {0}")]
    Thread(io::Error),
}

pub(super) async fn pool(url: &str, connections: u32) -> Result<PgPool, PostgresOpenError> {
    let options = PgConnectOptions::from_str(url)?;
    Ok(PgPoolOptions::new().max_connections(connections).connect_with(options).await?)
}

/// The one connection of the writer, made on the thread that uses it, and anew when it is lost.
pub(super) fn writing(url: &str) -> Result<PgConnectOptions, PostgresOpenError> {
    Ok(PgConnectOptions::from_str(url)?)
}

pub(super) async fn migrate(pool: &PgPool) -> Result<(), PostgresOpenError> {
    let mut transaction = pool.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await?;
    let table = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)";
    sqlx::query(table).execute(&mut *transaction).await?;
    let found: Option<i64> =
        sqlx::query_scalar("SELECT max(version) FROM schema_version").fetch_one(&mut *transaction).await?;
    let found = found.unwrap_or(0);
    let done = usize::try_from(found).unwrap_or(usize::MAX);
    if done > MIGRATIONS.len() {
        return Err(PostgresOpenError::Newer { found, known: MIGRATIONS.len() });
    }
    for (done, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        sqlx::raw_sql(*migration).execute(&mut *transaction).await?;
        let note = sqlx::query("INSERT INTO schema_version (version) VALUES ($1)").bind((done + 1) as i64);
        note.execute(&mut *transaction).await?;
        tracing::info!(version = done + 1, "the schema is up to date");
    }
    Ok(transaction.commit().await?)
}
