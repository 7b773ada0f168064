//! Guessing at passwords.

use std::time::Duration;

use engine::domain::limits::{SIGN_IN_PAUSE, SIGN_IN_TRIES, SIGN_IN_TRIES_PER_ADDRESS};
use serde_json::json;

use crate::kit::{Answer, PASSWORD, TestServer};

#[actix_web::test]
async fn guessing_at_one_person_ends_in_a_pause_that_the_right_password_does_not_end() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    for left in (1..SIGN_IN_TRIES).rev() {
        let answer = browser.sign_in("joe@example.com", "wrong").await;
        assert_eq!(answer.status, 401);
        assert!(answer.detail().contains(&format!("{left} tr")), "{}", answer.detail());
    }
    let last = browser.sign_in("JOE@example.com", "wrong").await;
    assert_eq!((last.status, last.code()), (429, "rate_limited"));
    assert_eq!(last.body["retry_after_ms"], SIGN_IN_PAUSE.as_millis() as u64);
    assert_eq!(last.header("retry-after"), "900");
    assert!(last.detail().contains("no tries left"), "{}", last.detail());
    assert_eq!(browser.sign_in("joe@example.com", PASSWORD).await.status, 429);
    assert_eq!(browser.sign_in("bob@example.com", PASSWORD).await.status, 200, "others get in");

    server.clock.forward(SIGN_IN_PAUSE - Duration::from_secs(1));
    assert_eq!(browser.sign_in("joe@example.com", PASSWORD).await.body["retry_after_ms"], 1000);
    server.clock.forward(Duration::from_secs(1));
    assert!(browser.sign_in("joe@example.com", "wrong").await.detail().contains("4 tries left"), "it begins anew");
    assert_eq!(browser.sign_in("joe@example.com", PASSWORD).await.status, 200);
    assert!(browser.sign_in("joe@example.com", "wrong").await.detail().contains("4 tries left"), "and after success");
}

#[actix_web::test]
async fn a_pause_outlives_a_restart() {
    let server = TestServer::start().await;
    for _ in 0..SIGN_IN_TRIES {
        server.browser().sign_in("joe@example.com", "wrong").await;
    }
    let server = server.restart().await;
    assert_eq!(server.browser().sign_in("joe@example.com", PASSWORD).await.status, 429);
}

#[actix_web::test]
async fn guessing_at_everybody_from_one_address_ends_for_that_address_only() {
    let server = TestServer::start_with(&[("SWITCHBOARD_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let browser = server.browser();
    let attempt = async |email: String, password: &str, from: &str| {
        let request = browser.client.post(server.url("/api/v1/auth/login")).header("X-Forwarded-For", from);
        Answer::to(request.json(&json!({ "email": email, "password": password }))).await.status
    };
    for number in 1..SIGN_IN_TRIES_PER_ADDRESS {
        assert_eq!(attempt(format!("person{number}@example.com"), "wrong", "198.51.100.7").await, 401);
    }
    assert_eq!(attempt("joe@example.com".to_owned(), PASSWORD, "198.51.100.7").await, 200, "an office is still let in");
    assert_eq!(
        attempt("last@example.com".to_owned(), "wrong", "198.51.100.7").await,
        429,
        "its successes wash nothing off"
    );
    assert_eq!(attempt("joe@example.com".to_owned(), PASSWORD, "198.51.100.7").await, 429);
    assert_eq!(attempt("joe@example.com".to_owned(), PASSWORD, "198.51.100.8").await, 200);
}
