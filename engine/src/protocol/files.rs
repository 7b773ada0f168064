//! The files of a message. None are taken yet: a message that names some is refused, for without them it would not be
//! what was meant.

use serde::de::{Deserializer, Error, IgnoredAny};
use serde::{Deserialize, Serialize};

/// `files` of a `say`: absent, `null` or an empty list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct NoFiles;

impl<'de> Deserialize<'de> for NoFiles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Option::<Vec<IgnoredAny>>::deserialize(deserializer)? {
            Some(files) if !files.is_empty() => Err(D::Error::custom("files are not taken yet: send the text alone")),
            _ => Ok(Self),
        }
    }
}
