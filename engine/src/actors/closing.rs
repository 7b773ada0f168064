//! Sees to it that what is about to be gone goes: tells the chats that are in the way, again and again, until none is.
//! All of it stands in the store, so a node that stops in the middle, or another one, goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::actors::engine::{StaffChange, apply};
use crate::actors::guard::survive;
use crate::actors::messages::Signal;
use crate::actors::registry::{operator_shard, queue_shard};
use crate::actors::shared::Shared;
use crate::domain::closing::{Closing, HeldChats, WaitingChats};
use crate::domain::event::EndedWhy;
use crate::domain::ids::{AccountId, ChatId, GroupId, OperatorId};
use crate::domain::limits::{CLOSING_EVERY, LIST_MAX};
use crate::ports::journal::ChatQuery;
use crate::ports::store::StoreError;
use crate::protocol::operator::ChatFilter;
use crate::protocol::visitor::ChatPhase;

/// Whether there is anything to see to.
#[derive(Default)]
pub struct Closer {
    some: AtomicBool,
    news: Notify,
}

impl Closer {
    /// Something was begun, here or elsewhere.
    pub(crate) fn look(&self) {
        self.some.store(true, Ordering::Release);
        self.news.notify_one();
    }

    /// Sees to it from now on, beginning with what was left before.
    pub(super) fn start(shared: &Arc<Shared>) {
        let shared = Arc::clone(shared);
        shared.closer.look();
        actix::spawn(async move {
            loop {
                let news = tokio::time::timeout(CLOSING_EVERY, shared.closer.news.notified());
                let _ = news.await;
                if !shared.closer.some.swap(false, Ordering::AcqRel) {
                    continue;
                }
                let mut left = true;
                survive("closing", async {
                    match sweep(&shared).await {
                        Ok(some) => left = some,
                        Err(error) => tracing::warn!(%error, "what is about to be gone could not be seen to"),
                    }
                })
                .await;
                if left {
                    shared.closer.some.store(true, Ordering::Release);
                }
            }
        });
    }
}

/// One round; whether something is left.
async fn sweep(shared: &Arc<Shared>) -> Result<bool, StoreError> {
    let mut left = false;
    for (account, closing) in shared.store.closings().await? {
        left |= match &closing {
            Closing::Group { group, .. } if !shared.is_here(queue_shard(account, group)) => true,
            Closing::Operator { operator, .. } if !shared.is_here(operator_shard(*operator)) => true,
            Closing::Group { group, waiting } => {
                empty(shared, account, group, waiting).await?;
                !finished(shared, account, &closing, StaffChange::GroupDeleted(group.clone())).await?
            }
            Closing::Operator { operator, chats, .. } => {
                let still = shared.store.operator(account, *operator).await?.is_none_or(|one| one.disabled);
                if still {
                    relieve(shared, account, *operator, *chats).await?;
                    !finished(shared, account, &closing, StaffChange::OperatorGone(*operator)).await?
                } else {
                    // Somebody let them sign in again meanwhile.
                    shared.store.call_off_closing(account, &closing).await?;
                    false
                }
            }
        };
    }
    Ok(left)
}

async fn finished(
    shared: &Arc<Shared>,
    account: AccountId,
    closing: &Closing,
    change: StaffChange,
) -> Result<bool, StoreError> {
    let finished = shared.store.finish_closing(account, closing).await?;
    if finished {
        shared.tell_staff(account, &change);
        apply(shared, account, &change);
    }
    Ok(finished)
}

/// Tells those who wait in a group.
async fn empty(
    shared: &Arc<Shared>,
    account: AccountId,
    group: &GroupId,
    waiting: &WaitingChats,
) -> Result<(), StoreError> {
    let filter = ChatFilter { state: Some(ChatPhase::Waiting), group: Some(group.clone()), operator: None };
    for chat in chats(shared, account, filter).await? {
        let signal = match waiting {
            WaitingChats::End => Signal::TurnAway { why: EndedWhy::GroupDeleted, to: None },
            WaitingChats::Move(to) => Signal::MoveTo(to.clone()),
        };
        shared.to_session(account, chat, signal, true);
    }
    Ok(())
}

/// Tells the chats of an operator, those where they are a guest too.
async fn relieve(
    shared: &Arc<Shared>,
    account: AccountId,
    operator: OperatorId,
    held: HeldChats,
) -> Result<(), StoreError> {
    let filter = ChatFilter { state: Some(ChatPhase::Active), operator: Some(operator), group: None };
    let owned = chats(shared, account, filter).await?;
    for chat in owned.into_iter().chain(shared.store.chats_as_guest(account, operator).await?) {
        shared.to_session(account, chat, Signal::Relieved { operator, chats: held }, true);
    }
    Ok(())
}

/// The first of them; the others follow with the next round.
async fn chats(shared: &Shared, account: AccountId, filter: ChatFilter) -> Result<Vec<ChatId>, StoreError> {
    let query = ChatQuery { filter, limit: LIST_MAX, ..ChatQuery::default() };
    Ok(shared.store.chats(account, &query).await?.rows.iter().map(|row| row.id).collect())
}
