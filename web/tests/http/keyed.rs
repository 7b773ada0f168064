//! Signing in, out, and to a new password, asked for again by somebody who has not heard the answer.

use std::path::Path;

use engine::domain::limits::SIGN_IN_TRIES;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::kit::{Answer, PASSWORD, TestServer};

const NEW: &str = "a new password";

/// A client that keeps nothing by itself: what an answer brought is known only to who has heard it.
struct Deaf<'a> {
    server: &'a TestServer,
    client: Client,
}

/// What a browser bears of a session.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Bearing {
    cookie: String,
    csrf: String,
}

impl<'a> Deaf<'a> {
    fn to(server: &'a TestServer) -> Self {
        Self { server, client: Client::builder().pool_max_idle_per_host(0).build().unwrap() }
    }

    async fn signs_in(&self, key: &str, password: &str) -> Answer {
        let body = json!({ "email": "joe@example.com", "password": password });
        Answer::to(self.request(Method::POST, "/auth/login", key, None).json(&body)).await
    }

    fn request(&self, method: Method, path: &str, key: &str, who: Option<&Bearing>) -> RequestBuilder {
        let mut request = self.client.request(method, self.server.url(&format!("/api/v1{path}")));
        if !key.is_empty() {
            request = request.header("Idempotency-Key", key);
        }
        match who {
            Some(Bearing { cookie, csrf }) => request.header("Cookie", cookie).header("X-CSRF-Token", csrf),
            None => request,
        }
    }

    async fn sends(&self, method: Method, path: &str, key: &str, who: &Bearing, body: Value) -> Answer {
        Answer::to(self.request(method, path, key, Some(who)).json(&body)).await
    }

    async fn sessions(&self, who: &Bearing) -> Vec<Value> {
        self.sends(Method::GET, "/auth/sessions", "", who, json!({})).await.items().to_vec()
    }
}

fn bearing(answer: &Answer) -> Bearing {
    assert_eq!(answer.status, 200, "{answer:?}");
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    Bearing { cookie, csrf: answer.body["csrf_token"].as_str().unwrap().to_owned() }
}

#[actix_web::test]
async fn whoever_signs_in_twice_by_one_key_is_signed_in_once() {
    let server = TestServer::start().await;
    let joe = Deaf::to(&server);
    let twice = futures_util::future::join_all((0..3).map(|_| joe.signs_in("in-1", PASSWORD))).await;
    let first = bearing(&twice[0]);
    for answer in twice.iter().chain([&joe.signs_in("in-1", PASSWORD).await]) {
        assert_eq!((&bearing(answer), &answer.body), (&first, &twice[0].body));
    }
    assert_eq!(joe.sessions(&first).await.len(), 1);
    assert_eq!(joe.signs_in("in-1", "wrong").await.code(), "unauthorized", "a key opens nothing");
    assert_eq!(joe.signs_in("not a key", PASSWORD).await.field(), "Idempotency-Key");
    let second = bearing(&joe.signs_in("in-2", PASSWORD).await);
    assert_ne!(second, first);
    assert_eq!(joe.sessions(&first).await.len(), 2);
    // Bob may use the same key: it is his own.
    let body = json!({ "email": "bob@example.com", "password": PASSWORD });
    let bob = Answer::to(joe.request(Method::POST, "/auth/login", "in-1", None).json(&body)).await;
    assert_ne!(bearing(&bob), first);
    assert_eq!(bob.body["operator"]["name"], "Bob");

    for token in [&first, &second] {
        assert_eq!(joe.sends(Method::POST, "/auth/logout", "", token, json!({})).await.status, 204);
    }
    let late = joe.signs_in("in-1", PASSWORD).await;
    assert_eq!((late.code(), &late.body["why"]), ("conflict", &json!("state")), "what has ended does not begin again");
    assert!(late.header("set-cookie").is_empty());
    let Bearing { cookie, csrf } = first;
    let token = cookie.split_once('=').unwrap().1.to_owned();
    for secret in [PASSWORD, &token, &csrf] {
        assert!(!stands_in(server.folder.path(), secret), "{secret} is on the disk");
    }
    assert!(stands_in(server.folder.path(), "in-1"), "the key is");
}

#[actix_web::test]
async fn whoever_signs_out_twice_is_told_so_twice() {
    let server = TestServer::start().await;
    let joe = Deaf::to(&server);
    let who = bearing(&joe.signs_in("", PASSWORD).await);
    let out = async |key: &str, who: &Bearing| joe.sends(Method::POST, "/auth/logout", key, who, json!({})).await;
    let forged = Bearing { csrf: "AAAA".into(), ..who.clone() };
    assert_eq!(out("out", &forged).await.code(), "forbidden");
    for _ in 0..2 {
        let answer = out("out", &who).await;
        assert_eq!(answer.status, 204);
        assert!(answer.header("set-cookie").contains("Max-Age=0"), "{}", answer.header("set-cookie"));
    }
    assert_eq!(out("", &who).await.code(), "unauthorized", "without a key it is no repetition");
    assert_eq!(out("out", &forged).await.code(), "unauthorized", "nor by somebody else");
}

