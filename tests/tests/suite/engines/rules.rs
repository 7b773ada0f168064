//! What a group may set of routing beyond how it rings, at work: help from other groups, queues that are full, operators
//! who let offers expire, and the operator whom the page names.

use std::time::Duration;

use engine::actors::engine::{StaffChange, all_shards};
use engine::domain::group::{
    Availability, Handling, Instead, LostOperator, Membership, Overflow, RoutingRules, Status,
};
use engine::protocol::visitor::ChatPhase;
use serde_json::{Value, json};

use crate::suite::engines::cast::{GOOD, Node, Shop, Tab, Window, event, until};

const RINGS: Duration = Duration::from_secs(60);

async fn asks(shop: &Shop, node: &Node, visitor: u128, department: Option<&str>) -> (Tab, String) {
    let mut tab = shop.tab(node, visitor, None).await;
    let chat = tab.starts_in(department, "hello").await;
    (tab, chat)
}

async fn never_rings(window: &mut Window, chat: &str) {
    actix::clock::sleep(Duration::from_millis(300)).await;
    window.inbox.look();
    let rang = window.inbox.got.iter().any(|frame| frame["type"] == "offer" && frame["chat"] == chat);
    assert!(!rang, "{chat} must not ring here");
}

#[actix::test]
async fn after_a_while_another_group_helps_and_the_chat_is_gone_from_both_when_it_is_served() {
    let shop = Shop::in_memory(1, 2, RINGS).await;
    let sales = shop.has_sales(2, &shop.bob).await;
    shop.store.delete_membership(shop.account, &shop.group, shop.bob.id).await.expect("the store answers");
    let overflow = Some(Overflow { after_s: 1, groups: vec![sales.clone()] });
    shop.has_rules(RoutingRules { overflow, ..RoutingRules::default() }).await;
    let (one, two) = shop.nodes(GOOD, 1).await;
    let (mut joe, mut bob) = (shop.window(&one, &shop.joe).await, shop.window(&two, &shop.bob).await);
    joe.goes_online().await;
    bob.goes_online().await;
    let mut tab = shop.tab(&one, 1, None).await;
    tab.sees_online().await;
    let mut held = Vec::new();
    for visitor in 10..13 {
        held.push(asks(&shop, &one, visitor, Some("support")).await);
        joe.accepts(&held.last().expect("just put there").1).await;
    }
    // Joe is full: Bob, who is no member of Support, helps after a second.
    let (mut clara, chat) = asks(&shop, &one, 20, Some("support")).await;
    never_rings(&mut bob, &chat).await;
    bob.accepts(&chat).await;
    clara.inbox.expect("assigned", event("assigned")).await;
    let id = chat.parse().expect("an id");
    let head = shop.store.chat(shop.account, id).await.expect("the store answers").expect("it is stored").head;
    assert_eq!(head.group, sales, "it is a chat of those who help");
    // Nobody rings for it any more, also when Joe is free.
    joe.sends(json!({ "type": "end", "id": "end", "chat": held[0].1 })).await;
    joe.acked("end").await;
    never_rings(&mut joe, &chat).await;
    // And the next one is Joe's own again.
    let (_dora, next) = asks(&shop, &two, 21, Some("support")).await;
    joe.accepts(&next).await;
}

#[actix::test]
async fn what_both_groups_could_ring_rings_at_one_at_a_time() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    let sales = shop.has_sales(2, &shop.bob).await;
    shop.store.delete_membership(shop.account, &shop.group, shop.bob.id).await.expect("the store answers");
    let overflow = Some(Overflow { after_s: 0, groups: vec![sales] });
    shop.has_rules(RoutingRules { overflow, ..RoutingRules::default() }).await;
    let (one, _two) = shop.nodes(GOOD, 1).await;
    let (mut joe, mut bob) = (shop.window(&one, &shop.joe).await, shop.window(&one, &shop.bob).await);
    joe.goes_online().await;
    bob.goes_online().await;
    let mut tab = shop.tab(&one, 1, None).await;
    tab.sees_online().await;
    for round in 0..3 {
        let (mut clara, chat) = asks(&shop, &one, 30 + round, Some("support")).await;
        let is_offer = |frame: &Value| frame["type"] == "offer" && frame["chat"] == chat.as_str();
        let (first, second) = loop {
            joe.inbox.look();
            bob.inbox.look();
            match (joe.inbox.got.iter().any(&is_offer), bob.inbox.got.iter().any(&is_offer)) {
                (false, false) => actix::clock::sleep(Duration::from_millis(5)).await,
                (true, false) => break (&mut joe, &mut bob),
                (false, true) => break (&mut bob, &mut joe),
                (true, true) => panic!("it rings at both"),
            }
        };
        never_rings(second, &chat).await;
        // Declined in one group it goes on to the other.
        let offer = first.offered(&chat).await;
        first.sends(json!({ "type": "decline", "id": format!("no-{round}"), "offer": offer })).await;
        first.acked(&format!("no-{round}")).await;
        second.accepts(&chat).await;
        clara.inbox.expect("assigned", event("assigned")).await;
    }
}

