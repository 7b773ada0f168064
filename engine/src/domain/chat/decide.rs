//! The rules: what a chat makes of an input, in each state.

use crate::domain::chat::input::{Decision, Input, Refusal, SlotChange};
use crate::domain::chat::offer::Offer;
use crate::domain::chat::state::{Chat, ChatState};
use crate::domain::event::{
    AssignedBy, Audience, Author, EndedBy, EndedWhy, Event, EventKind, Message, OfferEnd, OfferKind, Origin, Role,
};
use crate::domain::ids::{GroupId, OfferId, OperatorId};
use crate::domain::limits::CHAT_EVENTS_MAX;
use crate::domain::time::Timestamp;

impl Chat {
    /// Judges an input at a moment. Changes nothing: number the events with [`Chat::number`], then apply them.
    ///
    /// # Errors
    /// A [`Refusal`] when the input is not possible now.
    pub fn decide(&self, input: Input, now: Timestamp) -> Result<Decision, Refusal> {
        if let Input::Start { .. } = input {
            return self.start(input);
        }
        if self.last_seq >= CHAT_EVENTS_MAX && !matches!(input, Input::End { .. } | Input::Due) {
            return Err(Refusal::Full);
        }
        if let Some(decided) = self.decide_company(&input, now) {
            return decided;
        }
        if let Some(decided) = self.decide_ring(&input, now) {
            return decided;
        }
        match input {
            Input::Start { .. } => Err(Refusal::Begun),
            Input::Ask(_) | Input::Leave { .. } | Input::TakeOver { .. } => Ok(Decision::default()),
            Input::RingAt { operators, group, ring } => self.ring_at(group, operators, ring, now),
            Input::Say { from, text, to } => self.say(from, text, to),
            Input::Propose { operator, name, group, ring } => {
                self.must_be_free_to_offer()?;
                if self.has_just_let_go(operator, now) {
                    return Err(Refusal::LetGo);
                }
                let events = match ring {
                    Some(ring) => vec![EventKind::Offered {
                        offer: OfferId { chat: self.id, seq: self.last_seq + 1 },
                        operator,
                        name,
                        others: None,
                        group: group.clone(),
                        offer_kind: OfferKind::New,
                        expires_at: now + ring,
                    }],
                    None => vec![EventKind::Assigned {
                        operator,
                        name,
                        group: group.clone(),
                        by: AssignedBy::Automatic,
                        offer: None,
                    }],
                };
                let slot = if ring.is_some() {
                    SlotChange::Reserve { operator, group }
                } else {
                    SlotChange::Occupy { operator, group }
                };
                Ok(Decision { events, slots: vec![slot] })
            }
            Input::Accept { offer, operator } => {
                let open = self.open_offer(offer, operator)?;
                if open.expires_at <= now {
                    return Err(Refusal::OfferOver { why: OfferEnd::Expired, by: None });
                }
                let assigned = EventKind::Assigned {
                    operator,
                    name: open.name.clone(),
                    group: open.group.clone(),
                    by: AssignedBy::Accepted,
                    offer: Some(offer),
                };
                Ok(one(assigned, SlotChange::Fill { operator, group: open.group.clone() }))
            }
            Input::Decline { offer, operator } => {
                let open = self.open_offer(offer, operator)?;
                Ok(one(EventKind::Declined { offer, operator }, unreserve(open)))
            }
            Input::Greet { text } => {
                let from = Author { role: Role::System, id: None, name: None };
                let events = if self.may_greet() { vec![message(from, text, Audience::Everyone)] } else { Vec::new() };
                Ok(Decision { events, slots: Vec::new() })
            }
            Input::SendToForm { offer, operator } => {
                let rings_for_all = self.ring().filter(|ring| ring.id == offer && ring.rings_at(operator));
                let until = match rings_for_all {
                    Some(ring) => ring.expires_at,
                    None => self.open_offer(offer, operator)?.expires_at,
                };
                if until <= now {
                    return Err(Refusal::OfferOver { why: OfferEnd::Expired, by: None });
                }
                // Who is only asked to take over or to join may not end what a colleague holds.
                if let Some(owner) = self.owner() {
                    return Err(Refusal::Taken { by: owner.name.clone() });
                }
                self.end(EndedBy::Operator, EndedWhy::SentToForm, Some(operator))
            }
            Input::Withdraw { offer, operator } => match self.offer() {
                Some(open) if open.id == offer && open.operator == operator => Ok(over(open, OfferEnd::Withdrawn)),
                _ => Ok(Decision::default()),
            },
            Input::Take { operator, name, group } => self.take(operator, name, group),
            Input::Move { group } => {
                self.must_be_free_to_offer()?;
                Ok(Decision { events: vec![EventKind::Queued { group }], slots: Vec::new() })
            }
            Input::Requeue { operator } => self.requeue(operator),
            Input::End { by, why, operator } => self.end(by, why, operator),
            Input::VisitorAway => Ok(self.presence(!self.visitor_away, EventKind::VisitorAway)),
            Input::VisitorBack => Ok(self.presence(self.visitor_away, EventKind::VisitorBack)),
            Input::Due => Ok(match self.offer() {
                Some(open) if open.expires_at <= now => over(open, OfferEnd::Expired),
                _ => Decision::default(),
            }),
        }
    }

