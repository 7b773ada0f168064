//! From which groups an operator receives: set by themselves or a manager, by profile or one by one, in force at once
//! and after a restart, and told in all their windows.

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, SOON, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::department_is;

fn receives(group: &'static str, active: bool, left_out: bool) -> impl Fn(&Value) -> bool {
    shows(group, json!({ "active": active, "left_out": left_out }))
}

/// Told with these fields in that group.
fn shows(group: &'static str, fields: Value) -> impl Fn(&Value) -> bool {
    move |frame| {
        let here = |one: &Value| {
            let wanted = fields.as_object().expect("fields");
            one["group"] == group && wanted.iter().all(|(name, value)| one[name] == *value)
        };
        frame["type"] == "receiving" && frame["groups"].as_array().is_some_and(|groups| groups.iter().any(here))
    }
}

fn set(active: bool) -> Value {
    json!({ "type": "membership_status", "group": "support", "active": active })
}

#[tokio::test]
async fn an_operator_leaves_a_group_for_a_while_and_all_their_windows_show_it() {
    let mut server = TestServer::start();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut window = OperatorClient::window(&server, &joe.browser).await.expect("a second window opens");
    let mut clara = VisitorClient::connect(&server).await;
    assert_eq!(joe.welcome["groups"][0]["active"], json!(true), "{}", joe.welcome);
    joe.acked(set(false)).await;
    for one in [&mut joe, &mut window] {
        one.expect("that he does not receive", receives("support", false, false)).await;
    }
    department_is(&joe.browser, "support", "offline").await;
    clara.refused(Start::support("Clara", "Hello?").command(), "conflict").await;
    assert!(joe.is_open() && window.is_open(), "no window is closed for it");

    server.kill();
    server.restart();
    joe.reconnect().await.expect("he is still signed in");
    assert_eq!((&joe.welcome["status"], &joe.welcome["groups"][0]["active"]), (&json!("online"), &json!(false)));
    clara.reconnect().await.expect("the server is back");
    department_is(&joe.browser, "support", "offline").await;
    clara.refused(Start::support("Clara", "Hello?").command(), "conflict").await;
    joe.acked(set(true)).await;
    joe.expect("that he receives", receives("support", true, false)).await;
    department_is(&joe.browser, "support", "online").await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let offer = joe.offer_of(&chat).await;
    joe.accept(&offer).await;
    // Pausing leaves running chats alone.
    joe.acked(set(false)).await;
    joe.say(&chat, "I am yours alone now.").await;
    clara.expect_text("I am yours alone now.").await;
}

#[tokio::test]
async fn the_same_command_again_has_the_same_answer_and_undoes_nothing() {
    let server = TestServer::start();
    let mut joe = OperatorClient::online(&server, "joe").await;
    joe.put("pause-1", set(false)).await;
    joe.ack_of("pause-1").await;
    joe.acked(set(true)).await;
    joe.put("pause-1", set(false)).await;
    joe.ack_of("pause-1").await;
    let path = format!("/api/v1/memberships/support/{}", joe.id());
    assert_eq!(joe.browser.get(&path).await.ok()["active"], json!(true), "the repeated one is an old one");
    let mut other = set(true);
    other["id"] = json!("pause-1");
    joe.send(other).await;
    let refused = joe.expect_error("conflict").await;
    assert_eq!(refused["why"], json!("id"), "{refused}");
    joe.refused(json!({ "type": "membership_status", "group": "nowhere", "active": true }), "not_found").await;
    joe.refused(json!({ "type": "membership_status", "group": "support", "active": "no" }), "invalid").await;
}

#[tokio::test]
async fn a_manager_sets_it_for_others_and_others_may_not() {
    let server = TestServer::start();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut mona = OperatorClient::connect(&server, "mona").await;
    let of = |operator: &str, active: bool| {
        let mut command = set(active);
        command["operator"] = json!(operator);
        command
    };
    let (his, hers) = (joe.id(), mona.id());
    mona.acked(of(&his, false)).await;
    joe.expect("that he does not receive", receives("support", false, false)).await;
    joe.refused(of(&hers, false), "forbidden").await;
    assert_eq!(joe.browser.get(&format!("/api/v1/memberships/support/{hers}")).await.ok()["active"], json!(true));
    joe.acked(of(&his, true)).await;
    joe.expect("that he receives", receives("support", true, false)).await;

    // An administrator's page does the same, and closes no window either.
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch(&format!("/api/v1/memberships/support/{his}"), json!({ "active": false })).await.ok();
    joe.expect("that he does not receive", receives("support", false, false)).await;
    assert!(joe.is_open());
}

