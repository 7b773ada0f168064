//! Setting up operators, groups and memberships.

use engine::domain::closing::{Closing, HeldChats};
use engine::domain::permission::StaffRole;
use reqwest::Method;
use serde_json::{Value, json};
use switchboard_web::provision;
use switchboard_web::state::StaffChange;

use crate::kit::{Answer, Browser, PASSWORD, TestServer};

#[actix_web::test]
async fn the_demo_is_set_up_as_it_is_described() {
    let server = TestServer::start().await;
    let admin = server.signed_in("admin@example.com").await;
    assert_eq!(admin.get("/brands").await.items()[0]["id"], "demo");
    let ids = |answer: &Answer| answer.items().iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&admin.get("/departments").await), ["sales", "support"]);
    let groups = admin.get("/groups").await;
    assert_eq!(ids(&groups), ["sales", "support"]);
    for group in groups.items() {
        assert_eq!(group["department"], group["id"]);
        assert_eq!((&group["offer_mode"], &group["offer_expires_after_s"]), (&json!("single"), &json!(20)));
        assert_eq!(group["connection_timeout_s"], 300);
    }
    let people = [
        ("admin@example.com", "administrator", Value::Null, None),
        ("mona@example.com", "manager", Value::Null, Some("pull")),
        ("joe@example.com", "operator", json!(1), Some("primary")),
        ("bob@example.com", "operator", json!(2), Some("primary")),
        ("sue@example.com", "operator", json!(5), Some("primary")),
    ];
    assert_eq!(admin.get("/operators").await.items().len(), people.len());
    for (email, role, limit, handling) in people {
        let id = admin.operator(email).await;
        let operator = admin.get(&format!("/operators/{id}")).await.body;
        assert_eq!((&operator["role"], &operator["limit"]), (&json!(role), &limit), "{email}");
        let memberships = admin.get(&format!("/memberships?operator={id}")).await;
        let found: Vec<_> = memberships.items().iter().map(|item| (&item["group"], &item["handling"])).collect();
        let expected: Vec<_> = handling.iter().map(|handling| (json!("support"), json!(handling))).collect();
        assert_eq!(found, expected.iter().map(|(group, handling)| (group, handling)).collect::<Vec<_>>());
    }
}

#[actix_web::test]
async fn who_is_being_removed_is_marked_and_who_is_only_disabled_is_not() {
    let server = TestServer::start().await;
    let admin = server.signed_in("admin@example.com").await;
    let account = server.account().await;
    let (joe, bob) = (admin.operator("joe@example.com").await, admin.operator("bob@example.com").await);
    for (who, delete) in [(&joe, true), (&bob, false)] {
        let operator = who.parse().unwrap();
        let closing = Closing::Operator { operator, chats: HeldChats::Requeue, delete };
        assert!(server.store.begin_closing(account, &closing).await.unwrap());
    }
    let marked = |list: &Answer| {
        let marked = list.items().iter().filter(|item| item["closing"] == true).map(|item| item["id"].clone());
        marked.collect::<Vec<_>>()
    };
    assert_eq!(marked(&admin.get("/operators").await), [joe.as_str()]);
    assert_eq!(admin.get(&format!("/operators/{joe}")).await.body["closing"], true);
    assert_eq!(admin.get(&format!("/operators/{bob}")).await.body["closing"], false);
    assert_eq!(marked(&admin.get("/groups").await), Vec::<Value>::new());
}

