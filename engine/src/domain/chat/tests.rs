//! Stories of one chat: who may do what, and when.

use std::time::Duration;

use super::*;
use crate::domain::event::{Audience, Author, EndedBy, EndedWhy, Event, EventKind, OfferEnd, OfferKind, Role, Rung};
use crate::domain::ids::{ChatId, GroupId, OfferId, OperatorId, Shard};
use crate::domain::time::Timestamp;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn operator(n: u128) -> OperatorId {
    OperatorId(uuid::Uuid::from_u128(n))
}

fn visitor() -> Author {
    Author { role: Role::Visitor, id: None, name: Some("Clara".into()) }
}

fn answerer(n: u128) -> Author {
    Author { role: Role::Operator, id: Some(operator(n)), name: Some(format!("op{n}")) }
}

struct Story {
    chat: Chat,
    log: Vec<Event>,
}

impl Story {
    fn begin() -> Self {
        let id = ChatId::new(0, 1, Shard(0));
        let mut story = Story { chat: Chat::unborn(id), log: Vec::new() };
        let start = Input::Start {
            brand: "demo".parse().unwrap(),
            department: None,
            group: "support".parse().unwrap(),
            name: Some("Clara".into()),
            email: None,
            page: None,
            language: None,
            variables: Default::default(),
            verified: Default::default(),
            question: Some("hello?".into()),
            wanted: None,
        };
        story.does(0, start).unwrap();
        story
    }

    fn does(&mut self, second: i64, input: Input) -> Result<Vec<SlotChange>, Refusal> {
        let decision = self.chat.decide(input, at(second))?;
        for event in self.chat.number(decision.events, at(second), None) {
            self.chat.apply(&event);
            self.log.push(event);
        }
        Ok(decision.slots)
    }

    fn rings_at(&mut self, second: i64, operators: &[u128]) -> OfferId {
        let operators = operators.iter().map(|n| Person { id: operator(*n), name: format!("op{n}") }).collect();
        let (group, ring) = ("support".parse().unwrap(), Duration::from_secs(20));
        self.does(second, Input::RingAt { operators, group, ring }).unwrap();
        self.chat.ring().unwrap().id
    }

    fn offered(&mut self, second: i64, to: u128) -> OfferId {
        let ring = Some(Duration::from_secs(20));
        let group = "support".parse().unwrap();
        self.does(second, Input::Propose { operator: operator(to), name: format!("op{to}"), group, ring }).unwrap();
        self.chat.offer().unwrap().id
    }

    fn accepted(&mut self, second: i64, by: u128) {
        let offer = self.offered(second, by);
        self.does(second, Input::Accept { offer, operator: operator(by) }).unwrap();
    }
}

fn say(from: Author) -> Input {
    Input::Say { from, text: "hi".into(), to: Audience::Everyone }
}

fn ended(by: EndedBy) -> Input {
    Input::End { by, why: EndedWhy::Closed, operator: None }
}

#[test]
fn a_chat_begins_waiting_with_the_question_as_its_first_message() {
    let story = Story::begin();
    let kinds: Vec<_> = story.log.iter().map(|e| std::mem::discriminant(&e.kind)).collect();
    assert_eq!(kinds.len(), 3);
    assert!(matches!(story.log[1].kind, EventKind::Message(_)));
    assert!(story.chat.is_waiting());
    assert_eq!(story.chat.question.as_deref(), Some("hello?"));
    assert_eq!((story.chat.last_seq, story.chat.visitor_seq), (3, 3));
}

#[test]
fn visitors_do_not_count_what_they_may_not_see() {
    let mut story = Story::begin();
    let offer = story.offered(1, 7);
    story.does(2, Input::Decline { offer, operator: operator(7) }).unwrap();
    story.accepted(3, 8);
    let visible: Vec<u32> = story.log.iter().filter(|e| e.kind.visible_to_visitor()).map(|e| e.visitor_seq).collect();
    assert_eq!(visible, (1..=visible.len() as u32).collect::<Vec<_>>());
    assert!(story.chat.last_seq > story.chat.visitor_seq);
}

