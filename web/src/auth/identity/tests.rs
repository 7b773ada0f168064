//! Tokens as sites sign them, and as others would like to.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use engine::domain::identity_key::KeyMaterial;
use engine::domain::ids::AccountId;
use engine::domain::limits::SUBJECT_CHARS_MAX;
use engine::domain::time::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use serde_json::{Value, json};

use super::*;
use crate::provision;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// Made for these tests, and good for nothing else.
const RSA_PRIVATE: &str = include_str!("tests/rsa_private.pem");
const RSA_PUBLIC: &str = include_str!("tests/rsa_public.pem");

fn brand(keys: &[IdentityKey]) -> Brand {
    let mut brand = provision::brand(AccountId(1), "shop".parse().unwrap(), "Shop");
    brand.identity_keys = keys.to_vec();
    brand
}

fn key(id: &str, algorithm: KeyAlgorithm, material: &str) -> IdentityKey {
    let material = KeyMaterial::new(material);
    IdentityKey { id: id.to_owned(), algorithm, material, created_at: Timestamp::from_millis(1) }
}

fn hs256(id: &str, secret: &str) -> IdentityKey {
    key(id, KeyAlgorithm::Hs256, secret)
}

/// In seconds from now.
fn moment(seconds: i64) -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64 + seconds
}

/// Good for an hour.
fn ann() -> Value {
    json!({ "sub": "customer-7", "exp": moment(3_600), "aud": "shop" })
}

fn token(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn by_secret(secret: &str) -> impl Fn(&[u8]) -> Vec<u8> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    move |message| ring::hmac::sign(&key, message).as_ref().to_vec()
}

fn of_secret(claims: &Value) -> String {
    token(&json!({ "alg": "HS256", "typ": "JWT" }), claims, by_secret(SECRET))
}

fn by_rsa(message: &[u8]) -> Vec<u8> {
    let der: String = RSA_PRIVATE.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap();
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
    signature
}

/// A key pair on a curve: how it signs, and its public part as PEM. `prefix` is what stands before the point.
fn curve(on: &'static ring::signature::EcdsaSigningAlgorithm, prefix: &[u8]) -> (impl Fn(&[u8]) -> Vec<u8>, String) {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(on, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(on, document.as_ref(), &random).unwrap();
    let der = [prefix, pair.public_key().as_ref()].concat();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der));
    let sign = move |message: &[u8]| pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec();
    (sign, pem)
}

const SECP256K1: &[u8] =
    b"\x30\x56\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a\x03\x42\x00";
const P384: &[u8] = b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00";

fn name(result: Result<Signed, Refused>) -> Result<String, Refused> {
    result.map(|signed| signed.subject.as_str().to_owned())
}

fn is_ann(brand: &Brand, token: &str) {
    assert_eq!(name(verify(brand, token)), Ok("customer-7".to_owned()));
}

#[test]
fn each_kind_of_key_vouches_for_a_visitor() {
    is_ann(&brand(&[hs256("a", SECRET)]), &of_secret(&ann()));
    let rsa = brand(&[key("a", KeyAlgorithm::Rs256, RSA_PUBLIC)]);
    is_ann(&rsa, &token(&json!({ "alg": "RS256" }), &ann(), by_rsa));
    let (sign, pem) = curve(&ECDSA_P256_SHA256_FIXED_SIGNING, P256);
    is_ann(&brand(&[key("a", KeyAlgorithm::Es256, &pem)]), &token(&json!({ "alg": "ES256" }), &ann(), sign));
}

