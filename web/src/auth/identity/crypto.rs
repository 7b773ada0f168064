//! The signatures of tokens, checked by the library that does TLS here: the tree has one set of such code, not two.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use ring::hmac;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm};

/// Makes this what tokens are checked with; once is enough, more does no harm.
pub fn install() {
    // An error means that it was done before.
    let _done_before = PROVIDER.install_default();
}

/// Whether the key is one of those that can be checked with: a curve or a length that is not known is refused when the
/// key is set, not when somebody comes.
pub fn is_usable(key: &DecodingKey) -> bool {
    let Ok(bytes) = key.try_get_as_bytes() else { return false };
    match key.family() {
        AlgorithmFamily::Hmac => true,
        // An uncompressed point of P-256.
        AlgorithmFamily::Ec => bytes.len() == 65 && bytes[0] == 4,
        AlgorithmFamily::Rsa => (RSA_BYTES_MIN..=RSA_BYTES_MAX).contains(&bytes.len()),
        _ => false,
    }
}

/// The DER of an RSA public key of 2,048 bits has 270 bytes, one of 8,192 bits 1,038; others are not checked with.
const RSA_BYTES_MIN: usize = 266;
const RSA_BYTES_MAX: usize = 1_046;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let public = |check: &'static dyn VerificationAlgorithm| {
        let key = UnparsedPublicKey::new(check, key.try_get_as_bytes()?.to_vec());
        Ok(Box::new(Public { algorithm: *algorithm, key }) as Box<dyn JwtVerifier>)
    };
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => {
            Ok(Box::new(Secret(hmac::Key::new(hmac::HMAC_SHA256, key.try_get_as_bytes()?))))
        }
        (Algorithm::RS256, AlgorithmFamily::Rsa) => public(&RSA_PKCS1_2048_8192_SHA256),
        (Algorithm::ES256, AlgorithmFamily::Ec) => public(&ECDSA_P256_SHA256_FIXED),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

struct Secret(hmac::Key);

impl Verifier<Vec<u8>> for Secret {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        hmac::verify(&self.0, message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Secret {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

struct Public {
    algorithm: Algorithm,
    key: UnparsedPublicKey<Vec<u8>>,
}

impl Verifier<Vec<u8>> for Public {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        self.key.verify(message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Public {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
