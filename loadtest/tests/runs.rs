//! Stories of whole runs: the program as it ships, against the real server.

#[path = "runs/broken.rs"]
mod broken;
#[path = "runs/clocks.rs"]
mod clocks;
#[path = "runs/ends.rs"]
mod ends;
#[path = "runs/lost.rs"]
mod lost;
#[path = "runs/replay.rs"]
mod replay;
#[path = "runs/results.rs"]
mod results;
#[path = "runs/shipped.rs"]
mod shipped;
#[path = "runs/simulated.rs"]
mod simulated;
#[path = "runs/storms.rs"]
mod storms;
#[path = "runs/targets.rs"]
mod targets;
#[path = "runs/theory.rs"]
mod theory;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Names another server than the one beside the program.
const UNDER_TEST: &str = "SWITCHBOARD_UNDER_TEST";

/// How a terminal is told that a live screen begins, from which it comes back.
const SCREEN: &str = "\x1b[?1049h";

fn loadtest(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn server() -> PathBuf {
    let beside = || Path::new(env!("CARGO_BIN_EXE_loadtest")).with_file_name("switchboard");
    let binary = std::env::var_os(UNDER_TEST).map_or_else(beside, PathBuf::from);
    assert!(binary.is_file(), "{} is not there: cargo build -p switchboard-web", binary.display());
    binary
}

fn run(arguments: &[&str]) -> (Output, Value) {
    run_at(&server(), arguments)
}

fn run_at(binary: &Path, arguments: &[&str]) -> (Output, Value) {
    result_of(loadtest(&run_with(binary, arguments)))
}

/// The arguments of a run whose result comes as JSON.
fn run_with<'a>(binary: &'a Path, arguments: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["run", "--server", binary.to_str().expect("a path in UTF-8"), "--json", "-"];
    [&fixed[..], arguments].concat()
}

fn result_of(mut run: Command) -> (Output, Value) {
    let output = run.output().expect("the program runs");
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("no JSON ({error}); standard error: {}", String::from_utf8_lossy(&output.stderr))
    });
    (output, json)
}

/// The program in a terminal of its own: what is typed is its standard input, what is shown its standard output.
fn in_a_terminal(arguments: &[&str]) -> Command {
    let arguments: String = arguments.iter().map(|argument| format!(" '{argument}'")).collect();
    let run = format!("stty cols 100 rows 30; exec '{}'{arguments}", env!("CARGO_BIN_EXE_loadtest"));
    let mut terminal = Command::new("script");
    terminal.args(["-qefc", &run, "/dev/null"]).env("TERM", "xterm").stdin(Stdio::piped()).stdout(Stdio::piped());
    terminal
}

/// What such a terminal has shown when `seen` is true of it.
fn shown_until(screen: &mut impl Read, seen: impl Fn(&str) -> bool) -> String {
    let (mut shown, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&shown);
        if seen(&text) {
            return text.into_owned();
        }
        let size = screen.read(&mut part).expect("what is shown");
        assert!(size > 0, "it ended before: {text}");
        shown.extend_from_slice(&part[..size]);
    }
}

/// The child of a run, by its process, whose command line has that argument.
fn child_of(run: u32, argument: &str) -> Option<String> {
    let children = std::fs::read_to_string(format!("/proc/{run}/task/{run}/children")).unwrap_or_default();
    // The standard library forks once to see what the system can do: that child is gone at once.
    let has = |child: &&str| {
        let line = std::fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|part| part == argument.as_bytes())
    };
    children.split_whitespace().find(has).map(str::to_owned)
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn count(json: &Value, name: &str) -> u64 {
    json["counts"][name].as_u64().unwrap_or_else(|| panic!("no count {name} in {json}"))
}

