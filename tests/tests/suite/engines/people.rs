//! Groups and operators that go, or do not receive for a while, and groups that close by the account's clock, where the
//! chats, the queue, the operator and the windows live on different nodes.

use std::time::{Duration, Instant};

use engine::actors::engine::StaffChange;
use engine::actors::faults;
use engine::domain::closing::{Closing, HeldChats, WaitingChats};
use engine::domain::group::RoutingRules;
use engine::domain::hours::{Holiday, Hours, Interval};
use engine::domain::ids::OperatorId;
use engine::domain::limits::NODE_SILENT_MAX;
use engine::domain::operator::PresenceRules;
use engine::domain::permission::StaffRole;
use engine::domain::time::Timestamp;
use engine::domain::zone::Zone;
use engine::ports::staff::Operator;
use engine::protocol::close;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::suite::engines::cast::{BAD, GOOD, Node, Shop, Tab, Window, with_each_seed};

const RINGS: Duration = Duration::from_secs(60);
/// What a queue must not hear to go on by what it knew: that something was changed, and, where two nodes have lost each
/// other for a moment, that all is to be read anew.
const NOT_HEARD: [&str; 2] = ["reload", "read_anew"];

/// What is about to be gone, begun at a node.
async fn closes(shop: &Shop, node: &Node, closing: Closing) {
    assert_eq!(shop.store.begin_closing(shop.account, &closing).await, Ok(true));
    match &closing {
        Closing::Group { .. } => node.engine.changed(shop.account, &StaffChange::Profile),
        Closing::Operator { operator, .. } => {
            node.engine.changed(shop.account, &StaffChange::OperatorGone(*operator));
        }
    }
    node.engine.changed(shop.account, &StaffChange::Closing);
}

/// Waits until nothing is about to be gone any more.
async fn nothing_closes(shop: &Shop) {
    for _ in 0..300 {
        if shop.store.closings().await.expect("the store answers").is_empty() {
            return;
        }
        actix::clock::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not end");
}

async fn sees(tab: &mut Tab, state: &str) {
    // Patience is by the clock: a queue whose node was out of touch reads all that it did not hear,
    // and says so.
    let until = Instant::now() + Duration::from_secs(15);
    while Instant::now() < until {
        if shown(tab) == state {
            return;
        }
        actix::clock::sleep(Duration::from_millis(5)).await;
    }
    panic!("the shop is not {state}: {:#?}", tab.inbox.got);
}

/// What the shop is, as the newest hint tells.
fn shown(tab: &mut Tab) -> String {
    tab.inbox.look();
    let hint = tab.inbox.got.iter().rev().find(|frame| frame["type"] == "state" || frame["type"] == "welcome");
    hint.and_then(|frame| frame["state"].as_str()).unwrap_or_default().to_owned()
}

async fn receives(window: &mut Window, shop: &Shop, id: &str, active: bool) {
    let frame = json!({ "type": "membership_status", "id": id, "group": shop.group, "active": active });
    window.sends(frame).await;
    window.acked(id).await;
}

fn is_status<'a>(status: &'a str, why: Value) -> impl Fn(&Value) -> bool + 'a {
    move |frame| frame["type"] == "status" && frame["status"] == status && frame["why"] == why
}

#[actix::test]
async fn a_group_goes_though_its_chats_live_on_the_other_node() {
    with_each_seed(group_goes).await;
}

