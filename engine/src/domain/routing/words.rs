//! Decisions in English, for the answers of the API and for the console: the only place where they become words.

use crate::domain::group::Handling;
use crate::domain::ids::OperatorId;
use crate::domain::routing::decision::{Counts, Decision, Outcome, WhyNot};
use crate::domain::routing::explain::Reason;

/// A decision in one or two sentences. `name` tells what an operator is called.
pub fn sentence(decision: &Decision, name: impl Fn(OperatorId) -> String) -> String {
    let first = match decision.outcome {
        Outcome::Offer { operator, handling: Handling::Secondary } => {
            format!("Offered to {}, a secondary member: no primary member could be asked.", name(operator))
        }
        Outcome::Offer { operator, .. } => format!("Offered to {}, who was next.", name(operator)),
        Outcome::Wait { why, .. } => waiting(why).to_owned(),
    };
    let others = others(&decision.counts);
    if others.is_empty() { first } else { format!("{first} Of the members, {others}.") }
}

/// Why a chat waits.
pub fn waiting(why: WhyNot) -> &'static str {
    match why {
        WhyNot::OperatorAwaited => "Waiting for one operator, who cannot take the chat just now.",
        WhyNot::LetGo => "Waiting because everybody who is free let this chat go a moment ago.",
        WhyNot::Choosing => "Waiting for a moment while an operator's free place is given to one of their groups.",
        WhyNot::AllFull => "Waiting because nobody has a free place.",
        WhyNot::ConnectionLost => "Waiting because those who receive have lost their connection.",
        WhyNot::NobodyAssigned => "Waiting for somebody to take the chat by hand: no member is given chats.",
        WhyNot::NobodySkilled => "Waiting although no member has the skills that are asked for.",
        WhyNot::NobodyReceives => "Waiting because nobody receives chats of this group now.",
    }
}

/// Why one member is chosen or passed over, to follow the name.
pub fn passed_over(reason: Reason) -> &'static str {
    match reason {
        Reason::Chosen => "is next",
        Reason::Behind => "is free, but another one comes first",
        Reason::Secondary => "is a secondary member and not asked yet",
        Reason::AskedBefore => "let this chat go before, and others are asked first",
        Reason::LetGo => "let this chat go a moment ago",
        Reason::Choosing => "is about to get a chat of one of their groups",
        Reason::Full => "has no free place",
        Reason::WithoutSlots => "has a limit of 0",
        Reason::InGrace => "has lost the connection",
        Reason::Pull => "takes chats by hand only",
        Reason::NotReceiving => "does not receive chats",
        Reason::Inactive => "is not active in this group",
        Reason::Unskilled => "lacks a skill that is asked for",
        Reason::NotAwaited => "is not the operator for whom the chat waits",
    }
}

fn others(counts: &Counts) -> String {
    let parts = [
        (counts.free, "free"),
        (counts.full, "full"),
        (counts.let_go, "asked a moment ago"),
        (counts.choosing, "about to get another chat"),
        (counts.in_grace, "without connection"),
        (counts.pull, "taking chats by hand"),
        (counts.without_slots, "with a limit of 0"),
        (counts.not_receiving, "not receiving"),
        (counts.inactive, "not active here"),
        (counts.unskilled, "without the skills"),
        (counts.not_awaited, "not asked"),
    ];
    let said: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {} {words}", if count == 1 { "is" } else { "are" }))
        .collect();
    said.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_told_in_words() {
        let counts = Counts { full: 2, pull: 1, not_receiving: 1, ..Counts::default() };
        let outcome = Outcome::Wait { why: WhyNot::AllFull, again_at: None };
        let decision = Decision { outcome, counts, best: Vec::new(), roster_version: 1 };
        assert_eq!(
            sentence(&decision, |_| String::new()),
            "Waiting because nobody has a free place. Of the members, 2 are full, 1 is taking chats by hand, \
             1 is not receiving."
        );
        let operator = OperatorId(uuid::Uuid::nil());
        let outcome = Outcome::Offer { operator, handling: Handling::Primary };
        let counts = Counts { free: 1, ..Counts::default() };
        let decision = Decision { outcome, counts, ..decision };
        assert_eq!(sentence(&decision, |_| "Joe".into()), "Offered to Joe, who was next. Of the members, 1 is free.");
    }

    #[test]
    fn each_reason_has_its_own_words_and_name() {
        let mut words: Vec<&str> = Reason::ALL.into_iter().map(passed_over).collect();
        words.extend(WhyNot::ALL.into_iter().map(waiting));
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Reason::ALL.len() + WhyNot::ALL.len());
        let mut names: Vec<&str> = Reason::ALL.into_iter().map(Reason::as_str).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Reason::ALL.len());
    }
}
