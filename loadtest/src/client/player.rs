//! A visitor of recorded traffic: comes, writes and goes when the recorded one did, as far as the server lets them.
//! Everything that was said is said again, so the end waits until both sides have said what they once did.

use std::rc::Rc;

use engine::protocol::traffic::TrafficChat;

use super::outbox::About;
use super::pace::{count_due, count_said};
use super::{Ear, Mind, Outbox, Wish, World};
use crate::checker::{Mark, Party};
use crate::mark::Tag;
use crate::moment::Micros;
use crate::recorder::{Tally, Timing};
use crate::recording::{Play, ended, said};
use crate::scenario::Target;
use crate::wire::{Event, Frame, Refusal, millis};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was asked yet.
    Coming,
    /// `start` was sent.
    Asking,
    /// The chat runs.
    Talking,
    /// `end` was sent.
    Ending,
    /// The chat is over, or there never was one.
    Over,
}

/// See the module.
pub struct Player {
    world: Rc<World>,
    target: Rc<Target>,
    chat: TrafficChat,
    number: u32,
    begin: Micros,
    /// What is still to be said, the next one last.
    to_say: Vec<(Micros, String)>,
    /// Messages of operators that are still to be heard.
    to_hear: usize,
    end: (Micros, bool),
    back: Option<Micros>,
    state: State,
    answered: bool,
    ear: Option<Ear>,
    outbox: Outbox,
    token: Option<String>,
    said: u32,
}

impl Player {
    /// The visitor of the chat with that number, which begins at `begin`.
    pub fn new(
        world: Rc<World>,
        target: Rc<Target>,
        play: &Play,
        (number, chat): (u32, &TrafficChat),
        begin: Micros,
    ) -> Self {
        let mut to_say: Vec<(Micros, String)> =
            said(chat, true).map(|(ms, text)| (begin + play.micros(ms), text.to_owned())).collect();
        to_say.reverse();
        let (end_ms, by_operator) = ended(chat);
        world.count(Tally::VisitorsCame);
        Self {
            world,
            target,
            chat: chat.clone(),
            number,
            begin,
            to_say,
            to_hear: said(chat, false).count(),
            end: (begin + play.micros(end_ms), by_operator),
            back: None,
            state: State::Coming,
            answered: false,
            ear: None,
            outbox: Outbox::default(),
            token: None,
            said: 0,
        }
    }

    /// Asks for the chat, with the first words where they came with it.
    fn start(&mut self, now: Micros, out: &mut Vec<String>) {
        let mut start = serde_json::json!({ "type": "start", "id": "start", "department": self.target.department });
        let guest = || format!("Visitor {}", self.number);
        start["name"] = self.chat.name.clone().unwrap_or_else(guest).into();
        if let Some(email) = &self.chat.email {
            start["email"] = email.as_str().into();
        }
        if self.to_say.last().is_some_and(|(at, _)| *at == self.begin)
            && let Some((at, text)) = self.to_say.pop()
        {
            start["question"] = self.marked(at, &text).into();
            self.said = 1;
            count_said(&self.world, at, now);
        }
        self.outbox.send("start".into(), "", About::Other, self.begin, start.to_string(), now, out);
    }

    /// The text with what makes it known again.
    fn marked(&self, intended: Micros, text: &str) -> String {
        let mark = Mark { sender: Party::Visitor(self.number), number: self.said };
        Tag { mark, intended, last: self.to_say.is_empty() }.over(text)
    }

    fn say(&mut self, now: Micros, out: &mut Vec<String>) {
        while let Some((intended, text)) = self.to_say.pop_if(|(at, _)| *at <= now) {
            let text = self.marked(intended, &text);
            let Some(ear) = &mut self.ear else { return };
            let (number, chat) = (self.said, ear.chat().to_owned());
            self.said += 1;
            ear.said(number);
            count_said(&self.world, intended, now);
            let id = format!("m{number}");
            let frame = serde_json::json!({ "type": "say", "id": id, "text": text }).to_string();
            self.outbox.send(id, &chat, About::Message(number), intended, frame, now, out);
        }
    }

    /// The chat has begun: what was asked with it was stored with it.
    fn begun(&mut self, chat: &str) {
        if self.ear.is_none() {
            let mut ear = Ear::new(chat, Party::Visitor(self.number), false);
            (0..self.said).for_each(|number| ear.said(number));
            self.ear = Some(ear);
        }
    }

