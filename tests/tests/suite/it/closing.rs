//! Groups, operators and memberships that are removed although chats depend on them: what becomes of these is chosen,
//! nothing is lost, and a server that is killed in the middle goes on.

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde_json::json;
use switchboard_tests::client::{OperatorClient, SOON, Start, VisitorClient};
use switchboard_tests::http::{Browser, last_hour};
use switchboard_tests::server::TestServer;

use crate::suite::it::{asks, joe_answers, joe_is_rung, nobody_answers};

const SUPPORT: &str = "/api/v1/groups/support";

/// Waits until `path` is not there any more.
async fn gone(browser: &Browser, path: &str) {
    let deadline = Instant::now() + SOON;
    while browser.get(path).await.status != 404 {
        assert!(Instant::now() < deadline, "{path} is still there");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

#[tokio::test]
async fn a_group_with_waiting_chats_is_deleted_only_when_it_is_said_what_becomes_of_them() {
    let (server, mut mona) = nobody_answers(&[]).await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let refused = admin.delete(SUPPORT).await.refused(409, "conflict");
    assert_eq!(refused["why"], json!("state"), "{refused}");
    assert!(refused["detail"].as_str().is_some_and(|words| words.contains("1 chats wait and 0 run")), "{refused}");
    for wrong in ["waiting=keep", "waiting=move", "waiting=move&to=no%20id", "waiting=end&to=sales", "to=sales"] {
        admin.delete(&format!("{SUPPORT}?{wrong}")).await.refused(422, "invalid");
    }
    for nowhere in ["nowhere", "support"] {
        admin.delete(&format!("{SUPPORT}?waiting=move&to={nowhere}")).await.refused(409, "conflict");
    }
    assert_eq!(admin.get(&format!("/api/v1/chats/{chat}")).await.ok()["state"], json!("waiting"));
    mona.browser.delete(&format!("{SUPPORT}?waiting=end")).await.refused(403, "forbidden");

    let done = admin.delete(&format!("{SUPPORT}?waiting=end")).await;
    assert_eq!(done.status, 204, "{done:?}");
    let ended = clara.expect_event("ended").await;
    assert_eq!((&ended["event"]["by"], &ended["event"]["why"]), (&json!("system"), &json!("group_deleted")), "{ended}");
    admin.get(SUPPORT).await.refused(404, "not_found");
    assert_eq!(admin.get(&format!("/api/v1/chats/{chat}")).await.ok()["ended_why"], json!("group_deleted"));
    // Clara sees the form, so her chat counts as sent there, and names what she leaves.
    let report = admin.get(&format!("/api/v1/reports/summary?{}&by=brand", last_hour())).await.ok();
    let total = &report["total"];
    assert_eq!((&total["sent_to_form"], &total["turned_away"]), (&json!(1), &json!(0)), "{report}");
    assert_eq!(total["bounce_rate"], json!(1.0), "{report}");
    let letter = json!({ "type": "leave_message", "email": "clara@visitor.example", "text": "Hello? Write to me." });
    clara.acked(letter).await;
    let left = admin.get("/api/v1/left_messages").await.ok();
    assert_eq!(left["items"][0]["chat"], json!(chat), "{left}");
    mona.expect("that the group is no more", |frame| frame["type"] == "receiving" && frame["groups"] == json!([]))
        .await;
}

#[tokio::test]
async fn who_waits_in_a_group_that_is_deleted_can_wait_on_in_another_also_while_it_rings() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut bob = OperatorClient::connect(&server, "bob").await;
    let bobs = json!({ "group": "sales", "operator": bob.id(), "handling": "primary" });
    admin.post("/api/v1/memberships", bobs).await.ok();
    bob.reconnect().await.expect("his windows come back with the new group");
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    joe.offer_of(&chat).await;
    bob.status("online").await;
    let done = admin.delete(&format!("{SUPPORT}?waiting=move&to=sales")).await;
    assert_eq!(done.status, 204, "{done:?}");
    joe.expect("that it rings no more", |frame| frame["type"] == "offer_gone" && frame["chat"] == chat.as_str()).await;
    let offer = bob.expect("her chat in Sales", |frame| {
        frame["type"] == "offer" && frame["chat"] == chat.as_str() && frame["group"] == "sales"
    });
    let offer = offer.await;
    bob.accept(&offer).await;
    clara.expect_event("assigned").await;
    admin.get(SUPPORT).await.refused(404, "not_found");
}

#[tokio::test]
async fn running_chats_of_a_deleted_group_go_on_and_take_it_with_them_past_a_kill() {
    let (mut server, mut clara, mut joe, chat) = joe_answers().await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.delete(SUPPORT).await.refused(409, "conflict");
    let before = admin.get(SUPPORT).await.ok();
    assert_eq!(before["closing"], json!(false));
    let seen = before["version"].clone();
    let begun = admin.delete(&format!("{SUPPORT}?waiting=end")).await;
    assert_eq!(begun.status, 202, "{begun:?}");
    assert_eq!(begun.ok(), json!({ "waiting": 0, "running": 1 }));
    let closing = async |admin: &Browser| {
        let listed = admin.get("/api/v1/groups").await.ok()["items"].clone();
        let listed = listed.as_array().expect("a list").iter().find(|one| one["id"] == "support").cloned();
        let (one, listed) = (admin.get(SUPPORT).await.ok(), listed.expect("it is there still"));
        assert_eq!(one["closing"], listed["closing"], "{listed}");
        (one["closing"] == json!(true), one["version"].clone())
    };
    assert_eq!(closing(&admin).await, (true, seen.clone()), "everybody sees that it goes");
    let refused =
        joe.refused(json!({ "type": "membership_status", "group": "support", "active": true }), "conflict").await;
    assert_eq!(refused["why"], json!("state"), "nobody begins to receive from it: {refused}");
    let his = format!("/api/v1/memberships/support/{}", joe.id());
    admin.patch(&his, json!({ "active": true })).await.refused(409, "conflict");
    assert_eq!(admin.get(&his).await.ok()["active"], json!(false));
    let mut dora = VisitorClient::connect(&server).await;
    dora.refused(Start::support("Dora", "And me?").command(), "conflict").await;
    server.kill();
    server.restart();
    clara.reconnect().await.expect("the server is back");
    joe.reconnect().await.expect("the session outlives the server");
    joe.say(&chat, "We finish this.").await;
    clara.expect_text("We finish this.").await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    assert!(closing(&admin).await.0, "one chat runs, and it still goes");
    joe.end(&chat).await;
    gone(&admin, SUPPORT).await;
    assert_eq!(clara.expect_event("ended").await["event"]["why"], json!("closed"));
}

#[tokio::test]
async fn an_operator_who_is_deleted_leaves_the_chats_to_the_others_or_they_end() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let path = format!("/api/v1/operators/{}", joe.id());
    let refused = admin.delete(&path).await.refused(409, "conflict");
    assert!(refused["detail"].as_str().is_some_and(|words| words.contains("1 running chats")), "{refused}");
    admin.delete(&format!("{path}?chats=keep")).await.refused(422, "invalid");
    let mut bob = OperatorClient::online(&server, "bob").await;
    let done = admin.delete(&format!("{path}?chats=requeue")).await;
    assert_eq!(done.status, 204, "{done:?}");
    assert_eq!(joe.expect_closed(SOON).await.code, Some(4401));
    let offer = bob.offer_of(&chat).await;
    bob.accept(&offer).await;
    bob.say(&chat, "I go on where Joe was.").await;
    clara.expect_text("I go on where Joe was.").await;
    admin.get(&path).await.refused(404, "not_found");

    let path = format!("/api/v1/operators/{}", bob.id());
    assert_eq!(admin.delete(&format!("{path}?chats=end")).await.status, 204);
    let ended = clara.expect_event("ended").await;
    assert_eq!((&ended["event"]["by"], &ended["event"]["why"]), (&json!("system"), &json!("closed")), "{ended}");
    admin.get(&path).await.refused(404, "not_found");
}

