//! Sessions of browsers: how long they last, and how they end.

use std::time::Duration;

use engine::actors::outlet::{Outlet, Transport};
use engine::domain::limits::{SESSION_IDLE_MAX, SESSION_TOUCH_EVERY};
use engine::protocol::close;
use rusqlite::Connection;
use serde_json::json;
use switchboard_web::state::{SessionHash, StaffChange};

use crate::kit::{PASSWORD, TestServer};

#[actix_web::test]
async fn a_session_outlives_a_restart_of_the_server() {
    let server = TestServer::start().await;
    let mut joe = server.signed_in("joe@example.com").await;
    let server = server.restart().await;
    joe.base = server.url("/api/v1");
    assert_eq!(joe.get("/auth/me").await.body["operator"]["name"], "Joe");
    assert_eq!(joe.post("/auth/logout", json!({})).await.status, 204, "its CSRF token too");
    assert_eq!(joe.get("/auth/me").await.status, 401);
}

#[actix_web::test]
async fn a_session_lasts_as_long_as_it_is_used() {
    let server = TestServer::start().await;
    let joe = server.signed_in("joe@example.com").await;
    for _ in 0..3 {
        server.clock.forward(SESSION_IDLE_MAX - Duration::from_secs(1));
        let me = joe.get("/auth/me").await;
        assert_eq!(me.status, 200);
        assert!(me.header("set-cookie").contains("Max-Age=604800"), "the cookie lasts on too");
    }
    server.clock.forward(SESSION_IDLE_MAX);
    assert_eq!(joe.get("/auth/me").await.status, 401);
}

#[actix_web::test]
async fn a_socket_is_closed_when_its_session_has_run_out() {
    struct Nowhere;
    impl Transport for Nowhere {
        fn wake(&self) {}
        fn cut(&self) {}
    }
    let server = TestServer::start().await;
    let (joe, bob) = (server.signed_in("joe@example.com").await, server.signed_in("bob@example.com").await);
    let (account, sockets) = (server.account().await, &server.running.state.session_sockets);
    let mut windows = Vec::new();
    for email in ["joe@example.com", "bob@example.com"] {
        let operator = server.store.credentials(email).await.unwrap()[0].operator.id;
        let session = SessionHash(server.store.sessions_of(account, operator).await.unwrap()[0].token_hash);
        let window = Outlet::new(Nowhere);
        sockets.add(session, operator, window.clone());
        windows.push(window);
    }
    server.clock.forward(SESSION_IDLE_MAX - Duration::from_secs(1));
    assert_eq!(bob.get("/auth/me").await.status, 200);
    let now = || server.running.state.clock.now();
    sockets.close_run_out(&*server.running.state.store, now()).await;
    assert!(windows.iter().all(|window| !window.is_closed()), "both may be used still");
    server.clock.forward(Duration::from_secs(1));
    sockets.close_run_out(&*server.running.state.store, now()).await;
    assert_eq!(windows[0].take(1, |_| ()).close, Some(close::SIGNED_OUT));
    assert!(!windows[1].is_closed(), "who has used the session goes on");
    assert_eq!(joe.get("/auth/me").await.status, 401);
}

#[actix_web::test]
async fn who_is_signed_in_stays_so_while_nothing_can_be_written() {
    let server = TestServer::start().await;
    let joe = server.signed_in("joe@example.com").await;
    let file = Connection::open(server.folder.path().join("switchboard.db")).unwrap();
    file.execute_batch(
        "CREATE TRIGGER full BEFORE UPDATE ON session BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    )
    .unwrap();
    server.clock.forward(SESSION_TOUCH_EVERY);
    assert_eq!(joe.get("/auth/me").await.status, 200, "what is read goes on");
    file.execute_batch("DROP TRIGGER full").unwrap();
    server.clock.forward(SESSION_IDLE_MAX - SESSION_TOUCH_EVERY - Duration::from_secs(1));
    assert_eq!(joe.get("/auth/me").await.status, 200);
    server.clock.forward(SESSION_IDLE_MAX - Duration::from_secs(1));
    assert_eq!(joe.get("/auth/me").await.status, 200, "and the next use is written down");
}

#[actix_web::test]
async fn an_operator_sees_where_they_are_signed_in_and_ends_it_there() {
    let server = TestServer::start().await;
    let here = server.signed_in("joe@example.com").await;
    server.clock.forward(Duration::from_secs(5));
    let there = server.signed_in("joe@example.com").await;
    let bob = server.signed_in("bob@example.com").await;
    let list = here.get("/auth/sessions").await;
    assert_eq!(list.items().len(), 2, "one's own only");
    let other = list.items().iter().find(|session| session["current"] == false).unwrap();
    assert_eq!(other["address"], "127.0.0.1");
    let path = format!("/auth/sessions/{}", other["id"].as_str().unwrap());
    assert_eq!(bob.delete(&path).await.code(), "not_found", "nobody else can");
    server.heard.take();
    assert_eq!(here.delete(&path).await.status, 204);
    assert!(matches!(server.heard.take()[..], [StaffChange::SessionEnded(..)]), "its sockets hear of it");
    assert_eq!(there.get("/auth/me").await.status, 401);
    assert_eq!(here.get("/auth/me").await.status, 200);
    assert_eq!(here.delete(&path).await.code(), "not_found", "it has ended");
}

#[actix_web::test]
async fn a_new_password_ends_every_other_session() {
    let server = TestServer::start().await;
    let mut here = server.signed_in("joe@example.com").await;
    let there = server.signed_in("joe@example.com").await;
    let change = |current: &str, new: &str| json!({ "current": current, "new": new });
    assert_eq!(here.post("/auth/password", change("wrong", "a new password")).await.field(), "current");
    assert_eq!(here.post("/auth/password", change(PASSWORD, "short")).await.field(), "new");
    server.heard.take();
    let changed = here.post("/auth/password", change(PASSWORD, "a new password")).await;
    assert_eq!(changed.status, 200);
    assert!(matches!(server.heard.take()[..], [StaffChange::PasswordChanged { .. }]), "its own sockets stay");
    assert_eq!(there.get("/auth/me").await.status, 401);
    assert_eq!(here.get("/auth/me").await.status, 200, "this browser goes on");
    here.csrf = changed.body["csrf_token"].as_str().map(str::to_owned);
    assert_eq!(here.post("/auth/logout", json!({})).await.status, 204);
    assert_eq!(server.browser().sign_in("joe@example.com", PASSWORD).await.status, 401);
    assert_eq!(server.browser().sign_in("joe@example.com", "a new password").await.status, 200);
}

#[actix_web::test]
async fn a_stolen_session_cannot_guess_the_password() {
    let server = TestServer::start().await;
    let joe = server.signed_in("joe@example.com").await;
    let guess = json!({ "current": "guess", "new": "a new password" });
    for _ in 0..4 {
        assert_eq!(joe.post("/auth/password", guess.clone()).await.field(), "current");
    }
    assert_eq!(joe.post("/auth/password", guess).await.code(), "rate_limited");
    let right = json!({ "current": PASSWORD, "new": "a new password" });
    assert_eq!(joe.post("/auth/password", right).await.code(), "rate_limited");
}
