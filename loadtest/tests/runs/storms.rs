//! Shipped scenarios in short, with a third of their people where the machine does other things too: a peak, connections
//! that are lost all at once, readers who read nothing for seconds.

use std::process::Output;

use serde_json::Value;
use tempfile::NamedTempFile;

use super::{count, loadtest, run, words};

/// A shipped scenario with other numbers, as a file: for each field as it stands in it, the one in its place.
pub(super) fn other(name: &str, fields: &[(&str, &str)]) -> NamedTempFile {
    let printed = loadtest(&["scenarios", name]).output().expect("the program runs");
    let mut text = String::from_utf8(printed.stdout).expect("a scenario");
    for (shipped, other) in fields {
        assert_eq!(text.matches(shipped).count(), 1, "{name} has it once: {shipped} in {text}");
        text = text.replace(shipped, other);
    }
    let file = NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("a scenario");
    file
}

/// Runs it.
pub(super) fn with_other(name: &str, fields: &[(&str, &str)], arguments: &[&str]) -> (Output, Value) {
    let file = other(name, fields);
    run(&[&[file.path().to_str().expect("a path in UTF-8")], arguments].concat())
}

/// No promise was broken, whatever limit of time a busy machine has passed.
pub(super) fn keeps_its_promises(output: &Output, json: &Value) {
    assert_eq!(json["ended"], "complete", "{}", words(output));
    everything_was_heard(json);
}

/// The same of a run that may have been stopped.
pub(super) fn everything_was_heard(json: &Value) {
    assert_eq!(json["verdict"]["faults"], 0, "{}", json["verdict"]);
    assert_eq!(json["verdict"]["chats"].as_u64(), Some(count(json, "chats_started")), "every chat was judged");
    let settled = count(json, "messages_acked") + count(json, "commands_crossed");
    assert!(settled >= count(json, "messages_said"), "{}", json["counts"]);
}

#[test]
fn at_a_peak_some_wait_and_some_leave() {
    let (output, json) = run(&["lunch-peak", "--speed", "12"]);
    keeps_its_promises(&output, &json);
    let came = count(&json, "visitors_came");
    assert!((170..310).contains(&came), "240 by its profile, and chance: {}", json["counts"]);
    assert!(count(&json, "chats_answered") > came / 2 && count(&json, "chats_abandoned") > 0, "{}", json["counts"]);
}

#[test]
fn half_of_all_connections_are_lost_at_once_and_come_back() {
    // Up to the first storm and some seconds more.
    let fewer = [("count = 300,", "count = 100,"), ("count = 1000\n", "count = 300\n")];
    let (output, json) = with_other("reconnect-storm", &fewer, &["--length", "19", "--speed", "1.25"]);
    keeps_its_promises(&output, &json);
    assert_eq!((count(&json, "visitors_came"), count(&json, "chats_answered")), (400, 100), "{}", json["counts"]);
    let (drops, reconnects) = (count(&json, "drops"), count(&json, "reconnects"));
    assert!(drops > 140 && reconnects > 140, "half of 400, or about: {}", json["counts"]);
    assert!(
        json["latency"]["resume"]["count"].as_u64() > Some(25),
        "those in chats heard what they had missed: {json}"
    );
}

#[test]
fn who_reads_nothing_for_seconds_hears_all_of_it_and_holds_up_nobody() {
    let (output, json) = with_other("slow-readers", &[("count = 150,", "count = 50,")], &["--length", "14"]);
    keeps_its_promises(&output, &json);
    assert_eq!(count(&json, "chats_answered"), 50, "{}", json["counts"]);
    // A third of them hears what is acked and answered only when they read again, up to 6 s later. The others, who are
    // timed apart, hear it at once, as far as the machine has time for it.
    let time = |what: &str, of: &str| json["latency"][what][of].as_f64().expect("a number");
    assert!(time("slow", "max_ms") > 1_500.0, "{}", json["latency"]["slow"]);
    assert!(time("ack", "p90_ms") < 1_000.0 && time("delivery", "p90_ms") < 1_000.0, "{}", json["latency"]);
    assert!(time("ack", "count") > time("slow", "count") / 2.0, "those who read are the most: {}", json["latency"]);
}
