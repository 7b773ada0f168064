//! A contact centre: chats, operators and a store with their true state, and messages between them and the desk that
//! are late when the centre is not prompt. Each effect of the desk is compared with the model's.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;

use super::naive::{Naive, Row};
use crate::domain::chat::Tried;
use crate::domain::group::{Availability, GroupSettings, Handling, OfferMode};
use crate::domain::ids::{ChatId, OperatorId, Shard};
use crate::domain::limits::{OFFLINE_HOPE, PROPOSAL_REST, PROPOSAL_SETTLES_WITHIN};
use crate::domain::operator::Reception;
use crate::domain::routing::{Arrival, Desk, Effect, LoadNews, Member, Outcome, Settled, TurnedAway};
use crate::domain::skills::Skills;
use crate::domain::time::Timestamp;

/// Overall and in the group.
type Limits = (Option<u32>, Option<u32>);

#[derive(Debug, Clone)]
pub enum Step {
    Arrives { priority: i32 },
    Leaves { chat: Index },
    SaysAgain { chat: Index },
    Answers { proposal: Index, fails: bool },
    Accepts { chat: Index },
    LetsGo { chat: Index },
    Ends { chat: Index },
    WorksElsewhere { operator: Index, more: bool },
    Receives { operator: Index, how: u8 },
    IsSetUp { operator: Index, handling: Handling, active: bool, limits: Limits },
    GoesForGood { operator: Index },
    NewsArrive { news: Index, again: bool },
    Passes { millis: u32 },
    ClockIsSetBack { millis: u16 },
}

pub fn step() -> impl Strategy<Value = Step> {
    let (any, jump) = (any::<Index>, 0..6 * 3_600_000_u32);
    prop_oneof![
        8 => (-1_i32..3).prop_map(|priority| Step::Arrives { priority }),
        1 => any().prop_map(|chat| Step::Leaves { chat }),
        1 => any().prop_map(|chat| Step::SaysAgain { chat }),
        8 => (any(), prop::bool::weighted(0.1)).prop_map(|(proposal, fails)| Step::Answers { proposal, fails }),
        5 => any().prop_map(|chat| Step::Accepts { chat }),
        5 => any().prop_map(|chat| Step::LetsGo { chat }),
        4 => any().prop_map(|chat| Step::Ends { chat }),
        2 => (any(), prop::bool::ANY).prop_map(|(operator, more)| Step::WorksElsewhere { operator, more }),
        2 => (any(), 0_u8..6).prop_map(|(operator, how)| Step::Receives { operator, how }),
        1 => (any(), handling(), prop::bool::weighted(0.8), limits())
            .prop_map(|(operator, handling, active, limits)| Step::IsSetUp { operator, handling, active, limits }),
        1 => any().prop_map(|operator| Step::GoesForGood { operator }),
        6 => (any(), prop::bool::weighted(0.2)).prop_map(|(news, again)| Step::NewsArrive { news, again }),
        6 => prop_oneof![9 => 0_u32..9_000, 1 => jump].prop_map(|millis| Step::Passes { millis }),
        1 => (0_u16..20_000).prop_map(|millis| Step::ClockIsSetBack { millis }),
    ]
}

pub fn members() -> impl Strategy<Value = Vec<Member>> {
    let setting = (handling(), prop::bool::weighted(0.8), limits(), prop::bool::weighted(0.8));
    prop::collection::vec(setting, 0..9).prop_map(|settings| {
        let mut members = Vec::new();
        for (handling, active, (limit, group_limit), online) in settings {
            let reception = if online { Reception::Ready { since: START } } else { Reception::None };
            let unset = somebody(members.len() as u128 + 1);
            members.push(Member { handling, active, limit, group_limit, reception, ..unset });
        }
        members
    })
}

pub fn somebody(n: u128) -> Member {
    Member {
        operator: OperatorId(uuid::Uuid::from_u128(n.wrapping_mul(0x9E37_79B9_7F4A_7C15))),
        name: format!("operator {n}"),
        handling: Handling::Primary,
        active: true,
        limit: Some(2),
        group_limit: None,
        reception: Reception::Ready { since: START },
        held: 0,
        reserved: 0,
        group_held: 0,
        group_reserved: 0,
        last_ended_at: None,
        version: 1,
        skills: Skills::default(),
    }
}

