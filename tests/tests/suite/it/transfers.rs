//! A chat is handed on: the sender owns it until a colleague agrees.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::{department_is, joe_answers};

fn to(chat: &str, operator: &OperatorClient) -> Value {
    json!({ "type": "transfer", "chat": chat, "to": { "operator": operator.id() }, "reason": "Knows parcels" })
}

fn to_support(chat: &str) -> Value {
    json!({ "type": "transfer", "chat": chat, "to": { "group": "support" }, "reason": "Needs a second look" })
}

async fn held(operator: &OperatorClient) -> usize {
    let query = format!("/api/v1/chats?state=active&operator={}", operator.id());
    operator.browser.get(&query).await.ok()["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn a_colleague_who_accepts_has_the_chat_and_the_visitor_is_told() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe.stored(to(&chat, &bob)).await;
    let offer = bob.offer_of(&chat).await;
    assert_eq!((&offer["kind"], &offer["reason"]), (&json!("transfer"), &json!("Knows parcels")), "{offer}");
    assert_eq!(offer["from"]["id"], json!(joe.id()), "{offer}");
    joe.say(&chat, "One moment").await;
    bob.accept(&offer).await;
    let told = clara.expect_event("transferred").await;
    assert!(told["event"]["name"].as_str().is_some_and(|name| name.contains("Bob")), "{told}");
    assert!(!clara.log().text().contains("Knows parcels"), "the reason is not for the visitor");
    let told = joe.expect_event("transferred").await;
    assert_eq!(told["event"]["operator"], json!(bob.id()), "the sender sees who has it: {told}");
    bob.resume(&chat, 0).await;
    bob.say(&chat, "Bob here").await;
    clara.expect_text("Bob here").await;
    joe.refused(json!({ "type": "say", "chat": chat, "text": "still me?" }), "not_found").await;
    assert_eq!((held(&joe).await, held(&bob).await), (0, 1));
    // Joe may hold one chat: the slot he gave up is free.
    let mut dora = VisitorClient::connect(&server).await;
    bob.status("away").await;
    let next = dora.start(&Start::support("Dora", "And me?")).await;
    joe.offer_of(&next).await;
}

#[tokio::test]
async fn a_colleague_who_declines_leaves_it_with_the_sender() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe.stored(to(&chat, &bob)).await;
    let offer = bob.offer_of(&chat).await;
    joe.refused(to(&chat, &bob), "conflict").await;
    bob.decline(&offer).await;
    let denied = joe.expect_event("transfer_denied").await;
    assert_eq!((&denied["event"]["why"], &denied["event"]["operator"]["id"]), (&json!("declined"), &json!(bob.id())));
    joe.say(&chat, "Then I go on").await;
    clara.expect_text("Then I go on").await;
    for hidden in ["transfer_asked", "transfer_denied", "declined", "Knows parcels"] {
        assert!(!clara.log().text().contains(hidden), "the visitor got {hidden}");
    }
    bob.refused(json!({ "type": "accept", "offer": offer["offer"] }), "conflict").await;
}

#[tokio::test]
async fn who_is_asked_to_take_over_cannot_end_the_chat_by_the_form() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe.stored(to(&chat, &bob)).await;
    let offer = bob.offer_of(&chat).await;
    let refused = bob.refused(json!({ "type": "send_to_form", "offer": offer["offer"] }), "conflict").await;
    assert!(refused.to_string().contains("Joe"), "told whose chat it is: {refused}");
    joe.say(&chat, "Still with me").await;
    clara.expect_text("Still with me").await;
    bob.accept(&offer).await;
    joe.expect_event("transferred").await;
}

#[tokio::test]
async fn a_transfer_that_nobody_answers_is_back_with_the_sender() {
    let server = TestServer::start();
    let admin = switchboard_tests::http::Browser::signed_in(&server.url(), "admin").await;
    admin.patch("/api/v1/groups/support", json!({ "offer_expires_after_s": 5 })).await.ok();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let first = joe.offer_of(&chat).await;
    joe.accept(&first).await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe.stored(to(&chat, &bob)).await;
    let offer = bob.offer_of(&chat).await;
    let deadline = Duration::from_secs(30);
    let denied = joe.expect_within("denied", |frame| frame["event"]["kind"] == "transfer_denied", deadline).await;
    assert_eq!(denied["event"]["why"], "expired", "{denied}");
    let late = bob.refused(json!({ "type": "accept", "offer": offer["offer"] }), "conflict").await;
    assert!(["expired", "taken"].iter().any(|why| late["why"] == *why), "{late}");
    assert_eq!((held(&joe).await, held(&bob).await), (1, 0));
}

