//! All messages between actors, by receiver. Apart from commands they are hints: the newest wins, a lost one is
//! made good by a repetition or by the store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::Message;
use serde::{Deserialize, Serialize};

use crate::actors::outlet::{Outlet, SocketId};
use crate::domain::chat::Tried;
use crate::domain::closing::HeldChats;
use crate::domain::event::{Audience, EndedWhy, OfferEnd, OfferKind};
use crate::domain::group::{Membership, Status};
use crate::domain::ids::{BrandId, ChatId, CommandId, GroupId, OfferId, OperatorId};
use crate::domain::operator::Reception;
use crate::domain::permission::StaffRole;
use crate::domain::routing::{self, Arrival, Bid, Record, Still};
use crate::domain::time::Timestamp;
use crate::ports::journal::{AppendOutcome, Load, MarkRow};
use crate::ports::staff::Operator;
use crate::protocol::operator::Offer;
use crate::protocol::visitor::VisitorChat;

/// An operator, as a command bears it: who, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Id.
    pub id: OperatorId,
    /// Name.
    pub name: String,
    /// Role.
    pub role: StaffRole,
    /// Groups of which they are a member.
    pub groups: Vec<GroupId>,
}

impl Identity {
    /// An operator with the memberships that the store has now.
    pub fn of(operator: &Operator, memberships: &[Membership]) -> Self {
        let groups = memberships.iter().map(|membership| membership.group.clone()).collect();
        Self { id: operator.id, name: operator.name.clone(), role: operator.role, groups }
    }
}

/// Who sends a command.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Party {
    /// The visitor of the chat.
    Visitor,
    /// An operator.
    Operator(Arc<Identity>),
}

/// What a session is asked to do, by a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Write a message.
    Say {
        /// The text, checked.
        text: String,
        /// Whom it is for.
        to: Audience,
    },
    /// Accept an offer.
    Accept {
        /// Which.
        offer: OfferId,
    },
    /// Decline an offer.
    Decline {
        /// Which.
        offer: OfferId,
    },
    /// Send the chat to the contact form.
    SendToForm {
        /// The offer by which it rings at the sender; none: the chat itself.
        offer: Option<OfferId>,
    },
    /// Take the chat from the queue, or from the one who has it.
    Take,
    /// Ask a colleague to take it over, or to come in.
    Ask {
        /// To take it over, or to come in.
        kind: OfferKind,
        /// The brand that was named.
        brand: Option<BrandId>,
        /// The group that was named.
        group: Option<GroupId>,
        /// The operator who was named.
        operator: Option<OperatorId>,
        /// Why.
        reason: Option<String>,
        /// With an invitation: whether the owner stays.
        stay: bool,
        /// What is known of whom was named.
        found: Found,
    },
    /// Leave the chat to the others.
    Leave,
    /// End the chat.
    End,
}

/// Whom an operator asks, as the store knows them at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Found {
    /// An operator who is available.
    Operator {
        /// The name.
        name: String,
        /// Groups in which they are active.
        groups: Vec<GroupId>,
    },
    /// An operator who is not.
    Away {
        /// The name.
        name: String,
    },
    /// A group in which somebody receives: the one that was named, or one of the brand's.
    Group(GroupId),
    /// A group in which nobody does.
    Offline,
    /// A group in which only those receive who take chats by hand: nobody can be rung there but by name.
    ByHand,
    /// There is no such brand.
    NoBrand,
    /// There is no such operator or group.
    Nothing,
    /// The store did not answer.
    Unknown,
}

/// To a session: a command, to be stored and answered.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Command {
    /// Who.
    pub from: Party,
    /// Where the answer goes.
    pub outlet: Outlet,
    /// The id the client chose.
    pub id: CommandId,
    /// What.
    pub order: Order,
    /// When it was read off its socket, or came from another node.
    pub heard_at: Instant,
}

