//! How runs end before their time: somebody stops them, or one of their own processes is gone.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{count, loadtest, server};

/// A run of `smoke` that is under way: visitors are there.
struct Running {
    child: Child,
    rest: std::thread::JoinHandle<String>,
    begun: Instant,
}

impl Running {
    fn with(arguments: &[&str]) -> Self {
        let binary = server();
        let fixed = ["run", "smoke", "--json", "-", "--server", binary.to_str().expect("a path in UTF-8")];
        let mut command = loadtest(&[&fixed[..], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        let mut progress = BufReader::new(child.stderr.take().expect("its words"));
        let mut line = String::new();
        while !line.contains("connected") {
            line.clear();
            assert!(progress.read_line(&mut line).expect("a line") > 0, "the run ended before it began");
        }
        let rest = std::thread::spawn(move || progress.lines().map_while(Result::ok).collect::<Vec<_>>().join("\n"));
        Self { child, rest, begun: Instant::now() }
    }

    /// Exit status, result, how long it took from here, and what it said.
    fn end(self) -> (Option<i32>, Value, Duration, String) {
        let output = self.child.wait_with_output().expect("it ends");
        let said = self.rest.join().expect("its words");
        let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {said}"));
        (output.status.code(), json, self.begun.elapsed(), said)
    }
}

fn signal(name: &str, process: &str) {
    let kill = Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).status();
    assert!(kill.expect("a shell").success(), "{process} is there");
}

#[test]
fn ctrl_c_ends_a_run_with_what_is_known_by_then() {
    let running = Running::with(&["--length", "600"]);
    signal("INT", &running.child.id().to_string());
    let (status, json, took, said) = running.end();
    assert_eq!((status, &json["ended"]), (Some(0), &Value::from("interrupted")), "{said}");
    assert!(took < Duration::from_secs(25), "{took:?}");
    assert!(count(&json, "visitors_came") > 0 && json["seconds"].as_f64() < Some(30.0), "{json}");
    assert_eq!(json["verdict"]["chats"].as_u64(), Some(count(&json, "chats_started")), "every chat was judged");
}

#[test]
fn a_worker_that_is_killed_is_told_and_breaks_no_promise() {
    let running = Running::with(&["--length", "6", "--workers", "2"]);
    let id = running.child.id();
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).expect("its children");
    let works = |child: &&str| {
        let line = std::fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|part| part == b"worker")
    };
    let worker = children.split_whitespace().find(works).expect("a worker");
    signal("KILL", worker);
    let (status, json, took, said) = running.end();
    assert_eq!((status, &json["ended"]), (Some(1), &Value::from("worker_gone")), "{said}");
    assert_eq!(json["verdict"]["faults"], 0, "what nobody could tell any more is not lost: {}", json["verdict"]);
    assert!(took < Duration::from_secs(50), "{took:?}");
}
