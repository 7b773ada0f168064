//! What the owner of a running chat asks of colleagues: to take it over (transfer) or to come in (invite). The owner
//! keeps the chat until somebody agrees; one thing is asked at a time.

use std::time::Duration;

use crate::domain::chat::input::{Decision, Input, Refusal, SlotChange};
use crate::domain::chat::offer::{Offer, Tried};
use crate::domain::chat::state::{Chat, ChatState, Person};
use crate::domain::event::{AssignedBy, EventKind, OfferEnd, OfferKind, Rung};
use crate::domain::ids::{GroupId, OfferId, OperatorId};
use crate::domain::limits::TAKE_RESTS;
use crate::domain::time::Timestamp;

/// What is asked now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// To take it over, or to come in.
    pub kind: OfferKind,
    /// Who asks: the owner.
    pub from: Person,
    /// Why, for the one who is asked.
    pub reason: Option<String>,
    /// With an invitation: whether the owner stays when somebody comes.
    pub stay: bool,
    /// The group in which a colleague is looked for, or for which the slot of the one who was named counts.
    pub group: GroupId,
    /// The one who is asked; none: any member of the group, as the group finds them.
    pub operator: Option<OperatorId>,
    /// When it is over unless somebody has agreed.
    pub until: Timestamp,
    /// What rings because of it.
    pub offer: Option<Offer>,
}

/// A colleague who was invited and came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// Who.
    pub person: Person,
    /// For which group their slot counts.
    pub group: GroupId,
}

/// What an owner asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// To take the chat over, or to come in.
    pub kind: OfferKind,
    /// Who asks.
    pub from: OperatorId,
    /// Whom; none: any member of the group.
    pub to: Option<Person>,
    /// The group.
    pub group: GroupId,
    /// Why.
    pub reason: Option<String>,
    /// With an invitation: whether the owner stays.
    pub stay: bool,
    /// How long it is asked.
    pub lasts: Duration,
}

impl Chat {
    /// What the owner asks of colleagues now.
    pub fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    /// When nobody took over what the owner wanted to hand on; none once the owner has gone on with it.
    pub fn handed_back_at(&self) -> Option<Timestamp> {
        self.handed_back_at
    }

    /// The group that looks for a colleague now, and who must not be found.
    pub fn sought_in(&self) -> Option<(&GroupId, Vec<Tried>)> {
        let asked = self.asked.as_ref().filter(|asked| asked.operator.is_none())?;
        // Who is here already must not be asked while the search lasts.
        let mut tried = self.tried.clone();
        let here = self.participants().map(|person| Tried { operator: person.id, at: asked.until });
        tried.retain(|tried| self.participants().all(|person| person.id != tried.operator));
        tried.extend(here);
        Some((&asked.group, tried))
    }

    /// Colleagues who were invited and are here, or were when the chat ended.
    pub fn guests(&self) -> &[Guest] {
        &self.guests
    }

    /// The owner and the guests, now or when the chat ended.
    pub fn participants(&self) -> impl Iterator<Item = &Person> {
        self.owner().into_iter().chain(self.guests.iter().map(|guest| &guest.person))
    }

    /// Whether that operator has a part in the chat.
    pub fn has(&self, operator: OperatorId) -> bool {
        self.participants().any(|person| person.id == operator)
    }

