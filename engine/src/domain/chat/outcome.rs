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
    /// The visitor was shown the contact form: nobody answered in time, nobody was there any more, an operator sent it
    /// there, or its group was removed.
    SentToForm,
    /// Switchboard or an operator ended it before, without a form.
    TurnedAway,
}

impl Outcome {
    /// What came of a chat that is over; `assigned` says whether it ever was.
    pub fn of(assigned: bool, by: EndedBy, why: EndedWhy) -> Self {
        match (assigned, by, why) {
            (true, _, _) => Self::Answered,
            (false, _, EndedWhy::TimedOut | EndedWhy::SentToForm | EndedWhy::Offline | EndedWhy::GroupDeleted) => {
                Self::SentToForm
            }
            (false, EndedBy::Visitor, _) | (false, _, EndedWhy::Left) => Self::Abandoned,
            (false, _, EndedWhy::Closed | EndedWhy::Blocked) => Self::TurnedAway,
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
    fn what_came_of_a_wait_in_vain_is_told_by_who_ended_it_and_why() {
        for (by, why, outcome) in [
            (EndedBy::Visitor, EndedWhy::Closed, Outcome::Abandoned),
            (EndedBy::System, EndedWhy::Left, Outcome::Abandoned),
            (EndedBy::System, EndedWhy::TimedOut, Outcome::SentToForm),
            (EndedBy::System, EndedWhy::Offline, Outcome::SentToForm),
            (EndedBy::System, EndedWhy::GroupDeleted, Outcome::SentToForm),
            (EndedBy::Operator, EndedWhy::SentToForm, Outcome::SentToForm),
            (EndedBy::Operator, EndedWhy::Closed, Outcome::TurnedAway),
            (EndedBy::Operator, EndedWhy::Blocked, Outcome::TurnedAway),
        ] {
            assert_eq!(Outcome::of(false, by, why), outcome, "{by:?} {why:?}");
        }
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
