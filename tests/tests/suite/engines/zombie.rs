//! Two engines in one process over one store: a takeover, and a former owner who does not know of it yet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use engine::actors::connection::operator::OperatorConnection;
use engine::actors::connection::visitor::{Visitor, VisitorConnection};
use engine::actors::engine::{Engine, EngineParts, all_shards};
use engine::actors::outlet::{Outlet, Transport};
use engine::adapters::memory::MemoryStore;
use engine::adapters::system::{SystemClock, SystemRandom};
use engine::domain::group::{GroupSettings, Handling, Membership};
use engine::domain::ids::{AccountId, OperatorId, VisitorId};
use engine::domain::permission::StaffRole;
use engine::domain::skills::Skills;
use engine::domain::time::Timestamp;
use engine::metrics::Metrics;
use engine::ports::staff::{Brand, Department, Operator};
use engine::ports::store::SharedStore;
use engine::protocol::visitor;
use serde_json::{Value, json};
use uuid::Uuid;

/// How often a frame is looked for, and how long: 5 s.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(5);
const LOOKS: usize = 1000;

struct Still;

impl Transport for Still {
    fn wake(&self) {}
    fn cut(&self) {}
}

/// What a socket got, read out of its outlet.
struct Inbox {
    outlet: Outlet,
    got: Mutex<Vec<Value>>,
    closed: Mutex<Option<u16>>,
}

impl Inbox {
    fn new() -> Self {
        Self { outlet: Outlet::new(Still), got: Mutex::default(), closed: Mutex::default() }
    }

    fn look(&self) {
        let mut got = self.got.lock().expect("nobody panicked with it");
        let taken = self.outlet.take(usize::MAX, |text| {
            got.push(serde_json::from_str(&text).expect("a memory store and well-formed frames do not fail"));
        });
        drop(got);
        if let Some(code) = taken.close {
            *self.closed.lock().expect("nobody panicked with it") = Some(code);
        }
    }

    /// Waits for a frame.
    async fn expect(&self, what: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..LOOKS {
            self.look();
            if let Some(frame) = self.got.lock().expect("nobody panicked with it").iter().find(|frame| what(frame)) {
                return frame.clone();
            }
            actix::clock::sleep(LOOK_EVERY).await;
        }
        panic!("it did not come; instead there came {:#?}", self.got.lock().expect("nobody panicked with it"));
    }

    async fn expect_closed(&self) -> u16 {
        for _ in 0..LOOKS {
            self.look();
            if let Some(code) = *self.closed.lock().expect("nobody panicked with it") {
                return code;
            }
            actix::clock::sleep(LOOK_EVERY).await;
        }
        panic!("it was not closed");
    }

    /// Messages in the order they came, each with its number.
    fn messages(&self) -> Vec<(u64, String)> {
        self.look();
        let got = self.got.lock().expect("nobody panicked with it");
        let messages = got.iter().filter(|frame| frame["event"]["kind"] == "message");
        messages
            .map(|frame| {
                (
                    frame["seq"].as_u64().expect("a memory store and well-formed frames do not fail"),
                    frame["event"]["text"].as_str().expect("a memory store and well-formed frames do not fail").into(),
                )
            })
            .collect()
    }
}

struct Shop {
    store: SharedStore,
    account: AccountId,
    brand: Brand,
    joe: Operator,
}

impl Shop {
    async fn open() -> Self {
        let store: SharedStore = Arc::new(MemoryStore::new());
        let at = Timestamp::from_millis(1);
        let account = store
            .create_account("shop", "Shop", at)
            .await
            .expect("a memory store and well-formed frames do not fail")
            .id;
        let brand = Brand {
            account,
            id: "shop".parse().expect("a memory store and well-formed frames do not fail"),
            name: "Shop".into(),
            color: "#123456".into(),
            language: "en".into(),
            origins: Vec::new(),
            welcome: Default::default(),
            priorities: Default::default(),
            identity_keys: Vec::new(),
        };
        store.put_brand(&brand).await.expect("a memory store and well-formed frames do not fail");
        let support: Department = Department {
            id: "support".parse().expect("a memory store and well-formed frames do not fail"),
            name: "Support".into(),
            place: 0,
            needs: Default::default(),
        };
        store.put_department(account, &support).await.expect("a memory store and well-formed frames do not fail");
        let group = GroupSettings::new(
            "support".parse().expect("a memory store and well-formed frames do not fail"),
            support.id.clone(),
            "Support",
        );
        store.put_group(account, &group).await.expect("a memory store and well-formed frames do not fail");
        let joe = Operator {
            id: OperatorId(Uuid::from_u128(7)),
            email: "joe@example.com".into(),
            name: "Joe".into(),
            role: StaffRole::Operator,
            limit: Some(3),
            disabled: false,
            skills: Skills::default(),
        };
        store
            .create_operator(account, &joe, "no password", at)
            .await
            .expect("a memory store and well-formed frames do not fail");
        let membership =
            Membership { group: group.id, operator: joe.id, handling: Handling::Primary, limit: None, active: true };
        store.put_membership(account, &membership).await.expect("a memory store and well-formed frames do not fail");
        Self { store, account, brand, joe }
    }

    /// An engine that takes all shards, from whoever had them.
    async fn engine(&self, node: &str) -> Engine {
        Engine::start(EngineParts {
            node: node.parse().expect("a memory store and well-formed frames do not fail"),
            store: self.store.clone(),
            clock: Arc::new(SystemClock::new()),
            random: Box::new(SystemRandom),
            metrics: Metrics::new().expect("a memory store and well-formed frames do not fail"),
            visitor_rate: None,
            shards: all_shards(),
            bus: None,
            traces: None,
        })
        .await
        .expect("a memory store and well-formed frames do not fail")
    }

