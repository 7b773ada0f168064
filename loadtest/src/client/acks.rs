//! Acks that are still to come for commands whose own event came first. The event settles the outbox; the ack is owed all
//! the same, and says the same number.

use std::collections::VecDeque;

use super::ANSWER_WITHIN;
use super::outbox::{About, Sent};
use crate::moment::Micros;

/// Remembered at most; a server that never acks is found by the first of them.
const REMEMBERED_MAX: usize = 64;

/// A command whose event has come.
#[derive(Debug)]
pub struct Told {
    /// Its id.
    pub id: String,
    /// The chat it is for.
    pub chat: String,
    /// What it was about.
    pub about: About,
    /// The event's number.
    pub seq: u64,
    at: Micros,
    /// A later one of the chat was acked, or the time for an answer has passed, on a connection that held.
    owed: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Acks(VecDeque<Told>);

impl Acks {
    /// The event of a command came, and no ack yet.
    pub fn expect(&mut self, sent: &Sent, seq: u64, now: Micros) {
        self.age(now);
        if self.0.len() < REMEMBERED_MAX {
            let (id, chat) = (sent.id.clone(), sent.chat.clone());
            self.0.push_back(Told { id, chat, about: sent.about, seq, at: now, owed: false });
        }
    }

    /// An answer came; the command, if it was one whose event had come. Frames come in the order in which they are sent:
    /// those before it in the chat have none.
    pub fn came(&mut self, id: &str, now: Micros) -> Option<Told> {
        let place = self.0.iter().position(|told| told.id == id)?;
        let come = self.0.remove(place)?;
        self.0.iter_mut().take(place).filter(|told| told.chat == come.chat).for_each(|told| told.owed = true);
        self.age(now);
        Some(come)
    }

    /// The answer was another than an ack.
    pub fn forget(&mut self, id: &str) {
        self.0.retain(|told| told.id != id);
    }

    /// The connection is gone, and the acks that were on it.
    pub fn lost(&mut self) {
        self.0.retain(|told| told.owed);
    }

    /// Ids that never came, each with its chat.
    pub fn missing(&mut self, now: Micros) -> impl Iterator<Item = (&str, &str)> {
        self.age(now);
        self.0.iter().filter(|told| told.owed).map(|told| (told.id.as_str(), told.chat.as_str()))
    }

    fn age(&mut self, now: Micros) {
        let late = |told: &&mut Told| told.at + ANSWER_WITHIN < now;
        self.0.iter_mut().take_while(late).for_each(|told| told.owed = true);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Outbox;
    use super::*;

    /// The events of three messages came within a second.
    fn told() -> Acks {
        let (mut outbox, mut acks) = (Outbox::default(), Acks::default());
        for number in 0..3 {
            let id = format!("m{number}");
            outbox.send(id.clone(), "c", About::Message(number), 0, id.clone(), 0, &mut Vec::new());
            acks.expect(&outbox.settle(&id).unwrap(), u64::from(number) + 4, u64::from(number) * 500_000);
        }
        acks
    }

    fn missing(acks: &mut Acks, now: Micros) -> Vec<String> {
        acks.missing(now).map(|(id, _)| id.to_owned()).collect()
    }

    #[test]
    fn acks_that_come_in_their_order_leave_nothing() {
        let mut acks = told();
        let seqs: Vec<u64> = ["m0", "m1", "m2"].iter().map(|id| acks.came(id, 20_000_000).unwrap().seq).collect();
        assert_eq!((seqs, missing(&mut acks, 60_000_000)), (vec![4, 5, 6], vec![]));
    }

    #[test]
    fn one_that_is_left_out_is_missed_as_soon_as_a_later_one_came() {
        let mut acks = told();
        acks.came("m1", 1_000_000).unwrap();
        assert_eq!(missing(&mut acks, 1_000_000), ["m0"]);
        acks.lost();
        assert_eq!(missing(&mut acks, 60_000_000), ["m0"], "the others may have gone with the connection");
    }

    #[test]
    fn one_is_missed_once_its_time_has_passed() {
        let mut acks = told();
        assert_eq!(missing(&mut acks, ANSWER_WITHIN), [""; 0]);
        assert_eq!(missing(&mut acks, ANSWER_WITHIN + 500_001), ["m0", "m1"]);
    }
}
