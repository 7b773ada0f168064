//! Commands that the server has not settled yet, in the order they were sent. A lost connection, or a refusal that may
//! pass, sends all of them again under their ids; the server acts on each once. What is wanted while a new connection
//! has not been greeted waits its turn behind them: sent at once it would overtake what was said before.

use std::collections::VecDeque;

use crate::moment::Micros;
use crate::wire::Refusal;

/// How long a command that was refused for now rests, unless the server says otherwise.
const REST: Micros = 200_000;
/// A command without an answer for so long means that the connection is of no use (public contract).
const ANSWER_WITHIN: Micros = 10_000_000;

/// What a command was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A message by its number.
    Message(u32),
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
}

/// See the module.
#[derive(Debug, Default)]
pub struct Outbox {
    sent: VecDeque<Sent>,
    again: Option<Micros>,
    shut: bool,
}

impl Outbox {
    /// The connection is new: nothing leaves before [`Outbox::open`].
    pub fn shut(&mut self) {
        self.shut = true;
        self.again = None;
    }

    /// The server has greeted: sends everything again, in order; how many those were.
    pub fn open(&mut self, now: Micros, out: &mut Vec<String>) -> usize {
        self.shut = false;
        self.again(now, out)
    }

    /// Sends a command, `frame` as it is, and keeps it.
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
    ) {
        if !self.shut {
            out.push(frame.clone());
        }
        self.sent.push_back(Sent { id, chat: chat.to_owned(), about, intended, frame, sent: now });
    }

    /// The command with this id was settled, by its ack or its event.
    pub fn settle(&mut self, id: &str) -> Option<Sent> {
        let place = self.sent.iter().position(|sent| sent.id == id)?;
        self.sent.remove(place)
    }

    /// The server refused; the command, if that is its last word.
    pub fn refused(&mut self, refusal: &Refusal<'_>, now: Micros) -> Option<Sent> {
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

    /// Whether the server has owed an answer for too long.
    pub fn overdue(&self, now: Micros) -> bool {
        self.sent.front().is_some_and(|sent| now > sent.sent + ANSWER_WITHIN)
    }

    /// Sends everything again, in order; how many those were.
    pub fn again(&mut self, now: Micros, out: &mut Vec<String>) -> usize {
        self.again = None;
        for sent in &mut self.sent {
            sent.sent = now;
            out.push(sent.frame.clone());
        }
        self.sent.len()
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
        Refusal { id: Some(id), code, why: None, retry_after_ms: Some(50), final_: false }
    }

    #[test]
    fn what_was_refused_for_now_is_sent_again_in_order_with_all_behind_it() {
        let (mut outbox, mut out) = outbox();
        assert!(outbox.refused(&refusal("rate_limited", "m1"), 100).is_none());
        assert_eq!(outbox.due(), 50_100);
        outbox.settle("m0").unwrap();
        assert_eq!(
            (outbox.again(60_000, &mut out), out.as_slice()),
            (2, ["m1".to_owned(), "m2".to_owned()].as_slice())
        );
        assert_eq!(outbox.due(), Micros::MAX);
    }

    #[test]
    fn what_is_said_on_a_new_connection_does_not_overtake_what_was_said_on_the_old_one() {
        let (mut outbox, mut out) = outbox();
        outbox.settle("m0").unwrap();
        outbox.shut();
        outbox.send("m3".into(), "c", About::Message(3), 90, "m3".into(), 90, &mut out);
        assert_eq!((out.len(), outbox.due()), (0, Micros::MAX), "the server has not greeted yet");
        assert_eq!((outbox.open(100, &mut out), out.join(" ")), (3, "m1 m2 m3".to_owned()));
        outbox.send("m4".into(), "c", About::Message(4), 110, "m4".into(), 110, &mut out);
        assert_eq!(out.len(), 4);
    }

    #[test]
    fn what_was_refused_for_good_is_not() {
        let (mut outbox, _) = outbox();
        assert_eq!(outbox.refused(&refusal("conflict", "m1"), 100).unwrap().id, "m1");
        assert!(outbox.settle("m1").is_none() && !outbox.is_clear("c") && outbox.is_clear("d"));
    }

    #[test]
    fn an_answer_that_never_comes_is_noticed() {
        let (outbox, _) = outbox();
        assert!(!outbox.overdue(9_000_000) && outbox.overdue(10_000_010));
    }
}