    /// Judges what has to do with colleagues; `None` where that is nothing.
    pub(super) fn decide_company(&self, input: &Input, now: Timestamp) -> Option<Result<Decision, Refusal>> {
        match (input, &self.asked) {
            (Input::Ask(ask), _) => Some(self.ask(ask, now)),
            (Input::Leave { operator }, _) => Some(self.leave(*operator)),
            (Input::TakeOver { operator, name }, _) => Some(self.take_over(*operator, name, now)),
            (Input::Requeue { operator }, _) => self.owner_lost(*operator).map(Ok),
            (Input::Propose { operator, .. }, Some(_)) if self.has_just_let_go(*operator, now) => {
                Some(Err(Refusal::LetGo))
            }
            (Input::Propose { operator, name, group, ring }, Some(asked)) => {
                let lasts = ring.map_or(asked.until, |ring| now + ring);
                Some(self.found(asked, Person { id: *operator, name: name.clone() }, group, lasts))
            }
            (Input::RingAt { operators, group, ring }, Some(asked)) => {
                // A group that rings at all does so for its own chats; here one after the other is asked.
                let may = |person: &&Person| !self.has(person.id) && !self.has_just_let_go(person.id, now);
                let first = operators.iter().find(may).cloned();
                let found = first.map(|who| self.found(asked, who, group, now + *ring));
                Some(found.unwrap_or_else(|| Ok(Decision::default())))
            }
            (Input::Accept { offer, operator }, Some(asked)) => Some(self.agree(asked, *offer, *operator, now)),
            (Input::Decline { offer, operator }, Some(asked)) => Some(self.open_offer(*offer, *operator).map(|open| {
                let declined = EventKind::Declined { offer: open.id, operator: open.operator };
                asked.let_go(declined, open, OfferEnd::Declined, asked.operator.is_some())
            })),
            (Input::Withdraw { offer, operator }, Some(asked)) => {
                let rings = asked.offer.as_ref().filter(|open| open.id == *offer && open.operator == *operator);
                Some(Ok(rings.map_or_else(Decision::default, |open| {
                    asked.let_go(
                        expired(open, OfferEnd::Withdrawn),
                        open,
                        OfferEnd::Withdrawn,
                        asked.operator.is_some(),
                    )
                })))
            }
            (Input::Due, Some(asked)) => Some(Ok(asked.due(now))),
            _ => None,
        }
    }

    fn ask(&self, ask: &Ask, now: Timestamp) -> Result<Decision, Refusal> {
        let owner = match &self.state {
            ChatState::Active { owner, .. } if owner.id == ask.from => owner,
            ChatState::Ended { owner: Some(owner), .. } if owner.id == ask.from => return Err(Refusal::Ended),
            _ => return Err(Refusal::NotYours),
        };
        if self.asked.is_some() {
            return Err(Refusal::BeingOffered);
        }
        if let Some(to) = &ask.to
            && self.has(to.id)
        {
            return Err(Refusal::HereAlready { who: to.name.clone() });
        }
        let until = now + ask.lasts;
        let (operator, name, group, reason) = (owner.id, owner.name.clone(), ask.group.clone(), ask.reason.clone());
        let to = ask.to.clone().map(Rung::from);
        let asked = match ask.kind {
            OfferKind::Invite => EventKind::Invited { operator, name, to, group, reason, stay: ask.stay, until },
            OfferKind::New | OfferKind::Transfer => {
                EventKind::TransferAsked { operator, name, to, group, reason, until }
            }
        };
        let mut decision = Decision { events: vec![asked], slots: Vec::new() };
        if let Some(to) = &ask.to {
            decision.events.push(self.rings(to, &ask.group, ask.kind, until, 2));
            decision.slots.push(SlotChange::Reserve { operator: to.id, group: ask.group.clone() });
        }
        Ok(decision)
    }

    fn rings(&self, to: &Person, group: &GroupId, kind: OfferKind, until: Timestamp, nth: u32) -> EventKind {
        EventKind::Offered {
            offer: OfferId { chat: self.id, seq: self.last_seq + nth },
            operator: to.id,
            name: to.name.clone(),
            others: None,
            group: group.clone(),
            offer_kind: kind,
            expires_at: until,
        }
    }

    /// The group has found a colleague who may be free.
    fn found(&self, asked: &Asked, who: Person, group: &GroupId, until: Timestamp) -> Result<Decision, Refusal> {
        if asked.operator.is_some() || asked.offer.is_some() || asked.group != *group {
            return Err(Refusal::BeingOffered);
        }
        if self.has(who.id) {
            return Err(Refusal::HereAlready { who: who.name });
        }
        let offered = self.rings(&who, group, asked.kind, until.min(asked.until), 1);
        let slot = SlotChange::Reserve { operator: who.id, group: group.clone() };
        Ok(Decision { events: vec![offered], slots: vec![slot] })
    }