#[tokio::test]
async fn an_operator_who_may_not_sign_in_any_more_holds_nothing_and_can_be_let_in_again() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let path = format!("/api/v1/operators/{}", joe.id());
    let out = json!({ "disabled": true });
    admin.patch(&path, out.clone()).await.refused(409, "conflict");
    assert_eq!(admin.get(&path).await.ok()["disabled"], json!(false));
    joe.say(&chat, "Still here.").await;
    clara.expect_text("Still here.").await;
    admin.patch(&format!("{path}?chats=requeue"), out).await.ok();
    assert_eq!(joe.expect_closed(SOON).await.code, Some(4401));
    let offer = bob.offer_of(&chat).await;
    bob.accept(&offer).await;
    assert_eq!(admin.patch(&path, json!({ "disabled": false })).await.ok()["disabled"], json!(false));
    let again = OperatorClient::connect(&server, "joe").await;
    assert_eq!((&again.welcome["status"], &again.welcome["chats"]), (&json!("offline"), &json!([])));
}

#[tokio::test]
async fn a_server_that_is_killed_while_an_operator_is_deleted_goes_on_or_has_not_begun() {
    killed_while_joe_is_taken_out(true).await;
}

#[tokio::test]
async fn a_server_that_is_killed_while_an_operator_is_disabled_goes_on_or_has_not_begun() {
    killed_while_joe_is_taken_out(false).await;
}

