//! Two nodes that do not hear each other for a while.

use std::time::Duration;

use engine::domain::limits::NODE_SILENT_MAX;
use serde_json::json;

use crate::suite::engines::cast::{BAD, GOOD, Shop, shards_of, with_each_seed};

const RINGS: Duration = Duration::from_secs(60);

/// The chat goes on where it lives; the operator's window, on the other node, misses it, and gets it all when the two
/// hear each other again, though nothing more is said.
#[actix::test]
async fn what_was_said_while_the_nodes_were_apart_is_read_from_the_store() {
    with_each_seed(async |seed| {
        let shop = Shop::open(2, 2, RINGS).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let (mut clara, mut joe, chat) = shop.in_a_chat(&one, &two).await;
        let mut far = shop.tab(&two, 42, Some((&chat, 0))).await;
        joe.inbox.expect("assigned", |frame| frame["event"]["kind"] == "assigned").await;
        far.inbox.expect("assigned", |frame| frame["event"]["kind"] == "assigned").await;

        one.bus.cut(true);
        two.bus.cut(true);
        actix::clock::sleep(NODE_SILENT_MAX + Duration::from_secs(1)).await;
        for line in 0..5 {
            clara.says(&format!("c{line}"), &format!("line {line}")).await;
            clara.acked(&format!("c{line}")).await;
        }
        joe.says("j1", &chat, "are you there?").await;
        joe.inbox.look();
        assert!(!joe.inbox.texts(&chat).contains(&"line 0".to_owned()), "the nodes are apart");

        one.bus.cut(false);
        two.bus.cut(false);
        joe.inbox.expect("the last line", |frame| frame["event"]["text"] == "line 4").await;
        far.inbox.expect("the last line", |frame| frame["event"]["text"] == "line 4").await;
        // What was said to nobody is said again, within the time in which a client waits; or is refused, and then by it.
        let answer = joe.inbox.expect("an answer", |frame| frame["id"] == "j1").await;
        if answer["type"] == "error" {
            assert_eq!(answer["code"], "unavailable");
            joe.says("j1", &chat, "are you there?").await;
            joe.inbox.expect("the ack", |frame| frame["id"] == "j1" && frame["type"] == "ack").await;
        }
        clara.inbox.expect("the question", |frame| frame["event"]["text"] == "are you there?").await;
        let (last, visible, messages) = shop.stored(&chat).await;
        assert_eq!(messages, 7);
        joe.inbox.expect("the last event", |frame| frame["type"] == "event" && frame["seq"] == last).await;
        joe.inbox.has_no_hole("Joe", &chat, last);
        far.inbox.expect("the last event", |frame| frame["type"] == "event" && frame["seq"] == visible).await;
        far.inbox.has_no_hole("the far tab", &chat, visible);
        clara.inbox.has_no_hole("Clara", &chat, visible);
        assert!(two.told("switchboard_bus_gaps_filled_total") >= 2.0, "Joe's window, and the far tab");
    })
    .await;
}

/// A command was on the way when the nodes lost touch. Its client hears nothing of that but the ack.
#[actix::test]
async fn a_command_that_was_under_way_when_the_nodes_parted_is_sent_again() {
    let shop = Shop::open(2, 2, RINGS).await;
    let (one, two) = shop.nodes(GOOD, 1).await;
    let (mut clara, mut joe, chat) = shop.in_a_chat(&one, &two).await;
    one.bus.cut(true);
    two.bus.cut(true);
    joe.says("j1", &chat, "are you there?").await;
    joe.says("j2", &chat, "hello?").await;
    // Long enough for both to take each other for gone, and short enough for the client to wait.
    actix::clock::sleep(NODE_SILENT_MAX + Duration::from_millis(500)).await;
    assert_eq!(joe.inbox.answers("j1"), 0);
    one.bus.cut(false);
    two.bus.cut(false);
    joe.acked("j1").await;
    joe.acked("j2").await;
    clara.inbox.expect("the second line", |frame| frame["event"]["text"] == "hello?").await;
    assert_eq!(clara.inbox.texts(&chat), ["hello", "are you there?", "hello?"]);
    assert!(two.told("switchboard_bus_commands_again_total") >= 2.0, "both lines");
    assert_eq!(one.told("switchboard_bus_commands_again_total"), 0.0, "nothing of it was said here");
}

/// Nobody answers for so long that the client must be told. What it says next must not overtake what was not answered,
/// not even when the chat has come to its own node meanwhile.
#[actix::test]
async fn what_was_not_answered_in_time_comes_before_what_is_said_after_it() {
    let shop = Shop::open(2, 2, RINGS).await;
    let (one, two) = shop.nodes(GOOD, 1).await;
    let (_clara, mut joe, chat) = shop.in_a_chat(&one, &two).await;
    one.bus.cut(true);
    two.bus.cut(true);
    joe.says("j1", &chat, "first").await;
    joe.says("j2", &chat, "second").await;
    for id in ["j1", "j2"] {
        let answer = joe.inbox.expect(id, |frame| frame["id"] == id).await;
        assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!("unavailable")));
    }
    two.engine.take_over(&shards_of(1)).await.expect("the store answers");
    joe.says("j3", &chat, "third").await;
    assert_eq!(joe.inbox.expect("j3", |frame| frame["id"] == "j3").await["code"], "unavailable");
    for (id, text) in [("j1", "first"), ("j2", "second"), ("j3", "third")] {
        joe.says(id, &chat, text).await;
        joe.inbox.expect("the ack", |frame| frame["id"] == id && frame["type"] == "ack").await;
    }
    joe.inbox.expect("the last line", |frame| frame["event"]["text"] == "third").await;
    assert_eq!(joe.inbox.texts(&chat), ["first", "second", "third"]);
}

/// An offer that is made while the operator's window cannot hear of it rings as soon as it can.
#[actix::test]
async fn an_offer_made_while_the_nodes_were_apart_rings_when_they_are_together() {
    with_each_seed(async |seed| {
        // The queue and Joe's presence are with the chat; only the window is elsewhere.
        let shop = Shop::open(1, 1, RINGS).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let mut joe = shop.window(&two, &shop.joe).await;
        joe.goes_online().await;
        let mut clara = shop.tab(&one, 42, None).await;
        clara.sees_online().await;
        one.bus.cut(true);
        two.bus.cut(true);
        let chat = clara.starts("hello").await;
        actix::clock::sleep(NODE_SILENT_MAX + Duration::from_secs(1)).await;
        joe.inbox.look();
        assert!(!joe.inbox.got.iter().any(|frame| frame["type"] == "offer"));
        one.bus.cut(false);
        two.bus.cut(false);
        joe.accepts(&chat).await;
        clara.inbox.expect("assigned", |frame| frame["event"]["kind"] == "assigned").await;
        joe.sends(json!({ "type": "end", "id": "end", "chat": chat })).await;
        joe.acked("end").await;
    })
    .await;
}
