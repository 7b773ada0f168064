//! A visitor's line to the server, whoever decides what is said on it: the greeting and the token, the chat as it is
//! heard, what is not answered yet, and what the judge gets of it all.

use std::rc::Rc;

use super::outbox::{About, Sent};
use super::pace::count_left;
use super::{Ear, Outbox, World};
use crate::checker::{Fault, Party};
use crate::moment::Micros;
use crate::recorder::{Tally, Timing};
use crate::wire::{Ack, Event, Refusal, Resumed, Welcome};

/// How far a visitor's chat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing was asked yet.
    Coming,
    /// `start` was sent.
    Asking,
    /// The chat runs.
    Running,
    /// `end` was sent.
    Ending,
    /// The chat is over, or there never was one.
    Over,
}

/// What an event was to whoever heard it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// Nothing new, or their own words.
    Nothing,
    /// Words of somebody else.
    Words,
    /// Something else that happened.
    Fact,
}

/// See the module.
pub(super) struct Line {
    world: Rc<World>,
    number: u32,
    /// Who reads now and then hears answers late.
    slow: bool,
    /// When it was meant to be there again.
    back: Option<Micros>,
    token: Option<String>,
    /// What they speak, where they say so.
    pub language: Option<String>,
    /// Messages that went out with `start`.
    pub asked: u32,
    /// `start` went out on a further connection, for the answer did not come.
    asked_again: bool,
    /// The chat, once there is one.
    pub ear: Option<Ear>,
    /// What is not answered yet.
    pub outbox: Outbox,
    /// Somebody else's chat was told here, and that was reported.
    strange: bool,
}

impl Line {
    pub fn new(world: Rc<World>, number: u32, slow: bool) -> Self {
        let outbox = Outbox::default();
        let (back, token, language, ear) = (None, None, None, None);
        Self { world, number, slow, back, token, language, asked: 0, asked_again: false, ear, outbox, strange: false }
    }

    pub fn party(&self) -> Party {
        Party::Visitor(self.number)
    }

    /// The chat's id; empty: there is none yet.
    pub fn chat(&self) -> &str {
        self.ear.as_ref().map_or("", Ear::chat)
    }

    /// The first frame of a connection that was meant to be there at `back`. A chat that goes on is taken up again.
    pub fn greet(&mut self, brand: &str, back: Micros, phase: Phase) -> String {
        self.back = Some(back);
        self.outbox.shut();
        let mut hello = serde_json::json!({ "type": "hello", "brand": brand });
        if let Some(token) = &self.token {
            hello["token"] = token.as_str().into();
        }
        if let Some(language) = &self.language {
            hello["language"] = language.as_str().into();
        }
        if let Some(ear) = self.ear.as_mut().filter(|_| phase != Phase::Over) {
            let _ = ear.resume();
            hello["resume"] = serde_json::json!({ "chat": ear.chat(), "after": ear.last() });
        }
        hello.to_string()
    }

    /// The server has greeted: what was not answered goes out again.
    pub fn welcomed(&mut self, welcome: &Welcome<'_>, now: Micros, out: &mut Vec<String>) {
        self.world.stamped(welcome.server_time, now);
        let back = self.back.take().unwrap_or(now);
        if self.token.is_none() {
            self.world.time(Timing::Connect, back, now);
            self.token = welcome.token.as_deref().map(str::to_owned);
        } else if self.ear.is_some() {
            self.back = Some(back);
            self.world.count(Tally::Resumed);
        }
        let sent = self.outbox.open(now, out);
        if sent.again > 0 {
            self.world.count(Tally::Again);
            self.asked_again |= self.ear.is_none();
        }
        sent.first.into_iter().for_each(|intended| count_left(&self.world, intended, now));
    }

    /// The chat has begun: what was asked with it was stored with it.
    fn begun(&mut self, chat: &str) {
        if self.ear.is_none() {
            let mut ear = Ear::new(chat, self.party(), false);
            (0..self.asked).for_each(|number| ear.said(number));
            self.ear = Some(ear);
        }
    }

    /// Takes an event. The chat's first ones may come before the answer to `start`.
    pub fn hear(&mut self, event: &Event<'_>, phase: Phase, now: Micros) -> Heard {
        if phase == Phase::Asking {
            if self.ear.is_none() && self.asked_again && event.seq > 1 {
                // The beginning was told on a connection that was lost: with the ack all of it is asked for.
                return Heard::Nothing;
            }
            self.begun(event.chat);
        }
        let own = self.party();
        let Some(ear) = self.ear.as_mut().filter(|ear| ear.chat() == event.chat) else {
            if !std::mem::replace(&mut self.strange, true) {
                self.world.broke(Fault::Foreign { chat: event.chat.to_owned(), party: own, seq: event.seq });
            }
            return Heard::Nothing;
        };
        let (counts, tag) = ear.hear(event);
        if !counts {
            return Heard::Nothing;
        }
        let Some(tag) = tag else { return Heard::Fact };
        self.world.count(Tally::MessagesHeard);
        if tag.mark.sender == own {
            event.command.into_iter().for_each(|command| self.told(command, event.seq, now));
            return Heard::Nothing;
        }
        self.world.time(self.timed(Timing::Delivery), tag.intended, now);
        Heard::Words
    }

    /// Under what a time counts: that of whoever reads slowly tells nothing of the server.
    fn timed(&self, usually: Timing) -> Timing {
        if self.slow { Timing::Slow } else { usually }
    }

