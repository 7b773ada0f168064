//! Offers that ring on another node than that of the chat, the queue, or the operator's other window.

use std::time::{Duration, Instant};

use engine::adapters::bus::faulty::Faults;
use engine::domain::event::EventKind;
use serde_json::{Value, json};

use crate::suite::engines::cast::{BAD, GOOD, Shop, with_each_seed};

fn gone<'a>(offer: &'a Value, why: &'a str) -> impl Fn(&Value) -> bool + 'a {
    move |frame| frame["type"] == "offer_gone" && frame["offer"] == *offer && frame["why"] == why
}

#[actix::test]
async fn what_rings_in_two_windows_on_two_nodes_is_over_in_both() {
    with_each_seed(async |seed| {
        let shop = Shop::open(2, 1, Duration::from_secs(60)).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let (mut here, mut there) = (shop.window(&one, &shop.joe).await, shop.window(&two, &shop.joe).await);
        there.goes_online().await;
        here.inbox.expect("status", |frame| frame["type"] == "status" && frame["status"] == "online").await;
        let mut clara = shop.tab(&one, 42, None).await;
        clara.sees_online().await;
        let chat = clara.starts("hello").await;
        let offer = here.offered(&chat).await;
        assert_eq!(there.offered(&chat).await, offer);
        // Declined in one window, it is over in both, and goes to Bob, whose only window is on the other node.
        let mut bob = shop.window(&two, &shop.bob).await;
        bob.goes_online().await;
        there.sends(json!({ "type": "decline", "id": "no", "offer": offer })).await;
        there.acked("no").await;
        here.inbox.expect("offer_gone", gone(&offer, "declined")).await;
        there.inbox.expect("offer_gone", gone(&offer, "declined")).await;
        bob.accepts(&chat).await;
        // Too late is too late, in whichever window.
        here.sends(json!({ "type": "accept", "id": "late", "offer": offer })).await;
        let refused = here.inbox.expect("the refusal", |frame| frame["id"] == "late").await;
        assert_eq!((&refused["code"], &refused["why"]), (&json!("conflict"), &json!("expired")));
        let (last, ..) = shop.stored(&chat).await;
        bob.inbox.expect("assigned", |frame| frame["seq"] == last).await;
        // An event written in one window is in the other one, too.
        let mut bob_here = shop.window(&one, &shop.bob).await;
        bob.says("b1", &chat, "good day").await;
        bob.acked("b1").await;
        bob_here.inbox.expect("the message", |frame| frame["event"]["text"] == "good day").await;
        bob_here.says("b2", &chat, "how can I help?").await;
        bob_here.acked("b2").await;
        bob.inbox.expect("the message", |frame| frame["event"]["text"] == "how can I help?").await;
        bob.inbox.has_no_hole("Bob, there", &chat, last + 2);
        bob_here.inbox.has_no_hole("Bob, here", &chat, last + 2);
    })
    .await;
}

#[actix::test]
async fn an_offer_nobody_answers_expires_everywhere_and_goes_to_somebody_else() {
    with_each_seed(async |seed| {
        let shop = Shop::open(2, 2, Duration::from_millis(2500)).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let (mut joe, mut bob) = (shop.window(&one, &shop.joe).await, shop.window(&two, &shop.bob).await);
        joe.goes_online().await;
        let mut clara = shop.tab(&one, 42, None).await;
        clara.sees_online().await;
        let chat = clara.starts("hello").await;
        let offer = joe.offered(&chat).await;
        bob.goes_online().await;
        joe.inbox.expect("offer_gone", gone(&offer, "expired")).await;
        bob.accepts(&chat).await;
        clara.inbox.expect("assigned", |frame| frame["event"]["name"] == "Bob").await;
    })
    .await;
}

