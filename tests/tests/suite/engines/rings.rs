//! A chat that looks for an operator in two groups rings in one at a time, however each of them rings; the other one
//! is quiet, and comes next. And a ring that is over is over for all who heard it, whatever came between.

use std::time::Duration;

use engine::actors::engine::all_shards;
use engine::actors::faults;
use engine::domain::event::{EventKind, OfferEnd};
use engine::domain::group::{GroupSettings, OfferMode, Overflow, RoutingRules};
use engine::domain::ids::GroupId;
use serde_json::{Value, json};

use crate::suite::engines::cast::{GOOD, Node, Shop, Tab, Window};

const RINGS: Duration = Duration::from_secs(3);

/// How chats of a group ring; before the nodes begin.
async fn rings(shop: &Shop, group: &GroupId, offer_mode: OfferMode) {
    let settings = shop.store.group(shop.account, group).await.expect("the store answers").expect("it is there");
    let settings = GroupSettings { offer_mode, offer_expires_after: RINGS, ..settings };
    shop.store.put_group(shop.account, &settings).await.expect("the store answers");
}

/// What chats of this node have said to queues of other nodes so far.
fn said_to_queues(node: &Node) -> u64 {
    let text = node.engine.metrics_text();
    let line = text.lines().find(|line| line.starts_with(r#"switchboard_bus_sent_total{kind="queue"}"#));
    let count = line.and_then(|line| line.rsplit(' ').next()).expect("it is counted from the start");
    count.parse().expect("a number")
}

fn is_rung(window: &mut Window, chat: &str) -> bool {
    window.inbox.look();
    window.inbox.got.iter().any(|frame| frame["type"] == "offer" && frame["chat"] == chat)
}

#[actix::test]
async fn it_rings_in_one_group_at_a_time_and_the_other_one_is_quiet_until_then() {
    let all = OfferMode::RingAll;
    for (own, helping) in [(all, all), (OfferMode::Single, all), (all, OfferMode::Single)] {
        one_rings_the_other_is_quiet(own, helping).await;
    }
}

async fn one_rings_the_other_is_quiet(own: OfferMode, helping: OfferMode) {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    let sales = shop.has_sales(2, &shop.bob).await;
    shop.store.delete_membership(shop.account, &shop.group, shop.bob.id).await.expect("the store answers");
    let overflow = Some(Overflow { after_s: 0, groups: vec![sales.clone()] });
    shop.has_rules(RoutingRules { overflow, ..RoutingRules::default() }).await;
    rings(&shop, &shop.group, own).await;
    rings(&shop, &sales, helping).await;
    let (one, _two) = shop.nodes(GOOD, 1).await;
    let (mut joe, mut bob) = (shop.window(&one, &shop.joe).await, shop.window(&one, &shop.bob).await);
    joe.goes_online().await;
    bob.goes_online().await;
    let mut clara = shop.tab(&one, 1, None).await;
    clara.sees_online().await;
    let chat = clara.starts_in(Some("support"), "hello").await;
    // Which of them is quicker is not said, that there is one is.
    let (first, second) = loop {
        match (is_rung(&mut joe, &chat), is_rung(&mut bob, &chat)) {
            (false, false) => actix::clock::sleep(Duration::from_millis(5)).await,
            (true, false) => break (&mut joe, &mut bob),
            (false, true) => break (&mut bob, &mut joe),
            (true, true) => panic!("{own:?}, {helping:?}: it rings in both groups"),
        }
    };
    actix::clock::sleep(Duration::from_millis(300)).await;
    let said = said_to_queues(&one);
    actix::clock::sleep(Duration::from_secs(2)).await;
    assert!(!is_rung(second, &chat), "{own:?}, {helping:?}: the other group is quiet");
    assert_eq!(said_to_queues(&one), said, "{own:?}, {helping:?}: while it rings there is nothing to say");
    let over = |frame: &Value| frame["type"] == "offer_gone" && frame["chat"] == chat.as_str();
    let gone = first.inbox.expect("its end", over).await;
    assert_eq!(gone["why"], "expired", "{gone}");
    // It is the other one's turn, as whoever let it go is not asked again so soon.
    second.accepts(&chat).await;
    clara.inbox.expect("assigned", |frame| frame["event"]["kind"] == "assigned").await;
    // Said again where nodes lost touch, it is the same one.
    let offers = first.inbox.got.iter().filter(|frame| frame["type"] == "offer" && frame["chat"] == chat.as_str());
    assert!(offers.clone().all(|offer| offer["offer"] == gone["offer"]), "{own:?}, {helping:?}: {offers:?}");
}

#[actix::test]
async fn what_is_declined_by_all_of_one_group_rings_in_the_other_at_once() {
    declined_here_rings_there().await;
}

async fn declined_here_rings_there() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    let sales = shop.has_sales(2, &shop.bob).await;
    shop.store.delete_membership(shop.account, &shop.group, shop.bob.id).await.expect("the store answers");
    let overflow = Some(Overflow { after_s: 0, groups: vec![sales.clone()] });
    shop.has_rules(RoutingRules { overflow, ..RoutingRules::default() }).await;
    rings(&shop, &shop.group, OfferMode::RingAll).await;
    rings(&shop, &sales, OfferMode::RingAll).await;
    let (one, _two) = shop.nodes(GOOD, 1).await;
    let (mut joe, mut bob) = (shop.window(&one, &shop.joe).await, shop.window(&one, &shop.bob).await);
    joe.goes_online().await;
    let mut clara = shop.tab(&one, 1, None).await;
    clara.sees_online().await;
    let chat = clara.starts_in(Some("support"), "hello").await;
    let offer = joe.offered(&chat).await;
    bob.goes_online().await;
    actix::clock::sleep(Duration::from_millis(300)).await;
    assert!(!is_rung(&mut bob, &chat));
    joe.sends(json!({ "type": "decline", "id": "no", "offer": offer })).await;
    joe.acked("no").await;
    let declined = std::time::Instant::now();
    bob.accepts(&chat).await;
    assert!(declined.elapsed() < Duration::from_secs(1), "it took {:?}", declined.elapsed());
    clara.inbox.expect("assigned", |frame| frame["event"]["name"] == "Bob").await;
}

#[actix::test]
async fn a_ring_is_over_for_everybody_though_the_chat_panicked_before_it_said_so() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    shop.has_rules(RoutingRules { expired_offers_until_away: Some(1), ..RoutingRules::default() }).await;
    rings(&shop, &shop.group, OfferMode::RingAll).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let (mut joe, mut bob) = (shop.window(&node, &shop.joe).await, shop.window(&node, &shop.bob).await);
    joe.goes_online().await;
    bob.goes_online().await;
    let (mut clara, taken) = rings_at_both(&shop, &node, 1, [&mut joe, &mut bob]).await;
    faults::panic_untold(|kind| matches!(kind, EventKind::Assigned { .. }));
    joe.accepts(&taken).await;
    clara.inbox.expect("assigned", |frame| frame["event"]["name"] == "Joe").await;
    both_hear_that_it_is_over([&mut joe, &mut bob], &taken, "taken", json!("Joe")).await;

    let (mut dora, left) = rings_at_both(&shop, &node, 2, [&mut joe, &mut bob]).await;
    faults::panic_untold(|kind| matches!(kind, EventKind::Ended { .. }));
    dora.sends(json!({ "type": "end", "id": "end" })).await;
    dora.acked("end").await;
    both_hear_that_it_is_over([&mut joe, &mut bob], &left, "ended", json!(null)).await;

    let (_emil, expired) = rings_at_both(&shop, &node, 3, [&mut joe, &mut bob]).await;
    faults::panic_untold(|kind| matches!(kind, EventKind::Expired { why: OfferEnd::Expired, .. }));
    both_hear_that_it_is_over([&mut joe, &mut bob], &expired, "expired", json!(null)).await;
    actix::clock::sleep(Duration::from_millis(300)).await;
    for window in [&mut joe, &mut bob] {
        window.inbox.look();
        let away = window.inbox.got.iter().find(|frame| frame["type"] == "status" && frame["status"] == "away");
        assert_eq!(away, None, "what rang at all is held against nobody");
    }
    assert_eq!(node.told(r#"switchboard_actor_restarts_total{kind="visitor_session"}"#), 3.0, "it did panic");
}

/// A visitor asks, and it rings at both.
async fn rings_at_both(shop: &Shop, node: &Node, visitor: u128, windows: [&mut Window; 2]) -> (Tab, String) {
    let mut tab = shop.tab(node, visitor, None).await;
    tab.sees_online().await;
    let chat = tab.starts("hello").await;
    for window in windows {
        window.offered(&chat).await;
    }
    (tab, chat)
}

async fn both_hear_that_it_is_over(windows: [&mut Window; 2], chat: &str, why: &str, by: Value) {
    for window in windows {
        let over = |frame: &Value| frame["type"] == "offer_gone" && frame["chat"] == chat;
        let gone = window.inbox.expect("the end of the ring", over).await;
        assert_eq!((&gone["why"], &gone["by"]), (&json!(why), &by), "{gone}");
    }
}

// With a fault planted each of these claims fails, and says what it is that fails.

#[actix::test]
#[should_panic(expected = "while it rings there is nothing to say")]
async fn a_group_that_does_not_hear_that_another_rings_is_caught() {
    faults::lose_all("proposed_elsewhere");
    one_rings_the_other_is_quiet(OfferMode::RingAll, OfferMode::Single).await;
}

#[actix::test]
#[should_panic(expected = "an offer did not come")]
async fn a_group_that_does_not_hear_that_it_is_its_turn_is_caught() {
    faults::lose_all("elsewhere_over");
    declined_here_rings_there().await;
}
