//! Identities that a brand's own server has signed: JSON Web Tokens, checked against the keys of the brand. How a key
//! signs is known from the key alone; what a token says of itself may only agree with it.

mod crypto;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engine::domain::identity::Signed;
use engine::domain::identity_key::{IdentityKey, KeyAlgorithm};
use engine::domain::limits::{IDENTITY_BYTES_MAX, IDENTITY_LEEWAY};
use engine::domain::urgency::readable_variables;
use engine::ports::staff::Brand;
use engine::protocol::error::{Code, Failure};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

/// Why an identity is not accepted. The words say what the site's server has to mend, and nothing of its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Longer than any that is meant well.
    #[error("it is longer than {IDENTITY_BYTES_MAX} bytes")]
    TooLarge,
    /// Not a token at all, or of fields of the wrong form.
    #[error("it is not a JSON Web Token with sub, exp and aud")]
    Malformed,
    /// The brand has no keys, or none of the name that the token bears.
    #[error("the brand has no key of that kid")]
    UnknownKey,
    /// Signed in another way than the key signs, or not at all.
    #[error("it is not signed by the algorithm of the key")]
    Algorithm,
    /// Signed by somebody else, or changed since.
    #[error("the signature is wrong")]
    Signature,
    /// Over.
    #[error("it has expired")]
    Expired,
    /// Not yet good.
    #[error("it is not yet good")]
    Early,
    /// Made for somebody else, or for whoever gets hold of it.
    #[error("its aud is not the brand's key")]
    Audience,
    /// The name is not of the right form.
    #[error("its sub is not of the right form")]
    Subject,
    /// What it says of the visitor is not of the right form.
    #[error("its variables are not an object of names and values")]
    Variables,
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self {
            field: Some("identity".to_owned()),
            ..Self::new(Code::Unauthorized, format!("the identity is not accepted: {refused}"))
        }
    }
}

/// What the brand's server says of whoever bears the token.
///
/// # Errors
/// See [`Refused`].
pub fn verify(brand: &Brand, token: &str) -> Result<Signed, Refused> {
    if token.len() > IDENTITY_BYTES_MAX {
        return Err(Refused::TooLarge);
    }
    let named = decode_header(token).map_err(|error| refused(&error))?.kid;
    let candidates = brand.identity_keys.iter().filter(|key| named.as_ref().is_none_or(|named| *named == key.id));
    let mut best = Refused::UnknownKey;
    for key in candidates {
        match by_key(brand, key, token) {
            Ok(signed) => return Ok(signed),
            // Of several keys the one that fits the signature tells what else is wrong.
            Err(other) if best == Refused::UnknownKey || best == Refused::Algorithm || best == Refused::Signature => {
                best = other;
            }
            Err(_) => {}
        }
    }
    Err(best)
}

/// Whether signatures can be checked with the key, and it is none that its owner should have kept.
pub fn is_usable(key: &IdentityKey) -> bool {
    let is_public = match key.algorithm {
        KeyAlgorithm::Hs256 => true,
        KeyAlgorithm::Rs256 => labelled(key, &["PUBLIC KEY", "RSA PUBLIC KEY"]),
        KeyAlgorithm::Es256 => labelled(key, &["PUBLIC KEY"]) && der(key).is_some_and(|der| der.starts_with(P256)),
    };
    is_public && decoding_key(key).is_some_and(|(_, key)| crypto::is_usable(&key))
}

/// What stands before the point of a public key on P-256 (RFC 5480, section 2.1.1.1): of another curve it may be as long.
const P256: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

fn labelled(key: &IdentityKey, labels: &[&str]) -> bool {
    let first = key.material.text().trim_start().lines().next().unwrap_or_default().trim_end();
    let label = first.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----"));
    label.is_some_and(|label| labels.contains(&label))
}

fn der(key: &IdentityKey) -> Option<Vec<u8>> {
    let lines = key.material.text().lines().map(str::trim).filter(|line| !line.starts_with('-'));
    STANDARD.decode(lines.collect::<String>()).ok()
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    /// Looked at by ourselves, so that the fault is named.
    #[serde(default)]
    variables: Value,
}

fn by_key(brand: &Brand, key: &IdentityKey, token: &str) -> Result<Signed, Refused> {
    crypto::install();
    let (algorithm, decoding) = decoding_key(key).ok_or(Refused::UnknownKey)?;
    let mut wanted = Validation::new(algorithm);
    wanted.set_required_spec_claims(&["exp", "sub", "aud"]);
    wanted.set_audience(&[brand.id.as_str()]);
    wanted.validate_nbf = true;
    wanted.leeway = IDENTITY_LEEWAY.as_secs();
    let claims = decode::<Claims>(token, &decoding, &wanted).map_err(|error| refused(&error))?.claims;
    let subject = claims.sub.parse().map_err(|_| Refused::Subject)?;
    let variables = match claims.variables {
        Value::Null => Default::default(),
        Value::Object(written) => readable_variables(&written.into_iter().collect()),
        _ => return Err(Refused::Variables),
    };
    Ok(Signed { subject, variables })
}

fn decoding_key(key: &IdentityKey) -> Option<(Algorithm, DecodingKey)> {
    let bytes = key.material.bytes();
    match key.algorithm {
        KeyAlgorithm::Hs256 => Some((Algorithm::HS256, DecodingKey::from_secret(bytes))),
        KeyAlgorithm::Rs256 => Some((Algorithm::RS256, DecodingKey::from_rsa_pem(bytes).ok()?)),
        KeyAlgorithm::Es256 => Some((Algorithm::ES256, DecodingKey::from_ec_pem(bytes).ok()?)),
    }
}

fn refused(error: &Error) -> Refused {
    match error.kind() {
        ErrorKind::InvalidSignature => Refused::Signature,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName | ErrorKind::MissingAlgorithm => {
            Refused::Algorithm
        }
        ErrorKind::ExpiredSignature => Refused::Expired,
        ErrorKind::ImmatureSignature => Refused::Early,
        ErrorKind::InvalidAudience => Refused::Audience,
        ErrorKind::MissingRequiredClaim(claim) if claim == "aud" => Refused::Audience,
        _ => Refused::Malformed,
    }
}

#[cfg(test)]
mod tests;