#[test]
fn an_offer_is_accepted_once_and_by_the_one_who_was_asked() {
    let mut story = Story::begin();
    let offer = story.offered(1, 7);
    assert_eq!(story.does(2, Input::Accept { offer, operator: operator(8) }), Err(Refusal::NotYours));
    let slots = story.does(2, Input::Accept { offer, operator: operator(7) }).unwrap();
    assert!(matches!(slots[..], [SlotChange::Fill { .. }]));
    let late = story.does(3, Input::Accept { offer, operator: operator(7) }).unwrap_err();
    assert_eq!(late, Refusal::OfferOver { why: OfferEnd::Taken, by: Some("op7".into()) });
}

#[test]
fn an_offer_rings_no_longer_than_it_said() {
    let mut story = Story::begin();
    let offer = story.offered(0, 7);
    assert!(story.does(19, Input::Due).unwrap().is_empty());
    let late = story.chat.decide(Input::Accept { offer, operator: operator(7) }, at(20)).unwrap_err();
    assert_eq!(late, Refusal::OfferOver { why: OfferEnd::Expired, by: None });
    assert!(matches!(story.does(20, Input::Due).unwrap()[..], [SlotChange::Unreserve { .. }]));
    assert_eq!(story.chat.tried, [Tried { operator: operator(7), at: at(20) }]);
    assert!(story.chat.is_waiting() && story.chat.offer().is_none());
}

#[test]
fn whoever_has_just_let_it_go_is_not_asked_again_whatever_a_group_believes() {
    let propose = |operator_id| Input::Propose {
        operator: operator(operator_id),
        name: "again".into(),
        group: "support".parse().unwrap(),
        ring: Some(Duration::from_secs(20)),
    };
    let mut story = Story::begin();
    let offer = story.offered(0, 7);
    story.does(1, Input::Decline { offer, operator: operator(7) }).unwrap();
    // A proposal that was late on its way, from a queue that counted it as lost.
    assert_eq!(story.chat.decide(propose(7), at(15)), Err(Refusal::LetGo));
    assert!(story.chat.decide(propose(8), at(15)).is_ok());
    assert!(story.chat.decide(propose(7), at(16)).is_ok(), "fifteen seconds later he may be asked");
}

#[test]
fn an_offer_taken_back_is_not_held_against_the_operator() {
    let mut story = Story::begin();
    let offer = story.offered(0, 7);
    story.does(1, Input::Withdraw { offer, operator: operator(7) }).unwrap();
    assert!(story.chat.tried.is_empty());
    let late = story.does(2, Input::Accept { offer, operator: operator(7) }).unwrap_err();
    assert_eq!(late, Refusal::OfferOver { why: OfferEnd::Withdrawn, by: None });
}

#[test]
fn the_first_of_all_who_are_rung_has_the_chat_and_nobodys_slot_was_reserved() {
    let mut story = Story::begin();
    let offer = story.rings_at(1, &[7, 8, 9]);
    assert_eq!(story.log.last().unwrap().seq, offer.seq, "one event for all");
    assert!(story.does(2, Input::Decline { offer, operator: operator(9) }).unwrap().is_empty());
    let slots = story.does(3, Input::Accept { offer, operator: operator(8) }).unwrap();
    assert!(matches!(slots[..], [SlotChange::Occupy { .. }]));
    let late = story.does(3, Input::Accept { offer, operator: operator(7) }).unwrap_err();
    assert_eq!(late, Refusal::OfferOver { why: OfferEnd::Taken, by: Some("op8".into()) });
    let stranger = story.does(3, Input::Accept { offer, operator: operator(6) }).unwrap_err();
    assert_eq!(stranger, Refusal::NotYours);
}

