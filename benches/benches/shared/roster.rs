//! The members that routing is measured with.

use engine::domain::group::Handling;
use engine::domain::ids::OperatorId;
use engine::domain::operator::Reception;
use engine::domain::routing::{Member, Roster};
use engine::domain::skills::{Level, Skill};
use engine::domain::time::Timestamp;
use uuid::Uuid;

/// The moment of every decision.
pub const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

/// Numbers without a pattern that are the same in each run.
pub fn scattered(n: u64) -> u64 {
    let mixed = (n ^ (n >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

/// One of the operators; their ids come in no order.
pub fn operator(n: u64) -> OperatorId {
    OperatorId(Uuid::from_u64_pair(scattered(n), n))
}

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