    async fn visitor(&self, engine: &Engine, inbox: &Inbox, resume: Option<visitor::Resume>) -> VisitorConnection {
        let known = Visitor {
            brand: self.brand.clone(),
            id: VisitorId(Uuid::from_u128(42)),
            token: "t".into(),
            signed: None,
            refused: None,
        };
        let hello = visitor::Hello {
            brand: self.brand.id.clone(),
            token: None,
            identity: None,
            language: None,
            page: None,
            variables: None,
            resume,
        };
        VisitorConnection::open(engine, inbox.outlet.clone(), known, hello)
            .await
            .expect("a memory store and well-formed frames do not fail")
    }

    async fn operator(&self, engine: &Engine, inbox: &Inbox) -> OperatorConnection {
        OperatorConnection::open(engine, inbox.outlet.clone(), self.account, self.joe.id, VecDeque::new())
            .await
            .expect("a memory store and well-formed frames do not fail")
    }
}

async fn says(connection: &mut VisitorConnection, frame: Value) {
    if let Some(later) = connection.frame(&frame.to_string(), std::time::Instant::now()) {
        let resolved = later.await;
        connection.resolved(resolved);
    }
}

async fn does(connection: &mut OperatorConnection, frame: Value) {
    if let Some(later) = connection.frame(&frame.to_string(), std::time::Instant::now()) {
        let resolved = later.await;
        connection.resolved(resolved);
    }
}

#[actix::test]
async fn a_former_owner_writes_nothing_and_sends_its_readers_to_the_new_one() {
    let shop = Shop::open().await;
    let first = shop.engine("first").await;
    let (clara_inbox, joe_inbox) = (Inbox::new(), Inbox::new());
    let mut joe = shop.operator(&first, &joe_inbox).await;
    does(&mut joe, json!({ "type": "status", "id": "s", "status": "online" })).await;
    joe_inbox.expect(|frame| frame["id"] == "s").await;
    let mut clara = shop.visitor(&first, &clara_inbox, None).await;
    says(&mut clara, json!({ "type": "start", "id": "st", "name": "Clara", "question": "one" })).await;
    let chat = clara_inbox.expect(|frame| frame["id"] == "st").await["chat"]
        .as_str()
        .expect("a memory store and well-formed frames do not fail")
        .to_owned();
    let offer = joe_inbox.expect(|frame| frame["type"] == "offer").await;
    does(&mut joe, json!({ "type": "accept", "id": "a", "offer": offer["offer"] })).await;
    clara_inbox.expect(|frame| frame["event"]["kind"] == "assigned").await;
    says(&mut clara, json!({ "type": "say", "id": "m1", "text": "two" })).await;
    clara_inbox.expect(|frame| frame["type"] == "ack" && frame["id"] == "m1").await;

    // The chat is the second engine's from the moment somebody comes for it there. The first one does not hear of it;
    // it finds out when it wants to write.
    let second = shop.engine("second").await;
    let (again_inbox, joe_again_inbox) = (Inbox::new(), Inbox::new());
    let resume =
        visitor::Resume { chat: chat.parse().expect("a memory store and well-formed frames do not fail"), after: 0 };
    let mut again = shop.visitor(&second, &again_inbox, Some(resume)).await;
    says(&mut clara, json!({ "type": "say", "id": "m2", "text": "three" })).await;
    let refused = clara_inbox.expect(|frame| frame["id"] == "m2").await;
    assert_eq!(refused["code"], "unavailable", "not known is what it may say: {refused}");
    assert_eq!(clara_inbox.expect_closed().await, 1012);
    let fenced = |engine: &Engine| {
        let text = engine.metrics_text();
        let line = text.lines().find_map(|line| line.strip_prefix("switchboard_chats_fenced_total "));
        line.map(str::to_owned).expect("it is counted from the start")
    };
    assert_eq!((fenced(&first).as_str(), fenced(&second).as_str()), ("1", "0"), "the former owner let go of it");
    assert!(!clara_inbox.messages().iter().any(|(_, text)| text == "three"));

    // What was not acked is sent again there; twice, as the second try may have got through.
    let mut joe_again = shop.operator(&second, &joe_again_inbox).await;
    for _ in 0..2 {
        says(&mut again, json!({ "type": "say", "id": "m2", "text": "three" })).await;
    }
    says(&mut again, json!({ "type": "say", "id": "m1", "text": "two" })).await;
    again_inbox.expect(|frame| frame["type"] == "ack" && frame["id"] == "m1").await;
    does(&mut joe_again, json!({ "type": "say", "id": "j1", "chat": chat, "text": "four" })).await;
    again_inbox.expect(|frame| frame["event"]["text"] == "four").await;
    let texts: Vec<String> = again_inbox.messages().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["one", "two", "three", "four"], "each once, in order");

    // And the former owner is still refused whatever it tries.
    does(&mut joe, json!({ "type": "say", "id": "z1", "chat": chat, "text": "from the grave" })).await;
    assert_eq!(joe_inbox.expect(|frame| frame["id"] == "z1").await["code"], "unavailable");
    let stored = shop
        .store
        .chat(shop.account, chat.parse().expect("a memory store and well-formed frames do not fail"))
        .await
        .expect("a memory store and well-formed frames do not fail")
        .expect("a memory store and well-formed frames do not fail");
    assert_eq!(stored.head.messages, 4);
}
