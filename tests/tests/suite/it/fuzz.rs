//! Frames that nobody would write, thousands of them: each gets an answer of the contract or has its effect, no actor
//! fails at one, and a chat beside it goes on. `make fuzz` tries for longer.

mod bytes;
mod frames;

use std::time::{Duration, Instant};

use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, SOON, Socket, Start, VisitorClient};
use switchboard_tests::server::TestServer;
use tokio::runtime::{Builder, Runtime};
use tokio_tungstenite::tungstenite::Message;

use crate::suite::it::fuzz::frames::{Sent, Words};
use crate::suite::it::joe_answers;

/// Says for how many seconds to try; without it a fixed number of cases, the same each time.
const SECONDS: &str = "FUZZ_SECONDS";
/// Cases of a story unless the variable says otherwise.
const CASES: u32 = 150;
/// The same of bytes: a stream that declares too much is held for the fifth of a second that its answer may take.
const STREAMS: u32 = 80;

/// The codes of errors (PROTOCOL); `internal` would be a failure of the server's own.
const CODES: [&str; 10] = [
    "bad_frame",
    "unknown_type",
    "too_large",
    "unauthorized",
    "forbidden",
    "not_found",
    "conflict",
    "invalid",
    "rate_limited",
    "unavailable",
];

#[test]
fn whatever_a_visitor_sends_is_answered_and_harms_nobody() {
    let mut scene = Scene::set();
    let (words, runtime) = (scene.words.clone(), scene.runtime());
    let server = &scene.server;
    try_many(CASES, &frames::visitor(&words), |sent| {
        runtime.block_on(async {
            let mut visitor = VisitorClient::connect(server).await;
            visitor.start(&Start::support("Fay", "Hello?")).await;
            answered(visitor.socket(), &sent).await
        })
    });
    scene.nobody_noticed(&runtime);
}

#[test]
fn whatever_an_operator_sends_is_answered_and_harms_nobody() {
    let mut scene = Scene::set();
    let (words, runtime) = (scene.words.clone(), scene.runtime());
    let server = &scene.server;
    let browser = runtime.block_on(async { OperatorClient::connect(server, "bob").await.browser });
    try_many(CASES, &frames::operator(&words), |sent| {
        runtime.block_on(async {
            let mut window = OperatorClient::window(server, &browser).await.expect("Bob is signed in");
            answered(window.socket(), &sent).await?;
            let log = window.log().text();
            if log.contains("canary") { Err(fail("Bob got what is between Clara and Joe")) } else { Ok(()) }
        })
    });
    scene.nobody_noticed(&runtime);
}

#[test]
fn whatever_comes_before_hello_is_answered_and_harms_nobody() {
    let mut scene = Scene::set();
    let (words, runtime) = (scene.words.clone(), scene.runtime());
    let (address, origin) = (scene.server.address().to_owned(), scene.server.url());
    try_many(CASES, &frames::visitor(&words), |sent| {
        runtime.block_on(async {
            let headers = [("origin", origin.as_str())];
            let opened = Socket::open(&address, "/ws/visitor", &headers, Default::default()).await;
            let mut socket = opened.expect("the server lets visitors in");
            for one in sent.iter().filter(|one| !one.text.contains("hello")) {
                send(&mut socket, one).await?;
            }
            send(&mut socket, &Sent::text(&json!({ "type": "hello", "brand": "demo" }))).await?;
            loop {
                match socket.next(SOON).await {
                    Ok(Some(frame)) if frame["type"] == "welcome" => return Ok(()),
                    Ok(Some(frame)) => judge(&frame)?,
                    other => return Err(fail(format!("no welcome, but {other:?}"))),
                }
            }
        })
    });
    scene.nobody_noticed(&runtime);
}

#[test]
fn whatever_bytes_come_over_the_wire_the_server_lives_on() {
    let mut scene = Scene::set();
    let runtime = scene.runtime();
    let server = &scene.server;
    try_many(STREAMS, &bytes::streams(), |stream| runtime.block_on(bytes::survive(server, &stream)));
    scene.nobody_noticed(&runtime);
}