    /// Gives events their numbers and their moment. The first bears the origin.
    pub fn number(&self, kinds: Vec<EventKind>, at: Timestamp, mut origin: Option<Origin>) -> Vec<Event> {
        let (mut seq, mut visitor_seq) = (self.last_seq, self.visitor_seq);
        // Time never goes back within a chat, whatever the clock does.
        kinds
            .into_iter()
            .map(|mut kind| {
                seq += 1;
                visitor_seq += u32::from(kind.visible_to_visitor());
                if let EventKind::Message(message) = &mut kind {
                    message.id = match message.to {
                        Audience::Everyone => numbered("v", visitor_seq),
                        Audience::Operators | Audience::Coaching => numbered("o", seq),
                    };
                }
                Event { seq, visitor_seq, at, kind, origin: origin.take() }
            })
            .collect()
    }

    fn start(&self, input: Input) -> Result<Decision, Refusal> {
        let Input::Start {
            brand,
            department,
            group,
            name,
            email,
            page,
            language,
            variables,
            verified,
            question,
            wanted,
        } = input
        else {
            return Err(Refusal::NotBegun);
        };
        if self.state != ChatState::Unborn {
            return Err(Refusal::Begun);
        }
        let mut events = vec![EventKind::Started {
            brand,
            department,
            name: name.clone(),
            email,
            page,
            language,
            variables,
            verified,
            wanted,
        }];
        if let Some(text) = question {
            events.push(message(Author { role: Role::Visitor, id: None, name }, text, Audience::Everyone));
        }
        events.push(EventKind::Queued { group });
        Ok(Decision { events, slots: Vec::new() })
    }

    fn say(&self, mut from: Author, text: String, to: Audience) -> Result<Decision, Refusal> {
        if from.role == Role::Visitor {
            from.name.clone_from(&self.visitor_name);
        }
        match (&self.state, from.role) {
            (ChatState::Unborn, _) => Err(Refusal::NotBegun),
            (ChatState::Active { .. } | ChatState::Ended { .. }, Role::Operator)
                if !from.id.is_some_and(|id| self.has(id)) =>
            {
                Err(Refusal::NotYours)
            }
            (ChatState::Waiting { .. }, Role::Operator) => Err(Refusal::NotYours),
            (ChatState::Ended { .. }, _) => Err(Refusal::Ended),
            _ => Ok(Decision { events: vec![message(from, text, to)], slots: Vec::new() }),
        }
    }

    fn take(&self, operator: OperatorId, name: String, helps: Option<GroupId>) -> Result<Decision, Refusal> {
        match &self.state {
            ChatState::Unborn => Err(Refusal::NotBegun),
            ChatState::Ended { .. } => Err(Refusal::Ended),
            ChatState::Active { owner, .. } => Err(Refusal::Taken { by: owner.name.clone() }),
            ChatState::Waiting { offer } => {
                let mut group = helps.or(self.group.clone()).ok_or(Refusal::NotBegun)?;
                let mut decision = Decision::default();
                // Whoever was rung loses the ring and the reservation in the same transaction.
                match offer {
                    // The slot that is filled was reserved for the offer's group: there it must be given back one day.
                    Some(open) if open.operator == operator => {
                        group = open.group.clone();
                        decision.slots.push(SlotChange::Fill { operator, group: group.clone() });
                    }
                    Some(open) => {
                        decision = over(open, OfferEnd::Withdrawn);
                        decision.slots.push(SlotChange::Occupy { operator, group: group.clone() });
                    }
                    None => decision.slots.push(SlotChange::Occupy { operator, group: group.clone() }),
                }
                decision.events.push(EventKind::Assigned { operator, name, group, by: AssignedBy::Taken, offer: None });
                Ok(decision)
            }
        }
    }

