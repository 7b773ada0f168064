//! Chats and their events, as far as the asker may see them.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use engine::domain::ids::ChatId;
use engine::domain::limits::{PAGE_BYTES_MAX, PAGE_EVENTS_MAX};
use engine::domain::time::Timestamp;
use engine::ports::journal::{ChatQuery, ChatRecord, MarkRow, Side};
use engine::ports::rows::parse_cursor;
use engine::protocol::error::Failure;
use engine::protocol::operator::{ChatFilter, ChatRow};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::auth::SignedIn;
use crate::auth::sight::{self, Sight};
use crate::error::Problem;
use crate::routes::page::{Page, PageQuery, number};
use crate::state::AppState;

/// `GET /chats`
pub async fn list(
    state: web::Data<AppState>,
    who: SignedIn,
    asked: web::Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let page = PageQuery { limit: asked.limit.clone(), cursor: asked.cursor.clone() };
    let after = match asked.cursor.as_deref() {
        Some(cursor) => Some(parse_cursor(cursor).ok_or_else(|| Failure::invalid("cursor", "expected what next was"))?),
        None => None,
    };
    let sight = Sight::of(&state.store, &who, state.clock.now()).await?;
    let query = ChatQuery {
        filter: asked.filter()?,
        scope: sight.scope(),
        order: word("order", asked.order.as_deref(), "latest or longest_waiting")?.unwrap_or_default(),
        limit: page.limit()?,
        after,
        ..ChatQuery::default()
    };
    let found = state.store.chats(who.account, &query).await?;
    let next = found.rows.last().filter(|_| found.more).map(|record| record.cursor(query.order));
    Ok(HttpResponse::Ok().json(Page { items: rows(&state, &who, &found.rows).await?, next }))
}

/// `GET /chats/{id}`
pub async fn get(state: web::Data<AppState>, who: SignedIn, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let record = sight::chat(&state, &who, &id).await?;
    let rows = rows(&state, &who, std::slice::from_ref(&record)).await?;
    Ok(HttpResponse::Ok().json(rows.first()))
}

/// `GET /chats/{id}/events?after=N&limit=M`
pub async fn events(
    state: web::Data<AppState>,
    who: SignedIn,
    id: web::Path<String>,
    asked: web::Query<EventsQuery>,
) -> Result<HttpResponse, Problem> {
    let record = sight::chat(&state, &who, &id).await?;
    let most = PAGE_EVENTS_MAX as u32;
    let limit = number("limit", asked.limit.as_deref(), 1, most)?.unwrap_or(most) as usize;
    let after = number("after", asked.after.as_deref(), 0, u32::MAX)?.unwrap_or(0);
    let page = state.store.events(who.account, record.id, Side::Operators, after, limit, PAGE_BYTES_MAX).await?;
    let next = page.events.last().map(|event| event.seq).filter(|seq| *seq < page.last).map(|seq| seq.to_string());
    let events = page.events.into_iter();
    let items = events.map(|event| EventView { seq: event.seq, at: event.at, event: event.body }).collect();
    Ok(HttpResponse::Ok().json(EventsPage { items, next, last: page.last }))
}

/// Records as this operator's rows, each with its marks.
async fn rows(state: &AppState, who: &SignedIn, records: &[ChatRecord]) -> Result<Vec<ChatRow>, Problem> {
    let ids: Vec<ChatId> = records.iter().map(|record| record.id).collect();
    let marks = if ids.is_empty() { Vec::new() } else { state.store.marks(who.account, &ids).await? };
    let of = |id: ChatId| marks.iter().filter(|(chat, _)| *chat == id).map(|(_, mark)| *mark).collect::<Vec<MarkRow>>();
    Ok(records.iter().map(|record| record.row(&of(record.id), Some(who.operator.id))).collect())
}

/// What is asked of the list.
#[derive(Debug, Deserialize)]
pub struct ListQuery {
    state: Option<String>,
    operator: Option<String>,
    group: Option<String>,
    order: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

impl ListQuery {
    fn filter(&self) -> Result<ChatFilter, Problem> {
        let operator = self.operator.as_deref().map(str::parse).transpose();
        let group = self.group.as_deref().map(str::parse).transpose();
        Ok(ChatFilter {
            state: word("state", self.state.as_deref(), "waiting, active or ended")?,
            operator: operator.map_err(|bad| Failure::bad_id("operator", &bad))?,
            group: group.map_err(|bad| Failure::bad_id("group", &bad))?,
        })
    }
}

/// What is asked of the events.
#[derive(Debug, Deserialize)]
pub struct EventsQuery {
    after: Option<String>,
    limit: Option<String>,
}

/// A word of a query that is one of a few.
fn word<T: serde::de::DeserializeOwned>(
    field: &'static str,
    text: Option<&str>,
    words: &str,
) -> Result<Option<T>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let value = serde_json::from_value(serde_json::Value::String(text.to_owned()));
    Ok(Some(value.map_err(|_| Failure::invalid(field, format!("expected {words}")))?))
}

#[derive(Debug, Serialize)]
struct EventView {
    seq: u32,
    at: Timestamp,
    event: Arc<RawValue>,
}

#[derive(Debug, Serialize)]
struct EventsPage {
    items: Vec<EventView>,
    next: Option<String>,
    last: u32,
}
