//! Fields of a change: absent leaves a value as it is, and `null` is a value of its own where there is one.

use engine::domain::limits::OPERATOR_LIMIT_MAX;
use engine::protocol::error::Failure;
use serde::{Deserialize, Deserializer};

/// For `#[serde(default, deserialize_with = "given")]`: the outer `Option` tells whether the field is there.
///
/// # Errors
/// The value is of the wrong form.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A limit: none is unlimited, 0 gets none.
///
/// # Errors
/// `invalid`: far beyond what a person can hold.
pub fn limit(limit: Option<u32>) -> Result<Option<u32>, Failure> {
    if limit.is_some_and(|limit| limit > OPERATOR_LIMIT_MAX) {
        let words = format!("expected null for unlimited, or a number from 0 to {OPERATOR_LIMIT_MAX}");
        return Err(Failure::invalid("limit", words));
    }
    Ok(limit)
}
