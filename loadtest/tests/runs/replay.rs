//! Recorded traffic, from a run over the server's export to a replay: the same chats with the same messages.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use super::targets::administrator;
use super::{loadtest, server, words};

const SCENARIO: &str = r#"
name = "recorded"
length_s = 4
[[visitors]]
arrivals = { kind = "constant", per_minute = 180 }
messages = { least = 1, most = 5 }
typing = 0
pause = { kind = "exponential", mean_s = 0.2 }
linger = { kind = "fixed", s = 0.3 }
drops_per_minute = 4
away = { kind = "fixed", s = 0.1 }
[[operators]]
count = 3
limit = 4
accepts = { kind = "fixed", s = 0.05 }
thinks = { kind = "exponential", mean_s = 0.1 }
typing = 0
ends = 0.4
"#;

/// A server with a folder that outlives it.
pub(super) struct Place {
    child: Child,
    pub(super) url: String,
    /// Of its metrics.
    pub(super) admin: String,
}

impl Place {
    pub(super) fn open(folder: &Path) -> Self {
        Self::open_with(folder, &[])
    }

    pub(super) fn open_with(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = program();
        command.envs(variables.iter().copied());
        command.args(["serve", "--demo"]).env("SWITCHBOARD_LISTEN", "127.0.0.1:0").env("SWITCHBOARD_LOG", "warn");
        command.env("SWITCHBOARD_ADMIN_LISTEN", "127.0.0.1:0").env("SWITCHBOARD_DATA_DIR", folder.join("data"));
        command.env("SWITCHBOARD_VISITOR_COMMANDS_PER_SECOND", "200").current_dir(folder);
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines().map_while(Result::ok);
        let mut rest_of =
            |prefix: &str| lines.find_map(|line| line.strip_prefix(prefix).map(str::to_owned)).expect("an address");
        let (url, admin) = (rest_of("listening on "), rest_of("admin on "));
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url, admin }
    }

    pub(super) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("the server ends");
    }

    pub(super) fn close(mut self) {
        let term = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &term]).status().expect("a shell").success());
        self.child.wait().expect("the server ends");
    }
}

/// The server's program, with no settings but those that are given to it.
fn program() -> Command {
    let mut command = Command::new(server());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SWITCHBOARD_")) {
        command.env_remove(name);
    }
    command
}

/// What the server's program does with a folder where no server runs.
fn in_folder(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = program();
    command.args(arguments).env("SWITCHBOARD_DATA_DIR", folder.join("data"));
    command.current_dir(folder).output().expect("the server's program runs")
}

/// Every chat of a folder, as the server exports it.
pub(super) fn exported(folder: &Path, file: &Path) -> Vec<Value> {
    let output = in_folder(folder, &["export-traffic", file.to_str().expect("a path in UTF-8")]);
    assert!(output.status.success(), "{}", words(&output));
    chats_of(&std::fs::read_to_string(file).expect("the file"))
}

/// The chats of a whole file.
fn chats_of(text: &str) -> Vec<Value> {
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (end, rest) = lines.split_last().expect("a last line");
    assert_eq!((end["chats"].as_u64(), rest.len()), (Some(rest.len() as u64 - 1), rest.len()), "{end}");
    rest[1..].to_vec()
}

/// Of each chat, how many messages the visitor and the operators wrote, and who ended it.
fn shapes(chats: &[Value]) -> Vec<(usize, usize, String)> {
    let shape = |chat: &Value| {
        let events = chat["events"].as_array().expect("events");
        let said = |by_visitor| {
            let of = |event: &&Value| event["kind"] == "said" && event["operator"].is_null() == by_visitor;
            events.iter().filter(of).count()
        };
        let end = events.last().map(|end| end["by"].to_string()).unwrap_or_default();
        (said(true), said(false), end)
    };
    let mut shapes: Vec<_> = chats.iter().map(shape).collect();
    shapes.sort();
    shapes
}

