//! A group that rings at all who are free, beside a model that looks at everybody: after each step just those hear a
//! chat who should, nobody is told twice, and a clock that runs misses nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::centre::somebody;
use super::shared::Dice;
use crate::domain::chat::Tried;
use crate::domain::group::{GroupSettings, Handling, OfferMode};
use crate::domain::ids::{ChatId, OperatorId, Shard};
use crate::domain::limits::RING_ALL_CHATS_MAX;
use crate::domain::operator::Reception;
use crate::domain::routing::{Arrival, Desk, Effect, LoadNews, Member, RingsAtAll, Wishes};
use crate::domain::time::Timestamp;

struct Row {
    entered_at: Timestamp,
    priority: i32,
    tried: Vec<Tried>,
    wanted: Option<OperatorId>,
    /// At whom it rings, as the effects said.
    rung: BTreeSet<OperatorId>,
}

struct Ringing {
    now: Timestamp,
    desk: Desk,
    members: BTreeMap<OperatorId, Member>,
    chats: BTreeMap<ChatId, Row>,
    born: u64,
    served: usize,
}

/// Plays many steps of one seed; how many were served.
pub fn run(seed: u64, steps: usize) -> usize {
    let mut dice = Dice::of(seed);
    let mut ringing = Ringing::open(&mut dice);
    for step in 0..steps {
        ringing.step(&mut dice);
        ringing.must_ring_rightly(&format!("seed {seed}, step {step}"));
    }
    ringing.served
}

impl Ringing {
    fn open(dice: &mut Dice) -> Self {
        let now = Timestamp::from_millis(1_000_000);
        let mut settings = GroupSettings::new("support".parse().unwrap(), "support".parse().unwrap(), "Support");
        settings.offer_mode = OfferMode::RingAll;
        let handlings = [Handling::Primary, Handling::Primary, Handling::Secondary, Handling::Pull];
        let members: BTreeMap<OperatorId, Member> = (0..2 + dice.below(6))
            .map(|n| {
                let handling = if n == 0 { Handling::Primary } else { handlings[dice.below(4)] };
                let member = Member { handling, limit: Some(1 + dice.below(3) as u32), ..somebody(n as u128 + 1) };
                (member.operator, member)
            })
            .collect();
        let desk = Desk::open(settings, members.values().cloned(), [], now).0;
        Self { now, desk, members, chats: BTreeMap::new(), born: 0, served: 0 }
    }

    fn step(&mut self, dice: &mut Dice) {
        match dice.below(16) {
            0..=3 => self.arrives(dice),
            4..=6 => {
                let Some((chat, operator)) = self.somebody_rung(dice) else { return };
                self.chats.remove(&chat);
                self.served += 1;
                let effects = self.desk.handle_served(chat, self.now);
                self.hears(effects);
                self.holds(operator, 1);
            }
            7 | 8 => {
                let Some((chat, operator)) = self.somebody_rung(dice) else { return };
                self.let_go(chat, &[operator]);
            }
            9 => {
                let Some((chat, _)) = self.somebody_rung(dice) else { return };
                let all: Vec<OperatorId> = self.chats[&chat].rung.iter().copied().collect();
                self.let_go(chat, &all);
            }
            10 | 11 => {
                let operator = self.anybody(dice);
                if self.members[&operator].held > 0 {
                    self.holds(operator, -1);
                }
            }
            12 => {
                let operator = self.anybody(dice);
                let member = self.members.get_mut(&operator).unwrap();
                let since = member.reception.since().unwrap_or(self.now);
                let ways = [Reception::None, Reception::Grace { since }, Reception::Ready { since }];
                member.reception = ways[dice.below(5).min(2)];
                let reception = member.reception;
                let effects = self.desk.handle_reception(operator, reception, self.now);
                self.hears(effects);
            }
            13 => {
                let operator = self.anybody(dice);
                let member = self.members.get_mut(&operator).unwrap();
                member.active = !dice.one_in(3);
                let member = member.clone();
                let effects = self.desk.handle_member(member, self.now);
                self.hears(effects);
            }
            14 => {
                let Some(chat) = self.some_chat(dice) else { return };
                self.says_again(chat);
            }
            _ => self.passes(Duration::from_millis(dice.below(8_000) as u64)),
        }
    }

