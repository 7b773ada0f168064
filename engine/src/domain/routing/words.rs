//! Decisions in English, for the answers of the API and for the console: the only place where they become words.

use crate::domain::group::{Handling, OfferMode};
use crate::domain::ids::OperatorId;
use crate::domain::operator::Share;
use crate::domain::routing::because::Because;
use crate::domain::routing::decision::{Counts, WhyNot};
use crate::domain::routing::explain::{Considered, Reason};
use crate::domain::routing::record::Record;
use crate::domain::routing::still::{Still, WhyStill};

/// A decision in one or two sentences. `name` tells what an operator is called, `group` what the group that decided is
/// called where that is worth saying: where the chat waited, or is now, in another.
pub fn sentence(record: &Record, group: Option<&str>, name: impl Fn(OperatorId) -> String) -> String {
    let whom = people(&record.chosen, record.more, &name);
    let verb = if record.mode == OfferMode::Automatic { "Went to" } else { "Rang at" };
    let of = group.map(|group| format!(" of {group}")).unwrap_or_default();
    let first = format!("{verb} {whom}{of}{}.", rule(record));
    let mut others = record.counts;
    others.free = others.free.saturating_sub(chosen(record));
    with_others(first, "other members", &others)
}

/// By which rule a chat is for those whom it is for, to follow their names.
fn rule(record: &Record) -> &'static str {
    let (many, secondary) = (chosen(record) > 1, record.handling == Handling::Secondary);
    match record.because {
        Because::Wanted if many => ": all who could be asked, and whom the page named",
        Because::Wanted => ", whom the page named",
        Because::LastTime => ", who served the visitor last time",
        Because::AskedAgain => ", asked again: everybody who could be asked had let the chat go",
        Because::Next if many && secondary => ", all secondary members who could be asked: no primary member could",
        Because::Next if many => ", all primary members who could be asked",
        Because::Next if record.mode == OfferMode::RingAll && secondary => {
            ", the only secondary member who could be asked: no primary member could"
        }
        Because::Next if record.mode == OfferMode::RingAll => ", the only primary member who could be asked",
        Because::Next if secondary => ", a secondary member: no primary member could be asked",
        Because::Next => ", who was next",
    }
}

/// For how many the chat is.
fn chosen(record: &Record) -> u32 {
    u32::try_from(record.chosen.len()).unwrap_or(u32::MAX).saturating_add(record.more)
}

/// Why one member was chosen or passed over, to follow the name.
pub fn stands(record: &Record, member: Considered) -> String {
    let words = match (member.reason, record.because) {
        (Reason::Chosen, Because::AskedAgain) => "was asked again",
        (Reason::Chosen, _) if chosen(record) > 1 => "was asked",
        (Reason::Chosen, Because::Next) if record.mode == OfferMode::RingAll => "was asked",
        (Reason::Chosen, Because::Wanted) => "was named by the page",
        (Reason::Chosen, Because::LastTime) => "served the visitor last time",
        (Reason::Behind, Because::Wanted) => "is free, but the page named somebody else",
        (Reason::Behind, Because::LastTime) => "is free, but somebody else served the visitor last time",
        (Reason::Behind, _) => return behind(record, member.operator),
        (other, _) => passed_over(other),
    };
    words.to_owned()
}

/// By what a member who was free came after the one who was chosen: the first that differs, in the order of the score.
fn behind(record: &Record, member: OperatorId) -> String {
    let score = |operator: OperatorId| record.best.iter().find(|score| score.operator == operator);
    let first = record.chosen.first().and_then(|first| score(*first));
    // Of those beyond the best it is not kept.
    let Some((first, own)) = first.zip(score(member)).filter(|(first, own)| first < own) else {
        return passed_over(Reason::Behind).to_owned();
    };
    let (more, less) = (percent(own.share), percent(first.share));
    if own.share != first.share && more == less {
        "is free, but has a little more of the capacity in use".to_owned()
    } else if own.share != first.share {
        format!("is free, but has more of the capacity in use: {more} %, not {less} %")
    } else if own.used != first.used {
        format!("is free, but has more chats: {}, not {}", own.used, first.used)
    } else if own.last_ended_at != first.last_ended_at {
        "is free, but a chat of theirs ended more recently".to_owned()
    } else if own.receiving_since != first.receiving_since {
        "is free, but has been receiving for a shorter time".to_owned()
    } else {
        "is free, and equal in all but the id, by which another one comes first".to_owned()
    }
}

