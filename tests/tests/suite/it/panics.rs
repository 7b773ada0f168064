//! An actor that panics, in a handler, a timer or a future: it is rebuilt within a second with the same address,
//! nothing that was stored is lost or there twice, and nobody else notices.

use std::time::{Duration, Instant};

use serde_json::json;
use switchboard_tests::client::{OperatorClient, SOON, Settled, Start, VisitorClient, new_id};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

use crate::suite::it::{VIOLATIONS, joe_answers, joe_answers_with, metric};

/// See `engine::actors::faults`: compiled into the server under test, and into no shipped one.
const PANIC_ONCE: &str = "!fault panic once";
const PANIC_ALWAYS: &str = "!fault panic";
const PANIC_REBUILDING: &str = "!fault rebuild";

/// An actor that panicked is back within this time (promise: 1 s).
const BACK_WITHIN: Duration = Duration::from_secs(1);
/// A queue has heard of all who wait within this time: two repetitions of theirs.
const HEARD_WITHIN: Duration = Duration::from_secs(4);

const SESSION: &str = "visitor_session";
const OPERATOR: &str = "operator";
const QUEUE: &str = "queue";

#[tokio::test]
async fn a_command_that_fails_once_is_tried_again_and_takes_effect_once() {
    let (server, mut clara, mut joe, chat) = joe_answers().await;
    clara.say("before").await;
    clara.say(PANIC_ONCE).await;
    clara.say("after").await;
    joe.say(&chat, "I read all of it").await;
    clara.expect_text("I read all of it").await;
    let texts = ["Where is my parcel?", "before", PANIC_ONCE, "after", "I read all of it"];
    assert_eq!(clara.texts(), texts);
    assert_eq!(joe.resume(&chat, 0).await.texts(), texts);
    assert_eq!(restarts(&server, SESSION).await, 1);
}

#[tokio::test]
async fn a_command_that_fails_twice_is_refused_for_good_and_the_chat_lives_on() {
    let mut scene = Scene::set().await;
    let refused = scene.clara.refused(json!({ "type": "say", "text": PANIC_ALWAYS }), "internal").await;
    assert_eq!(refused["final"], true, "{refused}");
    scene.clara.say("it blocks nothing").await;
    scene.said.push("it blocks nothing".to_owned());
    scene.everybody_goes_on().await;
    scene.restarted(&[(SESSION, 2)]).await;
}

#[tokio::test]
async fn a_session_that_panics_while_a_message_is_being_stored_keeps_it_once() {
    let mut scene = Scene::set().await;
    // The next thing that this session handles is the news that the message is stored.
    scene.plant(SESSION, "handler").await;
    scene.everybody_goes_on().await;
    scene.restarted(&[(SESSION, 1)]).await;
}

