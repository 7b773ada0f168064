//! Somebody who writes faster than the store commits: what comes together is stored together, and nobody can tell.

use std::time::Duration;

use engine::actors::engine::all_shards;
use engine::actors::faults::PANIC_ONCE;
use engine::domain::limits::APPENDS_JOINED_MAX;
use serde_json::Value;

use crate::suite::engines::cast::{GOOD, Shop};

const RINGS: Duration = Duration::from_secs(60);
/// Messages of one go: fewer than a visitor may send at once, more than are stored together.
const LINES: usize = 40;
/// What the store may have had to do beside it: nothing is due every second.
const BESIDE: u64 = 3;

#[actix::test]
async fn what_is_said_in_one_go_is_stored_together_a_bounded_number_at_a_time() {
    let shop = Shop::open(1, 1, RINGS).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let (mut clara, mut joe, chat) = shop.in_a_chat(&node, &node).await;
    clara.inbox.expect("assigned", |frame| frame["event"]["kind"] == "assigned").await;
    let before = commands(&shop);
    // The session has its turn when all of it is in its mailbox.
    for line in 0..LINES {
        clara.says(&format!("c{line}"), &format!("line {line}")).await;
    }
    for line in 0..LINES {
        clara.acked(&format!("c{line}")).await;
    }
    let appends = commands(&shop) - before;
    let least = LINES.div_ceil(APPENDS_JOINED_MAX) as u64;
    assert!((least..=least + BESIDE).contains(&appends), "{appends} for {LINES} messages");
    let (_, visible, messages) = shop.stored(&chat).await;
    assert_eq!(messages as usize, LINES + 1);
    clara.inbox.has_no_hole("Clara", &chat, visible);
    let lines: Vec<String> = (0..LINES).map(|line| format!("line {line}")).collect();
    assert_eq!(clara.inbox.texts(&chat)[1..], lines);
    joe.inbox.expect("the last line", |frame| frame["event"]["text"] == lines[LINES - 1]).await;
    assert_eq!(
        joe.inbox.texts(&chat).iter().rev().take(LINES).rev().collect::<Vec<_>>(),
        lines.iter().collect::<Vec<_>>()
    );
}

#[actix::test]
async fn two_tabs_that_write_at_once_are_each_answered_and_keep_their_order() {
    let shop = Shop::open(1, 1, RINGS).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let mut joe = shop.window(&node, &shop.joe).await;
    joe.goes_online().await;
    let (mut left, mut right) = (shop.tab(&node, 42, None).await, shop.tab(&node, 42, None).await);
    left.sees_online().await;
    let chat = left.starts("hello").await;
    right.inbox.expect("the chat", |frame| frame["event"]["kind"] == "queued").await;
    let (mut said, before) = (Vec::new(), commands(&shop));
    for line in 0..LINES / 4 {
        // Each says it twice, as after a connection that seemed lost: the second time it is known, and not yet stored.
        for _ in 0..2 {
            left.says(&format!("l{line}"), &format!("left {line}")).await;
        }
        for _ in 0..2 {
            right.says(&format!("r{line}"), &format!("right {line}")).await;
        }
        joe.says(&format!("j{line}"), &chat, "not mine yet").await;
        said.extend([format!("left {line}"), format!("right {line}")]);
    }
    for line in 0..LINES / 4 {
        left.acked(&format!("l{line}")).await;
        right.acked(&format!("r{line}")).await;
        let refused = joe.inbox.expect("an answer", |frame| frame["id"] == format!("j{line}")).await;
        assert_eq!(refused["code"], "not_found");
    }
    let appends = commands(&shop) - before;
    let alone = said.len() as u64;
    assert!((alone..=alone + BESIDE).contains(&appends), "{appends}: only what comes of one tab goes together");
    let (_, visible, _) = shop.stored(&chat).await;
    for (tab, own) in [(&mut left, 'l'), (&mut right, 'r')] {
        tab.inbox.expect("the last event", |frame| frame["type"] == "event" && frame["seq"] == visible).await;
        tab.inbox.has_no_hole("a tab", &chat, visible);
        assert_eq!(tab.inbox.texts(&chat)[1..], said);
        for line in 0..LINES / 4 {
            let id = format!("{own}{line}");
            let is_told = |frame: &Value| frame["type"] == "event" && frame["command"] == id.as_str();
            let told = tab.inbox.got.iter().position(is_told);
            let acked = tab.inbox.got.iter().position(|frame| frame["type"] == "ack" && frame["id"] == id.as_str());
            assert!(told.is_some() && told < acked, "{id} is acked at {acked:?}, and told at {told:?}");
            assert_eq!(tab.inbox.answers(&id), 2, "{id} is acked each time");
        }
    }
}

#[actix::test]
async fn a_panic_among_them_loses_none_that_was_taken_in_before_or_after() {
    let shop = Shop::open(1, 1, RINGS).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let mut joe = shop.window(&node, &shop.joe).await;
    joe.goes_online().await;
    let mut clara = shop.tab(&node, 42, None).await;
    clara.sees_online().await;
    let chat = clara.starts("hello").await;
    let said = ["one", "two", PANIC_ONCE, "three", "four"];
    for (place, text) in said.iter().enumerate() {
        clara.says(&format!("c{place}"), text).await;
    }
    for place in 0..said.len() {
        clara.acked(&format!("c{place}")).await;
    }
    let (_, visible, messages) = shop.stored(&chat).await;
    assert_eq!(messages as usize, said.len() + 1);
    clara.inbox.has_no_hole("Clara", &chat, visible);
    assert_eq!(clara.inbox.texts(&chat)[1..], said);
    let restarts = r#"switchboard_actor_restarts_total{kind="visitor_session"} 1"#;
    let text = node.engine.metrics_text();
    assert!(text.lines().any(|line| line == restarts), "it did panic: {text}");
}

/// What the store has done so far, commits of the appends and of everything else.
fn commands(shop: &Shop) -> u64 {
    let text = shop.store.metrics_text();
    let sum = text.lines().find_map(|line| line.strip_prefix("switchboard_store_commit_commands_sum "));
    sum.and_then(|sum| sum.parse::<f64>().ok()).expect("commits are counted") as u64
}