/// A share in whole percent, rounded.
fn percent(share: Share) -> u64 {
    let (used, of) = share.parts();
    (u64::from(used) * 100 + u64::from(of) / 2) / u64::from(of)
}

/// Why a chat still waits, in one or two sentences.
pub fn still(still: &Still, name: impl Fn(OperatorId) -> String) -> String {
    let first = match still.reason {
        WhyStill::RingingElsewhere => return "It rings in another group that helps.".to_owned(),
        WhyStill::Unheard => return "It is taken up again after a start.".to_owned(),
        WhyStill::InLine => "Waiting for its turn: the chats before it ring first.".to_owned(),
        WhyStill::Nobody(WhyNot::OperatorAwaited) if still.operators.is_empty() => {
            "Waiting for one operator, who cannot take the chat just now.".to_owned()
        }
        WhyStill::Nobody(WhyNot::OperatorAwaited) => {
            let whom = people(&still.operators, still.more, name);
            return format!("Waiting for {whom}, who cannot take the chat just now.");
        }
        WhyStill::Nobody(why @ WhyNot::NobodyAssigned) => {
            format!("Waiting for somebody to take the chat by hand: {}.", nobody(why, &still.counts))
        }
        WhyStill::Nobody(why @ WhyNot::Choosing) => {
            format!("Waiting for a moment: {}.", nobody(why, &still.counts))
        }
        WhyStill::Nobody(why) => format!("Waiting because {}.", nobody(why, &still.counts)),
        WhyStill::Ringing | WhyStill::BeingOffered => return rings(still, None, name),
    };
    with_others(first, "members", &still.counts)
}

/// Where a chat rings, or is about to, in one sentence; in a `group` that helps.
pub fn rings(still: &Still, group: Option<&str>, name: impl Fn(OperatorId) -> String) -> String {
    let of = group.map(|group| format!(" of {group}")).unwrap_or_default();
    match still.reason {
        WhyStill::BeingOffered => format!("It is about to be offered to somebody{of}."),
        _ if still.operators.is_empty() && group.is_none() => "It rings now.".to_owned(),
        _ if still.operators.is_empty() => format!("It rings at somebody{of} now."),
        _ => format!("It rings at {}{of} now.", people(&still.operators, still.more, name)),
    }
}

/// How it stands in a group that helps, in one or two sentences.
pub fn helping(still: &Still, name: impl Fn(OperatorId) -> String) -> String {
    let first = match still.reason {
        WhyStill::Ringing | WhyStill::BeingOffered => return rings(still, None, name),
        WhyStill::RingingElsewhere => return "It rings in another group.".to_owned(),
        WhyStill::Unheard => return "It is taken up again after a start.".to_owned(),
        WhyStill::InLine => "The chats before it ring first.".to_owned(),
        WhyStill::Nobody(why) => {
            let mut words = nobody(why, &still.counts);
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            format!("{words}.")
        }
    };
    with_others(first, "members", &still.counts)
}

/// What is said of a queue that does not answer now.
pub fn unanswered() -> &'static str {
    "Its queue does not answer just now."
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
        WhyNot::AllFull => format!("none of {} has a free place", of([connected, given])),
        WhyNot::NobodyAssigned => format!("none of {} is given chats", of([connected, None])),
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

fn with_others(first: String, of: &str, counts: &Counts) -> String {
    let others = others(counts);
    if others.is_empty() { first } else { format!("{first} Of the {of}, {others}.") }
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

/// Why a member was chosen or passed over, where no more is known of it.
fn passed_over(reason: Reason) -> &'static str {
    match reason {
        Reason::Chosen => "was next",
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
mod tests;
