//! Reports over HTTP: what happened is what they say, as JSON and as CSV; operators get their own figures, other
//! accounts none, and Prometheus has the same.

use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::http::{Browser, last_hour};
use switchboard_tests::server::TestServer;

#[tokio::test]
async fn a_report_says_what_happened_and_to_whom_it_may() {
    let server = TestServer::start();
    let mut mona = OperatorClient::online(&server, "mona").await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    clara.start(&Start::support("Clara", "Hello?")).await;
    let first = joe.accept_next().await;
    joe.say(&first, "Good morning.").await;
    let mut dora = VisitorClient::connect(&server).await;
    let second = dora.start(&Start::support("Dora", "And me?")).await;
    mona.take(&second).await;
    let mut emil = VisitorClient::connect(&server).await;
    emil.start(&Start::support("Emil", "Me too?")).await;
    emil.end().await;
    clara.end().await;
    dora.end().await;

    let admin = Browser::signed_in(&server.url(), "admin").await;
    let report = admin.get(&asked("summary", "by=operator")).await.ok();
    assert_eq!(counts(&report["total"]), [3, 2, 1], "{report}");
    assert_eq!(report["total"]["service_level"], json!(1.0), "both at once, and Emil left before 20 s: {report}");
    assert_eq!(report["total"]["bounce_rate"], json!(0.0), "{report}");
    assert!(report["total"]["first_reply_s"]["max"].as_f64().is_some_and(|wait| wait < 10.0), "{report}");
    let idle = report["total"]["idle_time_mean_s"].as_f64().expect("Joe wrote");
    assert_eq!(
        Some(idle),
        report["total"]["first_reply_s"]["mean"].as_f64(),
        "one word: its idle time is the first reply"
    );
    let of = |who: &str| report["rows"].as_array().unwrap().iter().find(|row| row["key"] == who).cloned();
    assert_eq!(counts(&of(&joe.id()).expect("Joe's")), [1, 1, 0], "{report}");
    assert_eq!(counts(&of(&mona.id()).expect("Mona's")), [1, 1, 0], "{report}");
    assert!(report["formulas"]["service_level"].as_str().is_some_and(|words| words.contains("within_s")), "{report}");
    assert_eq!(report["within_s"], 20);
    assert_eq!(admin.get(&asked("summary", "by=hour&within=45")).await.ok()["within_s"], 45);

    let by_group = admin.get(&asked("summary", "by=group")).await.ok();
    assert_eq!(by_group["rows"][0]["chats"], 3, "{by_group}");
    let csv = admin.get(&asked("summary.csv", "by=group")).await;
    assert!(csv.content_type.starts_with("text/csv"), "{csv:?}");
    let text = csv.ok();
    let lines: Vec<&str> = text.as_str().expect("a text").lines().collect();
    assert_eq!(lines.len(), 3, "names, the group, the total: {lines:?}");
    assert!(lines[0].starts_with("key,chats,answered,sent_to_form,abandoned,"), "{lines:?}");
    assert!(lines[2].starts_with("total,3,2,0,1,0,0.0,1.0,"), "{lines:?}");

    // Prometheus tells the same of the same chats.
    let metrics = reqwest::get(format!("{}/metrics", server.admin_url())).await.expect("an answer");
    let metrics = metrics.text().await.expect("text");
    let told = |outcome: &str| {
        let mark = format!("outcome=\"{outcome}\"}} ");
        let lines = metrics.lines().filter(|line| line.starts_with("switchboard_queue_time_seconds_count{"));
        lines.filter_map(|line| line.split_once(&mark)?.1.parse::<u64>().ok()).sum::<u64>()
    };
    assert_eq!([told("answered"), told("abandoned")], [2, 1]);

    // Joe sees his own, and nothing of Mona's.
    let own = Browser::signed_in(&server.url(), "joe").await.get(&asked("summary", "by=operator")).await.ok();
    assert_eq!(counts(&own["total"]), [1, 1, 0], "{own}");
    assert!(!own.to_string().contains(&mona.id()), "{own}");
    Browser::new(&server.url()).get(&asked("summary", "by=hour")).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_report_that_cannot_be_made_says_why() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    for (query, field) in [
        ("to=2030-01-02T00:00:00Z", "from"),
        ("from=yesterday&to=2030-01-02T00:00:00Z", "from"),
        ("from=2030-01-02T00:00:00Z&to=2030-01-01T00:00:00Z", "to"),
        ("from=2029-01-01T00:00:00Z&to=2030-01-01T00:00:00Z", "to"),
        ("from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z&by=moon", "by"),
        ("from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z&within=0", "within"),
        ("from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z&within=soon", "within"),
    ] {
        let refused = admin.get(&format!("/api/v1/reports/summary?{query}")).await.refused(422, "invalid");
        assert_eq!(refused["field"], field, "{query}: {refused}");
    }
}

/// Chats, answered ones, abandoned ones.
fn counts(figures: &Value) -> [u64; 3] {
    ["chats", "answered", "abandoned"].map(|name| figures[name].as_u64().expect("a number"))
}

/// A report of the last hour and the next minute.
fn asked(report: &str, by: &str) -> String {
    format!("/api/v1/reports/{report}?{}&{by}", last_hour())
}
