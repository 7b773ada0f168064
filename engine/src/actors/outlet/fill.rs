//! Filling in what a reader has missed: events that another node told while nobody passed them on. They are read from
//! the store and put in front of the live ones, which wait meanwhile.

use bytestring::ByteString;

use crate::actors::outlet::Outlet;
use crate::domain::ids::ChatId;

/// What somebody who missed events needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Nothing: it has all, or it does not follow the chat.
    Nothing,
    /// It is reading history, or not welcomed yet: look again.
    LookAgain,
    /// All after this number; live events wait until [`Outlet::fill`].
    After(u32),
}

impl Outlet {
    /// Whether the reader misses events up to a number; if it does, live events wait from now on. One that has seen
    /// nothing of the chat misses something only where it follows it `from_start`.
    pub fn missing(&self, chat: ChatId, up_to: u32, from_start: bool) -> Missing {
        let mut state = self.lock();
        if state.closed.is_some() {
            return Missing::Nothing;
        }
        let welcomed = state.prelude.is_none();
        let cursor = state.cursor(chat);
        if !welcomed || cursor.held || cursor.filling {
            return Missing::LookAgain;
        }
        if cursor.sent >= up_to || (cursor.sent == 0 && !from_start) {
            return Missing::Nothing;
        }
        cursor.filling = true;
        Missing::After(cursor.sent)
    }

    /// Puts missed events, given with their numbers, into the box; `last` is the last there was when they were read.
    /// `false`: there are more by now, read on.
    pub fn fill(&self, chat: ChatId, events: Vec<(u32, ByteString)>, last: u32) -> bool {
        let mut state = self.lock();
        if !state.cursor(chat).filling {
            // A page of history came in between, and brought it all.
            return true;
        }
        for (seq, frame) in events {
            let cursor = state.cursor(chat);
            if seq > cursor.sent {
                cursor.sent = seq;
                state.put_event(frame, Some((chat, seq)));
            }
        }
        let cursor = state.cursor(chat);
        let done = cursor.passed.max(last) <= cursor.sent;
        if done {
            (cursor.filling, cursor.passed) = (false, 0);
        }
        self.settle(state);
        done
    }

    /// How far the reader is, while events are filled in; none when that is over.
    pub fn filled_to(&self, chat: ChatId) -> Option<u32> {
        let mut state = self.lock();
        let open = state.closed.is_none();
        let cursor = state.cursor(chat);
        (open && cursor.filling).then_some(cursor.sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actors::outlet::Transport;
    use crate::domain::ids::Shard;

    struct Nowhere;

    impl Transport for Nowhere {
        fn wake(&self) {}
        fn cut(&self) {}
    }

    fn chat() -> ChatId {
        ChatId::new(1, 1, Shard(1))
    }

    fn event(outlet: &Outlet, seq: u32) {
        outlet.push_event(chat(), seq, || format!("e{seq}").into());
    }

    fn read(outlet: &Outlet) -> Vec<String> {
        outlet.take_all().iter().map(|frame| frame.to_string()).collect()
    }

    #[test]
    fn what_was_missed_is_filled_in_before_what_is_new() {
        let outlet = Outlet::new(Nowhere);
        event(&outlet, 1);
        assert_eq!(outlet.missing(chat(), 1, true), Missing::Nothing);
        assert_eq!(outlet.missing(chat(), 3, true), Missing::After(1));
        event(&outlet, 4);
        assert_eq!(outlet.missing(chat(), 3, true), Missing::LookAgain);
        let events = |numbers: &[u32]| numbers.iter().map(|seq| (*seq, format!("e{seq}").into())).collect();
        assert!(!outlet.fill(chat(), events(&[2, 3]), 3), "the live one that came meanwhile is missing too");
        assert_eq!(outlet.filled_to(chat()), Some(3));
        assert!(outlet.fill(chat(), events(&[3, 4]), 4));
        event(&outlet, 5);
        assert_eq!(read(&outlet), ["e1", "e2", "e3", "e4", "e5"]);
    }

    #[test]
    fn an_event_that_was_missed_before_the_welcome_is_not_passed_over() {
        let outlet = Outlet::new(Nowhere);
        outlet.await_welcome();
        event(&outlet, 7);
        assert_eq!(outlet.missing(chat(), 6, false), Missing::LookAgain);
        outlet.welcome("welcome, 5 is the last".into(), &[(chat(), 5)]);
        assert_eq!(read(&outlet), ["welcome, 5 is the last"]);
        assert_eq!(outlet.missing(chat(), 7, false), Missing::After(5));
    }
}
