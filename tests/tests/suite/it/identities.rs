//! Visitors for whom the site vouches: who they are is proved, and what nobody has proved opens nothing of theirs.

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::identity::{SECRET, seconds_from_now, signed, signed_claims};
use switchboard_tests::server::TestServer;

const BRAND: &str = "/api/v1/brands/demo";

/// A server whose demo page has a key in common with it, and an administrator.
async fn server_with_a_key() -> (TestServer, Browser) {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let keys = json!([{ "id": "2026.a", "algorithm": "HS256", "key": SECRET }]);
    admin.patch(BRAND, json!({ "identity_keys": keys })).await.ok();
    (server, admin)
}

fn page_of(subject: &str) -> Value {
    json!({ "identity": signed(SECRET, "2026.a", subject) })
}

/// Ann, known to the shop, has asked Support, and Mona, who gets nothing by herself, has taken it.
async fn ann_is_served() -> (TestServer, VisitorClient, OperatorClient, String) {
    let (server, _) = server_with_a_key().await;
    let mut mona = OperatorClient::online(&server, "mona").await;
    let mut ann = VisitorClient::connect_saying(&server, page_of("customer-7")).await;
    let chat = ann.start(&Start::support("Ann", "canary-of-ann")).await;
    mona.take(&chat).await;
    ann.expect_event("assigned").await;
    (server, ann, mona, chat)
}

fn is_nobody(visitor: &VisitorClient, known: &VisitorClient) {
    assert_ne!(visitor.welcome["visitor"], known.welcome["visitor"]);
    assert_ne!(visitor.token(), known.token());
    assert!(visitor.welcome["chat"].is_null(), "{}", visitor.welcome);
    assert!(!visitor.log().text().contains("canary"));
}

#[tokio::test]
async fn who_proves_to_be_the_same_finds_their_chat_also_after_a_restart() {
    let (mut server, ann, mut mona, chat) = ann_is_served().await;
    assert_eq!(ann.welcome["verified"], json!(true), "{}", ann.welcome);
    let again = VisitorClient::connect_with(&server, ann.token(), page_of("customer-7")).await;
    assert_eq!((&again.welcome["visitor"], again.chat()), (&ann.welcome["visitor"], chat.clone()));
    server.kill();
    server.restart();
    let mut later = VisitorClient::connect_with(&server, ann.token(), page_of("customer-7")).await;
    assert_eq!((&later.welcome["visitor"], later.chat()), (&ann.welcome["visitor"], chat.clone()));
    later.say("Still me").await;
    mona.reconnect().await.expect("the session outlives the server");
    mona.resume(&chat, 0).await;
    let row = mona.browser.get(&format!("/api/v1/chats/{chat}")).await.ok();
    assert_eq!(row["visitor"]["subject"], "customer-7", "{row}");
}

#[tokio::test]
async fn another_subject_or_none_with_the_same_token_is_a_new_visitor() {
    let (server, ann, _mona, chat) = ann_is_served().await;
    let other = VisitorClient::connect_with(&server, ann.token(), page_of("customer-8")).await;
    is_nobody(&other, &ann);
    assert_eq!(other.welcome["verified"], json!(true), "{}", other.welcome);
    let over =
        signed_claims(SECRET, "2026.a", &json!({ "sub": "customer-7", "exp": seconds_from_now(-600), "aud": "demo" }));
    for page in [json!({}), json!({ "identity": over }), json!({ "identity": "not a token" })] {
        let mut nobody = VisitorClient::connect_with(&server, ann.token(), page).await;
        is_nobody(&nobody, &ann);
        assert!(nobody.welcome["verified"].is_null(), "{}", nobody.welcome);
        nobody.send(json!({ "type": "resume", "chat": chat, "after": 0 })).await;
        nobody.expect("that there is none", |frame| frame["type"] == "error" && frame["code"] == "not_found").await;
    }
    // Nor does what an unverified visitor has become a verified one's.
    let nobody = VisitorClient::connect(&server).await;
    let became = VisitorClient::connect_with(&server, nobody.token(), page_of("customer-7")).await;
    is_nobody(&became, &nobody);
    let again = VisitorClient::connect_with(&server, ann.token(), page_of("customer-7")).await;
    assert_eq!(again.chat(), chat, "nothing of it changed what is hers");
}

