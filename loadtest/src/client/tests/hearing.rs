//! What a client makes of frames that a sound server does not send, one by one and without a socket.

use serde_json::{Value, json};

use super::*;
use crate::checker::Content;
use crate::scenario::Operators;

const AT: &str = "2026-01-02T03:04:05.678Z";
const SCENARIO: &str = "name = \"x\"\nlength_s = 600\n[[visitors]]\narrivals = { kind = \"constant\", per_minute = 1 }\n\
    messages = { least = 4, most = 4 }\ntyping = 0\npause = { kind = \"fixed\", s = 1 }\n\
    [[operators]]\ncount = 1\nlimit = 9\naccepts = { kind = \"fixed\", s = 1 }\n";

/// A client, and what it was told and says.
pub(super) struct Talk<M: Mind> {
    pub(super) mind: M,
    pub(super) world: Rc<World>,
    now: Micros,
    pub(super) out: Vec<String>,
}

impl<M: Mind> Talk<M> {
    fn with(mind: impl FnOnce(Rc<World>, Scenario) -> M) -> Self {
        Self::within(world(([127, 0, 0, 1], 1).into(), 600_000, 600_000), mind)
    }

    fn within(world: Rc<World>, mind: impl FnOnce(Rc<World>, Scenario) -> M) -> Self {
        let mind = mind(world.clone(), Scenario::read("x", SCENARIO).unwrap());
        let mut talk = Self { mind, world, now: 0, out: Vec::new() };
        talk.connects(&[]);
        talk
    }

    /// It has a new connection; the chats that it is told to have.
    fn connects(&mut self, chats: &[&str]) {
        let chats: Vec<Value> = chats.iter().map(|id| json!({ "id": id })).collect();
        self.is_welcomed(json!({ "chats": chats }));
    }

    fn is_welcomed(&mut self, more: Value) {
        self.mind.greet(self.now);
        let mut welcome = json!({ "type": "welcome", "token": "t", "status": "online", "server_time": AT });
        welcome.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        self.hear(welcome);
    }

    pub(super) fn hear(&mut self, frame: Value) {
        let text = frame.to_string();
        self.mind.hear(&Frame::read(&text).unwrap(), self.now, &mut self.out);
    }

    pub(super) fn event(&mut self, chat: &str, seq: u64, event: Value, command: Option<&str>) {
        self.hear(json!({ "type": "event", "chat": chat, "seq": seq, "at": AT, "event": event, "command": command }));
    }

    fn ack(&mut self, id: &str, seq: u64) {
        self.hear(json!({ "type": "ack", "id": id, "chat": "c", "seq": seq }));
    }

    /// What it says of that type when it is due next.
    pub(super) fn acts(&mut self, what: &str) -> Vec<Value> {
        self.now = self.mind.due();
        self.out.clear();
        self.mind.act(self.now, &mut self.out);
        self.said(what)
    }

    pub(super) fn said(&self, what: &str) -> Vec<Value> {
        let all = self.out.iter().map(|frame| serde_json::from_str::<Value>(frame).unwrap());
        all.filter(|frame| frame["type"] == what).collect()
    }

    /// What was timed since the last time, in microseconds.
    fn took(&self, timing: Timing) -> Vec<u64> {
        let timings = self.world.recorder.borrow_mut().take().timings;
        timings[timing as usize].iter().flat_map(|(us, count)| vec![*us; *count as usize]).collect()
    }

    /// The client ends, on a connection that holds.
    fn faults(mut self) -> Vec<Fault> {
        self.mind.close(true);
        self.world.broken.take()
    }
}

/// A visitor with a chat and an operator.
fn visitor() -> Talk<Visitor> {
    visitor_within(world(([127, 0, 0, 1], 1).into(), 600_000, 600_000))
}

fn visitor_within(world: Rc<World>) -> Talk<Visitor> {
    with_an_operator(Talk::within(world, |world, mut scenario| ann(world, scenario.visitors.remove(0))))
}

/// A visitor with a chat and an operator whose ways are changed.
pub(super) fn visitor_like(change: impl FnOnce(&mut Visitors)) -> Talk<Visitor> {
    with_an_operator(Talk::with(|world, mut scenario| {
        change(&mut scenario.visitors[0]);
        ann(world, scenario.visitors.remove(0))
    }))
}

