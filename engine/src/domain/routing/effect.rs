//! What goes into a desk and what comes out of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::chat::Tried;
use crate::domain::estimate::Forecast;
use crate::domain::group::{Availability, Instead};
use crate::domain::ids::{ChatId, GroupId, OperatorId};
use crate::domain::limits::REQUEUED_PRIORITY;
use crate::domain::routing::demand::Wishes;
use crate::domain::routing::record::Record;
use crate::domain::routing::roster::LoadNews;
use crate::domain::time::Timestamp;

/// A chat that waits, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// Which.
    pub chat: ChatId,
    /// When it entered the queue.
    pub entered_at: Timestamp,
    /// Steps by which it is moved ahead.
    pub priority: i32,
    /// Who has let it go.
    pub tried: Vec<Tried>,
    /// At whom alone it rings.
    pub rings_at: Option<OperatorId>,
    /// Where it rings at all who are free.
    pub rings_at_all: Option<RingsAtAll>,
    /// What it would like.
    pub wishes: Wishes,
    /// The group it waits in, when it is only looking for an operator here.
    pub guest_of: Option<GroupId>,
    /// Said to its own group: the others in which it looks, as they were asked for. A queue that begins anew learns it so.
    pub helpers: Vec<GroupId>,
    /// Another group has passed it on already: it is not passed on again.
    pub moved: bool,
    /// It had an operator, who was lost: it has a place however long the queue.
    #[serde(default)]
    pub requeued: bool,
}

impl Arrival {
    /// A chat without history and wishes.
    pub fn new(chat: ChatId, entered_at: Timestamp) -> Self {
        let (tried, wishes) = (Vec::new(), Wishes::default());
        let (rings_at, rings_at_all, guest_of, helpers) = (None, None, None, Vec::new());
        Self {
            chat,
            entered_at,
            priority: 0,
            tried,
            rings_at,
            rings_at_all,
            wishes,
            guest_of,
            helpers,
            moved: false,
            requeued: false,
        }
    }

    /// The same at the front: its operator was lost.
    pub fn requeued(self) -> Self {
        Self { priority: REQUEUED_PRIORITY, rings_at: None, rings_at_all: None, requeued: true, ..self }
    }
}

/// A ring at all who are free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingsAtAll {
    /// The group whose members hear it.
    pub group: GroupId,
    /// Who does.
    pub operators: Vec<OperatorId>,
}

/// How a proposal ended, as the chat says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Settled {
    /// It rings; this is what the operator holds since.
    Offered(LoadNews),
    /// It is the operator's; this is what they hold since. The chat waits no longer.
    Assigned(LoadNews),
    /// The store found no free slot.
    NoCapacity,
    /// The chat is not to be offered, or it is not known what became of it.
    Refused,
}

/// Why a chat is not left waiting. The names are labels of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    /// The queue is as long as it may be.
    QueueFull,
    /// It has waited as long as it may.
    WaitedTooLong,
    /// Nobody has received for a while.
    GroupOffline,
}

/// What a group's queue asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask the chat to ring, or to be assigned. It is answered by [`super::Desk::handle_settled`].
    Propose {
        /// The chat.
        chat: ChatId,
        /// For whom.
        operator: OperatorId,
        /// Their name.
        name: String,
        /// How long it rings; none assigns it at once.
        ring: Option<Duration>,
        /// Why they were chosen.
        record: Box<Record>,
    },
    /// Ask the chat to ring at these too, without a slot being reserved; the first to accept has it.
    RingAll {
        /// The chat.
        chat: ChatId,
        /// At whom it does not ring yet, with their names.
        operators: Vec<(OperatorId, String)>,
        /// How long it rings from the first time on.
        ring: Duration,
    },
    /// The chat shall not ring at these any more; it is not held against them.
    RingNoMore {
        /// The chat.
        chat: ChatId,
        /// Who cannot have it any more.
        operators: Vec<OperatorId>,
    },
    /// A proposal was not answered in time: its slot counts as free again.
    Lost {
        /// The chat.
        chat: ChatId,
        /// For whom it was.
        operator: OperatorId,
    },
    /// A slot that was granted is not needed here after all.
    NotNeeded {
        /// Whose.
        operator: OperatorId,
    },
    /// A slot that was granted for a ring is held no more: the ring is over for its operator, or somebody has the chat.
    NotHeld {
        /// Whose.
        operator: OperatorId,
    },
    /// The chat shall look for an operator in just these groups as well: say [`Arrival`] there, as a guest of this one, and
    /// that it is gone where it looked before. Said twice it is the same.
    SeekIn {
        /// The chat.
        chat: ChatId,
        /// Where; nowhere else from now on.
        groups: Vec<GroupId>,
    },
    /// The chat shall not wait here. One that came too late for a place never had one; others keep theirs until they
    /// have left. It is said again while it is not done.
    TurnAway {
        /// The chat.
        chat: ChatId,
        /// What it gets.
        to: Instead,
        /// Why.
        why: TurnedAway,
        /// Not while somebody receives in one of these groups, which look for an operator too.
        unless: Vec<GroupId>,
    },
    /// Tell a waiting visitor how many are ahead.
    Position {
        /// The chat.
        chat: ChatId,
        /// How many.
        ahead: usize,
        /// Not all of them look for the same operators, or they are not served in their order: some may be served later, or
        /// some behind sooner.
        about: bool,
        /// How long they will wait, when that can be said.
        wait: Option<Duration>,
    },
    /// A visitor was served who had been told how long that would take.
    Forecast {
        /// The chat.
        chat: ChatId,
        /// What was told, and what came.
        forecast: Forecast,
    },
    /// Visitors of this group are told something else.
    Availability(Availability),
    /// Operators of this group are told something else.
    Waiting {
        /// Chats that wait.
        count: usize,
        /// When the one that waits longest entered.
        longest_since: Option<Timestamp>,
    },
}
