//! Marks that were on their way to the store when the chat lost its state: nobody has to read anything again.

use std::time::Duration;

use engine::actors::engine::all_shards;
use engine::domain::limits::MARKS_WITHIN;
use serde_json::{Value, json};

use crate::suite::engines::cast::{GOOD, Shop};

const RINGS: Duration = Duration::from_secs(60);
/// From here on messages are refused, after some time, and a chat can neither keep its marks nor be read.
const FAIL: &str = "CREATE TRIGGER slow BEFORE UPDATE ON chat_head BEGIN
    SELECT RAISE(ABORT, 'database or disk is full')
    FROM (SELECT count(*) AS n FROM shard one, shard two, shard three WHERE three.id < 16) WHERE n > 0; END;
    ALTER TABLE mark RENAME TO mark_away";
const WORK: &str = "DROP TRIGGER slow; ALTER TABLE mark_away RENAME TO mark";

#[actix::test]
async fn marks_that_fail_while_their_chat_cannot_be_read_are_raised_when_it_can() {
    let shop = Shop::open(1, 1, RINGS).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let (mut clara, mut joe, chat) = shop.in_a_chat(&node, &node).await;
    let (last, visible, _) = shop.stored(&chat).await;
    clara.inbox.expect("the last event", |frame| frame["type"] == "event" && frame["seq"] == visible).await;
    clara.sends(json!({ "type": "read", "seq": visible })).await;
    joe.inbox.expect("that she read it", |frame| frame["type"] == "read" && frame["seq"] == last).await;

    shop.database().execute_batch(FAIL).expect("it can be broken");
    // Nobody has a turn meanwhile: with her next word the marks are due, and on their way when it fails.
    std::thread::sleep(MARKS_WITHIN + Duration::from_millis(50));
    clara.says("c1", "Is it broken?").await;
    let refused = clara.inbox.expect("an answer", |frame| frame["id"] == "c1").await;
    assert_eq!(refused["code"], "unavailable", "{refused}");
    actix::clock::sleep(Duration::from_millis(300)).await;
    shop.database().execute_batch(WORK).expect("it can be mended");

    // Her word is taken when the chat has been read.
    let is_taken = |frame: &Value| frame["type"] == "ack" && frame["id"] == "c1";
    for _ in 0..100 {
        clara.says("c1", "Is it broken?").await;
        actix::clock::sleep(Duration::from_millis(100)).await;
        clara.inbox.look();
        if clara.inbox.got.iter().any(is_taken) {
            break;
        }
    }
    clara.inbox.expect("its ack", is_taken).await;
    let mut again = shop.tab(&node, 42, None).await;
    let welcome = again.inbox.expect("a welcome", |frame| frame["type"] == "welcome").await;
    assert_eq!(welcome["chat"]["marks"]["visitor"]["read"], visible, "{welcome}");
}
