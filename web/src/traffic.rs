//! Stored chats as a file that `loadtest replay` plays again: who wrote when and how much, and not one word of what.
//! Chats that have ended are in it, with what both sides could read; what only operators see is not.

mod disguise;

use std::collections::HashMap;
use std::io::{self, Write};

use engine::domain::event::{Audience, EventKind, Role};
use engine::domain::ids::{AccountId, OperatorId};
use engine::domain::limits::{LIST_MAX, PAGE_BYTES_MAX, PAGE_EVENTS_MAX};
use engine::domain::needs::language_of;
use engine::domain::time::Timestamp;
use engine::ports::journal::{ChatQuery, ChatRecord, Side};
use engine::ports::store::{SharedStore, StoreError};
use engine::protocol::operator::ChatFilter;
use engine::protocol::traffic::{FORMAT, TrafficChat, TrafficEnd, TrafficEvent, TrafficHead, VERSION};
use engine::protocol::visitor::ChatPhase;
use serde::Serialize;

use disguise::Disguise;

/// Why there is no file, or not all of one.
#[derive(Debug, thiserror::Error)]
pub enum TrafficError {
    /// No account has that name.
    #[error("--account: there is no account {given:?}; there is {known}")]
    NoAccount {
        /// What was asked for.
        given: String,
        /// Those that are there.
        known: String,
    },
    /// There is not exactly one account, and none was named.
    #[error("name an account with --account: there is {0}")]
    WhichAccount(String),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system has no randomness.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// It cannot be written.
    #[error("the file cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Writes the ended chats of an account, the only one where none is named; answers how much that was.
///
/// # Errors
/// See [`TrafficError`]. What was written by then lacks its end, and is not taken for a whole file.
pub async fn export(
    store: &SharedStore,
    slug: Option<&str>,
    out: &mut (impl Write + ?Sized),
) -> Result<TrafficEnd, TrafficError> {
    let account = account(store, slug).await?;
    let mut export = Export { store, account, hidden: Hidden::new() };
    line(out, &TrafficHead { format: FORMAT.to_owned(), version: VERSION })?;
    let chats = export.chats().await?;
    let first = chats.last().map(|chat| chat.started_at);
    let mut end = TrafficEnd::default();
    for record in chats.iter().rev() {
        let chat = export.chat(record, first.unwrap_or(record.started_at)).await?;
        end.chats += 1;
        end.messages += chat.events.iter().filter(|event| matches!(event, TrafficEvent::Said { .. })).count() as u64;
        line(out, &chat)?;
    }
    line(out, &end)?;
    out.flush()?;
    Ok(end)
}

struct Export<'a> {
    store: &'a SharedStore,
    account: AccountId,
    hidden: Hidden,
}

impl Export<'_> {
    /// Chats that have ended, the latest first.
    async fn chats(&self) -> Result<Vec<ChatRecord>, StoreError> {
        let filter = ChatFilter { state: Some(ChatPhase::Ended), ..ChatFilter::default() };
        let mut query = ChatQuery { filter, limit: LIST_MAX, ..ChatQuery::default() };
        let mut chats: Vec<ChatRecord> = Vec::new();
        loop {
            let page = self.store.chats(self.account, &query).await?;
            chats.extend(page.rows);
            query.after = chats.last().map(|chat| (chat.started_at, chat.id));
            if !page.more {
                return Ok(chats);
            }
        }
    }

    async fn chat(&mut self, record: &ChatRecord, first: Timestamp) -> Result<TrafficChat, TrafficError> {
        let (mut events, mut language) = (Vec::new(), None);
        let mut after = 0;
        loop {
            let (store, side) = (self.store, Side::Operators);
            let page = store.events(self.account, record.id, side, after, PAGE_EVENTS_MAX, PAGE_BYTES_MAX).await?;
            let Some(last) = page.events.last() else { break };
            after = last.seq;
            for event in &page.events {
                let (ms, kind) = (millis(record.started_at, event.at), event.kind());
                if let Some(EventKind::Started { language: Some(tag), .. }) = &kind {
                    language = spoken(tag);
                }
                events.extend(kind.map(|kind| self.hidden.event(kind, ms)).transpose()?.flatten());
            }
            if after >= page.last {
                break;
            }
        }
        let name = record.name.as_ref().map(|name| self.hidden.disguise.of(name)).transpose()?;
        let email = record.email.as_ref().map(|email| self.hidden.disguise.of(email)).transpose()?;
        Ok(TrafficChat { at_ms: millis(first, record.started_at), name, email, language, events })
    }
}

