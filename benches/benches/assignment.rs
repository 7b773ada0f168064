//! Assignments through routing and the real store: chats that wait are proposed by a group's desk, judged by the chat,
//! stored with the operator's slot in one transaction with fsync, and settled; the next ones follow from the answers.
//! `cargo bench -p switchboard-benches --bench assignment`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use engine::adapters::sqlite::{SqliteOptions, SqliteStore};
use engine::domain::chat::{Chat, Input};
use engine::domain::event::{Event, Origin, Sender as From};
use engine::domain::group::{GroupSettings, Handling, Membership, OfferMode};
use engine::domain::ids::{AccountId, BrandId, ChatId, GroupId, NodeId, OperatorId, Shard, VisitorId};
use engine::domain::operator::Reception;
use engine::domain::permission::StaffRole;
use engine::domain::routing::{Arrival, Desk, Effect, LoadNews, Member, Settled};
use engine::domain::skills::Skills;
use engine::domain::time::Timestamp;
use engine::ports::decisions::DecisionRow;
use engine::ports::journal::{Append, AppendOutcome, Birth, ChatHead, Completion, Head, Lane, Told};
use engine::ports::staff::{Department, Operator};
use engine::ports::store::Store;
use uuid::Uuid;

/// What is aimed at, a second.
const RATE_MIN: f64 = 3_000.0;
const OPERATORS: u64 = 500;
const CHATS: u64 = 20_000;
/// Chats that are made at once, so that making them does not take longer than what is measured.
const BORN_AT_ONCE: u64 = 500;
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk of the target folder");
    let mut centre = runtime.block_on(Centre::open(folder.path()));
    let begun = Instant::now();
    centre.assign_all();
    let seconds = begun.elapsed().as_secs_f64();
    let rate = CHATS as f64 / seconds;
    println!("{CHATS} chats, {OPERATORS} operators: {rate:.0} durable assignments a second (at least {RATE_MIN})");
    assert_eq!(runtime.block_on(centre.held()), CHATS, "every chat is somebody's in the store");
    runtime.block_on(centre.store.close());
    assert!(rate >= RATE_MIN, "slower than is promised");
}

struct Centre {
    store: Arc<dyn Store>,
    account: AccountId,
    group: GroupId,
    epoch: u64,
    desk: Desk,
    chats: HashMap<ChatId, Chat>,
    lane: Lane,
    done: Sender<(ChatId, OperatorId, AppendOutcome)>,
    answers: Receiver<(ChatId, OperatorId, AppendOutcome)>,
}