#[tokio::test]
async fn a_wrong_identity_is_refused_in_words_and_the_chat_goes_on_unverified() {
    let (server, _) = server_with_a_key().await;
    let mut mona = OperatorClient::online(&server, "mona").await;
    let claims = |more: Value| {
        let mut claims = json!({ "sub": "customer-7", "exp": seconds_from_now(3_600), "aud": "demo" });
        claims.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        signed_claims(SECRET, "2026.a", &claims)
    };
    for (identity, said) in [
        (signed("somebody-elses-secret-of-32-bytes-or-more", "2026.a", "customer-7"), "signature"),
        (signed(SECRET, "2025.z", "customer-7"), "kid"),
        (claims(json!({ "exp": seconds_from_now(-600) })), "expired"),
        (claims(json!({ "aud": "another-brand" })), "aud"),
        (claims(json!({ "aud": null })), "aud"),
        (claims(json!({ "sub": "" })), "sub"),
        ("e30.e30.".to_owned(), "JSON Web Token"),
        ("x".repeat(9_000), "longer"),
    ] {
        let mut clara = VisitorClient::connect_saying(&server, json!({ "identity": identity })).await;
        let error = clara.expect_error("unauthorized").await;
        assert!(error["message"].as_str().is_some_and(|words| words.contains(said)), "{said}: {error}");
        assert_eq!((&error["field"], &error["id"]), (&json!("identity"), &Value::Null), "{error}");
        let chat = clara.start(&Start::support("Clara", "Hello?")).await;
        mona.take(&chat).await;
        clara.expect_event("assigned").await;
        let row = mona.browser.get(&format!("/api/v1/chats/{chat}")).await.ok();
        assert!(row["visitor"]["subject"].is_null(), "{row}");
        mona.end(&chat).await;
    }
    assert!(!server.log().contains("customer-7"), "who it was to be stands in no log");
    assert!(server.log().contains("an identity was refused"), "{}", server.log());
}

#[tokio::test]
async fn operators_see_who_is_verified_and_that_a_typed_address_is_not() {
    let (server, admin) = server_with_a_key().await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut ann = VisitorClient::connect_saying(&server, page_of("customer-7")).await;
    let start = json!({
        "type": "start", "name": "Ann", "email": "ann@shop.example", "department": "support", "question": "Hello?",
    });
    let chat = ann.acked(start).await["chat"].as_str().expect("the ack names the chat").to_owned();
    let offer = joe.offer_of(&chat).await;
    assert_eq!(offer["visitor"], json!({ "name": "Ann", "email": "ann@shop.example", "subject": "customer-7" }));
    joe.accept(&offer).await;
    assert!(!ann.log().text().contains("customer-7"), "what the server knows of her is not for her page");
    let contact = joe.browser.get(&format!("/api/v1/chats/{chat}/contact")).await.ok();
    assert_eq!((&contact["verified"], &contact["subject"]), (&json!(true), &json!("customer-7")), "{contact}");
    joe.end(&chat).await;

    let mut typed = VisitorClient::connect(&server).await;
    let start = json!({
        "type": "start", "name": "Ann", "email": "ann@shop.example", "department": "support", "question": "Hello?",
    });
    let chat = typed.acked(start).await["chat"].as_str().expect("the ack names the chat").to_owned();
    let offer = joe.offer_of(&chat).await;
    assert_eq!(offer["visitor"], json!({ "name": "Ann", "email": "ann@shop.example" }));
    let contact = admin.get(&format!("/api/v1/chats/{chat}/contact")).await.ok();
    assert_eq!((&contact["verified"], &contact["priority"]), (&json!(false), &json!(0)), "{contact}");
}

