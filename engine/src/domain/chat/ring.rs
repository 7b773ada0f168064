//! A ring at all who are free: nobody's slot is reserved, and the first to accept has the chat. It is one object, to
//! which operators come and which they leave, until it is taken, expires, or nobody is rung any more.

use std::time::Duration;

use crate::domain::chat::input::{Decision, Input, Refusal, SlotChange};
use crate::domain::chat::state::{Chat, ChatState, Person};
use crate::domain::event::{AssignedBy, EventKind, OfferEnd, OfferKind};
use crate::domain::ids::{GroupId, OfferId, OperatorId};
use crate::domain::time::Timestamp;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingAll {
    /// The offer's id.
    pub id: OfferId,
    /// For which group.
    pub group: GroupId,
    /// Who is rung now, never nobody.
    pub rung: Vec<Person>,
    /// When it rings no more.
    pub expires_at: Timestamp,
}

impl RingAll {
    /// Whether it rings at that operator.
    pub fn rings_at(&self, operator: OperatorId) -> bool {
        self.person(operator).is_some()
    }

    fn person(&self, operator: OperatorId) -> Option<&Person> {
        self.rung.iter().find(|person| person.id == operator)
    }
}

impl Chat {
    /// The ring at all, where there is one.
    pub fn ring(&self) -> Option<&RingAll> {
        self.ring.as_ref()
    }

    /// When what rings is over by itself.
    pub fn rings_until(&self) -> Option<Timestamp> {
        let asked = self.asked().map(crate::domain::chat::Asked::due_at);
        let offered = self.offer().map(|offer| offer.expires_at);
        asked.or(offered).or(self.ring.as_ref().map(|ring| ring.expires_at))
    }

    /// Rings at exactly these, of whom some may be rung already. Whoever has just let the chat go is left out.
    pub(super) fn ring_at(
        &self,
        group: GroupId,
        operators: Vec<Person>,
        ring: Duration,
        now: Timestamp,
    ) -> Result<Decision, Refusal> {
        self.must_wait_alone()?;
        let open = self.ring.as_ref();
        if open.is_some_and(|open| open.group != group) {
            return Err(Refusal::BeingOffered);
        }
        let let_go = |person: &Person| self.has_just_let_go(person.id, now);
        let more = |person: &&Person| open.is_none_or(|open| open.person(person.id).is_none()) && !let_go(person);
        let mut more = operators.iter().filter(more).cloned();
        let mut events = Vec::new();
        if let Some(first) = more.next() {
            events.push(EventKind::Offered {
                offer: open.map_or(OfferId { chat: self.id, seq: self.last_seq + 1 }, |open| open.id),
                operator: first.id,
                name: first.name,
                others: Some(more.map(Into::into).collect()),
                group,
                offer_kind: OfferKind::New,
                expires_at: open.map_or(now + ring, |open| open.expires_at),
            });
        }
        if let Some(open) = open {
            let left = open.rung.iter().filter(|rung| !operators.iter().any(|person| person.id == rung.id));
            let over =
                |left: &Person| EventKind::Expired { offer: open.id, operator: left.id, why: OfferEnd::Withdrawn };
            events.extend(left.map(over));
        }
        Ok(Decision { events, slots: Vec::new() })
    }

    /// What an input makes of the ring; `None` where it does not concern it.
    pub(super) fn decide_ring(&self, input: &Input, now: Timestamp) -> Option<Result<Decision, Refusal>> {
        let ring = self.ring.as_ref()?;
        Some(Ok(match input {
            Input::Accept { offer, operator } if *offer == ring.id => {
                let person = ring.person(*operator)?;
                if ring.expires_at <= now {
                    return Some(Err(Refusal::OfferOver { why: OfferEnd::Expired, by: None }));
                }
                let (operator, group) = (*operator, ring.group.clone());
                Decision {
                    events: vec![EventKind::Assigned {
                        operator,
                        name: person.name.clone(),
                        group: group.clone(),
                        by: AssignedBy::Accepted,
                        offer: Some(ring.id),
                    }],
                    slots: vec![SlotChange::Occupy { operator, group }],
                }
            }
            Input::Decline { offer, operator } if *offer == ring.id => {
                ring.person(*operator)?;
                let declined = EventKind::Declined { offer: *offer, operator: *operator };
                Decision { events: vec![declined], slots: Vec::new() }
            }
            Input::Withdraw { offer, operator } if *offer == ring.id => {
                let gone = ring.person(*operator).map(|person| EventKind::Expired {
                    offer: ring.id,
                    operator: person.id,
                    why: OfferEnd::Withdrawn,
                });
                Decision { events: gone.into_iter().collect(), slots: Vec::new() }
            }
            Input::Due if ring.expires_at <= now => {
                let operator = ring.rung.first()?.id;
                let expired = EventKind::Expired { offer: ring.id, operator, why: OfferEnd::Expired };
                Decision { events: vec![expired], slots: Vec::new() }
            }
            _ => return None,
        }))
    }

    pub(super) fn ring_opened(&mut self, id: OfferId, group: &GroupId, expires_at: Timestamp, more: Vec<Person>) {
        let fresh = || RingAll { id, group: group.clone(), rung: Vec::new(), expires_at };
        let ring = self.ring.get_or_insert_with(fresh);
        for person in more {
            if ring.person(person.id).is_none() {
                ring.rung.push(person);
            }
        }
    }

    /// One of those who are rung is out of it, or, when it has expired, all of them; false: it is another offer.
    pub(super) fn ring_left(&mut self, id: OfferId, operator: OperatorId, why: OfferEnd, at: Timestamp) -> bool {
        let Some(ring) = self.ring.as_mut().filter(|ring| ring.id == id) else { return false };
        let out: Vec<OperatorId> = match why {
            OfferEnd::Expired => ring.rung.drain(..).map(|person| person.id).collect(),
            _ => {
                ring.rung.retain(|person| person.id != operator);
                vec![operator]
            }
        };
        if ring.rung.is_empty() {
            self.ring = None;
        }
        for operator in out {
            self.let_go(id, operator, why, at);
        }
        true
    }

    /// The ring is over for all: somebody has the chat, or it has ended.
    pub(super) fn ring_over(&mut self, why: OfferEnd) {
        if let Some(ring) = self.ring.take() {
            ring.rung.iter().for_each(|person| self.remember(ring.id, person.id, why));
        }
    }

    fn must_wait_alone(&self) -> Result<(), Refusal> {
        match &self.state {
            ChatState::Unborn => Err(Refusal::NotBegun),
            ChatState::Waiting { offer: None } => Ok(()),
            ChatState::Waiting { offer: Some(_) } => Err(Refusal::BeingOffered),
            ChatState::Active { owner, .. } => Err(Refusal::Taken { by: owner.name.clone() }),
            ChatState::Ended { .. } => Err(Refusal::Ended),
        }
    }
}