    fn arrives(&mut self, dice: &mut Dice) {
        if self.chats.len() > RING_ALL_CHATS_MAX + 5 {
            return;
        }
        self.born += 1;
        let chat = ChatId::new(self.born % 5, u128::from(self.born) << 70, Shard(0));
        let wanted = dice.one_in(5).then(|| self.anybody(dice));
        let (entered_at, priority) = (self.now, dice.below(3) as i32);
        let pulls = |operator: &OperatorId| self.members[operator].handling == Handling::Pull;
        let row = Row {
            entered_at,
            priority,
            tried: Vec::new(),
            wanted: wanted.filter(|wanted| !pulls(wanted)),
            rung: BTreeSet::new(),
        };
        self.chats.insert(chat, row);
        let wishes = Wishes { wanted, ..Wishes::default() };
        let effects =
            self.desk.handle_waiting(Arrival { priority, wishes, ..Arrival::new(chat, entered_at) }, self.now);
        self.hears(effects);
    }

    fn says_again(&mut self, chat: ChatId) {
        let row = &self.chats[&chat];
        let ring = RingsAtAll { group: "support".parse().unwrap(), operators: row.rung.iter().copied().collect() };
        let arrival = Arrival {
            priority: row.priority,
            tried: row.tried.clone(),
            rings_at_all: Some(ring).filter(|ring| !ring.operators.is_empty()),
            wishes: Wishes { wanted: row.wanted, ..Wishes::default() },
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
        member.version += 1;
        member.held = member.held.checked_add_signed(more).unwrap();
        member.group_held = member.held;
        let news = LoadNews {
            operator,
            group: "support".parse().unwrap(),
            held: member.held,
            reserved: 0,
            group_held: member.held,
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
    }

    fn hears(&mut self, effects: Vec<Effect>) {
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
    }

    fn must_ring_rightly(&self, when: &str) {
        let mut order: Vec<(i64, ChatId)> = self
            .chats
            .iter()
            .map(|(chat, row)| (row.entered_at.millis() - 60_000 * i64::from(row.priority), *chat))
            .collect();
        order.sort_unstable();
        for (ahead, (_, chat)) in order.into_iter().enumerate() {
            let row = &self.chats[&chat];
            let known: BTreeSet<OperatorId> = self.desk.rings_at_all(chat).collect();
            assert_eq!(known, row.rung, "{when}: what was said of {chat:?} is what is known");
            if ahead >= RING_ALL_CHATS_MAX {
                assert!(row.rung.is_empty(), "{when}: {chat:?} has to wait for its turn");
                continue;
            }
            self.must_hear(row, when);
        }
    }

    /// Who hears it must be free, or have lost the connection while it rang; whoever is free and comes first must
    /// hear it.
    fn must_hear(&self, row: &Row, when: &str) {
        let let_go = |operator: &OperatorId| row.tried.iter().find(|tried| tried.operator == *operator);
        let rested = |operator: &OperatorId| let_go(operator).is_none_or(|at| self.now.since(at.at).as_secs() >= 15);
        let works = |member: &&Member| member.active && member.handling != Handling::Pull;
        let free = |member: &&Member| {
            works(member)
                && matches!(member.reception, Reception::Ready { .. })
                && member.limit.is_none_or(|limit| member.held < limit)
        };
        let named = row.wanted.filter(|wanted| let_go(wanted).is_none() && free(&&self.members[wanted]));
        if let Some(named) = named {
            assert!(row.rung.contains(&named), "{when}: whoever is named hears it");
            if row.rung.len() == 1 {
                return;
            }
        }
        let free: Vec<&Member> = self.members.values().filter(free).collect();
        let fresh: Vec<&Member> = free.iter().copied().filter(|member| let_go(&member.operator).is_none()).collect();
        let again = || free.iter().copied().filter(|member| rested(&member.operator)).collect();
        let may: Vec<&Member> = if fresh.is_empty() { again() } else { fresh };
        let first = may.iter().map(|member| member.handling).min();
        let must: BTreeSet<OperatorId> =
            may.iter().filter(|member| Some(member.handling) == first).map(|member| member.operator).collect();
        assert!(row.rung.is_superset(&must), "{when}: {must:?} must hear it, and {:?} do", row.rung);
        for other in row.rung.difference(&must).filter(|other| named != Some(**other)) {
            let member = &self.members[other];
            let rings_on = matches!(member.reception, Reception::Grace { .. }) && works(&member) && rested(other);
            assert!(rings_on, "{when}: it must not ring at {other:?}");
            assert!(first.is_none_or(|first| member.handling <= first), "{when}: others come before {other:?}");
        }
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
