//! A centre at work: chats and operators with their true state, and everything that happens to them. It stands where
//! sessions, actors and the store stand in production, and does what routing's [`Centre`] asks for without delay.

mod arrivals;
mod events;
mod judge;
mod offers;
mod slots;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::domain::chat::{Chat, Input};
use crate::domain::group::{GroupSettings, Handling, RoutingRules, Status};
use crate::domain::ids::{ChatId, GroupId, OperatorId, Shard};
use crate::domain::limits::SIMULATED_REST;
use crate::domain::operator::{Presence, Reception};
use crate::domain::routing::{Action, Centre, Member};
use crate::domain::skills::{Need, Skills};
use crate::domain::time::Timestamp;
use crate::simulation::checker::Violation;
use crate::simulation::clock::Clock;
use crate::simulation::draw::{Concern, Stream};
use crate::simulation::scenario::Scenario;
use crate::simulation::tally::{Run, WaitEnd};
use crate::simulation::world::arrivals::Comings;
#[cfg(test)]
pub use crate::simulation::world::events::Fault;
use crate::simulation::world::events::Happening;

/// An operator's place in a group.
#[derive(Debug)]
pub struct SeatAt {
    /// Which group, by its index.
    pub group: usize,
    /// How chats come.
    pub handling: Handling,
    /// Chats of it held at once.
    pub limit: Option<u32>,
    /// Chats of it held.
    pub held: u32,
    /// Slots of it reserved.
    pub reserved: u32,
}

/// An operator as they are in truth.
#[derive(Debug)]
pub struct Worker {
    /// Id.
    pub id: OperatorId,
    /// Name.
    pub name: String,
    /// Presence.
    pub presence: Presence,
    /// Chats held at once overall.
    pub limit: Option<u32>,
    /// Chats held.
    pub held: u32,
    /// Slots reserved.
    pub reserved: u32,
    /// Places in groups.
    pub seats: Vec<SeatAt>,
    /// What they can.
    pub skills: Skills,
    crew: usize,
    version: u64,
    last_ended_at: Option<Timestamp>,
    slowdown: f64,
    /// Seconds of work done on each of the chats since the beginning.
    done_s: f64,
    done_at: Timestamp,
    /// Chats held, by when `done_s` will have passed what they take. Positive numbers compare as their bits do.
    finishing: BTreeSet<(u64, u32)>,
    /// Rises with each change of what is held, so that a finish planned before is known to be void.
    pace: u32,
}

/// A group, and where its members sit.
struct Line {
    id: GroupId,
    rules: RoutingRules,
    members: Vec<(usize, usize)>,
}

/// A chat that is not over.
struct Open {
    chat: Chat,
    /// Where it came, and is reported.
    group: usize,
    /// Whose queue it is in.
    queue: usize,
    handling_s: f64,
    /// What the operator must be able to, the most important first.
    needs: Vec<Need>,
    /// Its owner: by index, with the seat, and since when.
    at: Option<(usize, usize, Timestamp)>,
    /// A proposal came to nothing: it is not proposed again before.
    rests_until: Timestamp,
}

/// See the module.
pub struct World<'a> {
    scenario: &'a Scenario,
    clock: Clock<Happening>,
    now: Timestamp,
    centre: Centre,
    /// When the centre is woken next.
    armed: Option<Timestamp>,
    /// What the centre has asked for, in order.
    actions: VecDeque<Action>,
    lines: Vec<Line>,
    workers: Vec<Worker>,
    chats: Vec<Option<Box<Open>>>,
    waiting: BTreeSet<u32>,
    comings: Vec<Comings>,
    patience: Vec<Stream>,
    handling: Vec<Stream>,
    kinds: Vec<Stream>,
    answers: Vec<Stream>,
    run: Run,
    check_every: u32,
    broken: Option<Violation>,
    #[cfg(test)]
    pub(super) fault: Option<Fault>,
}

