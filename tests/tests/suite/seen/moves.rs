//! Each figure of what goes on is moved by what moves it, and by nothing else.

use std::time::{Duration, Instant};

use engine::domain::limits::RING_ALL_CHATS_MAX;
use engine::domain::routing::WhyStill;
use serde_json::json;
use switchboard_tests::client::{OperatorClient, Socket, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

/// Gauges are set each second, or five.
const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn who_is_there_and_what_they_hold_is_told_as_it_is() {
    let server = TestServer::start();
    let of_support = |name: &str| format!("switchboard_{name}{{account=\"1\",group=\"support\"}}");
    let is = async |name: &str, value: f64| becomes(&server, &of_support(name), value).await;
    for name in ["receiving_operators", "capacity_slots", "capacity_free_slots", "waiting_chats"] {
        is(name, 0.0).await;
    }
    // Joe may hold one chat, Mona as many as she likes, which count as ten; she gets none by herself.
    let mut joe = OperatorClient::online(&server, "joe").await;
    is("receiving_operators", 1.0).await;
    is("capacity_slots", 1.0).await;
    let mut mona = OperatorClient::online(&server, "mona").await;
    is("receiving_operators", 2.0).await;
    is("capacity_slots", 11.0).await;
    is("capacity_free_slots", 11.0).await;
    becomes(&server, r#"switchboard_sockets{side="operator"}"#, 2.0).await;

    let mut clara = VisitorClient::connect(&server).await;
    becomes(&server, r#"switchboard_sockets{side="visitor"}"#, 1.0).await;
    clara.start(&Start::support("Clara", "Hello?")).await;
    let offer = joe.offer().await;
    is("capacity_reserved_slots", 1.0).await;
    is("capacity_free_slots", 10.0).await;
    waits_for(&server, &[("ringing", 1.0)]).await;
    becomes(&server, r#"switchboard_actors{kind="visitor_session"}"#, 1.0).await;
    joe.accept(&offer).await;
    is("capacity_reserved_slots", 0.0).await;
    is("capacity_used_slots", 1.0).await;
    is("capacity_free_slots", 10.0).await;

    let mut dora = VisitorClient::connect(&server).await;
    let waits = dora.start(&Start::support("Dora", "And me?")).await;
    is("waiting_chats", 1.0).await;
    let longest = of_support("waiting_longest_seconds");
    until(&server, &longest, |seconds| seconds >= 1.0).await;
    waits_for(&server, &[("all_full", 1.0)]).await;
    // Joe goes: Mona is left, whom nothing is assigned to.
    joe.status("away").await;
    waits_for(&server, &[("nobody_assigned", 1.0)]).await;
    joe.status("online").await;
    waits_for(&server, &[("all_full", 1.0)]).await;
    mona.take(&waits).await;
    is("waiting_chats", 0.0).await;
    waits_for(&server, &[]).await;
    is("waiting_longest_seconds", 0.0).await;
    is("capacity_used_slots", 2.0).await;
    clara.close().await;
    dora.close().await;
    becomes(&server, r#"switchboard_sockets{side="visitor"}"#, 0.0).await;
}

/// Those that last; the moments between, `being_offered`, `choosing` and `unheard`, are looked at where they are made.
#[tokio::test]
async fn why_chats_wait_is_told_as_it_changes() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch("/api/v1/groups/support", json!({ "wanted_operator_waits_s": 120 })).await.ok();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let (mut clara, declined) = asks_support(&server, None).await;
    let offer = joe.offer_of(&declined).await;
    joe.decline(&offer).await;
    waits_for(&server, &[("let_go", 1.0)]).await;
    clara.end().await;
    let (_dora, runs) = asks_support(&server, None).await;
    let offer = joe.offer_of(&runs).await;
    joe.accept(&offer).await;

    let (mut emil, _) = asks_support(&server, Some(&joe.id())).await;
    waits_for(&server, &[("operator_awaited", 1.0)]).await;
    emil.end().await;
    let needs = json!({ "skills": [{ "skill": "billing", "level": 1 }] });
    admin.patch("/api/v1/departments/support", needs).await.ok();
    let (mut fay, _) = asks_support(&server, None).await;
    waits_for(&server, &[("nobody_skilled", 1.0)]).await;
    fay.end().await;
    admin.patch("/api/v1/departments/support", json!({ "skills": null })).await.ok();

    let (_gina, _) = asks_support(&server, None).await;
    waits_for(&server, &[("all_full", 1.0)]).await;
    joe.close().await;
    waits_for(&server, &[("connection_lost", 1.0)]).await;
    joe.reconnect().await.expect("the server lets operators in");
    joe.status("away").await;
    waits_for(&server, &[("nobody_receives", 1.0)]).await;
}

#[tokio::test]
async fn chats_in_line_and_chats_that_ring_in_another_group_are_told_apart_from_those_that_ring() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let rings = json!({ "offer_mode": "ring_all", "offer_expires_after_s": 60 });
    admin.patch("/api/v1/groups/support", rings).await.ok();
    let sue = Browser::signed_in(&server.url(), "sue").await.operator_id();
    let full = json!({ "group": "sales", "operator": sue, "handling": "primary", "limit": 0 });
    admin.post("/api/v1/memberships", full).await.ok();
    let overflow = json!({ "overflow": { "after_s": 1, "groups": ["support"] } });
    admin.patch("/api/v1/groups/sales", overflow).await.ok();
    let mut sues = OperatorClient::online(&server, "sue").await;
    // It rings at Sue for Support, and waits in Sales.
    let mut hana = VisitorClient::connect(&server).await;
    let chat = hana.start(&Start { name: "Hana", department: "sales", question: "Hello?" }).await;
    sues.offer_of(&chat).await;
    waits_in(&server, "sales", &[("ringing_elsewhere", 1.0)]).await;
    waits_for(&server, &[]).await;
    hana.end().await;
    waits_in(&server, "sales", &[]).await;

    let mut visitors = Vec::new();
    for _ in 0..=RING_ALL_CHATS_MAX {
        visitors.push(asks_support(&server, None).await);
    }
    waits_for(&server, &[("ringing", RING_ALL_CHATS_MAX as f64), ("in_line", 1.0)]).await;
}

#[tokio::test]
async fn what_happens_is_counted_once() {
    let server = TestServer::start();
    let counts = async |series: &str, value: f64| assert_eq!(now(&server, series).await, value, "{series}");
    let resumes = |side: &str| format!("switchboard_resumes_total{{side=\"{side}\"}}");
    let refused = |code: &str| format!("switchboard_commands_refused_total{{code=\"{code}\"}}");

    // Before hello, and after it; by the socket, the connection, the store and the chat.
    let mut early = Socket::open(server.address(), "/ws/visitor", &[("origin", &server.url())], Default::default())
        .await
        .expect("the server lets visitors in");
    early.send(&json!({ "type": "say", "text": "hello?" })).await.expect("the socket is open");
    early.next(SOON).await.expect("the socket is open");
    counts(&refused("conflict"), 1.0).await;
    let mut clara = VisitorClient::connect(&server).await;
    clara.refused(Start::support("Clara", "Anybody?").command(), "conflict").await;
    counts(&refused("conflict"), 2.0).await;
    clara.send_text("[]").await;
    clara.expect("that it is no frame", |frame| frame["code"] == "bad_frame").await;
    counts(&refused("bad_frame"), 1.0).await;
    let mut mona = OperatorClient::online(&server, "mona").await;
    mona.refused(json!({ "type": "say", "chat": "0".repeat(32), "text": "hello?" }), "not_found").await;
    counts(&refused("not_found"), 1.0).await;

    let first = clara.start(&Start::support("Clara", "Hello?")).await;
    mona.take(&first).await;
    let before = [now(&server, &resumes("visitor")).await, now(&server, &resumes("operator")).await];
    clara.resume(&first, 0).await;
    counts(&resumes("visitor"), before[0] + 1.0).await;
    mona.resume(&first, 0).await;
    counts(&resumes("operator"), before[1] + 1.0).await;

    let ended = |by: &str, why: &str| {
        format!("switchboard_chats_ended_total{{account=\"1\",group=\"support\",by=\"{by}\",why=\"{why}\"}}")
    };
    clara.end().await;
    counts(&ended("visitor", "closed"), 1.0).await;
    counts(r#"switchboard_chats_started_total{account="1",group="support"}"#, 1.0).await;

    let left = |after: &str| format!("switchboard_left_messages_total{{after=\"{after}\"}}");
    let letter = json!({ "type": "leave_message", "email": "dora@visitor.example", "text": "Hello?",
        "department": "support" });
    let mut dora = VisitorClient::connect(&server).await;
    let sent = dora.start(&Start::support("Dora", "Hello?")).await;
    mona.stored(json!({ "type": "send_to_form", "chat": sent })).await;
    counts(&ended("operator", "sent_to_form"), 1.0).await;
    dora.acked(letter.clone()).await;
    counts(&left("chat"), 1.0).await;
    let mut emil = VisitorClient::connect(&server).await;
    emil.acked(letter).await;
    counts(&left("nothing"), 1.0).await;
}

/// Somebody asks Support, perhaps for one operator; with the chat.
async fn asks_support(server: &TestServer, wanted: Option<&str>) -> (VisitorClient, String) {
    let mut visitor = VisitorClient::connect(server).await;
    let mut command = Start::support("Clara", "Hello?").command();
    if let Some(wanted) = wanted {
        command["operator"] = json!(wanted);
    }
    let ack = visitor.acked(command).await;
    (visitor, ack["chat"].as_str().expect("the ack of a start names the chat").to_owned())
}

/// Waits until the chats of Support that wait do so for these reasons, so many for each, and for no others.
async fn waits_for(server: &TestServer, reasons: &[(&str, f64)]) {
    waits_in(server, "support", reasons).await;
}

async fn waits_in(server: &TestServer, group: &str, reasons: &[(&str, f64)]) {
    for reason in WhyStill::ALL.map(WhyStill::as_str) {
        let series =
            format!("switchboard_queue_waiting_reason_chats{{account=\"1\",group=\"{group}\",reason=\"{reason}\"}}");
        let waiting = reasons.iter().find(|(known, _)| *known == reason).map_or(0.0, |(_, waiting)| *waiting);
        becomes(server, &series, waiting).await;
    }
}

/// Waits until a series has that value.
async fn becomes(server: &TestServer, series: &str, wanted: f64) {
    until(server, series, |value| value == wanted).await;
}

async fn until(server: &TestServer, series: &str, is: impl Fn(f64) -> bool) {
    let deadline = Instant::now() + SOON;
    loop {
        let value = now(server, series).await;
        if is(value) {
            return;
        }
        assert!(Instant::now() < deadline, "{series} stays {value}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What a series says now; one that is not there yet has counted nothing.
async fn now(server: &TestServer, series: &str) -> f64 {
    let answer = reqwest::get(format!("{}/metrics", server.admin_url())).await.expect("an answer");
    let text = answer.text().await.expect("text");
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().expect("a number"))
}
