//! A visitor: comes, asks, waits as long as patience lasts, says so many messages at moments that were settled before
//! the first of them, and goes.

use std::rc::Rc;

use super::line::{Heard, Line, Phase};
use super::outbox::About;
use super::pace::{count_due, count_said, drops};
use super::{Ear, Mind, Outbox, Wish, World};
use crate::checker::Mark;
use crate::draw::{Draw, Purpose};
use crate::mark::Tag;
use crate::moment::Micros;
use crate::recorder::{Tally, Timing};
use crate::scenario::{Storm, Target, Visitors};
use crate::theory::{Close, Fate, Waited};
use crate::wire::{Event, Frame};

/// Messages that leave with one write: the server lets so many through at once without a pause.
const AT_ONCE_MAX: u32 = 32;
/// Characters of the question that comes with a chat.
const QUESTION_CHARS: u32 = 48;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was asked yet.
    Coming,
    /// `start` was sent.
    Asking,
    /// Until patience is over.
    Waiting(Micros),
    /// The next message is due, so many are left.
    Talking(Micros, u32),
    /// All is said; the end comes at this moment.
    Lingering(Micros),
    /// `end` was sent.
    Ending,
    /// The chat is over, or there never was one.
    Over,
}

/// See the module.
pub struct Visitor {
    world: Rc<World>,
    like: Rc<Visitors>,
    target: Rc<Target>,
    number: u32,
    /// Streams for what goes on side by side: what is said is the same however often the connection is lost.
    talk: Draw,
    away: Draw,
    pauses: Draw,
    patience: Micros,
    messages: u32,
    begin: Micros,
    state: State,
    line: Line,
    said: u32,
    commands: u32,
    drops: Vec<Micros>,
    slow: bool,
    reads_from: Micros,
    /// Patience was over before anybody came.
    left: bool,
    /// The run fell silent while the chat went on.
    silenced: bool,
}

impl Visitor {
    /// One who comes at `begin`.
    pub fn new(
        world: Rc<World>,
        like: Rc<Visitors>,
        target: Rc<Target>,
        number: u32,
        begin: Micros,
        draw: &Draw,
    ) -> Self {
        let mut nature = draw.of(Purpose::Nature);
        let slow = nature.happens(like.slow.0);
        let patience = like.patience.micros(&mut nature);
        let messages = nature.between(like.messages.least, like.messages.most);
        let drops = drops(like.drops_per_minute.0, begin, world.phases.silent(), draw.of(Purpose::Drops));
        let line = Line::new(world.clone(), number, slow);
        world.count(Tally::VisitorsCame);
        Self {
            world,
            like,
            target,
            number,
            talk: draw.of(Purpose::Talk),
            away: draw.of(Purpose::Away),
            pauses: draw.of(Purpose::Pauses),
            patience,
            messages,
            begin,
            state: State::Coming,
            line,
            said: 0,
            commands: 0,
            drops,
            slow,
            reads_from: 0,
            left: false,
            silenced: false,
        }
    }

    /// Lost in storms too: those that take this visitor are drawn now.
    #[must_use]
    pub fn in_storms(mut self, storms: &[Storm], zero: Micros, draw: &Draw) -> Self {
        for (number, storm) in (0..).zip(storms) {
            let mut draw = draw.of(Purpose::Nature).part(number);
            let at = zero + storm.at_s.micros() + (draw.unit() * storm.within_s.0 * 1e6) as Micros;
            if draw.happens(storm.part.0) && at > self.begin {
                self.drops.push(at);
            }
        }
        self.drops.sort_unstable_by(|one, other| other.cmp(one));
        self
    }

    fn phase(&self) -> Phase {
        match self.state {
            State::Coming => Phase::Coming,
            State::Asking => Phase::Asking,
            State::Waiting(_) | State::Talking(..) | State::Lingering(_) => Phase::Running,
            State::Ending => Phase::Ending,
            State::Over => Phase::Over,
        }
    }

