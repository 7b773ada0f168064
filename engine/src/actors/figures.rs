//! Holds the figures of chats that are over against their logs: what the metrics counted of a chat, and what its row
//! says to reports, must be what comes of its events. What is not is counted, and named in the log. Each is looked at soon
//! after its end, and its row once more at night.

use std::time::Duration;

use crate::actors::shared::Shared;
use crate::domain::event::Event;
use crate::domain::ids::{AccountId, ChatId};
use crate::domain::limits::{
    FIGURES_AT_ONCE, FIGURES_EVERY, FIGURES_SETTLED_AFTER, PAGE_BYTES_MAX, PAGE_EVENTS_MAX, REVIEW_A_SECOND,
    REVIEW_BEGAN, REVIEW_ENDED,
};
use crate::domain::report::{ChatFacts, Share};
use crate::domain::time::Timestamp;
use crate::metrics::Over;
use crate::ports::journal::{ChatQuery, Side};
use crate::ports::store::StoreError;
use crate::protocol::operator::{ChatFilter, ChatOrder};
use crate::protocol::visitor::ChatPhase;

/// Looks at some of the chats that have settled.
pub(super) async fn check(shared: &Shared) {
    for _ in 0..FIGURES_AT_ONCE {
        let Some(over) = shared.metrics.figures_waiting.take(shared.now(), FIGURES_SETTLED_AFTER) else { return };
        if !look(shared, &over).await {
            return;
        }
    }
}

/// Looks at all that wait, within a time: the node is about to stop, and what it counted nobody knows after it.
pub(super) async fn check_rest(shared: &Shared, within: Duration) {
    let rest = async {
        while let Some(over) = shared.metrics.figures_waiting.take(shared.now(), Duration::ZERO) {
            look(shared, &over).await;
        }
    };
    if tokio::time::timeout(within, rest).await.is_err() {
        tracing::warn!("the node stops, and the figures of some chats were not held against their logs");
    }
}

/// Looks at a chat; `false` where that was in vain.
async fn look(shared: &Shared, over: &Over) -> bool {
    let looked = async {
        let row = shared.store.chat(over.account, over.chat).await?.and_then(|record| record.facts());
        hold(shared, over.account, over.chat, row, Some(over)).await
    };
    let looked = looked.await;
    match &looked {
        Ok(()) => shared.metrics.figures_checked.increment(1),
        Err(error) => unchecked(shared, over.chat, error),
    }
    looked.is_ok()
}

