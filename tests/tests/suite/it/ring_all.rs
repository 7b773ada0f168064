//! Groups whose chats ring at all who are free: the first to accept has the chat.

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, Settled, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::{VIOLATIONS, asks, joe_serves_two_groups, metric};

async fn rings_at_all(expires_after_s: u32) -> TestServer {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let change = json!({ "offer_mode": "ring_all", "offer_expires_after_s": expires_after_s });
    admin.patch("/api/v1/groups/support", change).await.ok();
    server
}

fn gone<'a>(offer: &'a Value, why: &'a str) -> impl Fn(&Value) -> bool + 'a {
    move |frame| frame["type"] == "offer_gone" && frame["offer"] == offer["offer"] && frame["why"] == why
}

#[tokio::test]
async fn a_chat_rings_at_all_who_are_free_and_the_first_has_it() {
    let server = rings_at_all(60).await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let (joes, bobs) = (joe.offer_of(&chat).await, bob.offer_of(&chat).await);
    assert_eq!(joes["offer"], bobs["offer"], "one offer for all");
    // Sue comes to it while it rings.
    let mut sue = OperatorClient::online(&server, "sue").await;
    let sues = sue.offer_of(&chat).await;
    assert_eq!((&sues["offer"], &sues["expires_at"]), (&joes["offer"], &joes["expires_at"]), "{sues}");

    // Two at once: one has it, the other is told who.
    bob.put("b", json!({ "type": "accept", "offer": bobs["offer"] })).await;
    joe.put("j", json!({ "type": "accept", "offer": joes["offer"] })).await;
    let (bobs, joes) = (bob.try_settle("b").await, joe.try_settle("j").await);
    let (winner, loser) = match (bobs.expect("an answer"), joes.expect("an answer")) {
        (Settled::Stored(_), Settled::Refused(late)) => ("Bob", late),
        (Settled::Refused(late), Settled::Stored(_)) => ("Joe", late),
        both => panic!("one of them has it: {both:?}"),
    };
    assert_eq!((&loser["code"], &loser["why"]), (&json!("conflict"), &json!("taken")), "{loser}");
    assert!(loser["by"].as_str().is_some_and(|by| by.contains(winner)), "{loser}");
    let told = sue.expect("that it is taken", gone(&sues, "taken")).await;
    assert!(told["by"].as_str().is_some_and(|by| by.contains(winner)), "{told}");
    let assigned = clara.expect_event("assigned").await;
    assert!(assigned["event"]["name"].as_str().is_some_and(|name| name.contains(winner)), "{assigned}");
    clara.expect_none("what operators were rung", |frame| frame["event"]["kind"] == "offered").await;

    let admin = Browser::signed_in(&server.url(), "admin").await;
    let events = admin.get(&format!("/api/v1/chats/{chat}/events")).await.ok();
    let kinds: Vec<&str> =
        events["items"].as_array().into_iter().flatten().filter_map(|e| e["event"]["kind"].as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "offered").count(), 2, "one for two, one for Sue: {kinds:?}");
}

#[tokio::test]
async fn whoever_declines_is_out_of_it_and_whoever_is_full_hears_nothing() {
    let server = rings_at_all(60).await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut sue = OperatorClient::online(&server, "sue").await;
    let mut clara = VisitorClient::connect(&server).await;
    let first = clara.start(&Start::support("Clara", "Hello?")).await;
    let (joes, sues) = (joe.offer_of(&first).await, sue.offer_of(&first).await);
    sue.decline(&sues).await;
    sue.expect("the end of it", gone(&sues, "declined")).await;
    let mut dora = VisitorClient::connect(&server).await;
    let second = dora.start(&Start::support("Dora", "And me?")).await;
    let (joes_second, sues_second) = (joe.offer_of(&second).await, sue.offer_of(&second).await);
    // Joe may hold one chat: with the first one the second rings no more at him.
    joe.accept(&joes).await;
    joe.expect("the end of the other", gone(&joes_second, "withdrawn")).await;
    let late = joe.refused(json!({ "type": "accept", "offer": joes_second["offer"] }), "conflict").await;
    assert!(["withdrawn", "capacity"].iter().any(|why| late["why"] == *why), "{late}");
    sue.accept(&sues_second).await;
    dora.expect_event("assigned").await;
    // His slot is free again: what waits rings at him.
    let mut emil = VisitorClient::connect(&server).await;
    sue.status("away").await;
    let third = emil.start(&Start::support("Emil", "Me too")).await;
    joe.expect_none("a ring while full", |frame| frame["type"] == "offer").await;
    joe.end(&first).await;
    joe.offer_of(&third).await;
}