fn fail(words: impl Into<String>) -> TestCaseError {
    TestCaseError::fail(words.into())
}

/// Tries cases until their number or the time is up.
fn try_many<S: proptest::strategy::Strategy>(
    cases: u32,
    strategy: &S,
    check: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20, ..Config::default() };
    let seconds = std::env::var(SECONDS).ok().and_then(|text| text.parse().ok()).map(Duration::from_secs);
    let Some(time) = seconds else {
        let rng = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
        let tried = TestRunner::new_with_rng(config, rng).run(strategy, check);
        return tried.unwrap_or_else(|found| panic!("{found}"));
    };
    let begun = Instant::now();
    while begun.elapsed() < time {
        TestRunner::new(config.clone()).run(strategy, &check).unwrap_or_else(|found| panic!("{found}"));
    }
}

async fn send(socket: &mut Socket, one: &Sent) -> Result<(), TestCaseError> {
    let message = if one.binary { Message::binary(one.text.clone().into_bytes()) } else { Message::text(&*one.text) };
    socket.send_message(message).await.map_err(|closed| fail(format!("closed before {}: {closed:?}", one.text)))
}

/// Sends frames, and one whose answer is known; checks all that comes, and that every command had an answer.
async fn answered(socket: &mut Socket, sent: &[Sent]) -> Result<(), TestCaseError> {
    for one in sent {
        send(socket, one).await?;
    }
    send(socket, &Sent::text(&json!({ "type": "dance", "id": "the-last" }))).await?;
    let mut open: Vec<&str> = sent.iter().filter_map(|one| one.answered_by.as_deref()).chain(["the-last"]).collect();
    let deadline = Instant::now() + SOON;
    while !open.is_empty() {
        match socket.next(deadline.saturating_duration_since(Instant::now())).await {
            Ok(Some(frame)) => {
                judge(&frame)?;
                let id = if frame["type"] == "event" { &frame["command"] } else { &frame["id"] };
                open.retain(|other| *id != *other);
            }
            Ok(None) => return Err(fail(format!("no answer to {open:?}"))),
            Err(closed) => return Err(fail(format!("closed with {closed:?}, and no answer to {open:?}"))),
        }
    }
    Ok(())
}

/// Whether a frame is one of the contract.
fn judge(frame: &Value) -> Result<(), TestCaseError> {
    if frame["type"] != "error" {
        return Ok(());
    }
    let code = frame["code"].as_str().unwrap_or_default();
    let needs = match code {
        "invalid" => "field",
        "conflict" => "why",
        "rate_limited" => "retry_after_ms",
        _ => "message",
    };
    let words = frame["message"].as_str().is_some_and(|words| !words.is_empty());
    if CODES.contains(&code) && words && !frame[needs].is_null() {
        Ok(())
    } else {
        Err(fail(format!("no error of the contract: {frame}")))
    }
}

/// Clara talks with Joe while somebody else sends nonsense.
struct Scene {
    server: TestServer,
    clara: VisitorClient,
    joe: OperatorClient,
    chat: String,
    words: Words,
    runtime: Option<Runtime>,
}

impl Scene {
    fn set() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (server, mut clara, joe, chat) = runtime.block_on(joe_answers());
        let seq = runtime.block_on(clara.say("a canary"));
        let words = Words { chat: chat.clone(), operator: joe.id(), seq };
        Self { server, clara, joe, chat, words, runtime: Some(runtime) }
    }

    /// Handed out once: the cases run on it while the scene is looked at.
    fn runtime(&mut self) -> Runtime {
        self.runtime.take().expect("it was not asked for before")
    }

    /// Their chat goes on, nothing has failed, and nothing was added to it.
    fn nobody_noticed(&mut self, runtime: &Runtime) {
        runtime.block_on(async {
            self.clara.say("still a canary").await;
            self.joe.expect_text("still a canary").await;
            let texts = ["Where is my parcel?", "a canary", "still a canary"];
            assert_eq!(self.joe.resume(&self.chat, 0).await.texts(), texts);
        });
        let log = self.server.log();
        assert!(!log.contains("panicked"), "{}", &log[log.find("panicked").unwrap_or(0)..]);
    }
}