fn handling() -> impl Strategy<Value = Handling> {
    prop_oneof![5 => Just(Handling::Primary), 3 => Just(Handling::Secondary), 1 => Just(Handling::Pull)]
}

fn limits() -> impl Strategy<Value = Limits> {
    let limit = || prop_oneof![1 => Just(None), 1 => Just(Some(0)), 8 => (1_u32..7).prop_map(Some)];
    (limit(), prop_oneof![2 => Just(None), 1 => limit()])
}

const START: Timestamp = Timestamp::from_millis(1_000_000);

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Waiting,
    Ringing(OperatorId),
    Active(OperatorId),
}

#[derive(Debug)]
struct TrueChat {
    entered_at: Timestamp,
    priority: i32,
    tried: Vec<Tried>,
    state: State,
}

pub struct Centre {
    now: Timestamp,
    /// The latest moment there was, for clocks are set back.
    latest: Timestamp,
    /// News arrive at once.
    prompt: bool,
    /// They always did, and no proposal was ever lost: the desk knows all.
    exact: bool,
    automatic: bool,
    desk: Desk,
    /// Fed the same, but opened with everybody in another order.
    twin: Desk,
    naive: Naive,
    chats: BTreeMap<ChatId, TrueChat>,
    operators: BTreeMap<OperatorId, Member>,
    proposals: Vec<(ChatId, OperatorId)>,
    news: Vec<LoadNews>,
    born: u64,
}

impl Centre {
    pub fn open(members: Vec<Member>, automatic: bool, prompt: bool) -> Self {
        let id: crate::domain::ids::GroupId = "support".parse().unwrap();
        let mut settings = GroupSettings::new(id.clone(), "support".parse().unwrap(), "Support");
        settings.offer_mode = if automatic { OfferMode::Automatic } else { OfferMode::Single };
        let (desk, _) = Desk::open(settings.clone(), members.clone(), [], START);
        let (twin, _) = Desk::open(settings, members.iter().rev().cloned(), [], START);
        let naive = Naive {
            group: id,
            members: members.iter().map(|member| (member.clone(), member.version)).collect(),
            rows: Vec::new(),
            pending: Vec::new(),
            doubts: BTreeMap::new(),
        };
        let operators = members.into_iter().map(|member| (member.operator, member)).collect();
        let (chats, proposals, news) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self {
            now: START,
            latest: START,
            prompt,
            exact: prompt,
            automatic,
            desk,
            twin,
            naive,
            chats,
            operators,
            proposals,
            news,
            born: 0,
        }
    }

