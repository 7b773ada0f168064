//! What SQLite and PostgreSQL do alike: statements written once, with parameters `$1`, `$2` … in the order of their
//! numbers, run through [`Sql`], which each database implements for its connections. Appends and the schema are the
//! adapters' own.

pub(crate) mod asked;
mod birth;
mod chats;
mod closings;
mod contacts;
mod decisions;
mod events;
mod groups;
mod journal;
mod left_messages;
mod names;
mod operators;
mod places;
mod presence;
mod profiles;
mod query;
mod receiving;
mod remembered;
mod sessions;
mod shards;
mod staff;
mod taken;
mod value;
mod work;

pub(crate) use birth::{claim, state_values};
#[cfg(test)]
pub(in crate::adapters) use chats::WAITED;
pub(crate) use events::{activate, events};
pub(crate) use names::{ended_by, ended_why, offer_kind, phase};
pub(crate) use query::Query;
pub(crate) use remembered::forget;
pub(crate) use taken::{taken_by_constraint, taken_by_words};
pub(crate) use value::{Answer, Row, Value};

use std::pin::Pin;

use crate::domain::ids::{AccountId, ChatId};
use crate::ports::journal::{Append, Birth, BirthError, Completion, StoredChat};
use crate::ports::store::StoreError;

/// The databases, where they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Writers take turns; events are born in a journal of their own.
    Sqlite,
    /// Writers meet in rows; events are born where they are read.
    Postgres,
}

impl Dialect {
    /// What makes a `SELECT` hold the rows it read until the transaction ends, where writers do not take turns.
    pub(crate) fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// The same against changes only: others may hold the rows so, too.
    pub(crate) fn for_share(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR SHARE",
        }
    }
}

/// A connection, or a transaction, that runs statements.
pub(crate) trait Sql: Send {
    /// Runs one statement and reads all of its answer.
    fn run<'a>(&'a mut self, query: Query) -> Work<'a, Answer>;

    /// Which database it is.
    fn dialect(&self) -> Dialect;
}

/// Something that is being done with a connection.
pub(crate) type Work<'a, R> = Pin<Box<dyn Future<Output = Result<R, StoreError>> + Send + 'a>>;

/// Does work that keeps a connection as a task of its own: it goes on to its end when whoever asked for it is gone, and
/// while they are held up. An actor polls one future at a time; suspended ones would keep connections, and soon all of them,
/// from the very future that everybody waits for.
pub(crate) async fn by_itself<R, E>(work: impl Future<Output = Result<R, E>> + Send + 'static) -> Result<R, E>
where
    R: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        Err(_) => Err(StoreError::Unavailable("the server is stopping".into()).into()),
    }
}

/// A database that can be read and written: what every store on SQL is made from.
pub(crate) trait Backend: Send + Sync + 'static {
    /// Reads; each statement for itself.
    fn read<'s, R, F>(&'s self, work: F) -> Work<'s, R>
    where
        R: Send + 'static,
        F: for<'c> FnOnce(&'c mut dyn Sql) -> Work<'c, R> + Send + 'static;

    /// Writes: all of it or nothing, durable when it is answered.
    fn write<'s, R, F>(&'s self, work: F) -> Work<'s, R>
    where
        R: Send + 'static,
        F: for<'c> FnOnce(&'c mut dyn Sql) -> Work<'c, R> + Send + 'static;

    /// See [`crate::ports::journal::Journal::append`].
    fn append(&self, append: Append, done: Completion);

    /// See [`crate::ports::journal::Journal::birth`].
    fn birth(&self, birth: Birth) -> impl Future<Output = Result<i64, BirthError>> + Send;

    /// See [`crate::ports::journal::Journal::activate`].
    fn activate(&self, account: AccountId, chat: ChatId, epoch: u64) -> Work<'_, Option<StoredChat>> {
        self.write(move |sql| Box::pin(activate(sql, account, chat, epoch)))
    }
}