#[test]
fn a_token_cannot_choose_how_it_is_checked() {
    let rsa = brand(&[key("a", KeyAlgorithm::Rs256, RSA_PUBLIC)]);
    // The public key is known to everybody: as a secret it must prove nothing.
    let confused = token(&json!({ "alg": "HS256" }), &ann(), by_secret(RSA_PUBLIC));
    assert_eq!(verify(&rsa, &confused), Err(Refused::Algorithm));
    let secret = brand(&[hs256("a", SECRET)]);
    assert_eq!(verify(&secret, &token(&json!({ "alg": "RS256" }), &ann(), by_rsa)), Err(Refused::Algorithm));
    assert_eq!(verify(&secret, &token(&json!({ "alg": "HS512" }), &ann(), by_secret(SECRET))), Err(Refused::Algorithm));
    for none in ["none", "None", "NONE", ""] {
        for brand in [&secret, &rsa] {
            let unsigned = token(&json!({ "alg": none }), &ann(), |_| Vec::new());
            assert!(verify(brand, &unsigned).is_err(), "{none}");
        }
    }
}

#[test]
fn what_somebody_else_signed_or_changed_proves_nothing() {
    let shop = brand(&[hs256("a", SECRET)]);
    let other = "another-secret-of-32-bytes-or-so";
    assert_eq!(verify(&shop, &token(&json!({ "alg": "HS256" }), &ann(), by_secret(other))), Err(Refused::Signature));
    let good = of_secret(&ann());
    let mut parts: Vec<&str> = good.split('.').collect();
    let mallory = URL_SAFE_NO_PAD.encode(json!({ "sub": "customer-1", "exp": moment(3_600) }).to_string());
    parts[1] = &mallory;
    assert_eq!(verify(&shop, &parts.join(".")), Err(Refused::Signature));
    // The key of another brand, of this account or another, is none of this one's.
    assert_eq!(verify(&brand(&[hs256("a", other)]), &good), Err(Refused::Signature));
    assert_eq!(verify(&brand(&[]), &good), Err(Refused::UnknownKey));
}

#[test]
fn a_token_is_good_for_its_time_give_or_take_a_minute() {
    let shop = brand(&[hs256("a", SECRET)]);
    let until = |seconds| of_secret(&json!({ "sub": "customer-7", "exp": moment(seconds), "aud": "shop" }));
    is_ann(&shop, &until(-30));
    assert_eq!(verify(&shop, &until(-90)), Err(Refused::Expired));
    let from = |seconds| {
        of_secret(&json!({ "sub": "customer-7", "exp": moment(3_600), "nbf": moment(seconds), "aud": "shop" }))
    };
    is_ann(&shop, &from(30));
    assert_eq!(verify(&shop, &from(90)), Err(Refused::Early));
    assert_eq!(
        verify(&shop, &of_secret(&json!({ "sub": "customer-7", "aud": "shop" }))),
        Err(Refused::Malformed),
        "it never ends"
    );
}

#[test]
fn a_token_made_for_another_brand_is_not_for_this_one() {
    let shop = brand(&[hs256("a", SECRET)]);
    let to = |audience: Value| of_secret(&json!({ "sub": "customer-7", "exp": moment(3_600), "aud": audience }));
    is_ann(&shop, &to(json!("shop")));
    is_ann(&shop, &to(json!(["outlet", "shop"])));
    for other in [json!("outlet"), json!([]), json!("")] {
        assert_eq!(verify(&shop, &to(other.clone())), Err(Refused::Audience), "{other}");
    }
    let anybodys = of_secret(&json!({ "sub": "customer-7", "exp": moment(3_600) }));
    assert_eq!(verify(&shop, &anybodys), Err(Refused::Audience), "two brands may sign by one secret");
}

#[test]
fn a_new_key_takes_over_from_the_old_one() {
    let named = |kid: &str, secret: &str| token(&json!({ "alg": "HS256", "kid": kid }), &ann(), by_secret(secret));
    let next = "the-next-secret-has-32-bytes-too";
    let both = brand(&[hs256("old", SECRET), hs256("new", next)]);
    for good in [named("old", SECRET), named("new", next), token(&json!({ "alg": "HS256" }), &ann(), by_secret(next))] {
        is_ann(&both, &good);
    }
    assert_eq!(verify(&both, &named("new", SECRET)), Err(Refused::Signature), "the key that it names");
    assert_eq!(verify(&both, &named("third", SECRET)), Err(Refused::UnknownKey));
    assert_eq!(verify(&brand(&[hs256("new", next)]), &named("old", SECRET)), Err(Refused::UnknownKey));
    let over =
        token(&json!({ "alg": "HS256" }), &json!({ "sub": "7", "exp": moment(-90), "aud": "shop" }), by_secret(SECRET));
    assert_eq!(verify(&both, &over), Err(Refused::Expired), "what is wrong is told by the key that signed it");
}

