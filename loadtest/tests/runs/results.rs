//! What a run leaves behind: a result in JSON, a page, and two results side by side; all of them tell which limits were
//! passed.

use std::path::Path;

use serde_json::Value;

use super::{count, loadtest, server, words};

/// Everything is said long before the end, so that the same seed makes the same traffic.
const SEEDED: &str = r#"
name = "seeded"
length_s = 8
[[visitors]]
arrivals = { kind = "burst", at_s = 0.2, count = 12, within_s = 1.5 }
messages = { least = 1, most = 6 }
typing = 0
pause = { kind = "exponential", mean_s = 0.1 }
linger = { kind = "fixed", s = 2 }
drops_per_minute = 10
away = { kind = "fixed", s = 0.05 }
[[operators]]
count = 4
limit = 10
accepts = { kind = "fixed", s = 0.02 }
answers = 0.5
thinks = { kind = "exponential", mean_s = 0.1 }
typing = 0
"#;

/// Runs it into files, and reads the result.
fn ran(folder: &Path, name: &str, more: &[&str]) -> (String, Value) {
    let scenario = folder.join("seeded.toml");
    std::fs::write(&scenario, SEEDED).expect("it works");
    let json = folder.join(name);
    let path = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    let (scenario, json, binary) = (path(&scenario), path(&json), path(&server()));
    let fixed = ["run", &scenario, "--server", &binary, "--json", &json];
    let output = loadtest(&[&fixed[..], more].concat()).output().expect("it works");
    assert_eq!(output.status.code(), Some(0), "{}{}", String::from_utf8_lossy(&output.stdout), words(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("passed"), "the report is on standard output");
    let text = std::fs::read_to_string(&json).expect("it works");
    (json, serde_json::from_str(&text).expect("it works"))
}

/// Limits that no run of the tool keeps; at four messages a second nothing is known of its pace.
const TOO_MUCH: &str =
    "[limits]\npace_off = 0.01\ntool_cpu_a_message_us = 0.001\ntool_cpu_part = 0.001\ntool_mib = 1\n";

#[test]
fn what_the_tool_itself_takes_fails_a_run_that_limits_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().expect("a path in UTF-8").to_owned();
    let [scenario, result, page] = ["strict.toml", "result.json", "page.html"].map(path);
    std::fs::write(&scenario, SEEDED.replace("length_s = 8", "length_s = 5") + TOO_MUCH).unwrap();
    let binary = server();
    let binary = binary.to_str().expect("a path in UTF-8");
    let output = loadtest(&["run", &scenario, "--server", binary, "--json", &result, "--html", &page]).output();
    let output = output.expect("it works");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}{}", words(&output));
    let json: Value = serde_json::from_str(&std::fs::read_to_string(&result).unwrap()).unwrap();
    assert_eq!(json["verdict"]["faults"], 0, "the server is well: {}", json["verdict"]);
    let breaches = json["breaches"].as_array().expect("a list");
    let broken: Vec<_> = breaches.iter().map(|breach| (&breach["name"], breach["measured"].as_f64())).collect();
    let [(pace, None), (cpu, Some(us)), (part, of_server), (memory, Some(mib))] = broken[..] else {
        panic!("{breaches:?}")
    };
    let names = ["pace_off", "tool_cpu_a_message_us", "tool_cpu_part", "tool_mib"];
    assert_eq!([pace, cpu, part, memory], names, "{breaches:?}");
    let steady = |name: &str| json["cost"]["steady"][name].as_f64().expect("a number");
    assert!(steady("messages") > 0.0 && steady("tool_cpu_s") <= json["cost"]["tool_cpu_s"].as_f64().unwrap(), "{json}");
    // Of a server that has worked for less than a second nothing is known.
    let server = Some(steady("server_cpu_s")).filter(|seconds| *seconds >= 1.0);
    let off = |part: f64| server.map(|server| (part - steady("tool_cpu_s") / server).abs());
    assert!(of_server.is_none() && server.is_none() || of_server.and_then(off) < Some(1e-9), "{of_server:?}: {json}");
    let cost = |name: &str| json["cost"][name].as_f64().expect("a number");
    let measured = cost("tool_cpu_s") * 1e6 / count(&json, "messages_acked") as f64;
    assert!((us - measured).abs() < 1e-6 * measured && us > 0.0, "{us} and {measured}");
    assert!((mib * 1_048_576.0 - cost("tool_bytes")).abs() < 1.0 && mib > 1.0, "{mib}: {}", json["cost"]);

    let html = std::fs::read_to_string(&page).unwrap();
    let (_, table) = compared(&result, &result, "1000");
    for limit in ["pace_off: nothing was measured", "tool_cpu_a_message_us is ", "tool_cpu_part", "tool_mib is "] {
        assert!(said.contains(&format!("limit      {limit}")), "{said}");
        assert!(html.contains(&format!("<li>limit {limit}")), "{html}");
        assert!(table.contains(&format!("the second did not keep a limit: {limit}")), "{table}");
    }
}

fn compared(one: &str, other: &str, worse: &str) -> (Option<i32>, String) {
    let output = loadtest(&["compare", one, other, &format!("--worse={worse}")]).output().expect("it works");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn two_runs_with_one_seed_make_the_same_traffic_and_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    let (one, first) = ran(folder.path(), "one.json", &["--html", page.to_str().unwrap()]);
    let (again, second) = ran(folder.path(), "again.json", &[]);
    for name in ["visitors_came", "chats_started", "chats_answered", "messages_due", "messages_said"] {
        assert!(count(&first, name) > 0 && count(&first, name) == count(&second, name), "{name}: {first} {second}");
    }
    let (other, third) = ran(folder.path(), "other.json", &["--seed", "2", "--length", "1"]);
    assert_ne!(count(&third, "messages_said"), count(&first, "messages_said"), "another seed, another length");

    let html = std::fs::read_to_string(&page).unwrap();
    assert!(
        html.starts_with("<!doctype html>") && html.contains("<h1>seeded</h1>") && html.contains("Passed"),
        "{html}"
    );
    assert!(html.contains(&format!("<th>messages said</th><td>{}</td>", count(&first, "messages_said"))), "{html}");
    assert_eq!(html.matches("<figure>").count(), 3);

    // The machine may be busy with one of them and not with the other.
    let (status, table) = compared(&one, &again, "1000");
    assert_eq!(status, Some(0), "{table}");
    assert!(table.contains("ack p99") && !table.contains("different scenarios"), "{table}");
    let (status, table) = compared(&one, &other, "1.2");
    assert_eq!(status, Some(1), "{table}");
    for odd in ["0.9", "-2", "NaN", "inf"] {
        assert_eq!(compared(&one, &again, odd), (Some(2), String::new()), "--worse {odd}");
    }
    let answered = table.lines().find(|line| line.starts_with("chats answered")).unwrap();
    assert!(answered.ends_with("worse") && table.contains("different scenarios or seeds"), "{table}");
}
