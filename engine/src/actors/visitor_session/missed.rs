//! What was stored and never told: a panic, a failed commit or another node came between. It is told and counted as
//! it would have been, but for the answers: their commands are judged again, and known.

use std::sync::Arc;
use std::time::Instant;

use super::VisitorSession;
use super::commit::untold;
use super::core::{Reply, Seen, Untold, rung};
use crate::actors::connection::history::{Reader, event_frame};
use crate::actors::nodes::missed::{fill_tabs_here, fill_windows_here};
use crate::domain::chat::Chat;
use crate::domain::event::{Event, Sender, StoredEvent};
use crate::domain::ids::{ChatId, OfferId, OperatorId};
use crate::ports::journal::{Side, StoredChat};

impl VisitorSession {
    /// After a reading: what is behind that number. Cursors of the sockets drop what they have.
    pub(super) fn publish_missed(&mut self, stored: &StoredChat, from: u32) {
        if stored.events.last().is_none_or(|last| last.seq <= from) {
            return;
        }
        let Missed { mut events, facts, rung } = behind(self.chat, &stored.events, from);
        if let Some(core) = &mut self.core {
            // Whoever was rung before is told of what has become of it since.
            core.rung = rung;
        }
        self.tell(&mut events, &facts, &[], Instant::now());
    }

    /// The chat came to this node: readers here who miss something get it from the store, and other nodes are told
    /// its last event again, so that they see what they miss.
    pub(super) fn publish_tail(&self, stored: &StoredChat) {
        let Some(core) = self.core.as_ref().filter(|_| self.shared.nodes.is_some()) else { return };
        let tabs = (&*core.visitor_outlets, core.visitor_published);
        fill_tabs_here(&self.shared, self.account, self.chat, tabs);
        let side = |side, own| Reader { side, own };
        for (operator, windows) in core.readers() {
            let last = core.chat.last_seq;
            fill_windows_here(&self.shared, self.account, self.chat, (*operator, windows, last));
            let Some(event) = stored.events.last() else { continue };
            let text = event_frame(self.chat, event, &side(Side::Operators, Sender::Operator(*operator)));
            windows.each_far(|outlet| {
                outlet.push_event(self.chat, last, || text.clone());
            });
        }
        if let Some(event) = stored.events.iter().rev().find(|event| event.visible) {
            let text = event_frame(self.chat, event, &side(Side::Visitor, Sender::Visitor));
            tabs.0.each_far(|outlet| {
                outlet.push_event(self.chat, event.visitor_seq, || text.clone());
            });
        }
    }
}

/// What was stored and not told.
struct Missed {
    /// The events as they are told.
    events: Vec<Untold>,
    /// Those that others than the readers must hear of.
    facts: Vec<Event>,
    /// At whom the chat rang at all before them.
    rung: Vec<(OfferId, OperatorId)>,
}

/// What is behind a number. What an operator's word ended comes of the chat as it was before it: all of its events are
/// needed.
fn behind(id: ChatId, stored: &[StoredEvent], from: u32) -> Missed {
    let (mut chat, mut events, mut facts) = (Chat::unborn(id), Vec::new(), Vec::new());
    let mut rings = Vec::new();
    for kept in stored {
        let Some(kind) = kept.kind() else {
            chat.apply_unknown(kept.seq, kept.visitor_seq);
            if kept.seq > from {
                events.push(unknown(kept));
            }
            continue;
        };
        let event = Event { seq: kept.seq, visitor_seq: kept.visitor_seq, at: kept.at, kind, origin: None };
        let reply = Reply::of(&chat, &event);
        chat.apply(&event);
        if kept.seq > from {
            events.push(Untold { reply, ..untold(id, &event, kept, None) });
            facts.push(event);
        } else {
            rings = rung(&chat);
        }
    }
    Missed { events, facts, rung: rings }
}

/// An event of a kind that only a newer node knows: it counts its number.
fn unknown(kept: &StoredEvent) -> Untold {
    Untold {
        seq: kept.seq,
        visitor_seq: kept.visitor_seq,
        at: kept.at,
        body: Arc::clone(&kept.body),
        seen: Seen::Not,
        role: None,
        message_from: None,
        command: None,
        reply: None,
        answer: None,
    }
}