async fn group_goes(seed: u64) {
    let shop = Shop::open(1, 1, RINGS).await;
    let sales = shop.has_sales(2, &shop.bob).await;
    shop.store.delete_membership(shop.account, &shop.group, shop.bob.id).await.expect("the store answers");
    let (one, two) = shop.nodes(BAD, seed).await;
    let (mut joe, mut bob) = (shop.window(&one, &shop.joe).await, shop.window(&two, &shop.bob).await);
    joe.goes_online().await;
    bob.goes_online().await;
    let (mut clara, mut dora) = (shop.tab(&two, 42, None).await, shop.tab(&two, 43, None).await);
    clara.sees_online().await;
    dora.sees_online().await;
    let running = clara.starts_in(Some("support"), "hello").await;
    joe.accepts(&running).await;
    let waiting = dora.starts_in(Some("support"), "and me?").await;
    joe.offered(&waiting).await;

    let closing = Closing::Group { group: shop.group.clone(), waiting: WaitingChats::Move(sales) };
    closes(&shop, &two, closing).await;
    // What waited rings in the other group, and no more in this one.
    let over = |frame: &Value| frame["type"] == "offer_gone" && frame["chat"] == waiting.as_str();
    joe.inbox.expect("that it rings no more", over).await;
    bob.accepts(&waiting).await;
    dora.inbox.expect("assigned", |frame| frame["event"]["name"] == "Bob").await;
    // What ran runs on, and the group is there as long.
    joe.says("j1", &running, "I am still here").await;
    joe.acked("j1").await;
    clara.inbox.expect("the message", |frame| frame["event"]["text"] == "I am still here").await;
    let group = shop.store.group(shop.account, &shop.group).await.expect("the store answers");
    assert!(group.is_some(), "it is there until its last chat ends");
    clara.sends(json!({ "type": "end", "id": "end" })).await;
    clara.acked("end").await;
    nothing_closes(&shop).await;
    assert_eq!(shop.store.group(shop.account, &shop.group).await, Ok(None));
    assert_eq!(shop.store.recount(shop.account).await, Ok(Vec::new()), "every slot was given back");
}

#[actix::test]
async fn an_operator_goes_though_the_chats_they_hold_live_on_the_other_node() {
    with_each_seed(operator_goes).await;
}

async fn operator_goes(seed: u64) {
    let shop = Shop::open(2, 1, RINGS).await;
    let (one, two) = shop.nodes(BAD, seed).await;
    let mut joe = shop.window(&one, &shop.joe).await;
    joe.goes_online().await;
    let (mut clara, mut dora) = (shop.tab(&two, 42, None).await, shop.tab(&two, 43, None).await);
    clara.sees_online().await;
    dora.sees_online().await;
    let held = clara.starts("hello").await;
    joe.accepts(&held).await;
    let rings = dora.starts("and me?").await;
    joe.offered(&rings).await;
    let mut bob = shop.window(&two, &shop.bob).await;
    bob.goes_online().await;

    let closing = Closing::Operator { operator: shop.joe.id, chats: HeldChats::Requeue, delete: true };
    closes(&shop, &two, closing).await;
    assert_eq!(joe.inbox.expect_closed().await, 4401);
    // Both are Bob's: the one that was held, and the one that rang.
    bob.accepts(&held).await;
    bob.accepts(&rings).await;
    for (tab, chat) in [(&mut clara, &held), (&mut dora, &rings)] {
        tab.inbox.expect("Bob", |frame| frame["event"]["name"] == "Bob" && frame["chat"] == chat.as_str()).await;
    }
    nothing_closes(&shop).await;
    assert_eq!(shop.store.operator(shop.account, shop.joe.id).await, Ok(None));
    assert_eq!(shop.store.recount(shop.account).await, Ok(Vec::new()), "every slot was given back");
}

#[actix::test]
async fn who_does_not_receive_for_a_while_is_asked_by_no_queue_wherever_they_live() {
    for operators_on in [1, 2] {
        with_each_seed(async |seed| pauses(operators_on, seed, &[]).await).await;
    }
}