impl<'a> World<'a> {
    /// An empty centre before its first moment.
    pub fn new(scenario: &'a Scenario, replication: u32, check_every: u32) -> Self {
        let streams = |concern, count: usize| -> Vec<Stream> {
            (0..count).map(|n| Stream::new(scenario.seed, replication, concern, n)).collect()
        };
        let (groups, start) = (scenario.groups.len(), Timestamp::EPOCH);
        let comings = scenario.groups.iter().enumerate().map(|(n, group)| {
            let stream = |concern| Stream::new(scenario.seed, replication, concern, n);
            Comings::new(
                group,
                scenario.warm_up_s + scenario.length_s,
                stream(Concern::Arrivals),
                stream(Concern::Bursts),
            )
        });
        let mut world = Self {
            scenario,
            clock: Clock::default(),
            now: start,
            centre: Centre::default(),
            armed: None,
            actions: VecDeque::new(),
            lines: Vec::new(),
            workers: Vec::new(),
            chats: Vec::new(),
            waiting: BTreeSet::new(),
            comings: comings.collect(),
            patience: streams(Concern::Patience, groups),
            handling: streams(Concern::Handling, groups),
            kinds: streams(Concern::Kinds, groups),
            answers: streams(Concern::Answers, scenario.crews.len()),
            run: Run::new(scenario),
            check_every,
            broken: None,
            #[cfg(test)]
            fault: None,
        };
        world.hire(start);
        world
    }

    /// Everything that happens, to the end.
    ///
    /// # Errors
    /// When a rule that must always hold is broken.
    pub fn run(mut self) -> Result<Run, Violation> {
        self.open_centre();
        let mut since_check = 0;
        let end = moment(self.scenario.warm_up_s + self.scenario.length_s);
        let horizon = end + SIMULATED_REST;
        while let Some((at, what)) = self.clock.next() {
            self.now = at;
            self.happens(what);
            since_check += 1;
            if since_check >= self.check_every {
                since_check = 0;
                self.look_at_all();
            }
            if let Some(broken) = self.broken {
                return Err(broken);
            }
            // Whoever comes has come by the end.
            let over = at >= end && self.waiting.is_empty();
            let given_up = at > horizon;
            if given_up || over && self.workers.iter().all(|worker| worker.held + worker.reserved == 0) {
                break;
            }
        }
        for n in std::mem::take(&mut self.waiting) {
            let Some(open) = self.chats[n as usize].take() else { continue };
            self.run.waited(open.group, open.chat.started_at, self.now, WaitEnd::Unserved);
        }
        // Members receive to the end, however early the last chat is over.
        self.now = self.now.max(end);
        for worker in 0..self.workers.len() {
            self.account(worker);
        }
        Ok(self.run)
    }

    /// Everybody, with nothing in hand, off-line before their first shift.
    fn hire(&mut self, start: Timestamp) {
        for (crew_index, crew) in self.scenario.crews.iter().enumerate() {
            for n in 1..=crew.count {
                let index = self.workers.len();
                let seats = crew.seats.iter().filter_map(|seat| {
                    let group = self.scenario.groups.iter().position(|group| group.id == seat.group)?;
                    Some(SeatAt { group, handling: seat.handling, limit: seat.limit, held: 0, reserved: 0 })
                });
                let mut presence = Presence::restored(Status::Offline, start, start);
                presence.handle_socket_joined(start);
                self.workers.push(Worker {
                    id: OperatorId(uuid::Uuid::from_u128(index as u128 + 1)),
                    name: format!("{} {n}", crew.name),
                    presence,
                    limit: crew.limit,
                    held: 0,
                    reserved: 0,
                    seats: seats.collect(),
                    skills: crew.skills.clone(),
                    crew: crew_index,
                    version: 1,
                    last_ended_at: None,
                    slowdown: crew.slowdown,
                    done_s: 0.0,
                    done_at: start,
                    finishing: BTreeSet::new(),
                    pace: 0,
                });
                self.plan_status(index);
            }
        }
    }

    fn plan_status(&mut self, worker: usize) {
        let crew = &self.scenario.crews[self.workers[worker].crew];
        let mut plan = |at_s: f64, status| self.clock.plan(moment(at_s), Happening::Status { worker, status });
        if crew.shifts.is_empty() {
            plan(0.0, Status::Online);
        }
        for shift in &crew.shifts {
            plan(shift.from_s, Status::Online);
            for pause in &shift.breaks {
                plan(pause.from_s, Status::Away);
                plan(pause.to_s, Status::Online);
            }
            plan(shift.to_s, Status::Offline);
        }
    }

    fn open_centre(&mut self) {
        let mut groups = Vec::new();
        for (index, group) in self.scenario.groups.iter().enumerate() {
            let mut members = Vec::new();
            for (worker_index, worker) in self.workers.iter().enumerate() {
                let seat = worker.seats.iter().position(|seat| seat.group == index);
                members.extend(seat.map(|seat| (worker_index, seat)));
            }
            let rules = group.rules();
            let settings = GroupSettings {
                offer_mode: group.offer_mode,
                offer_expires_after: span(group.offer_expires_s),
                rules: Box::new(rules.clone()),
                ..GroupSettings::new(group.id.clone(), simulated(), group.id.as_str())
            };
            let rows = members.iter().map(|(worker, seat)| self.member(*worker, *seat)).collect::<Vec<_>>();
            groups.push((settings, rows));
            self.lines.push(Line { id: group.id.clone(), rules, members });
            self.plan_next_coming(index);
        }
        let (centre, actions) = Centre::open(groups, self.now);
        self.centre = centre;
        self.hears(actions);
        self.carry_out();
    }

