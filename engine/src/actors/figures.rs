//! Holds the figures of chats that are over against their logs: what the metrics counted of a chat, and what its row
//! says to reports, must be what comes of its events. What is not is counted, and named in the log.

use crate::actors::shared::Shared;
use crate::domain::event::Event;
use crate::domain::limits::{FIGURES_AT_ONCE, FIGURES_SETTLED_AFTER, PAGE_BYTES_MAX, PAGE_EVENTS_MAX};
use crate::domain::report::{ChatFacts, Share};
use crate::metrics::Over;
use crate::ports::journal::Side;
use crate::ports::store::StoreError;

/// Looks at some of the chats that have settled.
pub(super) async fn check(shared: &Shared) {
    for _ in 0..FIGURES_AT_ONCE {
        let Some(over) = shared.metrics.figures_waiting.take(shared.now(), FIGURES_SETTLED_AFTER) else { return };
        if let Err(error) = compare(shared, &over).await {
            tracing::warn!(chat = %over.chat, %error, "the figures of a chat could not be held against its log");
            shared.metrics.figures_unchecked.increment(1);
            return;
        }
    }
}

async fn compare(shared: &Shared, over: &Over) -> Result<(), StoreError> {
    let facts = ChatFacts::of_log(&log(shared, over).await?);
    let row = shared.store.chat(over.account, over.chat).await?.and_then(|record| record.facts());
    let (Some(facts), Some(row)) = (facts, row) else {
        return Err(StoreError::Corrupt("a chat that was told to be over is not".to_owned()));
    };
    let told = [("counted", over.counted), ("row", Some(row.share()))];
    for (kept, share) in told.into_iter().filter_map(|(kept, share)| Some((kept, share?))) {
        for figure in share.differing(&facts.share()) {
            shared.metrics.figures_drift(kept, figure);
            tracing::error!(chat = %over.chat, kept, figure, "a figure of a chat is not what its log says");
        }
    }
    if row.group != facts.group {
        shared.metrics.figures_drift("row", "group");
        tracing::error!(chat = %over.chat, kept = "row", figure = "group", "a figure of a chat is not what its log says");
    }
    let Share { outcome, queue_time, .. } = facts.share();
    if over.judged.is_some_and(|judged| judged.in_time != outcome.in_time(queue_time, judged.within)) {
        shared.metrics.figures_drift("counted", "service_level");
        tracing::error!(chat = %over.chat, figure = "service_level", "a figure of a chat is not what its log says");
    }
    shared.metrics.figures_checked.increment(1);
    Ok(())
}

/// All events of the chat whose kind is known.
async fn log(shared: &Shared, over: &Over) -> Result<Vec<Event>, StoreError> {
    let (mut events, mut after) = (Vec::new(), 0);
    loop {
        let page = shared
            .store
            .events(over.account, over.chat, Side::Operators, after, PAGE_EVENTS_MAX, PAGE_BYTES_MAX)
            .await?;
        let Some(last) = page.events.last() else { return Ok(events) };
        after = last.seq;
        events.extend(page.events.iter().filter_map(|stored| {
            let (seq, visitor_seq) = (stored.seq, stored.visitor_seq);
            Some(Event { seq, visitor_seq, at: stored.at, kind: stored.kind()?, origin: None })
        }));
    }
}
