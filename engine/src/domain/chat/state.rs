//! What a chat is at one moment, made from its events alone.

use crate::domain::chat::ask::{Asked, Guest};
use crate::domain::chat::offer::{Offer, Tried};
use crate::domain::chat::replies::Replies;
use crate::domain::chat::ring::RingAll;
use crate::domain::event::{EndedBy, EndedWhy, Event, EventKind, OfferEnd, OfferKind, Role, Rung};
use crate::domain::ids::{BrandId, ChatId, DepartmentId, GroupId, OfferId, OperatorId};
use crate::domain::limits::{CHAT_EVENTS_MAX, OFFER_COOL_DOWN};
use crate::domain::time::Timestamp;
use crate::domain::urgency::Variables;

/// An operator, with the name that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Id.
    pub id: OperatorId,
    /// Name.
    pub name: String,
}

impl From<Person> for Rung {
    fn from(Person { id, name }: Person) -> Self {
        Self { id, name }
    }
}

impl From<Rung> for Person {
    fn from(Rung { id, name }: Rung) -> Self {
        Self { id, name }
    }
}

/// Where a chat is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatState {
    /// No event yet.
    Unborn,
    /// In a group's queue, perhaps being offered.
    Waiting {
        /// What rings now.
        offer: Option<Offer>,
    },
    /// An operator owns it.
    Active {
        /// Who.
        owner: Person,
        /// For which group.
        group: GroupId,
    },
    /// It is over.
    Ended {
        /// Who owned it at last.
        owner: Option<Person>,
        /// Who ended it.
        by: EndedBy,
        /// Why.
        why: EndedWhy,
    },
}

/// A conversation. See [`crate::domain::chat`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chat {
    /// Its id.
    pub id: ChatId,
    /// Where it is in its life.
    pub state: ChatState,
    /// The brand it is on.
    pub brand: Option<BrandId>,
    /// The department chosen.
    pub department: Option<DepartmentId>,
    /// The group whose queue it is or was in.
    pub group: Option<GroupId>,
    /// The visitor's name.
    pub visitor_name: Option<String>,
    /// The visitor's address.
    pub visitor_email: Option<String>,
    /// The page it began on.
    pub page: Option<String>,
    /// The visitor's language, as the page or the browser said it.
    pub language: Option<String>,
    /// What the page said of the visitor.
    pub variables: Variables,
    /// What the brand's server has signed of the visitor.
    pub verified: Variables,
    /// The visitor's first message.
    pub question: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it entered the queue; what its rank comes from.
    pub queued_at: Timestamp,
    /// When it was assigned at first.
    pub assigned_at: Option<Timestamp>,
    /// In which group: where figures count it, wherever it goes later.
    pub answered_in: Option<GroupId>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Since when no operator has written.
    pub idle_since: Option<Timestamp>,
    /// Whether an operator has written at all.
    pub answered_at: Option<Timestamp>,
    /// The operators' words so far.
    pub replies: Replies,
    /// When it entered the queue from which it was assigned at first, or waits to be.
    pub waited_since: Timestamp,
    /// Whether the group has greeted the visitor.
    pub greeted: bool,
    /// Whether the visitor has been gone for a while.
    pub visitor_away: bool,
    /// Messages so far.
    pub messages: u32,
    /// The number of the last event.
    pub last_seq: u32,
    /// The visitor's number of the last event visitors may see.
    pub visitor_seq: u32,
    /// Since when its owner has it.
    pub(super) owned_since: Timestamp,
    /// What the owner asks of colleagues.
    pub(super) asked: Option<Asked>,
    /// When nobody took over what the owner wanted to hand on, until they are seen to go on with it.
    pub(super) handed_back_at: Option<Timestamp>,
    /// Colleagues who came.
    pub(super) guests: Vec<Guest>,
    /// The operator whom the page named.
    pub wanted: Option<OperatorId>,
    /// Another group has passed it on.
    pub moved: bool,
    /// It had an operator, who was lost: it waits at the front.
    pub requeued: bool,
    /// Where it rings, when it rings at all who are free.
    pub(super) ring: Option<RingAll>,
    /// Who let it go, latest last, one entry an operator.
    pub tried: Vec<Tried>,
    /// How offers that are over ended, for late answers: bounded by [`OFFERS_REMEMBERED`].
    pub(super) over: Vec<(OfferId, OperatorId, OfferEnd)>,
}

/// Offers of one chat that are remembered after their end; older ones are unknown.
pub(super) const OFFERS_REMEMBERED: usize = 128;