#[test]
fn a_run_that_is_exported_and_played_again_has_the_same_chats() {
    let (once, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let scenario = once.path().join("recorded.toml");
    std::fs::write(&scenario, SCENARIO).unwrap();
    let place = Place::open(once.path());
    let ran = loadtest(&["run", scenario.to_str().unwrap(), "--target", &place.url]).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}", words(&ran));
    place.close();
    let file = once.path().join("traffic.jsonl");
    let chats = exported(once.path(), &file);
    assert!(chats.len() > 8, "{} chats", chats.len());
    assert!(shapes(&chats).iter().any(|(_, by_operators, _)| *by_operators > 1), "{:?}", shapes(&chats));

    let place = Place::open(again.path());
    let speed = ["--speed", "4", "--workers", "2", "--target", &place.url, "--json", "-"];
    let played = loadtest(&[&["replay", file.to_str().unwrap()], &speed[..]].concat()).output().unwrap();
    assert_eq!(played.status.code(), Some(0), "{}", words(&played));
    let json: Value = serde_json::from_slice(&played.stdout).unwrap();
    assert_eq!(json["verdict"]["chats"].as_u64(), Some(chats.len() as u64), "every chat was judged");
    let count = |name: &str| json["counts"][name].as_u64().unwrap();
    let heard = count("messages_acked") + count("commands_crossed");
    assert!(heard >= count("messages_said"), "what was said was acked: {}", json["counts"]);
    let recorded = chats.iter().map(|chat| {
        let last = chat["events"].as_array().and_then(|events| events.last()?["ms"].as_u64()).unwrap();
        (chat["at_ms"].as_u64().unwrap() + last) as f64 / 1e3
    });
    let recorded = recorded.fold(0.0, f64::max);
    let took = json["seconds"].as_f64().unwrap();
    assert!(recorded > 3.0 && took < 0.75 * recorded, "four times as fast: {took} s for {recorded} s");
    place.close();
    let copies = exported(again.path(), &again.path().join("traffic.jsonl"));
    assert_eq!(shapes(&copies), shapes(&chats));
}

