//! Passwords: their form, and their Argon2id hashes, made on the blocking pool and a few at once, because each takes
//! 19 MiB and a good part of a core.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use engine::domain::limits::{
    HASHES_AT_ONCE, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, SIGN_IN_RETRY_AFTER, SIGN_INS_WAITING_MAX,
};
use engine::protocol::error::{Code, Failure};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::Problem;

/// Memory of one hash in KiB, passes over it, and lanes.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// Hashes passwords and compares them.
#[derive(Clone)]
pub struct Passwords {
    inner: Arc<Inner>,
}

struct Inner {
    turns: Semaphore,
    waiting: AtomicUsize,
    /// The hash of a password nobody knows: what an unknown address is compared with, so that it costs the same.
    nobody: String,
}

/// The right to hash, one at a time.
pub struct Turn<'a> {
    passwords: &'a Passwords,
    _permit: SemaphorePermit<'a>,
}

impl Passwords {
    /// Makes the hash of nobody's password: some 20 ms.
    ///
    /// # Errors
    /// The operating system gives no random bytes.
    pub fn new() -> Result<Self, HashError> {
        let mut unknown = [0; 32];
        getrandom::fill(&mut unknown).map_err(|error| HashError(error.to_string()))?;
        let (turns, waiting) = (Semaphore::new(HASHES_AT_ONCE), AtomicUsize::new(0));
        Ok(Self { inner: Arc::new(Inner { turns, waiting, nobody: hash_bytes(&unknown)? }) })
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// `rate_limited` when too many wait already.
    pub async fn turn(&self) -> Result<Turn<'_>, Problem> {
        let place = Place::take(&self.inner.waiting);
        if place.before >= SIGN_INS_WAITING_MAX {
            return Err(Problem::rate_limited(SIGN_IN_RETRY_AFTER, "too many people sign in at this moment"));
        }
        let permit = self.inner.turns.acquire().await.map_err(|_| fault("the server stops"))?;
        Ok(Turn { passwords: self, _permit: permit })
    }
}

impl Turn<'_> {
    /// Hashes a password.
    ///
    /// # Errors
    /// A fault of the server.
    pub async fn hash(&self, password: String) -> Result<String, Problem> {
        blocking(move || hash(&password)).await?.map_err(fault)
    }

    /// Draws bytes from a password as slowly as it is hashed: for what is known by a quick digest afterwards.
    ///
    /// # Errors
    /// A fault of the server.
    pub async fn drawn(&self, password: String, salt: [u8; 32]) -> Result<[u8; 32], Problem> {
        blocking(move || drawn(&password, &salt)).await?.map_err(fault)
    }

    /// Whether it is the password of that hash; with none, never, after the same time.
    ///
    /// # Errors
    /// A fault of the server.
    pub async fn fits(&self, password: String, hash: Option<String>) -> Result<bool, Problem> {
        let nobody = hash.is_none();
        let hash = hash.unwrap_or_else(|| self.passwords.inner.nobody.clone());
        let fits = blocking(move || fits(&password, &hash)).await?;
        Ok(fits && !nobody)
    }
}

/// Hashes a password on this thread: for the command line and for tests.
///
/// # Errors
/// The operating system gives no random bytes.
pub fn hash(password: &str) -> Result<String, HashError> {
    hash_bytes(password.as_bytes())
}

/// A password of the right form.
///
/// # Errors
/// `invalid` with the field, when it is too short or too long.
pub fn checked(field: &'static str, password: &str) -> Result<String, Failure> {
    let chars = password.chars().count();
    if (PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&chars) {
        return Ok(password.to_owned());
    }
    Err(Failure::invalid(field, format!("must have {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters")))
}

/// No hash could be made.
#[derive(Debug, Clone, thiserror::Error)]
#[error("no password could be hashed: {0}")]
pub struct HashError(String);

fn hash_bytes(password: &[u8]) -> Result<String, HashError> {
    let hash = argon().and_then(|argon| argon.hash_password(password).map_err(|error| HashError(error.to_string())));
    hash.map(|hash| hash.to_string())
}

fn drawn(password: &str, salt: &[u8; 32]) -> Result<[u8; 32], HashError> {
    let mut drawn = [0; 32];
    let done = argon()?.hash_password_into(password.as_bytes(), salt, &mut drawn);
    done.map(|()| drawn).map_err(|error| HashError(error.to_string()))
}

pub(crate) fn fits(password: &str, hash: &str) -> bool {
    argon().is_ok_and(|argon| argon.verify_password(password.as_bytes(), hash).is_ok())
}

fn argon() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(COST.0, COST.1, COST.2, None).map_err(|error| HashError(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(fault)
}

fn fault(error: impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "a password could not be hashed");
    Failure::new(Code::Internal, "a fault of the server; it was written to the log").into()
}

struct Place<'a> {
    waiting: &'a AtomicUsize,
    before: usize,
}

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Self {
        Self { waiting, before: waiting.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn only_the_right_password_fits_its_hash() {
        let passwords = Passwords::new().unwrap();
        let turn = passwords.turn().await.unwrap();
        let hash = turn.hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(turn.fits("correct horse".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!turn.fits("correct horsf".to_owned(), Some(hash)).await.unwrap());
        assert!(!turn.fits("correct horse".to_owned(), None).await.unwrap());
    }

    #[actix_web::test]
    async fn a_flood_of_sign_ins_is_turned_away_instead_of_piling_up() {
        let passwords = Passwords::new().unwrap();
        let first: Vec<_> =
            futures_util::future::try_join_all((0..HASHES_AT_ONCE).map(|_| passwords.turn())).await.unwrap();
        let waiting: Vec<_> = (0..SIGN_INS_WAITING_MAX).map(|_| Box::pin(passwords.turn())).collect();
        let flood = async {
            let refused = passwords.turn().await.err().unwrap();
            assert_eq!(refused.failure.code, Code::RateLimited);
            drop(first);
        };
        let all = futures_util::future::join_all(waiting.into_iter().map(|turn| async move { turn.await.map(drop) }));
        let (answers, ()) = futures_util::future::join(all, flood).await;
        assert!(answers.iter().all(Result::is_ok), "those who waited are served");
        assert!(passwords.turn().await.is_ok());
    }

    #[test]
    fn a_password_has_a_length_and_nothing_else_is_asked_of_it() {
        assert_eq!(checked("password", "123456789").unwrap_err().field.as_deref(), Some("password"));
        assert!(checked("password", "ääääääääää").is_ok());
        assert!(checked("password", &"x".repeat(PASSWORD_CHARS_MAX + 1)).is_err());
    }
}