#[actix_web::test]
async fn a_new_colleague_is_made_changed_and_removed_and_the_engine_hears_of_it() {
    let server = TestServer::start().await;
    let admin = server.signed_in("admin@example.com").await;
    server.heard.take();
    let made = admin.post("/operators", eve(None)).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.body["limit"], Value::Null, "unlimited unless said otherwise");
    let path = format!("/operators/{}", made.body["id"].as_str().unwrap());
    assert_eq!(admin.patch(&path, json!({ "limit": 0 })).await.body["limit"], 0, "0 gets none");
    let renamed = admin.patch(&path, json!({ "name": "Eva" })).await;
    assert_eq!((&renamed.body["name"], &renamed.body["limit"]), (&json!("Eva"), &json!(0)), "the rest stays");
    assert_eq!(admin.patch(&path, json!({ "limit": null })).await.body["limit"], Value::Null);
    // How much Eve gets closes none of her windows; who she is does.
    let heard = server.heard.take();
    let windows_stay: Vec<_> = heard
        .iter()
        .map(|change| match change {
            StaffChange::Operator(_) => false,
            StaffChange::Receives(_) => true,
            other => panic!("{other:?} was heard"),
        })
        .collect();
    assert_eq!(windows_stay, [false, true, false, true]);
    let mut eve = server.browser();
    assert_eq!(eve.sign_in("eve@example.com", PASSWORD).await.status, 200);
    assert_eq!(admin.patch(&path, json!({ "password": "another one" })).await.status, 200);
    assert_eq!(eve.get("/auth/me").await.status, 401, "a password set by somebody else ends the sessions");
    assert_eq!(eve.sign_in("eve@example.com", "another one").await.status, 200);
    server.heard.take();
    assert_eq!(admin.delete(&path).await.status, 204);
    assert!(matches!(server.heard.take()[..], [StaffChange::OperatorGone(_)]));
    assert_eq!(eve.get("/auth/me").await.status, 401);
    assert_eq!(admin.delete(&path).await.code(), "not_found");
}

#[actix_web::test]
async fn groups_and_memberships_are_made_changed_and_removed() {
    let server = TestServer::start().await;
    let admin = server.signed_in("admin@example.com").await;
    server.heard.take();
    let group = json!({ "id": "level-2", "department": "support", "name": "Level 2", "offer_mode": "automatic" });
    let made = admin.post("/groups", group.clone()).await;
    assert_eq!((made.status, &made.body["connection_timeout_s"]), (201, &json!(300)), "{made:?}");
    assert_eq!(admin.post("/groups", group).await.code(), "conflict", "an id is taken once");
    let changed = admin.patch("/groups/level-2", json!({ "offer_expires_after_s": 45 })).await;
    assert_eq!(
        (&changed.body["offer_expires_after_s"], &changed.body["offer_mode"]),
        (&json!(45), &json!("automatic"))
    );
    let joe = admin.operator("joe@example.com").await;
    let membership = json!({ "group": "level-2", "operator": joe, "handling": "secondary", "limit": 2 });
    assert_eq!(admin.post("/memberships", membership.clone()).await.body["active"], true);
    assert_eq!(admin.post("/memberships", membership).await.code(), "conflict");
    let path = format!("/memberships/level-2/{joe}");
    let changed = admin.patch(&path, json!({ "active": false, "limit": null })).await.body;
    assert_eq!(
        (&changed["active"], &changed["limit"], &changed["handling"]),
        (&json!(false), &Value::Null, &json!("secondary"))
    );
    assert_eq!(admin.get("/memberships?group=level-2").await.items().len(), 1);
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.code(), "not_found");
    assert_eq!(admin.delete("/groups/level-2").await.status, 204);
    let heard = server.heard.take();
    let kinds: Vec<_> =
        heard.iter().map(|change| format!("{change:?}").split('(').next().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["Group", "Group", "Membership", "Receives", "Membership", "GroupGone"]);
}