/// Holds the rows of an account's chats that ended in the last two nights and days against their logs, latest first, until
/// it is to be done again: what was changed since they were looked at, and those at which nobody looked, because there were
/// too many or their node was killed.
pub(super) async fn review(shared: &Shared, account: AccountId, until: Timestamp, is_ours: impl Fn() -> bool) {
    let now = shared.now();
    let ended = now - REVIEW_ENDED..now - FIGURES_SETTLED_AFTER;
    let mut query = ChatQuery {
        filter: ChatFilter { state: Some(ChatPhase::Ended), ..ChatFilter::default() },
        scope: None,
        order: ChatOrder::Latest,
        offset: 0,
        limit: REVIEW_A_SECOND,
        after: None,
        count: false,
    };
    while is_ours() && shared.now() < until {
        let list = match shared.store.chats(account, &query).await {
            Ok(list) => list,
            Err(error @ StoreError::Corrupt(_)) => {
                return tracing::error!(%error, "the chats of the day are not reviewed");
            }
            Err(error) => {
                tracing::warn!(%error, "the chats of the day are not reviewed just now");
                tokio::time::sleep(FIGURES_EVERY).await;
                continue;
            }
        };
        for record in list.rows.iter().filter(|row| row.head.ended_at.is_some_and(|at| ended.contains(&at))) {
            match hold(shared, account, record.id, record.facts(), None).await {
                Ok(()) => shared.metrics.figures_reviewed.increment(1),
                Err(error) => {
                    unchecked(shared, record.id, &error);
                    if !matches!(error, StoreError::Corrupt(_)) {
                        tokio::time::sleep(FIGURES_EVERY).await;
                    }
                }
            }
        }
        query.after = list.rows.last().map(|last| (last.sort_time(query.order), last.id));
        if !list.more || query.after.is_none_or(|(began, _)| began < now - REVIEW_BEGAN) {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Holds a chat's row, and what was counted of it where that is known, against its log.
async fn hold(
    shared: &Shared,
    account: AccountId,
    chat: ChatId,
    row: Option<ChatFacts>,
    over: Option<&Over>,
) -> Result<(), StoreError> {
    let log = ChatFacts::of_log(&log(shared, account, chat).await?);
    let (Some(row), Some(log)) = (row, log) else {
        return Err(StoreError::Corrupt("a chat that was told to be over is not".to_owned()));
    };
    for (kept, figure) in drifts(over, &row, &log) {
        shared.metrics.figures_drift(kept, figure);
        tracing::error!(%chat, kept, figure, "a figure of a chat is not what its log says");
    }
    Ok(())
}

fn unchecked(shared: &Shared, chat: ChatId, error: &StoreError) {
    tracing::warn!(%chat, %error, "the figures of a chat could not be held against its log");
    shared.metrics.figures_unchecked.increment(1);
}

/// The figures that are not what the log says, each with who keeps it.
fn drifts(over: Option<&Over>, row: &ChatFacts, log: &ChatFacts) -> Vec<(&'static str, &'static str)> {
    let counted = over.map(|over| counted_wrong(over, log)).unwrap_or_default();
    let counted = counted.into_iter().map(|figure| ("counted", figure));
    counted.chain(row.differing(log).into_iter().map(|figure| ("row", figure))).collect()
}

/// The figures that were not counted as the log says.
fn counted_wrong(over: &Over, log: &ChatFacts) -> Vec<&'static str> {
    let share = log.share();
    let mut wrong = over.counted.map(|counted| counted.differing(&share)).unwrap_or_default();
    if over.waited_in.iter().chain([&over.ended_in]).any(|group| *group != log.group) {
        wrong.push("group");
    }
    let Share { outcome, queue_time, .. } = share;
    if over.judged.is_some_and(|judged| judged.in_time != outcome.in_time(queue_time, judged.within)) {
        wrong.push("service_level");
    }
    wrong
}

/// All events of the chat whose kind is known.
async fn log(shared: &Shared, account: AccountId, chat: ChatId) -> Result<Vec<Event>, StoreError> {
    let (mut events, mut after) = (Vec::new(), 0);
    loop {
        let page = shared.store.events(account, chat, Side::Operators, after, PAGE_EVENTS_MAX, PAGE_BYTES_MAX).await?;
        let Some(last) = page.events.last() else { return Ok(events) };
        after = last.seq;
        events.extend(page.events.iter().filter_map(|stored| {
            let (seq, visitor_seq) = (stored.seq, stored.visitor_seq);
            Some(Event { seq, visitor_seq, at: stored.at, kind: stored.kind()?, origin: None })
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::{Outcome, Replies};
    use crate::domain::ids::Shard;
    use crate::metrics::Judged;

    /// A chat that waited two seconds and was answered in three.
    fn log() -> ChatFacts {
        let at = |second: i64| Timestamp::from_millis(second * 1000);
        let mut replies = Replies::default();
        replies.count_one(Duration::from_secs(3));
        ChatFacts {
            group: "support".parse().unwrap(),
            queued_at: at(1),
            assigned_at: Some(at(3)),
            answered_at: Some(at(6)),
            ended_at: at(60),
            outcome: Outcome::Answered,
            operator: Some("joe".to_owned()),
            messages: 4,
            replies,
        }
    }

    fn over() -> Over {
        let group = log().group;
        Over {
            account: AccountId(1),
            chat: ChatId::new(1, 1, Shard(1)),
            at: log().ended_at,
            ended_in: group.clone(),
            waited_in: Some(group),
            counted: Some(log().share()),
            judged: Some(Judged { within: Duration::from_secs(20), in_time: Some(true) }),
        }
    }

    #[test]
    fn what_is_as_the_log_says_does_not_drift_nor_what_another_session_counted() {
        assert_eq!(drifts(Some(&over()), &log(), &log()), []);
        assert_eq!(drifts(None, &log(), &log()), [], "and what is looked at again at night");
        let elsewhere = Over { waited_in: None, counted: None, judged: None, ..over() };
        assert_eq!(drifts(Some(&elsewhere), &log(), &log()), []);
    }

    #[test]
    fn each_figure_of_the_row_that_reports_read_is_held_against_the_log() {
        let later = |at: Timestamp| at + Duration::from_secs(1);
        let found = |change: &dyn Fn(&mut ChatFacts)| {
            let mut row = log();
            change(&mut row);
            drifts(Some(&over()), &row, &log())
        };
        assert_eq!(found(&|row| row.group = "sales".parse().unwrap()), [("row", "group")]);
        assert_eq!(found(&|row| row.operator = None), [("row", "operator")]);
        assert_eq!(found(&|row| row.messages = 3), [("row", "messages")]);
        assert_eq!(found(&|row| row.outcome = Outcome::Abandoned), [("row", "outcome")]);
        assert_eq!(found(&|row| row.queued_at = later(row.queued_at)), [("row", "queue_time")]);
        assert_eq!(found(&|row| row.answered_at = row.answered_at.map(later)), [("row", "first_reply")]);
        assert_eq!(found(&|row| row.ended_at = later(row.ended_at)), [("row", "handling_time")]);
        assert_eq!(found(&|row| row.replies = Replies::default()), [("row", "idle_time")]);
    }

    #[test]
    fn each_figure_that_metrics_counted_is_held_against_the_log() {
        let sales = || "sales".parse().unwrap();
        let share = Share { first_reply: None, replies: Replies::default(), ..log().share() };
        let missed = Over { counted: Some(share), ..over() };
        assert_eq!(drifts(Some(&missed), &log(), &log()), [("counted", "first_reply"), ("counted", "idle_time")]);
        let of_messages = |messages| Over { counted: Some(Share { messages, ..log().share() }), ..over() };
        assert_eq!(drifts(Some(&of_messages(Some(3))), &log(), &log()), [("counted", "messages")]);
        assert_eq!(drifts(Some(&of_messages(None)), &log(), &log()), [], "it began elsewhere");
        for elsewhere in [Over { ended_in: sales(), ..over() }, Over { waited_in: Some(sales()), ..over() }] {
            assert_eq!(drifts(Some(&elsewhere), &log(), &log()), [("counted", "group")]);
        }
        let judged = Some(Judged { within: Duration::from_secs(20), in_time: Some(false) });
        let late = Over { judged, ..over() };
        assert_eq!(drifts(Some(&late), &log(), &log()), [("counted", "service_level")]);
    }
}
