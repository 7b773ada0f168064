//! The judge before servers that break their promises: each fault is planted in a real server, and found by a run
//! that knows nothing of it. The same run finds nothing where nothing is planted.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::{run_at, server, words};

/// What a server that can be broken has in its binary.
const VARIABLE: &str = "SWITCHBOARD_FAULT_BROKEN";
/// More visitors than two operators have places for, in a hurry.
const HURRY: &str = r#"
name = "hurry"
length_s = 5
drain_s = 6
[[visitors]]
arrivals = { kind = "constant", per_minute = 300 }
messages = { least = 5, most = 9 }
typing = 0
pause = { kind = "exponential", mean_s = 0.15 }
linger = { kind = "fixed", s = 0.3 }
[[operators]]
count = 2
limit = 3
accepts = { kind = "fixed", s = 0.05 }
thinks = { kind = "exponential", mean_s = 0.1 }
typing = 0
"#;

#[test]
fn the_sound_server_is_found_sound() {
    let json = judged(HURRY, None);
    assert_eq!(json["verdict"]["faults"], 0, "{}", json["verdict"]);
    assert!(json["counts"]["messages_acked"].as_u64() > Some(40), "there was something to judge: {}", json["counts"]);
    assert_eq!(json["counts"]["chats_started"], json["verdict"]["chats"]);
}

#[test]
fn the_sound_server_is_found_sound_where_connections_are_lost_all_the_time() {
    let losses = "drops_per_minute = 600\naway = { kind = \"fixed\", s = 0.02 }\n[[operators]]";
    let text = HURRY.replace("least = 5, most = 9", "least = 20, most = 30").replace("[[operators]]", losses);
    let json = judged(&text, None);
    assert_eq!(json["verdict"]["faults"], 0, "{}", json["verdict"]);
    assert!(json["counts"]["sent_again"].as_u64() > Some(0), "words were under way: {}", json["counts"]);
}

#[test]
fn acks_before_the_commit_are_found() {
    found("ack_before_commit", "was acked and never reached");
}

#[test]
fn events_that_do_not_arrive_are_found() {
    let all = found("drop", "missed the events from");
    assert!(!all.iter().any(|words| words.contains("behind event")), "nothing came late: {all:?}");
}

#[test]
fn events_that_arrive_twice_are_found() {
    found("double", "more than once");
}

#[test]
fn events_in_the_wrong_order_are_found() {
    found("reorder", "behind event");
}

#[test]
fn operators_who_are_not_told_of_their_chats_are_found() {
    found("unassigned", "and was never told so");
}

#[test]
fn messages_in_other_words_are_found() {
    found("alter", "in other words than were said");
}

#[test]
fn events_that_reach_the_wrong_chat_are_found() {
    found("misdirect", "who is not in the chat");
}

#[test]
fn acks_with_the_number_of_another_event_are_found() {
    found("wrong_ack", "its event");
}

/// The event settles the message for its sender, so nothing but the judge misses the ack.
#[test]
fn acks_that_never_come_are_found() {
    let all = found("never_ack", "was told as an event and never acked");
    assert!(all.iter().all(|words| words.contains("never acked")), "nothing else is broken: {all:?}");
}

#[test]
fn commands_that_are_never_answered_are_found() {
    found("swallow", "was never answered");
}

/// The visitor says nothing for so long after each message that an answer is waited for in vain.
#[test]
fn a_message_that_is_swallowed_is_missed_after_ten_seconds_and_said_again() {
    let text = HURRY
        .replace("length_s = 5", "length_s = 18")
        .replace("per_minute = 300", "per_minute = 60")
        .replace("least = 5, most = 9", "least = 1, most = 1")
        .replace("kind = \"fixed\", s = 0.3", "kind = \"fixed\", s = 14")
        .replace("limit = 3", "limit = 20");
    let json = judged(&text, Some("swallow"));
    let errors = &json["errors"];
    assert!(errors["connection without an answer for 10 s"].as_u64() > Some(0), "{errors}");
    assert!(json["counts"]["sent_again"].as_u64() > Some(0), "{}", json["counts"]);
}

#[test]
fn chats_beyond_an_operators_limit_are_found() {
    found("over_assign", "the limit is 3");
}

/// So many come that a line forms, long before the last of them.
#[test]
fn visitors_served_before_those_who_waited_longer_are_found() {
    found_in(&HURRY.replace("per_minute = 300", "per_minute = 720"), "newest_first", "was offered while");
}

/// The fault adds a second to each wait that the server counts, and to none that it tells its clients.
#[test]
fn waits_that_the_server_counts_wrong_differ_from_those_of_its_clients() {
    let folder = tempfile::tempdir().unwrap();
    let binary = broken(folder.path().join("broken"), "SWITCHBOARD_FAULT_MISCOUNT", "1");
    let held = super::storms::other("smoke", &[("[limits]\n", "[limits]\nqueue_difference_s = 0.5\n")]);
    let (output, json) = run_at(&binary, &[held.path().to_str().expect("a path in UTF-8"), "--length", "4"]);
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    let passed: Vec<_> = json["breaches"].as_array().expect("a list").iter().map(|breach| &breach["name"]).collect();
    assert_eq!(passed, ["queue_difference_s"], "{}", json["breaches"]);
    let view = &json["server"];
    let difference = view["difference_s"].as_f64().unwrap_or_else(|| panic!("a number: {}", words(&output)));
    assert!(view["answered"].as_f64() > Some(2.0) && (-1.3..-0.7).contains(&difference), "{view}");
}

/// The run fails, and the judge says why; all that it says.
fn found(fault: &str, why: &str) -> Vec<String> {
    found_in(HURRY, fault, why)
}

fn found_in(scenario: &str, fault: &str, why: &str) -> Vec<String> {
    let json = judged(scenario, Some(fault));
    let first = json["verdict"]["first"].as_array().expect("a list of faults");
    let all: Vec<String> = first.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let named = all.iter().any(|words| words.contains(why));
    assert!(named, "{fault}: expected {why:?} among {all:?}; counts {}", json["counts"]);
    all
}

/// What a run says of a server with that fault; its exit status says the same.
fn judged(text: &str, fault: Option<&str>) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = folder.path().join("hurry.toml");
    std::fs::write(&scenario, text).expect("a scenario");
    let binary = fault.map_or_else(server, |fault| broken(folder.path().join("broken"), VARIABLE, fault));
    let (output, json) = run_at(&binary, &[scenario.to_str().expect("a path in UTF-8")]);
    let sound = json["verdict"]["faults"] == 0;
    assert_eq!(output.status.code(), Some(if sound { 0 } else { 1 }), "{}", words(&output));
    json
}

/// A program that starts the server with the fault that the variable asks for.
pub(super) fn broken(path: PathBuf, variable: &str, fault: &str) -> PathBuf {
    let server = server();
    let knows = Command::new("grep").args(["-qa", variable]).arg(&server).status().expect("grep");
    assert!(knows.success(), "{} has no faults in it: cargo build --workspace", server.display());
    let script = format!("#!/bin/sh\n{variable}={fault} exec '{}' \"$@\"\n", server.display());
    std::fs::write(&path, script).expect("a script");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a program");
    path
}
