//! A node that starts with a clock that was set back since its store was written.

use std::sync::Arc;
use std::time::Duration;

use engine::actors::engine::all_shards;
use engine::adapters::system::SystemClock;
use engine::domain::time::Timestamp;
use engine::ports::clock::Clock;

use crate::suite::engines::cast::{GOOD, Shop};

const HOUR: Duration = Duration::from_secs(3600);

/// A machine's clock that is ahead.
struct Ahead(SystemClock, Duration);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.0.now() + self.1
    }

    fn not_before(&self, _: Timestamp) {}
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
