//! Decisions in English, for the answers of the API and for the console: the only place where they become words.

use crate::domain::group::Handling;
use crate::domain::ids::OperatorId;
use crate::domain::routing::decision::{Counts, WhyNot};
use crate::domain::routing::explain::Reason;
use crate::domain::routing::record::Record;
use crate::domain::routing::still::{Still, WhyStill};

/// A decision in one or two sentences. `name` tells what an operator is called.
pub fn sentence(record: &Record, name: impl Fn(OperatorId) -> String) -> String {
    let whom = people(&record.chosen, record.more, &name);
    let first = match (record.chosen.len(), record.handling) {
        (2.., Handling::Secondary) => {
            format!("Rang at {whom}, the secondary members who were free: no primary member could be asked.")
        }
        (2.., _) => format!("Rang at {whom}, all who were free."),
        (_, Handling::Secondary) => {
            format!("Went to {whom}, a secondary member: no primary member could be asked.")
        }
        _ => format!("Went to {whom}, who was next."),
    };
    with_others(first, &record.counts)
}

/// Why a chat still waits, in one or two sentences.
pub fn still(still: &Still, name: impl Fn(OperatorId) -> String) -> String {
    let whom = people(&still.operators, still.more, &name);
    let first = match still.reason {
        WhyStill::Ringing if still.operators.is_empty() => "It rings now.".to_owned(),
        WhyStill::Ringing => return format!("It rings at {whom} now."),
        WhyStill::RingingElsewhere => return "It rings in another group that helps.".to_owned(),
        WhyStill::BeingOffered => return "It is about to be offered to somebody.".to_owned(),
        WhyStill::Unheard => return "It is taken up again after a start.".to_owned(),
        WhyStill::InLine => "Waiting for its turn: the chats before it ring first.".to_owned(),
        WhyStill::Nobody(WhyNot::OperatorAwaited) if still.operators.is_empty() => {
            "Waiting for one operator, who cannot take the chat just now.".to_owned()
        }
        WhyStill::Nobody(WhyNot::OperatorAwaited) => {
            return format!("Waiting for {whom}, who cannot take the chat just now.");
        }
        WhyStill::Nobody(why @ WhyNot::NobodyAssigned) => {
            format!("Waiting for somebody to take the chat by hand: {}.", nobody(why, &still.counts))
        }
        WhyStill::Nobody(why @ WhyNot::Choosing) => {
            format!("Waiting for a moment: {}.", nobody(why, &still.counts))
        }
        WhyStill::Nobody(why) => format!("Waiting because {}.", nobody(why, &still.counts)),
    };
    with_others(first, &still.counts)
}

/// Why nobody may be offered a chat, as a part of a sentence. Members stand differently, and it must be true of each.
fn nobody(why: WhyNot, counts: &Counts) -> String {
    let skilled = if counts.unskilled > 0 { " with the skills that are asked for" } else { "" };
    let connected = (counts.in_grace > 0).then_some("are connected");
    let given = (counts.pull > 0).then_some("are given chats");
    let of = |more: [Option<&str>; 2]| {
        let does = ["receive now"].into_iter().chain(more.into_iter().flatten()).map(str::to_owned);
        format!("those{skilled} who {}", listed(does.collect()))
    };
    match why {
        WhyNot::OperatorAwaited => "the one for whom it waits cannot take it just now".to_owned(),
        WhyNot::LetGo => "everybody who is free let this chat go a moment ago".to_owned(),
        WhyNot::Choosing => "an operator's free place is just being given to one of their groups".to_owned(),
        WhyNot::AllFull => format!("of {} nobody has a free place", of([connected, given])),
        WhyNot::NobodyAssigned => format!("of {} nobody is given chats", of([connected, None])),
        WhyNot::ConnectionLost if counts.without_slots > 0 => {
            format!("{} have lost their connection or have a limit of 0", of([None; 2]))
        }
        WhyNot::ConnectionLost => format!("{} have lost their connection", of([None; 2])),
        WhyNot::WithoutSlots => format!("{} have a limit of 0", of([None; 2])),
        WhyNot::NobodySkilled => "no member has the skills that are asked for".to_owned(),
        WhyNot::NobodyReceives if counts.total() == 0 => "this group has no members".to_owned(),
        WhyNot::NobodyReceives => format!("nobody{skilled} receives chats of this group now"),
    }
}

