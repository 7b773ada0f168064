//! What windows subscribe to: each command has one answer, and what is beyond the bounds is named.

use serde_json::{Value, json};
use switchboard_tests::client::QUIET;

use crate::suite::it::nobody_answers;

/// Live lists of one window, and rows of one of them (PROTOCOL has the second).
const LISTS_MAX: usize = 32;
const ROWS_MAX: u32 = 200;

fn list(limit: u32) -> Value {
    json!({ "type": "subscribe", "topic": "chats", "window": { "offset": 0, "limit": limit } })
}

#[tokio::test]
async fn a_list_too_many_is_refused_and_not_acked_before() {
    let (_server, mut mona) = nobody_answers(&[]).await;
    for _ in 0..LISTS_MAX {
        mona.acked(list(1)).await;
    }
    let mut one_more = list(1);
    one_more["id"] = json!("one-more");
    mona.send(one_more.clone()).await;
    mona.listen(QUIET).await;
    let answers = mona.come(|frame| frame["id"] == "one-more");
    assert_eq!(answers.len(), 1, "one answer: {answers:?}");
    assert_eq!((&answers[0]["code"], &answers[0]["why"]), (&json!("conflict"), &json!("full")), "{answers:?}");
    // With room again it is a new try.
    mona.acked(json!({ "type": "unsubscribe", "topic": "chats" })).await;
    mona.send(one_more).await;
    mona.ack_of("one-more").await;
}

#[tokio::test]
async fn a_list_shows_two_hundred_rows_at_most() {
    let (_server, mut mona) = nobody_answers(&[]).await;
    mona.acked(list(ROWS_MAX)).await;
    for limit in [0, ROWS_MAX + 1] {
        let refused = mona.refused(list(limit), "invalid").await;
        assert_eq!(refused["field"], "window.limit", "{refused}");
    }
}
