//! A colleague who was invited has the chat when its owner goes. Where the colleague is gone, too, nobody is left with it:
//! it is theirs as their other chats are, and their group says what becomes of it.

use std::time::Duration;

use engine::actors::engine::StaffChange;
use engine::actors::faults;
use engine::domain::closing::{Closing, HeldChats};
use engine::domain::group::{LostOperator, RoutingRules, Status};
use engine::domain::ids::OperatorId;
use serde_json::{Value, json};

use crate::suite::engines::cast::{BAD, Node, Shop, Tab, Window, event, shards_of, with_each_seed};

const RINGS: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_millis(700);

fn queued_behind(seq: u64) -> impl Fn(&Value) -> bool {
    move |frame| frame["event"]["kind"] == "queued" && frame["seq"].as_u64() > Some(seq)
}

/// Joe has Clara's chat on the first node, Bob came in as his guest and is lost by now: his grace is over. Who Joe and Bob
/// are lives on the second node, and so does the queue.
struct Heirless {
    shop: Shop,
    one: Node,
    two: Node,
    clara: Tab,
    joe: Window,
    chat: String,
    /// The offer by which Joe came to it.
    first: Value,
    /// Her number of Bob's coming: what is queued behind it is queued again.
    joined: u64,
}

async fn bob_is_lost(seed: u64, lost_operator: LostOperator) -> Heirless {
    let mut shop = Shop::open(2, 2, RINGS).await;
    shop.patience.operator_grace = GRACE;
    shop.has_rules(RoutingRules { lost_operator, ..RoutingRules::default() }).await;
    let (one, two) = shop.nodes(BAD, seed).await;
    let (mut clara, mut joe, chat) = shop.in_a_chat(&one, &one).await;
    let first = joe.offered(&chat).await;
    let bob = shop.with_bob(&two, &mut joe, &chat).await;
    let joined = clara.inbox.expect("Bob", event("joined")).await["seq"].as_u64().expect("events are numbered");
    drop(bob);
    is_offline(&shop, shop.bob.id).await;
    Heirless { shop, one, two, clara, joe, chat, first, joined }
}

async fn is_offline(shop: &Shop, operator: OperatorId) {
    for _ in 0..1_000 {
        let stored = shop.store.own_presence(shop.account, operator).await.expect("the store answers");
        if stored.expect("there is such an operator").status == Status::Offline {
            return;
        }
        actix::clock::sleep(Duration::from_millis(10)).await;
    }
    panic!("the grace does not end");
}

impl Heirless {
    async fn joe_leaves(&mut self) {
        self.joe.sends(json!({ "type": "leave", "id": "leave", "chat": self.chat })).await;
        self.joe.acked("leave").await;
        self.clara.inbox.expect("that Joe left", event("left")).await;
    }

    async fn is_queued_again(&mut self) {
        self.clara.inbox.expect("the queue again", queued_behind(self.joined)).await;
    }

    async fn rings_at_joe_again(&mut self) {
        let Self { joe, chat, first, .. } = self;
        let again =
            |frame: &Value| frame["type"] == "offer" && frame["chat"] == chat.as_str() && frame["offer"] != *first;
        let offer = joe.inbox.expect("that it rings again", again).await["offer"].clone();
        joe.sends(json!({ "type": "accept", "id": "again", "offer": offer })).await;
        joe.acked("again").await;
    }

    async fn no_slot_is_left_behind(&self) {
        assert_eq!(self.shop.store.recount(self.shop.account).await, Ok(Vec::new()), "every slot was given back");
    }
}

async fn owner_leaves(seed: u64) {
    let mut all = bob_is_lost(seed, LostOperator::Requeue).await;
    all.joe_leaves().await;
    all.is_queued_again().await;
    all.rings_at_joe_again().await;
    all.no_slot_is_left_behind().await;
}

#[actix::test]
async fn a_chat_that_falls_to_a_guest_who_is_lost_goes_back_to_the_queue() {
    with_each_seed(owner_leaves).await;
}

#[actix::test]
async fn a_chat_whose_owner_is_lost_behind_the_guest_goes_back_to_the_queue() {
    with_each_seed(async |seed| {
        let all = bob_is_lost(seed, LostOperator::Requeue).await;
        let Heirless { shop, one: _one, two: _two, mut clara, joe, joined, .. } = all;
        drop(joe);
        clara.inbox.expect("the queue again", queued_behind(joined)).await;
        assert_eq!(shop.store.recount(shop.account).await, Ok(Vec::new()), "every slot was given back");
    })
    .await;
}

#[actix::test]
async fn a_chat_whose_owner_may_not_work_any_more_does_not_stay_with_a_guest_who_is_lost() {
    with_each_seed(async |seed| {
        let mut all = bob_is_lost(seed, LostOperator::Requeue).await;
        let closing = Closing::Operator { operator: all.shop.joe.id, chats: HeldChats::Requeue, delete: false };
        assert_eq!(all.shop.store.begin_closing(all.shop.account, &closing).await, Ok(true));
        all.one.engine.changed(all.shop.account, &StaffChange::OperatorGone(all.shop.joe.id));
        all.one.engine.changed(all.shop.account, &StaffChange::Closing);
        all.is_queued_again().await;
        all.no_slot_is_left_behind().await;
    })
    .await;
}

#[actix::test]
async fn a_chat_that_falls_to_a_lost_guest_stays_theirs_where_the_group_keeps_chats() {
    with_each_seed(async |seed| {
        let mut all = bob_is_lost(seed, LostOperator::Keep).await;
        all.joe_leaves().await;
        actix::clock::sleep(GRACE).await;
        all.clara.inbox.look();
        assert!(!all.clara.inbox.got.iter().any(queued_behind(all.joined)), "it is kept for him");
        let mut bob = all.shop.window(&all.two, &all.shop.bob).await;
        bob.says("b1", &all.chat, "I am back").await;
        bob.acked("b1").await;
        all.clara.inbox.expect("the message", |frame| frame["event"]["text"] == "I am back").await;
    })
    .await;
}

#[actix::test]
async fn a_chat_that_was_kept_for_a_lost_guest_goes_back_where_it_is_taken_over_and_its_group_wants_it() {
    with_each_seed(async |seed| {
        let mut all = bob_is_lost(seed, LostOperator::Keep).await;
        all.joe_leaves().await;
        actix::clock::sleep(GRACE).await;
        let rules = RoutingRules { lost_operator: LostOperator::Requeue, ..RoutingRules::default() };
        all.shop.has_rules(rules).await;
        all.two.engine.take_over(&shards_of(1)).await.expect("the store answers");
        let mut clara = all.shop.tab(&all.two, 42, Some((&all.chat, 0))).await;
        clara.inbox.expect("the queue again", queued_behind(all.joined)).await;
        all.no_slot_is_left_behind().await;
    })
    .await;
}

// With the message lost, the story is another one, and says so.

#[actix::test]
#[should_panic(expected = "the queue again did not come")]
async fn an_heir_who_does_not_hear_of_the_chat_is_caught() {
    faults::lose_all("owns");
    faults::lose_all("resay");
    owner_leaves(1).await;
}