/// Joe is full, and lives on another node than the queue; his chat ends, and the next one rings. How long that takes as
/// the test sees it, and by what the nodes wrote.
async fn a_freed_slot_is_refilled(faults: Faults, seed: u64) -> (Duration, Duration) {
    let shop = Shop::open(2, 1, Duration::from_secs(60)).await;
    let mut limited = shop.joe.clone();
    limited.limit = Some(1);
    shop.store.change_operator(shop.account, &shop.joe, &limited).await.expect("the store answers");
    let (one, two) = shop.nodes(faults, seed).await;
    let mut joe = shop.window(&two, &limited).await;
    joe.goes_online().await;
    let (mut clara, mut dora) = (shop.tab(&one, 42, None).await, shop.tab(&two, 43, None).await);
    clara.sees_online().await;
    dora.sees_online().await;
    let first = clara.starts("I am first").await;
    joe.accepts(&first).await;
    let second = dora.starts("I am second").await;
    dora.inbox.expect("the place", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;
    actix::clock::sleep(Duration::from_secs(2)).await;
    joe.inbox.look();
    assert!(!joe.inbox.got.iter().any(|frame| frame["type"] == "offer" && frame["chat"] == second));
    clara.sends(json!({ "type": "end", "id": "end" })).await;
    clara.acked("end").await;
    let freed = Instant::now();
    joe.offered(&second).await;
    let seen = freed.elapsed();
    let ended = shop.written_at(&first, |kind| matches!(kind, EventKind::Ended { .. })).await;
    let offered = shop.written_at(&second, |kind| matches!(kind, EventKind::Offered { .. })).await;
    (seen, offered.since(ended))
}

#[actix::test]
async fn a_freed_slot_is_refilled_within_a_second_though_everybody_lives_elsewhere() {
    let (_, written) = a_freed_slot_is_refilled(GOOD, 1).await;
    assert!(written < Duration::from_secs(1), "it took {written:?}");
}

#[actix::test]
async fn a_freed_slot_is_refilled_soon_though_the_bus_is_bad() {
    with_each_seed(async |seed| {
        let (seen, _) = a_freed_slot_is_refilled(BAD, seed).await;
        // Three legs over the bus, each of which may have to be sent some times.
        assert!(seen < Duration::from_secs(5), "it took {seen:?}");
    })
    .await;
}

#[actix::test]
async fn a_chat_that_rings_at_all_over_two_nodes_is_the_first_ones() {
    with_each_seed(async |seed| {
        let shop = Shop::open(1, 2, Duration::from_secs(60)).await;
        shop.rings_at_all().await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let (mut joe, mut bob) = (shop.window(&one, &shop.joe).await, shop.window(&two, &shop.bob).await);
        joe.goes_online().await;
        bob.goes_online().await;
        let mut clara = shop.tab(&one, 42, None).await;
        clara.sees_online().await;
        let chat = clara.starts("hello").await;
        let (joes, bobs) = (joe.offered(&chat).await, bob.offered(&chat).await);
        assert_eq!(joes, bobs, "one offer for both");
        joe.sends(json!({ "type": "accept", "id": "joes", "offer": joes })).await;
        bob.sends(json!({ "type": "accept", "id": "bobs", "offer": bobs })).await;
        let joes_answer = joe.inbox.expect("an answer", |frame| frame["id"] == "joes").await;
        let bobs_answer = bob.inbox.expect("an answer", |frame| frame["id"] == "bobs").await;
        let (loser, answer) = match (joes_answer["type"].as_str(), bobs_answer["type"].as_str()) {
            (Some("ack"), Some("error")) => (&mut bob, bobs_answer),
            (Some("error"), Some("ack")) => (&mut joe, joes_answer),
            _ => panic!("one of them has it: {joes_answer} {bobs_answer}"),
        };
        assert_eq!((&answer["code"], &answer["why"]), (&json!("conflict"), &json!("taken")), "{answer}");
        loser.inbox.expect("that it is over", gone(&joes, "taken")).await;
        clara.inbox.expect("assigned", |frame| frame["event"]["kind"] == "assigned").await;
    })
    .await;
}

#[actix::test]
async fn a_free_slot_goes_to_the_longest_wait_though_the_queues_are_on_two_nodes() {
    with_each_seed(async |seed| {
        let shop = Shop::open(1, 2, Duration::from_secs(60)).await;
        shop.has_sales(2, &shop.joe).await;
        // A group whose bid is lost for a tenth of a second is passed over: the order holds where the bus does.
        let (one, two) = shop.nodes(GOOD, seed).await;
        let mut joe = shop.window(&one, &shop.joe).await;
        joe.goes_online().await;
        let mut held = Vec::new();
        let mut tabs = Vec::new();
        for (visitor, department) in
            ["support", "support", "support", "sales", "support", "sales"].into_iter().enumerate()
        {
            let mut tab = shop.tab(if visitor % 2 == 0 { &one } else { &two }, 100 + visitor as u128, None).await;
            if visitor < 3 {
                tab.sees_online().await;
            }
            let chat = tab.starts_in(Some(department), "hello").await;
            if visitor < 3 {
                joe.accepts(&chat).await;
            }
            held.push(chat);
            tabs.push(tab);
        }
        // Joe may hold three chats. Each that ends makes room for the longest wait, whichever the group.
        for (number, next) in (3..6).enumerate() {
            let ended = held[number].clone();
            joe.sends(json!({ "type": "end", "id": format!("end-{number}"), "chat": ended })).await;
            joe.acked(&format!("end-{number}")).await;
            joe.accepts(&held[next]).await;
            let later = &held[next + 1..];
            joe.inbox.look();
            let rang = |chat: &&String| joe.inbox.got.iter().any(|f| f["type"] == "offer" && f["chat"] == **chat);
            assert_eq!(later.iter().filter(rang).count(), 0, "nobody who came later was asked before");
        }
    })
    .await;
}

#[actix::test]
async fn a_chat_is_handed_on_to_a_colleague_on_the_other_node() {
    with_each_seed(async |seed| {
        let shop = Shop::open(1, 2, Duration::from_secs(60)).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let (mut clara, mut joe, chat) = shop.in_a_chat(&two, &one).await;
        let mut bob = shop.window(&two, &shop.bob).await;
        bob.goes_online().await;
        let to = json!({ "operator": shop.bob.id });
        // Joe's node may not have heard yet that Bob is there.
        let mut tries = 0;
        loop {
            let id = format!("hand-on-{tries}");
            joe.sends(json!({ "type": "transfer", "id": id, "chat": chat, "to": to, "reason": "knows lamps" })).await;
            let answer = joe.inbox.expect("an answer", |frame| frame["id"] == id.as_str()).await;
            if answer["type"] == "ack" {
                break;
            }
            assert_eq!((&answer["why"], tries < 20), (&json!("offline"), true), "{answer}");
            actix::clock::sleep(Duration::from_millis(250)).await;
            tries += 1;
        }
        bob.accepts(&chat).await;
        joe.inbox.expect("who has it", |frame| frame["event"]["kind"] == "transferred").await;
        clara.inbox.expect("who answers", |frame| frame["event"]["name"] == "Bob").await;
        bob.says("b1", &chat, "good day").await;
        bob.acked("b1").await;
        clara.inbox.expect("the message", |frame| frame["event"]["text"] == "good day").await;
        joe.says("j1", &chat, "still me?").await;
        let refused = joe.inbox.expect("the refusal", |frame| frame["id"] == "j1").await;
        assert_eq!(refused["code"], "not_found", "{refused}");
        let (last, ..) = shop.stored(&chat).await;
        clara.inbox.look();
        assert!(!clara.inbox.got.iter().any(|frame| frame.to_string().contains("knows lamps")));
        assert_eq!(clara.inbox.answers(&format!("hand-on-{tries}")), 0);
        assert!(last >= 8, "asked, rung, transferred and written: {last}");
    })
    .await;
}
