//! Messages that come in a row are stored together: what one turn of the mailbox brings of one socket is one append,
//! with one answer of the store for all of it. A writer in a hurry costs much less so, and nobody waits longer: it
//! leaves as soon as the mailbox is empty.

use std::time::Instant;

use actix::Context;

use super::VisitorSession;
use super::commit::{Cause, Made, light_head};
use super::core::{Appending, Core, Pending};
use crate::actors::messages::Command;
use crate::domain::event::EventKind;
use crate::domain::limits::APPENDS_JOINED_MAX;
use crate::domain::time::Timestamp;
use crate::ports::journal::Append;

/// An append that is being put together.
pub(super) struct Joining {
    /// The number of the last event before it.
    after: u32,
    /// When its first command was judged.
    begun: Instant,
    /// The messages, with the answers.
    pub made: Made,
}

impl VisitorSession {
    /// Takes what a command says into the append that is being put together, or begins one with it.
    pub(super) fn join(&mut self, said: Vec<EventKind>, now: Timestamp, cause: Cause, ctx: &mut Context<Self>) {
        if self.core.as_ref().is_some_and(|core| !core.goes_on_with(&cause.0)) {
            self.hand_over();
        }
        let Some(core) = &mut self.core else { return };
        #[cfg(feature = "faults")]
        if crate::actors::faults::acks_in_vain(&said) {
            return core.ack_in_vain(self.chat, said, &cause.0);
        }
        let begin = || Joining { after: core.chat.last_seq, begun: Instant::now(), made: Made::default() };
        let mut joining = core.joining.take().unwrap_or_else(begin);
        let taken = core.take_in(self.chat, said, now, Some(cause), &mut joining.made);
        core.joining = Some(joining);
        if let Err(error) = taken {
            self.not_as_json(&error, ctx);
        }
    }

    /// Gives what was put together to the store.
    pub(super) fn hand_over(&mut self) {
        let Some(core) = &mut self.core else { return };
        let Some(Joining { after, begun, made }) = core.joining.take() else { return };
        let Made { stored, untold, facts } = made;
        let append = Append {
            account: self.account,
            chat: self.chat,
            epoch: core.record.owner_epoch,
            after,
            events: stored,
            head: light_head(&core.chat),
            slots: Vec::new(),
            opened: Vec::new(),
            closed: Vec::new(),
            guests: None,
            decision: None,
            at: core.last_at(),
        };
        let appending = Appending { events: untold, facts, begun, before: None, proposed: None, freed: Vec::new() };
        core.in_flight.push_back(Pending::Append(Box::new(appending)));
        self.store(append);
    }
}

impl Core {
    /// Whether a command belongs to what is being put together: of the same socket, and there is room.
    fn goes_on_with(&self, command: &Command) -> bool {
        let untold = self.joining.as_ref().map_or(&[][..], |joining| &joining.made.untold);
        let last = untold.last().and_then(|event| event.answer.as_ref());
        untold.len() < APPENDS_JOINED_MAX && last.is_some_and(|(last, _)| last.outlet.id() == command.outlet.id())
    }

    /// A planted fault: says that it is stored, and forgets it.
    #[cfg(feature = "faults")]
    fn ack_in_vain(&self, chat: crate::domain::ids::ChatId, said: Vec<EventKind>, command: &Command) {
        for event in self.chat.number(said, self.last_at, None) {
            command.outlet.push(super::orders::ack(command, chat, (event.seq, event.visitor_seq)));
        }
    }
}
