//! For whom a chat and its offers count, in what is counted and in what is reported alike; and what is counted, and found
//! wrong, when something went wrong.

use std::time::{Duration, Instant};

use engine::actors::engine::all_shards;
use engine::actors::faults::PANIC_NEXT;
use engine::domain::group::RoutingRules;
use engine::domain::ids::{ChatId, GroupId};
use engine::domain::limits::REVIEW_A_SECOND;
use serde_json::json;

use crate::suite::engines::cast::{GOOD, Node, Shop, Tab, Window, until};
use crate::suite::engines::clocks::before_the_night;

const RINGS: Duration = Duration::from_secs(60);

/// Joe, alone, has accepted Clara's chat of Support.
async fn joe_has_a_chat(shop: &Shop, node: &Node) -> (Window, Tab, String) {
    let mut joe = shop.window(node, &shop.joe).await;
    joe.goes_online().await;
    let mut clara = shop.tab(node, 42, None).await;
    clara.sees_online().await;
    let chat = clara.starts_in(Some("support"), "hello").await;
    joe.accepts(&chat).await;
    (joe, clara, chat)
}

#[actix::test]
async fn a_chat_that_goes_to_another_group_counts_for_the_one_that_answered_it() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    let sales = shop.has_sales(1, &shop.bob).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let (mut joe, _clara, chat) = joe_has_a_chat(&shop, &node).await;
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

#[actix::test]
async fn an_offer_counts_in_the_group_it_was_made_for() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    let sales = shop.has_sales(1, &shop.bob).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let (mut joe, _clara, chat) = joe_has_a_chat(&shop, &node).await;
    let mut bob = shop.window(&node, &shop.bob).await;
    bob.goes_online().await;
    // Somebody in sales is asked for Support's chat, and declines.
    joe.sends(json!({ "type": "transfer", "id": "on", "chat": chat, "to": { "group": sales }, "reason": "Knows it" }))
        .await;
    joe.acked("on").await;
    let offer = bob.offered(&chat).await;
    bob.sends(json!({ "type": "decline", "id": "no", "offer": offer })).await;
    bob.acked("no").await;
    // Another one rings at Bob, who has more room; Joe takes it by hand.
    let mut dora = shop.tab(&node, 43, None).await;
    let second = dora.starts_in(Some("support"), "and me?").await;
    bob.offered(&second).await;
    joe.sends(json!({ "type": "take", "id": "mine", "chat": second })).await;
    joe.acked("mine").await;
    assert_eq!(offers(&node, &sales), (1, vec![("declined", 1)]));
    assert_eq!(offers(&node, &shop.group), (2, vec![("accepted", 1), ("taken", 1)]));
}

#[actix::test]
async fn a_ring_at_all_is_one_offer_and_is_over_once() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    shop.rings_at_all().await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let mut joe = shop.window(&node, &shop.joe).await;
    joe.goes_online().await;
    let mut clara = shop.tab(&node, 42, None).await;
    clara.sees_online().await;
    let chat = clara.starts("hello").await;
    let joes = joe.offered(&chat).await;
    let mut bob = shop.window(&node, &shop.bob).await;
    bob.goes_online().await;
    assert_eq!(bob.offered(&chat).await, joes, "he comes to it");
    joe.sends(json!({ "type": "decline", "id": "no", "offer": joes })).await;
    joe.acked("no").await;
    assert_eq!(offers(&node, &shop.group), (1, vec![]), "it rings on at Bob");
    bob.accepts(&chat).await;
    assert_eq!(offers(&node, &shop.group), (1, vec![("accepted", 1)]));
    // It rings at both, and its visitor goes.
    let mut dora = shop.tab(&node, 43, None).await;
    let second = dora.starts("and me?").await;
    joe.offered(&second).await;
    bob.offered(&second).await;
    dora.sends(json!({ "type": "end", "id": "end" })).await;
    dora.acked("end").await;
    assert_eq!(offers(&node, &shop.group), (2, vec![("accepted", 1), ("ended", 1)]));
}

