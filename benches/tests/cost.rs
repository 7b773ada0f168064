//! What `make cost` runs, small: each program of it starts, is driven, and says what it is to say. How much a visitor
//! takes is for a quiet machine and the profile that is shipped.

use std::process::Command;

use serde_json::Value;

/// So many messages that the kernel's ticks, of a hundredth of a second, count the CPU time of each program.
const SMALL: [&str; 10] = ["--visitors", "10", "--idle", "100", "--rate", "1000", "--seconds", "1", "--chatting", "1"];

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
        assert!(what.starts_with(begins) && measured.is_some() && floor.is_some(), "{row}");
        // So few connections may find room in memory that the process holds already; a message is never for nothing.
        if row["unit"] == "µs" {
            // At a steady rate messages of a moment are committed together here, and each by itself by the floor's writer.
            let dearer = measured > floor || what.contains("steady");
            assert!(
                dearer && measured > Some(0.0) && floor > Some(0.0),
                "more than the least that does the same: {row}"
            );
        }
    }
    assert!(costs["machine"]["cores"].as_u64() > Some(0) && costs["build"].is_string(), "{costs}");
}