#[actix::test]
async fn who_comes_to_a_full_queue_gets_a_place_in_another_one_once_or_the_form() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    let sales = shop.has_sales(2, &shop.bob).await;
    let full = |when_full| RoutingRules { queue_length_max: Some(1), when_full, ..RoutingRules::default() };
    shop.store.delete_membership(shop.account, &shop.group, shop.bob.id).await.expect("the store answers");
    shop.has_rules(full(Instead::Group(sales.clone()))).await;
    let (one, _two) = shop.nodes(GOOD, 1).await;
    let (mut joe, mut bob) = (shop.window(&one, &shop.joe).await, shop.window(&one, &shop.bob).await);
    joe.goes_online().await;
    let mut tab = shop.tab(&one, 1, None).await;
    tab.sees_online().await;
    let mut held = Vec::new();
    for visitor in 10..13 {
        held.push(asks(&shop, &one, visitor, Some("support")).await);
        joe.accepts(&held.last().expect("just put there").1).await;
    }
    let (mut first, waits) = asks(&shop, &one, 20, Some("support")).await;
    first.inbox.expect("a place", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;
    let (mut second, moved) = asks(&shop, &one, 21, Some("support")).await;
    let id = moved.parse().expect("an id");
    for _ in 0..200 {
        let head = shop.store.chat(shop.account, id).await.expect("the store answers").expect("it is stored").head;
        if head.group == sales {
            break;
        }
        actix::clock::sleep(Duration::from_millis(10)).await;
    }
    bob.goes_online().await;
    bob.accepts(&moved).await;
    second.inbox.expect("assigned", event("assigned")).await;
    never_rings(&mut bob, &waits).await;
    first.inbox.look();
    assert!(!first.inbox.got.iter().any(event("ended")), "whoever has a place keeps it");
}

#[actix::test]
async fn who_comes_to_a_full_queue_without_another_group_ends() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    shop.has_rules(RoutingRules { queue_length_max: Some(0), ..RoutingRules::default() }).await;
    let (one, _two) = shop.nodes(GOOD, 1).await;
    let mut joe = shop.window(&one, &shop.joe).await;
    joe.goes_online().await;
    let mut tab = shop.tab(&one, 1, None).await;
    tab.sees_online().await;
    // Nobody may wait, and nobody does for whom Joe is free: there are three of them.
    let mut held = Vec::new();
    for visitor in 10..13 {
        held.push(asks(&shop, &one, visitor, None).await);
        joe.accepts(&held.last().expect("just put there").1).await;
    }
    let (mut clara, _) = asks(&shop, &one, 20, None).await;
    let ended = clara.inbox.expect("the end", event("ended")).await;
    assert_eq!((&ended["event"]["by"], &ended["event"]["why"]), (&json!("system"), &json!("timed_out")), "{ended}");
}

#[actix::test]
async fn who_lets_two_offers_in_a_row_expire_is_away_in_the_store_and_in_all_windows() {
    let shop = Shop::in_memory(1, 2, Duration::from_millis(400)).await;
    shop.has_rules(RoutingRules { expired_offers_until_away: Some(2), ..RoutingRules::default() }).await;
    let (one, two) = shop.nodes(GOOD, 1).await;
    let (mut joe, mut other) = (shop.window(&one, &shop.joe).await, shop.window(&two, &shop.joe).await);
    joe.goes_online().await;
    let mut tab = shop.tab(&one, 1, None).await;
    tab.sees_online().await;
    let away = |frame: &Value| frame["type"] == "status" && frame["status"] == "away";
    let (_clara, first) = asks(&shop, &one, 10, None).await;
    joe.offered(&first).await;
    joe.inbox.expect("its end", |frame| frame["type"] == "offer_gone" && frame["chat"] == first.as_str()).await;
    joe_has_missed(&shop, 1).await;
    // One that is answered between them ends the row.
    let (_dora, second) = asks(&shop, &one, 11, None).await;
    joe.accepts(&second).await;
    joe_has_missed(&shop, 0).await;
    let (_emil, third) = asks(&shop, &one, 12, None).await;
    joe.offered(&third).await;
    joe.inbox.expect("its end", |frame| frame["type"] == "offer_gone" && frame["chat"] == third.as_str()).await;
    joe.inbox.look();
    assert!(!joe.inbox.got.iter().any(away), "one in a row is not two");
    let (_fred, fourth) = asks(&shop, &one, 13, None).await;
    joe.offered(&fourth).await;
    for window in [&mut joe, &mut other] {
        let told = window.inbox.expect("that he is away", away).await;
        assert_eq!(told["why"], "offers_expired", "{told}");
    }
    let stored = shop.store.own_presence(shop.account, shop.joe.id).await.expect("the store answers");
    assert_eq!(stored.expect("Joe is stored").status, Status::Away);
}

