//! A small company to test with: one account with a brand, a department and two groups, operators, and chats that
//! the real state machine drives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::domain::chat::{Ask, Chat, Input, Person};
use engine::domain::event::{Audience, Author, EndedBy, EndedWhy, EventKind, OfferKind, Origin, Role, Sender};
use engine::domain::group::{GroupSettings, Handling, Membership};
use engine::domain::identity::Identity;
use engine::domain::ids::{AccountId, BrandId, ChatId, GroupId, NodeId, OperatorId, Shard, VisitorId};
use engine::domain::permission::StaffRole;
use engine::domain::skills::Skills;
use engine::domain::time::Timestamp;
use engine::ports::journal::{
    Append, AppendOutcome, Appended, Birth, BirthError, ChatHead, Completion, Head, Lane, Told,
};
use engine::ports::offers;
use engine::ports::staff::{Brand, Department, Operator};
use engine::ports::store::Store;
use engine::protocol::visitor::WelcomeScreen;
use tokio::sync::oneshot;
use uuid::Uuid;

pub const START: i64 = 1_800_000_000_000;

/// A moment of the test, in milliseconds after its start.
pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(START + millis)
}

/// An id that is made from text.
pub fn id<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().expect("an id of the test has the right form")
}

/// The company.
#[derive(Clone)]
pub struct World {
    pub store: Arc<dyn Store>,
    pub account: AccountId,
    pub brand: BrandId,
    pub group: GroupId,
    pub second_group: GroupId,
    /// The epoch of all shards.
    pub epoch: u64,
    made: Arc<AtomicU64>,
}

impl World {
    /// A company of that short name. With the first one, the node `n1` takes all shards.
    pub async fn new(store: Arc<dyn Store>, slug: &str) -> Self {
        let account = store.create_account(slug, slug, at(0)).await.unwrap().id;
        let brand = Brand {
            account,
            id: id(&format!("{slug}-shop")),
            name: "Shop".into(),
            color: "#0a5cff".into(),
            language: "en".into(),
            origins: vec!["https://shop.example".into()],
            welcome: WelcomeScreen::default(),
            priorities: Default::default(),
            identity_keys: Vec::new(),
        };
        store.put_brand(&brand).await.unwrap();
        let department = Department { id: id("sales"), name: "Sales".into(), place: 0, needs: Default::default() };
        store.put_department(account, &department).await.unwrap();
        let (group, second_group): (GroupId, GroupId) = (id("first"), id("second"));
        for group in [&group, &second_group] {
            let settings = GroupSettings::new(group.clone(), department.id.clone(), group.as_str());
            store.put_group(account, &settings).await.unwrap();
        }
        let all: Vec<Shard> = (0..=255).map(Shard).collect();
        let node: NodeId = id("n1");
        let epoch = match store.shards().await.unwrap()[0].epoch {
            0 => store.take_shards(&node, &all).await.unwrap()[0].epoch,
            taken => taken,
        };
        Self { store, account, brand: brand.id, group, second_group, epoch, made: Arc::default() }
    }

