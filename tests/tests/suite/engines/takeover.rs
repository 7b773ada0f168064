//! A node takes over what another one had, in the middle of conversations.

use std::time::Duration;

use engine::domain::limits::DIRECTORY_EVERY;
use serde_json::json;

use crate::suite::engines::cast::{BAD, Shop, shards_of, until, with_each_seed};

const RINGS: Duration = Duration::from_secs(60);

/// Everybody's sockets are on the second node, the chat is on the first. The second one takes over while both speak.
#[actix::test]
async fn nobody_whose_sockets_stay_notices_that_the_chat_has_moved() {
    with_each_seed(async |seed| {
        let shop = Shop::open(1, 1, RINGS).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let (early, mut joe, chat) = shop.in_a_chat(&one, &two).await;
        // She goes to another page, and comes out on the second node.
        drop(early);
        let mut clara = shop.tab(&two, 42, Some((&chat, 0))).await;
        for line in 0..5 {
            clara.says(&format!("c{line}"), &format!("clara {line}")).await;
            joe.says(&format!("j{line}"), &chat, &format!("joe {line}")).await;
        }
        two.engine.take_over(&shards_of(1)).await.expect("the store answers");
        for line in 5..10 {
            clara.says(&format!("c{line}"), &format!("clara {line}")).await;
            joe.says(&format!("j{line}"), &chat, &format!("joe {line}")).await;
        }
        for line in 0..10 {
            clara.acked(&format!("c{line}")).await;
            joe.acked(&format!("j{line}")).await;
        }
        let (last, visible, messages) = shop.stored(&chat).await;
        assert_eq!(messages, 21, "each once, whoever stored it");
        clara.inbox.expect("the last event", |frame| frame["type"] == "event" && frame["seq"] == visible).await;
        joe.inbox.expect("the last event", |frame| frame["type"] == "event" && frame["seq"] == last).await;
        clara.inbox.has_no_hole("Clara", &chat, visible);
        joe.inbox.has_no_hole("Joe", &chat, last);
        for inbox in [&mut clara.inbox, &mut joe.inbox] {
            for who in ["clara", "joe"] {
                let texts = inbox.texts(&chat).into_iter().filter(|text| text.starts_with(who));
                let spoken: Vec<String> = (0..10).map(|line| format!("{who} {line}")).collect();
                assert_eq!(texts.collect::<Vec<_>>(), spoken);
            }
            assert_eq!(inbox.closed, None);
        }
        // The queue and Joe's presence have moved, too: the next chat is offered from here, also where it begins at a
        // node that has nothing left.
        let mut dora = shop.tab(&one, 43, None).await;
        let next = dora.starts("and the next one").await;
        joe.accepts(&next).await;
        dora.inbox.expect("assigned", |frame| frame["event"]["kind"] == "assigned").await;
        // And it all goes back: whoever comes to the first node finds the chat awake there again.
        drop(clara);
        one.engine.take_over(&shards_of(1)).await.expect("the store answers");
        let mut home = shop.tab(&one, 42, Some((&chat, 0))).await;
        home.says("h1", "back home").await;
        home.acked("h1").await;
        joe.inbox.expect("the message", |frame| frame["event"]["text"] == "back home").await;
        let (last, ..) = shop.stored(&chat).await;
        joe.inbox.expect("the last event", |frame| frame["type"] == "event" && frame["seq"] == last).await;
        joe.inbox.has_no_hole("Joe", &chat, last);
    })
    .await;
}

/// The operators' windows are on the node that had the chat. It has it no more, and goes on with everything else.
#[actix::test]
async fn windows_on_the_node_that_had_the_chat_hear_all_that_is_said_on_the_one_that_has_it() {
    with_each_seed(async |seed| {
        let shop = Shop::open(2, 2, RINGS).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let (early, mut joe, chat) = shop.in_a_chat(&one, &one).await;
        drop(early);
        let mut clara = shop.tab(&two, 42, Some((&chat, 0))).await;
        let mut bob = shop.with_bob(&one, &mut joe, &chat).await;
        clara.inbox.expect("Bob", |frame| frame["event"]["kind"] == "joined").await;
        two.engine.take_over(&shards_of(1)).await.expect("the store answers");
        for line in 0..5 {
            clara.says(&format!("c{line}"), &format!("clara {line}")).await;
            clara.acked(&format!("c{line}")).await;
        }
        // Who speaks before is sent away: the node has the chat as yet, and finds only then that it has it no longer.
        let gave_up = || shards_of(1).iter().all(|shard| one.engine.shared().epoch(*shard) == 0);
        until("that it gave the chats up", gave_up).await;
        for window in [&mut joe, &mut bob] {
            window.inbox.expect("her last words", |frame| frame["event"]["text"] == "clara 4").await;
            window.gets_said("mine", &chat, "We are here").await;
        }
        let (last, visible, _) = shop.stored(&chat).await;
        clara.inbox.expect("the last event", |frame| frame["type"] == "event" && frame["seq"] == visible).await;
        clara.inbox.has_no_hole("Clara", &chat, visible);
        for (name, window) in [("Joe", &mut joe), ("Bob", &mut bob)] {
            window.inbox.expect("the last event", |frame| frame["type"] == "event" && frame["seq"] == last).await;
            window.inbox.has_no_hole(name, &chat, last);
            assert_eq!(window.inbox.closed, None);
        }
    })
    .await;
}