#[actix_web::test]
async fn what_has_the_wrong_form_is_named_and_changes_nothing() {
    let server = TestServer::start().await;
    let admin = server.signed_in("admin@example.com").await;
    let joe = admin.operator("joe@example.com").await;
    let with = |field: &str, value: Value| {
        let mut body = eve(None);
        body[field] = value;
        body
    };
    let group = |field: &str, value: Value| {
        let mut body = json!({ "id": "g", "department": "support", "name": "G" });
        body[field] = value;
        body
    };
    let membership = |field: &str, value: Value| {
        let mut body = json!({ "group": "sales", "operator": joe, "handling": "primary" });
        body[field] = value;
        body
    };
    let wrong = [
        ("/operators", "email", with("email", json!("eve"))),
        ("/operators", "email", with("email", json!(5))),
        ("/operators", "name", with("name", json!("  "))),
        ("/operators", "name", with("name", json!("x".repeat(101)))),
        ("/operators", "role", with("role", json!("emperor"))),
        ("/operators", "limit", with("limit", json!(10_001))),
        ("/operators", "limit", with("limit", json!(-1))),
        ("/operators", "password", with("password", json!("short"))),
        ("/groups", "id", group("id", json!("level 2"))),
        ("/groups", "department", group("department", json!("nowhere"))),
        ("/groups", "offer_mode", group("offer_mode", json!("shout"))),
        ("/groups", "offer_expires_after_s", group("offer_expires_after_s", json!(1))),
        ("/groups", "connection_timeout_s", group("connection_timeout_s", json!(1_000_000))),
        ("/memberships", "group", membership("group", json!("nowhere"))),
        ("/memberships", "operator", membership("operator", json!("0".repeat(32)))),
        ("/memberships", "handling", membership("handling", json!("never"))),
        ("/memberships", "limit", membership("limit", json!(10_001))),
        ("/memberships", "active", membership("active", json!("yes"))),
    ];
    let before = snapshot(&admin).await;
    for (path, field, body) in wrong {
        let answer = admin.post(path, body.clone()).await;
        assert_eq!((answer.status, answer.field()), (422, field), "{body} {}", answer.body);
    }
    let taken = admin.post("/operators", with("email", json!("JOE@example.com"))).await;
    assert_eq!(taken.code(), "conflict");
    assert_eq!(snapshot(&admin).await, before);
}

#[actix_web::test]
async fn an_account_keeps_an_administrator() {
    let server = TestServer::start().await;
    let admin = server.signed_in("admin@example.com").await;
    let path = format!("/operators/{}", admin.operator("admin@example.com").await);
    for change in [json!({ "role": "operator" }), json!({ "disabled": true })] {
        assert_eq!(admin.patch(&path, change).await.code(), "conflict");
    }
    assert_eq!(admin.delete(&path).await.code(), "conflict");
    assert_eq!(admin.post("/operators", eve(Some("administrator"))).await.status, 201);
    assert_eq!(admin.patch(&path, json!({ "role": "operator" })).await.status, 200);
    assert_eq!(admin.patch(&path, json!({ "role": "administrator" })).await.code(), "forbidden", "at once");
}

#[actix_web::test]
async fn a_write_sent_twice_has_one_effect_and_one_answer() {
    let server = TestServer::start().await;
    let admin = server.signed_in("admin@example.com").await;
    let bob = admin.operator("bob@example.com").await;
    let group = json!({ "id": "g", "department": "support", "name": "G" });
    let membership = json!({ "group": "sales", "operator": bob, "handling": "pull" });
    for (number, (path, body)) in
        [("/operators", eve(None)), ("/groups", group), ("/memberships", membership)].iter().enumerate()
    {
        let key = format!("key-{number}");
        let first = keyed(&admin, path, &key, body).await;
        assert_eq!(first.status, 201, "{}", first.body);
        let second = keyed(&admin, path, &key, body).await;
        assert_eq!((second.status, &second.body), (201, &first.body));
        let mut other = body.clone();
        other["limit"] = json!(7);
        let conflict = keyed(&admin, path, &key, &other).await;
        assert_eq!((conflict.code(), &conflict.body["why"]), ("conflict", &json!("id")));
        let wrong = keyed(&admin, path, "not a key", body).await;
        assert_eq!((wrong.status, wrong.field()), (422, "Idempotency-Key"));
    }
    let mut other = eve(None);
    other["password"] = json!("another password");
    assert_eq!(
        keyed(&admin, "/operators", "key-0", &other).await.body["why"],
        "id",
        "passwords tell requests apart, too"
    );
    let failed = keyed(&admin, "/groups", "again", &json!({ "id": "g", "department": "support", "name": "H" })).await;
    assert_eq!(failed.code(), "conflict");
    assert_eq!(admin.delete("/groups/g").await.status, 204);
    let retried = keyed(&admin, "/groups", "again", &json!({ "id": "g", "department": "support", "name": "H" })).await;
    assert_eq!(retried.status, 201, "after an error the same key is a new try");
}