fn ann(world: Rc<World>, like: Visitors) -> Visitor {
    Visitor::new(world, Rc::new(like), Rc::new(Target::default()), 3, 0, &Draw::new(1, 3))
}

fn with_an_operator(mut talk: Talk<Visitor>) -> Talk<Visitor> {
    let start = talk.said("start").remove(0);
    talk.event("c", 1, json!({ "kind": "started" }), None);
    talk.event("c", 2, json!({ "kind": "message", "text": start["question"] }), None);
    talk.ack("start0", 1);
    talk.event("c", 3, json!({ "kind": "assigned" }), None);
    talk
}

/// The visitor says the next message, and hears it as that event.
fn says(talk: &mut Talk<Visitor>, seq: u64) {
    let said = talk.acts("say").remove(0);
    talk.event("c", seq, json!({ "kind": "message", "text": said["text"] }), said["id"].as_str());
}

const ANN: Party = Party::Visitor(3);

#[test]
fn an_ack_behind_its_event_says_the_same_number() {
    for (acked, faults) in [(4, vec![]), (11, vec![11])] {
        let mut talk = visitor();
        says(&mut talk, 4);
        talk.ack("m1", acked);
        let mark = Mark { sender: ANN, number: 1 };
        let wrong = |acked| Fault::WrongAck { chat: "c".into(), mark, acked, told: 4 };
        assert_eq!(talk.faults(), faults.into_iter().map(wrong).collect::<Vec<_>>());
    }
    let mut talk = visitor();
    says(&mut talk, 4);
    talk.hear(json!({ "type": "ack", "id": "m1", "chat": "d", "seq": 4 }));
    let (chat, command, acked) = ("c".into(), "m1".into(), "d".into());
    assert_eq!(talk.faults(), [Fault::AckElsewhere { chat, party: ANN, command, acked }]);
}

#[test]
fn an_ack_that_never_comes_is_missed_where_the_connection_held() {
    let unacked = |command: &str| Fault::Unacked { chat: "c".into(), party: ANN, command: command.into() };
    let mut talk = visitor();
    says(&mut talk, 4);
    says(&mut talk, 5);
    talk.ack("m2", 5);
    assert_eq!(talk.faults(), [unacked("m1")]);

    let mut talk = visitor();
    says(&mut talk, 4);
    talk.connects(&[]);
    says(&mut talk, 5);
    talk.ack("m2", 5);
    assert_eq!(talk.faults(), [], "it may have gone with the connection");
}

#[test]
fn the_question_is_a_message_that_the_server_promised_to_keep() {
    let mut talk = visitor();
    talk.mind.close(true);
    let ann = talk.world.told.take().remove(0);
    assert_eq!((ann.said, ann.acked), (vec![0], vec![(0, None)]));
    assert!(ann.told.iter().any(|told| told.what == Content::Message(Mark { sender: ANN, number: 0 })));
    assert!(ann.altered.is_empty());
}

#[test]
fn words_that_were_changed_on_the_way_are_told() {
    let mut talk = visitor();
    let said = talk.acts("say").remove(0);
    let text = said["text"].as_str().unwrap();
    talk.event("c", 4, json!({ "kind": "message", "text": &text[..text.len() - 1] }), Some("m1"));
    talk.mind.close(true);
    assert_eq!(talk.world.told.take().remove(0).altered, [Mark { sender: ANN, number: 1 }]);
}

#[test]
fn an_event_of_somebody_elses_chat_is_told_once() {
    let mut talk = visitor();
    (7..9).for_each(|seq| talk.event("d", seq, json!({ "kind": "queued" }), None));
    assert_eq!(talk.faults(), [Fault::Foreign { chat: "d".into(), party: ANN, seq: 7 }]);
}

