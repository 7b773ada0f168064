//! Starting and not starting: what is wrong is named, and the exit status tells which sort of wrong it is.

use std::process::Output;

use serde_json::json;
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::server::TestServer;

/// Checks status and words of a command that could not do it.
fn failed(output: &Output, status: i32, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    for word in words {
        assert!(said.contains(word), "{word} is not named: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn one_data_folder_has_one_server() {
    let server = TestServer::start();
    let second = server.command(&["serve", "--demo", "--listen", "127.0.0.1:0"]);
    failed(&second, 1, &[&server.data().display().to_string()]);
    VisitorClient::connect(&server).await;
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let server = TestServer::start();
    let other = tempfile::tempdir().expect("a folder");
    let folder = other.path().display().to_string();
    let second = server.command(&["serve", "--demo", "--listen", server.address(), "--data-dir", &folder]);
    failed(&second, 1, &[server.address()]);
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_one_is_named() {
    let server = TestServer::start();
    let other = tempfile::NamedTempFile::new().expect("a file");
    let file = other.path().display().to_string();
    let second = server.command(&["serve", "--demo", "--listen", "127.0.0.1:0", "--data-dir", &file]);
    failed(&second, 1, &[&file]);
}

#[tokio::test]
async fn wrong_settings_are_named_all_at_once() {
    let server = TestServer::start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("switchboard.toml");
    std::fs::write(&file, "listen = \"nowhere\"\nworkers = \"some\"\nlisen = \"127.0.0.1:1\"\n").expect("a file");
    let file = file.display().to_string();
    let checked = server.command(&["check-config", "--config", &file]);
    // The environment goes before the file, and sets neither of these.
    failed(&checked, 2, &["workers", "lisen"]);
    failed(&server.command(&["check-config", "--listen", "nowhere"]), 2, &["listen", "nowhere"]);
    failed(&server.command(&["serve", "--redis-url", "redis://127.0.0.1"]), 2, &["redis_url"]);
    failed(&server.command(&["serve", "--demo", "--listen", "0.0.0.0:0"]), 2, &["listen"]);
}

#[tokio::test]
async fn whoever_cannot_be_administrator_leaves_no_database() {
    let server = TestServer::start();
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data").display().to_string();
    let make = |more: &[&str]| server.command(&[&["create-admin", "--data-dir", &data], more].concat());
    failed(&make(&["--email", "nope"]), 2, &["--email", "address"]);
    failed(&make(&["--email", "eve@shop.example", "--account", "No Such"]), 2, &["--account", "a-z"]);
    assert!(!folder.path().join("data").exists(), "nothing was made");
    assert!(make(&["--email", "eve@shop.example"]).status.success());
    failed(&make(&["--email", "eve@shop.example"]), 1, &["eve@shop.example is an operator"]);
}

#[tokio::test]
async fn health_and_metrics_are_told() {
    let server = TestServer::start();
    let client = reqwest::Client::new();
    for root in [server.url(), server.admin_url()] {
        for path in ["live", "ready"] {
            let answer = client.get(format!("{root}/health/{path}")).send().await.expect("an answer");
            assert_eq!(answer.status(), 200, "{root} {path}");
        }
    }
    let metrics = client.get(format!("{}/metrics", server.admin_url())).send().await.expect("an answer");
    let text = metrics.text().await.expect("text");
    assert!(text.lines().any(|line| line.starts_with("# HELP switchboard_")), "{text}");
    // The demo was written: there were commits, and their sizes and times are told in buckets.
    let commits = text.lines().find_map(|line| line.strip_prefix("switchboard_store_commit_seconds_count "));
    assert!(commits.is_some_and(|count| count.parse::<u64>().is_ok_and(|count| count > 0)), "{text}");
    for told in [
        "switchboard_store_commit_seconds_bucket{le=\"0.001\"}",
        "switchboard_store_commit_commands_bucket{le=\"1\"}",
        "switchboard_store_writer_queue_commands ",
        "switchboard_store_index_lag_seconds ",
        "switchboard_store_index_waiting_rows ",
        "switchboard_store_log_bytes ",
        "switchboard_store_checkpoints_total ",
    ] {
        assert!(text.lines().any(|line| line.starts_with(told)), "{told} is missing: {text}");
    }
    let public = client.get(format!("{}/metrics", server.url())).send().await.expect("an answer");
    let public = public.text().await.expect("text");
    assert!(!public.contains("# HELP"), "metrics are not for everybody");
}

#[tokio::test]
async fn a_server_that_moved_serves_the_same_people() {
    let mut server = TestServer::start();
    let mut mona = OperatorClient::online(&server, "mona").await;
    let mut clara = VisitorClient::connect(&server).await;
    let chat = clara.start(&Start::support("Clara", "Hello?")).await;
    let status = server.stop();
    assert_eq!(status.code(), Some(0));
    server.restart_elsewhere();
    clara.moved_to(server.address());
    clara.reconnect().await.expect("the server is there");
    assert_eq!(clara.welcome["chat"]["id"], chat.as_str());
    // Her session is good, her window's page is that of the new address.
    let browser = mona.browser.moved_to(&server.url());
    mona = OperatorClient::window(&server, &browser).await.expect("her session outlives the server");
    mona.take(&chat).await;
    let assigned = clara.expect_event("assigned").await;
    assert_eq!(assigned["chat"], json!(chat));
}