#[tokio::test]
async fn a_named_colleague_is_rung_for_as_long_as_the_group_says_by_then() {
    let (server, _clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let at = |time: &Value| time.as_str().and_then(|time| time.parse::<Timestamp>().ok()).expect("a time");
    let invite = json!({ "type": "invite", "chat": chat, "to": { "operator": bob.id() }, "stay": true });
    let asks = [(60, to(&chat, &bob), "transfer_asked", "transfer_denied"), (90, invite, "invited", "invite_denied")];
    for (rings_s, ask, asked, denied) in asks {
        admin.patch("/api/v1/groups/support", json!({ "offer_expires_after_s": rings_s })).await.ok();
        joe.stored(ask).await;
        let offer = bob.offer_of(&chat).await;
        let asked = joe.expect_event(asked).await;
        let rings = at(&offer["expires_at"]).as_millisecond() - at(&asked["at"]).as_millisecond();
        assert_eq!(rings, rings_s * 1000, "{asked} rings as {offer}");
        bob.decline(&offer).await;
        joe.expect_event(denied).await;
    }
}

#[tokio::test]
async fn a_group_finds_whom_it_rings_at_and_asks_the_next_one_after_a_no() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    joe.refused(
        json!({ "type": "transfer", "chat": chat, "to": { "group": "sales" }, "reason": "Wants to buy" }),
        "conflict",
    )
    .await;
    let (mut bob, mut sue) =
        (OperatorClient::online(&server, "bob").await, OperatorClient::online(&server, "sue").await);
    joe.stored(to_support(&chat)).await;
    let rings = |frame: &Value| frame["type"] == "offer";
    let (first, second) = tokio::select! {
        offer = bob.expect("an offer at Bob", rings) => { bob.decline(&offer).await; (&mut bob, &mut sue) }
        offer = sue.expect("an offer at Sue", rings) => { sue.decline(&offer).await; (&mut sue, &mut bob) }
    };
    let offer = second.offer_of(&chat).await;
    assert_eq!(offer["kind"], "transfer");
    second.accept(&offer).await;
    clara.expect_event("transferred").await;
    joe.expect_event("transferred").await;
    first.expect_none("a second ring", rings).await;
}

#[tokio::test]
async fn a_group_in_which_everybody_is_busy_rings_when_somebody_is_free() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let mut waiting = Vec::new();
    for name in ["Dora", "Emil"] {
        let mut visitor = VisitorClient::connect(&server).await;
        let theirs = visitor.start(&Start::support(name, "Me too")).await;
        let offer = bob.offer_of(&theirs).await;
        bob.accept(&offer).await;
        waiting.push((visitor, theirs));
    }
    joe.stored(to_support(&chat)).await;
    bob.expect_none("a third chat", |frame| frame["type"] == "offer").await;
    bob.end(&waiting[0].1).await;
    let offer = bob.offer_of(&chat).await;
    bob.accept(&offer).await;
    clara.expect_event("transferred").await;
}