    /// The one who is rung agrees: the chat, or a place in it, is theirs, and old and new slots change hands at once.
    fn agree(&self, asked: &Asked, id: OfferId, by: OperatorId, now: Timestamp) -> Result<Decision, Refusal> {
        let open = self.open_offer(id, by)?;
        if open.expires_at <= now {
            return Err(Refusal::OfferOver { why: OfferEnd::Expired, by: None });
        }
        let ChatState::Active { owner, group } = &self.state else { return Err(Refusal::NotYours) };
        let (name, to_group) = (open.name.clone(), open.group.clone());
        let fill = SlotChange::Fill { operator: by, group: to_group.clone() };
        let free = SlotChange::Free { operator: owner.id, group: group.clone() };
        let from = Rung::from(owner.clone());
        Ok(match asked.kind {
            OfferKind::Invite => {
                let joined = EventKind::Joined { operator: by, name, group: to_group, offer: id };
                let mut decision = Decision { events: vec![joined], slots: vec![fill] };
                if !asked.stay {
                    decision.events.push(EventKind::Left { operator: from.id, name: from.name });
                    decision.slots.push(free);
                }
                decision
            }
            OfferKind::New | OfferKind::Transfer => Decision {
                events: vec![EventKind::Transferred { operator: by, name, group: to_group, from, offer: id }],
                slots: vec![fill, free],
            },
        })
    }

    fn leave(&self, operator: OperatorId) -> Result<Decision, Refusal> {
        let ChatState::Active { owner, group } = &self.state else {
            return Err(if self.is_ended() && self.has(operator) { Refusal::Ended } else { Refusal::NotYours });
        };
        let (name, group) = match self.guests.iter().find(|guest| guest.person.id == operator) {
            Some(guest) => (guest.person.name.clone(), guest.group.clone()),
            None if owner.id != operator => return Err(Refusal::NotYours),
            None if self.guests.is_empty() => return Err(Refusal::Alone),
            None => (owner.name.clone(), group.clone()),
        };
        let mut decision = if owner.id == operator { self.take_back_what_is_asked() } else { Decision::default() };
        decision.events.push(EventKind::Left { operator, name });
        decision.slots.push(SlotChange::Free { operator, group });
        Ok(decision)
    }

    fn take_over(&self, operator: OperatorId, name: &str, now: Timestamp) -> Result<Decision, Refusal> {
        let (owner, group) = match &self.state {
            ChatState::Active { owner, group } => (owner, group),
            ChatState::Ended { .. } => return Err(Refusal::Ended),
            ChatState::Unborn | ChatState::Waiting { .. } => return Err(Refusal::Waiting),
        };
        // Of two who take at once the second must not have it from the first.
        if owner.id == operator || self.owned_since + TAKE_RESTS > now {
            return Err(Refusal::Taken { by: owner.name.clone() });
        }
        let mut decision = self.take_back_what_is_asked();
        decision.slots.push(SlotChange::Free { operator: owner.id, group: group.clone() });
        let group = match self.guests.iter().find(|guest| guest.person.id == operator) {
            // The guest's slot becomes the owner's.
            Some(guest) => guest.group.clone(),
            None => {
                decision.slots.push(SlotChange::Occupy { operator, group: group.clone() });
                group.clone()
            }
        };
        let (name, by) = (name.to_owned(), AssignedBy::TakenOver);
        decision.events.push(EventKind::Assigned { operator, name, group, by, offer: None });
        Ok(decision)
    }

    /// The owner is lost. A transfer that is asked goes on: it is the target's who accepts. A guest who is here has the
    /// chat; `None`: there is no colleague, it goes back to the queue.
    fn owner_lost(&self, operator: OperatorId) -> Option<Decision> {
        let ChatState::Active { owner, group } = &self.state else { return None };
        if owner.id != operator {
            return None;
        }
        if self.asked.as_ref().is_some_and(|asked| asked.kind == OfferKind::Transfer) {
            return Some(Decision::default());
        }
        let mut decision = self.take_back_what_is_asked();
        decision.slots.push(SlotChange::Free { operator, group: group.clone() });
        decision.events.push(match self.guests.is_empty() {
            true => EventKind::Queued { group: group.clone() },
            false => EventKind::Left { operator, name: owner.name.clone() },
        });
        Some(decision)
    }

