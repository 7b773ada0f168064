//! A visitor's token: who the visitor is, signed by the installation, verified without the store.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::domain::ids::{AccountId, VisitorId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::auth::token::Keys;

/// Bytes of the account, of the visitor, and of the signature: half of a SHA-256, as RFC 2104 section 5 allows.
const LENGTH: usize = 8 + 16 + 16;

/// A token for a visitor of an account.
pub fn sign(keys: &Keys, account: AccountId, visitor: VisitorId) -> String {
    let mut bytes = [0; LENGTH];
    bytes[..8].copy_from_slice(&account.0.to_be_bytes());
    bytes[8..24].copy_from_slice(visitor.0.as_bytes());
    let signature = mac(keys, &bytes[..24]).finalize().into_bytes();
    bytes[24..].copy_from_slice(&signature[..16]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The visitor of a token; `None` when it was not signed here, or for another account.
pub fn verify(keys: &Keys, account: AccountId, token: &str) -> Option<VisitorId> {
    let bytes: [u8; LENGTH] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
    mac(keys, &bytes[..24]).verify_truncated_left(&bytes[24..]).ok()?;
    let of: [u8; 8] = bytes[..8].try_into().ok()?;
    (AccountId(i64::from_be_bytes(of)) == account).then_some(())?;
    Uuid::from_slice(&bytes[8..24]).ok().map(VisitorId)
}

fn mac(keys: &Keys, bytes: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::unwrap_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(&keys.key("visitor")).unwrap();
    mac.update(bytes);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[test]
    fn a_token_is_good_for_its_visitor_and_account_and_nothing_else() {
        let keys = Keys::new(Secret::new(vec![1; 32]));
        let visitor = VisitorId(Uuid::from_u128(42));
        let token = sign(&keys, AccountId(7), visitor);
        assert_eq!(verify(&keys, AccountId(7), &token), Some(visitor));
        assert_eq!(verify(&keys, AccountId(8), &token), None);
        assert_eq!(verify(&Keys::new(Secret::new(vec![2; 32])), AccountId(7), &token), None);
        let mut bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            assert_eq!(verify(&keys, AccountId(7), &URL_SAFE_NO_PAD.encode(&bytes)), None, "byte {at}");
            bytes[at] ^= 1;
        }
        assert_eq!(verify(&keys, AccountId(7), ""), None);
    }
}
