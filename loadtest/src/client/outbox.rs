//! Commands that the server has not settled yet, in the order they were sent. A lost connection, or a refusal that may
//! pass, sends all of them again under their ids; the server acts on each once. What is wanted while a new connection
//! has not been greeted waits its turn behind them: sent at once it would overtake what was said before.

use std::collections::VecDeque;

use super::acks::Acks;
use crate::moment::Micros;
use crate::wire::Refusal;

/// How long a command that was refused for now rests, unless the server says otherwise.
const REST: Micros = 200_000;

/// What a command was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A message by its number.
    Message(u32),
    /// A chat, with the question that comes with it.
    Start,
    /// Anything else.
    Other,
}

/// A command that was sent.
#[derive(Debug)]
pub struct Sent {
    /// Its id.
    pub id: String,
    /// The chat it is for; empty: none.
    pub chat: String,
    /// What it was about.
    pub about: About,
    /// When it was meant to go out.
    pub intended: Micros,
    frame: String,
    sent: Micros,
    /// It has not gone out yet.
    held: bool,
    /// It went out more than once, or had to wait for its connection.
    again: bool,
    /// The server has no excuse left: it settled a later command of the chat, or let the time for an answer pass.
    owed: bool,
}

impl Sent {
    /// How long the answer took, of a command that went out once.
    pub fn took(&self, now: Micros) -> Option<Micros> {
        (!self.again).then(|| now.saturating_sub(self.sent))
    }
}

/// What went out when everything was sent again.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// How many commands the server may have had before.
    pub again: usize,
    /// When messages were meant to go out that did so now for the first time.
    pub first: Vec<Micros>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Acks of what events have settled.
    pub acks: Acks,
    sent: VecDeque<Sent>,
    again: Option<Micros>,
    shut: bool,
}

impl Outbox {
    /// The connection is new: nothing leaves before [`Outbox::open`].
    pub fn shut(&mut self) {
        self.shut = true;
        self.again = None;
        self.acks.lost();
    }

    /// The server has greeted: sends everything again, in order.
    pub fn open(&mut self, now: Micros, out: &mut Vec<String>) -> Again {
        self.shut = false;
        self.again(now, out)
    }

    /// Sends a command, `frame` as it is, and keeps it; whether it went out.
    #[expect(clippy::too_many_arguments, reason = "a command is made in one place with all that is known of it")]
    pub fn send(
        &mut self,
        id: String,
        chat: &str,
        about: About,
        intended: Micros,
        frame: String,
        now: Micros,
        out: &mut Vec<String>,
    ) -> bool {
        if !self.shut {
            out.push(frame.clone());
        }
        let (chat, held, owed) = (chat.to_owned(), self.shut, false);
        self.sent.push_back(Sent { id, chat, about, intended, frame, sent: now, held, again: held, owed });
        !held
    }

    /// The command with this id was settled, by its ack or its event. What was sent before it in the same chat took
    /// effect before it, and must have been answered.
    pub fn settle(&mut self, id: &str) -> Option<Sent> {
        let place = self.sent.iter().position(|sent| sent.id == id)?;
        let settled = self.sent.remove(place)?;
        let earlier =
            self.sent.iter_mut().take(place).filter(|sent| sent.chat == settled.chat && !sent.chat.is_empty());
        earlier.for_each(|sent| sent.owed = true);
        Some(settled)
    }

    /// The server refused; the command, if that is its last word.
    pub fn refused(&mut self, refusal: &Refusal<'_>, now: Micros) -> Option<Sent> {
        // What was sent again may be refused for now, though its event says that it was stored the first time.
        refusal.id.into_iter().for_each(|id| self.acks.forget(id));
        let passing = matches!(refusal.code, "rate_limited" | "unavailable" | "internal") && !refusal.final_;
        if passing {
            let rest = refusal.retry_after_ms.map_or(REST, |ms| ms * 1000);
            self.again = Some(self.again.unwrap_or(0).max(now + rest));
            return None;
        }
        self.settle(refusal.id?)
    }

    /// When something is to be sent again.
    pub fn due(&self) -> Micros {
        self.again.unwrap_or(Micros::MAX)
    }

    /// Since when the server has owed the oldest answer; what rests until it is sent again is not waited for.
    pub fn owed_since(&self) -> Option<Micros> {
        self.sent.front().filter(|_| self.again.is_none() && !self.shut).map(|sent| sent.sent)
    }

    /// The time for an answer has passed, for what was sent by then.
    pub fn unanswered(&mut self, by: Micros) {
        self.sent.iter_mut().filter(|sent| sent.sent <= by).for_each(|sent| sent.owed = true);
    }

