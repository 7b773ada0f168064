//! A contact centre of several groups that share operators, and that close and open by a clock on the wall, in which
//! everything is settled at once but for proposals that are not answered. Its truth is kept in plain lists; each proposal
//! of the desks is judged by looking at everybody. How groups and operators are set up changes while chats wait.

mod answers;
mod hours;
mod judge;
mod people;
mod slots;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::chat::Tried;
use crate::domain::group::{GroupSettings, Handling, OfferMode, Overflow};
use crate::domain::ids::{ChatId, GroupId, OperatorId, Shard};
use crate::domain::operator::Reception;
use crate::domain::routing::{Action, Arrival, Centre, Effect, LoadNews, Member, TurnedAway, Wishes};
use crate::domain::skills::{Level, Need, Skill, Skills};
use crate::domain::time::Timestamp;

use hours::{BEGINNINGS, Hopes, Open};
use people::{Person, Seat, member};

const RELAXED_EVERY_S: u64 = 50;
const OVERFLOW_AFTER_S: u64 = 30;
/// How long a group may wait for one operator; which it is changes while chats wait.
const WAITS_S: [u32; 3] = [0, 20, 40];
const REMEMBERED_DAYS: u32 = 7;
/// Billing has room for so many.
const LENGTH_MAX: usize = 4;
/// So many wait at most, and in a large centre, in which so many are operators.
const WAIT: usize = 12;
const MANY_WAIT: usize = 240;
const MANY: usize = 40;
const LIMITS: [Option<u32>; 7] = [None, Some(0), Some(1), Some(1), Some(2), Some(3), Some(5)];
const HANDLINGS: [Handling; 4] = [Handling::Primary, Handling::Primary, Handling::Secondary, Handling::Pull];
/// The limits of this test divide this, so that shares are whole numbers.
const WHOLE: u32 = 60;

/// Numbers without a pattern that are the same for the same seed.
pub struct Dice(u64);

impl Dice {
    pub fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) | 1)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33) as usize % n
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum State {
    Waiting,
    /// It is proposed, and nobody answers.
    Proposed(OperatorId),
    Ringing(OperatorId),
    Active(OperatorId),
}

struct Row {
    home: GroupId,
    /// Where it is held or rings.
    at: GroupId,
    entered_at: Timestamp,
    priority: i32,
    tried: Vec<Tried>,
    needs: Vec<Need>,
    /// Whom the page names, whether the group can ring them or not.
    wanted: Option<OperatorId>,
    /// Who served the contact last, if the group remembers it.
    last: Option<OperatorId>,
    /// It has ceased to wait for these, and does not begin again.
    gave_up: BTreeSet<OperatorId>,
    /// Where it looks besides, now that it has waited so long.
    helpers: Option<Vec<GroupId>>,
    /// The groups that do not propose it before a moment, for it said no.
    rests: BTreeMap<GroupId, Timestamp>,
    /// The visitor goes when told that nobody is there any more. Others are told again.
    goes_when_told: bool,
    state: State,
    /// At whom it rings where chats ring at all.
    rung: BTreeSet<OperatorId>,
    /// It was proposed to somebody once.
    asked: bool,
}

struct World {
    now: Timestamp,
    centre: Centre,
    /// For whoever is wanted, and for whoever was last.
    waits_s: BTreeMap<GroupId, (u32, u32)>,
    modes: BTreeMap<GroupId, OfferMode>,
    /// Which other groups help those of a group who wait long.
    helps: BTreeMap<GroupId, Vec<GroupId>>,
    /// Whose clock on the wall it is, and when the groups are open by it.
    zone: &'static str,
    open: BTreeMap<GroupId, Open>,
    hopes: Hopes,
    /// Visitors who went because nobody was there any more.
    sent_away: usize,
    /// Fed the same, but opened with everybody in another order. Not in all runs: it takes as long again.
    twin: Option<Centre>,
    people: BTreeMap<OperatorId, Person>,
    chats: BTreeMap<ChatId, Row>,
    born: u64,
    served: usize,
    large: bool,
    /// Not while many things change at once.
    judges: bool,
    judges_places: bool,
    /// News have come since what is judged was decided.
    learnt: bool,
    /// Which proposals are answered with a no, or not at all; none while nobody says no.
    noes: Option<Dice>,
    /// The one that is not answered, and when that counts as lost.
    unanswered: Option<(ChatId, Timestamp)>,
    /// Whose slot has just become free, and may go to any of their groups.
    freed: Option<OperatorId>,
    /// Whose slots are held, or are not any more, since what is judged began.
    changed: BTreeSet<OperatorId>,
    /// Whose slots count as if none of them were held.
    ignores: Option<OperatorId>,
    /// How many slots were held, and judged.
    held_slots: usize,
}

