//! One who only looks on: keeps a connection, and no chat.

use std::rc::Rc;

use super::{Mind, Wish, World};
use crate::checker::{Fault, Party};
use crate::draw::{Draw, Purpose};
use crate::moment::Micros;
use crate::recorder::{Tally, Timing};
use crate::scenario::{Storm, Target};
use crate::wire::Frame;

/// See the module.
pub struct Onlooker {
    world: Rc<World>,
    brand: Rc<Target>,
    back: Micros,
    drops: Vec<Micros>,
    number: u32,
    /// Somebody's chat was told here, and that was reported.
    strange: bool,
}

impl Onlooker {
    /// One by number, who is lost in those storms that take it.
    pub fn new(
        world: Rc<World>,
        brand: Rc<Target>,
        storms: &[Storm],
        zero: Micros,
        (number, draw): (u32, &Draw),
    ) -> Self {
        let mut drops: Vec<Micros> = Vec::new();
        let mut draw = draw.of(Purpose::Nature);
        for storm in storms {
            let at = zero + storm.at_s.micros() + (draw.unit() * storm.within_s.0 * 1e6) as Micros;
            if draw.happens(storm.part.0) {
                drops.push(at);
            }
        }
        drops.sort_unstable_by(|one, other| other.cmp(one));
        world.count(Tally::VisitorsCame);
        Self { world, brand, back: 0, drops, number, strange: false }
    }
}

impl Mind for Onlooker {
    fn path(&self) -> &'static str {
        "/ws/visitor"
    }

    fn greet(&mut self, back: Micros) -> String {
        self.back = back;
        format!(r#"{{"type":"hello","brand":"{}"}}"#, self.brand.brand)
    }

    fn hear(&mut self, frame: &Frame<'_>, now: Micros, _out: &mut Vec<String>) {
        match frame {
            Frame::Welcome(_) => self.world.time(Timing::Connect, self.back, now),
            Frame::Event(event) if !std::mem::replace(&mut self.strange, true) => {
                let party = Party::Visitor(self.number);
                self.world.broke(Fault::Foreign { chat: event.chat.to_owned(), party, seq: event.seq });
            }
            _ => {}
        }
    }

    fn due(&self) -> Micros {
        self.drops.last().copied().unwrap_or(Micros::MAX).min(self.world.phases.silent())
    }

    fn act(&mut self, now: Micros, _out: &mut Vec<String>) -> Wish {
        if now >= self.world.phases.silent() {
            return Wish::Leave;
        }
        self.drops.pop();
        Wish::Drop(0)
    }

    fn returns(&self) -> Option<Timing> {
        Some(Timing::Connect)
    }

    fn close(&mut self, _connected: bool) {}
}
