//! Whose chat it becomes: the spread over operators, slots that become free, and operators of several groups.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use switchboard_tests::client::OperatorClient;
use switchboard_tests::server::TestServer;

use crate::suite::it::{VIOLATIONS, asks, joe_serves_two_groups, metric, nobody_answers};

#[tokio::test]
async fn nine_visitors_find_joe_bob_and_sue_by_their_share_of_what_they_can_hold() {
    let server = TestServer::start();
    let mut all = Vec::new();
    for name in ["joe", "bob", "sue"] {
        all.push(OperatorClient::online(&server, name).await);
        // Who has been receiving longest is told by the millisecond.
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let (mut who, mut first) = (Vec::new(), None);
    for number in 1..=8 {
        let (visitor, chat) = asks(&server, &format!("Visitor {number}"), "support").await;
        let rung = async |operator: &mut OperatorClient| {
            let offer = operator.offer_of(&chat).await;
            operator.accept(&offer).await;
        };
        let [joe, bob, sue] = &mut all[..] else { unreachable!() };
        let name = tokio::select! {
            () = rung(joe) => "Joe",
            () = rung(bob) => "Bob",
            () = rung(sue) => "Sue",
        };
        who.push(name);
        first.get_or_insert((visitor, chat));
    }
    assert_eq!(who, ["Joe", "Bob", "Sue", "Sue", "Sue", "Bob", "Sue", "Sue"]);

    let (mut ninth, chat) = asks(&server, "Visitor 9", "support").await;
    ninth.expect("nobody ahead", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;
    for operator in &mut all {
        operator.expect_none("more than they may hold", |f| f["type"] == "offer" && f["chat"] == chat.as_str()).await;
    }
    let (_, joes) = first.expect("somebody was first");
    all[0].end(&joes).await;
    let ended = Instant::now();
    all[0].offer_of(&chat).await;
    assert!(ended.elapsed() < Duration::from_secs(1), "offered {:?} after the slot was free", ended.elapsed());
}

#[tokio::test]
async fn a_free_slot_of_two_groups_goes_to_whoever_has_waited_longest() {
    let (server, mut joe) = joe_serves_two_groups().await;
    // Joe has one slot; Clara has it, the others wait in turns in both groups.
    let (_clara, clara) = asks(&server, "Clara", "support").await;
    joe.accept_next().await;
    let (mut held, mut waiting) = (clara, Vec::new());
    for (number, department) in ["sales", "support", "sales", "support"].into_iter().enumerate() {
        waiting.push(asks(&server, &format!("Visitor {number}"), department).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for (_, chat) in &waiting {
        joe.end(&held).await;
        let ended = Instant::now();
        let offer = joe.offer().await;
        assert_eq!(offer["chat"], chat.as_str(), "the group does not matter, the wait does: {offer}");
        assert!(ended.elapsed() < Duration::from_secs(1), "{:?} after the slot was free", ended.elapsed());
        joe.accept(&offer).await;
        held.clone_from(chat);
    }
    // Whoever comes back on-line serves the longest wait too.
    joe.status("away").await;
    joe.end(&held).await;
    joe.expect_none("a chat while away", |frame| frame["type"] == "offer").await;
    let mut mona = OperatorClient::online(&server, "mona").await;
    let (_emil, emil) = asks(&server, "Emil", "support").await;
    mona.expect_none("a chat by itself", |frame| frame["type"] == "offer").await;
    joe.status("online").await;
    joe.offer_of(&emil).await;
    assert_eq!(metric(&server, VIOLATIONS).await, 0);
}

#[tokio::test]
async fn what_was_missed_would_be_counted_and_nothing_is() {
    let server = TestServer::start();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    // Longer than two comparisons with the store, five seconds each.
    let until = Instant::now() + Duration::from_secs(11);
    while Instant::now() < until {
        let (mut clara, chat) = asks(&server, "Clara", "support").await;
        let (operator, offer) = tokio::select! {
            offer = joe.offer_of(&chat) => (&mut joe, offer),
            offer = bob.offer_of(&chat) => (&mut bob, offer),
        };
        operator.decline(&offer).await;
        let (operator, offer) = tokio::select! {
            offer = joe.offer_of(&chat) => (&mut joe, offer),
            offer = bob.offer_of(&chat) => (&mut bob, offer),
        };
        operator.accept(&offer).await;
        clara.end().await;
    }
    assert_eq!(metric(&server, VIOLATIONS).await, 0);
}

#[tokio::test]
async fn a_wait_is_told_after_a_restart_as_before() {
    let (mut server, mut mona) = nobody_answers(&[]).await;
    let mut waiting = Vec::new();
    for number in 0..6 {
        waiting.push(asks(&server, &format!("Visitor {number}"), "support").await);
    }
    for (_, chat) in &waiting[..4] {
        tokio::time::sleep(Duration::from_millis(300)).await;
        mona.take(chat).await;
    }
    let says = |frame: &Value| frame["type"] == "queue" && frame["ahead"] == 1 && frame["estimate_s"].is_u64();
    let (last, _) = &mut waiting[5];
    let before = last.expect("the wait", says).await;
    server.kill();
    server.restart();
    mona.reconnect().await.expect("the session outlives the server");
    last.reconnect().await.expect("the server is back");
    // Nobody is served any more: what is told comes from before.
    let chat = &last.welcome["chat"];
    let known = chat["estimate_s"].is_u64();
    let after = if known { chat.clone() } else { last.expect("the wait", says).await };
    // Time goes on, and nobody is served in it: on a busy machine the wait is a little longer.
    assert!(after["estimate_s"].as_u64().is_some_and(|seconds| seconds < 60), "{before} became {after}");
}

#[tokio::test]
async fn a_place_is_told_with_what_it_means() {
    let (server, mut mona) = nobody_answers(&[]).await;
    let mut waiting = Vec::new();
    for number in 0..6 {
        waiting.push(asks(&server, &format!("Visitor {number}"), "support").await);
    }
    let is_place = |ahead: u64| move |frame: &Value| frame["type"] == "queue" && frame["ahead"] == ahead;
    let told = waiting[5].0.expect("the place", is_place(5)).await;
    assert_eq!(told["about"], true, "Mona takes whom she likes: {told}");
    assert_eq!(told["estimate_s"], Value::Null, "nothing was seen yet: {told}");
    for (_, chat) in &waiting[..4] {
        tokio::time::sleep(Duration::from_millis(300)).await;
        mona.take(chat).await;
    }
    let told = waiting[5].0.expect("the place", is_place(1)).await;
    assert!(told["estimate_s"].is_u64(), "four were served: {told}");
    waiting[5].0.reconnect().await.expect("the server is there");
    let again = &waiting[5].0.welcome["chat"];
    assert_eq!((&again["ahead"], again["estimate_s"].is_u64()), (&json!(1), true), "{again}");
    // What was told is held against what comes.
    let errors = || metric(&server, "switchboard_queue_estimate_error_seconds_count");
    let before = errors().await;
    mona.take(&waiting[5].1).await;
    let begun = Instant::now();
    while errors().await == before {
        assert!(begun.elapsed() < Duration::from_secs(5), "the error of the estimate is not counted");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(errors().await, before + 1, "one wait, one error");
}
