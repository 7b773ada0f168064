//! What a group and an operator can be set to: kept, refused with the field named, and in force at once.

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, SOON, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::joe_is_rung;

const SUPPORT: &str = "/api/v1/groups/support";

async fn admin_of(server: &TestServer) -> Browser {
    Browser::signed_in(&server.url(), "admin").await
}

/// Every rule, set to something.
fn rules() -> Value {
    let monday = json!([{ "from_minute": 480, "to_minute": 720 }, { "from_minute": 780, "to_minute": 1080 }]);
    let hours = json!({
        "zone": "Europe/Zurich",
        "week": [monday, [], [], [], [], [], []],
        "holidays": [{ "date": "2027-01-01", "open": [] }],
    });
    json!({
        "overflow": { "after_s": 30, "groups": ["sales"] },
        "queue_length_max": 20,
        "queue_wait_max_s": 600,
        "when_full": { "group": "sales" },
        "skill_relaxed_every_s": 60,
        "last_operator_days": 30,
        "last_operator_waits_s": 20,
        "wanted_operator_waits_s": 40,
        "expired_offers_until_away": 3,
        "lost_operator": "requeue",
        "priority": 2,
        "hours": hours,
        "greeting": "Good day!",
        "greeting_after_s": 5,
        "queue_text": "{ahead} before you",
        "service_level_within_s": 45,
    })
}

fn assert_shows(shown: &Value, wanted: &Value) {
    for (field, value) in wanted.as_object().into_iter().flatten() {
        assert_eq!(&shown[field], value, "{field} of {shown}");
    }
}

#[tokio::test]
async fn rules_of_a_group_are_kept_over_a_restart_and_taken_back_one_by_one() {
    let mut server = TestServer::start();
    let admin = admin_of(&server).await;
    let usual = admin.get(SUPPORT).await.ok();
    let none = json!({
        "overflow": null,
        "queue_length_max": null,
        "when_full": "offline_form",
        "hours": null,
        "service_level_within_s": 20,
    });
    assert_shows(&usual, &none);
    let set = admin.patch(SUPPORT, rules()).await.ok();
    assert_shows(&set, &rules());
    assert_ne!(set["version"], usual["version"]);
    server.stop();
    server.restart();
    let admin = admin_of(&server).await;
    assert_eq!(admin.get(SUPPORT).await.ok(), set);
    let list = admin.get("/api/v1/groups").await.ok();
    assert!(list["items"].as_array().is_some_and(|groups| groups.contains(&set)), "{list}");

    let named = admin.patch(SUPPORT, json!({ "name": "Help" })).await.ok();
    assert_shows(&named, &rules());
    let nothing: serde_json::Map<String, Value> =
        rules().as_object().into_iter().flatten().map(|(field, _)| (field.clone(), Value::Null)).collect();
    let bare = admin.patch(SUPPORT, Value::Object(nothing)).await.ok();
    assert_shows(&bare, &none);
    let named_back = admin.patch(SUPPORT, json!({ "name": usual["name"] })).await.ok();
    assert_eq!(named_back, usual, "as it was, with the version it had");
}

