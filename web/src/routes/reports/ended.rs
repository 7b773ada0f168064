//! The chats that a report is made of, read page by page: however many pages they are, they are the same.

use engine::domain::ids::{AccountId, ChatId, OperatorId};
use engine::domain::limits::{REPORT_CHATS_MAX, REPORT_PAGE};
use engine::domain::time::Timestamp;
use engine::ports::journal::{ChatQuery, ChatRecord};
use engine::ports::store::SharedStore;
use engine::protocol::error::Failure;
use engine::protocol::operator::{ChatFilter, ChatOrder};
use engine::protocol::visitor::ChatPhase;

use crate::error::Problem;

/// How chats are read.
#[derive(Debug, Clone, Copy)]
pub struct Pages {
    /// Chats read at once.
    pub rows: u32,
    /// Chats of one report.
    pub chats_max: usize,
}

impl Default for Pages {
    fn default() -> Self {
        Self { rows: REPORT_PAGE, chats_max: REPORT_CHATS_MAX }
    }
}

/// Hands on the chats that began in the span and are over, latest first; those that were an operator's, where one is named.
/// Of all of them no more than a page is held at once.
///
/// # Errors
/// The store's; `invalid` where there are more than one report may have.
pub async fn ended_chats(
    store: &SharedStore,
    account: AccountId,
    (from, to): (Timestamp, Timestamp),
    own: Option<OperatorId>,
    pages: &Pages,
    mut each: impl FnMut(ChatRecord),
) -> Result<(), Problem> {
    let filter = ChatFilter { state: Some(ChatPhase::Ended), operator: own, ..ChatFilter::default() };
    let mut query = ChatQuery { filter, order: ChatOrder::Latest, limit: pages.rows, ..ChatQuery::default() };
    // The smallest id: chats that begin at `to` itself belong to the span behind it.
    query.after = Some((to, ChatId(uuid::Uuid::nil())));
    let mut count = 0;
    loop {
        let page = store.chats(account, &query).await?;
        let last = page.rows.last().filter(|last| page.more && last.started_at >= from);
        query.after = last.map(|last| (last.started_at, last.id));
        let of_span = page.rows.into_iter().take_while(|chat| chat.started_at >= from);
        for chat in of_span {
            count += 1;
            if count > pages.chats_max {
                let expected = format!("expected a span of at most {} chats", pages.chats_max);
                return Err(Failure::invalid("to", expected).into());
            }
            each(chat);
        }
        if query.after.is_none() {
            return Ok(());
        }
    }
}
