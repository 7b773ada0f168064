//! What an operator does in a chat of recorded traffic: says what was said, when it was said or as soon as the chat is
//! theirs, and ends it where an operator did, once everything has been said.

use std::cmp::Reverse;

use super::{Operator, Plan, Words};
use crate::checker::Party;
use crate::mark::Tag;
use crate::moment::Micros;
use crate::recording::{ended, said};

/// A chat that is played.
pub(super) struct Played {
    /// Messages that are still to be said, and to be heard of the visitor.
    left: (usize, usize),
    /// When it is to be ended, where an operator did.
    end: Option<Micros>,
}

impl Operator {
    /// The visitor said something: by the first of it the recorded chat is known.
    pub(super) fn play(&mut self, chat: &str, heard: Tag, now: Micros) {
        let world = self.world.clone();
        let (Some(playing), Party::Visitor(number)) = (&world.playing, heard.mark.sender) else { return };
        let Some(recorded) = playing.recording.chats.get(number as usize) else { return };
        if !self.played.contains_key(chat) {
            let begin = playing.begin(recorded);
            let mut to_say = 0;
            for (place, (ms, _)) in said(recorded, false).enumerate() {
                to_say += 1;
                let at = now.max(begin + playing.play.micros(ms));
                let words = Words::Recorded { chat: number, place };
                self.plans.push(Reverse((at, Plan::Say { chat: chat.to_owned(), words })));
            }
            let (end_ms, by_operator) = ended(recorded);
            let end = by_operator.then(|| begin + playing.play.micros(end_ms));
            self.played.insert(chat.to_owned(), Played { left: (to_say, said(recorded, true).count()), end });
        }
        self.one_less(chat, (0, 1), now);
    }

    /// Something of a played chat is done; the last of it allows the end.
    pub(super) fn one_less(&mut self, chat: &str, (said, heard): (usize, usize), now: Micros) {
        let Some(played) = self.played.get_mut(chat) else { return };
        played.left = (played.left.0.saturating_sub(said), played.left.1.saturating_sub(heard));
        if played.left == (0, 0)
            && let Some(end) = played.end.take()
        {
            self.plans.push(Reverse((now.max(end), Plan::End { chat: chat.to_owned() })));
        }
    }
}
