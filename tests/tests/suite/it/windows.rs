//! One operator in several windows, and members who fetch their chats themselves.

use serde_json::json;
use switchboard_tests::client::{OperatorClient, QUIET, SOON, Start, VisitorClient};
use switchboard_tests::server::TestServer;

use crate::suite::it::nobody_answers;

/// Sockets of one visitor, and of one operator, at once.
const SOCKETS_MAX: usize = 20;

#[tokio::test]
async fn two_windows_of_an_operator_show_the_same() {
    let server = TestServer::start();
    let mut left = OperatorClient::connect(&server, "joe").await;
    let mut right = OperatorClient::window(&server, &left.browser).await.expect("a second window");
    left.status("online").await;
    for window in [&mut left, &mut right] {
        window.expect("his status", |frame| frame["type"] == "status" && frame["status"] == "online").await;
    }
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let offer = left.offer_of(&chat).await;
    assert_eq!(right.offer_of(&chat).await["offer"], offer["offer"]);
    left.accept(&offer).await;
    let gone = right.expect_type("offer_gone").await;
    assert_eq!((&gone["offer"], &gone["why"]), (&offer["offer"], &json!("taken")), "{gone}");
    right.expect_event("assigned").await;
    clara.say("Both of you?").await;
    left.expect_text("Both of you?").await;
    right.expect_text("Both of you?").await;
    left.say(&chat, "One and the same.").await;
    right.expect_text("One and the same.").await;
    right.say(&chat, "Indeed.").await;
    left.expect_text("Indeed.").await;
    clara.expect_text("Indeed.").await;
}

#[tokio::test]
async fn a_status_is_the_operators_and_not_the_windows() {
    let server = TestServer::start();
    let mut left = OperatorClient::online(&server, "joe").await;
    let right = OperatorClient::window(&server, &left.browser).await.expect("a second window");
    assert_eq!(right.welcome["status"], "online", "{}", right.welcome);
    left.close().await;
    let again = OperatorClient::window(&server, &right.browser).await.expect("a third window");
    assert_eq!(again.welcome["status"], "online", "one window is left: {}", again.welcome);
}

#[tokio::test]
async fn a_pulling_member_sees_who_waits_and_takes_them() {
    let (server, mut mona) = nobody_answers(&[]).await;
    mona.acked(json!({ "type": "subscribe", "topic": "group:support" })).await;
    let subscribed = mona.acked(json!({ "type": "subscribe", "topic": "chats", "filter": { "state": "waiting" },
                           "order": "longest_waiting", "window": { "offset": 0, "limit": 50 } }));
    let list = subscribed.await["id"].clone();
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Is anybody there?")).await;
    let rows = mona
        .expect("her list with Clara", |frame| {
            frame["type"] == "rows" && frame["rows"][0]["id"] == chat.as_str() && frame["subscription"] == list
        })
        .await;
    assert_eq!((&rows["total"], &rows["rows"][0]["visitor"]["name"]), (&json!(1), &json!("Clara")), "{rows}");
    mona.expect("one waits", |frame| frame["type"] == "queue" && frame["waiting"] == 1).await;
    mona.expect_none("ring", |frame| frame["type"] == "offer").await;

    mona.take(&chat).await;
    let assigned = clara.expect_event("assigned").await;
    assert!(assigned["event"]["name"].as_str().is_some_and(|name| name.contains("Mona")), "{assigned}");
    mona.expect("nobody waits", |frame| frame["type"] == "queue" && frame["waiting"] == 0).await;
    mona.expect("an empty list", |frame| frame["type"] == "rows" && frame["total"] == 0).await;
    let mut sue = OperatorClient::connect(&server, "sue").await;
    let late = sue.refused(json!({ "type": "take", "chat": chat }), "conflict").await;
    assert_eq!(late["why"], "taken", "{late}");
}

#[tokio::test]
async fn of_too_many_tabs_or_windows_the_oldest_is_replaced() {
    let (server, mut mona) = nobody_answers(&[]).await;
    let mut clara = VisitorClient::connect(&server).await;
    let (mut tabs, mut windows) = (Vec::new(), Vec::new());
    for number in 1..=SOCKETS_MAX {
        if number == SOCKETS_MAX {
            clara.listen(QUIET).await;
            mona.listen(QUIET).await;
        }
        tabs.push(VisitorClient::connect_to(&server, "demo", Some(clara.token())).await.expect("one more tab"));
        windows.push(OperatorClient::window(&server, &mona.browser).await.expect("one more window"));
    }
    assert_eq!(clara.expect_closed(SOON).await.code, Some(4409));
    assert_eq!(mona.expect_closed(SOON).await.code, Some(4409));
    let chat = tabs[0].start(&Start::support("Clara", "Who am I?")).await;
    windows[0].take(&chat).await;
    tabs[SOCKETS_MAX - 1].expect_event("assigned").await;
    windows[SOCKETS_MAX - 1].expect_event("assigned").await;
}
