//! What is shipped: the server as `cargo build -p switchboard-web` makes it, which plants no faults. And what its release
//! builds have in common with the tests, so that it is compiled once.

use std::collections::BTreeSet;
use std::process::Command;

use switchboard_tests::project;

#[test]
fn the_faults_of_the_tests_are_in_no_shipped_server() {
    let shipped_with = |arguments: &[&str]| {
        let tree = tree(&[&["--edges", "normal", "--package", "switchboard-web"], arguments].concat());
        tree.into_iter().filter(|line| ours(line)).collect::<Vec<_>>()
    };
    let planted = |lines: &[String]| lines.iter().filter(|line| line.ends_with(" faults")).count();
    let shipped = shipped_with(&[]);
    assert!(shipped.len() >= 2, "the server and the engine: {shipped:?}");
    assert_eq!(planted(&shipped), 0, "{shipped:?}");
    assert_eq!(planted(&shipped_with(&["--features", "faults"])), shipped.len(), "the rule finds them where they are");
}

/// `make test` builds the tests, the server with faults and the server without them from one set of dependencies.
#[test]
fn a_dependency_has_the_same_features_whatever_make_test_builds() {
    let theirs = |arguments: &[&str]| {
        let tree = tree(&[&["--workspace"], arguments].concat());
        tree.into_iter().filter(|line| !ours(line)).collect::<BTreeSet<_>>()
    };
    let tests = theirs(&["--edges", "normal,build,dev"]);
    assert!(tests.len() > 100, "all that is compiled: {tests:?}");
    for server in [&["--edges", "normal,build"][..], &["--edges", "normal,build", "--no-default-features"]] {
        let server = theirs(server);
        let differs: Vec<_> = server.symmetric_difference(&tests).collect();
        assert!(differs.is_empty(), "these would be compiled twice; see tests/Cargo.toml: {differs:#?}");
    }
}

fn ours(line: &str) -> bool {
    line.starts_with("switchboard-")
}

/// Packages with their features, one to a line.
fn tree(arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p} {f}"]).args(arguments);
    let told = command.current_dir(project("")).output().expect("cargo runs");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let lines = String::from_utf8_lossy(&told.stdout).into_owned();
    // What was shown before is marked, not told again.
    lines.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}