#[test]
fn operators_come_to_a_ring_at_all_and_leave_it_without_its_beginning_anew() {
    let mut story = Story::begin();
    let offer = story.rings_at(1, &[7, 8]);
    assert_eq!(story.rings_at(5, &[8, 9]), offer);
    let ring = story.chat.ring().unwrap();
    assert_eq!(ring.rung.iter().map(|person| person.id).collect::<Vec<_>>(), [operator(8), operator(9)]);
    assert_eq!(ring.expires_at, at(21));
    let gone = story.does(6, Input::Accept { offer, operator: operator(7) }).unwrap_err();
    assert_eq!(gone, Refusal::OfferOver { why: OfferEnd::Withdrawn, by: None });
    let before = story.log.len();
    story.rings_at(7, &[8, 9]);
    assert_eq!(story.log.len(), before, "nothing has changed");
    story.does(8, Input::Decline { offer, operator: operator(8) }).unwrap();
    story.rings_at(9, &[8, 9]);
    assert_eq!(story.chat.ring().unwrap().rung.len(), 1, "whoever has just declined is not rung again");
    assert!(story.does(21, Input::Due).unwrap().is_empty());
    assert!(story.chat.ring().is_none());
    assert_eq!(story.chat.tried.last(), Some(&Tried { operator: operator(9), at: at(21) }));
    assert_ne!(story.rings_at(40, &[8, 9]), offer, "later it rings anew");
}

#[test]
fn taking_a_chat_that_rings_elsewhere_gives_that_slot_back() {
    let mut story = Story::begin();
    let offer = story.offered(0, 7);
    let slots = story.does(1, Input::Take { operator: operator(8), name: "op8".into(), group: None }).unwrap();
    assert!(matches!(slots[..], [SlotChange::Unreserve { .. }, SlotChange::Occupy { .. }]));
    let late = story.does(2, Input::Accept { offer, operator: operator(7) }).unwrap_err();
    assert_eq!(late, Refusal::OfferOver { why: OfferEnd::Taken, by: Some("op8".into()) });
    let second = story.does(2, Input::Take { operator: operator(7), name: "op7".into(), group: None }).unwrap_err();
    assert_eq!(second, Refusal::Taken { by: "op8".into() });
}

#[test]
fn taking_what_rings_for_another_group_holds_the_slot_of_that_group() {
    let mut story = Story::begin();
    let group: crate::domain::ids::GroupId = "sales".parse().unwrap();
    let ring = Some(Duration::from_secs(20));
    let name = || "op7".to_owned();
    story.does(0, Input::Propose { operator: operator(7), name: name(), group: group.clone(), ring }).unwrap();
    let taken = story.does(1, Input::Take { operator: operator(7), name: name(), group: None }).unwrap();
    assert_eq!(taken, [SlotChange::Fill { operator: operator(7), group: group.clone() }]);
    let freed = story.does(2, ended(EndedBy::Visitor)).unwrap();
    assert_eq!(freed, [SlotChange::Free { operator: operator(7), group }]);
}

#[test]
fn only_the_owner_and_the_visitor_write() {
    let mut story = Story::begin();
    assert_eq!(story.does(1, say(answerer(7))), Err(Refusal::NotYours));
    story.does(1, say(visitor())).unwrap();
    story.accepted(2, 7);
    story.does(3, say(answerer(7))).unwrap();
    assert_eq!(story.does(3, say(answerer(8))), Err(Refusal::NotYours));
}

#[test]
fn idle_time_runs_from_the_operators_last_word() {
    let mut story = Story::begin();
    story.accepted(10, 7);
    assert_eq!(story.chat.idle_since, Some(at(10)));
    story.does(20, say(visitor())).unwrap();
    assert_eq!(story.chat.idle_since, Some(at(10)));
    story.does(30, say(answerer(7))).unwrap();
    assert_eq!((story.chat.idle_since, story.chat.answered_at), (Some(at(30)), Some(at(30))));
}