/// What came to pass.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// Visitors who went because nobody was there any more.
    pub sent_away: usize,
    /// Slots that were held for what rings.
    pub held: usize,
}

/// Plays many steps of one seed.
pub fn run(seed: u64, steps: usize, twin: bool) -> Seen {
    let mut dice = Dice::of(seed);
    let beginning = BEGINNINGS[seed as usize % BEGINNINGS.len()];
    let mut world = World::open(&mut dice, twin, beginning, false);
    for step in 0..steps {
        world.step(&mut dice);
        world.must_be_settled(&format!("seed {seed}, step {step}"));
        world.must_be_told(&format!("seed {seed}, step {step}"));
    }
    let seen = Seen { sent_away: world.sent_away, held: world.held_slots };
    world.everybody_is_served_in_the_end();
    assert!(world.served > steps / 100, "seed {seed}: a test in which {} are served shows nothing", world.served);
    seen
}

/// The same of a large centre in which many wait from the beginning, each for skills of their own; in how many kinds of
/// chats one group looked at once.
pub fn run_large(seed: u64, steps: usize) -> usize {
    let mut dice = Dice::of(seed);
    let mut world = World::open(&mut dice, false, BEGINNINGS[0], true);
    (0..MANY_WAIT).for_each(|_| world.arrives(&mut dice));
    let kinds = groups().iter().map(|group| world.centre.desk(group).unwrap().queue().pools().count()).max();
    for step in 0..steps {
        world.step(&mut dice);
        world.must_be_settled(&format!("large, seed {seed}, step {step}"));
    }
    assert!(world.served > 0, "seed {seed}: nobody is served");
    kinds.unwrap()
}

fn groups() -> Vec<GroupId> {
    ["billing", "sales", "support"].map(|name| name.parse().unwrap()).to_vec()
}

/// At first billing and sales help each other, in a circle, and nobody helps support.
fn first_helps(group: &GroupId) -> Vec<GroupId> {
    match group.as_str() {
        "billing" => vec!["sales".parse().unwrap()],
        "sales" => vec!["billing".parse().unwrap(), "support".parse().unwrap()],
        _ => Vec::new(),
    }
}

fn is_bounded(group: &GroupId) -> bool {
    group.as_str() == "billing"
}

fn mode(dice: &mut Dice) -> OfferMode {
    if dice.one_in(3) { OfferMode::Automatic } else { OfferMode::Single }
}

/// How the groups propose, and who helps them at first. In every other centre that is not large support rings at all from beginning to
/// end, and helps nobody.
fn set_up(dice: &mut Dice, large: bool) -> (BTreeMap<GroupId, OfferMode>, BTreeMap<GroupId, Vec<GroupId>>) {
    let mut modes: BTreeMap<GroupId, OfferMode> = groups().into_iter().map(|group| (group, mode(dice))).collect();
    let mut helps: BTreeMap<GroupId, Vec<GroupId>> =
        groups().into_iter().map(|group| (group.clone(), first_helps(&group))).collect();
    if !large && dice.one_in(2) {
        let support: GroupId = "support".parse().unwrap();
        helps.values_mut().for_each(|helpers| helpers.retain(|group| *group != support));
        modes.insert(support, OfferMode::RingAll);
    }
    (modes, helps)
}

/// The last one nobody has.
fn skill(n: usize) -> Skill {
    ["language:de", "refunds", "technics", "taxes"][n].parse().unwrap()
}