#[tokio::test]
async fn nobody_is_asked_who_is_away_full_or_oneself() {
    let (server, _clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::connect(&server, "bob").await;
    let refused = joe.refused(to(&chat, &bob), "conflict").await;
    assert_eq!(refused["why"], "offline", "{refused}");
    let own = joe.id();
    let itself = json!({ "type": "transfer", "chat": chat, "to": { "operator": own }, "reason": "me" });
    joe.refused(itself, "invalid").await;
    joe.refused(json!({ "type": "transfer", "chat": chat, "to": {}, "reason": "whom?" }), "invalid").await;
    let stranger = "00000000-0000-7000-8000-000000000000";
    let unknown = json!({ "type": "transfer", "chat": chat, "to": { "operator": stranger }, "reason": "who?" });
    joe.refused(unknown, "not_found").await;
    let nowhere = json!({ "type": "transfer", "chat": chat, "to": { "group": "nowhere" }, "reason": "where?" });
    joe.refused(nowhere, "not_found").await;
    joe.refused(json!({ "type": "transfer", "chat": chat, "to": { "group": "support" }, "reason": "  " }), "invalid")
        .await;
    bob.status("online").await;
    for name in ["Dora", "Emil"] {
        let mut visitor = VisitorClient::connect(&server).await;
        let theirs = visitor.start(&Start::support(name, "Me too")).await;
        let offer = bob.offer_of(&theirs).await;
        bob.accept(&offer).await;
    }
    let full = joe.refused(to(&chat, &bob), "conflict").await;
    assert_eq!(full["why"], "capacity", "{full}");
    // A colleague's chat is not one's own to hand on, nor to know of.
    bob.refused(to(&chat, &joe), "not_found").await;
    let mut sue = OperatorClient::online(&server, "sue").await;
    let refused = bob.refused(to(&chat, &sue), "not_found").await;
    assert!(refused["message"].as_str().is_some_and(|words| words.contains("chat")), "{refused}");
    sue.expect_none("a ring", |frame| frame["type"] == "offer" && frame["chat"] == chat).await;
}

#[tokio::test]
async fn who_could_be_asked_is_listed_with_status_and_free_slots() {
    let (server, _clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::connect(&server, "bob").await;
    let colleague = async |name: &str| {
        let all = bob.browser.get("/api/v1/colleagues?limit=200").await.ok();
        let all = all["items"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|one| one["name"] == name).unwrap_or(Value::Null)
    };
    let joes = colleague("Joe").await;
    assert_eq!((&joes["status"], &joes["held"], &joes["limit"]), (&json!("online"), &json!(1), &json!(1)), "{joes}");
    assert_eq!(
        joes["groups"],
        json!([{ "id": "support", "free": 0, "handling": "primary" }]),
        "he has all that he may"
    );
    let monas = colleague("Mona").await;
    assert_eq!(monas["groups"], json!([{ "id": "support", "free": null, "handling": "pull" }]), "no limit: {monas}");
    assert_eq!((&monas["status"], colleague("Ada").await), (&json!("offline"), Value::Null), "Ada is in no group");
    assert_eq!(colleague("Bob").await["groups"], json!([{ "id": "support", "free": 2, "handling": "primary" }]));
    // What rings takes a slot of whoever is asked.
    bob.status("online").await;
    joe.stored(to(&chat, &bob)).await;
    bob.offer_of(&chat).await;
    let all = joe.browser.get("/api/v1/colleagues").await.ok();
    let bobs = all["items"].as_array().into_iter().flatten().find(|one| one["name"] == "Bob").cloned();
    assert_eq!(
        bobs.map(|bob| bob["groups"].clone()),
        Some(json!([{ "id": "support", "free": 1, "handling": "primary" }])),
        "{all}"
    );
}

#[tokio::test]
async fn the_visitors_end_takes_the_offer_back() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe.stored(to(&chat, &bob)).await;
    let offer = bob.offer_of(&chat).await;
    clara.end().await;
    let gone = bob.expect_type("offer_gone").await;
    assert_eq!((&gone["offer"], &gone["why"]), (&offer["offer"], &json!("ended")), "{gone}");
    let late = bob.refused(json!({ "type": "accept", "offer": offer["offer"] }), "conflict").await;
    assert_eq!(late["why"], "ended", "{late}");
}

#[tokio::test]
async fn a_transfer_that_rings_outlives_the_server_and_repeats_have_one_effect() {
    let (mut server, mut clara, mut joe, chat) = joe_answers().await;
    let mut mona = OperatorClient::online(&server, "mona").await;
    let command = to(&chat, &mona);
    joe.put("hand-on", command.clone()).await;
    let first = joe.ack_of("hand-on").await;
    let offer = mona.offer_of(&chat).await;
    server.kill();
    server.restart();
    for operator in [&mut joe, &mut mona] {
        operator.reconnect().await.expect("the session outlives the server");
    }
    let again = mona.welcome["offers"][0].clone();
    assert_eq!((&again["offer"], &again["reason"]), (&offer["offer"], &json!("Knows parcels")), "{}", mona.welcome);
    assert_eq!(again["from"]["id"], json!(joe.id()), "{again}");
    joe.put("hand-on", command).await;
    assert_eq!(joe.ack_of("hand-on").await["seq"], first["seq"], "the same id, the same answer");
    mona.accept(&offer).await;
    clara.reconnect().await.expect("the visitor comes back");
    clara.expect_event("transferred").await;
    assert_eq!((held(&joe).await, held(&mona).await), (0, 1), "pull members get transfers");
}

#[tokio::test]
async fn a_group_in_which_all_take_chats_by_hand_is_asked_by_name_alone() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let mut mona = OperatorClient::online(&server, "mona").await;
    let pulls = json!({ "group": "sales", "operator": mona.id(), "handling": "pull" });
    admin.post("/api/v1/memberships", pulls).await.ok();
    mona.reconnect().await.expect("her groups have changed");
    let group = json!({ "type": "transfer", "chat": chat, "to": { "group": "sales" }, "reason": "A discount" });
    let named = |kind: &str| json!({ "type": kind, "chat": chat, "to": { "group": "sales" }, "stay": true });
    for command in [group.clone(), named("invite")] {
        let refused = joe.refused(command, "conflict").await;
        assert_eq!(refused["why"], "offline", "{refused}");
        assert!(refused["message"].as_str().is_some_and(|words| words.contains("by hand")), "{refused}");
    }
    // Somebody who is rung is enough, in front of those who are not.
    let mut bob = OperatorClient::online(&server, "bob").await;
    let is_rung = json!({ "group": "sales", "operator": bob.id(), "handling": "secondary" });
    admin.post("/api/v1/memberships", is_rung).await.ok();
    bob.reconnect().await.expect("his groups have changed");
    joe.stored_soon(group).await;
    let offer = bob.offer_of(&chat).await;
    bob.accept(&offer).await;
    clara.expect_event("transferred").await;
}

