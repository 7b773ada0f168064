//! Reports over HTTP: what happened is what they say, as JSON and as CSV; operators get their own figures, other
//! accounts none, and Prometheus has the same.

use std::time::{Duration, Instant};

use engine::domain::time::Timestamp;
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, SOON, Start, VisitorClient};
use switchboard_tests::http::{Browser, last_hour};
use switchboard_tests::server::TestServer;

const HOUR_MS: i64 = 3_600_000;

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
    let half = report["total"]["idle_time_s"]["p50"].as_f64().expect("a step");
    assert!(half >= idle && half <= 20.0, "the step that the one idle time is in: {report}");
    let of = |who: &str| report["rows"].as_array().unwrap().iter().find(|row| row["key"] == who).cloned();
    assert_eq!(counts(&of(&joe.id()).expect("Joe's")), [1, 1, 0], "{report}");
    assert_eq!(counts(&of(&mona.id()).expect("Mona's")), [1, 1, 0], "{report}");
    assert!(report["formulas"]["service_level"].as_str().is_some_and(|words| words.contains("within_s")), "{report}");
    assert_eq!((&report["within_s"], &report["group_within_s"]), (&Value::Null, &json!({ "support": 20 })), "{report}");
    let other = admin.get(&asked("summary", "by=hour&within=45")).await.ok();
    assert_eq!((&other["within_s"], &other["group_within_s"]), (&json!(45), &json!({ "support": 45 })), "{other}");

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
    let metrics = metrics(&server).await;
    let told = |outcome: &str| {
        let mark = format!("outcome=\"{outcome}\"}} ");
        let lines = metrics.lines().filter(|line| line.starts_with("switchboard_queue_time_seconds_count{"));
        lines.filter_map(|line| line.split_once(&mark)?.1.parse::<u64>().ok()).sum::<u64>()
    };
    assert_eq!([told("answered"), told("abandoned")], [2, 1]);
    let messages = metrics.lines().filter(|line| line.starts_with("switchboard_messages_total{"));
    let messages: u64 = messages.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum();
    assert_eq!((messages, &report["total"]["messages"]), (4, &json!(4)), "three questions, and what Joe said");

    // Joe sees his own, and nothing of Mona's.
    let own = Browser::signed_in(&server.url(), "joe").await.get(&asked("summary", "by=operator")).await.ok();
    assert_eq!(counts(&own["total"]), [1, 1, 0], "{own}");
    assert!(!own.to_string().contains(&mona.id()), "{own}");
    Browser::new(&server.url()).get(&asked("summary", "by=hour")).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn the_mean_times_of_a_report_are_those_of_prometheus() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    // Times of different lengths, so that none can stand for another.
    let pause = async |millis| tokio::time::sleep(Duration::from_millis(millis)).await;
    for (name, wait) in [("Clara", 150), ("Dora", 350)] {
        let mut visitor = VisitorClient::connect(&server).await;
        visitor.start(&Start::support(name, "Hello?")).await;
        let offer = joe.offer().await;
        pause(wait).await;
        let chat = joe.accept(&offer).await;
        pause(500).await;
        joe.say(&chat, "Good morning.").await;
        joe.say(&chat, "How can I help?").await;
        pause(100).await;
        visitor.end().await;
    }
    let mut emil = VisitorClient::connect(&server).await;
    emil.start(&Start::support("Emil", "Me too?")).await;
    pause(200).await;
    emil.end().await;

    let report = admin.get(&asked("summary", "by=group")).await.ok();
    let metrics = metrics(&server).await;
    let counted = |series: &str, labels: &str| {
        let lines = metrics.lines().filter(|line| line.starts_with(&format!("{series}{{")) && line.contains(labels));
        lines.map(|line| line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok()).expect("a number")).sum()
    };
    for (figure, metric, labels, times) in [
        ("/queue_time_s/mean", "queue_time", r#"outcome="answered""#, 2.0),
        ("/queue_time_abandoned_s/mean", "queue_time", r#"outcome="abandoned""#, 1.0),
        ("/first_reply_s/mean", "first_reply", "", 2.0),
        ("/idle_time_mean_s", "idle_time", "", 4.0),
        ("/handling_time_s/mean", "handling_time", "", 2.0),
    ] {
        let count: f64 = counted(&format!("switchboard_{metric}_seconds_count"), labels);
        let sum: f64 = counted(&format!("switchboard_{metric}_seconds_sum"), labels);
        assert_eq!(count, times, "{metric}, {labels}: {metrics}");
        // The same milliseconds on both sides: no more than the last digits of a sum may differ.
        let told = report["total"].pointer(figure).and_then(Value::as_f64).unwrap_or_else(|| panic!("{report}"));
        assert!((told - sum / count).abs() < 1e-6, "{figure} is {told}, not {sum} / {count}");
        assert!(told > 0.1, "{figure} is {told}: as long as somebody paused, and not nothing");
    }
}

#[tokio::test]
async fn a_table_says_where_the_formula_of_each_column_stands() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let table = reqwest::Url::parse(&format!("{}{}", server.url(), asked("summary.csv", "by=group"))).expect("a URL");
    let get = |url| reqwest::Client::new().get(url).header("cookie", admin.cookie()).send();
    let answer = get(table.clone()).await.expect("an answer");
    let link = answer.headers()["link"].to_str().expect("words").to_owned();
    let names = answer.text().await.expect("text").lines().next().expect("a line of names").to_owned();
    let (target, rest) = link.strip_prefix('<').and_then(|link| link.split_once('>')).expect("a target");
    assert_eq!(rest, "; rel=\"describedby\"; type=\"application/json\"");
    let described = table.join(target).expect("a URL");
    assert_eq!(described.query(), table.query(), "the same report");
    let report: Value = get(described).await.expect("an answer").json().await.expect("JSON");
    let formulas = report["formulas"].as_object().expect("formulas");
    for column in names.split(',').skip(1) {
        let figure = ["_mean", "_p50", "_p90", "_p99", "_max"].iter().find_map(|part| column.strip_suffix(part));
        let told = formulas.get(column).or_else(|| formulas.get(figure?));
        assert!(told.is_some_and(Value::is_string), "no formula of {column} in {formulas:?}");
    }
}