#[test]
fn what_is_no_token_is_refused_in_words() {
    let shop = brand(&[hs256("a", SECRET)]);
    for odd in ["", ".", "..", "a.b.c", "not a token", "e30.e30.e30"] {
        assert_eq!(verify(&shop, odd), Err(Refused::Malformed), "{odd}");
    }
    assert_eq!(verify(&shop, &"x".repeat(IDENTITY_BYTES_MAX + 1)), Err(Refused::TooLarge));
    for subject in [json!(""), json!("a\nb"), json!("x".repeat(SUBJECT_CHARS_MAX + 1))] {
        let odd = of_secret(&json!({ "sub": subject, "exp": moment(3_600), "aud": "shop" }));
        assert_eq!(verify(&shop, &odd), Err(Refused::Subject), "{subject}");
    }
    let number = of_secret(&json!({ "sub": 7, "exp": moment(3_600), "aud": "shop" }));
    assert_eq!(verify(&shop, &number), Err(Refused::Malformed));
    let failure = Failure::from(Refused::Expired);
    assert_eq!((failure.code, failure.field.as_deref()), (Code::Unauthorized, Some("identity")));
}

#[test]
fn a_key_that_cannot_be_checked_with_is_refused_when_it_is_set() {
    let (_, p384) = curve(&ECDSA_P384_SHA384_FIXED_SIGNING, P384);
    let (_, p256) = curve(&ECDSA_P256_SHA256_FIXED_SIGNING, P256);
    // As long as one of P-256, and of the curve secp256k1.
    let der = [SECP256K1, &[4], &[7; 64]].concat();
    let secp256k1 = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der));
    let told_public = RSA_PRIVATE.replace("PRIVATE KEY", "RSA PRIVATE KEY");
    assert!(is_usable(&key("a", KeyAlgorithm::Rs256, RSA_PUBLIC)));
    assert!(is_usable(&key("a", KeyAlgorithm::Es256, &p256)));
    for (algorithm, material) in [
        (KeyAlgorithm::Rs256, "not a key"),
        (KeyAlgorithm::Rs256, p256.as_str()),
        (KeyAlgorithm::Rs256, RSA_PRIVATE),
        (KeyAlgorithm::Rs256, told_public.as_str()),
        (KeyAlgorithm::Es256, RSA_PUBLIC),
        (KeyAlgorithm::Es256, p384.as_str()),
        (KeyAlgorithm::Es256, secp256k1.as_str()),
        (KeyAlgorithm::Es256, SECRET),
    ] {
        assert!(!is_usable(&key("a", algorithm, material)), "{algorithm:?} {material}");
    }
}

#[test]
fn what_else_is_signed_is_read_as_pages_variables_are() {
    let shop = brand(&[hs256("a", SECRET)]);
    let saying = |variables: Value| {
        let mut claims = ann();
        claims["variables"] = variables;
        verify(&shop, &of_secret(&claims)).map(|signed| signed.variables.into_iter().collect::<Vec<_>>())
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let told = saying(json!({ "tier": " gold ", "orders": 3, "member": true, "cart": { "lamp": 1 }, "my tier": "x" }));
    assert_eq!(told, Ok(vec![pair("member", "true"), pair("orders", "3"), pair("tier", "gold")]));
    assert_eq!(verify(&shop, &of_secret(&ann())).map(|signed| signed.variables), Ok(Default::default()));
    assert_eq!(saying(Value::Null), Ok(Vec::new()));
    for odd in [json!(["tier"]), json!("gold"), json!(7)] {
        assert_eq!(saying(odd.clone()), Err(Refused::Variables), "{odd}");
    }
}
