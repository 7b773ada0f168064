//! Whether an operator is there: the status they chose, the sockets that are open, and the grace after the last
//! one is lost. An operator without a socket is in grace or off-line, never on-line for good.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::group::Status;
use crate::domain::limits::OPERATOR_GRACE;
use crate::domain::time::Timestamp;

/// Whether an operator receives chats, before any membership is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Reception {
    /// Does not.
    #[default]
    None,
    /// Does, but the connection is lost for the moment: visitors are let in, nothing rings.
    Grace {
        /// Since when they have been receiving without a break.
        since: Timestamp,
    },
    /// Does, and can be rung.
    Ready {
        /// Since when they have been receiving without a break.
        since: Timestamp,
    },
}

impl Reception {
    /// Since when they have been receiving.
    pub fn since(self) -> Option<Timestamp> {
        match self {
            Self::None => None,
            Self::Grace { since } | Self::Ready { since } => Some(since),
        }
    }
}

/// What a change of presence asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresenceEffect {
    /// The status is another: tell all windows. Whoever set it has stored it before.
    Status {
        /// What it is.
        status: Status,
        /// Since when.
        since: Timestamp,
    },
    /// The operator does nothing, or lets offers expire: store that they are away, then tell.
    SetAway {
        /// Since when.
        since: Timestamp,
        /// Why.
        why: AwayBecause,
    },
    /// So many offers in a row have expired by now: store it. A status that is stored ends the row by itself.
    ExpiredInARow(u32),
    /// Grace has passed: store that the operator is off-line, then tell.
    Lapsed {
        /// Since when.
        since: Timestamp,
    },
    /// Grace has passed, whatever the status was: what becomes of the chats is for their groups to say.
    Lost,
    /// Tell the queues of all groups.
    Reception(Reception),
    /// Off-line: take back what still rings at this operator; it is not held against them. Chats are kept.
    WithdrawOffers,
}

/// Why somebody was set to away who has not said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwayBecause {
    /// They have done nothing for as long as they had set.
    Inactive,
    /// They have let so many offers in a row expire as the group allows.
    OffersExpired,
}

/// An operator's presence. Every input applies first what is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    status: Status,
    since: Timestamp,
    sockets: u32,
    /// When the last socket was lost: set exactly when none is open and the grace has not passed.
    lost_at: Option<Timestamp>,
    /// The grace has passed, and no window has come since.
    lost: bool,
    receiving_since: Option<Timestamp>,
    /// After so long without any doing the operator is away; none: never.
    away_after: Option<Duration>,
    active_at: Timestamp,
    /// Offers in a row that expired.
    expired: u32,
    grace: Duration,
}

impl Presence {
    /// As it was stored. The operator is in grace from now, for their window to come back; also one who is off-line, who
    /// may have chats all the same.
    pub fn restored(status: Status, since: Timestamp, now: Timestamp) -> Self {
        Self {
            status,
            since,
            sockets: 0,
            lost_at: Some(now),
            lost: false,
            receiving_since: (status == Status::Online).then_some(since),
            away_after: None,
            active_at: now,
            expired: 0,
            grace: OPERATOR_GRACE,
        }
    }

    /// With the times that the account has set.
    pub fn with_times(self, away_after: Option<Duration>, grace: Duration) -> Self {
        Self { away_after, grace, ..self }
    }

    /// With so many offers in a row that have expired before.
    pub fn with_expired(self, expired: u32) -> Self {
        Self { expired, ..self }
    }

    /// How long the status is kept once the last window is lost.
    pub fn grace(&self) -> Duration {
        self.grace
    }

    /// The status is set, by the operator or a manager. The same one again changes nothing.
    pub fn handle_status(&mut self, status: Status, now: Timestamp) -> Vec<PresenceEffect> {
        self.change(now, |presence, effects| {
            (presence.active_at, presence.expired) = (now, 0);
            if presence.status != status {
                if presence.status == Status::Offline && presence.sockets == 0 {
                    // Whoever is set on-line from elsewhere has the whole grace to open a window.
                    (presence.lost, presence.lost_at) = (false, None);
                }
                presence.become_status(status, now);
                effects.push(PresenceEffect::Status { status, since: now });
            }
        })
    }

    /// A window has connected.
    pub fn handle_socket_joined(&mut self, now: Timestamp) -> Vec<PresenceEffect> {
        self.change(now, |presence, _| presence.sockets += 1)
    }

    /// A window is gone. After the last one grace begins, also for whoever has set themselves off-line before.
    pub fn handle_socket_lost(&mut self, now: Timestamp) -> Vec<PresenceEffect> {
        self.change(now, |presence, _| presence.sockets = presence.sockets.saturating_sub(1))
    }