/// Waits until so many offers in a row are stored as expired at Joe.
async fn joe_has_missed(shop: &Shop, in_a_row: u32) {
    for _ in 0..1_000 {
        let stored = shop.store.own_presence(shop.account, shop.joe.id).await.expect("the store answers");
        if stored.expect("Joe is stored").expired_in_a_row == in_a_row {
            return;
        }
        actix::clock::sleep(Duration::from_millis(10)).await;
    }
    panic!("Joe has not missed {in_a_row} in a row");
}

#[actix::test]
async fn offers_that_expired_in_a_row_count_at_the_node_that_takes_over() {
    let shop = Shop::in_memory(1, 1, Duration::from_millis(400)).await;
    shop.has_rules(RoutingRules { expired_offers_until_away: Some(2), ..RoutingRules::default() }).await;
    let before = shop.node("one", all_shards(), GOOD, 1).await;
    let mut joe = shop.window(&before, &shop.joe).await;
    joe.goes_online().await;
    let mut tab = shop.tab(&before, 1, None).await;
    tab.sees_online().await;
    let (mut clara, first) = asks(&shop, &before, 10, None).await;
    joe.offered(&first).await;
    joe_has_missed(&shop, 1).await;
    clara.sends(json!({ "type": "end", "id": "end" })).await;
    clara.acked("end").await;
    before.bus.cut(true);
    drop((joe, tab, clara));
    let after = shop.node("two", all_shards(), GOOD, 2).await;
    let mut joe = shop.window(&after, &shop.joe).await;
    let mut tab = shop.tab(&after, 2, None).await;
    tab.sees_online().await;
    let (_dora, second) = asks(&shop, &after, 11, None).await;
    joe.offered(&second).await;
    let away = |frame: &Value| frame["type"] == "status" && frame["status"] == "away";
    let told = joe.inbox.expect("that he is away", away).await;
    assert_eq!(told["why"], "offers_expired", "{told}");
}

#[actix::test]
async fn the_chats_of_an_operator_who_is_lost_are_at_the_front_again_or_stay_as_the_group_says() {
    for rule in [LostOperator::Requeue, LostOperator::Keep] {
        let mut shop = Shop::in_memory(1, 2, RINGS).await;
        shop.patience.operator_grace = Duration::from_millis(300);
        shop.has_rules(RoutingRules { lost_operator: rule, ..RoutingRules::default() }).await;
        let (one, two) = shop.nodes(GOOD, 1).await;
        let mut joe = shop.window(&two, &shop.joe).await;
        joe.goes_online().await;
        let mut tab = shop.tab(&one, 1, None).await;
        tab.sees_online().await;
        let (mut clara, held) = asks(&shop, &one, 10, None).await;
        joe.accepts(&held).await;
        let mut bob = shop.window(&one, &shop.bob).await;
        bob.goes_online().await;
        let (mut others, mut bobs) = (Vec::new(), Vec::new());
        for visitor in 20..26 {
            let (tab, chat) = asks(&shop, &one, visitor, None).await;
            others.push(tab);
            bobs.push(chat);
        }
        // Joe takes two of them, Bob three: one waits.
        let waits = loop {
            for chat in &bobs {
                for window in [&mut joe, &mut bob] {
                    window.inbox.look();
                    if window.inbox.got.iter().any(|frame| frame["type"] == "offer" && frame["chat"] == chat.as_str())
                        && window.inbox.answers(&format!("accept-{}", &chat[24..])) == 0
                    {
                        window.accepts(chat).await;
                    }
                }
            }
            let taken = |window: &mut Window, chat: &String| window.inbox.answers(&format!("accept-{}", &chat[24..]));
            let free: Vec<&String> =
                bobs.iter().filter(|chat| taken(&mut joe, chat) + taken(&mut bob, chat) == 0).collect();
            if let [waits] = free[..] {
                break waits.clone();
            }
            actix::clock::sleep(Duration::from_millis(10)).await;
        };
        let mut joes: Vec<String> = Vec::new();
        for chat in &bobs {
            if joe.inbox.answers(&format!("accept-{}", &chat[24..])) == 1 {
                joes.push(chat.clone());
            }
        }
        clara.inbox.look();
        let before = clara.inbox.got.iter().filter(|frame| event("queued")(frame)).count();
        drop(joe);
        if rule == LostOperator::Keep {
            actix::clock::sleep(Duration::from_millis(900)).await;
            let id = held.parse().expect("an id");
            let head = shop.store.chat(shop.account, id).await.expect("the store answers").expect("it is stored").head;
            assert_eq!((head.state, head.owner), (ChatPhase::Active, Some(shop.joe.id)));
            continue;
        }
        for _ in 0..200 {
            clara.inbox.look();
            if clara.inbox.got.iter().filter(|frame| event("queued")(frame)).count() > before {
                break;
            }
            actix::clock::sleep(Duration::from_millis(10)).await;
        }
        // Bob is full; his next free slot is for one that had an operator before, not for whoever waits.
        actix::clock::sleep(Duration::from_millis(200)).await;
        let his = bobs.iter().find(|chat| bob.inbox.answers(&format!("accept-{}", &chat[24..])) == 1);
        bob.sends(json!({ "type": "end", "id": "end", "chat": his.expect("Bob has some") })).await;
        bob.acked("end").await;
        let joes = |frame: &Value| {
            let had = [&held].into_iter().chain(&joes).any(|chat| frame["chat"] == chat.as_str());
            frame["type"] == "offer" && had
        };
        bob.inbox.expect("one of Joe's chats", joes).await;
        never_rings(&mut bob, &waits).await;
        let loads = shop.store.recount(shop.account).await.expect("the store answers");
        assert_eq!(loads, [], "the lost one's slot was given back");
    }
}