#[test]
fn a_few_seconds_of_everything_pass_and_are_counted() {
    // A seed by which operators ask for colleagues in almost all of their first chats.
    let (output, json) = run(&["smoke", "--length", "6", "--seed", "149818"]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert_eq!(json["verdict"]["faults"], 0, "{}", json["verdict"]);
    assert!(count(&json, "transfers") > 0 && count(&json, "invitations") > 0, "colleagues came: {}", json["counts"]);
    assert_eq!(json["verdict"]["chats"].as_u64(), Some(count(&json, "chats_started")), "every chat was judged");
    assert!(count(&json, "chats_answered") > 2 && count(&json, "messages_acked") > 5, "{json}");
    assert!(json["latency"]["delivery"]["count"].as_u64() > Some(5), "what was said reached the other side");
    let difference = json["server"]["difference_s"].as_f64().unwrap();
    assert!(json["server"]["answered"].as_f64() > Some(2.0) && difference.abs() < 0.5, "{}", json["server"]);
    assert!(words(&output).contains("passed"), "{}", words(&output));
    let why_not = json["theory"]["why_not"].to_string();
    assert!(why_not.contains("decline") && words(&output).contains("says nothing of this scenario"), "{why_not}");
}

#[test]
fn a_run_without_a_target_starts_the_server_beside_the_program() {
    let program = Path::new(env!("CARGO_BIN_EXE_loadtest"));
    let folder = tempfile::tempdir_in(program.with_file_name("")).unwrap();
    let (alone, beside) = (folder.path().join("loadtest"), folder.path().join("switchboard"));
    std::fs::hard_link(program, &alone).unwrap();
    let smoke = |more: &[&str]| {
        let mut command = Command::new(&alone);
        command.args(["run", "smoke", "--length", "3", "--json", "-"]).args(more).stdin(Stdio::null());
        command
    };
    let elsewhere = folder.path().join("elsewhere");
    for (more, missing) in [(vec![], &beside), (vec!["--server", elsewhere.to_str().unwrap()], &elsewhere)] {
        let output = smoke(&more).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", words(&output));
        let told = format!("{} is not there: build it", missing.display());
        assert!(words(&output).contains(&told), "{told}: {}", words(&output));
    }
    std::os::unix::fs::symlink(server().canonicalize().unwrap(), &beside).unwrap();
    let (output, json) = result_of(smoke(&[]));
    assert_eq!((&json["ended"], &json["verdict"]["faults"]), (&Value::from("complete"), &Value::from(0)), "{json}");
    assert!(count(&json, "chats_answered") > 0 && json["verdict"]["chats"].as_u64() > Some(0), "{}", words(&output));
    assert!(json["cost"]["server_bytes"].as_u64() > Some(0), "the server is the run's own: {}", json["cost"]);
}

#[test]
fn workers_in_processes_of_their_own_make_one_result() {
    let bytes = |json: &Value| json["cost"]["tool_bytes"].as_u64().expect("a number");
    let (_, of_one) = run(&["smoke", "--length", "1", "--workers", "1"]);
    let (output, json) = run(&["smoke", "--length", "4", "--workers", "3"]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert_eq!(json["verdict"]["chats"].as_u64(), Some(count(&json, "chats_started")));
    assert!(count(&json, "chats_answered") > 2, "chats between visitors and operators of different workers: {json}");
    let (one, four) = (bytes(&of_one), bytes(&json));
    assert!(one > 0 && four > one * 3 / 2, "four processes have more memory than one: {four} and {one} bytes");
}

#[test]
fn a_passed_limit_fails_the_run_and_is_named() {
    let mut scenario = tempfile::NamedTempFile::new().unwrap();
    let text = "name = \"strict\"\nlength_s = 2\n[[visitors]]\narrivals = { kind = \"constant\", per_minute = 120 }\n\
                [[operators]]\ncount = 1\nlimit = 5\n[limits]\nconnect_p99_s = 0.000001\n";
    scenario.write_all(text.as_bytes()).unwrap();
    let (output, json) = run(&[scenario.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json["breaches"][0]["name"], "connect_p99_s");
}

#[test]
fn a_run_in_which_nothing_happened_has_not_passed() {
    let mut scenario = tempfile::NamedTempFile::new().unwrap();
    let text = "name = \"nobody\"\nlength_s = 1\n[[visitors]]\narrivals = { kind = \"constant\", per_minute = 0 }\n\
                [[operators]]\ncount = 1\nlimit = 5\n[limits]\nack_p99_s = 60\n";
    scenario.write_all(text.as_bytes()).unwrap();
    let (output, json) = run(&[scenario.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert_eq!(json["breaches"][0]["measured"], Value::Null);
    let said = words(&output);
    assert!(said.contains("ack_p99_s: nothing was measured") && said.contains("not one chat"), "{said}");
}

#[test]
fn a_server_that_dies_is_told_and_nothing_hangs() {
    let binary = server();
    let begun = Instant::now();
    let mut child = loadtest(&["run", "smoke", "--length", "60", "--json", "-", "--server", binary.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let victim = loop {
        if let Some(server) = child_of(child.id(), "serve") {
            break server;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "the run starts a server");
        std::thread::sleep(Duration::from_millis(50));
    };
    // The first line of progress says that visitors are there.
    let mut progress = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("connected") {
        line.clear();
        assert!(progress.read_line(&mut line).unwrap() > 0, "the run ended before it began");
    }
    let rest = std::thread::spawn(move || progress.lines().map_while(Result::ok).collect::<Vec<_>>().join("\n"));
    assert!(Command::new("sh").args(["-c", &format!("kill -KILL {victim}")]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(40), "the run ended long before its time");
    assert_eq!(output.status.code(), Some(1), "{}", rest.join().unwrap());
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["ended"], "server_gone");
    assert_eq!(json["verdict"]["faults"], 0, "what nobody could hear any more is not lost: {}", json["verdict"]);
}

#[test]
fn what_is_wrong_is_named_with_exit_2_before_anything_begins() {
    let unknown = loadtest(&["run", "lunch"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(words(&unknown).contains("lunch-peak"), "{}", words(&unknown));

    let mut scenario = tempfile::NamedTempFile::new().unwrap();
    scenario.write_all(b"name = \"x\"\nlength = 5\n").unwrap();
    let wrong = loadtest(&["run", scenario.path().to_str().unwrap()]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(words(&wrong).contains("line 2") && words(&wrong).contains("length_s"), "{}", words(&wrong));

    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = loadtest(&["run", "smoke", "--target", &format!("http://{free}")]).output().unwrap();
    assert_eq!(nobody.status.code(), Some(2));
    assert!(words(&nobody).contains("cannot be reached"), "{}", words(&nobody));

    let url = loadtest(&["run", "smoke", "--target", "127.0.0.1"]).output().unwrap();
    assert_eq!(url.status.code(), Some(2));
    assert!(words(&url).contains("expected a URL"), "{}", words(&url));

    let tls = loadtest(&["run", "smoke", "--target", "https://chat.example.com"]).output().unwrap();
    assert_eq!(tls.status.code(), Some(2));
    assert!(words(&tls).contains("TLS is not spoken here"), "{}", words(&tls));
}

#[test]
fn somebody_else_s_server_is_not_loaded() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let other = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        assert!(socket.read(&mut request).unwrap() > 0);
        let page = "<html>a shop</html>";
        write!(socket, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}", page.len()).unwrap();
    });
    let output = loadtest(&["run", "smoke", "--target", &format!("http://{address}")]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("is not a Switchboard server"), "{}", words(&output));
    other.join().unwrap();
}

#[test]
fn a_file_that_is_no_result_cannot_be_compared() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"{\"scenario\":").unwrap();
    let path = file.path().to_str().unwrap();
    let output = loadtest(&["compare", path, path]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("is not a result"), "{}", words(&output));
}
