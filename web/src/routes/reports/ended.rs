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

/// The chats that began in the span and are over, latest first; those that were an operator's, where one is named.
///
/// # Errors
/// The store's; `invalid` where there are more than one report may have.
pub async fn ended_chats(
    store: &SharedStore,
    account: AccountId,
    (from, to): (Timestamp, Timestamp),
    own: Option<OperatorId>,
    pages: &Pages,
) -> Result<Vec<ChatRecord>, Problem> {
    let filter = ChatFilter { state: Some(ChatPhase::Ended), operator: own, ..ChatFilter::default() };
    let mut query = ChatQuery { filter, order: ChatOrder::Latest, limit: pages.rows, ..ChatQuery::default() };
    // The smallest id: chats that begin at `to` itself belong to the span behind it.
    query.after = Some((to, ChatId(uuid::Uuid::nil())));
    let mut chats = Vec::new();
    loop {
        let page = store.chats(account, &query).await?;
        let more = page.more;
        let before = chats.len();
        chats.extend(page.rows.into_iter().take_while(|chat| chat.started_at >= from));
        if chats.len() > pages.chats_max {
            let expected = format!("expected a span of at most {} chats", pages.chats_max);
            return Err(Failure::invalid("to", expected).into());
        }
        let whole = chats.len() - before == pages.rows as usize;
        match chats.last().filter(|_| more && whole) {
            Some(last) => query.after = Some((last.started_at, last.id)),
            None => return Ok(chats),
        }
    }
}
