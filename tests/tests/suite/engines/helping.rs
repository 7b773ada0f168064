//! Groups that help others: whatever is taken over or begins anew, they hear of those who wait; and when people change who
//! helps whom, those who wait follow at once, in both directions.

use std::time::{Duration, Instant};

use engine::actors::engine::StaffChange;
use engine::actors::faults;
use engine::domain::group::{GroupSettings, Overflow, RoutingRules};
use engine::domain::ids::GroupId;
use serde_json::{Value, json};

use crate::suite::engines::cast::{BAD, GOOD, Node, Shop, Tab, Window, event, shards_of, until, with_each_seed};

const RINGS: Duration = Duration::from_secs(60);
/// How long something is looked for: many times what it takes over a bus that loses a third.
const PATIENCE: Duration = Duration::from_secs(20);

fn rings<'a>(chat: &'a str) -> impl Fn(&Value) -> bool + 'a {
    move |frame| frame["type"] == "offer" && frame["chat"] == chat
}

/// Nobody receives for Support but Joe, who has no slot there; Bob of Sales serves Dora and has no other slot. The queue of
/// Support lives on the first node with the operators, that of Sales and Clara's chat on the second.
struct Helped {
    shop: Shop,
    one: Node,
    two: Node,
    sales: GroupId,
    clara: Tab,
    dora: Tab,
    bob: Window,
    _joe: Window,
    chat: String,
}

fn helped_by(groups: &[GroupId]) -> RoutingRules {
    let overflow = Overflow { after_s: 0, groups: groups.to_vec() };
    RoutingRules { overflow: Some(overflow).filter(|overflow| !overflow.groups.is_empty()), ..RoutingRules::default() }
}

async fn clara_waits(shop: Shop, (one, two): (Node, Node), sales: GroupId) -> Helped {
    let (mut joe, mut bob) = (shop.window(&one, &shop.joe).await, shop.window(&one, &shop.bob).await);
    joe.goes_online().await;
    bob.goes_online().await;
    let (mut dora, mut clara) = (shop.tab(&one, 43, None).await, shop.tab(&two, 42, None).await);
    shop.receives(&one, "sales").await;
    let other = dora.starts_in(Some("sales"), "a price?").await;
    bob.accepts(&other).await;
    shop.receives(&two, "support").await;
    let chat = clara.starts_in(Some("support"), "hello").await;
    Helped { shop, one, two, sales, clara, dora, bob, _joe: joe, chat }
}

async fn shop_with_sales() -> (Shop, GroupId) {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    let sales = shop.has_sales(2, &shop.bob).await;
    shop.store.delete_membership(shop.account, &shop.group, shop.bob.id).await.expect("the store answers");
    shop.has_room(&shop.group, shop.joe.id, 0).await;
    shop.has_room(&sales, shop.bob.id, 1).await;
    (shop, sales)
}

async fn helped(seed: u64) -> Helped {
    let (shop, sales) = shop_with_sales().await;
    shop.has_rules(helped_by(std::slice::from_ref(&sales))).await;
    let nodes = shop.nodes(BAD, seed).await;
    let mut all = clara_waits(shop, nodes, sales).await;
    all.is_asked_of_sales().await;
    all
}

impl Helped {
    async fn waits_in_sales(&self) -> bool {
        self.one.engine.why_still_waiting(self.shop.account, &self.sales, parsed(&self.chat)).await.is_some()
    }

    /// The queue of Sales knows of it, and has nobody.
    async fn is_asked_of_sales(&mut self) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if self.waits_in_sales().await {
                self.bob.inbox.look();
                assert!(!self.bob.inbox.got.iter().any(rings(&self.chat)), "he has no slot");
                return;
            }
            actix::clock::sleep(Duration::from_millis(50)).await;
        }
        panic!("Sales is not asked");
    }

    async fn is_not_asked_of_sales(&self) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if !self.waits_in_sales().await {
                return;
            }
            actix::clock::sleep(Duration::from_millis(50)).await;
        }
        panic!("Sales is asked still");
    }

    /// Dora is served, and Bob's slot free.
    async fn dora_ends(&mut self) {
        self.dora.sends(json!({ "type": "end", "id": "end" })).await;
        self.dora.acked("end").await;
    }

    async fn bob_never_hears_it(&mut self) {
        actix::clock::sleep(Duration::from_millis(700)).await;
        self.bob.inbox.look();
        assert!(!self.bob.inbox.got.iter().any(rings(&self.chat)), "Sales helps no longer");
    }

    async fn bob_serves_it(&mut self) {
        self.bob.accepts(&self.chat).await;
        self.clara.inbox.expect("Bob", event("assigned")).await;
        let head = self.shop.store.chat(self.shop.account, parsed(&self.chat)).await.expect("the store answers");
        assert_eq!(head.expect("it is stored").head.group, self.sales);
    }

    /// People change who helps Support, at the second node.
    async fn is_helped_by(&self, groups: &[GroupId]) {
        let settings = self.shop.store.group(self.shop.account, &self.shop.group).await.expect("the store answers");
        let settings = GroupSettings { rules: Box::new(helped_by(groups)), ..settings.expect("the group is there") };
        self.shop.store.put_group(self.shop.account, &settings).await.expect("the store answers");
        self.two.engine.changed(self.shop.account, &StaffChange::Group(self.shop.group.clone()));
    }
}

