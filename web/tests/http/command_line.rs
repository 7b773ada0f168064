//! The binary as people start it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// The binary with a data folder, and ports of its own unless the test names others.
fn switchboard(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
    command.args(arguments).env_clear().env("SWITCHBOARD_DATA_DIR", folder);
    command.env("SWITCHBOARD_LISTEN", "127.0.0.1:0").env("SWITCHBOARD_ADMIN_LISTEN", "127.0.0.1:0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ended(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// Whether what failed is said in one line; logs aside.
fn is_one_line(words: &str) -> bool {
    words.lines().last().is_some_and(|last| last.starts_with("switchboard: "))
        && words.lines().filter(|line| !line.contains(" INFO ")).count() == 1
}

/// A server that runs, and is told to stop at the end.
struct Serving {
    child: Child,
    lines: Vec<String>,
}

impl Serving {
    fn start(folder: &Path, arguments: &[&str], lines: usize) -> Self {
        let mut child = switchboard(folder, arguments).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let lines: Vec<String> = out.lines().take(lines).map(Result::unwrap).collect();
        Self { child, lines }
    }

    fn address(&self) -> &str {
        self.lines[0].strip_prefix("listening on http://").unwrap()
    }

    /// Tells it to end by SIGTERM.
    fn tell_to_stop(&self) {
        let told = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success());
    }

    /// Ends it by SIGTERM; the exit status.
    fn stop(mut self) -> Option<i32> {
        self.tell_to_stop();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Only where a test failed before its end: it has ended otherwise, and both calls do nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_says_where_it_listens_and_ends_with_0_after_a_drain() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &["serve", "--demo"], 4);
    assert!(serving.lines[1].starts_with("admin on http://127.0.0.1:"), "{:?}", serving.lines);
    assert!(serving.lines[2].ends_with("/demo"), "{:?}", serving.lines);
    let mut connection = std::net::TcpStream::connect(serving.address()).unwrap();
    connection.write_all(b"GET /health/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(serving.stop(), Some(0));
}

#[test]
fn a_second_signal_cuts_the_drain_short_and_that_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(folder.path(), &["serve"], 2);
    let mut log = BufReader::new(serving.child.stderr.take().unwrap()).lines().map(Result::unwrap);
    serving.tell_to_stop();
    assert!(log.any(|line| line.contains("draining")));
    serving.tell_to_stop();
    assert_eq!(serving.child.wait().unwrap().code(), Some(1));
    assert!(log.any(|line| line.starts_with("switchboard: stopped by a second signal")));
}

#[test]
fn the_demos_sign_ins_are_told_of_the_demos_store_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut create = switchboard(folder.path(), &["create-admin", "--email", "ada@shop.example"]);
    assert_eq!(ended(&mut create).0, Some(0));
    let mut child = switchboard(folder.path(), &["serve", "--demo"]).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let lines = out.by_ref().take(2).collect();
    assert_eq!(Serving { child, lines }.stop(), Some(0));
    assert_eq!(out.collect::<Vec<_>>(), [""; 0], "nobody of the demo is there");
}

#[test]
fn what_was_the_demo_is_not_served_to_the_world_by_another_name() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Serving::start(folder.path(), &["serve", "--demo"], 2).stop(), Some(0));
    let (status, _, words) = ended(&mut switchboard(folder.path(), &["serve", "--listen", "0.0.0.0:0"]));
    assert_eq!(status, Some(2), "{words}");
    assert!(words.contains("listen") && words.contains("demo_allow_remote"), "{words}");
    std::fs::write(folder.path().join("told.toml"), "demo_allow_remote = true\n").unwrap();
    let file = folder.path().join("told.toml");
    let told = ["serve", "--listen", "0.0.0.0:0", "--config", file.to_str().unwrap()];
    assert_eq!(Serving::start(folder.path(), &told, 2).stop(), Some(0));
}

#[test]
fn wrong_settings_end_it_with_2_and_are_all_named() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = [("SWITCHBOARD_LISTEN", "here"), ("SWITCHBOARD_REDIS_URL", "redis://r"), ("SWITCHBOARD_LOG", "loud")];
    for arguments in [&["serve"][..], &["check-config"], &["migrate"], &["create-admin", "--email", "a@example.com"]] {
        let (status, _, words) = ended(switchboard(folder.path(), arguments).envs(wrong));
        assert_eq!(status, Some(2), "{words}");
        assert!(wrong.iter().all(|(name, _)| words.contains(name)), "{words}");
    }
    let (status, _, words) = ended(&mut switchboard(folder.path(), &["serve", "--config", "/nowhere.toml"]));
    assert_eq!(status, Some(2));
    assert!(words.contains("/nowhere.toml"), "{words}");
    let (status, _, words) = ended(&mut switchboard(folder.path(), &["serve", "--demo", "--listen", "0.0.0.0:0"]));
    assert_eq!(status, Some(2));
    assert!(words.contains("demo_allow_remote"), "{words}");
    assert_eq!(ended(&mut switchboard(folder.path(), &["dance"])).0, Some(2));
    assert!(!folder.path().join("switchboard.db").exists(), "and nothing was made");
}

