//! Carrying out what a desk asks for: sessions hear proposals and positions, the board and watchers what has changed.

use std::collections::BTreeSet;

use super::QueueActor;
use crate::actors::messages::{Signal, Standing};
use crate::domain::estimate::Forecast;
use crate::domain::event::EndedWhy;
use crate::domain::group::{Availability, Instead};
use crate::domain::ids::{ChatId, GroupId};
use crate::domain::routing::{Effect, TurnedAway};
use crate::metrics::seconds;
use crate::protocol::frame;
use crate::protocol::operator::OperatorNotice;

impl QueueActor {
    pub(super) fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut rings = BTreeSet::new();
        for effect in effects {
            match effect {
                Effect::Propose { chat, operator, name, ring, record } => {
                    // One that is lost the desk counts as such after a while, and makes another.
                    let signal = Signal::Propose { operator, name, group: self.group.clone(), ring, record };
                    self.shared.to_session(self.account, chat, signal, true);
                    self.tell_proposals(operator);
                }
                Effect::Position { chat, ahead, about, wait } => {
                    let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
                    let estimate_s = wait.map(|wait| u32::try_from(wait.as_secs()).unwrap_or(u32::MAX));
                    let standing = Standing { ahead, about, estimate_s };
                    self.shared.to_session(self.account, chat, Signal::Position(standing), false);
                }
                Effect::Lost { operator, .. } => self.tell_proposals(operator),
                Effect::NotHeld { operator } => self.not_held(operator),
                Effect::Forecast { forecast, .. } => self.count_error(&forecast),
                Effect::TurnAway { unless, .. } if self.somebody_receives_in(&unless) => {}
                Effect::TurnAway { chat, why, to, .. } => {
                    let why = match why {
                        TurnedAway::GroupOffline => EndedWhy::Offline,
                        TurnedAway::QueueFull | TurnedAway::WaitedTooLong => EndedWhy::TimedOut,
                    };
                    let to = match to {
                        Instead::OfflineForm => None,
                        Instead::Group(group) => Some(group),
                    };
                    self.shared.to_session(self.account, chat, Signal::TurnAway { why, to }, true);
                }
                Effect::RingAll { chat, .. } | Effect::RingNoMore { chat, .. } => {
                    rings.insert(chat);
                }
                Effect::SeekIn { chat, groups } => {
                    let signal = Signal::SeekIn { of: self.group.clone(), groups };
                    self.shared.to_session(self.account, chat, signal, true);
                }
                // Whoever granted the slot is answered by then.
                Effect::NotNeeded { .. } => {}
                Effect::Availability(state) => {
                    if let Some(desk) = &self.desk {
                        self.shared.board.set(self.account, &self.group, &desk.settings().department, state);
                        self.shared.tell_board(self.account, &self.group);
                    }
                }
                Effect::Waiting { count, .. } => {
                    self.shared.board.set_waiting(self.account, &self.group, count);
                    self.shared.tell_board(self.account, &self.group);
                    let hint = self.hint();
                    self.watchers.retain(|outlet| outlet.push(hint.clone()));
                }
            }
        }
        rings.into_iter().for_each(|chat| self.ring_at(chat));
        if let Some(desk) = &self.desk {
            self.still_since.note(desk, self.shared.now());
        }
    }

    /// Says at whom a chat rings, all of them: a chat that missed something before is right again.
    fn ring_at(&self, chat: ChatId) {
        let Some(desk) = &self.desk else { return };
        let name = |operator| desk.roster().member(operator).map(|member| (operator, member.name.clone()));
        let operators = desk.rings_at_all(chat).filter_map(name).collect();
        let (group, ring) = (self.group.clone(), desk.settings().offer_expires_after);
        let record = desk.record_of_ring(chat, self.shared.now()).map(Box::new);
        self.shared.to_session(self.account, chat, Signal::RingAt { operators, group, ring, record }, true);
    }

    fn somebody_receives_in(&self, groups: &[GroupId]) -> bool {
        let state = |group| self.shared.board.entry(self.account, group).map(|(_, state, _)| state);
        groups.iter().filter_map(state).any(|state| state != Availability::Offline)
    }

    /// What was told to a visitor, beside what came.
    fn count_error(&self, forecast: &Forecast) {
        let metrics = self.shared.metrics.group(self.account, &self.group);
        if forecast.waited > forecast.told {
            seconds(&metrics.estimate_longer, forecast.waited - forecast.told);
        } else {
            seconds(&metrics.estimate_shorter, forecast.told - forecast.waited);
        }
    }

    pub(super) fn hint(&self) -> bytestring::ByteString {
        let now = self.shared.now();
        let (waiting, longest) =
            self.desk.as_ref().map_or((0, None), |desk| (desk.queue().own_len(), desk.queue().longest_since()));
        frame::notice(&OperatorNotice::Queue {
            group: self.group.clone(),
            waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
            longest_s: longest.map_or(0, |since| u32::try_from(now.since(since).as_secs()).unwrap_or(u32::MAX)),
        })
    }
}