#[test]
fn a_file_is_played_into_another_department() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("traffic.jsonl");
    let chat = r#"{"at_ms":0,"events":[{"kind":"said","ms":0,"text":"Abc"},{"kind":"ended","ms":900,"by":"visitor"}]}"#;
    let head = r#"{"format":"switchboard-traffic","version":1}"#;
    std::fs::write(&file, format!("{head}\n{chat}\n{}\n", r#"{"chats":1,"messages":1}"#)).unwrap();
    let place = Place::open(folder.path());
    let replay = ["replay", file.to_str().unwrap(), "--target", &place.url];
    let sales = ["--brand", "demo", "--department", "sales", "--group", "sales"];
    let output = loadtest(&[&replay[..], &sales[..]].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    let of = |group: &str| {
        let path = format!("{}/api/v1/chats?group={group}", place.url);
        administrator(&place.url, |client, _| client.get(path))["items"].as_array().map(Vec::len)
    };
    assert_eq!((of("sales"), of("support")), (Some(1), Some(0)));
    let nowhere = loadtest(&[&replay[..], &["--group", "nowhere"]].concat()).output().unwrap();
    assert!(nowhere.status.code() == Some(2) && words(&nowhere).contains("nowhere"), "{}", words(&nowhere));
    place.close();
}

/// A file of chats that begin together, each with a question and an answer, all of one operator.
fn together(folder: &Path, chats: u32) -> String {
    let events = serde_json::json!([
        { "kind": "said", "ms": 0, "text": "Abc" },
        { "kind": "owned", "ms": 10, "operator": 1 },
        { "kind": "said", "ms": 20, "operator": 1, "text": "Yes" },
        { "kind": "ended", "ms": 1_000, "by": "visitor" },
    ]);
    let mut lines = vec![r#"{"format":"switchboard-traffic","version":1}"#.to_owned()];
    lines.extend((0..chats).map(|_| serde_json::json!({ "at_ms": 0, "events": events }).to_string()));
    lines.push(serde_json::json!({ "chats": chats, "messages": 2 * chats }).to_string());
    let file = folder.join(format!("{chats}-together.jsonl"));
    std::fs::write(&file, lines.join("\n")).expect("a file");
    file.to_str().expect("a path in UTF-8").to_owned()
}

#[test]
fn a_file_is_played_to_other_operators_with_another_limit() {
    let folder = tempfile::tempdir().unwrap();
    let file = together(folder.path(), 4);
    let place = Place::open(folder.path());
    let others = ["--operators", "2", "--limit", "1", "--target", &place.url];
    let output = loadtest(&[&["replay", &file], &others[..]].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    place.close();
    let chats = exported(folder.path(), &folder.path().join("again.jsonl"));
    let mut held: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for chat in &chats {
        let events = chat["events"].as_array().expect("events");
        let at = |event: &Value| chat["at_ms"].as_u64().zip(event["ms"].as_u64()).map(|(at, ms)| at + ms);
        let owned = events.iter().find(|event| event["kind"] == "owned").expect("somebody has it");
        let span = at(owned).zip(events.last().and_then(at)).expect("moments");
        held.entry(owned["operator"].as_u64().expect("a number")).or_default().push(span);
    }
    assert_eq!((chats.len(), held.len()), (4, 2), "two operators, where one had all: {chats:?}");
    for spans in held.values_mut() {
        spans.sort_unstable();
        assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "one chat at a time: {spans:?}");
    }
}

#[test]
fn of_several_accounts_the_one_that_is_named_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let play = |chats, more: &[&str], password: &str| {
        let file = together(folder.path(), chats);
        let place = Place::open(folder.path());
        let mut replay = loadtest(&[&["replay", &file, "--target", &place.url], more].concat());
        let output = replay.env("LOADTEST_PASSWORD", password).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", words(&output));
        place.close();
    };
    let out = |output: &Output| String::from_utf8(output.stdout.clone()).expect("UTF-8");
    play(1, &[], "switchboard-demo");
    let eve = "eve@other.example";
    let made = in_folder(folder.path(), &["create-admin", "--email", eve, "--account", "other"]);
    assert!(made.status.success(), "{}", words(&made));
    let said = out(&made);
    let password = said.lines().find_map(|line| line.strip_prefix("password: ")).expect("a password is made");
    play(2, &["--brand", "other", "--administrator", eve], password);

    let export = |more: &[&str]| in_folder(folder.path(), &[&["export-traffic"], more].concat());
    for (account, chats) in [("demo", 1), ("other", 2)] {
        let output = export(&["--account", account]);
        assert!(output.status.success(), "{}", words(&output));
        assert_eq!(chats_of(&out(&output)).len(), chats, "{account}, to standard output");
        assert!(words(&output).contains(&format!("{chats} chats with {} messages", 2 * chats)), "{}", words(&output));
    }
    for (more, why) in [(&[][..], "name an account with --account"), (&["--account", "none"], "no account \"none\"")] {
        let output = export(more);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(1), ""), "nothing of a file: {more:?}");
        let said = words(&output);
        assert!(said.contains(why) && said.contains("demo") && said.contains("other"), "{said}");
    }
}

