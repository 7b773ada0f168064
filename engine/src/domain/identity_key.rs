//! The keys by which a brand's own server vouches for its visitors. A brand may have several at a time, so that one can
//! take over from another. What they are made of is told to nobody again.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::group::BadSetting;
use crate::domain::limits::{
    IDENTITY_KEY_BYTES_MAX, IDENTITY_KEY_NAME_CHARS_MAX, IDENTITY_KEYS_MAX, IDENTITY_SECRET_BYTES_MIN,
};
use crate::domain::time::Timestamp;

/// How a key signs. It stands with the key: what a token says of itself is compared with it, and never believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyAlgorithm {
    /// A secret that both sides have.
    #[serde(rename = "HS256")]
    Hs256,
    /// The public part of an RSA key, as PEM.
    #[serde(rename = "RS256")]
    Rs256,
    /// The public part of a key on the curve P-256, as PEM.
    #[serde(rename = "ES256")]
    Es256,
}

/// What a key is made of: a secret as it is, or a public key as PEM. It never shows in a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyMaterial(String);

impl KeyMaterial {
    /// From what an administrator gave.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it was given.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The bytes a signature is checked with.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyMaterial")
    }
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityKey {
    /// Its name in the brand: what tokens bear as `kid`.
    pub id: String,
    /// How it signs.
    pub algorithm: KeyAlgorithm,
    /// What it is made of.
    pub material: KeyMaterial,
    /// Since when it counts.
    pub created_at: Timestamp,
}

/// Whether a brand may have these keys, as far as that can be said without reading them.
///
/// # Errors
/// The first that cannot be.
pub fn check(keys: &[IdentityKey]) -> Result<(), BadSetting> {
    if keys.len() > IDENTITY_KEYS_MAX {
        return Err(BadSetting::new("identity_keys", format!("at most {IDENTITY_KEYS_MAX} keys")));
    }
    for (at, key) in keys.iter().enumerate() {
        let field = |name: &str| format!("identity_keys.{at}.{name}");
        if !is_name(&key.id) {
            let words = format!("1 to {IDENTITY_KEY_NAME_CHARS_MAX} of A-Z a-z 0-9 _ - .");
            return Err(BadSetting::new(field("id"), words));
        }
        if keys[..at].iter().any(|other| other.id == key.id) {
            return Err(BadSetting::new(field("id"), "each key once"));
        }
        let bytes = key.material.bytes().len();
        if key.algorithm == KeyAlgorithm::Hs256 && bytes < IDENTITY_SECRET_BYTES_MIN {
            return Err(BadSetting::new(
                field("key"),
                format!("a secret of at least {IDENTITY_SECRET_BYTES_MIN} bytes"),
            ));
        }
        if bytes > IDENTITY_KEY_BYTES_MAX {
            return Err(BadSetting::new(field("key"), format!("at most {IDENTITY_KEY_BYTES_MAX} bytes")));
        }
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (1..=IDENTITY_KEY_NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, material: &str) -> IdentityKey {
        IdentityKey {
            id: id.to_owned(),
            algorithm: KeyAlgorithm::Hs256,
            material: KeyMaterial::new(material),
            created_at: Timestamp::from_millis(1),
        }
    }

    #[test]
    fn keys_that_cannot_be_are_named() {
        let secret = "s".repeat(IDENTITY_SECRET_BYTES_MIN);
        let field = |keys: &[IdentityKey]| check(keys).unwrap_err().field;
        assert_eq!(check(&[key("2026.a", &secret), key("2026.b", &secret)]), Ok(()));
        assert_eq!(field(&[key("2026.a", &secret), key("my key", &secret)]), "identity_keys.1.id");
        assert_eq!(field(&[key("a", &secret), key("a", &secret)]), "identity_keys.1.id");
        assert_eq!(field(&[key("a", &secret[1..])]), "identity_keys.0.key");
        assert_eq!(field(&[key("a", &"s".repeat(IDENTITY_KEY_BYTES_MAX + 1))]), "identity_keys.0.key");
        let many: Vec<_> = (0..=IDENTITY_KEYS_MAX).map(|n| key(&n.to_string(), &secret)).collect();
        assert_eq!(field(&many), "identity_keys");
    }

    #[test]
    fn what_a_key_is_made_of_stands_in_no_log() {
        let shown = format!("{:?}", key("a", "a secret that is long enough to be one"));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
