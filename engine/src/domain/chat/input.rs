//! What can happen to a chat, what comes of it, and what is refused.

use std::time::Duration;

use crate::domain::chat::ask::Ask;
use crate::domain::chat::state::Person;
use crate::domain::event::{Audience, Author, EndedBy, EndedWhy, EventKind, OfferEnd};
use crate::domain::ids::{BrandId, DepartmentId, GroupId, OfferId, OperatorId};
use crate::domain::urgency::Variables;

/// Something that a chat is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A visitor begins it; only the first input of a chat.
    Start {
        /// On this brand.
        brand: BrandId,
        /// The department chosen.
        department: Option<DepartmentId>,
        /// The group whose queue it enters.
        group: GroupId,
        /// The visitor's name.
        name: Option<String>,
        /// The visitor's address.
        email: Option<String>,
        /// The page it begins on.
        page: Option<String>,
        /// The visitor's language.
        language: Option<String>,
        /// What the page says of the visitor.
        variables: Variables,
        /// What the brand's server has signed of the visitor.
        verified: Variables,
        /// The first message.
        question: Option<String>,
        /// The operator whom the page names.
        wanted: Option<OperatorId>,
    },
    /// Somebody writes.
    Say {
        /// Who; an operator must be the owner.
        from: Author,
        /// What.
        text: String,
        /// To whom.
        to: Audience,
    },
    /// The queue wants it rung at an operator, or assigned at once.
    Propose {
        /// At whom.
        operator: OperatorId,
        /// The operator's name.
        name: String,
        /// For this group.
        group: GroupId,
        /// How long it rings; none assigns it at once.
        ring: Option<Duration>,
    },
    /// An operator accepts an offer.
    Accept {
        /// Which.
        offer: OfferId,
        /// Who.
        operator: OperatorId,
    },
    /// An operator declines an offer.
    Decline {
        /// Which.
        offer: OfferId,
        /// Who.
        operator: OperatorId,
    },
    /// The group greets the visitor, once, before an operator has answered.
    Greet {
        /// In which words.
        text: String,
    },
    /// An operator at whom it rings sends the visitor to the contact form: the chat is over.
    SendToForm {
        /// By which offer.
        offer: OfferId,
        /// Who.
        operator: OperatorId,
    },
    /// The queue wants it rung at exactly these: whoever is rung beside them is not any more.
    RingAt {
        /// At whom.
        operators: Vec<Person>,
        /// For this group.
        group: GroupId,
        /// How long it rings from the first time on.
        ring: Duration,
    },
    /// The engine takes an offer back: the operator is gone.
    Withdraw {
        /// Which.
        offer: OfferId,
        /// From whom.
        operator: OperatorId,
    },
    /// An operator takes the chat from the queue.
    Take {
        /// Who.
        operator: OperatorId,
        /// The operator's name.
        name: String,
        /// For which group, where it is one that helps the chat's own.
        group: Option<GroupId>,
    },
    /// An operator takes the chat from the one who has it.
    TakeOver {
        /// Who.
        operator: OperatorId,
        /// The operator's name.
        name: String,
    },
    /// The owner asks a colleague to take it over, or to come in.
    Ask(Ask),
    /// An operator leaves it to the others.
    Leave {
        /// Who.
        operator: OperatorId,
    },
    /// It goes to the queue of another group, once.
    Move {
        /// Which.
        group: GroupId,
    },
    /// The owner is lost: it goes back to the front of its queue.
    Requeue {
        /// Who owned it.
        operator: OperatorId,
    },
    /// Somebody ends it.
    End {
        /// Who.
        by: EndedBy,
        /// Why.
        why: EndedWhy,
        /// The operator, where it is one.
        operator: Option<OperatorId>,
    },
    /// The visitor has been gone for a while.
    VisitorAway,
    /// The visitor is here again.
    VisitorBack,
    /// Time has passed: whatever is due happens now.
    Due,
}

/// What comes of an input.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decision {
    /// The facts, in order. Empty: nothing changes, and that is right.
    pub events: Vec<EventKind>,
    /// Slots to reserve, fill or give back; the store settles them together with the events, or refuses both.
    pub slots: Vec<SlotChange>,
}

/// A change of what operators hold. Each names the group for which the slot counts, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotChange {
    /// Reserve one for an offer, if there is one.
    Reserve {
        /// Whose.
        operator: OperatorId,
        /// For which group.
        group: GroupId,
    },
    /// Fill the reserved one.
    Fill {
        /// Whose.
        operator: OperatorId,
        /// For which group.
        group: GroupId,
    },
    /// Give the reserved one back.
    Unreserve {
        /// Whose.
        operator: OperatorId,
        /// For which group.
        group: GroupId,
    },
    /// Take one without a reservation, if there is one.
    Occupy {
        /// Whose.
        operator: OperatorId,
        /// For which group.
        group: GroupId,
    },
    /// Give one back.
    Free {
        /// Whose.
        operator: OperatorId,
        /// For which group.
        group: GroupId,
    },
}

impl SlotChange {
    /// Whose slot it is, and of which group.
    pub fn place(&self) -> (OperatorId, &GroupId) {
        match self {
            Self::Reserve { operator, group }
            | Self::Fill { operator, group }
            | Self::Unreserve { operator, group }
            | Self::Occupy { operator, group }
            | Self::Free { operator, group } => (*operator, group),
        }
    }

    /// Whether it needs a free slot: only these can be refused for capacity.
    pub fn needs_room(&self) -> bool {
        matches!(self, Self::Reserve { .. } | Self::Occupy { .. })
    }

    /// Whether somebody has a slot more than before.
    pub fn frees(&self) -> bool {
        matches!(self, Self::Unreserve { .. } | Self::Free { .. })
    }

    /// What it adds to the reserved and to the filled slots.
    pub fn delta(&self) -> (i32, i32) {
        match self {
            Self::Reserve { .. } => (1, 0),
            Self::Fill { .. } => (-1, 1),
            Self::Unreserve { .. } => (-1, 0),
            Self::Occupy { .. } => (0, 1),
            Self::Free { .. } => (0, -1),
        }
    }
}

/// Why a chat refuses an input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is over.
    #[error("the chat has ended")]
    Ended,
    /// It has begun already.
    #[error("the chat has begun already")]
    Begun,
    /// It has not begun.
    #[error("the chat has not begun")]
    NotBegun,
    /// The one who asks has no part in it; told as if it did not exist.
    #[error("not your chat")]
    NotYours,
    /// The offer is over.
    #[error("the offer is over")]
    OfferOver {
        /// Why.
        why: OfferEnd,
        /// Who has the chat, where somebody has.
        by: Option<String>,
    },
    /// Somebody else has it.
    #[error("{by} has the chat")]
    Taken {
        /// Who.
        by: String,
    },
    /// It waits for an answer at somebody already.
    #[error("the chat is being offered")]
    BeingOffered,
    /// Whoever is asked has a part in it already.
    #[error("{who} is in the chat already")]
    HereAlready {
        /// Who.
        who: String,
    },
    /// Whoever is to be asked has just let it go.
    #[error("whoever is asked has let the chat go a moment ago")]
    LetGo,
    /// Nobody would be left.
    #[error("you are the only operator here: transfer the chat or end it")]
    Alone,
    /// It is not in a state in which that makes sense.
    #[error("not possible while the chat is waiting")]
    Waiting,
    /// It has as many events as a chat may have.
    #[error("the chat is full")]
    Full,
}
