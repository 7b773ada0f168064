//! Offers of a centre: chats that are proposed, those that ring at one operator or at all, and how that ends.

use std::time::Duration;

use crate::domain::chat::{Input, Person};
use crate::domain::ids::{ChatId, GroupId, OfferId, OperatorId};
use crate::domain::limits::PROPOSAL_REST;
use crate::domain::routing::Settled;
use crate::domain::time::Timestamp;
use crate::simulation::tally::WaitEnd;
use crate::simulation::world::events::Happening;
use crate::simulation::world::slots::Failed;
use crate::simulation::world::{World, index_of, span};

impl World<'_> {
    /// Routing has found an operator for a chat.
    pub(super) fn proposed(
        &mut self,
        group: &GroupId,
        chat: ChatId,
        operator: OperatorId,
        name: String,
        ring: Option<Duration>,
    ) {
        let n = index_of(chat);
        self.judge_proposal(n, group, operator);
        let input = Input::Propose { operator, name, group: group.clone(), ring };
        let settled = match self.commit(n, input) {
            Ok(Some(news)) if ring.is_some() => Settled::Offered(news),
            Ok(Some(news)) => Settled::Assigned(news),
            Ok(None) | Err(Failed::Refused) => Settled::Refused,
            Err(Failed::NoCapacity) => Settled::NoCapacity,
        };
        match &settled {
            Settled::Offered(_) => {
                if let Some(offer) = self.chat(n).and_then(|chat| chat.offer()).cloned() {
                    self.clock.plan(offer.expires_at, Happening::OfferDue { chat: n });
                    self.rings(n, offer.id, group, operator);
                }
            }
            Settled::Assigned(_) => self.answered(n),
            Settled::NoCapacity | Settled::Refused => {
                let rests_until = self.now + PROPOSAL_REST;
                if let Some(open) = self.chats[n as usize].as_deref_mut() {
                    open.rests_until = rests_until;
                }
            }
        }
        let actions = self.centre.handle_settled(chat, operator, settled, self.now);
        self.hears(actions);
    }

    /// A chat shall ring at all whom the desk names, and at nobody else.
    pub(super) fn rings_at_all(&mut self, group: &GroupId, chat: ChatId) {
        let n = index_of(chat);
        let Some(desk) = self.centre.desk(group) else { return };
        let ring = desk.settings().offer_expires_after;
        let people: Vec<Person> = desk
            .rings_at_all(chat)
            .filter_map(|id| Some(Person { id, name: desk.roster().member(id)?.name.clone() }))
            .collect();
        let rung = |world: &Self| -> Vec<OperatorId> {
            let ring = world.chat(n).and_then(|chat| chat.ring());
            ring.map(|ring| ring.rung.iter().map(|person| person.id).collect()).unwrap_or_default()
        };
        let before = rung(self);
        let input = Input::RingAt { operators: people, group: group.clone(), ring };
        if self.commit(n, input).is_err() {
            return;
        }
        let after = rung(self);
        let Some(ring) = self.chat(n).and_then(|chat| chat.ring()).cloned() else { return };
        if before.is_empty() {
            self.clock.plan(ring.expires_at, Happening::OfferDue { chat: n });
        }
        for operator in after.into_iter().filter(|operator| !before.contains(operator)) {
            self.rings(n, ring.id, group, operator);
        }
    }

    pub(super) fn answers(&mut self, n: u32, seq: u32, worker: usize, accepts: bool) {
        let operator = self.workers[worker].id;
        let Some((offer, group)) = self.open_offer(n, operator).filter(|(offer, _)| offer.seq == seq) else { return };
        if !accepts {
            return self.offer_over(n, Input::Decline { offer, operator });
        }
        // An answer at the very end is late; the offer is due at the same moment. Of several chats that ring at all,
        // the last one may find the slot taken.
        let Ok(Some(news)) = self.commit(n, Input::Accept { offer, operator }) else { return };
        let (now, line) = (self.now, self.line(&group));
        if let Some(cell) = line.and_then(|line| self.run.cell(line, now)) {
            cell.accepted += 1;
        }
        self.answered(n);
        let id = self.chat(n).map(|chat| chat.id);
        // What is used is news before the chat is known to be somebody's: else the slot would seem to be free.
        self.load_changed(Some(news));
        let actions = id.map(|id| self.centre.handle_served(id, &group, now)).unwrap_or_default();
        self.hears(actions);
    }

    /// An offer is declined, expires or is taken back, or one of those at whom a chat rings is out of it.
    pub(super) fn offer_over(&mut self, n: u32, input: Input) {
        let offered = |world: &Self| {
            let chat = world.chat(n)?;
            let one = chat.offer().map(|offer| (offer.id, offer.group.clone(), 1));
            one.or(chat.ring().map(|ring| (ring.id, ring.group.clone(), ring.rung.len())))
        };
        let Some((_, group, before)) = offered(self) else { return };
        let (declined, due) = (matches!(input, Input::Decline { .. }), input == Input::Due);
        let Ok(news) = self.commit(n, input) else { return };
        let left = before - offered(self).map_or(0, |(.., after)| after);
        if left == 0 {
            return;
        }
        let (now, line) = (self.now, self.line(&group));
        if let Some(cell) = line.and_then(|line| self.run.cell(line, now)) {
            let left = left as u64;
            cell.declined += if declined { left } else { 0 };
            cell.expired += if due { left } else { 0 };
            cell.withdrawn += if declined || due { 0 } else { left };
        }
        let Some((id, tried)) = self.chat(n).map(|chat| (chat.id, chat.tried.clone())) else { return };
        let actions = self.centre.handle_offer_over(id, tried, now);
        self.hears(actions);
        self.load_changed(news);
        // Another group that rings at all may have been waiting for the end of this offer.
        let others: Vec<GroupId> = self.centre.looks_in(id).iter().filter(|other| **other != group).cloned().collect();
        for other in others {
            if self.centre.desk(&other).is_some_and(|desk| desk.rings_at_all(id).next().is_some()) {
                self.rings_at_all(&other, id);
            }
        }
    }

    /// What rings at an operator.
    pub(super) fn rung_for(&self, operator: OperatorId) -> Vec<(u32, OfferId)> {
        let rung = |n: &u32| self.open_offer(*n, operator).map(|(offer, _)| (*n, offer));
        self.waiting.iter().filter_map(rung).collect()
    }

    /// The operator hears it, and what they will do is drawn.
    fn rings(&mut self, n: u32, offer: OfferId, group: &GroupId, operator: OperatorId) {
        let Some(worker) = self.worker(operator) else { return };
        let crew = self.workers[worker].crew;
        let (settings, stream) = (&self.scenario.crews[crew].answers, &mut self.answers[crew]);
        let (luck, delay) = (stream.unit(), stream.seconds(&settings.delay));
        if luck >= settings.ignored {
            let accepts = luck >= settings.ignored + settings.declined;
            let answers = Happening::Answers { chat: n, seq: offer.seq, worker, accepts };
            self.clock.plan(self.now + span(delay), answers);
        }
        let (now, line) = (self.now, self.line(group));
        if let Some(cell) = line.and_then(|line| self.run.cell(line, now)) {
            cell.rung += 1;
        }
    }

    /// The offer of a chat that rings at this operator, alone or among others, and its group.
    fn open_offer(&self, n: u32, operator: OperatorId) -> Option<(OfferId, GroupId)> {
        let chat = self.chat(n)?;
        let alone = chat.offer().filter(|offer| offer.operator == operator);
        let among = chat.ring().filter(|ring| ring.rings_at(operator));
        alone.map(|offer| (offer.id, offer.group.clone())).or(among.map(|ring| (ring.id, ring.group.clone())))
    }

    /// Somebody has the chat: it was waiting since its visitor came, in whatever queue.
    fn answered(&mut self, n: u32) {
        let since: Option<(usize, Timestamp)> =
            self.chats[n as usize].as_deref().map(|open| (open.group, open.chat.started_at));
        if let Some((group, since)) = since {
            self.run.waited(group, since, self.now, WaitEnd::Answered);
        }
    }
}