impl World {
    fn open(dice: &mut Dice, twin: bool, (begins, zone): (&str, &'static str), large: bool) -> Self {
        let now: Timestamp = begins.parse().unwrap();
        let mut people = BTreeMap::new();
        let many = if large { MANY } else { 2 + dice.below(6) };
        for n in 0..many {
            let mut seats = BTreeMap::new();
            for group in groups() {
                if dice.one_in(3) && !seats.is_empty() {
                    continue;
                }
                seats.insert(group, Seat::draw(dice));
            }
            let operator = OperatorId(uuid::Uuid::from_u128((n as u128 + 1).wrapping_mul(0x9E37_79B9)));
            people.insert(operator, Person::draw(dice, seats, now));
        }
        let (modes, helps) = set_up(dice, large);
        let empty = || Centre::open([], now).0;
        let mut world = Self {
            now,
            centre: empty(),
            waits_s: groups().into_iter().map(|group| (group, (WAITS_S[2], WAITS_S[0]))).collect(),
            modes,
            helps,
            zone,
            open: groups().into_iter().map(|group| (group, Open::draw(dice, now))).collect(),
            hopes: Hopes::default(),
            sent_away: 0,
            twin: None,
            people,
            chats: BTreeMap::new(),
            born: 0,
            served: 0,
            large,
            judges: true,
            judges_places: true,
            learnt: false,
            noes: Some(Dice::of(dice.below(1_000_000) as u64)),
            unanswered: None,
            freed: None,
            changed: BTreeSet::new(),
            ignores: None,
            held_slots: 0,
        };
        let of = |group: &GroupId| -> Vec<Member> {
            world.people.iter().filter_map(|(operator, person)| member(*operator, person, group)).collect()
        };
        let all: Vec<(GroupSettings, Vec<Member>)> =
            groups().iter().map(|group| (world.settings(group), of(group))).collect();
        let turned = all
            .iter()
            .rev()
            .map(|(settings, members)| (settings.clone(), members.iter().rev().cloned().collect::<Vec<Member>>()));
        world.twin = twin.then(|| Centre::open(turned, now).0);
        world.centre = Centre::open(all.clone(), now).0;
        world.note_hopes();
        world
    }

    fn rings_at_all(&self, group: &GroupId) -> bool {
        self.modes[group] == OfferMode::RingAll
    }

    fn settings(&self, group: &GroupId) -> GroupSettings {
        let mut settings = GroupSettings::new(group.clone(), group.as_str().parse().unwrap(), "Group");
        settings.offer_mode = self.modes[group];
        let rules = &mut settings.rules;
        rules.skill_relaxed_every_s = Some(RELAXED_EVERY_S as u32);
        (rules.wanted_operator_waits_s, rules.last_operator_waits_s) = self.waits_s[group];
        rules.last_operator_days = REMEMBERED_DAYS;
        rules.queue_length_max = is_bounded(group).then_some(LENGTH_MAX as u32);
        let overflow = Overflow { after_s: OVERFLOW_AFTER_S as u32, groups: self.helps[group].clone() };
        rules.overflow = (!overflow.groups.is_empty()).then_some(overflow);
        rules.hours = self.open[group].hours(self.zone);
        rules.check(group).unwrap();
        settings.in_account(&self.zone.into())
    }

    fn everybody_is_served_in_the_end(&mut self) {
        (self.judges, self.noes) = (false, None);
        for group in groups() {
            self.open.insert(group.clone(), Open::default());
            self.is_set_up(&group);
        }
        for (operator, group) in
            self.people.iter().flat_map(|(o, p)| p.seats.keys().map(|g| (*o, g.clone()))).collect::<Vec<_>>()
        {
            let now = self.now;
            let person = self.people.get_mut(&operator).unwrap();
            (person.limit, person.reception) = (None, Reception::Ready { since: now });
            let seat = person.seats.get_mut(&group).unwrap();
            (seat.limit, seat.active, seat.handling) = (None, true, Handling::Primary);
            let member = member(operator, person, &group).unwrap();
            self.does(|centre| centre.handle_member(&group, member.clone(), now));
        }
        self.judges = true;
        for _ in 0..40 {
            while let Some((chat, operator)) = self.who_is_rung().first().copied() {
                self.accepts(chat, operator);
                self.ends(chat);
            }
            self.passes(Duration::from_secs(10));
        }
        let starved: Vec<_> = self.chats.values().filter(|row| row.state == State::Waiting).collect();
        let nobody = |row: &&&Row| self.people.values().any(|person| person.seats.contains_key(&row.home));
        assert_eq!(starved.iter().filter(nobody).count(), 0, "somebody is never served");
    }
}
