//! A visitor of recorded traffic: comes, writes and goes when the recorded one did, as far as the server lets them.
//! Everything that was said is said again, so the end waits until both sides have said what they once did.

use std::rc::Rc;

use engine::protocol::traffic::TrafficChat;

use super::line::{Heard, Line, Phase};
use super::outbox::About;
use super::pace::{count_due, count_said};
use super::{Mind, Outbox, Wish, World};
use crate::checker::Mark;
use crate::mark::Tag;
use crate::moment::Micros;
use crate::recorder::{Tally, Timing};
use crate::recording::{Play, ended, said};
use crate::scenario::Target;
use crate::wire::{Event, Frame};

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
    phase: Phase,
    answered: bool,
    line: Line,
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
        let mut line = Line::new(world.clone(), number, false);
        line.language.clone_from(&chat.language);
        Self {
            world,
            target,
            chat: chat.clone(),
            number,
            begin,
            to_say,
            to_hear: said(chat, false).count(),
            end: (begin + play.micros(end_ms), by_operator),
            phase: Phase::Coming,
            answered: false,
            line,
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
            (self.said, self.line.asked) = (1, 1);
        }
        self.line.outbox.send("start".into(), "", About::Start, self.begin, start.to_string(), now, out);
    }

    /// The text with what makes it known again.
    fn marked(&self, intended: Micros, text: &str) -> String {
        let mark = Mark { sender: self.line.party(), number: self.said };
        Tag { mark, intended, last: self.to_say.is_empty() }.over(text)
    }

    fn say(&mut self, now: Micros, out: &mut Vec<String>) {
        while let Some((intended, text)) = self.to_say.pop_if(|(at, _)| *at <= now) {
            let text = self.marked(intended, &text);
            let Some(ear) = &mut self.line.ear else { return };
            let (number, chat) = (self.said, ear.chat().to_owned());
            self.said += 1;
            ear.said(number);
            let id = format!("m{number}");
            let frame = serde_json::json!({ "type": "say", "id": id, "text": text }).to_string();
            let left = self.line.outbox.send(id, &chat, About::Message(number), intended, frame, now, out);
            count_said(&self.world, intended, now, left);
        }
    }

    fn event(&mut self, event: &Event<'_>, now: Micros) {
        match (self.line.hear(event, self.phase, now), event.event.kind) {
            (Heard::Words, _) => self.to_hear = self.to_hear.saturating_sub(1),
            (Heard::Fact, "assigned") if !self.answered => {
                self.answered = true;
                self.line.answered();
            }
            (Heard::Fact, "ended") => {
                self.over();
                self.line.ended(event.event.why);
            }
            _ => {}
        }
    }

    fn over(&mut self) {
        if matches!(self.phase, Phase::Running | Phase::Ending) {
            if self.answered { self.line.chats(0, -1) } else { self.line.chats(-1, 0) }
        }
        self.phase = Phase::Over;
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
        self.line.greet(&self.target.brand, back, self.phase)
    }

    fn hear(&mut self, frame: &Frame<'_>, now: Micros, out: &mut Vec<String>) {
        match frame {
            Frame::Event(event) => self.event(event, now),
            Frame::Ack(ack) => {
                let begun = self.line.acked(ack, self.begin, now, out);
                if begun && self.phase == Phase::Asking {
                    self.phase = Phase::Running;
                }
            }
            Frame::Error(refusal) => {
                let last_word = self.line.refused(refusal, self.phase, now);
                if last_word && self.phase == Phase::Asking {
                    self.phase = Phase::Over;
                }
            }
            Frame::Welcome(welcome) => {
                self.line.welcomed(welcome, now, out);
                if self.phase == Phase::Coming {
                    self.phase = Phase::Asking;
                    self.start(now, out);
                }
            }
            Frame::Resumed(page) => self.line.resumed(page, now, out),
            Frame::Placed => self.line.placed(now),
            _ => {}
        }
    }

    fn due(&self) -> Micros {
        match self.phase {
            Phase::Coming | Phase::Asking | Phase::Ending => Micros::MAX,
            Phase::Running => self.to_say.last().map_or(Micros::MAX, |(at, _)| *at).min(self.ends_at()),
            Phase::Over => 0,
        }
    }

    fn act(&mut self, now: Micros, out: &mut Vec<String>) -> Wish {
        match self.phase {
            Phase::Over => return Wish::Leave,
            Phase::Running => {
                self.say(now, out);
                if self.ends_at() <= now {
                    self.phase = Phase::Ending;
                    let frame = r#"{"type":"end","id":"end"}"#;
                    let chat = self.line.chat().to_owned();
                    self.line.outbox.send("end".into(), &chat, About::Other, now, frame.into(), now, out);
                }
            }
            Phase::Coming | Phase::Asking | Phase::Ending => {}
        }
        Wish::Stay
    }

    fn outbox(&mut self) -> Option<&mut Outbox> {
        Some(&mut self.line.outbox)
    }

    fn returns(&self) -> Option<Timing> {
        self.line.returns(self.phase)
    }

    fn close(&mut self, connected: bool) {
        if self.phase == Phase::Running {
            // What was due and could not be said is counted as due all the same.
            let until = self.world.phases.clock.now().min(self.world.phases.silent());
            self.to_say.iter().filter(|(at, _)| *at < until).for_each(|(at, _)| count_due(&self.world, *at));
        }
        let phase = self.phase;
        self.over();
        self.line.close(phase, connected);
    }
}
