//! Presence, told as what happens to an operator.

use super::*;
use crate::domain::limits::OPERATOR_GRACE;

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
            PresenceEffect::Lost,
            PresenceEffect::Reception(Reception::None),
            PresenceEffect::WithdrawOffers
        ]
    );
    assert_eq!((presence.status(), presence.next_wake()), (Status::Offline, None));
    assert!(presence.is_lost());
}

#[test]
fn whoever_set_themselves_offline_and_closes_the_window_is_lost_a_minute_later_once() {
    let mut presence = online_at_zero();
    presence.handle_status(Status::Offline, at(5));
    assert_eq!(presence.handle_due(at(500)), [], "with a window open the chats can be finished");
    presence.handle_socket_lost(at(600));
    assert_eq!(presence.handle_due(at(659)), []);
    assert_eq!(presence.handle_due(at(660)), [PresenceEffect::Lost]);
    assert_eq!((presence.since(), presence.next_wake()), (at(5), None), "off-line since they said so");
    assert_eq!(presence.handle_due(at(900)), []);
    presence.handle_socket_joined(at(901));
    assert!(!presence.is_lost());
    presence.handle_socket_lost(at(902));
    assert_eq!(presence.handle_due(at(962)), [PresenceEffect::Lost]);
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
    assert_eq!(presence.next_wake(), Some(at(66)), "until then a window may come back to the chats");
}

#[test]
fn after_a_restart_operators_have_a_minute_to_come_back_and_keep_their_seniority() {
    let presence = Presence::restored(Status::Online, at(3), at(100));
    assert_eq!(presence.reception(), Reception::Grace { since: at(3) });
    assert_eq!(presence.next_wake(), Some(at(160)));
    let mut offline = Presence::restored(Status::Offline, at(3), at(100));
    assert_eq!(offline.handle_due(at(160)), [PresenceEffect::Lost], "and their chats do not stay with nobody");
    assert_eq!(offline.since(), at(3));
}

#[test]
fn whoever_does_nothing_for_long_enough_is_away() {
    let mut presence = online_at_zero();
    assert_eq!(presence.next_wake(), None, "unless set, nobody becomes away");
    presence.handle_rules(Some(Duration::from_secs(300)), OPERATOR_GRACE, at(0));
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
    assert_eq!(presence.handle_offer_expired(Some(2), at(1)), [PresenceEffect::ExpiredInARow(1)]);
    assert_eq!(presence.handle_offer_answered(at(2)), [PresenceEffect::ExpiredInARow(0)]);
    assert_eq!(presence.handle_offer_answered(at(2)), [], "there is nothing more to store");
    let first = [PresenceEffect::ExpiredInARow(1)];
    assert_eq!(presence.handle_offer_expired(Some(2), at(3)), first, "one that was answered ends the row");
    let away = PresenceEffect::SetAway { since: at(4), why: AwayBecause::OffersExpired };
    assert_eq!(presence.handle_offer_expired(Some(2), at(4)), [away, PresenceEffect::Reception(Reception::None)]);
    presence.handle_status(Status::Online, at(5));
    assert_eq!(presence.handle_offer_expired(Some(2), at(6)), first, "back on-line the row begins anew");
    assert_eq!(presence.handle_offer_expired(None, at(7)), [PresenceEffect::ExpiredInARow(2)]);
}

#[test]
fn a_row_of_offers_that_expired_goes_on_where_it_was_stored() {
    let mut presence = Presence::restored(Status::Online, at(0), at(10)).with_expired(1);
    presence.handle_socket_joined(at(11));
    let away = PresenceEffect::SetAway { since: at(12), why: AwayBecause::OffersExpired };
    assert!(presence.handle_offer_expired(Some(2), at(12)).contains(&away));
}

#[test]
fn whoever_was_gone_for_longer_than_the_grace_begins_the_row_anew_as_the_store_does() {
    let mut presence = online_at_zero();
    presence.handle_offer_expired(Some(2), at(1));
    presence.handle_socket_lost(at(2));
    presence.handle_due(at(2) + OPERATOR_GRACE);
    presence.handle_socket_joined(at(900));
    assert_eq!(presence.handle_offer_answered(at(901)), [], "off-line was stored, and nothing of the row is left");
}

