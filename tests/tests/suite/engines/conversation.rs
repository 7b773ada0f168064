//! A conversation whose two ends, and everything between them, are on different nodes.

use std::time::Duration;

use engine::actors::engine::all_shards;
use engine::domain::group::Availability;
use serde_json::json;

use crate::suite::engines::cast::{BAD, GOOD, Shop, until, with_each_seed};

const RINGS: Duration = Duration::from_secs(20);
const LINES: usize = 20;

/// The visitor's socket and the chat are on one node, the operator's window and the queue on the other one, and the
/// operator's presence on the first again: every step crosses the bus.
#[actix::test]
async fn a_conversation_over_a_bad_bus_is_whole_and_in_order_on_both_sides() {
    with_each_seed(async |seed| {
        let shop = Shop::open(2, 1, RINGS).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let mut joe = shop.window(&two, &shop.joe).await;
        let mut clara = shop.tab(&one, 42, None).await;
        joe.goes_online().await;
        clara.sees_online().await;
        for node in [&one, &two] {
            let department = shop.store.departments(shop.account).await.expect("the store answers").remove(0).id;
            until("online", || node.engine.availability(shop.account, Some(&department)) == Availability::Online).await;
        }
        let chat = clara.starts("the first line").await;
        joe.accepts(&chat).await;
        clara.inbox.expect("assigned", |frame| frame["event"]["kind"] == "assigned").await;
        for line in 0..LINES {
            clara.says(&format!("c{line}"), &format!("clara {line}")).await;
            joe.says(&format!("j{line}"), &chat, &format!("joe {line}")).await;
            if line % 5 == 0 {
                // The same again, as a client does that heard nothing: the same answer, and no second effect.
                joe.says(&format!("j{line}"), &chat, &format!("joe {line}")).await;
                actix::clock::sleep(Duration::from_millis(100)).await;
            }
        }
        for line in 0..LINES {
            clara.acked(&format!("c{line}")).await;
            joe.acked(&format!("j{line}")).await;
        }
        // Hints cross too: what is written, what was seen.
        let (last, visible, messages) = shop.stored(&chat).await;
        assert_eq!(messages as usize, 2 * LINES + 1, "each once");
        joe.sends(json!({ "type": "read", "chat": chat, "seq": last })).await;
        clara.inbox.expect("the read mark", |frame| frame["type"] == "read" && frame["seq"] == visible).await;
        clara.sends(json!({ "type": "typing", "on": true, "preview": "th" })).await;
        joe.inbox.expect("typing", |frame| frame["type"] == "typing" && frame["preview"] == "th").await;
        joe.sends(json!({ "type": "end", "id": "end", "chat": chat })).await;
        joe.acked("end").await;
        clara.inbox.expect("the end", |frame| frame["event"]["kind"] == "ended").await;
        joe.inbox.expect("the end", |frame| frame["event"]["kind"] == "ended").await;

        let (last, visible, _) = shop.stored(&chat).await;
        clara.inbox.has_no_hole("Clara", &chat, visible);
        joe.inbox.has_no_hole("Joe", &chat, last);
        for mine in ["clara", "joe"] {
            for inbox in [&mut clara.inbox, &mut joe.inbox] {
                let texts = inbox.texts(&chat).into_iter().filter(|text| text.starts_with(mine));
                let spoken: Vec<String> = (0..LINES).map(|line| format!("{mine} {line}")).collect();
                assert_eq!(texts.collect::<Vec<_>>(), spoken, "in the order in which they were said");
            }
        }
        for line in (0..LINES).filter(|line| line % 5 != 0) {
            assert_eq!((clara.inbox.answers(&format!("c{line}")), joe.inbox.answers(&format!("j{line}"))), (1, 1));
        }

        // And then there is silence.
        actix::clock::sleep(Duration::from_secs(3)).await;
        let before = one.bus.sent() + two.bus.sent();
        actix::clock::sleep(Duration::from_secs(5)).await;
        let idle = one.bus.sent() + two.bus.sent() - before;
        assert!(idle <= 14, "{idle} envelopes in 5 s in which nobody said anything");
    })
    .await;
}

#[actix::test]
async fn a_visitor_with_tabs_on_both_nodes_sees_the_same_in_both() {
    with_each_seed(async |seed| {
        let shop = Shop::open(1, 2, RINGS).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let mut joe = shop.window(&one, &shop.joe).await;
        joe.goes_online().await;
        let (mut left, mut right) = (shop.tab(&one, 42, None).await, shop.tab(&two, 42, None).await);
        right.sees_online().await;
        let chat = right.starts("begun on the right").await;
        left.inbox.expect("the chat", |frame| frame["event"]["kind"] == "queued").await;
        joe.accepts(&chat).await;
        for line in 0..10 {
            left.says(&format!("l{line}"), &format!("left {line}")).await;
            right.says(&format!("r{line}"), &format!("right {line}")).await;
            joe.says(&format!("j{line}"), &chat, &format!("joe {line}")).await;
        }
        for line in 0..10 {
            left.acked(&format!("l{line}")).await;
            right.acked(&format!("r{line}")).await;
            joe.acked(&format!("j{line}")).await;
        }
        let (last, visible, messages) = shop.stored(&chat).await;
        assert_eq!(messages, 31);
        for tab in [&mut left, &mut right] {
            tab.inbox.expect("the last event", |frame| frame["type"] == "event" && frame["seq"] == visible).await;
            tab.inbox.has_no_hole("a tab", &chat, visible);
            assert_eq!(tab.inbox.numbers(&chat)[0], 1);
        }
        joe.inbox.expect("the last event", |frame| frame["type"] == "event" && frame["seq"] == last).await;
        joe.inbox.has_no_hole("Joe", &chat, last);
        // One tab gone is not the visitor gone.
        drop(right);
        left.says("l-last", "still here").await;
        left.acked("l-last").await;
        actix::clock::sleep(Duration::from_secs(6)).await;
        let away = |frame: &serde_json::Value| frame["event"]["kind"] == "visitor_away";
        joe.inbox.look();
        assert!(!joe.inbox.got.iter().any(away));
        // And both gone is.
        drop(left);
        joe.inbox.expect("away", away).await;
    })
    .await;
}

/// Nothing has been told of any group when the first visitor comes: the store knows them.
#[actix::test]
async fn a_chat_may_begin_the_moment_a_node_is_there() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    let before = shop.node("one", all_shards(), GOOD, 1).await;
    shop.window(&before, &shop.joe).await.goes_online().await;
    let node = shop.node("two", all_shards(), GOOD, 2).await;
    let mut clara = shop.tab(&node, 42, None).await;
    clara.starts("hello").await;
}