#[tokio::test]
async fn a_profile_leaves_groups_out_whatever_is_active_in_them() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let elsewhere = json!({ "id": "elsewhere", "name": "Elsewhere", "groups": ["sales"] });
    admin.post("/api/v1/profiles", elsewhere).await.ok();
    joe.browser.patch("/api/v1/auth/me", json!({ "profile": "elsewhere" })).await.ok();
    let told = joe.expect("that the profile leaves it out", receives("support", true, true)).await;
    assert_eq!(told["profile"], json!("elsewhere"), "{told}");
    let mut clara = VisitorClient::connect(&server).await;
    department_is(&joe.browser, "support", "offline").await;
    clara.refused(Start::support("Clara", "Hello?").command(), "conflict").await;
    let window = OperatorClient::window(&server, &joe.browser).await.expect("a second window opens");
    assert_eq!(window.welcome["profile"], json!("elsewhere"), "{}", window.welcome);
    assert_eq!(window.welcome["groups"][0]["left_out"], json!(true), "{}", window.welcome);

    admin.patch("/api/v1/profiles/elsewhere", json!({ "groups": ["sales", "support"] })).await.ok();
    joe.expect("that the profile has it now", receives("support", true, false)).await;
    department_is(&joe.browser, "support", "online").await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    joe.offer_of(&chat).await;
}

#[tokio::test]
async fn how_much_and_what_an_operator_gets_changes_while_they_chat_and_closes_no_window() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    let first = clara.start(&Start::support("Clara", "Hello?")).await;
    let offer = joe.offer_of(&first).await;
    joe.accept(&offer).await;
    clara.expect_event("assigned").await;

    // He has room for one, and the next one asks for a skill.
    let needs = json!({ "skills": [{ "skill": "billing", "level": 2 }] });
    admin.patch("/api/v1/departments/support", needs).await.ok();
    let mut dora = VisitorClient::connect(&server).await;
    let second = dora.start(&Start::support("Dora", "Hello?")).await;
    dora.expect("the first place", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;
    let operator = format!("/api/v1/operators/{}", joe.id());
    let has = |limit: Value| move |frame: &Value| frame["type"] == "receiving" && frame["limit"] == limit;
    admin.patch(&operator, json!({ "limit": null })).await.ok();
    joe.expect("that he has no limit", has(Value::Null)).await;
    joe.expect_none("an offer", |frame| frame["type"] == "offer").await;
    admin.patch(&operator, json!({ "limit": 2, "skills": { "billing": 3 } })).await.ok();
    joe.expect("his limit", has(json!(2))).await;
    let offer = joe.offer_of(&second).await;
    joe.accept(&offer).await;
    dora.expect_event("assigned").await;
    joe.say(&first, "I am yours, too.").await;
    clara.expect_text("I am yours, too.").await;

    // He takes by hand now, one at a time; what he has, he keeps.
    let membership = format!("/api/v1/memberships/support/{}", joe.id());
    admin.patch(&membership, json!({ "handling": "pull", "limit": 1 })).await.ok();
    joe.expect("that he takes", shows("support", json!({ "handling": "pull", "limit": 1 }))).await;
    let mut ella = VisitorClient::connect(&server).await;
    ella.start(&Start::support("Ella", "Hello?")).await;
    joe.expect_none("an offer", |frame| frame["type"] == "offer").await;
    joe.say(&second, "One moment.").await;
    dora.expect_text("One moment.").await;
    assert!(joe.is_open(), "no window is closed for it");

    // Who he is, and of which groups he is a member, is another thing: his windows come back as who he is now.
    for change in [json!({ "name": "Joseph" }), json!({ "role": "manager" })] {
        admin.patch(&operator, change).await.ok();
        assert_eq!(joe.expect_closed(SOON).await.code, Some(1012));
        joe.reconnect().await.expect("he may work");
    }
    let sales = json!({ "group": "sales", "operator": joe.id(), "handling": "pull" });
    admin.post("/api/v1/memberships", sales).await.ok();
    assert_eq!(joe.expect_closed(SOON).await.code, Some(1012));
    joe.reconnect().await.expect("he may work");
    admin.delete(&format!("/api/v1/memberships/sales/{}", joe.id())).await;
    assert_eq!(joe.expect_closed(SOON).await.code, Some(1012));
}
