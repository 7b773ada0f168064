//! The shipped scenarios that no other story runs, each for some seconds and with fewer people where the machine does
//! other things too: what they are for happens, and the judge hears all of it.

use serde_json::Value;

use super::count;
use super::storms::{keeps_its_promises, with_other};

/// The most that a figure was in any second of the run.
fn most(json: &Value, figure: &str) -> i64 {
    let seconds = json["series"].as_array().expect("the run second by second");
    seconds.iter().filter_map(|second| second[figure].as_i64()).max().expect("at least a second")
}

#[test]
fn a_burst_waits_and_is_answered_one_after_another() {
    let fewer = [("count = 500,", "count = 90,"), ("count = 20\n", "count = 5\n")];
    let (output, json) = with_other("burst", &fewer, &[]);
    keeps_its_promises(&output, &json);
    assert_eq!((count(&json, "visitors_came"), count(&json, "chats_started")), (90, 90), "{}", json["counts"]);
    assert!(most(&json, "waiting") > 30, "five hold 25 of 90 at once: {}", json["series"]);
    assert_eq!(count(&json, "chats_answered"), 90, "nobody loses patience: {}", json["counts"]);
}

#[test]
fn steady_chats_talk_beside_many_who_look_on() {
    let fewer =
        [("count = 1000,", "count = 60,"), ("count = 9000\n", "count = 300\n"), ("count = 25\n", "count = 3\n")];
    let (output, json) = with_other("steady-1k", &fewer, &["--length", "36", "--speed", "4"]);
    keeps_its_promises(&output, &json);
    assert_eq!((count(&json, "visitors_came"), count(&json, "chats_answered")), (360, 60), "{}", json["counts"]);
    assert!(most(&json, "active") >= 50, "nearly all talk at once: {}", json["series"]);
    assert!(count(&json, "messages_acked") > 60 * 4, "each says two a second: {}", json["counts"]);
}

#[test]
fn hurried_visitors_say_ten_messages_a_second_each() {
    let fewer = [("count = 1000,", "count = 20,"), ("count = 25\n", "count = 2\n")];
    let (output, json) = with_other("ten-thousand", &fewer, &["--length", "10"]);
    keeps_its_promises(&output, &json);
    assert_eq!((count(&json, "visitors_came"), count(&json, "chats_answered")), (20, 20), "{}", json["counts"]);
    let pace = json["pace"]["by_second"].as_array().expect("the pace second by second");
    let due = |second: &Value| second[0].as_u64().expect("messages that were due");
    assert!(pace.iter().any(|second| due(second) > 150), "20 visitors, 10 a second each: {pace:?}");
    assert!(count(&json, "messages_acked") > 500, "{}", json["counts"]);
}

#[test]
fn as_many_as_there_is_room_for_look_on_beside_some_chats() {
    let fewer =
        [("count = 20000\n", "count = 500\n"), ("count = 500,", "count = 30,"), ("count = 20\n", "count = 2\n")];
    let (output, json) = with_other("most", &fewer, &["--length", "24", "--speed", "3"]);
    keeps_its_promises(&output, &json);
    assert_eq!((count(&json, "visitors_came"), count(&json, "connects_failed")), (530, 0), "{}", json["counts"]);
    assert!(most(&json, "connected") >= 500, "nearly all at once: {}", json["series"]);
    assert!(most(&json, "active") >= 20, "{}", json["series"]);
}

#[test]
fn a_day_has_its_quiet_night_and_its_peaks() {
    // All of it, an hour a minute, which is half a second here.
    let shorter = [("step_s = 3600,", "step_s = 60,"), ("length_s = 86400", "length_s = 1440")];
    let (output, json) = with_other("day", &shorter, &["--speed", "120"]);
    keeps_its_promises(&output, &json);
    let came = count(&json, "visitors_came");
    assert!((30..95).contains(&came), "59 by its profile, and chance: {}", json["counts"]);
    assert!(count(&json, "chats_answered") > came / 2, "{}", json["counts"]);
    let seconds = json["series"].as_array().expect("the run second by second");
    let night = seconds.iter().filter(|second| second["at_s"].as_f64() <= Some(3.0));
    let at_night: u64 = night.filter_map(|second| second["came"].as_u64()).sum();
    // Up to six in the morning one of sixty comes.
    assert!(at_night * 5 < came, "few come at night: {}", json["series"]);
}
