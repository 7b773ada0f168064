//! Offers in a row that an operator lets expire: counted over all their groups, and judged by the group whose offer was
//! the last of them.

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::{department_is, joe_answers};

fn is_away(frame: &Value) -> bool {
    frame["type"] == "status" && frame["status"] == "away"
}

/// A visitor of that department asks, Joe lets it ring out, and the visitor goes.
async fn rings_out(server: &TestServer, joe: &mut OperatorClient, department: &'static str) {
    department_is(&joe.browser, department, "online").await;
    let mut visitor = VisitorClient::connect(server).await;
    let chat = visitor.start(&Start { department, ..Start::support("Clara", "Anybody there?") }).await;
    let offer = joe.offer_of(&chat).await;
    assert_eq!(offer["group"], department, "{offer}");
    joe.expect("its end", |frame| frame["type"] == "offer_gone" && frame["chat"] == chat.as_str()).await;
    visitor.end().await;
}

#[tokio::test]
async fn what_is_missed_in_one_group_counts_in_the_other_which_has_a_rule_of_its_own() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let his = Browser::signed_in(&server.url(), "joe").await.operator_id();
    let sales = json!({ "group": "sales", "operator": his, "handling": "primary" });
    admin.post("/api/v1/memberships", sales).await.ok();
    for (group, most) in [("support", json!(null)), ("sales", json!(2))] {
        let rules = json!({ "offer_expires_after_s": 5, "expired_offers_until_away": most });
        admin.patch(&format!("/api/v1/groups/{group}"), rules).await.ok();
    }
    let mut joe = OperatorClient::online(&server, "joe").await;

    // Support sets nobody to away for it; Sales does after two in a row, and this is the second.
    rings_out(&server, &mut joe, "support").await;
    joe.expect_none("word of being away", is_away).await;
    rings_out(&server, &mut joe, "sales").await;
    let told = joe.expect("that he is away", is_away).await;
    assert_eq!(told["why"], "offers_expired", "{told}");

    // Back on-line it begins anew. However many there are in a row, one of Support's never does it.
    joe.status("online").await;
    rings_out(&server, &mut joe, "sales").await;
    rings_out(&server, &mut joe, "support").await;
    joe.expect_none("word of being away", is_away).await;
    let me = joe.browser.get("/api/v1/colleagues").await.ok();
    let mine = me["items"].as_array().into_iter().flatten().find(|one| one["id"] == joe.id().as_str());
    assert_eq!(mine.map(|one| &one["status"]), Some(&json!("online")), "{me}");
}

#[tokio::test]
async fn what_is_missed_in_a_row_still_counts_after_the_server_was_killed() {
    let mut server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let rules = json!({ "offer_expires_after_s": 5, "expired_offers_until_away": 2 });
    admin.patch("/api/v1/groups/support", rules).await.ok();
    let mut joe = OperatorClient::online(&server, "joe").await;
    rings_out(&server, &mut joe, "support").await;
    // A window that comes is told how he is once what he missed is stored.
    joe.reconnect().await.expect("he is still signed in");
    server.kill();
    server.restart();
    joe.reconnect().await.expect("the session outlives the server");
    rings_out(&server, &mut joe, "support").await;
    let told = joe.expect("that he is away", is_away).await;
    assert_eq!(told["why"], "offers_expired", "{told}");
}

#[tokio::test]
async fn what_a_group_says_of_missed_offers_while_one_rings_holds_for_it() {
    let (server, _clara, mut joe, chat) = joe_answers().await;
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    admin.patch("/api/v1/groups/support", json!({ "offer_expires_after_s": 5 })).await.ok();
    let to = json!({ "operator": bob.id() });
    joe.stored(json!({ "type": "transfer", "chat": chat, "to": to, "reason": "Knows parcels" })).await;
    bob.offer_of(&chat).await;
    admin.patch("/api/v1/groups/support", json!({ "expired_offers_until_away": 1 })).await.ok();
    let told = bob.expect("that he is away", is_away).await;
    assert_eq!(told["why"], "offers_expired", "{told}");
}