    pub fn does(&mut self, step: Step) {
        match step {
            Step::Arrives { priority } => {
                self.born += 1;
                let chat = ChatId::new(self.born % 7, u128::from(self.born) << 70, Shard(0));
                let (entered_at, tried, state) = (self.now, Vec::new(), State::Waiting);
                self.chats.insert(chat, TrueChat { entered_at, priority, tried, state });
                self.says(chat);
            }
            Step::SaysAgain { chat } => {
                if let Some(chat) = self.pick(chat, |state| !matches!(state, State::Active(_))) {
                    self.says(chat);
                }
            }
            Step::Leaves { chat } => {
                let Some(chat) = self.pick(chat, |state| !matches!(state, State::Active(_))) else { return };
                let left = self.chats.remove(&chat).unwrap();
                if let State::Ringing(operator) = left.state {
                    self.load(operator, true, 0, -1);
                }
                self.gone(chat);
            }
            Step::Answers { proposal, fails } => {
                if !self.proposals.is_empty() {
                    let (chat, operator) = self.proposals.remove(proposal.index(self.proposals.len()));
                    self.answers(chat, operator, fails);
                }
            }
            Step::Accepts { chat } => {
                let Some(chat) = self.pick(chat, |state| matches!(state, State::Ringing(_))) else { return };
                let row = self.chats.get_mut(&chat).unwrap();
                let State::Ringing(operator) = row.state else { return };
                row.state = State::Active(operator);
                self.load(operator, true, 1, -1);
                self.gone(chat);
            }
            Step::LetsGo { chat } => {
                let Some(chat) = self.pick(chat, |state| matches!(state, State::Ringing(_))) else { return };
                let (now, row) = (self.now, self.chats.get_mut(&chat).unwrap());
                let State::Ringing(operator) = row.state else { return };
                row.state = State::Waiting;
                row.tried.retain(|tried| tried.operator != operator);
                row.tried.push(Tried { operator, at: now });
                let tried = row.tried.clone();
                self.load(operator, true, 0, -1);
                if let Some(row) = self.naive.row(chat) {
                    row.tried.clone_from(&tried);
                    row.ringing = false;
                }
                self.feed(|desk| desk.handle_offer_over(chat, tried.clone(), now));
            }
            Step::Ends { chat } => {
                let Some(chat) = self.pick(chat, |state| matches!(state, State::Active(_))) else { return };
                let State::Active(operator) = self.chats.remove(&chat).unwrap().state else { return };
                self.operators.get_mut(&operator).unwrap().last_ended_at = Some(self.now);
                self.load(operator, true, -1, 0);
            }
            Step::WorksElsewhere { operator, more } => {
                let Some(operator) = self.who(operator) else { return };
                let member = &self.operators[&operator];
                let elsewhere = member.held - member.group_held;
                let room = member.limit.is_none_or(|limit| member.held + member.reserved < limit);
                if more && room {
                    self.load(operator, false, 1, 0);
                } else if !more && elsewhere > 0 {
                    self.load(operator, false, -1, 0);
                }
            }
            Step::Receives { operator, how } => {
                let Some(operator) = self.who(operator) else { return };
                let (now, member) = (self.now, self.operators.get_mut(&operator).unwrap());
                let since = member.reception.since().unwrap_or(now);
                let reception = match how {
                    0 => Reception::None,
                    1 => Reception::Grace { since },
                    _ => Reception::Ready { since },
                };
                member.reception = reception;
                let known = self.naive.members.iter_mut().find(|(member, _)| member.operator == operator);
                known.into_iter().for_each(|(member, _)| member.reception = reception);
                self.feed(|desk| desk.handle_reception(operator, reception, now));
            }
            Step::IsSetUp { operator, handling, active, limits } => {
                let Some(operator) = self.who(operator) else { return };
                let (now, member) = (self.now, self.operators.get_mut(&operator).unwrap());
                (member.handling, member.active) = (handling, active);
                (member.limit, member.group_limit) = limits;
                let member = member.clone();
                self.naive.put(member.clone());
                self.feed(|desk| desk.handle_member(member.clone(), now));
            }
            Step::GoesForGood { operator } => {
                let (Some(operator), now) = (self.who(operator), self.now) else { return };
                self.naive.members.retain(|(member, _)| member.operator != operator);
                self.feed(|desk| desk.handle_member_gone(operator, now));
                if self.prompt {
                    // In truth a member: back at once, so that the truth may be asked after each step.
                    let member = self.operators[&operator].clone();
                    self.naive.put(member.clone());
                    self.feed(|desk| desk.handle_member(member.clone(), now));
                }
            }
            Step::NewsArrive { news, again } => {
                if !self.news.is_empty() {
                    let at = news.index(self.news.len());
                    let news = if again { self.news[at].clone() } else { self.news.remove(at) };
                    self.hears(&news);
                }
            }
            Step::Passes { millis } => {
                let now = self.now + Duration::from_millis(millis.into());
                (self.now, self.latest) = (now, self.latest.max(now));
                self.feed(|desk| desk.handle_due(now));
            }
            Step::ClockIsSetBack { millis } => {
                self.now = Timestamp::from_millis(self.now.millis() - i64::from(millis));
                let now = self.now;
                self.feed(|desk| desk.handle_due(now));
            }
        }
    }

    /// Every proposal is answered, and those that follow from the answers.
    pub fn answer_all(&mut self) {
        while let Some((chat, operator)) = self.proposals.pop() {
            self.answers(chat, operator, false);
        }
    }

    /// All news arrive, everybody who is a member in truth is one, all are answered, and no rest lasts: also none that began
    /// before the clock was set back.
    pub fn calm_down(&mut self) {
        self.now = self.latest;
        for news in std::mem::take(&mut self.news) {
            self.hears(&news);
        }
        let (now, members) = (self.now, self.operators.values().cloned().collect::<Vec<_>>());
        members.iter().for_each(|member| self.naive.put(member.clone()));
        self.feed(|desk| desk.handle_members(members.clone(), now));
        for _ in 0..3 {
            self.prompt = true;
            self.does(Step::Passes { millis: PROPOSAL_SETTLES_WITHIN.as_millis() as u32 });
            self.answer_all();
        }
    }

