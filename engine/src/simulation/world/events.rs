//! What can happen in a centre, and what comes of it.

use crate::domain::chat::Input;
use crate::domain::event::{EndedBy, EndedWhy};
use crate::domain::group::Status;
use crate::domain::ids::OfferId;
use crate::domain::operator::PresenceEffect;
use crate::domain::routing::{Effect, Settled};
use crate::simulation::tally::WaitEnd;
use crate::simulation::world::slots::Failed;
use crate::simulation::world::{Proposal, World, index_of, span};

/// Something that will happen.
#[derive(Debug, Clone, Copy)]
pub enum Happening {
    /// A visitor of the group comes.
    Comes { group: usize },
    /// The visitor leaves, if still waiting.
    Leaves { chat: u32 },
    /// The visitor is sent to the off-line form, if still waiting.
    TimesOut { chat: u32 },
    /// The operator who is rung accepts or declines.
    Answers { chat: u32, seq: u32, accepts: bool },
    /// The offer rings no more.
    OfferDue { chat: u32 },
    /// The operator is done with a chat, if nothing has changed since.
    Finishes { worker: usize, pace: u32 },
    /// A shift or a break begins or ends.
    Status { worker: usize, status: Status },
    /// A desk asked for it.
    Wakes { group: usize },
}

/// A wrong rule, to see that it is noticed.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Who came last is served first.
    NewestFirst,
    /// Desks think that the first operator has no slots.
    SlotUnused,
    /// Slots are taken without a condition, and desks know of no overall limit.
    NoCondition,
}

