//! Values on their way into and out of a database, the same for both.

use std::str::FromStr;

use uuid::Uuid;

use crate::domain::ids::AccountId;
use crate::domain::time::Timestamp;
use crate::ports::store::StoreError;

/// A parameter, or a field of a row. The types of absent parameters stand too: PostgreSQL asks for them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// An absent field of a row.
    Null,
    /// A number, or milliseconds.
    Int(Option<i64>),
    /// A text.
    Text(Option<String>),
    /// An id of the engine: 16 bytes on SQLite.
    Uuid(Option<Uuid>),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Yes or no: 1 or 0 on SQLite.
    Bool(bool),
}

/// What a statement answered.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Its rows.
    pub(crate) rows: Vec<Row>,
    /// Rows it changed.
    pub(crate) affected: u64,
}

impl Answer {
    /// Each row read by `read`.
    pub(crate) fn all<T>(self, read: impl FnMut(Row) -> Result<T, StoreError>) -> Result<Vec<T>, StoreError> {
        self.rows.into_iter().map(read).collect()
    }

    /// The first row, read by `read`.
    pub(crate) fn first<T>(self, read: impl FnOnce(Row) -> Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        self.rows.into_iter().next().map(read).transpose()
    }
}

/// A row, read from left to right.
#[derive(Debug)]
pub(crate) struct Row(std::vec::IntoIter<Value>);

impl Row {
    /// A row of these fields.
    pub(crate) fn new(fields: Vec<Value>) -> Self {
        Self(fields.into_iter())
    }

    fn next(&mut self) -> Result<Value, StoreError> {
        self.0.next().ok_or_else(|| StoreError::Corrupt("a row has too few columns".into()))
    }

    pub(crate) fn opt_int(&mut self) -> Result<Option<i64>, StoreError> {
        match self.next()? {
            Value::Int(number) => Ok(number),
            Value::Bool(yes) => Ok(Some(i64::from(yes))),
            Value::Null => Ok(None),
            other => Err(unexpected("a number", &other)),
        }
    }

    pub(crate) fn int(&mut self) -> Result<i64, StoreError> {
        self.opt_int()?.ok_or_else(|| unexpected("a number", &Value::Null))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, StoreError> {
        u32_of(self.int()?)
    }

    pub(crate) fn opt_u32(&mut self) -> Result<Option<u32>, StoreError> {
        self.opt_int()?.map(u32_of).transpose()
    }

    /// A number of all 64 bits, stored as if it had a sign.
    pub(crate) fn u64(&mut self) -> Result<u64, StoreError> {
        Ok(self.int()? as u64)
    }

    pub(crate) fn bool(&mut self) -> Result<bool, StoreError> {
        Ok(self.int()? != 0)
    }

    pub(crate) fn account(&mut self) -> Result<AccountId, StoreError> {
        self.int().map(AccountId)
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, StoreError> {
        self.int().map(Timestamp::from_millis)
    }

    pub(crate) fn opt_time(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.opt_int()?.map(Timestamp::from_millis))
    }

    pub(crate) fn opt_text(&mut self) -> Result<Option<String>, StoreError> {
        match self.next()? {
            Value::Text(text) => Ok(text),
            Value::Null => Ok(None),
            other => Err(unexpected("a text", &other)),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, StoreError> {
        self.opt_text()?.ok_or_else(|| unexpected("a text", &Value::Null))
    }

    /// A text that must have a form.
    pub(crate) fn parsed<T: FromStr>(&mut self) -> Result<T, StoreError> {
        let text = self.text()?;
        text.parse().map_err(|_| StoreError::Corrupt(format!("{text:?} is not an id")))
    }

    pub(crate) fn opt_parsed<T: FromStr>(&mut self) -> Result<Option<T>, StoreError> {
        let text = self.opt_text()?;
        text.map(|text| text.parse().map_err(|_| StoreError::Corrupt(format!("{text:?} is not an id")))).transpose()
    }

    /// A text that is one of a few names.
    pub(crate) fn named<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, StoreError> {
        let text = self.text()?;
        parse(&text).ok_or_else(|| StoreError::Corrupt(format!("{text:?} is not a known name")))
    }

    /// A text that is JSON.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        serde_json::from_str(&self.text()?).map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    pub(crate) fn opt_uuid(&mut self) -> Result<Option<Uuid>, StoreError> {
        match self.next()? {
            Value::Uuid(id) => Ok(id),
            Value::Null => Ok(None),
            Value::Bytes(bytes) => match Uuid::from_slice(&bytes) {
                Ok(id) => Ok(Some(id)),
                Err(_) => Err(unexpected("16 bytes", &Value::Bytes(bytes))),
            },
            other => Err(unexpected("an id", &other)),
        }
    }

    pub(crate) fn uuid(&mut self) -> Result<Uuid, StoreError> {
        self.opt_uuid()?.ok_or_else(|| unexpected("an id", &Value::Null))
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        match self.next()? {
            Value::Bytes(bytes) => Ok(bytes),
            other => Err(unexpected("bytes", &other)),
        }
    }

    pub(crate) fn bytes32(&mut self) -> Result<[u8; 32], StoreError> {
        self.bytes()?.try_into().map_err(|bytes| unexpected("32 bytes", &Value::Bytes(bytes)))
    }
}

/// A value as the JSON text that [`Row::json`] reads.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn u32_of(number: i64) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|_| StoreError::Corrupt(format!("{number} is out of range")))
}

fn unexpected(wanted: &str, found: &Value) -> StoreError {
    let found = match found {
        Value::Null => "nothing",
        Value::Int(_) | Value::Bool(_) => "a number",
        Value::Text(_) => "a text",
        Value::Uuid(_) => "an id",
        Value::Bytes(_) => "bytes",
    };
    StoreError::Corrupt(format!("a column should hold {wanted}, and holds {found}"))
}

macro_rules! value_from {
    ($($from:ty => |$it:ident| $value:expr;)+) => {
        $(impl From<$from> for Value {
            fn from($it: $from) -> Self {
                $value
            }
        })+
    };
}

value_from! {
    i64 => |it| Value::Int(Some(it));
    u32 => |it| Value::Int(Some(i64::from(it)));
    // The bits stay; the sign is nobody's business.
    u64 => |it| Value::Int(Some(it as i64));
    Option<u32> => |it| Value::Int(it.map(i64::from));
    AccountId => |it| Value::Int(Some(it.0));
    Timestamp => |it| Value::Int(Some(it.millis()));
    Option<Timestamp> => |it| Value::Int(it.map(Timestamp::millis));
    &str => |it| Value::Text(Some(it.to_owned()));
    String => |it| Value::Text(Some(it));
    Option<String> => |it| Value::Text(it);
    Uuid => |it| Value::Uuid(Some(it));
    Option<Uuid> => |it| Value::Uuid(it);
    &[u8] => |it| Value::Bytes(it.to_vec());
    bool => |it| Value::Bool(it);
}
