//! The members that routing is measured with.

use engine::domain::group::Handling;
use engine::domain::operator::Reception;
use engine::domain::routing::{Member, Roster};
use engine::domain::skills::{Level, Skill};
use engine::domain::time::Timestamp;

use crate::scattered::{operator, scattered};

/// The moment of every decision.
pub const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

/// Members with every limit from 1 to 8, a load below it, different pasts, and one or two of ten languages.
pub fn members(count: u64) -> impl Iterator<Item = Member> {
    (0..count).map(|n| {
        let limit = 1 + (scattered(n) % 8) as u32;
        let held = (scattered(n + 1) % u64::from(limit)) as u32;
        let languages = [scattered(n + 4) % 10, scattered(n + 5) % 10].into_iter();
        Member {
            operator: operator(n),
            name: format!("operator {n}"),
            handling: if n % 4 == 0 { Handling::Secondary } else { Handling::Primary },
            active: true,
            limit: Some(limit),
            group_limit: None,
            reception: Reception::Ready { since: Timestamp::from_millis((scattered(n + 2) % 100_000) as i64) },
            held,
            reserved: 0,
            group_held: held,
            group_reserved: 0,
            last_ended_at: Some(Timestamp::from_millis((scattered(n + 3) % 1_000_000) as i64)),
            version: 1,
            skills: languages.map(|language| (skill(language), Level::new(5).expect("a level"))).collect(),
        }
    })
}

/// One of the languages.
pub fn skill(n: u64) -> Skill {
    format!("language:{n}").parse().expect("a name")
}

/// A group of so many of them.
pub fn roster(count: u64) -> Roster {
    let mut roster = Roster::new("support".parse().expect("a name"));
    members(count).for_each(|member| roster.put(member));
    roster
}
