//! Departments whose chats need something: a skill, the visitor's language. Who can gets them, whoever is free.

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::joe_answers;

const DEPARTMENT: &str = "/api/v1/departments/support";

async fn admin_of(server: &TestServer) -> Browser {
    Browser::signed_in(&server.url(), "admin").await
}

async fn set_needs(admin: &Browser, needs: Value) {
    admin.patch(DEPARTMENT, needs).await.ok();
}

/// What an operator of the demo can.
async fn can(server: &TestServer, name: &str, skills: Value) {
    let id = Browser::signed_in(&server.url(), name).await.operator_id();
    admin_of(server).await.patch(&format!("/api/v1/operators/{id}"), json!({ "skills": skills })).await.ok();
}

fn billing(level: u8) -> Value {
    json!([{ "skill": "billing", "level": level }])
}

fn is_offer(frame: &Value) -> bool {
    frame["type"] == "offer"
}

#[tokio::test]
async fn what_a_department_needs_is_kept_and_what_it_cannot_is_named() {
    let mut server = TestServer::start();
    let admin = admin_of(&server).await;
    let usual = admin.get(DEPARTMENT).await.ok();
    assert_eq!(
        (&usual["skills"], &usual["match_language"], &usual["priority"]),
        (&json!([]), &json!(false), &json!(0)),
        "{usual}"
    );
    let skills = json!([{ "skill": "zoom", "level": 1 }, { "skill": "billing", "level": 10 }]);
    let needs = json!({ "skills": skills, "match_language": true, "priority": -5, "place": 3 });
    let set = admin.patch(DEPARTMENT, needs.clone()).await.ok();
    for field in ["skills", "match_language", "priority", "place"] {
        assert_eq!(set[field], needs[field], "{set}");
    }
    let many: Vec<Value> = (0..9).map(|n| json!({ "skill": format!("s{n}"), "level": 1 })).collect();
    let cases = [
        ("skills", json!([{ "skill": "Billing", "level": 1 }]), "skills[0].skill"),
        ("skills", json!([{ "skill": "billing", "level": 0 }]), "skills[0].level"),
        ("skills", json!([{ "skill": "billing", "level": 11 }]), "skills[0].level"),
        ("skills", json!([{ "skill": "billing" }]), "skills[0].level"),
        ("skills", json!([{ "skill": "a", "level": 1 }, { "skill": "a", "level": 2 }]), "skills.1.skill"),
        ("skills", json!(many), "skills"),
        ("match_language", json!("yes"), "match_language"),
        ("priority", json!(91), "priority"),
        ("priority", json!(-2147483648_i64), "priority"),
        ("place", json!(-1), "place"),
        ("name", json!(" "), "name"),
    ];
    for (field, value, at) in cases {
        let problem = admin.patch(DEPARTMENT, json!({ field: value.clone() })).await.refused(422, "invalid");
        assert_eq!(problem["field"], json!(at), "{field} {value} was answered {problem}");
    }
    server.stop();
    server.restart();
    let admin = admin_of(&server).await;
    assert_eq!(admin.get(DEPARTMENT).await.ok(), set);
    assert_eq!(admin.patch(DEPARTMENT, json!({ "skills": null })).await.ok()["skills"], json!([]));
}

