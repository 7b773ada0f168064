//! Whatever is asked of a chat, in whatever order: its log has no holes, its state is its log, one offer is open at
//! most, every slot that is taken is given back once, nothing happens after the end, and figures that come of its events
//! alone are those of its state.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::domain::event::{Audience, Author, EndedBy, EndedWhy, Event, EventKind, OfferEnd, OfferKind, Role};
use crate::domain::ids::{ChatId, GroupId, OfferId, OperatorId, Shard};
use crate::domain::report::{ChatFacts, OfferCount, Offers};
use crate::domain::time::Timestamp;

#[derive(Debug, Clone)]
enum Ask {
    Start { question: bool },
    Say { from: Option<u8>, to: Audience },
    Propose { operator: u8, group: u8, ring: Option<u16> },
    Accept { offer: Index, operator: u8 },
    Decline { offer: Index, operator: u8 },
    Withdraw { offer: Index, operator: u8 },
    RingAt { operators: u8, group: u8, ring: u16 },
    Take { operator: u8 },
    TakeOver { operator: u8 },
    Asks { invite: bool, to: Option<u8>, group: u8, stay: bool, seconds: u16 },
    Leave { operator: u8 },
    Requeue { operator: u8 },
    End { by: EndedBy },
    Visitor { back: bool },
    Due,
    Passes { seconds: u16 },
}

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let operator = || 0_u8..4;
    let offer = any::<Index>;
    let to = prop_oneof![Just(Audience::Everyone), Just(Audience::Operators), Just(Audience::Coaching)];
    let by = prop_oneof![Just(EndedBy::Visitor), Just(EndedBy::Operator), Just(EndedBy::System)];
    let ask = prop_oneof![
        40 => any::<bool>().prop_map(|question| Ask::Start { question }),
        60 => (prop::option::of(operator()), to).prop_map(|(from, to)| Ask::Say { from, to }),
        120 => (operator(), 0_u8..2, prop::option::weighted(0.9, 1_u16..30))
            .prop_map(|(operator, group, ring)| Ask::Propose { operator, group, ring }),
        40 => (offer(), operator()).prop_map(|(offer, operator)| Ask::Accept { offer, operator }),
        60 => (offer(), operator()).prop_map(|(offer, operator)| Ask::Decline { offer, operator }),
        40 => (offer(), operator()).prop_map(|(offer, operator)| Ask::Withdraw { offer, operator }),
        60 => (0_u8..16, 0_u8..2, 1_u16..30).prop_map(|(operators, group, ring)| Ask::RingAt { operators, group, ring }),
        10 => operator().prop_map(|operator| Ask::Take { operator }),
        10 => operator().prop_map(|operator| Ask::TakeOver { operator }),
        60 => (any::<bool>(), prop::option::of(operator()), 0_u8..2, any::<bool>(), 1_u16..60)
            .prop_map(|(invite, to, group, stay, seconds)| Ask::Asks { invite, to, group, stay, seconds }),
        15 => operator().prop_map(|operator| Ask::Leave { operator }),
        10 => operator().prop_map(|operator| Ask::Requeue { operator }),
        3 => by.prop_map(|by| Ask::End { by }),
        20 => any::<bool>().prop_map(|back| Ask::Visitor { back }),
        40 => Just(Ask::Due),
        60 => (0_u16..20).prop_map(|seconds| Ask::Passes { seconds }),
    ];
    prop::collection::vec(ask, 0..200)
}

fn operator(n: u8) -> OperatorId {
    OperatorId(uuid::Uuid::from_u128(u128::from(n) + 1))
}

fn group(n: u8) -> GroupId {
    format!("group{n}").parse().unwrap()
}

/// What operators hold, counted from the slot changes alone: reserved, filled.
#[derive(Default)]
struct Slots(BTreeMap<(OperatorId, GroupId), (i32, i32)>);

impl Slots {
    fn take_in(&mut self, change: &SlotChange) {
        let (operator, group) = change.place();
        let (reserved, filled) = self.0.entry((operator, group.clone())).or_default();
        let (more_reserved, more_filled) = change.delta();
        *reserved += more_reserved;
        *filled += more_filled;
        assert!(*reserved >= 0 && *filled >= 0, "{change:?} gives back what was not taken");
    }

    fn held(&self) -> Vec<(OperatorId, GroupId, i32, i32)> {
        let held = self.0.iter().filter(|(_, slots)| **slots != (0, 0));
        held.map(|((operator, group), (reserved, filled))| (*operator, group.clone(), *reserved, *filled)).collect()
    }
}

