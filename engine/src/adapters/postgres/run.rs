//! SQL on PostgreSQL: statements on the pool and in transactions, and what errors mean.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{AssertSqlSafe, Column, PgConnection, PgPool, Postgres, Row as _, TypeInfo, ValueRef as _};

use crate::adapters::sql::{Answer, Dialect, Query, Row, Sql, Value, Work, taken_by_constraint};
use crate::ports::store::StoreError;

/// Statements through the pool, each for itself.
pub(super) struct Reader<'p>(pub(super) &'p PgPool);

impl Sql for Reader<'_> {
    fn run<'a>(&'a mut self, query: Query) -> Work<'a, Answer> {
        Box::pin(async move {
            let mut connection = self.0.acquire().await.map_err(|error| store_error(&error))?;
            run(&mut connection, query).await
        })
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }
}

/// Statements in a transaction.
pub(super) struct InTransaction<'c>(pub(super) &'c mut PgConnection);

impl Sql for InTransaction<'_> {
    fn run<'a>(&'a mut self, query: Query) -> Work<'a, Answer> {
        Box::pin(run(self.0, query))
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }
}

async fn run(connection: &mut PgConnection, query: Query) -> Result<Answer, StoreError> {
    let changes = !query.sql.starts_with("SELECT") && !query.sql.contains("RETURNING");
    // Pieces of our own text, and parameters: nothing from outside stands in the text.
    let mut statement = sqlx::query::<Postgres>(AssertSqlSafe(query.sql));
    for value in query.args {
        statement = bind(statement, value);
    }
    if changes {
        let done = statement.execute(connection).await.map_err(|error| store_error(&error))?;
        return Ok(Answer { rows: Vec::new(), affected: done.rows_affected() });
    }
    let rows = statement.fetch_all(connection).await.map_err(|error| store_error(&error))?;
    let rows = rows.iter().map(row).collect::<Result<Vec<_>, _>>().map_err(|error| store_error(&error))?;
    Ok(Answer { affected: rows.len() as u64, rows })
}

type Statement<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;

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

fn row(row: &PgRow) -> Result<Row, sqlx::Error> {
    let field = |at: usize| {
        let raw = row.try_get_raw(at)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        Ok(match raw.type_info().name() {
            "INT8" => Value::Int(Some(row.try_get(at)?)),
            "INT4" => Value::Int(Some(i64::from(row.try_get::<i32, _>(at)?))),
            "TEXT" => Value::Text(Some(row.try_get(at)?)),
            "UUID" => Value::Uuid(Some(row.try_get(at)?)),
            "BYTEA" => Value::Bytes(row.try_get(at)?),
            "BOOL" => Value::Bool(row.try_get(at)?),
            other => {
                let words = format!("column {} is of type {other}", row.column(at).name());
                return Err(sqlx::Error::Decode(words.into()));
            }
        })
    };
    (0..row.len()).map(field).collect::<Result<Vec<_>, _>>().map(Row::new)
}

/// What an error of the driver or the server means.
pub(super) fn store_error(error: &sqlx::Error) -> StoreError {
    let Some(told) = error.as_database_error() else { return StoreError::Unavailable(error.to_string()) };
    if let Some(taken) = told.constraint().and_then(taken_by_constraint) {
        return taken;
    }
    // Classes of SQLSTATE: a broken rule of the data; no room; data that is damaged.
    match told.code().as_deref().and_then(|code| code.get(..2)) {
        Some("23") => StoreError::Conflict(format!("a rule of the data forbids it ({})", told.message())),
        Some("53") => StoreError::Unavailable(format!("the database has no room ({})", told.message())),
        Some("XX") => StoreError::Corrupt(told.message().to_owned()),
        _ => StoreError::Unavailable(told.message().to_owned()),
    }
}