#[tokio::test]
async fn what_a_group_cannot_be_set_to_is_named_and_changes_nothing() {
    let server = TestServer::start();
    let admin = admin_of(&server).await;
    let before = admin.get(SUPPORT).await.ok();
    let hours = |day: Value| json!({ "zone": "Europe/Zurich", "week": [day, [], [], [], [], [], []] });
    let interval = |from: i64, to: i64| json!({ "from_minute": from, "to_minute": to });
    let cases = [
        ("queue_length_max", json!(-1), "queue_length_max"),
        ("queue_length_max", json!(1.5), "queue_length_max"),
        ("queue_wait_max_s", json!(0), "queue_wait_max_s"),
        ("queue_wait_max_s", json!("long"), "queue_wait_max_s"),
        ("skill_relaxed_every_s", json!(-5), "skill_relaxed_every_s"),
        ("last_operator_days", json!(4000), "last_operator_days"),
        ("last_operator_waits_s", json!(10_000_000), "last_operator_waits_s"),
        ("expired_offers_until_away", json!(0), "expired_offers_until_away"),
        ("lost_operator", json!("fire"), "lost_operator"),
        ("priority", json!(1_000_000), "priority"),
        ("service_level_within_s", json!(0), "service_level_within_s"),
        ("service_level_within_s", json!(3_601), "service_level_within_s"),
        ("service_level_within_s", json!("soon"), "service_level_within_s"),
        ("when_full", json!({ "group": "support" }), "when_full"),
        ("when_full", json!({ "group": "nowhere" }), "when_full.group"),
        ("overflow", json!({ "after_s": 5 }), "overflow.groups"),
        ("overflow", json!({ "after_s": -5, "groups": ["sales"] }), "overflow.after_s"),
        ("overflow", json!({ "after_s": 5, "groups": [] }), "overflow.groups"),
        ("overflow", json!({ "after_s": 5, "groups": ["support"] }), "overflow.groups.0"),
        ("overflow", json!({ "after_s": 5, "groups": ["sales", "sales"] }), "overflow.groups.1"),
        ("overflow", json!({ "after_s": 5, "groups": ["sales", "nowhere"] }), "overflow.groups.1"),
        ("hours", json!({ "zone": "Mars/Olympus", "week": [[], [], [], [], [], [], []] }), "hours.zone"),
        ("hours", hours(json!([interval(600, 500)])), "hours.week.0.0"),
        ("hours", hours(json!([interval(60, 500), interval(499, 700)])), "hours.week.0.1"),
        ("hours", hours(json!([interval(60, 1441)])), "hours.week.0.0"),
    ];
    for (field, value, at) in cases {
        let problem = admin.patch(SUPPORT, json!({ field: value.clone() })).await.refused(422, "invalid");
        assert_eq!(problem["field"], json!(at), "{field} {value} was answered {problem}");
    }
    assert_eq!(admin.get(SUPPORT).await.ok(), before);
    let new = json!({ "id": "night", "department": "support", "name": "Night", "priority": 1_000_000 });
    admin.post("/api/v1/groups", new).await.refused(422, "invalid");
    admin.get("/api/v1/groups/night").await.refused(404, "not_found");
}

#[tokio::test]
async fn groups_may_overflow_to_each_other() {
    let server = TestServer::start();
    let admin = admin_of(&server).await;
    for (group, other) in [("support", "sales"), ("sales", "support")] {
        let change = json!({ "overflow": { "after_s": 10, "groups": [other] }, "when_full": { "group": other } });
        assert_shows(&admin.patch(&format!("/api/v1/groups/{group}"), change.clone()).await.ok(), &change);
    }
}

#[tokio::test]
async fn skills_of_an_operator_are_kept_and_wrong_ones_named() {
    let server = TestServer::start();
    let admin = admin_of(&server).await;
    let joe = Browser::signed_in(&server.url(), "joe").await;
    let path = format!("/api/v1/operators/{}", joe.operator_id());
    assert_eq!(joe.get(&path).await.ok()["skills"], json!({}));
    let skills = json!({ "billing": 3, "language:de": 10 });
    let set = admin.patch(&path, json!({ "skills": skills })).await.ok();
    assert_eq!(set["skills"], skills);
    for wrong in [json!({ "Billing": 3 }), json!({ "billing": 0 }), json!({ "billing": 11 }), json!(["billing"])] {
        let problem = admin.patch(&path, json!({ "skills": wrong })).await.refused(422, "invalid");
        assert!(problem["field"].as_str().is_some_and(|field| field.starts_with("skills")), "{problem}");
    }
    let many: Value = (0..101).map(|n| (format!("s{n}"), json!(1))).collect::<serde_json::Map<_, _>>().into();
    admin.patch(&path, json!({ "skills": many })).await.refused(422, "invalid");
    assert_eq!(admin.get(&path).await.ok(), set);
    assert_eq!(admin.patch(&path, json!({ "skills": null })).await.ok()["skills"], json!({}));
}