#[tokio::test]
async fn who_proves_to_be_the_same_gets_the_operator_of_last_time_and_nobody_else_does() {
    let (mut server, admin) = server_with_a_key().await;
    let rules = json!({ "last_operator_days": 7, "last_operator_waits_s": 3 });
    admin.patch("/api/v1/groups/support", rules).await.ok();
    let mut sue = OperatorClient::online(&server, "sue").await;
    let mut ann = VisitorClient::connect_saying(&server, page_of("customer-7")).await;
    let chat = ann.start(&Start::support("Ann", "Hello?")).await;
    let offer = sue.offer_of(&chat).await;
    sue.accept(&offer).await;
    sue.end(&chat).await;
    ann.expect_event("ended").await;
    server.kill();
    server.restart();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut sue = OperatorClient::online(&server, "sue").await;
    // Another browser, no address: the subject alone.
    let mut again = VisitorClient::connect_saying(&server, page_of("customer-7")).await;
    let chat = again.start(&Start::support("Ann", "Me again")).await;
    let offer = sue.offer_of(&chat).await;
    sue.accept(&offer).await;
    for page in [page_of("customer-8"), json!({})] {
        let mut stranger = VisitorClient::connect_saying(&server, page).await;
        let chat = stranger.start(&Start::support("customer-7", "Hello?")).await;
        let offer = joe.offer_of(&chat).await;
        joe.accept(&offer).await;
        joe.end(&chat).await;
    }
}

#[tokio::test]
async fn a_contact_for_whom_more_was_set_comes_first_also_while_they_wait_and_after_a_restart() {
    let (mut server, admin) = server_with_a_key().await;
    let _mona = OperatorClient::online(&server, "mona").await;
    let mut dora = VisitorClient::connect(&server).await;
    dora.start(&Start::support("Dora", "Hello?")).await;
    dora.expect("the first place", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;
    let mut ann = VisitorClient::connect_saying(&server, page_of("customer-7")).await;
    let chat = ann.start(&Start::support("Ann", "Hello?")).await;
    ann.expect("the second place", |frame| frame["type"] == "queue" && frame["ahead"] == 1).await;
    let contact = format!("/api/v1/chats/{chat}/contact");
    let seen = admin.get(&contact).await.ok();
    assert_eq!(seen["priority"], 0, "{seen}");
    let set = admin.patch_seen(&seen, &contact, json!({ "priority": 30 })).await.ok();
    assert_eq!(set["priority"], 30, "{set}");
    ann.expect("the first place", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;
    dora.expect("the second place", |frame| frame["type"] == "queue" && frame["ahead"] == 1).await;
    let refused = admin.patch_seen(&seen, &contact, json!({ "priority": 10 })).await.refused(409, "conflict");
    assert_eq!(refused["why"], "changed", "{refused}");
    let refused = admin.patch(&contact, json!({ "priority": 91 })).await.refused(422, "invalid");
    assert_eq!(refused["field"], "priority", "{refused}");

    ann.end().await;
    server.kill();
    server.restart();
    dora.reconnect().await.expect("the server is back");
    let _mona = OperatorClient::online(&server, "mona").await;
    let mut later = VisitorClient::connect_saying(&server, page_of("customer-7")).await;
    later.start(&Start::support("Ann", "Me again")).await;
    later.expect("the first place", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;
}

#[tokio::test]
async fn only_an_administrator_sets_a_contact_and_only_one_who_is_verified_can_be() {
    let (server, admin) = server_with_a_key().await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut ann = VisitorClient::connect_saying(&server, page_of("customer-7")).await;
    let chat = ann.start(&Start::support("Ann", "Hello?")).await;
    let offer = joe.offer_of(&chat).await;
    joe.accept(&offer).await;
    let contact = format!("/api/v1/chats/{chat}/contact");
    joe.browser.patch(&contact, json!({ "priority": 30 })).await.refused(403, "forbidden");
    let bob = Browser::signed_in(&server.url(), "bob").await;
    bob.get(&contact).await.refused(404, "not_found");
    assert_eq!(admin.get(&contact).await.ok()["priority"], 0);
    joe.end(&chat).await;
    let mut dora = VisitorClient::connect(&server).await;
    let chat = dora.start(&Start::support("Dora", "Hello?")).await;
    let refused = admin.patch(&format!("/api/v1/chats/{chat}/contact"), json!({ "priority": 30 })).await;
    assert_eq!(refused.refused(409, "conflict")["why"], "state");
}
