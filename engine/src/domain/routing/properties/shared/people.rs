//! Operators in truth: what they are in each group, and what they hold.

use std::collections::BTreeMap;

use super::{
    Dice, GroupId, HANDLINGS, Handling, LIMITS, Level, Member, OperatorId, Reception, Skills, Timestamp, skill,
};

pub struct Seat {
    pub handling: Handling,
    pub active: bool,
    pub limit: Option<u32>,
    pub held: u32,
    pub reserved: u32,
    /// Proposals that nobody answers.
    pub pending: u32,
    /// What they had in use when the limit became less.
    pub over: u32,
}

impl Seat {
    pub fn draw(dice: &mut Dice) -> Self {
        let limit = if dice.one_in(2) { None } else { LIMITS[dice.below(LIMITS.len())] };
        let handling = if dice.one_in(8) { Handling::Pull } else { HANDLINGS[dice.below(3)] };
        Self { handling, active: true, limit, held: 0, reserved: 0, pending: 0, over: 0 }
    }

    /// They want chats or do not, and may be another kind of member, with another limit.
    pub fn changes(&mut self, dice: &mut Dice) {
        self.active = !dice.one_in(4);
        if dice.one_in(3) {
            let drawn = Self::draw(dice);
            (self.handling, self.limit, self.over) = (drawn.handling, drawn.limit, self.used());
        }
    }

    pub fn used(&self) -> u32 {
        self.held + self.reserved + self.pending
    }

    fn has_room(&self) -> bool {
        self.limit.is_none_or(|limit| self.used() < limit)
    }
}

pub struct Person {
    pub limit: Option<u32>,
    pub reception: Reception,
    pub skills: Skills,
    pub seats: BTreeMap<GroupId, Seat>,
    pub last_ended_at: Option<Timestamp>,
    pub version: u64,
    /// The groups that were told that there is no slot, and until when they believe it without news.
    pub doubted: BTreeMap<GroupId, Timestamp>,
    /// What they had in use when the limit became less.
    pub over: u32,
}

impl Person {
    pub fn draw(dice: &mut Dice, seats: BTreeMap<GroupId, Seat>, now: Timestamp) -> Self {
        Self {
            limit: LIMITS[2 + dice.below(5)],
            reception: Reception::Ready { since: now },
            skills: draw_skills(dice),
            seats,
            last_ended_at: None,
            version: 1,
            doubted: BTreeMap::new(),
            over: 0,
        }
    }

    /// Another limit, or other skills.
    pub fn changes(&mut self, dice: &mut Dice) {
        if dice.one_in(2) {
            (self.limit, self.over) = (LIMITS[dice.below(LIMITS.len())], self.used());
        } else {
            self.skills = draw_skills(dice);
        }
    }

    pub fn used(&self) -> u32 {
        self.seats.values().map(Seat::used).sum()
    }

    /// Whether the store finds a slot for a chat of this group.
    pub fn has_room(&self, group: &GroupId) -> bool {
        self.limit.is_none_or(|limit| self.used() < limit) && self.seats[group].has_room()
    }

    /// Nobody gets more than the limit, and who had more when it became less gets nothing.
    pub fn must_be_within_limits(&mut self, when: &str) {
        let within = |limit: Option<u32>, used: u32, over: &mut u32| {
            assert!(limit.is_none_or(|limit| used <= limit.max(*over)), "{when}: {used} of {limit:?} slots are in use");
            *over = used.min(*over);
        };
        within(self.limit, self.used(), &mut self.over);
        self.seats.values_mut().for_each(|seat| within(seat.limit, seat.used(), &mut seat.over));
    }
}

fn draw_skills(dice: &mut Dice) -> Skills {
    let mut skills = Skills::default();
    for n in 0..3 {
        if dice.one_in(2) {
            skills.insert(skill(n), Level::new(1 + dice.below(5) as i64).unwrap());
        }
    }
    skills
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
