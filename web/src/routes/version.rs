//! Versions of what people set up, so that two who change the same thing do not overwrite each other unseen. A version
//! is a digest of what is shown: whoever names one in `If-Match` changes exactly what they have seen.

use std::ops::Deref;

use actix_web::HttpRequest;
use actix_web::http::header::IF_MATCH;
use engine::protocol::error::{Failure, Why};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::Problem;

/// What is shown of a thing, with its version.
#[derive(Debug, Serialize)]
pub struct Versioned<T> {
    #[serde(flatten)]
    view: T,
    version: u64,
}

impl<T: Serialize> Versioned<T> {
    /// With the version it has as it is.
    pub fn of(view: T) -> Self {
        let version = version(&view);
        Self { view, version }
    }
}

impl<T> Deref for Versioned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.view
    }
}

/// The version that a client has seen; none: any will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known(Option<u64>);

impl Known {
    /// From `If-Match`: a version, in quotes or without, or `*`.
    ///
    /// # Errors
    /// `invalid`: something else.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let Some(header) = request.headers().get(IF_MATCH) else { return Ok(Self(None)) };
        let text = header.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        let version = bare.parse().map_err(|_| Failure::invalid("If-Match", "expected a version in quotes, or *"))?;
        Ok(Self(Some(version)))
    }

    /// # Errors
    /// `conflict`, `why: changed`: the thing is not as it was seen.
    pub fn admits<T: Serialize>(self, view: &T) -> Result<(), Problem> {
        match self.0 {
            Some(known) if known != version(view) => Err(changed()),
            _ => Ok(()),
        }
    }

    /// Reads a thing, changes it, and writes it if nobody else did meanwhile. Whoever named no version changes what
    /// is there, also when it has just changed. What stays the same is not written.
    ///
    /// # Errors
    /// Those of what is called; `conflict`, `why: changed`.
    pub async fn change<T: PartialEq + Clone, V: Serialize>(
        self,
        find: impl AsyncFn() -> Result<T, Problem>,
        view: impl Fn(&T) -> V,
        apply: impl Fn(T) -> Result<T, Problem>,
        swap: impl AsyncFn(&T, &T) -> Result<bool, Problem>,
    ) -> Result<T, Problem> {
        for _ in 0..TRIES {
            let before = find().await?;
            self.admits(&view(&before))?;
            let after = apply(before.clone())?;
            if after == before || swap(&before, &after).await? {
                return Ok(after);
            }
        }
        Err(changed())
    }
}

/// So often a change is tried whose thing changes meanwhile: more at once are a flood, not people.
const TRIES: usize = 5;
/// Whole numbers up to this are exact in every browser.
const VERSION_BITS: u32 = 53;

fn version<T: Serialize>(view: &T) -> u64 {
    let text = serde_json::to_vec(view).unwrap_or_default();
    let digest: [u8; 32] = Sha256::digest(text).into();
    digest[..8].iter().fold(0, |value, byte| value << 8 | u64::from(*byte)) >> (u64::BITS - VERSION_BITS)
}

fn changed() -> Problem {
    Failure::conflict(Why::Changed, "somebody else has changed it meanwhile: look at it again").into()
}
