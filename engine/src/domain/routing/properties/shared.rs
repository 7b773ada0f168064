//! A contact centre of several groups that share operators, and that close and open by a clock on the wall, in which
//! everything is settled at once. Its truth is kept in plain lists; each proposal of the desks is judged by looking at
//! everybody.

mod hours;
mod judge;
mod people;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::domain::chat::Tried;
use crate::domain::group::{GroupSettings, Handling, Overflow};
use crate::domain::ids::{ChatId, GroupId, OperatorId, Shard};
use crate::domain::operator::Reception;
use crate::domain::routing::{Action, Arrival, Centre, Effect, LoadNews, Member, Settled, TurnedAway, Wishes};
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
    /// Whom the page names, where it is somebody whom the group can ring.
    wanted: Option<OperatorId>,
    /// Who served the contact last, if the group remembers it and can ring them.
    last: Option<OperatorId>,
    /// It has ceased to wait for one operator, and does not begin again.
    gave_up: bool,
    /// The visitor goes when told that nobody is there any more. Others are told again.
    goes_when_told: bool,
    state: State,
}

struct World {
    now: Timestamp,
    centre: Centre,
    /// For whoever is wanted, and for whoever was last.
    waits_s: BTreeMap<GroupId, (u32, u32)>,
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
    /// Not while many things change at once.
    judges: bool,
    judges_places: bool,
    /// Whose slot has just become free, and may go to any of their groups.
    freed: Option<OperatorId>,
}

/// Plays many steps of one seed; how many visitors went because nobody was there any more.
pub fn run(seed: u64, steps: usize, twin: bool) -> usize {
    let mut dice = Dice::of(seed);
    let mut world = World::open(&mut dice, twin, BEGINNINGS[seed as usize % BEGINNINGS.len()]);
    for step in 0..steps {
        world.step(&mut dice);
        world.must_be_settled(&format!("seed {seed}, step {step}"));
        world.must_be_told(&format!("seed {seed}, step {step}"));
    }
    let sent_away = world.sent_away;
    world.everybody_is_served_in_the_end();
    assert!(world.served > steps / 100, "seed {seed}: a test in which {} are served shows nothing", world.served);
    sent_away
}

fn groups() -> Vec<GroupId> {
    ["billing", "sales", "support"].map(|name| name.parse().unwrap()).to_vec()
}

fn settings(group: &GroupId, (wanted, last): (u32, u32), open: &Open, zone: &str) -> GroupSettings {
    let mut settings = GroupSettings::new(group.clone(), group.as_str().parse().unwrap(), "Group");
    settings.rules.skill_relaxed_every_s = Some(RELAXED_EVERY_S as u32);
    settings.rules.wanted_operator_waits_s = wanted;
    settings.rules.last_operator_waits_s = last;
    settings.rules.last_operator_days = REMEMBERED_DAYS;
    settings.rules.queue_length_max = is_bounded(group).then_some(LENGTH_MAX as u32);
    let helps = overflow(group);
    settings.rules.overflow =
        (!helps.is_empty()).then_some(Overflow { after_s: OVERFLOW_AFTER_S as u32, groups: helps });
    settings.rules.hours = open.hours(zone);
    settings.rules.check(group).unwrap();
    settings.in_account(&zone.into())
}

/// Billing and sales help each other, in a circle; nobody helps support.
fn overflow(group: &GroupId) -> Vec<GroupId> {
    match group.as_str() {
        "billing" => vec!["sales".parse().unwrap()],
        "sales" => vec!["billing".parse().unwrap(), "support".parse().unwrap()],
        _ => Vec::new(),
    }
}

fn is_bounded(group: &GroupId) -> bool {
    group.as_str() == "billing"
}

fn skill(n: usize) -> Skill {
    ["language:de", "refunds", "technics"][n].parse().unwrap()
}