    /// The account's rules are others. A grace that runs is as long as it is now, from its beginning; doing nothing
    /// counts anew when it counts differently: nobody is away at once because of a change.
    pub fn handle_rules(
        &mut self,
        away_after: Option<Duration>,
        grace: Duration,
        now: Timestamp,
    ) -> Vec<PresenceEffect> {
        self.change(now, |presence, _| {
            if presence.away_after != away_after {
                (presence.away_after, presence.active_at) = (away_after, now);
            }
            presence.grace = grace;
        })
    }

    /// The operator does something: writes, reads, moves.
    pub fn handle_activity(&mut self, now: Timestamp) -> Vec<PresenceEffect> {
        self.change(now, |presence, _| presence.active_at = presence.active_at.max(now))
    }

    /// An offer that rang at this operator alone has expired; `until_away` of them in a row set them to away. One that
    /// nobody could hear, for no window is open, is not held against them.
    pub fn handle_offer_expired(&mut self, until_away: Option<u32>, now: Timestamp) -> Vec<PresenceEffect> {
        self.change(now, |presence, effects| {
            if presence.sockets == 0 {
                return;
            }
            presence.expired = presence.expired.saturating_add(1);
            let too_many = until_away.is_some_and(|max| presence.expired >= max);
            if too_many && presence.status == Status::Online {
                presence.become_away(AwayBecause::OffersExpired, now, effects);
            } else {
                effects.push(PresenceEffect::ExpiredInARow(presence.expired));
            }
        })
    }

    /// The operator has accepted or declined an offer.
    pub fn handle_offer_answered(&mut self, now: Timestamp) -> Vec<PresenceEffect> {
        self.change(now, |presence, effects| {
            presence.active_at = presence.active_at.max(now);
            if std::mem::take(&mut presence.expired) > 0 {
                effects.push(PresenceEffect::ExpiredInARow(0));
            }
        })
    }

    /// Time has passed.
    pub fn handle_due(&mut self, now: Timestamp) -> Vec<PresenceEffect> {
        self.change(now, |_, _| {})
    }

    /// When something is due next.
    pub fn next_wake(&self) -> Option<Timestamp> {
        [self.grace_until(), self.inactive_at()].into_iter().flatten().min()
    }

    /// The status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Since when it is that status.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// Windows that are open.
    pub fn sockets(&self) -> u32 {
        self.sockets
    }

    /// Whether the operator is gone: no window, and none has come within the grace.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Until when a lost connection may come back.
    pub fn grace_until(&self) -> Option<Timestamp> {
        self.lost_at.map(|at| at + self.grace)
    }

    /// Whether the operator receives.
    pub fn reception(&self) -> Reception {
        match self.receiving_since {
            Some(since) if self.sockets > 0 => Reception::Ready { since },
            Some(since) => Reception::Grace { since },
            None => Reception::None,
        }
    }

    fn change(
        &mut self,
        now: Timestamp,
        input: impl FnOnce(&mut Self, &mut Vec<PresenceEffect>),
    ) -> Vec<PresenceEffect> {
        let (reception, offline) = (self.reception(), self.status == Status::Offline);
        let mut effects = Vec::new();
        if self.grace_until().is_some_and(|until| until <= now) {
            self.lost = true;
            if offline {
                self.settle(now);
            } else {
                self.become_status(Status::Offline, now);
                effects.push(PresenceEffect::Lapsed { since: now });
            }
            effects.push(PresenceEffect::Lost);
        }
        if self.inactive_at().is_some_and(|at| at <= now) {
            self.become_away(AwayBecause::Inactive, now, &mut effects);
        }
        input(self, &mut effects);
        self.settle(now);
        if self.reception() != reception {
            effects.push(PresenceEffect::Reception(self.reception()));
        }
        if self.status == Status::Offline && !offline {
            effects.push(PresenceEffect::WithdrawOffers);
        }
        effects
    }

    /// When doing nothing any longer makes the operator away.
    fn inactive_at(&self) -> Option<Timestamp> {
        self.away_after.filter(|_| self.status == Status::Online).map(|after| self.active_at + after)
    }

    fn become_away(&mut self, why: AwayBecause, now: Timestamp, effects: &mut Vec<PresenceEffect>) {
        self.become_status(Status::Away, now);
        effects.push(PresenceEffect::SetAway { since: now, why });
    }

    fn become_status(&mut self, status: Status, now: Timestamp) {
        (self.status, self.since, self.expired) = (status, now, 0);
        self.settle(now);
    }

    /// Makes grace and reception follow from status and sockets.
    fn settle(&mut self, now: Timestamp) {
        self.lost &= self.sockets == 0;
        if self.lost || self.sockets > 0 {
            self.lost_at = None;
        } else {
            self.lost_at.get_or_insert(now);
        }
        if self.status == Status::Online {
            self.receiving_since.get_or_insert(now);
        } else {
            self.receiving_since = None;
        }
    }
}

#[cfg(test)]
mod tests;