#[actix::test]
async fn the_operator_whom_the_page_names_is_waited_for_a_while() {
    let shop = Shop::in_memory(1, 2, RINGS).await;
    shop.has_rules(RoutingRules { wanted_operator_waits_s: 2, ..RoutingRules::default() }).await;
    let (one, _two) = shop.nodes(GOOD, 1).await;
    let (mut joe, mut bob) = (shop.window(&one, &shop.joe).await, shop.window(&one, &shop.bob).await);
    joe.goes_online().await;
    bob.goes_online().await;
    let mut tab = shop.tab(&one, 1, None).await;
    tab.sees_online().await;
    let wants_bob = async |visitor: u128| {
        let mut tab = shop.tab(&one, visitor, None).await;
        tab.sends(
            json!({ "type": "start", "id": "start", "name": "Clara", "operator": shop.bob.id, "question": "Bob?" }),
        )
        .await;
        let chat = tab.acked("start").await["chat"].as_str().expect("a start has a chat").to_owned();
        (tab, chat)
    };
    // Joe would be next each time; it rings at Bob, until he is full.
    let mut tabs = Vec::new();
    for visitor in 10..13 {
        let (tab, chat) = wants_bob(visitor).await;
        bob.accepts(&chat).await;
        never_rings(&mut joe, &chat).await;
        tabs.push(tab);
    }
    // Then it waits for him, and goes on to Joe.
    let (_tab, chat) = wants_bob(20).await;
    never_rings(&mut joe, &chat).await;
    joe.accepts(&chat).await;
    never_rings(&mut bob, &chat).await;
}

#[actix::test]
async fn the_operator_whom_the_page_names_is_waited_for_also_who_is_hired_meanwhile() {
    let shop = Shop::in_memory(1, 2, RINGS).await;
    shop.has_rules(RoutingRules { wanted_operator_waits_s: 60, ..RoutingRules::default() }).await;
    let member = |operator, limit| {
        let (group, handling) = (shop.group.clone(), Handling::Primary);
        Membership { group, operator, handling, limit: Some(limit), active: true }
    };
    shop.store.delete_membership(shop.account, &shop.group, shop.bob.id).await.expect("the store answers");
    shop.store.put_membership(shop.account, &member(shop.joe.id, 0)).await.expect("the store answers");
    let (one, two) = shop.nodes(GOOD, 1).await;
    let (mut joe, mut bob) = (shop.window(&one, &shop.joe).await, shop.window(&one, &shop.bob).await);
    joe.goes_online().await;
    bob.goes_online().await;
    let mut clara = shop.tab(&one, 1, None).await;
    until("that somebody receives", || one.engine.availability(shop.account, None) != Availability::Offline).await;
    let names = json!({ "type": "start", "id": "start", "name": "Clara", "operator": shop.bob.id, "question": "Bob?" });
    clara.sends(names).await;
    let chat = clara.acked("start").await["chat"].as_str().expect("a start has a chat").to_owned();
    // Bob is hired, and has no slot yet; Joe has some from now on.
    for changed in [member(shop.bob.id, 0), member(shop.joe.id, 3)] {
        shop.store.put_membership(shop.account, &changed).await.expect("the store answers");
        two.engine.changed(shop.account, &StaffChange::Group(shop.group.clone()));
        never_rings(&mut joe, &chat).await;
    }
    shop.store.put_membership(shop.account, &member(shop.bob.id, 1)).await.expect("the store answers");
    two.engine.changed(shop.account, &StaffChange::Group(shop.group.clone()));
    bob.accepts(&chat).await;
}