    fn member(&self, index: usize, seat: usize) -> Member {
        let worker = &self.workers[index];
        let limit = worker.limit;
        #[cfg(test)]
        let limit = match self.fault {
            Some(Fault::SlotUnused) if index == 0 => Some(0),
            Some(Fault::NoCondition) => None,
            _ => limit,
        };
        let (handling, skills) = (worker.seats[seat].handling, worker.skills.clone());
        #[cfg(test)]
        let (handling, skills) = match self.fault {
            Some(Fault::HandlingIgnored) => (Handling::Primary, skills),
            Some(Fault::SkillsIgnored) => (handling, self.all_skills()),
            _ => (handling, skills),
        };
        Member {
            operator: worker.id,
            name: worker.name.clone(),
            handling,
            active: true,
            skills,
            limit,
            group_limit: worker.seats[seat].limit,
            reception: Reception::None,
            held: 0,
            reserved: 0,
            group_held: 0,
            group_reserved: 0,
            last_ended_at: None,
            version: worker.version,
        }
    }

    /// A visitor comes.
    fn arrives(&mut self, group: usize) {
        let n = self.chats.len() as u32;
        let id = chat_id(self.now, n);
        let settings = &self.scenario.groups[group];
        let handling_s = self.handling[group].seconds(&settings.handling);
        let needs = settings.needs(|| self.kinds[group].unit());
        let (chat, rests_until) = (Chat::unborn(id), self.now);
        self.chats.push(Some(Box::new(Open { chat, group, queue: group, handling_s, needs, at: None, rests_until })));
        self.waiting.insert(n);
        if let Some(cell) = self.run.cell(group, self.now) {
            cell.arrived += 1;
        }
        let started = Input::Start {
            brand: simulated(),
            department: None,
            group: self.lines[group].id.clone(),
            name: None,
            email: None,
            page: None,
            language: None,
            variables: Default::default(),
            verified: Default::default(),
            question: None,
            wanted: None,
        };
        if self.commit(n, started).is_err() {
            self.breaks(format!("chat {id} could not begin"));
        }
        if let Some(patience) = &settings.patience {
            let leaves_at = self.now + span(self.patience[group].seconds(patience));
            self.clock.plan(leaves_at, Happening::Leaves { chat: n });
        }
        if let Some(timeout) = settings.connection_timeout_s {
            self.clock.plan(self.now + span(timeout), Happening::TimesOut { chat: n });
        }
        self.waits(n);
    }

    /// The chat says where it waits.
    fn waits(&mut self, n: u32) {
        let Some(arrival) = self.arrival(n) else { return };
        let Some(open) = self.chats[n as usize].as_deref() else { return };
        let actions = self.centre.handle_waiting(&self.lines[open.queue].id, arrival, self.now);
        self.hears(actions);
    }

    fn must(&mut self, found: Result<(), Violation>) {
        if let Err(violation) = found {
            self.broken.get_or_insert(violation);
        }
    }

    fn breaks(&mut self, what: String) {
        self.must(Err(Violation { at_ms: self.now.millis(), what }));
    }
}

/// A name for what has one in production only.
fn simulated<T: std::str::FromStr<Err = crate::domain::ids::BadId>>() -> T {
    #[expect(clippy::expect_used, reason = "a constant that is a name")]
    "simulated".parse().expect("a name")
}

/// A chat's id bears its index, so that chats of one moment are ordered as they came.
fn chat_id(at: Timestamp, n: u32) -> ChatId {
    ChatId::new(at.millis() as u64, u128::from(n) << 56, Shard(0))
}

fn index_of(chat: ChatId) -> u32 {
    let bytes = chat.0.as_bytes();
    u32::from_be_bytes([bytes[11], bytes[12], bytes[13], bytes[14]])
}

fn span(seconds: f64) -> Duration {
    Duration::from_millis(libm::round(seconds * 1000.0) as u64)
}

fn moment(seconds: f64) -> Timestamp {
    Timestamp::EPOCH + span(seconds)
}
