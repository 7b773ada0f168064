//! What must never happen, and is counted where it does.

/// One of them, by the value of its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invariant {
    /// The counters of slots were not what the open chats and offers say.
    SlotsRecounted,
    /// A queue and the store did not agree on whether a chat waits.
    QueueDisagrees,
    /// A queue had missed news of what an operator holds.
    QueueMissedLoad,
    /// A queue had missed that an operator began or ceased to receive.
    QueueMissedReception,
    /// A chat waited beside an operator who might have been offered it.
    SlotNotRefilled,
    /// Slots of an operator of several groups were closed for the asking, and nobody opened them again.
    SlotsLeftClosed,
    /// A chat could not be rebuilt from what is stored.
    ChatSetAside,
}

impl Invariant {
    /// The values of the label.
    pub const NAMES: &[&str] = &[
        Self::SlotsRecounted.as_str(),
        Self::QueueDisagrees.as_str(),
        Self::QueueMissedLoad.as_str(),
        Self::QueueMissedReception.as_str(),
        Self::SlotNotRefilled.as_str(),
        Self::SlotsLeftClosed.as_str(),
        Self::ChatSetAside.as_str(),
    ];

    /// The value of the label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SlotsRecounted => "slots_recounted",
            Self::QueueDisagrees => "queue_disagrees",
            Self::QueueMissedLoad => "queue_missed_load",
            Self::QueueMissedReception => "queue_missed_reception",
            Self::SlotNotRefilled => "slot_not_refilled",
            Self::SlotsLeftClosed => "slots_left_closed",
            Self::ChatSetAside => "chat_set_aside",
        }
    }
}
