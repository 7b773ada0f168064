//! What becomes of an operator who is gone without having said so: set to away, or lost for longer than the grace.

use std::sync::Arc;

use actix::Context;

use super::OperatorActor;
use crate::actors::guard::wait_for;
use crate::actors::messages::Signal;
use crate::domain::group::Status;
use crate::domain::ids::ChatId;
use crate::domain::limits::LIST_MAX;
use crate::domain::operator::AwayBecause;
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
            let why = match why {
                AwayBecause::Inactive => AwayWhy::Inactive,
                AwayBecause::OffersExpired => AwayWhy::OffersExpired,
            };
            actor.tell(&OperatorNotice::Status { status: Status::Away, since, why: Some(why) });
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
        });
        self.tell(&OperatorNotice::Status { status: Status::Offline, since, why: None });
        self.give_back_chats();
    }

    /// Tells the chats of an operator who is lost; each does as its group says.
    fn give_back_chats(&self) {
        let (shared, account, operator) = (Arc::clone(&self.shared), self.account, self.operator);
        actix::spawn(async move {
            let filter =
                ChatFilter { state: Some(ChatPhase::Active), operator: Some(operator), ..ChatFilter::default() };
            let query = ChatQuery { filter, limit: LIST_MAX, ..ChatQuery::default() };
            match shared.store.chats(account, &query).await {
                Ok(held) => {
                    for chat in held.rows.iter().map(|row| row.id).collect::<Vec<ChatId>>() {
                        shared.to_session(account, chat, Signal::OwnerLost(operator), true);
                    }
                }
                Err(error) => tracing::warn!(%operator, %error, "the chats of a lost operator could not be read"),
            }
        });
    }
}
