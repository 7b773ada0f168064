//! When the groups of this test are open: spans of minutes from some moment on, which the model keeps as moments and the
//! desks are told by the account's clock on the wall, through midnights, holidays and the night on which it goes on an
//! hour. And what must become of those who wait where nobody is there.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{ChatId, Dice, GroupId, Reception, State, Timestamp, World};
use crate::domain::hours::{Holiday, Hours, Interval};
use crate::domain::limits::{OFFLINE_HOPE, TURN_AWAY_REPEAT};

/// Where a run begins, by the clock on which wall: in the night of New Year, shortly before a holiday, and shortly
/// before clocks go on from two to three.
pub const BEGINNINGS: [(&str, &str); 3] = [
    ("1970-01-01T00:16:40Z", "UTC"),
    ("2026-12-24T18:22:00Z", "Asia/Kolkata"),
    ("2026-03-29T00:54:00Z", "Europe/Zurich"),
];

/// None: always.
#[derive(Debug, Clone, Default)]
pub struct Open(Option<Vec<(Timestamp, Timestamp)>>);

impl Open {
    /// Open and closed by turns for some minutes each, and closed at last.
    pub fn draw(dice: &mut Dice, now: Timestamp) -> Self {
        let minute = |minutes: i64| Timestamp::from_millis((now.millis() / 60_000 + minutes) * 60_000);
        let mut from = dice.below(3) as i64;
        let spans = (0..5).map(|_| {
            let until = from + 1 + dice.below(4) as i64;
            let span = (minute(from), minute(until));
            from = until + 1 + dice.below(4) as i64;
            span
        });
        let spans: Vec<(Timestamp, Timestamp)> = spans.collect();
        Self((!dice.one_in(4)).then_some(spans))
    }

    fn is(&self, now: Timestamp) -> bool {
        self.0.as_ref().is_none_or(|spans| spans.iter().any(|(from, until)| *from <= now && now < *until))
    }

    /// Whether it opens or closes just now.
    fn turns(&self, now: Timestamp) -> bool {
        self.0.iter().flatten().any(|(from, until)| *from == now || *until == now)
    }

    /// The same by a clock on the wall: the first day by its name in the week, others as holidays.
    pub fn hours(&self, zone: &str) -> Option<Hours> {
        let clock = TimeZone::get(zone).unwrap();
        let wall = |at: Timestamp| {
            let there = jiff::Timestamp::from_millisecond(at.millis()).unwrap().to_zoned(clock.clone());
            (there.date(), there.hour() as u16 * 60 + there.minute() as u16)
        };
        let mut days: BTreeMap<Date, Vec<Interval>> = BTreeMap::new();
        let mut open = |day: Date, from_minute: u16, to_minute: u16| {
            let spans = days.entry(day).or_default();
            if from_minute < to_minute {
                spans.push(Interval { from_minute, to_minute });
            }
        };
        for (from, until) in self.0.as_ref()? {
            let ((day, from), (until_day, until)) = (wall(*from), wall(*until));
            if day == until_day {
                open(day, from, until);
            } else {
                open(day, from, 1_440);
                open(until_day, 0, until);
            }
        }
        let mut week: [Vec<Interval>; 7] = Default::default();
        let (first, spans) = days.pop_first().unwrap();
        week[first.weekday().to_monday_zero_offset() as usize] = spans;
        let holidays = days.into_iter().map(|(day, open)| Holiday { date: day.to_string(), open }).collect();
        let hours = Hours { zone: None, week, holidays };
        hours.check().unwrap();
        Some(hours)
    }
}

/// Since when nobody is there, and since when nothing is left to wait for.
#[derive(Debug, Default)]
pub struct Hopes {
    offline_since: BTreeMap<GroupId, Timestamp>,
    hopeless_since: BTreeMap<ChatId, Timestamp>,
}

impl World {
    pub(super) fn is_open(&self, group: &GroupId) -> bool {
        self.open[group].is(self.now)
    }

    /// Whether somebody is there for the visitors of a group.
    pub(super) fn receives(&self, group: &GroupId) -> bool {
        let mut seats = self.people.values().filter_map(|person| Some((person.seats.get(group)?, person.reception)));
        self.is_open(group) && seats.any(|(seat, reception)| seat.active && reception != Reception::None)
    }

    /// In the very moment in which groups open or close, one may know it before the other.
    pub(super) fn is_turning(&self) -> bool {
        self.open.values().any(|open| open.turns(self.now))
    }

    /// Since when nobody has been there.
    pub(super) fn offline_since(&self, group: &GroupId) -> Option<Timestamp> {
        self.hopes.offline_since.get(group).copied()
    }

    /// Notes what is so from now on.
    pub(super) fn note_hopes(&mut self) {
        let now = self.now;
        for group in super::groups() {
            if self.receives(&group) {
                self.hopes.offline_since.remove(&group);
            } else {
                self.hopes.offline_since.entry(group).or_insert(now);
            }
        }
        let long_ago = |at: Option<Timestamp>| at.is_some_and(|at| at + OFFLINE_HOPE <= now);
        let hopeless = |row: &super::Row| {
            row.state == State::Waiting
                && row.rung.is_empty()
                && long_ago(Some(row.entered_at))
                && long_ago(self.offline_since(&row.home))
                && !self.hopes_for(row).iter().any(|group| self.receives(group))
        };
        let all: Vec<ChatId> = self.chats.iter().filter(|(_, row)| hopeless(row)).map(|(chat, _)| *chat).collect();
        self.hopes.hopeless_since.retain(|chat, _| all.contains(chat));
        for chat in all {
            self.hopes.hopeless_since.entry(chat).or_insert(now);
        }
    }

    /// Visitors are told that somebody is there exactly when somebody is, and nobody is left waiting for nothing: whoever
    /// goes when told so has gone.
    pub(super) fn must_be_told(&self, when: &str) {
        for group in super::groups() {
            let told = self.centre.desk(&group).unwrap().told_availability().unwrap();
            let there = told != crate::domain::group::Availability::Offline;
            assert_eq!(there, self.receives(&group), "{when}: visitors of {group} are told {told:?}");
        }
        for (chat, since) in &self.hopes.hopeless_since {
            let late = self.now.since(*since) > TURN_AWAY_REPEAT + Duration::from_millis(1);
            assert!(!(late && self.chats[chat].goes_when_told), "{when}: {chat:?} waits for nothing since {since}");
        }
    }
}
