//! An operator: is online, takes what is offered (or declines, or lets it ring), answers each chat's messages after
//! thinking and typing, and ends some chats.

mod chats;
mod decide;
mod played;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::rc::Rc;

use serde_json::Value;

use super::outbox::About;
use super::pace::{count_said, drops};
use super::{Ear, Gaps, Mind, Outbox, Wish, World};
use crate::checker::{Mark, Party};
use crate::draw::{Draw, Purpose};
use crate::mark::Tag;
use crate::moment::Micros;
use crate::recorder::{Tally, Timing};
use crate::recording::said;
use crate::scenario::Operators;
use crate::wire::Frame;
use played::Played;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Plan {
    Answer {
        offer: String,
        chat: String,
        accept: bool,
    },
    Say {
        chat: String,
        words: Words,
    },
    /// Asks the group to take the chat over, or for company.
    Ask {
        chat: String,
        transfer: bool,
    },
    Type {
        chat: String,
    },
    End {
        chat: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Words {
    /// So many characters.
    Drawn(u32),
    /// The message at that place among those of operators in a recorded chat.
    Recorded { chat: u32, place: usize },
}

/// A chat that was accepted and has not begun here.
#[derive(Debug, Clone, Copy, Default)]
struct Accepted {
    /// When the server acked it.
    acked: Option<Micros>,
    /// The connection was lost since: what was told on it may be lost too.
    lost: bool,
}

/// A chat that is over for an operator.
#[derive(Debug, Clone, Copy)]
struct Past {
    /// The last event that was heard of it.
    last: u64,
    /// When it became somebody else's, or nobody's; none: it has ended.
    handed_on: Option<Micros>,
}

/// See the module.
pub struct Operator {
    world: Rc<World>,
    like: Rc<Operators>,
    id: String,
    number: u32,
    cookie: String,
    /// Streams: of what depends on what reaches this one, and of what every operator would do alike.
    offers_draw: Draw,
    colleagues: Draw,
    away: Draw,
    alike: Draw,
    chats: BTreeMap<String, Ear>,
    /// Chats that are over here: what came before is of no interest, and what comes after can make them the operator's
    /// again.
    over: BTreeMap<String, Past>,
    /// Chats that were accepted, and of which nothing was heard yet.
    accepted: BTreeMap<String, Accepted>,
    /// Chats of others that were told here, and reported.
    strange: BTreeSet<String>,
    /// By chat the event with which the operator came in: what was before was for somebody else, or an earlier time.
    since: BTreeMap<String, u64>,
    /// Chats that are somebody else's now, or wait again.
    handed_on: BTreeSet<String>,
    /// Chats of colleagues: what is said there is theirs to answer.
    as_guest: BTreeSet<String>,
    offers: BTreeSet<String>,
    plans: BinaryHeap<Reverse<(Micros, Plan)>>,
    outbox: Outbox,
    said: u32,
    commands: u32,
    drops: Vec<Micros>,
    back: Option<Micros>,
    /// When the server was heard last, and when it could not be heard before, by its clock.
    heard_at: Micros,
    gaps: Gaps,
    ready: Rc<dyn Fn(u32)>,
    online: bool,
    /// Chats of recorded traffic.
    played: BTreeMap<String, Played>,
}

impl Operator {
    /// One of the run by the server's id, signed in with a cookie; `draws` are its own and that of all operators; `ready`
    /// is called once when online.
    pub fn new(
        world: Rc<World>,
        like: Rc<Operators>,
        (number, id, cookie): (u32, String, String),
        (draw, alike): (&Draw, Draw),
        length: Micros,
        ready: Rc<dyn Fn(u32)>,
    ) -> Self {
        let now = world.phases.clock.now();
        let drops = drops(like.drops_per_minute.0, now, now + length, draw.of(Purpose::Drops));
        Self {
            world,
            like,
            id,
            number,
            cookie,
            offers_draw: draw.of(Purpose::Offers),
            colleagues: draw.of(Purpose::Colleagues),
            away: draw.of(Purpose::Away),
            alike,
            chats: BTreeMap::new(),
            over: BTreeMap::new(),
            accepted: BTreeMap::new(),
            strange: BTreeSet::new(),
            since: BTreeMap::new(),
            handed_on: BTreeSet::new(),
            as_guest: BTreeSet::new(),
            offers: BTreeSet::new(),
            plans: BinaryHeap::new(),
            outbox: Outbox::default(),
            said: 0,
            commands: 0,
            drops,
            back: None,
            heard_at: now,
            gaps: Gaps::new(),
            ready,
            online: false,
            played: BTreeMap::new(),
        }
    }

    fn carry_out(&mut self, plan: Plan, intended: Micros, now: Micros, out: &mut Vec<String>) {
        match plan {
            Plan::Answer { offer, chat, accept } => {
                if self.offers.contains(&offer) {
                    if !accept {
                        self.world.count(Tally::OffersDeclined);
                    }
                    let what = if accept { "accept" } else { "decline" };
                    if accept && !self.chats.contains_key(&chat) {
                        self.accepted.insert(chat.clone(), Accepted::default());
                    }
                    self.command(what, &chat, &format!(r#","offer":"{offer}""#), now, out);
                }
            }
            Plan::Ask { chat, transfer } => {
                if self.runs(&chat) && now < self.world.phases.silent() {
                    let group = &self.world.group;
                    let (what, more) = if transfer { ("transfer", "") } else { ("invite", r#","stay":true"#) };
                    let to = format!(r#","chat":"{chat}","to":{{"group":"{group}"}},"reason":"a load test"{more}"#);
                    self.command(what, &chat, &to, now, out);
                }
            }
            Plan::Type { chat } => {
                if self.runs(&chat) {
                    self.hint("typing", &chat, r#""on":true"#, out);
                }
            }
            Plan::End { chat } => {
                if self.runs(&chat) {
                    self.command("end", &chat, &format!(r#","chat":"{chat}""#), now, out);
                }
            }
            Plan::Say { chat, words } => {
                if self.runs(&chat) && now < self.world.phases.silent() {
                    self.say(&chat, words, intended, now, out);
                    self.one_less(&chat, (1, 0), now);
                }
            }
        }
    }

    fn runs(&self, chat: &str) -> bool {
        let here = !self.handed_on.contains(chat);
        here && self.chats.get(chat).is_some_and(|ear| ear.at("ended").is_none())
    }

    /// Tells something that is not answered, and may be lost.
    fn hint(&self, what: &str, chat: &str, more: &str, out: &mut Vec<String>) {
        if self.like.hints {
            out.push(format!(r#"{{"type":"{what}","chat":"{chat}",{more}}}"#));
        }
    }

    fn say(&mut self, chat: &str, words: Words, intended: Micros, now: Micros, out: &mut Vec<String>) {
        let read = self.chats.get(chat).map_or(0, Ear::last);
        self.hint("read", chat, &format!(r#""seq":{read}"#), out);
        let Some(ear) = self.chats.get_mut(chat) else { return };
        let number = self.said;
        self.said += 1;
        let id = format!("m{number}");
        let tag = Tag { mark: Mark { sender: Party::Operator(self.number), number }, intended, last: false };
        let mut frame = String::from(r#"{"type":"say","id":""#);
        frame.push_str(&id);
        frame.push_str(r#"","chat":""#);
        frame.push_str(chat);
        frame.push_str(r#"","text":"#);
        match words {
            Words::Drawn(size) => {
                frame.push('"');
                tag.write(size, &mut frame);
                frame.push('"');
            }
            Words::Recorded { chat, place } => {
                let playing = self.world.playing.as_ref();
                let chat = playing.and_then(|playing| playing.recording.chats.get(chat as usize));
                let text = chat.and_then(|chat| said(chat, false).nth(place)).map_or("", |(_, text)| text);
                frame.push_str(&Value::from(tag.over(text)).to_string());
            }
        }
        frame.push('}');
        ear.said(number);
        let left = self.outbox.send(id, chat, About::Message(number), intended, frame, now, out);
        count_said(&self.world, intended, now, left);
    }

    fn command(&mut self, what: &str, chat: &str, more: &str, now: Micros, out: &mut Vec<String>) {
        let id = format!("{what}{}", self.commands);
        self.commands += 1;
        let frame = format!(r#"{{"type":"{what}","id":"{id}"{more}}}"#);
        self.outbox.send(id, chat, About::Other, now, frame, now, out);
    }
}

impl Mind for Operator {
    fn path(&self) -> &'static str {
        "/ws/operator"
    }

    fn cookie(&self) -> Option<&str> {
        Some(&self.cookie)
    }

    fn greet(&mut self, back: Micros) -> String {
        self.back = Some(back);
        self.outbox.shut();
        self.loses_connection();
        let mut hello = String::from(r#"{"type":"hello","resume":["#);
        for (place, ear) in self.chats.values_mut().enumerate() {
            let _ = ear.resume();
            let comma = if place > 0 { "," } else { "" };
            hello.push_str(&format!(r#"{comma}{{"chat":"{}","after":{}}}"#, ear.chat(), ear.last()));
        }
        hello.push_str("]}");
        hello
    }

    fn hear(&mut self, frame: &Frame<'_>, now: Micros, out: &mut Vec<String>) {
        match frame {
            Frame::Event(event) => self.event(event, now, out),
            Frame::Ack(ack) => self.acked(ack, now, out),
            Frame::Error(refusal) => self.refused(refusal, now),
            Frame::Offer(offer) => self.offer(offer, now),
            Frame::OfferGone(gone) => {
                if self.offers.remove(gone.offer) && gone.why != "taken" && gone.why != "declined" {
                    self.world.count(Tally::OffersGone);
                }
            }
            Frame::Welcome(welcome) => self.welcomed(welcome, now, out),
            Frame::Resumed(page) => {
                let Some(ear) = self.chats.get_mut(page.chat) else { return };
                if page.through < page.last {
                    out.push(ear.resume());
                } else {
                    ear.caught_up();
                    if let Some(back) = self.back.take() {
                        self.world.count(Tally::Resumed);
                        self.world.time(Timing::Resume, back, now);
                    }
                }
            }
            Frame::Placed | Frame::Reconnect(_) | Frame::Hint => {}
        }
        self.heard_at = now;
    }

    fn due(&self) -> Micros {
        let plan = self.plans.peek().map_or(Micros::MAX, |Reverse((at, _))| *at);
        plan.min(self.drops.last().copied().unwrap_or(Micros::MAX))
    }

    fn act(&mut self, now: Micros, out: &mut Vec<String>) -> Wish {
        while self.plans.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            if let Some(Reverse((at, plan))) = self.plans.pop() {
                self.carry_out(plan, at, now, out);
            }
        }
        if self.drops.last().is_some_and(|at| *at <= now) {
            self.drops.pop();
            return Wish::Drop(self.like.away.micros(&mut self.away));
        }
        Wish::Stay
    }

    fn outbox(&mut self) -> Option<&mut Outbox> {
        Some(&mut self.outbox)
    }

    fn returns(&self) -> Option<Timing> {
        match (self.online, self.chats.is_empty()) {
            (false, _) => Some(Timing::Connect),
            (true, false) => Some(Timing::Resume),
            (true, true) => None,
        }
    }

    fn close(&mut self, connected: bool) {
        let now = self.world.phases.clock.now();
        let party = Party::Operator(self.number);
        self.world.ends(party, &mut self.outbox, (connected, false), now);
        let until = self.world.server_ms(now).filter(|_| connected);
        self.world.listened.borrow_mut().push((party, std::mem::take(&mut self.gaps), until));
        for (_, ear) in std::mem::take(&mut self.chats) {
            let whole = ear.at("ended").is_some() || (connected && ear.is_whole());
            self.world.hand_in(ear, whole, now);
        }
    }
}