#[tokio::test]
async fn two_administrators_do_not_overwrite_each_other() {
    let server = TestServer::start();
    let (one, other) = (admin_of(&server).await, admin_of(&server).await);
    let joe = Browser::signed_in(&server.url(), "joe").await;
    let membership = format!("/api/v1/memberships/support/{}", joe.operator_id());
    let operator = format!("/api/v1/operators/{}", joe.operator_id());
    let cases = [
        (SUPPORT, json!({ "priority": 1 }), json!({ "priority": 2 })),
        ("/api/v1/departments/support", json!({ "priority": 1 }), json!({ "priority": 2 })),
        (membership.as_str(), json!({ "limit": 1 }), json!({ "limit": 2 })),
        (operator.as_str(), json!({ "skills": { "billing": 1 } }), json!({ "skills": { "billing": 2 } })),
    ];
    for (path, first, second) in cases {
        let seen = one.get(path).await.ok();
        assert_eq!(other.get(path).await.ok(), seen);
        let after = one.patch_seen(&seen, path, first.clone()).await.ok();
        assert_shows(&after, &first);
        let late = other.patch_seen(&seen, path, second.clone()).await.refused(409, "conflict");
        assert_eq!(late["why"], json!("changed"), "{late}");
        let late = other.delete_seen(&seen, path).await.refused(409, "conflict");
        assert_eq!(late["why"], json!("changed"), "{late}");
        assert_eq!(other.get(path).await.ok(), after, "the later one changed nothing");
        assert_shows(&other.patch_seen(&after, path, second.clone()).await.ok(), &second);
    }
    let odd = json!({ "version": "yesterday" });
    one.patch_seen(&odd, SUPPORT, json!({ "priority": 3 })).await.refused(422, "invalid");
}

#[tokio::test]
async fn a_change_of_the_group_loses_neither_the_offer_nor_places() {
    let (server, mut clara, mut joe, chat, offer) = joe_is_rung(&[], "First").await;
    let admin = admin_of(&server).await;
    admin
        .patch(&format!("/api/v1/operators/{}", joe.browser.operator_id()), json!({ "skills": { "billing": 1 } }))
        .await
        .ok();
    // His windows stay, and the offer rings on.
    joe.expect("what he gets", |frame| frame["type"] == "receiving" && frame["limit"] == 1).await;
    // When he is somebody else to others they come back, and it rings on, too.
    admin.patch(&format!("/api/v1/operators/{}", joe.browser.operator_id()), json!({ "name": "Joseph" })).await.ok();
    assert_eq!(joe.expect_closed(SOON).await.code, Some(1012));
    joe.reconnect().await.expect("he may work");
    let mut dora = VisitorClient::connect(&server).await;
    let second = dora.start(&Start::support("Dora", "Second")).await;
    let mut change = rules();
    for (field, value) in [("hours", Value::Null), ("overflow", Value::Null), ("queue_length_max", json!(100))] {
        change[field] = value;
    }
    admin.patch(SUPPORT, change).await.ok();
    joe.accept(&offer).await;
    clara.expect_event("assigned").await;
    joe.end(&chat).await;
    let offer = joe.offer_of(&second).await;
    joe.accept(&offer).await;
    dora.expect_event("assigned").await;
}

#[tokio::test]
async fn a_group_closes_and_opens_as_its_hours_are_set() {
    let server = TestServer::start();
    let _joe = OperatorClient::online(&server, "joe").await;
    let admin = admin_of(&server).await;
    admin.patch("/api/v1/groups/sales", json!({ "hours": closed() })).await.ok();
    let mut clara = VisitorClient::connect(&server).await;
    admin.patch(SUPPORT, json!({ "hours": closed() })).await.ok();
    let tells = |state: &'static str| move |frame: &Value| frame["type"] == "state" && frame["state"] == state;
    clara.expect("that nobody is there", tells("offline")).await;
    admin.patch(SUPPORT, json!({ "hours": null })).await.ok();
    clara.expect("that somebody is there", tells("online")).await;
}

fn closed() -> Value {
    json!({ "zone": "UTC", "week": [[], [], [], [], [], [], []] })
}

