//! What becomes of an operator who is gone without having said so: set to away, or lost for longer than the grace.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix::{AsyncContext, Context};

use super::OperatorActor;
use crate::actors::guard::{beside, later, wait_for};
use crate::actors::messages::Signal;
use crate::actors::shared::Shared;
use crate::domain::group::{LostOperator, Status};
use crate::domain::ids::{AccountId, ChatId, OperatorId};
use crate::domain::limits::{LIST_MAX, LOST_EVERY};
use crate::domain::operator::{AwayBecause, Presence};
use crate::domain::time::Timestamp;
use crate::ports::journal::ChatQuery;
use crate::ports::staff::Operator;
use crate::ports::store::StoreError;
use crate::protocol::operator::{AwayWhy, ChatFilter, OperatorNotice};
use crate::protocol::visitor::ChatPhase;

impl OperatorActor {
    /// Whoever is disabled or gone is off-line at once; who only signs in anew has the usual grace.
    pub(super) fn read_whether_gone(&mut self, ctx: &mut Context<Self>) {
        let (shared, account, operator) = (Arc::clone(&self.shared), self.account, self.operator);
        let reading = async move { shared.store.operator(account, operator).await };
        wait_for(ctx, reading, |actor: &mut Self, read: Result<Option<Operator>, StoreError>, ctx| {
            if read.is_ok_and(|one| one.is_none_or(|one| one.disabled)) {
                let now = actor.shared.now();
                actor.change(ctx, |presence| presence.handle_status(Status::Offline, now));
            }
        });
    }

    /// They do nothing, or let offers expire: away, in the store first. A status that is set meanwhile waits.
    pub(super) fn set_away(&mut self, since: Timestamp, why: AwayBecause, ctx: &mut Context<Self>) {
        let (shared, account, operator) = (Arc::clone(&self.shared), self.account, self.operator);
        let storing = async move { shared.store.set_status(account, operator, Status::Away, since, None).await };
        wait_for(ctx, storing, move |actor: &mut Self, stored: Result<(), StoreError>, _| {
            if let Err(error) = stored {
                // The next start finds the old status; until then nothing is offered all the same.
                tracing::warn!(operator = %actor.operator, %error, "that an operator is away was not stored");
            }
            actor.shared.attendance.changed(actor.account);
            let why = match why {
                AwayBecause::Inactive => AwayWhy::Inactive,
                AwayBecause::OffersExpired => AwayWhy::OffersExpired,
            };
            actor.tell(&OperatorNotice::Status { status: Status::Away, since, why: Some(why) });
        });
    }

    /// Keeps how many offers expired in a row, for whoever has the operator next. What comes meanwhile waits: of two counts
    /// the later one stays.
    pub(super) fn keep_expired(&mut self, count: u32, ctx: &mut Context<Self>) {
        let (shared, account, operator) = (Arc::clone(&self.shared), self.account, self.operator);
        let storing = async move { shared.store.set_expired_in_a_row(account, operator, count).await };
        wait_for(ctx, storing, |actor: &mut Self, stored: Result<(), StoreError>, _| {
            if let Err(error) = stored {
                // It counts here all the same; the next start finds the row as it was before.
                tracing::warn!(operator = %actor.operator, %error, "how many offers expired in a row was not stored");
            }
        });
    }

    /// Grace has passed: the operator is off-line, in the store too.
    pub(super) fn lapsed(&self, since: Timestamp) {
        let (shared, account, operator) = (Arc::clone(&self.shared), self.account, self.operator);
        actix::spawn(async move {
            if let Err(error) = shared.store.set_status(account, operator, Status::Offline, since, None).await {
                // The next start finds the old status, and no socket: it lapses again.
                tracing::warn!(%operator, %error, "a lapsed presence was not stored");
            }
            shared.attendance.changed(account);
        });
        self.tell(&OperatorNotice::Status { status: Status::Offline, since, why: None });
    }

    /// Tells the chats of an operator who is lost; each does as its group says.
    pub(super) fn give_back_chats(&mut self, ctx: &mut Context<Self>) {
        self.tell_chats(true, ctx);
    }

    /// A chat has become theirs. The grace is over for it, too, where it is for them; within the grace it is as theirs as
    /// those they have had before.
    pub(super) fn owns(&mut self, ctx: &mut Context<Self>) {
        let now = self.shared.now();
        self.count_sockets(now, ctx);
        if self.presence.as_ref().is_some_and(Presence::is_lost) {
            self.tell_chats(true, ctx);
        }
    }

    /// Those that their groups want back are told again and again until none is left: a chat may be at work on something
    /// else, or a colleague may be asked to take it. After a start it begins anew, with the grace.
    fn tell_chats(&mut self, first: bool, ctx: &mut Context<Self>) {
        let (shared, account, operator) = (Arc::clone(&self.shared), self.account, self.operator);
        let reading = async move { owned(&shared, account, operator).await };
        beside(ctx, reading, move |actor: &mut Self, found: Result<Vec<Owned>, StoreError>, ctx| {
            let again = match found {
                Ok(chats) => {
                    for owned in chats.iter().filter(|owned| first || owned.wanted_back) {
                        let signal = Signal::OwnerLost(actor.operator);
                        actor.shared.to_session(actor.account, owned.chat, signal, true);
                    }
                    chats.iter().any(|owned| owned.wanted_back)
                }
                Err(error) => {
                    let operator = actor.operator;
                    tracing::warn!(%operator, %error, "the chats of a lost operator could not be read, again soon");
                    true
                }
            };
            if let Some(handle) = actor.gives_back.take() {
                ctx.cancel_future(handle);
            }
            if again {
                actor.gives_back = Some(later(ctx, LOST_EVERY, |actor: &mut Self, ctx| {
                    actor.gives_back = None;
                    if actor.presence.as_ref().is_some_and(Presence::is_lost) {
                        actor.tell_chats(false, ctx);
                    }
                }));
            }
        });
    }
}

/// A chat that an operator owns.
struct Owned {
    chat: ChatId,
    /// Its group wants it back when the operator is lost.
    wanted_back: bool,
}

/// All that an operator owns. What the settings of the groups say now counts.
async fn owned(shared: &Shared, account: AccountId, operator: OperatorId) -> Result<Vec<Owned>, StoreError> {
    let filter = ChatFilter { state: Some(ChatPhase::Active), operator: Some(operator), ..ChatFilter::default() };
    let mut query = ChatQuery { filter, limit: LIST_MAX, ..ChatQuery::default() };
    let (mut rules, mut found) = (BTreeMap::new(), Vec::new());
    loop {
        let held = shared.store.chats(account, &query).await?;
        for row in held.rows.iter().filter(|row| row.head.owner == Some(operator)) {
            let group = &row.head.group;
            if !rules.contains_key(group) {
                let settings = shared.store.group(account, group).await?;
                rules.insert(group.clone(), settings.map(|settings| settings.rules.lost_operator).unwrap_or_default());
            }
            found.push(Owned { chat: row.id, wanted_back: rules.get(group) == Some(&LostOperator::Requeue) });
        }
        match held.rows.last().filter(|_| held.more) {
            Some(last) => query.after = Some((last.started_at, last.id)),
            None => return Ok(found),
        }
    }
}
