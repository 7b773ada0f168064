//! What an operator does by chance: with an offer, with a message, and whether colleagues are asked.

use std::cmp::Reverse;

use super::{Operator, Plan, Words};
use crate::checker::Party;
use crate::mark::Tag;
use crate::moment::Micros;
use crate::recorder::Tally;
use crate::wire::{Offer, millis};

impl Operator {
    pub(super) fn offer(&mut self, offer: &Offer<'_>, now: Micros) {
        // The same offer comes again in each welcome.
        if !self.offers.insert(offer.offer.to_owned()) {
            return;
        }
        self.world.count(Tally::Offers);
        // What a colleague asks for is outside the order of those who wait.
        if let Some(until) = offer.expires_at.filter(|_| offer.kind.is_none_or(|kind| kind == "new")) {
            self.world.rang.borrow_mut().push((offer.chat.to_owned(), millis(until)));
        }
        if self.offers_draw.happens(self.like.ignores.0) {
            return self.world.count(Tally::OffersIgnored);
        }
        let accept = !self.offers_draw.happens(self.like.declines.0);
        let at = now + self.like.accepts.micros(&mut self.offers_draw);
        let plan = Plan::Answer { offer: offer.offer.to_owned(), chat: offer.chat.to_owned(), accept };
        self.plans.push(Reverse((at, plan)));
    }

    /// Some chats are handed on, and to some a colleague is asked in.
    pub(super) fn ask_colleagues(&mut self, chat: &str, now: Micros) {
        let transfer = self.colleagues.happens(self.like.transfers.0);
        if transfer || self.colleagues.happens(self.like.invites.0) {
            let at = now + self.like.thinks.micros(&mut self.colleagues);
            self.plans.push(Reverse((at, Plan::Ask { chat: chat.to_owned(), transfer })));
        }
    }

    /// Answers a visitor's message, or not; behind the last one the chat may be ended.
    pub(super) fn think(&mut self, chat: &str, heard: Tag, now: Micros) {
        if self.as_guest.contains(chat) {
            return;
        }
        let Party::Visitor(visitor) = heard.mark.sender else { return };
        // Whoever has the chat does the same with this message.
        let mut draw = self.alike.part(u64::from(visitor)).part(u64::from(heard.mark.number));
        let mut at = now;
        if draw.happens(self.like.answers.0) {
            let size = draw.between(self.like.characters.least, self.like.characters.most);
            let typing = if self.like.typing.0 > 0.0 { f64::from(size) / self.like.typing.0 } else { 0.0 };
            at += self.like.thinks.micros(&mut draw);
            if self.like.hints {
                self.plans.push(Reverse((at, Plan::Type { chat: chat.to_owned() })));
            }
            at += (typing * 1e6) as Micros;
            self.plans.push(Reverse((at, Plan::Say { chat: chat.to_owned(), words: Words::Drawn(size) })));
        }
        if heard.last && draw.happens(self.like.ends.0) {
            at += self.like.thinks.micros(&mut draw);
            self.plans.push(Reverse((at, Plan::End { chat: chat.to_owned() })));
        }
    }
}
