//! A group that rings at all who are free, beside a model that looks at everybody: after each call just those hear a
//! chat who should, nobody is told twice, and a clock that runs misses nothing.

mod model;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::centre::somebody;
use super::shared::Dice;
use crate::domain::chat::Tried;
use crate::domain::group::{GroupSettings, Handling, OfferMode};
use crate::domain::ids::{ChatId, OperatorId, Shard};
use crate::domain::operator::Reception;
use crate::domain::routing::{Arrival, Desk, Effect, LoadNews, Member, RingsAtAll, Wishes};
use crate::domain::skills::{Level, Need, Skill};
use crate::domain::time::Timestamp;

/// How many may wait at once: more than may ring, also when many of them wait for somebody who cannot have them.
const WAITING_MAX: usize = 36;
const REMEMBERED_DAYS: u32 = 7;

struct Row {
    entered_at: Timestamp,
    priority: i32,
    tried: Vec<Tried>,
    needs: Vec<Need>,
    /// Whom the page names, and who served the contact last: members whom the group can ring.
    wanted: Option<OperatorId>,
    last: Option<OperatorId>,
    /// Another group has it for the moment.
    elsewhere: bool,
    /// At whom it rings, as the effects said.
    rung: BTreeSet<OperatorId>,
}

struct Ringing {
    now: Timestamp,
    desk: Desk,
    members: BTreeMap<OperatorId, Member>,
    /// What members hold of another group.
    held_elsewhere: BTreeMap<OperatorId, u32>,
    chats: BTreeMap<ChatId, Row>,
    relaxed_every_s: Option<u32>,
    /// For whoever is wanted, and for whoever was last.
    waits_s: (u32, u32),
    born: u64,
    seen: Seen,
    seed: u64,
    step: usize,
}

/// What came to pass.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// Chats that somebody accepted.
    pub served: usize,
    /// Looks at a chat that rang although as many as ring at once, or more, stood before it.
    pub passed: usize,
    /// Looks at a chat that did not ring because so many before it did.
    pub in_line: usize,
}

/// Plays many steps of one seed.
pub fn run(seed: u64, steps: usize) -> Seen {
    let mut dice = Dice::of(seed);
    let mut ringing = Ringing::open(&mut dice, seed);
    for step in 0..steps {
        ringing.step = step;
        ringing.step(&mut dice);
    }
    ringing.seen
}

fn skill(n: usize) -> Skill {
    ["language:de", "refunds"][n].parse().unwrap()
}

impl Ringing {
    fn open(dice: &mut Dice, seed: u64) -> Self {
        let now = Timestamp::from_millis(1_000_000);
        let (relaxed_every_s, waits_s) = (dice.one_in(2).then_some(50), (20 * dice.below(3) as u32, 20));
        let mut settings = GroupSettings::new("support".parse().unwrap(), "support".parse().unwrap(), "Support");
        settings.offer_mode = OfferMode::RingAll;
        settings.rules.skill_relaxed_every_s = relaxed_every_s;
        (settings.rules.wanted_operator_waits_s, settings.rules.last_operator_waits_s) = waits_s;
        settings.rules.last_operator_days = REMEMBERED_DAYS;
        let handlings = [Handling::Primary, Handling::Primary, Handling::Secondary, Handling::Pull];
        let members: BTreeMap<OperatorId, Member> = (0..2 + dice.below(6))
            .map(|n| {
                let handling = if n == 0 { Handling::Primary } else { handlings[dice.below(4)] };
                let group_limit = dice.one_in(2).then(|| 1 + dice.below(2) as u32);
                let skills = (0..2).filter(|_| dice.one_in(3)).collect::<Vec<usize>>().into_iter();
                let skills = skills.map(|n| (skill(n), Level::new(1 + n as i64).unwrap())).collect();
                let limit = Some(1 + dice.below(3) as u32);
                let member = Member { handling, limit, group_limit, skills, ..somebody(n as u128 + 1) };
                (member.operator, member)
            })
            .collect();
        let desk = Desk::open(settings, members.values().cloned(), [], now).0;
        Self {
            now,
            desk,
            held_elsewhere: members.keys().map(|operator| (*operator, 0)).collect(),
            members,
            chats: BTreeMap::new(),
            relaxed_every_s,
            waits_s,
            born: 0,
            seen: Seen::default(),
            seed,
            step: 0,
        }
    }