#[tokio::test]
async fn a_ring_at_all_that_nobody_answers_is_over_and_comes_again() {
    let server = rings_at_all(5).await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let (joes, bobs) = (joe.offer_of(&chat).await, bob.offer_of(&chat).await);
    joe.expect("the end", gone(&joes, "expired")).await;
    bob.expect("the end", gone(&bobs, "expired")).await;
    let late = joe.refused(json!({ "type": "accept", "offer": joes["offer"] }), "conflict").await;
    assert_eq!(late["why"], "expired", "{late}");
    // Whoever comes now has not let it go; the others are asked again later.
    let mut sue = OperatorClient::online(&server, "sue").await;
    let again = sue.offer_of(&chat).await;
    assert_ne!(again["offer"], joes["offer"]);
    joe.expect_none("the ring a moment after", |frame| frame["type"] == "offer").await;
    clara.end().await;
    sue.expect("the end of the chat", gone(&again, "ended")).await;
}

#[tokio::test]
async fn a_ring_at_all_outlives_the_server_and_a_window_that_is_opened_late() {
    let mut server = rings_at_all(60).await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let offer = joe.offer_of(&chat).await;
    bob.offer_of(&chat).await;
    let late = OperatorClient::window(&server, &joe.browser).await.expect("a second window");
    assert_eq!(late.welcome["offers"][0]["offer"], offer["offer"], "{}", late.welcome);
    drop(late);
    server.kill();
    server.restart();
    for operator in [&mut joe, &mut bob] {
        operator.moved_to(server.address());
        operator.reconnect().await.expect("the server is there");
    }
    clara.moved_to(server.address());
    clara.reconnect().await.expect("the server is there");
    for operator in [&joe, &bob] {
        let again = &operator.welcome["offers"][0];
        assert_eq!(
            (&again["offer"], &again["expires_at"]),
            (&offer["offer"], &offer["expires_at"]),
            "{}",
            operator.welcome
        );
    }
    joe.accept(&offer).await;
    bob.expect("that it is over", |frame| frame["type"] == "offer_gone" && frame["chat"] == chat.as_str()).await;
    clara.expect_event("assigned").await;
}

#[tokio::test]
async fn who_has_waited_longest_is_not_taken_the_slot_from_under_the_ring_by_another_group() {
    let (server, mut joe) = joe_serves_two_groups().await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let change = json!({ "offer_mode": "ring_all", "offer_expires_after_s": 60 });
    admin.patch("/api/v1/groups/support", change).await.ok();
    let (_anna, held) = asks(&server, "Anna", "sales").await;
    let offer = joe.offer_of(&held).await;
    joe.accept(&offer).await;
    let (mut clara, rings) = asks(&server, "Clara", "support").await;
    let (_dora, behind) = asks(&server, "Dora", "sales").await;
    joe.end(&held).await;
    let offer = joe.offer().await;
    assert_eq!(offer["chat"], rings.as_str(), "the group does not matter, the wait does: {offer}");
    // Whoever comes to the other group, it rings on.
    let (_emil, last) = asks(&server, "Emil", "sales").await;
    let over = |frame: &Value| frame["type"] == "offer_gone" && frame["offer"] == offer["offer"];
    joe.expect_none("the end of it, or another", |frame| over(frame) || frame["type"] == "offer").await;
    joe.decline(&offer).await;
    let next = joe.offer().await;
    assert_eq!(next["chat"], behind.as_str(), "the slot is free for the next one: {next}");
    joe.accept(&next).await;
    joe.end(&behind).await;
    let third = joe.offer_of(&last).await;
    joe.accept(&third).await;
    clara.end().await;
    assert_eq!(metric(&server, VIOLATIONS).await, 0);
}
