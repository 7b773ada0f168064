//! Which colleague asks for an operator, and why, as one column.

use crate::ports::offers::AskedRow;
use crate::ports::store::StoreError;

/// The column of an offer that a colleague asked for.
pub(crate) fn text(asked: Option<&AskedRow>) -> Option<String> {
    asked.and_then(|asked| serde_json::to_string(asked).ok())
}

/// What the column says.
pub(super) fn parse(text: Option<String>) -> Result<Option<AskedRow>, StoreError> {
    let read = |text: String| serde_json::from_str(&text).map_err(|error| StoreError::Corrupt(error.to_string()));
    text.map(read).transpose()
}
