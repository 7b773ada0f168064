//! What sockets here have missed of chats elsewhere, read from the store: behind each beginning of following, and
//! wherever an event comes whose predecessor did not.

use std::sync::Arc;

use bytestring::ByteString;

use crate::actors::connection::history::{Reader, event_frame, number};
use crate::actors::nodes::Peer;
use crate::actors::outlet::{Missing, Outlet};
use crate::actors::registry::{Outlets, VisitorKey};
use crate::actors::shared::Shared;
use crate::domain::event::Sender;
use crate::domain::ids::{AccountId, ChatId, OperatorId};
use crate::domain::limits::{FILL_LOOK_EVERY, FILL_LOOKS_MAX, PAGE_BYTES_MAX, PAGE_EVENTS_MAX, ROWS_MAX};
use crate::ports::journal::{ChatQuery, Side};
use crate::protocol::operator::{ChatFilter, ChatOrder};
use crate::protocol::visitor::ChatPhase;

/// Another node tells this one of an operator's chats from now on: what it told before is read.
pub(super) fn fill_windows(shared: &Arc<Shared>, account: AccountId, operator: OperatorId, from: &Arc<Peer>) {
    let (shared, from) = (Arc::clone(shared), Arc::clone(from));
    actix::spawn(async move {
        let query = ChatQuery {
            filter: ChatFilter { state: Some(ChatPhase::Active), operator: Some(operator), group: None },
            scope: None,
            order: ChatOrder::Latest,
            offset: 0,
            limit: ROWS_MAX as u32,
            after: None,
            count: false,
        };
        let mut looks = 0;
        let running = loop {
            match shared.store.chats(account, &query).await {
                Ok(running) => break running,
                Err(_) if looks < FILL_LOOKS_MAX => looks += 1,
                Err(_) => return,
            }
            actix::clock::sleep(FILL_LOOK_EVERY).await;
        };
        let outlets = shared.registry.outlets_of_operator(account, operator);
        let owner = |chat: ChatId| shared.nodes.as_ref().and_then(|nodes| nodes.owner(chat.shard()));
        for row in running.rows.iter().filter(|row| owner(row.id).is_some_and(|owner| owner.node == from.node)) {
            for outlet in outlets.here() {
                let reader = Reader { side: Side::Operators, own: Sender::Operator(operator) };
                fill_soon(&shared, outlet, account, row.id, row.head.last_seq, reader);
            }
        }
    });
}

/// The same for a visitor's chat.
pub(super) fn fill_tabs(shared: &Arc<Shared>, key: &VisitorKey, chat: ChatId) {
    let (shared, key) = (Arc::clone(shared), key.clone());
    actix::spawn(async move {
        let mut looks = 0;
        let record = loop {
            match shared.store.chat(key.0, chat).await {
                Ok(record) => break record,
                Err(_) if looks < FILL_LOOKS_MAX => looks += 1,
                Err(_) => return,
            }
            actix::clock::sleep(FILL_LOOK_EVERY).await;
        };
        let Some(record) = record.filter(|record| record.visitor == key.2) else { return };
        let Some(tabs) = shared.registry.visitor_known(&key) else { return };
        for outlet in tabs.here() {
            let reader = Reader { side: Side::Visitor, own: Sender::Visitor };
            fill_soon(&shared, outlet, key.0, chat, record.head.visitor_seq, reader);
        }
    });
}

/// After a chat came to this node: the visitor's sockets here that miss something of it, up to that number.
pub(crate) fn fill_tabs_here(shared: &Arc<Shared>, account: AccountId, chat: ChatId, (tabs, last): (&Outlets, u32)) {
    let reader = Reader { side: Side::Visitor, own: Sender::Visitor };
    tabs.here().into_iter().for_each(|outlet| fill_known(shared, outlet, account, chat, last, reader));
}

/// The same for an operator's.
pub(crate) fn fill_windows_here(
    shared: &Arc<Shared>,
    account: AccountId,
    chat: ChatId,
    (operator, windows, last): (OperatorId, &Outlets, u32),
) {
    let reader = Reader { side: Side::Operators, own: Sender::Operator(operator) };
    windows.here().into_iter().for_each(|outlet| fill_known(shared, outlet, account, chat, last, reader));
}

/// An event for a socket here. Where one before it did not come, that is read from the store first.
pub(super) fn push_or_fill(
    shared: &Arc<Shared>,
    outlet: &Outlet,
    account: AccountId,
    chat: ChatId,
    event: (u32, ByteString),
    reader: Reader,
) {
    let (seq, frame) = event;
    let from_start = reader.side == Side::Visitor;
    let missing = outlet.missing(chat, seq.saturating_sub(1), from_start);
    outlet.push_event(chat, seq, || frame);
    if let Missing::After(after) = missing {
        read_and_fill(shared, outlet.clone(), account, chat, after, reader);
    }
}

/// Fills in up to a number as soon as the socket does not read history; also for one that has seen nothing yet.
fn fill_soon(shared: &Arc<Shared>, outlet: Outlet, account: AccountId, chat: ChatId, last: u32, reader: Reader) {
    fill_when_free(shared, outlet, account, chat, last, reader, true);
}

/// The same, for one that has seen something of the chat.
fn fill_known(shared: &Arc<Shared>, outlet: Outlet, account: AccountId, chat: ChatId, last: u32, reader: Reader) {
    fill_when_free(shared, outlet, account, chat, last, reader, false);
}

fn fill_when_free(
    shared: &Arc<Shared>,
    outlet: Outlet,
    account: AccountId,
    chat: ChatId,
    last: u32,
    reader: Reader,
    from_start: bool,
) {
    match outlet.missing(chat, last, from_start) {
        Missing::Nothing => {}
        Missing::After(after) => read_and_fill(shared, outlet, account, chat, after, reader),
        Missing::LookAgain => {
            let shared = Arc::clone(shared);
            actix::spawn(async move {
                for _ in 0..FILL_LOOKS_MAX {
                    actix::clock::sleep(FILL_LOOK_EVERY).await;
                    match outlet.missing(chat, last, from_start) {
                        Missing::LookAgain => {}
                        Missing::Nothing => return,
                        Missing::After(after) => {
                            return read_and_fill(&shared, outlet, account, chat, after, reader);
                        }
                    }
                }
            });
        }
    }
}

fn read_and_fill(shared: &Arc<Shared>, outlet: Outlet, account: AccountId, chat: ChatId, after: u32, reader: Reader) {
    let shared = Arc::clone(shared);
    shared.metrics.bus_gap();
    actix::spawn(async move {
        let mut after = after;
        loop {
            let page = shared.store.events(account, chat, reader.side, after, PAGE_EVENTS_MAX, PAGE_BYTES_MAX).await;
            let read = page.map(|page| {
                let frames =
                    page.events.iter().map(|event| (number(event, reader.side), event_frame(chat, event, &reader)));
                (frames.collect::<Vec<_>>(), page.last)
            });
            // Where the page is not the last one, the rest is read before live events go on.
            if let Ok((frames, last)) = read {
                let through = frames.last().map_or(after, |(seq, _)| *seq);
                if outlet.fill(chat, frames, last) {
                    return;
                }
                if through > after {
                    after = through;
                    continue;
                }
            }
            // The store does not answer, or does not have yet what was told: it will.
            actix::clock::sleep(FILL_LOOK_EVERY).await;
            match outlet.filled_to(chat) {
                Some(sent) => after = sent,
                None => return,
            }
        }
    });
}
