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
    /// Grace has passed: store that the operator is off-line, then tell.
    Lapsed {
        /// Since when.
        since: Timestamp,
    },
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
    /// Set exactly when no socket is open and the status is not off-line.
    grace_until: Option<Timestamp>,
    receiving_since: Option<Timestamp>,
    /// After so long without any doing the operator is away; none: never.
    away_after: Option<Duration>,
    active_at: Timestamp,
    /// Offers in a row that expired.
    expired: u32,
    grace: Duration,
}

impl Presence {
    /// As it was stored. Unless off-line, the operator is in grace from now, for their window to come back.
    pub fn restored(status: Status, since: Timestamp, now: Timestamp) -> Self {
        Self {
            status,
            since,
            sockets: 0,
            grace_until: (status != Status::Offline).then(|| now + OPERATOR_GRACE),
            receiving_since: (status == Status::Online).then_some(since),
            away_after: None,
            active_at: now,
            expired: 0,
            grace: OPERATOR_GRACE,
        }
    }

    /// With another grace than usual, also for the one that has begun now.
    pub fn with_grace(self, grace: Duration, now: Timestamp) -> Self {
        Self { grace, grace_until: self.grace_until.map(|_| now + grace), ..self }
    }

    /// The status is set, by the operator or a manager. The same one again changes nothing.
    pub fn handle_status(&mut self, status: Status, now: Timestamp) -> Vec<PresenceEffect> {
        self.change(now, |presence, effects| {
            (presence.active_at, presence.expired) = (now, 0);
            if presence.status != status {
                presence.become_status(status, now);
                effects.push(PresenceEffect::Status { status, since: now });
            }
        })
    }

    /// A window has connected.
    pub fn handle_socket_joined(&mut self, now: Timestamp) -> Vec<PresenceEffect> {
        self.change(now, |presence, _| presence.sockets += 1)
    }

    /// A window is gone. After the last one grace begins.
    pub fn handle_socket_lost(&mut self, now: Timestamp) -> Vec<PresenceEffect> {
        self.change(now, |presence, _| presence.sockets = presence.sockets.saturating_sub(1))
    }

    /// How long an operator may do nothing before they are away; none: as long as they like.
    pub fn handle_away_after(&mut self, away_after: Option<Duration>, now: Timestamp) -> Vec<PresenceEffect> {
        self.change(now, |presence, _| (presence.away_after, presence.active_at) = (away_after, now))
    }

    /// The operator does something: writes, reads, moves.
    pub fn handle_activity(&mut self, now: Timestamp) -> Vec<PresenceEffect> {
        self.change(now, |presence, _| presence.active_at = presence.active_at.max(now))
    }

    /// An offer that rang at this operator alone has expired; `until_away` of them in a row set them to away.
    pub fn handle_offer_expired(&mut self, until_away: Option<u32>, now: Timestamp) -> Vec<PresenceEffect> {
        self.change(now, |presence, effects| {
            presence.expired = presence.expired.saturating_add(1);
            let too_many = until_away.is_some_and(|max| presence.expired >= max);
            if too_many && presence.status == Status::Online {
                presence.become_away(AwayBecause::OffersExpired, now, effects);
            }
        })
    }

    /// The operator has accepted or declined an offer.
    pub fn handle_offer_answered(&mut self, now: Timestamp) -> Vec<PresenceEffect> {
        self.change(now, |presence, _| {
            (presence.expired, presence.active_at) = (0, presence.active_at.max(now));
        })
    }

    /// Time has passed.
    pub fn handle_due(&mut self, now: Timestamp) -> Vec<PresenceEffect> {
        self.change(now, |_, _| {})
    }