#[tokio::test]
async fn nobody_is_asked_who_has_no_window_at_the_moment() {
    let (server, _clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    bob.lose();
    // His minute of grace runs: he is on-line, and could hear nothing.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let refused = joe.refused(to(&chat, &bob), "conflict").await;
    assert_eq!(refused["why"], "offline", "{refused}");
    bob.reconnect().await.expect("he is still signed in");
    joe.stored(to(&chat, &bob)).await;
    bob.offer_of(&chat).await;
}

#[tokio::test]
async fn a_colleague_who_cannot_be_looked_up_now_holds_up_what_was_sent_behind() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    let mut ask = to(&chat, &bob);
    ask["id"] = json!("ask-1");
    let say = json!({ "type": "say", "id": "say-1", "chat": chat, "text": "I have passed you on" });
    let file = Connection::open(server.data().join("switchboard.db")).expect("the database opens");
    file.execute_batch("ALTER TABLE operator RENAME TO operator_away").expect("nobody can be looked up");
    for (command, id) in [(&ask, "ask-1"), (&say, "say-1")] {
        joe.send(command.clone()).await;
        let answer = joe.expect(id, |frame| frame["id"] == id).await;
        assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!("unavailable")), "{answer}");
    }
    file.execute_batch("ALTER TABLE operator_away RENAME TO operator").expect("they are back");
    joe.send(say.clone()).await;
    let early = joe.expect("the same", |frame| frame["id"] == "say-1").await;
    assert_eq!(early["code"], "unavailable", "it is not its turn: {early}");
    for (command, id) in [(&ask, "ask-1"), (&say, "say-1")] {
        joe.send(command.clone()).await;
        joe.ack_of(id).await;
    }
    bob.offer_of(&chat).await;
    clara.expect_text("I have passed you on").await;
}