#[test]
fn migrate_makes_the_schema_and_leaves_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let (status, said, _) = ended(&mut switchboard(folder.path(), &["migrate"]));
        assert_eq!((status, said.lines().count()), (Some(0), 1), "{said}");
        assert!(said.contains(env!("CARGO_PKG_VERSION")), "{said}");
    }
    assert_eq!(ended(&mut switchboard(folder.path(), &["create-admin", "--email", "ada@example.com"])).0, Some(0));
    assert_eq!(ended(&mut switchboard(folder.path(), &["migrate"])).0, Some(0));
    assert_eq!(Serving::start(folder.path(), &["serve"], 2).stop(), Some(0));
    let (status, _, words) = ended(&mut switchboard(folder.path(), &["create-admin", "--email", "ada@example.com"]));
    assert_eq!(status, Some(1), "she is there still: {words}");
}

#[test]
fn a_folder_whose_schema_is_another_one_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(ended(&mut switchboard(folder.path(), &["migrate"])).0, Some(0));
    let file = rusqlite::Connection::open(folder.path().join("switchboard.db")).unwrap();
    for (change, named) in [
        ("UPDATE migration SET digest = digest + 1", "schema 1 as another build"),
        ("DROP TABLE migration", "schema 1 as another build"),
        ("PRAGMA user_version = 7", "a newer version: its schema is 7"),
    ] {
        file.execute_batch(change).unwrap();
        for command in ["migrate", "serve"] {
            let (status, _, words) = ended(&mut switchboard(folder.path(), &[command]));
            assert_eq!(status, Some(1), "{change}: {words}");
            assert!(words.contains(named) && is_one_line(&words), "{change}: {words}");
        }
    }
}

#[test]
fn check_config_shows_what_is_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "ab".repeat(32);
    let mut command = switchboard(folder.path(), &["check-config", "--node", "left"]);
    let (status, shown, _) = ended(command.env("SWITCHBOARD_SECRET", &secret));
    assert_eq!(status, Some(0));
    assert!(shown.contains("node = \"left\"  # flag") && shown.contains("(hidden)"), "{shown}");
    assert!(!shown.contains(&secret));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for name in ["SWITCHBOARD_LISTEN", "SWITCHBOARD_ADMIN_LISTEN"] {
        let (status, _, words) = ended(switchboard(folder.path(), &["serve"]).env(name, &address));
        assert_eq!(status, Some(1), "{words}");
        assert!(words.contains(&address) && words.contains("in use"), "{words}");
        assert!(is_one_line(&words), "{words}");
    }
}

#[test]
fn a_data_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    std::fs::write(&file, "in the way").unwrap();
    let (status, _, words) = ended(&mut switchboard(&file.join("data"), &["serve"]));
    assert_eq!(status, Some(1));
    assert!(words.contains("a-file") && is_one_line(&words), "{words}");
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = Serving::start(folder.path(), &["serve"], 2);
    for arguments in [&["serve"][..], &["migrate"], &["create-admin", "--email", "a@example.com"]] {
        let (status, _, words) = ended(&mut switchboard(folder.path(), arguments));
        assert_eq!(status, Some(1), "{words}");
        assert!(words.contains("in use by another process") && is_one_line(&words), "{words}");
    }
    assert_eq!(first.stop(), Some(0));
    let second = Serving::start(folder.path(), &["serve"], 2);
    assert_eq!(second.stop(), Some(0), "it is free again");
}

#[test]
fn the_first_administrator_is_made_with_everything_a_chat_needs() {
    let folder = tempfile::tempdir().unwrap();
    let create = |arguments: &[&str], input: Option<&str>| {
        let mut command = switchboard(folder.path(), &[&["create-admin"], arguments].concat());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.unwrap_or_default().as_bytes()).unwrap();
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    };
    let (status, out, _) = create(&["--email", "ada@example.com"], None);
    assert_eq!(status, Some(0));
    let password = out.lines().find_map(|line| line.strip_prefix("password: ")).unwrap().to_owned();
    assert!(password.len() >= 20 && out.contains("account main"), "{out}");
    let given = ["--email", "bea@example.com", "--account", "second", "--password-stdin"];
    let (status, out, _) = create(&given, Some("a password of hers\n"));
    assert_eq!(status, Some(0));
    assert!(!out.contains("password"), "{out}");
    for (arguments, input, part, ends) in [
        (&given[..], "a password of hers\n", "already", 1),
        (&["--email", "cid@example.com"], "", "main, second", 1),
        (&["--email", "cid"], "", "--email", 2),
        (&["--email", "cid@example.com", "--account", "No!", "--password-stdin"], "long enough\n", "--account", 2),
        (&["--email", "cid@example.com", "--account", "main", "--password-stdin"], "short\n", "password", 2),
    ] {
        let (status, _, words) = create(arguments, Some(input));
        assert_eq!(status, Some(ends), "{words}");
        assert!(words.contains(part) && is_one_line(&words), "{words}");
    }
    let serving = Serving::start(folder.path(), &["serve"], 2);
    let base = format!("http://{}/api/v1", serving.address());
    actix_web::rt::System::new().block_on(async {
        for (email, password, key) in
            [("ada@example.com", password.as_str(), "main"), ("bea@example.com", "a password of hers", "second")]
        {
            let mut browser = crate::kit::Browser {
                client: reqwest::Client::builder().cookie_store(true).build().unwrap(),
                base: base.clone(),
                csrf: None,
            };
            assert_eq!(browser.sign_in(email, password).await.status, 200);
            assert_eq!(browser.get("/brands").await.items()[0]["id"], key);
            assert_eq!(browser.get("/departments").await.items().len(), 1);
            assert_eq!(browser.get("/groups").await.items().len(), 1);
        }
    });
    assert_eq!(serving.stop(), Some(0));
}
