//! How runs end before their time: somebody stops them, or one of their own processes is gone.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{SCREEN, child_of, count, in_a_terminal, loadtest, run_with, server, shown_until, words};

/// A run that is under way.
pub(super) struct Running {
    child: Child,
    rest: std::thread::JoinHandle<String>,
    begun: Instant,
}

impl Running {
    /// One of `smoke`, whose visitors are there.
    fn with(arguments: &[&str]) -> Self {
        Self::until(&[&["smoke"], arguments].concat(), |line| line.contains("connected"))
    }

    /// One that has said a line for which `seen` is true, however long that takes.
    pub(super) fn until(arguments: &[&str], mut seen: impl FnMut(&str) -> bool) -> Self {
        let binary = server();
        let mut command = loadtest(&run_with(&binary, arguments));
        // A group of its own, as a shell makes one for each command.
        command.process_group(0);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        let mut progress = BufReader::new(child.stderr.take().expect("its words"));
        let (mut line, mut said) = (String::new(), String::new());
        while !seen(&line) {
            said.push_str(&line);
            line.clear();
            assert!(progress.read_line(&mut line).expect("a line") > 0, "the run ended before it was seen: {said}");
        }
        let rest = std::thread::spawn(move || progress.lines().map_while(Result::ok).collect::<Vec<_>>().join("\n"));
        Self { child, rest, begun: Instant::now() }
    }

    /// Stops it: its result, and what it said.
    pub(super) fn stop(self) -> (Value, String) {
        signal("INT", &self.child.id().to_string());
        let (_, json, _, said) = self.end();
        (json, said)
    }

    /// Exit status, result, how long it took from here, and what it said.
    fn end(self) -> (Option<i32>, Value, Duration, String) {
        let output = self.child.wait_with_output().expect("it ends");
        let said = self.rest.join().expect("its words");
        let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {said}"));
        (output.status.code(), json, self.begun.elapsed(), said)
    }
}

