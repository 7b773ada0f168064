//! What `make cost` runs, small: each program of it starts, is driven, and says what it is to say. How much a visitor
//! takes is for a quiet machine and the profile that is shipped.

use std::process::Command;

use serde_json::Value;

/// So many messages that the kernel's ticks, of a hundredth of a second, count the CPU time of each program; so many
/// connections that what the process holds already is little beside them; and so many visitors that no chat is full before
/// the end.
const SMALL: [&str; 10] = ["--visitors", "60", "--idle", "2000", "--rate", "1000", "--seconds", "1", "--chatting", "1"];

#[test]
fn a_small_measurement_tells_what_a_visitor_and_a_message_cost() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-cost"));
    let output = command.arg("--json").args(SMALL).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let costs: Value = serde_json::from_slice(&output.stdout).expect("it says JSON");
    let rows = costs["rows"].as_array().expect("a row each");
    let text = |row: &Value, name: &str| row[name].as_str().expect("words").to_owned();
    let units: Vec<String> = rows.iter().map(|row| text(row, "unit")).collect();
    assert_eq!(units, ["KiB", "KiB", "µs", "µs"], "{costs}");
    let begins =
        ["memory of an idle", "memory of a visitor", "CPU of a message, saturated", "CPU of a message, steady"];
    for (row, begins) in rows.iter().zip(begins) {
        let (what, measured, floor) = (text(row, "what"), row["measured"].as_f64(), row["floor"].as_f64());
        let (Some(measured), Some(floor)) = (measured, floor) else { panic!("no numbers: {row}") };
        assert!(what.starts_with(begins) && floor > 1.0 && measured > 1.0, "nothing is for nothing: {row}");
        match begins {
            "memory of an idle" => assert!(measured < floor, "a socket of ours keeps less: {row}"),
            "CPU of a message, saturated" => assert!(measured > floor, "more than the least that does the same: {row}"),
            // A visitor's memory is for more of them than these. At a steady rate messages of a moment are committed
            // together here, and each by itself by the floor's writer.
            _ => {}
        }
    }
    assert!(costs["machine"]["cores"].as_u64() > Some(0) && costs["build"].is_string(), "{costs}");
}