impl World<'_> {
    pub(super) fn happens(&mut self, what: Happening) {
        match what {
            Happening::Comes { group } => {
                self.arrives(group);
                self.plan_next_coming(group);
            }
            Happening::Leaves { chat } => self.leaves(chat, EndedBy::Visitor, EndedWhy::Left, WaitEnd::Abandoned),
            Happening::TimesOut { chat } => self.leaves(chat, EndedBy::System, EndedWhy::TimedOut, WaitEnd::TimedOut),
            Happening::Answers { chat, seq, accepts } => self.answers(chat, seq, accepts),
            Happening::OfferDue { chat } => self.offer_over(chat, Input::Due),
            Happening::Finishes { worker, pace } => self.finishes(worker, pace),
            Happening::Status { worker, status } => self.changes_status(worker, status),
            Happening::Wakes { group } => {
                if self.lines[group].armed == Some(self.now) {
                    self.lines[group].armed = None;
                    let effects = self.lines[group].desk.handle_due(self.now);
                    self.desk_says(group, effects);
                }
            }
        }
        self.settle_proposals();
    }

    pub(super) fn plan_next_coming(&mut self, group: usize) {
        if let Some(at) = self.comings[group].next() {
            self.clock.plan(at, Happening::Comes { group });
        }
    }

    /// What a desk asks for is kept until it is settled, and its timer armed.
    pub(super) fn desk_says(&mut self, group: usize, effects: Vec<Effect>) {
        let mut turned_away = Vec::new();
        for effect in effects {
            match effect {
                Effect::Propose { chat, operator, name, ring, .. } => {
                    self.proposals.push_back(Proposal { group, chat, operator, name, ring });
                }
                Effect::Waiting { count, .. } => {
                    if let Some(cell) = self.run.cell(group, self.now) {
                        cell.queue_max = cell.queue_max.max(count as u64);
                    }
                }
                Effect::TurnAway { chat, .. } => turned_away.push(index_of(chat)),
                Effect::Position { .. } | Effect::Availability(_) | Effect::Forecast { .. } => {}
                // Asked for by rules that no scenario has.
                Effect::RingAll { .. } | Effect::RingNoMore { .. } | Effect::SeekIn { .. } => {}
                Effect::NotNeeded { .. } | Effect::Lost { .. } => {}
            }
        }
        for n in turned_away {
            self.leaves(n, EndedBy::System, EndedWhy::Offline, WaitEnd::TimedOut);
        }
        let (line, now) = (&mut self.lines[group], self.now);
        let Some(wake) = line.desk.next_wake().map(|wake| wake.max(now)) else { return };
        if line.armed.is_none_or(|armed| wake < armed) {
            line.armed = Some(wake);
            self.clock.plan(wake, Happening::Wakes { group });
        }
    }

    pub(super) fn settle_proposals(&mut self) {
        while let Some(proposal) = self.proposals.pop_front() {
            self.proposed(proposal);
        }
    }

    fn proposed(&mut self, proposal: Proposal) {
        let Proposal { group, chat, operator, name, ring } = proposal;
        let (n, id) = (index_of(chat), self.lines[group].id.clone());
        let input = Input::Propose { operator, name, group: id, ring };
        let settled = match self.commit(n, input) {
            Ok(Some(news)) if ring.is_some() => Settled::Offered(news),
            Ok(Some(news)) => Settled::Assigned(news),
            Ok(None) | Err(Failed::Refused) => Settled::Refused,
            Err(Failed::NoCapacity) => Settled::NoCapacity,
        };
        let news = match &settled {
            Settled::Offered(news) => {
                self.rings(n, group);
                Some(news.clone())
            }
            Settled::Assigned(news) => {
                self.answered(n, group);
                Some(news.clone())
            }
            Settled::NoCapacity | Settled::Refused => None,
        };
        let effects = self.lines[group].desk.handle_settled(chat, operator, settled, self.now);
        self.desk_says(group, effects);
        if let Some(news) = news {
            self.load_changed(&news, Some(group));
        }
    }

    fn rings(&mut self, n: u32, group: usize) {
        let offer = self.chats[n as usize].as_deref().and_then(|open| open.chat.offer()).cloned();
        let Some(offer) = offer else { return };
        let Some(worker) = self.worker(offer.operator) else { return };
        let crew = self.workers[worker].crew;
        let (settings, stream) = (&self.scenario.crews[crew].answers, &mut self.answers[crew]);
        let (luck, delay) = (stream.unit(), stream.seconds(&settings.delay));
        if luck >= settings.ignored {
            let accepts = luck >= settings.ignored + settings.declined;
            self.clock.plan(self.now + span(delay), Happening::Answers { chat: n, seq: offer.id.seq, accepts });
        }
        self.clock.plan(offer.expires_at, Happening::OfferDue { chat: n });
        if let Some(cell) = self.run.cell(group, self.now) {
            cell.rung += 1;
        }
    }

    fn answers(&mut self, n: u32, seq: u32, accepts: bool) {
        let Some(open) = self.chats[n as usize].as_deref() else { return };
        let Some(offer) = open.chat.offer().filter(|offer| offer.id.seq == seq).cloned() else { return };
        let (id, group) = (open.chat.id, open.group);
        if !accepts {
            return self.offer_over(n, Input::Decline { offer: offer.id, operator: offer.operator });
        }
        // An answer at the very end is late; the offer is due at the same moment.
        let accept = Input::Accept { offer: offer.id, operator: offer.operator };
        let Ok(Some(news)) = self.commit(n, accept) else { return };
        if let Some(cell) = self.run.cell(group, self.now) {
            cell.accepted += 1;
        }
        self.answered(n, group);
        let effects = self.lines[group].desk.handle_gone(id, self.now);
        self.desk_says(group, effects);
        self.load_changed(&news, None);
    }

    /// An offer is declined, expires or is taken back.
    fn offer_over(&mut self, n: u32, input: Input) {
        let (declined, due) = (matches!(input, Input::Decline { .. }), input == Input::Due);
        let Ok(Some(news)) = self.commit(n, input) else { return };
        let Some(open) = self.chats[n as usize].as_deref() else { return };
        let (id, group, tried) = (open.chat.id, open.group, open.chat.tried.clone());
        if let Some(cell) = self.run.cell(group, self.now) {
            cell.declined += u64::from(declined);
            cell.expired += u64::from(due);
            cell.withdrawn += u64::from(!declined && !due);
        }
        let effects = self.lines[group].desk.handle_offer_over(id, tried, self.now);
        self.desk_says(group, effects);
        self.settle_proposals();
        self.load_changed(&news, None);
    }

    fn answered(&mut self, n: u32, group: usize) {
        let since = self.chats[n as usize].as_deref().map(|open| open.chat.queued_at);
        if let Some(since) = since {
            self.run.waited(group, since, self.now, WaitEnd::Answered);
        }
    }

    fn leaves(&mut self, n: u32, by: EndedBy, why: EndedWhy, end: WaitEnd) {
        let Some(open) = self.chats[n as usize].as_deref().filter(|open| open.chat.is_waiting()) else { return };
        let (id, group, since, rang) = (open.chat.id, open.group, open.chat.queued_at, open.chat.offer().is_some());
        let Ok(news) = self.commit(n, Input::End { by, why, operator: None }) else { return };
        self.chats[n as usize] = None;
        self.run.waited(group, since, self.now, end);
        if let Some(cell) = self.run.cell(group, self.now).filter(|_| rang) {
            cell.withdrawn += 1;
        }
        let effects = self.lines[group].desk.handle_gone(id, self.now);
        self.desk_says(group, effects);
        self.settle_proposals();
        if let Some(news) = news {
            self.load_changed(&news, None);
        }
    }

    fn finishes(&mut self, worker: usize, pace: u32) {
        if self.workers[worker].pace != pace {
            return;
        }
        let (Some(n), operator) = (self.workers[worker].finished(), self.workers[worker].id) else { return };
        let end = Input::End { by: EndedBy::Operator, why: EndedWhy::Closed, operator: Some(operator) };
        match self.commit(n, end) {
            Ok(Some(news)) => {
                self.chats[n as usize] = None;
                self.load_changed(&news, None);
            }
            _ => self.breaks(format!("{} holds a chat that is not theirs", self.workers[worker].name)),
        }
    }

    fn changes_status(&mut self, worker: usize, status: Status) {
        self.account(worker);
        let effects = self.workers[worker].presence.handle_status(status, self.now);
        for effect in effects {
            match effect {
                PresenceEffect::Reception(reception) => {
                    for group in self.desks_of(worker) {
                        let operator = self.workers[worker].id;
                        let effects = self.lines[group].desk.handle_reception(operator, reception, self.now);
                        self.desk_says(group, effects);
                        self.settle_proposals();
                    }
                }
                PresenceEffect::WithdrawOffers => {
                    let operator = self.workers[worker].id;
                    for (n, offer) in self.rings_at(worker) {
                        self.offer_over(n, Input::Withdraw { offer, operator });
                    }
                }
                PresenceEffect::Status { .. } | PresenceEffect::Lapsed { .. } | PresenceEffect::SetAway { .. } => {}
            }
        }
    }

    fn rings_at(&self, worker: usize) -> Vec<(u32, OfferId)> {
        let operator = self.workers[worker].id;
        let waiting = self.waiting.iter().filter_map(|n| {
            let offer = self.chats[*n as usize].as_deref()?.chat.offer()?;
            (offer.operator == operator).then_some((*n, offer.id))
        });
        waiting.collect()
    }

    #[cfg(test)]
    pub(super) fn has_fault(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}
