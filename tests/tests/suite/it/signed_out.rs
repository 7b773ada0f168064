//! A session that ends, an operator who may not work any more, a new password: what becomes of the sockets.

use rusqlite::Connection;
use serde_json::{Value, json};
use switchboard_tests::client::{Closed, OperatorClient, SOON, Socket};
use switchboard_tests::http::{Browser, PASSWORD};
use switchboard_tests::server::TestServer;

use crate::suite::it::joe_answers;

/// A socket of the console in that browser, which has said nothing yet.
async fn opened(server: &TestServer, browser: &Browser) -> Socket {
    let origin = server.url();
    let headers = [("origin", origin.as_str()), ("cookie", browser.cookie())];
    Socket::open(server.address(), "/ws/operator", &headers, Default::default()).await.expect("it opens")
}

/// What a `hello` is answered, and with which code the socket is closed.
async fn greets(mut socket: Socket) -> (Value, Closed) {
    socket.send(&json!({ "type": "hello" })).await.expect("it is open");
    let answer = socket.next(SOON).await.expect("it is told why").expect("an answer");
    (answer, socket.next(SOON).await.expect_err("and closed"))
}

#[tokio::test]
async fn who_signs_out_between_the_handshake_and_hello_is_let_in_no_more() {
    let server = TestServer::start();
    let joe = Browser::signed_in(&server.url(), "joe").await;
    let socket = opened(&server, &joe).await;
    joe.post("/api/v1/auth/logout", json!({})).await.ok();
    let (answer, closed) = greets(socket).await;
    assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!("unauthorized")), "{answer}");
    assert_eq!(closed.code, Some(4401), "{closed:?}");
}

#[tokio::test]
async fn who_cannot_be_looked_up_now_is_not_signed_out_and_may_come_back() {
    let server = TestServer::start();
    let joe = Browser::signed_in(&server.url(), "joe").await;
    let file = Connection::open(server.data().join("switchboard.db")).expect("the database opens");
    file.execute_batch("ALTER TABLE session RENAME TO session_away").expect("nobody can be looked up");
    let (answer, closed) = greets(opened(&server, &joe).await).await;
    assert_eq!((&answer["code"], closed.code), (&json!("unavailable"), Some(4503)), "{answer}");
    file.execute_batch("ALTER TABLE session_away RENAME TO session").expect("they are back");
    let mut socket = opened(&server, &joe).await;
    socket.send(&json!({ "type": "hello" })).await.expect("it is open");
    let welcome = socket.next(SOON).await.expect("it is open").expect("an answer");
    assert_eq!(welcome["type"], "welcome", "{welcome}");
}

#[tokio::test]
async fn what_changes_of_an_operator_between_the_handshake_and_hello_holds() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let bob = Browser::signed_in(&server.url(), "bob").await;
    let path = format!("/api/v1/operators/{}", bob.operator_id());
    let mut socket = opened(&server, &bob).await;
    admin.patch(&path, json!({ "role": "manager" })).await.ok();
    socket.send(&json!({ "type": "hello" })).await.expect("it is open");
    let welcome = socket.next(SOON).await.expect("it is open").expect("an answer");
    assert_eq!(welcome["operator"]["role"], "manager", "{welcome}");

    let socket = opened(&server, &bob).await;
    admin.patch(&path, json!({ "disabled": true })).await.ok();
    let (answer, closed) = greets(socket).await;
    assert_eq!((&answer["code"], closed.code), (&json!("unauthorized"), Some(4401)), "{answer}");
}

#[tokio::test]
async fn a_new_password_signs_out_everywhere_but_where_it_was_chosen() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let (mut browser, thief) = (joe.browser.clone(), joe.browser.clone());
    let mut stolen = OperatorClient::window(&server, &thief).await.expect("a window with his cookie");
    let elsewhere = Browser::signed_in(&server.url(), "joe").await;
    let mut there = OperatorClient::window(&server, &elsewhere).await.expect("a window elsewhere");
    browser.change_password(PASSWORD, "a password of his").await.ok();
    assert_eq!(there.expect_closed(SOON).await.code, Some(4401));
    // Who has his cookie of before does not come back; his own windows do, with the new one.
    assert_eq!(stolen.expect_closed(SOON).await.code, Some(1012));
    let turned_away = OperatorClient::window(&server, &thief).await;
    assert!(turned_away.is_err(), "the cookie is good for nothing any more");
    assert_eq!(joe.expect_closed(SOON).await.code, Some(1012));
    let mut joe = OperatorClient::window(&server, &browser).await.expect("the browser goes on with a new session");
    joe.say(&chat, "I am still here").await;
    clara.expect_text("I am still here").await;
    assert_eq!(elsewhere.get("/api/v1/auth/me").await.status, 401);
}
