//! Telling how the chat goes its way, where somebody asks: each append as a step, and at the end its whole life.

use std::time::Duration;

use super::VisitorSession;
use super::core::Appending;
use super::orders::sender;
use crate::domain::chat::{Chat, ChatState, Outcome};
use crate::domain::event::{Event, EventKind, Sender};
use crate::ports::traces::{Life, Step};

impl VisitorSession {
    /// An append was told to everybody, and is told as a step of the chat.
    pub(super) fn trace(&self, append: &Appending, stored_after: Duration) {
        let Some(traces) = self.shared.traces.as_ref().filter(|traces| traces.wants(self.chat)) else { return };
        let told_after = append.begun.elapsed();
        let Some((core, last)) = self.core.as_ref().zip(append.events.last()) else { return };
        let seq = last.seq;
        let by = match last.answer.as_ref().map(|(command, _)| sender(&command.from)) {
            Some(Sender::Visitor) => "visitor",
            Some(Sender::Operator(_)) => "operator",
            None => "system",
        };
        // Facts are all events but messages.
        let kinds = append.events.iter().map(|event| {
            let fact = append.facts.iter().find(|fact| fact.seq == event.seq);
            fact.map_or_else(|| "message".to_owned(), kind_of)
        });
        let (account, chat) = (self.account, self.chat);
        traces.step(Step { account, chat, kinds: kinds.collect(), seq, by, stored_after, told_after });
        let over = append.facts.iter().any(|fact| matches!(fact.kind, EventKind::Ended { .. }));
        if let Some(life) = over.then(|| self.life(&core.chat)).flatten() {
            traces.life(life);
        }
    }

    fn life(&self, chat: &Chat) -> Option<Life> {
        let ChatState::Ended { by, why, .. } = &chat.state else { return None };
        Some(Life {
            account: self.account,
            chat: self.chat,
            group: chat.group.clone()?,
            started_at: chat.started_at,
            assigned_at: chat.assigned_at,
            ended_at: chat.ended_at?,
            outcome: Outcome::of(chat.assigned_at.is_some(), *by, *why),
            messages: chat.messages,
        })
    }
}

/// The kind as it stands on the wire.
fn kind_of(event: &Event) -> String {
    let body = serde_json::to_value(&event.kind).ok();
    body.and_then(|body| body["kind"].as_str().map(str::to_owned)).unwrap_or_default()
}
