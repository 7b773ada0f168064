//! What colleagues ask of each other while a node takes over what another one had, and news for all windows.

use std::time::Duration;

use serde_json::{Value, json};

use crate::suite::engines::cast::{BAD, Node, Shop, Tab, Window, event, shards_of, with_each_seed};

const RINGS: Duration = Duration::from_secs(60);

/// Joe has Clara's chat, which is on the first node as everything is; his window, and Bob's, are on the second.
struct Running {
    shop: Shop,
    two: Node,
    _one: Node,
    clara: Tab,
    joe: Window,
    bob: Window,
    chat: String,
}

async fn joe_has_it(seed: u64) -> Running {
    let shop = Shop::open(1, 1, RINGS).await;
    let (one, two) = shop.nodes(BAD, seed).await;
    let (early, joe, chat) = shop.in_a_chat(&one, &two).await;
    drop(early);
    let mut clara = shop.tab(&two, 42, Some((&chat, 0))).await;
    clara.inbox.expect("assigned", event("assigned")).await;
    let mut bob = shop.window(&two, &shop.bob).await;
    bob.goes_online().await;
    Running { shop, two, _one: one, clara, joe, bob, chat }
}

impl Running {
    /// Joe sends it for that time, and is answered.
    async fn asks(&mut self, to: Value, times: usize) {
        let ask = json!({ "type": "transfer", "id": "hand-on", "chat": self.chat, "to": to, "reason": "Knows it" });
        self.joe.sends(ask).await;
        let first = self.joe.acked("hand-on").await;
        while self.joe.inbox.answers("hand-on") < times {
            actix::clock::sleep(Duration::from_millis(10)).await;
        }
        assert!(self.joe.inbox.got.iter().filter(|frame| frame["id"] == "hand-on").all(|answer| *answer == first));
    }

    async fn taken_over(&self) {
        self.two.engine.take_over(&shards_of(1)).await.expect("the store answers");
    }

    async fn goes_on_whole(mut self) {
        let (_, visible, _) = self.shop.stored(&self.chat).await;
        let is_last = |seq: u64| move |frame: &Value| frame["type"] == "event" && frame["seq"] == seq;
        self.clara.inbox.expect("the last event", is_last(visible)).await;
        self.clara.inbox.has_no_hole("Clara", &self.chat, visible);
        assert!(!self.clara.inbox.got.iter().any(|frame| frame.to_string().contains("Knows it")), "not for her");
    }
}

#[actix::test]
async fn a_transfer_that_rings_is_accepted_on_the_node_that_took_over() {
    with_each_seed(async |seed| {
        let mut all = joe_has_it(seed).await;
        all.asks(json!({ "operator": all.shop.bob.id.to_string() }), 1).await;
        let offer = all.bob.offered(&all.chat).await;
        all.taken_over().await;
        // The same command again has the same answer and no second effect, wherever it is judged.
        all.asks(json!({ "operator": all.shop.bob.id.to_string() }), 2).await;
        all.bob.sends(json!({ "type": "accept", "id": "mine", "offer": offer })).await;
        all.bob.acked("mine").await;
        let told = all.clara.inbox.expect("Bob", event("transferred")).await;
        assert_eq!(told["event"]["name"], "Bob", "{told}");
        all.joe.inbox.expect("who has it", event("transferred")).await;
        all.joe.says("late", &all.chat, "still mine?").await;
        let refused = all.joe.inbox.expect("the refusal", |frame| frame["id"] == "late").await;
        assert_eq!(refused["code"], "not_found", "{refused}");
        all.bob.says("b1", &all.chat, "Bob here").await;
        all.bob.acked("b1").await;
        all.clara.inbox.expect("the message", |frame| frame["event"]["text"] == "Bob here").await;
        all.goes_on_whole().await;
    })
    .await;
}