/// To a session: what is not stored, or not at once.
#[derive(Debug, Clone, Message, Serialize, Deserialize)]
#[rtype(result = "()")]
pub enum Signal {
    /// The chat has just begun on this node: its visitor is here, and so many messages were counted with it.
    Born {
        /// How many: the question, where there is one.
        messages: u32,
    },
    /// A socket of the visitor is here; it stands in the registry already.
    Joined,
    /// The visitor's last socket is gone.
    Gone,
    /// Somebody writes, or stopped.
    Typing {
        /// Who.
        from: Party,
        /// Whether.
        on: bool,
        /// What is in the box.
        preview: Option<String>,
    },
    /// All up to a number, in the sender's own numbering, has arrived or was seen.
    Mark {
        /// Who.
        from: Party,
        /// The number.
        seq: u32,
        /// Seen, not only arrived.
        read: bool,
    },
    /// The queue wants the chat rung at an operator, or assigned.
    Propose {
        /// Which operator.
        operator: OperatorId,
        /// The operator's name.
        name: String,
        /// For which group.
        group: GroupId,
        /// How long it rings; none assigns at once.
        ring: Option<Duration>,
        /// Why they were chosen.
        record: Box<Record>,
    },
    /// The queue wants the chat rung at exactly these, and nobody else.
    RingAt {
        /// At whom, with their names.
        operators: Vec<(OperatorId, String)>,
        /// For which group.
        group: GroupId,
        /// How long it rings from the first time on.
        ring: Duration,
        /// Why these; none where nobody is left.
        record: Option<Box<Record>>,
    },
    /// An operator who is rung is gone: take the offer back from them.
    Withdraw {
        /// Which.
        offer: OfferId,
        /// From whom.
        operator: OperatorId,
    },
    /// The operator who has the chat is lost for longer than the grace.
    OwnerLost(OperatorId),
    /// Nobody took over what this owner wanted to hand on, and they are off-line.
    SenderLost(OperatorId),
    /// The queue knows that the chat waits.
    Known,
    /// Tell all queues that the chat waits, or looks for a colleague; and this one, that it does not there.
    SayWhetherWaiting(Option<GroupId>),
    /// The queue does not let the chat wait any longer.
    TurnAway {
        /// Why, when it ends so.
        why: EndedWhy,
        /// Another group that takes it, once.
        to: Option<GroupId>,
    },
    /// The chat shall look for an operator in just these groups as well.
    SeekIn {
        /// The group that asks: the chat's own, if it still is.
        of: GroupId,
        /// Where.
        groups: Vec<GroupId>,
    },
    /// The group is about to be gone: it waits on in this one.
    MoveTo(GroupId),
    /// An operator may not work any more: the chat is theirs no longer.
    Relieved {
        /// Who.
        operator: OperatorId,
        /// What becomes of it, where they own it.
        chats: HeldChats,
    },
    /// The place in the queue has changed.
    Position(Standing),
    /// Another node has the shard: let go of the chat.
    LetGo,
    /// The chat is another group's now: read it and its settings.
    ReadAgain,
    /// People changed what chats ask for: one that waits says it anew.
    AsksChanged,
    /// The store did not take these marks.
    MarksNotKept(Vec<MarkRow>),
    /// Write the marks now: the node stops. To a resting session: this is the last message.
    Flush,
}

/// What a visitor who waits is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Visitors ahead.
    pub ahead: u32,
    /// It is about that many: not all look for the same operators.
    pub about: bool,
    /// Seconds they will wait, where that can be said.
    pub estimate_s: Option<u32>,
}

/// To a session: what its visitor sees of the chat now. `None`: there is no such chat, or it cannot be read now.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Option<VisitorChat>")]
pub struct Snapshot;

/// To a session: an append is settled.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Settled {
    /// Which incarnation of the session's state made it.
    pub generation: u32,
    /// The number of the last event of the append.
    pub last_seq: u32,
    /// How it ended.
    pub outcome: AppendOutcome,
}

/// To a session: how far everybody is, in the operators' numbering; newer than what is stored.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Option<Vec<MarkRow>>")]
pub struct Marks;