/// Both operators' windows missed the last words before the takeover, and nothing is said after it.
#[actix::test]
async fn what_was_said_last_before_a_takeover_reaches_owners_and_guests_though_nobody_says_more() {
    with_each_seed(async |seed| {
        let shop = Shop::open(2, 2, RINGS).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let (mut early, mut joe, chat) = shop.in_a_chat(&one, &two).await;
        let mut bob = shop.with_bob(&two, &mut joe, &chat).await;
        early.inbox.expect("Bob", |frame| frame["event"]["kind"] == "joined").await;
        bob.inbox.expect("that he came", |frame| frame["event"]["kind"] == "joined").await;
        joe.inbox.expect("Bob", |frame| frame["event"]["kind"] == "joined").await;
        one.bus.cut(true);
        early.says("e0", "unheard").await;
        early.acked("e0").await;
        two.engine.take_over(&shards_of(1)).await.expect("the store answers");
        for window in [&mut joe, &mut bob] {
            window.inbox.expect("what was unheard", |frame| frame["event"]["text"] == "unheard").await;
        }
    })
    .await;
}

/// The chat's node is cut off for good, and a third one takes over; everybody's sockets are on the second.
#[actix::test]
async fn sockets_follow_their_chat_to_a_node_they_have_never_heard_of() {
    with_each_seed(async |seed| {
        let shop = Shop::open(1, 1, RINGS).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let (mut early, mut joe, chat) = shop.in_a_chat(&one, &two).await;
        let mut clara = shop.tab(&two, 42, Some((&chat, 0))).await;
        clara.says("c0", "to the first").await;
        clara.acked("c0").await;
        // Said and stored on the first, which is cut off before anybody else can hear of it.
        one.bus.cut(true);
        early.says("e0", "unheard").await;
        early.acked("e0").await;
        let three = shop.node("three", Vec::new(), BAD, seed + 2).await;
        three.engine.take_over(&shards_of(1)).await.expect("the store answers");
        clara.inbox.expect("what was unheard", |frame| frame["event"]["text"] == "unheard").await;
        joe.inbox.expect("what was unheard", |frame| frame["event"]["text"] == "unheard").await;
        for line in 1..6 {
            clara.says(&format!("c{line}"), &format!("clara {line}")).await;
            joe.says(&format!("j{line}"), &chat, &format!("joe {line}")).await;
        }
        for line in 1..6 {
            clara.acked(&format!("c{line}")).await;
            joe.acked(&format!("j{line}")).await;
        }
        let (last, visible, messages) = shop.stored(&chat).await;
        assert_eq!(messages, 13);
        clara.inbox.expect("the last event", |frame| frame["type"] == "event" && frame["seq"] == visible).await;
        joe.inbox.expect("the last event", |frame| frame["type"] == "event" && frame["seq"] == last).await;
        clara.inbox.has_no_hole("Clara", &chat, visible);
        joe.inbox.has_no_hole("Joe", &chat, last);
    })
    .await;
}

/// The first node is cut off and does not know that it has lost everything. What it is asked it refuses; what was on
/// the way to it arrives at its successor.
#[actix::test]
async fn a_node_that_was_cut_off_acks_nothing_that_is_not_stored() {
    is_cut_off(Duration::ZERO).await;
}

/// The same, when it has read in the store, where it looks each second, that others own what it had.
#[actix::test]
async fn a_node_that_was_cut_off_and_has_found_out_sends_its_sockets_away() {
    is_cut_off(DIRECTORY_EVERY * 2).await;
}

async fn is_cut_off(before_it_is_asked: Duration) {
    with_each_seed(async |seed| {
        let shop = Shop::open(1, 1, RINGS).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let (mut stranded, mut joe, chat) = shop.in_a_chat(&one, &two).await;
        let mut clara = shop.tab(&two, 42, Some((&chat, 0))).await;
        clara.says("c1", "before").await;
        clara.acked("c1").await;
        stranded.inbox.expect("the message", |frame| frame["event"]["text"] == "before").await;

        one.bus.cut(true);
        two.bus.cut(true);
        clara.says("c2", "into the void").await;
        joe.says("j1", &chat, "me too").await;
        actix::clock::sleep(Duration::from_millis(300)).await;
        assert_eq!((clara.inbox.answers("c2"), joe.inbox.answers("j1")), (0, 0), "nobody can know yet");
        two.engine.take_over(&shards_of(1)).await.expect("the store answers");
        actix::clock::sleep(before_it_is_asked).await;
        stranded.says("z1", "from the grave").await;
        assert_eq!(stranded.inbox.expect_closed().await, 1012);
        // A node that has looked just before closes the socket without an answer.
        let refused = stranded.inbox.got.iter().find(|frame| frame["id"] == "z1");
        assert!(
            refused.is_none_or(|answer| answer["code"] == "unavailable"),
            "not known is what it may say: {refused:?}"
        );
        clara.acked("c2").await;
        joe.acked("j1").await;
        // Whoever comes back to it is led on, once it hears the others again.
        drop(stranded);
        one.bus.cut(false);
        two.bus.cut(false);
        let mut back = shop.tab(&one, 42, Some((&chat, 0))).await;
        back.says("z1", "from the grave").await;
        back.acked("z1").await;
        joe.inbox.expect("the message", |frame| frame["event"]["text"] == "from the grave").await;
        let (last, visible, messages) = shop.stored(&chat).await;
        assert_eq!(messages, 5);
        for inbox in [&mut clara.inbox, &mut back.inbox] {
            inbox.expect("the last event", |frame| frame["type"] == "event" && frame["seq"] == visible).await;
            inbox.has_no_hole("a tab", &chat, visible);
        }
        joe.inbox.has_no_hole("Joe", &chat, last);
        assert_eq!(clara.inbox.answers("c2"), 1);
        clara.sends(json!({ "type": "end", "id": "end" })).await;
        clara.acked("end").await;
        back.inbox.expect("the end", |frame| frame["event"]["kind"] == "ended").await;
    })
    .await;
}
