//! Sessions of chats that nobody needs any more: they are put to rest, take nothing with them, and come back when asked.

use std::time::Duration;

use engine::actors::engine::all_shards;
use engine::domain::event::Sender;
use engine::domain::ids::ChatId;
use engine::domain::limits::SESSION_REST_AFTER;
use engine::protocol::close;
use serde_json::json;

use crate::suite::engines::cast::{GOOD, Node, Shop, Tab, Window, until};

const RINGS: Duration = Duration::from_secs(60);
/// So long before the end of its time a session is looked at: a mark is kept in memory for longer than that.
const BEFORE: Duration = Duration::from_millis(1_500);

#[actix::test]
async fn a_chat_that_is_over_costs_nothing_once_its_visitor_is_gone_and_loses_no_mark() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let mut joe = shop.window(&node, &shop.joe).await;
    joe.goes_online().await;
    let (mut clara, hers) = is_answered(&shop, &node, 42, &mut joe).await;
    let (mut dora, _) = is_answered(&shop, &node, 43, &mut joe).await;
    // Nobody is there, but it is not over: its operator may write.
    let (emil, running) = is_answered(&shop, &node, 44, &mut joe).await;
    drop(emil);
    for tab in [&mut clara, &mut dora] {
        tab.sends(json!({ "type": "end", "id": "end" })).await;
        tab.acked("end").await;
    }
    drop(clara);
    actix::clock::sleep(SESSION_REST_AFTER - BEFORE).await;
    dora.inbox.look();
    assert_eq!(sessions(&node), 3, "she may come back at once");
    let (last, ..) = shop.stored(&hers).await;
    joe.sends(json!({ "type": "read", "chat": hers, "seq": last })).await;
    // A window that reads nothing for half a minute is cut, and so is a tab.
    until("Clara's session rests", || {
        joe.inbox.look();
        dora.inbox.look();
        sessions(&node) == 2
    })
    .await;
    let chat: ChatId = hers.parse().expect("an id");
    let marks = shop.store.marks(shop.account, &[chat]).await.expect("the store answers");
    let of_joe = marks.iter().find(|(_, row)| row.who == Sender::Operator(shop.joe.id));
    assert_eq!(of_joe.map(|(_, row)| u64::from(row.marks.read)), Some(last), "{marks:?}");

    dora.says("late", "one more thing").await;
    let refused = dora.inbox.expect("a refusal", |frame| frame["id"] == "late").await;
    assert_eq!((&refused["code"], &refused["why"]), (&json!("conflict"), &json!("ended")), "her tab is still here");
    drop(dora);
    until("Dora's session rests", || {
        joe.inbox.look();
        sessions(&node) == 1
    })
    .await;
    joe.says("j1", &running, "are you there?").await;
    joe.acked("j1").await;
}

#[actix::test]
async fn a_chat_that_is_over_rests_again_when_somebody_has_come_back_to_it() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    let before = shop.node("one", all_shards(), GOOD, 1).await;
    let mut joe = shop.window(&before, &shop.joe).await;
    joe.goes_online().await;
    for visitor in [42, 43] {
        let (mut tab, _) = is_answered(&shop, &before, visitor, &mut joe).await;
        tab.sends(json!({ "type": "end", "id": "end" })).await;
        tab.acked("end").await;
    }
    // A server that has just started: nothing of it is live.
    let node = shop.node("two", all_shards(), GOOD, 2).await;
    assert_eq!(sessions(&node), 0);
    let clara = shop.tab(&node, 42, None).await;
    let dora = shop.tab(&node, 43, None).await;
    until("both are looked at", || sessions(&node) == 2).await;
    drop(clara);
    actix::clock::sleep(SESSION_REST_AFTER - BEFORE).await;
    assert_eq!(sessions(&node), 2, "she may come back at once");
    until("Clara's session rests", || sessions(&node) == 1).await;
    drop(dora);
    until("Dora's session rests", || sessions(&node) == 0).await;
}

#[actix::test]
async fn nothing_is_left_of_a_chat_where_another_node_took_it_over() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    let before = shop.node("one", all_shards(), GOOD, 1).await;
    let mut joe = shop.window(&before, &shop.joe).await;
    joe.goes_online().await;
    let (mut clara, _) = is_answered(&shop, &before, 42, &mut joe).await;
    let _after = shop.node("two", all_shards(), GOOD, 2).await;
    clara.says("c1", "whose am I?").await;
    assert_eq!(clara.inbox.expect_closed().await, close::RESTART);
    assert_eq!(sessions(&before), 1, "her socket still holds it");
    drop(clara);
    actix::clock::sleep(SESSION_REST_AFTER - BEFORE).await;
    until("it is gone", || sessions(&before) == 0).await;
}

/// A new visitor's chat, which Joe has accepted.
async fn is_answered(shop: &Shop, node: &Node, visitor: u128, joe: &mut Window) -> (Tab, String) {
    let mut tab = shop.tab(node, visitor, None).await;
    tab.sees_online().await;
    let chat = tab.starts("hello").await;
    joe.accepts(&chat).await;
    tab.inbox.expect("assigned", |frame| frame["event"]["kind"] == "assigned").await;
    (tab, chat)
}

/// How many sessions are awake on a node.
fn sessions(node: &Node) -> u64 {
    let text = node.engine.metrics_text();
    let gauge = r#"switchboard_actors{kind="visitor_session"} "#;
    let count = text.lines().find_map(|line| line.strip_prefix(gauge)).expect("sessions are counted");
    count.parse().expect("a number")
}
