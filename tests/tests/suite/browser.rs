//! Conversations as people see them: the shop's page and consoles in real browsers, with the server killed and started
//! again in the middle of one. The stories themselves are told by `web/ui/e2e`; here is the server that they ask for.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use switchboard_tests::project;
use switchboard_tests::server::TestServer;

/// The whole story has this long, on a machine that does other things too. Its steps have limits of their own and say
/// what they saw; this one only ends a script that hangs.
const STORY_WITHIN: Duration = Duration::from_secs(900);

#[test]
fn a_visitor_and_an_operator_chat_in_real_browsers_while_the_server_is_killed() {
    let mut server = TestServer::start();
    let mut story = Story::begin("conversation.mjs", &server.url());
    while let Some(wish) = story.next_wish() {
        match wish.as_str() {
            "kill" => server.kill(),
            "start" => server.restart(),
            other => panic!("the story asked for {other:?}"),
        }
        story.answer(if wish == "kill" { "killed" } else { "started" });
    }
    let status = story.end();
    assert!(status.success(), "the story ended badly ({status}); what it said is above");
}

#[test]
fn colleagues_transfer_invite_take_and_are_rung_in_real_browsers() {
    is_told("colleagues.mjs");
}

#[test]
fn an_administrator_sets_up_who_gets_what_and_removes_a_group_and_an_operator_in_real_browsers() {
    is_told("administration.mjs");
}

#[test]
fn an_administrator_writes_hours_overflow_and_a_profile_and_visitors_feel_it_in_real_browsers() {
    is_told("routing.mjs");
}

#[test]
fn a_site_that_vouches_for_its_visitors_is_believed_in_real_browsers() {
    is_told("identity.mjs");
}

#[test]
fn a_page_of_another_website_bears_the_widget_once_it_is_named_in_real_browsers() {
    is_told("elsewhere.mjs");
}

/// Tells a story that needs nothing of the server but itself.
fn is_told(script: &str) {
    let server = TestServer::start();
    let story = Story::begin(script, &server.url());
    assert_eq!(story.next_wish(), None, "{script} asks for nothing");
    let status = story.end();
    assert!(status.success(), "the story ended badly ({status}); what it said is above");
}

/// A script of `web/ui/e2e`: what it wants of the server comes line by line.
struct Story {
    process: Child,
    wishes: mpsc::Receiver<String>,
    deadline: Instant,
}

impl Story {
    fn begin(script: &str, url: &str) -> Self {
        let folder = project("web/ui/e2e");
        let installed = project("web/ui/node_modules/playwright-core");
        assert!(installed.is_dir(), "the browser's driver is missing; install it first: npm ci, in web/ui");
        let mut command = Command::new("node");
        command.arg(script).current_dir(folder).env("SWITCHBOARD_TEST_URL", url);
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("node starts");
        let out = BufReader::new(process.stdout.take().expect("standard output is piped"));
        let (sender, wishes) = mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { process, wishes, deadline: Instant::now() + STORY_WITHIN }
    }

    /// What it wants next; nothing more once it has ended.
    fn next_wish(&self) -> Option<String> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match self.wishes.recv_timeout(left) {
            Ok(wish) => Some(wish),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("the story was not over within {STORY_WITHIN:?}"),
        }
    }

    fn answer(&mut self, words: &str) {
        let input = self.process.stdin.as_mut().expect("standard input is piped");
        writeln!(input, "{words}").expect("the story listens");
    }

    fn end(mut self) -> ExitStatus {
        self.process.wait().expect("the story can be waited for")
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        // The browser goes with the script that holds its pipe.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