/// Signals a process, or with a minus its whole group as a terminal does.
fn signal(name: &str, process: &str) {
    let kill = Command::new("sh").args(["-c", &format!("kill -s {name} -- {process}")]).status();
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
fn ctrl_c_in_a_terminal_reaches_the_run_and_not_its_server() {
    let running = Running::with(&["--length", "600"]);
    signal("INT", &format!("-{}", running.child.id()));
    let (status, json, took, said) = running.end();
    assert_eq!((status, &json["ended"]), (Some(0), &Value::from("interrupted")), "{said}");
    assert_eq!((&json["verdict"]["faults"], count(&json, "cut_by_server")), (&Value::from(0), 0), "{json}");
    assert!(took < Duration::from_secs(25), "{took:?}");
}

/// What a run waits for at its end at most: its chats to be ended, or metrics that never come. Each of these is longer than
/// somebody has who asks again.
const PATIENCE: Duration = Duration::from_secs(5);

#[test]
fn ctrl_c_again_and_again_ends_a_run_whose_server_is_frozen() {
    let mut running = Running::with(&["--length", "600"]);
    let run = running.child.id().to_string();
    let server = child_of(running.child.id(), "serve").expect("a server");
    signal("STOP", &server);
    let pressed = Instant::now();
    // The first time visitors want to end their chats, the second time all are cut. From then on there are only the
    // server's metrics to wait for, and each time is one more.
    while running.child.try_wait().expect("its state").is_none() {
        signal("INT", &run);
        std::thread::sleep(Duration::from_millis(200));
    }
    let took = pressed.elapsed();
    let (status, json, _, said) = running.end();
    assert_eq!((status, &json["ended"]), (Some(1), &Value::from("interrupted")), "{said}");
    assert!(took < PATIENCE, "{took:?}: {said}");
    assert!(json["server_unread"] == true && said.contains("metrics could not be read at the end"), "{said}");
    assert!(count(&json, "visitors_came") > 0 && json["verdict"]["faults"] == 0, "{json}");
    is_gone_soon(&server);
}

#[test]
fn who_asks_it_to_terminate_gets_what_is_known_by_then_too() {
    let running = Running::with(&["--length", "600"]);
    signal("TERM", &running.child.id().to_string());
    let (status, json, _, said) = running.end();
    assert_eq!((status, &json["ended"]), (Some(0), &Value::from("interrupted")), "{said}");
}

#[test]
fn who_closes_the_terminal_gets_what_is_known_by_then_too() {
    let running = Running::with(&["--length", "600"]);
    signal("HUP", &running.child.id().to_string());
    let (status, json, _, said) = running.end();
    assert_eq!((status, &json["ended"]), (Some(0), &Value::from("interrupted")), "{said}");
}

/// A run whose server was just started, and that server.
#[expect(clippy::zombie_processes, reason = "whoever asks for the run waits for it")]
fn just_begun() -> (Child, String) {
    let binary = server();
    let arguments = ["run", "smoke", "--length", "600", "--server", binary.to_str().expect("a path in UTF-8")];
    let run = loadtest(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program runs");
    let begun = Instant::now();
    loop {
        if let Some(server) = child_of(run.id(), "serve") {
            return (run, server);
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "the run starts a server");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn is_gone_soon(process: &str) {
    let begun = Instant::now();
    let runs = || std::fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    while runs() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the server is left behind");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn ctrl_c_before_the_first_visitor_leaves_no_server_behind() {
    for kind in ["INT", "HUP"] {
        let (run, server) = just_begun();
        signal(kind, &run.id().to_string());
        let begun = Instant::now();
        let output = run.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(2), "{}", words(&output));
        assert!(words(&output).contains("stopped before the first visitor came"), "{}", words(&output));
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        is_gone_soon(&server);
    }
}

/// So many that they are not made before somebody is tired of it.
const MANY: &str = r#"
name = "many"
length_s = 5
[[visitors]]
arrivals = { kind = "constant", per_minute = 60 }
[[operators]]
count = 500
limit = 1
"#;

/// On the live screen Ctrl-C is a key like any other, which reaches nobody who does not look.
#[test]
fn ctrl_c_on_the_live_screen_is_heard_while_operators_are_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = folder.path().join("many.toml");
    std::fs::write(&scenario, MANY).expect("a scenario");
    let (scenario, binary) = (scenario.to_str().expect("a path in UTF-8"), server());
    let run = ["run", scenario, "--server", binary.to_str().expect("a path in UTF-8")];
    let mut terminal = in_a_terminal(&run).spawn().expect("script(1), which gives it a terminal");
    let (mut keys, mut screen) = (terminal.stdin.take().expect("keys"), terminal.stdout.take().expect("a screen"));
    // "0 of 500 operators are made"
    let shown = shown_until(&mut screen, |shown| shown.contains("made"));
    assert!(shown.contains(SCREEN), "it is the live screen: {shown}");
    let pressed = Instant::now();
    keys.write_all(b"\x03").expect("a key");
    let mut rest = String::new();
    let _ = screen.read_to_string(&mut rest);
    let status = terminal.wait().expect("it ends");
    assert_eq!(status.code(), Some(2), "{rest}");
    assert!(rest.contains("stopped before the first visitor came"), "{rest}");
    assert!(pressed.elapsed() < Duration::from_secs(10), "{:?}", pressed.elapsed());
}

#[test]
fn a_run_that_is_killed_leaves_no_server_behind() {
    let (mut run, server) = just_begun();
    std::thread::sleep(Duration::from_millis(300));
    run.kill().expect("it runs");
    run.wait().expect("it ends");
    is_gone_soon(&server);
}

/// It takes connections and answers nothing. The end of the run kills it, however it stands.
#[test]
fn a_server_that_freezes_in_the_run_is_told_and_nothing_hangs() {
    let running = Running::with(&["--length", "12"]);
    let server = child_of(running.child.id(), "serve").expect("a server");
    signal("STOP", &server);
    let (status, json, took, said) = running.end();
    assert_eq!(status, Some(1), "{said}");
    assert!(took < Duration::from_secs(60), "{took:?}");
    assert_ne!(json["ended"], "worker_gone", "the tool itself is well: {said}");
    assert!(json["server_unread"] == true && said.contains("metrics could not be read at the end"), "{said}");
    let errors = json["errors"].as_object().expect("errors by their words");
    assert!(errors.keys().any(|words| words.contains("10 s")), "visitors had none for 10 s: {errors:?}");
    assert!(count(&json, "visitors_came") > 0, "{}", json["counts"]);
    is_gone_soon(&server);
}

#[test]
fn q_on_the_live_screen_ends_the_run_with_what_is_known_by_then() {
    let binary = server();
    let run = ["run", "smoke", "--length", "600", "--server", binary.to_str().expect("a path in UTF-8")];
    let mut terminal = in_a_terminal(&run).spawn().expect("script(1), which gives it a terminal");
    let (mut keys, mut screen) = (terminal.stdin.take().expect("keys"), terminal.stdout.take().expect("a screen"));
    let shown = shown_until(&mut screen, |shown| shown.contains("chats judged"));
    assert!(shown.contains(SCREEN), "it is the live screen: {shown}");
    keys.write_all(b"q").expect("a key");
    let mut rest = String::new();
    let _ = screen.read_to_string(&mut rest);
    let status = terminal.wait().expect("it ends");
    assert_eq!(status.code(), Some(0), "{rest}");
    assert!(rest.contains("ended early by request") && rest.contains("0 promises broken"), "{rest}");
}

#[test]
fn a_worker_that_freezes_is_told_and_what_it_heard_is_not_held_against_the_server() {
    let running = Running::with(&["--length", "6", "--workers", "2"]);
    let worker = child_of(running.child.id(), "worker").expect("a worker");
    signal("STOP", &worker);
    let (status, json, _, said) = running.end();
    assert_eq!((status, &json["ended"]), (Some(1), &Value::from("worker_gone")), "{said}");
    assert_eq!(json["verdict"]["faults"], 0, "{}\n{said}", json["verdict"]);
}

#[test]
fn a_worker_that_is_killed_is_told_and_breaks_no_promise() {
    let running = Running::with(&["--length", "6", "--workers", "2"]);
    let worker = child_of(running.child.id(), "worker").expect("a worker");
    signal("KILL", &worker);
    let (status, json, took, said) = running.end();
    assert_eq!((status, &json["ended"]), (Some(1), &Value::from("worker_gone")), "{said}");
    assert_eq!(json["verdict"]["faults"], 0, "what nobody could tell any more is not lost: {}", json["verdict"]);
    assert!(took < Duration::from_secs(50), "{took:?}");
}

#[test]
fn a_worker_that_is_killed_is_told_though_the_run_is_stopped_behind_it_or_its_server_dies() {
    let loses_a_worker = || {
        let running = Running::with(&["--length", "60", "--workers", "2"]);
        let worker = child_of(running.child.id(), "worker").expect("a worker");
        signal("KILL", &worker);
        std::thread::sleep(Duration::from_secs(1));
        running
    };
    let running = loses_a_worker();
    signal("INT", &running.child.id().to_string());
    let (status, json, took, said) = running.end();
    assert_eq!((status, &json["ended"]), (Some(1), &Value::from("worker_gone")), "{said}");
    assert!(took < Duration::from_secs(40), "{took:?}");

    let running = loses_a_worker();
    signal("KILL", &child_of(running.child.id(), "serve").expect("a server"));
    let (status, json, took, said) = running.end();
    assert_eq!((status, &json["ended"]), (Some(1), &Value::from("server_gone")), "{said}");
    assert!(took < Duration::from_secs(40), "it does not go on to its end: {took:?}");
    let cost = &json["cost"];
    assert_eq!(
        [&cost["server_cpu_s"], &cost["server_bytes"]],
        [&Value::Null; 2],
        "of what is gone nobody knows: {cost}"
    );
}
