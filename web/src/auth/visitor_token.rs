//! A visitor's token: who the visitor is, signed by the installation, verified without the store. That of somebody who
//! came with an identity is bound to its subject: it is good only together with one for the same.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::domain::identity::Subject;
use engine::domain::ids::{AccountId, BrandId, VisitorId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::auth::token::Keys;

/// Bytes of the account and of the visitor.
const WHO: usize = 8 + 16;
/// Bytes of a bound subject, and of the signature: half of a SHA-256 each, as RFC 2104 section 5 allows.
const HALF: usize = 16;

/// The subject that a token is bound to, as a keyed digest: the token stands in browsers, and nobody finds out by trying
/// whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound([u8; HALF]);

impl Bound {
    /// To somebody whom that brand's server knows by that name.
    pub fn to(keys: &Keys, brand: &BrandId, subject: &Subject) -> Self {
        // Nought is in no brand's key: no other pair reads the same.
        let said = [brand.as_str().as_bytes(), &[0], subject.as_str().as_bytes()].concat();
        let digest = mac(keys, "subject", &said).finalize().into_bytes();
        let mut half = [0; HALF];
        half.copy_from_slice(&digest[..HALF]);
        Self(half)
    }
}

/// A token for a visitor of an account.
pub fn sign(keys: &Keys, account: AccountId, visitor: VisitorId, bound: Option<Bound>) -> String {
    let mut bytes = Vec::with_capacity(WHO + 2 * HALF);
    bytes.extend(account.0.to_be_bytes());
    bytes.extend(visitor.0.as_bytes());
    bytes.extend(bound.iter().flat_map(|bound| bound.0));
    let signature = mac(keys, "visitor", &bytes).finalize().into_bytes();
    bytes.extend(&signature[..HALF]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The visitor of a token, and what it is bound to; `None` when it was not signed here, or for another account.
pub fn verify(keys: &Keys, account: AccountId, token: &str) -> Option<(VisitorId, Option<Bound>)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (said, signature) = bytes.split_at_checked(bytes.len().checked_sub(HALF)?)?;
    let (who, rest) = said.split_at_checked(WHO)?;
    let bound = match rest {
        [] => None,
        subject => Some(Bound(subject.try_into().ok()?)),
    };
    mac(keys, "visitor", said).verify_truncated_left(signature).ok()?;
    let of: [u8; 8] = who[..8].try_into().ok()?;
    (AccountId(i64::from_be_bytes(of)) == account).then_some(())?;
    Some((Uuid::from_slice(&who[8..]).ok().map(VisitorId)?, bound))
}

fn mac(keys: &Keys, purpose: &str, bytes: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::unwrap_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(&keys.key(purpose)).unwrap();
    mac.update(bytes);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn bound(brand: &str, subject: &str) -> Bound {
        Bound::to(&Keys::new(Secret::new(vec![1; 32])), &brand.parse().unwrap(), &subject.parse().unwrap())
    }

    #[test]
    fn a_token_is_good_for_its_visitor_and_account_and_nothing_else() {
        let keys = Keys::new(Secret::new(vec![1; 32]));
        let visitor = VisitorId(Uuid::from_u128(42));
        for to in [None, Some(bound("shop", "7"))] {
            let token = sign(&keys, AccountId(7), visitor, to);
            assert_eq!(verify(&keys, AccountId(7), &token), Some((visitor, to)));
            assert_eq!(verify(&keys, AccountId(8), &token), None);
            assert_eq!(verify(&Keys::new(Secret::new(vec![2; 32])), AccountId(7), &token), None);
            let mut bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
            for at in 0..bytes.len() {
                bytes[at] ^= 1;
                assert_eq!(verify(&keys, AccountId(7), &URL_SAFE_NO_PAD.encode(&bytes)), None, "byte {at}");
                bytes[at] ^= 1;
            }
            for length in 0..bytes.len() {
                assert_eq!(
                    verify(&keys, AccountId(7), &URL_SAFE_NO_PAD.encode(&bytes[..length])),
                    None,
                    "{length} bytes"
                );
            }
            // Nobody unbinds a token, or binds it to somebody else, by moving its parts.
            let unbound = [&bytes[..WHO], &bytes[bytes.len() - HALF..]].concat();
            let moved = [&bytes[..WHO], &bytes[bytes.len() - HALF..], &bytes[bytes.len() - HALF..]].concat();
            for forged in [unbound, moved].iter().filter(|forged| **forged != bytes) {
                assert_eq!(verify(&keys, AccountId(7), &URL_SAFE_NO_PAD.encode(forged)), None);
            }
        }
    }

    #[test]
    fn a_token_is_bound_to_one_name_at_one_brand() {
        assert_eq!(bound("shop", "7"), bound("shop", "7"));
        assert_ne!(bound("shop", "7"), bound("shop", "8"));
        assert_ne!(bound("shop", "7"), bound("outlet", "7"));
        assert_ne!(bound("shop", "x7"), bound("shopx", "7"));
    }
}