    /// A page of what was missed has come.
    pub fn resumed(&mut self, page: &Resumed<'_>, now: Micros, out: &mut Vec<String>) {
        let Some(ear) = self.ear.as_mut().filter(|ear| ear.chat() == page.chat) else { return };
        if page.through < page.last {
            return out.push(ear.resume());
        }
        ear.caught_up();
        if let Some(back) = self.back.take() {
            self.world.time(Timing::Resume, back, now);
        }
    }

    /// The server tells a place in the queue.
    pub fn placed(&mut self, now: Micros) {
        let at = self.world.server_ms(now);
        self.ear.iter_mut().for_each(|ear| ear.placed(at));
    }

    /// The event of a command came: it settles it, and the ack is still to come.
    fn told(&mut self, id: &str, seq: u64, now: Micros) {
        let Some(sent) = self.outbox.settle(id) else { return };
        self.outbox.acks.expect(&sent, seq, now);
        self.settled(&sent, Some(seq), now);
    }

    /// A command was settled, by its ack or its event.
    fn settled(&mut self, sent: &Sent, seq: Option<u64>, now: Micros) {
        let timing = self.timed(Timing::Ack);
        match (sent.about, &mut self.ear) {
            (About::Message(number), Some(ear)) => {
                // No event has the number 0, nor has an ack that names none.
                ear.acked(number, Some(seq.unwrap_or_default()));
                self.world.count(Tally::MessagesAcked);
                self.world.time(timing, sent.intended, now);
            }
            (About::Start, Some(ear)) => (0..self.asked).for_each(|number| ear.acked(number, None)),
            _ => {}
        }
        if let Some(took) = sent.took(now).filter(|_| !self.slow) {
            self.world.answered(took, now);
        }
    }

    /// Takes an ack; whether the chat that was asked for at `begin` is stored now. Events that came before may have
    /// counted it as one that waits no longer. Where none came, as to a connection that was lost, they are asked for.
    pub fn acked(&mut self, ack: &Ack<'_>, begin: Micros, now: Micros, out: &mut Vec<String>) -> bool {
        let party = self.party();
        if let Some(told) = self.outbox.acks.came(ack.id, now) {
            self.world.compare(party, &told, ack);
            return false;
        }
        let Some(sent) = self.outbox.settle(ack.id) else { return false };
        let started = sent.about == About::Start;
        if started {
            self.begun(ack.chat.unwrap_or_default());
            out.extend(self.ear.as_mut().filter(|ear| ear.last() == 0).map(Ear::resume));
            self.world.count(Tally::ChatsStarted);
            self.world.time(Timing::Start, begin, now);
            self.chats(1, 0);
        }
        self.world.is_of_chat(party, self.ear.as_ref().map_or("", Ear::chat), ack);
        self.settled(&sent, ack.seq, now);
        started
    }

    /// The chat has its first operator: how long it waited is told by the server's own stamps.
    pub fn answered(&self) {
        self.world.count(Tally::ChatsAnswered);
        self.chats(-1, 1);
        let waited = self.ear.as_ref().and_then(|ear| Some(ear.at("assigned")? - ear.at("queued")?));
        if let Some(waited) = waited.and_then(|ms| u64::try_from(ms * 1000).ok()) {
            self.world.recorder.borrow_mut().time(Timing::Wait, waited);
        }
    }

    /// The chat has ended.
    pub fn ended(&self, why: Option<&str>) {
        if why == Some("timed_out") {
            self.world.count(Tally::ChatsTimedOut);
        }
        self.world.count(Tally::ChatsEnded);
    }

    /// More chats wait, more have an operator.
    pub fn chats(&self, waiting: i64, active: i64) {
        let mut recorder = self.world.recorder.borrow_mut();
        recorder.chats[0] += waiting;
        recorder.chats[1] += active;
    }

    /// The server refused; whether that is its last word.
    pub fn refused(&mut self, refusal: &Refusal<'_>, phase: Phase, now: Micros) -> bool {
        let Some(Sent { about, .. }) = self.outbox.refused(refusal, now) else {
            self.world.error(&format!("answered {}, sent again", refusal.code));
            return false;
        };
        match (about, refusal.why) {
            // The operator's end and the visitor's words may cross.
            (_, Some("ended")) | (About::Message(_), _) if phase == Phase::Over => {
                self.world.count(Tally::MessagesTooLate);
            }
            (_, Some("offline")) if phase == Phase::Asking => self.world.count(Tally::ChatsRefused),
            (_, why) => {
                let words = format!("refused {} {}", refusal.code, why.unwrap_or_default());
                self.world.error(words.trim_end());
            }
        }
        true
    }

    /// What the next greeting is timed as.
    pub fn returns(&self, phase: Phase) -> Option<Timing> {
        match (&self.token, &self.ear) {
            (None, _) => Some(Timing::Connect),
            (Some(_), Some(_)) if phase != Phase::Over => Some(Timing::Resume),
            _ => None,
        }
    }

    /// The run is over for the visitor: what was heard goes to the judge, and what the server owes.
    pub fn close(&mut self, phase: Phase, connected: bool) {
        let now = self.world.phases.clock.now();
        if phase == Phase::Ending {
            self.world.error("chat whose end was not confirmed");
        }
        if phase == Phase::Asking && connected {
            self.world.error("chat that was asked for and not begun");
        }
        let party = self.party();
        self.world.ends(party, &mut self.outbox, (connected, self.slow), now);
        if let Some(ear) = self.ear.take() {
            let whole = phase == Phase::Over || (connected && ear.is_whole());
            self.world.hand_in(ear, whole, now);
        }
    }
}
