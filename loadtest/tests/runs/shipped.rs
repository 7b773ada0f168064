//! The shipped scenarios that no other story runs, each for some seconds and with fewer people where the machine does
//! other things too: what they are for happens, and the judge hears all of it. Where chats would talk for ever a run goes
//! on until its lines have shown what is asked of it, and is stopped then: how long that takes is the machine's.

use serde_json::Value;

use super::count;
use super::ends::Running;
use super::storms::{everything_was_heard, keeps_its_promises, other, with_other};

/// The most that a figure was in any second of the run.
fn most(json: &Value, figure: &str) -> i64 {
    let seconds = json["series"].as_array().expect("the run second by second");
    seconds.iter().filter_map(|second| second[figure].as_i64()).max().expect("at least a second")
}

/// What a line of progress shows: who is connected, who is in a chat, and the messages acked in the second before.
struct Shown {
    connected: u64,
    active: u64,
    acked: u64,
}

impl Shown {
    /// None: it is another line.
    fn of(line: &str) -> Option<Self> {
        let behind = |word: &str| line.split_once(word)?.1.split_whitespace().next()?.parse().ok();
        let acked = line.split_once(" messages/s")?.0.split_whitespace().next_back()?.parse().ok()?;
        Some(Self { connected: behind("connected ")?, active: behind("in chats ")?, acked })
    }
}

/// Runs a shipped scenario with other numbers until `enough` has been shown, and stops it. Its length is only for one
/// that never shows it.
fn until(name: &str, fields: &[(&str, &str)], arguments: &[&str], mut enough: impl FnMut(&Shown) -> bool) -> Value {
    let file = other(name, fields);
    let arguments = [&[file.path().to_str().expect("a path in UTF-8")], arguments].concat();
    let running = Running::until(&arguments, |line| Shown::of(line).is_some_and(|shown| enough(&shown)));
    let (json, said) = running.stop();
    assert_eq!(json["ended"], "interrupted", "{said}");
    everything_was_heard(&json);
    json
}

/// Whether so many are connected, so many in chats since the line before, and more than so many messages were seen acked.
fn talk_until(connected: u64, active: u64, messages: u64) -> impl FnMut(&Shown) -> bool {
    let (mut all_there, mut seen) = (false, 0);
    move |shown| {
        // Lines are two seconds apart, so that what they show was never counted before.
        seen += shown.acked;
        let enough = all_there && seen > messages;
        all_there = shown.connected >= connected && shown.active >= active;
        enough && all_there
    }
}

/// The most messages that were due in a second, whenever they left.
fn most_due(json: &Value) -> u64 {
    let pace = json["pace"]["by_second"].as_array().expect("the pace second by second");
    pace.iter().map(|second| second[0].as_u64().expect("messages that were due")).max().expect("at least a second")
}

#[test]
fn a_burst_waits_and_is_answered_one_after_another() {
    // Nobody is answered, and makes room, before all of them have come, which takes longer where the machine is slow.
    let slower = ("accepts = { kind = \"exponential\", mean_s = 0.3 }", "accepts = { kind = \"fixed\", s = 1 }");
    let fewer = [("count = 500,", "count = 90,"), ("count = 20\n", "count = 5\n"), slower];
    let (output, json) = with_other("burst", &fewer, &[]);
    keeps_its_promises(&output, &json);
    assert_eq!((count(&json, "visitors_came"), count(&json, "chats_started")), (90, 90), "{}", json["counts"]);
    assert!(most(&json, "waiting") > 30, "five hold 25 of 90 at once: {}", json["series"]);
    assert_eq!(count(&json, "chats_answered"), 90, "nobody loses patience: {}", json["counts"]);
}

#[test]
fn steady_chats_talk_beside_many_who_look_on() {
    let fewer = [
        ("count = 1000,", "count = 60,"),
        ("count = 9000\n", "count = 300\n"),
        ("count = 25\n", "count = 3\n"),
        ("drain_s = 20\n", "drain_s = 80\n"),
    ];
    let json = until("steady-1k", &fewer, &["--length", "480", "--speed", "4"], talk_until(360, 60, 60 * 4));
    assert_eq!((count(&json, "visitors_came"), count(&json, "chats_answered")), (360, 60), "{}", json["counts"]);
    assert!(most(&json, "active") >= 50, "nearly all talk at once: {}", json["series"]);
    assert!(count(&json, "messages_acked") > 60 * 4, "{}", json["counts"]);
    assert!(most_due(&json) > 90, "each says two a second: {}", json["pace"]);
}

#[test]
fn hurried_visitors_say_ten_messages_a_second_each() {
    let fewer = [("count = 1000,", "count = 20,"), ("count = 25\n", "count = 2\n")];
    let json = until("ten-thousand", &fewer, &["--length", "120"], talk_until(20, 20, 500));
    assert_eq!((count(&json, "visitors_came"), count(&json, "chats_answered")), (20, 20), "{}", json["counts"]);
    assert!(most_due(&json) > 150, "20 visitors, 10 a second each: {}", json["pace"]);
    assert!(count(&json, "messages_acked") > 500, "{}", json["counts"]);
}

#[test]
fn as_many_as_there_is_room_for_look_on_beside_some_chats() {
    let fewer = [
        ("count = 20000\n", "count = 500\n"),
        ("count = 500,", "count = 30,"),
        ("count = 20\n", "count = 2\n"),
        ("drain_s = 5\n", "drain_s = 60\n"),
    ];
    let json = until("most", &fewer, &["--length", "360", "--speed", "3"], talk_until(530, 30, 0));
    assert_eq!((count(&json, "visitors_came"), count(&json, "connects_failed")), (530, 0), "{}", json["counts"]);
    assert!(most(&json, "connected") >= 500, "nearly all at once: {}", json["series"]);
    assert!(most(&json, "active") >= 20, "{}", json["series"]);
}

#[test]
fn a_day_has_its_quiet_night_and_its_peaks() {
    // All of it, an hour a minute, which is half a second here. A patience of three minutes would be one and a half
    // seconds, and the time in which chats are ended two and a half: too little where the machine is slow.
    let shorter = [
        ("step_s = 3600,", "step_s = 60,"),
        ("length_s = 86400", "length_s = 1440"),
        ("mean_s = 180 }", "mean_s = 18000 }"),
        ("drain_s = 300\n", "drain_s = 2400\n"),
    ];
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