#[tokio::test]
async fn each_group_says_itself_what_an_answer_in_time_is() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let support = "/api/v1/groups/support";
    admin.patch(support, json!({ "service_level_within_s": 1 })).await.ok();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    clara.start(&Start::support("Clara", "Hello?")).await;
    let offer = joe.offer().await;
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    joe.accept(&offer).await;
    let level = async || {
        let report = admin.get(&asked("summary", "by=group")).await.ok();
        (report["total"]["service_level"].clone(), report["group_within_s"]["support"].clone())
    };
    let told = async |mark: &str| {
        let text = metrics(&server).await;
        let line = text.lines().find(|line| line.contains(mark)).map(str::to_owned);
        line.unwrap_or_else(|| panic!("no {mark} in {text}")).rsplit(' ').next().map(str::to_owned)
    };
    let late = r#"switchboard_service_level_chats_total{account="1",group="support",within="no"}"#;
    let in_time = r#"switchboard_service_level_chats_total{account="1",group="support",within="yes"}"#;
    assert_eq!(told(late).await.as_deref(), Some("1"), "it is counted as soon as Joe has it");
    clara.end().await;
    assert_eq!(level().await, (json!(0.0), json!(1)), "1.3 s are longer than 1 s");

    // Looked at again with more patience, the same wait is in time; what was counted before stays.
    admin.patch(support, json!({ "service_level_within_s": 30 })).await.ok();
    assert_eq!(level().await, (json!(1.0), json!(30)));
    let mut dora = VisitorClient::connect(&server).await;
    dora.start(&Start::support("Dora", "And me?")).await;
    joe.accept_next().await;
    assert_eq!((told(late).await.as_deref(), told(in_time).await.as_deref()), (Some("1"), Some("1")));
    let set = r#"switchboard_service_level_within_seconds{account="1",group="support"}"#;
    let mut seen = told(set).await;
    for _ in 0..40 {
        if seen.as_deref() == Some("30") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        seen = told(set).await;
    }
    assert_eq!(seen.as_deref(), Some("30"), "dashboards see what is set");
}