    fn event(&mut self, event: &Event<'_>, now: Micros, out: &mut Vec<String>) {
        match (self.line.hear(event, self.phase(), now), event.event.kind) {
            (Heard::Words, _) if self.like.hints => {
                out.push(format!(r#"{{"type":"delivered","seq":{}}}"#, event.seq));
            }
            (Heard::Fact, "assigned") => self.assigned(now),
            (Heard::Fact, "ended") => self.ended(event.event.why),
            _ => {}
        }
    }

    fn assigned(&mut self, now: Micros) {
        if let State::Waiting(_) | State::Asking = self.state {
            self.line.answered();
            self.state = self.next_message(now, self.messages);
        }
    }

    fn ended(&mut self, why: Option<&str>) {
        self.counts_no_more();
        self.line.ended(why);
        self.state = State::Over;
    }

    /// The chat is no more among those that wait, or have an operator.
    fn counts_no_more(&self) {
        match self.state {
            State::Waiting(_) => self.line.chats(-1, 0),
            State::Ending if !self.was_answered() => self.line.chats(-1, 0),
            State::Talking(..) | State::Lingering(_) | State::Ending => self.line.chats(0, -1),
            State::Coming | State::Asking | State::Over => {}
        }
    }

    /// What became of the wait, by the server's stamps.
    fn tell_wait(&self, ear: &Ear) {
        let Some(queued) = ear.at("queued").filter(|_| self.world.tells_waits) else { return };
        let millis = |from: i64, to: i64| u32::try_from(to - from).unwrap_or_default();
        let (assigned, ended) = (ear.at("assigned"), ear.at("ended"));
        let until = assigned.or(ended);
        // Whose end was not heard was cut off with the run.
        let Some(until) = until else { return };
        let fate = match (assigned, ended) {
            (Some(assigned), Some(ended)) => {
                let close = if self.silenced { Close::Short } else { Close::Whole };
                Fate::Answered(millis(assigned, ended), close)
            }
            (Some(_), None) => return,
            (None, _) if self.left => Fate::Left,
            (None, _) => Fate::Cut,
        };
        let waited = Waited { came: self.begin, wait_ms: millis(queued, until), fate };
        self.world.recorder.borrow_mut().waited.push(waited);
    }

    fn was_answered(&self) -> bool {
        self.line.ear.as_ref().is_some_and(|ear| ear.at("assigned").is_some())
    }

    /// How long it stays away from a connection that it loses.
    pub(super) fn away_for(&mut self) -> Micros {
        self.like.away.micros(&mut self.away)
    }

    fn next_message(&mut self, from: Micros, left: u32) -> State {
        if left == 0 {
            return State::Lingering(from + self.like.linger.micros(&mut self.talk));
        }
        State::Talking(from + self.like.pause.micros(&mut self.talk), left)
    }

    /// The next message is taken from those that are left: its length. When the one after it is due follows from the
    /// moment this one was meant for and the typing of it, however late it leaves.
    fn compose(&mut self, intended: Micros, left: u32) -> u32 {
        self.state = self.next_message(intended, left - 1);
        let size = self.talk.between(self.like.characters.least, self.like.characters.most);
        if let (State::Talking(at, _), true) = (&mut self.state, self.like.typing.0 > 0.0) {
            *at += (f64::from(size) / self.like.typing.0 * 1e6) as Micros;
        }
        size
    }

    /// What was due and can no more be said, for the connection was gone, is counted as due all the same.
    fn leave_unsaid(&mut self, until: Micros) {
        while let State::Talking(intended, left) = self.state
            && intended < until
        {
            self.compose(intended, left);
            count_due(&self.world, intended);
        }
    }

    fn say(&mut self, intended: Micros, size: u32, last: bool, now: Micros, out: &mut Vec<String>) {
        let sender = self.line.party();
        let Some(ear) = &mut self.line.ear else { return };
        let number = self.said;
        self.said += 1;
        let id = format!("m{number}");
        let mut frame = String::with_capacity(size as usize + 48);
        frame.push_str(r#"{"type":"say","id":""#);
        frame.push_str(&id);
        frame.push_str(r#"","text":""#);
        Tag { mark: Mark { sender, number }, intended, last }.write(size, &mut frame);
        frame.push_str(r#""}"#);
        if self.like.hints {
            // Whoever answers has read, and begins to type the next one unless this was the last.
            out.push(format!(r#"{{"type":"read","seq":{}}}"#, ear.last()));
            out.push(format!(r#"{{"type":"typing","on":{}}}"#, !last));
        }
        ear.said(number);
        let left = self.line.outbox.send(id, ear.chat(), About::Message(number), intended, frame, now, out);
        count_said(&self.world, intended, now, left);
    }

    /// Asks for the chat, with a question that is known again as any message is.
    fn ask(&mut self, now: Micros, out: &mut Vec<String>) {
        let mark = Mark { sender: self.line.party(), number: self.said };
        let tag = Tag { mark, intended: self.begin, last: self.messages == 0 };
        (self.said, self.line.asked) = (1, 1);
        let mut more =
            format!(r#","name":"Visitor {}","department":"{}","question":""#, self.number, self.target.department);
        tag.write(QUESTION_CHARS, &mut more);
        more.push('"');
        self.command("start", About::Start, &more, self.begin, now, out);
    }

    fn end(&mut self, now: Micros, out: &mut Vec<String>) {
        self.state = State::Ending;
        self.command("end", About::Other, "", now, now, out);
    }

    fn command(&mut self, what: &str, about: About, more: &str, intended: Micros, now: Micros, out: &mut Vec<String>) {
        let id = format!("{what}{}", self.commands);
        self.commands += 1;
        let frame = format!(r#"{{"type":"{what}","id":"{id}"{more}}}"#);
        let chat = self.line.chat().to_owned();
        self.line.outbox.send(id, &chat, about, intended, frame, now, out);
    }
}

impl Mind for Visitor {
    fn path(&self) -> &'static str {
        "/ws/visitor"
    }

    fn greet(&mut self, back: Micros) -> String {
        self.reads_from = 0;
        let phase = self.phase();
        self.line.greet(&self.target.brand, back, phase)
    }

    fn hear(&mut self, frame: &Frame<'_>, now: Micros, out: &mut Vec<String>) {
        match frame {
            Frame::Event(event) => self.event(event, now, out),
            Frame::Ack(ack) => {
                let begun = self.line.acked(ack, self.begin, now, out);
                if begun && self.state == State::Asking {
                    self.state = State::Waiting(now + self.patience);
                }
            }
            Frame::Error(refusal) => {
                let last_word = self.line.refused(refusal, self.phase(), now);
                if last_word && self.state == State::Asking {
                    self.state = State::Over;
                }
            }
            Frame::Welcome(welcome) => {
                self.line.welcomed(welcome, now, out);
                if self.state == State::Coming {
                    self.state = State::Asking;
                    self.ask(now, out);
                }
            }
            Frame::Resumed(page) => self.line.resumed(page, now, out),
            Frame::Placed => self.line.placed(now),
            _ => {}
        }
        if self.slow && matches!(self.state, State::Talking(..) | State::Lingering(_)) && now >= self.reads_from {
            self.reads_from = now + self.like.slow_pause.micros(&mut self.pauses);
        }
    }

    fn due(&self) -> Micros {
        let silent = self.world.phases.silent();
        let next = match self.state {
            State::Coming | State::Asking | State::Ending => Micros::MAX,
            State::Waiting(until) | State::Lingering(until) | State::Talking(until, _) => until.min(silent),
            State::Over => 0,
        };
        next.min(self.drops.last().copied().unwrap_or(Micros::MAX))
    }

    fn act(&mut self, now: Micros, out: &mut Vec<String>) -> Wish {
        let silent = now >= self.world.phases.silent();
        match self.state {
            State::Over => return Wish::Leave,
            State::Waiting(until) if until <= now || silent => {
                if !silent {
                    self.world.count(Tally::ChatsAbandoned);
                    self.left = true;
                }
                self.end(now, out);
            }
            State::Talking(..) | State::Lingering(_) if silent => {
                self.leave_unsaid(self.world.phases.silent());
                self.silenced = true;
                self.end(now, out);
            }
            State::Lingering(until) if until <= now => {
                self.end(now, out);
            }
            State::Talking(..) => {
                // One who has been away says the rest after what came meanwhile was heard.
                let mut at_once = 0;
                while let State::Talking(intended, left) = self.state
                    && intended <= now
                    && at_once < AT_ONCE_MAX
                {
                    at_once += 1;
                    let size = self.compose(intended, left);
                    self.say(intended, size, left == 1, now, out);
                }
            }
            _ => {}
        }
        if self.drops.last().is_some_and(|at| *at <= now) {
            self.drops.pop();
            return Wish::Drop(self.away_for());
        }
        Wish::Stay
    }

    fn reads_from(&self) -> Micros {
        self.reads_from
    }

    fn outbox(&mut self) -> Option<&mut Outbox> {
        Some(&mut self.line.outbox)
    }

    fn returns(&self) -> Option<Timing> {
        self.line.returns(self.phase())
    }

    fn close(&mut self, connected: bool) {
        self.counts_no_more();
        self.leave_unsaid(self.world.phases.clock.now().min(self.world.phases.silent()));
        if let Some(ear) = &self.line.ear {
            self.tell_wait(ear);
        }
        self.line.close(self.phase(), connected);
    }
}
