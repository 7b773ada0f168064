//! A chat that is handed on to a group looks for a colleague there while its sender has it. No store knows of the search:
//! whatever becomes of the group's queue, the chat says it again.

use std::time::Duration;

use engine::domain::ids::GroupId;
use serde_json::json;

use crate::suite::engines::cast::{BAD, Node, Shop, Tab, Window, event, shards_of, with_each_seed};

const RINGS: Duration = Duration::from_secs(60);

/// Joe of Support has Clara's chat, Bob of Sales has Dora's, and no slot beside it. All but the queue of Sales lives on the
/// first node.
struct Busy {
    shop: Shop,
    one: Node,
    two: Node,
    sales: GroupId,
    clara: Tab,
    dora: Tab,
    joe: Window,
    bob: Window,
    chat: String,
}

async fn bob_is_full(seed: u64) -> Busy {
    let shop = Shop::open(1, 1, RINGS).await;
    let sales = shop.has_sales(2, &shop.bob).await;
    shop.store.delete_membership(shop.account, &shop.group, shop.bob.id).await.expect("the store answers");
    shop.has_room(&sales, shop.bob.id, 1).await;
    let (one, two) = shop.nodes(BAD, seed).await;
    let (mut joe, mut bob) = (shop.window(&one, &shop.joe).await, shop.window(&two, &shop.bob).await);
    joe.goes_online().await;
    bob.goes_online().await;
    let (mut clara, mut dora) = (shop.tab(&one, 42, None).await, shop.tab(&one, 43, None).await);
    for department in ["support", "sales"] {
        shop.receives(&one, department).await;
    }
    let chat = clara.starts_in(Some("support"), "hello").await;
    joe.accepts(&chat).await;
    let other = dora.starts_in(Some("sales"), "a price?").await;
    bob.accepts(&other).await;
    Busy { shop, one, two, sales, clara, dora, joe, bob, chat }
}

impl Busy {
    async fn joe_asks_sales(&mut self, kind: &str) {
        let to = json!({ "group": self.sales.as_str() });
        let mut ask = json!({ "type": kind, "id": "ask", "chat": self.chat, "to": to, "reason": "A price" });
        if kind == "invite" {
            ask["stay"] = json!(true);
        }
        self.joe.sends(ask).await;
        self.joe.acked("ask").await;
        // Their queue knows of it, and has nobody.
        actix::clock::sleep(Duration::from_millis(700)).await;
        self.bob.inbox.look();
        let rang = self.bob.inbox.got.iter().any(|frame| frame["type"] == "offer" && frame["chat"] == self.chat);
        assert!(!rang, "he has no slot");
    }

    /// Dora is served, and Bob's slot free.
    async fn dora_ends(&mut self) {
        self.dora.sends(json!({ "type": "end", "id": "end" })).await;
        self.dora.acked("end").await;
    }
}

#[actix::test]
async fn a_transfer_that_waits_for_somebody_goes_on_though_the_queue_is_taken_over() {
    with_each_seed(async |seed| {
        let mut all = bob_is_full(seed).await;
        all.joe_asks_sales("transfer").await;
        all.one.engine.take_over(&shards_of(2)).await.expect("the store answers");
        all.dora_ends().await;
        all.bob.accepts(&all.chat).await;
        all.clara.inbox.expect("Bob", event("transferred")).await;
        all.joe.inbox.expect("who has it", event("transferred")).await;
        assert_eq!(all.shop.store.recount(all.shop.account).await, Ok(Vec::new()), "no slot is left behind");
    })
    .await;
}

#[actix::test]
async fn an_invitation_that_waits_for_somebody_goes_on_though_queue_and_chat_are_taken_over() {
    with_each_seed(async |seed| {
        let mut all = bob_is_full(seed).await;
        all.joe_asks_sales("invite").await;
        all.one.engine.take_over(&shards_of(2)).await.expect("the store answers");
        all.two.engine.take_over(&shards_of(1)).await.expect("the store answers");
        let mut dora = all.shop.tab(&all.two, 43, None).await;
        dora.sends(json!({ "type": "end", "id": "end-2" })).await;
        dora.acked("end-2").await;
        all.bob.accepts(&all.chat).await;
        all.joe.inbox.expect("Bob", event("joined")).await;
    })
    .await;
}
