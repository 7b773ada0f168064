//! Offers as figures count them: each once when it is made, and once when it is over, in the group that it was made for,
//! whatever group the chat is in. A ring at all is one offer, however many come to it and leave it.

use crate::domain::chat::Chat;
use crate::domain::event::{AssignedBy, Event, EventKind, OfferEnd};
use crate::domain::ids::{GroupId, OfferId, OperatorId};

/// What is counted of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferCount {
    /// It was made.
    Made,
    /// It is over.
    Over(OfferOutcome),
}

/// How an offer ended; a ring at all by what took the last one out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferOutcome {
    /// Somebody who was rung accepted it.
    Accepted,
    /// The one who was rung, or the last one, declined.
    Declined,
    /// It rang for its full time.
    Expired,
    /// The engine took it back.
    Withdrawn,
    /// Somebody took the chat by hand.
    Taken,
    /// The chat ended.
    Ended,
}

impl OfferOutcome {
    /// The names in metrics.
    pub const NAMES: &[&str] = &[
        Self::Accepted.as_str(),
        Self::Declined.as_str(),
        Self::Expired.as_str(),
        Self::Withdrawn.as_str(),
        Self::Taken.as_str(),
        Self::Ended.as_str(),
    ];

    /// The name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Taken => "taken",
            Self::Ended => "ended",
        }
    }
}

/// What was counted of a chat's offers up to some event: the one that is open. A chat has one at a time.
#[derive(Debug, Default)]
pub struct Offers {
    open: Option<Open>,
    /// The number of that event.
    through: u32,
}

#[derive(Debug)]
struct Open {
    id: OfferId,
    group: GroupId,
    rung: Vec<OperatorId>,
}

impl Offers {
    /// Of a chat whose offers were counted elsewhere so far: the end of what is open is counted here.
    pub fn of(chat: &Chat) -> Self {
        let single = || chat.offer().map(|open| (open.id, open.group.clone(), vec![open.operator]));
        let ring = chat.ring();
        let at_all = ring.map(|ring| (ring.id, ring.group.clone(), ring.rung.iter().map(|one| one.id).collect()));
        let open = at_all.or_else(single).map(|(id, group, rung)| Open { id, group, rung });
        Self { open, through: chat.last_seq }
    }

    /// What the next events of the chat say of offers, each with its group; those of one append come together. What was
    /// told before says nothing.
    pub fn told(&mut self, events: &[Event]) -> Vec<(GroupId, OfferCount)> {
        let (mut counts, before) = (Vec::new(), self.through);
        for (at, event) in events.iter().enumerate().filter(|(_, event)| event.seq > before) {
            self.through = event.seq;
            match &event.kind {
                EventKind::Offered { offer, operator, others, group, .. } => {
                    let rung = [*operator].into_iter().chain(others.iter().flatten().map(|other| other.id));
                    match self.open.as_mut().filter(|open| open.id == *offer) {
                        Some(open) => open.rung.extend(rung),
                        None => {
                            counts.extend(self.over(OfferOutcome::Withdrawn));
                            counts.push((group.clone(), OfferCount::Made));
                            self.open = Some(Open { id: *offer, group: group.clone(), rung: rung.collect() });
                        }
                    }
                }
                EventKind::Declined { offer, operator } => {
                    counts.extend(self.left(*offer, *operator, OfferOutcome::Declined));
                }
                EventKind::Expired { offer, why: OfferEnd::Expired, .. } if self.is_open(*offer) => {
                    counts.extend(self.over(OfferOutcome::Expired));
                }
                EventKind::Expired { offer, operator, .. } => {
                    let how = if is_taken(&events[at + 1..]) { OfferOutcome::Taken } else { OfferOutcome::Withdrawn };
                    counts.extend(self.left(*offer, *operator, how));
                }
                EventKind::Assigned { offer: Some(_), .. }
                | EventKind::Transferred { .. }
                | EventKind::Joined { .. } => counts.extend(self.over(OfferOutcome::Accepted)),
                EventKind::Assigned { offer: None, .. } => counts.extend(self.over(OfferOutcome::Taken)),
                EventKind::Queued { .. } => counts.extend(self.over(OfferOutcome::Withdrawn)),
                EventKind::Ended { .. } => counts.extend(self.over(OfferOutcome::Ended)),
                _ => {}
            }
        }
        counts
    }

    fn is_open(&self, offer: OfferId) -> bool {
        self.open.as_ref().is_some_and(|open| open.id == offer)
    }