#[tokio::test]
async fn a_brand_finds_the_group_that_a_new_chat_would_enter() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    let to_brand = to_the_brand(&chat);
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe.put("hand-on", to_brand.clone()).await;
    let ack = joe.ack_of("hand-on").await;
    let offer = bob.offer_of(&chat).await;
    assert_eq!((&offer["kind"], &offer["group"]), (&json!("transfer"), &json!("support")), "{offer}");
    // The same command means the same, whichever group would be found now.
    bob.accept(&offer).await;
    clara.expect_event("transferred").await;
    joe.put("hand-on", to_brand).await;
    assert_eq!(joe.ack_of("hand-on").await["seq"], ack["seq"]);
}

/// Joe has a chat of Support, and Bob receives for Sales alone.
async fn bob_is_in_sales() -> (TestServer, VisitorClient, OperatorClient, OperatorClient, String) {
    let (server, clara, joe, chat) = joe_answers().await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let bob = Browser::signed_in(&server.url(), "bob").await.operator_id();
    let sales = json!({ "group": "sales", "operator": bob, "handling": "primary" });
    admin.post("/api/v1/memberships", sales).await.ok();
    admin.patch(&format!("/api/v1/memberships/support/{bob}"), json!({ "active": false })).await.ok();
    let bob = OperatorClient::online(&server, "bob").await;
    department_is(&admin, "sales", "online").await;
    (server, clara, joe, bob, chat)
}

fn to_the_brand(chat: &str) -> Value {
    json!({ "type": "transfer", "chat": chat, "to": { "brand": "demo" }, "reason": "Not ours" })
}

#[tokio::test]
async fn a_brand_hands_a_chat_on_within_the_department_that_its_visitor_chose() {
    let (server, _clara, mut joe, mut bob, chat) = bob_is_in_sales().await;
    let mut sue = OperatorClient::online(&server, "sue").await;
    joe.stored(to_the_brand(&chat)).await;
    let offer = sue.offer_of(&chat).await;
    assert_eq!((&offer["kind"], &offer["group"]), (&json!("transfer"), &json!("support")), "{offer}");
    sue.decline(&offer).await;
    bob.expect_none("offer", |frame| frame["type"] == "offer").await;
}

#[tokio::test]
async fn a_brand_hands_no_chat_to_a_department_that_its_visitor_did_not_choose() {
    let (server, _clara, mut joe, mut bob, chat) = bob_is_in_sales().await;
    joe.status("away").await;
    department_is(&joe.browser, "support", "offline").await;
    let refused = joe.refused(to_the_brand(&chat), "conflict").await;
    assert_eq!(refused["why"], "offline", "{refused}");
    // When the department is gone nothing is chosen any more: whichever group is the best.
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch("/api/v1/groups/support", json!({ "department": "sales" })).await.ok();
    admin.delete("/api/v1/departments/support").await.ok();
    joe.stored(to_the_brand(&chat)).await;
    let offer = bob.offer_of(&chat).await;
    assert_eq!(offer["group"], "sales", "{offer}");
}

#[tokio::test]
async fn a_brand_that_is_not_there_or_has_nobody_is_refused() {
    let (server, _clara, mut joe, chat) = joe_answers().await;
    let to = |to: Value| json!({ "type": "transfer", "chat": chat, "to": to, "reason": "Not ours" });
    joe.refused(to(json!({ "brand": "nothing" })), "not_found").await;
    let refused = joe.refused(to(json!({ "brand": "nothing", "group": "support" })), "not_found").await;
    assert!(refused["message"].as_str().is_some_and(|words| words.contains("brand")), "{refused}");
    let none = joe.refused(to(json!({})), "invalid").await;
    assert_eq!(none["field"], "to", "{none}");
    let invite = json!({ "type": "invite", "chat": chat, "to": { "brand": "demo" }, "stay": true });
    let refused = joe.refused(invite, "invalid").await;
    assert_eq!(refused["field"], "to.brand", "{refused}");
    let mut dora = VisitorClient::connect(&server).await;
    joe.status("away").await;
    dora.expect("that nobody is there", |frame| frame["type"] == "state" && frame["state"] == "offline").await;
    let nobody = joe.refused(to(json!({ "brand": "demo" })), "conflict").await;
    assert_eq!(nobody["why"], "offline", "{nobody}");
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe.stored(to(json!({ "brand": "demo", "group": "support" }))).await;
    bob.offer_of(&chat).await;
}
