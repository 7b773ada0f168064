//! Signing in: who gets in, with what, and what a foreign page cannot do with it.

use engine::domain::permission::StaffRole;
use serde_json::json;
use switchboard_web::auth::password;
use switchboard_web::provision;

use crate::kit::{Answer, PASSWORD, TestServer};

#[actix_web::test]
async fn an_operator_signs_in_and_is_told_who_they_are_and_what_they_may_do() {
    let server = TestServer::start().await;
    let mut joe = server.browser();
    let answer = joe.sign_in(" Joe@Example.com ", PASSWORD).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["operator"]["email"], "joe@example.com");
    assert_eq!(answer.body["operator"]["limit"], 1);
    assert_eq!(answer.body["permissions"], json!(["answer", "read_group_chats", "read_staff"]));
    let cookie = answer.header("set-cookie");
    for part in ["switchboard_session=", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(!cookie.contains("Secure"), "without TLS a secure cookie would be lost: {cookie}");
    let me = joe.get("/auth/me").await;
    assert_eq!(me.body["csrf_token"], answer.body["csrf_token"], "every window gets the same token");
    assert_eq!(me.header("cache-control"), "no-store");
}

#[actix_web::test]
async fn behind_tls_the_cookie_is_secure() {
    let server = TestServer::start_with(&[("SWITCHBOARD_PUBLIC_URL", "https://chat.example.com")]).await;
    let answer = server.browser().sign_in("joe@example.com", PASSWORD).await;
    assert!(answer.header("set-cookie").contains("Secure"));
}

#[actix_web::test]
async fn without_signing_in_there_is_nothing_to_see() {
    let server = TestServer::start().await;
    let nobody = server.browser();
    for path in
        ["/auth/me", "/auth/sessions", "/chats", "/operators", "/groups", "/memberships", "/departments", "/brands"]
    {
        assert_eq!(nobody.get(path).await.code(), "unauthorized", "{path}");
    }
    let forged = nobody.client.get(server.url("/api/v1/auth/me")).header("Cookie", "switchboard_session=AAAA");
    assert_eq!(Answer::to(forged).await.status, 401);
}

#[actix_web::test]
async fn a_wrong_attempt_is_answered_in_words_that_help_only_its_owner() {
    let server = TestServer::start().await;
    let browser = server.browser();
    let wrong = browser.try_sign_in(json!({ "email": "joe@example.com", "password": "wrong" })).await;
    let unknown = browser.try_sign_in(json!({ "email": "nobody@example.com", "password": "wrong" })).await;
    assert_eq!((wrong.status, wrong.code()), (401, "unauthorized"));
    assert_eq!(wrong.body, unknown.body, "an unknown address is answered like a wrong password");
    assert!(wrong.detail().contains("4 tries left"), "{}", wrong.detail());
    let formless = browser.try_sign_in(json!({ "email": "joe", "password": "x" })).await;
    assert_eq!((formless.status, formless.field()), (422, "email"));
    let without = browser.try_sign_in(json!({ "email": "joe@example.com" })).await;
    assert_eq!((without.status, without.field()), (422, "password"));
}

#[actix_web::test]
async fn a_person_in_two_companies_names_the_one_they_mean() {
    let server = TestServer::start().await;
    let other = server.store.create_account("other", "Other", server.running.state.clock.now()).await.unwrap().id;
    let joe = provision::operator("joe@example.com", "Joe", StaffRole::Manager, None);
    let hash = password::hash(PASSWORD).unwrap();
    server.store.create_operator(other, &joe, &hash, server.running.state.clock.now()).await.unwrap();
    let browser = server.browser();
    let which = browser.try_sign_in(json!({ "email": "joe@example.com", "password": PASSWORD })).await;
    assert_eq!((which.status, which.field()), (422, "account"));
    assert!(which.detail().contains("demo, other"), "{}", which.detail());
    for (slug, role) in [("demo", "operator"), ("other", "manager")] {
        let answer =
            browser.try_sign_in(json!({ "email": "joe@example.com", "password": PASSWORD, "account": slug })).await;
        assert_eq!(answer.body["operator"]["role"], role);
    }
    let nowhere = json!({ "email": "joe@example.com", "password": PASSWORD, "account": "elsewhere" });
    assert_eq!(browser.try_sign_in(nowhere).await.status, 401);
}

#[actix_web::test]
async fn a_foreign_page_can_neither_sign_in_nor_write() {
    let server = TestServer::start().await;
    let body = json!({ "email": "joe@example.com", "password": PASSWORD });
    let browser = server.browser();
    let foreign = browser.client.post(server.url("/api/v1/auth/login")).header("Origin", "https://evil.example");
    assert_eq!(Answer::to(foreign.json(&body)).await.code(), "forbidden");
    let own = browser.client.post(server.url("/api/v1/auth/login")).header("Origin", server.url(""));
    assert_eq!(Answer::to(own.json(&body)).await.status, 200);

    let admin = server.signed_in("admin@example.com").await;
    let other = server.signed_in("admin@example.com").await;
    let sue = format!("/operators/{}", admin.operator("sue@example.com").await);
    for token in [None, Some(String::new()), Some("AAAA".to_owned()), other.csrf.clone()] {
        let mut forged = admin.clone();
        forged.csrf = token;
        assert_eq!(forged.delete(&sue).await.code(), "forbidden", "{:?}", forged.csrf);
        assert_eq!(forged.patch(&sue, json!({ "name": "Eve" })).await.code(), "forbidden");
        assert_eq!(forged.post("/auth/logout", json!({})).await.code(), "forbidden");
        assert_eq!(forged.get(&sue).await.body["name"], "Sue", "reading needs no token");
    }
    assert_eq!(admin.patch(&sue, json!({ "name": "Susan" })).await.status, 200);
}

#[actix_web::test]
async fn a_disabled_operator_is_out_at_once_and_stays_out() {
    let server = TestServer::start().await;
    let admin = server.signed_in("admin@example.com").await;
    let joe = server.signed_in("joe@example.com").await;
    let path = format!("/operators/{}", admin.operator("joe@example.com").await);
    assert_eq!(admin.patch(&path, json!({ "disabled": true })).await.body["disabled"], true);
    assert_eq!(joe.get("/auth/me").await.status, 401);
    assert_eq!(server.browser().sign_in("joe@example.com", PASSWORD).await.code(), "forbidden");
    assert_eq!(server.browser().sign_in("joe@example.com", "wrong").await.code(), "unauthorized");
    assert_eq!(admin.patch(&path, json!({ "disabled": false })).await.status, 200);
    assert_eq!(joe.get("/auth/me").await.status, 401, "the old session stays ended");
    assert_eq!(server.browser().sign_in("joe@example.com", PASSWORD).await.status, 200);
}