    /// One who was rung is out of it; with the last one it is over.
    fn left(&mut self, offer: OfferId, operator: OperatorId, how: OfferOutcome) -> Option<(GroupId, OfferCount)> {
        let open = self.open.as_mut().filter(|open| open.id == offer)?;
        open.rung.retain(|rung| *rung != operator);
        if open.rung.is_empty() { self.over(how) } else { None }
    }

    fn over(&mut self, how: OfferOutcome) -> Option<(GroupId, OfferCount)> {
        self.open.take().map(|open| (open.group, OfferCount::Over(how)))
    }
}

/// Whether what comes next is that somebody took the chat: then it was taken back for that.
fn is_taken(next: &[Event]) -> bool {
    let denied = |kind: &EventKind| matches!(kind, EventKind::TransferDenied { .. } | EventKind::InviteDenied { .. });
    let next = next.iter().map(|event| &event.kind).find(|kind| !denied(kind));
    matches!(next, Some(EventKind::Assigned { by: AssignedBy::Taken | AssignedBy::TakenOver, .. }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::OfferCount::{Made, Over};
    use super::OfferOutcome::{Accepted, Declined, Ended, Expired, Taken, Withdrawn};
    use super::*;
    use crate::domain::chat::{Ask, Input, Person};
    use crate::domain::event::{EndedBy, EndedWhy, OfferKind};
    use crate::domain::ids::{ChatId, Shard};
    use crate::domain::time::Timestamp;

    const RINGS: Duration = Duration::from_secs(20);

    /// A chat that waits in support, and what was counted of its offers.
    struct Story {
        chat: Chat,
        offers: Offers,
        second: i64,
    }

    impl Story {
        fn begin() -> Self {
            let chat = Chat::unborn(ChatId::new(0, 1, Shard(0)));
            let mut story = Self { chat, offers: Offers::default(), second: 0 };
            let begun = story.counts(Input::Start {
                brand: "demo".parse().unwrap(),
                department: None,
                group: support(),
                name: None,
                email: None,
                page: None,
                language: None,
                variables: Default::default(),
                verified: Default::default(),
                question: None,
                wanted: None,
            });
            assert_eq!(begun, []);
            story
        }

        /// What is counted of what an input brings, half a minute after the one before.
        fn counts(&mut self, input: Input) -> Vec<(GroupId, OfferCount)> {
            self.second += 30;
            let at = Timestamp::from_millis(self.second * 1000);
            let events = self.chat.number(self.chat.decide(input, at).unwrap().events, at, None);
            events.iter().for_each(|event| self.chat.apply(event));
            self.offers.told(&events)
        }

        fn open(&self) -> OfferId {
            self.chat.offer().map(|open| open.id).or(self.chat.ring().map(|ring| ring.id)).unwrap()
        }

        fn accepts(&mut self, n: u128) -> Vec<(GroupId, OfferCount)> {
            let offer = self.open();
            self.counts(Input::Accept { offer, operator: operator(n) })
        }

        fn declines(&mut self, n: u128) -> Vec<(GroupId, OfferCount)> {
            let offer = self.open();
            self.counts(Input::Decline { offer, operator: operator(n) })
        }

        fn withdraws(&mut self, n: u128) -> Vec<(GroupId, OfferCount)> {
            let offer = self.open();
            self.counts(Input::Withdraw { offer, operator: operator(n) })
        }

        fn served_by(n: u128) -> Self {
            let mut story = Self::begin();
            story.counts(proposes(n, support()));
            assert_eq!(story.accepts_late(n), [(support(), Over(Accepted))]);
            story
        }

        /// Accepts in the same moment, for half a minute is longer than it rings.
        fn accepts_late(&mut self, n: u128) -> Vec<(GroupId, OfferCount)> {
            self.second -= 30;
            self.accepts(n)
        }
    }

    fn support() -> GroupId {
        "support".parse().unwrap()
    }

    fn sales() -> GroupId {
        "sales".parse().unwrap()
    }

    fn operator(n: u128) -> OperatorId {
        OperatorId(uuid::Uuid::from_u128(n))
    }

    fn person(n: u128) -> Person {
        Person { id: operator(n), name: format!("op{n}") }
    }

    fn proposes(n: u128, group: GroupId) -> Input {
        Input::Propose { operator: operator(n), name: format!("op{n}"), group, ring: Some(RINGS) }
    }

    fn rings_at(operators: &[u128]) -> Input {
        Input::RingAt { operators: operators.iter().copied().map(person).collect(), group: sales(), ring: RINGS * 60 }
    }

    fn asks(kind: OfferKind, to: Option<u128>) -> Input {
        let (from, to, reason) = (operator(1), to.map(person), None);
        Input::Ask(Ask { kind, from, to, group: sales(), reason, stay: true, lasts: RINGS * 60 })
    }

    #[test]
    fn an_offer_counts_in_the_group_it_was_made_for_whatever_group_the_chat_is_in() {
        let mut story = Story::begin();
        assert_eq!(story.counts(proposes(1, sales())), [(sales(), Made)], "sales helps");
        assert_eq!(story.declines(1), [(sales(), Over(Declined))]);
        assert_eq!(story.counts(proposes(2, support())), [(support(), Made)]);
        assert_eq!(story.counts(Input::Due), [(support(), Over(Expired))]);
        assert_eq!(story.counts(proposes(3, sales())), [(sales(), Made)]);
        assert_eq!(story.withdraws(3), [(sales(), Over(Withdrawn))]);
        story.counts(proposes(4, sales()));
        let end = Input::End { by: EndedBy::Visitor, why: EndedWhy::Closed, operator: None };
        assert_eq!(story.counts(end), [(sales(), Over(Ended))]);
    }

    #[test]
    fn a_ring_at_all_is_one_offer_that_is_over_once() {
        let mut story = Story::begin();
        assert_eq!(story.counts(rings_at(&[1, 2])), [(sales(), Made)]);
        assert_eq!(story.counts(rings_at(&[1, 2, 3])), [], "one who comes to it makes no other offer");
        assert_eq!((story.declines(1), story.declines(2)), (vec![], vec![]), "it rings on");
        assert_eq!(story.accepts(3), [(sales(), Over(Accepted))]);

        let mut story = Story::begin();
        story.counts(rings_at(&[1, 2]));
        assert_eq!(story.withdraws(2), []);
        assert_eq!(story.declines(1), [(sales(), Over(Declined))], "nobody is left");
        story.counts(rings_at(&[2, 3]));
        assert_eq!(story.counts(rings_at(&[])), [(sales(), Over(Withdrawn))]);
        story.counts(rings_at(&[2, 3]));
        story.second += 3_600;
        assert_eq!(story.counts(Input::Due), [(sales(), Over(Expired))]);
    }

    #[test]
    fn whoever_takes_the_chat_by_hand_ends_what_rings_for_it() {
        let take = |n| Input::Take { operator: operator(n), name: format!("op{n}"), group: None };
        let mut story = Story::begin();
        story.counts(proposes(1, sales()));
        assert_eq!(story.counts(take(2)), [(sales(), Over(Taken))], "from under another's bell");
        let mut story = Story::begin();
        story.counts(proposes(1, sales()));
        assert_eq!(story.counts(take(1)), [(sales(), Over(Taken))]);
        let mut story = Story::begin();
        story.counts(rings_at(&[1, 2]));
        assert_eq!(story.counts(take(3)), [(sales(), Over(Taken))]);
        let mut story = Story::served_by(1);
        story.counts(asks(OfferKind::Transfer, Some(2)));
        let manager = Input::TakeOver { operator: operator(3), name: "op3".into() };
        assert_eq!(story.counts(manager), [(sales(), Over(Taken))], "with it goes what its owner asked");
    }

    #[test]
    fn what_colleagues_are_asked_counts_in_the_group_that_is_asked() {
        let mut story = Story::served_by(1);
        assert_eq!(story.counts(asks(OfferKind::Invite, Some(2))), [(sales(), Made)]);
        assert_eq!(story.accepts(2), [(sales(), Over(Accepted))]);
        assert_eq!(story.counts(asks(OfferKind::Transfer, None)), [], "nobody is rung yet");
        assert_eq!(story.counts(proposes(3, sales())), [(sales(), Made)]);
        assert_eq!(story.declines(3), [(sales(), Over(Declined))]);
        assert_eq!(story.counts(proposes(4, sales())), [(sales(), Made)], "the next one is asked");
        assert_eq!(story.accepts_late(4), [(sales(), Over(Accepted))]);
    }

    #[test]
    fn what_rang_before_this_node_had_the_chat_is_over_here() {
        for input in [proposes(1, sales()), rings_at(&[1])] {
            let mut story = Story::begin();
            story.counts(input);
            story.offers = Offers::of(&story.chat);
            assert_eq!(story.withdraws(1), [(sales(), Over(Withdrawn))]);
        }
        assert!(Offers::of(&Story::served_by(1).chat).open.is_none());
    }

    #[test]
    fn what_is_told_again_is_counted_once() {
        let story = Story::begin();
        let at = Timestamp::from_millis(1_000);
        let events = story.chat.number(story.chat.decide(proposes(1, sales()), at).unwrap().events, at, None);
        let mut offers = story.offers;
        assert_eq!(offers.told(&events), [(sales(), Made)]);
        assert_eq!(offers.told(&events), []);
    }
}