    /// A number that this company has not given yet.
    pub fn fresh(&self) -> u64 {
        self.made.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// An operator with that limit, a member of the first group without a limit there.
    pub async fn operator(&self, limit: Option<u32>) -> OperatorId {
        let number = self.fresh();
        let operator = Operator {
            id: OperatorId(Uuid::from_u128(u128::from(number) << 64 | self.account.0 as u128)),
            email: format!("o{number}@{}.example", self.account.0),
            name: format!("Operator {number}"),
            role: StaffRole::Operator,
            limit,
            disabled: false,
            skills: Skills::default(),
        };
        self.store.create_operator(self.account, &operator, "$argon2id$", at(0)).await.unwrap();
        self.join(&self.group, operator.id, None).await;
        operator.id
    }

    /// Makes an operator a member.
    pub async fn join(&self, group: &GroupId, operator: OperatorId, limit: Option<u32>) {
        let membership =
            Membership { group: group.clone(), operator, handling: Handling::Primary, limit, active: true };
        self.store.put_membership(self.account, &membership).await.unwrap();
    }

    /// A visitor nobody knows yet.
    pub fn visitor(&self) -> VisitorId {
        VisitorId(Uuid::from_u128(u128::from(self.fresh()) << 32 | 0x7157_0000_0000_0000 | self.account.0 as u128))
    }

    /// A chat of a new visitor, born at that moment in the first group.
    pub async fn chat(&self, millis: i64) -> Talk {
        let (talk, birth) = self.start(self.visitor(), millis);
        self.store.birth(birth).await.unwrap();
        talk
    }

    /// A chat that is to be born, and what the store is asked for it.
    pub fn start(&self, visitor: VisitorId, millis: i64) -> (Talk, Birth) {
        let number = self.fresh();
        let shard = Shard((number % 256) as u8);
        let chat = ChatId::new((START + millis) as u64, u128::from(number) << 60, shard);
        let mut talk = Talk { world: self.clone(), chat: Chat::unborn(chat), epoch: self.epoch };
        let origin =
            Origin { sender: Sender::Visitor, command: id(&format!("start-{number}")), digest: u64::MAX - number };
        let input = Input::Start {
            brand: self.brand.clone(),
            department: Some(id("sales")),
            group: self.group.clone(),
            name: Some("Vera".into()),
            email: Some("vera@visitor.example".into()),
            page: None,
            language: None,
            variables: Default::default(),
            verified: Default::default(),
            question: Some("Hello?".into()),
            wanted: None,
        };
        let append = talk.judge(input, at(millis), Some(origin.clone()));
        let Head::Full(head) = append.head else { unreachable!("a start is no message") };
        let birth = Birth {
            account: self.account,
            chat,
            epoch: self.epoch,
            visitor,
            brand: self.brand.clone(),
            department: Some(id("sales")),
            name: Some("Vera".into()),
            email: Some("vera@visitor.example".into()),
            contact: Some(Identity::Unverified("vera@visitor.example".into())),
            origin,
            events: append.events,
            head: *head,
            at: at(millis),
        };
        (talk, birth)
    }

    /// Asks for an append and waits for its outcome.
    pub async fn append(&self, append: Append) -> AppendOutcome {
        let (tell, told) = oneshot::channel();
        self.store.append(append, completion(direct(), move |outcome| drop(tell.send(outcome))));
        told.await.expect("an outcome is delivered")
    }

    /// What the roster of a group says of an operator: held and reserved, overall and in the group.
    pub async fn slots(&self, group: &GroupId, operator: OperatorId) -> [u32; 4] {
        let roster = self.store.roster(self.account, group).await.unwrap();
        let row = roster.into_iter().find(|row| row.operator == operator).expect("the operator is a member");
        [row.held, row.reserved, row.group_held, row.group_reserved]
    }
}

/// A lane that calls at once, on the thread that hands over.
pub fn direct() -> Lane {
    Arc::new(|all| all.into_iter().for_each(Told::tell))
}

pub fn completion(lane: Lane, deliver: impl FnOnce(AppendOutcome) + Send + 'static) -> Completion {
    Completion { lane, deliver: Box::new(deliver) }
}

/// A chat under way, as its session would see it: the state runs ahead of the store.
#[derive(Clone)]
pub struct Talk {
    pub world: World,
    pub chat: Chat,
    pub epoch: u64,
}

impl Talk {
    pub fn id(&self) -> ChatId {
        self.chat.id
    }

    /// Judges an input, takes its events in, and says what the store is to be asked.
    pub fn judge(&mut self, input: Input, now: Timestamp, origin: Option<Origin>) -> Append {
        let after = self.chat.last_seq;
        let rung = offers::ringing(&self.chat);
        let guests = self.chat.guests().to_vec();
        let decision = self.chat.decide(input, now).expect("the story of the test is possible");
        let events = self.chat.number(decision.events, now, origin);
        events.iter().for_each(|event| self.chat.apply(event));
        let only_messages = events.iter().all(|event| matches!(event.kind, EventKind::Message(_)));
        let (opened, closed) = offers::changed(&rung, offers::ringing(&self.chat));
        Append {
            account: self.world.account,
            chat: self.chat.id,
            epoch: self.epoch,
            after,
            events: events.iter().map(|event| event.to_stored().unwrap()).collect(),
            head: if only_messages { self.light() } else { self.full() },
            slots: decision.slots,
            opened,
            closed,
            guests: (guests != self.chat.guests()).then(|| self.chat.guests().to_vec()),
            decision: None,
            at: now,
        }
    }

