//! Visitors who wait, and what they are told meanwhile.

use serde_json::json;
use switchboard_tests::client::{OperatorClient, QUIET, Start, VisitorClient};
use switchboard_tests::server::TestServer;

use crate::suite::it::{joe_answers, nobody_answers};

#[tokio::test]
async fn nobody_can_ask_where_nobody_receives() {
    let server = TestServer::start();
    let mut clara = VisitorClient::connect(&server).await;
    assert_eq!(clara.welcome["state"], "offline", "{}", clara.welcome);
    let start = Start::support("Clara", "Hello?").command();
    let refused = clara.refused(start.clone(), "conflict").await;
    assert_eq!(refused["why"], "offline", "{refused}");

    let mut joe = OperatorClient::online(&server, "joe").await;
    clara.expect("that it is on-line", |frame| frame["type"] == "state" && frame["state"] == "online").await;
    clara.acked(start).await;
    joe.offer().await;
}

#[tokio::test]
async fn a_page_is_told_when_all_are_busy_and_when_they_go() {
    let (server, mut clara, mut joe, _chat) = joe_answers().await;
    let mut dora = VisitorClient::connect(&server).await;
    assert_eq!(dora.welcome["state"], "busy", "Joe may hold one chat: {}", dora.welcome);
    clara.end().await;
    dora.expect("that he is free", |frame| frame["type"] == "state" && frame["state"] == "online").await;
    joe.status("away").await;
    dora.expect("that he went", |frame| frame["type"] == "state" && frame["state"] == "offline").await;
}

#[tokio::test]
async fn one_department_does_not_answer_for_another() {
    let (server, _mona) = nobody_answers(&[]).await;
    let mut clara = VisitorClient::connect(&server).await;
    let departments = clara.welcome["window"]["departments"].as_array().cloned().unwrap_or_default();
    let state = |id: &str| departments.iter().find(|one| one["id"] == id).map(|one| one["state"].clone());
    assert_eq!(state("support"), Some(json!("online")), "Mona pulls there: {departments:?}");
    assert_eq!(state("sales"), Some(json!("offline")), "{departments:?}");
    let start = Start { name: "Clara", department: "sales", question: "How much?" };
    let refused = clara.refused(start.command(), "conflict").await;
    assert_eq!(refused["why"], "offline", "{refused}");
}

#[tokio::test]
async fn visitors_know_their_place_and_move_up() {
    let (server, mut mona) = nobody_answers(&[]).await;
    let mut waiting = Vec::new();
    for (place, name) in ["Clara", "Dora", "Emil"].into_iter().enumerate() {
        let mut visitor = VisitorClient::connect(&server).await;
        let chat = visitor.start(&Start::support(name, "Hello?")).await;
        visitor.expect("the place", |frame| frame["type"] == "queue" && frame["ahead"] == place).await;
        waiting.push((visitor, chat));
    }
    mona.take(&waiting[0].1).await;
    for (place, (visitor, _)) in waiting.iter_mut().skip(1).enumerate() {
        visitor.expect("a better place", |frame| frame["type"] == "queue" && frame["ahead"] == place).await;
    }
    waiting[1].0.end().await;
    let (emil, _) = &mut waiting[2];
    emil.expect("the front", |frame| frame["type"] == "queue" && frame["ahead"] == 0).await;
}

#[tokio::test]
async fn those_who_wait_longest_are_served_first_even_after_the_server_was_killed() {
    let (mut server, mut mona) = nobody_answers(&[]).await;
    let mut chats = Vec::new();
    for name in ["Clara", "Dora"] {
        let mut visitor = VisitorClient::connect(&server).await;
        chats.push((visitor.start(&Start::support(name, "Hello?")).await, visitor));
    }
    server.kill();
    server.restart();
    for (_, visitor) in &mut chats {
        visitor.reconnect().await.expect("the server is back");
        assert_eq!(visitor.welcome["chat"]["state"], "waiting");
    }
    mona.reconnect().await.expect("the session outlives the server");
    // One at a time: Joe holds one chat.
    let mut joe = OperatorClient::online(&server, "joe").await;
    for (chat, visitor) in &mut chats {
        let offer = joe.offer().await;
        assert_eq!(offer["chat"], chat.as_str(), "in the order they came");
        joe.accept(&offer).await;
        visitor.expect_event("assigned").await;
        joe.end(chat).await;
    }
}

#[tokio::test]
async fn a_chat_may_be_written_in_while_it_waits() {
    let (server, mut mona) = nobody_answers(&[]).await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    clara.say("Order 4711, by the way.").await;
    clara.listen(QUIET).await;
    mona.take(&chat).await;
    let history = mona.resume(&chat, 0).await;
    assert_eq!(history.texts(), ["Hello?", "Order 4711, by the way."]);
}