/// Offers that the log has opened and not closed.
fn open_offers(log: &[Event]) -> Vec<(OfferId, OperatorId)> {
    let mut open = Vec::new();
    for event in log {
        match &event.kind {
            EventKind::Offered { offer, operator, others: None, .. } => open.push((*offer, *operator)),
            EventKind::Offered { offer, operator, others: Some(others), .. } => {
                open.push((*offer, *operator));
                open.extend(others.iter().map(|rung| (*offer, rung.id)));
            }
            EventKind::Expired { offer, why: OfferEnd::Expired, .. } => open.retain(|(id, _)| id != offer),
            EventKind::Declined { offer, operator } | EventKind::Expired { offer, operator, .. } => {
                open.retain(|rung| *rung != (*offer, *operator));
            }
            EventKind::Assigned { .. }
            | EventKind::Transferred { .. }
            | EventKind::Joined { .. }
            | EventKind::Ended { .. } => open.clear(),
            _ => {}
        }
        assert!(open.iter().all(|(offer, _)| *offer == open[0].0), "two offers are open at once");
    }
    open
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_inputs_breaks_a_chat(begins in prop::bool::weighted(0.9), asks in asks()) {
        let id = ChatId::new(7, 7, Shard(7));
        let (mut chat, mut log, mut slots) = (Chat::unborn(id), Vec::<Event>::new(), Slots::default());
        let (mut now, mut offers) = (Timestamp::from_millis(1_000), vec![OfferId { chat: id, seq: 1 }]);
        let (mut counted, mut balance) = (Offers::default(), BTreeMap::<GroupId, i32>::new());
        let begin = begins.then_some(Ask::Start { question: true });
        for ask in begin.into_iter().chain(asks) {
            let input = match ask {
                Ask::Passes { seconds } => {
                    now = now + Duration::from_secs(u64::from(seconds));
                    continue;
                }
                Ask::Start { question } => Input::Start {
                    brand: "demo".parse().unwrap(),
                    department: None,
                    group: group(0),
                    name: Some("Clara".into()),
                    email: None,
                    page: None,
                    language: None,
                    variables: Default::default(),
                    verified: Default::default(),
                    question: question.then(|| "hello?".into()),
                    wanted: None,
                },
                Ask::Say { from, to } => {
                    let role = if from.is_some() { Role::Operator } else { Role::Visitor };
                    let to = if from.is_some() { to } else { Audience::Everyone };
                    Input::Say { from: Author { role, id: from.map(operator), name: None }, text: "hi".into(), to }
                }
                Ask::Propose { operator: n, group: g, ring } => {
                    let ring = ring.map(|seconds| Duration::from_secs(u64::from(seconds)));
                    Input::Propose { operator: operator(n), name: format!("op{n}"), group: group(g), ring }
                }
                // Mostly the latest offer and the one who was asked; now and then any.
                Ask::Accept { offer, operator: n } => {
                    let (offer, operator) = aim(&chat, &offers, offer, n);
                    Input::Accept { offer, operator }
                }
                Ask::Decline { offer, operator: n } => {
                    let (offer, operator) = aim(&chat, &offers, offer, n);
                    Input::Decline { offer, operator }
                }
                Ask::Withdraw { offer, operator: n } => {
                    let (offer, operator) = aim(&chat, &offers, offer, n);
                    Input::Withdraw { offer, operator }
                }
                Ask::RingAt { operators, group: g, ring } => {
                    let rung = (0..4).filter(|n| operators & (1 << n) != 0);
                    let operators = rung.map(|n| Person { id: operator(n), name: format!("op{n}") }).collect();
                    Input::RingAt { operators, group: group(g), ring: Duration::from_secs(u64::from(ring)) }
                }
                Ask::TakeOver { operator: n } => Input::TakeOver { operator: operator(n), name: format!("op{n}") },
                Ask::Asks { invite, to, group: g, stay, seconds } => Input::Ask(crate::domain::chat::Ask {
                    kind: if invite { OfferKind::Invite } else { OfferKind::Transfer },
                    from: chat.owner().map_or(operator(0), |owner| owner.id),
                    to: to.map(|n| Person { id: operator(n), name: format!("op{n}") }),
                    group: group(g),
                    reason: Some("knows parcels".into()),
                    stay,
                    lasts: Duration::from_secs(u64::from(seconds)),
                }),
                Ask::Requeue { operator: n } => Input::Requeue { operator: operator(n) },
                Ask::Leave { operator: n } => Input::Leave { operator: operator(n) },
                Ask::Take { operator: n } => Input::Take { operator: operator(n), name: format!("op{n}"), group: None },
                Ask::End { by } => Input::End { by, why: EndedWhy::Closed, operator: None },
                Ask::Visitor { back: true } => Input::VisitorBack,
                Ask::Visitor { back: false } => Input::VisitorAway,
                Ask::Due => Input::Due,
            };
            let (before, was_over) = (chat.clone(), chat.is_ended());
            let decided = chat.decide(input.clone(), now);
            prop_assert_eq!(&decided, &before.decide(input, now), "the same input, the same decision");
            prop_assert_eq!(&chat, &before, "judging changes nothing");
            let Ok(decision) = decided else { continue };
            prop_assert!(!was_over || (decision.events.is_empty() && decision.slots.is_empty()), "it is over");
            prop_assert!(!decision.events.is_empty() || decision.slots.is_empty(), "no slot moves without an event");
            decision.slots.iter().for_each(|change| slots.take_in(change));
            let events = chat.number(decision.events, now, None);
            for (group, count) in counted.told(&events) {
                *balance.entry(group).or_default() += if count == OfferCount::Made { 1 } else { -1 };
            }
            for event in events {
                chat.apply(&event);
                if let EventKind::Offered { offer, others, .. } = &event.kind {
                    let adds = others.is_some() && offers.contains(offer);
                    let own = OfferId { chat: id, seq: event.seq };
                    prop_assert!(adds || *offer == own, "an offer bears its event's number");
                    offers.push(*offer);
                }
                log.push(event);
            }

            let visible: Vec<u32> = log.iter().filter(|e| e.kind.visible_to_visitor()).map(|e| e.visitor_seq).collect();
            prop_assert!(log.iter().map(|event| event.seq).eq(1..=log.len() as u32), "operators' numbers have no hole");
            prop_assert!(visible.iter().copied().eq(1..=visible.len() as u32), "visitors' numbers have no hole");
            prop_assert_eq!((chat.last_seq, chat.visitor_seq), (log.len() as u32, visible.len() as u32));
            prop_assert_eq!(&Chat::replay(id, &log), &chat, "the state is the log");
            let at_all = chat.ring().into_iter().flat_map(|ring| ring.rung.iter().map(|person| (ring.id, person.id)));
            let single = chat.offer().map(|offer| (offer.id, offer.operator));
            prop_assert_eq!(single.into_iter().chain(at_all).collect::<Vec<_>>(), open_offers(&log));
            let rings = chat.offer().map(|open| &open.group).or(chat.ring().map(|ring| &ring.group));
            let open: Vec<_> = balance.iter().filter(|(_, open)| **open != 0).map(|(group, open)| (group, *open)).collect();
            prop_assert_eq!(open, rings.map(|group| (group, 1)).into_iter().collect::<Vec<_>>(), "made and not over");
            prop_assert_eq!(ChatFacts::of_log(&log), facts(&chat), "figures are those of the state");
            let mut expected = match &chat.state {
                ChatState::Active { owner, group } => vec![(owner.id, group.clone(), 0, 1)],
                _ => Vec::new(),
            };
            if matches!(chat.state, ChatState::Active { .. }) {
                expected.extend(chat.guests().iter().map(|guest| (guest.person.id, guest.group.clone(), 0, 1)));
            } else {
                prop_assert!(chat.asked().is_none(), "only who owns a chat asks for colleagues");
            }
            expected.extend(chat.offer().map(|open| (open.operator, open.group.clone(), 1, 0)));
            expected.sort();
            prop_assert_eq!(slots.held(), expected, "exactly who is rung, the owner and the guests hold a slot");
            let mut here: Vec<OperatorId> = chat.participants().map(|person| person.id).collect();
            here.sort();
            here.dedup();
            prop_assert_eq!(here.len(), chat.participants().count(), "nobody is here twice");
            prop_assert!(chat.owner().is_some() || chat.guests().is_empty(), "guests are never alone");
        }
        let stored: Vec<Event> = log.iter().map(stored_and_read).collect();
        prop_assert_eq!(Chat::replay(id, &stored), chat, "storing loses nothing");
    }
}

/// What reports know of a chat that is over, by its state.
fn facts(chat: &Chat) -> Option<ChatFacts> {
    let ChatState::Ended { owner, by, why } = &chat.state else { return None };
    Some(ChatFacts {
        group: chat.answered_in.clone().or(chat.group.clone())?,
        queued_at: chat.waited_since,
        assigned_at: chat.assigned_at,
        answered_at: chat.answered_at,
        ended_at: chat.ended_at?,
        outcome: Outcome::of(chat.assigned_at.is_some(), *by, *why),
        operator: owner.as_ref().map(|owner| owner.id.to_string()),
        messages: chat.messages,
        replies: chat.replies,
    })
}

fn aim(chat: &Chat, offers: &[OfferId], any: Index, n: u8) -> (OfferId, OperatorId) {
    match (chat.offer(), chat.ring()) {
        (Some(open), _) if n > 0 => (open.id, open.operator),
        (None, Some(ring)) => (ring.id, operator(n)),
        _ => (*any.get(offers), operator(n)),
    }
}

fn stored_and_read(event: &Event) -> Event {
    let stored = event.to_stored().unwrap();
    Event { kind: stored.kind().unwrap(), ..event.clone() }
}
