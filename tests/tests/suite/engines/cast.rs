//! Who plays: a shop with its operators over one store, nodes that share it, and people whose sockets end in them.

mod sockets;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::actors::connection::operator::OperatorConnection;
use engine::actors::connection::visitor::{Visitor, VisitorConnection};
use engine::actors::engine::{Engine, EngineParts, all_shards};
use engine::actors::faults;
use engine::actors::registry::{operator_shard, queue_shard};
use engine::adapters::bus::faulty::{Faults, Faulty};
use engine::adapters::bus::{InProcess, InProcessBus};
use engine::adapters::memory::MemoryStore;
use engine::adapters::sqlite::{SqliteOptions, SqliteStore};
use engine::adapters::system::{SystemClock, SystemRandom};
use engine::domain::event::EventKind;
use engine::domain::group::{Availability, GroupSettings, Handling, Membership, OfferMode, RoutingRules};
use engine::domain::ids::{AccountId, ChatId, GroupId, NodeId, OperatorId, Shard, VisitorId};
use engine::domain::patience::Patience;
use engine::domain::permission::StaffRole;
use engine::domain::skills::Skills;
use engine::domain::time::Timestamp;
use engine::metrics::{Invariant, Metrics};
use engine::ports::clock::SharedClock;
use engine::ports::journal::Side;
use engine::ports::staff::{Brand, Department, Operator};
use engine::ports::store::SharedStore;
use engine::protocol::error::Failure;
use engine::protocol::visitor;
use futures_util::FutureExt;
use futures_util::future::join_all;
use uuid::Uuid;

pub use self::sockets::{Inbox, Tab, Window, event};
use self::sockets::{LOOK_EVERY, LOOKS};

/// A bus as bad as it may be.
pub const BAD: Faults = Faults { dropped: 30, doubled: 20, delayed: Duration::from_millis(200) };
/// A bus as good as it may be.
pub const GOOD: Faults = Faults { dropped: 0, doubled: 0, delayed: Duration::ZERO };
/// Seeds that each story is told with.
const SEEDS: [u64; 3] = [1, 7, 2026];

/// An engine and its end of the bus.
pub struct Node {
    pub engine: Engine,
    pub bus: Arc<Faulty>,
    pub name: NodeId,
    sound: Arc<Sound>,
}

/// What tells whether a shop's story has planted what the comparisons with the store find.
#[derive(Default)]
struct Sound {
    buses: Mutex<Vec<Arc<Faulty>>>,
    owned: Mutex<Vec<Shard>>,
    planted: AtomicBool,
}

impl Sound {
    /// Two nodes that own the same do not know of each other: what one does the other one was not told.
    fn begins(&self, bus: &Arc<Faulty>, shards: &[Shard]) {
        let mut owned = self.owned.lock().expect("nobody panics over it");
        if shards.iter().any(|shard| owned.contains(shard)) {
            self.plants();
        }
        owned.extend_from_slice(shards);
        self.buses.lock().expect("nobody panics over it").push(bus.clone());
    }

    fn plants(&self) {
        self.planted.store(true, Ordering::SeqCst);
    }

    fn is(&self) -> bool {
        let all_good = self.buses.lock().expect("nobody panics over it").iter().all(|bus| bus.was_good());
        all_good && !self.planted.load(Ordering::SeqCst) && !faults::is_planted()
    }
}

/// When a story ends nothing that must never happen has been counted. Where a bus is bad, or something was planted, the
/// comparisons with the store make good what was lost, and count it: they may.
impl Drop for Node {
    fn drop(&mut self) {
        if std::thread::panicking() || !self.sound.is() {
            return;
        }
        let text = self.engine.metrics_text();
        let mut series =
            text.lines().filter(|line| line.starts_with("switchboard_invariant_violations_total{")).peekable();
        assert!(series.peek().is_some(), "a series that is missing is no zero: {text}");
        let broken: Vec<&str> = series.filter(|line| !line.ends_with(" 0")).collect();
        assert!(broken.is_empty(), "what must never happen has been counted by {}: {broken:?}", self.name);
    }
}

impl Node {
    /// The sum of all series that begin so; at least one must be there.
    pub fn told(&self, series: &str) -> f64 {
        let text = self.engine.metrics_text();
        let values = text.lines().filter(|line| line.starts_with(series)).filter_map(|line| line.rsplit(' ').next());
        let values: Vec<f64> = values.map(|value| value.parse().expect("a number")).collect();
        assert!(!values.is_empty(), "there is no {series}");
        values.iter().sum()
    }
}