    /// No proposal is under way, and no chat that waits in truth has an operator who, in truth, may be offered it.
    pub fn must_be_settled(&self) {
        assert!(self.proposals.is_empty());
        let truth = Naive {
            group: self.naive.group.clone(),
            members: self.operators.values().map(|member| (member.clone(), member.version)).collect(),
            rows: Vec::new(),
            pending: Vec::new(),
            doubts: BTreeMap::new(),
        };
        for (chat, row) in self.chats.iter().filter(|(_, row)| row.state == State::Waiting) {
            let (operator, _) = truth.decide(&row.tried, self.now);
            assert_eq!(operator, None, "{chat:?} waits beside somebody free");
        }
    }

    fn pick(&self, index: Index, which: impl Fn(State) -> bool) -> Option<ChatId> {
        let all: Vec<ChatId> = self.chats.iter().filter(|(_, row)| which(row.state)).map(|(chat, _)| *chat).collect();
        (!all.is_empty()).then(|| *index.get(&all))
    }

    fn who(&self, index: Index) -> Option<OperatorId> {
        let all: Vec<OperatorId> = self.operators.keys().copied().collect();
        (!all.is_empty()).then(|| *index.get(&all))
    }

    fn says(&mut self, chat: ChatId) {
        let (now, row) = (self.now, &self.chats[&chat]);
        let rings_at = if let State::Ringing(operator) = row.state { Some(operator) } else { None };
        let (entered_at, priority, tried) = (row.entered_at, row.priority, row.tried.clone());
        let arrival = Arrival { priority, tried: tried.clone(), rings_at, ..Arrival::new(chat, entered_at) };
        if rings_at.is_some() {
            self.naive.pending.retain(|(pending, _, _)| *pending != chat);
        }
        let rests_until = self.naive.row(chat).map_or(Timestamp::EPOCH, |row| row.rests_until);
        self.naive.rows.retain(|row| row.chat != chat);
        let ringing = rings_at.is_some();
        self.naive.rows.push(Row { chat, entered_at, priority, tried, ringing, rests_until });
        self.feed(|desk| desk.handle_waiting(arrival.clone(), now));
    }

    fn gone(&mut self, chat: ChatId) {
        self.naive.rows.retain(|row| row.chat != chat);
        self.naive.pending.retain(|(pending, _, _)| *pending != chat);
        let now = self.now;
        self.feed(|desk| desk.handle_gone(chat, now));
    }

    /// The chat and the store judge a proposal.
    fn answers(&mut self, chat: ChatId, operator: OperatorId, fails: bool) {
        let waits = self.chats.get(&chat).is_some_and(|row| row.state == State::Waiting);
        let member = &self.operators[&operator];
        let room = member.limit.is_none_or(|limit| member.held + member.reserved < limit)
            && member.group_limit.is_none_or(|limit| member.group_held + member.group_reserved < limit);
        let (now, automatic) = (self.now, self.automatic);
        let current = self.naive.pending.iter().any(|(pending, to, _)| *pending == chat && *to == operator);
        let how = if fails || !waits {
            if let (true, Some(row)) = (current, self.naive.row(chat)) {
                row.rests_until = now + PROPOSAL_REST;
            }
            Settled::Refused
        } else if !room {
            assert!(!self.exact, "{operator:?} was asked for more than there is");
            if current {
                self.naive.doubts.insert(operator, now + PROPOSAL_REST);
            }
            Settled::NoCapacity
        } else {
            let news = self.changes(operator, true, i32::from(automatic), i32::from(!automatic));
            self.naive.news(&news);
            self.chats.get_mut(&chat).unwrap().state =
                if automatic { State::Active(operator) } else { State::Ringing(operator) };
            if automatic {
                self.naive.rows.retain(|row| row.chat != chat);
                Settled::Assigned(news)
            } else {
                self.naive.row(chat).unwrap().ringing = true;
                Settled::Offered(news)
            }
        };
        if current || matches!(how, Settled::Offered(_) | Settled::Assigned(_)) {
            self.naive.pending.retain(|(pending, _, _)| *pending != chat);
        }
        self.feed(|desk| desk.handle_settled(chat, operator, how.clone(), now));
    }

