//! Reads a chat's events: from the ranges in which they rest, then from the journal, where the latest may still stand.
//! An event goes from one to the other, never back: whoever reads in this order misses none that was there, unless a
//! whole pass fell in between, which the caller notices by the hole and reads again.

use crate::adapters::sql::{Query, Sql};
use crate::adapters::sqlite::packed::unpack;
use crate::domain::event::StoredEvent;
use crate::domain::ids::ChatId;
use crate::domain::limits::{RANGE_EVENTS_FULL, SMALL_RANGES_MAX};
use crate::ports::journal::Side;
use crate::ports::store::StoreError;

/// Ranges that are read at once at most: some 300 KB when they are full.
const RANGES_AT_ONCE: usize = 64;

/// Up to `limit` events after the number `after` of that side; about `bytes` of them are enough.
pub(crate) async fn resting(
    sql: &mut dyn Sql,
    chat: ChatId,
    side: Side,
    after: u32,
    limit: usize,
    bytes: usize,
) -> Result<Vec<StoredEvent>, StoreError> {
    // So many hold a whole page, if it is all of full ranges and the few small ones behind them.
    let at_once = (limit / RANGE_EVENTS_FULL as usize + SMALL_RANGES_MAX).min(RANGES_AT_ONCE);
    let (mut events, mut reached, mut size) = (Vec::new(), after, 0_usize);
    while events.len() < limit && size <= bytes {
        // A visitor's number is never above the operators': the bound on `last_seq` lets the index find the place.
        let mut query = Query::new("SELECT last_seq, events FROM chat_event WHERE chat = $1 AND last_seq > $2");
        query = query.arg(chat.0).arg(reached);
        if side == Side::Visitor {
            query.push(" AND visitor_seq > ").push_arg(after);
        }
        query.push(" ORDER BY last_seq LIMIT ").push_arg(i64::try_from(at_once).unwrap_or(i64::MAX));
        let ranges = sql.run(query).await?.all(|mut row| Ok((row.u32()?, row.bytes()?)))?;
        for (last, packet) in &ranges {
            let begun = events.len();
            unpack(packet, &mut events, limit, |seq, number, visible| beyond(side, after, seq, number, visible))?;
            size = events[begun..].iter().fold(size, |size, event| size.saturating_add(event.body.get().len()));
            reached = *last;
        }
        if ranges.len() < at_once {
            break;
        }
    }
    Ok(events)
}

/// The same from the journal.
pub(crate) async fn fresh(
    sql: &mut dyn Sql,
    chat: ChatId,
    side: Side,
    after: u32,
    limit: usize,
) -> Result<Vec<StoredEvent>, StoreError> {
    let packets = sql.run(Query::new("SELECT events FROM event WHERE chat = $1").arg(chat.0)).await?;
    let mut events = Vec::new();
    for packet in packets.all(|mut row| row.bytes())? {
        unpack(&packet, &mut events, usize::MAX, |seq, number, visible| beyond(side, after, seq, number, visible))?;
    }
    // The two tables of the journal come one after the other, and not always the older one first.
    events.sort_unstable_by_key(|event| event.seq);
    events.truncate(limit);
    Ok(events)
}

fn beyond(side: Side, after: u32, seq: u32, visitor_seq: u32, visible: bool) -> bool {
    match side {
        Side::Operators => seq > after,
        Side::Visitor => visible && visitor_seq > after,
    }
}