#[actix::test]
async fn what_was_stored_when_a_session_panicked_is_counted_all_the_same() {
    let shop = Shop::open(1, 1, RINGS).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let (mut clara, mut joe, chat) = shop.in_a_chat(&node, &node).await;
    // The session panics over the next thing that comes to it: the news that this is stored.
    joe.says("j1", &chat, &format!("{PANIC_NEXT}visitor_session handler")).await;
    joe.acked("j1").await;
    assert_eq!(node.told(r#"switchboard_actor_restarts_total{kind="visitor_session"}"#), 1.0);
    let stored = |role: &str| node.told(&format!("switchboard_messages_total{{role=\"{role}\"}}"));
    assert_eq!((stored("operator"), stored("visitor")), (1.0, 1.0), "Clara began with a question");
    clara.says("c1", "are you there?").await;
    clara.acked("c1").await;
    joe.says("j2", &chat, "again").await;
    joe.acked("j2").await;
    assert_eq!((stored("operator"), stored("visitor")), (2.0, 2.0));
    assert_eq!(counted(&node, "switchboard_idle_time_seconds_count", &shop.group), 2);
    assert_eq!(counted(&node, "switchboard_first_reply_seconds_count", &shop.group), 1);
    clara.sends(json!({ "type": "end", "id": "end" })).await;
    clara.acked("end").await;
    until("it is held against the log", || node.told("switchboard_figures_checked_total") == 1.0).await;
    assert_eq!(drift(&node), Vec::<String>::new());
}

#[actix::test]
async fn every_message_is_counted_once_and_reports_have_as_many() {
    let shop = Shop::open(1, 1, RINGS).await;
    shop.has_rules(RoutingRules { greeting: Some("Welcome!".into()), ..RoutingRules::default() }).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let (mut clara, mut joe, chat) = shop.in_a_chat(&node, &node).await;
    clara.inbox.expect("the greeting", |frame| frame["event"]["text"] == "Welcome!").await;
    let stored = |role: &str| node.told(&format!("switchboard_messages_total{{role=\"{role}\"}}"));
    assert_eq!(["visitor", "operator", "system"].map(stored), [1.0, 0.0, 1.0]);
    // The start is sent again, by somebody who missed its ack.
    assert_eq!(clara.starts("hello").await, chat);
    assert_eq!(clara.inbox.answers("start"), 2);
    clara.says("c1", "are you there?").await;
    clara.acked("c1").await;
    joe.says("j1", &chat, "Joe here").await;
    joe.acked("j1").await;
    joe.sends(json!({ "type": "say", "id": "j2", "chat": chat, "text": "She is angry", "to": "operators" })).await;
    joe.acked("j2").await;
    joe.sends(json!({ "type": "end", "id": "end", "chat": chat })).await;
    joe.acked("end").await;
    assert_eq!(["visitor", "operator", "system"].map(stored), [2.0, 2.0, 1.0]);
    let id: ChatId = chat.parse().expect("an id");
    let record = shop.store.chat(shop.account, id).await.expect("the store answers").expect("it is stored");
    assert_eq!(record.facts().expect("it is over").messages, 5, "what a report says of this chat");
    until("it is held against the log", || node.told("switchboard_figures_checked_total") == 1.0).await;
    assert_eq!(drift(&node), Vec::<String>::new());
}

#[actix::test]
async fn messages_and_the_operator_of_a_row_that_was_changed_are_found() {
    let shop = Shop::open(1, 1, RINGS).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let (_clara, mut joe, chat) = shop.in_a_chat(&node, &node).await;
    joe.says("j1", &chat, "Joe here").await;
    joe.acked("j1").await;
    joe.sends(json!({ "type": "end", "id": "end", "chat": chat })).await;
    joe.acked("end").await;
    shop.tampers("UPDATE chat_head SET messages = messages + 1");
    shop.tampers("UPDATE chat SET owner = NULL");
    until("it is held against the log", || node.told("switchboard_figures_checked_total") == 1.0).await;
    let found = |figure: &str| format!("switchboard_figures_drift_total{{kept=\"row\",figure=\"{figure}\"}} 1");
    assert_eq!(drift(&node), [found("messages"), found("operator")]);
}

#[actix::test]
async fn a_chat_whose_log_the_store_refuses_is_counted_as_unchecked() {
    let shop = Shop::open(1, 1, RINGS).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let (_clara, mut joe, chat) = shop.in_a_chat(&node, &node).await;
    joe.sends(json!({ "type": "end", "id": "end", "chat": chat })).await;
    joe.acked("end").await;
    // Its last event seems to be lost.
    shop.tampers("UPDATE chat_head SET last_seq = last_seq + 1");
    until("it could not be held against the log", || node.told("switchboard_figures_unchecked_total") == 1.0).await;
    assert_eq!(node.told("switchboard_figures_checked_total"), 0.0);
    assert_eq!(drift(&node), Vec::<String>::new());
}

#[actix::test]
async fn the_rows_of_the_day_are_held_against_their_logs_again_at_night() {
    let shop = Shop::open(1, 1, RINGS).await;
    let before = shop.node("one", all_shards(), GOOD, 1).await;
    let (joe, mut clara, chat) = joe_has_a_chat(&shop, &before).await;
    ends(&mut clara).await;
    // More than are looked at in one second.
    let mut broken = String::new();
    for visitor in 0..=REVIEW_A_SECOND {
        let mut tab = shop.tab(&before, 1_000 + u128::from(visitor), None).await;
        tab.sees_online().await;
        broken = tab.starts("hello").await;
        ends(&mut tab).await;
    }
    let mut dora = shop.tab(&before, 43, None).await;
    dora.sees_online().await;
    let of_old = dora.starts("hello").await;
    ends(&mut dora).await;
    // Their node is killed before it has looked at all of them, and somebody improves two figures by hand. The last event of
    // the latest but one seems to be lost.
    before.bus.cut(true);
    drop((joe, clara, dora));
    shop.tampers(&format!("UPDATE chat_head SET last_seq = last_seq + 1 WHERE chat = x'{}'", broken.replace('-', "")));
    for (chat, later) in [(chat, 60_000), (of_old, -259_200_000)] {
        let row = chat.replace('-', "");
        shop.tampers(&format!("UPDATE chat SET ended_at = ended_at + {later} WHERE id = x'{row}'"));
    }

    let after = shop.node_by(before_the_night(), "two", all_shards(), GOOD, 2).await;
    let all = f64::from(REVIEW_A_SECOND) + 1.0;
    until("the night is over", || after.told("switchboard_figures_reviewed_total") == all).await;
    let wrong = r#"switchboard_figures_drift_total{kept="row",figure="handling_time"} 1"#;
    assert_eq!(drift(&after), [wrong], "that of three days ago was looked at in its nights");
    assert_eq!(after.told("switchboard_figures_unchecked_total"), 1.0, "and the others were looked at behind it");
}

/// A visitor ends the chat.
async fn ends(tab: &mut Tab) {
    tab.sends(json!({ "type": "end", "id": "end" })).await;
    tab.acked("end").await;
}

/// What a node has counted for a group, whatever else is told apart.
fn counted(node: &Node, name: &str, group: &GroupId) -> u64 {
    lines(node, name, group).iter().filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

/// The offers that a node has counted for a group: those made, and those that are over by how they ended.
fn offers(node: &Node, group: &GroupId) -> (u64, Vec<(&'static str, u64)>) {
    let settled = lines(node, "switchboard_offers_settled_total", group);
    let count = |how: &&str| {
        let line = settled.iter().find(|line| line.contains(&format!("outcome=\"{how}\"")));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
    };
    let all = ["accepted", "declined", "expired", "withdrawn", "taken", "ended"];
    let over = all.iter().map(|how| (*how, count(how))).filter(|(_, count)| *count > 0).collect();
    (counted(node, "switchboard_offers_total", group), over)
}

fn lines(node: &Node, name: &str, group: &GroupId) -> Vec<String> {
    let (text, of_group) = (node.engine.metrics_text(), format!("group=\"{group}\""));
    let lines = text.lines().filter(|line| line.starts_with(&format!("{name}{{")) && line.contains(&of_group));
    lines.map(str::to_owned).collect()
}

/// The figures that were found to be wrong.
fn drift(node: &Node) -> Vec<String> {
    let text = node.engine.metrics_text();
    let series = text.lines().filter(|line| line.starts_with("switchboard_figures_drift_total{"));
    let mut wrong: Vec<String> = series.filter(|line| !line.ends_with(" 0")).map(str::to_owned).collect();
    wrong.sort_unstable();
    wrong
}