    fn step(&mut self, dice: &mut Dice) {
        match dice.below(20) {
            0..=4 => self.arrives(dice),
            5..=7 => {
                let Some((chat, operator)) = self.somebody_rung(dice) else { return };
                self.chats.remove(&chat);
                self.seen.served += 1;
                let effects = self.desk.handle_served(chat, self.now);
                self.hears(effects);
                self.holds(operator, 1);
            }
            8 | 9 => {
                let Some((chat, operator)) = self.somebody_rung(dice) else { return };
                self.let_go(chat, &[operator]);
            }
            10 => {
                let Some((chat, _)) = self.somebody_rung(dice) else { return };
                let all: Vec<OperatorId> = self.chats[&chat].rung.iter().copied().collect();
                self.let_go(chat, &all);
            }
            11 | 12 => {
                let operator = self.anybody(dice);
                if self.members[&operator].group_held > 0 {
                    self.holds(operator, -1);
                }
            }
            13 => {
                let operator = self.anybody(dice);
                let member = self.members.get_mut(&operator).unwrap();
                let since = member.reception.since().unwrap_or(self.now);
                let ways = [Reception::None, Reception::Grace { since }, Reception::Ready { since }];
                member.reception = ways[dice.below(5).min(2)];
                let reception = member.reception;
                let effects = self.desk.handle_reception(operator, reception, self.now);
                self.hears(effects);
            }
            14 => {
                let operator = self.anybody(dice);
                let member = self.members.get_mut(&operator).unwrap();
                member.active = !dice.one_in(3);
                let member = member.clone();
                let effects = self.desk.handle_member(member, self.now);
                self.hears(effects);
            }
            15 => {
                let Some(chat) = self.some_chat(dice) else { return };
                self.says_again(chat);
            }
            16 => {
                let operator = self.anybody(dice);
                let held = if self.held_elsewhere[&operator] > 0 { -1 } else { 1 };
                self.holds_elsewhere(operator, held);
            }
            17 => {
                let Some(chat) = self.some_chat(dice) else { return };
                let row = self.chats.get_mut(&chat).unwrap();
                row.elsewhere = !row.elsewhere;
                let effects = if row.elsewhere {
                    row.rung.clear();
                    self.desk.handle_elsewhere(chat, self.now)
                } else {
                    self.desk.handle_elsewhere_over(chat, self.now)
                };
                self.hears(effects);
            }
            18 if dice.one_in(3) => {
                let Some(chat) = self.some_chat(dice) else { return };
                self.chats.remove(&chat);
                let effects = self.desk.handle_gone(chat, self.now);
                self.hears(effects);
            }
            _ => self.passes(Duration::from_millis(dice.below(8_000) as u64)),
        }
    }

    fn arrives(&mut self, dice: &mut Dice) {
        if self.chats.len() >= WAITING_MAX {
            return;
        }
        self.born += 1;
        let chat = ChatId::new(self.born % 5, u128::from(self.born) << 70, Shard(0));
        let needs = (0..2).filter(|_| dice.one_in(4)).collect::<Vec<usize>>().into_iter();
        let needs: Vec<Need> =
            needs.map(|n| Need { skill: skill(n), level: Level::new(1 + n as i64).unwrap() }).collect();
        let mut somebody = |one_in| dice.one_in(one_in).then(|| self.anybody(dice));
        let (wanted, last) = (somebody(5), somebody(6));
        let days_ago = 1 + 9 * dice.below(2) as u64;
        let served_at = self.now - Duration::from_secs(days_ago * 86_400);
        let (entered_at, priority) = (self.now, dice.below(3) as i32);
        let rings = |operator: &OperatorId| self.members[operator].handling != Handling::Pull;
        let row = Row {
            entered_at,
            priority,
            tried: Vec::new(),
            needs: needs.clone(),
            wanted: wanted.filter(rings),
            last: last.filter(rings).filter(|_| days_ago < u64::from(REMEMBERED_DAYS)),
            elsewhere: false,
            rung: BTreeSet::new(),
        };
        self.chats.insert(chat, row);
        let wishes = Wishes { skills: needs, wanted, last: last.map(|last| (last, served_at)) };
        let effects =
            self.desk.handle_waiting(Arrival { priority, wishes, ..Arrival::new(chat, entered_at) }, self.now);
        self.hears(effects);
    }

    fn says_again(&mut self, chat: ChatId) {
        let row = &self.chats[&chat];
        let ring = RingsAtAll { group: "support".parse().unwrap(), operators: row.rung.iter().copied().collect() };
        let served_at = row.entered_at - Duration::from_secs(86_400);
        let arrival = Arrival {
            priority: row.priority,
            tried: row.tried.clone(),
            rings_at_all: Some(ring).filter(|ring| !ring.operators.is_empty()),
            wishes: Wishes {
                skills: row.needs.clone(),
                wanted: row.wanted,
                last: row.last.map(|last| (last, served_at)),
            },
            ..Arrival::new(chat, row.entered_at)
        };
        let effects = self.desk.handle_waiting(arrival, self.now);
        self.hears(effects);
    }