#[test]
fn offers_of_all_groups_are_one_row_and_the_group_of_the_last_one_decides() {
    let mut presence = online_at_zero();
    let in_a_row = |count| [PresenceEffect::ExpiredInARow(count)];
    assert_eq!(presence.handle_offer_expired(None, at(1)), in_a_row(1), "a group that sets nobody to away for it");
    assert_eq!(presence.handle_offer_expired(Some(4), at(2)), in_a_row(2), "the second of four");
    assert_eq!(presence.handle_offer_expired(None, at(3)), in_a_row(3), "the third, in the group without a rule");
    let away = PresenceEffect::SetAway { since: at(4), why: AwayBecause::OffersExpired };
    assert!(presence.handle_offer_expired(Some(2), at(4)).contains(&away), "more than two in a row");
}

#[test]
fn an_offer_that_nobody_could_hear_is_not_held_against_the_operator() {
    let mut presence = online_at_zero();
    presence.handle_offer_expired(Some(2), at(1));
    presence.handle_socket_lost(at(2));
    assert_eq!(presence.handle_offer_expired(Some(2), at(3)), []);
    presence.handle_socket_joined(at(4));
    assert_eq!(presence.status(), Status::Online);
    let away = PresenceEffect::SetAway { since: at(5), why: AwayBecause::OffersExpired };
    assert!(presence.handle_offer_expired(Some(2), at(5)).contains(&away), "the row goes on where it was");
}

#[test]
fn nobody_is_set_online_for_good_without_a_window() {
    let mut presence = Presence::restored(Status::Offline, at(0), at(0));
    presence.handle_status(Status::Online, at(1));
    assert_eq!(presence.reception(), Reception::Grace { since: at(1) });
    presence.handle_due(at(61));
    assert_eq!(presence.status(), Status::Offline);
}

#[test]
fn rules_that_change_hold_at_once_and_throw_nobody_out_for_what_was() {
    let mut presence = online_at_zero();
    let minute = Some(Duration::from_secs(60));
    assert_eq!(presence.handle_rules(minute, OPERATOR_GRACE, at(1_000)), [], "idle for long, but not by this rule");
    assert_eq!(presence.next_wake(), Some(at(1_060)));
    presence.handle_rules(minute, Duration::from_secs(10), at(1_030));
    assert_eq!(presence.next_wake(), Some(at(1_060)), "only the grace is another");
    presence.handle_activity(at(1_050));
    presence.handle_rules(None, Duration::from_secs(10), at(1_050));
    presence.handle_socket_lost(at(1_052));
    assert_eq!(presence.grace_until(), Some(at(1_062)));
    assert_eq!(presence.handle_rules(None, Duration::from_secs(100), at(1_055)), []);
    assert_eq!(presence.grace_until(), Some(at(1_152)), "from when the window was lost");
    let lapsed = presence.handle_rules(None, Duration::from_secs(2), at(1_060));
    assert_eq!(lapsed, [], "what is shorter now is due with the next look");
    assert!(presence.handle_due(at(1_060)).contains(&PresenceEffect::Lapsed { since: at(1_060) }));
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_away_and_frees_nobody() {
    let mut presence = online_at_zero();
    presence.handle_rules(Some(Duration::from_secs(60)), OPERATOR_GRACE, at(1_000));
    presence.handle_activity(at(1_010));
    assert_eq!(presence.handle_activity(at(500)), []);
    assert_eq!(presence.next_wake(), Some(at(1_070)), "an earlier doing takes nothing back");
    assert_eq!(presence.handle_due(at(400)), []);
    presence.handle_socket_lost(at(400));
    assert_eq!(presence.grace_until(), Some(at(460)), "grace is a span, from whatever the clock says");
    assert!(presence.handle_due(at(460)).contains(&PresenceEffect::Lapsed { since: at(460) }));
}
