//! Somebody else's server as the target: what is made there goes again, however the run ends, and a target that dies in
//! the run is told.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::replay::Place;
use super::{SCREEN, count, in_a_terminal, loadtest, shown_until, words};

const CUT_SHORT: &str = r#"
name = "cut short"
length_s = 3
drain_s = 0
[[visitors]]
arrivals = { kind = "constant", per_minute = 240 }
messages = { least = 1000, most = 1000 }
typing = 0
pause = { kind = "fixed", s = 0.2 }
[[operators]]
count = 2
limit = 4
accepts = { kind = "fixed", s = 0.05 }
"#;

/// Addresses of the operators that are at a server, as its administrator sees them.
fn operators(url: &str) -> Vec<String> {
    let page = administrator(url, |client, _| client.get(format!("{url}/api/v1/operators?limit=200")));
    let all = page["items"].as_array().unwrap_or_else(|| panic!("a list: {page}"));
    all.iter().map(|one| one["email"].as_str().expect("an address").to_owned()).collect()
}

/// What a server answers to a request of its administrator's, who is signed in with what writes need.
pub(super) fn administrator(url: &str, request: impl FnOnce(&Client, &str) -> RequestBuilder) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = Client::builder().cookie_store(true).build().expect("a client");
        let body = json!({ "email": "admin@example.com", "password": "switchboard-demo" });
        let login = client.post(format!("{url}/api/v1/auth/login")).json(&body).send().await.expect("an answer");
        assert!(login.status().is_success(), "{login:?}");
        let me: Value = login.json().await.expect("JSON");
        let csrf = me["csrf_token"].as_str().expect("a token");
        let answer = request(&client, csrf).send().await.expect("an answer");
        let status = answer.status();
        let answer: Value = answer.json().await.expect("JSON");
        assert!(status.is_success(), "{answer}");
        answer
    })
}