/// A shop over one store in SQLite, with two operators in one group.
pub struct Shop {
    pub store: SharedStore,
    pub account: AccountId,
    pub brand: Brand,
    pub joe: Operator,
    pub bob: Operator,
    pub group: GroupId,
    pub patience: Patience,
    place: InProcess,
    sound: Arc<Sound>,
    folder: tempfile::TempDir,
}

/// Shards of the first node are the even ones, those of the second the odd ones.
pub fn shards_of(node: u8) -> Vec<Shard> {
    all_shards().into_iter().filter(|shard| shard.0 % 2 == node - 1).collect()
}

impl Shop {
    /// The queue and the operators live on the nodes of those numbers, 1 or 2.
    pub async fn open(queue_on: u8, operators_on: u8, rings: Duration) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a store");
        let store = SqliteStore::open(SqliteOptions::new(folder.path())).await.expect("a new folder can be used");
        Self::open_on(Arc::new(store), folder, queue_on, operators_on, rings).await
    }

    /// The same over a store in memory, which keeps every rule of a group.
    pub async fn in_memory(queue_on: u8, operators_on: u8, rings: Duration) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        Self::open_on(Arc::new(MemoryStore::new()), folder, queue_on, operators_on, rings).await
    }

    async fn open_on(
        store: SharedStore,
        folder: tempfile::TempDir,
        queue_on: u8,
        operators_on: u8,
        rings: Duration,
    ) -> Self {
        let at = Timestamp::from_millis(1);
        let account = store.create_account("shop", "Shop", at).await.expect("the store answers").id;
        let brand = Brand {
            account,
            id: "shop".parse().expect("a name"),
            name: "Shop".into(),
            color: "#123456".into(),
            language: "en".into(),
            origins: Vec::new(),
            welcome: Default::default(),
            priorities: Default::default(),
            identity_keys: Vec::new(),
        };
        store.put_brand(&brand).await.expect("the store answers");
        let support = Department {
            id: "support".parse().expect("a name"),
            name: "Support".into(),
            place: 0,
            needs: Default::default(),
        };
        store.put_department(account, &support).await.expect("the store answers");
        let group: GroupId = (0..)
            .map(|number| format!("support-{number}").parse().expect("a name"))
            .find(|group| shards_of(queue_on).contains(&queue_shard(account, group)))
            .expect("some name is there");
        let mut settings = GroupSettings::new(group.clone(), support.id.clone(), "Support");
        settings.offer_expires_after = rings;
        store.put_group(account, &settings).await.expect("the store answers");
        let mut ids = (1..).map(|number| OperatorId(Uuid::from_u128(number)));
        let mut hire = |name: &str, limit| Operator {
            id: ids.find(|id| shards_of(operators_on).contains(&operator_shard(*id))).expect("some id is there"),
            email: format!("{}@example.com", name.to_lowercase()),
            name: name.into(),
            role: StaffRole::Operator,
            limit: Some(limit),
            disabled: false,
            skills: Skills::default(),
        };
        let (joe, bob) = (hire("Joe", 3), hire("Bob", 3));
        for operator in [&joe, &bob] {
            store.create_operator(account, operator, "no password", at).await.expect("the store answers");
            let membership = Membership {
                group: group.clone(),
                operator: operator.id,
                handling: Handling::Primary,
                limit: None,
                active: true,
            };
            store.put_membership(account, &membership).await.expect("the store answers");
        }
        Self {
            store,
            account,
            brand,
            joe,
            bob,
            group,
            patience: Patience::default(),
            place: InProcess::default(),
            sound: Arc::default(),
            folder,
        }
    }

    /// The database, behind the store's back; not with a store in memory.
    pub fn database(&self) -> rusqlite::Connection {
        self.sound.plants();
        let database = rusqlite::Connection::open(self.folder.path().join("switchboard.db"));
        let database = database.expect("the store is there");
        database.busy_timeout(Duration::from_secs(5)).expect("a time");
        database
    }

    /// Changes one row of it.
    pub fn tampers(&self, statement: &str) {
        assert_eq!(self.database().execute(statement, []), Ok(1), "one row is changed");
    }

    /// Sets the rules of the group; before the nodes begin.
    pub async fn has_rules(&self, rules: RoutingRules) {
        let settings = self.store.group(self.account, &self.group).await.expect("the store answers");
        let settings = GroupSettings { rules: Box::new(rules), ..settings.expect("the group is there") };
        self.store.put_group(self.account, &settings).await.expect("the store answers");
    }

    /// The chats of the group ring at all; before the nodes begin.
    pub async fn rings_at_all(&self) {
        let settings = self.store.group(self.account, &self.group).await.expect("the store answers");
        let settings = GroupSettings { offer_mode: OfferMode::RingAll, ..settings.expect("the group is there") };
        self.store.put_group(self.account, &settings).await.expect("the store answers");
    }

    /// A second department whose group's queue lives on that node, with one operator in it; before the nodes begin.
    pub async fn has_sales(&self, queue_on: u8, operator: &Operator) -> GroupId {
        let sales = Department {
            id: "sales".parse().expect("a name"),
            name: "Sales".into(),
            place: 1,
            needs: Default::default(),
        };
        self.store.put_department(self.account, &sales).await.expect("the store answers");
        let group: GroupId = (0..)
            .map(|number| format!("sales-{number}").parse().expect("a name"))
            .find(|group| shards_of(queue_on).contains(&queue_shard(self.account, group)))
            .expect("some name is there");
        let settings = GroupSettings::new(group.clone(), sales.id.clone(), "Sales");
        self.store.put_group(self.account, &settings).await.expect("the store answers");
        let (operator, handling) = (operator.id, Handling::Primary);
        let membership = Membership { group: group.clone(), operator, handling, limit: None, active: true };
        self.store.put_membership(self.account, &membership).await.expect("the store answers");
        group
    }

    /// Makes an operator a primary member of a group, with room for so many chats; before the nodes begin.
    pub async fn has_room(&self, group: &GroupId, operator: OperatorId, limit: u32) {
        let (group, handling) = (group.clone(), Handling::Primary);
        let room = Membership { group, operator, handling, limit: Some(limit), active: true };
        self.store.put_membership(self.account, &room).await.expect("the store answers");
    }

    /// Waits until a node knows that somebody receives in a department.
    pub async fn receives(&self, node: &Node, department: &str) {
        let department = department.parse().expect("a name");
        let is_there = || node.engine.availability(self.account, Some(&department)) != Availability::Offline;
        until("that somebody receives", is_there).await;
    }

    /// A node that owns those shards.
    pub async fn node(&self, name: &str, shards: Vec<Shard>, faults: Faults, seed: u64) -> Node {
        self.node_by(Arc::new(SystemClock::new()), name, shards, faults, seed).await
    }

    /// The same by another clock than the machine's.
    pub async fn node_by(&self, clock: SharedClock, name: &str, shards: Vec<Shard>, faults: Faults, seed: u64) -> Node {
        let node: NodeId = name.parse().expect("a name");
        let bus = Arc::new(Faulty::new(Arc::new(self.place.attach(&node)), faults, seed));
        self.sound.begins(&bus, &shards);
        let parts = EngineParts {
            node: node.clone(),
            store: self.store.clone(),
            clock,
            random: Box::new(SystemRandom),
            metrics: Metrics::new().expect("metrics can be made"),
            visitor_rate: None,
            shards,
            bus: Some(Arc::new(bus.clone())),
            traces: None,
        };
        let engine = Engine::start_with(parts, self.patience).await.expect("the store answers");
        Node { engine, bus, name: node, sound: self.sound.clone() }
    }

    /// The end of the bus of somebody who is no node.
    pub fn stranger(&self, name: &str) -> InProcessBus {
        self.place.attach(&name.parse().expect("a name"))
    }

    /// Both nodes, each with its half of the shards, over a bus of that badness.
    pub async fn nodes(&self, faults: Faults, seed: u64) -> (Node, Node) {
        (self.node("one", shards_of(1), faults, seed).await, self.node("two", shards_of(2), faults, seed + 1).await)
    }

    /// A tab of somebody who comes back until there is a welcome, as the widget does.
    pub async fn tab(&self, node: &Node, visitor: u128, resume: Option<(&str, u32)>) -> Tab {
        let mut refused = Vec::new();
        for _ in 0..30 {
            match self.try_tab(node, visitor, resume).await {
                Ok(mut tab) => {
                    if let Some((chat, _)) = resume {
                        tab.reads_to_the_end(chat).await;
                    }
                    return tab;
                }
                Err(failure) => refused.push(failure.to_string()),
            }
            actix::clock::sleep(Duration::from_millis(500)).await;
        }
        panic!("no welcome: {refused:?}");
    }

    async fn try_tab(&self, node: &Node, visitor: u128, resume: Option<(&str, u32)>) -> Result<Tab, Failure> {
        let inbox = Inbox::new();
        let known = Visitor {
            brand: self.brand.clone(),
            id: VisitorId(Uuid::from_u128(visitor)),
            token: "t".into(),
            signed: None,
            refused: None,
        };
        let resume = resume.map(|(chat, after)| visitor::Resume { chat: chat.parse().expect("an id"), after });
        let hello = visitor::Hello {
            brand: self.brand.id.clone(),
            token: None,
            identity: None,
            language: None,
            page: None,
            variables: None,
            resume,
        };
        let connection = VisitorConnection::open(&node.engine, inbox.outlet.clone(), known, hello).await?;
        Ok(Tab { inbox, connection })
    }

    /// A window of somebody who comes back until there is a welcome, as the console does.
    pub async fn window(&self, node: &Node, operator: &Operator) -> Window {
        let mut refused = Vec::new();
        for _ in 0..30 {
            let inbox = Inbox::new();
            let (outlet, none) = (inbox.outlet.clone(), VecDeque::new());
            match OperatorConnection::open(&node.engine, outlet, self.account, operator.id, none).await {
                Ok(connection) => return Window { inbox, connection },
                Err(failure) => refused.push(failure.to_string()),
            }
            actix::clock::sleep(Duration::from_millis(500)).await;
        }
        panic!("no welcome: {refused:?}");
    }

    /// Clara and Joe in a chat that he has accepted, each on their node; nothing was said but "hello".
    pub async fn in_a_chat(&self, tab_on: &Node, window_on: &Node) -> (Tab, Window, String) {
        let mut joe = self.window(window_on, &self.joe).await;
        joe.goes_online().await;
        let mut clara = self.tab(tab_on, 42, None).await;
        clara.sees_online().await;
        let chat = clara.starts("hello").await;
        joe.accepts(&chat).await;
        (clara, joe, chat)
    }

    /// Bob comes on-line and into Joe's chat, as his guest.
    pub async fn with_bob(&self, window_on: &Node, joe: &mut Window, chat: &str) -> Window {
        let mut bob = self.window(window_on, &self.bob).await;
        bob.goes_online().await;
        joe.invites(chat, &self.bob).await;
        bob.accepts(chat).await;
        bob
    }

    /// When such an event of a chat was written, by its node's clock.
    pub async fn written_at(&self, chat: &str, wanted: impl Fn(&EventKind) -> bool) -> Timestamp {
        let chat: ChatId = chat.parse().expect("an id");
        let stored = self.store.events(self.account, chat, Side::Operators, 0, 100, 1 << 20).await;
        let events = stored.expect("the store answers").events;
        let event = events.iter().find(|event| event.kind().is_some_and(|kind| wanted(&kind)));
        event.expect("it is written").at
    }

    /// What is stored of a chat: the numbers of its last event, as operators and as the visitor count, and its messages.
    pub async fn stored(&self, chat: &str) -> (u64, u64, u32) {
        let chat: ChatId = chat.parse().expect("an id");
        let head = self.store.chat(self.account, chat).await.expect("the store answers").expect("it is stored").head;
        (head.last_seq.into(), head.visitor_seq.into(), head.messages)
    }
}

/// Tells a story with each seed, side by side: they wait most of the time. Says with which seed one went wrong.
pub async fn with_each_seed(story: impl AsyncFn(u64)) {
    let told = SEEDS.map(|seed| {
        let telling = std::panic::AssertUnwindSafe(story(seed)).catch_unwind();
        async move { telling.await.map_err(|panic| (seed, panic)) }
    });
    for ending in join_all(told).await {
        if let Err((seed, panic)) = ending {
            println!("it went wrong with seed {seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

/// Waits until something is so.
pub async fn until(name: &str, mut is: impl FnMut() -> bool) {
    for _ in 0..LOOKS {
        if is() {
            return;
        }
        actix::clock::sleep(LOOK_EVERY).await;
    }
    panic!("{name} did not become true");
}

#[actix::test]
#[should_panic(expected = "what must never happen has been counted by one")]
async fn a_story_in_which_something_of_it_is_counted_fails() {
    let shop = Shop::in_memory(1, 1, Duration::from_secs(60)).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    node.engine.shared().metrics.violated(Invariant::SlotNotRefilled);
}
