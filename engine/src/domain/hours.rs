//! When a group is open: hours by day of the week, and holidays, in the time zone of the account, or of a group that
//! names its own. Times are of the clock on the wall. An hour that the change to summer time skips is not there: an
//! interval that begins in it begins when the clock goes on. One that comes twice in autumn is open, or closed, both
//! times.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use serde::{Deserialize, Serialize};

use crate::domain::limits::{DAY_INTERVALS_MAX, HOLIDAYS_MAX};
use crate::domain::time::Timestamp;
use crate::domain::zone::{ZONE_EXPECTED, Zone};

/// Hours cannot be as they were said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: expected {expected}")]
pub struct BadHours {
    /// Which part.
    pub field: String,
    /// The right form, in words.
    pub expected: &'static str,
}

/// Part of a day in minutes after midnight by the clock on the wall: open from `from` on, closed from `to` on. 1440
/// is the end of the day; an interval over midnight is two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// First minute.
    pub from_minute: u16,
    /// First minute after it.
    pub to_minute: u16,
}

/// A day on which other hours hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// The hours of that day; none is closed.
    #[serde(default)]
    pub open: Vec<Interval>,
}

/// When a group is open.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Whose clock on the wall it is; none: the account's.
    #[serde(default)]
    pub zone: Option<Zone>,
    /// Monday to Sunday.
    pub week: [Vec<Interval>; 7],
    /// Days that differ.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
}

const DAY_MINUTES: u16 = 1_440;
/// A week and a day: if nothing changes in that time, it is looked at again then.
const LOOK_AHEAD_DAYS: i32 = 8;

impl Hours {
    /// Whether the hours make sense; else which part does not.
    pub fn check(&self) -> Result<(), BadHours> {
        let bad = |field: String, expected| Err(BadHours { field, expected });
        if self.zone.as_ref().is_some_and(|zone| !zone.is_known()) {
            return bad("zone".into(), ZONE_EXPECTED);
        }
        for (day, intervals) in self.week.iter().enumerate() {
            check_day(intervals, &format!("week.{day}"))?;
        }
        if self.holidays.len() > HOLIDAYS_MAX {
            return bad("holidays".into(), "at most 200 days");
        }
        for (at, holiday) in self.holidays.iter().enumerate() {
            let Ok(date) = holiday.date.parse::<Date>() else {
                return bad(format!("holidays.{at}.date"), "a date as 2026-12-31");
            };
            if self.holidays[..at].iter().any(|other| other.date.parse::<Date>().is_ok_and(|day| day == date)) {
                return bad(format!("holidays.{at}.date"), "each day once");
            }
            check_day(&holiday.open, &format!("holidays.{at}.open"))?;
        }
        Ok(())
    }

    /// By the account's clock where they name none.
    #[must_use]
    pub fn in_account(self, account: &Zone) -> Self {
        Self { zone: Some(self.zone.unwrap_or_else(|| account.clone())), ..self }
    }

    /// Whether the group is open, and until when that surely stays so. Hours that could not be checked are closed.
    pub fn at(&self, now: Timestamp) -> (bool, Timestamp) {
        self.look(now).unwrap_or((false, now + std::time::Duration::from_secs(3600)))
    }

    fn look(&self, now: Timestamp) -> Result<(bool, Timestamp), jiff::Error> {
        let zone = self.zone.clone().unwrap_or_default().clocks()?;
        let here = jiff::Timestamp::from_millisecond(now.millis())?.to_zoned(zone);
        let open = self.is_open(&here);
        // What is said holds until the next edge by the wall, and at the longest until the clocks are set.
        let set_at = here.time_zone().following(here.timestamp()).next().map(|change| change.timestamp());
        let mut until = jiff::Timestamp::from_millisecond(now.millis())?.to_zoned(here.time_zone().clone());
        until = until.checked_add(LOOK_AHEAD_DAYS.days())?;
        'days: for ahead in 0..LOOK_AHEAD_DAYS {
            let date = here.date().checked_add(ahead.days())?;
            let mut edges: Vec<u16> = self
                .of_day(date)
                .iter()
                .flat_map(|open| [open.from_minute, open.to_minute])
                .chain([DAY_MINUTES])
                .collect();
            edges.sort_unstable();
            for edge in edges {
                let at = moment(date, edge, here.time_zone())?;
                if at.timestamp() > here.timestamp() && self.is_open(&at) != open {
                    until = at;
                    break 'days;
                }
            }
        }
        let until = set_at.map_or(until.timestamp(), |set_at| set_at.min(until.timestamp()));
        Ok((open, Timestamp::from_millis(until.as_millisecond())))
    }

    fn is_open(&self, at: &Zoned) -> bool {
        let minute = at.hour() as u16 * 60 + at.minute() as u16;
        self.of_day(at.date()).iter().any(|open| open.from_minute <= minute && minute < open.to_minute)
    }

    fn of_day(&self, date: Date) -> &[Interval] {
        let holiday = self.holidays.iter().find(|holiday| holiday.date.parse::<Date>().is_ok_and(|day| day == date));
        let day = match date.weekday() {
            Weekday::Monday => 0,
            Weekday::Tuesday => 1,
            Weekday::Wednesday => 2,
            Weekday::Thursday => 3,
            Weekday::Friday => 4,
            Weekday::Saturday => 5,
            Weekday::Sunday => 6,
        };
        holiday.map_or(&self.week[day], |holiday| &holiday.open)
    }
}

/// When the clock on the wall shows that minute for the first time, or goes on behind it.
fn moment(date: Date, minute: u16, zone: &TimeZone) -> Result<Zoned, jiff::Error> {
    if minute >= DAY_MINUTES {
        return date.tomorrow()?.to_zoned(zone.clone());
    }
    let time = Time::new((minute / 60) as i8, (minute % 60) as i8, 0, 0)?;
    date.to_datetime(time).to_zoned(zone.clone())
}

fn check_day(intervals: &[Interval], field: &str) -> Result<(), BadHours> {
    let bad = |field: String, expected| Err(BadHours { field, expected });
    if intervals.len() > DAY_INTERVALS_MAX {
        return bad(field.to_owned(), "at most 8 intervals");
    }
    for (at, open) in intervals.iter().enumerate() {
        if open.to_minute > DAY_MINUTES || open.from_minute >= open.to_minute {
            return bad(format!("{field}.{at}"), "a beginning before the end, within 0 to 1440 minutes");
        }
        let overlaps = |other: &Interval| open.from_minute < other.to_minute && other.from_minute < open.to_minute;
        if intervals[..at].iter().any(overlaps) {
            return bad(format!("{field}.{at}"), "intervals that do not overlap");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