#[actix_web::test]
async fn a_password_that_is_changed_twice_by_one_key_is_changed_once() {
    let server = TestServer::start().await;
    let joe = Deaf::to(&server);
    let before = bearing(&joe.signs_in("", PASSWORD).await);
    let change = async |key: &str, who: &Bearing, new: &str| {
        joe.sends(Method::POST, "/auth/password", key, who, json!({ "current": PASSWORD, "new": new })).await
    };
    server.heard.take();
    let first = change("new", &before, NEW).await;
    let now = bearing(&first);
    assert_eq!(server.heard.take().len(), 1);
    // Whoever has not heard it bears the session that has ended; whoever has, the other one.
    for who in [&before, &now] {
        let again = change("new", who, NEW).await;
        assert_eq!((bearing(&again), &again.body), (now.clone(), &first.body));
    }
    assert!(server.heard.take().is_empty(), "nothing happens a second time");
    assert_eq!(joe.sessions(&now).await.len(), 1);
    assert_eq!(change("new", &before, "another one").await.code(), "unauthorized");
    let other = change("new", &now, "another one").await;
    assert_eq!((other.code(), &other.body["why"]), ("conflict", &json!("id")));
    assert_eq!(change("other", &before, NEW).await.code(), "unauthorized");
    assert_eq!(change("", &before, NEW).await.code(), "unauthorized");
    // Guessing at it is counted as guessing at the door is.
    for _ in 2..SIGN_IN_TRIES {
        assert_eq!(change("new", &before, "a guess").await.code(), "unauthorized");
    }
    assert_eq!(change("new", &before, NEW).await.code(), "rate_limited");
    assert_eq!(joe.signs_in("", NEW).await.status, 200);
    let token = now.cookie.split_once('=').unwrap().1.to_owned();
    for secret in [NEW, &token] {
        assert!(!stands_in(server.folder.path(), secret), "{secret} is on the disk");
    }
}

#[actix_web::test]
async fn a_choice_that_comes_late_again_undoes_no_later_one() {
    let server = TestServer::start().await;
    let admin = server.signed_in("admin@example.com").await;
    assert_eq!(
        admin.post("/profiles", json!({ "id": "calm", "name": "Calm", "groups": ["support"] })).await.status,
        201
    );
    let joe = Deaf::to(&server);
    let who = bearing(&joe.signs_in("", PASSWORD).await);
    let choose = async |key: &str, profile: Value| {
        joe.sends(Method::PATCH, "/auth/me", key, &who, json!({ "profile": profile })).await
    };
    assert_eq!(choose("one", json!("calm")).await.body["profile"], "calm");
    assert_eq!(choose("two", Value::Null).await.body["profile"], Value::Null);
    let late = choose("one", json!("calm")).await;
    assert_eq!((late.status, &late.body["profile"]), (200, &Value::Null), "how it is now");
    assert_eq!(bearing(&late), who, "and what its sender bears");
    assert_eq!(choose("one", Value::Null).await.body["why"], "id");
}

#[actix_web::test]
async fn a_session_that_is_ended_twice_by_one_key_was_ended() {
    let server = TestServer::start().await;
    let joe = Deaf::to(&server);
    let here = bearing(&joe.signs_in("", PASSWORD).await);
    let there = bearing(&joe.signs_in("", PASSWORD).await);
    let sessions = joe.sessions(&here).await;
    let path = |current: bool| {
        let found = sessions.iter().find(|session| session["current"] == current).unwrap();
        format!("/auth/sessions/{}", found["id"].as_str().unwrap())
    };
    let end = async |path: &str, key: &str| joe.sends(Method::DELETE, path, key, &here, json!({})).await;
    assert_eq!(end(&path(false), "there").await.status, 204);
    assert_eq!(end(&path(false), "there").await.status, 204);
    assert_eq!(end(&path(false), "").await.code(), "not_found", "without a key it is no repetition");
    assert_eq!(joe.sends(Method::GET, "/auth/me", "", &there, json!({})).await.status, 401);
    for _ in 0..2 {
        let own = end(&path(true), "here").await;
        assert_eq!(own.status, 204);
        assert!(own.header("set-cookie").contains("Max-Age=0"));
    }
    assert_eq!(end(&path(false), "there").await.code(), "unauthorized", "nothing else is said to who has signed out");
}

/// Whether some file in the folder has these words in it.
fn stands_in(folder: &Path, words: &str) -> bool {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file());
    let mut texts = files.map(|path| std::fs::read(path).unwrap());
    texts.any(|bytes| bytes.windows(words.len()).any(|window| window == words.as_bytes()))
}
