//! The queue's side of granting slots of operators who are members of several groups: it names its bid, takes what is
//! granted, and says how many proposals it has under way.

use std::time::Duration;

use actix::Context;

use super::QueueActor;
use crate::actors::messages::{ToOperator, ToQueue};
use crate::domain::ids::{ChatId, OperatorId};
use crate::domain::routing::Effect;
use crate::domain::time::Timestamp;
use crate::metrics::Invariant;

impl QueueActor {
    pub(super) fn close(&mut self, operator: OperatorId, closed: bool, now: Timestamp) -> Vec<Effect> {
        if closed {
            self.closed.insert(operator, now);
        } else {
            self.closed.remove(&operator);
        }
        self.at_desk(|desk| desk.handle_closed(operator, closed, now))
    }

    pub(super) fn bid(&mut self, operator: OperatorId, round: u64, now: Timestamp) {
        if let Some(heard) = self.closed.get_mut(&operator) {
            *heard = now;
        }
        let bid = self.desk.as_ref().and_then(|desk| desk.bid(operator, now));
        let answer = ToOperator::Bid { round, group: self.group.clone(), bid };
        self.shared.to_operator(self.account, operator, answer);
    }

    pub(super) fn granted(&mut self, operator: OperatorId, round: u64, now: Timestamp) -> Vec<Effect> {
        let effects = self.at_desk(|desk| desk.handle_grant(operator, now));
        let used = !effects.contains(&Effect::NotNeeded { operator });
        // Before the answer, so that the next round counts it.
        self.tell_proposals(operator);
        self.shared.to_operator(self.account, operator, ToOperator::Used { round, used });
        effects
    }

    /// A chat has answered a proposal, or is gone: whose it was has one less.
    pub(super) fn answered(&mut self, chat: ChatId, operator: Option<OperatorId>) {
        let operator = operator.or_else(|| self.desk.as_ref().and_then(|desk| desk.proposed_to(chat)));
        self.answered.extend(operator.filter(|operator| self.shared_operators.contains(operator)));
    }

    /// Says what has been answered since the last time.
    pub(super) fn tell_answered(&mut self) {
        for operator in std::mem::take(&mut self.answered) {
            self.tell_proposals(operator);
        }
    }

    /// Tells an operator of several groups how many proposals this one has under way for them, and slots that it holds.
    pub(super) fn tell_proposals(&self, operator: OperatorId) {
        self.say_proposals(operator, false);
    }

    /// The same, where a slot that was held has become free with it.
    pub(super) fn not_held(&self, operator: OperatorId) {
        self.say_proposals(operator, true);
    }

    /// A queue that begins has no proposals under way, whatever the one before it had.
    pub(super) fn tell_all_proposals(&self) {
        self.shared_operators.iter().for_each(|operator| self.tell_proposals(*operator));
    }

    fn say_proposals(&self, operator: OperatorId, freed: bool) {
        let Some(desk) = self.desk.as_ref().filter(|_| self.shared_operators.contains(&operator)) else { return };
        let (group, count) = (self.group.clone(), desk.under_way_for(operator));
        self.shared.to_operator(self.account, operator, ToOperator::Proposals { group, count, freed });
    }

    /// Whoever closed slots opens them again within moments. What was forgotten is opened here, and counted.
    pub(super) fn open_forgotten(&mut self, ctx: &mut Context<Self>) {
        let now = self.shared.now();
        let forgotten = self.closed.iter().filter(|(_, heard)| now.since(**heard) >= FORGOTTEN_AFTER);
        for operator in forgotten.map(|(operator, _)| *operator).collect::<Vec<_>>() {
            tracing::error!(%operator, group = %self.group, "slots were closed and not opened again");
            self.shared.metrics.violated(Invariant::SlotsLeftClosed);
            self.message(ToQueue::Closed { operator, closed: false }, ctx);
        }
    }
}

/// How long slots stay closed without another word; many times what the asking takes.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(2);
