//! A node that starts with a clock that was set back since its store was written, and nodes whose clocks differ.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use engine::actors::engine::all_shards;
use engine::adapters::system::SystemClock;
use engine::domain::limits::{CONNECTION_TIMEOUT, OFFER_COOL_DOWN, OPERATOR_GRACE, RECOUNT_AT};
use engine::domain::time::Timestamp;
use engine::ports::clock::Clock;
use serde_json::json;

use crate::suite::engines::cast::{GOOD, Shop, shards_of};

const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);

/// A machine's clock that is ahead.
struct Ahead(SystemClock, Duration);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.0.now() + self.1
    }

    fn not_before(&self, _: Timestamp) {}
}

/// A clock of a few seconds before the hour at which slots are counted and figures are looked at once more.
pub(super) fn before_the_night() -> Arc<dyn Clock> {
    let (clock, day) = (SystemClock::new(), 24 * HOUR.as_millis() as i64);
    let due = (RECOUNT_AT - Duration::from_secs(5)).as_millis() as i64;
    let soon = (due - clock.now().millis()).rem_euclid(day);
    Arc::new(Ahead(clock, Duration::from_millis(soon.unsigned_abs())))
}

/// A clock that somebody moves on, of which no timer knows.
#[derive(Default)]
struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + self.0.load(Ordering::SeqCst))
    }

    fn not_before(&self, _: Timestamp) {}
}

/// A mailbox that is always full holds back every timer: what is due is looked for before each command.
#[actix::test]
async fn what_is_due_takes_effect_before_the_command_that_comes_too_late() {
    let shop = Shop::in_memory(1, 1, 2 * CONNECTION_TIMEOUT).await;
    let clock = Arc::new(Moved::default());
    let node = shop.node_by(clock.clone(), "one", all_shards(), GOOD, 1).await;
    let mut joe = shop.window(&node, &shop.joe).await;
    joe.goes_online().await;
    let mut clara = shop.tab(&node, 42, None).await;
    let chat = clara.starts("hello").await;
    joe.offered(&chat).await;
    clock.0.fetch_add(CONNECTION_TIMEOUT.as_millis() as i64, Ordering::SeqCst);
    clara.says("late", "is anybody there?").await;
    let late = clara.inbox.expect("an answer", |frame| frame["id"] == "late").await;
    assert_eq!((&late["code"], &late["why"]), (&json!("conflict"), &json!("ended")), "{late}");
    let ended = clara.inbox.expect("the end", |frame| frame["event"]["kind"] == "ended").await;
    assert_eq!(ended["event"]["why"], "timed_out", "{ended}");
    assert_eq!(clara.inbox.texts(&chat), ["hello"]);
}

#[actix::test]
async fn the_end_of_the_grace_takes_effect_before_the_window_that_comes_too_late() {
    let shop = Shop::in_memory(1, 1, 2 * CONNECTION_TIMEOUT).await;
    let clock = Arc::new(Moved::default());
    let node = shop.node_by(clock.clone(), "one", all_shards(), GOOD, 1).await;
    for (gone_for, status) in [(OPERATOR_GRACE - SECOND, "online"), (OPERATOR_GRACE + SECOND, "offline")] {
        let mut joe = shop.window(&node, &shop.joe).await;
        joe.goes_online().await;
        drop(joe);
        // The actor hears of it before the clock is moved.
        actix::clock::sleep(Duration::from_millis(200)).await;
        clock.0.fetch_add(gone_for.as_millis() as i64, Ordering::SeqCst);
        let mut joe = shop.window(&node, &shop.joe).await;
        joe.inbox.look();
        let welcome = joe.inbox.got.iter().find(|frame| frame["type"] == "welcome").expect("a welcome").clone();
        assert_eq!(welcome["status"], status, "after {gone_for:?}: {welcome}");
    }
}

