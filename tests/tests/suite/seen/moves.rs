//! Each figure of what goes on is moved by what moves it, and by nothing else.

use std::time::{Duration, Instant};

use engine::domain::routing::WhyStill;
use serde_json::json;
use switchboard_tests::client::{OperatorClient, Socket, Start, VisitorClient};
use switchboard_tests::server::TestServer;

/// Gauges are set each second, or five.
const SOON: Duration = Duration::from_secs(10);

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

/// Waits until the chats of Support that wait do so for these reasons, so many for each, and for no others.
async fn waits_for(server: &TestServer, reasons: &[(&str, f64)]) {
    for reason in WhyStill::ALL.map(WhyStill::as_str) {
        let series =
            format!("switchboard_queue_waiting_reason_chats{{account=\"1\",group=\"support\",reason=\"{reason}\"}}");
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