    fn light(&self) -> Head {
        Head::Light {
            visitor_seq: self.chat.visitor_seq,
            messages: self.chat.messages,
            idle_since: self.chat.idle_since,
            answered_at: self.chat.answered_at,
            replies: self.chat.replies,
        }
    }

    fn full(&self) -> Head {
        Head::Full(Box::new(ChatHead::of(&self.chat).expect("the chat has begun")))
    }

    /// The visitor writes.
    pub fn says(&mut self, text: &str, millis: i64) -> Append {
        let from = Author { role: Role::Visitor, id: None, name: Some("Vera".into()) };
        self.judge(Input::Say { from, text: text.into(), to: Audience::Everyone }, at(millis), None)
    }

    /// The owner writes.
    pub fn answers(&mut self, text: &str, to: Audience, millis: i64) -> Append {
        let owner = self.chat.owner().expect("somebody owns the chat").clone();
        let from = Author { role: Role::Operator, id: Some(owner.id), name: Some(owner.name) };
        let origin = Origin {
            sender: Sender::Operator(owner.id),
            command: id(&format!("say-{}", self.world.fresh())),
            digest: 0xffff_0000_ffff_0001,
        };
        self.judge(Input::Say { from, text: text.into(), to }, at(millis), Some(origin))
    }

    /// It is rung at an operator for 20 s.
    pub fn rings_at(&mut self, operator: OperatorId, millis: i64) -> Append {
        let ring = Some(std::time::Duration::from_secs(20));
        let group = self.world.group.clone();
        self.judge(Input::Propose { operator, name: "Otto".into(), group, ring }, at(millis), None)
    }

    /// It is assigned to an operator at once.
    pub fn is_assigned_to(&mut self, operator: OperatorId, millis: i64) -> Append {
        let group = self.world.group.clone();
        self.judge(Input::Propose { operator, name: "Otto".into(), group, ring: None }, at(millis), None)
    }

    /// The operator at whom it rings accepts.
    pub fn is_accepted(&mut self, millis: i64) -> Append {
        let open = self.chat.offer().expect("it rings").clone();
        self.judge(Input::Accept { offer: open.id, operator: open.operator }, at(millis), None)
    }

    /// The operator at whom it rings declines.
    pub fn is_declined(&mut self, millis: i64) -> Append {
        let open = self.chat.offer().expect("it rings").clone();
        self.judge(Input::Decline { offer: open.id, operator: open.operator }, at(millis), None)
    }

    /// The owner asks a colleague to take it over, or to come in.
    pub fn asks(&mut self, kind: OfferKind, from: OperatorId, to: OperatorId, millis: i64) -> Append {
        let to = Some(Person { id: to, name: "Colleague".into() });
        let (group, reason) = (self.world.group.clone(), Some("your field".into()));
        let lasts = std::time::Duration::from_secs(20);
        self.judge(Input::Ask(Ask { kind, from, to, group, reason, stay: true, lasts }), at(millis), None)
    }

    /// An operator leaves it to the others.
    pub fn leaves(&mut self, operator: OperatorId, millis: i64) -> Append {
        self.judge(Input::Leave { operator }, at(millis), None)
    }

    /// The visitor ends it.
    pub fn ends(&mut self, millis: i64) -> Append {
        self.judge(Input::End { by: EndedBy::Visitor, why: EndedWhy::Closed, operator: None }, at(millis), None)
    }

    /// Asks the store, which must do it.
    pub async fn done(&self, append: Append) -> Appended {
        self.world.append(append).await.expect("the store does it")
    }

    /// All events, as operators see them.
    pub async fn stored(&self) -> Vec<EventKind> {
        let side = engine::ports::journal::Side::Operators;
        let (account, id) = (self.world.account, self.id());
        let page = self.world.store.events(account, id, side, 0, 10_000, usize::MAX).await.unwrap();
        page.events.iter().map(|event| event.kind().expect("a known kind")).collect()
    }
}

/// What a birth came to, in short.
pub fn before(result: Result<i64, BirthError>) -> Option<(ChatId, u32)> {
    match result {
        Err(BirthError::Before { chat, seq }) => Some((chat, seq)),
        _ => None,
    }
}
