//! A server whose clock is not this machine's: times stay right, for each is taken from one clock alone, and the
//! difference is measured and told.

use serde_json::Value;

use super::broken::broken;
use super::{count, run_at, words};

/// What makes a server's clock wrong.
const VARIABLE: &str = "SWITCHBOARD_FAULT_CLOCK";
/// More visitors than there are places for, so that some wait; offers are declined, so that the order is asked for.
const SCENARIO: &str = r#"
name = "clocks"
length_s = 5
[[visitors]]
arrivals = { kind = "constant", per_minute = 180 }
messages = { least = 2, most = 4 }
typing = 0
pause = { kind = "fixed", s = 0.2 }
linger = { kind = "fixed", s = 0.3 }
[[operators]]
count = 2
limit = 2
accepts = { kind = "fixed", s = 0.05 }
declines = 0.2
thinks = { kind = "exponential", mean_s = 0.1 }
typing = 0
"#;

#[test]
fn a_server_that_is_an_hour_ahead_is_timed_as_any_other_and_the_hour_is_told() {
    timed_right("3600000", 3600.0, "s ahead of this machine's");
}

#[test]
fn a_server_that_is_an_hour_behind_is_timed_as_any_other_and_the_hour_is_told() {
    timed_right("-3600000", -3600.0, "s behind this machine's");
}

fn timed_right(millis: &str, seconds: f64, told: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = folder.path().join("clocks.toml");
    std::fs::write(&scenario, SCENARIO).expect("a scenario");
    let server = broken(folder.path().join("server"), VARIABLE, millis);
    let (output, json) = run_at(&server, &[scenario.to_str().expect("a path in UTF-8")]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert_eq!(json["verdict"]["faults"], 0, "{}", json["verdict"]);
    assert!(count(&json, "chats_answered") > 2 && count(&json, "offers_declined") > 0, "{}", json["counts"]);
    let ahead = json["clock_ahead_s"].as_f64().expect("a number");
    // A frame is under way for some time, which counts as if the server's clock were behind.
    assert!((-1.0..0.05).contains(&(ahead - seconds)), "{ahead}");
    assert!(words(&output).contains(told), "{}", words(&output));
    for time in ["connect", "start", "ack", "delivery", "wait"] {
        let row: &Value = &json["latency"][time];
        let longest = row["max_ms"].as_f64().expect("a number");
        assert!(row["count"].as_u64() > Some(2) && longest < 30_000.0, "{time}: {row}");
    }
    let difference = json["server"]["difference_s"].as_f64().expect("a number");
    assert!(difference.abs() < 0.5, "waits by its stamps are those of its metrics: {}", json["server"]);
}