impl Chat {
    /// A chat without events.
    pub fn unborn(id: ChatId) -> Self {
        Self {
            id,
            state: ChatState::Unborn,
            brand: None,
            department: None,
            group: None,
            visitor_name: None,
            visitor_email: None,
            page: None,
            language: None,
            variables: Variables::new(),
            verified: Variables::new(),
            question: None,
            started_at: Timestamp::EPOCH,
            queued_at: Timestamp::EPOCH,
            assigned_at: None,
            answered_in: None,
            ended_at: None,
            idle_since: None,
            answered_at: None,
            replies: Replies::default(),
            waited_since: Timestamp::EPOCH,
            greeted: false,
            visitor_away: false,
            messages: 0,
            last_seq: 0,
            visitor_seq: 0,
            owned_since: Timestamp::EPOCH,
            asked: None,
            handed_back_at: None,
            guests: Vec::new(),
            wanted: None,
            moved: false,
            requeued: false,
            ring: None,
            tried: Vec::new(),
            over: Vec::new(),
        }
    }

    /// The chat that these events make. Events of kinds this version does not know count their number only.
    pub fn replay<'a>(id: ChatId, events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut chat = Self::unborn(id);
        for event in events {
            chat.apply(event);
        }
        chat
    }

    /// Takes in the number of an event whose kind this version does not know.
    pub fn apply_unknown(&mut self, seq: u32, visitor_seq: u32) {
        self.last_seq = seq;
        self.visitor_seq = visitor_seq;
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &Event) {
        self.last_seq = event.seq;
        self.visitor_seq = event.visitor_seq;
        let at = event.at;
        match &event.kind {
            EventKind::Started { brand, department, name, email, page, language, variables, verified, wanted } => {
                self.wanted = *wanted;
                self.brand = Some(brand.clone());
                self.department.clone_from(department);
                self.visitor_name.clone_from(name);
                self.visitor_email.clone_from(email);
                self.page.clone_from(page);
                self.language.clone_from(language);
                self.variables.clone_from(variables);
                self.verified.clone_from(verified);
                self.started_at = at;
                self.queued_at = at;
                self.waited_since = at;
                self.state = ChatState::Waiting { offer: None };
            }
            EventKind::Queued { group } => {
                self.ring = None;
                self.ask_is_over(OfferEnd::Withdrawn);
                self.handed_back_at = None;
                self.guests.clear();
                // Who had an operator before does not wait behind those who had none, in another group neither.
                self.requeued |= self.owner().is_some();
                self.moved |= self.group.as_ref().is_some_and(|before| before != group);
                self.group = Some(group.clone());
                self.queued_at = at;
                if self.assigned_at.is_none() {
                    self.waited_since = at;
                }
                self.state = ChatState::Waiting { offer: None };
            }
            EventKind::Offered { offer, operator, name, others: Some(others), group, expires_at, .. } => {
                let first = Person { id: *operator, name: name.clone() };
                let more = [first].into_iter().chain(others.iter().cloned().map(Person::from)).collect();
                self.ring_opened(*offer, group, *expires_at, more);
            }
            EventKind::Offered { offer, operator, name, others: None, group, offer_kind, expires_at } => {
                let offer = Offer {
                    id: *offer,
                    operator: *operator,
                    name: name.clone(),
                    group: group.clone(),
                    kind: *offer_kind,
                    expires_at: *expires_at,
                };
                match &mut self.asked {
                    Some(asked) => asked.offer = Some(offer),
                    None => self.state = ChatState::Waiting { offer: Some(offer) },
                }
            }
            EventKind::Declined { offer, operator } => self.close_offer(*offer, *operator, OfferEnd::Declined, at),
            EventKind::Expired { offer, operator, why } => self.close_offer(*offer, *operator, *why, at),
            EventKind::Assigned { operator, name, group, .. } => {
                if let Some(open) = self.offer() {
                    let (id, rung) = (open.id, open.operator);
                    self.remember(id, rung, OfferEnd::Taken);
                }
                self.ring_over(OfferEnd::Taken);
                self.assigned_at.get_or_insert(at);
                self.answered_in.get_or_insert_with(|| group.clone());
                // Idle time goes on when it changes hands.
                if self.is_waiting() || self.idle_since.is_none() {
                    self.idle_since = Some(at);
                }
                self.asked = None;
                self.now_owned_by(Person { id: *operator, name: name.clone() }, group.clone(), at);
            }
            EventKind::TransferAsked { operator, name, to, group, reason, until } => self.apply_asked(Asked {
                kind: OfferKind::Transfer,
                from: Person { id: *operator, name: name.clone() },
                reason: reason.clone(),
                stay: false,
                group: group.clone(),
                operator: to.as_ref().map(|to| to.id),
                until: *until,
                offer: None,
            }),
            EventKind::Invited { operator, name, to, group, reason, stay, until } => self.apply_asked(Asked {
                kind: OfferKind::Invite,
                from: Person { id: *operator, name: name.clone() },
                reason: reason.clone(),
                stay: *stay,
                group: group.clone(),
                operator: to.as_ref().map(|to| to.id),
                until: *until,
                offer: None,
            }),
            EventKind::TransferDenied { .. } => (self.asked, self.handed_back_at) = (None, Some(at)),
            EventKind::InviteDenied { .. } => self.asked = None,
            EventKind::Transferred { operator, name, group, .. } => self.apply_transferred(*operator, name, group, at),
            EventKind::Joined { operator, name, group, .. } => self.apply_joined(*operator, name, group),
            EventKind::Left { operator, .. } => self.apply_left(*operator, at),
            EventKind::Message(message) => {
                self.messages += 1;
                match message.from.role {
                    Role::Operator if self.owner().is_some() => {
                        let of_owner = self.owner().map(|owner| owner.id) == message.from.id;
                        self.handed_back_at = self.handed_back_at.filter(|_| !of_owner);
                        self.replies.add(self.idle_since.replace(at), at);
                        self.answered_at.get_or_insert(at);
                    }
                    Role::System => self.greeted = true,
                    Role::Visitor if self.question.is_none() => self.question = Some(message.text.clone()),
                    _ => {}
                }
            }
            EventKind::VisitorAway => self.visitor_away = true,
            EventKind::VisitorBack => self.visitor_away = false,
            EventKind::Ended { by, why, .. } => {
                if let Some(open) = self.offer() {
                    let (id, rung) = (open.id, open.operator);
                    self.remember(id, rung, OfferEnd::Ended);
                }
                self.asked = None;
                self.ring_over(OfferEnd::Ended);
                self.ended_at = Some(at);
                self.state = ChatState::Ended { owner: self.owner().cloned(), by: *by, why: *why };
            }
            EventKind::Erased => {}
        }
    }

    /// The open offer.
    pub fn offer(&self) -> Option<&Offer> {
        match &self.state {
            ChatState::Waiting { offer } => offer.as_ref(),
            ChatState::Active { .. } => self.asked.as_ref()?.offer.as_ref(),
            _ => None,
        }
    }

    /// The offers that were open when the chat ended.
    pub fn offers_ended(&self) -> impl Iterator<Item = (OfferId, OperatorId)> {
        let ended = self.over.iter().filter(|(_, _, why)| *why == OfferEnd::Ended);
        ended.map(|(offer, operator, _)| (*offer, *operator))
    }

    /// The operator who owns it, or owned it when it ended.
    pub fn owner(&self) -> Option<&Person> {
        match &self.state {
            ChatState::Active { owner, .. } => Some(owner),
            ChatState::Ended { owner, .. } => owner.as_ref(),
            _ => None,
        }
    }

    /// Whether a greeting may still be sent: no operator has answered, and none was sent.
    pub fn may_greet(&self) -> bool {
        let runs = matches!(self.state, ChatState::Waiting { .. } | ChatState::Active { .. });
        runs && !self.greeted && self.answered_at.is_none() && self.last_seq < CHAT_EVENTS_MAX
    }

    /// Whether it is over.
    pub fn is_ended(&self) -> bool {
        matches!(self.state, ChatState::Ended { .. })
    }

    /// Whether it waits in a queue.
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, ChatState::Waiting { .. })
    }

    fn close_offer(&mut self, id: OfferId, operator: OperatorId, why: OfferEnd, at: Timestamp) {
        if self.ring_left(id, operator, why, at) {
            return;
        }
        self.let_go(id, operator, why, at);
        if self.offer().is_some_and(|open| open.id == id) {
            match &mut self.asked {
                Some(asked) => asked.offer = None,
                None => self.state = ChatState::Waiting { offer: None },
            }
        }
    }

    /// An operator is rung no more; unless it was taken back, they are not asked again soon.
    pub(super) fn let_go(&mut self, id: OfferId, operator: OperatorId, why: OfferEnd, at: Timestamp) {
        self.remember(id, operator, why);
        if why != OfferEnd::Withdrawn {
            self.tried.retain(|tried| tried.operator != operator);
            self.tried.push(Tried { operator, at });
        }
    }

    /// It is too soon to ask that operator again: a group that asks does not know it yet.
    pub fn has_just_let_go(&self, operator: OperatorId, now: Timestamp) -> bool {
        self.tried.iter().any(|tried| tried.operator == operator && tried.at + OFFER_COOL_DOWN > now)
    }

    pub(super) fn remember(&mut self, id: OfferId, operator: OperatorId, why: OfferEnd) {
        if self.over.len() == OFFERS_REMEMBERED {
            self.over.remove(0);
        }
        self.over.push((id, operator, why));
    }
}