#[test]
fn what_was_said_is_not_in_the_file_and_what_is_has_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("recorded.toml");
    std::fs::write(&scenario, SCENARIO).unwrap();
    let place = Place::open(folder.path());
    let ran = loadtest(&["run", scenario.to_str().unwrap(), "--length", "1", "--target", &place.url]).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}", words(&ran));
    place.close();
    let file = folder.path().join("traffic.jsonl");
    let chats = exported(folder.path(), &file);
    let text = std::fs::read_to_string(&file).unwrap();
    for said in ["parcel", "address", "please", "Visitor", "Load test", "support"] {
        assert!(!text.contains(said), "{said} is in the file");
    }
    let question = chats[0]["events"][0]["text"].as_str().unwrap();
    assert_eq!(question.chars().count(), 48);
    let behind_the_mark = question.rsplit('~').next().unwrap();
    assert!(behind_the_mark.starts_with(|letter: char| letter.is_ascii_lowercase()), "{question}");
    let lengths: Vec<usize> = behind_the_mark.split(' ').map(str::len).take(3).collect();
    assert_eq!(lengths, ["is".len(), "the".len(), "parcel".len()], "words have their lengths: {question}");
    let again = program().arg("export-traffic").arg(&file).current_dir(folder.path()).output().unwrap();
    assert_eq!(again.status.code(), Some(1), "what is there is not overwritten: {}", words(&again));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn names_addresses_and_words_of_any_script_are_disguised() {
    let folder = tempfile::tempdir().unwrap();
    let (said, answer) = ("The first words bear a mark. Größe 47114711, Привет 你好 canary", "They do. Canary Jürgen!");
    let events = serde_json::json!([
        { "kind": "said", "ms": 0, "text": said },
        { "kind": "owned", "ms": 100, "operator": 1 },
        { "kind": "said", "ms": 200, "operator": 1, "text": answer },
        { "kind": "ended", "ms": 300, "by": "operator" },
    ]);
    let (name, email) = ("Clara Quentin", "clara.quentin@canary.example");
    let chat = serde_json::json!({ "at_ms": 0, "name": name, "email": email, "language": "pt-BR", "events": events });
    let head = r#"{"format":"switchboard-traffic","version":1}"#;
    let first = folder.path().join("first.jsonl");
    std::fs::write(&first, format!("{head}\n{chat}\n{}\n", r#"{"chats":1,"messages":2}"#)).unwrap();

    let place = Place::open(folder.path());
    let played = loadtest(&["replay", first.to_str().unwrap(), "--target", &place.url]).output().unwrap();
    assert_eq!(played.status.code(), Some(0), "{}", words(&played));
    place.close();
    let second = folder.path().join("second.jsonl");
    let chats = exported(folder.path(), &second);
    assert_eq!(shapes(&chats), [(1, 1, "\"operator\"".to_owned())]);
    let text = std::fs::read_to_string(&second).unwrap();
    for secret in ["Clara", "Quentin", "quentin", "canary", "Canary", "47114711", "Привет", "你好", "Größe", "Jürgen"]
    {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    let length = |value: &Value| value.as_str().map(|text| (text.chars().count(), text.len()));
    assert_eq!(chats[0]["language"], "pt", "it was played in that language");
    assert_eq!(length(&chats[0]["name"]), Some((name.len(), name.len())));
    assert_eq!(length(&chats[0]["email"]), Some((email.len(), email.len())));
    assert_eq!(length(&chats[0]["events"][0]["text"]), Some((said.chars().count(), said.len())));
}

#[test]
fn a_file_that_is_cut_short_or_wrong_is_named_with_line_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("traffic.jsonl");
    let head = r#"{"format":"switchboard-traffic","version":1}"#;
    let chat = r#"{"at_ms":0,"events":[{"kind":"said","ms":0,"text":"Abc"},{"kind":"ended","ms":9,"by":"visitor"}]}"#;
    let cases = [
        (format!("{head}\n{chat}\n"), "line 3", "cut short"),
        (format!("{head}\n{}", &chat[..50]), "line 2", "cut short"),
        (format!("{head}\n{}\n", chat.replace("ms\":9", "ms\":-9")), "line 2", "-9"),
        (format!("{head}\n{}\n", chat.replace("ms\":9", &format!("ms\":{}", u64::MAX))), "line 2", "100 years"),
        (
            format!("{head}\n{}\n", chat.replace("at_ms\":0", "at_ms\":1000000000000000")),
            "line 2",
            "at_ms: expected at most",
        ),
        ("name,said\n".to_owned(), "line 1", "switchboard-traffic"),
    ];
    for (text, line, why) in cases {
        std::fs::write(&file, &text).unwrap();
        let output = loadtest(&["replay", file.to_str().unwrap()]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(words(&output).contains(line) && words(&output).contains(why), "{}", words(&output));
    }
    let missing = loadtest(&["replay", "there-is-none"]).output().unwrap();
    assert!(missing.status.code() == Some(2) && words(&missing).contains("cannot be read"), "{}", words(&missing));
}
