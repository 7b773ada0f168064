//! What nodes write to each other, and the one place that reads and writes it. A node of another version is not
//! understood, and is treated as one that is not there.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::actors::engine::StaffChange;
use crate::actors::messages::{Order, Party, Signal, ToOperator, ToQueue};
use crate::actors::outlet::SocketId;
use crate::domain::group::{Availability, Status};
use crate::domain::ids::{
    AccountId, BrandId, ChatId, CommandId, DepartmentId, GroupId, NodeId, OperatorId, Shard, VisitorId,
};

/// What goes over the bus.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    /// The form of all this.
    pub version: u32,
    /// Who sends it.
    pub from: NodeId,
    /// The sender's life, see [`crate::actors::nodes::link`].
    pub life: u64,
    /// The receiver's life, as the sender knows it; 0 where it does not.
    pub to_life: u64,
    /// All messages of the receiver up to this number have come.
    pub heard: u64,
    /// The number of the first message; the others follow without a hole.
    pub first: u64,
    /// Messages, each a [`Body`].
    pub bodies: Vec<Box<RawValue>>,
}

/// A message between nodes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Body {
    /// A client's command for a chat. Answered by [`Body::Frames`] to the socket, or by [`Body::NotMine`].
    Command {
        /// The account.
        account: AccountId,
        /// The chat.
        chat: ChatId,
        /// The socket, on the node that sends this.
        socket: SocketId,
        /// Who.
        from: Party,
        /// The id the client chose.
        id: CommandId,
        /// What.
        order: Order,
    },
    /// An operator sets the status. Answered as a command.
    Status {
        /// The account.
        account: AccountId,
        /// Who.
        operator: OperatorId,
        /// The socket, on the node that sends this.
        socket: SocketId,
        /// The id the client chose.
        id: CommandId,
        /// The new status.
        status: Status,
    },
    /// Commands of this shard were refused, all since then too. What was not answered follows again.
    Again(Shard),
    /// To a chat's session.
    Signal {
        /// The account.
        account: AccountId,
        /// The chat.
        chat: ChatId,
        /// Whether the session is started for it.
        wake: bool,
        /// What.
        signal: Signal,
    },
    /// To a group's queue.
    Queue {
        /// The account.
        account: AccountId,
        /// The group.
        group: GroupId,
        /// What.
        message: ToQueue,
    },
    /// To an operator.
    Operator {
        /// The account.
        account: AccountId,
        /// Who.
        operator: OperatorId,
        /// What.
        message: ToOperator,
    },
    /// Whether the sender has sockets that follow something. Answered by [`Body::Following`].
    Follow {
        /// What they follow.
        readers: Readers,
        /// With a visitor: the chat.
        chat: Option<ChatId>,
        /// Whether.
        on: bool,
        /// The two were out of touch: what was said meanwhile is to be said again.
        again: bool,
    },
    /// From here on the sender's news reach the receiver's sockets.
    Following {
        /// Whose.
        readers: Readers,
        /// With a visitor: the chat.
        chat: Option<ChatId>,
    },
    /// Frames for sockets of the receiver.
    Frames {
        /// Which.
        readers: Readers,
        /// In this order.
        frames: Vec<String>,
    },
    /// The sender does not own the shard: look up who does.
    NotMine(Shard),
    /// Owners of shards have changed.
    Owners,
    /// A question. Answered by [`Body::Answer`].
    Ask {
        /// Tells questions of one node apart.
        number: u64,
        /// What.
        question: Question,
    },
    /// The answer, `null` where there is none.
    Answer {
        /// Of which question.
        number: u64,
        /// Its JSON.
        answer: Box<RawValue>,
    },
    /// What visitors are told of a group, and how many wait in it; none: the group is no more.
    Board {
        /// The account.
        account: AccountId,
        /// The group.
        group: GroupId,
        /// Its department, its availability, how many wait.
        news: Option<(DepartmentId, Availability, u32)>,
    },
    /// Something that lists of the account show has changed.
    Lists(AccountId),
    /// Messages that visitors of the account left have changed.
    LeftMessages(AccountId),
    /// The status of an operator of the account has changed.
    Attendance(AccountId),
    /// A visitor has a new chat.
    Born {
        /// The account.
        account: AccountId,
        /// The brand.
        brand: BrandId,
        /// Who.
        visitor: VisitorId,
        /// The chat.
        chat: ChatId,
    },
    /// People have changed something.
    Staff {
        /// The account.
        account: AccountId,
        /// What.
        change: StaffChange,
    },
}