/// A page may say anything in place of a language: nothing but what can be the code of one is in the file.
fn spoken(tag: &str) -> Option<String> {
    language_of(tag).map(str::to_ascii_lowercase)
}

/// People and words as the file has them.
struct Hidden {
    disguise: Disguise,
    /// Their numbers in the file.
    operators: HashMap<OperatorId, u32>,
}

impl Hidden {
    fn new() -> Self {
        Self { disguise: Disguise::new(), operators: HashMap::new() }
    }

    fn event(&mut self, kind: EventKind, ms: u64) -> Result<Option<TrafficEvent>, TrafficError> {
        Ok(match kind {
            EventKind::Message(message) if message.to == Audience::Everyone && !message.text.is_empty() => {
                let operator = match (message.from.role, message.from.id) {
                    (Role::Visitor, _) => None,
                    (Role::Operator, Some(id)) => Some(self.number(id)),
                    // What a rule of the engine says it says again by itself.
                    (Role::Operator | Role::System, _) => return Ok(None),
                };
                Some(TrafficEvent::Said { ms, operator, text: self.disguise.of(&message.text)? })
            }
            EventKind::Assigned { operator, .. } | EventKind::Transferred { operator, .. } => {
                Some(TrafficEvent::Owned { ms, operator: self.number(operator) })
            }
            EventKind::Ended { by, .. } => Some(TrafficEvent::Ended { ms, by }),
            _ => None,
        })
    }

    fn number(&mut self, operator: OperatorId) -> u32 {
        let next = self.operators.len() as u32 + 1;
        *self.operators.entry(operator).or_insert(next)
    }
}

async fn account(store: &SharedStore, slug: Option<&str>) -> Result<AccountId, TrafficError> {
    let accounts = store.accounts().await?;
    let slugs: Vec<&str> = accounts.iter().map(|account| account.slug.as_str()).collect();
    let known = if slugs.is_empty() { "none".to_owned() } else { slugs.join(", ") };
    match (slug, accounts.as_slice()) {
        (None, [one]) => Ok(one.id),
        (None, _) => Err(TrafficError::WhichAccount(known)),
        (Some(slug), all) => all
            .iter()
            .find(|account| account.slug == slug)
            .map(|account| account.id)
            .ok_or_else(|| TrafficError::NoAccount { given: slug.to_owned(), known }),
    }
}

fn millis(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.millis() - from.millis()).unwrap_or_default()
}

fn line(out: &mut (impl Write + ?Sized), value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use engine::domain::event::{Author, Message};

    use super::*;

    #[test]
    fn of_a_language_no_more_than_its_code_is_in_the_file() {
        let written = ["pt-BR", "DE", "gsw_CH", "Clara Wendt", ""].map(spoken);
        assert_eq!(written, [Some("pt".to_owned()), Some("de".into()), Some("gsw".into()), None, None]);
    }

    #[test]
    fn what_is_for_operators_only_is_not_in_the_file() {
        let mut hidden = Hidden::new();
        let joe: OperatorId = "01890000-0000-7000-8000-000000000001".parse().unwrap();
        let mut written = |to| {
            let from = Author { role: Role::Operator, id: Some(joe), name: Some("Joe".into()) };
            let message = Message { id: "m".into(), from, text: "He is angry".into(), files: Vec::new(), to };
            hidden.event(EventKind::Message(message), 5).unwrap()
        };
        for to in [Audience::Operators, Audience::Coaching] {
            assert_eq!(written(to), None, "{to:?}");
        }
        let said = written(Audience::Everyone);
        assert!(matches!(said, Some(TrafficEvent::Said { ms: 5, operator: Some(1), .. })), "{said:?}");
    }
}
