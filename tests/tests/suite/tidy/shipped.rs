//! What is shipped: the server as `cargo build -p switchboard-web` makes it, which plants no faults.

use std::process::Command;

use switchboard_tests::project;

#[test]
fn the_faults_of_the_tests_are_in_no_shipped_server() {
    let tree = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args(["tree", "--locked", "--offline", "--edges", "normal", "--prefix", "none"]);
        let told = command.args(["--format", "{p} {f}", "--package", "switchboard-web"]).args(arguments);
        let told = told.current_dir(project("")).output().expect("cargo runs");
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        let tree = String::from_utf8_lossy(&told.stdout).into_owned();
        let ours = tree.lines().filter(|line| line.starts_with("switchboard-"));
        ours.map(str::to_owned).collect::<Vec<_>>()
    };
    let planted = |lines: &[String]| lines.iter().filter(|line| line.ends_with(" faults")).count();
    let shipped = tree(&[]);
    assert!(shipped.len() >= 2, "the server and the engine: {shipped:?}");
    assert_eq!(planted(&shipped), 0, "{shipped:?}");
    assert_eq!(planted(&tree(&["--features", "faults"])), shipped.len(), "the rule finds them where they are");
}