    /// When something is due next.
    pub fn next_wake(&self) -> Option<Timestamp> {
        [self.grace_until, self.inactive_at()].into_iter().flatten().min()
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

    /// Until when a lost connection may come back.
    pub fn grace_until(&self) -> Option<Timestamp> {
        self.grace_until
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
        if self.grace_until.is_some_and(|until| until <= now) {
            self.become_status(Status::Offline, now);
            effects.push(PresenceEffect::Lapsed { since: now });
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
        self.expired = 0;
        self.become_status(Status::Away, now);
        effects.push(PresenceEffect::SetAway { since: now, why });
    }

    fn become_status(&mut self, status: Status, now: Timestamp) {
        self.status = status;
        self.since = now;
        self.settle(now);
    }

    /// Makes grace and reception follow from status and sockets.
    fn settle(&mut self, now: Timestamp) {
        if self.status == Status::Offline || self.sockets > 0 {
            self.grace_until = None;
        } else {
            self.grace_until.get_or_insert(now + self.grace);
        }
        if self.status == Status::Online {
            self.receiving_since.get_or_insert(now);
        } else {
            self.receiving_since = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn online_at_zero() -> Presence {
        let mut presence = Presence::restored(Status::Offline, at(0), at(0));
        presence.handle_socket_joined(at(0));
        presence.handle_status(Status::Online, at(0));
        presence
    }

    #[test]
    fn an_operator_receives_from_going_online() {
        let mut presence = Presence::restored(Status::Offline, at(0), at(0));
        assert_eq!(presence.handle_socket_joined(at(1)), []);
        let effects = presence.handle_status(Status::Online, at(2));
        let ready = Reception::Ready { since: at(2) };
        assert_eq!(
            effects,
            [PresenceEffect::Status { status: Status::Online, since: at(2) }, PresenceEffect::Reception(ready)]
        );
        assert_eq!(presence.handle_status(Status::Online, at(9)), []);
        assert_eq!((presence.since(), presence.reception()), (at(2), ready));
    }

    #[test]
    fn a_reload_of_the_only_window_changes_nothing_but_the_ringing() {
        let mut presence = online_at_zero();
        let lost = presence.handle_socket_lost(at(10));
        assert_eq!(lost, [PresenceEffect::Reception(Reception::Grace { since: at(0) })]);
        assert_eq!(presence.next_wake(), Some(at(70)));
        let back = presence.handle_socket_joined(at(69));
        assert_eq!(back, [PresenceEffect::Reception(Reception::Ready { since: at(0) })]);
        assert_eq!((presence.next_wake(), presence.status()), (None, Status::Online));
    }

    #[test]
    fn whoever_stays_away_for_a_minute_is_offline() {
        let mut presence = online_at_zero();
        presence.handle_socket_lost(at(10));
        assert_eq!(presence.handle_due(at(69)), []);
        let effects = presence.handle_due(at(70));
        assert_eq!(
            effects,
            [
                PresenceEffect::Lapsed { since: at(70) },
                PresenceEffect::Reception(Reception::None),
                PresenceEffect::WithdrawOffers
            ]
        );
        assert_eq!((presence.status(), presence.next_wake()), (Status::Offline, None));
    }

    #[test]
    fn a_window_that_comes_back_too_late_finds_the_operator_offline() {
        let mut presence = online_at_zero();
        presence.handle_socket_lost(at(10));
        let effects = presence.handle_socket_joined(at(71));
        assert!(effects.contains(&PresenceEffect::Lapsed { since: at(71) }));
        assert_eq!((presence.status(), presence.reception()), (Status::Offline, Reception::None));
    }

    #[test]
    fn the_second_window_keeps_the_operator_present() {
        let mut presence = online_at_zero();
        presence.handle_socket_joined(at(1));
        assert_eq!(presence.handle_socket_lost(at(2)), []);
        assert_eq!(presence.reception(), Reception::Ready { since: at(0) });
    }

    #[test]
    fn going_away_or_busy_stops_new_chats_and_does_not_take_back_what_rings() {
        for status in [Status::Away, Status::Busy] {
            let mut presence = online_at_zero();
            let effects = presence.handle_status(status, at(5));
            assert!(effects.contains(&PresenceEffect::Reception(Reception::None)));
            assert!(!effects.contains(&PresenceEffect::WithdrawOffers));
            presence.handle_status(Status::Online, at(6));
            assert_eq!(presence.reception().since(), Some(at(6)));
        }
    }

    #[test]
    fn going_offline_by_hand_takes_back_what_rings() {
        let mut presence = online_at_zero();
        assert!(presence.handle_status(Status::Offline, at(5)).contains(&PresenceEffect::WithdrawOffers));
        assert_eq!(presence.handle_socket_lost(at(6)), []);
        assert_eq!(presence.next_wake(), None);
    }

    #[test]
    fn after_a_restart_operators_have_a_minute_to_come_back_and_keep_their_seniority() {
        let presence = Presence::restored(Status::Online, at(3), at(100));
        assert_eq!(presence.reception(), Reception::Grace { since: at(3) });
        assert_eq!(presence.next_wake(), Some(at(160)));
        assert_eq!(Presence::restored(Status::Offline, at(3), at(100)).next_wake(), None);
    }

    #[test]
    fn whoever_does_nothing_for_long_enough_is_away() {
        let mut presence = online_at_zero();
        assert_eq!(presence.next_wake(), None, "unless set, nobody becomes away");
        presence.handle_away_after(Some(Duration::from_secs(300)), at(0));
        presence.handle_activity(at(100));
        assert_eq!(presence.handle_due(at(399)), []);
        assert_eq!(presence.next_wake(), Some(at(400)));
        let away = PresenceEffect::SetAway { since: at(400), why: AwayBecause::Inactive };
        assert_eq!(presence.handle_due(at(400)), [away, PresenceEffect::Reception(Reception::None)]);
        assert_eq!((presence.status(), presence.next_wake()), (Status::Away, None));
        assert!(!presence.handle_status(Status::Online, at(900)).contains(&away), "coming back is doing something");
        assert_eq!(presence.next_wake(), Some(at(1200)));
    }

    #[test]
    fn whoever_lets_offers_expire_in_a_row_is_away() {
        let mut presence = online_at_zero();
        assert_eq!(presence.handle_offer_expired(Some(2), at(1)), []);
        presence.handle_offer_answered(at(2));
        assert_eq!(presence.handle_offer_expired(Some(2), at(3)), [], "one that was answered ends the row");
        let away = PresenceEffect::SetAway { since: at(4), why: AwayBecause::OffersExpired };
        assert_eq!(presence.handle_offer_expired(Some(2), at(4)), [away, PresenceEffect::Reception(Reception::None)]);
        presence.handle_status(Status::Online, at(5));
        assert_eq!(presence.handle_offer_expired(Some(2), at(6)), [], "back on-line the row begins anew");
        assert_eq!(presence.handle_offer_expired(None, at(7)), []);
    }

    #[test]
    fn nobody_is_set_online_for_good_without_a_window() {
        let mut presence = Presence::restored(Status::Offline, at(0), at(0));
        presence.handle_status(Status::Online, at(1));
        assert_eq!(presence.reception(), Reception::Grace { since: at(1) });
        presence.handle_due(at(61));
        assert_eq!(presence.status(), Status::Offline);
    }
}