    fn let_go(&mut self, chat: ChatId, operators: &[OperatorId]) {
        let (at, row) = (self.now, self.chats.get_mut(&chat).unwrap());
        for operator in operators {
            row.rung.remove(operator);
            row.tried.retain(|tried| tried.operator != *operator);
            row.tried.push(Tried { operator: *operator, at });
        }
        let tried = row.tried.clone();
        let effects = self.desk.handle_offer_over(chat, tried, at);
        self.hears(effects);
    }

    fn holds(&mut self, operator: OperatorId, more: i32) {
        let member = self.members.get_mut(&operator).unwrap();
        member.held = member.held.checked_add_signed(more).unwrap();
        member.group_held = member.group_held.checked_add_signed(more).unwrap();
        let here = member.group_held;
        self.news(operator, "support", here);
    }

    fn holds_elsewhere(&mut self, operator: OperatorId, more: i32) {
        let there = self.held_elsewhere.get_mut(&operator).unwrap();
        *there = there.checked_add_signed(more).unwrap();
        let there = *there;
        let member = self.members.get_mut(&operator).unwrap();
        member.held = member.held.checked_add_signed(more).unwrap();
        self.news(operator, "sales", there);
    }

    fn news(&mut self, operator: OperatorId, group: &str, group_held: u32) {
        let member = self.members.get_mut(&operator).unwrap();
        member.version += 1;
        let news = LoadNews {
            operator,
            group: group.parse().unwrap(),
            held: member.held,
            reserved: 0,
            group_held,
            group_reserved: 0,
            last_ended_at: None,
            version: member.version,
        };
        let effects = self.desk.handle_load(&news, self.now);
        self.hears(effects);
    }

    fn passes(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(wake) = self.desk.next_wake().filter(|wake| *wake <= until) {
            assert!(wake > self.now, "what is due is done");
            self.now = wake;
            let effects = self.desk.handle_due(wake);
            self.hears(effects);
        }
        self.now = until;
        self.must_ring_rightly(&self.rung());
    }

    /// Takes in what the desk asks for after a call, and judges it.
    fn hears(&mut self, effects: Vec<Effect>) {
        let before = self.rung();
        for effect in effects {
            match effect {
                Effect::RingAll { chat, operators, .. } => {
                    let row = self.chats.get_mut(&chat).unwrap();
                    for (operator, _) in operators {
                        assert!(row.rung.insert(operator), "{chat:?} rings at {operator:?} already");
                    }
                }
                Effect::RingNoMore { chat, operators } => {
                    let row = self.chats.get_mut(&chat).unwrap();
                    for operator in operators {
                        assert!(row.rung.remove(&operator), "{chat:?} does not ring at {operator:?}");
                    }
                }
                Effect::Propose { .. } => panic!("nobody is asked alone here"),
                _ => {}
            }
        }
        self.must_ring_rightly(&before);
    }

    fn rung(&self) -> BTreeMap<ChatId, BTreeSet<OperatorId>> {
        let ringing = self.chats.iter().filter(|(_, row)| !row.rung.is_empty());
        ringing.map(|(chat, row)| (*chat, row.rung.clone())).collect()
    }

    fn anybody(&self, dice: &mut Dice) -> OperatorId {
        *self.members.keys().nth(dice.below(self.members.len())).unwrap()
    }

    fn some_chat(&self, dice: &mut Dice) -> Option<ChatId> {
        (!self.chats.is_empty()).then(|| *self.chats.keys().nth(dice.below(self.chats.len())).unwrap())
    }

    fn somebody_rung(&self, dice: &mut Dice) -> Option<(ChatId, OperatorId)> {
        let all: Vec<(ChatId, OperatorId)> =
            self.chats.iter().flat_map(|(chat, row)| row.rung.iter().map(|rung| (*chat, *rung))).collect();
        // Whoever has lost the connection answers nothing.
        let able =
            |(_, operator): &&(ChatId, OperatorId)| matches!(self.members[operator].reception, Reception::Ready { .. });
        let all: Vec<&(ChatId, OperatorId)> = all.iter().filter(able).collect();
        (!all.is_empty()).then(|| *all[dice.below(all.len())])
    }
}
