//! SQL on SQLite: statements on the pool that reads, statements on the writing connection, and what errors mean.

use futures_util::FutureExt as _;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Column, Row as _, SqlitePool, TypeInfo, ValueRef as _};

use crate::adapters::sql::{Answer, Dialect, Query, Row, Sql, Value, Work, taken_by_words};
use crate::ports::store::StoreError;

/// Statements through the pool.
pub(super) struct Reader<'p>(pub(super) &'p SqlitePool);

impl Sql for Reader<'_> {
    fn run<'a>(&'a mut self, query: Query) -> Work<'a, Answer> {
        Box::pin(async move {
            // Pieces of our own text, and parameters: nothing from outside stands in the text.
            let mut statement = sqlx::query::<sqlx::Sqlite>(AssertSqlSafe(query.sql));
            for value in query.args {
                statement = bind(statement, value);
            }
            let rows = statement.fetch_all(self.0).await.map_err(|error| unavailable(&error))?;
            let rows = rows.iter().map(row).collect::<Result<_, _>>().map_err(|error| unavailable(&error))?;
            Ok(Answer { rows, affected: 0 })
        })
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
}

type Statement<'q> = sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments>;

fn bind(statement: Statement<'_>, value: Value) -> Statement<'_> {
    match value {
        Value::Null => statement.bind(None::<i64>),
        Value::Int(number) => statement.bind(number),
        Value::Text(text) => statement.bind(text),
        Value::Uuid(id) => statement.bind(id),
        Value::Bytes(bytes) => statement.bind(bytes),
        Value::Bool(yes) => statement.bind(yes),
    }
}

fn row(row: &SqliteRow) -> Result<Row, sqlx::Error> {
    let field = |at: usize| {
        let raw = row.try_get_raw(at)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        Ok(match raw.type_info().name() {
            "INTEGER" | "BOOLEAN" => Value::Int(Some(row.try_get_unchecked(at)?)),
            "TEXT" => Value::Text(Some(row.try_get_unchecked(at)?)),
            "BLOB" => Value::Bytes(row.try_get_unchecked(at)?),
            other => {
                let words = format!("column {} is of type {other}", row.column(at).name());
                return Err(sqlx::Error::Decode(words.into()));
            }
        })
    };
    (0..row.len()).map(field).collect::<Result<Vec<_>, _>>().map(Row::new)
}

fn unavailable(error: &sqlx::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

/// Statements on the writing connection: they are done when they are begun.
pub(super) struct OnWriter<'c>(pub(super) &'c mut Connection);

impl OnWriter<'_> {
    fn now(&mut self, query: &Query) -> rusqlite::Result<Answer> {
        let mut statement = self.0.prepare_cached(&query.sql)?;
        let columns = statement.column_count();
        let mut rows = Vec::new();
        let mut found = statement.query(rusqlite::params_from_iter(&query.args))?;
        while let Some(row) = found.next()? {
            let field = |at| match row.get_ref(at)? {
                ValueRef::Null => Ok(Value::Null),
                ValueRef::Integer(number) => Ok(Value::Int(Some(number))),
                ValueRef::Text(text) => Ok(Value::Text(Some(String::from_utf8_lossy(text).into_owned()))),
                ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.to_vec())),
                ValueRef::Real(_) => Err(rusqlite::Error::InvalidColumnIndex(at)),
            };
            rows.push(Row::new((0..columns).map(field).collect::<rusqlite::Result<_>>()?));
        }
        drop(found);
        drop(statement);
        Ok(Answer { rows, affected: self.0.changes() })
    }
}

impl Sql for OnWriter<'_> {
    fn run<'a>(&'a mut self, query: Query) -> Work<'a, Answer> {
        let answer = self.now(&query).map_err(|error| store_error(&error));
        Box::pin(std::future::ready(answer))
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
}

/// What work on the writing connection comes to: it never waits.
pub(super) fn at_once<R, E: From<StoreError>>(work: impl Future<Output = Result<R, E>>) -> Result<R, E> {
    let never = || Err(StoreError::Unavailable("work on the writing connection waited for something".into()).into());
    work.now_or_never().unwrap_or_else(never)
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null | Self::Int(None) | Self::Text(None) | Self::Uuid(None) => ValueRef::Null,
            Self::Int(Some(number)) => ValueRef::Integer(*number),
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Uuid(Some(id)) => ValueRef::Blob(id.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Bool(yes) => ValueRef::Integer(i64::from(*yes)),
        }))
    }
}

/// What an error of the writing connection means.
pub(super) fn store_error(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => taken(error).unwrap_or_else(|| StoreError::Conflict(words(error))),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt(words(error)),
        _ => StoreError::Unavailable(words(error)),
    }
}

/// Which field is taken, if that is what it says.
fn taken(error: &rusqlite::Error) -> Option<StoreError> {
    let rusqlite::Error::SqliteFailure(_, Some(words)) = error else { return None };
    taken_by_words(words)
}

/// The error in words for whoever runs the server.
pub(super) fn words(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full".into(),
        Some(ErrorCode::ReadOnly) => format!("the file may not be written ({error})"),
        Some(ErrorCode::SystemIoFailure) => format!("the disk could not be read or written ({error})"),
        Some(ErrorCode::ConstraintViolation) => format!("a rule of the data forbids it ({error})"),
        Some(ErrorCode::DatabaseBusy) => "another process holds the file".into(),
        _ => error.to_string(),
    }
}