/// Kills the server at different moments of it.
async fn killed_while_joe_is_taken_out(deleted: bool) {
    let (mut server, mut clara, joe, chat) = joe_answers().await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let path = format!("/api/v1/operators/{}", joe.id());
    let takes_out = async |admin: &Browser, path: &str| match deleted {
        true => admin.delete(&format!("{path}?chats=requeue")).await.status,
        // What was begun is not begun again: it must go on by itself.
        false if admin.get(path).await.ok()["disabled"] == json!(true) => 200,
        false => admin.patch(&format!("{path}?chats=requeue"), json!({ "disabled": true })).await.status,
    };
    for pause in [0, 3, 10, 30] {
        // Nobody answers whoever asks a server that dies.
        let asked = std::panic::AssertUnwindSafe(takes_out(&admin, &path)).catch_unwind();
        let dies = async {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            server.kill();
        };
        let _ = tokio::join!(asked, dies);
        server.restart();
        clara.reconnect().await.expect("the server is back");
    }
    let done = takes_out(&admin, &path).await;
    assert!([200, 204, 404].contains(&done), "{done}");
    if deleted {
        gone(&admin, &path).await;
    } else {
        assert_eq!(admin.get(&path).await.ok()["disabled"], json!(true));
    }
    let row = format!("/api/v1/chats/{chat}");
    let deadline = Instant::now() + SOON;
    while admin.get(&row).await.ok()["state"] != json!("waiting") {
        assert!(Instant::now() < deadline, "{:?}", admin.get(&row).await);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let mut bob = OperatorClient::online(&server, "bob").await;
    let offer = bob.offer_of(&chat).await;
    bob.accept(&offer).await;
    bob.say(&chat, "All is well.").await;
    clara.expect_text("All is well.").await;
    let ledger = bob.resume(&chat, 0).await;
    let kinds = ledger.kinds();
    assert_eq!(kinds.iter().filter(|kind| **kind == "queued").count(), 2, "once at first, once again: {kinds:?}");
}

/// Takes Joe out of Support; his window comes back as that of somebody who is in no group.
async fn joe_is_no_member_any_more(server: &TestServer, joe: &mut OperatorClient) {
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let done = admin.delete(&format!("/api/v1/memberships/support/{}", joe.id())).await;
    assert_eq!(done.status, 204, "{done:?}");
    assert_eq!(joe.expect_closed(SOON).await.code, Some(1012));
    joe.reconnect().await.expect("he may work");
    assert_eq!(joe.welcome["groups"], json!([]));
}

/// The next visitor of Support is for Bob, although Joe is free.
async fn bob_alone_is_asked(server: &TestServer, joe: &mut OperatorClient, bob: &mut OperatorClient) {
    let (_dora, next) = asks(server, "Dora", "support").await;
    bob.offer_of(&next).await;
    joe.expect_none("a chat of a group that is not his", |frame| frame["chat"] == next.as_str()).await;
}

#[tokio::test]
async fn who_is_no_member_any_more_while_it_rings_is_not_asked_again_when_they_decline() {
    let (server, mut clara, mut joe, chat, offer) = joe_is_rung(&[], "Hello?").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe_is_no_member_any_more(&server, &mut joe).await;
    assert_eq!(joe.welcome["offers"][0]["offer"], offer["offer"], "what rings goes on: {}", joe.welcome);
    bob.expect_none("a second ring beside Joe's", |frame| frame["type"] == "offer").await;
    joe.decline(&offer).await;
    let offer = bob.offer_of(&chat).await;
    bob.accept(&offer).await;
    assert_eq!(clara.expect_event("assigned").await["event"]["name"], "Bob");
    bob_alone_is_asked(&server, &mut joe, &mut bob).await;
}

#[tokio::test]
async fn who_is_no_member_any_more_while_it_rings_may_still_accept() {
    let (server, mut clara, mut joe, chat, offer) = joe_is_rung(&[], "Hello?").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe_is_no_member_any_more(&server, &mut joe).await;
    joe.accept(&offer).await;
    assert_eq!(clara.expect_event("assigned").await["event"]["name"], "Joe");
    joe.end(&chat).await;
    clara.expect_event("ended").await;
    bob_alone_is_asked(&server, &mut joe, &mut bob).await;
}

#[tokio::test]
async fn who_is_no_member_any_more_keeps_the_chats_they_hold_and_gets_no_other() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe_is_no_member_any_more(&server, &mut joe).await;
    assert_eq!(joe.welcome["chats"][0]["id"], chat.as_str(), "{}", joe.welcome);
    joe.say(&chat, "I am still with you.").await;
    clara.expect_text("I am still with you.").await;
    bob.expect_none("a chat that is Joe's", |frame| frame["type"] == "offer").await;
    joe.end(&chat).await;
    clara.expect_event("ended").await;
    bob_alone_is_asked(&server, &mut joe, &mut bob).await;
}

#[tokio::test]
async fn nobody_can_begin_a_chat_in_a_group_without_members() {
    let server = TestServer::start();
    let _joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    let start = json!({ "type": "start", "name": "Clara", "department": "sales", "question": "Hello?" });
    let refused = clara.refused(start, "conflict").await;
    assert_eq!(refused["why"], json!("offline"), "{refused}");
}