/// Sockets of a node that are told the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Readers {
    /// An operator's windows.
    Operator(AccountId, OperatorId),
    /// A visitor's tabs on a brand.
    Visitor(AccountId, BrandId, VisitorId),
    /// Windows that watch a group's queue.
    Group(AccountId, GroupId),
    /// One socket, with the chat whose answers it awaits.
    Socket(SocketId, Option<ChatId>),
}

/// What a node asks another.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Question {
    /// What the visitor sees of a chat.
    Snapshot(AccountId, ChatId),
    /// How far everybody is in a chat.
    Marks(AccountId, ChatId),
    /// What an operator's windows show at first.
    Operator(AccountId, OperatorId),
    /// Whether a queue has taken in all that came before.
    UpToDate(AccountId, GroupId),
    /// Why a chat still waits in a queue.
    WhyStillWaiting(AccountId, GroupId, ChatId),
}

impl Envelope {
    /// The form that this version speaks.
    pub const VERSION: u32 = 1;

    /// The envelope as bytes; `None` only if it could not be written, which its types rule out.
    pub fn encode(&self) -> Option<Bytes> {
        serde_json::to_vec(self).ok().map(Bytes::from)
    }

    /// Reads bytes; `None` where they are not an envelope of this version.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|envelope: &Self| envelope.version == Self::VERSION)
    }
}

impl Body {
    /// The message as it is sent; `None` only if it could not be written.
    pub fn encode(&self) -> Option<Box<RawValue>> {
        serde_json::value::to_raw_value(self).ok()
    }

    /// Reads a message; `None` where it is of a kind that this version does not know.
    pub fn decode(body: &RawValue) -> Option<Self> {
        serde_json::from_str(body.get()).ok()
    }

    /// What it is called in metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Command { .. } | Self::Status { .. } | Self::Again(_) => "command",
            Self::Signal { .. } => "signal",
            Self::Queue { .. } => "queue",
            Self::Operator { .. } => "operator",
            Self::Follow { .. } | Self::Following { .. } => "follow",
            Self::Frames { .. } => "frames",
            Self::NotMine(_) | Self::Owners => "owners",
            Self::Ask { .. } | Self::Answer { .. } => "question",
            Self::Board { .. }
            | Self::Lists(_)
            | Self::LeftMessages(_)
            | Self::Attendance(_)
            | Self::Born { .. }
            | Self::Staff { .. } => "news",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let body = Body::Frames {
            readers: Readers::Socket(SocketId(7), None),
            frames: vec![r#"{"type":"ack","id":"ü\n"}"#.into()],
        };
        let envelope = Envelope {
            version: Envelope::VERSION,
            from: "one".parse().unwrap(),
            life: u64::MAX,
            to_life: 2,
            heard: 3,
            first: 4,
            bodies: vec![body.encode().unwrap()],
        };
        let read = Envelope::decode(&envelope.encode().unwrap()).unwrap();
        assert_eq!((read.life, read.first), (u64::MAX, 4));
        let Some(Body::Frames { readers, frames }) = Body::decode(&read.bodies[0]) else { panic!("another kind") };
        assert_eq!((readers, frames[0].as_str()), (Readers::Socket(SocketId(7), None), r#"{"type":"ack","id":"ü\n"}"#));
    }

    #[test]
    fn what_is_not_understood_is_passed_over() {
        let other = Envelope {
            version: Envelope::VERSION + 1,
            from: "one".parse().unwrap(),
            life: 1,
            to_life: 2,
            heard: 0,
            first: 0,
            bodies: Vec::new(),
        };
        assert!(Envelope::decode(&other.encode().unwrap()).is_none());
        assert!(Envelope::decode(b"{}").is_none());
        assert!(Body::decode(&RawValue::from_string(r#"{"Tomorrow":1}"#.into()).unwrap()).is_none());
    }
}
