//! What must never happen.

/// What must never happen, and is counted when it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invariant {
    /// At the start a counter of slots was not what chats and offers say.
    SlotsRecounted,
    /// A queue and the store disagreed on who waits.
    QueueDisagrees,
    /// A queue had missed news of what an operator holds.
    QueueMissedLoad,
    /// A chat waited beside somebody who was free for it.
    SlotNotRefilled,
    /// A chat could not be rebuilt from its log.
    ChatSetAside,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::SlotsRecounted, Self::QueueDisagrees, Self::QueueMissedLoad, Self::SlotNotRefilled, Self::ChatSetAside];

    /// Its name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SlotsRecounted => "slots_recounted",
            Self::QueueDisagrees => "queue_disagrees",
            Self::QueueMissedLoad => "queue_missed_load",
            Self::SlotNotRefilled => "slot_not_refilled",
            Self::ChatSetAside => "chat_set_aside",
        }
    }
}
