//! People change what a chat asks for, and the store cannot say what it is now: nothing is done by what was known before.

use std::time::Duration;

use engine::actors::engine::{StaffChange, all_shards};
use engine::domain::group::{LostOperator, RoutingRules};
use engine::domain::limits::WAITING_REPEAT;
use serde_json::{Value, json};

use crate::suite::engines::cast::{GOOD, Node, Shop, Tab, Window, event, until};

const RINGS: Duration = Duration::from_secs(60);

/// Joe has Clara's chat and Bob is free. What the chat's department needs was changed, and cannot be read.
async fn needs_cannot_be_read(shop: &Shop) -> (Node, Tab, Window, Window, String) {
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let (clara, joe, chat) = shop.in_a_chat(&node, &node).await;
    let mut bob = shop.window(&node, &shop.bob).await;
    bob.goes_online().await;
    shop.tampers("UPDATE department SET needs = 'torn'");
    node.engine.changed(shop.account, &StaffChange::Asks);
    (node, clara, joe, bob, chat)
}

fn can_be_read_again(shop: &Shop) {
    shop.tampers("UPDATE department SET needs = '{}'");
}

#[actix::test]
async fn a_colleague_is_not_asked_by_name_until_it_is_read() {
    let shop = Shop::open(1, 1, RINGS).await;
    let (_node, _clara, mut joe, mut bob, chat) = needs_cannot_be_read(&shop).await;
    let to = json!({ "operator": shop.bob.id });
    let ask = json!({ "type": "transfer", "id": "ask", "chat": chat, "to": to, "reason": "A price" });
    let answer = |kind: &'static str| move |frame: &Value| frame["id"] == "ask" && frame["type"] == kind;
    joe.sends(ask.clone()).await;
    let refused = joe.inbox.expect("the refusal", answer("error")).await;
    assert_eq!(refused["code"], "unavailable", "{refused}");
    can_be_read_again(&shop);
    joe.sends(ask).await;
    joe.inbox.expect("the answer", answer("ack")).await;
    bob.offered(&chat).await;
}

#[actix::test]
async fn a_chat_that_waits_again_rings_at_nobody_until_it_is_read() {
    let mut shop = Shop::open(1, 1, RINGS).await;
    shop.patience.operator_grace = Duration::from_millis(300);
    shop.has_rules(RoutingRules { lost_operator: LostOperator::Requeue, ..RoutingRules::default() }).await;
    let (_node, mut clara, joe, mut bob, chat) = needs_cannot_be_read(&shop).await;
    let before = queued(&mut clara);
    drop(joe);
    until("that it waits again", || queued(&mut clara) > before).await;
    // It tries to read it, and says that it waits, more than once.
    actix::clock::sleep(WAITING_REPEAT * 2).await;
    bob.inbox.look();
    let rang = bob.inbox.got.iter().any(|frame| frame["type"] == "offer" && frame["chat"] == chat.as_str());
    assert!(!rang, "it may need what Bob cannot");
    can_be_read_again(&shop);
    bob.accepts(&chat).await;
}

fn queued(tab: &mut Tab) -> usize {
    tab.inbox.look();
    tab.inbox.got.iter().filter(|frame| event("queued")(frame)).count()
}
