//! Which chats are an operator's: those that events bring, and those that a welcome or a late answer shows to be theirs
//! though the beginning was told on a connection that was gone. How they end, and what the server answers in them.

use super::{Operator, Past};
use crate::checker::{Fault, Party};
use crate::client::outbox::{About, Sent};
use crate::client::pace::count_left;
use crate::client::{ANSWER_WITHIN, Ear};
use crate::moment::Micros;
use crate::recorder::{Tally, Timing};
use crate::wire::{Ack, Event, Refusal, Welcome};

/// What was under way when a chat became somebody else's has come after so long.
const UNDER_WAY: Micros = 5_000_000;

impl Operator {
    pub(super) fn event(&mut self, event: &Event<'_>, now: Micros, out: &mut Vec<String>) {
        if !self.chats.contains_key(event.chat) {
            if self.brings_in(event) {
                // What was before is asked for, so that the judge knows the whole chat.
                self.take_up(event.chat, out);
                self.comes_in(event, now);
            } else {
                self.stray(event, now, out);
            }
            return;
        }
        let Some(ear) = self.chats.get_mut(event.chat) else { return };
        let (counts, tag) = ear.hear(event);
        if !counts {
            return;
        }
        if !self.since.contains_key(event.chat) && self.brings_in(event) {
            self.comes_in(event, now);
        }
        match tag {
            Some(tag) if tag.mark.sender == Party::Operator(self.number) => {
                self.world.count(Tally::MessagesHeard);
                if let Some(command) = event.command {
                    self.told(command, event.seq, now);
                }
            }
            Some(tag) => {
                self.world.count(Tally::MessagesHeard);
                self.play(event.chat, tag, now);
                if matches!(tag.mark.sender, Party::Visitor(_)) && self.is_in(event) {
                    self.world.time(Timing::Delivery, tag.intended, now);
                    self.hint("delivered", event.chat, &format!(r#""seq":{}"#, event.seq), out);
                    self.think(event.chat, tag, now);
                }
            }
            None => self.changed(event),
        }
    }

    /// Whether an event makes a chat the operator's that was not, or was not any more.
    fn brings_in(&self, event: &Event<'_>) -> bool {
        let brings = matches!(event.event.kind, "assigned" | "transferred" | "joined");
        let mine = brings && event.event.operator == Some(self.id.as_str());
        mine && self.over.get(event.chat).is_none_or(|past| event.seq > past.last)
    }

    /// Hears a chat from its beginning on.
    fn take_up(&mut self, chat: &str, out: &mut Vec<String>) {
        self.accepted.remove(chat);
        let mut ear = Ear::new(chat, Party::Operator(self.number), true);
        out.push(ear.resume());
        self.chats.insert(chat.to_owned(), ear);
    }

    /// The operator comes into a chat that is heard.
    fn comes_in(&mut self, event: &Event<'_>, now: Micros) {
        match event.event.kind {
            "assigned" => {
                self.world.stamped(event.at, now);
                self.ask_colleagues(event.chat, now);
            }
            "transferred" => self.world.count(Tally::Transfers),
            _ => {
                self.world.count(Tally::Invitations);
                self.as_guest.insert(event.chat.to_owned());
            }
        }
        self.since.insert(event.chat.to_owned(), event.seq);
    }

    /// An event of a chat that is not known to be the operator's.
    fn stray(&mut self, event: &Event<'_>, now: Micros, out: &mut Vec<String>) {
        let chat = event.chat;
        let fault = match (self.accepted.get(chat), self.over.get(chat)) {
            // That it is theirs was told on a connection that was gone by then.
            (Some(accepted), _) if accepted.lost => return self.take_up(chat, out),
            (Some(_), _) => Fault::NotCalled { chat: chat.to_owned(), operator: self.id.clone() },
            (None, Some(past)) if past.handed_on.is_none_or(|at| now <= at + UNDER_WAY) => return,
            (None, _) => Fault::Foreign { chat: chat.to_owned(), party: Party::Operator(self.number), seq: event.seq },
        };
        if self.strange.insert(chat.to_owned()) {
            self.world.broke(fault);
        }
    }

    /// Whether an event came when the operator was in the chat.
    fn is_in(&self, event: &Event<'_>) -> bool {
        self.since.get(event.chat).is_some_and(|since| event.seq >= *since)
    }

    /// Something else than a message happened in a chat.
    fn changed(&mut self, event: &Event<'_>) {
        let chat = event.chat;
        if !self.is_in(event) {
            return;
        }
        match (event.event.kind, event.event.operator == Some(self.id.as_str())) {
            ("assigned" | "transferred", true) => {
                self.as_guest.remove(chat);
                // It waited again, and came back before all was answered that had been said in it.
                self.handed_on.remove(chat);
            }
            // A guest stays whoever owns the chat.
            ("transferred", false) if !self.as_guest.contains(chat) => self.hand_on(chat),
            ("left", true) => self.hand_on(chat),
            // It had an operator and waits again: nobody is in it any more.
            ("queued", _) => self.hand_on(chat),
            ("ended", _) => self.finish(chat),
            _ => {}
        }
    }

    /// The chat is somebody else's from here on, or nobody's.
    fn hand_on(&mut self, chat: &str) {
        self.handed_on.insert(chat.to_owned());
        self.finish(chat);
    }

    /// The chat is over; it goes to the judge once the server owes no answer in it.
    fn finish(&mut self, chat: &str) {
        let over = self.chats.get(chat).is_some_and(|ear| ear.at("ended").is_some());
        if (over || self.handed_on.contains(chat))
            && self.outbox.is_clear(chat)
            && let Some(ear) = self.chats.remove(chat)
        {
            let now = self.world.phases.clock.now();
            self.over.insert(chat.to_owned(), Past { last: ear.last(), handed_on: (!over).then_some(now) });
            self.since.remove(chat);
            self.handed_on.remove(chat);
            self.as_guest.remove(chat);
            self.played.remove(chat);
            self.world.hand_in(ear, true, now);
        }
    }

    /// The connection is new. What was accepted on the old one, and acked a good while before that was last heard, should
    /// have been told on it.
    pub(super) fn loses_connection(&mut self) {
        for (chat, accepted) in &mut self.accepted {
            let late = accepted.acked.is_some_and(|at| at + ANSWER_WITHIN < self.heard_at);
            if late && !accepted.lost && self.strange.insert(chat.clone()) {
                self.world.broke(Fault::NotCalled { chat: chat.clone(), operator: self.id.clone() });
            }
            accepted.lost = true;
        }
    }

    pub(super) fn welcomed(&mut self, welcome: &Welcome<'_>, now: Micros, out: &mut Vec<String>) {
        self.world.stamped(welcome.server_time, now);
        let gap = (self.world.server_ms(self.heard_at), self.world.server_ms(now));
        self.gaps.extend(gap.0.zip(gap.1));
        let sent = self.outbox.open(now, out);
        if sent.again > 0 {
            self.world.count(Tally::Again);
        }
        sent.first.into_iter().for_each(|intended| count_left(&self.world, intended, now));
        if !self.online
            && let Some(back) = self.back.take()
        {
            self.world.time(Timing::Connect, back, now);
        }
        // Whoever was gone for longer than the server's grace is not on-line any more.
        let asked = self.outbox.is_waiting_for("status");
        if !asked && (!self.online || welcome.status.is_some_and(|status| status != "online")) {
            self.command("status", "", r#","status":"online""#, now, out);
        }
        // What became theirs while they were gone; of what is not acked yet the answer will tell.
        let acked = self.accepted.iter().filter(|(_, accepted)| accepted.lost && accepted.acked.is_some());
        let acked = acked.map(|(chat, _)| chat.clone());
        let running = welcome.chats.iter().map(|chat| chat.id.to_owned());
        for chat in running.chain(acked).collect::<Vec<_>>() {
            if !self.chats.contains_key(&chat) {
                self.take_up(&chat, out);
            }
        }
        // What rang while they were gone rings on.
        welcome.offers.iter().for_each(|offer| self.offer(offer, now));
    }

    pub(super) fn acked(&mut self, ack: &Ack<'_>, now: Micros, out: &mut Vec<String>) {
        let party = Party::Operator(self.number);
        if let Some(told) = self.outbox.acks.came(ack.id, now) {
            return self.world.compare(party, &told, ack);
        }
        let Some(sent) = self.outbox.settle(ack.id) else { return };
        self.world.is_of_chat(party, &sent.chat, ack);
        if let Some(accepted) = self.accepted.get_mut(&sent.chat).filter(|_| sent.id.starts_with("accept")) {
            accepted.acked = Some(now);
            if accepted.lost {
                self.take_up(&sent.chat, out);
            }
        }
        self.settled(&sent, ack.seq, now);
    }

    /// The event of a command came: it settles it, and the ack is still to come.
    fn told(&mut self, id: &str, seq: u64, now: Micros) {
        let Some(sent) = self.outbox.settle(id) else { return };
        self.outbox.acks.expect(&sent, seq, now);
        self.settled(&sent, Some(seq), now);
    }

    /// A command was settled, by its ack or its event.
    fn settled(&mut self, sent: &Sent, seq: Option<u64>, now: Micros) {
        if let (About::Message(number), Some(ear)) = (sent.about, self.chats.get_mut(&sent.chat)) {
            // No event has the number 0, nor has an ack that names none.
            ear.acked(number, Some(seq.unwrap_or_default()));
            self.world.count(Tally::MessagesAcked);
            self.world.time(Timing::Ack, sent.intended, now);
        }
        if let Some(took) = sent.took(now) {
            self.world.answered(took, now);
        }
        if sent.id.starts_with("status") && !self.online {
            self.online = true;
            (self.ready)(self.number);
        }
        self.finish(&sent.chat);
    }

    pub(super) fn refused(&mut self, refusal: &Refusal<'_>, now: Micros) {
        // The chat went to somebody else while the connection was gone, and with it its history.
        if let (None, "not_found", Some(chat)) = (refusal.id, refusal.code, refusal.chat)
            && let Some(ear) = self.chats.get_mut(chat)
        {
            ear.sent_away();
            return self.hand_on(chat);
        }
        let Some(sent) = self.outbox.refused(refusal, now) else {
            return self.world.error(&format!("answered {}, sent again", refusal.code));
        };
        if sent.id.starts_with("accept") {
            self.accepted.remove(&sent.chat);
        }
        // The end of a chat and an operator's words may cross, and so may an offer's end and its answer.
        let crossed = matches!(refusal.why, Some("ended" | "expired" | "withdrawn" | "taken"));
        if sent.id.starts_with("transfer") || sent.id.starts_with("invite") {
            self.world.count(Tally::AsksRefused);
            return self.finish(&sent.chat);
        }
        let ended = self.handed_on.contains(&sent.chat)
            || self.over.contains_key(&sent.chat)
            || self.chats.get(&sent.chat).is_some_and(|ear| ear.at("ended").is_some());
        if crossed || ended {
            self.world.count(Tally::MessagesTooLate);
        } else {
            let words = format!("refused {} {}", refusal.code, refusal.why.unwrap_or_default());
            self.world.error(words.trim_end());
        }
        self.finish(&sent.chat);
    }
}
