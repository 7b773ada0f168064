//! What comes of a `hello` that is wrong, comes too late, or from a page that may not say it.

use serde_json::{Value, json};
use switchboard_tests::client::{Closed, OperatorClient, SOON, Socket, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;
use tokio_tungstenite::tungstenite::Message;

/// Frames that may be refused before `hello`.
const REFUSED_BEFORE_HELLO_MAX: usize = 20;

/// Says it, and hears why not and with which code the socket is closed.
async fn refused(mut socket: Socket, hello: Value) -> (Value, Closed) {
    socket.send(&hello).await.expect("the socket is open");
    let answer = socket.next(SOON).await.expect("it is told why").expect("an answer");
    assert_eq!(answer["type"], "error", "{answer}");
    (answer, socket.next(SOON).await.expect_err("and closed"))
}

#[tokio::test]
async fn whoever_names_no_brand_of_ours_is_told_so_and_does_not_come_back() {
    let server = TestServer::start();
    let (answer, closed) =
        refused(visitors_socket(&server, &[]).await, json!({ "type": "hello", "brand": "nobody-knows-it" })).await;
    assert_eq!((&answer["code"], closed.code), (&json!("not_found"), Some(4403)), "{answer}");
}

#[tokio::test]
async fn a_hello_without_its_fields_names_them_and_may_be_said_again() {
    let server = TestServer::start();
    let mut socket = visitors_socket(&server, &[]).await;
    for (hello, field) in [
        (json!({ "type": "hello" }), "brand"),
        (json!({ "type": "hello", "brand": 7 }), "brand"),
        (json!({ "type": "hello", "brand": "demo", "resume": { "chat": "x", "after": 0 } }), "resume.chat"),
    ] {
        socket.send(&hello).await.expect("the socket is open");
        let answer = socket.next(SOON).await.expect("it stays open").expect("an answer");
        assert_eq!((&answer["code"], &answer["field"]), (&json!("invalid"), &json!(field)), "{hello}: {answer}");
    }
    socket.send(&json!({ "type": "hello", "brand": "demo" })).await.expect("the socket is open");
    let welcome = socket.next(SOON).await.expect("it stays open").expect("an answer");
    assert_eq!(welcome["type"], "welcome", "{welcome}");
}

#[tokio::test]
async fn an_operators_hello_may_ask_for_so_many_chats_and_no_more() {
    let server = TestServer::start();
    let joe = Browser::signed_in(&server.url(), "joe").await;
    let (origin, cookie) = (server.url(), joe.cookie());
    let headers = [("origin", origin.as_str()), ("cookie", cookie)];
    let opened = Socket::open(server.address(), "/ws/operator", &headers, Default::default()).await;
    let mut socket = opened.expect("it opens");
    let asked = |count: usize| {
        let chats: Vec<Value> = (0..count).map(|_| json!({ "chat": SOME_CHAT, "after": 0 })).collect();
        json!({ "type": "hello", "resume": chats })
    };
    socket.send(&asked(513)).await.expect("the socket is open");
    let answer = socket.next(SOON).await.expect("it stays open").expect("an answer");
    assert_eq!((&answer["code"], &answer["field"]), (&json!("invalid"), &json!("resume")), "{answer}");
    socket.send(&asked(1)).await.expect("the socket is open");
    let welcome = socket.next(SOON).await.expect("it stays open").expect("an answer");
    assert_eq!(welcome["type"], "welcome", "{welcome}");
}

/// The form of an id, of no chat there is.
const SOME_CHAT: &str = "01a7c7d5-6f2e-7abc-8def-0123456789ab";

#[tokio::test]
async fn a_page_of_another_website_may_speak_for_visitors_where_its_brand_says_so() {
    let server = TestServer::start();
    let hello = || json!({ "type": "hello", "brand": "demo" });
    let shop = "https://shop.example";
    for stranger in [shop, "null", "https://shop.example.evil", "http://shop.example"] {
        let opened = Socket::open(server.address(), "/ws/visitor", &[("origin", stranger)], Default::default()).await;
        let (answer, closed) = refused(opened.expect("it is let in to be told"), hello()).await;
        assert_eq!((&answer["code"], closed.code), (&json!("forbidden"), Some(4403)), "{stranger}: {answer}");
    }
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch("/api/v1/brands/demo", json!({ "origins": [shop] })).await.ok();
    for (origin, welcome) in [(shop, true), ("https://shop.example.evil", false), ("http://shop.example", false)] {
        let opened = Socket::open(server.address(), "/ws/visitor", &[("origin", origin)], Default::default()).await;
        let mut socket = opened.expect("it opens");
        socket.send(&hello()).await.expect("the socket is open");
        let answer = socket.next(SOON).await.expect("it is answered").expect("an answer");
        assert_eq!(answer["type"] == "welcome", welcome, "{origin}: {answer}");
    }
}

#[tokio::test]
async fn a_server_that_is_about_to_stop_sends_whoever_comes_now_to_come_back() {
    let mut server = TestServer::start();
    let mut clara = VisitorClient::connect(&server).await;
    let joe = Browser::signed_in(&server.url(), "joe").await;
    let (origin, cookie) = (server.url(), joe.cookie());
    let headers = [("origin", origin.as_str()), ("cookie", cookie)];
    let visitor = visitors_socket(&server, &[]).await;
    let operator = Socket::open(server.address(), "/ws/operator", &headers, Default::default()).await;
    server.ask_to_stop();
    clara.expect_type("reconnect").await;
    for (socket, hello) in [
        (visitor, json!({ "type": "hello", "brand": "demo" })),
        (operator.expect("it opens"), json!({ "type": "hello" })),
    ] {
        let (answer, closed) = refused(socket, hello).await;
        assert_eq!((&answer["code"], closed.code), (&json!("unavailable"), Some(1012)), "{answer}");
    }
    assert!(server.wait_until_stopped().success());
}

#[tokio::test]
async fn whoever_goes_on_with_nonsense_before_hello_is_closed() {
    let server = TestServer::start();
    for binary in [false, true] {
        let mut socket = visitors_socket(&server, &[]).await;
        for _ in 0..REFUSED_BEFORE_HELLO_MAX {
            let frame = if binary { Message::binary(vec![0]) } else { Message::text("nonsense") };
            socket.send_message(frame).await.expect("the socket is open");
        }
        for number in 0..REFUSED_BEFORE_HELLO_MAX {
            let answer = socket.next(SOON).await.expect("each is answered").expect("an answer");
            assert_eq!(answer["code"], "bad_frame", "{number}: {answer}");
        }
        let closed = socket.next(SOON).await.expect_err("it is closed");
        assert_eq!(closed.code, Some(4508), "{closed:?}");
    }
}

#[tokio::test]
async fn who_does_not_say_hello_first_is_told_so() {
    let server = TestServer::start();
    let mut socket = visitors_socket(&server, &[]).await;
    socket.send(&json!({ "type": "say", "id": "a", "text": "hi" })).await.expect("the socket is open");
    let told = socket.next(SOON).await.expect("it stays open").expect("an answer");
    assert_eq!((&told["type"], &told["id"]), (&json!("error"), &json!("a")), "{told}");
    assert_eq!((&told["code"], &told["why"]), (&json!("conflict"), &json!("state")), "{told}");
    let mut joe = OperatorClient::online(&server, "joe").await;
    joe.expect_none("offer", |frame| frame["type"] == "offer").await;
}

#[tokio::test]
async fn whoever_speaks_another_version_only_is_told_so_and_does_not_come_back() {
    let server = TestServer::start();
    let mut other = visitors_socket(&server, &[("sec-websocket-protocol", "switchboard.v2")]).await;
    let closed = other.next(SOON).await.expect_err("it is closed");
    assert_eq!(closed.code, Some(4426), "{closed:?}");
    let mut both = visitors_socket(&server, &[("sec-websocket-protocol", "switchboard.v2, switchboard.v1")]).await;
    both.send(&json!({ "type": "hello", "brand": "demo" })).await.expect("the socket is open");
    let welcome = both.next(SOON).await.expect("it stays open").expect("an answer");
    assert_eq!(welcome["type"], "welcome", "{welcome}");
}

async fn visitors_socket(server: &TestServer, headers: &[(&str, &str)]) -> Socket {
    let origin = server.url();
    let headers = [&[("origin", origin.as_str())], headers].concat();
    Socket::open(server.address(), "/ws/visitor", &headers, Default::default()).await.expect("visitors are let in")
}
