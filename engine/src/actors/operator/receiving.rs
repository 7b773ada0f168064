//! From which groups an operator receives, told to their windows, and the account's rules of presence.

use std::sync::Arc;
use std::time::Duration;

use actix::Context;

use super::{OperatorActor, READ_AGAIN_AFTER};
use crate::actors::guard::{later, wait_for};
use crate::actors::receiving::receiving;
use crate::domain::group::Membership;
use crate::domain::operator::PresenceRules;
use crate::ports::store::StoreError;
use crate::protocol::operator::{OperatorNotice, Receiving};

impl OperatorActor {
    /// Says in all windows from which groups the operator receives. Queues read it for themselves.
    pub(super) fn tell_receiving(&mut self, ctx: &mut Context<Self>) {
        let (shared, account, operator) = (Arc::clone(&self.shared), self.account, self.operator);
        let reading = async move { receiving(&shared, account, operator).await };
        wait_for(ctx, reading, |actor: &mut Self, read: Result<(Vec<Membership>, Receiving), StoreError>, ctx| {
            match read {
                Ok((_, receiving)) => actor.tell(&OperatorNotice::Receiving(receiving)),
                Err(error) => {
                    tracing::warn!(operator = %actor.operator, %error, "memberships could not be read, again soon");
                    later(ctx, READ_AGAIN_AFTER, |actor, ctx| actor.tell_receiving(ctx));
                }
            }
        });
    }

    /// Nodes that were apart are in touch again: what was changed or rang meanwhile may not have been heard.
    pub(super) fn read_anew(&mut self, ctx: &mut Context<Self>) {
        self.read_whether_gone(ctx);
        self.read_rules(ctx);
        self.read_groups(ctx);
        self.read_slots(ctx);
        self.read_offers(ctx);
        self.tell_receiving(ctx);
    }

    /// Takes in what the account sets of presence now.
    pub(super) fn read_rules(&mut self, ctx: &mut Context<Self>) {
        let (shared, account) = (Arc::clone(&self.shared), self.account);
        let reading = async move { shared.store.presence_rules(account).await };
        wait_for(ctx, reading, |actor: &mut Self, rules: Result<Option<PresenceRules>, StoreError>, ctx| match rules {
            Ok(rules) => {
                let now = actor.shared.now();
                let (away_after, grace) = actor.times(rules);
                actor.change(ctx, |presence| presence.handle_rules(away_after, grace, now));
            }
            // The old ones hold until the operator's actor starts again.
            Err(error) => tracing::warn!(operator = %actor.operator, %error, "rules of presence could not be read"),
        });
    }

    /// After what time without any doing they are away, and how long a lost connection may take.
    pub(super) fn times(&self, rules: Option<PresenceRules>) -> (Option<Duration>, Duration) {
        match rules {
            Some(rules) => (rules.away_after(), rules.grace()),
            None => (None, self.shared.patience.operator_grace),
        }
    }
}
