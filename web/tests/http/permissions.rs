//! Every route, tried by every role.

use engine::domain::group::GroupSettings;
use reqwest::Method;
use serde_json::{Value, json};

use crate::chats::waiting_chat;
use crate::kit::{Answer, TestServer};

/// A day of the server's clock.
const DAY: &str = "from=2027-01-15T00:00:00Z&to=2027-01-15T08:00:00Z";

/// Who may.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Least {
    Nobody,
    Operator,
    /// Others are answered as if it did not exist.
    Manager,
    Administrator,
}

#[actix_web::test]
async fn each_role_may_what_it_may_on_each_route_and_nothing_else() {
    let server = TestServer::start().await;
    let admin = server.signed_in("admin@example.com").await;
    let sue = admin.operator("sue@example.com").await;
    let membership = format!("/memberships/support/{sue}");
    let no_chat = format!("/chats/{}", "0".repeat(32));
    let account = server.account().await;
    let elsewhere = GroupSettings::new("elsewhere".parse().unwrap(), "support".parse().unwrap(), "Nobody's");
    server.store.put_group(account, &elsewhere).await.unwrap();
    let not_ours = waiting_chat(&server, account, "demo", "elsewhere", "Is this for everybody?").await;
    let not_ours = format!("/chats/{not_ours}");
    // What each answers to who may: the last ones remove, so their order matters.
    let routes: Vec<(Method, String, Value, Least, u16)> = vec![
        (Method::GET, "/status?brand=demo".into(), Value::Null, Least::Nobody, 200),
        (Method::GET, "/auth/me".into(), Value::Null, Least::Operator, 200),
        (Method::PATCH, "/auth/me".into(), json!({ "profile": null }), Least::Operator, 200),
        (Method::GET, "/auth/sessions".into(), Value::Null, Least::Operator, 200),
        (Method::DELETE, "/auth/sessions/none".into(), Value::Null, Least::Operator, 404),
        (Method::POST, "/auth/password".into(), json!({}), Least::Operator, 422),
        (Method::GET, "/chats".into(), Value::Null, Least::Operator, 200),
        (Method::GET, no_chat.clone(), Value::Null, Least::Operator, 404),
        (Method::GET, format!("{no_chat}/events"), Value::Null, Least::Operator, 404),
        (Method::GET, format!("{no_chat}/decisions"), Value::Null, Least::Operator, 404),
        (Method::GET, not_ours.clone(), Value::Null, Least::Manager, 200),
        (Method::GET, format!("{not_ours}/events"), Value::Null, Least::Manager, 200),
        (Method::GET, format!("{not_ours}/decisions"), Value::Null, Least::Manager, 200),
        (Method::GET, format!("{no_chat}/contact"), Value::Null, Least::Operator, 404),
        (Method::GET, format!("{not_ours}/contact"), Value::Null, Least::Manager, 200),
        (Method::PATCH, format!("{not_ours}/contact"), json!({ "priority": 1 }), Least::Administrator, 409),
        (Method::GET, "/left_messages".into(), Value::Null, Least::Operator, 200),
        (Method::GET, "/left_messages/none".into(), Value::Null, Least::Operator, 404),
        (Method::PATCH, "/left_messages/none".into(), json!({}), Least::Operator, 422),
        (Method::GET, format!("/reports/summary?{DAY}"), Value::Null, Least::Operator, 200),
        (Method::GET, format!("/reports/summary.csv?{DAY}"), Value::Null, Least::Operator, 200),
        (Method::GET, "/operators".into(), Value::Null, Least::Operator, 200),
        (Method::GET, format!("/operators/{sue}"), Value::Null, Least::Operator, 200),
        (Method::POST, "/operators".into(), json!({}), Least::Administrator, 422),
        (Method::PATCH, format!("/operators/{sue}"), json!({ "name": "Sue" }), Least::Administrator, 200),
        (Method::GET, "/groups".into(), Value::Null, Least::Operator, 200),
        (Method::GET, "/groups/support".into(), Value::Null, Least::Operator, 200),
        (Method::POST, "/groups".into(), json!({}), Least::Administrator, 422),
        (Method::PATCH, "/groups/sales".into(), json!({ "name": "Sales" }), Least::Administrator, 200),
        (Method::GET, "/profiles".into(), Value::Null, Least::Operator, 200),
        (Method::GET, "/profiles/none".into(), Value::Null, Least::Operator, 404),
        (Method::POST, "/profiles".into(), json!({}), Least::Administrator, 422),
        (Method::PATCH, "/profiles/none".into(), json!({}), Least::Administrator, 404),
        (Method::DELETE, "/profiles/none".into(), Value::Null, Least::Administrator, 404),
        (Method::GET, "/account".into(), Value::Null, Least::Operator, 200),
        (Method::PATCH, "/account".into(), json!({ "time_zone": "UTC" }), Least::Administrator, 200),
        (Method::GET, "/presence_rules".into(), Value::Null, Least::Operator, 200),
        (Method::PATCH, "/presence_rules".into(), json!({ "grace_s": 60 }), Least::Administrator, 200),
        (Method::GET, "/departments".into(), Value::Null, Least::Operator, 200),
        (Method::GET, "/departments/sales".into(), Value::Null, Least::Operator, 200),
        (Method::POST, "/departments".into(), json!({}), Least::Administrator, 422),
        (Method::PATCH, "/departments/sales".into(), json!({ "priority": 1 }), Least::Administrator, 200),
        (Method::GET, "/brands".into(), Value::Null, Least::Operator, 200),
        (Method::GET, "/brands/demo".into(), Value::Null, Least::Operator, 200),
        (Method::PATCH, "/brands/demo".into(), json!({ "priority": 1 }), Least::Administrator, 200),
        (Method::GET, "/memberships".into(), Value::Null, Least::Operator, 200),
        (Method::GET, "/colleagues".into(), Value::Null, Least::Operator, 200),
        (Method::GET, membership.clone(), Value::Null, Least::Operator, 200),
        (Method::POST, "/memberships".into(), json!({}), Least::Administrator, 422),
        (Method::PATCH, membership.clone(), json!({ "limit": 3 }), Least::Administrator, 200),
        (Method::DELETE, membership, Value::Null, Least::Administrator, 204),
        (Method::DELETE, format!("/operators/{sue}"), Value::Null, Least::Administrator, 204),
        (Method::DELETE, "/groups/sales".into(), Value::Null, Least::Administrator, 204),
        (Method::DELETE, "/departments/sales".into(), Value::Null, Least::Administrator, 204),
        (Method::POST, "/auth/logout".into(), json!({}), Least::Operator, 204),
    ];
    for (method, pattern) in served() {
        let is_tried = routes.iter().any(|(tried, path, ..)| *tried == method && fits(&pattern, path));
        assert!(is_tried || pattern == "/auth/login", "{method} {pattern} is in no row");
    }
    let people = [
        (Least::Nobody, server.browser()),
        (Least::Operator, server.signed_in("joe@example.com").await),
        (Least::Manager, server.signed_in("mona@example.com").await),
        (Least::Administrator, admin),
    ];
    for (method, path, body, least, right) in &routes {
        for (role, browser) in &people {
            let mut request = browser.request(method.clone(), path);
            if !body.is_null() {
                request = request.json(body);
            }
            let expected = match role {
                role if role >= least => *right,
                Least::Nobody => 401,
                _ if *least == Least::Manager => 404,
                _ => 403,
            };
            assert_eq!(Answer::to(request).await.status, expected, "{method} {path}");
        }
    }
}

/// What the server serves, as it is written there.
fn served() -> Vec<(Method, String)> {
    let source = include_str!("../../src/routes.rs");
    let api = source.split("web::scope(\"/api/v1\")").nth(1).unwrap().split(".default_service").next().unwrap();
    let mut served = Vec::new();
    for service in api.split("at(\"").skip(1) {
        let (pattern, handlers) = service.split_once('"').unwrap();
        for (word, method) in [
            ("get()", Method::GET),
            ("post()", Method::POST),
            ("change()", Method::PATCH),
            ("delete()", Method::DELETE),
        ] {
            if handlers.contains(&format!(".route({word}")) {
                served.push((method, pattern.to_owned()));
            }
        }
    }
    assert!(served.len() > 40, "{served:?}");
    served
}

/// Whether a path is one of that pattern.
fn fits(pattern: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(part, given)| part.starts_with('{') || part == given)
}