fn with_others(first: String, counts: &Counts) -> String {
    let others = others(counts);
    if others.is_empty() { first } else { format!("{first} Of the members, {others}.") }
}

/// `Joe`, `Joe and Bob`, `Joe, Bob and 3 more`.
fn people(operators: &[OperatorId], more: u32, name: impl Fn(OperatorId) -> String) -> String {
    let mut names: Vec<String> = operators.iter().map(|operator| name(*operator)).collect();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    if names.is_empty() { "nobody".to_owned() } else { listed(names) }
}

fn listed(mut all: Vec<String>) -> String {
    match all.pop() {
        Some(last) if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        last => last.unwrap_or_default(),
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
        (counts.let_go, "not asked again yet"),
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

    fn who(n: u128) -> OperatorId {
        OperatorId(uuid::Uuid::from_u128(n))
    }

    fn name(operator: OperatorId) -> String {
        ["Joe", "Bob", "Sue"][operator.0.as_u128() as usize].to_owned()
    }

    fn waits(reason: WhyStill, counts: Counts, operators: Vec<OperatorId>) -> String {
        still(&Still { reason, since: None, operators, more: 0, counts, roster_version: 1 }, name)
    }

    #[test]
    fn why_a_chat_waits_is_told_in_words() {
        let counts = Counts { full: 2, pull: 1, not_receiving: 1, ..Counts::default() };
        assert_eq!(
            waits(WhyStill::Nobody(WhyNot::AllFull), counts, Vec::new()),
            "Waiting because of those who receive now and are given chats nobody has a free place. Of the members, \
             2 are full, 1 is taking chats by hand, 1 is not receiving."
        );
        let counts = Counts { unskilled: 1, not_receiving: 1, ..Counts::default() };
        assert_eq!(
            waits(WhyStill::Nobody(WhyNot::NobodyReceives), counts, Vec::new()),
            "Waiting because nobody with the skills that are asked for receives chats of this group now. Of the \
             members, 1 is not receiving, 1 is without the skills."
        );
        assert_eq!(waits(WhyStill::Ringing, counts, vec![who(0), who(2)]), "It rings at Joe and Sue now.");
        let awaited = WhyStill::Nobody(WhyNot::OperatorAwaited);
        assert_eq!(waits(awaited, counts, vec![who(1)]), "Waiting for Bob, who cannot take the chat just now.");
    }

    #[test]
    fn a_decision_is_told_in_words() {
        let counts = Counts { free: 1, ..Counts::default() };
        let record = Record {
            chosen: vec![who(0)],
            more: 0,
            handling: Handling::Primary,
            counts,
            best: Vec::new(),
            members: Vec::new(),
            roster_version: 1,
        };
        assert_eq!(sentence(&record, name), "Went to Joe, who was next. Of the members, 1 is free.");
        let many = Record { chosen: vec![who(0), who(1)], more: 3, counts: Counts::default(), ..record };
        assert_eq!(sentence(&many, name), "Rang at Joe, Bob and 3 more, all who were free.");
        let helper = Record { chosen: vec![who(2)], more: 0, handling: Handling::Secondary, ..many };
        assert_eq!(sentence(&helper, name), "Went to Sue, a secondary member: no primary member could be asked.");
    }

    #[test]
    fn each_reason_has_its_own_words_and_name() {
        let mut words: Vec<String> = Reason::ALL.into_iter().map(|reason| passed_over(reason).to_owned()).collect();
        words.extend(WhyStill::ALL.into_iter().map(|reason| waits(reason, Counts::default(), Vec::new())));
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Reason::ALL.len() + WhyStill::ALL.len());
        let mut names: Vec<&str> = Reason::ALL.into_iter().map(Reason::as_str).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Reason::ALL.len());
    }
}
