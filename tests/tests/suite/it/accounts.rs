//! Two companies on one server: whatever one tries with the other's ids is answered as if they did not exist.

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, SOON, Start, VisitorClient};
use switchboard_tests::http::{Browser, last_hour};
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
        json!({ "type": "subscribe", "topic": "members:sales" }),
        json!({ "type": "subscribe", "topic": format!("operator:{joe}") }),
        json!({ "type": "membership_status", "group": "sales", "active": false }),
        json!({ "type": "membership_status", "group": "support", "active": false, "operator": joe }),
    ] {
        eve.refused(command, "not_found").await;
    }
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
    let (shop, browser) = shop_and_eve().await;
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
    there.acked(json!({ "type": "start", "name": "Clara", "question": "Only one department here?" })).await;
    let offer = eve.expect_within("an offer", |frame| frame["type"] == "offer", SOON).await;
    assert_eq!(offer["question"], "Only one department here?");
    eve.accept(&offer).await;
    assert_ne!(offer["chat"], shop.chat.as_str());
    let shops = Browser::signed_in(&shop.server.url(), "admin").await.get("/api/v1/chats").await.ok();
    assert_eq!(shops["items"].as_array().map(Vec::len), Some(1), "{shops}");
}

/// All lists of an account, as its administrator sees them.
async fn everything(admin: &Browser) -> Vec<Value> {
    let mut all = Vec::new();
    for list in LISTS {
        all.push(admin.get(&format!("/api/v1/{list}?limit=200")).await.ok());
    }
    for single in ["presence_rules", "account"] {
        all.push(admin.get(&format!("/api/v1/{single}")).await.ok());
    }
    all
}
