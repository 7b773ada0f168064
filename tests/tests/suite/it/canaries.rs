//! What only operators may know never appears in any byte that a visitor gets.

use serde_json::json;
use switchboard_tests::client::{OperatorClient, QUIET, Start, VisitorClient};
use switchboard_tests::server::TestServer;

#[tokio::test]
async fn nothing_of_the_operators_reaches_a_visitor() {
    let mut server = TestServer::start();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let declined = joe.offer_of(&chat).await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    joe.decline(&declined).await;
    let accepted = bob.offer_of(&chat).await;
    bob.accept(&accepted).await;
    clara.expect_event("assigned").await;
    let why = bob.browser.get(&format!("/api/v1/chats/{chat}/decisions")).await.ok().to_string();
    assert!(why.contains("Joe") && why.contains("primary"), "operators are told who was asked: {why}");
    bob.whisper(&chat, "canary-private she is difficult").await;
    bob.acked(json!({ "type": "say", "chat": chat, "text": "canary-coaching be kind", "to": "coaching" })).await;
    bob.say(&chat, "How can I help?").await;
    clara.expect_text("How can I help?").await;
    bob.send(json!({ "type": "typing", "chat": chat, "on": true })).await;
    clara.expect_type("typing").await;
    bob.resume(&chat, 0).await;
    let last = bob.ledger(&chat).last();
    bob.send(json!({ "type": "read", "chat": chat, "seq": last })).await;
    clara.expect_type("read").await;

    let mut tab = clara.another_tab(&server).await;
    server.kill();
    server.restart();
    clara.reconnect().await.expect("the server is back");
    clara.resume(&chat, 0).await;
    bob.reconnect().await.expect("the session outlives the server");
    bob.whisper(&chat, "canary-later still difficult").await;
    bob.end(&chat).await;
    clara.expect_event("ended").await;
    clara.listen(QUIET).await;
    tab.reconnect().await.expect("the server is back");
    tab.resume(&chat, 0).await;

    let operators = bob.log().text();
    for known in ["canary-private", "canary-coaching", "canary-later"] {
        assert!(operators.contains(known), "operators see {known}");
    }
    let secrets = [joe.id(), bob.id(), declined["offer"].as_str().expect("an id").to_owned()];
    let words = ["canary-", "joe@", "bob@", "Joe", "example.com", "offered", "declined", "accepted", "primary"];
    for (whose, got) in [("her tab", clara.log().text()), ("her second tab", tab.log().text())] {
        assert!(got.contains("How can I help?"));
        for secret in words.into_iter().chain(secrets.iter().map(String::as_str)) {
            assert!(!got.contains(secret), "{whose} got {secret:?} in {:?}", line_with(&got, secret));
        }
    }
}

fn line_with<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.lines().find(|line| line.contains(word))
}
