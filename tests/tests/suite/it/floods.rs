//! Too much from one who means no good, and what the others notice of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use switchboard_tests::client::{QUIET, SOON, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::joe_answers;

#[tokio::test]
async fn a_thousand_commands_a_second_are_held_up_and_none_gets_ahead_of_another() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    for number in 0..1000 {
        clara.send(json!({ "type": "say", "id": format!("f-{number}"), "text": format!("flood {number}") })).await;
    }
    let limited = clara.expect("a limit", |frame| frame["code"] == "rate_limited").await;
    assert!(limited["retry_after_ms"].as_u64().is_some_and(|wait| wait > 0), "{limited}");
    let mut dora = VisitorClient::connect(&server).await;
    dora.refused(json!({ "type": "say", "text": "nobody floods me" }), "conflict").await;
    clara.listen(QUIET * 2).await;
    joe.listen(QUIET).await;
    let stored: Vec<String> = joe.ledger(&chat).texts()[1..].iter().map(|text| (*text).to_owned()).collect();
    assert!((20..500).contains(&stored.len()), "{} of 1,000 got through", stored.len());
    let first: Vec<String> = (0..stored.len()).map(|number| format!("flood {number}")).collect();
    assert_eq!(stored, first, "those behind the one that was refused wait for it");

    // Behind the limit it goes on with the very one that was refused.
    let wait = limited["retry_after_ms"].as_u64().unwrap_or_default().clamp(50, 5000);
    tokio::time::sleep(Duration::from_millis(wait)).await;
    clara.come(|_| true);
    let next = stored.len();
    let again: Value = json!({ "type": "say", "id": format!("f-{next}"), "text": format!("flood {next}") });
    clara.send(again).await;
    clara.expect_within("the ack", |f| f["type"] == "ack" && f["id"] == format!("f-{next}"), SOON).await;
    clara.say("sorry").await;
    joe.expect_text("sorry").await;
}

#[tokio::test]
async fn tabs_share_what_their_visitor_may_send() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let mut tabs = [clara.another_tab(&server).await, clara.another_tab(&server).await];
    for number in 0..200 {
        for (tab, client) in tabs.iter_mut().chain([&mut clara]).enumerate() {
            let id = format!("t-{tab}-{number}");
            client.send(json!({ "type": "say", "id": id, "text": format!("tab {tab}: {number}") })).await;
        }
    }
    let begun = Instant::now();
    for tab in tabs.iter_mut().chain([&mut clara]) {
        tab.expect("a limit", |frame| frame["code"] == "rate_limited").await;
    }
    joe.listen(QUIET).await;
    let stored = joe.ledger(&chat).texts().len() - 1;
    // What may be sent at once, and what comes free meanwhile: 20 a second.
    let most = 60 + 20 * (begun.elapsed().as_secs() as usize + 2);
    assert!((20..=most).contains(&stored), "{stored} of 600, where {most} are allowed");
}

#[tokio::test]
async fn nonsense_is_answered_no_faster_than_that_and_nothing_behind_it_is_lost() {
    let (_server, mut clara, mut joe, _chat) = joe_answers().await;
    // What may be refused at once, and some more, of each kind.
    let begun = Instant::now();
    for number in 0..400 {
        clara.send_text("nonsense").await;
        clara.send(json!({ "type": "dance", "id": format!("d-{number}") })).await;
        clara.send(json!({ "type": "say", "id": format!("s-{number}"), "text": "" })).await;
    }
    clara.send(json!({ "type": "say", "id": "last", "text": "I am sorry" })).await;
    clara.expect_within("the ack", |frame| frame["type"] == "ack" && frame["id"] == "last", SOON).await;
    // 1,200 refusals: 1,000 at once, 100 a second behind them.
    assert!(begun.elapsed() > Duration::from_millis(1_800), "{:?}", begun.elapsed());
    let refused = clara.come(|frame| frame["type"] == "error").len();
    assert_eq!(refused, 1_200, "each was answered");
    joe.expect_text("I am sorry").await;
}

#[tokio::test]
async fn a_password_is_not_guessed() {
    let server = TestServer::start();
    let mut thief = Browser::new(&server.url());
    let unknown = thief.sign_in("nobody@example.com", "wrong-password-0").await.refused(401, "unauthorized");
    let mut last = None;
    for number in 0..6 {
        let answer = thief.sign_in("joe@example.com", &format!("wrong-password-{number}")).await;
        if answer.status == 401 {
            assert_eq!(answer.body["code"], unknown["code"], "an answer tells no address: {}", answer.body);
        }
        last = Some(answer);
    }
    let limited = last.expect("six tries").refused(429, "rate_limited");
    assert!(limited["retry_after_ms"].as_u64().is_some_and(|wait| wait > 1000), "{limited}");
    thief.sign_in("joe@example.com", "switchboard-demo").await.refused(429, "rate_limited");
    Browser::signed_in(&server.url(), "sue").await;
}