#[tokio::test]
async fn a_department_is_made_and_removed_when_no_group_is_left_in_it() {
    let server = TestServer::start();
    let admin = admin_of(&server).await;
    let new = json!({ "id": "spares", "name": "Spares", "skills": billing(2) });
    let made = admin.post("/api/v1/departments", new.clone()).await.ok();
    assert_eq!(made["skills"], billing(2), "{made}");
    admin.post("/api/v1/departments", new).await.refused(409, "conflict");
    let double = json!({ "id": "other", "name": "Spares" });
    admin.post("/api/v1/departments", double).await.refused(409, "conflict");
    let list = admin.get("/api/v1/departments").await.ok();
    assert!(list["items"].as_array().is_some_and(|all| all.contains(&made)), "{list}");
    let group = json!({ "id": "spares", "department": "spares", "name": "Spares" });
    admin.post("/api/v1/groups", group).await.ok();
    admin.delete("/api/v1/departments/spares").await.refused(409, "conflict");
    admin.delete("/api/v1/groups/spares").await.ok();
    admin.delete("/api/v1/departments/spares").await.ok();
    admin.get("/api/v1/departments/spares").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_chat_rings_at_whoever_can_what_its_department_needs() {
    let server = TestServer::start();
    can(&server, "joe", json!({ "billing": 2 })).await;
    can(&server, "bob", json!({ "billing": 3 })).await;
    set_needs(&admin_of(&server).await, json!({ "skills": billing(3) })).await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    for question in ["First", "Second"] {
        let mut clara = VisitorClient::connect(&server).await;
        let chat = clara.start(&Start::support("Clara", question)).await;
        let offer = bob.offer_of(&chat).await;
        bob.accept(&offer).await;
        clara.expect_event("assigned").await;
    }
    // Bob is full; Joe is free, and cannot.
    let mut dora = VisitorClient::connect(&server).await;
    dora.start(&Start::support("Dora", "Third")).await;
    dora.expect("the place", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;
    joe.expect_none("offer", is_offer).await;
}

#[tokio::test]
async fn a_skill_nobody_has_is_waited_for_until_the_department_needs_it_no_more() {
    let server = TestServer::start();
    let admin = admin_of(&server).await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut sue = OperatorClient::online(&server, "sue").await;
    let mut clara = VisitorClient::connect(&server).await;
    let running = clara.start(&Start::support("Clara", "A running chat")).await;
    let offer = joe.offer_of(&running).await;
    joe.accept(&offer).await;
    joe.resume(&running, 0).await;

    set_needs(&admin, json!({ "skills": billing(1), "priority": 4 })).await;
    let mut dora = VisitorClient::connect(&server).await;
    let chat = dora.start(&Start::support("Dora", "Who can do this?")).await;
    dora.expect("the place", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;
    sue.expect_none("offer", is_offer).await;

    set_needs(&admin, json!({ "skills": [] })).await;
    let offer = sue.offer_of(&chat).await;
    sue.accept(&offer).await;
    dora.expect_event("assigned").await;
    // What runs went on as if nothing had been changed.
    joe.say(&running, "I am still here").await;
    clara.expect_text("I am still here").await;
    let kinds = |frame: &Value| frame["type"] == "event" && frame["chat"] == running.as_str();
    let moved = joe.come(kinds).into_iter().find(|event| event["event"]["kind"] == "queued" && event["seq"] != 3);
    assert_eq!(moved, None);
}

#[tokio::test]
async fn a_running_chat_that_is_handed_on_asks_for_what_its_department_needs_by_then() {
    let (server, _clara, mut joe, chat) = joe_answers().await;
    can(&server, "sue", json!({ "billing": 3 })).await;
    // Bob would be the first to be asked.
    let mut bob = OperatorClient::online(&server, "bob").await;
    let mut sue = OperatorClient::online(&server, "sue").await;
    set_needs(&admin_of(&server).await, json!({ "skills": billing(3) })).await;
    let to = json!({ "group": "support" });
    joe.stored(json!({ "type": "transfer", "chat": chat, "to": to, "reason": "An invoice" })).await;
    let offer = sue.offer_of(&chat).await;
    assert_eq!(offer["kind"], "transfer", "{offer}");
    bob.expect_none("offer", is_offer).await;
}

#[tokio::test]
async fn a_running_chat_that_waits_again_asks_for_what_its_department_needs_by_then() {
    let (server, mut clara, joe, chat) = joe_answers().await;
    can(&server, "sue", json!({ "billing": 3 })).await;
    // Bob would be the first to be asked.
    let mut bob = OperatorClient::online(&server, "bob").await;
    let mut sue = OperatorClient::online(&server, "sue").await;
    let admin = admin_of(&server).await;
    set_needs(&admin, json!({ "skills": billing(3) })).await;
    admin.delete(&format!("/api/v1/operators/{}?chats=requeue", joe.id())).await.ok();
    let offer = sue.offer_of(&chat).await;
    bob.expect_none("offer", is_offer).await;
    sue.accept(&offer).await;
    sue.resume(&chat, 0).await;
    sue.say(&chat, "Sue here").await;
    clara.expect_text("Sue here").await;
}

#[tokio::test]
async fn a_group_that_relaxes_gives_up_the_last_skill_first() {
    let server = TestServer::start();
    let admin = admin_of(&server).await;
    can(&server, "bob", json!({ "billing": 5 })).await;
    admin.patch("/api/v1/groups/support", json!({ "skill_relaxed_every_s": 2 })).await.ok();
    let skills = json!([{ "skill": "billing", "level": 5 }, { "skill": "welding", "level": 1 }]);
    set_needs(&admin, json!({ "skills": skills })).await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let mut clara = VisitorClient::connect(&server).await;
    let begun = std::time::Instant::now();
    let chat = clara.start(&Start::support("Clara", "Can anybody weld?")).await;
    let offer = bob.offer_of(&chat).await;
    assert!(begun.elapsed() >= std::time::Duration::from_secs(2), "welding was given up too early");
    bob.decline(&offer).await;
    // After another period nothing is asked for any more.
    joe.offer_of(&chat).await;
    assert!(begun.elapsed() >= std::time::Duration::from_secs(4), "billing was given up too early");
}

#[tokio::test]
async fn who_waits_for_a_skill_waits_for_it_after_a_restart_too() {
    let mut server = TestServer::start();
    can(&server, "bob", json!({ "billing": 1 })).await;
    set_needs(&admin_of(&server).await, json!({ "skills": billing(1) })).await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    clara.expect("the place", |frame| frame["type"] == "queue").await;
    server.kill();
    server.restart();
    joe.reconnect().await.expect("the session outlives the server");
    clara.reconnect().await.expect("the server is back");
    joe.expect_none("offer", is_offer).await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    bob.offer_of(&chat).await;
    joe.expect_none("offer", is_offer).await;
}

#[tokio::test]
async fn a_visitor_gets_somebody_who_speaks_their_language() {
    let server = TestServer::start();
    can(&server, "bob", json!({ "language:de": 1 })).await;
    can(&server, "joe", json!({ "language:en": 8 })).await;
    set_needs(&admin_of(&server).await, json!({ "match_language": true })).await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let mut vreni = VisitorClient::connect_saying(&server, json!({ "language": "de-CH" })).await;
    let german = vreni.start(&Start::support("Vreni", "Grüezi")).await;
    let offer = bob.offer_of(&german).await;
    bob.accept(&offer).await;
    let mut clara = VisitorClient::connect(&server).await;
    let english = clara.start(&Start::support("Clara", "Hello")).await;
    joe.offer_of(&english).await;
    bob.resume(&german, 0).await;
    let events = bob.browser.get(&format!("/api/v1/chats/{german}/events")).await.ok();
    assert_eq!(events["items"][0]["event"]["language"], "de-CH", "operators are told: {events}");
    assert!(!vreni.log().text().contains("de-CH\",\"kind"), "visitors are not told");
}

#[tokio::test]
async fn a_chat_for_a_skill_nobody_has_is_helped_by_another_group_or_its_wait_ends() {
    let server = TestServer::start();
    let admin = admin_of(&server).await;
    can(&server, "sue", json!({ "billing": 1 })).await;
    let sue = Browser::signed_in(&server.url(), "sue").await.operator_id();
    let member = json!({ "group": "sales", "operator": sue, "handling": "primary" });
    admin.post("/api/v1/memberships", member).await.ok();
    admin.delete(&format!("/api/v1/memberships/support/{sue}")).await.ok();
    let overflow = json!({ "overflow": { "after_s": 1, "groups": ["sales"] }, "queue_wait_max_s": 6 });
    admin.patch("/api/v1/groups/support", overflow).await.ok();
    set_needs(&admin, json!({ "skills": billing(1) })).await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut sue = OperatorClient::online(&server, "sue").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Can Sales?")).await;
    let offer = sue.offer_of(&chat).await;
    sue.accept(&offer).await;
    clara.expect_event("assigned").await;

    set_needs(&admin, json!({ "skills": billing(9) })).await;
    let mut dora = VisitorClient::connect(&server).await;
    dora.start(&Start::support("Dora", "And this?")).await;
    let ended = dora.expect_event("ended").await;
    assert_eq!(ended["event"]["why"], "timed_out", "{ended}");
    for operator in [&mut joe, &mut sue] {
        assert!(operator.come(is_offer).is_empty(), "nobody can, and somebody was rung");
    }
}