    fn take_back_what_is_asked(&self) -> Decision {
        let Some(asked) = &self.asked else { return Decision::default() };
        match &asked.offer {
            Some(open) => asked.let_go(expired(open, OfferEnd::Withdrawn), open, OfferEnd::Withdrawn, true),
            None => Decision { events: vec![asked.denied(None, OfferEnd::Withdrawn)], slots: Vec::new() },
        }
    }

    /// What colleagues hold when the chat ends.
    pub(super) fn company_ends(&self) -> Vec<SlotChange> {
        let guests = self.guests.iter();
        let free = guests.map(|guest| SlotChange::Free { operator: guest.person.id, group: guest.group.clone() });
        let rung = self.asked.as_ref().and_then(|asked| asked.offer.as_ref());
        free.chain(rung.map(super::decide::unreserve)).collect()
    }

    pub(super) fn apply_asked(&mut self, asked: Asked) {
        (self.asked, self.handed_back_at) = (Some(asked), None);
    }

    pub(super) fn apply_transferred(&mut self, operator: OperatorId, name: &str, group: &GroupId, at: Timestamp) {
        self.ask_is_over(OfferEnd::Taken);
        self.now_owned_by(Person { id: operator, name: name.to_owned() }, group.clone(), at);
    }

    pub(super) fn apply_joined(&mut self, operator: OperatorId, name: &str, group: &GroupId) {
        self.ask_is_over(OfferEnd::Taken);
        self.guests.push(Guest { person: Person { id: operator, name: name.to_owned() }, group: group.clone() });
    }

    pub(super) fn apply_left(&mut self, operator: OperatorId, at: Timestamp) {
        if self.owner().is_some_and(|owner| owner.id == operator) {
            // Whoever came first has it now. Without one the chat is back in the queue by the next event.
            if !self.guests.is_empty() {
                let heir = self.guests.remove(0);
                self.now_owned_by(heir.person, heir.group, at);
            }
        } else {
            self.guests.retain(|guest| guest.person.id != operator);
        }
    }

    /// What was asked is over; what rang is remembered as that.
    pub(super) fn ask_is_over(&mut self, why: OfferEnd) {
        if let Some(open) = self.asked.take().and_then(|asked| asked.offer) {
            self.remember(open.id, open.operator, why);
        }
    }

    pub(super) fn now_owned_by(&mut self, owner: Person, group: GroupId, at: Timestamp) {
        self.guests.retain(|guest| guest.person.id != owner.id);
        (self.owned_since, self.handed_back_at) = (at, None);
        self.group = Some(group.clone());
        self.state = ChatState::Active { owner, group };
    }
}

impl Asked {
    /// When something is due: the ring's end, or that of the search.
    pub fn due_at(&self) -> Timestamp {
        self.offer.as_ref().map_or(self.until, |offer| offer.expires_at)
    }

    fn due(&self, now: Timestamp) -> Decision {
        let last = self.until <= now || self.operator.is_some();
        match &self.offer {
            Some(open) if open.expires_at <= now => {
                self.let_go(expired(open, OfferEnd::Expired), open, OfferEnd::Expired, last)
            }
            None if self.until <= now => {
                Decision { events: vec![self.denied(None, OfferEnd::Expired)], slots: Vec::new() }
            }
            _ => Decision::default(),
        }
    }

    /// The one who was rung is rung no more; where nobody else is asked, it is all over.
    fn let_go(&self, over: EventKind, open: &Offer, why: OfferEnd, last: bool) -> Decision {
        let mut events = vec![over];
        if last {
            events.push(self.denied(Some(Rung { id: open.operator, name: open.name.clone() }), why));
        }
        Decision { events, slots: vec![super::decide::unreserve(open)] }
    }

    fn denied(&self, operator: Option<Rung>, why: OfferEnd) -> EventKind {
        match self.kind {
            OfferKind::Invite => EventKind::InviteDenied { operator, why },
            OfferKind::New | OfferKind::Transfer => EventKind::TransferDenied { operator, why },
        }
    }
}

fn expired(open: &Offer, why: OfferEnd) -> EventKind {
    EventKind::Expired { offer: open.id, operator: open.operator, why }
}
