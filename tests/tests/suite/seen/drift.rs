//! Figures are held against the log: while all is well nothing drifts, and whatever is planted is found, counted and
//! named.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::server::TestServer;

/// A chat is looked at between 5 and 10 seconds after its end.
const SEEN_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test]
async fn figures_are_what_the_logs_say() {
    let server = TestServer::start();
    chats(&server).await;
    let told = checked(&server, 3).await;
    assert_eq!(drift(&told), Vec::<String>::new(), "{told}");
    assert!(told.contains("switchboard_figures_unchecked_total 0"), "{told}");
}

#[tokio::test]
async fn what_was_counted_wrong_is_found() {
    let server = TestServer::with(&[("SWITCHBOARD_FAULT_MISCOUNT", "1")]);
    let chat = chats(&server).await;
    let told = checked(&server, 3).await;
    let wrong = r#"switchboard_figures_drift_total{kept="counted",figure="queue_time"} 3"#;
    assert_eq!(drift(&told), [wrong], "a second was added to each wait that was counted");
    assert!(server.log().contains(&chat), "the log names the chats");
}

#[tokio::test]
async fn what_has_not_settled_is_looked_at_before_the_server_stops() {
    for planted in [false, true] {
        let faults: &[(&str, &str)] = if planted { &[("SWITCHBOARD_FAULT_MISCOUNT", "1")] } else { &[] };
        let mut server = TestServer::with(faults);
        let chat = chats(&server).await;
        server.ask_to_stop();
        let (server, status) = tokio::task::spawn_blocking(move || {
            let status = server.wait_until_stopped();
            (server, status)
        })
        .await
        .expect("it stops");
        assert_eq!(status.code(), Some(0));
        let log = server.log();
        let wrong: Vec<&str> = log.lines().filter(|line| line.contains("is not what its log says")).collect();
        assert_eq!(wrong.len(), if planted { 3 } else { 0 }, "{wrong:?}");
        assert_eq!(wrong.iter().any(|line| line.contains(&chat)), planted, "the last of them ended at the very end");
        assert!(!log.contains("held against"), "each was looked at: {log}");
    }
}

#[tokio::test]
async fn a_row_that_was_changed_is_found() {
    let server = TestServer::start();
    let chat = chats(&server).await;
    let database = Connection::open(server.data().join("switchboard.db")).expect("the store is there");
    database.busy_timeout(Duration::from_secs(5)).expect("a time");
    let bytes = uuid::Uuid::parse_str(&chat).expect("an id");
    let changed = database.execute("UPDATE chat SET ended_at = ended_at + 60000 WHERE id = ?1", [bytes.as_bytes()]);
    assert_eq!(changed, Ok(1), "somebody improves a figure by hand");
    let told = checked(&server, 3).await;
    let wrong = r#"switchboard_figures_drift_total{kept="row",figure="handling_time"} 1"#;
    assert_eq!(drift(&told), [wrong]);
}

/// One chat that is answered, one that is left at once, one that its operator ends; the last of them.
async fn chats(server: &TestServer) -> String {
    let mut joe = OperatorClient::online(server, "joe").await;
    let mut clara = VisitorClient::connect(server).await;
    clara.start(&Start::support("Clara", "Hello?")).await;
    let first = joe.accept_next().await;
    joe.say(&first, "Good morning.").await;
    let mut dora = VisitorClient::connect(server).await;
    dora.start(&Start::support("Dora", "And me?")).await;
    dora.end().await;
    clara.end().await;
    let mut emil = VisitorClient::connect(server).await;
    emil.start(&Start::support("Emil", "Me too?")).await;
    let last = joe.accept_next().await;
    joe.end(&last).await;
    last
}

/// The metrics once that many chats were looked at.
async fn checked(server: &TestServer, chats: u32) -> String {
    let begun = Instant::now();
    loop {
        let answer = reqwest::get(format!("{}/metrics", server.admin_url())).await.expect("an answer");
        let text = answer.text().await.expect("text");
        if text.contains(&format!("switchboard_figures_checked_total {chats}\n")) {
            return text;
        }
        assert!(begun.elapsed() < SEEN_WITHIN, "nobody looked at {chats} chats: {text}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The series of drift that are not 0.
fn drift(metrics: &str) -> Vec<String> {
    let series = metrics.lines().filter(|line| line.starts_with("switchboard_figures_drift_total{"));
    let series: Vec<&str> = series.collect();
    assert_eq!(series.len(), 18, "all are there from the start: {series:?}");
    series.into_iter().filter(|line| !line.ends_with(" 0")).map(str::to_owned).collect()
}