    fn requeue(&self, operator: OperatorId) -> Result<Decision, Refusal> {
        match &self.state {
            ChatState::Active { owner, group } if owner.id == operator => {
                let slot = SlotChange::Free { operator, group: group.clone() };
                Ok(one(EventKind::Queued { group: group.clone() }, slot))
            }
            ChatState::Unborn => Err(Refusal::NotBegun),
            ChatState::Ended { .. } => Err(Refusal::Ended),
            ChatState::Waiting { .. } => Err(Refusal::Waiting),
            ChatState::Active { owner, .. } => Err(Refusal::Taken { by: owner.name.clone() }),
        }
    }

    fn end(&self, by: EndedBy, why: EndedWhy, operator: Option<OperatorId>) -> Result<Decision, Refusal> {
        let slots = match &self.state {
            ChatState::Unborn => return Err(Refusal::NotBegun),
            ChatState::Ended { .. } => return Err(Refusal::Ended),
            ChatState::Waiting { offer } => offer.iter().map(unreserve).collect(),
            ChatState::Active { owner, group } => {
                let owner = SlotChange::Free { operator: owner.id, group: group.clone() };
                [owner].into_iter().chain(self.company_ends()).collect()
            }
        };
        Ok(Decision { events: vec![EventKind::Ended { by, why, operator }], slots })
    }

    fn presence(&self, changes: bool, kind: EventKind) -> Decision {
        let active = matches!(self.state, ChatState::Active { .. });
        Decision { events: if changes && active { vec![kind] } else { Vec::new() }, slots: Vec::new() }
    }

    fn must_be_free_to_offer(&self) -> Result<(), Refusal> {
        match &self.state {
            ChatState::Unborn => Err(Refusal::NotBegun),
            ChatState::Waiting { offer: None } if self.ring.is_none() => Ok(()),
            ChatState::Waiting { .. } => Err(Refusal::BeingOffered),
            ChatState::Active { owner, .. } => Err(Refusal::Taken { by: owner.name.clone() }),
            ChatState::Ended { .. } => Err(Refusal::Ended),
        }
    }

    /// The open offer of that id at that operator; else why there is none.
    pub(super) fn open_offer(&self, id: OfferId, operator: OperatorId) -> Result<&Offer, Refusal> {
        if let Some(open) = self.offer().filter(|open| open.id == id && open.operator == operator) {
            return Ok(open);
        }
        let known = self.over.iter().rev().find(|(over, rung, _)| *over == id && *rung == operator);
        let Some((_, _, why)) = known else { return Err(Refusal::NotYours) };
        let by = self.owner().map(|owner| owner.name.clone());
        // Once somebody has the chat, that is what the late one needs to know.
        let why = match (&self.state, why) {
            (ChatState::Active { .. }, OfferEnd::Withdrawn | OfferEnd::Expired) => OfferEnd::Taken,
            (ChatState::Ended { .. }, OfferEnd::Withdrawn) => OfferEnd::Ended,
            _ => *why,
        };
        Err(Refusal::OfferOver { why, by: if why == OfferEnd::Taken { by } else { None } })
    }
}

fn message(from: Author, text: String, to: Audience) -> EventKind {
    // The id is given with the number, in Chat::number.
    EventKind::Message(Message { id: String::new(), from, text, files: Vec::new(), to })
}

/// The id of a message: unique in its chat, for each side numbers its events for itself.
fn numbered(side: &str, number: u32) -> String {
    [side, itoa::Buffer::new().format(number)].concat()
}

fn one(event: EventKind, slot: SlotChange) -> Decision {
    Decision { events: vec![event], slots: vec![slot] }
}

pub(super) fn unreserve(open: &Offer) -> SlotChange {
    SlotChange::Unreserve { operator: open.operator, group: open.group.clone() }
}

fn over(open: &Offer, why: OfferEnd) -> Decision {
    one(EventKind::Expired { offer: open.id, operator: open.operator, why }, unreserve(open))
}
