//! Pages of a chat's history, read from the store and put in front of the live events.

use bytestring::ByteString;

use crate::actors::outlet::{Outlet, PageEnd};
use crate::actors::shared::Shared;
use crate::domain::event::{Sender, StoredEvent};
use crate::domain::ids::{AccountId, ChatId, CommandId};
use crate::domain::limits::{PAGE_BYTES_MAX, PAGE_EVENTS_MAX};
use crate::ports::journal::{MarkRow, Side};
use crate::ports::store::StoreError;
use crate::protocol::frame;
use crate::protocol::operator::OperatorMarks;
use crate::protocol::visitor::VisitorEvent;

/// Whose history it is.
#[derive(Clone, Copy)]
pub(crate) struct Reader {
    /// Whose numbering and whose view.
    pub side: Side,
    /// Whose own commands are named, so that an outbox is settled by history too.
    pub own: Sender,
}

/// Puts one page into the outlet, closed by `resumed`. The caller holds the chat in the outlet since the page was
/// asked for, so that live events wait behind the last page.
///
/// # Errors
/// The store's; the caller releases the chat.
pub(super) async fn page(
    shared: &Shared,
    outlet: &Outlet,
    account: AccountId,
    chat: ChatId,
    after: u32,
    reader: Reader,
) -> Result<(), StoreError> {
    let page = shared.store.events(account, chat, reader.side, after, PAGE_EVENTS_MAX, PAGE_BYTES_MAX).await?;
    let frames = page.events.iter().map(|event| event_frame(chat, event, &reader)).collect();
    let through = page.events.last().map_or(after.min(page.last), |event| number(event, reader.side));
    let end = PageEnd { through, last: page.last };
    match reader.side {
        Side::Operators => {
            let marks = marks(shared, account, chat).await?;
            outlet.push_page(chat, frames, end, |end| {
                frame::resumed(chat, end.through, end.last, &operator_marks(&marks, reader.own))
            });
        }
        Side::Visitor => {
            // The session alone can translate; it is awake while its visitor is here.
            let marks = shared.visitor_marks(account, chat).await.unwrap_or_default();
            outlet.push_page(chat, frames, end, |end| frame::resumed(chat, end.through, end.last, &marks));
        }
    }
    Ok(())
}

/// The marks of a chat: those of its session where it is awake, for the store hears of them up to 2 s later.
///
/// # Errors
/// The store's.
pub(super) async fn marks(shared: &Shared, account: AccountId, chat: ChatId) -> Result<Vec<MarkRow>, StoreError> {
    if let Some(marks) = shared.marks(account, chat).await {
        return Ok(marks);
    }
    Ok(shared.store.marks(account, &[chat]).await?.into_iter().map(|(_, row)| row).collect())
}

/// An event's number on that side.
pub(crate) fn number(event: &StoredEvent, side: Side) -> u32 {
    match side {
        Side::Visitor => event.visitor_seq,
        Side::Operators => event.seq,
    }
}

/// The frame of an event, as such a reader sees it.
pub(crate) fn event_frame(chat: ChatId, event: &StoredEvent, reader: &Reader) -> ByteString {
    let own = event.origin.as_ref().filter(|origin| origin.sender == reader.own);
    let command: Option<&CommandId> = own.map(|origin| &origin.command).filter(|_| is_message(event));
    match reader.side {
        Side::Operators => frame::event(chat, event.seq, event.at, event.body.get(), command),
        Side::Visitor => {
            // A kind this version does not know is nothing it may show to a visitor; its number counts.
            let kind = event.kind();
            let seen = kind.as_ref().and_then(VisitorEvent::of).unwrap_or(VisitorEvent::Erased);
            frame::visitor_event(chat, event.visitor_seq, event.at, &seen, command)
        }
    }
}

fn is_message(event: &StoredEvent) -> bool {
    event.body.get().starts_with(r#"{"kind":"message""#)
}

fn operator_marks(marks: &[MarkRow], own: Sender) -> OperatorMarks {
    let of = |who: Sender| marks.iter().find(|row| row.who == who).map(|row| row.marks).unwrap_or_default();
    OperatorMarks { visitor: of(Sender::Visitor), mine: of(own) }
}
