//! The keys by which a site vouches for its visitors: an administrator sets them, and nobody sees them again.

use serde_json::{Value, json};
use switchboard_tests::client::VisitorClient;
use switchboard_tests::http::Browser;
use switchboard_tests::identity::{SECRET, signed};
use switchboard_tests::server::TestServer;

const BRAND: &str = "/api/v1/brands/demo";
const NEXT: &str = "the-next-secret-of-the-shop-for-a-change";

fn key(id: &str, secret: &str) -> Value {
    json!({ "id": id, "algorithm": "HS256", "key": secret })
}

async fn is_verified(server: &TestServer, secret: &str, key: &str) -> bool {
    let page = json!({ "identity": signed(secret, key, "customer-7") });
    VisitorClient::connect_saying(server, page).await.welcome["verified"] == json!(true)
}

#[tokio::test]
async fn one_key_takes_over_from_another_at_once_and_for_good() {
    let mut server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    assert!(!is_verified(&server, SECRET, "2026.a").await);
    let first = admin.patch(BRAND, json!({ "identity_keys": [key("2026.a", SECRET)] })).await.ok();
    assert!(is_verified(&server, SECRET, "2026.a").await);
    let both = json!({ "identity_keys": [{ "id": "2026.a" }, key("2026.b", NEXT)] });
    let second = admin.patch_seen(&first, BRAND, both).await.ok();
    assert!(is_verified(&server, SECRET, "2026.a").await && is_verified(&server, NEXT, "2026.b").await);
    assert_eq!(second["identity_keys"][0], first["identity_keys"][0], "it is still the same key");
    let late = admin.patch_seen(&first, BRAND, json!({ "identity_keys": [] })).await.refused(409, "conflict");
    assert_eq!(late["why"], "changed", "{late}");
    server.kill();
    server.restart();
    let admin = admin.moved_to(&server.url());
    assert!(is_verified(&server, SECRET, "2026.a").await && is_verified(&server, NEXT, "2026.b").await);
    admin.patch(BRAND, json!({ "identity_keys": [{ "id": "2026.b", "algorithm": "HS256" }] })).await.ok();
    assert!(!is_verified(&server, SECRET, "2026.a").await && is_verified(&server, NEXT, "2026.b").await);
    admin.patch(BRAND, json!({ "name": "The shop" })).await.ok();
    assert!(is_verified(&server, NEXT, "2026.b").await, "what is not named stays");
    admin.patch(BRAND, json!({ "identity_keys": null })).await.ok();
    assert!(!is_verified(&server, NEXT, "2026.b").await);
}

#[tokio::test]
async fn a_key_is_told_to_nobody() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let set = admin.patch(BRAND, json!({ "identity_keys": [key("2026.a", SECRET)] })).await.ok();
    let joe = Browser::signed_in(&server.url(), "joe").await;
    let shown = [set, admin.get(BRAND).await.ok(), joe.get("/api/v1/brands").await.ok()];
    for answer in &shown {
        assert!(answer.to_string().contains("2026.a") && !answer.to_string().contains(SECRET), "{answer}");
    }
    let one = &shown[1]["identity_keys"][0];
    assert_eq!((&one["id"], &one["algorithm"]), (&json!("2026.a"), &json!("HS256")), "{one}");
    assert!(one["created_at"].is_string() && one["key"].is_null(), "{one}");
    assert!(!server.log().contains(SECRET));
    joe.patch(BRAND, json!({ "identity_keys": [] })).await.refused(403, "forbidden");
}

#[tokio::test]
async fn what_a_key_cannot_be_is_named() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let before = admin.patch(BRAND, json!({ "identity_keys": [key("2026.a", SECRET)] })).await.ok();
    let there = json!({ "id": "2026.a" });
    let many: Vec<Value> = (0..9).map(|number| key(&format!("k{number}"), SECRET)).collect();
    for (keys, field) in [
        (json!([there, key("my key", SECRET)]), "identity_keys.1.id"),
        (json!([there, key("b", "too short")]), "identity_keys.1.key"),
        (json!([there, { "id": "b", "algorithm": "HS256" }]), "identity_keys.1.key"),
        (json!([there, { "id": "b", "key": SECRET }]), "identity_keys.1.algorithm"),
        (json!([there, { "id": "b", "algorithm": "RS256", "key": SECRET }]), "identity_keys.1.key"),
        (json!([there, { "id": "b", "algorithm": "none", "key": SECRET }]), "identity_keys[1].algorithm"),
        (json!([key("2026.a", NEXT)]), "identity_keys.0.id"),
        (json!([{ "id": "2026.a", "algorithm": "ES256" }]), "identity_keys.0.algorithm"),
        (json!([there, there]), "identity_keys.1.id"),
        (json!(many), "identity_keys"),
    ] {
        let refused = admin.patch(BRAND, json!({ "identity_keys": keys })).await.refused(422, "invalid");
        assert_eq!(refused["field"], json!(field), "{refused}");
        assert!(!refused.to_string().contains(SECRET), "{refused}");
    }
    assert_eq!(admin.get(BRAND).await.ok(), before, "nothing has changed");
    assert!(is_verified(&server, SECRET, "2026.a").await);
}

#[tokio::test]
async fn each_brand_trusts_its_own_keys_only() {
    let mut server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch(BRAND, json!({ "identity_keys": [key("2026.a", SECRET)] })).await.ok();
    server.kill();
    let made = server.command(&["create-admin", "--email", "eve@other.example", "--account", "other"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    let password = said.lines().find_map(|line| line.strip_prefix("password: ")).expect("a password is made");
    server.restart();
    let eve = Browser::signed_in_as(&server.url(), "eve@other.example", password).await;
    eve.get(BRAND).await.refused(404, "not_found");
    eve.patch(BRAND, json!({ "identity_keys": [key("2026.e", NEXT)] })).await.refused(404, "not_found");
    let hers = eve.get("/api/v1/brands").await.ok()["items"][0]["id"].as_str().expect("a brand").to_owned();
    eve.patch(&format!("/api/v1/brands/{hers}"), json!({ "identity_keys": [key("2026.a", NEXT)] })).await.ok();
    assert!(!is_verified(&server, NEXT, "2026.a").await, "her key is none of the shop's");
    assert!(is_verified(&server, SECRET, "2026.a").await);
}