    /// The truth about an operator changes; what the store says of it.
    fn changes(&mut self, operator: OperatorId, here: bool, held: i32, reserved: i32) -> LoadNews {
        let member = self.operators.get_mut(&operator).unwrap();
        member.held = member.held.checked_add_signed(held).unwrap();
        member.reserved = member.reserved.checked_add_signed(reserved).unwrap();
        if here {
            member.group_held = member.group_held.checked_add_signed(held).unwrap();
            member.group_reserved = member.group_reserved.checked_add_signed(reserved).unwrap();
        }
        member.version += 1;
        LoadNews {
            operator,
            group: if here { self.naive.group.clone() } else { "sales".parse().unwrap() },
            held: member.held,
            reserved: member.reserved,
            group_held: if here { member.group_held } else { member.held - member.group_held },
            group_reserved: if here { member.group_reserved } else { 0 },
            last_ended_at: member.last_ended_at,
            version: member.version,
        }
    }

    fn load(&mut self, operator: OperatorId, here: bool, held: i32, reserved: i32) {
        let news = self.changes(operator, here, held, reserved);
        if self.prompt {
            self.hears(&news);
        } else {
            self.news.push(news);
        }
    }

    fn hears(&mut self, news: &LoadNews) {
        let now = self.now;
        self.naive.news(news);
        self.feed(|desk| desk.handle_load(news, now));
    }

    /// Feeds both desks, and compares what they do with the model.
    fn feed(&mut self, input: impl Fn(&mut Desk) -> Vec<Effect>) {
        let effects = input(&mut self.desk);
        assert_eq!(effects, input(&mut self.twin), "the same inputs, the same effects");
        self.naive.pass(self.now);
        for effect in effects {
            match effect {
                Effect::Propose { chat, operator, name, ring, record } => {
                    assert_eq!(self.naive.next(self.now), Some((chat, operator)));
                    let (member, _) = self.naive.members.iter().find(|(m, _)| m.operator == operator).unwrap();
                    assert_ne!(member.handling, Handling::Pull);
                    assert_eq!((name, ring.is_none()), (member.name.clone(), self.automatic));
                    assert!(!record.best.is_empty(), "a decision says among whom");
                    self.naive.pending.push((chat, operator, self.now + PROPOSAL_SETTLES_WITHIN));
                    self.proposals.push((chat, operator));
                }
                Effect::Position { chat, ahead, about, .. } => {
                    assert_eq!((Some(ahead), about), self.naive.told(chat, self.now));
                }
                Effect::Lost { .. } => {}
                Effect::Availability(state) => assert_eq!(state, self.naive.availability()),
                Effect::Waiting { count, .. } => assert_eq!(count, self.naive.rows.len()),
                other => self.hope_is_over(&other),
            }
        }
        assert_eq!(self.naive.next(self.now), None, "nobody is left beside a free operator");
        assert_eq!(self.desk.roster().availability(), self.naive.availability());
        assert_eq!(self.desk.queue().len(), self.naive.rows.len());
        assert!(self.desk.next_wake().is_none_or(|wake| wake > self.now), "what is due is done");
        self.explanations_agree();
    }

    /// Chats are told to go only when nobody has received for a while; here they stay all the same.
    fn hope_is_over(&self, effect: &Effect) {
        let Effect::TurnAway { chat, why: TurnedAway::GroupOffline, .. } = effect else {
            return assert!(matches!(effect, Effect::Forecast { .. }), "{effect:?}");
        };
        assert_eq!(self.naive.availability(), Availability::Offline);
        assert!(self.now.since(self.chats[chat].entered_at) >= OFFLINE_HOPE);
    }

    fn explanations_agree(&self) {
        for row in self.naive.rows.iter().take(3) {
            let decision = self.desk.explain(row.chat, self.now).unwrap();
            let said = match decision.outcome {
                Outcome::Offer { operator, .. } => (Some(operator), None),
                Outcome::Wait { again_at, .. } => (None, again_at),
            };
            assert_eq!(said, self.naive.decide(&row.tried, self.now));
            let counts = decision.counts;
            let all = counts.inactive + counts.not_receiving + counts.pull + counts.in_grace + counts.without_slots;
            assert_eq!((all + counts.full + counts.let_go + counts.free) as usize, self.naive.members.len());
            let proposed = self.naive.pending.iter().any(|(chat, _, _)| *chat == row.chat);
            if let Some(again) = said.1.filter(|_| !row.ringing && !proposed && row.rests_until <= self.now) {
                assert!(self.desk.next_wake().is_some_and(|wake| wake <= again), "the cool-down ends unnoticed");
            }
        }
    }
}
