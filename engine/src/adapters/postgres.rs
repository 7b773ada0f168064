//! The store on PostgreSQL: for several nodes. Appends of one node go through one connection in groups, each group a
//! transaction of a few statements over sets ([`append`]); everything else is a transaction of its own.

mod append;
mod commit;
mod connect;
mod run;
mod write_back;
mod writer;

pub use connect::PostgresOpenError;

use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use sqlx::PgPool;

use crate::adapters::delivery::well_born;
use crate::adapters::postgres::commit::{Notices, commit};
use crate::adapters::postgres::run::{InTransaction, Reader, store_error};
use crate::adapters::postgres::writer::Writer;
use crate::adapters::sql::{Backend, Query, Sql, Work, by_itself, claim, forget};
use crate::domain::limits::FORGET_EVERY;
use crate::domain::time::Timestamp;
use crate::ports::journal::{Append, Birth, BirthError, Completion};
use crate::ports::store::{Store, StoreError};

/// The store on PostgreSQL.
pub struct PostgresStore {
    pool: PgPool,
    writer: Writer,
    notices: Notices,
    /// When this node last removed what need not be remembered, in the time that it was told.
    forgot_at: AtomicI64,
}

impl PostgresStore {
    /// Connects to the database of a URL such as `postgres://user@host/name`, with at most `connections` of them
    /// for reads and transactions, and brings the schema up to date.
    ///
    /// # Errors
    /// See [`PostgresOpenError`]: nobody answers there, or a newer version made the schema.
    pub async fn open(url: &str, connections: u32) -> Result<Self, PostgresOpenError> {
        let pool = connect::pool(url, connections).await?;
        connect::migrate(&pool).await?;
        let notices = Notices::new();
        let writer = Writer::start(connect::writing(url)?, notices.clone()).map_err(PostgresOpenError::Thread)?;
        Ok(Self { pool, writer, notices, forgot_at: AtomicI64::new(0) })
    }

    async fn born(&self, birth: Birth) -> Result<i64, BirthError> {
        if !well_born(&birth) {
            return Err(BirthError::Unavailable("the first events are not numbered from 1".into()));
        }
        let (pool, notices, at) = (self.pool.clone(), self.notices.clone(), birth.at);
        let number = by_itself::<_, BirthError>(async move {
            let mut transaction = pool.begin().await.map_err(|error| store_error(&error))?;
            // Dropped on any error, the transaction is rolled back.
            let number = claim(&mut InTransaction(&mut transaction), &birth).await?;
            let events = birth.events.iter().map(|event| (birth.account, birth.chat, event));
            write_back::insert_events(&mut transaction, events).await.map_err(|error| store_error(&error))?;
            commit(transaction, &notices).await?;
            Ok(number)
        });
        let number = number.await?;
        self.forget_now_and_then(at).await;
        Ok(number)
    }

    async fn forget_now_and_then(&self, now: Timestamp) {
        let last = self.forgot_at.load(Ordering::Relaxed);
        let due = now.since(Timestamp::from_millis(last)) >= FORGET_EVERY;
        let mine = || self.forgot_at.compare_exchange(last, now.millis(), Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if due
            && mine()
            && let Err(error) = self.write(move |sql| Box::pin(forget(sql, now))).await
        {
            tracing::warn!(%error, "what has run out could not be removed");
        }
    }
}

impl Backend for PostgresStore {
    fn read<'s, R, F>(&'s self, work: F) -> Work<'s, R>
    where
        R: Send + 'static,
        F: for<'c> FnOnce(&'c mut dyn Sql) -> Work<'c, R> + Send + 'static,
    {
        let pool = self.pool.clone();
        Box::pin(by_itself(async move { work(&mut Reader(&pool)).await }))
    }

    fn write<'s, R, F>(&'s self, work: F) -> Work<'s, R>
    where
        R: Send + 'static,
        F: for<'c> FnOnce(&'c mut dyn Sql) -> Work<'c, R> + Send + 'static,
    {
        let (pool, notices) = (self.pool.clone(), self.notices.clone());
        Box::pin(by_itself(async move {
            let mut transaction = pool.begin().await.map_err(|error| store_error(&error))?;
            let result = work(&mut InTransaction(&mut transaction)).await?;
            commit(transaction, &notices).await?;
            Ok(result)
        }))
    }

    fn append(&self, append: Append, done: Completion) {
        self.writer.append(append, done);
    }

    fn birth(&self, birth: Birth) -> impl Future<Output = Result<i64, BirthError>> + Send {
        self.born(birth)
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.read(|sql| Box::pin(sql.run(Query::new("SELECT 1")))).await.map(drop)
    }

    async fn close(&self) {
        self.writer.close().await;
        self.pool.close().await;
    }
}
