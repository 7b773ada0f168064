//! What `make cost` runs, small: each program of it starts, is driven, and says what it is to say.

use std::process::Command;

use serde_json::Value;

#[test]
fn a_small_measurement_tells_what_a_visitor_and_a_message_cost() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-cost"));
    command.args(["--json", "--visitors", "20", "--idle", "50", "--rate", "100", "--seconds", "1", "--chatting", "2"]);
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let costs: Value = serde_json::from_slice(&output.stdout).expect("it says JSON");
    let rows = costs["rows"].as_array().expect("a row each");
    let units: Vec<&str> = rows.iter().filter_map(|row| row["unit"].as_str()).collect();
    assert_eq!(units, ["KB", "KB", "µs", "µs"], "{costs}");
    let figure = |row: &Value, name: &str| row[name].as_f64().unwrap_or_else(|| panic!("no {name}: {row}"));
    for row in &rows[2..] {
        let (measured, floor) = (figure(row, "measured"), figure(row, "floor"));
        assert!(measured > floor && floor > 0.0, "a message costs more than the least that could do the same: {row}");
    }
    for row in &rows[..2] {
        assert!(figure(row, "measured") > 0.0 && figure(row, "floor") >= 0.0, "{row}");
    }
}