    /// Commands that the server should have settled and did not, each with its chat.
    pub fn owed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sent.iter().filter(|sent| sent.owed).map(|sent| (sent.id.as_str(), sent.chat.as_str()))
    }

    /// Sends everything again, in order.
    pub fn again(&mut self, now: Micros, out: &mut Vec<String>) -> Again {
        self.again = None;
        let mut again = Again::default();
        for sent in &mut self.sent {
            match (std::mem::take(&mut sent.held), sent.about) {
                (true, About::Message(_)) => again.first.push(sent.intended),
                (true, _) => {}
                (false, _) => again.again += 1,
            }
            sent.sent = now;
            sent.again = true;
            out.push(sent.frame.clone());
        }
        again
    }

    /// What the server has not settled.
    pub fn unsettled(&self) -> impl Iterator<Item = &Sent> {
        self.sent.iter()
    }

    /// Whether a command whose id begins so has not been settled yet.
    pub fn is_waiting_for(&self, what: &str) -> bool {
        self.sent.iter().any(|sent| sent.id.starts_with(what))
    }

    /// Whether nothing is owed, in one chat.
    pub fn is_clear(&self, chat: &str) -> bool {
        !self.sent.iter().any(|sent| sent.chat == chat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox() -> (Outbox, Vec<String>) {
        let (mut outbox, mut out) = (Outbox::default(), Vec::new());
        for number in 0..3 {
            let id = format!("m{number}");
            outbox.send(id.clone(), "c", About::Message(number), 5, id, 5, &mut out);
        }
        out.clear();
        (outbox, out)
    }

    fn refusal<'a>(code: &'a str, id: &'a str) -> Refusal<'a> {
        Refusal { id: Some(id), chat: None, code, why: None, retry_after_ms: Some(50), final_: false }
    }

    fn owed(outbox: &Outbox) -> Vec<&str> {
        outbox.owed().map(|(id, _)| id).collect()
    }

    #[test]
    fn what_was_refused_for_now_is_sent_again_in_order_with_all_behind_it() {
        let (mut outbox, mut out) = outbox();
        assert!(outbox.refused(&refusal("rate_limited", "m1"), 100).is_none());
        assert_eq!((outbox.due(), outbox.owed_since()), (50_100, None), "nothing is waited for meanwhile");
        outbox.settle("m0").unwrap();
        let again = Again { again: 2, first: vec![] };
        assert_eq!((outbox.again(60_000, &mut out), out.join(" ")), (again, "m1 m2".to_owned()));
        assert_eq!((outbox.due(), outbox.owed_since()), (Micros::MAX, Some(60_000)));
    }

    #[test]
    fn what_is_said_on_a_new_connection_does_not_overtake_what_was_said_on_the_old_one() {
        let (mut outbox, mut out) = outbox();
        outbox.settle("m0").unwrap();
        outbox.shut();
        assert!(!outbox.send("m3".into(), "c", About::Message(3), 90, "m3".into(), 95, &mut out));
        assert_eq!((out.len(), outbox.due()), (0, Micros::MAX), "the server has not greeted yet");
        let again = Again { again: 2, first: vec![90] };
        assert_eq!((outbox.open(100, &mut out), out.join(" ")), (again, "m1 m2 m3".to_owned()));
        assert!(outbox.send("m4".into(), "c", About::Message(4), 110, "m4".into(), 110, &mut out));
        assert_eq!((out.len(), outbox.again(120, &mut out).again), (4, 4), "now all of them went out");
    }

    #[test]
    fn what_was_refused_for_good_is_not() {
        let (mut outbox, _) = outbox();
        assert_eq!(outbox.refused(&refusal("conflict", "m1"), 100).unwrap().id, "m1");
        assert!(outbox.settle("m1").is_none() && !outbox.is_clear("c") && outbox.is_clear("d"));
    }

    #[test]
    fn an_answer_that_never_comes_is_owed_once_a_later_command_of_the_chat_has_one() {
        let (mut outbox, mut out) = outbox();
        outbox.send("end".into(), "d", About::Other, 6, "end".into(), 6, &mut out);
        outbox.settle("end").unwrap();
        assert_eq!(owed(&outbox), [""; 0], "another chat has an order of its own");
        outbox.settle("m1").unwrap();
        assert_eq!(owed(&outbox), ["m0"], "what was sent later may still come");
        assert!(outbox.settle("m0").is_some() && owed(&outbox).is_empty());
    }

    #[test]
    fn an_answer_that_never_comes_is_owed_once_its_time_has_passed() {
        let (mut outbox, mut out) = outbox();
        outbox.send("m3".into(), "c", About::Message(3), 90, "m3".into(), 90, &mut out);
        outbox.unanswered(89);
        assert_eq!((owed(&outbox), outbox.owed_since()), (vec!["m0", "m1", "m2"], Some(5)));
    }

    #[test]
    fn only_what_went_out_once_tells_how_long_an_answer_takes() {
        let (mut outbox, mut out) = outbox();
        assert_eq!(outbox.settle("m0").unwrap().took(25), Some(20));
        outbox.shut();
        outbox.send("m3".into(), "c", About::Message(3), 90, "m3".into(), 90, &mut out);
        outbox.open(100, &mut out);
        assert_eq!(outbox.settle("m1").unwrap().took(125), None);
        assert_eq!(outbox.settle("m3").unwrap().took(125), None, "it waited for its connection");
    }
}