#[test]
fn nothing_happens_in_an_ended_chat() {
    let mut story = Story::begin();
    story.accepted(1, 7);
    assert!(matches!(story.does(2, ended(EndedBy::Visitor)).unwrap()[..], [SlotChange::Free { .. }]));
    for input in [say(visitor()), say(answerer(7)), ended(EndedBy::Operator)] {
        assert_eq!(story.does(3, input), Err(Refusal::Ended));
    }
    assert_eq!(story.does(3, Input::VisitorAway), Ok(Vec::new()));
    assert_eq!(story.chat.last_seq as usize, story.log.len());
}

#[test]
fn ending_while_it_rings_gives_the_slot_back() {
    let mut story = Story::begin();
    let offer = story.offered(0, 7);
    assert!(matches!(story.does(1, ended(EndedBy::Visitor)).unwrap()[..], [SlotChange::Unreserve { .. }]));
    let late = story.does(2, Input::Accept { offer, operator: operator(7) }).unwrap_err();
    assert_eq!(late, Refusal::OfferOver { why: OfferEnd::Ended, by: None });
}

#[test]
fn replaying_the_log_gives_the_same_chat() {
    let mut story = Story::begin();
    let offer = story.offered(1, 7);
    story.does(2, Input::Decline { offer, operator: operator(7) }).unwrap();
    story.accepted(3, 8);
    story.does(4, say(visitor())).unwrap();
    story.does(5, Input::VisitorAway).unwrap();
    story.does(6, Input::VisitorBack).unwrap();
    story.does(7, ended(EndedBy::Operator)).unwrap();
    assert_eq!(Chat::replay(story.chat.id, &story.log), story.chat);
}

fn asks(kind: OfferKind, to: Option<u128>, stay: bool) -> Input {
    let to = to.map(|n| Person { id: operator(n), name: format!("op{n}") });
    let (from, group, reason) = (operator(7), "billing".parse().unwrap(), Some("knows invoices".to_owned()));
    Input::Ask(Ask { kind, from, to, group, reason, stay, lasts: Duration::from_secs(30) })
}

#[test]
fn a_transfer_that_is_accepted_changes_the_owner_and_both_slots_at_once() {
    let mut story = Story::begin();
    story.accepted(1, 7);
    story.does(2, say(answerer(7))).unwrap();
    let slots = story.does(10, asks(OfferKind::Transfer, Some(8), false)).unwrap();
    assert!(matches!(slots[..], [SlotChange::Reserve { .. }]), "{slots:?}");
    assert_eq!(story.chat.owner().unwrap().id, operator(7), "the sender owns it until somebody agrees");
    story.does(11, say(answerer(7))).unwrap();
    let offer = story.chat.offer().unwrap().id;
    let slots = story.does(12, Input::Accept { offer, operator: operator(8) }).unwrap();
    assert!(matches!(slots[..], [SlotChange::Fill { .. }, SlotChange::Free { .. }]), "{slots:?}");
    assert_eq!(story.chat.owner().unwrap().id, operator(8));
    assert_eq!(story.chat.idle_since, Some(at(11)), "idle time goes on");
    assert_eq!(story.does(13, say(answerer(7))), Err(Refusal::NotYours));
}

#[test]
fn a_transfer_that_is_denied_or_not_answered_leaves_it_with_the_sender() {
    for declined in [true, false] {
        let mut story = Story::begin();
        story.accepted(1, 7);
        story.does(2, asks(OfferKind::Transfer, Some(8), false)).unwrap();
        let twice = story.does(3, asks(OfferKind::Invite, Some(9), true));
        assert_eq!(twice, Err(Refusal::BeingOffered), "one thing is asked at a time");
        let offer = story.chat.offer().unwrap().id;
        let answer = if declined { Input::Decline { offer, operator: operator(8) } } else { Input::Due };
        let slots = story.does(33, answer).unwrap();
        assert!(matches!(slots[..], [SlotChange::Unreserve { .. }]), "{slots:?}");
        assert!(story.chat.asked().is_none());
        assert_eq!(story.chat.owner().unwrap().id, operator(7));
        assert_eq!(story.chat.idle_since, Some(at(1)), "idle time goes on");
        let why = if declined { OfferEnd::Declined } else { OfferEnd::Expired };
        let operator = Some(Rung { id: operator(8), name: "op8".into() });
        assert_eq!(story.log.last().unwrap().kind, EventKind::TransferDenied { operator, why });
    }
}