    fn event(&mut self, event: &Event<'_>, now: Micros) {
        if self.state == State::Asking {
            // The chat's first events may come before the answer to `start`.
            self.begun(event.chat);
        }
        let Some(ear) = self.ear.as_mut().filter(|ear| ear.chat() == event.chat) else { return };
        let (counts, tag) = ear.hear(event);
        if !counts {
            return;
        }
        if let Some(tag) = tag {
            self.world.count(Tally::MessagesHeard);
            if tag.mark.sender == Party::Visitor(self.number) {
                if let Some(command) = event.command {
                    self.settle(command, Some(event.seq), now);
                }
            } else {
                self.to_hear = self.to_hear.saturating_sub(1);
                self.world.time(Timing::Delivery, tag.intended, now);
            }
        }
        match event.event.kind {
            "assigned" if !self.answered => {
                self.answered = true;
                self.world.count(Tally::ChatsAnswered);
                self.running(-1, 1);
                let waited = ear_times(self.ear.as_ref());
                self.world.recorder.borrow_mut().time(Timing::Wait, waited);
            }
            "ended" => {
                self.over();
                self.world.count(Tally::ChatsEnded);
                if event.event.why == Some("timed_out") {
                    self.world.count(Tally::ChatsTimedOut);
                }
            }
            _ => {}
        }
    }

    fn over(&mut self) {
        if matches!(self.state, State::Talking | State::Ending) {
            if self.answered { self.running(0, -1) } else { self.running(-1, 0) }
        }
        self.state = State::Over;
    }

    fn running(&self, waiting: i64, active: i64) {
        let mut recorder = self.world.recorder.borrow_mut();
        recorder.chats[0] += waiting;
        recorder.chats[1] += active;
    }

    fn settle(&mut self, id: &str, seq: Option<u64>, now: Micros) {
        let Some(sent) = self.outbox.settle(id) else { return };
        if let (About::Message(number), Some(seq), Some(ear)) = (sent.about, seq, &mut self.ear) {
            ear.acked(number, seq);
            self.world.count(Tally::MessagesAcked);
            self.world.time(Timing::Ack, sent.intended, now);
        }
        if let Some(took) = sent.took(now) {
            self.world.recorder.borrow_mut().answered(took);
        }
    }

    fn refused(&mut self, refusal: &Refusal<'_>, now: Micros) {
        if self.outbox.refused(refusal, now).is_none() {
            return self.world.error(&format!("answered {}, sent again", refusal.code));
        }
        match refusal.why {
            Some("ended") if self.state == State::Over => self.world.count(Tally::MessagesTooLate),
            Some("offline") if self.state == State::Asking => self.world.count(Tally::ChatsRefused),
            why => {
                let words = format!("refused {} {}", refusal.code, why.unwrap_or_default());
                self.world.error(words.trim_end());
            }
        }
        if self.state == State::Asking {
            self.state = State::Over;
        }
    }

    /// When the visitor ends the chat: once all is said, or the run asks for it.
    fn ends_at(&self) -> Micros {
        let (at, by_operator) = self.end;
        let silent = self.world.phases.silent();
        if by_operator || self.to_hear > 0 || !self.to_say.is_empty() { silent } else { at.min(silent) }
    }
}