fn parsed(chat: &str) -> engine::domain::ids::ChatId {
    chat.parse().expect("an id")
}

#[actix::test]
async fn who_waits_is_known_to_helpers_though_the_chat_and_their_queue_are_taken_over() {
    with_each_seed(async |seed| {
        let mut all = helped(seed).await;
        all.one.engine.take_over(&shards_of(2)).await.expect("the store answers");
        let mut clara = all.shop.tab(&all.one, 42, Some((&all.chat, 0))).await;
        all.is_asked_of_sales().await;
        all.dora_ends().await;
        all.bob.accepts(&all.chat).await;
        clara.inbox.expect("Bob", event("assigned")).await;
    })
    .await;
}

#[actix::test]
async fn who_waits_is_known_to_helpers_once_though_the_own_queue_is_taken_over() {
    with_each_seed(async |seed| {
        let mut all = helped(seed).await;
        all.two.engine.take_over(&shards_of(1)).await.expect("the store answers");
        actix::clock::sleep(Duration::from_millis(300)).await;
        // The new queue knows where it looks: who helps no longer hears so from it.
        all.is_helped_by(&[]).await;
        all.is_not_asked_of_sales().await;
        let sales = all.sales.clone();
        all.is_helped_by(&[sales]).await;
        all.is_asked_of_sales().await;
    })
    .await;
}

#[actix::test]
async fn a_group_that_helps_no_longer_hears_no_more_of_those_who_wait() {
    with_each_seed(helps_no_more).await;
}

async fn helps_no_more(seed: u64) {
    let mut all = helped(seed).await;
    all.is_helped_by(&[]).await;
    all.is_not_asked_of_sales().await;
    all.dora_ends().await;
    all.bob_never_hears_it().await;
    let sales = all.sales.clone();
    all.is_helped_by(&[sales]).await;
    all.bob_serves_it().await;
    assert_eq!(all.shop.store.recount(all.shop.account).await, Ok(Vec::new()), "no slot is left behind");
}

#[actix::test]
async fn what_rings_in_a_group_that_helps_no_longer_rings_on() {
    with_each_seed(async |seed| {
        let mut all = helped(seed).await;
        all.dora_ends().await;
        all.bob.offered(&all.chat).await;
        all.is_helped_by(&[]).await;
        all.is_not_asked_of_sales().await;
        all.bob.inbox.look();
        let gone = |frame: &Value| frame["type"] == "offer_gone" && frame["chat"] == all.chat.as_str();
        assert!(!all.bob.inbox.got.iter().any(gone), "it rings on");
        all.bob_serves_it().await;
    })
    .await;
}

#[actix::test]
async fn a_group_that_helps_from_now_on_is_asked_within_a_second() {
    let (shop, sales) = shop_with_sales().await;
    let nodes = shop.nodes(GOOD, 1).await;
    let mut all = clara_waits(shop, nodes, sales.clone()).await;
    all.dora_ends().await;
    all.bob_never_hears_it().await;
    let asked = Instant::now();
    all.is_helped_by(&[sales]).await;
    all.bob.offered(&all.chat).await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    all.bob_serves_it().await;
}

/// A queue that panics has forgotten its guests, and they say nothing by themselves in this story: it asks them.
#[actix::test]
async fn a_queue_that_begins_anew_asks_the_guests_it_had() {
    let (shop, sales) = shop_with_sales().await;
    shop.has_rules(helped_by(std::slice::from_ref(&sales))).await;
    let nodes = shop.nodes(GOOD, 1).await;
    let mut all = clara_waits(shop, nodes, sales).await;
    all.is_asked_of_sales().await;
    faults::lose_all("repetition");
    // The timers of two queues, one for each: whichever is first is away for as long as the other one needs.
    for (number, plants) in ["!fault next queue timer", "!fault next queue timer"].into_iter().enumerate() {
        all.clara.says(&format!("f{number}"), plants).await;
        all.clara.acked(&format!("f{number}")).await;
    }
    let restarts = "switchboard_actor_restarts_total{kind=\"queue\"}";
    let (one, two) = (&all.one, &all.two);
    until("that both fell", || one.told(restarts) >= 1.0 && two.told(restarts) >= 1.0).await;
    all.is_asked_of_sales().await;
    all.dora_ends().await;
    all.bob_serves_it().await;
}

#[actix::test]
#[should_panic(expected = "Sales is asked still")]
async fn a_helper_that_does_not_hear_that_it_helps_no_longer_is_caught() {
    faults::lose_all("gone");
    helps_no_more(1).await;
}