#[actix_web::test]
async fn a_group_that_named_one_that_is_gone_can_be_changed() {
    let server = TestServer::start().await;
    let admin = server.signed_in("admin@example.com").await;
    admin.post("/groups", json!({ "id": "level-2", "department": "support", "name": "Level 2" })).await;
    let overflow = json!({ "after_s": 30, "groups": ["level-2"] });
    let set = json!({ "overflow": overflow, "when_full": { "group": "level-2" } });
    assert_eq!(admin.patch("/groups/support", set).await.status, 200);
    assert_eq!(admin.delete("/groups/level-2").await.status, 204);
    let left = admin.patch("/groups/support", json!({ "name": "Help" })).await;
    assert_eq!(left.status, 200, "{left:?}");
    assert_eq!((&left.body["overflow"], &left.body["when_full"]), (&Value::Null, &json!("offline_form")));
    // Named and removed at the same moment: what is there already is in nobody's way, what is new is refused.
    let account = server.account().await;
    let mut dangling = server.store.group(account, &"support".parse().unwrap()).await.unwrap().unwrap();
    dangling.rules.overflow = Some(serde_json::from_value(overflow).unwrap());
    server.store.put_group(account, &dangling).await.unwrap();
    assert_eq!(admin.patch("/groups/support", json!({ "name": "Support" })).await.status, 200);
    let more = json!({ "overflow": { "after_s": 30, "groups": ["level-2", "level-3"] } });
    assert_eq!(admin.patch("/groups/support", more).await.field(), "overflow.groups.1");
}

#[actix_web::test]
async fn a_write_sent_twice_at_once_has_one_effect_and_one_answer() {
    let server = TestServer::start().await;
    let admin = server.signed_in("admin@example.com").await;
    let body = eve(None);
    let twice = futures_util::future::join_all((0..4).map(|_| keyed(&admin, "/operators", "impatient", &body))).await;
    for answer in &twice {
        assert_eq!((answer.status, &answer.body), (201, &twice[0].body));
    }
    let found = admin.get("/operators").await;
    assert_eq!(found.items().iter().filter(|operator| operator["email"] == "eve@example.com").count(), 1);
}

#[actix_web::test]
async fn long_lists_come_in_pages() {
    let server = TestServer::start().await;
    let account = server.account().await;
    for number in 0..7 {
        let operator = provision::operator(&format!("p{number}@example.com"), "Same name", StaffRole::Operator, None);
        server.store.create_operator(account, &operator, "!", server.running.state.clock.now()).await.unwrap();
    }
    let admin = server.signed_in("admin@example.com").await;
    let (mut seen, mut path) = (Vec::new(), "/operators?limit=5".to_owned());
    loop {
        let page = admin.get(&path).await;
        seen.extend(page.items().iter().map(|item| item["email"].as_str().unwrap().to_owned()));
        let Some(next) = page.body["next"].as_str() else { break };
        assert_eq!(page.items().len(), 5);
        let query: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        path = format!("/operators?limit=5&cursor={query}");
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 12, "everybody once");
    assert_eq!(admin.get("/operators?limit=0").await.field(), "limit");
    assert_eq!(admin.get("/operators?limit=5&limit=6").await.status, 400);
}

fn eve(role: Option<&str>) -> Value {
    json!({ "email": "eve@example.com", "name": "Eve", "role": role.unwrap_or("operator"), "password": PASSWORD })
}

async fn keyed(browser: &Browser, path: &str, key: &str, body: &Value) -> Answer {
    Answer::to(browser.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
}

async fn snapshot(browser: &Browser) -> Vec<Value> {
    let mut all = Vec::new();
    for path in ["/operators", "/groups", "/memberships"] {
        all.push(browser.get(path).await.body);
    }
    all
}
