//! A statement with its parameters. Texts are ours alone: what comes from outside is always a parameter.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::adapters::sql::value::Value;

/// A statement, and what stands for `$1`, `$2` …
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) args: Vec<Value>,
}

impl Query {
    /// A statement.
    pub(crate) fn new(sql: &'static str) -> Self {
        Self { sql: Cow::Borrowed(sql), args: Vec::new() }
    }

    /// Gives the next parameter its value.
    pub(crate) fn arg(mut self, value: impl Into<Value>) -> Self {
        self.args.push(value.into());
        self
    }

    /// Goes on with a piece of our own text.
    pub(crate) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.to_mut().push_str(sql);
        self
    }

    /// Goes on with a new parameter.
    pub(crate) fn push_arg(&mut self, value: impl Into<Value>) -> &mut Self {
        self.args.push(value.into());
        // Writing to a String cannot fail.
        let _ = write!(self.sql.to_mut(), "${}", self.args.len());
        self
    }

    /// Goes on with `(` new parameters `)`; with `(NULL)`, which holds nothing, when there are none.
    pub(crate) fn push_list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        self.push("(");
        let mut none = true;
        for value in values {
            if !none {
                self.push(", ");
            }
            none = false;
            self.push_arg(value);
        }
        self.push(if none { "NULL)" } else { ")" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_in_the_order_in_which_they_are_written() {
        let mut query = Query::new("SELECT x FROM t WHERE a = $1").arg(7_i64);
        query.push(" AND b IN ").push_list(["p", "q"]).push(" AND c = ").push_arg(true);
        assert_eq!(query.sql, "SELECT x FROM t WHERE a = $1 AND b IN ($2, $3) AND c = $4");
        assert_eq!(query.args.len(), 4);
        let mut empty = Query::new("SELECT 1 WHERE 1 IN ");
        empty.push_list(Vec::<i64>::new());
        assert_eq!(empty.sql, "SELECT 1 WHERE 1 IN (NULL)");
    }
}
