//! What nodes count of what they say to each other: dashboards stand on it when a bus is suspected.

use std::time::Duration;

use serde_json::json;

use crate::suite::engines::cast::{BAD, GOOD, Node, Shop, until, with_each_seed};

const RINGS: Duration = Duration::from_secs(60);
/// All kinds of messages.
const KINDS: [&str; 9] = ["command", "signal", "queue", "operator", "follow", "frames", "owners", "question", "news"];

fn sent(node: &Node, kind: &str) -> f64 {
    node.told(&format!("switchboard_bus_sent_total{{kind=\"{kind}\"}}"))
}

fn received(node: &Node, kind: &str) -> f64 {
    node.told(&format!("switchboard_bus_received_total{{kind=\"{kind}\"}}"))
}

fn dropped(node: &Node, why: &str) -> f64 {
    node.told(&format!("switchboard_bus_dropped_total{{why=\"{why}\"}}"))
}

/// Clara's tab, her chat and everybody's presence are on the first node, the queue and Joe's window on the second.
async fn talk(shop: &Shop, one: &Node, two: &Node) {
    let (mut clara, mut joe, chat) = shop.in_a_chat(one, two).await;
    for line in 0..5 {
        clara.says(&format!("c{line}"), &format!("clara {line}")).await;
        joe.says(&format!("j{line}"), &chat, &format!("joe {line}")).await;
    }
    for line in 0..5 {
        clara.acked(&format!("c{line}")).await;
        joe.acked(&format!("j{line}")).await;
    }
    joe.sends(json!({ "type": "end", "id": "end", "chat": chat })).await;
    joe.acked("end").await;
    joe.inbox.expect("the end", |frame| frame["event"]["kind"] == "ended").await;
}

#[actix::test]
async fn what_one_node_sends_the_other_one_gets_and_both_count_it_once() {
    let shop = Shop::in_memory(2, 1, RINGS).await;
    let (one, two) = shop.nodes(GOOD, 1).await;
    talk(&shop, &one, &two).await;
    let agree = |kind: &&str| sent(&one, kind) == received(&two, kind) && sent(&two, kind) == received(&one, kind);
    until("what was sent is got", || KINDS.iter().all(agree)).await;
    for (node, kinds) in [(&one, ["command", "signal", "operator"]), (&two, ["queue", "frames", "follow"])] {
        for kind in kinds {
            assert!(received(node, kind) > 0.0, "{kind}: {}", node.engine.metrics_text());
        }
    }
    for node in [&one, &two] {
        for why in ["not_confirmed", "not_understood", "too_many_nodes"] {
            assert_eq!(dropped(node, why), 0.0, "{why}");
        }
    }
}

#[actix::test]
async fn what_a_bad_bus_brings_again_is_counted_as_that_and_handed_on_once() {
    with_each_seed(async |seed| {
        let shop = Shop::in_memory(2, 1, RINGS).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        talk(&shop, &one, &two).await;
        let both = |what: &dyn Fn(&Node) -> f64| what(&one) + what(&two);
        assert!(both(&|node| dropped(node, "doubled")) > 0.0, "a fifth came twice");
        assert!(both(&|node| node.told("switchboard_bus_sent_again_total")) > 0.0, "a third was lost");
        for kind in KINDS {
            assert!(received(&two, kind) <= sent(&one, kind) && received(&one, kind) <= sent(&two, kind), "{kind}");
        }
    })
    .await;
}

#[actix::test]
async fn what_is_no_envelope_is_passed_over_and_counted() {
    let shop = Shop::in_memory(2, 1, RINGS).await;
    let (one, two) = shop.nodes(GOOD, 1).await;
    shop.babbles_to(&one);
    until("it is counted", || dropped(&one, "not_understood") == 1.0).await;
    assert_eq!(dropped(&two, "not_understood"), 0.0);
    talk(&shop, &one, &two).await;
}
