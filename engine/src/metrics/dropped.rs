//! Why something of another node is passed over.

/// One of the reasons, by the value of its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// The other node confirms nothing: what is sent to it is given up, and it is told everything anew.
    NotConfirmed,
    /// It is no envelope, or a message of a kind that this version does not know.
    NotUnderstood,
    /// It comes from one node more than there may be.
    TooManyNodes,
    /// It came before.
    Doubled,
}

impl Dropped {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NotConfirmed, Self::NotUnderstood, Self::TooManyNodes, Self::Doubled];

    /// The values of the label.
    pub const NAMES: &[&str] = &[
        Self::NotConfirmed.as_str(),
        Self::NotUnderstood.as_str(),
        Self::TooManyNodes.as_str(),
        Self::Doubled.as_str(),
    ];

    /// The value of the label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotConfirmed => "not_confirmed",
            Self::NotUnderstood => "not_understood",
            Self::TooManyNodes => "too_many_nodes",
            Self::Doubled => "doubled",
        }
    }
}
