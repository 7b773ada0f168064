//! The counters of what must never happen, as a server under test has them when its story ends. They are read without a
//! runtime: a story may end anywhere.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// One series for each thing that must never happen.
const SERIES: &str = "switchboard_invariant_violations_total{";
/// A server that is frozen, or has no file left to answer with, does not hold a story up for longer.
const WITHIN: Duration = Duration::from_secs(2);

/// The series that are not 0, but for those that the story has planted; `None`: the server does not say.
pub(super) fn broken(admin: &str, planted: &[&str]) -> Option<Vec<String>> {
    let text = metrics(admin)?;
    let series: Vec<&str> = text.lines().filter(|line| line.starts_with(SERIES)).collect();
    assert!(!series.is_empty(), "a series that is missing is no zero: {text}");
    Some(not_zero(&series, planted))
}

fn not_zero(series: &[&str], planted: &[&str]) -> Vec<String> {
    let is_planted = |line: &str| planted.iter().any(|which| line.contains(&format!("which=\"{which}\"")));
    let broken = series.iter().filter(|line| !line.ends_with(" 0") && !is_planted(line));
    broken.map(|line| (*line).to_owned()).collect()
}

fn metrics(admin: &str) -> Option<String> {
    let mut socket = TcpStream::connect_timeout(&admin.parse().ok()?, WITHIN).ok()?;
    socket.set_read_timeout(Some(WITHIN)).ok()?;
    socket.set_write_timeout(Some(WITHIN)).ok()?;
    write!(socket, "GET /metrics HTTP/1.0\r\nHost: {admin}\r\n\r\n").ok()?;
    let mut lines = BufReader::new(socket);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if lines.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_ascii_lowercase();
    head.lines().next().filter(|status| status.contains(" 200 "))?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"))?;
    let mut text = vec![0; length.trim().parse().ok()?];
    lines.read_exact(&mut text).ok()?;
    String::from_utf8(text).ok()
}

#[test]
fn only_what_a_story_has_planted_may_be_counted() {
    let series = [
        r#"switchboard_invariant_violations_total{which="queue_disagrees"} 0"#,
        r#"switchboard_invariant_violations_total{which="queue_missed_load"} 10"#,
        r#"switchboard_invariant_violations_total{which="chat_set_aside"} 1"#,
    ];
    assert_eq!(not_zero(&series, &["chat_set_aside"]), series[1..2]);
    assert_eq!(not_zero(&series, &[]), series[1..]);
}
