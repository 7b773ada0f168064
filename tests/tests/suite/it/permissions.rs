//! What a role does not allow is refused by the server, whatever a screen shows.

use reqwest::Method;
use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, SOON, Socket, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::accounts::everything;
use crate::suite::it::{joe_answers, joe_is_rung};

#[tokio::test]
async fn only_those_who_may_end_a_colleagues_chat() {
    let (server, mut clara, _joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    // Running chats of others are not his to know of: they are like ones that do not exist.
    bob.refused(json!({ "type": "end", "chat": chat }), "not_found").await;
    bob.refused(json!({ "type": "say", "chat": chat, "text": "Hi from Bob" }), "not_found").await;
    clara.expect_none("end", |frame| frame["event"]["kind"] == "ended").await;
    assert_eq!(clara.texts(), ["Where is my parcel?"]);
    let mut mona = OperatorClient::connect(&server, "mona").await;
    mona.end(&chat).await;
    clara.expect_event("ended").await;
}

#[tokio::test]
async fn a_colleagues_running_chat_is_in_no_list_and_leaves_no_gap() {
    let (server, mut clara, mut joe, over) = joe_answers().await;
    joe.end(&over).await;
    clara.expect_event("ended").await;
    let mut dora = VisitorClient::connect(&server).await;
    let running = dora.start(&Start::support("Dora", "Between Joe and me")).await;
    let offer = joe.offer_of(&running).await;
    joe.accept(&offer).await;
    let mut bob = OperatorClient::connect(&server, "bob").await;
    let page = bob.browser.get("/api/v1/chats?limit=1").await.ok();
    assert_eq!((&page["items"][0]["id"], &page["next"]), (&json!(over), &json!(null)), "a page is full: {page}");
    bob.acked(json!({ "type": "subscribe", "topic": "chats", "filter": {} })).await;
    let rows = bob.expect_type("rows").await;
    assert_eq!((&rows["total"], &rows["rows"][0]["id"]), (&json!(1), &json!(over)), "{rows}");
    dora.say("Nobody else hears this").await;
    joe.end(&running).await;
    bob.expect("both, now that it is over", |frame| frame["type"] == "rows" && frame["total"] == 2).await;
    let own = joe.browser.get("/api/v1/chats").await.ok();
    assert_eq!(own["items"].as_array().map(Vec::len), Some(2), "{own}");
}

#[tokio::test]
async fn an_offer_is_answered_by_the_one_who_is_rung() {
    let (server, mut clara, mut joe, _, offer) = joe_is_rung(&[], "Hello?").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    for answer in ["accept", "decline", "send_to_form"] {
        bob.send(json!({ "type": answer, "id": format!("{answer}-1"), "offer": offer["offer"] })).await;
        let error = bob.expect_type("error").await;
        assert!(["forbidden", "not_found"].iter().any(|code| error["code"] == *code), "{error}");
    }
    joe.accept(&offer).await;
    clara.expect_event("assigned").await;
}

/// Method, path and content.
type Write = (Method, String, Value);

/// Every write of what is set up for routing, with what makes it one that is done, in an order in which all of them can
/// be; `own` is whoever sends it.
fn writes(own: &str, other: &str) -> Vec<Write> {
    let eve =
        json!({ "email": "eve@example.com", "name": "Eve", "role": "administrator", "password": "long-enough-1" });
    let (operator, membership) = (format!("operators/{own}"), format!("memberships/support/{own}"));
    let write = |method: Method, path: &str, body: Value| (method, path.to_owned(), body);
    vec![
        write(Method::POST, "groups", json!({ "id": "own", "name": "Own", "department": "support" })),
        write(Method::PATCH, "groups/support", json!({ "name": "Ours" })),
        write(Method::POST, "memberships", json!({ "group": "sales", "operator": own, "handling": "primary" })),
        write(Method::PATCH, &membership, json!({ "limit": 50 })),
        write(Method::PATCH, &membership, json!({ "handling": "secondary" })),
        write(Method::DELETE, &membership, Value::Null),
        write(Method::PATCH, &operator, json!({ "limit": 50 })),
        write(Method::PATCH, &operator, json!({ "skills": { "refunds": 9 } })),
        write(Method::PATCH, &operator, json!({ "role": "administrator" })),
        write(Method::POST, "operators", eve),
        write(Method::DELETE, &format!("operators/{other}"), Value::Null),
        write(Method::POST, "profiles", json!({ "id": "own", "name": "Own", "groups": ["support"] })),
        write(Method::PATCH, "profiles/late", json!({ "groups": ["support"] })),
        write(Method::DELETE, "profiles/late", Value::Null),
        write(Method::POST, "departments", json!({ "id": "own", "name": "Own" })),
        write(Method::PATCH, "departments/support", json!({ "priority": 9 })),
        write(Method::DELETE, "groups/sales", Value::Null),
        write(Method::DELETE, "departments/sales", Value::Null),
        write(Method::PATCH, "brands/demo", json!({ "trusted_variables": ["tier"] })),
    ]
}

async fn sends(browser: &Browser, (method, path, body): Write) -> (u16, Value) {
    let answer = browser.send(method, &format!("/api/v1/{path}"), (!body.is_null()).then_some(body)).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn only_an_administrator_changes_what_is_set_up_for_routing() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.post("/api/v1/profiles", json!({ "id": "late", "name": "Late", "groups": ["sales"] })).await.ok();
    let (joe, mona) = (Browser::signed_in(&server.url(), "joe").await, Browser::signed_in(&server.url(), "mona").await);
    let sue = Browser::signed_in(&server.url(), "sue").await.operator_id();
    let before = everything(&admin).await;
    for browser in [&joe, &mona] {
        let groups = browser.get("/api/v1/groups").await.ok();
        assert!(groups["items"].as_array().is_some_and(|groups| groups.len() == 2), "they read it: {groups}");
        for write in writes(&browser.operator_id(), &sue) {
            let (status, body) = sends(browser, write.clone()).await;
            assert_eq!((status, &body["code"]), (403, &json!("forbidden")), "{write:?} was answered {body}");
        }
    }
    assert_eq!(everything(&admin).await, before, "nothing has changed");
    // Nothing but the right was missing.
    for write in writes(&joe.operator_id(), &sue) {
        let (status, body) = sends(&admin, write.clone()).await;
        assert!((200..300).contains(&status), "{write:?} was answered {status}: {body}");
    }
}

#[tokio::test]
async fn strangers_read_no_staff_and_a_page_without_its_token_changes_none() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let before = everything(&admin).await;
    let sue = Browser::signed_in(&server.url(), "sue").await.operator_id();
    for write in writes(&admin.operator_id(), &sue) {
        let (status, body) = sends(&admin.without_csrf(), write.clone()).await;
        assert_eq!((status, &body["code"]), (403, &json!("forbidden")), "{write:?} was answered {body}");
    }
    assert_eq!(everything(&admin).await, before, "nothing has changed");
    let nobody = Browser::new(&server.url());
    for path in ["auth/me", "groups", "operators", "memberships", "chats", "departments"] {
        nobody.get(&format!("/api/v1/{path}")).await.refused(401, "unauthorized");
    }
}