fn counted(metrics: &str, name: &str, labels: &str) -> f64 {
    let line = metrics.lines().find(|line| line.starts_with(&format!("{name}{{{labels}}} ")));
    let value = line.and_then(|line| line.rsplit(' ').next()?.parse().ok());
    value.unwrap_or_else(|| panic!("no {name} of {labels} in {metrics}"))
}

/// The part of all operators' slots that was in use, as the overview draws it.
fn of_operators(metrics: &str) -> f64 {
    let [used, slots] = ["used_slot", "slot"]
        .map(|what| counted(metrics, &format!("switchboard_operator_{what}_seconds_total"), r#"account="1""#));
    used / slots
}

/// For how many seconds slots of a group's members were in use, and were there.
fn of_group(metrics: &str, group: &str) -> (f64, f64) {
    let labels = format!(r#"account="1",group="{group}""#);
    let [used, slots] = ["used_slot", "slot"]
        .map(|what| counted(metrics, &format!("switchboard_capacity_{what}_seconds_total"), &labels));
    (used, slots)
}

/// The metrics, once operators' slots have been in use for so many seconds; that is looked at each five seconds.
async fn operators_used(server: &TestServer, seconds: f64) -> String {
    let deadline = Instant::now() + SOON;
    loop {
        let metrics = metrics(server).await;
        if counted(&metrics, "switchboard_operator_used_slot_seconds_total", r#"account="1""#) >= seconds {
            return metrics;
        }
        assert!(Instant::now() < deadline, "no chat is counted: {metrics}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn whoever_is_in_two_groups_has_their_slots_once() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let joes_id = Browser::signed_in(&server.url(), "joe").await.operator_id();
    let sales = json!({ "group": "sales", "operator": joes_id, "handling": "primary" });
    admin.post("/api/v1/memberships", sales).await.ok();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    clara.start(&Start::support("Clara", "Hello?")).await;
    joe.accept_next().await;
    let metrics = operators_used(&server, 6.0).await;
    assert!(of_operators(&metrics) > 0.7, "he was busy from the start: {metrics}");
    let ((used, slots), (_, in_sales)) = (of_group(&metrics, "support"), of_group(&metrics, "sales"));
    assert!(used / (slots + in_sales) < 0.6, "groups do not add up: {metrics}");
}

#[tokio::test]
async fn occupancy_is_what_was_in_use_of_what_was_offered_and_outlives_a_restart() {
    let mut server = TestServer::start();
    // Mona receives, without a limit, and gets nothing; Joe may hold one chat, and does for about half of his time.
    let mona = OperatorClient::online(&server, "mona").await;
    let mut joe = OperatorClient::online(&server, "joe").await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    let mut clara = VisitorClient::connect(&server).await;
    clara.start(&Start::support("Clara", "Hello?")).await;
    joe.accept_next().await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let metrics = operators_used(&server, 2.0).await;
    let (who_is_joe, who_is_mona) = (joe.id(), mona.id());
    assert!(server.stop().success());
    server.restart();

    let admin = Browser::signed_in(&server.url(), "admin").await;
    let report = admin.get(&asked("summary", "by=operator")).await.ok();
    let of = |who: &str| {
        let row = report["rows"].as_array().expect("rows").iter().find(|row| row["key"] == who).expect("a row");
        row["occupancy"].as_f64().unwrap_or_else(|| panic!("no occupancy: {row}"))
    };
    let (joes, monas) = (of(&who_is_joe), of(&who_is_mona));
    assert!((0.3..0.7).contains(&joes), "half of the time: {report}");
    assert_eq!(monas, 0.0, "{report}");
    assert!(report["formulas"]["occupancy"].as_str().is_some_and(|words| words.contains("slots in use")), "{report}");
    let total = report["total"]["occupancy"].as_f64().expect("a share");
    assert!(total > 0.0 && total < joes, "Mona's slots were free: {report}");

    // All together and by group it is what Prometheus has.
    let share = of_operators(&metrics);
    // The last seconds before the stop are in the report alone.
    assert!(share > total / 2.0 && share < total * 2.0, "{total} is not {share}");
    let (used, slots) = of_group(&metrics, "support");
    let by_group = admin.get(&asked("summary", "by=group")).await.ok();
    let row = by_group["rows"].as_array().expect("rows").iter().find(|row| row["key"] == "support").cloned();
    let told = row.and_then(|row| row["occupancy"].as_f64()).expect("support's");
    assert!(used >= 2.0 && (told - used / slots).abs() < 0.05, "{told} is not {used} / {slots}: {by_group}");
    let by_hour = admin.get(&asked("summary", "by=hour")).await.ok();
    assert!(by_hour["rows"].as_array().expect("rows").iter().any(|row| row["occupancy"].is_number()), "{by_hour}");
    let csv = admin.get(&asked("summary.csv", "by=operator")).await.ok();
    assert!(csv.as_str().is_some_and(|text| text.lines().next().is_some_and(|names| names.ends_with(",occupancy"))));

    // Joe sees how occupied Joe was, and nobody else.
    let own = Browser::signed_in(&server.url(), "joe").await.get(&asked("summary", "by=operator")).await.ok();
    assert_eq!(own["total"]["occupancy"].as_f64(), Some(joes), "{own}");
    assert!(!own.to_string().contains(&who_is_mona), "{own}");
    let groups = Browser::signed_in(&server.url(), "joe").await.get(&asked("summary", "by=group")).await.ok();
    assert!(!groups["rows"].to_string().contains("occupancy\":0"), "whole groups are not his: {groups}");
}

#[tokio::test]
async fn departments_and_brands_are_told_apart() {
    let mut server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let bobs = Browser::signed_in(&server.url(), "bob").await.operator_id();
    let seller = json!({ "group": "sales", "operator": bobs, "handling": "primary" });
    admin.post("/api/v1/memberships", seller).await.ok();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    clara.start(&Start::support("Clara", "Hello?")).await;
    joe.accept_next().await;
    let mut bob = OperatorClient::online(&server, "bob").await;
    while admin.get("/api/v1/status?brand=demo&department=sales").await.ok()["state"] == "offline" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let sales = |name| Start { name, department: "sales", question: "How much is it?" };
    let mut dora = VisitorClient::connect(&server).await;
    let doras = dora.start(&sales("Dora")).await;
    bob.accept_next().await;
    let mut emil = VisitorClient::connect(&server).await;
    emil.start(&sales("Emil")).await;
    emil.end().await;
    // Slots are looked at each second.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    clara.end().await;
    dora.end().await;
    assert!(server.stop().success());
    // An account has one website yet that people can make; the store keeps more.
    let database = Connection::open(server.data().join("switchboard.db")).expect("the store is there");
    let bytes = uuid::Uuid::parse_str(&doras).expect("an id");
    let moved = database.execute("UPDATE chat SET brand = 'outlet' WHERE id = ?1", [bytes.as_bytes()]);
    assert_eq!(moved, Ok(1));
    drop(database);
    server.restart();

    let admin = Browser::signed_in(&server.url(), "admin").await;
    let by_department = admin.get(&asked("summary", "by=department")).await.ok();
    assert_eq!(rows(&by_department), [("sales", [2, 1, 1]), ("support", [1, 1, 0])], "{by_department}");
    assert_eq!(counts(&by_department["total"]), [3, 2, 1], "{by_department}");
    let by_group = admin.get(&asked("summary", "by=group")).await.ok();
    for (department, group) in [0, 1].map(|row| (&by_department["rows"][row], &by_group["rows"][row])) {
        assert!(department["occupancy"].as_f64().is_some_and(|share| share > 0.0), "{by_department}");
        assert_eq!(department["occupancy"], group["occupancy"], "each has one group: {by_group}");
    }
    let csv = admin.get(&asked("summary.csv", "by=department")).await.ok();
    let keys: Vec<&str> = csv.as_str().expect("a text").lines().filter_map(|line| line.split(',').next()).collect();
    assert_eq!(keys, ["key", "sales", "support", "total"]);
    let by_brand = admin.get(&asked("summary", "by=brand")).await.ok();
    assert_eq!(rows(&by_brand), [("demo", [2, 1, 1]), ("outlet", [1, 1, 0])], "{by_brand}");
    assert_eq!(by_brand["rows"][0]["occupancy"], Value::Null, "nobody receives for a brand: {by_brand}");
    assert!(by_brand["total"]["occupancy"].is_number(), "{by_brand}");

    // Joe sees his own, and nothing of how occupied whole departments were.
    let joe = Browser::signed_in(&server.url(), "joe").await;
    let own = joe.get(&asked("summary", "by=department")).await.ok();
    assert_eq!(rows(&own), [("support", [1, 1, 0])], "{own}");
    assert_eq!(own["rows"][0]["occupancy"], Value::Null, "{own}");
    let own = joe.get(&asked("summary", "by=brand")).await.ok();
    assert_eq!(rows(&own), [("demo", [1, 1, 0])], "{own}");
}

#[tokio::test]
async fn a_chat_is_told_in_the_hour_in_which_it_began() {
    let server = TestServer::start();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    let claras = clara.start(&Start::support("Clara", "Hello?")).await;
    joe.accept_next().await;
    clara.end().await;
    let mut dora = VisitorClient::connect(&server).await;
    dora.start(&Start::support("Dora", "And me?")).await;
    joe.accept_next().await;
    let mut emil = VisitorClient::connect(&server).await;
    emil.start(&Start::support("Emil", "Me too?")).await;
    emil.end().await;
    dora.end().await;

    // Clara has been here for an hour; the others came at one moment, and so in one hour.
    let database = Connection::open(server.data().join("switchboard.db")).expect("the store is there");
    database.busy_timeout(Duration::from_secs(5)).expect("a time");
    let bytes = uuid::Uuid::parse_str(&claras).expect("an id");
    let began = database.query_row("SELECT started_at FROM chat WHERE id = ?1", [bytes.as_bytes()], |row| row.get(0));
    let began: i64 = began.expect("Clara's is there");
    let moved = "UPDATE chat SET started_at = CASE id WHEN ?1 THEN ?2 ELSE ?3 END";
    let moved = database.execute(moved, params![bytes.as_bytes(), began - HOUR_MS, began]);
    assert_eq!(moved, Ok(3));

    let moment = |millis| Timestamp::from_millis(millis).to_rfc3339();
    let [earlier, later] = [began - HOUR_MS, began].map(|began| moment(began - began % HOUR_MS));
    let asked = |report: &str| format!("/api/v1/reports/{report}?by=hour&from={earlier}&to={}", moment(began + 1));
    let admin = Browser::signed_in(&server.url(), "admin").await;
    let report = admin.get(&asked("summary")).await.ok();
    assert_eq!(rows(&report), [(&*earlier, [1, 1, 0]), (&*later, [2, 1, 1])], "{report}");
    let csv = admin.get(&asked("summary.csv")).await.ok();
    let lines = csv.as_str().expect("a text").lines().map(|line| line.split(',').collect::<Vec<_>>());
    let told: Vec<_> = lines.map(|cells| [cells[0], cells[1], cells[2], cells[4]]).collect();
    let names = ["key", "chats", "answered", "abandoned"];
    assert_eq!(told, [names, [&earlier, "1", "1", "0"], [&later, "2", "1", "1"], ["total", "3", "2", "1"]]);
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

/// The page of metrics.
async fn metrics(server: &TestServer) -> String {
    let answer = reqwest::get(format!("{}/metrics", server.admin_url())).await.expect("an answer");
    answer.text().await.expect("text")
}

/// Each row by its key, in the order of the report.
fn rows(report: &Value) -> Vec<(&str, [u64; 3])> {
    let rows = report["rows"].as_array().expect("rows").iter();
    rows.map(|row| (row["key"].as_str().expect("a key"), counts(row))).collect()
}

/// Chats, answered ones, abandoned ones.
fn counts(figures: &Value) -> [u64; 3] {
    ["chats", "answered", "abandoned"].map(|name| figures[name].as_u64().expect("a number"))
}

/// A report of the last hour and the next minute.
fn asked(report: &str, by: &str) -> String {
    format!("/api/v1/reports/{report}?{}&{by}", last_hour())
}
