//! A visitor: comes, asks, waits as long as patience lasts, says so many messages at moments that were settled before
//! the first of them, and goes.

use std::rc::Rc;

use super::outbox::About;
use super::pace::{count_due, count_said, drops};
use super::{Ear, Mind, Outbox, Wish, World};
use crate::checker::{Mark, Party};
use crate::draw::{Draw, Purpose};
use crate::mark::Tag;
use crate::moment::Micros;
use crate::recorder::{Tally, Timing};
use crate::scenario::{Storm, Target, Visitors};
use crate::theory::{Close, Fate, Waited};
use crate::wire::{Event, Frame, Refusal, millis};

/// Messages that leave with one write: the server lets so many through at once without a pause.
const AT_ONCE_MAX: u32 = 32;

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
    back: Option<Micros>,
    state: State,
    ear: Option<Ear>,
    outbox: Outbox,
    token: Option<String>,
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
        let (ear, outbox, token) = (None, Outbox::default(), None);
        let state = State::Coming;
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
            back: None,
            state,
            ear,
            outbox,
            token,
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

    fn event(&mut self, event: &Event<'_>, now: Micros, out: &mut Vec<String>) {
        let Some(ear) = self.ear.as_mut().filter(|ear| ear.chat() == event.chat) else {
            // The chat's first events may come before the answer to `start`.
            if matches!(self.state, State::Asking) {
                self.ear = Some(Ear::new(event.chat, Party::Visitor(self.number), false));
                self.event(event, now, out);
            }
            return;
        };
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
                self.world.time(Timing::Delivery, tag.intended, now);
                if self.like.hints {
                    out.push(format!(r#"{{"type":"delivered","seq":{}}}"#, event.seq));
                }
            }
            return;
        }
        match event.event.kind {
            "assigned" => self.assigned(now),
            "ended" => self.ended(event.event.why.unwrap_or_default()),
            _ => {}
        }
    }

    fn assigned(&mut self, now: Micros) {
        if let State::Waiting(_) | State::Asking = self.state {
            self.world.count(Tally::ChatsAnswered);
            self.chats(-1, 1);
            let waited = self.ear.as_ref().and_then(|ear| Some((ear.at("queued")?, ear.at("assigned")?)));
            if let Some((queued, assigned)) = waited {
                let waited = u64::try_from((assigned - queued) * 1000).unwrap_or_default();
                self.world.recorder.borrow_mut().time(Timing::Wait, waited);
            }
            self.state = self.next_message(now, self.messages);
        }
    }

    fn ended(&mut self, why: &str) {
        match self.state {
            State::Waiting(_) => self.chats(-1, 0),
            State::Ending if !self.was_answered() => self.chats(-1, 0),
            State::Talking(..) | State::Lingering(_) | State::Ending => self.chats(0, -1),
            _ => {}
        }
        if why == "timed_out" {
            self.world.count(Tally::ChatsTimedOut);
        }
        self.world.count(Tally::ChatsEnded);
        self.state = State::Over;
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
        self.ear.as_ref().is_some_and(|ear| ear.at("assigned").is_some())
    }

    fn chats(&self, waiting: i64, active: i64) {
        let mut recorder = self.world.recorder.borrow_mut();
        recorder.chats[0] += waiting;
        recorder.chats[1] += active;
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
        let Some(ear) = &mut self.ear else { return };
        let number = self.said;
        self.said += 1;
        let id = format!("m{number}");
        let mut frame = String::with_capacity(size as usize + 48);
        frame.push_str(r#"{"type":"say","id":""#);
        frame.push_str(&id);
        frame.push_str(r#"","text":""#);
        Tag { mark: Mark { sender: Party::Visitor(self.number), number }, intended, last }.write(size, &mut frame);
        frame.push_str(r#""}"#);
        if self.like.hints {
            // Whoever answers has read, and begins to type the next one unless this was the last.
            out.push(format!(r#"{{"type":"read","seq":{}}}"#, ear.last()));
            out.push(format!(r#"{{"type":"typing","on":{}}}"#, !last));
        }
        ear.said(number);
        count_said(&self.world, intended, now);
        self.outbox.send(id, ear.chat(), About::Message(number), intended, frame, now, out);
    }

    fn command(&mut self, what: &str, more: &str, intended: Micros, now: Micros, out: &mut Vec<String>) {
        let id = format!("{what}{}", self.commands);
        self.commands += 1;
        let frame = format!(r#"{{"type":"{what}","id":"{id}"{more}}}"#);
        let chat = self.ear.as_ref().map_or("", Ear::chat);
        self.outbox.send(id, chat, About::Other, intended, frame, now, out);
    }

    fn settle(&mut self, id: &str, seq: Option<u64>, now: Micros) {
        let Some(sent) = self.outbox.settle(id) else { return };
        if let (About::Message(number), Some(seq), Some(ear)) = (sent.about, seq, &mut self.ear) {
            ear.acked(number, seq);
            self.world.count(Tally::MessagesAcked);
            self.world.time(Timing::Ack, sent.intended, now);
        } else if id.starts_with("start") {
            self.world.time(Timing::Start, sent.intended, now);
        }
        // Who reads slowly hears answers late.
        if let Some(took) = sent.took(now).filter(|_| !self.slow) {
            self.world.recorder.borrow_mut().answered(took);
        }
    }

    fn refused(&mut self, refusal: &Refusal<'_>, now: Micros) {
        let Some(sent) = self.outbox.refused(refusal, now) else {
            return self.world.error(&format!("answered {}, sent again", refusal.code));
        };
        match (sent.about, refusal.why) {
            // The operator's end and the visitor's words may cross.
            (_, Some("ended")) | (About::Message(_), _) if self.state == State::Over => {
                self.world.count(Tally::MessagesTooLate);
            }
            (_, Some("offline")) if self.state == State::Asking => {
                self.world.count(Tally::ChatsRefused);
                self.state = State::Over;
            }
            (_, why) => {
                let words = format!("refused {} {}", refusal.code, why.unwrap_or_default());
                self.world.error(words.trim_end());
                if self.state == State::Asking {
                    self.state = State::Over;
                }
            }
        }
    }
}

impl Mind for Visitor {
    fn path(&self) -> &'static str {
        "/ws/visitor"
    }

    fn greet(&mut self, back: Micros) -> String {
        self.back = Some(back);
        self.outbox.shut();
        let mut hello = format!(r#"{{"type":"hello","brand":"{}""#, self.target.brand);
        if let Some(token) = &self.token {
            hello.push_str(&format!(r#","token":"{token}""#));
        }
        if let Some(ear) = self.ear.as_mut().filter(|_| self.state != State::Over) {
            let _ = ear.resume();
            hello.push_str(&format!(r#","resume":{{"chat":"{}","after":{}}}"#, ear.chat(), ear.last()));
        }
        hello.push('}');
        hello
    }

    fn hear(&mut self, frame: &Frame<'_>, now: Micros, out: &mut Vec<String>) {
        match frame {
            Frame::Event(event) => self.event(event, now, out),
            Frame::Ack(ack) => {
                if ack.id.starts_with("start") && self.state == State::Asking {
                    let number = self.number;
                    let chat = ack.chat.unwrap_or_default();
                    self.ear.get_or_insert_with(|| Ear::new(chat, Party::Visitor(number), false));
                    self.world.count(Tally::ChatsStarted);
                    self.chats(1, 0);
                    self.state = State::Waiting(now + self.patience);
                }
                self.settle(ack.id, ack.seq, now);
            }
            Frame::Error(refusal) => self.refused(refusal, now),
            Frame::Welcome(welcome) => {
                self.world.recorder.borrow_mut().ahead(millis(welcome.server_time) * 1000 - now.cast_signed());
                let back = self.back.take().unwrap_or(now);
                if self.token.is_none() {
                    self.world.time(Timing::Connect, back, now);
                    self.token = welcome.token.as_deref().map(str::to_owned);
                } else if self.ear.is_some() {
                    self.back = Some(back);
                    self.world.recorder.borrow_mut().count(Tally::Resumed);
                }
                let again = self.outbox.open(now, out);
                if self.state == State::Coming {
                    self.state = State::Asking;
                    let more = format!(
                        r#","name":"Visitor {}","department":"{}","question":"May I ask something?""#,
                        self.number, self.target.department
                    );
                    self.command("start", &more, self.begin, now, out);
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
        next.min(self.outbox.due()).min(self.drops.last().copied().unwrap_or(Micros::MAX))
    }

    fn act(&mut self, now: Micros, out: &mut Vec<String>) -> Wish {
        if self.outbox.due() <= now {
            self.outbox.again(now, out);
        }
        let silent = now >= self.world.phases.silent();
        match self.state {
            State::Over => return Wish::Leave,
            State::Waiting(until) if until <= now || silent => {
                if !silent {
                    self.world.count(Tally::ChatsAbandoned);
                    self.left = true;
                }
                self.state = State::Ending;
                self.command("end", "", now, now, out);
            }
            State::Talking(..) | State::Lingering(_) if silent => {
                self.leave_unsaid(self.world.phases.silent());
                self.silenced = true;
                self.state = State::Ending;
                self.command("end", "", now, now, out);
            }
            State::Lingering(until) if until <= now => {
                self.state = State::Ending;
                self.command("end", "", now, now, out);
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
        self.reads_from = 0;
        if let Some(by) = unanswered {
            self.outbox.unanswered(by);
        }
    }

    fn close(&mut self, connected: bool) {
        let now = self.world.phases.clock.now();
        match self.state {
            State::Waiting(_) => self.chats(-1, 0),
            State::Talking(..) | State::Lingering(_) => self.chats(0, -1),
            State::Ending if self.was_answered() => self.chats(0, -1),
            State::Ending => self.chats(-1, 0),
            _ => {}
        }
        self.leave_unsaid(now.min(self.world.phases.silent()));
        if self.state == State::Ending {
            self.world.error("chat whose end was not confirmed");
        }
        if self.state == State::Asking && connected {
            self.world.error("chat that was asked for and not begun");
        }
        if connected {
            self.world.owes(Party::Visitor(self.number), &self.outbox);
        }
        let over = self.state == State::Over;
        if let Some(ear) = self.ear.take() {
            self.tell_wait(&ear);
            let whole = over || (connected && ear.is_whole());
            self.world.hand_in(ear, whole, now);
        }
    }
}