fn nobody_of_the_run_stays(url: &str) {
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        let all = operators(url);
        assert!(all.len() > 1, "those who were there before stay: {all:?}");
        if !all.iter().any(|email| email.starts_with("loadtest-")) {
            return;
        }
        assert!(Instant::now() < deadline, "{all:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn operators_who_still_have_chats_are_removed_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("cut.toml");
    std::fs::write(&scenario, CUT_SHORT).unwrap();
    let place = Place::open(folder.path());
    let fixed = ["run", scenario.to_str().unwrap(), "--target", &place.url, "--json", "-"];
    let output = loadtest(&fixed).output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", words(&output)));
    assert!(count(&json, "chats_answered") > 2, "{json}");
    assert!(!words(&output).contains("stay at the target"), "{}", words(&output));
    nobody_of_the_run_stays(&place.url);
    place.close();
}

#[test]
fn what_a_target_takes_is_known_from_its_metrics_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("limited.toml");
    std::fs::write(&scenario, format!("{CUT_SHORT}[limits]\ntool_cpu_part = 1.0\n")).unwrap();
    let place = Place::open(folder.path());
    let fixed = ["run", scenario.to_str().unwrap(), "--target", &place.url, "--json", "-"];
    let run = |more: &[&str]| {
        let output = loadtest(&[&fixed[..], more].concat()).output().unwrap();
        let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", words(&output)));
        (output, json)
    };
    let (output, json) = run(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert!(words(&output).contains("limit      tool_cpu_part: nothing was measured"), "{}", words(&output));
    let steady = &json["cost"]["steady"];
    assert!(steady["tool_cpu_s"].as_f64() > Some(0.0) && steady["server_cpu_s"].is_null(), "{json}");
    let (_, json) = run(&["--admin", &place.admin]);
    assert!(json["cost"]["steady"]["server_cpu_s"].as_f64() > Some(0.0), "{}", json["cost"]);
    assert!(json["cost"]["server_cpu_s"].is_null(), "the whole run is not seen from here: {}", json["cost"]);
    place.close();
}

/// How many chats have an operator, as a line of a run says.
fn in_chats(line: &str) -> u32 {
    let number = line.split("in chats").nth(1).and_then(|rest| rest.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[test]
fn a_target_is_loaded_by_an_administrator_of_its_own_and_its_metrics_stand_in_the_result() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().expect("a path in UTF-8").to_owned();
    let (scenario, result) = (path("long.toml"), path("result.json"));
    let text = CUT_SHORT.replace("length_s = 3", "length_s = 600").replace("drain_s = 0", "drain_s = 10");
    std::fs::write(&scenario, text).unwrap();
    let place = Place::open(folder.path());
    let (email, password) = ("eve@example.com", "a-password-of-eves-own");
    let eve = json!({ "email": email, "name": "Eve", "password": password, "role": "administrator" });
    let operators = format!("{}/api/v1/operators", place.url);
    administrator(&place.url, |client, csrf| client.post(&operators).header("x-csrf-token", csrf).json(&eve));
    let run = ["run", &scenario, "--target", &place.url, "--administrator", email];
    let others = loadtest(&run).env_remove("LOADTEST_PASSWORD").output().unwrap();
    assert_eq!(others.status.code(), Some(2));
    assert!(words(&others).contains(&format!("signing {email} in was refused")), "{}", words(&others));

    // In a terminal, where there would be a live screen.
    let plain = ["--admin", &place.admin, "--plain", "--json", &result];
    let mut terminal = in_a_terminal(&[&run[..], &plain[..]].concat());
    let mut terminal = terminal.env("LOADTEST_PASSWORD", password).spawn().expect("script(1)");
    let (mut keys, mut screen) = (terminal.stdin.take().expect("keys"), terminal.stdout.take().expect("a screen"));
    let chatting = |shown: &str| shown.lines().any(|line| in_chats(line) > 0);
    let mut shown = shown_until(&mut screen, |shown| chatting(shown) || shown.contains(SCREEN));
    keys.write_all(b"\x03").expect("Ctrl-C");
    let _ = screen.read_to_string(&mut shown);
    terminal.wait().expect("it ends");
    assert!(!shown.contains(SCREEN) && shown.contains("ended early by request"), "{shown}");
    let json: Value = serde_json::from_str(&std::fs::read_to_string(&result).unwrap()).unwrap();
    assert_eq!((&json["ended"], &json["verdict"]["faults"]), (&"interrupted".into(), &0.into()), "{}", json["verdict"]);
    assert!(json["server"]["answered"].as_f64() > Some(0.0), "{json}");
    nobody_of_the_run_stays(&place.url);
    place.close();
}

#[test]
fn a_run_that_cannot_begin_leaves_nobody_behind() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("wrong.toml");
    let text = CUT_SHORT.replace("drain_s = 0", "drain_s = 0\n[target]\ngroup = \"nowhere\"");
    std::fs::write(&scenario, text).unwrap();
    let place = Place::open(folder.path());
    let output = loadtest(&["run", scenario.to_str().unwrap(), "--target", &place.url]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("nowhere"), "{}", words(&output));
    nobody_of_the_run_stays(&place.url);

    let admin = ["run", "smoke", "--target", &place.url, "--admin", &place.url];
    let output = loadtest(&admin).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("no metrics there"), "{}", words(&output));
    place.close();
}

#[test]
fn metrics_that_never_come_are_told_in_seconds() {
    // Connections are taken by the kernel, and nobody answers on them.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", mute.local_addr().unwrap());
    let begun = Instant::now();
    let output = loadtest(&["run", "smoke", "--target", &url, "--admin", &url]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("no metrics there"), "{}", words(&output));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn a_target_that_dies_in_the_run_is_told_and_the_report_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::open(folder.path());
    let length = ["--length", "300", "--target", &place.url, "--json", "-"];
    let mut run = loadtest(&[&["run", "smoke"], &length[..]].concat());
    let run = run.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let seen = Instant::now();
    while !operators(&place.url).iter().any(|email| email.starts_with("loadtest-")) {
        assert!(seen.elapsed() < Duration::from_secs(30), "the run makes its operators");
        std::thread::sleep(Duration::from_millis(100));
    }
    // Long enough that its visitors have come.
    std::thread::sleep(Duration::from_secs(4));
    place.kill();
    let killed = Instant::now();
    let output = run.wait_with_output().unwrap();
    assert!(killed.elapsed() < Duration::from_secs(60), "{:?}", killed.elapsed());
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["ended"], "server_gone");
    assert!(count(&json, "chats_started") > 2 && count(&json, "connects_failed") > 0, "{}", json["counts"]);
    assert_eq!(json["verdict"]["faults"], 0, "what nobody could hear any more is not lost: {}", json["verdict"]);
    assert!(words(&output).contains("operators of the run stay at the target"), "{}", words(&output));
}

#[test]
fn a_result_that_could_not_be_written_is_known_before_the_run() {
    let begun = Instant::now();
    let output = loadtest(&["run", "day", "--html", "/proc/nowhere/day.html"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("cannot be written") && begun.elapsed() < Duration::from_secs(5));
}
