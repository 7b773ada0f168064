//! Whoever does not come back, or says nothing: what the server does without them, and how long it waits before.
//! The times are made short for these stories; the rules are the product's.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, SOON, Socket, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::{joe_answers_with, joe_is_rung, nobody_answers};

/// See `engine::actors::faults`.
const PATIENCE: &str = "SWITCHBOARD_FAULT_PATIENCE";
/// What the stories make of a minute.
const GRACE: Duration = Duration::from_millis(1500);

/// Waits until `GET path` answers something that fits.
async fn until(browser: &Browser, path: &str, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + SOON;
    loop {
        let answer = browser.get(path).await.ok();
        if fits(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited for {what}, and there is {answer}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

const SUPPORT: &str = "/api/v1/status?brand=demo&department=support";

#[tokio::test]
async fn a_lost_operator_is_off_line_after_the_grace_and_keeps_the_chats() {
    let (server, mut clara, mut joe, chat) = joe_answers_with(&[(PATIENCE, "operator_grace=1500")]).await;
    let begun = Instant::now();
    joe.lose();
    clara.say("Are you there?").await;
    until(&joe.browser, SUPPORT, "nobody there", |answer| answer["state"] == "offline").await;
    assert!(begun.elapsed() >= GRACE, "he had {:?} to come back", begun.elapsed());
    let kept = joe.browser.get(&format!("/api/v1/chats/{chat}")).await.ok();
    assert_eq!((&kept["state"], &kept["owner"]["id"]), (&json!("active"), &json!(joe.id())), "{kept}");
    clara.say("I wait for you.").await;

    joe.reconnect().await.expect("he is still signed in");
    assert_eq!(joe.welcome["status"], "offline", "{}", joe.welcome);
    assert_eq!(joe.welcome["chats"][0]["id"], chat.as_str(), "{}", joe.welcome);
    joe.say(&chat, "Back again.").await;
    clara.expect_text("Back again.").await;
    let mut dora = VisitorClient::connect(&server).await;
    dora.refused(Start::support("Dora", "Hello?").command(), "conflict").await;
}

#[tokio::test]
async fn an_operator_who_comes_back_within_the_grace_was_never_away() {
    let (_server, mut clara, mut joe, chat) = joe_answers_with(&[(PATIENCE, "operator_grace=1500")]).await;
    for _ in 0..3 {
        joe.lose();
        tokio::time::sleep(GRACE * 2 / 3).await;
        joe.reconnect().await.expect("he is still signed in");
        assert_eq!(joe.welcome["status"], "online", "{}", joe.welcome);
    }
    joe.say(&chat, "A bad line today.").await;
    clara.expect_text("A bad line today.").await;
}

#[tokio::test]
async fn what_rings_at_a_lost_operator_is_offered_to_somebody_else_after_the_grace() {
    let (server, mut clara, mut joe, chat, offer) = joe_is_rung(&[(PATIENCE, "operator_grace=1500")], "Hello?").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let begun = Instant::now();
    joe.lose();
    let again = bob.offer_of(&chat).await;
    assert!((GRACE..GRACE * 3).contains(&begun.elapsed()), "after {:?}", begun.elapsed());
    joe.reconnect().await.expect("he is still signed in");
    assert_eq!(joe.welcome["offers"], json!([]));
    let late = joe.refused(json!({ "type": "accept", "offer": offer["offer"] }), "conflict").await;
    assert_eq!(late["why"], "withdrawn", "{late}");
    bob.accept(&again).await;
    clara.expect_event("assigned").await;
    // It is not held against him: he is asked next.
    bob.status("away").await;
    joe.status("online").await;
    let mut dora = VisitorClient::connect(&server).await;
    let second = dora.start(&Start::support("Dora", "And me?")).await;
    joe.offer_of(&second).await;
}

#[tokio::test]
async fn a_waiting_visitor_who_is_gone_ends_as_left() {
    let (server, mona) = nobody_answers(&[(PATIENCE, "waiting_visitor_grace=1500")]).await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let mut dora = VisitorClient::connect(&server).await;
    dora.start(&Start::support("Dora", "And me?")).await;
    dora.expect("her place", |frame| frame["type"] == "queue" && frame["ahead"] == 1).await;
    let path = format!("/api/v1/chats/{chat}");

    // One tab of two, and a page that is loaded again, are not gone.
    let mut tab = clara.another_tab(&server).await;
    clara.lose();
    tokio::time::sleep(GRACE * 2).await;
    tab.lose();
    tokio::time::sleep(GRACE * 2 / 3).await;
    clara.reconnect().await.expect("the server is there");
    assert_eq!(clara.welcome["chat"]["state"], "waiting", "{}", clara.welcome);
    tokio::time::sleep(GRACE).await;
    assert_eq!(mona.browser.get(&path).await.ok()["state"], "waiting");

    let begun = Instant::now();
    clara.lose();
    let ended = until(&mona.browser, &path, "the end", |chat| chat["state"] == "ended").await;
    assert!(begun.elapsed() >= GRACE, "she had {:?} to come back", begun.elapsed());
    assert_eq!((&ended["ended_by"], &ended["ended_why"]), (&json!("system"), &json!("left")), "{ended}");
    dora.expect("the front", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;
    clara.reconnect().await.expect("the server is there");
    let told = clara.expect_event("ended").await;
    assert_eq!(told["event"]["why"], "left", "{told}");
    clara.refused(json!({ "type": "say", "text": "I was only in the cellar" }), "conflict").await;
}

#[tokio::test]
async fn a_visitor_who_waits_past_the_groups_time_ends_as_timed_out() {
    let (server, mut mona) = nobody_answers(&[]).await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch("/api/v1/groups/support", json!({ "connection_timeout_s": 10 })).await.ok();
    let mut clara = VisitorClient::connect(&server).await;
    let begun = Instant::now();
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let is_end = |frame: &Value| frame["type"] == "event" && frame["event"]["kind"] == "ended";
    let ended = clara.expect_within("the end", is_end, Duration::from_secs(15)).await;
    assert!(begun.elapsed() >= Duration::from_secs(10), "after {:?}", begun.elapsed());
    assert_eq!((&ended["event"]["by"], &ended["event"]["why"]), (&json!("system"), &json!("timed_out")), "{ended}");
    mona.refused(json!({ "type": "take", "chat": chat }), "conflict").await;
    assert_eq!(admin.get(&format!("/api/v1/chats/{chat}")).await.ok()["ended_why"], "timed_out");
}

#[tokio::test]
async fn who_waits_in_a_group_that_turns_off_line_may_hope_a_while_and_then_ends_as_offline() {
    let (server, mut mona) = nobody_answers(&[(PATIENCE, "offline_hope=1500")]).await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    tokio::time::sleep(GRACE * 4 / 3).await;
    // She is away for a moment, shorter than that.
    mona.status("away").await;
    tokio::time::sleep(GRACE * 2 / 3).await;
    mona.status("online").await;
    tokio::time::sleep(GRACE * 4 / 3).await;
    let path = format!("/api/v1/chats/{chat}");
    assert_eq!(mona.browser.get(&path).await.ok()["state"], "waiting");

    let begun = Instant::now();
    mona.status("away").await;
    let ended = clara.expect_event("ended").await;
    assert!(begun.elapsed() >= GRACE, "she could hope for {:?}", begun.elapsed());
    assert_eq!((&ended["event"]["by"], &ended["event"]["why"]), (&json!("system"), &json!("offline")), "{ended}");
    assert_eq!(mona.browser.get(&path).await.ok()["ended_why"], "offline");
}

#[tokio::test]
async fn a_socket_that_does_not_say_hello_is_closed_and_may_come_back() {
    let server = TestServer::with(&[(PATIENCE, "hello_within=700")]);
    let mut clara = VisitorClient::connect(&server).await;
    let origin = server.url();
    let joe = Browser::signed_in(&server.url(), "joe").await;
    for (path, headers) in [
        ("/ws/visitor", vec![("origin", origin.as_str())]),
        ("/ws/operator", vec![("origin", origin.as_str()), ("cookie", joe.cookie())]),
    ] {
        let begun = Instant::now();
        let mut silent = Socket::open(server.address(), path, &headers, Default::default()).await.expect("it opens");
        let closed = silent.next(SOON).await.expect_err("nothing is said to one who says nothing");
        assert_eq!(closed.code, Some(4508), "{path}: {closed:?}");
        assert!(begun.elapsed() >= Duration::from_millis(700), "{path}: after {:?}", begun.elapsed());
    }
    clara.expect_none("end", |frame| frame["type"] == "error").await;
    assert!(clara.is_open(), "whoever said hello stays");
}

#[tokio::test]
async fn a_client_that_gives_no_sign_of_life_is_dropped_and_one_that_does_is_not() {
    let patience = "client_silence_max=1500 operator_grace=500 waiting_visitor_grace=500";
    let server = TestServer::with(&[(PATIENCE, patience)]);
    let mut clara = VisitorClient::connect(&server).await;
    let mut silent = VisitorClient::connect(&server).await;
    let begun = Instant::now();
    while begun.elapsed() < GRACE * 2 {
        clara.send(json!({ "type": "typing", "on": true })).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let closed = silent.expect_closed(SOON).await;
    assert_eq!(closed.code, Some(1013), "{closed:?}");
    clara.refused(json!({ "type": "say", "text": "to nobody" }), "conflict").await;

    // An operator's window that fell silent does not keep the operator on-line.
    let joe = OperatorClient::online(&server, "joe").await;
    until(&joe.browser, SUPPORT, "nobody there", |answer| answer["state"] == "offline").await;
}

#[tokio::test]
async fn whoever_is_told_nothing_hears_that_the_server_is_there() {
    let (_server, mut clara, mut joe, chat) = joe_answers_with(&[(PATIENCE, "beat_after=400")]).await;
    let beats = |frame: &Value| frame["type"] == "beat";
    let begun = Instant::now();
    for _ in 0..3 {
        clara.expect("a beat", beats).await;
        joe.expect("a beat", beats).await;
    }
    let came = 3 + clara.come(beats).len() as u128;
    let at_most = begun.elapsed().as_millis() / 400 + 1;
    assert!(came <= at_most, "{came} beats, one after each silence: {at_most}");
    joe.say(&chat, "Still with me?").await;
    clara.expect_text("Still with me?").await;
}

#[tokio::test]
async fn whoever_only_listens_to_somebody_who_never_pauses_is_asked_for_a_sign_of_life_and_stays() {
    let patience = "client_silence_max=1500 ping_after=400";
    let (_server, mut clara, mut joe, chat) = joe_answers_with(&[(PATIENCE, patience)]).await;
    let begun = Instant::now();
    while begun.elapsed() < GRACE * 3 {
        joe.send(json!({ "type": "typing", "chat": chat, "on": true })).await;
        // Her browser answers pings by itself, and says nothing else.
        clara.listen(Duration::from_millis(100)).await;
        joe.listen(Duration::from_millis(100)).await;
    }
    assert!(clara.come(|frame| frame["type"] == "typing").len() > 10, "she was told something all the time");
    joe.say(&chat, "Still with me?").await;
    clara.expect_text("Still with me?").await;
}
