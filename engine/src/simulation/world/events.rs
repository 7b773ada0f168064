//! What can happen in a centre, and what comes of it.

use crate::domain::chat::Input;
use crate::domain::event::{EndedBy, EndedWhy};
use crate::domain::group::{Instead, Status};
use crate::domain::ids::{ChatId, GroupId};
use crate::domain::operator::PresenceEffect;
use crate::domain::routing::{Action, Effect, TurnedAway};
use crate::simulation::tally::WaitEnd;
use crate::simulation::world::{World, index_of};

/// Something that will happen.
#[derive(Debug, Clone, Copy)]
pub enum Happening {
    /// A visitor of the group comes.
    Comes { group: usize },
    /// The visitor leaves, if still waiting.
    Leaves { chat: u32 },
    /// The visitor is sent to the off-line form, if still waiting.
    TimesOut { chat: u32 },
    /// An operator who is rung accepts or declines.
    Answers { chat: u32, seq: u32, worker: usize, accepts: bool },
    /// The offer rings no more.
    OfferDue { chat: u32 },
    /// The operator is done with a chat, if nothing has changed since.
    Finishes { worker: usize, pace: u32 },
    /// A shift or a break begins or ends.
    Status { worker: usize, status: Status },
    /// Routing asked for it.
    Wakes,
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
    /// Desks think that everybody is a primary member.
    HandlingIgnored,
    /// Desks think that everybody can do everything.
    SkillsIgnored,
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
            Happening::Answers { chat, seq, worker, accepts } => self.answers(chat, seq, worker, accepts),
            Happening::OfferDue { chat } => self.offer_over(chat, Input::Due),
            Happening::Finishes { worker, pace } => self.finishes(worker, pace),
            Happening::Status { worker, status } => self.changes_status(worker, status),
            Happening::Wakes => {
                if self.armed == Some(self.now) {
                    self.armed = None;
                    let actions = self.centre.handle_due(self.now);
                    self.hears(actions);
                }
            }
        }
        self.carry_out();
    }

    pub(super) fn plan_next_coming(&mut self, group: usize) {
        if let Some(at) = self.comings[group].next() {
            self.clock.plan(at, Happening::Comes { group });
        }
    }

    /// What routing asks for is done in its order, after what it has asked for before.
    pub(super) fn hears(&mut self, actions: Vec<Action>) {
        self.actions.extend(actions);
    }

    /// Does all that routing has asked for, and sets its timer.
    pub(super) fn carry_out(&mut self) {
        while let Some(Action { group, effect }) = self.actions.pop_front() {
            match effect {
                Effect::Propose { chat, operator, name, ring, .. } => self.proposed(&group, chat, operator, name, ring),
                Effect::RingAll { chat, .. } | Effect::RingNoMore { chat, .. } => self.rings_at_all(&group, chat),
                Effect::Waiting { count, .. } => {
                    let (now, index) = (self.now, self.line(&group));
                    if let Some(cell) = index.and_then(|index| self.run.cell(index, now)) {
                        cell.queue_max = cell.queue_max.max(count as u64);
                    }
                }
                Effect::TurnAway { chat, to, why, .. } => self.turned_away(chat, to, why),
                Effect::Position { .. } | Effect::Availability(_) | Effect::Forecast { .. } => {}
                // Said between desks only.
                Effect::SeekIn { .. } | Effect::NotNeeded { .. } | Effect::NotHeld { .. } | Effect::Lost { .. } => {}
            }
        }
        let Some(wake) = self.centre.next_wake().map(|wake| wake.max(self.now)) else { return };
        if self.armed.is_none_or(|armed| wake < armed) {
            self.armed = Some(wake);
            self.clock.plan(wake, Happening::Wakes);
        }
    }

    pub(super) fn line(&self, group: &GroupId) -> Option<usize> {
        self.lines.iter().position(|line| line.id == *group)
    }

    /// A chat gets something else than an operator of its group; one that rings is left alone, and told again later.
    fn turned_away(&mut self, chat: ChatId, to: Instead, why: TurnedAway) {
        let n = index_of(chat);
        let alone = |chat: &crate::domain::chat::Chat| chat.offer().is_none() && chat.ring().is_none();
        if !self.chats[n as usize].as_deref().is_some_and(|open| alone(&open.chat)) {
            return;
        }
        match to {
            Instead::OfflineForm => {
                let why = match why {
                    TurnedAway::GroupOffline => EndedWhy::Offline,
                    TurnedAway::QueueFull | TurnedAway::WaitedTooLong => EndedWhy::TimedOut,
                };
                self.leaves(n, EndedBy::System, why, WaitEnd::TimedOut);
            }
            Instead::Group(group) => {
                let Some(line) = self.line(&group) else { return };
                if self.commit(n, Input::Move { group }).is_err() {
                    return;
                }
                let actions = self.centre.handle_gone(chat, self.now);
                self.hears(actions);
                if let Some(open) = self.chats[n as usize].as_deref_mut() {
                    open.queue = line;
                }
                self.waits(n);
            }
        }
    }

    fn leaves(&mut self, n: u32, by: EndedBy, why: EndedWhy, end: WaitEnd) {
        let Some(open) = self.chats[n as usize].as_deref().filter(|open| open.chat.is_waiting()) else { return };
        let (id, group, since) = (open.chat.id, open.group, open.chat.started_at);
        let rang = open.chat.offer().map(|offer| &offer.group).or(open.chat.ring().map(|ring| &ring.group));
        let rang = rang.and_then(|group| self.line(group));
        let Ok(news) = self.commit(n, Input::End { by, why, operator: None }) else { return };
        self.chats[n as usize] = None;
        self.run.waited(group, since, self.now, end);
        if let Some(cell) = rang.and_then(|rang| self.run.cell(rang, self.now)) {
            cell.withdrawn += 1;
        }
        let actions = self.centre.handle_gone(id, self.now);
        self.hears(actions);
        self.load_changed(news);
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
                self.load_changed(Some(news));
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
                    let operator = self.workers[worker].id;
                    let actions = self.centre.handle_reception(operator, reception, self.now);
                    self.hears(actions);
                }
                PresenceEffect::WithdrawOffers => {
                    let operator = self.workers[worker].id;
                    for (n, offer) in self.rung_for(operator) {
                        self.offer_over(n, Input::Withdraw { offer, operator });
                    }
                }
                PresenceEffect::Status { .. }
                | PresenceEffect::Lapsed { .. }
                | PresenceEffect::Lost
                | PresenceEffect::SetAway { .. }
                | PresenceEffect::ExpiredInARow(_) => {}
            }
        }
    }

    /// Every skill that anybody has, as well as can be.
    #[cfg(test)]
    pub(super) fn all_skills(&self) -> crate::domain::skills::Skills {
        let all = self.workers.iter().flat_map(|worker| worker.skills.clone());
        all.map(|(skill, _)| (skill, crate::domain::skills::Level::new(10).expect("the best"))).collect()
    }

    #[cfg(test)]
    pub(super) fn has_fault(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}