#[test]
fn who_never_had_an_answer_has_waited_to_the_end() {
    // A run that began five seconds ago: the message was meant for its first one.
    let mut world = world(([127, 0, 0, 1], 1).into(), 600_000, 600_000);
    let clock = Clock::since(unix_us_now() - 5_000_000);
    Rc::get_mut(&mut world).unwrap().phases = Phases::new(clock, 600_000_000, 600_000_000);
    let mut talk = visitor_within(world);
    assert_eq!(talk.acts("say").len(), 1);
    talk.world.recorder.borrow_mut().take();
    let least = clock.now() - talk.now;
    talk.mind.close(false);
    let most = clock.now() - talk.now;
    let waited = talk.took(Timing::Ack);
    assert!(least >= 3_900_000 && waited.len() == 1, "{least} {waited:?}");
    assert!((least * 999 / 1000..=most * 1001 / 1000).contains(&waited[0]), "{waited:?} of {least} to {most}");
}

#[test]
fn what_waits_for_its_connection_leaves_when_it_is_there() {
    let mut talk = visitor();
    talk.mind.greet(talk.now);
    talk.world.recorder.borrow_mut().take();
    assert_eq!(talk.acts("say").len(), 0, "nobody has greeted it");
    let counted = |talk: &Talk<Visitor>| {
        let tallies = talk.world.recorder.borrow_mut().take().tallies;
        [Tally::MessagesDue, Tally::MessagesSaid, Tally::MessagesLate, Tally::Again]
            .map(|tally| tallies[tally as usize])
    };
    assert_eq!(counted(&talk), [1, 0, 0, 0]);
    talk.now += 200_000;
    talk.hear(json!({ "type": "welcome", "token": "t", "server_time": AT }));
    assert_eq!((talk.said("say").len(), counted(&talk)), (1, [0, 1, 1, 0]));

    // Whatever comes of it is timed from the moment it was meant for, 200 ms before it left.
    let text = talk.said("say").remove(0)["text"].clone();
    talk.now += 50_000;
    talk.ack("m1", 4);
    let acked = talk.took(Timing::Ack);
    assert!(acked.len() == 1 && (249_000..=251_000).contains(&acked[0]), "{acked:?}");
    let mut bob = operator();
    bob.now = talk.now;
    // The operator asks for the chat's history, in which its beginning comes again.
    (0..2).for_each(|_| bob.event("c", 1, json!({ "kind": "assigned", "operator": "bob" }), None));
    bob.event("c", 2, json!({ "kind": "message", "text": text }), None);
    let delivered = bob.took(Timing::Delivery);
    assert!(delivered.len() == 1 && (249_000..=251_000).contains(&delivered[0]), "{delivered:?}");
}

const BOB: Party = Party::Operator(5);

fn operator() -> Talk<Operator> {
    operator_like(|_| ())
}

/// An operator whose ways are changed.
pub(super) fn operator_like(change: impl FnOnce(&mut Operators)) -> Talk<Operator> {
    Talk::with(|world, mut scenario| {
        change(&mut scenario.operators[0]);
        let (like, who) = (Rc::new(scenario.operators.remove(0)), (5, "bob".into(), "cookie".into()));
        Operator::new(world, like, who, (&Draw::new(1, 1), Draw::new(1, 2)), 0, Rc::new(|_| ()))
    })
}

/// The operator is asked to take the chat, and does.
fn accepts(talk: &mut Talk<Operator>) -> String {
    talk.hear(json!({ "type": "offer", "offer": "o", "chat": "c", "group": "support" }));
    talk.acts("accept").remove(0)["id"].as_str().unwrap().to_owned()
}

fn asks_for_the_chat(talk: &Talk<Operator>) -> bool {
    talk.said("resume") == [json!({ "type": "resume", "chat": "c", "after": 0 })]
}

#[test]
fn events_of_a_chat_that_was_accepted_and_never_begun_tell_of_it() {
    let not_called = || Fault::NotCalled { chat: "c".into(), operator: "bob".into() };
    let mut talk = operator();
    let id = accepts(&mut talk);
    talk.ack(&id, 4);
    (5..7).for_each(|seq| talk.event("c", seq, json!({ "kind": "message", "text": "hello" }), None));
    assert_eq!(talk.faults(), [not_called()]);

    // The connection held for a good while behind the ack, and is lost then.
    let mut talk = operator();
    let id = accepts(&mut talk);
    talk.ack(&id, 4);
    talk.now += ANSWER_WITHIN + 1;
    talk.hear(json!({ "type": "beat" }));
    talk.connects(&["c"]);
    assert!(asks_for_the_chat(&talk), "and it is taken up all the same");
    assert_eq!(talk.faults(), [not_called()]);
}