impl Mind for Player {
    fn path(&self) -> &'static str {
        "/ws/visitor"
    }

    fn greet(&mut self, back: Micros) -> String {
        self.back = Some(back);
        self.outbox.shut();
        let mut hello = serde_json::json!({ "type": "hello", "brand": self.target.brand });
        if let Some(token) = &self.token {
            hello["token"] = token.as_str().into();
        }
        if let Some(ear) = self.ear.as_mut().filter(|_| self.state != State::Over) {
            let _ = ear.resume();
            hello["resume"] = serde_json::json!({ "chat": ear.chat(), "after": ear.last() });
        }
        hello.to_string()
    }

    fn hear(&mut self, frame: &Frame<'_>, now: Micros, out: &mut Vec<String>) {
        match frame {
            Frame::Event(event) => self.event(event, now),
            Frame::Ack(ack) => {
                if ack.id == "start" && self.state == State::Asking {
                    self.begun(ack.chat.unwrap_or_default());
                    self.world.count(Tally::ChatsStarted);
                    self.world.time(Timing::Start, self.begin, now);
                    // Events that came before have counted this chat as one that waits no longer.
                    self.running(1, 0);
                    self.state = State::Talking;
                }
                self.settle(ack.id, ack.seq, now);
            }
            Frame::Error(refusal) => self.refused(refusal, now),
            Frame::Welcome(welcome) => {
                self.world.recorder.borrow_mut().ahead(millis(welcome.server_time) * 1000 - now.cast_signed());
                let back = self.back.unwrap_or(now);
                if self.token.is_none() {
                    self.back = None;
                    self.world.time(Timing::Connect, back, now);
                    self.token = welcome.token.as_deref().map(str::to_owned);
                } else if self.ear.is_some() {
                    self.world.count(Tally::Resumed);
                }
                let again = self.outbox.open(now, out);
                if self.state == State::Coming {
                    self.state = State::Asking;
                    self.start(now, out);
                } else if again > 0 {
                    self.world.count(Tally::Again);
                }
            }
            Frame::Resumed(page) => {
                let Some(ear) = self.ear.as_mut().filter(|ear| ear.chat() == page.chat) else { return };
                if page.through < page.last {
                    out.push(ear.resume());
                } else {
                    ear.caught_up();
                    if let Some(back) = self.back.take() {
                        self.world.time(Timing::Resume, back, now);
                    }
                }
            }
            _ => {}
        }
    }

    fn due(&self) -> Micros {
        let next = match self.state {
            State::Coming | State::Asking | State::Ending => Micros::MAX,
            State::Talking => self.to_say.last().map_or(Micros::MAX, |(at, _)| *at).min(self.ends_at()),
            State::Over => 0,
        };
        next.min(self.outbox.due())
    }

    fn act(&mut self, now: Micros, out: &mut Vec<String>) -> Wish {
        if self.outbox.due() <= now {
            self.outbox.again(now, out);
        }
        match self.state {
            State::Over => return Wish::Leave,
            State::Talking => {
                self.say(now, out);
                if self.ends_at() <= now {
                    self.state = State::Ending;
                    let frame = r#"{"type":"end","id":"end"}"#;
                    let chat = self.ear.as_ref().map_or("", Ear::chat);
                    self.outbox.send("end".into(), chat, About::Other, now, frame.into(), now, out);
                }
            }
            _ => {}
        }
        Wish::Stay
    }

    fn owed_since(&self) -> Option<Micros> {
        self.outbox.owed_since()
    }

    fn returns(&self) -> Option<Timing> {
        match (&self.token, &self.ear) {
            (None, _) => Some(Timing::Connect),
            (Some(_), Some(_)) if self.state != State::Over => Some(Timing::Resume),
            _ => None,
        }
    }

    fn lost(&mut self, unanswered: Option<Micros>) {
        self.back = None;
        if let Some(by) = unanswered {
            self.outbox.unanswered(by);
        }
    }

    fn close(&mut self, connected: bool) {
        let now = self.world.phases.clock.now();
        if self.state == State::Ending {
            self.world.error("chat whose end was not confirmed");
        }
        if self.state == State::Asking && connected {
            self.world.error("chat that was asked for and not begun");
        }
        if connected {
            self.world.owes(Party::Visitor(self.number), &self.outbox);
        }
        if self.state == State::Talking {
            // What was due and could not be said is counted as due all the same.
            let until = now.min(self.world.phases.silent());
            self.to_say.iter().filter(|(at, _)| *at < until).for_each(|(at, _)| count_due(&self.world, *at));
        }
        let over = self.state == State::Over;
        self.over();
        if let Some(ear) = self.ear.take() {
            let whole = over || (connected && ear.is_whole());
            self.world.hand_in(ear, whole, now);
        }
    }
}

/// How long the chat waited, by the server's own stamps, in microseconds.
fn ear_times(ear: Option<&Ear>) -> Micros {
    let times = ear.and_then(|ear| Some((ear.at("queued")?, ear.at("assigned")?)));
    times.and_then(|(queued, assigned)| u64::try_from((assigned - queued) * 1000).ok()).unwrap_or_default()
}
