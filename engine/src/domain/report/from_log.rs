//! What a report must know of a chat, read from its events alone: no state, row or counter that might have gone wrong
//! on the way has a part in it.

use super::ChatFacts;
use crate::domain::chat::{Outcome, Replies};
use crate::domain::event::{Event, EventKind, Role};

impl ChatFacts {
    /// The facts of a chat from all of its events, in order; `None` while it is not over.
    pub fn of_log<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Self> {
        let (mut queued_at, mut assigned_at, mut answered_at) = (None, None, None);
        let mut messages = 0;
        // The one that first answered, until then the one in which it waits.
        let mut group = None;
        // Who has it now, and whom they asked to join them, first come first.
        let (mut owner, mut guests) = (None, Vec::new());
        // Since when nobody of them wrote, and what they wrote.
        let (mut idle_since, mut replies) = (None, Replies::default());
        for event in events {
            match &event.kind {
                EventKind::Started { .. } => queued_at = Some(event.at),
                EventKind::Queued { group: waits_in } => {
                    owner = None;
                    guests.clear();
                    // A chat that comes back after an operator had it was answered before: its wait is over.
                    if assigned_at.is_none() {
                        queued_at = Some(event.at);
                        group = Some(waits_in);
                    }
                }
                EventKind::Assigned { operator, group: of, .. }
                | EventKind::Transferred { operator, group: of, .. } => {
                    if assigned_at.is_none() {
                        (assigned_at, group) = (Some(event.at), Some(of));
                    }
                    // Idle time goes on when the chat changes hands.
                    if owner.is_none() || idle_since.is_none() {
                        idle_since = Some(event.at);
                    }
                    guests.retain(|guest| guest != operator);
                    owner = Some(*operator);
                }
                EventKind::Joined { operator, .. } => guests.push(*operator),
                EventKind::Left { operator, .. } if owner == Some(*operator) && !guests.is_empty() => {
                    owner = Some(guests.remove(0));
                }
                EventKind::Left { operator, .. } => guests.retain(|guest| guest != operator),
                EventKind::Message(message) => {
                    messages += 1;
                    if message.from.role == Role::Operator && owner.is_some() {
                        answered_at.get_or_insert(event.at);
                        replies.add(idle_since.replace(event.at), event.at);
                    }
                }
                EventKind::Ended { by, why, .. } => {
                    return Some(Self {
                        group: group?.clone(),
                        queued_at: queued_at?,
                        assigned_at,
                        answered_at,
                        ended_at: event.at,
                        outcome: Outcome::of(assigned_at.is_some(), *by, *why),
                        operator: owner.map(|owner| owner.to_string()),
                        messages,
                        replies,
                    });
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::event::{AssignedBy, Audience, Author, EndedBy, EndedWhy, Message, Rung};
    use crate::domain::ids::{ChatId, OfferId, OperatorId, Shard};
    use crate::domain::time::Timestamp;

    fn log(kinds: Vec<(i64, EventKind)>) -> Vec<Event> {
        let numbered = (1..).zip(kinds);
        let at = |second: i64| Timestamp::from_millis(second * 1000);
        numbered
            .map(|(seq, (second, kind))| Event { seq, visitor_seq: seq, at: at(second), kind, origin: None })
            .collect()
    }

    fn queued() -> EventKind {
        EventKind::Queued { group: "support".parse().unwrap() }
    }

    fn assigned(by: AssignedBy) -> EventKind {
        let operator = OperatorId(uuid::Uuid::from_u128(7));
        EventKind::Assigned { operator, name: "Joe".into(), group: "support".parse().unwrap(), by, offer: None }
    }

    fn says(role: Role) -> EventKind {
        let from = Author { role, id: None, name: None };
        let to = Audience::Everyone;
        EventKind::Message(Message { id: "m".into(), from, text: "Hello".into(), files: Vec::new(), to })
    }

    fn ended() -> EventKind {
        EventKind::Ended { by: EndedBy::Visitor, why: EndedWhy::Closed, operator: None }
    }

    #[test]
    fn a_chat_is_read_from_its_log() {
        let told = vec![
            (0, queued()),
            (1, says(Role::Visitor)),
            (2, says(Role::System)),
            (10, assigned(AssignedBy::Automatic)),
            (15, says(Role::Operator)),
            (16, says(Role::Operator)),
            (60, ended()),
        ];
        let facts = ChatFacts::of_log(&log(told)).unwrap();
        let share = facts.share();
        assert_eq!((share.outcome, facts.messages), (Outcome::Answered, 4));
        assert_eq!(share.queue_time, Duration::from_secs(10));
        assert_eq!(share.first_reply, Some(Duration::from_secs(5)));
        assert_eq!(share.handling_time, Some(Duration::from_secs(50)));
        let mut replies = Replies::default();
        [5, 1].into_iter().for_each(|seconds| replies.count_one(Duration::from_secs(seconds)));
        assert_eq!(share.replies, replies, "5 s after the assignment, then 1 s");
    }

    #[test]
    fn who_comes_back_to_a_queue_was_answered_before() {
        let told =
            vec![(0, queued()), (5, queued()), (10, assigned(AssignedBy::Automatic)), (20, queued()), (60, ended())];
        let share = ChatFacts::of_log(&log(told)).unwrap().share();
        assert_eq!((share.outcome, share.queue_time), (Outcome::Answered, Duration::from_secs(5)));
        assert_eq!(share.handling_time, Some(Duration::from_secs(50)));
    }

    #[test]
    fn it_counts_for_whoever_answered_it_or_let_it_wait_last() {
        let sales = || "sales".parse().unwrap();
        let (operator, name) = (OperatorId(uuid::Uuid::from_u128(8)), "Bob".to_owned());
        let from = Rung { id: OperatorId(uuid::Uuid::from_u128(7)), name: "Joe".into() };
        let offer = OfferId { chat: ChatId::new(1, 2, Shard(3)), seq: 4 };
        let goes_on = EventKind::Transferred { operator, name, group: sales(), from, offer };
        let moved = EventKind::Queued { group: sales() };
        let of = |told| ChatFacts::of_log(&log(told)).unwrap().group.to_string();
        assert_eq!(of(vec![(0, queued()), (1, assigned(AssignedBy::Taken)), (2, goes_on), (9, ended())]), "support");
        assert_eq!(of(vec![(0, queued()), (1, moved.clone()), (9, ended())]), "sales");
        assert_eq!(of(vec![(0, queued()), (1, moved), (2, assigned(AssignedBy::Taken)), (9, ended())]), "support");
    }

    #[test]
    fn it_counts_for_whoever_has_it_when_it_ends() {
        let (joe, bob) = (OperatorId(uuid::Uuid::from_u128(7)), OperatorId(uuid::Uuid::from_u128(8)));
        let offer = OfferId { chat: ChatId::new(1, 2, Shard(3)), seq: 4 };
        let joins =
            || EventKind::Joined { operator: bob, name: "Bob".into(), group: "support".parse().unwrap(), offer };
        let leaves = |operator, name: &str| EventKind::Left { operator, name: name.into() };
        let of = |told: Vec<EventKind>| {
            let told = [queued(), assigned(AssignedBy::Taken)].into_iter().chain(told).chain([ended()]);
            ChatFacts::of_log(&log((0..).zip(told).collect())).unwrap().operator
        };
        let (joes, bobs) = (Some(joe.to_string()), Some(bob.to_string()));
        assert_eq!(of(vec![]), joes);
        assert_eq!(of(vec![joins()]), joes);
        assert_eq!(of(vec![joins(), leaves(joe, "Joe")]), bobs, "it is left to the guest");
        assert_eq!(of(vec![joins(), leaves(bob, "Bob")]), joes);
        assert_eq!(of(vec![queued()]), None, "it waits again");
        assert_eq!(
            of(vec![joins(), queued(), assigned(AssignedBy::Taken), leaves(joe, "Joe")]),
            joes,
            "nobody else is in it"
        );
    }

    #[test]
    fn a_chat_that_runs_has_no_figures_and_one_that_nobody_took_was_abandoned() {
        assert_eq!(ChatFacts::of_log(&log(vec![(0, queued())])), None);
        let share = ChatFacts::of_log(&log(vec![(0, queued()), (30, ended())])).unwrap().share();
        assert_eq!((share.outcome, share.queue_time), (Outcome::Abandoned, Duration::from_secs(30)));
        assert_eq!((share.first_reply, share.handling_time), (None, None));
    }
}
