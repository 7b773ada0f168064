//! For whom a chat counts: in what is counted and in what is reported alike.

use std::time::{Duration, Instant};

use engine::actors::engine::all_shards;
use engine::domain::ids::{ChatId, GroupId};
use serde_json::json;

use crate::suite::engines::cast::{GOOD, Node, Shop};

const RINGS: Duration = Duration::from_secs(60);

#[actix::test]
async fn a_chat_that_goes_to_another_group_counts_for_the_one_that_answered_it() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    let sales = shop.has_sales(1, &shop.bob).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let mut joe = shop.window(&node, &shop.joe).await;
    joe.goes_online().await;
    let mut clara = shop.tab(&node, 42, None).await;
    clara.sees_online().await;
    let chat = clara.starts_in(Some("support"), "hello").await;
    joe.accepts(&chat).await;
    joe.says("j1", &chat, "Joe here").await;
    joe.acked("j1").await;
    let mut bob = shop.window(&node, &shop.bob).await;
    bob.goes_online().await;
    let on = json!({ "type": "transfer", "id": "on", "chat": chat, "to": { "group": sales }, "reason": "Knows it" });
    joe.sends(on).await;
    joe.acked("on").await;
    bob.accepts(&chat).await;
    bob.says("b1", &chat, "Bob here").await;
    bob.acked("b1").await;
    bob.sends(json!({ "type": "end", "id": "end", "chat": chat })).await;
    bob.acked("end").await;

    let id: ChatId = chat.parse().expect("an id");
    let record = shop.store.chat(shop.account, id).await.expect("the store answers").expect("it is stored");
    assert_eq!(record.head.group, sales, "there it ended");
    assert_eq!(record.facts().expect("it is over").group, shop.group, "reports count it there");
    let figures = [
        ("switchboard_queue_time_seconds_count", 1),
        ("switchboard_first_reply_seconds_count", 1),
        ("switchboard_idle_time_seconds_count", 2),
        ("switchboard_handling_time_seconds_count", 1),
        ("switchboard_chats_ended_total", 1),
    ];
    for (name, count) in figures {
        assert_eq!([counted(&node, name, &shop.group), counted(&node, name, &sales)], [count, 0], "{name}");
    }
}

#[actix::test]
async fn the_wait_for_an_ack_begins_when_the_command_was_read() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let mut joe = shop.window(&node, &shop.joe).await;
    joe.goes_online().await;
    let mut clara = shop.tab(&node, 42, None).await;
    clara.sees_online().await;
    clara.starts("hello").await;
    // It was read three seconds ago, and waited for its turn since.
    let say = json!({ "type": "say", "id": "c1", "text": "are you there?" }).to_string();
    assert!(clara.connection.frame(&say, Instant::now() - Duration::from_secs(3)).is_none());
    clara.acked("c1").await;
    let text = node.engine.metrics_text();
    let told = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
    assert_eq!(told("switchboard_ack_seconds_count "), Some(1.0), "{text}");
    assert!(told("switchboard_ack_seconds_sum ").is_some_and(|sum| (3.0..4.0).contains(&sum)), "{text}");
}

/// What a node has counted for a group, whatever else is told apart.
fn counted(node: &Node, name: &str, group: &GroupId) -> u64 {
    let text = node.engine.metrics_text();
    let of_group = format!("group=\"{group}\"");
    let lines = text.lines().filter(|line| line.starts_with(&format!("{name}{{")) && line.contains(&of_group));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}
