//! Identities as a site's own server signs them.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};

/// A secret that a site and the server under test have in common.
pub const SECRET: &str = "the-shop-signs-with-this-secret-of-its-own";

/// A token for that subject at the demo, good for an hour, under the name of a key.
pub fn signed(secret: &str, key: &str, subject: &str) -> String {
    signed_claims(secret, key, &json!({ "sub": subject, "exp": seconds_from_now(3_600), "aud": "demo" }))
}

/// A token that says this.
pub fn signed_claims(secret: &str, key: &str, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let said = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT", "kid": key })), part(claims));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), said.as_bytes());
    format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A moment as tokens have it.
pub fn seconds_from_now(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(now).unwrap_or(i64::MAX).saturating_add(seconds)
}
