//! Two companies on one server: whatever one tries with the other's ids is answered as if they did not exist.

use serde_json::{Value, json};
use switchboard_tests::client::{Line, OperatorClient, SOON, Settled, Socket, Start, VisitorClient, new_id};
use switchboard_tests::http::{Browser, last_hour};
use switchboard_tests::project;
use switchboard_tests::server::TestServer;

use crate::suite::it::joe_answers;

/// Every list over HTTP.
const LISTS: [&str; 9] =
    ["operators", "colleagues", "groups", "departments", "brands", "memberships", "profiles", "chats", "left_messages"];

/// What is only the shop's: its chat, its operator, a group that the other account has no name for.
struct Shop {
    server: TestServer,
    clara: VisitorClient,
    joe: OperatorClient,
    chat: String,
}

/// The shop of the demo with a running chat, and Eve, who administers another account.
async fn shop_and_eve() -> (Shop, Browser) {
    let (mut server, mut clara, mut joe, chat) = joe_answers().await;
    clara.say("canary-of-the-shop").await;
    server.kill();
    let made = server.command(&["create-admin", "--email", "eve@other.example", "--account", "other"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    let password = said.lines().find_map(|line| line.strip_prefix("password: ")).expect("a password is made");
    server.restart();
    clara.reconnect().await.expect("the server is back");
    joe.reconnect().await.expect("the session outlives the server");
    let eve = Browser::signed_in_as(&server.url(), "eve@other.example", password).await;
    (Shop { server, clara, joe, chat }, eve)
}

#[tokio::test]
async fn every_route_answers_as_if_the_others_things_did_not_exist() {
    let (shop, eve) = shop_and_eve().await;
    let (joe, nobody) = (shop.joe.id(), "0190a0a0a0a07000800000000000beef");
    let admin = Browser::signed_in(&shop.server.url(), "admin").await;
    let left = json!({ "type": "leave_message", "email": "clara@visitor.example", "text": "canary-left" });
    let mut shop = shop;
    shop.clara.acked(left).await;
    let left = admin.get("/api/v1/left_messages").await.ok()["items"][0]["id"].clone();
    let left = left.as_str().expect("the shop has a message");
    let profile = json!({ "id": "early", "name": "canary-early", "groups": ["sales"] });
    admin.post("/api/v1/profiles", profile).await.ok();
    let before = everything(&admin).await;
    let mut untried = routes_that_name_something();
    for (theirs, none) in [
        (format!("chats/{}", shop.chat), format!("chats/{nobody}")),
        (format!("chats/{}/events", shop.chat), format!("chats/{nobody}/events")),
        (format!("chats/{}/decisions", shop.chat), format!("chats/{nobody}/decisions")),
        (format!("chats/{}/contact", shop.chat), format!("chats/{nobody}/contact")),
        (format!("left_messages/{left}"), format!("left_messages/{nobody}")),
        (format!("operators/{joe}"), format!("operators/{nobody}")),
        ("groups/sales".to_owned(), "groups/none".to_owned()),
        ("profiles/early".to_owned(), "profiles/none".to_owned()),
        ("departments/sales".to_owned(), "departments/none".to_owned()),
        ("brands/demo".to_owned(), "brands/none".to_owned()),
        (format!("memberships/support/{joe}"), format!("memberships/support/{nobody}")),
    ] {
        let (theirs, none) = (format!("/api/v1/{theirs}"), format!("/api/v1/{none}"));
        untried.retain(|route| !fits(route, &theirs));
        let refused = eve.get(&theirs).await.refused(404, "not_found");
        assert_eq!(refused["detail"], eve.get(&none).await.refused(404, "not_found")["detail"], "{theirs}");
        if !theirs.contains("/chats/") || theirs.ends_with("/contact") {
            let change = json!({ "name": "Eve's", "active": false, "state": "done", "priority": 9 });
            eve.patch(&theirs, change).await.refused(404, "not_found");
        }
        if ["/chats/", "/left_messages/", "/brands/"].iter().all(|kept| !theirs.contains(kept)) {
            eve.delete(&theirs).await.refused(404, "not_found");
        }
    }
    assert_eq!(untried, ["/api/v1/auth/sessions/{id}"], "tried below, with what else names somebody");
    for member in
        [json!({ "group": "sales", "operator": eve.operator_id() }), json!({ "group": "support", "operator": joe })]
    {
        let mut member = member;
        member["handling"] = json!("primary");
        let refused = eve.post("/api/v1/memberships", member).await;
        assert!([404, 422].contains(&refused.status), "{refused:?}");
    }
    for list in LISTS {
        let all = eve.get(&format!("/api/v1/{list}?limit=200")).await.ok().to_string();
        for theirs in [joe.as_str(), shop.chat.as_str(), "sales", "\"demo\"", "example.com", "canary"] {
            assert!(!all.contains(theirs), "{list} shows {theirs}: {all}");
        }
    }
    for filter in [format!("operator={joe}"), "group=sales".to_owned(), "group=support".to_owned()] {
        assert_eq!(eve.get(&format!("/api/v1/chats?{filter}")).await.ok()["items"], json!([]), "{filter}");
    }
    for (list, theirs, none) in [
        ("memberships?group=", "sales", "none"),
        ("memberships?operator=", joe.as_str(), nobody),
        ("left_messages?department=", "sales", "none"),
        ("chats?group=", "sales", "none"),
        ("chats?operator=", joe.as_str(), nobody),
    ] {
        let [theirs, none] =
            [eve.get(&format!("/api/v1/{list}{theirs}")).await, eve.get(&format!("/api/v1/{list}{none}")).await];
        assert_eq!((theirs.status, &theirs.body), (none.status, &none.body), "{list}");
    }
    let moved = |to: &str| format!("/api/v1/groups/support?waiting=move&to={to}");
    let [theirs, none] = [eve.delete(&moved("sales")).await, eve.delete(&moved("none")).await];
    assert_eq!(
        (theirs.status, theirs.body["detail"].to_string().replace("sales", "none")),
        (none.status, none.body["detail"].to_string())
    );
    assert!(theirs.status >= 400, "{theirs:?}");
    eve.patch("/api/v1/presence_rules", json!({ "away_after_s": 10, "grace_s": 5 })).await.ok();
    eve.patch("/api/v1/account", json!({ "time_zone": "Pacific/Niue" })).await.ok();
    let refused = eve.patch("/api/v1/auth/me", json!({ "profile": "early" })).await.refused(422, "invalid");
    assert_eq!(refused["field"], json!("profile"), "{refused}");
    assert_eq!(everything(&admin).await, before, "nothing of the shop has changed");

    // What is over stands in reports: in the shop's, and in nobody else's.
    shop.clara.end().await;
    for by in ["hour", "group", "department", "brand", "operator"] {
        let report = format!("/api/v1/reports/summary?{}&by={by}", last_hour());
        assert_eq!(admin.get(&report).await.ok()["total"]["chats"], 1, "{by}");
        let hers = eve.get(&report).await.ok();
        assert_eq!((&hers["total"]["chats"], &hers["rows"]), (&json!(0), &json!([])), "{by}: {hers}");
        let csv = eve.get(&report.replace("summary?", "summary.csv?")).await.ok();
        assert_eq!(csv.as_str().map(|text| text.lines().count()), Some(2), "names and a total of nothing: {csv}");
    }
}

#[tokio::test]
async fn every_command_and_topic_answers_as_if_the_others_things_did_not_exist() {
    let (mut shop, browser) = shop_and_eve().await;
    let mut eve = OperatorClient::window(&shop.server, &browser).await.expect("she may have a console");
    let (chat, joe, offer) = (shop.chat.clone(), shop.joe.id(), format!("{}-4", shop.chat));
    let (nowhere, nobody) = (chat.chars().rev().collect::<String>(), "0190a0a0a0a07000800000000000beef");
    let invented = |told: &Value| {
        let names = [(chat.as_str(), nowhere.as_str()), (&joe, nobody), ("sales", "none"), ("demo", "none")];
        let text = names.iter().fold(told.to_string(), |text, (theirs, none)| text.replace(theirs, none));
        serde_json::from_str::<Value>(&text).expect("the same form")
    };
    for command in [
        json!({ "type": "say", "chat": chat, "text": "from Eve" }),
        json!({ "type": "say", "chat": chat, "text": "from Eve", "to": "operators" }),
        json!({ "type": "take", "chat": chat }),
        json!({ "type": "end", "chat": chat }),
        json!({ "type": "send_to_form", "chat": chat }),
        json!({ "type": "send_to_form", "offer": offer }),
        json!({ "type": "leave", "chat": chat }),
        json!({ "type": "transfer", "chat": chat, "to": { "operator": joe }, "reason": "from Eve" }),
        json!({ "type": "transfer", "chat": chat, "to": { "group": "support" }, "reason": "from Eve" }),
        json!({ "type": "transfer", "chat": chat, "to": { "brand": "demo" }, "reason": "from Eve" }),
        json!({ "type": "invite", "chat": chat, "to": { "operator": joe }, "stay": true }),
        json!({ "type": "accept", "offer": offer }),
        json!({ "type": "decline", "offer": offer }),
        json!({ "type": "subscribe", "topic": "group:sales" }),
        json!({ "type": "unsubscribe", "topic": "group:sales" }),
        json!({ "type": "subscribe", "topic": "members:sales" }),
        json!({ "type": "subscribe", "topic": format!("operator:{joe}") }),
        json!({ "type": "membership_status", "group": "sales", "active": false }),
        json!({ "type": "membership_status", "group": "support", "active": false, "operator": joe }),
    ] {
        let theirs = refusal(&mut eve, command.clone()).await;
        assert_eq!(theirs["code"], "not_found", "{command}: {theirs}");
        assert_eq!(invented(&theirs), refusal(&mut eve, invented(&command)).await, "{command}");
    }
    let (origin, cookie) = (shop.server.url(), browser.cookie().to_owned());
    let headers = [("origin", origin.as_str()), ("cookie", &cookie)];
    let opened = Socket::open(shop.server.address(), "/ws/operator", &headers, Default::default()).await;
    let mut window = opened.expect("she may have another window");
    let resume = json!({ "type": "hello", "resume": [{ "chat": chat, "after": 0 }] });
    window.send(&resume).await.expect("it is open");
    let mut answers = Vec::new();
    while answers.len() < 2 {
        let frame = window.next(SOON).await.expect("it is open").expect("an answer");
        assert!(!frame.to_string().contains("canary"), "{frame}");
        answers.extend(["welcome", "error"].into_iter().filter(|kind| frame["type"] == *kind));
    }
    assert_eq!(answers, ["welcome", "error"]);
    eve.send(json!({ "type": "resume", "chat": chat, "after": 0 })).await;
    eve.expect_error("not_found").await;
    eve.send(json!({ "type": "typing", "chat": chat, "on": true })).await;
    for mark in ["delivered", "read"] {
        eve.send(json!({ "type": mark, "chat": chat, "seq": 3 })).await;
    }
    for filter in [json!({}), json!({ "operator": joe }), json!({ "group": "sales" }), json!({ "group": "support" })] {
        let list = eve.acked(json!({ "type": "subscribe", "topic": "chats", "filter": filter })).await["id"].clone();
        let rows = eve.expect("rows", |frame| frame["type"] == "rows" && frame["subscription"] == list).await;
        assert_eq!(rows["total"], 0, "{rows}");
    }
    eve.acked(json!({ "type": "subscribe", "topic": "left_messages" })).await;
    eve.expect("that she has none", |frame| frame["type"] == "left_messages" && frame["new"] == 0).await;
    let left = json!({ "type": "leave_message", "email": "clara@visitor.example", "text": "canary-left" });
    shop.clara.acked(left).await;
    eve.expect_none("news of it", |frame| frame["type"] == "left_messages" && frame["new"] != 0).await;
    // Support is a name in both accounts, and not the same group.
    eve.acked(json!({ "type": "subscribe", "topic": "group:support" })).await;
    eve.acked(json!({ "type": "subscribe", "topic": "members:support" })).await;
    eve.status("online").await;
    let mut dora = VisitorClient::connect(&shop.server).await;
    dora.start(&Start::support("Dora", "canary-of-dora")).await;
    shop.clara.say("canary-again").await;
    shop.joe.expect_text("canary-again").await;
    shop.joe.status("busy").await;
    eve.expect_none("word of the shop's", |frame| frame.to_string().contains("canary")).await;
    shop.clara.expect_none("sign of Eve", |frame| frame["type"] == "typing" || frame["type"] == "read").await;
    let log = eve.log().text();
    for theirs in [joe.as_str(), "canary", "Clara", "Dora"] {
        assert!(!log.contains(theirs), "Eve got {theirs}");
    }
    let expected = ["Where is my parcel?", "canary-of-the-shop", "canary-again"];
    assert_eq!(shop.joe.resume(&chat, 0).await.texts(), expected);
}

#[tokio::test]
async fn a_visitor_of_one_website_is_a_stranger_on_the_others() {
    let (mut shop, browser) = shop_and_eve().await;
    let brands = browser.get("/api/v1/brands").await.ok();
    let brand = brands["items"][0]["id"].as_str().expect("an account has a brand").to_owned();
    let member = json!({ "group": "support", "operator": browser.operator_id(), "handling": "primary", "limit": 3 });
    browser.post("/api/v1/memberships", member).await.ok();
    let mut eve = OperatorClient::window(&shop.server, &browser).await.expect("she may have a console");
    eve.status("online").await;

    let token = shop.clara.token();
    let mut there = VisitorClient::connect_to(&shop.server, &brand, Some(token)).await.expect("anybody may come");
    assert!(there.welcome["chat"].is_null(), "{}", there.welcome);
    assert!(!there.log().text().contains("canary"));
    there.send(json!({ "type": "resume", "chat": shop.chat, "after": 0 })).await;
    there.expect_error("not_found").await;
    // A stranger on her own website, who asks for her chat with the greeting.
    let page = json!({ "resume": { "chat": shop.chat, "after": 0 } });
    let mut stranger = VisitorClient::connect_saying(&shop.server, page).await;
    stranger.expect_error("not_found").await;
    assert!(!stranger.log().text().contains("canary"));
    there.acked(json!({ "type": "start", "name": "Clara", "question": "Only one department here?" })).await;
    let offer = eve.expect_within("an offer", |frame| frame["type"] == "offer", SOON).await;
    assert_eq!(offer["question"], "Only one department here?");
    eve.accept(&offer).await;
    assert_ne!(offer["chat"], shop.chat.as_str());
    let shops = Browser::signed_in(&shop.server.url(), "admin").await.get("/api/v1/chats").await.ok();
    assert_eq!(shops["items"].as_array().map(Vec::len), Some(1), "{shops}");

    // Whom she may hand her own chat on to, or ask into it: the shop's people, groups and brands are nowhere.
    let (chat, joe, nobody) = (offer["chat"].clone(), shop.joe.id(), "0190a0a0a0a07000800000000000beef");
    let named = [
        (json!({ "operator": joe }), json!({ "operator": nobody })),
        (json!({ "group": "sales" }), json!({ "group": "none" })),
        (json!({ "brand": "demo" }), json!({ "brand": "none" })),
    ];
    for (kind, to) in [("transfer", &named[..]), ("invite", &named[..2])] {
        for (theirs, none) in to {
            let mut answers = Vec::new();
            for to in [theirs, none] {
                let command = json!({ "type": kind, "chat": chat, "to": to, "reason": "from Eve", "stay": true });
                answers.push(refusal(&mut eve, command).await);
            }
            assert_eq!(answers[0], answers[1], "{kind} {theirs}");
        }
    }
    eve.say(chat.as_str().expect("a chat"), "Still mine.").await;
    there.expect_text("Still mine.").await;
    shop.joe.expect_none("sign of it", |frame| frame["type"] == "offer").await;

    // What her visitors may ask for, and what her groups may name.
    let mut other = VisitorClient::connect_to(&shop.server, &brand, None).await.expect("anybody may come");
    let mut answers = Vec::new();
    for department in ["sales", "none"] {
        let start = json!({ "type": "start", "name": "Dora", "department": department, "question": "Hello?" });
        answers.push(refusal(&mut other, start).await);
        let left = json!({ "type": "leave_message", "email": "dora@visitor.example", "department": department, "text": "Hello?" });
        answers.push(refusal(&mut other, left).await);
    }
    assert_eq!(answers[..2], answers[2..]);
    let start = json!({ "type": "start", "name": "Dora", "operator": joe, "question": "Is Joe there?" });
    other.acked(start).await;
    eve.expect_within("an offer", |frame| frame["type"] == "offer", SOON).await;
    shop.joe.expect_none("an offer", |frame| frame["type"] == "offer").await;
    for body in [
        json!({ "overflow": { "after_s": 1, "groups": ["GROUP"] } }),
        json!({ "queue_wait_max_s": 60, "when_full": { "group": "GROUP" } }),
    ] {
        let with =
            |group: &str| serde_json::from_str(&body.to_string().replace("GROUP", group)).expect("the same form");
        let theirs = browser.patch("/api/v1/groups/support", with("sales")).await.refused(422, "invalid");
        let none = browser.patch("/api/v1/groups/support", with("none")).await.refused(422, "invalid");
        assert_eq!(theirs["detail"].to_string().replace("sales", "none"), none["detail"].to_string());
    }
    let profile = |group: &str| json!({ "id": "early", "name": "Early", "groups": [group] });
    let theirs = browser.post("/api/v1/profiles", profile("sales")).await;
    let none = browser.post("/api/v1/profiles", profile("none")).await;
    assert_eq!((theirs.status, &theirs.body["field"]), (none.status, &none.body["field"]), "{theirs:?} {none:?}");
    assert!(theirs.status >= 400, "{theirs:?}");
    let sessions = shop.joe.browser.get("/api/v1/auth/sessions").await.ok();
    let session = format!("/api/v1/auth/sessions/{}", sessions["items"][0]["id"].as_str().expect("Joe is signed in"));
    browser.delete(&session).await.refused(404, "not_found");
    shop.joe.browser.get("/api/v1/auth/me").await.ok();
    for department in ["sales", "none"] {
        let status = format!("/api/v1/status?brand={brand}&department={department}");
        browser.get(&status).await.refused(404, "not_found");
    }
}

/// Routes whose path names something, as the server serves them.
fn routes_that_name_something() -> Vec<String> {
    let source = std::fs::read_to_string(project("web/src/routes.rs")).expect("the routes can be read");
    let api = source.split("web::scope(\"/api/v1\")").nth(1).and_then(|rest| rest.split(".default_service").next());
    let patterns = api.expect("the routes of the API").split("at(\"").skip(1).filter_map(|at| at.split('"').next());
    let naming: Vec<String> =
        patterns.filter(|pattern| pattern.contains('{')).map(|pattern| format!("/api/v1{pattern}")).collect();
    assert!(naming.len() > 10, "{naming:?}");
    naming
}

/// Whether a path is one of that pattern.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(part, given)| part.starts_with('{') || part == given)
}

/// The refusal of a command, without its id.
async fn refusal(line: &mut Line, command: Value) -> Value {
    match line.command(&new_id(), command.clone()).await {
        Settled::Refused(mut error) => {
            error.as_object_mut().map(|fields| fields.remove("id"));
            error
        }
        Settled::Stored(answer) => panic!("{command} was to be refused, and got {answer}"),
    }
}

/// All lists of an account, as its administrator sees them.
pub(super) async fn everything(admin: &Browser) -> Vec<Value> {
    let mut all = Vec::new();
    for list in LISTS {
        all.push(admin.get(&format!("/api/v1/{list}?limit=200")).await.ok());
    }
    for single in ["presence_rules", "account"] {
        all.push(admin.get(&format!("/api/v1/{single}")).await.ok());
    }
    all
}