impl Centre {
    async fn open(folder: &std::path::Path) -> Self {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(SqliteOptions::new(folder)).await.expect("it opens"));
        let account = store.create_account("bench", "Bench", NOW).await.expect("it is made").id;
        let node: NodeId = "n1".parse().expect("a name");
        let shards: Vec<Shard> = (0..=255).map(Shard).collect();
        let epoch = store.take_shards(&node, &shards).await.expect("they are taken")[0].epoch;
        let group: GroupId = "support".parse().expect("a name");
        let id = "support".parse().expect("a name");
        let department = Department { id, name: "Support".into(), place: 0, needs: Default::default() };
        store.put_department(account, &department).await.expect("it is stored");
        let mut settings = GroupSettings::new(group.clone(), department.id, "Support");
        settings.offer_mode = OfferMode::Automatic;
        store.put_group(account, &settings).await.expect("it is stored");
        let mut members = Vec::new();
        for number in 0..OPERATORS {
            members.push(hire(&*store, account, &group, number).await);
        }
        let (desk, _) = Desk::open(settings, members, [], NOW);
        let (done, answers) = channel();
        let lane: Lane = Arc::new(|all: Vec<Told>| all.into_iter().for_each(Told::tell));
        let chats = HashMap::new();
        let mut centre = Self { store, account, group, epoch, desk, chats, lane, done, answers };
        for first in (0..CHATS).step_by(BORN_AT_ONCE as usize) {
            let births: Vec<Birth> = (first..first + BORN_AT_ONCE).map(|number| centre.birth(number)).collect();
            let store = &centre.store;
            let born = futures_util::future::join_all(births.into_iter().map(|birth| store.birth(birth))).await;
            for one in born {
                one.expect("it is born");
            }
        }
        centre
    }

    fn birth(&mut self, number: u64) -> Birth {
        let id = ChatId::new(number, u128::from(number) << 60, Shard((number % 256) as u8));
        let mut chat = Chat::unborn(id);
        let brand: BrandId = "shop".parse().expect("a name");
        let start = Input::Start {
            language: None,
            variables: Default::default(),
            verified: Default::default(),
            brand: brand.clone(),
            department: None,
            group: self.group.clone(),
            name: Some("Vera".into()),
            email: None,
            page: None,
            question: Some("Where is my parcel?".into()),
            wanted: None,
        };
        let origin = Origin { sender: From::Visitor, command: "start".parse().expect("a name"), digest: number };
        let decision = chat.decide(start, NOW).expect("a chat may begin");
        let events = chat.number(decision.events, NOW, Some(origin.clone()));
        let stored = events.iter().map(|event| event.to_stored().expect("it is JSON")).collect();
        events.iter().for_each(|event| chat.apply(event));
        let head = ChatHead::of(&chat).expect("it has begun");
        self.chats.insert(id, chat);
        Birth {
            contact: None,
            account: self.account,
            chat: id,
            epoch: self.epoch,
            visitor: VisitorId(Uuid::from_u128(u128::from(number))),
            brand,
            department: None,
            name: Some("Vera".into()),
            email: None,
            origin,
            events: stored,
            head,
            at: NOW,
        }
    }

    /// All chats come, as many as the store takes, and each is assigned.
    fn assign_all(&mut self) {
        let mut coming: Vec<ChatId> = self.chats.keys().copied().collect();
        coming.sort_unstable();
        let (mut left, mut under_way) = (CHATS, 0);
        let mut coming = coming.into_iter();
        while left > 0 {
            while under_way < engine::domain::limits::COMMIT_GROUP_MAX * 4 {
                let Some(chat) = coming.next() else { break };
                let effects = self.desk.handle_waiting(Arrival::new(chat, NOW), NOW);
                under_way += self.carry_out(effects);
            }
            let (chat, operator, outcome) = self.answers.recv().expect("appends are under way");
            let load = outcome.expect("it is stored").loads.pop().expect("a slot was taken");
            let news = LoadNews {
                operator,
                group: load.group,
                held: load.held,
                reserved: load.reserved,
                group_held: load.group_held,
                group_reserved: load.group_reserved,
                last_ended_at: load.last_ended_at,
                version: load.version,
            };
            let effects = self.desk.handle_settled(chat, operator, Settled::Assigned(news), NOW);
            (left, under_way) = (left - 1, under_way - 1);
            under_way += self.carry_out(effects);
        }
    }

    /// Stores what is proposed; how many proposals there were.
    fn carry_out(&mut self, effects: Vec<Effect>) -> usize {
        let mut proposals = 0;
        for effect in effects {
            let Effect::Propose { chat: id, operator, name, record, .. } = effect else { continue };
            proposals += 1;
            let chat = self.chats.get_mut(&id).expect("it waits");
            let propose = Input::Propose { operator, name, group: self.group.clone(), ring: None };
            let decision = chat.decide(propose, NOW).expect("it waits");
            let after = chat.last_seq;
            let events: Vec<Event> = chat.number(decision.events, NOW, None);
            let stored = events.iter().map(|event| event.to_stored().expect("it is JSON")).collect();
            events.iter().for_each(|event| chat.apply(event));
            // Why it went to whom it went is stored with it, as in production.
            let decided = DecisionRow {
                seq: after + 1,
                at: NOW,
                group: self.group.clone(),
                record: serde_json::value::to_raw_value(&record).expect("it is JSON"),
            };
            let append = Append {
                decision: Some(Box::new(decided)),
                account: self.account,
                chat: id,
                epoch: self.epoch,
                after,
                events: stored,
                head: Head::Full(Box::new(ChatHead::of(chat).expect("it has begun"))),
                slots: decision.slots,
                opened: Vec::new(),
                closed: Vec::new(),
                guests: None,
                at: NOW,
            };
            let done = self.done.clone();
            let deliver = Box::new(move |outcome| drop(done.send((id, operator, outcome))));
            self.store.append(append, Completion { lane: Arc::clone(&self.lane), deliver });
        }
        proposals
    }

    /// Chats that operators hold, as the store says.
    async fn held(&self) -> u64 {
        let roster = self.store.roster(self.account, &self.group).await.expect("it answers");
        roster.iter().map(|row| u64::from(row.group_held)).sum()
    }
}

async fn hire(store: &dyn Store, account: AccountId, group: &GroupId, number: u64) -> Member {
    let operator = Operator {
        id: OperatorId(Uuid::from_u128(u128::from(number) + 1)),
        email: format!("o{number}@bench.example"),
        name: format!("Operator {number}"),
        role: StaffRole::Operator,
        limit: Some(100),
        disabled: false,
        skills: Skills::default(),
    };
    store.create_operator(account, &operator, "$argon2id$", NOW).await.expect("it is stored");
    let (handling, id) = (Handling::Primary, operator.id);
    let membership = Membership { group: group.clone(), operator: id, handling, limit: None, active: true };
    store.put_membership(account, &membership).await.expect("it is stored");
    Member {
        operator: id,
        name: operator.name,
        handling,
        active: true,
        limit: operator.limit,
        group_limit: None,
        reception: Reception::Ready { since: NOW },
        held: 0,
        reserved: 0,
        group_held: 0,
        group_reserved: 0,
        last_ended_at: None,
        version: 0,
        skills: Skills::default(),
    }
}