#[actix::test]
async fn what_rings_ends_in_its_time_though_the_clock_was_set_back_an_hour_before_the_start() {
    let shop = Shop::open(1, 1, Duration::from_millis(2500)).await;
    let ahead = Arc::new(Ahead(SystemClock::new(), HOUR));
    let before = shop.node_by(ahead, "one", all_shards(), GOOD, 1).await;
    let mut joe = shop.window(&before, &shop.joe).await;
    joe.goes_online().await;
    let mut clara = shop.tab(&before, 42, None).await;
    clara.sees_online().await;
    let chat = clara.starts("hello").await;
    let offer = joe.offered(&chat).await;
    before.bus.cut(true);
    drop((joe, clara));
    // Its successor goes by a clock that was set right.
    let after = shop.node("two", all_shards(), GOOD, 2).await;
    let set_back = SystemClock::new().now() + HOUR / 2;
    assert!(after.engine.shared().now() > set_back, "time goes on from what is stored");
    let mut joe = shop.window(&after, &shop.joe).await;
    let gone = joe.inbox.expect("its end", |frame| frame["type"] == "offer_gone" && frame["offer"] == offer).await;
    assert_eq!(gone["why"], "expired", "{gone}");
    let mut bob = shop.window(&after, &shop.bob).await;
    bob.goes_online().await;
    bob.accepts(&chat).await;
    let stored = shop.store.events(
        shop.account,
        chat.parse().expect("an id"),
        engine::ports::journal::Side::Operators,
        0,
        100,
        1 << 20,
    );
    let times: Vec<Timestamp> = stored.await.expect("the store answers").events.iter().map(|event| event.at).collect();
    assert!(times.is_sorted(), "within a chat time goes on: {times:?}");
}

#[actix::test]
async fn a_slot_that_was_miscounted_is_found_in_the_night_and_given_again() {
    let shop = Shop::open(1, 1, Duration::from_secs(60)).await;
    let node = shop.node_by(before_the_night(), "one", all_shards(), GOOD, 1).await;
    let mut joe = shop.window(&node, &shop.joe).await;
    joe.goes_online().await;
    let mut clara = shop.tab(&node, 42, None).await;
    clara.sees_online().await;
    shop.tampers("UPDATE operator SET held = 3 WHERE name = 'Joe'");
    let chat = clara.starts("hello").await;
    actix::clock::sleep(Duration::from_secs(1)).await;
    joe.inbox.look();
    assert!(!joe.inbox.got.iter().any(|frame| frame["type"] == "offer"), "by the counter Joe is full");
    // The night passes; nothing is started anew.
    joe.accepts(&chat).await;
    let text = node.engine.metrics_text();
    let violations: Vec<&str> = text.lines().filter(|line| line.starts_with("switchboard_invariant_")).collect();
    let found: Vec<&str> = violations.into_iter().filter(|line| !line.ends_with(" 0")).collect();
    assert_eq!(found, [r#"switchboard_invariant_violations_total{which="slots_recounted"} 1"#]);
    assert_eq!(shop.store.recount(shop.account).await, Ok(Vec::new()), "it is right now");
}

#[actix::test]
async fn whoever_let_it_go_is_asked_again_in_time_though_the_clocks_of_two_nodes_differ() {
    let asked_again = async |at_all: bool| {
        let shop = Shop::in_memory(2, 1, Duration::from_secs(60)).await;
        if at_all {
            shop.rings_at_all().await;
        }
        let one = shop.node("one", shards_of(1), GOOD, 1).await;
        // The queue is ahead of the chat by as much as a node may be.
        let ahead = Arc::new(Ahead(SystemClock::new(), Duration::from_secs(1)));
        let _two = shop.node_by(ahead, "two", shards_of(2), GOOD, 2).await;
        let mut joe = shop.window(&one, &shop.joe).await;
        joe.goes_online().await;
        let mut clara = shop.tab(&one, 42, None).await;
        clara.sees_online().await;
        let chat = clara.starts("hello").await;
        let offer = joe.offered(&chat).await;
        joe.sends(serde_json::json!({ "type": "decline", "id": "no", "offer": offer })).await;
        joe.acked("no").await;
        let declined = Instant::now();
        actix::clock::sleep(OFFER_COOL_DOWN - Duration::from_secs(2)).await;
        let again = |frame: &serde_json::Value| frame["type"] == "offer" && frame["offer"] != offer;
        joe.inbox.expect("another offer", again).await;
        let after = declined.elapsed();
        assert!(after < OFFER_COOL_DOWN + Duration::from_secs(2), "at all: {at_all}, it took {after:?}");
        assert!(after > OFFER_COOL_DOWN - Duration::from_millis(100), "at all: {at_all}, too soon, after {after:?}");
    };
    futures_util::join!(asked_again(false), asked_again(true));
}