/// From the moment that Joe is there on, these news are lost.
async fn pauses(operators_on: u8, seed: u64, lost: &[&'static str]) {
    let shop = Shop::open(1, operators_on, RINGS).await;
    let (one, two) = shop.nodes(BAD, seed).await;
    let (mut joe, mut beside) = (shop.window(&two, &shop.joe).await, shop.window(&one, &shop.joe).await);
    joe.goes_online().await;
    let mut clara = shop.tab(&one, 42, None).await;
    sees(&mut clara, "online").await;
    lost.iter().copied().for_each(faults::lose_all);
    receives(&mut joe, &shop, "pause", false).await;
    sees(&mut clara, "offline").await;
    let paused = |frame: &Value| frame["type"] == "receiving" && frame["groups"][0]["active"] == false;
    joe.inbox.expect("that he does not receive", paused).await;
    beside.inbox.expect("that he does not receive", paused).await;
    receives(&mut beside, &shop, "go-on", true).await;
    sees(&mut clara, "online").await;
    let chat = clara.starts("hello").await;
    joe.accepts(&chat).await;
    clara.inbox.expect("assigned", |frame| frame["event"]["name"] == "Joe").await;
    assert_eq!((joe.inbox.closed, beside.inbox.closed), (None, None), "no window is closed for it");
}

#[actix::test]
async fn rules_of_presence_that_change_on_one_node_hold_on_the_other() {
    with_each_seed(rules_change).await;
}

async fn rules_change(seed: u64) {
    let shop = Shop::open(1, 2, RINGS).await;
    let (one, two) = shop.nodes(BAD, seed).await;
    let mut joe = shop.window(&two, &shop.joe).await;
    joe.goes_online().await;
    let mut clara = shop.tab(&one, 42, None).await;
    sees(&mut clara, "online").await;
    let change = async |before, rules| {
        assert_eq!(shop.store.change_presence_rules(shop.account, before, rules).await, Ok(true));
        one.engine.changed(shop.account, &StaffChange::PresenceRules);
    };
    let hurried = PresenceRules { away_after_s: Some(2), grace_s: 1 };
    change(None, hurried).await;
    // He does nothing: away by himself, and the queue on the other node knows.
    joe.inbox.expect("that he is away", is_status("away", json!("inactive"))).await;
    sees(&mut clara, "offline").await;
    // He stays, however long a busy machine takes to tell it.
    change(Some(hurried), PresenceRules { away_after_s: None, grace_s: 1 }).await;
    joe.sends(json!({ "type": "status", "id": "back", "status": "online" })).await;
    joe.acked("back").await;
    sees(&mut clara, "online").await;
    // His window is lost: the grace is as short as it was set.
    drop(joe);
    sees(&mut clara, "offline").await;
}

#[actix::test]
async fn a_time_zone_that_is_set_on_one_node_opens_and_closes_groups_on_the_other() {
    with_each_seed(async |seed| zone_changes(seed, &[]).await).await;
}

/// From the moment that the shop is open on, these news are lost.
async fn zone_changes(seed: u64, lost: &[&'static str]) {
    let shop = Shop::open(1, 1, RINGS).await;
    // Open all days but one, which two zones never have at the same time.
    let (early, late) = (Zone::from("Pacific/Kiritimati"), Zone::from("Pacific/Niue"));
    let today = jiff::Timestamp::now().in_tz(early.as_str()).expect("the zone is known").date();
    let always = vec![Interval { from_minute: 0, to_minute: 1_440 }];
    let week = std::array::from_fn(|_| always.clone());
    let holidays = vec![Holiday { date: today.to_string(), open: Vec::new() }];
    let hours = Some(Hours { zone: None, week, holidays });
    shop.has_rules(RoutingRules { hours, ..RoutingRules::default() }).await;
    assert_eq!(shop.store.change_time_zone(shop.account, &Zone::default(), &late).await, Ok(true));
    let (one, two) = shop.nodes(BAD, seed).await;
    let mut joe = shop.window(&one, &shop.joe).await;
    joe.goes_online().await;
    let mut clara = shop.tab(&two, 42, None).await;
    sees(&mut clara, "online").await;
    lost.iter().copied().for_each(faults::lose_all);
    for (before, after, state) in [(&late, &early, "offline"), (&early, &late, "online")] {
        assert_eq!(shop.store.change_time_zone(shop.account, before, after).await, Ok(true));
        two.engine.changed(shop.account, &StaffChange::TimeZone);
        sees(&mut clara, state).await;
    }
}

/// A bus that loses a third loses a second's sign of life five times in a row now and then: then the two find each other
/// anew, and what was not heard meanwhile is read.
#[actix::test]
async fn what_a_queue_was_not_told_it_reads_when_its_node_is_in_touch_again() {
    faults::lose_all("reload");
    let shop = Shop::open(1, 2, RINGS).await;
    let (one, two) = shop.nodes(GOOD, 1).await;
    let mut joe = shop.window(&two, &shop.joe).await;
    joe.goes_online().await;
    let mut clara = shop.tab(&one, 42, None).await;
    sees(&mut clara, "online").await;
    receives(&mut joe, &shop, "pause", false).await;
    two.bus.cut(true);
    actix::clock::sleep(NODE_SILENT_MAX + Duration::from_secs(1)).await;
    assert_eq!(shown(&mut clara), "online", "nobody has told the queue");
    two.bus.cut(false);
    sees(&mut clara, "offline").await;
}

#[actix::test]
async fn what_an_operator_was_not_told_is_read_when_the_nodes_are_in_touch_again() {
    faults::lose_all("rules");
    let shop = Shop::open(1, 2, RINGS).await;
    let (one, two) = shop.nodes(GOOD, 1).await;
    let mut joe = shop.window(&two, &shop.joe).await;
    joe.goes_online().await;
    let rules = PresenceRules { away_after_s: Some(2), grace_s: 60 };
    assert_eq!(shop.store.change_presence_rules(shop.account, None, rules).await, Ok(true));
    one.engine.changed(shop.account, &StaffChange::PresenceRules);
    two.bus.cut(true);
    actix::clock::sleep(NODE_SILENT_MAX + Duration::from_secs(1)).await;
    joe.inbox.look();
    assert!(!joe.inbox.got.iter().any(is_status("away", json!("inactive"))), "nobody has told his actor");
    two.bus.cut(false);
    joe.inbox.expect("that he is away", is_status("away", json!("inactive"))).await;
}

#[actix::test]
async fn windows_of_those_who_may_not_work_any_more_close_when_the_nodes_are_in_touch_again() {
    let shop = Shop::open(1, 2, RINGS).await;
    let (one, two) = shop.nodes(GOOD, 1).await;
    let (mut joe, mut bob) = (shop.window(&two, &shop.joe).await, shop.window(&two, &shop.bob).await);
    let sue = Operator {
        id: OperatorId(Uuid::from_u128(1 << 64)),
        email: "sue@example.com".into(),
        name: "Sue".into(),
        ..shop.joe.clone()
    };
    shop.store.create_operator(shop.account, &sue, "no password", Timestamp::EPOCH).await.expect("the store answers");
    let mut hers = shop.window(&two, &sue).await;
    two.bus.cut(true);
    actix::clock::sleep(NODE_SILENT_MAX + Duration::from_secs(1)).await;
    let dismissed = Operator { disabled: true, ..shop.joe.clone() };
    let promoted = Operator { role: StaffRole::Manager, ..shop.bob.clone() };
    for (before, after) in [(&shop.joe, &dismissed), (&shop.bob, &promoted)] {
        assert_eq!(shop.store.change_operator(shop.account, before, after).await, Ok(true));
    }
    one.engine.changed(shop.account, &StaffChange::OperatorGone(shop.joe.id));
    one.engine.changed(shop.account, &StaffChange::Operator(shop.bob.id));
    actix::clock::sleep(Duration::from_secs(1)).await;
    for window in [&mut joe, &mut bob] {
        window.inbox.look();
        assert_eq!(window.inbox.closed, None, "nobody has told their node");
    }
    two.bus.cut(false);
    assert_eq!(joe.inbox.expect_closed().await, close::SIGNED_OUT);
    assert_eq!(bob.inbox.expect_closed().await, close::RESTART, "he comes back as what he is now");
    hers.inbox.look();
    assert_eq!(hers.inbox.closed, None, "for her nothing has changed");
}

// Each story would miss no such fault: with one planted it fails, and says what it is that fails.

#[actix::test]
#[should_panic(expected = "that it rings no more did not come")]
async fn a_group_whose_chats_are_not_told_to_move_is_caught() {
    faults::lose_all("move");
    group_goes(1).await;
}

#[actix::test]
#[should_panic(expected = "an offer did not come")]
async fn an_operator_who_goes_with_the_chats_they_hold_is_caught() {
    faults::lose_all("relieved");
    operator_goes(1).await;
}

#[actix::test]
#[should_panic(expected = "the shop is not offline")]
async fn a_queue_that_does_not_hear_who_receives_is_caught() {
    pauses(2, 1, &NOT_HEARD).await;
}

#[actix::test]
#[should_panic(expected = "that he is away did not come")]
async fn an_operator_whose_rules_of_presence_do_not_change_is_caught() {
    faults::lose_all("rules");
    faults::lose_all("resay");
    rules_change(1).await;
}

#[actix::test]
#[should_panic(expected = "the shop is not offline")]
async fn a_queue_that_goes_on_by_the_old_time_zone_is_caught() {
    zone_changes(1, &NOT_HEARD).await;
}
