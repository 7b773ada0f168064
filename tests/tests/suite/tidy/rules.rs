//! Rules for every file: a sentence at its head, a length that can be read, and words that have no place in it.

use crate::suite::tidy::scrub::code;
use crate::suite::tidy::sources::with_ending;

/// Lines of the longest file.
const LINES_MAX: usize = 500;

#[test]
fn every_rust_file_says_what_it_is_for() {
    let files = with_ending(&["rs"]);
    let silent = files.iter().filter(|source| !source.text.starts_with("//! "));
    let silent: Vec<&str> = silent.map(|source| source.path.as_str()).collect();
    assert!(files.len() > 20);
    assert!(silent.is_empty(), "no //! at the head of {silent:#?}");
}

#[test]
fn no_file_is_longer_than_can_be_read() {
    let files = with_ending(&["rs", "ts", "svelte", "css", "sql", "mjs"]);
    let long = files.iter().map(|source| (source.text.lines().count(), &source.path)).filter(|(n, _)| *n > LINES_MAX);
    let long: Vec<_> = long.collect();
    assert!(long.is_empty(), "longer than {LINES_MAX} lines: {long:#?}");
}

#[test]
fn no_message_goes_past_a_full_mailbox_and_no_lint_is_silenced() {
    // Put together, so that the rule does not find itself.
    let calls = [["do_", "send("].concat(), ["#[", "allow("].concat(), ["#![", "allow("].concat()];
    let mut found = Vec::new();
    for source in with_ending(&["rs"]) {
        let mut code = code(&source.text);
        if source.path == "engine/src/actors/guard.rs" {
            // The one audited place: its senders bound themselves. A second call in it would be found.
            code = code.replacen(calls[0].as_str(), "", 1);
        }
        found.extend(calls.iter().filter(|call| code.contains(*call)).map(|call| format!("{}: {call}", source.path)));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_command_is_refused_without_being_counted() {
    // Put together, so that the rule does not find itself.
    let makes = ["frame::", "error("].concat();
    let mut makers: Vec<String> = Vec::new();
    for source in with_ending(&["rs"]) {
        let served = source.path.starts_with("engine/src/actors/") || source.path.starts_with("web/src/");
        if served && code(&source.text).contains(&makes) {
            makers.push(source.path.clone());
        }
    }
    assert_eq!(makers, ["engine/src/actors/shared.rs"], "frames that refuse are made, and counted, in one place");
}

#[test]
fn nothing_is_left_for_later() {
    let words = [["TO", "DO"], ["FIX", "ME"], ["todo", "!("], ["unimplemented", "!("], ["XX", "X"]].map(|w| w.concat());
    let found = lines_with(|line| words.iter().any(|word| line.contains(word.as_str())));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let homes = ["root", "home", "work", "Users"].map(|folder| format!("/{folder}/"));
    let begins_there = |line: &str| {
        homes.iter().any(|home| {
            let mut places = line.match_indices(home.as_str()).map(|(place, _)| &line[..place]);
            // Within an address or a longer path it is a folder like any other.
            places.any(|before| !before.ends_with(|c: char| c.is_alphanumeric() || "._-}/".contains(c)))
        })
    };
    let found = lines_with(begins_there);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn lines_with(wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let files =
        with_ending(&["rs", "ts", "svelte", "css", "sql", "mjs", "js", "html", "md", "toml", "yaml", "yml", "sh"]);
    let mut found = Vec::new();
    for source in &files {
        let lines = source.text.lines().enumerate().filter(|(_, line)| wrong(line));
        found.extend(lines.map(|(number, line)| format!("{}:{}: {}", source.path, number + 1, line.trim())));
    }
    found
}
