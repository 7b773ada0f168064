//! Operators in truth: what they are in each group, and what they hold.

use std::collections::BTreeMap;

use super::{GroupId, Handling, Member, OperatorId, Reception, Skills, Timestamp};

pub struct Seat {
    pub handling: Handling,
    pub active: bool,
    pub limit: Option<u32>,
    pub held: u32,
    pub reserved: u32,
}

pub struct Person {
    pub limit: Option<u32>,
    pub reception: Reception,
    pub skills: Skills,
    pub seats: BTreeMap<GroupId, Seat>,
    pub last_ended_at: Option<Timestamp>,
    pub version: u64,
}

impl Person {
    pub fn used(&self) -> u32 {
        self.seats.values().map(|seat| seat.held + seat.reserved).sum()
    }
}

pub fn member(operator: OperatorId, person: &Person, group: &GroupId) -> Option<Member> {
    let seat = person.seats.get(group)?;
    Some(Member {
        operator,
        name: "somebody".into(),
        handling: seat.handling,
        active: seat.active,
        limit: person.limit,
        group_limit: seat.limit,
        reception: person.reception,
        held: person.seats.values().map(|seat| seat.held).sum(),
        reserved: person.seats.values().map(|seat| seat.reserved).sum(),
        group_held: seat.held,
        group_reserved: seat.reserved,
        last_ended_at: person.last_ended_at,
        version: person.version,
        skills: person.skills.clone(),
    })
}
