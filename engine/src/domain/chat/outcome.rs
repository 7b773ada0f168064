//! What came of a chat's wait: the one definition that metrics and reports share.

use std::time::Duration;

use crate::domain::event::{EndedBy, EndedWhy};

/// What came of a chat's wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// An operator was assigned, or took it.
    Answered,
    /// The visitor ended it before, or left.
    Abandoned,
    /// The visitor was shown the contact form: nobody answered in time, nobody was there any more, its group was
    /// deleted, or an operator sent it there.
    SentToForm,
    /// Switchboard or an operator ended it before, without a form.
    TurnedAway,
}

impl EndedWhy {
    /// Whether the visitor is shown the contact form for it, and an unanswered chat counts as sent there.
    pub fn leads_to_form(self) -> bool {
        match self {
            Self::TimedOut | Self::SentToForm | Self::Offline | Self::GroupDeleted => true,
            Self::Closed | Self::Left | Self::Blocked => false,
        }
    }
}

impl Outcome {
    /// What came of a chat that is over; `assigned` says whether it ever was.
    pub fn of(assigned: bool, by: EndedBy, why: EndedWhy) -> Self {
        match (assigned, by, why) {
            (true, _, _) => Self::Answered,
            (false, _, why) if why.leads_to_form() => Self::SentToForm,
            (false, EndedBy::Visitor, _) | (false, _, EndedWhy::Left) => Self::Abandoned,
            (false, _, _) => Self::TurnedAway,
        }
    }

    /// Whether a wait of that length was in time for the service level: answered within T, or not, when it was
    /// answered later, or abandoned after T. `None`: it does not count, as whoever left before had been promised nothing.
    pub fn in_time(self, waited: Duration, within: Duration) -> Option<bool> {
        match self {
            Self::Answered => Some(waited <= within),
            Self::Abandoned => (waited > within).then_some(false),
            Self::SentToForm | Self::TurnedAway => None,
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
        let unanswered = |by, why| Outcome::of(false, by, why);
        assert_eq!(unanswered(EndedBy::System, EndedWhy::Left), Outcome::Abandoned);
        assert_eq!(unanswered(EndedBy::Visitor, EndedWhy::Closed), Outcome::Abandoned);
        assert_eq!(unanswered(EndedBy::System, EndedWhy::TimedOut), Outcome::SentToForm);
        assert_eq!(unanswered(EndedBy::System, EndedWhy::Offline), Outcome::SentToForm);
        assert_eq!(unanswered(EndedBy::System, EndedWhy::GroupDeleted), Outcome::SentToForm);
        assert_eq!(unanswered(EndedBy::Operator, EndedWhy::SentToForm), Outcome::SentToForm);
        assert_eq!(unanswered(EndedBy::Operator, EndedWhy::Closed), Outcome::TurnedAway);
        assert_eq!(unanswered(EndedBy::System, EndedWhy::Blocked), Outcome::TurnedAway);
    }

    #[test]
    fn an_answer_is_in_time_up_to_the_very_end_of_it_and_who_left_before_does_not_count() {
        let (t, later) = (Duration::from_secs(20), Duration::from_millis(20_001));
        assert_eq!(Outcome::Answered.in_time(t, t), Some(true));
        assert_eq!(Outcome::Answered.in_time(later, t), Some(false));
        assert_eq!(Outcome::Abandoned.in_time(t, t), None);
        assert_eq!(Outcome::Abandoned.in_time(later, t), Some(false));
        assert_eq!(Outcome::SentToForm.in_time(later, t), None);
        assert_eq!(Outcome::TurnedAway.in_time(later, t), None);
    }

    #[test]
    fn a_chat_that_was_assigned_is_answered_however_it_ends() {
        assert_eq!(Outcome::of(true, EndedBy::System, EndedWhy::Left), Outcome::Answered);
        assert_eq!(Outcome::of(true, EndedBy::Operator, EndedWhy::SentToForm), Outcome::Answered);
    }
}