impl World {
    fn open(dice: &mut Dice, twin: bool, (begins, zone): (&str, &'static str)) -> Self {
        let now: Timestamp = begins.parse().unwrap();
        let mut people = BTreeMap::new();
        for n in 0..2 + dice.below(6) {
            let limits = [None, Some(0), Some(1), Some(1), Some(2), Some(3), Some(5)];
            let mut seats = BTreeMap::new();
            for group in groups() {
                if dice.one_in(3) && !seats.is_empty() {
                    continue;
                }
                let handling = [Handling::Primary, Handling::Primary, Handling::Secondary, Handling::Pull];
                let limit = if dice.one_in(2) { None } else { limits[dice.below(limits.len())] };
                let handling = if dice.one_in(8) { Handling::Pull } else { handling[dice.below(3)] };
                seats.insert(group, Seat { handling, active: true, limit, held: 0, reserved: 0 });
            }
            let mut skills = Skills::default();
            for n in 0..3 {
                if dice.one_in(2) {
                    skills.insert(skill(n), Level::new(1 + dice.below(5) as i64).unwrap());
                }
            }
            let operator = OperatorId(uuid::Uuid::from_u128((n as u128 + 1).wrapping_mul(0x9E37_79B9)));
            let (limit, reception) = (limits[2 + dice.below(5)], Reception::Ready { since: now });
            people.insert(operator, Person { limit, reception, skills, seats, last_ended_at: None, version: 1 });
        }
        let empty = || Centre::open([], now).0;
        let mut world = Self {
            now,
            centre: empty(),
            waits_s: groups().into_iter().map(|group| (group, (WAITS_S[2], WAITS_S[0]))).collect(),
            zone,
            open: groups().into_iter().map(|group| (group, Open::draw(dice, now))).collect(),
            hopes: Hopes::default(),
            sent_away: 0,
            twin: None,
            people,
            chats: BTreeMap::new(),
            born: 0,
            served: 0,
            judges: true,
            judges_places: true,
            freed: None,
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

    fn settings(&self, group: &GroupId) -> GroupSettings {
        settings(group, self.waits_s[group], &self.open[group], self.zone)
    }

    /// A group waits for operators, or is open, otherwise than before.
    fn is_set_up(&mut self, group: &GroupId) {
        let (settings, now) = (self.settings(group), self.now);
        // Several chats may begin to look elsewhere at once: places are told after each of them.
        self.judges_places = false;
        self.does(|centre| centre.handle_settings(settings.clone(), now));
        self.judges_places = true;
    }

    fn step(&mut self, dice: &mut Dice) {
        let now = self.now;
        match dice.below(23) {
            20 => {
                let group = groups()[dice.below(3)].clone();
                self.waits_s.insert(group.clone(), (WAITS_S[dice.below(3)], WAITS_S[dice.below(3)]));
                self.is_set_up(&group);
            }
            21 if dice.one_in(8) => {
                let group = groups()[dice.below(3)].clone();
                self.open.insert(group.clone(), Open::draw(dice, now));
                self.is_set_up(&group);
            }
            0..=5 => self.arrives(dice),
            6 => {
                let Some(chat) = self.pick(dice, |state| !matches!(state, State::Active(_))) else { return };
                let row = self.chats.remove(&chat).unwrap();
                self.does(|centre| centre.handle_gone(chat, now));
                if let State::Ringing(operator) = row.state {
                    self.load(operator, &row.at, 0, -1);
                }
            }
            7..=10 => {
                let Some(chat) = self.pick(dice, |state| matches!(state, State::Ringing(_))) else { return };
                self.accepts(chat);
            }
            11 | 12 => {
                let Some(chat) = self.pick(dice, |state| matches!(state, State::Ringing(_))) else { return };
                let row = self.chats.get_mut(&chat).unwrap();
                let State::Ringing(operator) = row.state else { return };
                row.state = State::Waiting;
                row.tried.retain(|tried| tried.operator != operator);
                row.tried.push(Tried { operator, at: now });
                let (tried, at) = (row.tried.clone(), row.at.clone());
                self.people.get_mut(&operator).unwrap().seats.get_mut(&at).unwrap().reserved -= 1;
                self.does(|centre| {
                    let mut out = centre.handle_offer_over(chat, tried.clone(), now);
                    out.retain(|action| !matches!(action.effect, Effect::Waiting { .. }));
                    out
                });
                self.load(operator, &at, 0, 0);
            }
            13..=15 => {
                let Some(chat) = self.pick(dice, |state| matches!(state, State::Active(_))) else { return };
                self.ends(chat);
            }
            16 => {
                let operator = *self.people.keys().nth(dice.below(self.people.len())).unwrap();
                let person = self.people.get_mut(&operator).unwrap();
                let since = person.reception.since().unwrap_or(now);
                let ways = [Reception::None, Reception::Grace { since }, Reception::Ready { since }];
                let reception = ways[dice.below(5).min(2)];
                person.reception = reception;
                self.does(|centre| centre.handle_reception(operator, reception, now));
            }
            17 => {
                let operator = *self.people.keys().nth(dice.below(self.people.len())).unwrap();
                let person = self.people.get_mut(&operator).unwrap();
                let group = person.seats.keys().nth(dice.below(person.seats.len())).unwrap().clone();
                let active = !dice.one_in(4);
                person.seats.get_mut(&group).unwrap().active = active;
                let member = member(operator, person, &group).unwrap();
                self.does(|centre| centre.handle_member(&group, member.clone(), now));
            }
            _ => self.passes(Duration::from_millis(dice.below(9_000) as u64)),
        }
    }

    fn arrives(&mut self, dice: &mut Dice) {
        if self.chats.values().filter(|row| row.state == State::Waiting).count() > 12 {
            return;
        }
        self.born += 1;
        let chat = ChatId::new(self.born % 7, u128::from(self.born) << 70, Shard(0));
        let needs = (0..3).filter(|_| dice.one_in(4)).collect::<Vec<usize>>().into_iter();
        let needs = needs.map(|n| Need { skill: skill(n), level: Level::new(1 + n as i64).unwrap() }).collect();
        let home = groups()[dice.below(3)].clone();
        if !self.receives(&home) && dice.one_in(2) {
            // The door is closed; others were in it just then.
            return;
        }
        let goes_when_told = dice.one_in(2);
        let mut somebody =
            |one_in| dice.one_in(one_in).then(|| *self.people.keys().nth(dice.below(self.people.len())).unwrap());
        let (wanted, last) = (somebody(5), somebody(3));
        let can_ring = |operator: &OperatorId| {
            self.people[operator].seats.get(&home).is_some_and(|seat| seat.handling != Handling::Pull)
        };
        let days_ago = 1 + 9 * dice.below(2) as u64;
        let remembered = days_ago < u64::from(REMEMBERED_DAYS);
        let served_at = self.now - Duration::from_secs(days_ago * 86_400);
        let (priority, entered_at) = (dice.below(3) as i32 - 1, self.now);
        let row = Row {
            home: home.clone(),
            at: home.clone(),
            entered_at,
            priority,
            tried: Vec::new(),
            needs,
            wanted: wanted.filter(can_ring),
            last: last.filter(can_ring).filter(|_| remembered),
            gave_up: false,
            goes_when_told,
            state: State::Waiting,
        };
        let wishes = Wishes { skills: row.needs.clone(), wanted, last: last.map(|last| (last, served_at)) };
        self.chats.insert(chat, row);
        let arrival = Arrival { priority, wishes, ..Arrival::new(chat, entered_at) };
        self.does(|centre| centre.handle_waiting(&home, arrival.clone(), entered_at));
    }

    fn accepts(&mut self, chat: ChatId) {
        let (now, row) = (self.now, self.chats.get_mut(&chat).unwrap());
        let State::Ringing(operator) = row.state else { return };
        row.state = State::Active(operator);
        let at = row.at.clone();
        self.served += 1;
        self.does(|centre| centre.handle_served(chat, &at, now));
        self.load(operator, &at, 1, -1);
    }

    fn ends(&mut self, chat: ChatId) {
        let row = self.chats.remove(&chat).unwrap();
        let State::Active(operator) = row.state else { return };
        self.people.get_mut(&operator).unwrap().last_ended_at = Some(self.now);
        self.load(operator, &row.at, -1, 0);
    }

    fn passes(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(wake) = self.centre.next_wake().filter(|wake| *wake <= until) {
            assert!(wake > self.now, "what is due is done");
            self.now = wake;
            self.does(|centre| centre.handle_due(wake));
        }
        self.now = until;
        self.note_hopes();
    }

    fn pick(&self, dice: &mut Dice, which: impl Fn(State) -> bool) -> Option<ChatId> {
        let all: Vec<ChatId> = self.chats.iter().filter(|(_, row)| which(row.state)).map(|(chat, _)| *chat).collect();
        (!all.is_empty()).then(|| all[dice.below(all.len())])
    }

    /// The truth about an operator changes, and all desks hear it.
    fn load(&mut self, operator: OperatorId, group: &GroupId, held: i32, reserved: i32) {
        let (news, now) = (self.news(operator, group, held, reserved), self.now);
        self.freed = Some(operator);
        self.does(|centre| centre.handle_load(&news, now));
        self.freed = None;
    }

    fn news(&mut self, operator: OperatorId, group: &GroupId, held: i32, reserved: i32) -> LoadNews {
        let person = self.people.get_mut(&operator).unwrap();
        person.version += 1;
        let seat = person.seats.get_mut(group).unwrap();
        seat.held = seat.held.checked_add_signed(held).unwrap();
        seat.reserved = seat.reserved.checked_add_signed(reserved).unwrap();
        let member = member(operator, person, group).unwrap();
        LoadNews {
            operator,
            group: group.clone(),
            held: member.held,
            reserved: member.reserved,
            group_held: member.group_held,
            group_reserved: member.group_reserved,
            last_ended_at: member.last_ended_at,
            version: member.version,
        }
    }

    /// Feeds both centres, judges what they do, and answers each proposal at once.
    fn does(&mut self, input: impl Fn(&mut Centre) -> Vec<Action>) {
        self.feed(&input);
    }

    fn feed(&mut self, input: &dyn Fn(&mut Centre) -> Vec<Action>) {
        let actions = input(&mut self.centre);
        if let Some(twin) = &mut self.twin {
            assert_eq!(actions, input(twin), "the same inputs, the same effects");
        }
        let mut to_do: VecDeque<Action> = actions.into();
        let mut leaving = Vec::new();
        while let Some(Action { group, effect }) = to_do.pop_front() {
            match effect {
                Effect::Propose { chat, operator, record, .. } => {
                    if self.judges {
                        // What is proposed in the same moment does not wait, though it is said later.
                        let also = to_do.iter().filter_map(|action| match action.effect {
                            Effect::Propose { chat, .. } => Some(chat),
                            _ => None,
                        });
                        self.judge(chat, operator, &group, &also.collect::<Vec<ChatId>>());
                    }
                    assert!(record.counts.total() as usize >= 1 && record.best.len() <= 10);
                    let row = self.chats.get_mut(&chat).unwrap();
                    (row.state, row.at) = (State::Ringing(operator), group.clone());
                    let (how, now) = (Settled::Offered(self.news(operator, &group, 0, 1)), self.now);
                    let more = self.centre.handle_settled(chat, operator, how.clone(), now);
                    if let Some(twin) = &mut self.twin {
                        assert_eq!(more, twin.handle_settled(chat, operator, how, now));
                    }
                    to_do.extend(more);
                }
                Effect::Position { chat, ahead, about, .. } if self.judges_places => {
                    self.judge_position(chat, ahead, about);
                }
                Effect::TurnAway { chat, why: TurnedAway::QueueFull, .. } => {
                    let row = self.chats.remove(&chat).unwrap();
                    assert!(is_bounded(&row.home) && self.waiting_in(&row.home) >= LENGTH_MAX, "there was room");
                }
                Effect::TurnAway { chat, why, unless, .. } => {
                    self.judge_hopeless(chat, why, &unless);
                    leaving.extend(self.chats.get(&chat).filter(|row| row.goes_when_told).map(|_| chat));
                }
                Effect::Lost { .. } | Effect::SeekIn { .. } | Effect::NotNeeded { .. } => panic!("{effect:?}"),
                _ => {}
            }
        }
        let gave_up: Vec<ChatId> =
            self.chats.iter().filter(|(_, row)| self.awaits(row).is_none()).map(|(chat, _)| *chat).collect();
        for chat in gave_up {
            self.chats.get_mut(&chat).unwrap().gave_up = true;
        }
        for chat in leaving {
            if self.chats.get(&chat).is_some_and(|row| row.state == State::Waiting) {
                self.chats.remove(&chat);
                self.sent_away += 1;
                let now = self.now;
                self.feed(&|centre| centre.handle_gone(chat, now));
            }
        }
        self.note_hopes();
    }

    fn everybody_is_served_in_the_end(&mut self) {
        self.judges = false;
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
            while let Some(chat) = self.chats.iter().find(|(_, row)| matches!(row.state, State::Ringing(_))) {
                let chat = *chat.0;
                self.accepts(chat);
                self.ends(chat);
            }
            self.passes(Duration::from_secs(10));
        }
        let starved: Vec<_> = self.chats.values().filter(|row| row.state == State::Waiting).collect();
        let nobody = |row: &&&Row| self.people.values().any(|person| person.seats.contains_key(&row.home));
        assert_eq!(starved.iter().filter(nobody).count(), 0, "somebody is never served");
    }
}
