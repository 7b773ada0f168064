//! Opening hours through the year: week-days, holidays, and the two nights on which the clocks are set.

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn open(from_hour: u16, to_hour: u16) -> Interval {
    Interval { from_minute: from_hour * 60, to_minute: to_hour * 60 }
}

/// Berlin: week-days from eight to twelve and from one to six, Sundays the hours given.
fn hours(sunday: Vec<Interval>) -> Hours {
    let day = vec![open(8, 12), open(13, 18)];
    let week = [day.clone(), day.clone(), day.clone(), day.clone(), day, vec![], sunday];
    let holiday = Holiday { date: "2026-12-25".into(), open: vec![open(10, 11)] };
    Hours { zone: Some("Europe/Berlin".into()), week, holidays: vec![holiday] }
}

#[test]
fn a_group_is_open_in_its_hours_by_the_clock_on_the_wall() {
    let hours = hours(vec![]);
    assert_eq!(hours.check(), Ok(()));
    assert_eq!(hours.at(at("2026-01-05T06:59:59Z")), (false, at("2026-01-05T07:00:00Z")));
    assert_eq!(hours.at(at("2026-01-05T07:00:00Z")), (true, at("2026-01-05T11:00:00Z")));
    assert_eq!(hours.at(at("2026-07-06T06:00:00Z")), (true, at("2026-07-06T10:00:00Z")));
    assert_eq!(hours.at(at("2026-01-09T17:00:00Z")), (false, at("2026-01-12T07:00:00Z")), "over the week-end");
}

#[test]
fn a_holiday_has_its_own_hours() {
    let hours = hours(vec![]);
    assert_eq!(hours.at(at("2026-12-25T08:30:00Z")), (false, at("2026-12-25T09:00:00Z")));
    assert_eq!(hours.at(at("2026-12-25T09:30:00Z")), (true, at("2026-12-25T10:00:00Z")));
}

#[test]
fn an_hour_that_is_skipped_begins_when_the_clock_goes_on() {
    // On 29 March 2026 two o'clock is three o'clock.
    let hours = hours(vec![Interval { from_minute: 150, to_minute: 240 }]);
    assert_eq!(hours.at(at("2026-03-29T00:59:59Z")), (false, at("2026-03-29T01:00:00Z")));
    assert_eq!(hours.at(at("2026-03-29T01:00:00Z")), (true, at("2026-03-29T02:00:00Z")));
}

#[test]
fn an_hour_that_comes_twice_is_open_twice() {
    // On 25 October 2026 three o'clock is two o'clock again.
    let hours = hours(vec![Interval { from_minute: 120, to_minute: 150 }]);
    let sunday = |time: &str| hours.at(at(&format!("2026-10-25T{time}Z")));
    assert_eq!(sunday("00:10:00"), (true, at("2026-10-25T00:30:00Z")));
    assert_eq!(sunday("00:30:00"), (false, at("2026-10-25T01:00:00Z")), "looked at again when the clocks are set");
    assert!(sunday("01:10:00").0);
    assert!(!sunday("01:30:00").0);
}

#[test]
fn what_is_said_to_hold_until_a_moment_does_hold_until_then() {
    let hours = hours(vec![open(1, 4)]);
    for start in ["2026-03-27T00:00:00Z", "2026-10-23T00:00:00Z", "2026-12-23T00:00:00Z"] {
        let mut said = hours.at(at(start));
        for minute in 0..5 * 1_440 {
            let now = at(start) + std::time::Duration::from_secs(minute * 60);
            if now >= said.1 {
                said = hours.at(now);
            }
            assert_eq!(hours.at(now).0, said.0, "{}", now.to_rfc3339());
        }
    }
}

#[test]
fn wrong_hours_are_named() {
    let fault = |hours: Hours| hours.check().unwrap_err().field;
    assert_eq!(fault(Hours { zone: Some("Europe/Atlantis".into()), ..hours(vec![]) }), "zone");
    assert_eq!(fault(hours(vec![open(8, 12), open(11, 13)])), "week.6.1");
    assert_eq!(fault(hours(vec![open(12, 12)])), "week.6.0");
    assert_eq!(fault(hours(vec![open(12, 25)])), "week.6.0");
    let day = |date: &str| Holiday { date: date.into(), open: vec![] };
    assert_eq!(fault(Hours { holidays: vec![day("2026-02-30")], ..hours(vec![]) }), "holidays.0.date");
    assert_eq!(
        fault(Hours { holidays: vec![day("2026-02-03"), day("2026-02-03")], ..hours(vec![]) }),
        "holidays.1.date"
    );
}

#[test]
fn hours_without_a_zone_are_counted_by_the_accounts_clock_and_others_by_their_own() {
    let own = hours(vec![]);
    let accounts = Hours { zone: None, ..own.clone() };
    assert_eq!(accounts.check(), Ok(()));
    // A Monday: eight o'clock comes to Tokyo, then to Berlin, then to London.
    for (account, opens) in [("Asia/Tokyo", "23:00"), ("Europe/Berlin", "07:00"), ("Europe/London", "08:00")] {
        let day = if opens == "23:00" { "2026-01-04" } else { "2026-01-05" };
        let opens = at(&format!("{day}T{opens}:00Z"));
        let here = accounts.clone().in_account(&account.into());
        assert_eq!(here.at(opens - std::time::Duration::from_secs(1)), (false, opens), "{account}");
        assert!(here.at(opens).0, "{account}");
        assert_eq!(own.clone().in_account(&account.into()), own, "{account} says nothing of a zone of its own");
    }
    assert_eq!(accounts.at(at("2026-01-05T08:00:00Z")), (true, at("2026-01-05T12:00:00Z")), "UTC is the usual zone");
}

#[test]
fn the_accounts_clock_has_its_daylight_saving() {
    let accounts = Hours { zone: None, ..hours(vec![Interval { from_minute: 150, to_minute: 240 }]) };
    let berlin = accounts.clone().in_account(&"Europe/Berlin".into());
    assert_eq!(berlin.at(at("2026-03-29T00:59:59Z")), (false, at("2026-03-29T01:00:00Z")), "from half past two on");
    assert_eq!(berlin.at(at("2026-03-30T05:59:59Z")), (false, at("2026-03-30T06:00:00Z")));
    // Lagos has the same hour in winter, and never another.
    let lagos = accounts.in_account(&"Africa/Lagos".into());
    assert_eq!(lagos.at(at("2026-03-29T01:00:00Z")), (false, at("2026-03-29T01:30:00Z")));
    assert_eq!(lagos.at(at("2026-03-30T05:59:59Z")), (false, at("2026-03-30T07:00:00Z")));
    let unknown = hours(vec![]);
    let unknown = Hours { zone: None, ..unknown }.in_account(&"Europe/Atlantis".into());
    assert!(!unknown.at(at("2026-01-05T08:00:00Z")).0, "nobody opens by a clock that nobody knows");
}
