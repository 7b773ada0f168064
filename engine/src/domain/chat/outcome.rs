//! What came of a chat's wait: the one definition that metrics and reports share.

use crate::domain::event::{EndedBy, EndedWhy};

/// What came of a chat's wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// An operator was assigned, or took it.
    Answered,
    /// The visitor ended it before, or left.
    Abandoned,
    /// The visitor was shown the contact form: nobody answered in time, nobody was there any more, or an operator
    /// sent it there.
    SentToForm,
    /// Switchboard or an operator ended it before, without a form.
    TurnedAway,
}

impl Outcome {
    /// What came of a chat that is over; `assigned` says whether it ever was.
    pub fn of(assigned: bool, by: EndedBy, why: EndedWhy) -> Self {
        match (assigned, by, why) {
            (true, _, _) => Self::Answered,
            (false, _, EndedWhy::TimedOut | EndedWhy::SentToForm | EndedWhy::Offline) => Self::SentToForm,
            (false, EndedBy::Visitor, _) | (false, _, EndedWhy::Left) => Self::Abandoned,
            (false, _, EndedWhy::Closed | EndedWhy::GroupDeleted | EndedWhy::Blocked) => Self::TurnedAway,
        }
    }

    /// The name in metrics and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::SentToForm => "sent_to_form",
            Self::TurnedAway => "turned_away",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_left_abandoned_and_who_was_left_alone_was_sent_to_the_form() {
        assert_eq!(Outcome::of(false, EndedBy::System, EndedWhy::Left), Outcome::Abandoned);
        assert_eq!(Outcome::of(false, EndedBy::Visitor, EndedWhy::Closed), Outcome::Abandoned);
        assert_eq!(Outcome::of(false, EndedBy::System, EndedWhy::TimedOut), Outcome::SentToForm);
        assert_eq!(Outcome::of(false, EndedBy::System, EndedWhy::GroupDeleted), Outcome::TurnedAway);
    }

    #[test]
    fn a_chat_that_was_assigned_is_answered_however_it_ends() {
        assert_eq!(Outcome::of(true, EndedBy::System, EndedWhy::Left), Outcome::Answered);
        assert_eq!(Outcome::of(true, EndedBy::Operator, EndedWhy::SentToForm), Outcome::Answered);
    }
}
