//! Two companies on one server: neither can tell that the other is there.

use engine::domain::limits::SIGN_IN_TRIES;
use engine::ports::staff::Credentials;
use reqwest::Method;
use serde_json::{Value, json};
use switchboard_web::provision;

use crate::chats::waiting_chat;
use crate::kit::{Answer, Browser, PASSWORD, TestServer};

#[actix_web::test]
async fn what_belongs_to_another_company_is_answered_like_what_does_not_exist() {
    let server = TestServer::start().await;
    let (theirs, stranger) = other_company(&server).await;
    let demo = server.account().await;
    let chat = waiting_chat(&server, demo, "demo", "support", "What does the blue one cost?").await;
    let admin = server.signed_in("admin@example.com").await;
    let joe = admin.operator("joe@example.com").await;
    let none = "0".repeat(32);
    let routes = [
        (Method::GET, "/chats/ID", chat.to_string(), Value::Null),
        (Method::GET, "/chats/ID/events", chat.to_string(), Value::Null),
        (Method::GET, "/operators/ID", joe.clone(), Value::Null),
        (Method::PATCH, "/operators/ID", joe.clone(), json!({ "name": "Mine" })),
        (Method::DELETE, "/operators/ID", joe.clone(), Value::Null),
        (Method::GET, "/groups/ID", "sales".to_owned(), Value::Null),
        (Method::PATCH, "/groups/ID", "sales".to_owned(), json!({ "name": "Mine" })),
        (Method::DELETE, "/groups/ID", "sales".to_owned(), Value::Null),
        (Method::GET, "/memberships/support/ID", joe.clone(), Value::Null),
        (Method::PATCH, "/memberships/support/ID", joe.clone(), json!({ "limit": 9 })),
        (Method::DELETE, "/memberships/support/ID", joe.clone(), Value::Null),
        (
            Method::POST,
            "/memberships",
            joe.clone(),
            json!({ "group": "support", "operator": "ID", "handling": "pull" }),
        ),
        (Method::POST, "/groups", "sales".to_owned(), json!({ "id": "new", "department": "ID", "name": "New" })),
        (Method::GET, "/chats?operator=ID", joe.clone(), Value::Null),
        (Method::GET, "/chats?group=ID", "sales".to_owned(), Value::Null),
        (Method::GET, "/memberships?operator=ID", joe.clone(), Value::Null),
    ];
    for (method, path, id, body) in routes {
        let real = ask(&stranger, &method, path, &id, &body).await;
        let invented = ask(&stranger, &method, path, &none, &body).await;
        assert_eq!((real.status, &real.body), (invented.status, &invented.body), "{method} {path}");
    }
    for path in ["/chats", "/operators", "/groups", "/memberships", "/departments", "/brands"] {
        let text = stranger.get(path).await.body.to_string();
        for canary in ["blue one", "joe@example.com", "sales", "\"demo\""] {
            assert!(!text.contains(canary), "{canary} in {path}: {text}");
        }
    }
    assert_eq!(admin.get(&format!("/chats/{chat}")).await.status, 200);
    assert_eq!(admin.get(&format!("/operators/{joe}")).await.body["name"], "Joe");
    assert!(!admin.get("/operators").await.body.to_string().contains(&theirs.operator.id.to_string()));
}

async fn ask(browser: &Browser, method: &Method, path: &str, id: &str, body: &Value) -> Answer {
    let request = browser.request(method.clone(), &path.replace("ID", id));
    if body.is_null() {
        return Answer::to(request).await;
    }
    let text = body.to_string().replace("\"ID\"", &format!("{id:?}"));
    Answer::to(request.header("Content-Type", "application/json").body(text)).await
}

/// A company with an administrator, and a browser of theirs.
async fn other_company(server: &TestServer) -> (Credentials, Browser) {
    let email = "boss@other.example";
    let now = server.running.state.clock.now();
    let other = provision::Administrator::checked(Some("other"), email, PASSWORD).unwrap();
    provision::administrator(&server.store, &other, now).await.unwrap();
    let theirs = server.store.credentials(email).await.unwrap().remove(0);
    (theirs, server.signed_in(email).await)
}

#[actix_web::test]
async fn guessing_at_somebody_in_one_company_is_not_washed_off_by_a_password_of_another() {
    let server = TestServer::start().await;
    let (email, own) = ("joe@example.com", "a password of the other company");
    let now = server.running.state.clock.now();
    let other = provision::Administrator::checked(Some("other"), email, own).unwrap();
    provision::administrator(&server.store, &other, now).await.unwrap();
    let mut mallory = server.browser();
    for left in (1..SIGN_IN_TRIES).rev() {
        let answer = mallory.sign_in(email, "wrong").await;
        assert!(answer.detail().contains(&format!("{left} tr")), "{}", answer.detail());
        let into = mallory.try_sign_in(json!({ "email": email, "password": own, "account": "other" })).await;
        assert_eq!(into.status, 200, "{}", into.body);
    }
    assert_eq!(mallory.sign_in(email, "wrong").await.status, 429);
    assert_eq!(mallory.sign_in(email, PASSWORD).await.status, 429);
}