#[actix::test]
async fn a_transfer_that_is_declined_after_the_takeover_is_back_with_the_sender() {
    with_each_seed(async |seed| {
        let mut all = joe_has_it(seed).await;
        all.asks(json!({ "group": all.shop.group.as_str() }), 1).await;
        let offer = all.bob.offered(&all.chat).await;
        all.taken_over().await;
        all.bob.sends(json!({ "type": "decline", "id": "no", "offer": offer })).await;
        all.bob.acked("no").await;
        all.joe.inbox.expect("the no", event("declined")).await;
        all.joe.says("j1", &all.chat, "Then I go on").await;
        all.joe.acked("j1").await;
        all.clara.inbox.expect("the message", |frame| frame["event"]["text"] == "Then I go on").await;
        all.goes_on_whole().await;
    })
    .await;
}

#[actix::test]
async fn a_transfer_to_a_brand_finds_somebody_on_either_node() {
    with_each_seed(async |seed| {
        let mut all = joe_has_it(seed).await;
        all.asks(json!({ "brand": all.shop.brand.id.as_str() }), 1).await;
        let offer = all.bob.offered(&all.chat).await;
        all.taken_over().await;
        all.asks(json!({ "brand": all.shop.brand.id.as_str() }), 2).await;
        all.bob.sends(json!({ "type": "accept", "id": "mine", "offer": offer })).await;
        all.bob.acked("mine").await;
        all.clara.inbox.expect("Bob", event("transferred")).await;
        all.goes_on_whole().await;
    })
    .await;
}

#[actix::test]
async fn every_window_on_every_node_is_told_of_messages_that_are_left() {
    with_each_seed(async |seed| {
        let shop = Shop::open(1, 2, RINGS).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let (mut here, mut there) = (shop.window(&one, &shop.joe).await, shop.window(&two, &shop.bob).await);
        let count = |new: u64| move |frame: &Value| frame["type"] == "left_messages" && frame["new"] == new;
        for window in [&mut here, &mut there] {
            window.sends(json!({ "type": "subscribe", "id": "letters", "topic": "left_messages" })).await;
            window.acked("letters").await;
            window.inbox.expect("that there are none", count(0)).await;
        }
        let mut clara = shop.tab(&one, 42, None).await;
        for (number, id) in (1..).zip(["first", "second"]) {
            let letter = json!({ "type": "leave_message", "id": id, "email": "clara@visitor.example", "text": id });
            clara.sends(letter).await;
            clara.acked(id).await;
            for window in [&mut here, &mut there] {
                window.inbox.expect("one more", count(number)).await;
            }
        }
    })
    .await;
}

#[actix::test]
async fn whoever_looks_at_joe_from_either_node_sees_what_he_sets_on_the_other() {
    with_each_seed(async |seed| {
        // His presence and the queue are with the second node, his window with the first.
        let shop = Shop::open(2, 2, RINGS).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let mut joe = shop.window(&one, &shop.joe).await;
        let (mut here, mut there) = (shop.window(&one, &shop.bob).await, shop.window(&two, &shop.bob).await);
        let id = shop.joe.id.to_string();
        let topics = [format!("members:{}", shop.group), format!("operator:{id}")];
        for window in [&mut here, &mut there] {
            for topic in &topics {
                window.sends(json!({ "type": "subscribe", "id": topic.replace(':', "-"), "topic": topic })).await;
                window.acked(&topic.replace(':', "-")).await;
            }
        }
        let his = |topic: &str, what: fn(&Value) -> bool| {
            let (id, topic) = (id.clone(), topic.to_owned());
            move |frame: &Value| {
                let all = frame["operators"].as_array().into_iter().flatten();
                frame["topic"] == topic.as_str()
                    && all.into_iter().any(|one| one["operator"] == id.as_str() && what(one))
            }
        };
        joe.goes_online().await;
        for window in [&mut here, &mut there] {
            for topic in &topics {
                window.inbox.expect("that he is there", his(topic, |one| one["status"] == "online")).await;
            }
        }
        let pause =
            json!({ "type": "membership_status", "id": "pause", "group": shop.group.as_str(), "active": false });
        joe.sends(pause).await;
        joe.acked("pause").await;
        for window in [&mut here, &mut there] {
            for topic in &topics {
                let paused: fn(&Value) -> bool = |one| one["groups"][0]["active"] == false;
                window.inbox.expect("that he receives no more", his(topic, paused)).await;
            }
        }
    })
    .await;
}
