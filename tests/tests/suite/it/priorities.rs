//! Whose chat comes first: brands, departments, and variables that are signed or trusted move chats ahead; what anybody may have written
//! moves none.

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, SOON, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::identity::{SECRET, seconds_from_now, signed_claims};
use switchboard_tests::server::TestServer;

use crate::suite::it::nobody_answers;

const BRAND: &str = "/api/v1/brands/demo";

async fn admin_of(server: &TestServer) -> Browser {
    Browser::signed_in(&server.url(), "admin").await
}

/// Gold customers come five minutes earlier, where their tier is believed.
fn gold(trusted: &[&str]) -> Value {
    let rules = json!([{ "variable": "tier", "value": "gold", "steps": 5 }]);
    json!({ "trusted_variables": trusted, "variable_priorities": rules })
}

async fn waits(server: &TestServer, name: &str, page: Value, ahead: u32) -> (VisitorClient, String) {
    let mut visitor = VisitorClient::connect_saying(server, page).await;
    let chat = visitor.start(&Start::support(name, "Hello?")).await;
    visitor.expect("the place", |frame| frame["type"] == "queue" && frame["ahead"] == ahead).await;
    (visitor, chat)
}

async fn is_first(visitor: &mut VisitorClient) {
    visitor.expect("the first place", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;
}

#[tokio::test]
async fn how_urgent_a_brand_is_is_kept_and_what_it_cannot_be_is_named() {
    let mut server = TestServer::start();
    let admin = admin_of(&server).await;
    let usual = admin.get(BRAND).await.ok();
    assert_eq!((&usual["priority"], &usual["trusted_variables"]), (&json!(0), &json!([])), "{usual}");
    let mut wanted = gold(&["tier"]);
    wanted["priority"] = json!(-4);
    let set = admin.patch(BRAND, wanted.clone()).await.ok();
    for field in ["priority", "trusted_variables", "variable_priorities"] {
        assert_eq!(set[field], wanted[field], "{set}");
    }
    let rule =
        |variable: &str, value: Value, steps: i64| json!([{ "variable": variable, "value": value, "steps": steps }]);
    let cases = [
        ("priority", json!(91), "priority"),
        ("priority", json!("high"), "priority"),
        ("trusted_variables", json!(["tier", "my tier"]), "trusted_variables.1"),
        ("trusted_variables", json!("tier"), "trusted_variables"),
        ("variable_priorities", rule("tier", json!(""), 1), "variable_priorities.0.value"),
        ("variable_priorities", rule("tier", json!(7), 1), "variable_priorities[0].value"),
        ("variable_priorities", rule("tier", json!("gold"), 1_000), "variable_priorities.0.steps"),
        ("variable_priorities", rule("", json!("gold"), 1), "variable_priorities.0.variable"),
    ];
    for (field, value, at) in cases {
        let problem = admin.patch(BRAND, json!({ field: value.clone() })).await.refused(422, "invalid");
        assert_eq!(problem["field"], json!(at), "{field} {value} was answered {problem}");
    }
    server.stop();
    server.restart();
    let admin = admin_of(&server).await;
    assert_eq!(admin.get(BRAND).await.ok(), set);
    let late = admin.patch_seen(&usual, BRAND, json!({ "priority": 1 })).await.refused(409, "conflict");
    assert_eq!(late["why"], "changed", "{late}");
    let bare = json!({ "priority": 0, "trusted_variables": null, "variable_priorities": null });
    assert_eq!(admin.patch_seen(&set, BRAND, bare).await.ok(), usual);
}

#[tokio::test]
async fn a_variable_moves_a_chat_ahead_only_where_the_brand_trusts_it() {
    let (server, mona) = nobody_answers(&[]).await;
    let admin = admin_of(&server).await;
    admin.patch(BRAND, gold(&[])).await.ok();
    let (mut clara, _first) = waits(&server, "Clara", json!({}), 0).await;
    let page = json!({ "variables": { "tier": "gold", "visits": 3, "member": true, "cart": { "lamp": 1 } } });
    let (mut dora, second) = waits(&server, "Dora", page, 1).await;
    dora.expect_none("better place by her own word", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;

    // The brand says that its pages are to be believed: it holds for those who wait already.
    admin.patch(BRAND, gold(&["tier"])).await.ok();
    is_first(&mut dora).await;
    clara.expect("that somebody is before her", |frame| frame["type"] == "queue" && frame["ahead"] == 1).await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let offer = joe.offer().await;
    assert_eq!(offer["chat"], second.as_str(), "{offer}");

    let events = mona.browser.get(&format!("/api/v1/chats/{second}/events")).await.ok();
    let told = json!({ "tier": "gold", "visits": "3", "member": "true" });
    assert_eq!(events["items"][0]["event"]["variables"], told, "operators see what the page said: {events}");
    assert!(!clara.log().text().contains("gold"));
}

#[tokio::test]
async fn what_the_site_has_signed_moves_a_chat_ahead_and_no_page_outdoes_it() {
    let (mut server, mut mona) = nobody_answers(&[]).await;
    let keys = json!([{ "id": "2026.a", "algorithm": "HS256", "key": SECRET }]);
    let admin = admin_of(&server).await;
    admin.patch(BRAND, json!({ "identity_keys": keys })).await.ok();
    // What pages say of a tier is believed, too, and gold would put a chat last.
    let gives = |value: &str, steps: i32| json!({ "variable": "tier", "value": value, "steps": steps });
    let rules = json!([gives("gold", -9), gives("silver", 5)]);
    admin.patch(BRAND, json!({ "trusted_variables": ["tier"], "variable_priorities": rules })).await.ok();
    let identity = |secret: &str| {
        let claims = json!({ "sub": "customer-7", "exp": seconds_from_now(3_600), "aud": "demo",
            "variables": { "tier": "silver", "orders": 12 } });
        signed_claims(secret, "2026.a", &claims)
    };
    let (mut clara, _first) = waits(&server, "Clara", json!({}), 0).await;
    // A signature that is not the site's vouches for nothing.
    let forged = identity("the-shop-signs-with-another-secret-than-this");
    let (mut fred, _second) = waits(&server, "Fred", json!({ "identity": forged }), 1).await;
    let page = json!({ "identity": identity(SECRET), "variables": { "tier": "gold", "cart": "full" } });
    let (mut dora, third) = waits(&server, "Dora", page, 0).await;
    clara.expect("that somebody is before her", |frame| frame["type"] == "queue" && frame["ahead"] == 1).await;

    let events = mona.browser.get(&format!("/api/v1/chats/{third}/events")).await.ok();
    let began = &events["items"][0]["event"];
    assert_eq!(began["verified"], json!({ "orders": "12", "tier": "silver" }), "{began}");
    assert_eq!(began["variables"], json!({ "cart": "full", "tier": "gold" }), "{began}");

    server.kill();
    server.restart();
    for visitor in [&mut clara, &mut fred, &mut dora] {
        visitor.reconnect().await.expect("the server is back");
    }
    mona.reconnect().await.expect("the session outlives the server");
    let mut joe = OperatorClient::online(&server, "joe").await;
    let offer = joe.offer().await;
    assert_eq!(offer["chat"], third.as_str(), "{offer}");
    assert!(!dora.log().text().contains("silver"), "no visitor is told what was signed of them");
}

#[tokio::test]
async fn the_place_that_a_trusted_variable_gave_outlives_a_restart() {
    let (mut server, mut mona) = nobody_answers(&[]).await;
    admin_of(&server).await.patch(BRAND, gold(&["tier"])).await.ok();
    let (mut clara, _first) = waits(&server, "Clara", json!({}), 0).await;
    let (mut dora, second) = waits(&server, "Dora", json!({ "variables": { "tier": "gold" } }), 0).await;
    server.kill();
    server.restart();
    for visitor in [&mut clara, &mut dora] {
        visitor.reconnect().await.expect("the server is back");
    }
    mona.reconnect().await.expect("the session outlives the server");
    let mut joe = OperatorClient::online(&server, "joe").await;
    let offer = joe.offer().await;
    assert_eq!(offer["chat"], second.as_str(), "{offer}");
}

#[tokio::test]
async fn a_department_that_is_urgent_comes_first_where_a_group_helps_two() {
    let (server, _mona) = nobody_answers(&[]).await;
    let admin = admin_of(&server).await;
    admin.patch("/api/v1/departments/sales", json!({ "priority": 3 })).await.ok();
    let overflow = json!({ "overflow": { "after_s": 1, "groups": ["support"] } });
    admin.patch("/api/v1/groups/sales", overflow).await.ok();
    let mona = Browser::signed_in(&server.url(), "mona").await.operator_id();
    let member = json!({ "group": "sales", "operator": mona, "handling": "pull" });
    admin.post("/api/v1/memberships", member).await.ok();
    let mut mona = OperatorClient::online(&server, "mona").await;
    let (mut clara, _first) = waits(&server, "Clara", json!({}), 0).await;
    let deadline = std::time::Instant::now() + SOON;
    while admin.get("/api/v1/status?brand=demo&department=sales").await.ok()["state"] == "offline" {
        assert!(std::time::Instant::now() < deadline, "Mona is in Sales, and nobody is told");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let mut dora = VisitorClient::connect(&server).await;
    let second = dora.start(&Start { name: "Dora", department: "sales", question: "How much?" }).await;
    // Dora is helped by Support, and stands before Clara there; she is not one of those who wait in it.
    clara.expect("that Sales is helped", |frame| frame["type"] == "queue" && frame["ahead"] == 1).await;
    mona.acked(json!({ "type": "subscribe", "topic": "group:support" })).await;
    let hint = mona.expect("Support's queue", |frame| frame["type"] == "queue" && frame["group"] == "support").await;
    assert_eq!(hint["waiting"], 1, "{hint}");
    let mut joe = OperatorClient::online(&server, "joe").await;
    let offer = joe.offer().await;
    assert_eq!(offer["chat"], second.as_str(), "{offer}");
}
