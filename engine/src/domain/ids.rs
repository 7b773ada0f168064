//! Ids of everything. Ids made by the engine are UUIDs ordered by time and are `Copy`; ids that people choose
//! (brands, departments, groups) are short names. A chat's id bears its shard, so that any node can route it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::domain::limits::{ID_LENGTH_MAX, SHARDS};

/// The text is not an id: what was expected, for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct BadId {
    /// The right form, in words.
    pub expected: &'static str,
}

/// A company: the first column of every row. Never shown to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub i64);

/// A part of the id space that one node owns at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shard(pub u8);

impl Shard {
    /// The shard of something that is named, not numbered: queues and operators.
    pub fn of(bytes: &[u8]) -> Shard {
        // FNV-1a: stable over versions and machines, which the standard hasher does not promise.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Shard((hash % u64::from(SHARDS)) as u8)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Bytes of its text.
            pub const TEXT_LEN: usize = 32;

            /// Appends the text of the id to `out`.
            pub fn write_to(&self, out: &mut String) {
                out.push_str(self.0.as_simple().encode_lower(&mut Uuid::encode_buffer()));
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_simple().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.as_simple())
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                Uuid::try_parse(text).map(Self).map_err(|_| BadId { expected: "32 hexadecimal digits" })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.as_simple().encode_lower(&mut Uuid::encode_buffer()))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        text_in_typescript!($name);
    };
}

macro_rules! text_in_typescript {
    ($name:ident) => {
        impl ts_rs::TS for $name {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;

            fn name(_: &ts_rs::Config) -> String {
                "string".to_owned()
            }

            fn inline(cfg: &ts_rs::Config) -> String {
                Self::name(cfg)
            }
        }
    };
}

macro_rules! named_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                if is_name(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(BadId { expected: "1 to 64 of A-Z a-z 0-9 _ -" })
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        text_in_typescript!($name);
    };
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= ID_LENGTH_MAX
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

uuid_id! {
    /// One conversation. Its last byte is its shard.
    ChatId
}
uuid_id! {
    /// A browser on the website; kept by the token it holds.
    VisitorId
}
uuid_id! {
    /// A person who answers.
    OperatorId
}
uuid_id! {
    /// A message that a visitor left.
    LeftMessageId
}
named_id! {
    /// A website or brand of the account; also the key a page names.
    BrandId
}
named_id! {
    /// What a visitor may choose.
    DepartmentId
}
named_id! {
    /// A division of a department, with one queue.
    GroupId
}
named_id! {
    /// Groups that an operator receives from together.
    ProfileId
}
named_id! {
    /// Chosen by a client for one command; unique per sender and chat.
    CommandId
}
named_id! {
    /// A node of the cluster.
    NodeId
}

impl ChatId {
    /// Makes an id from its moment, 74 random bits and its shard: a UUID of version 7 whose last byte is the shard.
    pub fn new(millis: u64, random: u128, shard: Shard) -> Self {
        let random = random.to_be_bytes();
        let mut tail = [0_u8; 10];
        tail.copy_from_slice(&random[..10]);
        tail[9] = shard.0;
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
    }

    /// The shard this chat lives in.
    pub fn shard(self) -> Shard {
        Shard(self.0.as_bytes()[15])
    }
}

impl LeftMessageId {
    /// Makes an id from its moment and random bits: a UUID of version 7.
    pub fn new(millis: u64, random: u128) -> Self {
        let mut tail = [0_u8; 10];
        tail.copy_from_slice(&random.to_be_bytes()[..10]);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
    }
}

/// One ring of a chat at an operator or a group: the chat and the `seq` of its `offered` event, so that an offer
/// finds its chat without a look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfferId {
    /// The chat that is offered.
    pub chat: ChatId,
    /// The `seq` of the `offered` event, in the operators' numbering.
    pub seq: u32,
}

impl fmt::Display for OfferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.chat, self.seq)
    }
}

impl FromStr for OfferId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let parse = || {
            let (chat, seq) = text.split_once('-')?;
            Some(OfferId { chat: chat.parse().ok()?, seq: seq.parse().ok()? })
        };
        parse().ok_or(BadId { expected: "an offer's id, as the offer bears it" })
    }
}

impl Serialize for OfferId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OfferId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

text_in_typescript!(OfferId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_id_bears_its_shard_through_text() {
        for shard in [0, 1, 127, 255] {
            let id = ChatId::new(1_700_000_000_000, u128::MAX / 3, Shard(shard));
            assert_eq!(id.to_string().parse::<ChatId>().unwrap().shard(), Shard(shard));
            assert_eq!(id.0.get_version_num(), 7);
        }
    }

    #[test]
    fn chat_ids_sort_by_time() {
        let early = ChatId::new(1_000, u128::MAX, Shard(255));
        let late = ChatId::new(1_001, 0, Shard(0));
        assert!(early.to_string() < late.to_string());
    }

    #[test]
    fn names_refuse_what_a_url_or_a_log_could_misread() {
        for bad in ["", "a b", "é", "a/b", "a\n", &"x".repeat(65)] {
            assert!(bad.parse::<GroupId>().is_err(), "{bad:?}");
        }
        assert!("Level_2-b".parse::<GroupId>().is_ok());
    }

    #[test]
    fn offers_name_their_chat() {
        let offer = OfferId { chat: ChatId::new(5, 7, Shard(9)), seq: 12 };
        assert_eq!(offer.to_string().parse::<OfferId>().unwrap(), offer);
        assert!("12".parse::<OfferId>().is_err());
    }
}
