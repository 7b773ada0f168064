//! Secrets, and what keeps strangers out.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use engine::domain::limits::VISITOR_COMMANDS_PER_SECOND;

use crate::config::Reader;

/// Bytes a secret has at least: 256 bits, what its strongest use needs.
pub const SECRET_BYTES_MIN: usize = 32;

/// Secrets and bounds.
#[derive(Debug, Clone)]
pub struct SecuritySettings {
    /// What visitors' tokens are signed with; `None`: made once and kept by the store.
    pub secret: Option<Secret>,
    /// Commands a second that one visitor may send, on average.
    pub visitor_commands_per_second: u32,
    /// The demo may listen beyond this machine, though its passwords are public.
    pub demo_allow_remote: bool,
}

impl SecuritySettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let commands = "expected a number of commands from 1 to 100000";
        Self {
            secret: reader.secret(
                "secret",
                "expected at least 32 bytes in hexadecimal digits or base64",
                Secret::parse,
            ),
            visitor_commands_per_second: reader.or(
                "visitor_commands_per_second",
                VISITOR_COMMANDS_PER_SECOND,
                commands,
                |text| text.parse().ok().filter(|count| (1..=100_000).contains(count)),
            ),
            demo_allow_remote: reader
                .or("demo_allow_remote", false, "expected true or false", |text| text.parse().ok()),
        }
    }
}

/// The installation's secret. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// From bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads hexadecimal digits or base64; `None` when it is neither, or short.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let base64 =
            || [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].iter().find_map(|form| form.decode(text).ok());
        hex(text).or_else(base64).filter(|bytes| bytes.len() >= SECRET_BYTES_MIN).map(Self)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect::<Option<Vec<_>>>()?;
    (digits.len() % 2 == 0).then(|| digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_in_either_form_and_never_shown() {
        let bytes: Vec<u8> = (0..32).collect();
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let secret = Secret::new(bytes.clone());
        for text in [digits.clone(), STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            assert_eq!(Secret::parse(&text).as_ref(), Some(&secret), "{text}");
        }
        assert_eq!(Secret::parse(&digits[2..]), None, "31 bytes");
        assert_eq!(Secret::parse("correct horse battery staple, the usual one"), None);
        assert!(!format!("{:?}", secret).contains("00"));
    }
}