/// To a queue.
#[derive(Debug, Clone, Message, Serialize, Deserialize)]
#[rtype(result = "()")]
pub enum ToQueue {
    /// A chat waits. Repeated until [`Signal::Known`].
    Waiting(Arrival),
    /// It waits no more.
    Gone(ChatId),
    /// It waits no more: an operator of this group has it.
    Served(ChatId),
    /// A chat answers a proposal.
    Settled {
        /// Which chat.
        chat: ChatId,
        /// For whom it was proposed.
        operator: OperatorId,
        /// How it ended.
        how: routing::Settled,
    },
    /// An offer is over, the chat waits on.
    OfferOver {
        /// Which chat.
        chat: ChatId,
        /// Who let it go.
        tried: Vec<Tried>,
    },
    /// Whether an operator receives has changed.
    Reception {
        /// Who.
        operator: OperatorId,
        /// Whether.
        reception: Reception,
        /// The operator is a member of other groups too: what becomes free is granted by them.
        shared: bool,
    },
    /// What an operator holds has changed.
    Load(Load),
    /// The free slots of an operator are granted from now on, or may be taken again.
    Closed {
        /// Whose.
        operator: OperatorId,
        /// Granted.
        closed: bool,
    },
    /// What would the group do with a free slot of this operator? Answered by [`ToOperator::Bid`].
    Ask {
        /// Whose.
        operator: OperatorId,
        /// Which round.
        round: u64,
    },
    /// A free slot is this group's. Answered by [`ToOperator::Used`].
    Grant {
        /// Whose.
        operator: OperatorId,
        /// Which round.
        round: u64,
    },
    /// Another group of a chat that looks in several has proposed it.
    ProposedElsewhere(ChatId),
    /// What another group made of such a chat is over.
    ElsewhereOver(ChatId),
    /// Other groups of the operator have so many proposals under way.
    Elsewhere {
        /// For whom.
        operator: OperatorId,
        /// How many.
        count: u32,
    },
    /// The group, or its members, were changed by people.
    Reload,
    /// News may be lost: everything is read from the store, and those who wait are asked.
    ReadAnew,
    /// Another node has the shard: stop.
    LetGo,
    /// A socket wants the group's queue hints. Sockets stay on their node.
    #[serde(skip)]
    Watch(Outlet),
    /// It does not any more.
    #[serde(skip)]
    Unwatch(SocketId),
}

/// To a queue: answered when all that came before is taken in.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct UpToDate;

/// To a queue: why does a chat that waits in it still wait? `None`: it does not, as far as the queue knows.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Option<Still>")]
pub struct WhyStillWaiting(pub ChatId);

/// To an operator.
#[derive(Debug, Clone, Message, Serialize, Deserialize)]
#[rtype(result = "()")]
pub enum ToOperator {
    /// A socket of theirs is here; it stands in the registry already.
    Joined,
    /// One is gone.
    Gone,
    /// A chat rings.
    Ring(Box<Offer>),
    /// It rings no more.
    RingOver {
        /// Which.
        offer: OfferId,
        /// Why.
        why: OfferEnd,
        /// Who has it.
        by: Option<String>,
    },
    /// They let an offer expire that rang at them alone.
    Missed {
        /// So many in a row set them to away, as the group says.
        until_away: Option<u32>,
    },
    /// They accepted or declined an offer.
    Answered,
    /// A chat is theirs without their having accepted it: who had it is gone, or it is read anew. Whoever is lost gives it
    /// back as their other chats.
    Owns,
    /// They hold more than before, or the same otherwise.
    Load(Load),
    /// They hold less: the slot goes where it is needed most.
    Freed(Load),
    /// What a group would do with a free slot.
    Bid {
        /// Which round.
        round: u64,
        /// Which group.
        group: GroupId,
        /// The best it has for the operator.
        bid: Option<Bid>,
    },
    /// What became of a slot that was granted.
    Used {
        /// Which round.
        round: u64,
        /// It is proposed to a chat.
        used: bool,
    },
    /// A group has so many proposals for them under way, or holds their slots for what rings.
    Proposals {
        /// Which group.
        group: GroupId,
        /// How many.
        count: u32,
        /// A slot that was held is not any more: it goes where it is needed most.
        freed: bool,
    },
    /// A queue wants to know whether they receive.
    Announce(GroupId),
    /// Their rights, name, limit or memberships were changed by people.
    Reload,
    /// They do something at one of their windows.
    Active,
    /// From which groups they receive has changed: say it in all windows.
    Receiving,
    /// What the account sets of presence has changed.
    Rules,
    /// Their windows are being closed: where they are disabled or gone, nobody waits for them to come back.
    MayNotWork,
    /// Another node was out of touch: read what rings again, and say it and the status again in all windows.
    Resay,
    /// Another node has the shard: stop.
    LetGo,
}

/// To an operator: what their windows show at first. `None`: there is no such operator, or it cannot be read now.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Option<OperatorSnapshot>")]
pub struct OperatorState;

/// What an operator's windows show at first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperatorSnapshot {
    /// Status.
    pub status: Status,
    /// Since when.
    pub since: Timestamp,
    /// Whether a window is open.
    pub is_here: bool,
    /// How long the status is kept for them once the last window is lost.
    pub grace: Duration,
    /// What rings.
    pub offers: Vec<Offer>,
}

/// To an operator: set the status. Answered to the outlet.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct SetStatus {
    /// Where the answer goes.
    pub outlet: Outlet,
    /// The id the client chose.
    pub id: CommandId,
    /// The new status.
    pub status: Status,
}
