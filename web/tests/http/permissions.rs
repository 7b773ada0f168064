//! Every route, tried by every role.

use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::{Answer, TestServer};

/// Who may.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Least {
    Nobody,
    Operator,
    Administrator,
}

#[actix_web::test]
async fn each_role_may_what_it_may_on_each_route_and_nothing_else() {
    let server = TestServer::start().await;
    let admin = server.signed_in("admin@example.com").await;
    let sue = admin.operator("sue@example.com").await;
    let membership = format!("/memberships/support/{sue}");
    let no_chat = format!("/chats/{}", "0".repeat(32));
    // What each answers to who may: the last ones remove, so their order matters.
    let routes: Vec<(Method, String, Value, Least, u16)> = vec![
        (Method::GET, "/status?brand=demo".into(), Value::Null, Least::Nobody, 200),
        (Method::GET, "/auth/me".into(), Value::Null, Least::Operator, 200),
        (Method::GET, "/auth/sessions".into(), Value::Null, Least::Operator, 200),
        (Method::DELETE, "/auth/sessions/none".into(), Value::Null, Least::Operator, 404),
        (Method::POST, "/auth/password".into(), json!({}), Least::Operator, 422),
        (Method::GET, "/chats".into(), Value::Null, Least::Operator, 200),
        (Method::GET, no_chat.clone(), Value::Null, Least::Operator, 404),
        (Method::GET, format!("{no_chat}/events"), Value::Null, Least::Operator, 404),
        (Method::GET, "/operators".into(), Value::Null, Least::Operator, 200),
        (Method::GET, format!("/operators/{sue}"), Value::Null, Least::Operator, 200),
        (Method::POST, "/operators".into(), json!({}), Least::Administrator, 422),
        (Method::PATCH, format!("/operators/{sue}"), json!({ "name": "Sue" }), Least::Administrator, 200),
        (Method::GET, "/groups".into(), Value::Null, Least::Operator, 200),
        (Method::GET, "/groups/support".into(), Value::Null, Least::Operator, 200),
        (Method::POST, "/groups".into(), json!({}), Least::Administrator, 422),
        (Method::PATCH, "/groups/sales".into(), json!({ "name": "Sales" }), Least::Administrator, 200),
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
    let people = [
        (Least::Nobody, server.browser()),
        (Least::Operator, server.signed_in("joe@example.com").await),
        (Least::Operator, server.signed_in("mona@example.com").await),
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
                _ => 403,
            };
            assert_eq!(Answer::to(request).await.status, expected, "{method} {path}");
        }
    }
}