#[tokio::test]
async fn a_sessions_timer_that_panics_loses_no_read_mark() {
    let mut scene = Scene::set().await;
    scene.plant(SESSION, "timer").await;
    let seq = scene.clara.ledger(&scene.chat).last();
    // Marks are written down by the timer.
    scene.clara.send(json!({ "type": "read", "seq": seq })).await;
    scene.until_restarted(SESSION, 1).await;
    scene.everybody_goes_on().await;
    let admin = Browser::signed_in(&scene.server.url(), "admin").await;
    let path = format!("/api/v1/chats/{}", scene.chat);
    let deadline = Instant::now() + SOON;
    while admin.get(&path).await.ok()["visitor_marks"]["read"].as_u64().is_none_or(|read| read < seq) {
        assert!(Instant::now() < deadline, "the mark is not stored");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    scene.restarted(&[(SESSION, 1)]).await;
}

#[tokio::test]
async fn a_session_that_panics_while_it_reads_its_chat_reads_it_again() {
    let mut scene = Scene::set().await;
    scene.plant(SESSION, "future").await;
    scene.plant(SESSION, "handler").await;
    scene.everybody_goes_on().await;
    scene.restarted(&[(SESSION, 2)]).await;
}

#[tokio::test]
async fn a_writer_that_panics_ends_the_server_and_what_was_acked_is_there_after_the_next_start() {
    let mut scene = Scene::set().await;
    scene.clara.say("this is kept").await;
    scene.said.push("this is kept".to_owned());
    scene.clara.send(json!({ "type": "say", "id": new_id(), "text": "!fault writer" })).await;
    let status = scene.server.wait_until_stopped();
    assert_eq!(status.code(), Some(1));
    assert!(scene.server.log().contains("nothing can be stored any more"), "{}", scene.server.log());
    scene.server.restart();
    scene.clara.reconnect().await.expect("she is welcome");
    assert_eq!(scene.clara.texts(), scene.said);
    scene.dora.reconnect().await.expect("she is welcome");
    for operator in [&mut scene.joe, &mut scene.bob] {
        operator.reconnect().await.expect("the session outlives the server");
    }
    scene.joe.resume(&scene.chat.clone(), 0).await;
    scene.bob.resume(&scene.other.clone(), 0).await;
    scene.everybody_goes_on().await;
}

#[tokio::test]
async fn an_indexer_that_panics_is_asked_again_and_nobody_notices() {
    let mut scene = Scene::set().await;
    scene.clara.say("!fault indexer").await;
    scene.said.push("!fault indexer".to_owned());
    let deadline = Instant::now() + 2 * SOON;
    while !scene.server.log().contains("the indexer panicked")
        || metric(&scene.server, "switchboard_store_index_waiting_rows").await > 0
    {
        assert!(Instant::now() < deadline, "the journal is not indexed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    scene.everybody_goes_on().await;
}

#[tokio::test]
async fn a_chat_that_cannot_be_rebuilt_is_set_aside_and_harms_no_other() {
    let mut scene = Scene::set().await;
    scene.server.plants("chat_set_aside");
    scene.clara.say(PANIC_REBUILDING).await;
    // The session panics before it can tell that this is stored, and then at each rebuilding.
    let id = new_id();
    scene.clara.send(json!({ "type": "say", "id": id, "text": "!fault next visitor_session handler" })).await;
    scene.clara.expect("an answer", |frame| frame["id"] == id.as_str() && frame["code"] == "unavailable").await;
    // Those who talk elsewhere do not notice, and the chat is not rebuilt over and over.
    scene.others_go_on().await;
    scene.new_visitors_are_served().await;
    let before = restarts(&scene.server, SESSION).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(restarts(&scene.server, SESSION).await, before);
    assert!(before < 10, "{before} times");
    // What is stored of it can be read still.
    let texts = scene.joe.resume(&scene.chat.clone(), 0).await.texts().join(" ");
    assert!(texts.contains(PANIC_REBUILDING), "{texts}");
    // And by the visitor, who is not kept out of the window for it.
    scene.clara.reconnect().await.expect("she is welcome");
    assert_eq!(scene.clara.welcome["chat"]["state"], "active", "{}", scene.clara.welcome);
    assert!(scene.clara.texts().join(" ").contains(PANIC_REBUILDING), "{:?}", scene.clara.texts());
}

#[tokio::test]
async fn an_operator_who_panics_over_a_ringing_chat_rings_all_the_same() {
    let mut scene = Scene::set().await;
    scene.plant(OPERATOR, "handler").await;
    let begun = Instant::now();
    let mut emil = VisitorClient::connect(&scene.server).await;
    let third = emil.start(&Start::support("Emil", "And who helps me?")).await;
    let offer = scene.bob.offer_of(&third).await;
    assert!(begun.elapsed() < BACK_WITHIN, "{:?}", begun.elapsed());
    scene.bob.accept(&offer).await;
    emil.expect_event("assigned").await;
    scene.everybody_goes_on().await;
    scene.restarted(&[(OPERATOR, 1)]).await;
}

#[tokio::test]
async fn a_status_whose_storing_panics_is_answered_and_set_when_it_is_sent_again() {
    let mut scene = Scene::set().await;
    let mut sue = OperatorClient::online(&scene.server, "sue").await;
    scene.plant(OPERATOR, "future").await;
    let (id, begun) = (new_id(), Instant::now());
    let answer = sue.command(&id, json!({ "type": "status", "status": "away" })).await;
    assert!(matches!(answer, Settled::Stored(_)), "{answer:?}");
    assert!(begun.elapsed() < BACK_WITHIN, "{:?}", begun.elapsed());
    sue.expect("the status", |frame| frame["type"] == "status" && frame["status"] == "away").await;
    let window = OperatorClient::window(&scene.server, &sue.browser).await.expect("a second window");
    assert_eq!(window.welcome["status"], "away");
    scene.everybody_goes_on().await;
    scene.new_visitors_are_served().await;
    scene.restarted(&[(OPERATOR, 1)]).await;
}

#[tokio::test]
async fn an_operator_whose_timer_panics_is_there_and_goes_off_line_after_all() {
    let mut scene = Scene::with(&[("SWITCHBOARD_FAULT_PATIENCE", "operator_grace=1500")]).await;
    let mut sue = OperatorClient::online(&scene.server, "sue").await;
    scene.plant(OPERATOR, "timer").await;
    sue.lose();
    scene.until_restarted(OPERATOR, 1).await;
    let begun = Instant::now();
    sue.reconnect().await.expect("she is still signed in");
    assert!(begun.elapsed() < BACK_WITHIN, "{:?}", begun.elapsed());
    assert_eq!(sue.welcome["status"], "online", "what the panic kept from being stored did not happen");
    sue.lose();
    tokio::time::sleep(Duration::from_secs(2)).await;
    sue.reconnect().await.expect("she is still signed in");
    assert_eq!(sue.welcome["status"], "offline", "{}", sue.welcome);
    scene.everybody_goes_on().await;
    scene.restarted(&[(OPERATOR, 1)]).await;
}

#[tokio::test]
async fn a_queue_that_panics_over_a_visitor_offers_them_all_the_same() {
    let mut scene = Scene::set().await;
    scene.plant(QUEUE, "handler").await;
    scene.new_visitors_are_served().await;
    scene.everybody_goes_on().await;
    scene.restarted(&[(QUEUE, 1)]).await;
}

#[tokio::test]
async fn a_queue_whose_timer_panics_keeps_its_order() {
    let mut scene = Scene::set().await;
    let mut waiting = scene.two_who_wait().await;
    scene.plant(QUEUE, "timer").await;
    scene.until_restarted(QUEUE, 1).await;
    scene.served_in_order(&mut waiting).await;
    scene.everybody_goes_on().await;
    scene.restarted(&[(QUEUE, 1)]).await;
}

#[tokio::test]
async fn a_queue_that_panics_while_it_reads_the_store_reads_it_again() {
    let mut scene = Scene::set().await;
    let mut waiting = scene.two_who_wait().await;
    scene.plant(QUEUE, "future").await;
    let admin = Browser::signed_in(&scene.server.url(), "admin").await;
    admin.patch("/api/v1/groups/support", json!({ "offer_expires_after_s": 60 })).await.ok();
    scene.until_restarted(QUEUE, 1).await;
    scene.served_in_order(&mut waiting).await;
    scene.everybody_goes_on().await;
    scene.restarted(&[(QUEUE, 1)]).await;
}

/// Clara talks with Joe, whose part of the server will panic, and Dora with Bob, who must not notice.
struct Scene {
    server: TestServer,
    clara: VisitorClient,
    joe: OperatorClient,
    chat: String,
    dora: VisitorClient,
    bob: OperatorClient,
    other: String,
    /// What was written in Clara's chat and was acked.
    said: Vec<String>,
    rounds: usize,
}

impl Scene {
    async fn set() -> Self {
        Self::with(&[]).await
    }

    async fn with(settings: &[(&str, &str)]) -> Self {
        let (server, clara, joe, chat) = joe_answers_with(settings).await;
        let mut bob = OperatorClient::online(&server, "bob").await;
        let mut dora = VisitorClient::connect(&server).await;
        let other = dora.start(&Start::support("Dora", "And mine?")).await;
        let offer = bob.offer_of(&other).await;
        bob.accept(&offer).await;
        dora.expect_event("assigned").await;
        bob.resume(&other, 0).await;
        let said = vec!["Where is my parcel?".to_owned()];
        Self { server, clara, joe, chat, dora, bob, other, said, rounds: 0 }
    }

    /// The next actor of that kind that comes to such a place panics there. The message that says so is one of the
    /// chat's.
    async fn plant(&mut self, kind: &str, place: &str) {
        let text = format!("!fault next {kind} {place}");
        let begun = Instant::now();
        self.clara.say(&text).await;
        assert!(begun.elapsed() < BACK_WITHIN, "{:?}", begun.elapsed());
        self.said.push(text);
    }

    /// Both chats go on within a second, and each has every message once and in order.
    async fn everybody_goes_on(&mut self) {
        self.rounds += 1;
        let (question, answer) = (format!("still there? {}", self.rounds), format!("yes {}", self.rounds));
        let begun = Instant::now();
        self.clara.say(&question).await;
        self.joe.expect_text(&question).await;
        self.joe.say(&self.chat, &answer).await;
        self.clara.expect_text(&answer).await;
        assert!(begun.elapsed() < BACK_WITHIN, "{:?}", begun.elapsed());
        self.said.extend([question, answer]);
        assert_eq!(self.clara.texts(), self.said);
        let whole = self.clara.another_tab(&self.server).await;
        assert_eq!(whole.texts(), self.said);
        assert_eq!(self.joe.resume(&self.chat, 0).await.texts(), self.said);
        self.others_go_on().await;
    }

    async fn others_go_on(&mut self) {
        let text = format!("nothing happened here {}", self.dora.ledger(&self.other).last());
        let begun = Instant::now();
        self.dora.say(&text).await;
        self.bob.expect_text(&text).await;
        assert!(begun.elapsed() < BACK_WITHIN, "{:?}", begun.elapsed());
        let errors = self.dora.come(|frame| frame["type"] == "error");
        assert!(errors.is_empty() && self.dora.is_open() && self.bob.is_open(), "{errors:?}");
    }

    /// Somebody who comes now is rung at Bob within a second.
    async fn new_visitors_are_served(&mut self) {
        let mut emil = VisitorClient::connect(&self.server).await;
        let begun = Instant::now();
        let third = emil.start(&Start::support("Emil", "And who helps me?")).await;
        let offer = self.bob.offer_of(&third).await;
        assert!(begun.elapsed() < BACK_WITHIN, "{:?}", begun.elapsed());
        self.bob.accept(&offer).await;
        emil.expect_event("assigned").await;
        self.bob.end(&third).await;
    }

    /// Bob is busy with a third chat; two more wait.
    async fn two_who_wait(&mut self) -> Vec<(String, VisitorClient)> {
        let mut all = Vec::new();
        for name in ["Emil", "Fay", "Gus"] {
            let mut visitor = VisitorClient::connect(&self.server).await;
            all.push((visitor.start(&Start::support(name, "And who helps me?")).await, visitor));
        }
        let offer = self.bob.offer_of(&all[0].0).await;
        self.bob.accept(&offer).await;
        all
    }

    /// Waits until the queue that has begun anew has heard of all who wait: until then nobody knows who came first.
    async fn all_are_heard(&self, all: &[(String, VisitorClient)]) {
        let admin = Browser::signed_in(&self.server.url(), "admin").await;
        let begun = Instant::now();
        for (chat, _) in &all[1..] {
            loop {
                let answer = admin.get(&format!("/api/v1/chats/{chat}/decisions")).await.ok();
                if answer["waiting"]["reason"].as_str().is_some_and(|reason| reason != "unheard") {
                    break;
                }
                assert!(begun.elapsed() < HEARD_WITHIN, "{answer}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }

    /// One slot after another becomes free, and those who wait get it in the order they came.
    async fn served_in_order(&mut self, all: &mut [(String, VisitorClient)]) {
        self.all_are_heard(all).await;
        let mut before = all[0].0.clone();
        for (chat, visitor) in &mut all[1..] {
            let begun = Instant::now();
            self.bob.end(&before).await;
            let offer = self.bob.offer().await;
            assert_eq!(offer["chat"], chat.as_str(), "in the order they came");
            assert!(begun.elapsed() < BACK_WITHIN, "{:?}", begun.elapsed());
            self.bob.accept(&offer).await;
            visitor.expect_event("assigned").await;
            before.clone_from(chat);
        }
    }

    /// Waits until that many of a kind have panicked.
    async fn until_restarted(&self, kind: &str, times: u64) {
        let deadline = Instant::now() + SOON;
        while restarts(&self.server, kind).await < times {
            assert!(Instant::now() < deadline, "no {kind} has panicked");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Just these have panicked, and no invariant was broken.
    async fn restarted(&self, expected: &[(&str, u64)]) {
        for kind in [SESSION, OPERATOR, QUEUE] {
            let times = expected.iter().find(|(other, _)| *other == kind).map_or(0, |(_, times)| *times);
            assert_eq!(restarts(&self.server, kind).await, times, "{kind}");
        }
        assert_eq!(metric(&self.server, VIOLATIONS).await, 0);
    }
}

/// Actors of a kind that were rebuilt, as the server counts them.
async fn restarts(server: &TestServer, kind: &str) -> u64 {
    metric(server, &format!("switchboard_actor_restarts_total{{kind=\"{kind}\"")).await
}