#[tokio::test]
async fn an_operator_receives_from_the_groups_of_the_profile_they_chose() {
    let server = TestServer::start();
    let admin = admin_of(&server).await;
    let joe = OperatorClient::online(&server, "joe").await;
    let state = async |department: &str| {
        let path = format!("/api/v1/status?brand=demo&department={department}");
        admin.get(&path).await.ok()["state"].as_str().unwrap_or_default().to_owned()
    };
    let becomes = async |department: &str, wanted: &str| {
        let deadline = std::time::Instant::now() + SOON;
        while state(department).await != wanted {
            assert!(std::time::Instant::now() < deadline, "{department} is not {wanted}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let profile = json!({ "id": "nothing", "name": "Nothing", "groups": [] });
    joe.browser.post("/api/v1/profiles", profile.clone()).await.refused(403, "forbidden");
    let made = admin.post("/api/v1/profiles", profile.clone()).await.ok();
    assert_shows(&made, &profile);
    assert_eq!(joe.browser.get("/api/v1/profiles").await.ok()["items"], json!([made]));
    assert_eq!(joe.browser.get("/api/v1/auth/me").await.ok()["profile"], Value::Null);
    let me = joe.browser.patch("/api/v1/auth/me", json!({ "profile": "nothing" })).await.ok();
    assert_eq!(me["profile"], json!("nothing"));
    becomes("support", "offline").await;

    let path = "/api/v1/profiles/nothing";
    let more = admin.patch_seen(&made, path, json!({ "groups": ["support", "support"] })).await.ok();
    assert_eq!(more["groups"], json!(["support"]));
    becomes("support", "online").await;
    admin.patch_seen(&made, path, json!({ "groups": [] })).await.refused(409, "conflict");
    let dangling = admin.patch(path, json!({ "groups": ["nowhere"] })).await.refused(422, "invalid");
    assert_eq!(dangling["field"], json!("groups"));
    admin.patch(path, json!({ "groups": [] })).await.ok();
    becomes("support", "offline").await;
    joe.browser.patch("/api/v1/auth/me", json!({ "profile": "other" })).await.refused(422, "invalid");
    admin.delete(path).await.ok();
    becomes("support", "online").await;
    assert_eq!(joe.browser.get("/api/v1/auth/me").await.ok()["profile"], Value::Null);
}

#[tokio::test]
async fn what_another_one_has_is_refused_at_its_field_and_nothing_changes() {
    let server = TestServer::start();
    let admin = admin_of(&server).await;
    let joe = Browser::signed_in(&server.url(), "joe").await.operator_id();
    for profile in [json!({ "id": "day", "name": "Day" }), json!({ "id": "night", "name": "Night" })] {
        admin.post("/api/v1/profiles", profile).await.ok();
    }
    admin.post("/api/v1/departments", json!({ "id": "spares", "name": "Spares" })).await.ok();
    let name_of = async |path: &str| admin.get(path).await.ok()["name"].clone();
    let (support, sales) = (name_of(SUPPORT).await, name_of("/api/v1/groups/sales").await);
    let department = name_of("/api/v1/departments/support").await;
    let anna = |email: &str| json!({ "name": "Anna", "email": email, "role": "operator", "password": "a long secret" });
    let refused = async |answer: switchboard_tests::http::Answer, field: &str, thing: &str| {
        let refused = answer.refused(409, "conflict");
        assert_eq!((&refused["why"], &refused["field"]), (&json!("taken"), &json!(field)), "{refused}");
        let words = format!("{field}: another {thing} has it; choose one that is free");
        assert_eq!(refused["detail"], words, "{refused}");
    };
    let made = [
        ("groups", json!({ "id": "new", "department": "support", "name": support }), "name", "group"),
        ("groups", json!({ "id": "support", "department": "support", "name": "New" }), "id", "group"),
        ("departments", json!({ "id": "new", "name": department }), "name", "department"),
        ("departments", json!({ "id": "spares", "name": "New" }), "id", "department"),
        ("profiles", json!({ "id": "new", "name": "Day" }), "name", "profile"),
        ("profiles", json!({ "id": "day", "name": "New" }), "id", "profile"),
        ("operators", anna("JOE@Example.com"), "email", "operator"),
    ];
    for (section, new, field, thing) in made {
        let section = format!("/api/v1/{section}");
        let before = admin.get(&section).await.ok();
        refused(admin.post(&section, new).await, field, thing).await;
        assert_eq!(admin.get(&section).await.ok(), before, "nothing new in {section}");
    }
    let changed = [
        (SUPPORT.to_owned(), json!({ "name": sales, "priority": 5 }), "name", "group"),
        ("/api/v1/departments/spares".to_owned(), json!({ "name": department }), "name", "department"),
        ("/api/v1/profiles/night".to_owned(), json!({ "name": "Day", "groups": ["sales"] }), "name", "profile"),
        (format!("/api/v1/operators/{joe}"), json!({ "email": "Bob@example.com", "limit": 9 }), "email", "operator"),
    ];
    for (path, change, field, thing) in changed {
        let before = admin.get(&path).await.ok();
        refused(admin.patch(&path, change).await, field, thing).await;
        assert_eq!(admin.get(&path).await.ok(), before, "{path} is as it was");
    }
}