#[test]
fn that_it_came_back_is_known_until_the_sender_goes_on_with_it() {
    let denied = || {
        let mut story = Story::begin();
        story.accepted(1, 7);
        story.does(2, asks(OfferKind::Transfer, Some(8), false)).unwrap();
        assert_eq!(story.chat.handed_back_at(), None, "it is with the colleague");
        let offer = story.chat.offer().unwrap().id;
        story.does(33, Input::Decline { offer, operator: operator(8) }).unwrap();
        assert_eq!(story.chat.handed_back_at(), Some(at(33)));
        assert_eq!(Chat::replay(story.chat.id, &story.log), story.chat, "also after a start");
        story
    };
    let mut story = denied();
    story.does(34, say(visitor())).unwrap();
    assert_eq!(story.chat.handed_back_at(), Some(at(33)), "what the visitor says shows nothing of the sender");
    story.does(35, say(answerer(7))).unwrap();
    assert_eq!(story.chat.handed_back_at(), None);
    for goes_on in [
        asks(OfferKind::Invite, Some(9), true),
        Input::TakeOver { operator: operator(9), name: "op9".into() },
        Input::Requeue { operator: operator(7) },
    ] {
        let mut story = denied();
        story.does(40, goes_on.clone()).unwrap();
        assert_eq!(story.chat.handed_back_at(), None, "{goes_on:?}");
    }
}

#[test]
fn who_is_asked_to_take_over_or_to_join_cannot_send_a_colleagues_chat_to_the_form() {
    for kind in [OfferKind::Transfer, OfferKind::Invite] {
        let mut story = Story::begin();
        story.accepted(1, 7);
        story.does(2, asks(kind, Some(8), false)).unwrap();
        let offer = story.chat.offer().unwrap().id;
        let refused = story.does(3, Input::SendToForm { offer, operator: operator(8) });
        assert_eq!(refused, Err(Refusal::Taken { by: "op7".into() }));
        assert_eq!(story.chat.owner().unwrap().id, operator(7));
        assert!(story.chat.offer().is_some(), "it may still be accepted or declined");
        let stranger = story.does(4, Input::SendToForm { offer, operator: operator(9) });
        assert_eq!(stranger, Err(Refusal::NotYours));
    }
}

#[test]
fn a_group_is_asked_one_after_the_other_until_time_is_over() {
    let mut story = Story::begin();
    story.accepted(1, 7);
    story.does(2, asks(OfferKind::Transfer, None, false)).unwrap();
    let (group, ring): (GroupId, _) = ("billing".parse().unwrap(), Some(Duration::from_secs(10)));
    let to = |n| Input::Propose { operator: operator(n), name: format!("op{n}"), group: group.clone(), ring };
    assert!(matches!(story.does(3, to(7)), Err(Refusal::HereAlready { .. })), "the sender is not asked");
    story.does(3, to(8)).unwrap();
    let offer = story.chat.offer().unwrap().id;
    story.does(4, Input::Decline { offer, operator: operator(8) }).unwrap();
    assert!(story.chat.asked().is_some(), "the next one is asked");
    story.does(5, to(9)).unwrap();
    story.does(15, Input::Due).unwrap();
    assert!(story.chat.asked().is_some());
    story.does(32, Input::Due).unwrap();
    let over = EventKind::TransferDenied { operator: None, why: OfferEnd::Expired };
    assert_eq!(story.log.last().unwrap().kind, over);
    assert!(story.chat.asked().is_none());
}

