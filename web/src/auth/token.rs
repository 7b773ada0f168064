//! Tokens and keys. A browser's session token is 32 random bytes; the store keeps its digest only, and the CSRF
//! token is drawn from it, so that neither can be read out of a stolen database.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::config::Secret;

/// A browser session's token, as its cookie bears it.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken([u8; 32]);

impl SessionToken {
    /// A new one.
    ///
    /// # Errors
    /// The operating system gives no random bytes.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// One that was drawn from secrets, so that it can be drawn again.
    pub fn of(drawn: [u8; 32]) -> Self {
        Self(drawn)
    }

    /// Reads a cookie's value.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The cookie's value.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What the store knows the session by.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// The CSRF token that belongs to it: always the same, so that every window can be given it again.
    pub fn csrf(&self) -> CsrfToken {
        CsrfToken(mac(&self.0, b"csrf"))
    }
}

/// What unsafe requests of a browser must bear, in a header that foreign pages cannot set.
#[derive(Clone)]
pub struct CsrfToken([u8; 32]);

impl CsrfToken {
    /// The header's value.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What the store keeps of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// Whether a header's value is the token of that digest.
    pub fn matches(text: &str, hash: &[u8; 32]) -> bool {
        let digest = URL_SAFE_NO_PAD.decode(text).map(|bytes| <[u8; 32]>::from(Sha256::digest(bytes)));
        digest.is_ok_and(|digest| digest.ct_eq(hash).into())
    }
}

/// Keys drawn from the installation's secret, one for each use, so that no use can be played off against another.
#[derive(Clone)]
pub struct Keys(Secret);

impl Keys {
    /// From that secret.
    pub fn new(secret: Secret) -> Self {
        Self(secret)
    }

    /// The key of one use.
    pub fn key(&self, purpose: &str) -> [u8; 32] {
        mac(self.0.bytes(), purpose.as_bytes())
    }

    /// Bytes of one use that belong to these parts, and that nobody can tell who has only the parts.
    pub fn drawn(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut text = Vec::new();
        for part in parts {
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part);
        }
        mac(&self.key(purpose), &text)
    }
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    #[expect(clippy::unwrap_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_csrf_token_belongs_to_one_session() {
        let (one, other) = (SessionToken::random().unwrap(), SessionToken::random().unwrap());
        assert!(CsrfToken::matches(&one.csrf().text(), &one.csrf().hash()));
        assert!(!CsrfToken::matches(&other.csrf().text(), &one.csrf().hash()));
        assert!(!CsrfToken::matches("", &one.csrf().hash()) && !CsrfToken::matches("no base64!", &one.csrf().hash()));
        assert!(SessionToken::parse(&one.text()).unwrap() == one);
        assert!(SessionToken::parse("short").is_none());
    }

    #[test]
    fn each_use_has_a_key_of_its_own() {
        let keys = Keys::new(Secret::new(vec![7; 32]));
        assert_ne!(keys.key("visitor"), keys.key("files"));
        assert_eq!(keys.key("visitor"), keys.key("visitor"));
        assert_ne!(keys.drawn("use", &[b"ab", b"c"]), keys.drawn("use", &[b"a", b"bc"]));
        assert_ne!(keys.drawn("use", &[b"a"]), keys.drawn("other", &[b"a"]));
    }
}