#[tokio::test]
async fn the_operators_socket_is_for_the_consoles_own_page_and_for_those_who_signed_in() {
    let server = TestServer::start();
    let joe = Browser::signed_in(&server.url(), "joe").await;
    let own = server.url();
    for origin in ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"] {
        let status = handshake(&server, &[("origin", origin), ("cookie", joe.cookie())]).await;
        assert_eq!(status, Err(403), "a page of {origin}");
    }
    let bare = reqwest::Client::new().get(format!("{own}/ws/operator")).header("origin", "http://evil.example");
    let handshake_of = [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")];
    let asked = handshake_of.iter().fold(bare, |asked, (name, value)| asked.header(*name, *value));
    let refused = asked.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==").send().await.expect("an answer");
    let problem: Value = refused.json().await.expect("a problem");
    assert_eq!((&problem["status"], &problem["code"]), (&json!(403), &json!("forbidden")), "{problem}");
    assert_eq!(handshake(&server, &[("cookie", joe.cookie())]).await, Err(403), "no browser hides its origin");
    assert_eq!(handshake(&server, &[("origin", &own)]).await, Err(401), "nobody signed in");
    let forged = "switchboard_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(handshake(&server, &[("origin", &own), ("cookie", forged)]).await, Err(401), "a guess");
    assert_eq!(handshake(&server, &[("origin", &own), ("cookie", joe.cookie())]).await, Ok(()));
}

#[tokio::test]
async fn who_signs_out_is_cut_off_and_does_not_come_back() {
    let server = TestServer::start();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let out = joe.browser.post("/api/v1/auth/logout", json!({})).await;
    assert!((200..300).contains(&out.status), "{out:?}");
    let closed = joe.expect_closed(std::time::Duration::from_secs(10)).await;
    assert_eq!(closed.code, Some(4401), "{closed:?}");
    let status = joe.reconnect().await.err().and_then(|refused| refused.status);
    assert!([Some(401), Some(4401)].contains(&status), "{status:?}");
}

/// The status of a refused handshake, or of the code that closes the socket in its place.
async fn handshake(server: &TestServer, headers: &[(&str, &str)]) -> Result<(), u16> {
    match Socket::open(server.address(), "/ws/operator", headers, Default::default()).await {
        Err(refused) => Err(refused.status.expect("the server answers")),
        Ok(mut socket) => {
            // A socket that is closed at once may have been closed before this went out.
            let _ = socket.send(&json!({ "type": "hello" })).await;
            loop {
                match socket.next(SOON).await {
                    Ok(frame) if frame.as_ref().is_some_and(|frame| frame["type"] == "error") => {}
                    Ok(frame) => {
                        assert_eq!(frame.expect("an answer")["type"], "welcome");
                        return Ok(());
                    }
                    Err(closed) => return Err(closed.code.expect("a reason") - 4000),
                }
            }
        }
    }
}