#[test]
fn an_invited_colleague_writes_and_leaves_and_the_owner_has_the_chat_throughout() {
    let mut story = Story::begin();
    story.accepted(1, 7);
    assert_eq!(story.does(2, Input::Leave { operator: operator(7) }), Err(Refusal::Alone));
    story.does(2, asks(OfferKind::Invite, Some(8), true)).unwrap();
    let offer = story.chat.offer().unwrap().id;
    story.does(3, Input::Accept { offer, operator: operator(8) }).unwrap();
    assert_eq!(story.chat.owner().unwrap().id, operator(7));
    story.does(4, say(answerer(8))).unwrap();
    let again = story.does(5, asks(OfferKind::Transfer, Some(8), false));
    assert!(matches!(again, Err(Refusal::HereAlready { .. })), "{again:?}");
    story.does(6, Input::Leave { operator: operator(8) }).unwrap();
    assert_eq!(story.does(7, say(answerer(8))), Err(Refusal::NotYours));
}

#[test]
fn who_invites_without_staying_leaves_the_chat_to_the_one_who_comes() {
    let mut story = Story::begin();
    story.accepted(1, 7);
    story.does(2, asks(OfferKind::Invite, Some(8), false)).unwrap();
    let offer = story.chat.offer().unwrap().id;
    let slots = story.does(3, Input::Accept { offer, operator: operator(8) }).unwrap();
    assert!(matches!(slots[..], [SlotChange::Fill { .. }, SlotChange::Free { .. }]), "{slots:?}");
    assert_eq!(story.chat.owner().unwrap().id, operator(8));
    assert!(story.chat.guests().is_empty());
}

#[test]
fn of_two_who_take_it_from_a_colleague_the_first_has_it() {
    let mut story = Story::begin();
    story.accepted(1, 7);
    let takes = |n: u128| Input::TakeOver { operator: operator(n), name: format!("op{n}") };
    story.does(2, asks(OfferKind::Transfer, Some(6), false)).unwrap();
    let slots = story.does(10, takes(8)).unwrap();
    assert_eq!(slots.len(), 3, "the ring's, the former owner's, the new owner's: {slots:?}");
    assert_eq!(story.does(10, takes(9)), Err(Refusal::Taken { by: "op8".into() }));
    assert_eq!(story.chat.owner().unwrap().id, operator(8));
    assert!(story.chat.offer().is_none());
    story.does(60, takes(9)).unwrap();
    assert_eq!(story.chat.owner().unwrap().id, operator(9));
}

#[test]
fn the_end_takes_back_what_is_asked_and_frees_all_slots() {
    let mut story = Story::begin();
    story.accepted(1, 7);
    story.does(2, asks(OfferKind::Invite, Some(8), true)).unwrap();
    let offer = story.chat.offer().unwrap().id;
    story.does(3, Input::Accept { offer, operator: operator(8) }).unwrap();
    story.does(4, asks(OfferKind::Transfer, Some(9), false)).unwrap();
    let offer = story.chat.offer().unwrap().id;
    let slots = story.does(5, ended(EndedBy::Visitor)).unwrap();
    assert_eq!(slots.len(), 3, "{slots:?}");
    let late = story.does(6, Input::Accept { offer, operator: operator(9) }).unwrap_err();
    assert_eq!(late, Refusal::OfferOver { why: OfferEnd::Ended, by: None });
    assert_eq!(story.does(7, say(answerer(8))), Err(Refusal::Ended));
}

#[test]
fn a_chat_that_lost_its_operator_is_at_the_front_of_another_group_too() {
    let mut story = Story::begin();
    let to = |group: &str| Input::Move { group: group.parse().unwrap() };
    story.does(1, to("sales")).unwrap();
    assert!(!story.chat.requeued, "it had nobody yet");
    story.accepted(2, 7);
    story.does(3, Input::Requeue { operator: operator(7) }).unwrap();
    assert!(story.chat.requeued);
    story.does(4, to("billing")).unwrap();
    assert!(story.chat.requeued && story.chat.moved);
    assert_eq!(Chat::replay(story.chat.id, &story.log), story.chat, "also after a start");
}