#[test]
fn what_began_to_ring_while_there_was_no_connection_is_answered_once() {
    let mut talk = operator();
    let offer = json!({ "offer": "o", "chat": "c", "group": "support", "kind": "new", "expires_at": AT });
    talk.is_welcomed(json!({ "offers": [offer] }));
    talk.is_welcomed(json!({ "offers": [offer] }));
    let accepted = talk.acts("accept");
    assert_eq!((accepted.len(), &accepted[0]["offer"]), (1, &json!("o")));
    assert_eq!(talk.world.rang.take().len(), 1, "it is known since when it rang");
    assert!(talk.acts("accept").is_empty());
}

#[test]
fn a_chat_whose_beginning_was_told_on_a_lost_connection_is_taken_up() {
    // The answer was lost, or came in time; the chat runs, or it has ended since.
    for (acked, runs) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut talk = operator();
        let id = accepts(&mut talk);
        if acked {
            talk.ack(&id, 4);
        }
        talk.out.clear();
        talk.connects(if runs { &["c"] } else { &[] });
        if !acked {
            talk.ack(&id, 4);
        }
        assert!(asks_for_the_chat(&talk), "{acked} {runs}: {:?}", talk.out);
        talk.event("c", 1, json!({ "kind": "started" }), None);
        talk.event("c", 2, json!({ "kind": "assigned", "operator": "bob" }), None);
        talk.event("c", 3, json!({ "kind": "ended" }), None);
        let told = talk.world.told.take();
        assert_eq!((told.len(), told[0].told.len()), (1, 3), "{acked} {runs}");
        assert_eq!(talk.faults(), []);
    }
}

#[test]
fn a_chat_that_began_on_a_lost_connection_and_goes_on_before_the_ack_is_heard_whole() {
    let asking = || Talk::with(|world, mut scenario| ann(world, scenario.visitors.remove(0)));
    let assigned = |talk: &mut Talk<Visitor>| talk.event("c", 3, json!({ "kind": "assigned" }), None);
    let mut talk = asking();
    let question = talk.said("start").remove(0)["question"].clone();
    talk.connects(&[]);
    assigned(&mut talk);
    talk.out.clear();
    talk.ack("start0", 1);
    assert_eq!(talk.said("resume"), [json!({ "type": "resume", "chat": "c", "after": 0 })]);
    talk.event("c", 1, json!({ "kind": "started" }), None);
    talk.event("c", 2, json!({ "kind": "message", "text": question }), None);
    assigned(&mut talk);
    assert_eq!(numbers_told(talk), [1, 2, 3]);

    // On the connection on which it was asked for nothing may be left out: the judge is told that it was.
    let mut talk = asking();
    assigned(&mut talk);
    talk.ack("start0", 1);
    assert_eq!(numbers_told(talk), [3]);
}

/// The client ends; the numbers of what its chat was told, as they go to the judge.
fn numbers_told(mut talk: Talk<Visitor>) -> Vec<u64> {
    talk.mind.close(true);
    let told = talk.world.told.take();
    told[0].told.iter().map(|told| told.seq).collect()
}

#[test]
fn events_of_a_chat_that_is_not_theirs_are_told_unless_it_was_just_handed_on() {
    let foreign = |chat: &str, seq| Fault::Foreign { chat: chat.into(), party: BOB, seq };
    let mut talk = operator();
    (7..9).for_each(|seq| talk.event("d", seq, json!({ "kind": "queued" }), None));
    talk.event("c", 2, json!({ "kind": "assigned", "operator": "bob" }), None);
    for (seq, operator) in [(1, "nobody"), (2, "bob"), (3, "sue")] {
        let kind = if operator == "sue" { "transferred" } else { "assigned" };
        talk.event("c", seq, json!({ "kind": kind, "operator": operator }), None);
    }
    talk.event("c", 4, json!({ "kind": "message", "text": "to sue" }), None);
    assert_eq!(talk.world.broken.borrow().as_slice(), [foreign("d", 7)], "what was under way may still come");
    talk.now = talk.world.phases.clock.now() + 6_000_000;
    talk.event("c", 5, json!({ "kind": "message", "text": "to sue" }), None);
    assert_eq!(talk.faults(), [foreign("d", 7), foreign("c", 5)]);
}
